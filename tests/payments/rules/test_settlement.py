"""When reserved money may be taken: only when everything fits."""

from dataclasses import replace
from typing import Any

import pytest

from app.ordering.rules.states import OrderState
from app.payments.rules.facts import IntentFacts, IntentStatus
from app.payments.rules.settlement import ReleaseReason, objection

INTENT = IntentFacts("pi_1", IntentStatus.AUTHORISED, 11_065, "EUR", "S-ABCD2345", "7")
FITTING: dict[str, Any] = {
    "order_number": "S-ABCD2345",
    "attempt": "7",
    "gross_cents": 11_065,
    "asked_cents": 11_065,
    "currency": "EUR",
    "state": OrderState.RECEIVED,
    "is_paid_elsewhere": False,
    "is_admitted": True,
    "has_kept_out_goods": False,
}


def test_money_that_fits_an_admitted_companys_open_order_is_taken() -> None:
    assert objection(INTENT, **FITTING) is None
    assert objection(replace(INTENT, currency="eur"), **FITTING) is None


@pytest.mark.parametrize(
    "intent, changed, reason",
    [
        (replace(INTENT, order_number="S-OTHER"), {}, ReleaseReason.FOREIGN),
        (replace(INTENT, attempt="8"), {}, ReleaseReason.FOREIGN),
        (replace(INTENT, attempt="", order_number=""), {}, ReleaseReason.FOREIGN),
        (replace(INTENT, amount_cents=11_064), {}, ReleaseReason.AMOUNT_DIFFERS),
        (replace(INTENT, amount_cents=11_066), {}, ReleaseReason.AMOUNT_DIFFERS),
        (replace(INTENT, currency="USD"), {}, ReleaseReason.AMOUNT_DIFFERS),
        (INTENT, {"gross_cents": 11_066}, ReleaseReason.AMOUNT_DIFFERS),
        (INTENT, {"asked_cents": 1}, ReleaseReason.AMOUNT_DIFFERS),
        (INTENT, {"is_paid_elsewhere": True}, ReleaseReason.ALREADY_PAID),
        (INTENT, {"state": OrderState.ACCEPTED}, ReleaseReason.ALREADY_PAID),
        (INTENT, {"state": OrderState.DISPATCHED}, ReleaseReason.ALREADY_PAID),
        (INTENT, {"state": OrderState.CANCELLED}, ReleaseReason.ORDER_CANCELLED),
        (INTENT, {"is_admitted": False}, ReleaseReason.NOT_ADMITTED),
        (INTENT, {"has_kept_out_goods": True}, ReleaseReason.GOODS_KEPT_OUT),
    ],
)
def test_whatever_does_not_fit_releases_it(
    intent: IntentFacts, changed: dict[str, Any], reason: ReleaseReason
) -> None:
    assert objection(intent, **{**FITTING, **changed}) is reason
