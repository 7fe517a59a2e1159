"""An e-mail in the words of a person: rendered in a sandbox, its footer and its fixed sentences always there."""

import functools
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from app.mail.text_checks import SECRETS, allowed_in
from app.mail.text_source import FOOTER, own_source

LONGEST_RESULT = 60_000
LONGEST_SUBJECT_LINE = 200
DANGEROUS = frozenset({"format", "center", "indent", "attr", "map", "xmlattr", "pprint", "tojson", "random"})


class Unusable(Exception):
    """An edited text that cannot be rendered with the values at hand; `field`, `line` and `cause` say where and why."""

    def __init__(self, cause: str, *, field: str = "body", line: int = 0) -> None:
        super().__init__(f"{field}, line {line}: {cause}" if line else f"{field}: {cause}")
        self.field, self.line, self.cause = field, line, cause


@dataclass(frozen=True)
class Words:
    """A subject and body as somebody wrote them, as templates."""

    subject: str
    body: str


def render_edited(
    kind: str, words: Words, values: Mapping[str, Any], environment: Environment
) -> tuple[str, str]:
    """Subject and body of an e-mail of a kind in somebody's own words, with footer and fixed sentences.

    Raises Unusable for a value that is not there, for a result without the secret of its link, and for one that is
    too long.
    """
    source = own_source(kind, environment)
    sandbox = _sandbox(environment)
    subject = _rendered("subject", source.prelude + words.subject.strip(), values, sandbox)
    used = _names_in(words.body, sandbox)
    parts = {
        name: _part(name, environment.get_template(path), values)
        for name, path in source.parts.items()
        if name in used or name in source.fixed
    }
    body = _rendered("body", source.prelude + words.body, {**values, **parts}, sandbox).strip()
    for name in source.fixed:
        if parts[name].strip() not in body:
            body += "\n\n" + parts[name].strip()
    for name in SECRETS & values.keys() & allowed_in(kind, environment).values:
        if str(values[name]) not in body:
            raise Unusable(f"the link with {name} is missing")
    line = " ".join(subject.split())
    if not line or len(line) > LONGEST_SUBJECT_LINE:
        raise Unusable("the subject is empty or too long", field="subject")
    return line, body + "\n\n" + environment.get_template(FOOTER).render(values)


def _part(name: str, template: Template, values: Mapping[str, Any]) -> str:
    try:
        return template.render(values).removesuffix("\n")
    except Exception as error:
        raise Unusable(f"{name}: {error}"[:300]) from error


def _rendered(field: str, source: str, values: Mapping[str, Any], sandbox: SandboxedEnvironment) -> str:
    try:
        pieces: list[str] = []
        length = 0
        for piece in _compiled(source, sandbox).generate(values):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_RESULT:
                raise Unusable(f"it becomes longer than {LONGEST_RESULT} characters", field=field)
        return "".join(pieces)
    except Unusable:
        raise
    except Exception as error:
        # Whatever somebody's words do to the template engine: they never hold an e-mail up.
        raise Unusable(str(error)[:300] or type(error).__name__, field=field, line=_line_of(error)) from error


def _line_of(error: BaseException) -> int:
    """The line of the text in which it failed, 0 where it is not known."""
    line = getattr(error, "lineno", None)
    if line:
        return int(line)
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"
    ]
    return (lines[-1] or 0) if lines else 0


@functools.lru_cache(maxsize=256)
def _compiled(source: str, sandbox: SandboxedEnvironment) -> Template:
    return sandbox.from_string(source)


def _names_in(source: str, sandbox: SandboxedEnvironment) -> set[str]:
    try:
        return meta.find_undeclared_variables(sandbox.parse(source))
    except (TemplateError, RecursionError) as error:
        raise Unusable(str(error)[:300], line=_line_of(error)) from error


@functools.lru_cache(maxsize=512)
def _sandbox(environment: Environment) -> SandboxedEnvironment:
    """The closed twin of an environment: the same formats and words, none of its globals, nothing else."""
    sandbox = SandboxedEnvironment(
        loader=environment.loader,
        undefined=StrictUndefined,
        autoescape=False,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sandbox.globals = {name: environment.globals[name] for name in ("_", "gettext", "ngettext", "lang")}
    # The fixed words of the shop (templates/macros) run in here too: what they use stays, but nothing that makes a
    # short text long or leads to attributes. What an edited text itself may use is decided by text_checks.
    sandbox.filters = {name: one for name, one in environment.filters.items() if name not in DANGEROUS}
    sandbox.tests = dict(environment.tests)
    return sandbox
