"""Every mail in both languages: no English in a German one, and no value is lost on the way."""

from typing import Any

import pytest
from jinja2 import Environment

from app.care.rules.answering import Question, Rejection
from app.care.rules.complaints import ComplaintReason
from app.care.rules.effort import EffortKind
from app.core.i18n import LANGUAGES
from app.core.rendering import TEMPLATES, make_environments
from app.customers.rules.reviewing import STANDARD_REASONS, Act
from app.mail.models import Mail
from app.mail.rendering import Text, render
from app.ordering.rules.states import CancelReason
from app.payments.rules.disputes import CLOSED, RANKS
from app.payments.rules.staff_refunds import RefundReason
from app.settings import Settings
from tests import make
from tests.web.reading import english_in

KINDS = sorted(folder.name for folder in (TEMPLATES / "mail").iterdir() if folder.is_dir())
VALUES: dict[str, Any] = {
    "contact_name": "Kim Brunner",
    "company_name": "Brunner GmbH",
    "number": "S-7KQ2MXPA",
    "hours": 48,
    "token": "T0KEN",
    "is_confirmed": False,
    "is_late": False,
    "is_later": True,
    "is_again": False,
    "expected_on": "2026-12-10",
    "is_service": False,
    "offer_id": 12,
    "given_back_cents": 0,
    "name": "Hilfe am Telefon",
    "quantity": 2,
    "net_cents": 5_800,
    "for_number": "S-7KQ2MXPA",
    "expires_at": "2026-12-03T10:00:00+00:00",
    "note": "Wir haben angerufen.",
    "new_address": ["Brunner GmbH", "Kim Brunner", "Hafenweg 9", "04177 Leipzig", "DE"],
    "is_cancelled": False,
    "is_payable": True,
    "is_upheld": False,
    "is_reviewed": False,
    "objection_id": 7,
    "answer": "Wir haben noch einmal nachgesehen.",
    "proof": "register_extract",
    "reason": "late",
    "purchase_reference": "PO-4711",
    "complaint_number": "R-3HX9KD2M",
    "complaint_id": 12,
    "answer_due_on": "2026-12-03",
    "is_reopened": False,
    "is_for_staff": False,
    "question": "photo",
    "outcome": "refund_lines",
    "rejection": "",
    "replacement": "",
    "may_reopen": True,
    "is_called_off": False,
    "carrier": "Spedition Lindenrode",
    "tracking_code": "LR99",
    "promised_on": "2026-12-03",
    "terms_name": "2026-01",
    "card_last4": "4242",
    "dispute_row_id": 7,
    "status": "needs_response",
    "is_open": True,
    "is_reminder": False,
    "due_at": "2026-12-03T10:00:00+00:00",
    "amount_cents": 123_456,
    "gross_cents": 123_456,
    "lines": [{"name": "Dichtungspaket", "quantity": 3, "net_cents": 103_745}],
    "charges": [{"kind": "low_quantity", "net_cents": 990}],
    "taxes": [{"vat_rate_bp": 1900, "vat_cents": 19_711}],
    "level": "fee",
    "is_up": True,
    "minutes": 340,
    "cost_cents": 25_500,
    "contribution_cents": 30_000,
    "ratio_bp": 8_500,
    "falls_bp": 6_000,
    "next_level": "refused",
    "next_bp": 15_000,
    "least_cost_cents": 5_000,
    "fee_cents": 990,
    "override_ends_on": "",
    "further_count": 0,
    "events": [{"at": "2026-02-11T23:30:00+00:00", "kind": "phone_help", "minutes": 15, "cost_cents": 1_125}],
    "every_days": 42,
    "answer_by_on": "2026-12-01",
    "run_on": "2026-12-01",
    "gone": ["Filtersatz"],
    "changed": [{"name": "Dichtungspaket", "old_cents": 1_990, "new_cents": 2_190}],
    "is_orderable": True,
    "is_paused": False,
    "unanswered_count": 3,
    "standing_order_id": 7,
    "card": "Visa •••• 4242",
    "brand": "visa",
    "last4": "4242",
    "expires": "12/2026",
    "address": ["Brunner GmbH", "Werkstraße 1", "04177 Leipzig", "DE"],
    "order_number": "S-7KQ2MXPA",
    "corrected_number": "RE-2026-000123",
    "is_prepayment": False,
}
"""What all mails together need; each takes what it shows."""
DISPUTE_REASONS = (
    *("fraudulent", "product_not_received", "product_unacceptable", "duplicate"),
    *("credit_not_processed", "unrecognized", "subscription_canceled"),
)
KEEPS = {"number": "S-00000001", "until_on": "2026-12-15", "arrives_on": "2026-12-17"}
OTHER_BRANCHES: list[tuple[str, dict[str, Any]]] = [
    ("refund", {"card_last4": "", "reason": ""}),
    *(("refund", {"reason": reason.value}) for reason in RefundReason),
    ("dispute", {"is_reminder": True, "reason": "product_not_received"}),
    *(("dispute", {"status": status, "is_open": status not in CLOSED, "due_at": ""}) for status in RANKS),
    *(("dispute", {"reason": reason}) for reason in DISPUTE_REASONS),
    ("order_dispatched", {"is_late": True, "carrier": "", "tracking_code": "", "purchase_reference": ""}),
    ("order_dispatched", {"is_late": True, "told_on": "2026-12-10"}),
    ("order_late", {"is_again": True, "purchase_reference": ""}),
    ("order_accepted", {"is_later": False, "charges": []}),
    ("registration_known", {"is_confirmed": True}),
    ("order_received", {"is_service": True, "lines": []}),
    ("order_accepted", {"is_service": True, "lines": [], "is_later": False}),
    ("order_received", {"is_service": True, "lines": [], "keeps": KEEPS}),
    ("order_accepted", {"is_service": True, "lines": [], "is_later": False, "keeps": KEEPS}),
    ("service_done", {"new_address": [], "arrives_on": "2026-12-17"}),
    ("service_offer", {"for_number": ""}),
    ("service_done", {"given_back_cents": 3_451, "new_address": []}),
    ("service_done", {"for_number": "", "new_address": [], "note": ""}),
    ("order_received", {"charges": [{"kind": "effort_fee", "net_cents": 990}]}),
    ("order_received", {"replaces": "S-00000001, S-00000002"}),
    ("order_received", {"joins": "S-00000001"}),
    ("order_received", {"free_from_on": "2026-12-15"}),
    ("order_accepted", {"joins": "S-00000001"}),
    ("order_accepted", {"missed": "S-00000001"}),
    ("standing_order_asked", {"lines": [], "is_orderable": False}),
    ("standing_order_asked", {"joins": "S-00000001"}),
    ("standing_order_asked", {"free_from_on": "2026-12-15"}),
    ("standing_order_expired", {"is_paused": True}),
    ("fee_failed", {"reason": ""}),
    ("authorisation_released", {"is_cancelled": True, "is_payable": False}),
    ("authorisation_released", {"is_cancelled": False, "is_payable": False}),
    ("authorisation_released", {"is_cancelled": False, "is_payable": False, "is_paid": True}),
    ("authorisation_released", {"is_cancelled": False, "is_payable": False, "is_paid": False}),
    ("payment_failed", {"pay_until": "2026-12-02T08:15:00+00:00"}),
    ("password_reset", {"hours": 1}),
    *(("proof_wanted", {"proof": kind}) for kind in STANDARD_REASONS[Act.PROOF]),
    ("objection_answered", {"is_upheld": True}),
    ("objection_answered", {"is_upheld": True, "is_reviewed": True}),
    ("objection_answered", {"is_upheld": True, "is_effort": True}),
    ("objection_answered", {"is_effort": True}),
    *(
        (
            "effort_level_changed",
            {"level": level, "is_up": is_up, "reason": "Eigene Worte.", "further_count": count},
        )
        for level, is_up, count in [
            ("normal", False, 1),
            ("warned", True, 2),
            ("warned", False, 0),
            ("fee", False, 0),
            ("refused", True, 0),
        ]
    ),
    ("effort_level_changed", {"override_ends_on": "2026-12-31", "ratio_bp": None, "events": []}),
    ("effort_level_changed", {"falls_bp": 0}),
    *(
        (
            "effort_level_changed",
            {"events": [{"at": "2026-02-11T23:30:00+00:00", "kind": kind, "minutes": 1, "cost_cents": 75}]},
        )
        for kind in EffortKind
    ),
    *(("order_cancelled", {"reason": reason.value}) for reason in CancelReason),
    *(("complaint_received", {"reason": reason.value}) for reason in ComplaintReason),
    *(("complaint_answered", {"outcome": "rejected", "rejection": one.value}) for one in Rejection),
    *(("complaint_message", {"question": one.value}) for one in Question),
    ("complaint_answered", {"outcome": "replacement", "replacement": "S-2", "may_reopen": False}),
    ("complaint_answered", {"outcome": "refund_order", "is_called_off": True}),
    ("complaint_message", {"is_for_staff": True}),
    ("complaint_filed", {"reason": "damaged", "is_reopened": True}),
    ("invoice", {"is_prepayment": True, "purchase_reference": ""}),
    ("invoice", {"is_again": True}),
    ("credit_note", {"is_again": True, "purchase_reference": ""}),
]
SHOWN = {
    "refund": ("1.234,56\xa0€", "Endung 4242", "http://testserver/orders/S-7KQ2MXPA"),
    "dispute": ("1.234,56\xa0€", "wartet auf unsere Antwort", "03.12.26", "http://testserver/admin/disputes/7"),
    "order_received": ("1.234,56\xa0€", "Donnerstag, 3. Dezember 2026", "Mindermengenzuschlag: 9,90\xa0€"),
    "order_accepted": ("1.234,56\xa0€", "Donnerstag, 3. Dezember 2026", "3 × Dichtungspaket: 1.037,45\xa0€", "PO-4711"),
    "order_dispatched": ("Donnerstag, 3. Dezember 2026", "Versanddienst: Spedition Lindenrode", "LR99"),
    "effort_level_changed": (
        "Aufwandspauschale von 9,90\xa0€", "340 Minuten, 255,00\xa0€", "Anteil von 85\xa0%", "unter 60\xa0%",
        "12.02.26, 00:30: Hilfe am Telefon, 15 Minuten, 11,25\xa0€", "http://testserver/account",
    ),
    "order_late": ("Zugesagt: Donnerstag, 3. Dezember", "bei Ihnen bis Donnerstag, 10. Dezember 2026", "PO-4711"),
    "standing_order_asked": (
        "Filtersatz wird nicht mehr", "19,90\xa0€ und ist jetzt 21,90\xa0€", "runs/T0KEN", "1. Dezember 2026",
    ),
    "payment_failed": ("1.234,56\xa0€", "Bis 24 Stunden nach der Bestellung", "http://testserver/orders/S-7KQ2MXPA"),
    "fee_charged": ("1.234,56\xa0€", "Grund: late", "Visa •••• 4242", "widersprechen Sie innerhalb von 14 Tagen"),
    "fee_failed": ("1.234,56\xa0€", "http://testserver/orders/S-7KQ2MXPA", "nicht von uns aus noch einmal"),
    "card_expires": ("Visa mit der Endung 4242", "Ende 12/2026", "http://testserver/account"),
    "card_page_open": ("1.234,56\xa0€", "http://testserver/orders/S-7KQ2MXPA"),
    "order_being_checked": ("1.234,56\xa0€ reserviert", "wir prüfen Ihre Bestellung", "Sie müssen nichts tun"),
    "complaint_answered": ("Wir zahlen 1.234,56\xa0€", "Ihre gesetzlichen Rechte"),
    "complaint_received": ("Donnerstag, 3. Dezember 2026", "Ihre gesetzlichen Rechte", "Zu spät geliefert"),
    "authorisation_released": ("1.234,56\xa0€", "reservierte Betrag ist freigegeben"),
    "invoice": ("1.234,56\xa0€", "überweisen Sie nichts", "http://testserver/orders/S-7KQ2MXPA", "PO-4711"),
    "credit_note": ("1.234,56\xa0€ mit USt gehen auf die Karte zurück", "zu unserer Rechnung RE-2026-000123"),
}  # fmt: skip


@pytest.fixture(scope="module")
def environments() -> dict[str, Environment]:
    return make_environments(timezone="Europe/Berlin")


def read(
    kind: str, language: str, environments: dict[str, Environment], settings: Settings, **changes: Any
) -> Text:
    mail = Mail(
        kind=kind,
        key=kind,
        message_id="<1@schlicht>",
        to_address="kim@brunner.example",
        language=language,
        values={**VALUES, **changes},
        object_kind="order",
        object_id=1,
        created_at=make.NOW,
    )
    return render(mail, environments[language], settings=settings)


@pytest.mark.parametrize(("kind", "changes"), [*((kind, {}) for kind in KINDS), *OTHER_BRANCHES])
def test_a_german_mail_holds_no_english(
    environments: dict[str, Environment], settings: Settings, kind: str, changes: dict[str, Any]
) -> None:
    text = read(kind, "de", environments, settings, **changes)

    greeting, body = text.body.split("\n", 1)
    assert greeting == "Guten Tag Kim Brunner,"
    # Addresses in the shop are the same in every language.
    words = "\n".join(line for line in body.splitlines() if not line.startswith("http"))
    assert english_in(f"<p>{text.subject}</p><p>{words}</p>") == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_differs_between_the_languages_but_names_the_same_things(
    environments: dict[str, Environment], settings: Settings, kind: str
) -> None:
    texts = {language: read(kind, language, environments, settings) for language in LANGUAGES}

    german, english = texts["de"], texts["en"]
    assert german.subject != english.subject
    assert english.body.startswith("Hello Kim Brunner,")
    assert _addresses(german) == _addresses(english)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_ends_in_two_dots_where_a_name_brings_its_own(
    environments: dict[str, Environment], settings: Settings, kind: str, language: str
) -> None:
    text = read(kind, language, environments, settings, company_name="Müller e.K.", contact_name="Kim H.")

    assert ".." not in text.subject + text.body


def test_a_company_that_is_blocked_reads_no_thanks_for_an_application_that_it_may_never_have_sent(
    environments: dict[str, Environment], settings: Settings
) -> None:
    english = read("decision_main_brand", "en", environments, settings).body
    german = read("decision_main_brand", "de", environments, settings).body

    assert "we have checked the data of Brunner GmbH: schlicht. is for small needs" in english
    assert "application" not in english
    assert "Bewerbung" not in german
    assert "Antrag" not in german


@pytest.mark.parametrize("kind", SHOWN)
def test_amounts_dates_and_charges_of_a_german_mail_are_written_the_german_way(
    environments: dict[str, Environment], settings: Settings, kind: str
) -> None:
    body = read(kind, "de", environments, settings).body

    for part in SHOWN[kind]:
        assert part in body


def _addresses(text: Text) -> list[str]:
    return [word for word in text.body.split() if word.startswith("http")]
