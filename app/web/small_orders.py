"""How the shop speaks of orders below their minimum: what is missing, and the cheapest way out, in figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import N_
from app.core.i18n import translate
from app.ordering.queries_checkout import Checkout
from app.ordering.rules.way_out import Shortfall, SmallOrderTerms, Way, WayOut

LINE = N_("%(more)s more and the surcharge of %(saved_cents)s is gone.")
LINE_REFUSED = N_("%(more)s more reach the minimum quantity.")
LINE_STAYS = N_("Below its minimum quantity: a surcharge of %(surcharge_cents)s.")
VALUE = N_(
    "Goods worth %(missing_cents)s more, net, and the low-quantity surcharge of %(surcharge_cents)s falls away."
)
VALUE_REFUSED = N_(
    "Goods worth %(missing_cents)s more, net, are needed: the minimum order value is %(minimum_cents)s."
)
CHEAPER = N_(
    "Cheapest for you: %(more)s more of %(name)s for %(goods_cents)s net. That saves %(saved_cents)s of "
    "surcharges, so you pay %(gain_cents)s less."
)
SAME = N_(
    "Cheapest for you: %(more)s more of %(name)s for %(goods_cents)s net, which is what the surcharges cost: you "
    "get more for the same."
)
NEEDED = N_("Cheapest way to an order: %(more)s more of %(name)s for %(goods_cents)s net.")
PAY = N_("Cheapest for you now: pay the surcharge of %(left_cents)s.")
PAY_RATHER = N_(
    "Cheapest for you now: pay the surcharge of %(left_cents)s. %(more)s more of %(name)s would cost %(cost_cents)s "
    "more than it, net."
)
ANOTHER = N_("No bundle of the cart can be raised that far: please add another one from the catalogue.")


@dataclass(frozen=True, slots=True)
class LineNote:
    """What is said beside a line: its sentence, and the quantity that one press takes (None: none can)."""

    sentence: str
    quantity: int | None


@dataclass(frozen=True, slots=True)
class SmallOrder:
    """What is said of an order below its minimum: beside its lines (bundle id), of its value, and the cheapest way.

    `is_refused` tells that it cannot be ordered as it is; `best_name` is the bundle of the cheapest way.
    """

    lines: Mapping[int, LineNote]
    value: str
    best: str
    best_way: Way
    best_name: str
    is_refused: bool


def small_order(checkout: Checkout, *, language: str) -> SmallOrder | None:
    """The words for a cart, in a language; None where nothing is missing."""
    found = checkout.way_out
    names = {line.bundle_id: line.name(language) for line in checkout.lines}
    return words_for(found, names, checkout.small_terms, language=language) if found else None


def words_for(
    found: WayOut, names: Mapping[int, str], terms: SmallOrderTerms, *, language: str
) -> SmallOrder:
    """The words for what is missing to an order, in a language; `names` are those of its bundles by id."""
    pairs = list(zip(found.shortfalls, found.remedies, strict=True))
    value = next((one for one, _ in pairs if one.bundle_id is None), None)
    cheapest = min(
        (way for _, way in pairs if way), key=lambda way: (way.left_cents, way.cost_cents), default=None
    )
    return SmallOrder(
        lines={
            one.bundle_id: _line_note(one, way, language) for one, way in pairs if one.bundle_id is not None
        },
        value=_value_sentence(value, terms, language) if value else "",
        best=_best_sentence(found.best, cheapest, names, language),
        best_way=found.best,
        best_name=names.get(found.best.bundle_id or 0, ""),
        is_refused=any(one.is_refused for one in found.shortfalls),
    )


def _line_note(missing: Shortfall, way: Way | None, language: str) -> LineNote:
    if way is None or way.bundle_id != missing.bundle_id:
        said = translate(language, LINE_STAYS, surcharge_cents=missing.surcharge_cents)
        return LineNote("" if missing.is_refused else said, None)
    sentence = LINE_REFUSED if missing.is_refused else LINE
    said = translate(language, sentence, more=way.more_count, saved_cents=way.saved_cents)
    return LineNote(said, way.quantity)


def _value_sentence(missing: Shortfall, terms: SmallOrderTerms, language: str) -> str:
    return translate(
        language,
        VALUE_REFUSED if missing.is_refused else VALUE,
        missing_cents=missing.missing,
        surcharge_cents=missing.surcharge_cents,
        minimum_cents=terms.minimum_order_value_cents,
    )


def _best_sentence(best: Way, cheapest: Way | None, names: Mapping[int, str], language: str) -> str:
    if best.refused_count:
        return translate(language, ANOTHER)
    if best.bundle_id is None:
        sentence, way = (PAY_RATHER, cheapest) if cheapest else (PAY, best)
    elif best.cost_cents < 0:
        sentence, way = CHEAPER, best
    elif best.saved_cents and best.cost_cents == 0:
        sentence, way = SAME, best
    else:
        sentence, way = NEEDED, best
    values: dict[str, Any] = {
        "more": way.more_count,
        "name": names.get(way.bundle_id or 0, ""),
        "goods_cents": way.goods_cents,
        "saved_cents": way.saved_cents,
        "gain_cents": -way.cost_cents,
        "cost_cents": way.cost_cents,
        "left_cents": best.left_cents,
    }
    return translate(language, sentence, **values)
