"""Reading how the shop's customers stand whose admission depends on the rating of a main account."""

from sqlmodel import Session, col, select

from app.customers.models import Contact, Customer
from app.customers.rules.admission import Admission, Standing, admission
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment


def admission_changes(session: Session, new_segments: dict[int, Segment]) -> tuple[int, int]:
    """How many customers would gain and lose admission if main accounts (by id) had these segments."""
    verified = select(Contact.customer_id).where(col(Contact.email_verified_at).is_not(None)).distinct()
    with_verified = set(session.exec(verified))
    rows = session.exec(
        select(Customer, MainAccount.segment).join(
            MainAccount, col(MainAccount.id) == col(Customer.main_account_id)
        )
    )
    gained = lost = 0
    for customer, segment in rows:
        present = Segment(segment)
        new = new_segments.get(customer.main_account_id or 0, present)
        if new is present:
            continue
        is_verified = customer.id in with_verified
        is_in = _is_admitted(customer, present, is_verified=is_verified)
        will_be = _is_admitted(customer, new, is_verified=is_verified)
        gained += will_be and not is_in
        lost += is_in and not will_be
    return gained, lost


def _is_admitted(customer: Customer, main_segment: Segment, *, is_verified: bool) -> bool:
    standing = Standing(
        is_email_verified=is_verified,
        is_business_verified=customer.business_verified_at is not None,
        screening=customer.screening,
        segment=customer.segment,
        main_segment=main_segment,
        is_suspended=customer.suspended_at is not None,
        is_moved_up=customer.moved_up_at is not None,
    )
    return admission(standing) is Admission.ADMITTED
