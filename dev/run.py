"""`make run`: starts the demo's processes, watches them, stops them all together."""

import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pyotp

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DEMO_DATA") or ROOT / "data").resolve()
ENVIRONMENT_FILE = DATA / "demo.env"
PEOPLE_FILE = DATA / "demo.json"
LOGS = DATA / "logs"
READY_WITHIN_SECONDS = 90
STOP_WITHIN_SECONDS = 10


class CannotStart(RuntimeError):
    """Something keeps the demo from starting; the message says what, and what to do."""


class StopAsked(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


@dataclass(frozen=True)
class Ports:
    """The five ports of the demo, one after the other."""

    shop: int

    @property
    def stripe(self) -> int:
        return self.shop + 1

    @property
    def mailbox(self) -> int:
        return self.shop + 2

    @property
    def smtp(self) -> int:
        return self.shop + 3

    @property
    def vat(self) -> int:
        return self.shop + 4

    def by_use(self) -> dict[str, int]:
        return {
            "the shop": self.shop,
            "the Stripe stand-in": self.stripe,
            "the mailbox": self.mailbox,
            "the mailbox's SMTP side": self.smtp,
            "the VIES and eVatR stand-in": self.vat,
        }


@dataclass(frozen=True)
class Child:
    """One running process of the demo and where it writes what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-25:])


def main() -> int:
    """Runs the demo until Ctrl-C; 0 after a wanted stop, 1 when something kept it from running."""
    parser = argparse.ArgumentParser(prog="python -m dev.run")
    parser.add_argument("--code", action="store_true", help="print the second factors of now and stop")
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away and stop")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)
    try:
        if arguments.reset:
            reset()
        elif arguments.code:
            print_codes()
        else:
            run(Ports(_port_wanted()))
    except StopAsked:
        return 0
    except CannotStart as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    return 0


def run(ports: Ports) -> None:
    """Fills an empty database, starts everything, prints where to look, waits. Raises CannotStart."""
    started = time.monotonic()
    if os.environ.get("SHOP_ENV", "demo") != "demo":
        raise CannotStart("make run is for the demo only: unset SHOP_ENV.")
    _refuse_taken_ports(ports)
    LOGS.mkdir(parents=True, exist_ok=True)
    environment = _environment(ports)
    with _all_or_none() as children:
        children.append(
            _start(
                "stripe",
                *("dev.stripe_standin", "--port", str(ports.stripe), "--state", str(DATA / "stripe.state")),
                *("--webhook", f"http://127.0.0.1:{ports.shop}/hooks/stripe"),
                *("--webhook-secret", environment["SHOP_STRIPE_WEBHOOK_SECRET"]),
                environment=environment,
            )
        )
        children.append(
            _start(
                "mailbox",
                *("dev.mailbox", "--port", str(ports.mailbox), "--smtp-port", str(ports.smtp)),
                *("--dir", str(DATA / "mailbox")),
                environment=environment,
            )
        )
        children.append(_start("vat", "dev.vat_standin", "--port", str(ports.vat), environment=environment))
        people = _prepare_database(environment)
        children.append(_start("shop", "app", "serve", "--port", str(ports.shop), environment=environment))
        children.append(_start("worker", "app", "work", environment=environment))
        _wait(children, f"http://127.0.0.1:{ports.stripe}/_control/health")
        _wait(children, f"http://127.0.0.1:{ports.mailbox}/")
        _wait(children, f"http://127.0.0.1:{ports.vat}/_control/health")
        _wait(children, f"http://127.0.0.1:{ports.shop}/readyz")
        _print_addresses(ports, environment, people, seconds=time.monotonic() - started)
        _watch(children)


def reset() -> None:
    """Removes what the demo has kept under data/. Raises CannotStart while the demo runs."""
    if ENVIRONMENT_FILE.exists():
        base_url = _read_environment_file().get("SHOP_BASE_URL", "")
        port = base_url.rpartition(":")[2]
        if port.isdigit() and _is_taken(int(port)):
            raise CannotStart(f"The demo still runs on port {port}; stop it first (Ctrl-C).")
    for folder in (DATA / "mailbox", DATA / "mail", LOGS):
        shutil.rmtree(folder, ignore_errors=True)
    for pattern in ("shop.db*", "stripe.state*", ENVIRONMENT_FILE.name, PEOPLE_FILE.name):
        for file in DATA.glob(pattern):
            file.unlink()
    print("The demo's data are gone; `make run` starts afresh.")


def print_codes() -> None:
    """Prints the six digits that each staff log-in asks for now. Raises CannotStart without a demo."""
    if not PEOPLE_FILE.exists():
        raise CannotStart("There is no demo yet: make run first.")
    for person in json.loads(PEOPLE_FILE.read_text())["staff"]:
        print(f"{_code(person)}  {person['email']}")
    print(f"good for {30 - int(time.time()) % 30} seconds")


def _prepare_database(environment: Mapping[str, str]) -> dict[str, Any]:
    """Migrates and fills the database unless both were done for this very code; returns the log-ins."""
    prepared = _fingerprint(environment)
    if prepared and PEOPLE_FILE.exists():
        kept: dict[str, Any] = json.loads(PEOPLE_FILE.read_text())
        if kept.get("prepared") == prepared:
            return kept
    print("Preparing the database ...", flush=True)
    _finish("migrate", environment=environment)
    people: dict[str, Any] = json.loads(_finish("demo", "--json", environment=environment))
    people["prepared"] = _fingerprint(environment)
    _write_private(PEOPLE_FILE, json.dumps(people))
    return people


def _fingerprint(environment: Mapping[str, str]) -> str:
    """Stands for the code and the database file it has prepared; empty where there is no such file."""
    kind, _, path = environment["SHOP_DATABASE_URL"].partition(":///")
    if kind != "sqlite" or not Path(ROOT, path).exists():
        return ""
    summary = hashlib.sha256(str(Path(ROOT, path).stat().st_ino).encode())
    for folder in ("app", "migrations"):
        for file in sorted(Path(ROOT, folder).rglob("*.*")):
            if file.suffix != ".pyc":
                facts = file.stat()
                summary.update(f"{file} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return summary.hexdigest()


def _environment(ports: Ports) -> dict[str, str]:
    """The settings of every process: what the caller has set wins, secrets are made once and kept."""
    kept = _read_environment_file() if ENVIRONMENT_FILE.exists() else {}
    ours = {
        "SHOP_ENV": "demo",
        "SHOP_DATABASE_URL": f"sqlite:///{DATA / 'shop.db'}",
        "SHOP_BASE_URL": f"http://127.0.0.1:{ports.shop}",
        "SHOP_SECRET_KEY": kept.get("SHOP_SECRET_KEY") or secrets.token_urlsafe(48),
        "SHOP_STRIPE_API_KEY": kept.get("SHOP_STRIPE_API_KEY") or f"sk_test_{secrets.token_hex(16)}",
        "SHOP_STRIPE_WEBHOOK_SECRET": kept.get("SHOP_STRIPE_WEBHOOK_SECRET")
        or f"whsec_{secrets.token_hex(24)}",
        "SHOP_STRIPE_API_BASE": f"http://127.0.0.1:{ports.stripe}",
        "SHOP_VIES_URL": f"http://127.0.0.1:{ports.vat}/vies/check-vat-number",
        "SHOP_EVATR_URL": f"http://127.0.0.1:{ports.vat}/evatr/abfrage",
        "SHOP_SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "SHOP_WORKER": "apart",
        "SHOP_DEMO_PASSWORD": "schlicht-demo",
    }
    chosen = {name: os.environ.get(name) or value for name, value in ours.items()}
    lines = ["# Made by `make run`; read by .venv/bin/shop when nothing else is set."]
    lines += [f"{name}='{value}'" for name, value in chosen.items()]
    _write_private(ENVIRONMENT_FILE, "\n".join(lines) + "\n")
    return {**os.environ, **chosen, "PYTHONUNBUFFERED": "1"}


def _write_private(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w") as target:
        target.write(text)


def _read_environment_file() -> dict[str, str]:
    lines = [line for line in ENVIRONMENT_FILE.read_text().splitlines() if "=" in line and line[0] != "#"]
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def _refuse_taken_ports(ports: Ports) -> None:
    for use, port in ports.by_use().items():
        if _is_taken(port):
            raise CannotStart(
                f"Port {port} is in use, and {use} needs it."
                f" Stop what runs there, or choose others: make run PORT={ports.shop + 100}"
            )


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _port_wanted() -> int:
    wanted = os.environ.get("PORT", "8000")
    if not wanted.isdigit() or not 1024 <= int(wanted) <= 65_531:
        raise CannotStart(f"PORT must be a number from 1024 to 65531, not {wanted!r}.")
    return int(wanted)


@contextlib.contextmanager
def _all_or_none() -> Iterator[list[Child]]:
    """The list of children; whatever happens inside, none of them is alive afterwards."""
    children: list[Child] = []
    try:
        yield children
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if sys.stdout.isatty():
            print("\nStopping ...", flush=True)
        for child in children:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(child, signal.SIGKILL)
            child.process.wait()


def _start(name: str, module: str, *arguments: str, environment: Mapping[str, str]) -> Child:
    log = LOGS / f"{name}.log"
    with log.open("wb") as target:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    return Child(name, process, log)


def _finish(*command: str, environment: Mapping[str, str]) -> str:
    """Runs one `shop` command to its end and returns what it printed. Raises CannotStart if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "app", *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotStart(f"{done.stdout}{done.stderr}\n`shop {' '.join(command)}` failed; see above.")
    return done.stdout


def _wait(children: list[Child], url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        _refuse_dead(children)
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise CannotStart(f"{url} did not answer within {READY_WITHIN_SECONDS} seconds; see {LOGS}.")


def _watch(children: list[Child]) -> None:
    while True:
        _refuse_dead(children)
        time.sleep(0.5)


def _refuse_dead(children: list[Child]) -> None:
    for child in children:
        code = child.process.poll()
        if code is not None:
            raise CannotStart(f"{child.last_words()}\n\nThe {child.name} stopped by itself (exit {code}).")


def _signal_group(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, number)


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopAsked


def _die_with_parent() -> None:
    """Asks the kernel for a SIGTERM when the supervisor dies without a word (Linux only)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _code(person: Mapping[str, Any]) -> str:
    return pyotp.TOTP(person["totp_secret"]).now() if person.get("totp_secret") else "------"


def _print_addresses(
    ports: Ports, environment: Mapping[str, str], people: Mapping[str, Any], *, seconds: float
) -> None:
    base_url = environment["SHOP_BASE_URL"]
    everybody = [*people["customers"], *people["staff"]]
    width = max(len(person["email"]) for person in everybody)
    print(f"""
Schlicht is ready ({seconds:.1f} s).

  shop      {base_url}
  admin     {base_url}/admin
  mailbox   http://127.0.0.1:{ports.mailbox}   every e-mail the shop has sent
  Stripe    http://127.0.0.1:{ports.stripe}   the stand-in: card 4242 4242 4242 4242 pays, ...0002 is declined
  VAT ids   http://127.0.0.1:{ports.vat}   VIES and eVatR, the stand-in: every well-formed id is valid
  logs      {os.path.relpath(LOGS)}/

Password of every log-in: {people["password"]}

  customers, at {base_url}/login""")
    for person in people["customers"]:
        print(f"    {person['email']:{width}}  {person['what']}")
    print(f"\n  {'staff, at ' + base_url + '/admin':{width + 2}}  code    secret for an authenticator")
    for person in people["staff"]:
        print(
            f"    {person['email']:{width}}  {_code(person)}  {person['totp_secret'] or '':34}{person['what']}"
        )
    print("\nA fresh code: make code. Ctrl-C stops everything; the data stay (make demo-reset).", flush=True)


if __name__ == "__main__":
    sys.exit(main())
