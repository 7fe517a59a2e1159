"""Due work: every kind that somebody puts is known to the worker, and the other way round."""

import ast

from app.handlers.registry import GIVE_UP, HANDLERS, RECURRING
from tests.architecture.tree import called_name, calls, modules


def test_every_kind_of_job_that_is_put_has_a_handler() -> None:
    put = _kinds_put()

    assert put
    assert put - set(HANDLERS) == set()


def test_every_handler_is_for_a_kind_that_is_put_or_recurs() -> None:
    assert set(HANDLERS) - _kinds_put() - set(RECURRING) == set()


def test_recurring_and_given_up_kinds_have_a_handler() -> None:
    assert set(RECURRING) - set(HANDLERS) == set()
    assert set(GIVE_UP) - set(HANDLERS) == set()


def test_the_kind_of_a_job_stands_in_the_code_as_it_is() -> None:
    hidden = [
        f"{module.path}:{call.lineno}"
        for module in modules("app")
        if module.path != "app/jobs/queue.py"  # puts what RECURRING names
        for call in calls(module)
        if called_name(call) == "put_job" and not isinstance(_kind(call), ast.Constant)
    ]

    assert hidden == []


def _kinds_put() -> set[str]:
    return {
        kind.value
        for module in modules("app")
        for call in calls(module)
        if called_name(call) == "put_job"
        and isinstance(kind := _kind(call), ast.Constant)
        and isinstance(kind.value, str)
    }


def _kind(call: ast.Call) -> ast.expr | None:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    return call.args[1] if len(call.args) > 1 else named.get("kind")
