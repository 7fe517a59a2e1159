"""The shop as real processes, for tests that kill it, race it or talk to it over the wire."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tests.databases import ROOT, free_port

READY_WITHIN_SECONDS = 60


class Running(Protocol):
    """A started process of the shop."""

    pid: int

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative number of the signal that ended it."""

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""

    def said(self) -> str:
        """The end of what it printed."""

    def refuse_dead(self) -> None:
        """Raises RuntimeError with what it said when it has ended."""

    def end(self, number: signal.Signals) -> int:
        """Signals it and waits; returns its exit code."""


Start = Callable[[Sequence[str], Mapping[str, str], Path], Running]
"""Starts `shop` with arguments, environment and log; what is used unless a test has a faster way."""


class ShopProcess:
    """`shop serve` on a free port of 127.0.0.1, ready to answer once the constructor returns.

    Raises RuntimeError with what the process said if it ends or does not become ready.
    """

    def __init__(
        self,
        database_url: str,
        *,
        log: Path,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
        start: "Start | None" = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = process_environment(database_url, base_url=self.url, settings=settings)
        arguments = ["serve", "--host", "127.0.0.1", "--port", str(self.port)]
        self._process: Running = (start or _Process)(arguments, environment, log)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill9()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative number of the signal that ended it."""
        return self._process.exit_code

    def kill9(self) -> None:
        """SIGKILL to the process and all it started: nothing gets a chance to tidy up."""
        self._process.end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM and wait; returns the exit code."""
        return self._process.end(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            self._process.refuse_dead()
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.HTTPError, OSError):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"not ready within {READY_WITHIN_SECONDS} s:\n{self._process.said()}")


class WorkerProcess:
    """`shop work` beside a shop: does the due jobs until it is stopped."""

    def __init__(
        self,
        database_url: str,
        *,
        base_url: str,
        log: Path,
        settings: Mapping[str, str] | None = None,
        kinds: Sequence[str] = (),
        start: "Start | None" = None,
    ) -> None:
        environment = process_environment(database_url, base_url=base_url, settings=settings)
        wanted = [f"--kind={kind}" for kind in kinds]
        self._process: Running = (start or _Process)(["work", *wanted], environment, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative number of the signal that ended it."""
        return self._process.exit_code

    def kill9(self) -> None:
        """SIGKILL to the process and all it started: nothing gets a chance to tidy up."""
        self._process.end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM and wait; returns the exit code."""
        return self._process.end(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()


def process_environment(
    database_url: str, *, base_url: str, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of a shop process under test; `settings` are further SHOP_* variables and win."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    return {
        **outside,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "SHOP_ENV": "demo",
        "SHOP_DATABASE_URL": database_url,
        "SHOP_BASE_URL": base_url,
        "SHOP_SECRET_KEY": "test-" * 10,
        "SHOP_STRIPE_API_KEY": "sk_test_" + "0" * 24,
        "SHOP_STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
        "SHOP_WORKER": "apart",
        **(settings or {}),
    }


def run_shop(
    *arguments: str, database_url: str, settings: Mapping[str, str] | None = None, within_seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Runs one `shop` command to its end and returns its exit code and output."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=process_environment(database_url, base_url="http://127.0.0.1:8000", settings=settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within_seconds,
        check=False,
    )


class _Process:
    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as target:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "app", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=target,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    @property
    def is_alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def refuse_dead(self) -> None:
        code = self._popen.poll()
        if code is not None:
            raise RuntimeError(f"the process ended with {code}:\n{self.said()}")

    def end(self, number: signal.Signals) -> int:
        """Signals the whole group and waits; after 15 seconds it is killed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
        try:
            return self._popen.wait(15)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            return self._popen.wait()
