"""The wizard for lists, with scripts and without, on a phone and at a desk: every page fits and has no barrier."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import acts
from tests.browser.conftest import Visitor
from tests.browser.installation import Installation
from tests.browser.visit import Visit, Window

DESK = Window(1280, "en", scheme="dark")
PHONE = Window(390, "de")
PLAIN_PHONE = Window(390, "de", has_scripts=False)
WAIT_TURNS = 120


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "window, email, first",
    [
        pytest.param(DESK, "admin@demo.example", 910_000, id=str(DESK)),
        pytest.param(PHONE, "lead@demo.example", 920_000, id=str(PHONE)),
        pytest.param(PLAIN_PHONE, "ops@demo.example", 930_000, id=str(PLAIN_PHONE)),
    ],
)
def test_a_list_is_handed_in_looked_at_imported_and_undone(
    visitor: Visitor, installation: Installation, tmp_path: Path, window: Window, email: str, first: int
) -> None:
    visit = visitor(window)
    source = tmp_path / "Kundenliste März.csv"
    lines = "".join(f"{first + n};Quellgrund {n} Metallbau;04109;C;1.{n:03},50\n" for n in range(40))
    source.write_text(
        f"KdNr;Firma;PLZ;Klasse;Umsatz\n{lines}{first + 99};Ohne Klasse;;Z;\n", encoding="cp1252"
    )
    acts.log_in_as_staff(visit, installation, email)

    visit.open("/admin/imports")
    visit.page.locator("input[name=kind][value=accounts]").check()
    visit.page.locator("#f-file").set_input_files(source)
    visit.press("Upload and look at it")
    expect(visit.page.locator("h1")).to_have_text("Kundenliste März.csv")
    _wait_for(visit, "#f-company_name")
    expect(visit.page.locator("#f-company_name")).to_have_value("Firma")
    # "Klasse" is known as the segment, and "KdNr" as the account's number.
    expect(visit.page.locator("#f-account_number")).to_have_value("KdNr")
    visit.look()
    visit.press("Show what would happen")
    _wait_for(visit, "form[action$='/apply']")
    text = visit.look()
    assert _figures(visit) == ["40", "0", "0", "1"]
    assert visit.say("is neither A, B nor C") in text
    expect(visit.page.locator("tbody tr", has_text="Quellgrund 0 Metallbau")).to_be_visible()

    visit.press("Import now")
    _wait_for(visit, "form[action$='/undo']")
    visit.look()
    with visit.page.expect_download() as downloading:
        visit.page.get_by_role("link", name=visit.say("Download the refused lines")).click()
    refused = Path(downloading.value.path()).read_text("utf-8-sig")
    assert refused.splitlines()[1].startswith(f"{first + 99};Ohne Klasse;;Z;;42;segment;")
    assert visit.say("is neither A, B nor C") in refused

    visit.page.on("dialog", lambda dialog: dialog.accept())
    visit.press("Undo this import")
    expect(visit.page.locator(".badge", has_text=visit.say("undone"))).to_be_visible()
    visit.open(f"/admin/accounts?q={first}")
    expect(visit.page.locator("tbody tr")).to_have_count(0)
    visit.open("/admin/imports?state=undone")


def test_keys_of_the_api_are_made_and_revoked(visitor: Visitor, installation: Installation) -> None:
    visit = visitor(PHONE)
    acts.log_in_as_staff(visit, installation, "admin@demo.example")
    visit.open("/admin/api-keys")

    visit.page.locator("#f-name").fill("ERP jede Nacht")
    visit.page.locator("#f-scopes-1").check()
    visit.press("Make key")
    key = visit.text(".notice code")

    assert re.fullmatch(r"schlicht_[\w-]{43}", key)
    visit.page.on("dialog", lambda dialog: dialog.accept())
    visit.press("Revoke")
    expect(visit.page.locator(".badge", has_text=visit.say("revoked"))).to_be_visible()


def _wait_for(visit: Visit, selector: str) -> None:
    """The worker's turn: htmx asks for the panel again by itself; without scripts a person loads the page again."""
    target = visit.page.locator(selector)
    for _ in range(WAIT_TURNS):
        if target.count():
            return
        visit.page.wait_for_timeout(500)
        if not visit.window.has_scripts:
            visit.page.reload()
    raise AssertionError(f"{selector} never came: {visit.text('main')}")


def _figures(visit: Visit) -> list[str]:
    return [one.inner_text() for one in visit.page.locator(".figures b").all()]
