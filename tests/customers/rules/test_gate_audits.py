import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.customers.rules.gate_audits import (
    AuditRecord,
    Trust,
    signature_of,
    to_file,
    trust_in,
    trust_in_file,
)
from tests import make

KEY = "a secret of this shop, long enough"
RECORD = AuditRecord(
    at=make.NOW,
    request_count=5919,
    control_sightings=12,
    cells={"GET /catalogue": {"a": "refused", "admitted": "shown"}},
    findings=[],
    previous_signature="",
)
SIGNATURE = signature_of(RECORD.document, secret_key=KEY)


def test_the_signature_fits_whatever_the_order_of_the_keys() -> None:
    turned = dict(reversed(RECORD.document.items()))

    assert len(SIGNATURE) == 64
    assert trust_in(turned, SIGNATURE, secret_key=KEY) is Trust.SIGNED


@pytest.mark.parametrize(
    "changes",
    [
        {"at": make.NOW + timedelta(microseconds=1)},
        {"request_count": 5920},
        {"control_sightings": 13},
        {"cells": {"GET /catalogue": {"a": "shown", "admitted": "shown"}}},
        {"cells": {}},
        {"findings": [{"route": "GET /", "persona": "a", "fault": "x"}]},
        {"previous_signature": "0" * 64},
    ],
)
def test_any_change_of_an_audit_is_seen(changes: dict[str, Any]) -> None:
    assert trust_in(replace(RECORD, **changes).document, SIGNATURE, secret_key=KEY) is Trust.CHANGED


def test_another_key_another_purpose_and_no_signature_do_not_fit() -> None:
    assert trust_in(RECORD.document, SIGNATURE, secret_key=KEY + "x") is Trust.CHANGED
    assert trust_in(RECORD.document, "é" * 64, secret_key=KEY) is Trust.CHANGED
    assert trust_in(RECORD.document, "", secret_key=KEY) is Trust.UNSIGNED


def test_a_file_is_checked_as_it_was_written() -> None:
    text = to_file(RECORD.document, SIGNATURE)

    assert trust_in_file(text, secret_key=KEY) == (Trust.SIGNED, RECORD.document)
    assert trust_in_file(text.replace("refused", "shown"), secret_key=KEY)[0] is Trust.CHANGED
    assert trust_in_file(text.replace(SIGNATURE, ""), secret_key=KEY)[0] is Trust.UNSIGNED


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"audit": 1, "signature": "x"}', "[" * 100_000,
        json.dumps({"audit": {"kind": "other"}, "signature": "x"}),
        json.dumps({"audit": RECORD.document, "signature": 5}),
    ],
)  # fmt: skip
def test_another_kind_of_file_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="no file of shop gate-audit"):
        trust_in_file(text, secret_key=KEY)
