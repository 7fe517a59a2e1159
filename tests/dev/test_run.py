import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.databases import ROOT


def start(folder: Path, port: int, **variables: str) -> subprocess.Popen[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    return subprocess.Popen(
        [sys.executable, "-m", "dev.run"],
        cwd=ROOT,
        env={**outside, "PORT": str(port), "DEMO_DATA": str(folder), "PYTHONUNBUFFERED": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("A fresh code"):
            break
    return "".join(lines)


def stop(process: subprocess.Popen[str], number: signal.Signals) -> int:
    process.send_signal(number)
    process.communicate(timeout=30)
    return process.returncode


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def five_free_ports() -> int:
    for port in range(21_000 + os.getpid() % 5000, 30_000, 5):
        if not any(answers(port + offset) for offset in range(5)):
            return port
    raise RuntimeError("no five free ports in a row")


def gone_within(port: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(answers(port + offset) for offset in range(5)):
            return True
        time.sleep(0.1)
    return False


def test_the_demo_starts_prints_its_log_ins_and_leaves_no_process_behind(tmp_path: Path) -> None:
    port = five_free_ports()
    process = start(tmp_path, port)

    said = said_until_ready(process)
    is_up = [answers(port + offset) for offset in range(5)]
    code = stop(process, signal.SIGTERM)

    assert f"http://127.0.0.1:{port}/admin" in said, said
    assert re.search(r"admin@demo\.example +\d{6} +[A-Z2-7]{32} ", said)
    assert is_up == [True] * 5
    assert code == 0
    assert gone_within(port, seconds=1)


def test_a_second_start_keeps_data_and_secrets_and_prepares_nothing_again(tmp_path: Path) -> None:
    port = five_free_ports()
    process = start(tmp_path, port)
    said = said_until_ready(process)
    stop(process, signal.SIGTERM)
    secrets = (tmp_path / "demo.env").read_text()

    process = start(tmp_path, port)
    said_again = said_until_ready(process)

    assert stop(process, signal.SIGINT) == 0
    assert "Preparing the database" in said
    assert "Preparing the database" not in said_again
    assert (tmp_path / "demo.env").read_text() == secrets
    assert (tmp_path / "demo.env").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_even_a_killed_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    port = five_free_ports()
    process = start(tmp_path, port)
    said = said_until_ready(process)

    process.kill()
    process.communicate()

    assert "Schlicht is ready" in said

    assert gone_within(port, seconds=15)


def test_a_port_in_use_is_named_in_one_sentence(tmp_path: Path) -> None:
    port = five_free_ports()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port + 1))
        other.listen()

        process = start(tmp_path, port)
        said, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said.strip() == (
        f"Port {port + 1} is in use, and the Stripe stand-in needs it."
        f" Stop what runs there, or choose others: make run PORT={port + 100}"
    )


@pytest.mark.parametrize("wrong", ["80", "70000", "abc"])
def test_a_port_that_is_no_port_is_refused(tmp_path: Path, wrong: str) -> None:
    process = start(tmp_path, 0, PORT=wrong)

    said, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert f"not {wrong!r}" in said


def test_the_demo_does_not_start_as_production(tmp_path: Path) -> None:
    process = start(tmp_path, five_free_ports(), SHOP_ENV="production")

    said, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "demo only" in said
    assert list(tmp_path.iterdir()) == []


def test_a_reset_removes_what_the_demo_has_kept_and_nothing_else(tmp_path: Path) -> None:
    for name in (
        "shop.db",
        "shop.db-wal",
        "stripe.state",
        "demo.env",
        "demo.json",
        "mailbox/1.eml",
        "mine.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    done = subprocess.run(
        [sys.executable, "-m", "dev.run", "--reset"],
        cwd=ROOT,
        env={**os.environ, "DEMO_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
