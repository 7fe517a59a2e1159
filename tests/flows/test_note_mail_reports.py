"""What comes back marks the address once, holds what follows, and is a person's to undo."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, NotFound, Refused
from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.customers.models import Contact, ContactToken, TokenPurpose
from app.customers.service import send_link
from app.flows.correct_address import correct_address
from app.flows.lift_mark import lift_mark
from app.flows.note_mail_reports import note_mail_reports, read_bounces
from app.flows.retry_mail import retry, send_again
from app.flows.send_mail import send_mail
from app.jobs.models import Job, JobState
from app.mail.inbox import Found, InboxUnavailable, Position
from app.mail.models import HELD, AddressState, Mail, MailAddress, MailInbox, MailState
from app.mail.rules.reports import Report, Told
from app.mail.service import put_mail
from app.mail.transport import open_transport
from app.settings import Settings
from tests import make
from tests.flows.letterbox import Sink, served
from tests.mail.reports import COMPLAINT, VACATION, bounce

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
ENVIRONMENTS = make_environments(timezone="Europe/Berlin")
KIM = "kim@firma.example"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with served(handler) as url:
        yield handler, url


def put(
    session: Session, now: datetime, *, key: str = "k", to: str = KIM, kind: str = "order_being_checked"
) -> int:
    with transaction(session):
        put_mail(
            session, kind, key=key, to=to, language="en", object_kind="order", object_id=1, now=now,
            contact_name="Kim", number="S-1", amount_cents=2_975, company_name="Firma", hours=48, token="t",
        )  # fmt: skip
    return session.exec(select(Mail.id).order_by(col(Mail.id).desc())).first() or 0


def sent(session: Session, now: datetime, *, key: str = "k", to: str = KIM) -> Mail:
    """An e-mail that the relay has taken."""
    mail_id = put(session, now, key=key, to=to)
    with transaction(session):
        mail = session.get_one(Mail, mail_id)
        mail.state, mail.sent_at, mail.provider_answer = MailState.SENT, now, "250 OK"
        mail.message_id = f"<{key}@schlicht.example>"
        session.exec(select(Job).order_by(col(Job.id).desc())).first().state = JobState.DONE  # type: ignore[union-attr]
    return mail


def send(session: Session, url: str, mail_id: int, settings: Settings, now: datetime) -> Mail:
    transport = open_transport(url)
    send_mail(session, transport, mail_id=mail_id, environments=ENVIRONMENTS, settings=settings, now=now)
    session.rollback()
    return session.get_one(Mail, mail_id, populate_existing=True)


def told(mail: Mail, **changes: Any) -> Report:
    values = {"told": Told.BOUNCED, "status": "5.1.1", "detail": "550 no such user", **changes}
    return Report(message_ids=(mail.message_id,), **values)


def marks(session: Session) -> list[tuple[str, AddressState]]:
    session.rollback()
    return [
        (one.address, one.state) for one in session.exec(select(MailAddress).order_by(col(MailAddress.id)))
    ]


def test_a_bounce_fails_its_mail_and_marks_the_address_once(session: Session, now: datetime) -> None:
    mail = sent(session, now, to="Kim@Firma.example")

    assert [note_mail_reports(session, [told(mail)], now=now) for _ in range(3)] == [1, 0, 0]

    assert marks(session) == [(KIM, AddressState.BOUNCED)]
    fresh = session.get_one(Mail, mail.id)
    assert (fresh.state, fresh.bounced_at, fresh.error) == (
        MailState.FAILED, now, "came back: 5.1.1 550 no such user"
    )  # fmt: skip
    assert session.exec(select(AuditEntry.action)).all() == ["mail_address.marked"]


def test_a_refusal_by_policy_fails_the_mail_and_leaves_the_address_alone(
    session: Session, now: datetime
) -> None:
    mail = sent(session, now)

    note_mail_reports(session, [told(mail, status="5.7.1")], now=now)

    assert session.get_one(Mail, mail.id).state is MailState.FAILED
    assert marks(session) == []


def test_a_complaint_marks_the_address_but_its_mail_has_arrived(session: Session, now: datetime) -> None:
    mail = sent(session, now)

    counts = [
        note_mail_reports(session, [told(mail, told=Told.COMPLAINED, status="")], now=now) for _ in range(2)
    ]

    assert counts == [1, 0]
    assert marks(session) == [(KIM, AddressState.COMPLAINED)]
    assert session.get_one(Mail, mail.id).state is MailState.SENT


@pytest.mark.parametrize("ids", [(), ("<stranger@elsewhere.example>",), ("<k@schlicht.example",)])
def test_a_report_about_an_e_mail_that_is_not_ours_changes_nothing(
    session: Session, now: datetime, ids: tuple[str, ...]
) -> None:
    mail = sent(session, now)

    report = Report(Told.BOUNCED, ids, recipient=KIM, status="5.1.1")
    assert note_mail_reports(session, [report], now=now) == 0

    assert marks(session) == []
    assert session.get_one(Mail, mail.id).state is MailState.SENT


def test_a_recipient_that_the_server_does_not_know_is_marked_at_once(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    server.code, server.says = 550, "5.1.1 no such user"

    mail = send(session, url, put(session, now), settings, now)

    assert (mail.state, mail.bounced_at) == (MailState.FAILED, now)
    assert marks(session) == [(KIM, AddressState.BOUNCED)]


@pytest.mark.parametrize("says", ["5.7.1 blocked", "5.3.4 too large"])
def test_a_refusal_for_another_reason_marks_nobody(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime, says: str
) -> None:
    server, url = sink
    server.code, server.says = 550, says

    assert send(session, url, put(session, now), settings, now).state is MailState.FAILED

    assert marks(session) == []


def test_further_mails_to_a_marked_address_are_held_until_a_person_lifts_the_mark(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    note_mail_reports(session, [told(sent(session, now))], now=now)
    held = send(session, url, put(session, now, key="next"), settings, now)
    other = send(session, url, put(session, now, key="other", to="b@firma.example"), settings, now)
    assert (held.state, held.error, other.state) == (MailState.FAILED, HELD, MailState.SENT)
    with pytest.raises(Refused) as refused:
        retry(session, held.id or 0, actor=ACTOR, now=now)
    assert refused.value.code == "mail.address_marked"

    address = session.exec(select(MailAddress)).one()
    assert [lift_mark(session, address.id or 0, actor=ACTOR, now=now) for _ in range(2)] == [1, None]
    assert send(session, url, held.id or 0, settings, now).state is MailState.SENT

    assert len(server.messages) == 2
    assert marks(session) == [(KIM, AddressState.OK)]
    assert session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))).all() == [
        "mail_address.marked",
        "mail_address.lifted",
    ]


def test_a_report_that_comes_again_after_the_mark_was_lifted_marks_nothing(
    session: Session, now: datetime
) -> None:
    mail = sent(session, now)
    note_mail_reports(session, [told(mail)], now=now)
    lift_mark(session, session.exec(select(MailAddress.id)).one() or 0, actor=ACTOR, now=now)

    assert note_mail_reports(session, [told(mail)], now=now + timedelta(days=1)) == 0

    assert marks(session) == [(KIM, AddressState.OK)]


def test_what_a_person_waits_for_is_tried_though_the_address_is_marked(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    _, url = sink
    note_mail_reports(session, [told(sent(session, now))], now=now)

    assert (
        send(session, url, put(session, now, key="v", kind="verify_email"), settings, now).state
        is MailState.SENT
    )


def test_one_that_came_back_is_sent_once_more_as_a_copy_and_then_given_up(
    session: Session, now: datetime
) -> None:
    mail = sent(session, now)
    note_mail_reports(session, [told(mail, status="5.7.1")], now=now)
    settings = Settings(
        _env_file=None, secret_key="k" * 32, stripe_api_key="sk_test_1", stripe_webhook_secret="whsec"
    )

    assert retry(session, mail.id or 0, actor=ACTOR, now=now) is False
    assert send_again(
        session,
        mail.id or 0,
        request_key="a",
        environments=ENVIRONMENTS,
        settings=settings,
        actor=ACTOR,
        now=now,
    )

    session.rollback()
    states = [(one.state, one.bounced_at) for one in session.exec(select(Mail).order_by(col(Mail.id)))]
    assert states == [(MailState.ABORTED, now), (MailState.QUEUED, None)]


class FakeInbox:
    """An inbox of raw e-mails; `fails_after` many it cannot be read any more."""

    def __init__(self, *raws: bytes, fails_after: int = 99) -> None:
        self.raws, self.fails_after = raws, fails_after
        self.asked_after: list[int] = []

    @contextmanager
    def opened(self) -> Iterator["FakeInbox"]:
        yield self

    def new_reports(self, *, after: Position) -> Iterator[Found]:
        self.asked_after.append(after.uid)
        for uid, raw in enumerate(self.raws, 1):
            if uid > self.fails_after:
                raise InboxUnavailable("gone")
            if uid > after.uid:
                yield Found(Position(1, uid), raw)


def test_the_inbox_is_read_onwards_and_only_what_is_ours_counts(session: Session, now: datetime) -> None:
    first, second = sent(session, now, key="a"), sent(session, now, key="b", to="b@firma.example")
    inbox = FakeInbox(
        bounce(first.message_id, KIM),
        VACATION.replace(b"@ID@", second.message_id.encode()),
        bounce("<stranger@elsewhere.example>", KIM),
        bounce(second.message_id, "b@firma.example", action="delayed", status="4.4.1"),
        b"",
        COMPLAINT.replace(b"@ID@", second.message_id.encode()),
    )

    assert [read_bounces(session, inbox, now=now) for _ in range(2)] == [2, 0]

    assert marks(session) == [(KIM, AddressState.BOUNCED), ("b@firma.example", AddressState.COMPLAINED)]
    assert inbox.asked_after == [0, 6]


def test_an_inbox_that_breaks_off_keeps_its_place_and_says_since_when(
    session: Session, now: datetime
) -> None:
    mails = [sent(session, now, key=key, to=f"{key}@firma.example") for key in ("a", "b")]
    raws = [bounce(mail.message_id, mail.to_address) for mail in mails]
    read_bounces(session, FakeInbox(*raws, fails_after=1), now=now)
    session.rollback()
    broken = session.exec(select(MailInbox)).one().model_copy()

    read_bounces(session, FakeInbox(*raws, fails_after=1), now=now + timedelta(hours=1))
    read_bounces(session, FakeInbox(*raws), now=now + timedelta(hours=2))

    assert (broken.last_uid, broken.failed_since, broken.error) == (1, now, "gone")
    whole = session.exec(select(MailInbox).execution_options(populate_existing=True)).one()
    assert (whole.last_uid, whole.failed_since, whole.read_at) == (2, None, now + timedelta(hours=2))
    assert len(marks(session)) == 2


def person(session: Session, now: datetime) -> Contact:
    """A person whose address is marked, with a password link under way and one held e-mail."""
    contact = make.contact(session, of=make.customer(session), email=KIM)
    note_mail_reports(session, [told(sent(session, now))], now=now)
    with transaction(session):
        send_link(session, contact, TokenPurpose.RESET_PASSWORD, company_name="Firma", now=now)
        session.get_one(Mail, put_held(session, now)).error = HELD
    return contact


def put_held(session: Session, now: datetime) -> int:
    put_mail(
        session, "order_late", key="held", to=KIM, language="en", object_kind="order", object_id=1, now=now
    )
    mail = session.exec(select(Mail).where(col(Mail.key) == "held")).one()
    mail.state = MailState.FAILED
    return mail.id or 0


def test_a_corrected_address_has_to_be_confirmed_and_takes_the_held_mails_over(
    session: Session, now: datetime
) -> None:
    contact = person(session, now)
    address_id = session.exec(select(MailAddress.id)).one() or 0

    correct_address(session, address_id, email=" Kim.Brunner@Firma.example ", actor=ACTOR, now=now)

    session.rollback()
    fresh = session.get_one(Contact, contact.id, populate_existing=True)
    assert (fresh.email, fresh.email_verified_at) == ("kim.brunner@firma.example", None)
    assert marks(session) == [(KIM, AddressState.OK)]
    assert session.exec(select(ContactToken.purpose)).all() == [TokenPurpose.VERIFY_EMAIL]
    [link] = session.exec(select(Mail).where(col(Mail.kind) == "verify_email")).all()
    assert link.to_address == "kim.brunner@firma.example"
    held = session.exec(select(Mail).where(col(Mail.key) == "held")).one()
    assert (held.to_address, held.state) == ("kim.brunner@firma.example", MailState.FAILED)
    assert retry(session, held.id or 0, actor=ACTOR, now=now)
    jobs = session.exec(select(Job.kind)).all()
    assert "screen_again" in jobs
    with pytest.raises(NotFound):
        correct_address(session, address_id, email="once@more.example", actor=ACTOR, now=now)


@pytest.mark.parametrize("email", ["", "no address", "taken@firma.example", KIM])
def test_an_address_that_is_none_or_somebodys_changes_nothing(
    session: Session, now: datetime, email: str
) -> None:
    contact = person(session, now)
    make.contact(session, of=make.customer(session), email="taken@firma.example")

    with pytest.raises(Invalid) as refused:
        correct_address(
            session, session.exec(select(MailAddress.id)).one() or 0, email=email, actor=ACTOR, now=now
        )

    assert [fault.field for fault in refused.value.fields] == ["email"]
    session.rollback()
    assert session.get_one(Contact, contact.id, populate_existing=True).email == KIM
    assert marks(session) == [(KIM, AddressState.BOUNCED)]
