"""The program `shop` of .venv/bin: whose settings it takes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.databases import ROOT

DEMO = """# Made by `make run`.
SHOP_DATABASE_URL='sqlite:////demo/shop.db'
SHOP_BASE_URL='http://127.0.0.1:8000'
SHOP_SECRET_KEY='demo secret = with $signs'
SHOP_SMTP_URL='smtp://127.0.0.1:8003'
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout with a demo, whose Python prints what the program would see."""
    bin_ = tmp_path / ".venv" / "bin"
    bin_.mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "shop", bin_ / "shop")
    (bin_ / "python").write_text('#!/bin/sh\necho "arguments=$*"\nenv | grep ^SHOP_\nexit 0\n')
    for program in bin_.iterdir():
        program.chmod(0o755)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo.env").write_text(DEMO)
    return tmp_path


def seen(home: Path, **variables: str) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    done = subprocess.run(
        [home / ".venv" / "bin" / "shop", "demo", "--all"],
        env={**outside, **variables},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_without_settings_of_its_own_the_program_speaks_to_the_demo(home: Path) -> None:
    assert seen(home) == {
        "arguments": "-m app demo --all",
        "SHOP_DATABASE_URL": "sqlite:////demo/shop.db",
        "SHOP_BASE_URL": "http://127.0.0.1:8000",
        "SHOP_SECRET_KEY": "demo secret = with $signs",
        "SHOP_SMTP_URL": "smtp://127.0.0.1:8003",
    }


def test_a_variable_of_the_caller_wins_over_the_demos(home: Path) -> None:
    found = seen(home, SHOP_SMTP_URL="file:///./mine", SHOP_LOG="json")

    assert found["SHOP_SMTP_URL"] == "file:///./mine"
    assert found["SHOP_LOG"] == "json"
    assert found["SHOP_BASE_URL"] == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "name, value",
    [
        ("SHOP_ENV", "production"),
        ("SHOP_DATABASE_URL", "postgresql://db/shop"),
        ("SHOP_SECRET_KEY", "my own"),
    ],
)
def test_an_installation_of_the_callers_own_never_gets_the_demos_settings(
    home: Path, name: str, value: str
) -> None:
    assert seen(home, **{name: value}) == {"arguments": "-m app demo --all", name: value}


def test_a_file_of_settings_beside_the_program_keeps_the_demos_away(home: Path) -> None:
    (home / ".env").write_text("SHOP_ENV=production\n")

    assert seen(home) == {"arguments": "-m app demo --all"}
