"""Staff keep synonyms; the next search in every process knows them."""

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import CatalogueState, SynonymGroup
from app.catalogue.queries_search import SearchMemory, search
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows import keep_synonyms
from app.flows.keep_synonyms import delete_synonyms, save_synonyms
from tests import make
from tests.catalogue import written


def save(session: Session, words: str, *, is_one_way: bool = False, group_id: int | None = None) -> int:
    return save_synonyms(
        session,
        group_id=group_id,
        words=words,
        is_one_way=is_one_way,
        actor=written.STAFF,
        now=written.NOW,
    )


def found(session: Session, memory: SearchMemory, query: str) -> int:
    return search(session, query, memory.current(session)).hits.count


def versions(session: Session) -> tuple[int, int]:
    session.rollback()
    state = session.exec(select(CatalogueState)).one()
    return state.version, state.words_version


def test_a_group_is_kept_changed_and_deleted_and_each_next_search_in_every_process_knows_it(
    session: Session,
) -> None:
    written.bundle(
        session, slug="fett", names={"de": "Fettpresse", "en": "Grease gun"}, texts={"de": "", "en": ""}
    )
    processes = SearchMemory(), SearchMemory()

    def counts(query: str) -> list[int]:
        return [found(session, memory, query) for memory in processes]

    assert counts("schmiergerät") == [0, 0]
    group_id = save(session, "Schmiergerät, Fettpresse")
    assert counts("schmiergerät") == [1, 1]
    save(session, "Fettspritze\nFettpresse", group_id=group_id)
    assert (counts("schmiergerät"), counts("fettspritze")) == ([0, 0], [1, 1])
    delete_synonyms(session, group_id, actor=written.STAFF, now=written.NOW)
    assert counts("fettspritze") == [0, 0]


def test_one_way_only_the_first_word_finds_the_others(session: Session) -> None:
    for slug, name in (("oel", "Motoröl"), ("stoff", "Schmierstoff")):
        written.bundle(session, slug=slug, names={"de": name, "en": "Thing"}, texts={"de": "", "en": ""})
    save(session, "Schmierstoff\nMotoröl", is_one_way=True)

    memory = SearchMemory()

    assert (found(session, memory, "schmierstoff"), found(session, memory, "motoröl")) == (2, 1)


def test_synonyms_renew_the_pages_but_not_the_index_of_words(session: Session) -> None:
    written.bundle(session)
    memory = SearchMemory()
    before, index = versions(session), memory.current(session).index

    save(session, "Lager\x00\n\x07Depot\r\n")

    assert versions(session) == (before[0] + 1, before[1])
    assert memory.current(session).index is index
    assert session.exec(select(SynonymGroup.words)).all() == ["Lager\nDepot"]


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("", "Please give at least two words that the search tells apart."),
        ("Öl\noel", "Please give at least two words that the search tells apart."),
        ("Öl\n---", "“%(word)s” has no letter or digit to search for."),
        ("Öl\nein Wort zu viel hier", "“%(word)s” is too long: at most three words and 60 characters."),
        ("Öl\n" + "x" * 61, "“%(word)s” is too long: at most three words and 60 characters."),
        ("\n".join(f"w{n}" for n in range(13)), "A group holds at most %(most)s words."),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(
    session: Session, words: str, sentence: str
) -> None:
    group_id = save(session, "Öl\nSchmierstoff")
    before = versions(session)

    for target in (None, group_id):
        with pytest.raises(Invalid) as refusal:
            save(session, words, group_id=target)
        assert [(fault.field, fault.message) for fault in refusal.value.fields] == [("words", sentence)]

    assert versions(session) == before
    assert session.exec(select(SynonymGroup.words)).all() == ["Öl\nSchmierstoff"]


def test_a_group_that_is_gone_cannot_be_changed_and_too_many_are_refused(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(session)
    monkeypatch.setattr(keep_synonyms, "MOST_GROUPS", 0)

    with pytest.raises(NotFound):
        save(session, "Öl\nFett", group_id=77)
    with pytest.raises(NotFound):
        delete_synonyms(session, 77, actor=written.STAFF, now=written.NOW)
    with pytest.raises(Refused):
        save(session, "Öl\nFett")

    assert versions(session) == before


def test_the_audit_log_tells_the_words_before_and_after(session: Session) -> None:
    with transaction(session):
        group = make.synonyms(session, "Öl", "Fett")
        group_id = group.id or 0

    save(session, "Öl\nSchmierstoff", group_id=group_id)
    delete_synonyms(session, group_id, actor=written.STAFF, now=written.NOW)

    saved, deleted = session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))
    assert (saved.action, deleted.action) == ("synonyms.saved", "synonyms.deleted")
    assert saved.old == {"words": ["Öl", "Fett"], "is_one_way": False}
    assert saved.new == deleted.old == {"words": ["Öl", "Schmierstoff"], "is_one_way": False}
