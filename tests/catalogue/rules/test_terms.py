"""What a typed word may stand for."""

import pytest

from app.catalogue.rules.terms import Reading, Term, read_query

VOCABULARY = tuple(
    sorted(["besen", "strassenbesen", "dichtung", "dichtungssatz", "6204", "206", "nu", "2rs", "schraube"])
)


def test_the_last_word_is_a_beginning_the_others_are_whole() -> None:
    assert read_query(["dicht"], VOCABULARY).terms == (Term(("dichtung", "dichtungssatz"), prefix="dicht"),)
    assert read_query(["62"], VOCABULARY).terms == (Term((), prefix="62"),)
    assert read_query(["62", "nu"], VOCABULARY).unknown == ("62",)


def test_a_part_of_a_compound_finds_the_compound() -> None:
    assert read_query(["besen", "nu"], VOCABULARY).terms[0] == Term(("besen", "strassenbesen"))


@pytest.mark.parametrize("typed", ["schrabe", "schraaube", "schrauba", "schruabe", "schrauben"])
def test_one_typing_error_is_forgiven_and_named(typed: str) -> None:
    assert read_query([typed], VOCABULARY) == Reading(
        (Term(("schraube",)),), corrected=((typed, "schraube"),)
    )


@pytest.mark.parametrize("typed", ["schrbe", "xchraubx", "6205", "bsn"])
def test_two_errors_other_numbers_and_short_words_are_not_guessed(typed: str) -> None:
    assert read_query([typed], VOCABULARY) == Reading((), unknown=(typed,))


COMPOUNDS = tuple(sorted(["flachdichtung", "dichtungssatz", "hydraulikfilter", "schraubenschluessel"]))


@pytest.mark.parametrize(
    "typed, meant, found",
    [
        ("dichtng", "dichtung", ("dichtungssatz", "flachdichtung")),
        ("dichtugn", "dichtung", ("dichtungssatz", "flachdichtung")),
        ("dichutng", "dichtung", ("dichtungssatz", "flachdichtung")),
        ("dihctung", "dichtung", ("dichtungssatz", "flachdichtung")),
        ("dichtumg", "dichtung", ("dichtungssatz", "flachdichtung")),
        ("hydralik", "hydraulik", ("hydraulikfilter",)),
        ("hydraulick", "hydraulik", ("hydraulikfilter",)),
        ("filtre", "filter", ("hydraulikfilter",)),
        ("schlussel", "schluessel", ("schraubenschluessel",)),
    ],
)
def test_one_typing_error_is_forgiven_inside_a_compound_too(
    typed: str, meant: str, found: tuple[str, ...]
) -> None:
    assert read_query([typed], COMPOUNDS) == Reading((Term(found),), corrected=((typed, meant),))


@pytest.mark.parametrize("typed", ["dchtng", "hydrlik", "fltre", "satzz", "lter12"])
def test_two_errors_and_short_parts_of_compounds_are_not_guessed(typed: str) -> None:
    assert read_query([typed], COMPOUNDS) == Reading((), unknown=(typed,))


def test_a_whole_word_that_was_meant_brings_its_compounds_along() -> None:
    reading = read_query(["dichtugn"], VOCABULARY)

    assert reading == Reading((Term(("dichtung", "dichtungssatz")),), corrected=(("dichtugn", "dichtung"),))


def test_a_number_written_without_its_space_is_taken_apart() -> None:
    assert read_query(["nu206"], VOCABULARY).terms == (Term(("nu",)), Term(("206",)))


def test_an_empty_catalogue_knows_no_word() -> None:
    assert read_query(["besen"], ()) == Reading((), unknown=("besen",))
