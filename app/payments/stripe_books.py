"""Reading Stripe's lists, page by page, as the books that ours are compared with."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from app.payments.rules.books import TheirBooks, TheirCharge, TheirDispute, TheirFee, TheirIntent, TheirRefund
from app.payments.rules.facts import IntentStatus
from app.payments.stripe_answers import INTENT_STATUS

PAGE_LENGTH = 100


def read_books(client: Any, *, since: datetime, until: datetime) -> TheirBooks:
    """What Stripe made from `since` up to and with `until`, by its own clock; `client` is the SDK's.

    The balance is read to its newest entry, as an entry comes after what it is of.
    """
    v1 = client.v1
    span = {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())}}
    open_end = {"created": {"gte": int(since.timestamp())}}
    return TheirBooks(
        intents=tuple(_intent(one) for one in _all(v1.payment_intents.list, span)),
        charges=tuple(_charge(one) for one in _all(v1.charges.list, span)),
        refunds=tuple(_refund(one) for one in _all(v1.refunds.list, span)),
        disputes=tuple(_dispute(one) for one in _all(v1.disputes.list, span)),
        fees=tuple(_fee(one) for one in _all(v1.balance_transactions.list, open_end) if one.fee),
    )


def _all(list_page: Callable[[dict[str, Any]], Any], params: dict[str, Any]) -> Iterator[Any]:
    """Every object of a list, newest first; what is added meanwhile moves no page, as each begins after an id."""
    after: dict[str, str] = {}
    while True:
        page = list_page({**params, "limit": PAGE_LENGTH, **after})
        yield from page.data
        if not page.has_more or not page.data:
            return
        after = {"starting_after": page.data[-1].id}


def _intent(intent: Any) -> TheirIntent:
    return TheirIntent(
        id=intent.id,
        status=INTENT_STATUS.get(intent.status, IntentStatus.WAITING),
        amount_cents=intent.amount,
        received_cents=intent.amount_received or 0,
        currency=intent.currency.upper(),
        order_number=_ours(intent, "order"),
        attempt=_ours(intent, "attempt"),
        at=_at(intent),
    )


def _charge(charge: Any) -> TheirCharge:
    return TheirCharge(
        id=charge.id,
        intent_id=_id(charge.payment_intent),
        captured_cents=charge.amount_captured if charge.status == "succeeded" else 0,
        order_number=_ours(charge, "order"),
        at=_at(charge),
    )


def _refund(refund: Any) -> TheirRefund:
    return TheirRefund(
        id=refund.id,
        intent_id=_id(refund.payment_intent),
        amount_cents=refund.amount,
        has_failed=refund.status in ("failed", "canceled"),
        mark=_ours(refund, "refund"),
        at=_at(refund),
    )


def _dispute(dispute: Any) -> TheirDispute:
    return TheirDispute(
        dispute.id, _id(dispute.payment_intent), dispute.amount, str(dispute.status), _at(dispute)
    )


def _fee(entry: Any) -> TheirFee:
    return TheirFee(entry.id, _id(entry.source), entry.fee, _at(entry))


def _ours(thing: Any, name: str) -> str:
    return str(getattr(thing.metadata, name, None) or "")


def _id(thing: Any) -> str:
    return str(getattr(thing, "id", None) or thing or "")


def _at(thing: Any) -> datetime:
    return datetime.fromtimestamp(thing.created, UTC)
