"""How the coach's advice is put into words and forms."""

from app.core.errors import N_
from app.core.i18n import translate
from app.ordering.rules.coach_advice import LEAST_DAYS, LEAST_SPAN_DAYS, Advice, Silence
from app.ordering.rules.pricing import PricedCharge
from app.ordering.rules.quantities import GREATEST_QUANTITY, MOST_LINES
from app.web.deps import LARGEST_ID

NOT_READABLE = N_("This order could not be read. Please use the button beside the advice.")
SILENCES = {
    Silence.FEW_ORDERS: N_(
        "Advice on size and date of your orders comes once you have ordered on %(days)s different days."
    ),
    Silence.SHORT_TIME: N_(
        "Advice on size and date of your orders comes once %(span)s days lie between your first order and your last."
    ),
    Silence.PAUSED: N_(
        "You have not ordered for longer than usual: from what you bought before we foretell nothing."
    ),
    Silence.CHANGING: N_(
        "You buy something else each time: there is no rhythm that surely saves you anything."
    ),
    Silence.RATIONAL: N_(
        "Your orders are rational as they are: no other rhythm saves you anything to speak of."
    ),
}


def silence_text(advice: Advice, language: str) -> str:
    """Why nothing is advised; empty where something is."""
    if advice.silence is None:
        return ""
    return translate(language, SILENCES[advice.silence], days=LEAST_DAYS, span=LEAST_SPAN_DAYS)


def charges_saved(advice: Advice) -> list[PricedCharge]:
    """The charges of a year that the rhythm spares, by kind; below zero where there are more of them."""
    return [PricedCharge(kind, cents) for kind, cents in advice.rhythm.saved.items()] if advice.rhythm else []


def shown_order(text: str) -> dict[int, int] | None:
    """The quantities by bundle that a form carried as `12:48 7:6`, or None for a text that is none."""
    pairs = text.split()
    found: dict[int, int] = {}
    if not 0 < len(pairs) <= MOST_LINES:
        return None
    for pair in pairs:
        bundle_id, _, quantity = pair.partition(":")
        if not (_is_number(bundle_id) and _is_number(quantity)):
            return None
        if int(bundle_id) > LARGEST_ID or not 0 < int(quantity) <= GREATEST_QUANTITY:
            return None
        found[int(bundle_id)] = int(quantity)
    return found if len(found) == len(pairs) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20
