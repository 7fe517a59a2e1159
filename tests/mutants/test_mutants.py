"""The list of mutants is true to the code, and a handful of them is tried at every run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.trial import ROOT, Mutant, attempt, copied_tree, read_mutants

MUTANTS = read_mutants()
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
TRIED_ALWAYS = (
    "the door: nobody is refused",
    "place_order: the gate is not asked",
    "the rule: a suspended company passes",
    "the webhook: the signature is not checked",
)


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    with copied_tree() as made:
        yield made


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_takes_away_a_guard_that_is_there(mutant: Mutant) -> None:
    mutated = mutant.applied((ROOT / mutant.file).read_text(encoding="utf-8"))

    if mutant.file.endswith(".py"):
        compile(mutated, mutant.file, "exec")
    assert mutant.tests
    assert [one for one in mutant.tests if not (ROOT / one.partition("::")[0]).exists()] == []


def test_no_two_mutants_have_one_name() -> None:
    assert len(BY_NAME) == len(MUTANTS)


@pytest.mark.parametrize("name", TRIED_ALWAYS)
def test_a_guard_that_is_taken_away_is_missed(name: str, tree: Path) -> None:
    trial = attempt(BY_NAME[name], tree)

    assert trial.outcome == "killed", trial.said


def test_a_change_that_takes_nothing_away_survives(tree: Path) -> None:
    """The oracle itself: tests that fail anyway would kill everything."""
    harmless = Mutant(
        "a comment",
        "app/customers/rules/admission.py",
        "    if standing.is_suspended:\n",
        "    # nothing\n    if standing.is_suspended:\n",
        ("tests/customers/rules/test_admission.py",),
    )

    trial = attempt(harmless, tree)

    assert trial.outcome == "survived", trial.said
    assert (tree / harmless.file).read_text() == (ROOT / harmless.file).read_text()
