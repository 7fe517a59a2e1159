"""Templates as a whole: they compile, they obey the content security policy, every mail is complete."""

import ast
import re
from html.parser import HTMLParser

import pytest
from jinja2 import Environment, UndefinedError

from app.settings import Settings
from app.shop import open_shop
from app.web.rendering import prepare
from tests.architecture.tree import TEMPLATES, called_name, calls, modules, templates

ALL = templates()
PAGES = templates(".html")
MAILS = sorted(folder.name for folder in (TEMPLATES / "mail").glob("*") if folder.is_dir())
EXTENDS = re.compile(r"\{%-?\s*extends\s+\"([\w/.]+)\"")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)

FOOTER = re.compile(r"\{\{-?\s*(\w+\.)?footer\(|\{%-?\s*include\s+\"mail/[\w/]*footer[\w.]*\"")


class Violations(HTMLParser):
    """Collects what the content security policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        line = self.getpos()[0]
        if tag == "style":
            self.found.append(f"line {line}: <style>")
        if tag == "script" and "src" not in values:
            self.found.append(f"line {line}: inline <script>")
        for name, value in attrs:
            if name == "style":
                self.found.append(f"line {line}: style=")
            if name.startswith(("on", "hx-on")):
                self.found.append(f"line {line}: {name}=")
            if (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"line {line}: javascript:")
            if name == "src" and re.match(r"(https?:)?//", value or ""):
                self.found.append(f"line {line}: foreign src")
        if tag == "link" and re.match(r"(https?:)?//", values.get("href") or ""):
            self.found.append(f"line {line}: foreign <link>")

    handle_startendtag = handle_starttag


@pytest.fixture(scope="module")
def environments() -> dict[str, Environment]:
    """The environments of a running shop: all formats and globals of pages and mails."""
    shop = open_shop(
        Settings(
            _env_file=None,
            secret_key="test-" * 10,
            stripe_api_key="sk_test_" + "0" * 24,
            stripe_webhook_secret="whsec_" + "0" * 32,
        )
    )
    prepare(shop)
    return shop.environments


@pytest.mark.parametrize("name", [name for name, _ in ALL])
def test_every_template_compiles_in_every_language(environments: dict[str, Environment], name: str) -> None:
    for environment in environments.values():
        environment.get_template(name)


def test_an_undefined_name_fails_in_every_language(environments: dict[str, Environment]) -> None:
    assert set(environments) == {"de", "en"}
    for environment in environments.values():
        with pytest.raises(UndefinedError):
            environment.from_string("{{ nobody_knows_this }}").render()


def test_no_page_needs_what_the_content_security_policy_blocks() -> None:
    blocked = {}
    for name, text in PAGES:
        parser = Violations()
        # Jinja's own marks become one word, so that the parser sees the HTML around them.
        parser.feed(JINJA.sub(lambda mark: "x" + "\n" * mark[0].count("\n"), text))
        if parser.found:
            blocked[name] = parser.found

    assert blocked == {}


def test_every_page_has_a_title() -> None:
    layouts = {name for _, text in PAGES for name in EXTENDS.findall(text)}
    layouts |= {name for name, _ in PAGES if name.startswith("layouts/")}

    untitled = [
        name
        for name, text in PAGES
        if EXTENDS.search(text) and name not in layouts and not re.search(r"\{%-?\s*block title", text)
    ]

    assert untitled == []


def test_every_fragment_says_first_what_it_needs() -> None:
    silent = [
        name
        for name, text in PAGES
        if name.rpartition("/")[2].startswith("_") and not text.lstrip().startswith("{#")
    ]

    assert silent == []


def test_no_text_on_a_page_is_left_unescaped() -> None:
    unescaped = [name for name, text in PAGES if re.search(r"\|\s*safe\b|autoescape\s+false", text)]

    assert unescaped == []


def test_every_mail_that_is_put_has_its_templates() -> None:
    assert _kinds_put("put_mail") <= set(MAILS)


@pytest.mark.parametrize("folder", MAILS)
def test_every_mail_has_a_subject_of_one_line_and_a_body_with_the_footer(folder: str) -> None:
    parts = {name.rpartition("/")[2]: text for name, text in ALL if name.startswith(f"mail/{folder}/")}

    assert set(parts) == {"subject.txt", "body.txt"}
    assert len(parts["subject.txt"].strip().splitlines()) == 1
    assert FOOTER.search(parts["body.txt"])


def test_mails_are_plain_text() -> None:
    marked_up = [
        name for name, text in ALL if name.startswith("mail/") and re.search(r"</?[a-z]+[^>]*>", text)
    ]

    assert marked_up == []


def _kinds_put(function: str) -> set[str]:
    """The literal kinds with which the program calls `put_mail`."""
    kinds = set()
    for module in modules("app"):
        for call in calls(module):
            if called_name(call) == function:
                given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "kind")]
                kinds |= {
                    value.value
                    for value in given
                    if isinstance(value, ast.Constant) and isinstance(value.value, str)
                }
    return kinds
