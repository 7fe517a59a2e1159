"""The wizard as an office worker meets it: hand in, choose columns, look, import, correct what was refused, undo."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.db import Database
from app.imports.models import Import
from app.imports.rules.mapping import COLUMNS
from app.imports.rules.states import ImportKind, ImportState
from app.mainbrand.models import MainAccount
from app.shop import Shop
from app.staff.rules.roles import Right, Role, may
from app.web.admin import import_words
from app.worker import run_until_idle
from tests import make
from tests.imports.hand_in import files_in, table_rows
from tests.web.conftest import Browser

LIST = "Nr;Firma;Ort;Klasse;Umsatz\n1;Ahrenborn;Ulm;A;1.234,50\n2;=Birkeck;;Z;\n3;Celle;;C;12\n"


@pytest.fixture
def clerk(session: Session, browser: Callable[..., Browser]) -> Browser:
    return browser(make.staff_member(session, role=Role.OPERATIONS, name="Kim Büro"))


def upload(
    visitor: Browser, content: str | bytes, *, csrf: str = "", file_name: str = "liste.csv", **values: str
) -> Any:
    fields = {"csrf": csrf or visitor.csrf("/admin/imports"), "kind": "accounts", **values}
    return visitor.post("/admin/imports", data=fields, files={"file": (file_name, content)})


def numbers_on(text: str) -> list[str]:
    return re.findall(r"<b>([\d.,]+)</b>", text)


def mapped(visitor: Browser, shop: Shop, content: str, columns: dict[str, str], **values: str) -> str:
    """Hands a list in, has it looked at, chooses its columns, has it checked; the address of its page."""
    where: str = upload(visitor, content).headers["location"]
    run_until_idle(shop)
    answer = visitor.submit(f"{where}/columns", {**columns, **values})
    assert answer.status_code == 303, answer.text
    run_until_idle(shop)
    return where


def test_a_list_goes_from_the_upload_to_the_accounts(clerk: Browser, shop: Shop, session: Session) -> None:
    answer = upload(clerk, LIST, source="ERP export")
    where = answer.headers["location"]
    busy = clerk.get(where).text
    run_until_idle(shop)
    columns = clerk.get(where).text
    assert 'hx-trigger="every 1s"' in busy
    assert '<noscript><meta http-equiv="refresh"' in busy
    assert '<option value="Firma" selected>Firma  (Ahrenborn · =Birkeck · Celle)</option>' in columns
    assert "hx-trigger" not in columns

    clerk.submit(
        f"{where}/columns",
        {"account_number": "Nr", "company_name": "Firma", "city": "Ort", "segment": "Klasse"},
    )
    run_until_idle(shop)
    checked = clerk.get(where).text
    assert numbers_on(checked) == ["2", "0", "0", "1"]
    assert "is neither A, B nor C" in checked
    assert session.exec(select(MainAccount)).all() == []

    clerk.submit(f"{where}/apply")
    run_until_idle(shop)
    done = clerk.get(where).text
    session.rollback()
    assert "imported" in done
    assert sorted(session.exec(select(MainAccount.company_name))) == ["Ahrenborn", "Celle"]
    history = clerk.get("/admin/imports").text
    assert "Kim Büro" in history
    assert "liste.csv" in history


def test_the_first_lines_are_shown_as_understood_beside_what_stands_in_the_file(
    clerk: Browser, shop: Shop
) -> None:
    where = mapped(
        clerk, shop, LIST, {"account_number": "Nr", "company_name": "Firma", "revenue_12m": "Umsatz"}
    )

    shown = clerk.get(where).text

    assert '€1,234.50<span class="raw">1.234,50</span>' in shown.replace("\n", "").replace("  ", "")


def test_refused_lines_are_downloaded_defused_corrected_and_handed_in_again(
    clerk: Browser, shop: Shop, session: Session
) -> None:
    columns = {"account_number": "Nr", "company_name": "Firma", "segment": "Klasse"}
    where = mapped(clerk, shop, LIST, columns)

    answer = clerk.get(f"{where}/rejects", headers={"accept-language": "de"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert rows[1] == ["2", "'=Birkeck", "", "Z", "", "3", "segment", "ist weder A, B noch C"]

    again = upload(clerk, answer.text.replace(";Z;", ";B;"), file_name="refused-1.csv").headers["location"]
    run_until_idle(shop)
    assert 'value="Klasse" selected' in clerk.get(again).text
    clerk.submit(f"{again}/columns", columns)
    run_until_idle(shop)
    clerk.submit(f"{again}/apply")
    run_until_idle(shop)
    session.rollback()
    assert list(session.exec(select(MainAccount.company_name))) == ["=Birkeck"]


def test_the_last_import_is_undone_by_a_press(clerk: Browser, shop: Shop, session: Session) -> None:
    where = mapped(clerk, shop, LIST, {"account_number": "Nr", "company_name": "Firma"})
    clerk.submit(f"{where}/apply")
    run_until_idle(shop)
    assert "Undo this import" in clerk.get(where).text

    answer = clerk.submit(f"{where}/undo")

    session.rollback()
    assert answer.status_code == 303
    assert session.exec(select(MainAccount)).all() == []
    assert "Kim Büro has undone this import" in clerk.get(where).text


def test_an_import_that_cannot_be_undone_says_why(clerk: Browser, shop: Shop, database: Database) -> None:
    wheres = []
    for content in (LIST, LIST.replace("Celle", "Celle KG")):
        where = mapped(clerk, shop, content, {"account_number": "Nr", "company_name": "Firma"})
        clerk.submit(f"{where}/apply")
        run_until_idle(shop)
        wheres.append(where)
    before = table_rows(database, "main_accounts", "imports")

    answer = clerk.submit(f"{wheres[0]}/undo")

    assert answer.status_code == 409
    assert "A newer import (liste.csv) builds on this one." in answer.text
    assert "Undo this import" not in clerk.get(wheres[0]).text
    assert table_rows(database, "main_accounts", "imports") == before


def test_a_missing_column_is_named_and_the_other_choices_stay(
    clerk: Browser, shop: Shop, session: Session
) -> None:
    where = upload(clerk, LIST).headers["location"]
    run_until_idle(shop)

    answer = clerk.submit(f"{where}/columns", {"account_number": "Nr", "city": "Klasse"})

    assert answer.status_code == 422
    assert 'href="#f-company_name"' in answer.text
    assert answer.text.count('value="Klasse" selected') == 1
    session.rollback()
    assert session.exec(select(Import.state)).one() is ImportState.MAPPING


@pytest.mark.parametrize("content, said", [(b"", "not empty"), (b"%PDF-1.7", "")])
def test_an_empty_file_is_refused_and_a_wrong_one_says_what_to_do(
    clerk: Browser, shop: Shop, content: bytes, said: str
) -> None:
    answer = upload(clerk, content, file_name="liste.pdf")

    if said:
        assert answer.status_code == 422
        assert said in answer.text
        assert files_in(shop.settings.spool_folder) == []
        return
    where = answer.headers["location"]
    run_until_idle(shop)
    assert "liste.pdf is no list that can be read: save it as CSV or XLSX" in clerk.get(where).text
    assert "liste.pdf ist keine lesbare Liste" in clerk.get(where, headers={"accept-language": "de"}).text


def test_a_forged_form_is_refused_before_a_byte_of_its_file_is_stored(
    clerk: Browser, shop: Shop, database: Database
) -> None:
    before = table_rows(database, "imports", "jobs", "audit_entries")

    answer = upload(clerk, LIST * 200_000, csrf="forged")

    assert answer.status_code == 403
    assert files_in(shop.settings.spool_folder) == []
    assert table_rows(database, "imports", "jobs", "audit_entries") == before


@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\nnothing",
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + b"a" * 200_000 + b"\r\n--x--\r\n",
        b"--x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    ],
)
def test_a_damaged_form_is_refused_and_leaves_nothing(clerk: Browser, shop: Shop, body: bytes) -> None:
    answer = clerk.post(
        "/admin/imports", content=body, headers={"content-type": "multipart/form-data; boundary=x"}
    )

    assert answer.status_code in (403, 422)
    assert files_in(shop.settings.spool_folder) == []


def test_a_file_whose_form_breaks_off_is_not_taken_for_a_whole_one(clerk: Browser, shop: Shop) -> None:
    token = clerk.csrf("/admin/imports")
    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"csrf": token, "kind": "accounts"}.items()
    )
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + LIST
    form = {"content-type": "multipart/form-data; boundary=x"}

    broken = clerk.post("/admin/imports", content=(fields + file).encode(), headers=form)
    left = files_in(shop.settings.spool_folder)
    whole = clerk.post("/admin/imports", content=(fields + file + "\r\n--x--\r\n").encode(), headers=form)

    assert (broken.status_code, left) == (422, [])
    assert whole.status_code == 303


def test_a_large_file_goes_to_the_disk_and_nobody_without_the_right_sends_one(
    clerk: Browser, session: Session, browser: Callable[..., Browser], shop: Shop
) -> None:
    viewer = browser(make.staff_member(session, role=Role.VIEWER))
    large = "Nr;Firma\n" + "1;" + "x" * 2_000_000 + "\n"

    refused = upload(viewer, large, csrf=viewer.csrf("/admin"))
    taken = upload(clerk, large)

    assert refused.status_code == 403
    assert taken.status_code == 303
    assert files_in(shop.settings.spool_folder) == [".list"]
    lying = next(Path(shop.settings.spool_folder).iterdir())
    assert lying.stat().st_size == len(large)
    assert lying.stat().st_mode & 0o077 == 0 or lying.parent.stat().st_mode & 0o077 == 0


def test_pressing_cancel_ends_it_and_its_file_is_gone(clerk: Browser, shop: Shop, session: Session) -> None:
    where = mapped(clerk, shop, LIST, {"account_number": "Nr", "company_name": "Firma"})

    answer = clerk.submit(f"{where}/cancel")

    session.rollback()
    assert answer.headers["location"] == "/admin/imports?done=import_cancelled"
    assert session.exec(select(Import.state)).one() is ImportState.CANCELLED
    assert files_in(shop.settings.spool_folder) == []
    assert clerk.submit(f"{where}/apply").status_code == 409


def test_htmx_gets_the_panel_alone(clerk: Browser) -> None:
    where = upload(clerk, LIST).headers["location"]

    part = clerk.get(where, headers={"hx-request": "true"}).text

    assert part.lstrip().startswith('<div id="import-panel"')
    assert "<html" not in part


@pytest.mark.parametrize("role", list(Role))
def test_samples_are_for_all_who_look_and_refused_lines_for_those_who_import(
    session: Session, browser: Callable[..., Browser], shop: Shop, role: Role
) -> None:
    entry = make.checked_import(session, rejected_count=1)
    shop.settings.spool_folder.mkdir(parents=True)
    (shop.settings.spool_folder / f"{entry.token}.rejects.csv").write_text("Nr;reject_line\n7;2\n")
    visitor = browser(make.staff_member(session, role=role))

    sample = visitor.get("/admin/imports/samples/purchases")
    rejects = visitor.get(f"/admin/imports/{entry.id}/rejects")

    assert sample.status_code == 200
    assert rejects.status_code == (200 if may(role, Right.IMPORT) else 403)


@pytest.mark.parametrize("kind", list(ImportKind))
def test_a_sample_goes_through_the_wizard_without_a_refused_line(
    clerk: Browser, shop: Shop, session: Session, kind: ImportKind
) -> None:
    sample = clerk.get(f"/admin/imports/samples/{kind.value}").content
    where = upload(clerk, sample, kind=kind.value).headers["location"]
    run_until_idle(shop)
    suggested = session.exec(select(Import).order_by(col(Import.id).desc())).first()
    assert suggested is not None

    clerk.submit(f"{where}/columns", dict(suggested.mapping))
    run_until_idle(shop)

    assert len(suggested.mapping) == sample.decode("utf-8-sig").splitlines()[0].count(";") + 1
    assert numbers_on(clerk.get(where).text)[0] == "3"
    assert numbers_on(clerk.get(where).text)[-1] == "0"


def test_every_column_has_its_name_and_its_meaning() -> None:
    for kind, columns in COLUMNS.items():
        assert set(import_words.COLUMNS[kind]) == {column.name for column in columns}
    assert set(import_words.STATES) == set(ImportState)


def test_what_waits_for_a_person_stands_in_the_inbox(clerk: Browser, session: Session) -> None:
    make.checked_import(session)

    shown = clerk.get("/admin").text

    assert re.search(r'href="/admin/imports\?state=checked"><b>1</b>', shown)
