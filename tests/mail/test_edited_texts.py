"""What people may write into the e-mails: all that the default texts say, and nothing that does harm."""

import time
from typing import Any

import pytest

from app.cli.demo_company import mails
from app.core.i18n import LANGUAGES
from app.core.rendering import make_environments
from app.mail.edited_text import LONGEST_RESULT, Unusable, Words, render_edited
from app.mail.models import Mail
from app.mail.rendering import Text, render, values_of
from app.mail.text_checks import faults_of
from app.mail.text_source import kinds_of, own_source
from app.settings import Settings
from tests import make
from tests.mail.test_languages import KINDS, OTHER_BRANCHES, VALUES

ENVIRONMENTS = make_environments(timezone="Europe/Berlin")
EN = ENVIRONMENTS["en"]
LINK = "{{ base_url }}/verify/{{ token }}\n"


def mail_of(kind: str, language: str = "en", **changes: Any) -> Mail:
    return Mail(
        kind=kind, key=kind, message_id="<1@schlicht>", to_address="kim@brunner.example", language=language,
        values={**VALUES, **changes}, object_kind="order", object_id=1, created_at=make.NOW,
    )  # fmt: skip


def read(kind: str, body: str, settings: Settings, *, subject: str = "S", **changes: Any) -> Text:
    return render(mail_of(kind, **changes), EN, settings=settings, words=Words(subject, body))


@pytest.mark.parametrize("kind", KINDS)
def test_the_shops_own_text_as_it_stands_in_the_editor_says_the_same_in_every_branch(
    kind: str, settings: Settings
) -> None:
    for language in LANGUAGES:
        environment = ENVIRONMENTS[language]
        own = own_source(kind, environment)
        assert faults_of(own.subject, own.body, kind=kind, environment=environment) == []
        for changes in [{}, *(changes for one, changes in OTHER_BRANCHES if one == kind)]:
            mail = mail_of(kind, language, **changes)

            edited = render(mail, environment, settings=settings, words=Words(own.subject, own.body))

            assert edited == render(mail, environment, settings=settings)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_translation_is_left_in_the_editor(kind: str) -> None:
    own = own_source(kind, ENVIRONMENTS["de"])

    assert "_(" not in own.subject + own.body.replace("_words(", "(")
    assert "gettext" not in own.body
    assert "{%- " not in own.body
    assert "include" not in own.body


def test_every_kind_with_templates_can_be_edited() -> None:
    assert kinds_of(EN) == KINDS


def test_the_text_that_the_demo_has_edited_is_a_good_one(settings: Settings) -> None:
    german = ENVIRONMENTS["de"]
    assert faults_of(mails.SUBJECT, mails.BODY, kind="delivery_address_cleared", environment=german) == []

    text = render(
        mail_of("delivery_address_cleared", "de"),
        german,
        settings=settings,
        words=Words(mails.SUBJECT, mails.BODY),
    )

    assert text.fault == ""


FAULTS = {
    "an unknown value": ("Hello\n\n{{ numbr }}", 3, "Did you mean"),
    "a value that nothing resembles": ("{{ xyzzy }}", 1, "Those that exist"),
    "a value of another kind of e-mail": ("{{ tracking_code }}", 1, ""),
    "a tag that is not closed": ("Hello\n{% if number %}", 2, "cannot be read"),
    "a bracket that is not closed": ("Hello\n{{ number", 2, "cannot be read"),
    "an unknown form": ("{{ number|money_in_words }}", 1, ""),
    "an include": ('a\n{% include "mail/footer.txt" %}', 2, "not possible"),
    "an import": ('{% from "macros/charge.txt" import charge_name %}', 1, "not possible"),
    "a macro": ("{% macro a() %}{% endmacro %}", 1, "not possible"),
    "a method": ("{{ number.upper() }}", 1, "not possible"),
    "an attribute with underscores": ("{{ number.__class__ }}", 1, "not possible"),
    "a subscript": ("{{ number['__class__'] }}", 1, "not possible"),
    "a multiplication": ("{{ number * 999999999 }}", 1, "not possible"),
    "a power": ("{{ 9 ** 9 ** 9 }}", 1, "not possible"),
    "a range": ("{% for n in range(999999999) %}x{% endfor %}", 1, "not possible"),
    "a loop over a text of one's own": ('{% for a in "abc" %}x{% endfor %}', 1, "not possible"),
    "a namespace": ("{% set a = namespace() %}", 1, "not possible"),
    "a value that doubles": ('{% set a = "xx" %}{% set a = a ~ a %}', 1, "not possible"),
    "lipsum": ("{{ lipsum(999) }}", 1, "not possible"),
    "a wide format": ('{{ "%999999999d"|format(1) }}', 1, "not possible"),
    "an extension": ("{% trans %}a{% endtrans %}", 1, ""),
    "the loop's cycle": ("{% for one in address %}{{ loop.cycle(1) }}{% endfor %}", 1, "not possible"),
    "three loops in each other": (
        "{% for a in address %}{% for b in address %}{% for c in address %}x{% endfor %}{% endfor %}{% endfor %}",
        1,
        "not possible",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_not_possible_is_told_with_its_line(name: str) -> None:
    body, line, says = FAULTS[name]

    faults = faults_of("Subject", body, kind="order_accepted", environment=EN)

    assert faults
    assert {(fault.field, fault.line) for fault in faults} == {("body", line)}
    assert says in faults[0].message


@pytest.mark.parametrize(
    ("subject", "body", "field"),
    [("", "Hello", "subject"), ("S", " \n", "body"), ("a\nb", "Hello", "subject"), ("S", "x" * 20_001, "body"),
     ("S" * 301, "Hello", "subject"), ("{{ nothing }}", "Hello", "subject")],
)  # fmt: skip
def test_a_text_has_one_line_of_subject_and_a_bounded_body(subject: str, body: str, field: str) -> None:
    assert [fault.field for fault in faults_of(subject, body, kind="order_accepted", environment=EN)] == [
        field
    ]


def test_a_value_of_ones_own_may_be_set_and_a_list_walked_through() -> None:
    body = "{% set a = number %}{{ a }}{% for one in lines %}{{ loop.index }}{{ one.name }}{% endfor %}"

    assert faults_of("S", body, kind="order_accepted", environment=EN) == []


ATTACKS = {
    "classes": "{{ number.__class__.__mro__ }}",
    "subscripts": "{{ seller['__class__'] }}",
    "globals of a function": "{{ _.__globals__ }}",
    "a format string": '{{ "{0.__class__}".format(number) }}',
    "a long loop": "{% for a in lines %}{% for b in lines %}{% for c in lines %}x{% endfor %}{% endfor %}{% endfor %}",
    "the program's files": '{% include "../app/settings.py" %}',
    "the machine": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "deep nesting": "{% if number %}" * 150 + "{% endif %}" * 150,
    "brackets": "{{ " + "(" * 5_000 + "number" + ")" * 5_000 + " }}",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_row_that_came_past_the_checks_does_no_harm_and_holds_no_mail_up(
    name: str, settings: Settings
) -> None:
    lines = [{"name": "x" * 100, "quantity": 1, "net_cents": 1}] * 400
    begin = time.process_time()

    text = read("order_accepted", ATTACKS[name], settings, lines=lines)

    assert text.fault
    own = render(mail_of("order_accepted", lines=lines), EN, settings=settings)
    assert (text.subject, text.body) == (own.subject, own.body)
    assert time.process_time() - begin < 5


def test_a_result_that_grows_too_long_is_not_used(settings: Settings) -> None:
    lines = [{"name": "x" * 1_000, "quantity": 1}] * 100

    text = read(
        "order_dispatched", "{% for one in lines %}{{ one.name }}{% endfor %}", settings, lines=[*lines]
    )

    assert f"longer than {LONGEST_RESULT}" in text.fault


def test_the_companys_particulars_stand_below_whatever_is_written(settings: Settings) -> None:
    text = read("payment_failed", "Only this.", settings)

    body, _, footer = text.body.partition("\n\n-- \n")
    assert body == "Only this."
    assert "HRB 00000" in footer
    assert "Ada Kessler" in footer


@pytest.mark.parametrize(
    "body", ["Hello.", "{% if false %}{{ fixed_receipt }}{{ fixed_terms }}{% endif %}Hello."]
)
def test_what_law_and_contract_ask_for_cannot_be_edited_away(settings: Settings, body: str) -> None:
    text = read("order_received", body, settings)

    assert text.fault == ""
    said = text.body.partition("\n\n-- \n")[0]
    assert said.startswith("Hello.\n\nThis is a receipt only, not yet an acceptance")
    assert "http://testserver/terms/2026-01.pdf" in said


def test_a_fixed_sentence_stands_once_where_the_text_places_it(settings: Settings) -> None:
    text = read("order_received", "Hello.\n{{ fixed_receipt }}\nBye.\n{{ fixed_terms }}", settings)

    assert text.body.count("This is a receipt only") == 1
    assert text.body.index("receipt only") < text.body.index("Bye.")


def test_an_e_mail_with_a_link_is_never_sent_without_it(settings: Settings) -> None:
    [fault] = faults_of("S", "Hello.", kind="verify_email", environment=EN)
    hidden = read("verify_email", "Hello.{% if false %}" + LINK + "{% endif %}", settings)
    kept = read("verify_email", "Hello.\n" + LINK, settings)

    assert "must stay" in fault.message
    assert hidden.fault
    assert "verify/T0KEN" in hidden.body
    assert (kept.fault, kept.body.partition("\n\n-- \n")[0]) == ("", "Hello.\nhttp://testserver/verify/T0KEN")


def test_a_missing_value_names_its_line(settings: Settings) -> None:
    mail = mail_of("payment_failed")
    values = values_of(mail, settings=settings)
    del values["number"]

    with pytest.raises(Unusable) as error:
        render_edited("payment_failed", Words("S", "Hello\n\n\n{{ number }}"), values, EN)

    assert (error.value.field, error.value.line) == ("body", 4)
    assert "number" in error.value.cause


def test_a_block_whose_values_are_missing_is_told_as_such(settings: Settings) -> None:
    mail = mail_of("order_accepted")
    values = values_of(mail, settings=settings)
    del values["lines"]

    with pytest.raises(Unusable, match="order_sums: 'lines' is undefined"):
        render_edited("order_accepted", Words("S", "{{ order_sums }}"), values, EN)


def test_a_name_in_angle_brackets_stays_as_it_is_and_a_line_break_makes_no_second_header(
    settings: Settings,
) -> None:
    text = read(
        "payment_failed", "{{ contact_name }}", settings, subject="To {{ contact_name }}",
        contact_name="<Kim> & Co\r\nBcc: x@y.example",
    )  # fmt: skip

    assert "<Kim> & Co" in text.body
    assert text.subject == "To <Kim> & Co Bcc: x@y.example"
