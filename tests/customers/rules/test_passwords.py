import pytest

from app.customers.rules.passwords import fault

OBVIOUS = "This password is among the first that others try. Please choose another one."


@pytest.mark.parametrize(
    "password",
    [
        "passwort1234",
        "Passwort12345!",
        "P@ssw0rd1234",
        "123456789012",
        "111111111111",
        "aaaaaaaaaaab",
        "abcabcabcabc",
        "qwertzuiop12",
        "1q2w3e4r5t6z",
        "qwertzqwertz",
        "Sommer2026!!!",
        "Willkommen2026",
        "PasswortPasswort",
        "hallo hallo hallo",
        "01.02.1980 17",
    ],
)
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    assert fault(password) == OBVIOUS


@pytest.mark.parametrize("password", ["Hans.Meier123", "hansmeier-2026", "Meierbau!2026"])
def test_what_others_know_of_a_person_is_refused(password: str) -> None:
    assert fault(password, personal=("hans.meier@meierbau.example", "Hans Meier", "Meierbau")) == OBVIOUS


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "kaffee-tasse-am-montag",
        "xK9#mQ2!vL5p",
        "ein langer satz",
        " mit Leerzeichen ",
        "日本語のパスワードです四文字",
    ],
)
def test_a_password_of_twelve_characters_and_its_own_idea_is_accepted(password: str) -> None:
    assert fault(password) is None


@pytest.mark.parametrize("length, is_refused", [(11, True), (12, False), (200, False), (201, True)])
def test_the_length_goes_from_twelve_to_two_hundred(length: int, is_refused: bool) -> None:
    password = ("kaffeetasse am morgen " * 10)[:length]

    assert (fault(password) is not None) is is_refused
