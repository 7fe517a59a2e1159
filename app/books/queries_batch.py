"""What the first line of a month's posting batch says, from the policy and whether the month is closed."""

from dataclasses import fields
from datetime import datetime

from sqlmodel import Session

from app.books.queries_closing import close_of
from app.books.rules.accounts import Accounts, accounts_of
from app.books.rules.extf import Batch
from app.books.rules.months import Month
from app.policy.rules.policy import Policy


def batch_of(session: Session, month: Month, policy: Policy, *, now: datetime) -> Batch:
    """The head of a month's file, made at a moment; a closed month is dated to its close."""
    close = close_of(session, month)
    accounts = accounts_of(policy)
    longest = max(len(str(getattr(accounts, one.name))) for one in fields(Accounts) if one.name != "debtor")
    return Batch(
        month=month,
        made_at=close.closed_at if close else now,
        consultant_number=policy.datev_consultant_number,
        client_number=policy.datev_client_number,
        fiscal_year_month=policy.fiscal_year_month,
        chart=policy.chart_of_accounts.value.removeprefix("skr"),
        account_length=max(4, longest),
        is_closed=close is not None,
    )
