"""Reading the exceptions that a company has from the sizes in which everybody is sold bundles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from app.catalogue.models import Bundle, BundleVersion, Listing
from app.ordering.models import Agreement

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class AgreedSizes:
    """An exception with its bundle, and the sizes for everybody (None where the bundle is not on sale)."""

    agreement: Agreement
    slug: str
    name_de: str
    name_en: str
    minimum_for_all: int | None
    step_for_all: int | None

    def is_in_force(self, now: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.agreement.ended_at is None and now < self.agreement.ends_at


def agreements_of(session: Session, customer_id: int) -> Sequence[AgreedSizes]:
    """The newest exceptions of a company, newest first, past ones among them."""
    rows = session.execute(
        select(  # type: ignore[call-overload]
            Agreement,
            Bundle.slug,
            BundleVersion.name_de,
            BundleVersion.name_en,
            Listing.minimum_quantity,
            Listing.order_step,
        )
        .join(Bundle, col(Bundle.id) == col(Agreement.bundle_id))
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .outerjoin(Listing, col(Listing.bundle_id) == col(Bundle.id))
        .where(col(Agreement.customer_id) == customer_id)
        .order_by(col(Agreement.id).desc())
        .limit(MOST_SHOWN)
    )
    return [AgreedSizes(*row) for row in rows]


def count_agreements(session: Session, customer_id: int, *, now: datetime) -> int:
    """How many exceptions of a company are in force."""
    is_in_force = col(Agreement.ended_at).is_(None), col(Agreement.ends_at) > now
    query = select(func.count()).select_from(Agreement)
    return session.exec(query.where(col(Agreement.customer_id) == customer_id, *is_in_force)).one()
