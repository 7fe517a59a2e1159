"""Starting the process that reads a file, listening to it, and ending it when it takes too much."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.core.errors import N_, Invalid
from app.imports.task import ReadTask

ROOT = Path(__file__).resolve().parents[2]
MOST_MEMORY_BYTES = 720 * 1024**2
LONGEST_SECONDS = 1_500
LOOK_EVERY_SECONDS = 0.2
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
Message = Mapping[str, Any]


class Stopped(Exception):
    """The caller did not want the rest."""


def read_list(
    task: ReadTask,
    *,
    on_message: Callable[[Message], bool],
    most_memory_bytes: int = MOST_MEMORY_BYTES,
    longest_seconds: float = LONGEST_SECONDS,
) -> Message:
    """Has a file read by a process of its own; returns its last message (`head` or `done`).

    `on_message` gets `preview` and `progress`; where it returns False, the process is ended and Stopped raised.
    The process has neither the database nor a secret. Raises Invalid: what the file is refused for, or
    `import.too_heavy` where it takes more memory or time than any list does.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "app.imports.reader"],
        cwd=ROOT,
        env={name: os.environ[name] for name in KEPT if name in os.environ} | {"POLARS_MAX_THREADS": "2"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(task.as_text())
        process.stdin.close()
        return _listen(
            process, on_message, most_memory_bytes=most_memory_bytes, until=time.monotonic() + longest_seconds
        )
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _listen(
    process: "subprocess.Popen[str]",
    on_message: Callable[[Message], bool],
    *,
    most_memory_bytes: int,
    until: float,
) -> Message:
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    complaint: list[str] = []
    collecting = threading.Thread(target=_collect, args=(process, complaint), daemon=True)
    collecting.start()
    while True:
        try:
            line = lines.get(timeout=LOOK_EVERY_SECONDS)
        except queue.Empty:
            line = ""
        if _memory_of(process.pid) > most_memory_bytes or time.monotonic() > until:
            raise _too_heavy()
        if line is None:
            code = process.wait()
            # What it complained of may still be on its way.
            collecting.join(timeout=5)
            if code < 0 or "MemoryError" in "".join(complaint):
                raise _too_heavy()
            raise RuntimeError(f"the reader ended with {code}: {''.join(complaint)[-2000:]}")
        if not line:
            continue
        message = json.loads(line)
        if message["kind"] == "invalid":
            raise Invalid(message["message"], code=message["code"], **message["values"])
        if message["kind"] in ("head", "done"):
            return dict(message)
        if not on_message(message):
            raise Stopped


def _pump(process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
    except ValueError:  # closed while it was read
        pass
    lines.put(None)


def _collect(process: "subprocess.Popen[str]", complaint: list[str]) -> None:
    try:
        assert process.stderr is not None
        for line in process.stderr:
            complaint[:] = [*complaint[-40:], line[:500]]
    except ValueError:
        pass


def _memory_of(pid: int) -> int:
    """The resident memory of a process in bytes; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _too_heavy() -> Invalid:
    return Invalid(
        N_(
            "The file takes more memory or time than any list should: "
            "save it as CSV, without empty columns, or in several parts."
        ),
        code="import.too_heavy",
    )
