"""Refused lines run nothing in a spreadsheet, and come back as they were."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mainbrand.rejects import Reject, RejectFile, defuse, restore

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.mark.parametrize("start", STARTS)
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert defuse(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "a=b", "'quoted'", "1.234,50", "Söhne & Groß"])
def test_an_ordinary_cell_stays_as_it_is(text: str) -> None:
    assert defuse(text) == text
    assert restore(text) == text


@given(st.text(alphabet=st.sampled_from(["'", *STARTS, "a", "1", ";", '"', " "]), max_size=8))
def test_every_cell_comes_back_as_it_was(text: str) -> None:
    assert restore(defuse(text)) == text
    assert not defuse(text).startswith(STARTS)


def test_headings_are_defused_as_well_and_the_three_extra_ones_are_there(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectFile(path, ["=Firma", "Ort"]) as write:
        write(Reject(2, "city", "-", "is missing", ("=1+1", "-")))

    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.reader(source, delimiter=";"))

    assert rows == [
        ["'=Firma", "Ort", "reject_line", "reject_column", "reject_reason"],
        ["'=1+1", "'-", "2", "city", "is missing"],
    ]
