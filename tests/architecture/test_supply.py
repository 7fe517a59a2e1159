"""What the shop is built from: hashed lock files above the floor, and no host or path of a workplace."""

import re
import tomllib
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.tree import ROOT, committed_files, pyproject

LOCKS = ("requirements.lock", "requirements-dev.lock")
FLOOR = tomllib.loads((ROOT / "tests/architecture/floor.toml").read_text())["floor"]
# Written in halves, so that this file is not its own finding.
REGISTRIES = [
    f"{host}.{end}"
    for host, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs.org"),
        ("registry.yarnpkg", "com"),
        ("deb.debian", "org"),
        ("archive.ubuntu", "com"),
        ("crates", "io"),
        ("proxy.golang", "org"),
    )
]
WORKPLACE = re.compile(r"(?<![\w.])/" + r"work/(main|shared|\.library)")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "://" not in text
    assert not re.search(
        r"^\s*(-i|--index-url|--extra-index-url|--find-links|-e|--trusted-host)\b", text, re.M
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    entries = _entries(lock)

    assert len(entries) > 20
    assert [entry for entry in entries if not re.search(r"==\S+.*--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_the_lock_files_are_in_step_with_the_project() -> None:
    project = pyproject()["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    for_development = [Requirement(line) for line in project["optional-dependencies"]["dev"]]

    assert _unmet(wanted, "requirements.lock") == []
    assert _unmet(wanted + for_development, "requirements-dev.lock") == []


def test_both_lock_files_name_the_same_versions() -> None:
    production, development = _pins("requirements.lock"), _pins("requirements-dev.lock")

    assert {name: version for name, version in production.items() if development.get(name) != version} == {}


def test_nothing_for_development_is_in_the_production_lock() -> None:
    development = {
        canonicalize_name(Requirement(line).name)
        for line in pyproject()["project"]["optional-dependencies"]["dev"]
    }

    assert development & set(_pins("requirements.lock")) == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_version_is_below_the_floor(lock: str) -> None:
    below = {
        name: str(version)
        for name, version in _pins(lock).items()
        if name in FLOOR and version < Version(FLOOR[name]["version"])
    }

    assert below == {}


def test_the_floor_lists_only_what_is_locked_and_says_why() -> None:
    assert set(FLOOR) <= set(_pins("requirements-dev.lock"))
    assert [name for name, entry in FLOOR.items() if not entry["reason"].strip()] == []


def test_no_committed_file_names_a_registry_or_a_path_of_a_workplace() -> None:
    found = []
    for file in committed_files():
        content = file.read_bytes()
        if b"\0" in content[:4096]:
            continue
        text = content.decode("utf-8", errors="replace")
        found += [f"{file.relative_to(ROOT)}: {host}" for host in REGISTRIES if host in text]
        found += [f"{file.relative_to(ROOT)}: {hit[0]}" for hit in WORKPLACE.finditer(text)]

    assert found == []


def test_no_secret_of_a_real_payment_account_is_committed() -> None:
    live = re.compile(r"\b(sk|rk|pk)_live_[0-9A-Za-z]{16,}")

    leaked = [
        str(file.relative_to(ROOT))
        for file in committed_files()
        if live.search(file.read_bytes().decode("utf-8", errors="replace"))
    ]

    assert leaked == []


def test_the_folder_of_the_running_shop_and_its_environment_file_stay_out_of_git() -> None:
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()}

    assert {".venv", "data", ".env"} <= ignored


@cache
def _entries(lock: str) -> tuple[str, ...]:
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return tuple(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


@cache
def _pins(lock: str) -> dict[str, Version]:
    pins = {}
    for entry in _entries(lock):
        requirement = Requirement(entry.partition("--hash")[0].strip())
        (pin,) = requirement.specifier
        pins[canonicalize_name(requirement.name)] = Version(pin.version)
    return pins


def _unmet(wanted: list[Requirement], lock: str) -> list[str]:
    pins = _pins(lock)
    return [
        str(requirement)
        for requirement in wanted
        if (version := pins.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(version, prereleases=True)
    ]
