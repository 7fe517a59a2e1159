"""The container: a small image without root or compiler, and services that may do as little as possible."""

import re
from typing import Any

import pytest
import yaml

from tests.architecture.tree import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]
FINAL = STAGES[-1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_the_image_is_built_in_stages_from_one_python() -> None:
    bases = {stage.split()[0] for stage in STAGES}

    assert len(STAGES) >= 2
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[1-9]-slim", bases.pop())


def test_only_the_hashed_lock_file_decides_what_is_installed() -> None:
    installs = re.findall(r"(?:pip|pip --python \S+) install\b(.*?)(?=&&|\n\n|\nFROM|\Z)", DOCKERFILE, re.S)

    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "requirements.lock" in installs[0]


def test_the_final_stage_runs_as_a_user_without_rights() -> None:
    users = re.findall(r"^USER (\S+)", FINAL, re.M)

    assert users == ["10001:10001"]


def test_the_final_stage_has_no_compiler_and_no_package_manager_run() -> None:
    assert not re.search(r"\b(gcc|g\+\+|build-essential|apt-get|pip install)\b", FINAL)


def test_the_image_writes_in_one_place_only() -> None:
    assert re.findall(r"^VOLUME (.*)", FINAL, re.M) == ['["/data"]']
    assert "SHOP_DATABASE_URL=sqlite:////data/" in FINAL
    assert "SHOP_DATA_FOLDER=/data " in FINAL


def test_what_the_shop_receives_the_worker_can_read() -> None:
    assert SERVICES["app"]["volumes"] == SERVICES["worker"]["volumes"] == ["files:/data"]


def test_the_image_is_checked_by_asking_the_shop() -> None:
    check = re.search(r"^HEALTHCHECK .*?\n\s+CMD (.*)", FINAL, re.M)

    assert check is not None
    assert "urllib.request" in check[1]
    assert "/healthz" in check[1]
    assert "curl" not in check[1]


def test_the_image_starts_the_shop_in_production() -> None:
    assert re.search(r'^ENTRYPOINT \["shop"\]', FINAL, re.M)
    assert re.search(r'^CMD \["serve"', FINAL, re.M)
    assert "SHOP_ENV=production" in FINAL


def test_nothing_but_the_program_gets_into_the_image() -> None:
    lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]

    assert lines[0] == "*"
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert allowed == {
        "app",
        "migrations",
        "static",
        "templates",
        "alembic.ini",
        "LICENSE",
        "requirements.lock",
    }
    assert {name for name in allowed if not (ROOT / name).exists()} == set()


def test_no_secret_stands_in_the_container_files() -> None:
    for text in (DOCKERFILE, (ROOT / "compose.yaml").read_text()):
        assert not re.search(r"(SECRET|PASSWORD|API_KEY)\w*\s*[:=]\s*[\"']?[A-Za-z0-9]", text)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_closed_down(name: str) -> None:
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["tmpfs"]
    assert "privileged" not in service


def test_compose_runs_shop_worker_and_postgresql_and_migrates_first() -> None:
    assert set(SERVICES) == {"app", "worker", "migrate", "database"}
    assert SERVICES["worker"]["command"] == ["work"]
    assert SERVICES["migrate"]["command"] == ["migrate"]
    assert SERVICES["database"]["image"].startswith("postgres:")
    for name in ("app", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert SERVICES[name]["environment"]["SHOP_WORKER"] == "apart"
        assert SERVICES[name]["environment"]["SHOP_DATABASE_URL"].startswith("postgresql+psycopg://")


def test_only_the_shop_is_reachable_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(published) == {"app"}
    assert all(port.startswith("127.0.0.1:") for port in published["app"])
