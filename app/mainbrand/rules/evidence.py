"""The evidence of a rating as plain data: what was looked at, what it gave, and what would change it."""

from dataclasses import dataclass
from typing import Any

from app.mainbrand.rules.prospect import Judgement, Prospect
from app.mainbrand.rules.rating import Rating, to_bp
from app.mainbrand.rules.segments import Segment
from app.mainbrand.rules.shares import RevenueBounds


@dataclass(frozen=True, slots=True)
class Frame:
    """The bounds by which all accounts of one rating are judged; the policy that set them."""

    bounds: RevenueBounds
    growth_cents: int
    prospect_bound_bp: int
    policy_version_id: int
    has_year_before: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """An account's net revenue by purchases (None without any, ever), its articles, and the revenue that counts."""

    bought_cents: int | None
    article_count: int
    known_cents: int | None = None


def evidence_of(
    *,
    account_facts: tuple[int | None, str, Judgement | None],
    figures: Figures,
    facts: dict[str, Any] | None,
    prospect: Prospect | None,
    more_orders: int | None,
    quiet_months: int | None,
    expected_cents: int | None,
    rating: Rating,
    frame: Frame,
) -> dict[str, Any]:
    """What a salesperson wants to know of a rating, as JSON; amounts in cents, shares in basis points.

    `method` is model, rule or none (the list's own segment). `changes` names what would change the
    segment, each with its kind and figure; templates make words of them.
    """
    headcount, industry, judgement = account_facts
    evidence: dict[str, Any] = {
        "reason": rating.reason,
        "rated": rating.segment.value,
        "method": prospect.method.value if prospect else "none",
        "revenue_cents": figures.known_cents,
        "is_by_purchases": figures.bought_cents is not None,
        "a_cents": frame.bounds.a_cents,
        "b_cents": frame.bounds.b_cents,
        "growth_cents": frame.growth_cents,
        "prospect_bound_bp": frame.prospect_bound_bp,
        "policy_version_id": frame.policy_version_id,
        "headcount": headcount,
        "industry": industry,
        "judgement": judgement.value if judgement else None,
        "changes": [],
    }
    if prospect is not None:
        evidence |= {
            "prospect_bp": to_bp(prospect.value),
            "margin_bp": to_bp((prospect.high - prospect.low) / 2),
        }
        evidence["changes"] = _changes(rating, figures, frame, prospect, more_orders, quiet_months)
    if facts is not None:
        evidence |= {
            "month_count": facts["month_count"],
            "order_count": facts["order_count"],
            "recency_days": facts["recency_days"],
            "article_count": figures.article_count,
            "return_bp": _share_bp(facts["return_cents"], facts["gross_cents"]),
            "trend_bp": _trend_bp(facts["net_cents"], facts["before_cents"])
            if frame.has_year_before
            else None,
            "expected_cents": expected_cents,
        }
    return evidence


def _changes(
    rating: Rating,
    figures: Figures,
    frame: Frame,
    prospect: Prospect,
    more_orders: int | None,
    quiet_months: int | None,
) -> list[dict[str, Any]]:
    revenue = figures.known_cents or 0
    if rating.segment is Segment.A:
        return [{"kind": "less_than_a", "cents": revenue - frame.bounds.a_cents}]
    if revenue >= frame.bounds.b_cents:
        return [
            {"kind": "reach_a", "cents": frame.bounds.a_cents - revenue},
            {"kind": "less_than_b", "cents": revenue - frame.bounds.b_cents},
        ]
    changes: list[dict[str, Any]] = [{"kind": "reach_b", "cents": frame.bounds.b_cents - revenue}]
    if rating.segment is Segment.C and more_orders is not None:
        changes.append({"kind": "more_orders", "count": more_orders})
    if rating.segment is Segment.B and quiet_months is not None:
        changes.append({"kind": "quiet_months", "count": quiet_months})
    return changes


def _share_bp(part_cents: int, whole_cents: int) -> int:
    return min(100_000, part_cents * 10_000 // whole_cents) if whole_cents > 0 else 0


def _trend_bp(now_cents: int, before_cents: int) -> int | None:
    """The change on the year before in basis points of it; None where nothing was bought then."""
    if before_cents <= 0:
        return None
    return max(-10_000, min(1_000_000, (now_cents - before_cents) * 10_000 // before_cents))
