from datetime import datetime, timedelta
from threading import Barrier, Thread

import pyotp
import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.ids import hash_token
from app.core.transaction import transaction
from app.flows import staff_log_in
from app.flows.staff_log_in import Enrolled, confirm_code, enrol, log_in, log_out
from app.staff.models import StaffMember, StaffRecoveryCode, StaffSession
from app.staff.rules.roles import Role
from app.staff.service import add_member, read_totp_secret
from tests import make

KEY = "k" * 40
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
OWN = "my very own sentence"


@pytest.fixture
def member(session: Session, now: datetime) -> StaffMember:
    with transaction(session):
        return add_member(
            session,
            email="Robin@Schlicht.example",
            name="Robin",
            role=Role.LEAD,
            password_hash=make._PASSWORD_HASH,
            secret_key=KEY,
            totp_secret=SECRET,
            now=now,
        )


@pytest.fixture
def newcomer(session: Session, now: datetime) -> StaffMember:
    with transaction(session):
        return add_member(
            session,
            email="new@schlicht.example",
            name="Neu",
            role=Role.VIEWER,
            password_hash=make._PASSWORD_HASH,
            secret_key=KEY,
            now=now,
        )


def _log_in(
    session: Session, now: datetime, email: str = "robin@schlicht.example", password: str = make.PASSWORD
) -> str:
    return log_in(session, email=email, password=password, address="10.0.0.1", secret_key=KEY, now=now)


def _code(now: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(now)


def _sessions(session: Session) -> list[tuple[str, bool]]:
    return [(row.token_hash, row.has_second_factor) for row in session.exec(select(StaffSession))]


def _actions(session: Session) -> list[str]:
    return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))


def test_password_and_code_open_a_session_under_a_new_token(
    session: Session, member: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now)
    full = confirm_code(session, token=half, code=_code(now), secret_key=KEY, now=now)

    assert half != full
    assert _sessions(session) == [(hash_token(full), True)]
    assert session.exec(select(StaffSession.expires_at)).one() == now + timedelta(hours=12)
    assert _actions(session) == ["staff.password_given", "staff.signed_in"]


def test_a_code_works_once_also_for_another_log_in(
    session: Session, member: StaffMember, now: datetime
) -> None:
    confirm_code(session, token=_log_in(session, now), code=_code(now), secret_key=KEY, now=now)
    half = _log_in(session, now)

    with pytest.raises(Refused) as refusal:
        confirm_code(session, token=half, code=_code(now), secret_key=KEY, now=now + timedelta(seconds=20))

    assert refusal.value.code == "staff.wrong_code"
    assert _actions(session)[-1] == "staff.code_refused"
    later = now + timedelta(seconds=30)
    assert confirm_code(session, token=half, code=_code(later), secret_key=KEY, now=later)


def test_a_code_submitted_eight_times_at_once_opens_one_session(
    database: Database, session: Session, member: StaffMember, now: datetime
) -> None:
    half = [_log_in(session, now) for _ in range(8)]
    start, opened = Barrier(8), []

    def submit(token: str) -> None:
        with database.session() as own:
            start.wait()
            try:
                opened.append(confirm_code(own, token=token, code=_code(now), secret_key=KEY, now=now))
            except Refused:
                return

    threads = [Thread(target=submit, args=(token,)) for token in half]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(opened) == 1
    assert [full for _, full in _sessions(session)].count(True) == 1


@pytest.mark.parametrize(
    "email, password",
    [("robin@schlicht.example", "wrong password 12"), ("nobody@schlicht.example", make.PASSWORD), ("", "")],
)
def test_unknown_account_and_wrong_password_are_refused_in_the_same_words(
    session: Session, member: StaffMember, now: datetime, email: str, password: str
) -> None:
    with pytest.raises(Refused) as refusal:
        _log_in(session, now, email=email, password=password)

    assert (refusal.value.code, refusal.value.message) == (
        "staff.wrong_credentials",
        "E-mail address or password is wrong.",
    )
    assert _sessions(session) == []


def test_each_cause_of_refusal_hashes_exactly_once(
    session: Session, member: StaffMember, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str | None] = []
    real = staff_log_in.verify_password

    def counting(password: str, password_hash: str | None) -> bool:
        hashed.append(password_hash)
        return real(password, password_hash)

    monkeypatch.setattr(staff_log_in, "verify_password", counting)
    for email in ("robin@schlicht.example", "nobody@schlicht.example"):
        with pytest.raises(Refused):
            _log_in(session, now, email=email, password="wrong password 12")

    assert len(hashed) == 2


def test_a_closed_account_is_refused_with_the_right_password(
    session: Session, member: StaffMember, now: datetime
) -> None:
    with transaction(session):
        session.get_one(StaffMember, member.id).is_active = False

    with pytest.raises(Refused, match="wrong"):
        _log_in(session, now)


def test_the_eleventh_wrong_password_in_a_quarter_of_an_hour_has_to_wait(
    session: Session, member: StaffMember, now: datetime
) -> None:
    for _ in range(10):
        with pytest.raises(Refused, match="wrong"):
            _log_in(session, now, password="wrong password 12")

    with pytest.raises(Refused) as refusal:
        _log_in(session, now)

    assert refusal.value.code == "throttled"
    assert _log_in(session, now + timedelta(minutes=15))


def test_the_eleventh_wrong_code_has_to_wait_even_when_it_is_right(
    session: Session, member: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now)
    for _ in range(10):
        with pytest.raises(Refused, match="wrong"):
            confirm_code(session, token=half, code="000000", secret_key=KEY, now=now)

    with pytest.raises(Refused) as refusal:
        confirm_code(session, token=half, code=_code(now), secret_key=KEY, now=now)

    assert refusal.value.code == "throttled"
    assert _sessions(session) == [(hash_token(half), False)]


def test_a_half_open_session_ends_after_a_quarter_of_an_hour(
    session: Session, member: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now)
    later = now + timedelta(minutes=15)

    with pytest.raises(Refused) as refusal:
        confirm_code(session, token=half, code=_code(later), secret_key=KEY, now=later)

    assert refusal.value.code == "staff.session_over"


def test_the_first_log_in_sets_up_password_code_and_recovery_codes(
    session: Session, newcomer: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now, email="new@schlicht.example")
    secret = read_totp_secret(newcomer, secret_key=KEY) or ""

    enrolled = enrol(session, token=half, code=_code(now, secret), password=OWN, secret_key=KEY, now=now)

    assert isinstance(enrolled, Enrolled)
    assert len(set(enrolled.recovery_codes)) == 8
    assert _sessions(session) == [(hash_token(enrolled.token), True)]
    stored = session.exec(select(StaffRecoveryCode.code_hash)).all()
    assert set(stored).isdisjoint(enrolled.recovery_codes)
    with pytest.raises(Refused, match="wrong"):
        _log_in(session, now, email="new@schlicht.example")
    assert _log_in(session, now, email="new@schlicht.example", password=OWN)
    assert _actions(session) == ["staff.password_given", "staff.enrolled", "staff.password_given"]


@pytest.mark.parametrize(
    "password, code, field",
    [("short", "", "password"), (make.PASSWORD, "", "password"), (OWN, "000000", "code")],
)
def test_enrolling_names_the_wrong_field_and_changes_nothing(
    session: Session, newcomer: StaffMember, now: datetime, password: str, code: str, field: str
) -> None:
    half = _log_in(session, now, email="new@schlicht.example")
    code = code or _code(now, read_totp_secret(newcomer, secret_key=KEY) or "")

    with pytest.raises(Invalid) as fault:
        enrol(session, token=half, code=code, password=password, secret_key=KEY, now=now)

    assert [one.field for one in fault.value.fields] == [field]
    session.rollback()
    member = session.get_one(StaffMember, newcomer.id, populate_existing=True)
    assert (member.is_totp_confirmed, member.password_hash) == (False, make._PASSWORD_HASH)
    assert _sessions(session) == [(hash_token(half), False)]


def test_an_account_without_second_factor_cannot_pass_by_a_code(
    session: Session, newcomer: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now, email="new@schlicht.example")
    code = _code(now, read_totp_secret(newcomer, secret_key=KEY) or "")

    with pytest.raises(Refused) as refusal:
        confirm_code(session, token=half, code=code, secret_key=KEY, now=now)

    assert refusal.value.code == "staff.not_enrolled"


def test_whoever_is_enrolled_cannot_enrol_a_second_authenticator_with_the_password_alone(
    session: Session, member: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now)

    with pytest.raises(Refused) as refusal:
        enrol(session, token=half, code=_code(now), password=OWN, secret_key=KEY, now=now)

    assert refusal.value.code == "staff.enrolled_already"


def test_a_recovery_code_replaces_the_second_factor_once(
    session: Session, newcomer: StaffMember, now: datetime
) -> None:
    half = _log_in(session, now, email="new@schlicht.example")
    secret = read_totp_secret(newcomer, secret_key=KEY) or ""
    codes = enrol(
        session, token=half, code=_code(now, secret), password=OWN, secret_key=KEY, now=now
    ).recovery_codes
    first, second = (_log_in(session, now, email="new@schlicht.example", password=OWN) for _ in range(2))

    assert confirm_code(
        session, token=first, code=codes[0].lower().replace("-", " "), secret_key=KEY, now=now
    )
    with pytest.raises(Refused):
        confirm_code(session, token=second, code=codes[0], secret_key=KEY, now=now)

    assert confirm_code(session, token=second, code=codes[1], secret_key=KEY, now=now)


def test_logging_out_twice_ends_the_session_once(
    session: Session, member: StaffMember, now: datetime
) -> None:
    token = confirm_code(session, token=_log_in(session, now), code=_code(now), secret_key=KEY, now=now)

    log_out(session, token=token, now=now)
    log_out(session, token=token, now=now)

    assert _sessions(session) == []
    assert _actions(session).count("staff.signed_out") == 1
