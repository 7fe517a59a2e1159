"""Cuts the two fonts of our papers out of the web font; docs/papers.md says when."""

import copy
import io
from pathlib import Path
from typing import Any

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).parent.parent
WEB = ROOT / "static" / "fonts"
PAPER = ROOT / "app" / "core" / "fonts"
CUTS = {"regular": 400, "bold": 700}
REPLACEMENT = 0xFFFD


def main() -> None:
    for name, weight in CUTS.items():
        latin = _cut(WEB / "archivo-latin.woff2", weight, without=set())
        extended = _cut(WEB / "archivo-latin-ext.woff2", weight, without=set(TTFont(latin).getBestCmap()))
        font = Merger().merge([_rewound(latin), extended])
        _name(font, "Archivo", name.capitalize())
        _add_replacement(font)
        font.save(PAPER / f"archivo-{name}.ttf", reorderTables=True)


def _cut(source: Path, weight: int, *, without: set[int]) -> io.BytesIO:
    """One weight of one part of the web font, with figures of equal width, as TrueType."""
    font: Any = instantiateVariableFont(TTFont(source), {"wght": weight})
    for table in font["cmap"].tables:
        for code, glyph in _figures_of_equal_width(font).items():
            if code in table.cmap:
                table.cmap[code] = glyph
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(
        unicodes=[
            code for code in font.getBestCmap() if code >= 0x20 and code != 0xFEFF and code not in without
        ]
    )
    subsetter.subset(font)
    font.flavor = None
    cut = io.BytesIO()
    font.save(cut)
    return _rewound(cut)


def _figures_of_equal_width(font: Any) -> dict[int, str]:
    rules = font["GSUB"].table
    lookups = {
        index
        for record in rules.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for index in record.Feature.LookupListIndex
    }
    instead = {
        old: new
        for index in lookups
        for part in rules.LookupList.Lookup[index].SubTable
        for old, new in getattr(
            part, "mapping", getattr(getattr(part, "ExtSubTable", None), "mapping", {})
        ).items()
    }
    return {code: instead[glyph] for code, glyph in font.getBestCmap().items() if glyph in instead}


def _add_replacement(font: Any) -> None:
    """The box of the missing glyph as U+FFFD: a paper for the archive may not show the missing glyph itself."""
    glyph = "uniFFFD"
    font["glyf"][glyph] = copy.deepcopy(font["glyf"][".notdef"])
    font["hmtx"][glyph] = font["hmtx"][".notdef"]
    font.setGlyphOrder(list(font["glyf"].glyphOrder))
    for table in font["cmap"].tables:
        table.cmap[REPLACEMENT] = glyph


def _name(font: Any, family: str, style: str) -> None:
    for number, text in ((1, family), (2, style), (4, f"{family} {style}"), (6, f"{family}-{style}")):
        font["name"].setName(text, number, 3, 1, 0x409)


def _rewound(stream: io.BytesIO) -> io.BytesIO:
    stream.seek(0)
    return stream


if __name__ == "__main__":
    main()
