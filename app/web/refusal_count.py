"""Counting refusals at the gate: after the answer has left, and one database write for each company, place and hour."""

import logging
from datetime import UTC, datetime

import anyio

from app.customers.rules.admission import Admission
from app.flows.audit_gate import DOMAIN
from app.flows.count_refusal import count_refusal
from app.shop import Shop
from app.web.visitor import Visitor

log = logging.getLogger("app.web")

AT_ONCE = 2


class RefusalCount:
    """Remembers what this process has counted in this hour; that is no answer of the gate, so it may be kept."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._hour = ""
        self._counted: set[tuple[int, str]] = set()
        self._limiter: anyio.CapacityLimiter | None = None

    async def note(self, visitor: Visitor | None, path: str, *, now: datetime) -> None:
        """Counts a refused request of an A- or B-customer. A database that is busy or away fails nobody's request."""
        if visitor is None or visitor.admission is not Admission.MAIN_BRAND:
            return
        key = visitor.customer_id, _place(path)
        hour = now.astimezone(UTC).strftime("%Y%m%d%H")
        if hour != self._hour:
            self._hour, self._counted = hour, set()
        # A probe of `shop gate-audit` is gone a moment later, and nobody tries to buy with it.
        if key in self._counted or visitor.email.endswith("@" + DOMAIN):
            return
        self._counted.add(key)
        self._limiter = self._limiter or anyio.CapacityLimiter(AT_ONCE)
        await anyio.to_thread.run_sync(self._write, key, now, limiter=self._limiter)

    def _write(self, key: tuple[int, str], now: datetime) -> None:
        customer_id, place = key
        try:
            with self._shop.db.session() as session:
                count_refusal(session, customer_id=customer_id, place=place, now=now)
        except Exception:
            self._counted.discard(key)
            log.warning("a refusal could not be counted", exc_info=True, extra={"customer": customer_id})


def _place(path: str) -> str:
    """The first part of a path: there are as many as the shop has, whatever a stranger asks for."""
    return f"/{path.split('/')[1]}"[:64]
