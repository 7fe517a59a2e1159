import pytest

from app.staff.rules.passwords import fault, handed_out, new_recovery_code


@pytest.mark.parametrize(
    "password, is_wrong",
    [("a2345678901", True), ("a23456789012", False), ("aaaaaaaaaaaaaaaa", True), ("x1!y" * 50 + "z", True)],
)
def test_length_and_variety_are_asked_for_and_nothing_else(password: str, is_wrong: bool) -> None:
    assert (fault(password, given_before=False) is not None) is is_wrong


def test_the_password_that_was_handed_out_is_refused_as_ones_own() -> None:
    assert fault("a good sentence of mine", given_before=True) is not None


def test_what_is_handed_out_is_fresh_and_passes_the_rule() -> None:
    assert handed_out() != handed_out()
    assert new_recovery_code() != new_recovery_code()
    assert fault(handed_out(), given_before=False) is None
