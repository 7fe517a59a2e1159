from datetime import UTC, datetime, timedelta

import pytest

from app.staff.rules.totp import accepted_step, address, new_secret, step_at, tidy

# RFC 6238, appendix B: the SHA-1 secret "12345678901234567890"; its eight digits end in these six.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


@pytest.mark.parametrize("seconds, code", VECTORS)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)

    assert accepted_step(SECRET, code, now=now, last_step=0) == seconds // 30


@pytest.mark.parametrize(
    "seconds_later, is_accepted",
    [(-31, False), (-30, True), (0, True), (29, True), (59, True), (60, False), (90, False)],
)
def test_a_code_is_good_in_its_step_and_the_one_before_and_after(
    seconds_later: int, is_accepted: bool
) -> None:
    issued = datetime.fromtimestamp(1111111110, UTC)

    step = accepted_step(SECRET, "050471", now=issued + timedelta(seconds=seconds_later), last_step=0)

    assert (step is not None) is is_accepted


@pytest.mark.parametrize("typed", ["050471", "050 471", " 050-471 ", "０５０４７１", "0 5 0 4 7 1"])
def test_spaces_hyphens_and_full_width_digits_do_not_matter(typed: str) -> None:
    now = datetime.fromtimestamp(1111111111, UTC)

    assert accepted_step(SECRET, typed, now=now, last_step=0) == step_at(now)


@pytest.mark.parametrize("typed", ["", "050472", "50471", "0504710", "٠٥٠٤٧١x", "\ud800"])
def test_anything_else_is_refused(typed: str) -> None:
    assert accepted_step(SECRET, typed, now=datetime.fromtimestamp(1111111111, UTC), last_step=0) is None


def test_a_used_step_and_those_before_it_never_fit_again() -> None:
    now = datetime.fromtimestamp(1111111111, UTC)
    step = step_at(now)

    assert accepted_step(SECRET, "050471", now=now, last_step=step - 1) == step
    assert accepted_step(SECRET, "050471", now=now, last_step=step) is None
    assert accepted_step(SECRET, "050471", now=now, last_step=step + 1) is None


def test_secrets_are_fresh_and_their_address_names_shop_and_person() -> None:
    assert new_secret() != new_secret()
    assert len(new_secret()) == 32
    assert address(SECRET, email="a@b.example", issuer="schlicht.") == (
        "otpauth://totp/schlicht.:a%40b.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=schlicht."
    )


def test_a_recovery_code_is_compared_without_hyphen_and_case() -> None:
    assert tidy("abcde-23456 ") == tidy("ABCDE 23456") == "ABCDE23456"
