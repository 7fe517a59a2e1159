"""Search finds the same bundles in the same order on both engines: the expected lists are exact."""

import time
from collections.abc import Sequence

import pytest
from sqlmodel import Session

from app.catalogue import queries_search
from app.catalogue.queries import listing_cards
from app.catalogue.queries_search import SearchMemory, search
from app.catalogue.rules.index import SearchIndex
from app.catalogue.rules.kinds import Kind
from app.catalogue.service import rebuild_listings, touch_catalogue
from app.core.transaction import transaction
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from tests.catalogue import written

BUNDLES = (
    ("buersten", "Bürstensatz für den Hof", "Brush set", "ET-77", "Straßenbürste", Kind.CONSUMABLE),
    (
        "lager",
        "Kugellager-Satz 6204-2RS",
        "Ball bearing set 6204-2RS",
        "ET-1001",
        "Rillenkugellager",
        Kind.SPARE_PART,
    ),
    ("oel", "Öl für Getriebe", "Gear oil", "PF-3", "Getriebeöl CLP 220", Kind.CARE_PRODUCT),
    ("oring", "O-Ring-Sortiment", "O-ring assortment", "VB 12", "O-Ring 12x3 NBR", Kind.CONSUMABLE),
    ("schrauben", "Schraubensatz M8", "Screw set M8", "DIN912/8", "Zylinderschraube M8", Kind.CONSUMABLE),
    ("wartung", "Wartung Presse", "Press maintenance", "W-1", "Kugellager wechseln", Kind.SERVICE),
)
HOSTILE = (
    (
        "gebinde",
        "Großgebinde Kaltreiniger",
        "Bulk cold cleaner",
        "KR 25/L",
        "Kaltreiniger",
        Kind.CARE_PRODUCT,
    ),
    ("oelfilter", "Ölfilter W 712/75", "Oil filter W 712/75", "OF-712", "Filter", Kind.SPARE_PART),
    (
        "rollen",
        "Zylinderrollenlager NU 206 ECP",
        "Roller bearing NU 206 ECP",
        "NU206",
        "Lager",
        Kind.SPARE_PART,
    ),
    ("satz", "Dichtungssatz Pumpe DS–10–A", "Seal kit pump", "D-1", "Oring", Kind.SPARE_PART),
    ("spalt", "Lager 6204 2RS", "Bearing 6204 2RS", "L 6204", "Kugel", Kind.SPARE_PART),
)


@pytest.fixture
def filled(session: Session) -> Session:
    return fill(session, BUNDLES)


def fill(session: Session, bundles: Sequence[tuple[str, str, str, str, str, Kind]]) -> Session:
    for slug, name_de, name_en, sku, block_name, kind in bundles:
        block_id = written.block(session, sku=sku, names={"de": block_name, "en": f"Part {sku}"})
        written.bundle(
            session,
            slug=slug,
            names={"de": name_de, "en": name_en},
            texts={"de": "", "en": ""},
            items=[(block_id, 2)],
            kind=kind,
        )
    session.rollback()
    return session


def found(session: Session, query: str, kind: Kind | None = None) -> list[str]:
    ids = search(session, query, SearchMemory().current(session), kind=kind).hits.bundle_ids
    return [card.slug for card in listing_cards(session, ids, language="de")]


@pytest.mark.parametrize(
    "query, slugs",
    [
        ("Bürste", ["buersten"]),
        ("buerste", ["buersten"]),
        ("burste", ["buersten"]),
        ("BÜRSTE", ["buersten"]),
        ("strassenbürste", ["buersten"]),
        ("Straßenbürste hof", ["buersten"]),
        ("Öl", ["oel"]),
        ("oel getriebe", ["oel"]),
        ("6204-2RS", ["lager"]),
        ("6204 2rs", ["lager"]),
        ("62042RS", ["lager"]),
        ("6204/2RS", ["lager"]),
        ("ET-1001", ["lager"]),
        ("et1001", ["lager"]),
        ("ET 1001", ["lager"]),
        ("et77", ["buersten"]),
        ("DIN 912", ["schrauben"]),
        ("din9128", ["schrauben"]),
        ("vb12", ["oring"]),
        ("oring", ["oring"]),
        ("o-ring", ["oring"]),
        ("clp220", ["oel"]),
        ("kugel", ["lager", "wartung"]),
        ("Kugellager", ["lager", "wartung"]),
        ("Kugelager", ["lager", "wartung"]),
        ("kugellgaer", ["lager", "wartung"]),
        ("kugellgare", []),
        ("rillenkugelager", ["lager"]),
        ("zylindershraube", ["schrauben"]),
        ("zylidner", ["schrauben"]),
        ("getribe", ["oel"]),
        ("lager", ["lager", "wartung"]),
        ("bearing", ["lager"]),
        ("schrauben", ["schrauben"]),
        ("schraube m8", ["schrauben"]),
        ("schraube m9", []),
        ("kugellager öl", []),
        ("set", ["buersten", "lager", "schrauben"]),
        ("", []),
        ("---", []),
        ("\u0441\u043c\u0430\u0437\u043a\u0430", []),
        ('" OR 1=1 --', []),
        ("lager' & 'oel", []),
        ("search_name : lager*", []),
        ("NEAR(lager oel)", []),
        ("lager NOT wartung", []),
        ("oel:* | !lager", []),
        ("%_\\", []),
    ],
)
def test_a_query_finds_exactly_these_bundles_in_this_order(
    filled: Session, query: str, slugs: list[str]
) -> None:
    assert found(filled, query) == slugs


SPELLINGS = {
    "oelfilter": """oelfilter; ölfilter; Öl-Filter; OELFILTER; olfilter; o\u0308lfilter; ölfiltr; filter öl; oil-filter;
        Ölfilters; öl filter; W712/75; w 712 75; w71275; OF 712; of712""",
    "gebinde": """Grossgebinde; Großgebinde; GROẞGEBINDE; gross gebinde; großgebnide; kaltreinigers; kaltreinger;
        KR 25/L; kr-25-l; kr25l""",
    "satz": """Dichtugnssatz; dichtungssatz pumpen; Satz Dichtungs; DichtungsSatz; Dichtungs\u00adsatz; dichtung pumpe;
        O-Ring; o ring; oring; o.ring; DS-10-A; ds10a; DS 10 A; ds–10–a""",
    "rollen": """NU-206; nu206; NU 206; nu.206; NU_206; nu/206; NU206ECP; nu-206-ecp; nu 206ecp; zylinder rollenlager;
        rolenlager; rollenlagers""",
    "spalt": "6204 2rs; 62042RS; 6204-2RS; 6204/2rs; 62 04 2RS; 6204.2RS; 6204\u20112rs; lager62042rs",
}


def test_every_usual_and_every_wrong_spelling_finds_the_bundle(session: Session) -> None:
    fill(session, HOSTILE)

    missed = [
        query
        for slug, queries in SPELLINGS.items()
        for query in queries.split(";")
        if found(session, query) != [slug]
    ]

    assert missed == []


@pytest.mark.parametrize(
    "query", ["lager " * 200_000, "%x" * 1000, "ö" * 100_000, "a1" * 5_000, "\x00\ud800 ' \" ;"]
)
def test_a_hostile_query_is_answered_at_once(filled: Session, query: str) -> None:
    kept = SearchMemory().current(filled)
    started = time.process_time()

    search(filled, query, kept)

    assert time.process_time() - started < 0.5


def test_a_kind_narrows_the_search(filled: Session) -> None:
    assert found(filled, "kugellager", Kind.SERVICE) == ["wartung"]
    assert found(filled, "kugellager", Kind.RAW_MATERIAL) == []


def test_bundles_with_the_word_in_their_name_come_first(session: Session) -> None:
    named = written.block(session, sku="A-1", names={"de": "Nichts", "en": "Nothing"})
    holding = written.block(session, sku="A-2", names={"de": "Filter", "en": "Filter"})
    written.bundle(session, slug="a-holds-it", names={"de": "Aaa", "en": "Aaa"}, items=[(holding, 1)])
    written.bundle(session, slug="z-is-named-it", names={"de": "Zzz Filter", "en": "Zzz"}, items=[(named, 1)])

    assert found(session, "filter") == ["z-is-named-it", "a-holds-it"]


def test_a_misspelt_word_is_named_with_the_one_it_was_taken_for(filled: Session) -> None:
    reading = search(filled, "wartnug quux", SearchMemory().current(filled)).reading

    assert reading.corrected == (("wartnug", "wartung"),)
    assert reading.unknown == ("quux",)


def test_the_index_follows_publishing_renaming_retiring_and_rebuilding(filled: Session) -> None:
    session = filled
    wartung = next(id_ for id_, bundle in enumerate(BUNDLES, start=1) if bundle[0] == "wartung")
    written.draft_bundle(
        session,
        bundle_id=wartung,
        slug="wartung",
        names={"de": "Inspektion", "en": "Check"},
        items=[(wartung, 1)],
    )
    assert found(session, "inspektion") == []

    publish_bundle(session, wartung, actor=written.STAFF, now=written.NOW)

    assert (found(session, "inspektion"), found(session, "presse")) == (["wartung"], [])
    with transaction(session):
        rebuild_listings(session)
    assert (found(session, "inspektion"), found(session, "presse")) == (["wartung"], [])
    retire_bundle(session, wartung, actor=written.STAFF, now=written.NOW)
    assert (found(session, "inspektion"), found(session, "kugellager")) == ([], ["lager"])


def test_the_index_is_read_again_only_when_words_have_changed(filled: Session) -> None:
    memory = SearchMemory()
    before = memory.current(filled)

    with transaction(filled):
        touch_catalogue(filled)

    same = memory.current(filled)
    written.bundle(filled, slug="neu", names={"de": "Xylophon", "en": "Xylophone"})
    assert (same.index is before.index, same.version) == (True, before.version + 1)
    assert "xylophon" not in same.index.vocabulary
    assert "xylophon" in memory.current(filled).index.vocabulary


def test_while_a_new_list_is_read_others_are_answered_from_the_one_before(
    filled: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = SearchMemory()
    assert search(filled, "xylophon", memory.current(filled)).hits.count == 0
    written.bundle(filled, slug="neu", names={"de": "Xylophon", "en": "Xylophone"})
    asked_meanwhile = []

    def read_slowly(session: Session) -> tuple[int, SearchIndex]:
        asked_meanwhile.append(search(session, "wartung", memory.current(session)))
        return read(session)

    read = queries_search._index
    monkeypatch.setattr(queries_search, "_index", read_slowly)

    found = search(filled, "xylophon", memory.current(filled))

    assert (found.hits.count, found.is_behind) == (1, False)
    assert [(other.hits.count, other.is_behind) for other in asked_meanwhile] == [(1, True)]


def test_where_nothing_is_found_the_nearest_words_are_spelled_as_in_the_list(filled: Session) -> None:
    nearest = search(filled, "buerstnesetz quux", SearchMemory().current(filled)).nearest

    assert nearest == (("buerstnesetz", ("Bürstensatz",)),)
