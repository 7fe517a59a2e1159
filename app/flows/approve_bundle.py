"""A bundle that would take business from the main brand gets a second person's approval, or does not."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleApproval, BundleItem, BundleVersion
from app.catalogue.queries_approvals import approval_of
from app.catalogue.rules.cannibalisation import ApprovalState, Offer, approval_state, figures_of
from app.catalogue.rules.kinds import BundleState
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.insights.cannibalisation import Assessment, assess, offer_of, shown_mark

LONGEST_REASON = 500


def ask_for_approval(
    session: Session, bundle_id: int, *, reason: str, actor: Actor, now: datetime, seen: str = ""
) -> None:
    """Asks a second person to approve the newest version as it is, with today's figures; replaces a void request.

    Raises NotFound; Invalid with the field `reason`; Refused `bundle.no_approval_needed` for a version that is
    on sale or costs no more than the limit, `bundle.approval_open` while a request for just this stands,
    `bundle.changed_meanwhile` where the `shown_mark` that was `seen`, if any, is not of what stands now.
    """
    reason = _reason(reason)
    with transaction(session):
        bundle, version = _locked(session, bundle_id)
        offer, found = _assessed(session, version, now=now)
        approval = approval_of(session, version.id or 0)
        if _is_on_sale(bundle, version) or not found.needs_approval:
            raise Refused(N_("This bundle needs no approval."), code="bundle.no_approval_needed")
        if _state(approval, offer, found) in (ApprovalState.OPEN, ApprovalState.APPROVED):
            raise Refused(
                N_("Approval was asked for already, with the same figures."), code="bundle.approval_open"
            )
        if seen:
            _check_seen(seen, shown_mark(version, approval, offer, found))
        figures = figures_of(offer, found.figures)
        values: dict[str, Any] = {
            "figures": figures,
            "reason": reason,
            "requested_by": actor.name,
            "requested_by_id": actor.id,
            "requested_at": now,
            "is_approved": None,
            "decision_reason": "",
            "decided_by": "",
            "decided_by_id": None,
            "decided_at": None,
        }
        if approval is None:
            approval = BundleApproval(bundle_version_id=version.id or 0, **values)
            session.add(approval)
        else:
            approval.sqlmodel_update(values)
        session.flush()
        _note(
            session, bundle, version, "bundle.approval_asked", approval, reason=reason, actor=actor, now=now
        )


def decide_approval(
    session: Session,
    bundle_id: int,
    *,
    is_approved: bool,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str = "",
) -> None:
    """The second person approves what was asked for, or refuses it; who asked may only refuse (withdraw) it.

    Raises NotFound; Invalid with the field `reason`; Refused `bundle.approval_not_open` where nobody asks (any
    more), `bundle.approval_void` where the version or its figures are not what was asked for any more,
    `bundle.same_person`, and `bundle.changed_meanwhile` where the `shown_mark` that was `seen` is not of what
    stands now. Nobody approves without such a mark; who refuses may leave it out.
    """
    reason = _reason(reason)
    with transaction(session):
        bundle, version = _locked(session, bundle_id)
        approval = approval_of(session, version.id or 0)
        if approval is None or approval.is_approved is not None or _is_on_sale(bundle, version):
            raise Refused(
                N_("This request does not wait for a decision any more."), code="bundle.approval_not_open"
            )
        if is_approved and actor.id in (None, approval.requested_by_id):
            raise Refused(
                N_("You asked for this approval yourself: a second person has to give it."),
                code="bundle.same_person",
            )
        offer, found = _assessed(session, version, now=now)
        if is_approved or seen:
            _check_seen(seen, shown_mark(version, approval, offer, found))
        if is_approved and _state(approval, offer, found) is not ApprovalState.OPEN:
            raise Refused(
                N_("The bundle or its figures have changed since: approval has to be asked for again."),
                code="bundle.approval_void",
            )
        approval.is_approved, approval.decision_reason = is_approved, reason
        approval.decided_by, approval.decided_by_id, approval.decided_at = actor.name, actor.id, now
        session.flush()
        action = "bundle.approved" if is_approved else "bundle.approval_refused"
        _note(session, bundle, version, action, approval, reason=reason, actor=actor, now=now)


def _check_seen(seen: str, stands: str) -> None:
    if seen != stands:
        raise Refused(
            N_("The bundle, its figures or the request changed while you looked. Please look again."),
            code="bundle.changed_meanwhile",
        )


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON:
        fault = FieldError("reason", N_("Please say why, in at most 500 characters."))
        raise Invalid(N_("Please check the entries."), code="bundle.approval_invalid", fields=(fault,))
    return reason


def _locked(session: Session, bundle_id: int) -> tuple[Bundle, BundleVersion]:
    """The bundle, locked, and its newest version: two people who act at once wait for each other here."""
    bundle = session.exec(select(Bundle).where(col(Bundle.id) == bundle_id).with_for_update()).first()
    version = session.exec(
        select(BundleVersion)
        .where(col(BundleVersion.bundle_id) == bundle_id)
        .order_by(col(BundleVersion.version_number).desc())
        .limit(1)
    ).first()
    if bundle is None or version is None:
        raise NotFound(N_("There is no such bundle."), code="bundle.not_found")
    return bundle, version


def _is_on_sale(bundle: Bundle, version: BundleVersion) -> bool:
    return bundle.state is BundleState.PUBLISHED and bundle.current_version_id == version.id


def _assessed(session: Session, version: BundleVersion, *, now: datetime) -> tuple[Offer, Assessment]:
    rows = session.exec(
        select(BundleItem, Block)
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(BundleItem.bundle_version_id) == version.id)
        .order_by(col(BundleItem.id))
    ).all()
    offer = offer_of(version, rows)
    return offer, assess(session, offer, now=now)


def _state(approval: BundleApproval | None, offer: Offer, found: Assessment) -> ApprovalState:
    if approval is None:
        return ApprovalState.NONE
    return approval_state(
        approval.figures, approval.is_approved, offer=offer, loss_cents=found.figures.loss_cents
    )


def _note(
    session: Session,
    bundle: Bundle,
    version: BundleVersion,
    action: str,
    approval: BundleApproval,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="bundle",
        object_id=bundle.id,
        object_name=version.name_de,
        now=now,
        reason=reason,
        new={
            "version_id": version.id,
            "price_cents": approval.figures["price_cents"],
            "loss_cents": approval.figures["loss_cents"],
            "requested_by": approval.requested_by,
        },
    )
