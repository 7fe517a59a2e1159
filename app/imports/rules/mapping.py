"""Which column of a file is which of ours: guessed from headings, remembered by them, checked before use."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from app.core.errors import N_, FieldError
from app.imports.rules.block_columns import BLOCK_COLUMNS
from app.imports.rules.states import ImportKind
from app.mainbrand.rules.columns import (
    ACCOUNT_COLUMNS,
    PURCHASE_COLUMNS,
    REJECT_TITLES,
    Column,
    plain_title,
)

LEAST_LIKENESS = 80
NOTES = {title.replace("_", "") for title in REJECT_TITLES}
COLUMNS: dict[ImportKind, tuple[Column, ...]] = {
    ImportKind.ACCOUNTS: ACCOUNT_COLUMNS,
    ImportKind.PURCHASES: PURCHASE_COLUMNS,
    ImportKind.BLOCKS: BLOCK_COLUMNS,
}


def headings_key(titles: Sequence[str]) -> str:
    """The same for files with the same headings in any order, also when they come back as refused lines."""
    plain = sorted({plain_title(title) for title in titles} - set(REJECT_TITLES))
    return hashlib.sha256("\n".join(plain).encode()).hexdigest()[:32]


def guess(titles: Sequence[str], columns: Sequence[Column], *, is_bold: bool) -> dict[str, str]:
    """For each column that can be recognised by one of its names the title it stands under; the first one wins.

    A bold guess also takes a title that is merely like a name; a person has to look at it.
    """
    by_name = {name: column.name for column in columns for name in (column.name, *column.other_names)}
    found: dict[str, str] = {}
    for title in titles:
        name = by_name.get(plain_title(title))
        if name is not None:
            found.setdefault(name, title)
    if not is_bold:
        return found
    compact = {name.replace("_", ""): column for name, column in by_name.items()}
    for title in titles:
        word = plain_title(title).replace("_", "")
        if not word or word in NOTES or title in found.values():
            continue
        likest = process.extractOne(word, list(compact), scorer=fuzz.ratio, score_cutoff=LEAST_LIKENESS)
        if likest is not None:
            found.setdefault(compact[likest[0]], title)
    return found


def fitting(
    remembered: Mapping[str, str], titles: Sequence[str], columns: Sequence[Column], *, is_bold: bool
) -> dict[str, str]:
    """A remembered mapping as far as the file has its titles, filled up by guessing."""
    present = set(titles)
    kept = {name: title for name, title in remembered.items() if title in present}
    taken = set(kept.values())
    guessed = guess(titles, columns, is_bold=is_bold and not kept)
    return {**{name: title for name, title in guessed.items() if title not in taken}, **kept}


def faults_of(
    mapping: Mapping[str, str], titles: Sequence[str], columns: Sequence[Column]
) -> tuple[FieldError, ...]:
    """What is wrong with a mapping: a needed column without a title, a title that is not there or used twice."""
    faults = []
    counts, used = Counter(titles), Counter(mapping.values())
    for column in columns:
        title = mapping.get(column.name)
        if title is None:
            if column.is_needed:
                message = N_("This column is needed: choose where it stands in the file.")
                faults.append(FieldError(column.name, message))
        elif not counts[title]:
            faults.append(FieldError(column.name, N_("The file has no such column.")))
        elif counts[title] > 1:
            message = N_(
                "The file has the heading “%(title)s” more than once: give each column its own name."
            )
            faults.append(FieldError(column.name, message, {"title": title}))
        elif used[title] > 1:
            message = N_("“%(title)s” is chosen for two columns: choose it once.")
            faults.append(FieldError(column.name, message, {"title": title}))
    return tuple(faults)
