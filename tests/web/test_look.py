"""The look: vendored files are genuine, style sheets stay small, nothing comes from elsewhere."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from app.catalogue.rules.kinds import Kind

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
CSS_LIMIT_BYTES = 40_000
OWN_FILES = sorted([*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")])
ADDRESS = re.compile(
    rb"""(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+|@import|url\(\s*["']?data:""", re.IGNORECASE
)


def _vendored() -> list[list[str]]:
    lines = (STATIC / "vendor" / "VENDOR.txt").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("entry", _vendored(), ids=lambda entry: entry[2])
def test_a_vendored_file_has_the_hash_that_vendor_txt_names(entry: list[str]) -> None:
    _name, _version, path, _licence, expected = entry

    digest = hashlib.sha384((ROOT / path).read_bytes()).digest()

    assert "sha384-" + base64.b64encode(digest).decode() == expected


def test_each_vendored_script_and_font_is_listed_and_has_its_licence_beside_it() -> None:
    files = [*(STATIC / "vendor").iterdir(), *(STATIC / "fonts").iterdir()]
    found = {path for path in files if path.suffix != ".txt"}

    listed = {ROOT / entry[2] for entry in _vendored()}

    assert found == listed
    for path in found:
        assert (path.parent / f"{path.name.split('-')[0]}-LICENSE.txt").stat().st_size > 500


def test_all_style_sheets_together_stay_under_forty_kilobytes() -> None:
    sizes = {path.name: path.stat().st_size for path in (STATIC / "css").glob("*.css")}

    assert set(sizes) == {"tokens.css", "base.css", "store.css", "admin.css", "print.css"}
    assert 0 < sum(sizes.values()) < CSS_LIMIT_BYTES


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_no_style_sheet_or_script_names_an_address_elsewhere(path: Path) -> None:
    found = ADDRESS.findall(path.read_bytes())

    assert found == []


def test_each_address_in_a_style_sheet_is_a_file_that_exists() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        for address in re.findall(r'url\("([^"]+)"\)', sheet.read_text(encoding="utf-8")):
            assert (sheet.parent / address).resolve().is_file(), f"{sheet.name}: {address}"


def test_each_kind_of_block_has_a_pictogram_without_script_or_outside_reference() -> None:
    names = {path.stem for path in (STATIC / "img" / "kinds").glob("*.svg")}

    assert names == {kind.value for kind in Kind}
    for path in STATIC.glob("img/**/*.svg"):
        text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"<script|<style|\son\w+=|href|https?:", text), path.name
