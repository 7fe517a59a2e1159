from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, NotFound, Refused
from app.flows.publish_terms import publish_terms
from app.ordering.models import TermsVersion
from app.ordering.queries_terms import terms_in_force, terms_named

ACTOR = Actor(ActorKind.COMMAND, "shop terms")


def _publish(session: Session, now: datetime, name: str, text_de: str = "Es gilt.") -> bool:
    return publish_terms(session, name=name, text_de=text_de, text_en="It holds.", actor=ACTOR, now=now)


def test_the_newest_terms_are_in_force_and_older_ones_stay_readable(session: Session, now: datetime) -> None:
    _publish(session, now, "2026-01")
    _publish(session, now + timedelta(days=1), "2026-02", text_de="Es gilt nun.")

    found = terms_in_force(session)
    assert found is not None
    assert (found.name, found.text_de) == ("2026-02", "Es gilt nun.")
    assert terms_named(session, "2026-01").text_de == "Es gilt."
    entries = session.exec(select(AuditEntry).order_by(AuditEntry.object_name)).all()
    assert [(entry.action, entry.object_name) for entry in entries] == [
        ("terms.published", "2026-01"),
        ("terms.published", "2026-02"),
    ]


def test_publishing_twice_is_publishing_once(session: Session, now: datetime) -> None:
    assert _publish(session, now, "2026-01") is True

    assert _publish(session, now, "2026-01", text_de="  Es gilt.\n") is False

    assert len(session.exec(select(TermsVersion)).all()) == 1
    assert len(session.exec(select(AuditEntry)).all()) == 1


def test_a_version_never_gets_other_words(session: Session, now: datetime) -> None:
    _publish(session, now, "2026-01")

    with pytest.raises(Refused) as refusal:
        _publish(session, now, "2026-01", text_de="Etwas anderes.")

    assert refusal.value.code == "terms.name_taken"
    session.rollback()
    assert terms_named(session, "2026-01").text_de == "Es gilt."


@pytest.mark.parametrize(
    ("name", "text_de", "field"),
    [("2026 01", "Es gilt.", "name"), ("a" * 33, "Es gilt.", "name"), ("2026-01", " \n", "text_de")],
)
def test_a_bad_name_and_an_empty_text_are_refused(
    session: Session, now: datetime, name: str, text_de: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        _publish(session, now, name, text_de)

    assert [fault.field for fault in refusal.value.fields] == [field]
    assert terms_in_force(session) is None


def test_a_version_that_never_was_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        terms_named(session, "1999-01")
