"""Starts a development server as its own process, waits until it answers, stops exactly that one."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx2

_ROOT = Path(__file__).resolve().parent.parent
_START_S = 60.0


class ServerDidNotStart(Exception):
    """The process ended or stayed silent; the message holds what it printed."""


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class ServerProcess:
    """One `python -m module …`; `stop()` ends it, as does leaving the `with` block."""

    def __init__(self, module: str, arguments: list[str], *, ready_url: str) -> None:
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=_ROOT,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        self.http = httpx2.Client(timeout=30, trust_env=False)
        try:
            self._wait(ready_url)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The process id, for fault tests that pause or kill it."""
        return self._process.pid

    def output(self) -> str:
        """What the process printed so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def stop(self) -> None:
        """Asks the process to end, and kills it after five seconds; a second call does nothing."""
        self.http.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        with contextlib.suppress(OSError):
            self._output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self, ready_url: str) -> None:
        give_up_at = time.monotonic() + _START_S
        while time.monotonic() < give_up_at:
            if self._process.poll() is not None:
                raise ServerDidNotStart(self.output())
            with contextlib.suppress(httpx2.HTTPError):
                if self.http.get(ready_url).status_code == 200:
                    return
            time.sleep(0.05)
        raise ServerDidNotStart(f"no answer after {_START_S:.0f} s: {self.output()}")
