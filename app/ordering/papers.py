"""The papers of a contract as PDF: the terms of a version."""

import functools
import itertools
from datetime import datetime

from babel.dates import format_date

from app.core.errors import N_
from app.core.i18n import translate
from app.core.pdf import Paper
from app.core.rendering import LOCALES
from app.ordering.rules.terms_text import Block, BlockKind, read_blocks

TITLE = N_("Terms")
VERSION = N_("Version %(name)s of %(day)s")


@functools.lru_cache(maxsize=32)
def terms_paper(*, name: str, text: str, language: str, created_at: datetime, head: str) -> bytes:
    """The terms of one version as PDF; `head` names the seller at the top of each page.

    A version never changes, so its paper is made once in a process and has the same bytes in each.
    """
    title = translate(language, TITLE)
    day = format_date(created_at, format="long", locale=LOCALES[language])
    version = translate(language, VERSION, name=name, day=day)
    paper = Paper(title=f"{title} · {version}", language=language, made_at=created_at, head=head)
    paper.heading(title)
    paper.paragraph(version, small=True)
    write_terms(paper, text)
    return paper.to_bytes()


def write_terms(paper: Paper, text: str) -> None:
    """The blocks of a text of terms, one below the other."""
    for kind, blocks in itertools.groupby(read_blocks(text), key=lambda block: block.kind):
        if kind is BlockKind.POINT:
            paper.points(block.text for block in blocks)
            continue
        for block in blocks:
            _write(paper, block)


def _write(paper: Paper, block: Block) -> None:
    if block.kind is BlockKind.HEADING:
        paper.heading(block.text, level=3)
    else:
        paper.paragraph(block.text)
