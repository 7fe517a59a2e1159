"""Turning the texts of the main brand's list into accounts with their keys, or into what is wrong with a line."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import polars as pl

from app.core.errors import N_
from app.mainbrand.account_facts import FileFacts, WrongLine, file_facts
from app.mainbrand.files import LINE, Batch, TableFile
from app.mainbrand.rejects import Reject
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS
from app.mainbrand.rules.countries import country_code
from app.mainbrand.rules.faults import STANDS_TWICE, TOO_LONG
from app.mainbrand.rules.keys import email_domain, name_key, register_key, vat_key, web_domain
from app.mainbrand.rules.notation import NumberStyle, plain_number
from app.mainbrand.rules.phones import phone_key
from app.mainbrand.rules.prospect import Buying, judged, plain_prospect
from app.mainbrand.rules.rating import LISTED, Rating, rate
from app.mainbrand.rules.segments import Segment
from app.mainbrand.rules.thresholds import Thresholds

MAXIMUM_REVENUE_CENTS = 10**15
LENGTHS = {
    "account_number": 64,
    "company_name": 300,
    "legal_form": 64,
    "street": 200,
    "postal_code": 16,
    "city": 120,
    "phone": 64,
    "sales_contact": 300,
    "trade_names": 1000,
    "earlier_names": 1000,
    "contact_name": 200,
    "industry": 120,
}
AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
PLAIN = re.compile(r"[+-]?\d{1,13}([.,]\d{1,12})?")
GERMAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d{1,2})?")
ENGLISH = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{1,2})?")

# The columns of the table `main_accounts` that a file fills, in the order in which they are loaded.
SCHEMA: dict[str, type[pl.DataType]] = {
    "account_number": pl.String,
    "company_name": pl.String,
    "legal_form": pl.String,
    "name_key": pl.String,
    "vat_id": pl.String,
    "register_key": pl.String,
    "street": pl.String,
    "postal_code": pl.String,
    "city": pl.String,
    "country": pl.String,
    "email_domain": pl.String,
    "phone": pl.String,
    "sales_contact": pl.String,
    "phone_key": pl.String,
    "web_domain": pl.String,
    "trade_names": pl.String,
    "earlier_names": pl.String,
    "contact_name": pl.String,
    "segment": pl.String,
    "segment_reason": pl.String,
    "listed_segment": pl.String,
    "revenue_12m_cents": pl.Int64,
    "headcount": pl.Int64,
    "industry": pl.String,
    "sales_judgement": pl.String,
    "row_hash": pl.String,
}
HASHED = tuple(name for name in SCHEMA if name not in ("segment", "segment_reason", "row_hash"))


class AccountReader:
    """Checks batch after batch; remembers the account numbers, so that each is taken once."""

    def __init__(self, table: TableFile, thresholds: Thresholds) -> None:
        self._table = table
        self._thresholds = thresholds
        self._line_of: dict[str, int] = {}

    def read(self, batch: Batch) -> tuple[pl.DataFrame, list[Reject], list[Reject]]:
        """The good lines with the columns of SCHEMA, the refused ones, and notes on values that were left out."""
        rows: list[tuple[Any, ...]] = []
        rejects = list(batch.rejects)
        notes: list[Reject] = []
        for row in batch.frame.iter_rows(named=True):
            try:
                values = self._account(row)
            except WrongLine as wrong:
                rejects.append(self._reject(row, wrong.column, wrong.reason))
                continue
            rows.append(tuple(values[name] for name in SCHEMA))
            if row["vat_id"] and values["vat_id"] is None:
                notes.append(
                    self._reject(row, "vat_id", N_("is no VAT id; the account was taken without it"))
                )
            if row["register_number"] and values["register_key"] is None:
                reason = N_("needs a number like HRB 12345 and its court; the account was taken without it")
                notes.append(self._reject(row, "register_number", reason))
        return pl.DataFrame(rows, schema=SCHEMA, orient="row"), rejects, notes

    def _reject(self, row: Mapping[str, Any], column: str, reason: str) -> Reject:
        return Reject(row[LINE], column, row.get(column) or "", reason, self._table.cells_of(dict(row)))

    def _account(self, row: dict[str, Any]) -> dict[str, Any]:
        number = re.sub(r"^(\d+)\.0$", r"\1", row["account_number"] or "")
        if not number:
            raise WrongLine("account_number", N_("is missing"))
        if number in self._line_of:
            raise WrongLine("account_number", STANDS_TWICE % {"line": self._line_of[number]})
        _refuse_unreadable(row)
        key = name_key(row["company_name"] or "")
        if not key:
            raise WrongLine(
                "company_name", N_("is missing") if not row["company_name"] else N_("has no letter or digit")
            )
        country = country_code(row["country"] or "DE")
        if country is None:
            raise WrongLine("country", N_("is no country or country code like DE"))
        listed = _segment(row["segment"])
        revenue_cents = _cents(
            row["revenue_12m"], is_typed=self._table.is_typed, style=self._table.notation.numbers
        )
        facts = file_facts(row)
        rating = _rating(listed, revenue_cents, facts, self._thresholds)
        values = {
            **{name: row[name] or "" for name in LENGTHS},
            "account_number": number,
            "name_key": key,
            "vat_id": vat_key(row["vat_id"], country=country),
            "register_key": register_key(row["register_court"], row["register_number"]),
            "postal_code": _postal_code(row["postal_code"], country),
            "country": country,
            "email_domain": email_domain(row["email_domain"] or row["email"]),
            "phone_key": phone_key(row["phone"] or "", country=country),
            "web_domain": web_domain(row["web_domain"]),
            "segment": rating.segment.value if rating else None,
            "segment_reason": rating.reason if rating else None,
            "listed_segment": listed.value if listed else None,
            "revenue_12m_cents": revenue_cents,
            "headcount": facts.headcount,
            "sales_judgement": facts.judgement.value if facts.judgement else None,
        }
        content = "\x1f".join("" if values[name] is None else str(values[name]) for name in HASHED)
        values["row_hash"] = blake2b(content.encode(), digest_size=16).hexdigest()
        self._line_of[number] = row[LINE]
        return values


def _refuse_unreadable(row: Mapping[str, Any]) -> None:
    for column in ACCOUNT_COLUMNS:
        text = row[column.name]
        if text is None:
            continue
        if "\0" in text:
            raise WrongLine(column.name, N_("holds a character that is no text"))
        if len(text) > LENGTHS.get(column.name, 254):
            raise WrongLine(column.name, TOO_LONG % {"most": LENGTHS.get(column.name, 254)})


def _segment(text: str | None) -> Segment | None:
    """The segment that the list names; `unrated`, a hyphen and nothing mean that it names none."""
    word = (text or "").strip().upper()
    if word in ("", "-", "UNRATED", "UNBEWERTET"):
        return None
    if word not in (Segment.A, Segment.B, Segment.C):
        raise WrongLine("segment", N_("is neither A, B nor C"))
    return Segment(word)


def _rating(
    listed: Segment | None, revenue_cents: int | None, facts: FileFacts, thresholds: Thresholds
) -> Rating | None:
    if listed is not None:
        return Rating(listed, LISTED)
    if revenue_cents is None:
        return None
    prospect = plain_prospect(
        Buying(),
        bound_cents=thresholds.growth_cents,
        listed_cents=revenue_cents,
        headcount=facts.headcount,
    )
    return rate(
        revenue_cents,
        bounds=thresholds.bounds,
        prospect=judged(prospect, facts.judgement, factor_percent=thresholds.judgement_factor_percent),
        prospect_bound=thresholds.prospect_bound,
    )


def _cents(text: str | None, *, is_typed: bool, style: NumberStyle) -> int | None:
    """A revenue in cents, half a cent rounded up; None where the list names none."""
    plain = re.sub(r"[\s€']|EUR", "", text or "")
    if not plain:
        return None
    if not is_typed and AMBIGUOUS.fullmatch(plain):
        read = plain_number(plain, style)
        if read is None:
            reason = N_("can be read in two ways: write thousands without a separator, or with two decimals")
            raise WrongLine("revenue_12m", reason)
        plain = read
    if PLAIN.fullmatch(plain):
        plain = plain.replace(",", ".")
    elif GERMAN.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif ENGLISH.fullmatch(plain):
        plain = plain.replace(",", "")
    else:
        raise WrongLine("revenue_12m", N_("is no amount of money"))
    whole, _, decimals = plain.lstrip("+-").partition(".")
    cents = int(whole + (decimals + "00")[:2]) + (decimals[2:3] >= "5")
    if cents > MAXIMUM_REVENUE_CENTS:
        raise WrongLine("revenue_12m", N_("is larger than any revenue"))
    return -cents if plain.startswith("-") else cents


def _postal_code(text: str | None, country: str) -> str:
    """The postal code; spreadsheets take the leading zero off German ones."""
    code = re.sub(r"^(\d+)\.0$", r"\1", text or "").removeprefix("D-")
    return code.zfill(5) if country == "DE" and code.isdecimal() and len(code) == 4 else code
