"""Merging the staged list of the main brand into the accounts, inside the caller's transaction."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

import polars as pl
from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.core.db import UTCDateTime
from app.mainbrand.rules.match_keys import VERSION
from app.mainbrand.service_match_keys import count_keys, write_keys
from app.mainbrand.service_purchases import Merged
from app.mainbrand.staging import drop_stage, lock_table, stage

STAGE = "stage_accounts"
TYPES = {
    "account_number": "varchar(64)",
    "company_name": "varchar(300)",
    "legal_form": "varchar(64)",
    "name_key": "varchar(300)",
    "vat_id": "varchar(20)",
    "register_key": "varchar(120)",
    "street": "varchar(200)",
    "postal_code": "varchar(16)",
    "city": "varchar(120)",
    "country": "varchar(2)",
    "email_domain": "varchar(253)",
    "phone": "varchar(64)",
    "sales_contact": "varchar(300)",
    "phone_key": "varchar(20)",
    "web_domain": "varchar(253)",
    "trade_names": "varchar(1000)",
    "earlier_names": "varchar(1000)",
    "contact_name": "varchar(200)",
    "segment": "varchar(32)",
    "segment_reason": "varchar(500)",
    "listed_segment": "varchar(32)",
    "revenue_12m_cents": "bigint",
    "headcount": "integer",
    "industry": "varchar(120)",
    "sales_judgement": "varchar(32)",
    "row_hash": "varchar(64)",
}
# What a rating by purchases has found out stays; the list decides only where there is none.
RATED = ("segment", "segment_reason", "revenue_12m_cents")
# The line in the history of each account to which the list gives another segment.
HISTORY = f"""
INSERT INTO segment_changes
    (main_account_id, at, old_segment, new_segment, cause, reason, changed_by)
SELECT m.id, :now, m.segment, s.segment, 'list', coalesce(s.segment_reason, ''), 'import'
FROM {STAGE} s JOIN main_accounts m ON m.account_number = s.account_number
WHERE m.row_hash <> s.row_hash AND m.rated_at IS NULL AND m.override_id IS NULL
    AND s.segment IS NOT NULL AND s.segment <> 'unrated' AND s.segment <> m.segment
"""
UPSERT = """
INSERT INTO main_accounts ({columns}, keyed_as, imported_at)
SELECT {values}, :keyed_as, :now FROM {stage} WHERE true
ON CONFLICT (account_number) DO UPDATE SET {changes}
WHERE main_accounts.row_hash <> excluded.row_hash
RETURNING id
"""
COUNTED_FROM = 0.01
"""The share of accounts that must be new or changed before the common keys are counted anew."""


def merge_accounts(
    session: Session,
    frames: Iterable[pl.DataFrame],
    *,
    is_dry_run: bool,
    now: datetime,
    keeping: Callable[[str], AbstractContextManager[None]] | None = None,
) -> Merged:
    """Adds new accounts and renews those whose line has changed; a dry run only counts them.

    Accounts that are not in the file stay as they are. `keeping` is given the name of the staged table and
    entered around the writing, so that what stood there before can be kept.
    """
    if not is_dry_run:
        lock_table(session, "main_accounts")
    stage(session, STAGE, TYPES, frames)
    total, known_count, unchanged_count = session.execute(
        text(
            "SELECT count(*), count(m.id), coalesce(sum(CASE WHEN m.row_hash = s.row_hash THEN 1 ELSE 0 END), 0)"
            f" FROM {STAGE} s LEFT JOIN main_accounts m ON m.account_number = s.account_number"
        )
    ).one()
    if not is_dry_run:
        changes = [f"{name} = excluded.{name}" for name in TYPES if name not in ("account_number", *RATED)]
        changes += [_unless_rated(name) for name in RATED]
        changes.append("keyed_as = excluded.keyed_as")
        upsert = text(
            UPSERT.format(columns=", ".join(TYPES), values=_values(), stage=STAGE, changes=", ".join(changes))
        ).bindparams(bindparam("now", type_=UTCDateTime))
        session.execute(text(HISTORY).bindparams(bindparam("now", type_=UTCDateTime)), {"now": now})
        with keeping(STAGE) if keeping else nullcontext():
            touched = sorted(session.execute(upsert, {"now": now, "keyed_as": VERSION}).scalars())
        write_keys(session, touched, is_new=known_count == unchanged_count)
        if touched and len(touched) >= COUNTED_FROM * _count(session):
            count_keys(session)
    drop_stage(session, STAGE)
    return Merged(total - known_count, known_count - unchanged_count, int(unchanged_count))


def _values() -> str:
    instead = {
        "segment": "coalesce(segment, 'unrated')",
        "segment_reason": "coalesce(segment_reason, '')",
    }
    return ", ".join(instead.get(name, name) for name in TYPES)


def _unless_rated(name: str) -> str:
    own, new = f"main_accounts.{name}", f"excluded.{name}"
    if name != "revenue_12m_cents":
        new = f"CASE WHEN excluded.segment = 'unrated' THEN {own} ELSE {new} END"
    is_decided = "main_accounts.rated_at IS NOT NULL"
    if name != "revenue_12m_cents":
        is_decided += " OR main_accounts.override_id IS NOT NULL"
    return f"{name} = CASE WHEN {is_decided} THEN {own} ELSE {new} END"


def add_bare_accounts(session: Session, *, now: datetime) -> int:
    """An account for each buyer in the purchases that the list does not have: its number is all we know of it."""
    known = text(
        "INSERT INTO main_accounts (account_number, company_name, legal_form, name_key, street, postal_code, city,"
        " country, phone, sales_contact, industry, segment, segment_reason, row_hash, imported_at)"
        " SELECT p.account_number, p.account_number, '', '', '', '', '', 'DE', '', '', '', 'unrated', '', '', :now"
        " FROM (SELECT DISTINCT account_number FROM purchases) p WHERE NOT EXISTS"
        " (SELECT 1 FROM main_accounts m WHERE m.account_number = p.account_number)"
    ).bindparams(bindparam("now", type_=UTCDateTime))
    before = _count(session)
    session.execute(known, {"now": now})
    return _count(session) - before


def _count(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM main_accounts")).scalar_one())
