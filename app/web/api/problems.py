"""How the API says that something went wrong: problem details of RFC 9457, as its description shows them."""

from typing import Any

from pydantic import BaseModel

PRINTABLE = r"^[^\p{C}\p{Zl}\p{Zp}]*$"
"""The pattern of a text of one line: no control characters, no line ends."""


class FieldProblem(BaseModel):
    """One wrong input with its fix."""

    field: str
    detail: str


class Problem(BaseModel):
    """What went wrong; `code` is stable and for programs, `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: _problem("No key, or one that is unknown, expired or revoked"),
    403: _problem("The key does not have the scope"),
    404: _problem("There is no such thing"),
    422: _problem("The input is wrong"),
    429: _problem("Too many requests, or too many lists waiting; `Retry-After` says for how long"),
    503: _problem("Not possible for the moment"),
}
