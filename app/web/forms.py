"""Reading posted forms into checked models, with a sentence for each field that is wrong."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from babel.dates import format_date
from pydantic import BaseModel, ConfigDict, ValidationError

from app.core.errors import N_, FieldError
from app.core.i18n import translate
from app.core.rendering import LOCALES

SENTENCES = {
    "missing": N_("Please fill in this field."),
    "string_too_short": N_("Please fill in this field with at least %(min_length)s characters."),
    "string_too_long": N_("Please use at most %(max_length)s characters."),
    "string_pattern_mismatch": N_("This does not have the expected form."),
    "int_parsing": N_("Please enter a whole number."),
    "int_from_float": N_("Please enter a whole number."),
    "greater_than_equal": N_("Please enter at least %(ge)s."),
    "greater_than": N_("Please enter more than %(gt)s."),
    "less_than_equal": N_("Please enter at most %(le)s."),
    "less_than": N_("Please enter less than %(lt)s."),
    "bool_parsing": N_("Please tick or untick this box."),
    "enum": N_("Please choose one of the offered values."),
    "literal_error": N_("Please choose one of the offered values."),
    "date_from_datetime_parsing": N_("Please enter a date such as 2026-12-31."),
    "date_parsing": N_("Please enter a date such as 2026-12-31."),
    "extra_forbidden": N_("This field does not belong here."),
}
OTHERWISE = N_("This value is not valid.")
NO_EMAIL = N_("Please enter an e-mail address such as name@company.example.")

M = TypeVar("M", bound="Form")
Errors = dict[str, str]


class Form(BaseModel):
    """A posted form: unknown fields are refused, text is stripped, nothing is shared with tables."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


def parse(model: type[M], values: Mapping[str, str], *, language: str) -> tuple[M | None, Errors]:
    """The checked form, or None with a sentence per field in the reader's language.

    An empty text counts as not given, so that optional fields take their default. A validator of the form
    raises ValueError("…") with a marked sentence of its own.
    """
    given = {name: value for name, value in values.items() if value != ""}
    try:
        return model.model_validate(given), {}
    except ValidationError as error:
        return None, _sentences(error, language)


def errors_of(fields: Iterable[FieldError], *, language: str) -> Errors:
    """The sentences of an Invalid that a flow raised, in the reader's language."""
    return {
        fault.field: translate(language, fault.message, **_spoken(fault.values, language)) for fault in fields
    }


def _spoken(values: Mapping[str, object], language: str) -> dict[str, object]:
    """A day among the values as people say it."""
    return {
        name: format_date(value, format="full", locale=LOCALES[language])
        if isinstance(value, date)
        else value
        for name, value in values.items()
    }


def _sentences(error: ValidationError, language: str) -> Errors:
    found: Errors = {}
    for fault in error.errors():
        name = str(fault["loc"][0]) if fault["loc"] else "form"
        context: dict[str, Any] = fault.get("ctx") or {}
        if fault["type"] == "value_error":
            # A validator of pydantic itself (an e-mail address, say) brings a reason but no sentence of ours.
            sentence = str(context.get("error", NO_EMAIL if name.endswith("email") else OTHERWISE))
            found.setdefault(name, translate(language, sentence))
        else:
            found.setdefault(name, translate(language, SENTENCES.get(fault["type"], OTHERWISE), **context))
    return found
