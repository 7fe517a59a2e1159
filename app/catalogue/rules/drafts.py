"""What a bundle's draft may hold, so that staff read everything that is wrong with it at once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalogue.rules.agreements import Sizes
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.catalogue.rules.stock import smallest_order
from app.core.errors import N_, FieldError
from app.core.i18n import LANGUAGES

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 120
GREATEST_PRICE_CENTS = 100_000_000
GREATEST_SIZE = 9_999
MOST_ITEMS = 50
TEXTS = {
    "text": (4000, N_("Please use at most 4,000 characters.")),
    "purpose": (1000, N_("Please use at most 1,000 characters.")),
}


def draft_faults(slug: str, values: Mapping[str, Any], items: Sequence[tuple[int, int]]) -> list[FieldError]:
    """A fault for each wrong value; `values` are named like the columns of a version, `items` are (block id,
    thousandths of its unit).
    """
    faults = []
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        message = N_("Please use small letters, digits and hyphens, such as repair-kit-12.")
        faults.append(FieldError("slug", message))
    for language in LANGUAGES:
        if not 1 <= len(values[f"name_{language}"]) <= 200:
            faults.append(FieldError(f"name_{language}", N_("Please give a name of at most 200 characters.")))
        for text, (longest, message) in TEXTS.items():
            if len(values[f"{text}_{language}"]) > longest:
                faults.append(FieldError(f"{text}_{language}", message))
    if not 1 <= values["price_cents"] <= GREATEST_PRICE_CENTS:
        faults.append(FieldError("price_cents", N_("Please enter a net price above zero.")))
    if values["pictogram"] and values["pictogram"] not in PICTOGRAMS:
        faults.append(FieldError("pictogram", N_("Please choose one of the offered values.")))
    return faults + _size_faults(values) + _item_faults(items)


def merged(*lists: Iterable[FieldError]) -> list[FieldError]:
    """The first fault of each field: what could not be read is not also called too small."""
    found: dict[str, FieldError] = {}
    for fault in (fault for faults in lists for fault in faults):
        found.setdefault(fault.field, fault)
    return list(found.values())


def order_fault(sizes: Sizes, maximum_quantity: int | None) -> FieldError | None:
    """What is wrong where the smallest order that these sizes allow is more than an order may hold."""
    least = smallest_order(sizes.minimum_quantity, sizes.order_step)
    if maximum_quantity is not None and maximum_quantity < least:
        message = N_("Nobody could order it: the smallest order is %(least)s. Please enter at least that.")
        return FieldError("maximum_quantity", message, {"least": least})
    if least > GREATEST_SIZE:
        message = N_(
            "Nobody could order it: the smallest order that these sizes and blocks allow is too large."
        )
        return FieldError("order_step", message)
    return None


def _size_faults(values: Mapping[str, Any]) -> list[FieldError]:
    return [
        FieldError(field.removeprefix("own_"), N_("Please enter a whole number from 1 to 9,999."))
        for field in ("own_minimum_quantity", "own_order_step", "maximum_quantity")
        if values[field] is not None and not 1 <= values[field] <= GREATEST_SIZE
    ]


def _item_faults(items: Sequence[tuple[int, int]]) -> list[FieldError]:
    if len(items) > MOST_ITEMS:
        return [FieldError("items", N_("A bundle holds at most 50 blocks."))]
    if len({block_id for block_id, _ in items}) != len(items):
        return [FieldError("items", N_("Please name each block once, with its whole quantity."))]
    if any(not 1 <= quantity_milli <= GREATEST_SIZE * 1000 for _, quantity_milli in items):
        return [FieldError("items", N_("Please enter a quantity above zero and up to 9,999 for each block."))]
    return []
