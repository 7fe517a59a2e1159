"""What the lists of the staff's pages share: filters as links, pages, and the frame of every page."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import ShopError
from app.core.i18n import translate
from app.core.paging import Slice
from app.staff.rules.roles import Right
from app.web.admin import words
from app.web.admin.reasons import reason_text
from app.web.rendering import page as render_page
from app.web.visitor import StaffVisitor

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Chip:
    """One filter as a link; its label is not translated yet."""

    label: str
    url: str
    is_current: bool


def desk(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page of templates/admin with the words for states, what the reader may do, and what was just done."""
    staff: StaffVisitor | None = request.scope.get("staff")
    done = words.DONE.get(request.query_params.get("done", ""), "")
    frame = {
        "words": words,
        "done": done,
        "may": {right.value: bool(staff and staff.may(right)) for right in Right},
        "errors": {},
        "translated": _Translated(request.scope["lang"]),
        "why": functools.partial(reason_text, language=request.scope["lang"]),
    }
    return render_page(request, f"admin/{template}", status=status, **{**frame, **values})


def asked(request: Request, name: str) -> str:
    """A query value, trimmed, at most 100 characters; empty when it is not there."""
    text: str = request.query_params.get(name, "")
    return text.replace("\x00", "").strip()[:100]


def asked_page(request: Request) -> int:
    """The number of the page asked for; 1 for what is no number."""
    text = asked(request, "page")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def asked_choice(request: Request, name: str, choices: type[E]) -> E | None:
    """The value of a filter, or None for all and for what does not exist."""
    text = asked(request, name)
    return next((choice for choice in choices if choice.value == text), None)


def chips(
    request: Request, name: str, options: Iterable[tuple[str, str]], *, all_: str = words.ALL
) -> list[Chip]:
    """The filter `name` as links: all (or what is shown without it), then each (value, label); the other
    filters stay as they are.
    """
    present = asked(request, name)
    entries = [("", all_), *options]
    return [
        Chip(label, _url(request, **{name: value, "page": ""}), value == present) for value, label in entries
    ]


def page_urls(request: Request, rows: Slice[Any]) -> dict[str, Any]:
    """Where the pages before and after are, for the pagination macro."""
    return {
        "page": rows.page,
        "previous_url": _url(request, page=str(rows.page - 1)) if rows.has_previous else None,
        "next_url": _url(request, page=str(rows.page + 1)) if rows.has_next else None,
    }


def form_error(request: Request, error: ShopError) -> dict[str, str]:
    """A failure of a flow as the one error of a form, for showing the form again."""
    return {"form": translate(request.scope["lang"], error.message, **error.values)}


class _Translated:
    """For templates: pairs of value and marked label as pairs of value and label in the reader's language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(value, translate(self._language, label)) for value, label in pairs]


def _url(request: Request, **changes: str) -> str:
    kept = {name: value for name, value in request.query_params.items() if name != "done"}
    wanted = {name: value for name, value in {**kept, **changes}.items() if value}
    path: str = request.scope["path"]
    return path + (f"?{urlencode(wanted)}" if wanted else "")
