"""The page of synonyms."""

from sqlmodel import Session, col, select

from app.catalogue.models import SynonymGroup
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser


def test_groups_are_added_changed_and_deleted_on_one_page(
    admin: Browser, things: Desk, session: Session
) -> None:
    added = admin.submit("/admin/synonyms", {"words": "WD 40,  Kriechöl\r\nKriechöl", "is_one_way": "1"})
    group = session.exec(select(SynonymGroup).where(col(SynonymGroup.id) != things.synonyms.id)).one()
    page = admin.get(added.headers["location"]).text
    edited = admin.get(f"/admin/synonyms?group={group.id}").text
    admin.submit(f"/admin/synonyms/{group.id}", {"words": "WD 40\nRostlöser"})
    changed = fresh(session, group)

    assert "Saved: the next search knows it." in page
    assert "<b>WD 40</b> → Kriechöl" in page
    assert "<b>Fett = Schmierstoff</b>" in page
    assert f'action="/admin/synonyms/{group.id}"' in edited
    assert "WD 40\nKriechöl</textarea>" in edited
    assert (changed.words, changed.is_one_way) == ("WD 40\nRostlöser", False)
    admin.submit(f"/admin/synonyms/{group.id}", {"act": "delete"})
    assert "<b>WD 40" not in admin.get("/admin/synonyms").text


def test_a_wrong_group_comes_back_as_it_was_typed(admin: Browser, things: Desk, session: Session) -> None:
    answer = admin.submit("/admin/synonyms", {"words": "Einsam & allein", "is_one_way": "1"})

    assert answer.status_code == 422
    assert "Please give at least two words that the search tells apart." in answer.text
    assert "Einsam &amp; allein</textarea>" in answer.text
    assert len(session.exec(select(SynonymGroup)).all()) == 1


def test_a_long_list_is_searched(admin: Browser, things: Desk) -> None:
    assert "Fett = Schmierstoff" in admin.get("/admin/synonyms?q=fett").text
    assert "No group has this word" in admin.get("/admin/synonyms?q=%25").text
    assert admin.get("/admin/synonyms?group=999").status_code == 200
