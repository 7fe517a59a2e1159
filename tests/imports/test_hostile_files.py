"""Files that are made to hurt, or are no lists at all: refused with a reason that names the fix, in bounded memory."""

import re
import resource
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from app.core.errors import Invalid
from app.imports import child
from app.imports.child import Message, Stopped, read_list
from app.imports.rules.states import ImportKind
from app.imports.service_reading import read_into
from app.imports.task import ReadTask
from app.mainbrand.rules.shares import RevenueBounds
from app.mainbrand.rules.thresholds import Thresholds
from tests.make_xlsx import SHEET, START, write_parts, write_xlsx

ANY = {"account_number": "account_number", "company_name": "company_name"}
HEAD = b"account_number;company_name\n1;a\n"
GOOD = "".join(f"{n};Firma {n}\n" for n in range(30)).encode()
MOST_BYTES = 400 * 1024**2


def task(path: Path, **more: object) -> ReadTask:
    values: dict[str, object] = {
        "path": str(path),
        "file_name": path.name,
        "kind": ImportKind.ACCOUNTS.value,
        "mapping": ANY,
        "thresholds": Thresholds(RevenueBounds(5_000_000, 1_000_000), 1_000_000, 0.15, 200),
        **more,
    }
    return ReadTask(**values)  # type: ignore[arg-type]


def refusal(path: Path, folder: Path, *, is_head_only: bool = False) -> Invalid:
    """Why a file is refused, read by the real process; it must neither take long nor much memory."""
    with pytest.raises(Invalid) as refused:
        read_into(task(path, is_head_only=is_head_only), folder, lambda _: True)
    return refused.value


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as target:
            for _ in range(300):
                target.write(b" " * 1024**2)
    return path


def entities(path: Path) -> Path:
    layers = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    cells = "<sheetData><row><c><v>&e9;</v></c></row></sheetData>"
    sheet = f'<!DOCTYPE x [<!ENTITY e0 "lol">{layers}]><worksheet>{cells}</worksheet>'
    return write_parts(path, {"xl/worksheets/sheet1.xml": sheet})


def shared_texts(path: Path) -> Path:
    """A table of texts that unpacks to far more than it weighs, below the ratio that is refused at once."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", f'{START}<workbook xmlns="{SHEET}"><sheets/></workbook>')
        archive.writestr("xl/worksheets/sheet1.xml", f'{START}<worksheet xmlns="{SHEET}"/>')
        with archive.open("xl/sharedStrings.xml", "w") as target:
            target.write(f'{START}<sst xmlns="{SHEET}">'.encode())
            for n in range(2_100):
                target.write("".join(f"<si><t>{n * 1000 + k:x}</t></si>" for k in range(1000)).encode())
            target.write(b"</sst>")
    return path


def far_row(path: Path) -> Path:
    sheet = (
        f'{START}<worksheet xmlns="{SHEET}"><dimension ref="A1:XFD1048576"/><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>account_number</t></is></c>'
        '<c r="AAAAAA1"><v>1</v></c></row></sheetData></worksheet>'
    )
    return write_parts(path, {"xl/worksheets/sheet1.xml": sheet})


def zip_without_sheets(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "hello")
    return path


def half(path: Path) -> Path:
    content = write_xlsx(path, [[f"cell {n}", n] for n in range(5_000)]).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def wide_parquet(path: Path) -> Path:
    pl.DataFrame({f"column {n}": [1] for n in range(5_000)}).write_parquet(path)
    return path


def written(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


HOSTILE: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "a PDF": (written(b"%PDF-1.7\nstream"), "file.unknown_kind", "save it as CSV or XLSX"),
    "a PNG": (written(b"\x89PNG\r\n\x1a\n\0\0\0"), "file.unknown_kind", "save it as CSV or XLSX"),
    "a web page": (written(b"<!DOCTYPE html><table>"), "file.unknown_kind", "save it as CSV or XLSX"),
    "an old workbook": (written(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "file.old_excel", "save it as XLSX"),
    "a ZIP without sheets": (zip_without_sheets, "file.damaged", "no XLSX workbook"),
    "an empty file": (written(b""), "file.empty", "is empty"),
    "half a workbook": (half, "file.damaged", "only half of one"),
    "half a parquet file": (written(b"PAR1 and no more"), "file.damaged", "cannot be read to its end"),
    "a bomb": (bomb, "file.damaged", "expands far more"),
    "a billion laughs": (entities, "file.damaged", "entities"),
    "two million texts": (shared_texts, "file.damaged", "texts are too many"),
    "a cell in column 300 million": (far_row, "file.damaged", "beyond column 512"),
    "ten million columns": (written(b";" * 10_000_000 + b"\n1\n"), "file.unknown_kind", "CSV or XLSX"),
    "six hundred columns": (written(b";".join([b"a"] * 600) + b"\n"), "file.too_wide", "keep only those"),
    "five thousand columns of parquet": (wide_parquet, "file.too_wide", "keep only those"),
    "NULs": (written(HEAD + b"2;\0\0\0\n"), "file.unknown_kind", "save it as CSV"),
    "a line of 10 MB": (written(HEAD + b"2;" + b"x" * 10_000_000 + b"\n"), "file.damaged", "read to its end"),
    "ten million cells in a line": (
        written(HEAD + GOOD + b";" * 10_000_000 + b"\n"),
        "file.damaged",
        "a line is longer than any list has",
    ),
    "a quotation mark that never ends": (
        written(HEAD + GOOD + b'2;"' + b"a\n" * 600_000),
        "file.damaged",
        "cannot be read to its end",
    ),
    "a needed heading twice": (
        written(b"account_number;company_name;company_name\n1;a;b\n"),
        "file.columns_twice",
        "company_name",
    ),
    "bytes of no encoding": (written(HEAD + b"2;\x81\x8d\n"), "file.damaged", "neither UTF-8 nor"),
}


def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The most memory that the reading process had, each time it was looked at; looked at often."""
    peaks: list[int] = []

    def look(pid: int) -> int:
        try:
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        except OSError:
            found = None
        peaks.append(int(found[1]) * 1024 if found else 0)
        return peaks[-1]

    monkeypatch.setattr(child, "_memory_of", look)
    monkeypatch.setattr(child, "LOOK_EVERY_SECONDS", 0.01)
    return peaks


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process had at most")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_list_is_refused_with_a_reason_in_bounded_time_and_memory(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, code, said = HOSTILE[name]
    path = make(tmp_path / "liste.xlsx")
    folder = tmp_path / "work"
    folder.mkdir()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks = watched(monkeypatch)

    error = refusal(path, folder)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (error.code, said in str(error)) == (code, True), str(error)
    assert "liste.xlsx" in str(error)
    assert after.ru_utime - before.ru_utime < 20
    assert 0 < max(peaks) < MOST_BYTES * 1.2
    assert not (folder / "rejects.csv").exists()


def test_formulas_of_a_workbook_are_texts_or_their_last_value_and_never_run(tmp_path: Path) -> None:
    sheet = (
        f'{START}<worksheet xmlns="{SHEET}"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>account_number</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>company_name</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>WEBSERVICE("http://x")</f><v>Firm</v></c></row>'
        '<row r="3"><c r="A3"><f>cmd|\' /C calc\'!A0</f></c><c r="B3" t="inlineStr"><is><t>=1+1</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    path = write_parts(tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": sheet})
    seen: list[Message] = []

    done = read_into(task(path), tmp_path, lambda message: seen.append(message) or True)  # type: ignore[func-returns-value]

    shown = [[cell["value"] for cell in line["cells"]] for line in seen[0]["lines"]]
    assert shown == [["2", "Firm"], [None, None]]
    assert done["rejected_count"] == 1
    assert "'=1+1" in (tmp_path / "rejects.csv").read_text("utf-8-sig")


def test_a_process_that_takes_too_much_memory_is_ended_and_the_file_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + b"".join(b"%d;Firma\n" % n for n in range(2, 300_000)))
    started = time.monotonic()

    with pytest.raises(Invalid) as refused:
        read_list(task(path, folder=str(tmp_path)), on_message=lambda _: True, most_memory_bytes=10_000_000)

    assert refused.value.code == "import.too_heavy"
    assert "several parts" in str(refused.value)
    assert time.monotonic() - started < 30


def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD + b"".join(b"%d;Firma\n" % n for n in range(2, 300_000)))

    with pytest.raises(Invalid, match="memory or time"):
        read_list(task(path, folder=str(tmp_path)), on_message=lambda _: True, longest_seconds=0.5)


def test_whoever_does_not_want_the_rest_gets_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEAD)

    with pytest.raises(Stopped):
        read_list(task(path, folder=str(tmp_path)), on_message=lambda _: False)


def test_the_reading_process_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET_KEY", "secret-" * 8)
    monkeypatch.setenv("SHOP_DATABASE_URL", "sqlite:///secret.db")

    assert "SHOP" not in " ".join(child.KEPT)
    environment = Path("/proc/self/environ")
    if environment.exists():
        script = tmp_path / "spy"
        script.write_text("#!/bin/sh\ncat > /dev/null\nenv >&2\nexit 7\n")
        script.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(script))
        with pytest.raises(RuntimeError) as ended:
            read_list(task(tmp_path / "a"), on_message=lambda _: True)
        assert "secret" not in str(ended.value)
        assert "PATH=" in str(ended.value)
