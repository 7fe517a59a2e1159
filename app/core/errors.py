"""The four kinds of failure a person or a program may be told of."""

import dataclasses
from dataclasses import dataclass


def N_(message: str) -> str:
    """Marks a sentence for the message catalogue; the web layer translates it when it is shown."""
    return message


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one named input, as a translatable sentence with its values."""

    field: str
    message: str
    values: dict[str, object] = dataclasses.field(default_factory=dict)


class ShopError(Exception):
    """A failure with a sentence for the person (a gettext msgid) and a stable code for programs."""

    def __init__(self, message: str, *, code: str, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.code = code
        self.values = values


class NotFound(ShopError):
    """The thing does not exist, or must look as if it did not."""


class Refused(ShopError):
    """The thing is known and the request understood, but it may not be done (now, or by this person)."""


class Invalid(ShopError):
    """The input is wrong; `fields` names each field with its fix."""

    def __init__(
        self, message: str, *, code: str, fields: tuple[FieldError, ...] = (), **values: object
    ) -> None:
        super().__init__(message, code=code, **values)
        self.fields = fields


class Unavailable(ShopError):
    """A machine that is needed does not answer; trying again later may help."""
