"""What must always be true of the shop's rows (reliability.md 3): all invariants, checked without writing."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.insights.findings import Finding, Invariant
from app.insights.invariants_cards import CARDS
from app.insights.invariants_catalogue import CATALOGUE
from app.insights.invariants_complaints import COMPLAINTS
from app.insights.invariants_dispatch import DISPATCH
from app.insights.invariants_effort import EFFORT
from app.insights.invariants_guards import GUARDS
from app.insights.invariants_invoices import INVOICES
from app.insights.invariants_ledger import LEDGER
from app.insights.invariants_mail import MAIL
from app.insights.invariants_money import MONEY
from app.insights.invariants_orders import ORDERS
from app.insights.invariants_rating import RATING
from app.insights.invariants_refunds import REFUNDS
from app.insights.invariants_rhythm import RHYTHM
from app.insights.invariants_services import SERVICES
from app.insights.invariants_stock import STOCK
from app.insights.invariants_storage import STORAGE
from app.insights.invariants_traces import TRACES
from app.insights.invariants_vat import VAT

ALL: tuple[Invariant, ...] = (
    *ORDERS,
    *VAT,
    *DISPATCH,
    *MONEY,
    *LEDGER,
    *COMPLAINTS,
    *INVOICES,
    *MAIL,
    *CATALOGUE,
    *GUARDS,
    *STOCK,
    *REFUNDS,
    *SERVICES,
    *CARDS,
    *RATING,
    *EFFORT,
    *RHYTHM,
    *TRACES,
    *STORAGE,
)
"""Each invariant once, in the order in which they are told."""


def check_invariants(
    session: Session, *, now: datetime, invariants: Sequence[Invariant] = ALL
) -> list[Finding]:
    """Each row that breaks an invariant, with a sentence; empty when all is well. Only reads.

    Takes a session as pages get it: every statement sees the present, so that a shop may sell meanwhile.
    """
    return [finding for invariant in invariants for finding in invariant.findings(session, now=now)]
