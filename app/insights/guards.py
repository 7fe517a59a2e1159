"""The two guards of publishing: a version earns enough, and takes no business from the main brand unapproved."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.catalogue.models import Block, BundleItem, BundleVersion
from app.catalogue.queries_approvals import approval_of
from app.catalogue.queries_margins import part_of
from app.catalogue.rules.cannibalisation import ApprovalState, Service, ServiceVerdict, approval_state
from app.catalogue.rules.margin import Margin, margin_of
from app.core.errors import N_, Refused
from app.insights.cannibalisation import Assessment, assess, offer_of
from app.policy.queries import current_policy

Rows = Sequence[tuple[BundleItem, Block]]


def check_guards(session: Session, version: BundleVersion, rows: Rows, *, now: datetime) -> None:
    """Refuses to sell a version with these blocks, with the figures; reads only.

    Refused `bundle.below_floor`, `bundle.too_fast`, `bundle.more_service`, or `bundle.needs_approval` where the
    main brand would lose more than the policy's limit and no approval for just this stands.
    """
    _check_margin(version_margin(session, version, rows))
    offer = offer_of(version, rows)
    found = assess(session, offer, now=now)
    _check_service(found.service)
    if not found.needs_approval:
        return
    approval = approval_of(session, version.id or 0)
    state = approval_state(
        approval.figures if approval else None,
        approval.is_approved if approval else None,
        offer=offer,
        loss_cents=found.figures.loss_cents,
    )
    if state is not ApprovalState.APPROVED:
        raise Refused(NEEDS_APPROVAL[state], code="bundle.needs_approval", **_loss(found))


def version_margin(session: Session, version: BundleVersion, rows: Rows) -> Margin:
    """What a version contributes with its blocks as they are today."""
    parts = [part_of(item.quantity_milli, block) for item, block in rows]
    return margin_of(version.price_cents, parts, current_policy(session))


NEEDS_APPROVAL = {
    ApprovalState.NONE: N_(
        "A- and B-customers of the main brand would switch to this bundle: %(loss_cents)s a year, above the limit of "
        "%(limit_cents)s. A second person has to approve it first."
    ),
    ApprovalState.OPEN: N_(
        "This bundle would cost the main brand %(loss_cents)s a year, above the limit of %(limit_cents)s. "
        "The approval that was asked for is still open."
    ),
    ApprovalState.REFUSED: N_(
        "This bundle would cost the main brand %(loss_cents)s a year, above the limit of %(limit_cents)s. "
        "The second person refused it: change the bundle, or ask again with a better reason."
    ),
    ApprovalState.VOID: N_(
        "This bundle would cost the main brand %(loss_cents)s a year, above the limit of %(limit_cents)s. "
        "What was approved was another version or smaller figures: ask for approval again."
    ),
}
BELOW_FLOOR = N_(
    "This bundle contributes %(margin_cents)s at a price of %(price_cents)s; it needs %(required_cents)s. "
    "The lowest price that passes is %(lowest_price_cents)s."
)
TOO_FAST = N_(
    "The main brand delivers the slowest of these blocks in %(main_brand_days)s working days, and this bundle could "
    "arrive after %(earliest_days)s: it has to be at least one day later. Change the delay in the policy."
)
MORE_SERVICE = N_(
    "The main brand does not sell %(skus)s: a bundle must not offer more service than it does. "
    "Take it out, or give the block the main brand's price."
)


def _check_margin(margin: Margin) -> None:
    if margin.is_passing:
        return
    raise Refused(
        BELOW_FLOOR,
        code="bundle.below_floor",
        price_cents=margin.price_cents,
        margin_cents=margin.margin_cents,
        required_cents=margin.required_cents,
        lowest_price_cents=margin.lowest_price_cents,
    )


def _check_service(service: ServiceVerdict) -> None:
    if Service.FASTER in service.faults:
        raise Refused(
            TOO_FAST,
            code="bundle.too_fast",
            main_brand_days=service.main_brand_days,
            earliest_days=service.earliest_days,
        )
    if Service.MORE_SERVICE in service.faults:
        raise Refused(MORE_SERVICE, code="bundle.more_service", skus=", ".join(service.extra_skus))


def _loss(found: Assessment) -> dict[str, int]:
    return {"loss_cents": found.figures.loss_cents, "limit_cents": found.limit_cents}
