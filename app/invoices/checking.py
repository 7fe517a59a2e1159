"""Checking invoices by the official rules, in a child process that is kept, replaced when it hangs, and let go."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import N_, Unavailable

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
START_SECONDS = 120.0
LONGEST_SECONDS = 30.0
IDLE_SECONDS = 300.0
COMMAND = (sys.executable, "-m", "app.invoices.rules_child")


@dataclass(frozen=True, slots=True)
class Report:
    """What the rules (`rules` names them) found in an XML file; only fatal findings refuse it."""

    rules: str
    findings: tuple[Mapping[str, str], ...]

    @property
    def is_passed(self) -> bool:
        return not any(finding["flag"] == "fatal" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The report as it is stored with the document."""
        return {"rules": self.rules, "findings": [dict(finding) for finding in self.findings]}


class _Lost(Exception):
    """The child died or did not answer in time."""


class Checker:
    """One child process, started when first needed and ended after some minutes without work; safe for threads.

    The child has neither the database nor a secret, and no limit of address space (it would not start). One that
    dies or hangs dies alone.
    """

    def __init__(
        self,
        *,
        command: tuple[str, ...] = COMMAND,
        start_seconds: float = START_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._command = command
        self._start_seconds = start_seconds
        self._longest_seconds = longest_seconds
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._rules = ""
        self._timer: threading.Timer | None = None

    def check(self, xml: bytes) -> Report:
        """What the rules say of a file. Raises Unavailable (`invoice.check_unavailable`) where nobody could say."""
        with self._lock:
            self._stay()
            try:
                return self._ask(xml)
            except _Lost:
                # The one that was kept may have died long ago: a fresh one is asked once.
                self._end()
            try:
                return self._ask(xml)
            except _Lost as lost:
                self._end()
                raise Unavailable(
                    N_("The check of the invoice does not answer. It is tried again."),
                    code="invoice.check_unavailable",
                ) from lost
            finally:
                self._leave_later()

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is none."""
        return self._child.pid if self._child else None

    def close(self) -> None:
        """Ends the child."""
        with self._lock:
            self._stay()
            self._end()

    def _ask(self, xml: bytes) -> Report:
        child = self._started()
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps({"xml": xml.decode()}).encode() + b"\n")
            child.stdin.flush()
        except OSError as error:
            raise _Lost from error
        answer = self._read(child, self._longest_seconds)
        if "error" in answer:
            return Report(self._rules, ({"rule": "XML", "flag": "fatal", "text": answer["error"]},))
        self._leave_later()
        return Report(self._rules, tuple(answer["findings"]))

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._child is not None:
            return self._child
        self._unread = b""
        self._child = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._rules = str(self._read(self._child, self._start_seconds).get("rules", ""))
        return self._child

    def _read(self, child: "subprocess.Popen[bytes]", seconds: float) -> dict[str, Any]:
        assert child.stdout is not None
        until = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = until - time.monotonic()
            if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
                raise _Lost
            more = os.read(child.stdout.fileno(), 1 << 16)
            if not more:
                raise _Lost
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass

    def _stay(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _leave_later(self) -> None:
        self._stay()
        self._timer = threading.Timer(self._idle_seconds, self._leave)
        self._timer.daemon = True
        self._timer.start()

    def _leave(self) -> None:
        # Whoever is asking at this moment keeps the child, and sets a new timer.
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()
