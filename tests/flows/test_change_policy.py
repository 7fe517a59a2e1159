from datetime import datetime

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.catalogue.models import CatalogueState
from app.core.errors import Invalid, Refused
from app.flows.change_policy import change_policy
from app.policy.models import PolicyVersion
from app.policy.queries import current_policy, current_version_id
from app.policy.rules.policy import Policy

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)


def _change(
    session: Session, policy: Policy, now: datetime, *, based_on: int = 0, reason: str = "spring"
) -> bool:
    return change_policy(session, policy, based_on=based_on, reason=reason, actor=ACTOR, now=now)


def _catalogue_version(session: Session) -> int:
    session.rollback()
    return session.exec(select(CatalogueState.version)).one()


def test_a_change_is_in_force_at_once_kept_as_a_version_and_seen_by_customers(
    session: Session, now: datetime
) -> None:
    before = _catalogue_version(session)

    assert _change(session, Policy(transit_days=4), now) is True

    assert current_policy(session).transit_days == 4
    version = session.exec(select(PolicyVersion)).one()
    assert (version.changed_by, version.reason) == ("Robin", "spring")
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.reason) == ("policy.changed", "spring")
    assert (entry.old, entry.new) == ({"transit_days": 2}, {"transit_days": 4})
    assert _catalogue_version(session) == before + 1


def test_the_same_policy_again_writes_nothing(session: Session, now: datetime) -> None:
    _change(session, Policy(transit_days=4), now)

    assert _change(session, Policy(transit_days=4), now, based_on=0) is False

    assert len(session.exec(select(PolicyVersion)).all()) == 1
    assert len(session.exec(select(AuditEntry)).all()) == 1


def test_values_out_of_bounds_and_a_missing_reason_are_named_and_change_nothing(
    session: Session, now: datetime
) -> None:
    with pytest.raises(Invalid) as fault:
        _change(session, Policy(transit_days=61, cut_off_hour=24), now, reason=" ")

    assert sorted(one.field for one in fault.value.fields) == ["cut_off_hour", "reason", "transit_days"]
    assert session.exec(select(PolicyVersion)).all() == []


def test_whoever_looked_at_an_older_version_is_told_and_overwrites_nothing(
    session: Session, now: datetime
) -> None:
    _change(session, Policy(transit_days=4), now)

    with pytest.raises(Refused) as refusal:
        _change(session, Policy(handling_days=3), now, based_on=0)

    assert refusal.value.code == "policy.changed_meanwhile"
    assert current_policy(session) == Policy(transit_days=4)
    assert _change(session, Policy(handling_days=3), now, based_on=current_version_id(session)) is True
