"""Compares answers with the resource types of the installed Stripe SDK, field by field."""

import builtins
import sys
import types
import typing
from decimal import Decimal
from typing import Any, ForwardRef, Literal, Union

import stripe
import typing_extensions
from stripe import ListObject, StripeObject
from stripe._stripe_object import UntypedStripeObject

from dev.stripe_standin.render import RESOURCES


def problems(answer: dict[str, Any]) -> list[str]:
    """What the SDK's type of this object does not allow; empty when it fits."""
    if answer["object"] == "list":
        return [problem for one in answer["data"] for problem in problems(one)]
    return list(_object_problems(answer, RESOURCES[answer["object"]], answer["object"], ()))


def _object_problems(
    value: dict[str, Any], kind: type, path: str, outer: tuple[type, ...]
) -> typing.Iterator[str]:
    hints = {name: hint for name, hint in kind.__annotations__.items() if name != "OBJECT_NAME"}
    for name in value.keys() - hints.keys():
        yield f"{path}.{name}: not in {kind.__qualname__}"
    for name, hint in hints.items():
        if name not in value:
            if not _allows(hint, None, (*outer, kind)):
                yield f"{path}.{name}: missing"
        elif not _allows(hint, value[name], (*outer, kind)):
            yield f"{path}.{name}: {str(value[name])[:60]!r} is no {hint}"[:300]
        else:
            yield from _inner_problems(hint, value[name], f"{path}.{name}", (*outer, kind))


def _inner_problems(hint: Any, value: Any, path: str, outer: tuple[type, ...]) -> typing.Iterator[str]:
    for choice in _choices(hint, outer):
        origin, arguments = typing.get_origin(choice), typing.get_args(choice)
        if isinstance(value, dict) and origin is ListObject:
            for one in value["data"]:
                yield from _inner_problems(arguments[0], one, f"{path}.data", outer)
        elif isinstance(value, dict) and _is_named_object(choice) and choice is not UntypedStripeObject:
            if "object" not in value or getattr(choice, "OBJECT_NAME", None) == value["object"]:
                yield from _object_problems(value, choice, path, outer)
        elif isinstance(value, list) and origin is list:
            for index, one in enumerate(value):
                yield from _inner_problems(arguments[0], one, f"{path}[{index}]", outer)


def _allows(hint: Any, value: Any, outer: tuple[type, ...]) -> bool:
    choices = _choices(hint, outer)
    literals = {
        one for choice in choices if typing.get_origin(choice) in _LITERALS for one in typing.get_args(choice)
    }
    if isinstance(value, str) and literals:
        return value in literals
    return value in list(literals) or any(_allows_one(choice, value, outer) for choice in choices)


def _allows_one(choice: Any, value: Any, outer: tuple[type, ...]) -> bool:
    if choice is Any:
        return True
    if value is None:
        return choice is type(None)
    if isinstance(value, bool):
        return choice is bool
    if isinstance(value, int):
        return choice in (int, float)
    if isinstance(value, str):
        return choice in (str, Decimal)
    if isinstance(value, list):
        return typing.get_origin(choice) is list and all(
            _allows(typing.get_args(choice)[0], one, outer) for one in value
        )
    if isinstance(value, dict):
        return _is_named_object(choice) or typing.get_origin(choice) in (
            ListObject,
            UntypedStripeObject,
        )
    return False


_LITERALS = (Literal, typing_extensions.Literal)


def _is_named_object(choice: Any) -> bool:
    return isinstance(choice, type) and issubclass(choice, StripeObject)


def _choices(hint: Any, outer: tuple[type, ...]) -> list[Any]:
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        hint = eval(hint, {}, _Names(_names(outer)))
    if typing.get_origin(hint) in (Union, types.UnionType):
        return [choice for argument in typing.get_args(hint) for choice in _choices(argument, outer)]
    return [hint]


def _names(outer: tuple[type, ...]) -> dict[str, Any]:
    """Names visible in an annotation: nested classes, the module, and what it imports for type checkers only."""
    names: dict[str, Any] = {
        "Account": stripe.Account,
        "CardResource": stripe.Card,
        "DisputeResource": stripe.Dispute,
    }
    names |= {resource.__name__: resource for resource in RESOURCES.values()}
    names |= vars(sys.modules[outer[-1].__module__])
    for one in outer:
        names |= {name: inner for name, inner in vars(one).items() if isinstance(inner, type)}
    return names


class _Names(dict[str, Any]):
    """A resource that the SDK imports for type checkers only, and no answer here holds, stands for any object."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, None) or getattr(typing, name, None) or StripeObject
