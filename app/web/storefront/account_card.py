"""The card that a company keeps with us, in its account."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from app.core.errors import N_
from app.customers.models import Contact
from app.flows.keep_card import remove_card
from app.payments.models_cards import CardConsent
from app.payments.queries_cards import living_card, standing_of
from app.payments.rules.saved_cards import CardStanding
from app.policy.queries import current_policy
from app.web.deps import Now, Values, VisitorDep, WriteDep
from app.web.rendering import see_other

router = APIRouter()

HINTS = {
    CardStanding.GOOD: "",
    CardStanding.EXPIRES_SOON: N_("It expires soon. You can keep another one with your next order."),
    CardStanding.EXPIRED: N_("It is expired and is not charged any more."),
}


@dataclass(frozen=True, slots=True)
class CardView:
    """A kept card as its company sees it; the hint is not translated yet."""

    name: str
    expires: str
    saved_at: datetime
    agreed_by: str
    consent: str
    hint: str


@router.post("/account/card/remove")
def submit_removal(session: WriteDep, visitor: VisitorDep, _: Values, now: Now) -> Response:
    remove_card(session, customer_id=visitor.customer_id, contact_id=visitor.contact_id, now=now)
    return see_other("/account?saved=card#card")


def card_view(session: Session, customer_id: int, *, now: datetime) -> CardView | None:
    """The company's kept card; None for none."""
    card = living_card(session, customer_id)
    if card is None:
        return None
    consent = session.get_one(CardConsent, card.consent_id)
    warn_days = current_policy(session).card_expiry_days
    standing = standing_of(card, today=now.date(), warn_days=warn_days)
    return CardView(
        name=f"{card.brand.title()} •••• {card.last4}",
        expires=f"{card.expires_month:02d}/{card.expires_year}",
        saved_at=card.saved_at,
        agreed_by=session.get_one(Contact, consent.contact_id).name,
        consent=consent.text,
        hint=HINTS[standing],
    )
