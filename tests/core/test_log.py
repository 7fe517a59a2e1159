import logging
from collections.abc import Iterator

import pytest

from app.core.log import configure_logging


@pytest.fixture
def _own_log() -> Iterator[None]:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    root.handlers[:], _ = kept
    root.setLevel(kept[1])


@pytest.mark.usefixtures("_own_log")
def test_printing_an_invoice_says_nothing_of_its_fonts(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")

    logging.getLogger("fontTools.subset").info("Retaining 40 glyphs")
    logging.getLogger("app.worker").info("a job is done")

    said = capsys.readouterr().err
    assert "glyphs" not in said
    assert "a job is done" in said
