"""The business policy: every value with its bounds, changed with a reason, and the versions before."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, FieldError, Invalid, Refused
from app.flows.change_policy import change_policy
from app.policy.queries import current_policy, current_version_id, list_versions
from app.policy.rules.policy import BOUNDS, CHOICES, Policy
from app.web.admin.lists import desk, form_error
from app.web.admin.policy_words import CHOICE_WORDS, LABELS, SECTIONS, VALUE_WORDS
from app.web.admin.words import WEEKDAYS
from app.web.deps import Now, ReadDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import NotMoney, amount_text, parse_cents
from app.web.rendering import see_other

router = APIRouter()


@dataclass(frozen=True)
class PolicyField:
    """One value of the editor; label and options are not translated yet."""

    name: str
    label: str
    kind: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    least: int = 0
    greatest: int = 0


@router.get("/admin/policy")
def show_policy(request: Request, session: ReadDep) -> Response:
    return _page(request, session)


@router.post("/admin/policy")
def submit_policy(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    policy, faults = _read(values)
    errors = errors_of(faults, language=request.scope["lang"])
    status = 422
    if policy is not None:
        based_on = int(values["based_on"]) if values.get("based_on", "").isdecimal() else -1
        reason = values.get("reason", "")
        try:
            is_new = change_policy(
                session, policy, based_on=based_on, reason=reason, actor=staff.actor, now=now
            )
            return see_other(f"/admin/policy?done={'policy' if is_new else 'unchanged'}")
        except Invalid as error:
            errors = errors_of(error.fields, language=request.scope["lang"])
        except Refused as error:
            errors, status = form_error(request, error), 409
    return _page(request, reading, status=status, values=values, errors=errors)


def _read(values: dict[str, str]) -> tuple[Policy | None, list[FieldError]]:
    given: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name in LABELS:
        text = values.get(name, "").strip()
        try:
            given[name] = _value(name, text)
        except ValueError as error:
            message = str(error) if isinstance(error, NotMoney) else N_("Please enter a whole number.")
            faults.append(FieldError(name, message))
    return (None if faults else Policy(**given)), faults


def _value(name: str, text: str) -> int | StrEnum:
    if name in CHOICES:
        return CHOICES[name](text)
    if name.endswith("_bp"):
        # A percentage is typed with the same marks and two decimals as an amount.
        return parse_cents(text.removesuffix("%"))
    return parse_cents(text) if name.endswith("_cents") else int(text)


def _page(
    request: Request,
    session: ReadDep,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    policy = current_policy(session)
    return desk(
        request,
        "policy/policy.html",
        status=status,
        errors=errors or {},
        sections=_sections(policy, values or {}, language=request.scope["lang"]),
        labels=LABELS,
        value_words=VALUE_WORDS,
        reason=(values or {}).get("reason", ""),
        based_on=current_version_id(session),
        versions=list_versions(session),
    )


def _sections(policy: Policy, given: dict[str, str], *, language: str) -> list[tuple[str, list[PolicyField]]]:
    """The fields under their headings, which are not translated yet."""
    return [
        (
            title,
            [
                _field(name, label, getattr(policy, name), given, language=language)
                for name, label in labels.items()
            ],
        )
        for title, labels in SECTIONS.items()
    ]


def _field(name: str, label: str, value: Any, given: dict[str, str], *, language: str) -> PolicyField:
    options: tuple[tuple[str, str], ...] = ()
    if name.endswith(("_cents", "_bp")):
        kind, text = "money" if name.endswith("_cents") else "share", amount_text(value, language=language)
    elif name.endswith("_weekday"):
        kind, text = "choice", str(value)
        options = tuple((str(day), word) for day, word in enumerate(WEEKDAYS, start=1))
        options = options[: BOUNDS[name].greatest]
    elif name in CHOICES:
        kind, text = "choice", value.value
        options = tuple((choice.value, word) for choice, word in CHOICE_WORDS[name].items())
    else:
        kind, text = "number", str(value)
    bound = BOUNDS.get(name)
    return PolicyField(
        name,
        label,
        kind,
        given.get(name, text),
        options,
        least=bound.least if bound else 0,
        greatest=bound.greatest if bound else 0,
    )
