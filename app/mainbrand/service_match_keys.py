"""Keeping the keys of the main accounts, by which applicants find them, inside the caller's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlmodel import Session

from app.mainbrand.rules.addresses import address_parts
from app.mainbrand.rules.keys import name_key
from app.mainbrand.rules.match_keys import VERSION, company_keys, key_hash
from app.mainbrand.rules.names import name_parts, split_names
from app.mainbrand.rules.people import person_key
from app.mainbrand.staging import driver_of

CHUNK = 5_000
COMMON_FROM = 8
"""A key that fewer accounts have is counted where it is looked up."""

ALL_ACCOUNTS = 0
"""The key under which `common_keys` holds the number of all accounts."""

KEYED = (
    "id, company_name, name_key, trade_names, earlier_names, street, postal_code, city, phone_key, email_domain,"
    " web_domain, contact_name"
)
COUNT_COMMON = (
    "INSERT INTO common_keys (key_hash, account_count)"
    " SELECT key_hash, count(*) FROM match_keys GROUP BY key_hash HAVING count(*) >= :least"
)
COUNT_ALL = (
    f"INSERT INTO common_keys (key_hash, account_count) SELECT {ALL_ACCOUNTS}, count(*) FROM main_accounts"
)


def write_keys(session: Session, account_ids: Sequence[int], *, is_new: bool) -> None:
    """Makes the keys of these accounts anew. `is_new`: none of them has any yet."""
    fetch = text(f"SELECT {KEYED} FROM main_accounts WHERE id IN :ids").bindparams(
        bindparam("ids", expanding=True)
    )
    for ids in _chunks(account_ids):
        rows = session.execute(fetch, {"ids": ids}).all()
        if not is_new:
            drop = text("DELETE FROM match_keys WHERE account_id IN :ids")
            session.execute(drop.bindparams(bindparam("ids", expanding=True)), {"ids": ids})
        _insert(session, sorted({pair for row in rows for pair in _pairs(row)}))


def write_missing_keys(session: Session, *, limit: int = CHUNK) -> int:
    """Makes the keys of accounts that have none, or those of older rules; returns how many it did, at most `limit`.

    Accounts come without keys from an older version of the shop, from the purchases and from the demo.
    """
    # Two who notice the same accounts at the same time: the second waits, and finds nothing left to do.
    lock = "" if session.get_bind().dialect.name == "sqlite" else " FOR UPDATE"
    find = text(f"SELECT id FROM main_accounts WHERE keyed_as <> :version ORDER BY id LIMIT :limit{lock}")
    ids = [row[0] for row in session.execute(find, {"version": VERSION, "limit": limit})]
    if not ids:
        return 0
    write_keys(session, ids, is_new=False)
    mark = text("UPDATE main_accounts SET keyed_as = :version WHERE id IN :ids")
    session.execute(mark.bindparams(bindparam("ids", expanding=True)), {"version": VERSION, "ids": ids})
    return len(ids)


def count_keys(session: Session) -> None:
    """Counts how many accounts have each common key, and all accounts: by this a word is known as rare or not."""
    session.execute(text("DELETE FROM common_keys"))
    session.execute(text(COUNT_COMMON), {"least": COMMON_FROM})
    session.execute(text(COUNT_ALL))
    if session.get_bind().dialect.name == "postgresql":
        # Its planner would not learn before the next autovacuum that a key has few accounts.
        session.execute(text("ANALYZE match_keys"))


def _pairs(row: Row[Any]) -> Iterator[tuple[int, int]]:
    # An account that is known by its purchases alone has no name, only its number in the name's place.
    names = [row.company_name] if row.name_key else []
    others = [*split_names(row.trade_names), *split_names(row.earlier_names)]
    keys = company_keys(
        [name_parts(name) for name in (*names, *others)],
        address_parts(row.street, row.postal_code, row.city),
        phone=row.phone_key,
        domains=(row.email_domain or "", row.web_domain or ""),
        person=person_key(row.contact_name),
        name_keys=(row.name_key, *map(name_key, others)),
    )
    for key in keys:
        yield key_hash(key), row.id


def _insert(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    driver = driver_of(session)
    if session.get_bind().dialect.name == "sqlite":
        driver.executemany("INSERT INTO match_keys (key_hash, account_id) VALUES (?, ?)", pairs)
        return
    with (
        driver.cursor() as cursor,
        cursor.copy("COPY match_keys (key_hash, account_id) FROM STDIN") as copy,
    ):
        copy.write("".join(f"{key}\t{account}\n" for key, account in pairs))


def _chunks(ids: Sequence[int]) -> Iterable[list[int]]:
    return (list(ids[at : at + CHUNK]) for at in range(0, len(ids), CHUNK))
