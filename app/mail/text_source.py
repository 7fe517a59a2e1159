"""The default text of an e-mail in one language, as the template a person may edit."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from gettext import NullTranslations
from pathlib import PurePosixPath

from jinja2 import Environment, TemplateNotFound, nodes

from app.core.i18n import catalogue

Token = tuple[str, str]

FOOTER = "mail/footer.txt"
FIXED = "fixed_"
"""How the names of parts begin that no text can do without: what the law or the contract asks for."""
_INCLUDE = re.compile(r"""\{%-?\s*include\s+["']mail/([a-z_/]+)\.txt["']\s*-?%\}""")
_IMPORT = re.compile(r"""\{%-?\s*from\s+["']macros/[a-z_]+\.txt["']\s+import\s[^%]*%\}\n?""")
_DEPTH = {("operator", sign): 1 if sign in "([{" else -1 for sign in "([{)]}"}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Source:
    """A template of subject and body: the texts as a person edits them, without what always stands around them.

    `prelude` brings the functions that `functions` names; `parts` are the blocks that the text may place: name to
    template, for instance `order_sums` to "mail/_order_sums.txt".
    """

    subject: str
    body: str
    prelude: str
    functions: frozenset[str]
    parts: dict[str, str]

    @property
    def fixed(self) -> list[str]:
        """The parts that are added at the end where the text does not place them."""
        return [name for name in self.parts if name.startswith(FIXED)]


@functools.lru_cache(maxsize=512)
def own_source(kind: str, environment: Environment) -> Source:
    """The default text of a kind in the environment's language, its sentences translated.

    Raises jinja2's TemplateNotFound for a kind that has no templates.
    """
    raw_subject, raw_body = (_raw(environment, f"mail/{kind}/{part}.txt") for part in ("subject", "body"))
    prelude = "".join(found.strip() for found in _IMPORT.findall(raw_body))
    parts: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        path = f"mail/{found[1]}.txt"
        if path == FOOTER:
            return ""
        name = PurePosixPath(path).stem.lstrip("_")
        parts[name] = path
        # A tag swallows the line break behind it and the included file ends in one; a value does neither.
        return "{{ " + name + " }}"

    placed = _INCLUDE.sub(place, _IMPORT.sub("", raw_body))
    return Source(
        subject=_translated(raw_subject.strip(), environment),
        body=_translated(placed, environment).strip() + "\n",
        prelude=prelude,
        functions=frozenset(_imported(environment, prelude)),
        parts=parts,
    )


def kinds_of(environment: Environment) -> list[str]:
    """Every kind of e-mail that has templates, by name."""
    names = environment.list_templates(filter_func=lambda name: name.endswith("/body.txt"))
    return sorted(name.split("/")[1] for name in names if name.startswith("mail/") and name.count("/") == 2)


def _raw(environment: Environment, name: str) -> str:
    if environment.loader is None:
        raise TemplateNotFound(name)
    return environment.loader.get_source(environment, name)[0]


def _imported(environment: Environment, prelude: str) -> Iterator[str]:
    for node in environment.parse(prelude).find_all(nodes.FromImport):
        for name in node.names:
            yield name if isinstance(name, str) else name[1]


def _translated(source: str, environment: Environment) -> str:
    """A template with the texts of its calls of gettext in place of the calls, and without its comments."""
    words = catalogue(str(environment.globals["lang"]))
    result: list[str] = []
    inside: list[Token] = []
    opening = before = ""
    for _, kind, value in Environment(keep_trailing_newline=True).lex(source):
        if kind in ("variable_begin", "block_begin"):
            opening, inside = value, []
        elif kind == "variable_end":
            result.append(_value(opening, inside, value, words))
            opening = ""
        elif kind == "block_end":
            result.append(opening + _expression(inside, words) + value)
            opening = ""
        elif opening:
            inside.append((kind, value))
        elif kind == "data":
            result.append(value.removeprefix("\n") if before == "comment_end" else value)
        before = kind
    return "".join(result)


def _value(opening: str, tokens: list[Token], closing: str, words: NullTranslations) -> str:
    """One `{{ … }}`: the plain text where it is one call of gettext, else the same with texts in place of calls."""
    spoken = _stripped(tokens)
    if spoken and spoken[0][1] == "_" and _end_of_call(spoken, 0) == len(spoken):
        text, values = _call(spoken, words)
        pieces = _PLACEHOLDER.split(text)
        said = [piece.replace("%%", "%") for piece in pieces[::2]]
        shown = ["{{ " + values[name] + " }}" for name in pieces[1::2]]
        return "".join(a + b for a, b in zip(said, [*shown, ""], strict=True))
    return opening + _expression(tokens, words) + closing


def _expression(tokens: list[Token], words: NullTranslations) -> str:
    result: list[str] = []
    at = 0
    while at < len(tokens):
        word = tokens[at][1] if tokens[at][0] == "name" else ""
        if word in ("_", "ngettext") and tokens[at + 1 : at + 2] == [("operator", "(")]:
            end = _end_of_call(tokens, at)
            call = tokens[at:end]
            result.append(_plural(call, words) if word == "ngettext" else f"({_joined(*_call(call, words))})")
            at = end
        else:
            result.append(tokens[at][1])
            at += 1
    return "".join(result)


def _end_of_call(tokens: list[Token], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        depth += _DEPTH.get(tokens[index], 0)
        if tokens[index] == ("operator", ")") and depth == 0:
            return index + 1
    return len(tokens)


def _arguments(call: list[Token]) -> list[list[Token]]:
    """What stands between the commas of a call, each as its tokens."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in call[2:-1]:
        depth += _DEPTH.get(token, 0)
        if token == ("operator", ",") and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return [argument for argument in map(_stripped, found) if argument]


def _call(call: list[Token], words: NullTranslations) -> tuple[str, dict[str, str]]:
    """The text of a call of gettext, and the expression of each of its placeholders."""
    message, *rest = _arguments(call)
    return words.gettext(_literal(message)), _named(rest, words)


def _named(arguments: list[list[Token]], words: NullTranslations) -> dict[str, str]:
    return {argument[0][1]: _expression(argument[2:], words).strip() for argument in arguments}


def _plural(call: list[Token], words: NullTranslations) -> str:
    one, many, count, *rest = _arguments(call)
    number = _expression(count, words)
    values = {"num": number, **_named(rest, words)}
    single, several = (words.ngettext(_literal(one), _literal(many), count) for count in (1, 2))
    return f"({_joined(single, values)} if {number} == 1 else {_joined(several, values)})"


def _joined(text: str, values: dict[str, str]) -> str:
    """A text with placeholders as an expression: its pieces as literals, joined with the values by `~`."""
    parts = []
    for index, piece in enumerate(_PLACEHOLDER.split(text)):
        if index % 2:
            parts.append(values[piece])
        elif piece:
            parts.append('"' + piece.replace("%%", "%").replace("\\", "\\\\").replace('"', '\\"') + '"')
    return " ~ ".join(parts) or '""'


def _literal(tokens: list[Token]) -> str:
    return "".join(value[1:-1].replace('\\"', '"') for kind, value in tokens if kind == "string")


def _stripped(tokens: list[Token]) -> list[Token]:
    spoken = [index for index, (kind, _) in enumerate(tokens) if kind != "whitespace"]
    return tokens[spoken[0] : spoken[-1] + 1] if spoken else []
