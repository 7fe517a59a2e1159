"""The mails of the door, as people read them."""

from typing import Any

import pytest

from app.core.i18n import LANGUAGES
from app.core.rendering import make_environments
from app.mail.models import Mail
from app.mail.rendering import Text, render
from app.settings import Settings
from tests import make

COMMON: dict[str, Any] = {
    "contact_name": "Kim Brunner",
    "company_name": "Brunner GmbH",
    "number": "K-7KQ2MXPA",
}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "verify_email": ({"hours": 48}, {"token": "T0KEN"}, "http://testserver/verify/T0KEN"),
    "registration_known": ({"is_confirmed": False}, {}, "http://testserver/password/forgot"),
    "application_received": ({}, {}, "http://testserver/status"),
    "decision_admitted": ({}, {}, "http://testserver/catalogue"),
    "decision_refused": ({}, {}, "kontakt@schlicht.example"),
    "decision_main_brand": ({}, {}, "vertrieb@kessler.example, +49 30 23125 200"),
    "delivery_address_cleared": ({}, {}, "http://testserver/cart"),
    "password_reset": ({"hours": 1}, {"token": "T0KEN"}, "http://testserver/password/reset/T0KEN"),
    "proof_wanted": ({"proof": "trade_licence"}, {}, "http://testserver/status"),
    "objection_received": ({"objection_id": 4711}, {}, "http://testserver/admin/objections/4711"),
    "objection_answered": (
        {"answer": "It stays.", "is_upheld": False, "is_reviewed": False},
        {},
        "http://testserver/status",
    ),
}


def read(kind: str, language: str, settings: Settings, **changes: str) -> Text:
    values, secrets, _ = KINDS[kind]
    mail = Mail(
        kind=kind,
        key=kind,
        message_id="<1@schlicht>",
        to_address="kim@brunner.example",
        language=language,
        values={**COMMON, **values, **changes},
        secret_values=secrets,
        object_kind="customer",
        object_id=1,
        created_at=make.NOW,
    )
    return render(mail, make_environments(timezone="Europe/Berlin")[language], settings=settings)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_names_its_next_step_and_ends_with_the_companys_particulars(
    kind: str, language: str, settings: Settings
) -> None:
    text = read(kind, language, settings)

    assert "\n" not in text.subject
    assert 10 < len(text.subject) < 70
    assert KINDS[kind][2] in text.body
    assert "Kim Brunner" in text.body
    footer = text.body.partition("\n-- \n")[2]
    # Section 35a GmbHG: firm with legal form, seat, register court and number, every managing director.
    for particular in (
        "Kessler Industriebedarf GmbH",
        "Leipzig",
        "Amtsgericht Leipzig",
        "HRB 00000",
        "Ada Kessler",
    ):
        assert particular in footer
    assert "{" not in text.body
    assert "\n\n\n" not in text.body


@pytest.mark.parametrize("kind", ["application_received", "registration_known", "verify_email"])
def test_a_mail_before_the_decision_gives_nothing_of_it_away(kind: str, settings: Settings) -> None:
    text = read(kind, "en", settings)

    assert settings.main_brand_name not in text.body.partition("\n-- \n")[0]
    assert "segment" not in text.body.lower()


def test_an_a_customer_reads_its_own_contact_before_the_general_one(settings: Settings) -> None:
    text = read("decision_main_brand", "en", settings, sales_contact="Jule Kessler, +49 30 23125 210")

    assert "Jule Kessler, +49 30 23125 210" in text.body
    assert settings.main_brand_contact not in text.body


def test_a_name_with_angle_brackets_is_not_escaped_in_plain_text(settings: Settings) -> None:
    text = read("decision_admitted", "en", settings, company_name="Huber & Söhne <Werkstatt>")

    assert "Huber & Söhne <Werkstatt>" in text.body
