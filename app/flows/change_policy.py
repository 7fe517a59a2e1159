"""The business policy gets a new version, with a reason."""

from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.catalogue.service import lock_all_blocks, touch_catalogue
from app.catalogue.service_stock import refresh_stock_levels
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.policy.models import PolicyVersion
from app.policy.queries import current_policy, current_version_id
from app.policy.rules.policy import GUARDING, Policy, faults, to_values


def change_policy(
    session: Session, policy: Policy, *, based_on: int, reason: str, actor: Actor, now: datetime
) -> bool:
    """Puts a policy in force for everything from now on; False when it is in force already.

    `based_on` is the version that the editor saw. Raises Invalid with a sentence per field, and Refused
    `policy.changed_meanwhile` when somebody else was faster.
    """
    wrong = faults(policy)
    if not reason.strip():
        wrong.append(FieldError("reason", N_("Please say why.")))
    if wrong:
        raise Invalid(N_("Some values are out of their bounds."), code="policy.invalid", fields=tuple(wrong))
    with transaction(session):
        lock_all_blocks(session)
        # Its row lock lets one change after the other through.
        touch_catalogue(session)
        before = current_policy(session)
        if before == policy:
            return False
        if current_version_id(session) != based_on:
            raise Refused(
                N_("Somebody else changed the policy meanwhile. Look at it and change it again."),
                code="policy.changed_meanwhile",
            )
        old, new = to_values(before), to_values(policy)
        session.add(PolicyVersion(values=new, changed_by=actor.name, reason=reason.strip(), created_at=now))
        session.flush()
        changed = [name for name in new if old[name] != new[name]]
        if "few_left_count" in changed:
            refresh_stock_levels(session)
        record(
            session,
            actor,
            action="policy.changed",
            object_kind="policy",
            object_id=current_version_id(session),
            now=now,
            reason=reason.strip(),
            old={name: old[name] for name in changed},
            new={name: new[name] for name in changed},
        )
        if not GUARDING.isdisjoint(changed):
            put_job(session, "guard_margins", now=now)
    return True
