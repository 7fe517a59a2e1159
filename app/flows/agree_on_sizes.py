"""Staff agree with a company on other sizes of a bundle than everybody's, until a day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Bundle, BundleVersion, Listing
from app.catalogue.rules.agreements import Agreement as SizeAgreement
from app.catalogue.rules.agreements import sizes_of
from app.catalogue.rules.drafts import GREATEST_SIZE
from app.catalogue.rules.stock import smallest_order
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.customers.models import Customer
from app.ordering.models import Agreement

LONGEST_DAYS = 365
LONGEST_REASON = 500


def agree_on_sizes(
    session: Session,
    customer_id: int,
    *,
    slug: str,
    minimum_quantity: int | None,
    order_step: int | None,
    ends_on: date,
    reason: str,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> int:
    """Makes an exception for a bundle on sale (by its address's name), up to and with `ends_on`; returns its id.

    A field that is None stays with what the bundle says. The exception before it for the same bundle ends. Raises
    NotFound for an unknown customer and Invalid with the fields `slug`, `minimum_quantity`, `order_step`, `ends_on`
    and `reason`.
    """
    reason = reason.strip()
    faults = _faults(minimum_quantity, order_step, ends_on, reason, today=now.astimezone(zone).date())
    with transaction(session):
        customer = _locked(session, customer_id)
        found = session.exec(
            select(Listing, BundleVersion)
            .join(BundleVersion, col(BundleVersion.id) == col(Listing.bundle_version_id))
            .where(col(Listing.slug) == slug)
        ).first()
        if found is None:
            faults.append(FieldError("slug", N_("Please enter the address of a bundle on sale.")))
        elif not faults:
            faults += _unorderable(found[0], SizeAgreement(minimum_quantity, order_step))
        if faults or found is None:
            raise Invalid(N_("Please check the entries."), code="agreement.invalid", fields=tuple(faults))
        listing, version = found
        for earlier in _open(session, customer_id, listing.bundle_id):
            earlier.ended_at = min(now, earlier.ends_at)
        session.flush()
        agreement = Agreement(
            customer_id=customer_id,
            bundle_id=listing.bundle_id,
            minimum_quantity=minimum_quantity,
            order_step=order_step,
            ends_on=ends_on,
            ends_at=datetime.combine(ends_on + timedelta(days=1), time(), zone).astimezone(UTC),
            reason=reason,
            agreed_by=actor.name,
            created_at=now,
        )
        session.add(agreement)
        session.flush()
        _note(session, customer, agreement, version.name_de, "agreement.made", actor=actor, now=now)
        return agreement.id or 0


def end_agreement(
    session: Session, customer_id: int, agreement_id: int, *, actor: Actor, now: datetime
) -> bool:
    """Ends an exception before its day; False where it is over already. Raises NotFound for one of another company."""
    with transaction(session):
        customer = _locked(session, customer_id)
        agreement = session.exec(
            select(Agreement).where(
                col(Agreement.id) == agreement_id, col(Agreement.customer_id) == customer_id
            )
        ).first()
        if agreement is None:
            raise NotFound(N_("There is no such exception."), code="agreement.not_found")
        if agreement.ended_at is not None or agreement.ends_at <= now:
            return False
        agreement.ended_at = now
        bundle = session.get_one(Bundle, agreement.bundle_id)
        _note(session, customer, agreement, bundle.slug, "agreement.ended", actor=actor, now=now)
        return True


def _faults(
    minimum_quantity: int | None, order_step: int | None, ends_on: date, reason: str, *, today: date
) -> list[FieldError]:
    sizes = {"minimum_quantity": minimum_quantity, "order_step": order_step}
    faults = [
        FieldError(name, N_("Please enter a whole number from 1 to 9,999."))
        for name, size in sizes.items()
        if size is not None and not 1 <= size <= GREATEST_SIZE
    ]
    if minimum_quantity is None and order_step is None:
        message = N_("Please enter a minimum quantity, an order step, or both.")
        faults.append(FieldError("minimum_quantity", message))
    if not today <= ends_on <= today + timedelta(days=LONGEST_DAYS):
        message = N_("Please enter a day from today on, at most %(days)s days ahead.")
        faults.append(FieldError("ends_on", message, {"days": LONGEST_DAYS}))
    if not 1 <= len(reason) <= LONGEST_REASON:
        faults.append(FieldError("reason", N_("Please say why, in at most 500 characters.")))
    return faults


def _unorderable(listing: Listing, agreed: SizeAgreement) -> list[FieldError]:
    sizes = sizes_of(agreed, SizeAgreement(listing.minimum_quantity, listing.order_step))
    least = smallest_order(sizes.minimum_quantity, sizes.order_step)
    if least <= min(listing.maximum_quantity or GREATEST_SIZE, GREATEST_SIZE):
        return []
    message = N_("Nobody could order it: the smallest order would be %(least)s, more than an order may hold.")
    return [FieldError("minimum_quantity", message, {"least": least})]


def _locked(session: Session, customer_id: int) -> Customer:
    # The company's row is the lock under which its carts and exceptions change.
    customer = session.exec(select(Customer).where(col(Customer.id) == customer_id).with_for_update()).first()
    if customer is None:
        raise NotFound(N_("There is no such company."), code="customer.not_found")
    return customer


def _open(session: Session, customer_id: int, bundle_id: int) -> list[Agreement]:
    query = select(Agreement).where(
        col(Agreement.customer_id) == customer_id,
        col(Agreement.bundle_id) == bundle_id,
        col(Agreement.ended_at).is_(None),
    )
    return list(session.exec(query))


def _note(
    session: Session,
    customer: Customer,
    agreement: Agreement,
    bundle_name: str,
    action: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=agreement.reason,
        new={
            "agreement_id": agreement.id,
            "bundle": bundle_name,
            "minimum_quantity": agreement.minimum_quantity,
            "order_step": agreement.order_step,
            "ends_on": agreement.ends_on.isoformat(),
        },
    )
