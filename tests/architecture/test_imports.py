"""Who may import whom: the contracts of pyproject.toml hold, and they do catch what they forbid."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

CROSSINGS = [
    ("core/money.py", "import app.ordering.models", "You walk down stairs only"),
    ("catalogue/models.py", "import app.mainbrand.models", "You walk down stairs only"),
    ("ordering/rules/crossing.py", "import sqlalchemy", "Rules are pure"),
    ("ordering/rules/crossing.py", "from app.core.clock import utc_now", "Rules are pure"),
    ("ordering/rules/crossing.py", "import fastapi", "Only the web knows the web framework"),
    ("flows/crossing.py", "import stripe", "Only the Stripe gateway speaks Stripe"),
    ("flows/crossing.py", "import app.flows.another", "Flows do not call flows"),
    ("web/storefront/crossing.py", "import app.web.admin", "The faces do not know each other"),
    ("shelf.py", "", "You walk down stairs only"),
]


def test_every_import_goes_the_way_the_house_allows() -> None:
    code, said = _lint(ROOT)

    assert code == 0, said


@pytest.mark.parametrize(
    "path, line, contract", CROSSINGS, ids=[f"{path}: {line}" for path, line, _ in CROSSINGS]
)
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, path: str, line: str, contract: str) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "locales"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "app/flows/another.py").write_text('"""Another flow."""\n')
    target = tmp_path / "app" / path
    target.write_text((target.read_text() if target.exists() else "") + f"\n{line}\n")

    code, said = _lint(tmp_path)

    assert code == 1, said
    assert f"{contract} BROKEN" in said


def _lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
