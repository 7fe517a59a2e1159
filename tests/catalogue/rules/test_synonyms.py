"""Groups of words that mean the same."""

from app.catalogue.rules.synonyms import Group, read_synonyms


def test_both_ways_each_word_stands_for_all_others() -> None:
    synonyms = read_synonyms([Group(("Öl", "Schmierstoff", "Fett"))])

    assert synonyms.others == {
        ("oel",): (("schmierstoff",), ("fett",)),
        ("schmierstoff",): (("oel",), ("fett",)),
        ("fett",): (("oel",), ("schmierstoff",)),
    }


def test_one_way_only_the_first_word_stands_for_the_others() -> None:
    synonyms = read_synonyms([Group(("Schmierstoff", "Öl", "Fett"), is_one_way=True)])

    assert synonyms.others == {("schmierstoff",): (("oel",), ("fett",))}


def test_a_word_in_two_groups_stands_for_both_but_does_not_join_them() -> None:
    synonyms = read_synonyms([Group(("Lager", "Wälzlager")), Group(("Lager", "Depot"))])

    assert synonyms.others[("lager",)] == (("waelzlager",), ("depot",))
    assert synonyms.others[("depot",)] == (("lager",),)


def test_what_cannot_be_sought_is_no_synonym() -> None:
    assert read_synonyms([Group(("---", "Öl")), Group(("Öl", "oel"))]).others == {}


def test_the_longest_phrase_at_a_place_comes_first() -> None:
    synonyms = read_synonyms([Group(("WD 40", "Kriechöl")), Group(("wd", "x"))])

    assert synonyms.at(["zwei", "wd", "40"], 1) == [(2, (("kriechoel",),)), (1, (("x",),))]
    assert synonyms.at(["wd"], 0) == [(1, (("x",),))]
