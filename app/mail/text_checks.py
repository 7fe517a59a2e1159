"""What a person may write into the text of an e-mail, and what is wrong with it: line, cause, way out."""

import difflib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from app.core.errors import N_
from app.mail.text_source import own_source

LONGEST_SUBJECT = 300
LONGEST_BODY = 20_000
DEEPEST_LOOPS = 2
SECRETS = frozenset({"token"})
"""Values of which an e-mail cannot do without: the secret of its link."""
STANDING = frozenset({"seller", "base_url", "main_brand_name", "main_brand_contact"})
"""What every e-mail may name, whatever it is about."""
FILTERS = frozenset(
    (
        "money", "date", "iso_date", "iso_moment", "month", "weekday_date", "datetime", "country", "number",
        "percent_bp", "whole_percent", "duration", "milli",
        "default", "length", "upper", "lower", "title", "capitalize", "trim", "urlencode",
    )
)  # fmt: skip
TESTS = frozenset({"defined", "undefined", "none"})
LOOP = frozenset({"first", "last", "index", "length"})
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.If, nodes.For,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Filter,
    nodes.Test, nodes.Call, nodes.Assign, nodes.Keyword,
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: in "subject" or "body", in which line, as a translatable sentence with its values."""

    field: str
    line: int
    message: str
    values: dict[str, object]


@dataclass(frozen=True)
class Allowed:
    """What the text of a kind may use: values, functions, and the blocks it may place."""

    values: frozenset[str]
    functions: frozenset[str]
    parts: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        return self.values | self.functions | self.parts


@functools.lru_cache(maxsize=512)
def allowed_in(kind: str, environment: Environment) -> Allowed:
    """What the default text of a kind uses, in itself and in the parts that it includes."""
    source = own_source(kind, environment)
    own = [environment.parse(text) for text in (source.subject, source.body)]
    used = set().union(*(meta.find_undeclared_variables(tree) for tree in own)) - source.functions
    for path in source.parts.values():
        used |= _names_of_part(path, environment)
    names = frozenset(used - set(environment.globals) - set(source.parts)) | STANDING
    return Allowed(names, source.functions, frozenset(source.parts))


def faults_of(subject: str, body: str, *, kind: str, environment: Environment) -> list[Fault]:
    """Everything that is wrong with a text before it meets a real e-mail; empty where nothing is."""
    allowed = allowed_in(kind, environment)
    found = [
        *_faults_of_size("subject", subject, LONGEST_SUBJECT),
        *_faults_of_size("body", body, LONGEST_BODY),
    ]
    if "\n" in subject.strip():
        found.append(Fault("subject", 2, N_("The subject must be one line."), {}))
    if found:
        return found
    for field, text in (("subject", subject), ("body", body)):
        found += _faults_in(field, text, allowed, environment)
    return found or list(_missing_secrets(body, allowed, environment))


def _faults_of_size(field: str, text: str, longest: int) -> Iterator[Fault]:
    if not text.strip():
        yield Fault(field, 1, N_("Please write something, or go back to the default."), {})
    elif len(text) > longest:
        yield Fault(field, 1, N_("This is too long: at most %(longest)s characters."), {"longest": longest})


def _faults_in(field: str, text: str, allowed: Allowed, environment: Environment) -> list[Fault]:
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        return [
            Fault(
                field,
                error.lineno,
                N_("Line %(line)s: the signs in brackets cannot be read (%(error)s)."),
                {"line": error.lineno, "error": (error.message or "")[:200]},
            )
        ]
    except RecursionError:
        return [Fault(field, 1, N_("Line %(line)s: this is nested too deeply."), {"line": 1})]
    found = list(_faults_of(tree, allowed, frozenset(), 0))
    return [Fault(field, line, message, {"line": line, **values}) for line, message, values in found]


Finding = tuple[int, str, dict[str, object]]


def _faults_of(node: nodes.Node, allowed: Allowed, own: frozenset[str], depth: int) -> Iterator[Finding]:
    """What is wrong in a part of the tree; `own` are the names that the text itself gives, `depth` its loops."""
    if not isinstance(node, _PLAIN):
        yield _impossible(node, type(node).__name__)
        return
    if isinstance(node, nodes.Name) and node.ctx == "load":
        yield from _fault_of_name(node, allowed, own)
    elif isinstance(node, nodes.Getattr):
        is_wrong_loop = (
            isinstance(node.node, nodes.Name) and node.node.name == "loop" and node.attr not in LOOP
        )
        if node.attr.startswith("_") or is_wrong_loop:
            yield _impossible(node, node.attr)
    elif isinstance(node, nodes.Filter | nodes.Test):
        if node.name not in (FILTERS if isinstance(node, nodes.Filter) else TESTS):
            yield _impossible(node, node.name)
    elif isinstance(node, nodes.Call):
        # Functions are the fixed words of the shop; methods of values are none of a text's business.
        if not isinstance(node.node, nodes.Name) or node.node.name not in allowed.functions:
            yield _impossible(node, f"{getattr(node.node, 'name', '')}()")
            return
    elif isinstance(node, nodes.Assign) and (
        not isinstance(node.target, nodes.Name) or node.find(nodes.Concat) is not None
    ):
        yield _impossible(node, "set")
    if isinstance(node, nodes.For):
        yield from _faults_of_loop(node, allowed, own, depth)
        return
    for child in node.iter_child_nodes():
        yield from _faults_of(child, allowed, own, depth)
        if isinstance(child, nodes.Assign) and isinstance(child.target, nodes.Name):
            own |= {child.target.name}


def _faults_of_loop(node: nodes.For, allowed: Allowed, own: frozenset[str], depth: int) -> Iterator[Finding]:
    is_over_value = isinstance(node.iter, nodes.Name | nodes.Getattr)
    if (
        node.recursive
        or depth >= DEEPEST_LOOPS
        or not is_over_value
        or not isinstance(node.target, nodes.Name)
    ):
        yield _impossible(node, "for")
        return
    yield from _faults_of(node.iter, allowed, own, depth)
    inside = own | {node.target.name, "loop"}
    for child in (*node.body, *node.else_, *([node.test] if node.test else [])):
        yield from _faults_of(child, allowed, inside, depth + 1)


def _fault_of_name(node: nodes.Name, allowed: Allowed, own: frozenset[str]) -> Iterator[Finding]:
    if node.name in allowed.names or node.name in own:
        return
    guess = difflib.get_close_matches(node.name, sorted(allowed.names | own), n=1, cutoff=0.6)
    if guess:
        message = N_("Line %(line)s: there is no value “%(name)s” here. Did you mean “%(guess)s”?")
        yield node.lineno, message, {"name": node.name[:60], "guess": guess[0]}
    else:
        message = N_("Line %(line)s: there is no value “%(name)s” here. Those that exist stand below.")
        yield node.lineno, message, {"name": node.name[:60]}


def _impossible(node: nodes.Node, what: str) -> Finding:
    return node.lineno, N_("Line %(line)s: “%(what)s” is not possible in a text."), {"what": what[:60]}


def _missing_secrets(body: str, allowed: Allowed, environment: Environment) -> Iterator[Fault]:
    used = meta.find_undeclared_variables(environment.parse(body))
    for name in sorted(SECRETS & allowed.values - used):
        message = N_("The link with “%(name)s” must stay in the text: without it the e-mail is of no use.")
        yield Fault("body", 1, message, {"name": "{{ " + name + " }}"})


def _names_of_part(path: str, environment: Environment) -> set[str]:
    if environment.loader is None:
        return set()
    tree = environment.parse(environment.loader.get_source(environment, path)[0])
    return meta.find_undeclared_variables(tree)
