"""Working out what a rating of all accounts would change; it reads and decides, and writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlmodel import Session

from app.mainbrand.buying import DAYS, WINDOW_DAYS
from app.mainbrand.models import RATED_COLUMNS, ProspectModel
from app.mainbrand.prospect_model import (
    Example,
    auc,
    can_teach,
    cross_validated,
    cuts_of,
    fit,
    has_grown,
    make_example,
)
from app.mainbrand.prospects import Forecast, forecasts_of
from app.mainbrand.queries_basis import basis_of
from app.mainbrand.queries_buying import (
    Rateable,
    count_foreign_lines,
    last_purchase_at,
    newest_model,
    read_article_counts,
    read_buyers,
    read_days,
    read_foreign_buyers,
    read_rateable,
    read_revenues,
)
from app.mainbrand.rules.evidence import Figures, Frame, evidence_of
from app.mainbrand.rules.prospect import judged
from app.mainbrand.rules.rating import LISTED, UNCOUNTED, Rating, rate, to_bp, twelve_months_before
from app.mainbrand.rules.segments import Segment
from app.mainbrand.rules.shares import RevenueBounds, bounds_by_shares
from app.policy.queries import current_policy, current_version_id
from app.policy.rules.policy import Policy, RatingMode


@dataclass(frozen=True)
class Change:
    """What a rating changes in one account; `account.id` is None for a buyer that the list does not have yet."""

    account: Rateable
    new: dict[str, Any]

    @property
    def new_segment(self) -> Segment:
        return Segment(self.new["segment"])

    @property
    def has_moved(self) -> bool:
        return self.new_segment is not self.account.segment


@dataclass(frozen=True)
class Outcome:
    """A rating as it would be: every account's segment and revenue, and those that would change.

    `model` is new where its id is None. `ends_at` is the moment with which the twelve months end.
    """

    policy_version_id: int
    basis: str
    bounds: RevenueBounds
    ends_at: datetime | None
    foreign_line_count: int
    model: ProspectModel | None
    segments: list[tuple[Segment, Segment, int]]
    """For each account its segment before, after, and its revenue in cents."""
    changes: list[Change]


@dataclass(frozen=True)
class Input:
    """All that a rating is worked out from, read at once; nothing of it belongs to a session any more."""

    policy: Policy
    policy_version_id: int
    basis: str
    ends_at: datetime | None
    accounts: list[Rateable]
    days: pl.DataFrame
    revenues: Mapping[str, int]
    articles: Mapping[str, int]
    model: ProspectModel | None
    foreign_line_count: int
    foreign_buyers: frozenset[str]


def read_input(session: Session, *, as_of: datetime | None) -> Input:
    """Reads what a rating needs; the twelve months end with `as_of` or the last purchase."""
    policy, version_id = current_policy(session), current_version_id(session)
    basis = basis_of(session, version_id)
    ends_at = as_of or last_purchase_at(session)
    accounts = read_rateable(session)
    days, revenues, articles = pl.DataFrame(schema=DAYS), dict[str, int](), dict[str, int]()
    foreign_buyers = frozenset[str]()
    if ends_at is not None:
        since = twelve_months_before(ends_at)
        buyers = read_buyers(session)
        known = {account.account_number for account in accounts}
        accounts += [_stranger(number) for number in sorted(buyers - known)]
        days = read_days(session, until=ends_at)
        sums = read_revenues(session, since=since, until=ends_at)
        revenues = {number: sums.get(number, 0) for number in buyers}
        articles = read_article_counts(session, since=since, until=ends_at)
        foreign_buyers = read_foreign_buyers(session, since=since, until=ends_at)
    model = newest_model(session)
    if model is not None:
        session.expunge(model)
    return Input(
        policy,
        version_id,
        basis,
        ends_at,
        accounts,
        days,
        revenues,
        articles,
        model,
        count_foreign_lines(session),
        foreign_buyers,
    )


def work_out(read: Input, *, now: datetime) -> Outcome:
    """What rating every account by the policy would change.

    Accounts with purchases are rated by them; others keep the segment of the list, else its revenue and the
    plain rule decide, and without either they stay unrated. Who also bought in another currency may have bought
    any amount: low revenue in euros does not make it a C-customer, the list decides, or nobody. An override stays
    in force.
    """
    policy, accounts, days = read.policy, read.accounts, read.days
    bounds = _bounds(policy, accounts, read.revenues)
    uncounted = {number for number in read.foreign_buyers if read.revenues.get(number, 0) < bounds.b_cents}
    revenues = {number: cents for number, cents in read.revenues.items() if number not in uncounted}
    growth_cents = max(1, bounds.b_cents * policy.growth_bound_percent // 100)
    cut_on = read.ends_at.date() + timedelta(days=1) if read.ends_at else None
    model = _model(read.model, days, accounts, policy, growth_cents=growth_cents, now=now)
    forecasts = forecasts_of(
        days,
        accounts,
        buyers=revenues,
        cut_on=cut_on,
        parameters=model.parameters if model else None,
        bound_cents=growth_cents,
        prospect_bound=policy.prospect_bound_percent / 100,
        judgement_factor_percent=policy.judgement_factor_percent,
    )
    frame = Frame(
        bounds=bounds,
        growth_cents=growth_cents,
        prospect_bound_bp=policy.prospect_bound_percent * 100,
        policy_version_id=read.policy_version_id,
        has_year_before=_has_year_before(days, cut_on),
    )
    segments, changes = [], []
    for account in accounts:
        bought = revenues.get(account.account_number)
        figures = Figures(bought, read.articles.get(account.account_number, 0))
        forecast = forecasts[account.account_number]
        is_uncounted = account.account_number in uncounted
        new = _new_values(account, figures, forecast, frame, policy, is_uncounted=is_uncounted)
        after = Segment(new["segment"])
        segments.append((account.segment, after, new["revenue_12m_cents"] or 0))
        is_first = bought is not None and account.rated_at is None
        if is_first or any(new[name] != getattr(account, name) for name in RATED_COLUMNS):
            changes.append(Change(account, {**new, "is_by_purchases": bought is not None}))
    return Outcome(
        read.policy_version_id,
        read.basis,
        bounds,
        read.ends_at,
        read.foreign_line_count,
        model,
        segments,
        changes,
    )


def _stranger(number: str) -> Rateable:
    return Rateable(
        None,
        number,
        Segment.UNRATED,
        "",
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        "",
        None,
    )


def _bounds(policy: Policy, accounts: list[Rateable], revenues: Mapping[str, int]) -> RevenueBounds:
    if policy.rating_mode is RatingMode.SHARES:
        listed = (
            account.revenue_12m_cents or 0 for account in accounts if account.account_number not in revenues
        )
        found = bounds_by_shares(
            [*revenues.values(), *listed],
            a_share_bp=policy.a_share_percent * 100,
            b_share_bp=policy.b_share_percent * 100,
        )
        if found is not None:
            return found
    return RevenueBounds(policy.a_threshold_cents, policy.b_threshold_cents)


def _new_values(
    account: Rateable,
    figures: Figures,
    forecast: Forecast,
    frame: Frame,
    policy: Policy,
    *,
    is_uncounted: bool,
) -> dict[str, Any]:
    """The values of RATED_COLUMNS for one account."""
    known_cents = account.revenue_12m_cents if figures.bought_cents is None else figures.bought_cents
    is_listed = figures.bought_cents is None and account.listed_segment is not None
    rating: Rating | None = None
    prospect = None
    if is_listed and account.listed_segment is not None:
        rating = Rating(account.listed_segment, LISTED)
    elif is_uncounted:
        rating = Rating(Segment.UNRATED, UNCOUNTED)
    elif known_cents is not None:
        prospect = judged(
            forecast.prospect, account.sales_judgement, factor_percent=policy.judgement_factor_percent
        )
        rating = rate(
            known_cents,
            bounds=frame.bounds,
            prospect=prospect,
            prospect_bound=policy.prospect_bound_percent / 100,
        )
    is_overridden = account.override_id is not None
    segment = rating.segment if rating else Segment.UNRATED
    reason = rating.reason if rating else account.segment_reason
    return {
        "segment": account.segment if is_overridden else (segment if rating else account.segment),
        "segment_reason": account.segment_reason if is_overridden else reason,
        "rated_segment": segment if rating else account.rated_segment,
        "revenue_12m_cents": known_cents,
        "prospect_bp": to_bp(prospect.value) if prospect else None,
        "prospect_low_bp": to_bp(prospect.low) if prospect else None,
        "prospect_high_bp": to_bp(prospect.high) if prospect else None,
        "evidence": evidence_of(
            account_facts=(account.headcount, account.industry, account.sales_judgement),
            figures=replace(figures, known_cents=known_cents),
            facts=forecast.facts,
            prospect=prospect,
            more_orders=forecast.more_orders,
            quiet_months=forecast.quiet_months,
            expected_cents=forecast.expected_cents,
            rating=rating,
            frame=frame,
        )
        if rating
        else None,
    }


def _has_year_before(days: pl.DataFrame, cut_on: date | None) -> bool:
    first_on = days["day"].min()
    return (
        cut_on is not None and isinstance(first_on, date) and (cut_on - first_on).days >= 2 * WINDOW_DAYS - 31
    )


def _model(
    present: ProspectModel | None,
    days: pl.DataFrame,
    accounts: list[Rateable],
    policy: Policy,
    *,
    growth_cents: int,
    now: datetime,
) -> ProspectModel | None:
    """The model to use: the present one while it is young and its bound the same, else one learned anew.

    None where the history is too short or too few companies grew: then the plain rule decides.
    """
    longest = timedelta(days=policy.growth_model_days)
    if present is not None and present.bound_cents == growth_cents and now - present.created_at < longest:
        return present
    first_on, last_on = days["day"].min(), days["day"].max()
    if not isinstance(first_on, date) or not isinstance(last_on, date):
        return None
    examples = [
        _with_facts(make_example(days, cut_on, bound_cents=growth_cents), accounts)
        for cut_on in cuts_of(first_on, last_on)
    ]
    if not can_teach(examples):
        return None
    grown = [has_grown(example) for example in examples]
    unseen = cross_validated(examples[0], seed=1)
    return ProspectModel(
        parameters=fit(examples, is_with_interval=True),
        bound_cents=growth_cents,
        company_count=sum(one.len() for one in grown),
        grower_count=sum(int(one.sum()) for one in grown),
        auc_bp=to_bp(auc([one for one, _ in unseen], grown[0].to_list())),
        learned_to=last_on,
        created_at=now,
    )


def _with_facts(example: Example, accounts: list[Rateable]) -> Example:
    known = pl.DataFrame(
        [(one.account_number, one.headcount, one.industry) for one in accounts],
        schema={"account_number": pl.String, "headcount": pl.Int64, "industry": pl.String},
        orient="row",
    )
    return replace(example, frame=example.frame.join(known, on="account_number", how="left"))
