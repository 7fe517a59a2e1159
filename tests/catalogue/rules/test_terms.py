"""What a typed word may stand for."""

import pytest

from app.catalogue.rules.synonyms import Group, read_synonyms
from app.catalogue.rules.terms import Reading, Term, read_query
from app.catalogue.rules.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    {"besen", "strassenbesen", "dichtung", "dichtungssatz", "6204", "206", "nu", "2rs", "schraube"}
)


def read(*words: str) -> Reading:
    return read_query(list(words), VOCABULARY)


def only_term(*words: str, vocabulary: Vocabulary = VOCABULARY) -> Term:
    ((term,),) = read_query(list(words), vocabulary).ways
    return term


def test_the_last_word_is_a_beginning_the_others_are_whole() -> None:
    assert only_term("dicht") == Term(wider=("dichtung", "dichtungssatz"), prefix="dicht")
    assert only_term("62") == Term(prefix="62")
    assert read("62", "nu").unknown == ("62",)


def test_a_part_of_a_compound_finds_the_compound() -> None:
    ((besen, _nu),) = read("besen", "nu").ways

    assert besen == Term(same=("besen",), wider=("strassenbesen",))


def test_three_letters_are_a_part_at_the_end_of_a_compound_only() -> None:
    words = Vocabulary({"oel", "getriebeoel", "oelfilter", "doel", "pumpe"})

    ((oel, _pumpe),) = read_query(["oel", "pumpe"], words).ways

    assert oel == Term(same=("oel",), wider=("getriebeoel",))


@pytest.mark.parametrize("typed", ["schrabe", "schraaube", "schrauba", "schruabe"])
def test_one_typing_error_is_forgiven_and_named(typed: str) -> None:
    assert read(typed) == Reading(((Term(wider=("schraube",)),),), corrected=((typed, "schraube"),))


@pytest.mark.parametrize(
    "typed, other",
    [
        ("schrauben", "schraube"),
        ("besens", "besen"),
        ("schraube", "schrauben"),
        ("filters", "filter"),
        ("kaesten", "kasten"),
        ("schlaeuche", "schlauch"),
        ("oele", "oel"),
        ("pumpen", "pumpe"),
    ],
)
def test_an_inflected_word_is_the_same_word_and_no_error(typed: str, other: str) -> None:
    reading = read_query([typed, "nu"], Vocabulary({other, "nu"}))

    assert (reading.ways[0][0].same, reading.corrected) == ((other,), ())


@pytest.mark.parametrize("typed", ["schrbe", "xchraubx", "6205", "bsn", "62"])
def test_two_errors_other_numbers_and_short_words_are_not_guessed(typed: str) -> None:
    assert read(typed, "besen") == Reading((), unknown=(typed,))


COMPOUNDS = Vocabulary({"flachdichtung", "dichtungssatz", "hydraulikfilter", "schraubenschluessel"})


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
        ("dichtugnssatz", "dichtungssatz", ("dichtungssatz",)),
    ],
)
def test_one_typing_error_is_forgiven_inside_a_compound_too(
    typed: str, meant: str, found: tuple[str, ...]
) -> None:
    assert read_query([typed], COMPOUNDS) == Reading(((Term(wider=found),),), corrected=((typed, meant),))


@pytest.mark.parametrize("typed", ["dchtng", "hydrlik", "fltre", "satzz", "lter12"])
def test_two_errors_and_short_parts_of_compounds_are_not_guessed(typed: str) -> None:
    assert read_query([typed], COMPOUNDS) == Reading((), unknown=(typed,))


def test_a_whole_word_that_was_meant_brings_its_compounds_along() -> None:
    assert read("dichtugn") == Reading(
        ((Term(wider=("dichtung", "dichtungssatz")),),), corrected=(("dichtugn", "dichtung"),)
    )


def test_a_compound_is_also_found_in_its_parts_with_or_without_a_linking_sound() -> None:
    words = Vocabulary({"satz", "dichtung", "kette", "schmierstoff", "oel", "filter"})

    assert only_term("dichtungssatz", vocabulary=words) == Term(together=((("dichtung",), ("satz",)),))
    assert only_term("kettenschmierstoff", vocabulary=words).together == ((("kette",), ("schmierstoff",)),)
    assert only_term("oelfilter", vocabulary=words).together == ((("oel",), ("filter",)),)


@pytest.mark.parametrize(
    "typed, pieces",
    [
        ("nu206", (("nu",), ("206",))),
        ("62042rs", (("6204",), ("2rs",))),
        ("6204nu206", (("6204",), ("nu",), ("206",))),
    ],
)
def test_a_part_number_written_without_its_separators_is_taken_apart(
    typed: str, pieces: tuple[tuple[str, ...], ...]
) -> None:
    assert only_term(typed).together == (pieces,)


def test_a_number_is_never_taken_apart_nor_found_inside_another() -> None:
    assert read("6204206").unknown == ("6204206",)
    assert read_query(["6204", "x"], Vocabulary({"162045", "x"})).unknown == ("6204",)


@pytest.mark.parametrize(
    "words, whole",
    [(["strassen", "besen"], "strassenbesen"), (["62", "04"], "6204"), (["2", "r", "s"], "2rs")],
)
def test_words_that_belong_together_are_found_as_one(words: list[str], whole: str) -> None:
    reading = read_query(words, VOCABULARY)

    assert Term(same=(whole,), prefix=whole) in [term for way in reading.ways for term in way]
    assert (reading.unknown, reading.corrected) == ((), ())


def test_a_word_finds_its_synonyms_and_a_phrase_those_of_its_words_together() -> None:
    synonyms = read_synonyms([Group(("Besen", "Feger")), Group(("Nu", "Rollen lager"))])

    feger = read_query(["feger"], VOCABULARY, synonyms)
    rollen = read_query(["rollen", "lager", "besen"], VOCABULARY, synonyms)

    assert feger.ways == ((Term(same=("besen",), wider=("strassenbesen",)),),)
    assert [way[0] for way in rollen.ways] == [Term(same=("nu",))]
    assert rollen.unknown == ()


def test_a_synonym_of_several_words_wants_all_of_them() -> None:
    synonyms = read_synonyms([Group(("Rollenlager", "nu 206"))])

    ((term,),) = read_query(["rollenlager"], VOCABULARY, synonyms).ways

    assert term == Term(together=((("nu",), ("206",)),))


def test_an_empty_catalogue_knows_no_word() -> None:
    assert read_query(["besen"], Vocabulary()) == Reading((), unknown=("besen",))
    assert read_query([], VOCABULARY) == Reading(())
