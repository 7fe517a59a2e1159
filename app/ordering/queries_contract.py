"""Reading a contract as it was made: the order, what its bundles held, and the terms that were accepted with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from app.catalogue.models import BundleItem
from app.ordering.models import OrderLine, TermsVersion
from app.ordering.queries import WholeOrder, whole_order


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A line of the order, and what one of its bundles held in the version that was bought."""

    line: OrderLine
    items: Sequence[BundleItem]


@dataclass(frozen=True, slots=True)
class Contract:
    """All that was agreed."""

    whole: WholeOrder
    lines: Sequence[ContractLine]
    terms: TermsVersion

    @property
    def promised_on(self) -> date:
        """The day that was agreed, whatever storage was paid for later."""
        old = self._before("kept_back", "old")
        return date.fromisoformat(old) if old else self.whole.order.promised_on

    @property
    def first_address(self) -> str:
        """The address that was agreed, as one line with the country's code last; empty while it is the order's."""
        return self._before("address_changed", "went_to")

    def _before(self, kind: str, name: str) -> str:
        """What the first later change of a kind changed; empty for none."""
        changes = (event.values for event in self.whole.events if event.kind == kind)
        return next((str(values[name]) for values in changes), "")


def read_contract(session: Session, number: str, *, customer_id: int) -> Contract:
    """One order of the company as a contract. Raises NotFound for a missing one and for another company's alike."""
    whole = whole_order(session, number, customer_id=customer_id)
    lines = session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == whole.order.id).order_by(col(OrderLine.id))
    ).all()
    items: dict[int, list[BundleItem]] = {}
    for item in session.exec(
        select(BundleItem)
        .where(col(BundleItem.bundle_version_id).in_({line.bundle_version_id for line in lines}))
        .order_by(col(BundleItem.id))
    ):
        items.setdefault(item.bundle_version_id, []).append(item)
    return Contract(
        whole,
        [ContractLine(line, items.get(line.bundle_version_id, [])) for line in lines],
        session.get_one(TermsVersion, whole.order.terms_version_id),
    )
