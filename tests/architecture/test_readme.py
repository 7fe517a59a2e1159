"""The commands of the README exist and are whole: each has the arguments that it cannot do without."""

import re
import shlex

import pytest
import typer

from app.cli.main import program
from tests.architecture.tree import ROOT

COMMANDS = sorted(
    {
        found.strip()
        for found in re.findall(
            r"`(?:\.venv/bin/shop|shop|docker compose run --rm app) ([^`]+)`",
            (ROOT / "README.md").read_text(),
        )
    }
)


def test_the_readme_goes_the_whole_way_to_production() -> None:
    named = {command.split()[0] for command in COMMANDS}

    assert named >= {"staff", "terms", "import-accounts", "import-purchases", "rate", "doctor", "gate-audit"}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_has_all_that_it_needs(line: str) -> None:
    command = typer.main.get_command(program())
    words = shlex.split(line)
    while getattr(command, "commands", None):
        command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
    context = command.context_class(command, info_name=line)

    given, _, _ = command.make_parser(context).parse_args(words)

    missing = [one.name for one in command.params if one.required and given.get(one.name) is None]
    assert missing == []
