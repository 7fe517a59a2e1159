"""Reading a company's cart: each line as it was seen and as it is sold now, with sums and promise."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleVersion
from app.catalogue.rules.kinds import BundleState, Kind
from app.ordering.models import CartLine
from app.ordering.queries_checkout import Checkout, CheckoutLine, read_checkout
from app.ordering.rules.promise import Calendar
from app.ordering.rules.quantities import QuantityProblem, QuantityRule


@dataclass(frozen=True, slots=True)
class CartRow:
    """One line of a cart. `seen_…` is what the customer last saw, where that is not what is sold now."""

    bundle_id: int
    version_id: int
    slug: str
    name: str
    kind: Kind
    quantity: int
    rule: QuantityRule
    unit_price_cents: int
    is_retired: bool
    is_changed: bool
    seen_name: str
    seen_price_cents: int
    problem: QuantityProblem | None

    @property
    def net_cents(self) -> int:
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class Cart:
    """All lines, retired ones included, and what an order of the others would cost and when it would come."""

    rows: tuple[CartRow, ...]
    checkout: Checkout

    @property
    def is_orderable(self) -> bool:
        """Whether nothing must be corrected, removed or agreed to before the order."""
        return self.checkout.is_orderable and not any(row.is_changed for row in self.rows)


def read_cart(
    session: Session, customer_id: int, *, language: str, calendar: Calendar, now: datetime
) -> Cart:
    """A company's cart in the order in which its lines were added."""
    current, seen = aliased(BundleVersion), aliased(BundleVersion)
    rows = session.exec(
        select(CartLine, Bundle, current, seen)
        .join(Bundle, col(Bundle.id) == col(CartLine.bundle_id))
        .join(current, col(current.id) == col(Bundle.current_version_id))
        .join(seen, col(seen.id) == col(CartLine.seen_version_id))
        .where(col(CartLine.customer_id) == customer_id)
        .order_by(col(CartLine.id))
    )
    checkout = read_checkout(session, customer_id, calendar=calendar, now=now)
    sold = {line.bundle_id: line for line in checkout.lines}
    return Cart(
        tuple(_row(*row, sold=sold.get(row[0].bundle_id), language=language) for row in rows), checkout
    )


def _row(
    line: CartLine,
    bundle: Bundle,
    current: BundleVersion,
    seen: BundleVersion,
    *,
    sold: CheckoutLine | None,
    language: str,
) -> CartRow:
    is_retired = bundle.state is not BundleState.PUBLISHED or sold is None
    return CartRow(
        bundle_id=line.bundle_id,
        version_id=current.id or 0,
        slug=bundle.slug,
        name=_name(current, language),
        kind=current.kind,
        quantity=line.quantity,
        rule=sold.rule if sold else QuantityRule(),
        unit_price_cents=current.price_cents,
        is_retired=is_retired,
        is_changed=not is_retired and current.id != seen.id,
        seen_name=_name(seen, language),
        seen_price_cents=seen.price_cents,
        problem=None if is_retired or sold is None else sold.problem,
    )


def _name(version: BundleVersion, language: str) -> str:
    return version.name_de if language == "de" else version.name_en
