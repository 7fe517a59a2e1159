"""Finding the main accounts that resemble applicants, by keys: a few look-ups by index, whatever the list's length."""

import heapq
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from app.customers.rules.matching import Applicant, Candidate
from app.mainbrand.rules.addresses import address_parts
from app.mainbrand.rules.match_keys import Key, KeyKind, company_keys, key_hash
from app.mainbrand.rules.names import name_parts, split_names
from app.mainbrand.rules.rarity import Rarity
from app.mainbrand.rules.segments import Segment
from app.mainbrand.service_match_keys import ALL_ACCOUNTS

MOST_ACCOUNTS_OF_KEYS = 2_000
"""As many accounts are looked at by an applicant's keys, the rarest keys first; commoner keys are left out."""

MOST_CANDIDATES = 30
"""As many of these are compared in full: those whose common keys weigh most."""

MOST_PER_IDENTIFIER = 2_000

COLUMNS = (
    "id, account_number, company_name, segment, vat_id, register_key, email_domain, name_key, postal_code, street,"
    " city, phone_key, web_domain, trade_names, earlier_names, contact_name"
)


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates of each applicant, in the applicants' order, and how rare is what they have in common."""

    candidates: list[list[Candidate]]
    rarity: Rarity


def find_candidates(session: Session, applicants: Sequence[Applicant]) -> Found:
    """The main accounts worth a comparison: all with an equal hard identifier, and the 30 that share most keys."""
    keys = [applicant_keys(applicant) for applicant in applicants]
    hashes = {key: key_hash(key) for one in keys for key in one}
    commons = _counts(session, [*hashes.values(), ALL_ACCOUNTS])
    total = commons.pop(ALL_ACCOUNTS, 0)
    wanted = {hashed for one in keys for hashed in _rarest({hashes[key] for key in one}, commons)}
    accounts = _accounts_with(session, wanted)
    counts = {hashed: commons.get(hashed, len(accounts.get(hashed, ()))) for hashed in hashes.values()}
    ranked = [_ranked([hashes[key] for key in one], accounts, counts, total) for one in keys]
    by_vat_id = _candidates_by(session, "vat_id", {one.vat_id for one in applicants if one.vat_id})
    by_register = _candidates_by(
        session, "register_key", {one.register_key for one in applicants if one.register_key}
    )
    by_id = {one.account_id: one for one in _candidates(session, {found for one in ranked for found in one})}
    candidates = [
        _once(
            *by_vat_id.get(applicant.vat_id or "", ()),
            *by_register.get(applicant.register_key or "", ()),
            # Keys may outlive an account that was taken out of the list meanwhile.
            *(by_id[account_id] for account_id in account_ids if account_id in by_id),
        )
        for applicant, account_ids in zip(applicants, ranked, strict=True)
    ]
    known = {key: counts[hashed] for key, hashed in hashes.items()}
    return Found(candidates, Rarity(total, known | _word_counts(session, candidates, known)))


def applicant_keys(applicant: Applicant) -> set[Key]:
    """The keys under which an applicant's main account would stand."""
    keys = company_keys(
        [name_parts(applicant.company_name or applicant.name_key)],
        address_parts(applicant.street, applicant.postal_code, applicant.city),
        phone=applicant.phone,
        domains=applicant.email_domains,
        name_keys=(applicant.name_key,),
    )
    return keys | {(KeyKind.PERSON, person) for person in applicant.people}


def _rarest(hashes: set[int], commons: Mapping[int, int]) -> list[int]:
    """The keys to look up: those that few accounts have, and of the common ones as many as the limit allows."""
    chosen = [hashed for hashed in hashes if hashed not in commons]
    left = MOST_ACCOUNTS_OF_KEYS
    for hashed in sorted(hashes & commons.keys(), key=lambda hashed: commons[hashed]):
        left -= commons[hashed]
        if left < 0:
            break
        chosen.append(hashed)
    return chosen


def _ranked(
    hashes: Iterable[int], accounts: Mapping[int, list[int]], counts: Mapping[int, int], total: int
) -> list[int]:
    weights: dict[int, float] = {}
    for hashed in hashes:
        found = accounts.get(hashed, ())
        # A short list knows no rare keys; each common key still counts.
        weight = math.log((max(total, counts[hashed]) + 1) / counts[hashed]) + 0.1 if found else 0.0
        for account in found:
            weights[account] = weights.get(account, 0.0) + weight
    return heapq.nlargest(MOST_CANDIDATES, weights, key=lambda account: (weights[account], -account))


def _word_counts(
    session: Session, candidates: Iterable[Sequence[Candidate]], known: Collection[Key]
) -> dict[Key, int]:
    """How many accounts carry the candidates' words that no applicant has; rare ones are left out."""
    words = {
        (KeyKind.WORD, stem)
        for found in candidates
        for one in found
        for name in (one.company_name, *one.other_names)
        for stem in name_parts(name).stems
    }
    hashes = {key_hash(key): key for key in words if key not in known}
    return {hashes[hashed]: count for hashed, count in _counts(session, list(hashes)).items()}


def _counts(session: Session, hashes: Collection[int]) -> dict[int, int]:
    """The numbers of accounts of those keys that are common."""
    query = f"SELECT key_hash, account_count FROM common_keys WHERE key_hash {_is_in(session, 'bigint')}"
    return {row[0]: row[1] for row in session.execute(text(query), _values(session, hashes))}


def _accounts_with(session: Session, hashes: Collection[int]) -> dict[int, list[int]]:
    query = f"SELECT key_hash, account_id FROM match_keys WHERE key_hash {_is_in(session, 'bigint')}"
    found: dict[int, list[int]] = {}
    for hashed, account_id in session.execute(text(query), _values(session, hashes)):
        found.setdefault(hashed, []).append(account_id)
    return found


def _candidates(session: Session, ids: Collection[int]) -> Iterable[Candidate]:
    query = f"SELECT {COLUMNS} FROM main_accounts WHERE id {_is_in(session, 'bigint')}"
    return _read(session, query, ids)


def _candidates_by(session: Session, column: str, values: Collection[str]) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = {}
    if values:
        query = (
            f"SELECT {COLUMNS} FROM main_accounts WHERE {column} {_is_in(session, 'text')}"
            f" ORDER BY id LIMIT {MOST_PER_IDENTIFIER * len(values)}"
        )
        for one in _read(session, query, values):
            found.setdefault(getattr(one, column), []).append(one)
    return found


def _read(session: Session, query: str, values: Collection[int] | Collection[str]) -> Iterable[Candidate]:
    for row in session.execute(text(query), _values(session, values)):
        yield Candidate(
            account_id=row.id,
            account_number=row.account_number,
            company_name=row.company_name,
            segment=Segment(row.segment),
            vat_id=row.vat_id,
            register_key=row.register_key,
            email_domain=row.email_domain,
            name_key=row.name_key,
            postal_code=row.postal_code,
            street=row.street,
            city=row.city,
            phone=row.phone_key,
            web_domain=row.web_domain,
            other_names=(*split_names(row.trade_names), *split_names(row.earlier_names)),
            contact_name=row.contact_name,
        )


def _once(*candidates: Candidate) -> list[Candidate]:
    return list({one.account_id: one for one in candidates}.values())


def _is_in(session: Session, kind: str) -> str:
    """A condition with one value for the whole list: its text stays the same for every length."""
    if session.get_bind().dialect.name == "sqlite":
        return "IN (SELECT value FROM json_each(:members))"
    return f"= ANY(CAST(:members AS {kind}[]))"


def _values(session: Session, members: Collection[int] | Collection[str]) -> dict[str, object]:
    if session.get_bind().dialect.name == "sqlite":
        return {"members": json.dumps(list(members))}
    return {"members": list(members)}
