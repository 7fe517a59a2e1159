"""Something happens at one exact moment of a flow: just before a transaction begins, or just after its commit."""

# After saleor's RunBefore: a race is shown by doing the other's work in the gap, not by hoping for it.

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlmodel import Session

Act = Callable[[], None]


@dataclass
class Gap:
    """One gap in which an act was done; `count` says how often it came."""

    count: int = 0
    acts: list[Act] = field(default_factory=list)

    def reached(self) -> None:
        self.count += 1
        while self.acts:
            self.acts.pop(0)()


def around_transaction(
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    *,
    before: Act | None = None,
    after: Act | None = None,
    number: int = 1,
) -> Gap:
    """Does an act once, before the `number`-th transaction of a module begins or after it was committed.

    No transaction of that flow is open in the act, so what it commits is ordered exactly before or after.
    """
    place: Any = importlib.import_module(module)
    real = place.transaction
    gap = Gap(acts=[act for act in (before or after,) if act])
    begun = 0

    @contextmanager
    def transaction(session: Session) -> Iterator[None]:
        nonlocal begun
        begun += 1
        is_it = begun == number
        if is_it and before:
            gap.reached()
        with real(session):
            yield
        if is_it and after:
            gap.reached()

    monkeypatch.setattr(place, "transaction", transaction)
    return gap


def around_call(
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    name: str,
    *,
    before: Act | None = None,
    after: Act | None = None,
) -> Gap:
    """Does an act once, just before or just after a function of a module is called."""
    place: Any = importlib.import_module(module)
    real = getattr(place, name)
    gap = Gap(acts=[act for act in (before or after,) if act])

    def called(*args: Any, **values: Any) -> Any:
        if before:
            gap.reached()
        answer = real(*args, **values)
        if after:
            gap.reached()
        return answer

    monkeypatch.setattr(place, name, called)
    return gap
