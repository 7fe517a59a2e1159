"""Reading what waits for a second person: versions that would take business from the main brand."""

from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from app.catalogue.models import Bundle, BundleApproval, BundleVersion
from app.core.paging import Slice, read_page


def count_waiting_approvals(session: Session) -> int:
    """How many versions wait for a second person's word."""
    return int(session.execute(_waiting().with_only_columns(func.count())).scalar_one())


def list_waiting_approvals(
    session: Session, *, page: int
) -> Slice[tuple[BundleApproval, Bundle, BundleVersion]]:
    """One page of them, what waits longest first."""
    return read_page(session, _waiting().order_by(col(BundleApproval.requested_at)), page=page)


def approval_of(session: Session, version_id: int) -> BundleApproval | None:
    """What was asked and answered about a version."""
    return session.exec(
        select(BundleApproval).where(col(BundleApproval.bundle_version_id) == version_id)
    ).first()


def _waiting() -> Any:
    """Requests without an answer about versions that are not replaced or on sale already."""
    newest = (
        select(func.max(BundleVersion.id))
        .where(col(BundleVersion.bundle_id) == col(Bundle.id))
        .correlate(Bundle)
        .scalar_subquery()
    )
    return (
        select_columns(BundleApproval, Bundle, BundleVersion)
        .join(BundleVersion, col(BundleVersion.id) == col(BundleApproval.bundle_version_id))
        .join(Bundle, col(Bundle.id) == col(BundleVersion.bundle_id))
        .where(col(BundleApproval.is_approved).is_(None), col(BundleVersion.id) == newest)
    )
