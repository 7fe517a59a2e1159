import pytest

from app.mainbrand.rules.names import frequent_share, name_parts, sound, split_names, stem


@pytest.mark.parametrize(
    "name, stems",
    [
        ("S + K Robotertechnik GmbH", ("sk", "robotertechnik")),
        ("L a g l e r Metallbau GmbH", ("lagler", "metallbau")),
        ("F E R O N GmbH", ("feron",)),
        (
            "Wiesinger Grundstücks-Verwaltungsgesellschaft mbH & Co. KG",
            ("wiesinger", "grundstueck", "verwaltung"),
        ),
        ("IL Finanz- u. Wirtschaftsberatung GmbH", ("il", "finanz", "wirtschaftsberatung")),
        ("Brunner Brunner GmbH", ("brunner",)),
        ("Вrunnеr GmbH", ("brunner",)),
        ("Bru\u200bnner GmbH", ("brunner",)),
        ("Br0nner GmbH", ("bronner",)),
        ("BWBS 79. GmbH & Co. KG", ("bwbs", "79")),
        ("???", ()),
        ("", ()),
    ],
)
def test_a_name_is_taken_apart_into_its_words(name: str, stems: tuple[str, ...]) -> None:
    assert name_parts(name).stems == stems


def test_words_that_are_written_together_or_apart_give_the_same_letters() -> None:
    assert name_parts("Cab Tec GmbH").compact == name_parts("CabTec GmbH").compact == "cabtec"


@pytest.mark.parametrize(
    "one, other", [("meier", "mayer"), ("schmidt", "schmitt"), ("philipp", "filip"), ("brunner", "bruner")]
)
def test_words_that_sound_alike_have_one_sound(one: str, other: str) -> None:
    assert sound(one) == sound(other) != ""


def test_short_words_and_numbers_have_no_sound() -> None:
    assert [sound(word) for word in ("abc", "79", "4711", "oea")] == ["", "", "", ""]


def test_an_everyday_word_is_frequent_in_each_of_its_forms() -> None:
    assert frequent_share(stem("verwaltungs")) == frequent_share(stem("verwaltungsgesellschaft")) > 0
    assert frequent_share(stem("brunner")) == 0


def test_several_names_of_one_field_are_told_apart() -> None:
    assert split_names(" Alpha ; Beta|Gamma\nDelta;; ") == ["Alpha", "Beta", "Gamma", "Delta"]
    assert split_names("") == []
