"""Evaluating screening on labelled files, in a database of its own: the shop's is never touched."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.db import open_database
from app.core.errors import N_, Invalid
from app.customers.queries_candidates import find_candidates
from app.customers.rules.comparison import find_matches
from app.customers.rules.likeness import strength
from app.customers.rules.matching import Applicant
from app.customers.rules.name_likeness import compare_names
from app.customers.rules.place_likeness import compare_places
from app.flows.import_main_brand import import_main_brand
from app.insights.screening_quality import Answer, area
from app.mainbrand.files import open_table
from app.mainbrand.rules.addresses import AddressParts, address_parts
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS
from app.mainbrand.rules.keys import name_key
from app.mainbrand.rules.match_keys import KeyKind
from app.mainbrand.rules.names import NameParts, name_parts
from app.mainbrand.rules.rarity import Rarity
from app.tables import metadata

GALLERY = {
    "company_number": "account_number",
    "name": "company_name",
    "street": "street",
    "postcode": "postal_code",
    "city": "city",
}
TEST = "test"
PAIR_COLUMNS = ("a_name", "b_name", "label", "kind")
HARDEST = ("rename", "partly_changed")
QUERY_COLUMNS = ("name", "street", "postcode", "city", "expect", "gallery_number", "kind")
ACTOR = Actor(ActorKind.COMMAND, "shop screen --evaluate")


def answers_to(queries: Path, gallery: Path, *, review_from_score: int, split: str | None) -> list[Answer]:
    """What screening says to each application of a file, with the companies of the gallery as main accounts.

    Of a file with a column `split` only the rows of `split` count, by default those of the test split where
    there are any. Raises Invalid where a file cannot be read or lacks a column.
    """
    rows = _of_split(read_frame(queries, QUERY_COLUMNS), split)
    companies = read_gallery(gallery)
    addresses = {
        row[0]: address_parts(row[1] or "", row[2] or "", row[3] or "")
        for row in companies.select("company_number", "street", "postcode", "city").iter_rows()
    }
    with filled_database(companies) as session:
        return [
            _answer(session, row, addresses, review_from_score=review_from_score)
            for row in rows.iter_rows(named=True)
        ]


def read_gallery(path: Path) -> pl.DataFrame:
    """The companies of a file that stand for the main brand's list: those marked `screening_gallery`, or all."""
    companies = read_frame(path, tuple(GALLERY))
    if "screening_gallery" in companies.columns:
        companies = companies.filter(pl.col("screening_gallery"))
    return companies


def applicant_of(row: dict[str, Any]) -> Applicant:
    """An application of the file as a comparison sees it."""
    return Applicant(
        vat_id=None,
        register_key=None,
        email_domains=frozenset(),
        name_key=name_key(row["name"] or ""),
        postal_code=row["postcode"] or "",
        company_name=row["name"] or "",
        street=row["street"] or "",
        city=row["city"] or "",
    )


def pair_scores(pairs: Path, *, split: str | None) -> list[tuple[str, str, float]]:
    """Label, kind and likeness (0 to 1) of each pair of names of a file; the names alone are compared.

    Towns are left out: in the files at hand only one side of a pair of the same company has one, so that
    a missing town would tell the label. How rare a word is is counted over the names of the file.
    """
    frame = read_frame(pairs, PAIR_COLUMNS)
    names = set(frame["a_name"].to_list()) | set(frame["b_name"].to_list())
    counts: dict[tuple[KeyKind, str], int] = {}
    parts: dict[str, NameParts] = {name: name_parts(name) for name in names if name}
    for part in parts.values():
        for stem in part.stems:
            counts[KeyKind.WORD, stem] = counts.get((KeyKind.WORD, stem), 0) + 1
    rarity = Rarity(len(parts), counts)
    nowhere = compare_places(address_parts("", "", ""), address_parts("", "", ""))
    return [
        (
            label,
            kind,
            strength(compare_names(parts[own], parts[other], rarity), nowhere, neighbour_count=1).total,
        )
        for own, other, label, kind in _of_split(frame, split).select(PAIR_COLUMNS).iter_rows()
        if own and other
    ]


def pairs_quality(scores: Sequence[tuple[str, str, float]]) -> dict[str, Any]:
    """`auc` of same against different, without renamed and partly changed names; `auc_all` with them;
    per kind the AUC against all different pairs (or, of a kind that is different, against all same ones).
    """
    same = [(kind, score) for label, kind, score in scores if label == "same"]
    different = [score for label, _, score in scores if label == "different"]
    kinds = sorted({(kind, label) for label, kind, _ in scores})
    keeping = [score for kind, score in same if kind not in HARDEST]
    return {
        "auc": area(keeping, different),
        "auc_all": area([score for _, score in same], different),
        "pairs": len(scores),
        "per_kind": {
            kind: {
                "label": label,
                "count": sum(of_kind == kind for _, of_kind, _ in scores),
                "auc": area(keeping, [score for _, of_kind, score in scores if of_kind == kind])
                if label == "different"
                else area([score for _, of_kind, score in scores if of_kind == kind], different),
            }
            for kind, label in kinds
        },
    }


def read_frame(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """A parquet or CSV file. Raises Invalid where it cannot be read or lacks one of the columns."""
    try:
        frame = pl.read_parquet(path) if _is_parquet(path) else pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise Invalid(
            N_("The file %(name)s cannot be read."), code="file.unreadable", name=path.name
        ) from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise Invalid(
            N_("The file %(name)s has no column %(columns)s."),
            code="file.columns_missing",
            name=path.name,
            columns=", ".join(missing),
        )
    return frame


@contextmanager
def filled_database(companies: pl.DataFrame) -> Iterator[Session]:
    """A database for the evaluation alone, with the companies imported as the main brand's list."""
    with tempfile.TemporaryDirectory(prefix="shop-evaluation-") as folder:
        listed = Path(folder) / "accounts.parquet"
        companies.select(
            pl.col(own).cast(pl.String).alias(name) for own, name in GALLERY.items()
        ).write_parquet(listed)
        database = open_database(f"sqlite:///{folder}/evaluation.db")
        with database.writing.begin() as connection:
            metadata.create_all(connection)
        with database.session() as session, open_table(listed, ACCOUNT_COLUMNS) as table:
            import_main_brand(
                session,
                table,
                on_reject=lambda _: None,
                on_note=lambda _: None,
                on_progress=lambda _: None,
                is_dry_run=False,
                actor=ACTOR,
                now=utc_now(),
            )
        with database.read_session() as session:
            yield session
        database.close()


def _answer(
    session: Session,
    row: dict[str, Any],
    addresses: dict[str, AddressParts],
    *,
    review_from_score: int,
) -> Answer:
    started = time.perf_counter()
    applicant = applicant_of(row)
    found = find_candidates(session, [applicant])
    # Everything that was compared is asked for: the AUC needs the scores below the threshold too.
    matches = find_matches(applicant, found.candidates[0], rarity=found.rarity, review_from_score=0)
    took = time.perf_counter() - started
    shown = [match for match in matches if match.is_hard or match.score >= review_from_score]
    own = address_parts(applicant.street, applicant.postal_code, applicant.city)
    other = addresses.get(row["gallery_number"] or "")
    return Answer(
        truth=row["expect"],
        kind=row["kind"],
        strength=max((match.strength for match in matches), default=0.0),
        is_stopped=bool(shown),
        is_found=any(match.account_number == row["gallery_number"] for match in shown),
        has_same_house=other is not None and compare_places(own, other).house > 0,
        milliseconds=1000 * took,
    )


def _of_split(frame: pl.DataFrame, split: str | None) -> pl.DataFrame:
    if "split" not in frame.columns:
        return frame
    wanted = split or TEST
    chosen = frame.filter(pl.col("split") == wanted)
    return frame if split is None and chosen.is_empty() else chosen


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"
