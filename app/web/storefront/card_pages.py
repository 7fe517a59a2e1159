"""From when an order's card page can be opened again, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.core.errors import N_
from app.ordering.models import Order
from app.payments.models import Payment
from app.payments.queries_limits import shown_refusal
from app.payments.rules.card_limits import Stop
from app.payments.service import UNDECIDED

TEXTS = {
    Stop.TOO_MANY_PAGES: N_(
        "The card page was opened often for your company. From %(moment)s on you can pay here."
    ),
    Stop.TOO_MANY_DECLINES: N_(
        "Several cards were declined for your company. From %(moment)s on you can try again here; please ask your bank"
        " meanwhile, or take another card then."
    ),
    Stop.FIRST_PAYMENT_WAITS: N_(
        "At the moment we let first payments through one after the other. From %(moment)s on you can pay here; we write"
        " to you when it is time. Your order is kept, you need do nothing until then."
    ),
}


@dataclass(frozen=True, slots=True)
class CardPageWords:
    """Why there is no card page now (not translated yet), and from when there is one."""

    text: str
    open_at: datetime


def card_page_words(
    session: Session, order: Order, payments: Sequence[Payment], *, now: datetime
) -> CardPageWords | None:
    """None for an order whose card page is open already or may be opened."""
    if any(payment.state in UNDECIDED for payment in payments):
        return None
    refusal = shown_refusal(session, order, now=now)
    return CardPageWords(TEXTS[refusal.stop], refusal.open_at) if refusal else None
