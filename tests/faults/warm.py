"""A process that has read the program once and forks shops from it: starting one costs no three seconds."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.databases import ROOT


class WarmProgram:
    """Starts `shop …` processes: each is a process of its own that runs the same commands, only sooner."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("SHOP_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> "WarmProcess":
        """One more process with these arguments and exactly this environment."""
        wish = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        return WarmProcess(self, int(self.ask(wish)), log)

    def ask(self, wish: dict[str, Any]) -> Any:
        """One line to the process and its answer."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        with self._turn:
            self._popen.stdin.write(json.dumps(wish) + "\n")
            self._popen.stdin.flush()
            return json.loads(self._popen.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.close()
        try:
            self._popen.wait(30)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._popen.stdout.close()


class WarmProcess:
    """One forked process; the same face as tests/processes.py gives to those it starts."""

    def __init__(self, program: WarmProgram, pid: int, log: Path) -> None:
        self.pid = pid
        self._program = program
        self._log = log
        self._exit_code: int | None = None

    @property
    def exit_code(self) -> int | None:
        if self._exit_code is None:
            self._exit_code = self._program.ask({"poll": self.pid})
        return self._exit_code

    @property
    def is_alive(self) -> bool:
        return self.exit_code is None

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def refuse_dead(self) -> None:
        if self.exit_code is not None:
            raise RuntimeError(f"the process ended with {self.exit_code}:\n{self.said()}")

    def end(self, number: signal.Signals) -> int:
        """Signals the whole group and waits; after 15 seconds it is killed."""
        for chosen, seconds in ((number, 15.0), (signal.SIGKILL, 15.0)):
            if self.exit_code is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, chosen)
            give_up_at = time.monotonic() + seconds
            while self.exit_code is None and time.monotonic() < give_up_at:
                time.sleep(0.02)
        assert self.exit_code is not None, "a killed process did not end"
        return self.exit_code


def main() -> None:
    """Reads the program, then forks one process per wish until the last reader has gone."""
    _read_the_program()
    for line in sys.stdin:
        wish = json.loads(line)
        answer = _poll(wish["poll"]) if "poll" in wish else _fork(wish)
        print(json.dumps(answer), flush=True)


def _read_the_program() -> None:
    import uvicorn.protocols.http.httptools_impl  # noqa: F401  what a server loads when it starts

    import app.cli.main
    import app.cli.serve
    import app.main
    import app.web.app
    import app.worker

    app.web.app.routers()


def _fork(wish: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        _point_outputs_to(Path(wish["log"]))
        os.environ.clear()
        os.environ.update(wish["environment"])
        random.seed()
        _run(wish["arguments"])
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _run(arguments: list[str]) -> None:
    from app.cli.main import main as run_shop
    from app.core import failpoints

    # The variable was read when the program was; this process is the first with its own.
    failpoints._armed = os.environ.get(failpoints.VARIABLE, "")
    sys.argv = ["shop", *arguments]
    run_shop()


def _point_outputs_to(log: Path) -> None:
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(target, 1)
    os.dup2(target, 2)


def _poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


if __name__ == "__main__":
    main()
