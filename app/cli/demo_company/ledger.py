"""The demo's money: what the ledger holds of its past payments."""

from datetime import datetime

from app.core.money import share_bp
from app.flows.fill_demo import Rows
from app.payments.models import MoneyEvent
from app.payments.rules.ledger import MoneyKind
from app.policy.rules.policy import Policy


def add_money(
    rows: Rows, *, order_id: int, payment_id: int, intent_id: str, gross_cents: int, settled_at: datetime
) -> None:
    """Reserved, taken, and the card service's fee for it, as the defaults of the policy expect that."""
    policy = Policy()
    fee_cents = share_bp(gross_cents, policy.card_fee_bp) + policy.card_fee_fixed_cents
    for kind, cents in (
        (MoneyKind.AUTHORISED, gross_cents),
        (MoneyKind.CAPTURED, gross_cents),
        (MoneyKind.FEE, fee_cents),
    ):
        rows.add(
            MoneyEvent,
            order_id=order_id,
            payment_id=payment_id,
            kind=kind,
            amount_cents=cents,
            key=f"{kind.value}:{payment_id}",
            stripe_id=intent_id,
            at=settled_at,
        )
