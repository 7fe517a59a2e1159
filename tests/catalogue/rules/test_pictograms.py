"""The pictograms: list and files agree, and each file is a small drawing and nothing else."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from app.catalogue.rules.pictograms import PICTOGRAMS

FOLDER = Path(__file__).parents[3] / "static/img/pictograms"
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {SVG + name for name in ("svg", "g", "path", "circle", "ellipse")}
LARGEST_BYTES = 2_000


def test_each_name_on_the_list_is_a_file_and_each_file_is_on_the_list() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.svg" for name in PICTOGRAMS}
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in PICTOGRAMS)


def test_no_two_pictograms_have_one_label() -> None:
    assert len(set(PICTOGRAMS.values())) == len(PICTOGRAMS) == 60


@pytest.mark.parametrize("name", PICTOGRAMS)
def test_a_pictogram_is_a_small_drawing_in_one_colour_without_script_or_reference(name: str) -> None:
    content = (FOLDER / f"{name}.svg").read_bytes()

    root = ElementTree.fromstring(content)

    assert len(content) < LARGEST_BYTES
    assert root.get("viewBox") == "0 0 24 24"
    elements = list(root.iter())
    assert {element.tag for element in elements} <= SHAPES
    names = {attribute for element in elements for attribute in element.attrib}
    assert not {attribute for attribute in names if attribute.startswith("on") or "href" in attribute}
    assert "style" not in names
    colours = {element.get(side) for element in elements for side in ("fill", "stroke")}
    assert colours <= {None, "none", "#121210"}
