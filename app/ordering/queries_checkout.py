"""What a company would order right now: its cart at today's versions, prices, tax and promise."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.customers.models import Customer
from app.ordering.models import CartLine, TermsVersion
from app.ordering.rules.offer import Offer, OfferLine
from app.ordering.rules.pricing import PricedLine, RatePart, Totals, price_order
from app.ordering.rules.promise import Calendar, Promise, delivery_promise
from app.ordering.rules.quantities import QuantityProblem, QuantityRule, check_quantity
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A cart line that can be sold now; `problem` says why its quantity cannot."""

    bundle_id: int
    bundle_version_id: int
    name_de: str
    name_en: str
    priced: PricedLine
    lead_time_days: int
    problem: QuantityProblem | None

    def name(self, language: str) -> str:
        """The bundle's name in a language."""
        return self.name_de if language == "de" else self.name_en


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in force: the row's id and the name that people read."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """The whole of it. `has_retired` tells that a cart line is no longer sold and stands in no list here."""

    lines: tuple[CheckoutLine, ...]
    totals: Totals
    promise: Promise
    terms: Terms | None
    has_retired: bool

    @property
    def is_orderable(self) -> bool:
        """Whether each line of the cart can be sold as it is."""
        return bool(self.lines) and not self.has_retired and not any(line.problem for line in self.lines)

    @property
    def offer(self) -> Offer:
        """What the customer agrees to by pressing the button."""
        return Offer(
            lines=tuple(
                OfferLine(
                    line.bundle_version_id, line.bundle_id, line.priced.quantity, line.priced.unit_price_cents
                )
                for line in self.lines
            ),
            charges_net_cents=self.totals.charges_net_cents,
            gross_cents=self.totals.gross_cents,
            promised_on=self.promise.promised_on,
            terms_version_id=self.terms.id if self.terms else 0,
        )


def read_checkout(
    session: Session, customer_id: int, *, calendar: Calendar, now: datetime, is_locking: bool = False
) -> Checkout:
    """A company's cart as an order would be made of it; `is_locking` holds its rows until the transaction ends."""
    policy = current_policy(session)
    rows = _cart(session, customer_id, is_locking=is_locking)
    sold = [row for row in rows if row[1].state is BundleState.PUBLISHED and row[2] is not None]
    parts, lead_times = _blocks(session, [row[2].id for row in sold])
    lines = tuple(_line(row, parts=parts, lead_times=lead_times) for row in sold)
    return Checkout(
        lines=lines,
        totals=price_order(
            [line.priced for line in lines],
            minimum_order_value_cents=policy.minimum_order_value_cents,
            low_quantity_surcharge_cents=policy.low_quantity_surcharge_cents,
        ),
        promise=promise_of(
            [line.lead_time_days for line in lines], policy=policy, calendar=calendar, now=now
        ),
        terms=_terms(session),
        has_retired=len(sold) < len(rows),
    )


def promise_of(lead_times_days: list[int], *, policy: Policy, calendar: Calendar, now: datetime) -> Promise:
    """The promise for blocks with these lead times at the main brand: the slowest decides."""
    return delivery_promise(
        policy, calendar, ordered_at=now, main_brand_lead_time_days=max(lead_times_days, default=0)
    )


def lead_time_of_versions(session: Session, version_ids: list[int]) -> list[int]:
    """The lead times of all blocks in these bundle versions."""
    return list(_blocks(session, version_ids)[1].values())


def names_of_versions(session: Session, version_ids: list[int], *, language: str) -> dict[int, str]:
    """The bundles' names by version id."""
    name = BundleVersion.name_de if language == "de" else BundleVersion.name_en
    rows = session.exec(select(BundleVersion.id, name).where(col(BundleVersion.id).in_(version_ids)))
    return {version_id: text for version_id, text in rows if version_id is not None}


def home_address(session: Session, customer_id: int) -> dict[str, str]:
    """A company's own address by field name: where a delivery goes unless it says otherwise."""
    customer = session.get_one(Customer, customer_id)
    names = ("company_name", "street", "postal_code", "city", "country")
    return {name: getattr(customer, name) for name in names}


def _cart(session: Session, customer_id: int, *, is_locking: bool) -> list[tuple[CartLine, Bundle, Any]]:
    query = (
        select(CartLine, Bundle, BundleVersion)
        .join(Bundle, col(Bundle.id) == col(CartLine.bundle_id))
        .outerjoin(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .where(col(CartLine.customer_id) == customer_id)
        .order_by(col(CartLine.id))
    )
    if is_locking:
        query = query.with_for_update(of=CartLine)
    return [(line, bundle, version) for line, bundle, version in session.exec(query)]


def _line(
    row: tuple[CartLine, Bundle, Any], *, parts: dict[int, tuple[RatePart, ...]], lead_times: dict[int, int]
) -> CheckoutLine:
    cart_line, _, version = row
    rule = QuantityRule(version.minimum_quantity, version.order_step)
    return CheckoutLine(
        bundle_id=cart_line.bundle_id,
        bundle_version_id=version.id,
        name_de=version.name_de,
        name_en=version.name_en,
        priced=PricedLine(cart_line.quantity, version.price_cents, parts[version.id]),
        lead_time_days=lead_times[version.id],
        problem=check_quantity(cart_line.quantity, rule),
    )


def _blocks(
    session: Session, version_ids: list[int]
) -> tuple[dict[int, tuple[RatePart, ...]], dict[int, int]]:
    """For each version its blocks' rates with their weights, and the longest lead time."""
    parts: dict[int, tuple[RatePart, ...]] = {}
    lead_times: dict[int, int] = {}
    query = select(BundleItem).where(col(BundleItem.bundle_version_id).in_(version_ids))
    for item in session.exec(query.order_by(col(BundleItem.id))):
        version_id = item.bundle_version_id
        part = RatePart(item.vat_rate_bp, item.quantity_milli * item.reference_price_cents)
        parts[version_id] = (*parts.get(version_id, ()), part)
        lead_times[version_id] = max(lead_times.get(version_id, 0), item.main_brand_lead_time_days)
    return parts, lead_times


def _terms(session: Session) -> Terms | None:
    query = select(TermsVersion.id, TermsVersion.name).order_by(col(TermsVersion.id).desc()).limit(1)
    row = session.exec(query).first()
    return Terms(row[0], row[1]) if row and row[0] is not None else None
