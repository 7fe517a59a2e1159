"""Decodes `a[b][0][c]=value` forms into nested dicts and lists."""

import re
from typing import Any
from urllib.parse import parse_qsl

from dev.stripe_standin.errors import Json, malformed

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> Json:
    """Nested values of a urlencoded body or query; each leaf a str. Raises StripeError for a broken name."""
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _put(tree, name, value)
    return {name: _with_lists(value) for name, value in tree.items()}


def _put(tree: Json, name: str, value: str) -> None:
    matched = _NAME.match(name)
    if matched is None:
        raise malformed(f"Invalid parameter name: {name}", param=name)
    keys = [matched.group(1), *_PART.findall(matched.group(2))]
    node = tree
    for key in keys[:-1]:
        node = _child(node, key, name)
    last = str(len(node)) if keys[-1] == "" else keys[-1]
    if isinstance(node.get(last), dict):
        raise malformed(f"Invalid hash: {name}", param=name)
    node[last] = value


def _child(node: Json, key: str, name: str) -> Json:
    key = str(len(node)) if key == "" else key
    child = node.setdefault(key, {})
    if not isinstance(child, dict):
        raise malformed(f"Invalid hash: {name}", param=name)
    return child


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(child) for key, child in value.items()}
    if inner and all(key.isdecimal() for key in inner) and sorted(map(int, inner)) == list(range(len(inner))):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
