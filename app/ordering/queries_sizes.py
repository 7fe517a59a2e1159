"""Reading whether quantities of bundles could be ordered, with the surcharges of their sizes, without a cart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.ordering.queries_stock import SoldLine, counts_and_spares, rule_of, sold_now
from app.ordering.rules.charges import missing_value, order_charges, small_order_terms
from app.ordering.rules.pricing import PricedCharge
from app.ordering.rules.quantities import (
    QuantityProblem,
    QuantityRule,
    available_quantity,
    check_quantity,
    missing_count,
)
from app.ordering.rules.way_out import SizedLine, SmallOrderTerms, WayOut, sized_line, way_out
from app.policy.queries import current_policy


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A quantity of a bundle on sale with its rule; `problem` says why it cannot be ordered."""

    sold: Any
    quantity: int
    rule: QuantityRule
    problem: QuantityProblem | None
    sized: SizedLine

    @property
    def is_low(self) -> bool:
        """Whether it can be ordered below its minimum quantity, with a surcharge."""
        return self.problem is None and missing_count(self.quantity, self.rule) > 0


@dataclass(frozen=True, slots=True)
class CheckedOrder:
    """The lines on sale in the order in which they were asked for; the charges are those of its size alone."""

    lines: tuple[CheckedLine, ...]
    goods_net_cents: int
    missing_cents: int
    charges: tuple[PricedCharge, ...]
    terms: SmallOrderTerms
    way_out: WayOut | None

    @property
    def is_orderable(self) -> bool:
        """Whether every line and the value of all may be ordered now."""
        is_too_little = self.terms.is_low_value_refused and self.missing_cents > 0
        return bool(self.lines) and not is_too_little and not any(line.problem for line in self.lines)


def check_order(
    session: Session, wanted: Mapping[int, int], *, customer_id: int = 0, now: datetime
) -> CheckedOrder:
    """What an order of these quantities (bundle id -> quantity) would meet, for one company or for everybody.

    Bundles that are not on sale are left out.
    """
    policy = current_policy(session)
    sold = sold_now(session, customer_id, list(wanted), now=now)
    asked = [SoldLine(one, sold[one].version_id, quantity) for one, quantity in wanted.items() if one in sold]
    lines = []
    for line, (count, spare) in zip(asked, counts_and_spares(session, customer_id, asked), strict=True):
        row = sold[line.bundle_id]
        rule = rule_of(row, available_count=count, policy=policy)
        problem = check_quantity(line.quantity, rule)
        greatest = available_quantity(rule)
        most = greatest if spare is None else min(greatest, line.quantity + spare)
        sized = sized_line(line.bundle_id, line.quantity, row.price_cents, rule, problem, most=most)
        lines.append(CheckedLine(row, line.quantity, rule, problem, sized))
    goods_net_cents = sum(line.sized.net_cents for line in lines)
    terms = small_order_terms(policy)
    low = [line.sold.version_id for line in lines if line.is_low]
    return CheckedOrder(
        lines=tuple(lines),
        goods_net_cents=goods_net_cents,
        missing_cents=missing_value(policy, goods_net_cents),
        charges=order_charges(policy, goods_net_cents=goods_net_cents, low_version_ids=low),
        terms=terms,
        way_out=way_out([line.sized for line in lines], terms),
    )
