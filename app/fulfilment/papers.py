"""The papers of a run: the pick list for the shelves, and a packing slip for each parcel."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from babel.dates import format_date, format_datetime

from app.core.errors import N_
from app.core.i18n import translate
from app.core.pdf import Column, Paper
from app.core.rendering import LOCALES
from app.fulfilment.queries import DueOrder, address_of
from app.fulfilment.rules.parcels import pick_list, weight_g

Amount = Callable[[str, int, str], str]
"""A quantity in words: language, thousandths of a unit, unit code."""
Country = Callable[[str, str], str]
"""A country's name: code, language."""


def print_pick_list(
    run_on: date,
    orders: Sequence[DueOrder],
    *,
    parcel_count: int,
    language: str,
    amount: Amount,
    brand: str,
    now: datetime,
) -> bytes:
    """The blocks of a run summed up, by SKU, with a box to tick for each; in the language of who picks.

    `now` is printed as its own time zone shows it.
    """

    def say(text: str, **values: object) -> str:
        return translate(language, text, **values)

    day = _day(run_on, language)
    paper = Paper(
        title=say(N_("Pick list, run of %(day)s"), day=day), language=language, made_at=now, head=brand
    )
    paper.heading(say(N_("Pick list")))
    packings = [one.packings for one in orders]
    paper.facts(
        [
            (say(N_("Run")), day),
            (say(N_("Orders")), str(len(orders))),
            (say(N_("Parcels")), str(parcel_count)),
            (say(N_("Weight")), weight_text(weight_g(one for of in packings for one in of), language)),
            (
                say(N_("Printed")),
                format_datetime(now, format="short", tzinfo=now.tzinfo, locale=LOCALES[language]),
            ),
        ]
    )
    columns = [
        Column(say(N_("Picked")), 1.1, is_box=True),
        Column(say(N_("SKU")), 1.5),
        Column(say(N_("Block")), 3.6),
        Column(say(N_("Quantity")), 1.6, "right"),
        Column(say(N_("Orders")), 1.3, "right"),
    ]
    paper.table(
        columns,
        [
            ("", one.sku, one.name, amount(language, one.quantity_milli, one.unit_code), str(one.order_count))
            for one in pick_list(packings)
        ],
    )
    if not orders:
        paper.paragraph(say(N_("No order waits for this run.")))
    return paper.to_bytes()


def print_packing_slips(
    run_on: date,
    parcels: Sequence[Sequence[DueOrder]],
    *,
    language: str,
    amount: Amount,
    country: Country,
    brand: str,
    sender: Sequence[str],
    now: datetime,
) -> bytes:
    """One slip for each parcel, on a page of its own, in its customer's language: no prices stand on it."""
    title = translate(language, N_("Packing slips, run of %(day)s"), day=_day(run_on, language))
    paper = Paper(title=title, language=language, made_at=now, head=brand, footer=sender)
    for parcel in parcels:
        paper.section(parcel[0].order.number)
        _slip(paper, run_on, parcel, amount=amount, country=country)
    if not parcels:
        paper.paragraph(translate(language, N_("No order waits for this run.")))
    return paper.to_bytes()


def weight_text(grams: int, language: str) -> str:
    """A weight in words: `350 g`, `12.4 kg`, in the reader's way of writing numbers."""
    if grams < 1_000:
        return f"{grams} g"
    tenths = (grams + 50) // 100
    point = "," if language == "de" else "."
    return f"{tenths // 10}{point}{tenths % 10} kg"


def _slip(
    paper: Paper, run_on: date, parcel: Sequence[DueOrder], *, amount: Amount, country: Country
) -> None:
    leader = parcel[0].order
    language = leader.language

    def say(text: str, **values: object) -> str:
        return translate(language, text, **values)

    *lines, code = address_of(leader)
    paper.heading(say(N_("Packing slip")))
    joined = ", ".join(one.order.number for one in parcel[1:])
    facts = [
        (say(N_("Order")), leader.number),
        *([(say(N_("With order")), joined)] if joined else []),
        *([(say(N_("Your reference")), leader.purchase_reference)] if leader.purchase_reference else []),
        (say(N_("Dispatch")), _day(run_on, language)),
        (say(N_("Weight")), weight_text(weight_g(p for one in parcel for p in one.packings), language)),
    ]
    paper.beside([*dict.fromkeys(line for line in lines if line.strip()), country(code, language)], facts)
    for one in parcel:
        if len(parcel) > 1:
            paper.heading(say(N_("Order %(number)s"), number=one.order.number), level=2)
        columns = [
            Column(say(N_("Packed")), 0.9, is_box=True),
            Column(say(N_("Quantity")), 1.5, "right"),
            Column(say(N_("Content")), 4.5),
            Column(say(N_("SKU")), 1.6),
        ]
        for line in one.lines:
            paper.paragraph(f"{line.quantity} × {line.name}", strong=True)
            paper.table(
                columns,
                [
                    ("", amount(language, block.quantity_milli, block.unit_code), block.name, block.sku)
                    for block in line.blocks
                ],
            )
    paper.paragraph(
        say(N_("Something missing, wrong or damaged? Tell us in the shop, on the page of this order.")),
        small=True,
    )


def _day(day: date, language: str) -> str:
    return format_date(day, format="full", locale=LOCALES[language])
