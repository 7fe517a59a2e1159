"""Checks decoded forms against the parameter types that the installed Stripe SDK generates."""

import functools
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ForwardRef, Literal, Union

import typing_extensions
from stripe._request_options import RequestOptions

from dev.stripe_standin.errors import Json, malformed

_OPTIONS = frozenset(RequestOptions.__annotations__)
_UNWRAPPED = (
    typing.NotRequired,
    typing.Required,
    typing_extensions.NotRequired,
    typing_extensions.Required,
)


@dataclass
class Plan:
    """What one value may be."""

    literals: frozenset[str] = frozenset()
    is_text: bool = False
    is_whole: bool = False
    is_decimal: bool = False
    is_flag: bool = False
    fields: dict[str, "Plan"] | None = None
    required: frozenset[str] = frozenset()
    items: "Plan | None" = None
    values: "Plan | None" = None


def check(params: Json, params_type: type) -> Json:
    """The parameters, ints and booleans converted. Raises StripeError (400) for anything undocumented."""
    return _hash(params, plan_of(params_type), "")


@functools.cache
def plan_of(params_type: type) -> Plan:
    """The plan of one generated TypedDict; forward references are resolved in its own module."""
    names = vars(sys.modules[params_type.__module__])
    plan = Plan(
        required=frozenset(getattr(params_type, "__required_keys__", ())) - _OPTIONS,
        fields={},
    )
    assert plan.fields is not None
    is_top_level = RequestOptions in getattr(params_type, "__orig_bases__", ())
    for name, hint in params_type.__annotations__.items():
        if not (is_top_level and name in _OPTIONS):
            plan.fields[name] = _plan(hint, names)
    return plan


def _plan(hint: Any, names: Mapping[str, Any]) -> Plan:
    plan = Plan()
    _add(plan, hint, names)
    return plan


def _add(plan: Plan, hint: Any, names: Mapping[str, Any]) -> None:
    if isinstance(hint, ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        hint = eval(hint, dict(names))
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in _UNWRAPPED:
        _add(plan, arguments[0], names)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            _add(plan, argument, names)
    elif origin in (Literal, typing_extensions.Literal):
        plan.literals |= frozenset(
            str(one).lower() if isinstance(one, bool) else str(one) for one in arguments
        )
    elif origin is list:
        plan.items = _plan(arguments[0], names)
    elif origin is dict:
        plan.values = _plan(arguments[1], names)
    elif hint is str or hint is Any:
        plan.is_text = True
    elif hint is bool:
        plan.is_flag = True
    elif hint is int:
        plan.is_whole = True
    elif hint in (float, Decimal):
        plan.is_decimal = True
    elif typing.is_typeddict(hint) or typing_extensions.is_typeddict(hint):
        _add_fields(plan, plan_of(hint))


def _add_fields(plan: Plan, found: Plan) -> None:
    if plan.fields is None:
        plan.fields, plan.required = found.fields, found.required
    else:
        plan.fields = {**plan.fields, **(found.fields or {})}
        plan.required &= found.required


def _hash(value: Json, plan: Plan, path: str) -> Json:
    assert plan.fields is not None
    known: Json = {}
    for name, inner in value.items():
        inner_path = f"{path}[{name}]" if path else name
        inner_plan = plan.fields.get(name)
        if inner_plan is None:
            raise malformed(
                f"Received unknown parameter: {inner_path}", param=inner_path, code="parameter_unknown"
            )
        known[name] = _value(inner, inner_plan, inner_path)
    for name in sorted(plan.required - known.keys()):
        inner_path = f"{path}[{name}]" if path else name
        raise malformed(f"Missing required param: {inner_path}.", param=inner_path, code="parameter_missing")
    return known


def _value(value: Any, plan: Plan, path: str) -> Any:
    if isinstance(value, list):
        if plan.items is None:
            raise malformed(f"Invalid string: {path} is not an array", param=path)
        return [_value(one, plan.items, f"{path}[{index}]") for index, one in enumerate(value)]
    if isinstance(value, dict):
        if plan.fields is not None:
            return _hash(value, plan, path)
        if plan.values is not None:
            return {name: _value(one, plan.values, f"{path}[{name}]") for name, one in value.items()}
        raise malformed(f"Invalid object: {path} is not a hash", param=path)
    return _leaf(value, plan, path)


def _leaf(value: str, plan: Plan, path: str) -> Any:
    if value in plan.literals:
        return value if not (plan.is_flag and value in ("true", "false")) else value == "true"
    named = plan.literals - {""}
    if plan.is_flag:
        if value in ("true", "false"):
            return value == "true"
        if not plan.is_text:
            raise malformed(f"Invalid boolean: {value}", param=path)
    if plan.is_whole:
        if value.removeprefix("-").isdecimal():
            return int(value)
        if not plan.is_text:
            raise malformed(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
    if plan.is_decimal:
        if value.removeprefix("-").replace(".", "", 1).isdecimal():
            return value
        raise malformed(f"Invalid decimal: {value}", param=path)
    if named:
        choices = ", ".join(sorted(named))
        raise malformed(f"Invalid {path}: must be one of {choices}", param=path)
    if plan.is_text:
        if value == "" and not path.startswith("metadata[") and "[metadata][" not in path:
            raise malformed(
                f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset"
                f" a parameter; however '{path}' cannot be unset.",
                param=path,
                code="parameter_invalid_empty",
            )
        return value
    kind = "array" if plan.items is not None else "hash"
    raise malformed(f"Invalid {kind}: {path}", param=path)
