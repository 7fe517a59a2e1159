"""The repository as data: its modules, syntax trees, templates and committed files."""

import ast
import functools
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
NOT_OURS = {
    *(".git", ".venv", "data", "build", "__pycache__", ".hypothesis", ".import_linter_cache"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
}


@dataclass(frozen=True)
class Module:
    """One Python file: its place in the repository, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def line_count(self) -> int:
        return len(self.text.splitlines())


def modules(*folders: str) -> tuple[Module, ...]:
    """Every module under the folders, sorted by path."""
    return tuple(
        sorted((module for folder in folders for module in _parsed(folder)), key=lambda found: found.path)
    )


@functools.cache
def templates(suffix: str = "") -> tuple[tuple[str, str], ...]:
    """Every template's name (as a loader knows it) and text, those that end with `suffix`."""
    files = sorted(file for file in TEMPLATES.rglob("*") if file.is_file() and file.name.endswith(suffix))
    return tuple((str(file.relative_to(TEMPLATES)), file.read_text(encoding="utf-8")) for file in files)


@functools.cache
def committed_files() -> tuple[Path, ...]:
    """Every file that git has or would take; of an unpacked archive, every file but those of tools."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return tuple(
            file
            for file in sorted(ROOT.rglob("*"))
            if file.is_file() and not NOT_OURS & set(file.relative_to(ROOT).parts)
        )
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())


@functools.cache
def pyproject() -> dict[str, Any]:
    """pyproject.toml, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def called_name(call: ast.Call) -> str:
    """The last part of what is called: `transaction` for `transaction(…)`, `now` for `datetime.now(…)`."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def calls(module: Module) -> list[ast.Call]:
    """Every call in a module."""
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]


def imported_modules(module: Module) -> set[str]:
    """The dotted name of every module that a module imports, at the top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@functools.cache
def _parsed(folder: str) -> tuple[Module, ...]:
    texts = {file: file.read_text(encoding="utf-8") for file in (ROOT / folder).rglob("*.py")}
    return tuple(Module(str(file.relative_to(ROOT)), text, ast.parse(text)) for file, text in texts.items())
