"""One person's browser: it notes each page that complains, scrolls sideways or shuts people out."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect

from app.core.i18n import translate

AXE = Axe()
BAD = ("serious", "critical")
WAIT_MS = 20_000
expect.set_options(timeout=WAIT_MS)
MEASURE = """() => {
  const root = document.documentElement
  const wide = root.scrollWidth > root.clientWidth
    ? [...document.body.querySelectorAll('*')].filter(e => {
        const box = e.getBoundingClientRect()
        return box.width && box.right > root.clientWidth + 1
      }).slice(0, 3).map(e => e.outerHTML.slice(0, 120)) : []
  const small = [...document.querySelectorAll('button, a.button, select, textarea, summary, input:not([type=hidden])')]
    .map(e => ['checkbox', 'radio'].includes(e.type) && e.labels.length ? e.labels[0] : e)
    .filter(e => {
      const box = e.getBoundingClientRect()
      return e.checkVisibility() && box.width && box.height < 43.5
    }).slice(0, 3).map(e => e.outerHTML.slice(0, 120) + ' is ' + e.getBoundingClientRect().height + ' px high')
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id)
  return {
    heads: document.querySelectorAll('h1').length, title: document.title, wide, small,
    doubled: ids.filter((id, at) => ids.indexOf(id) !== at),
  }
}"""


@dataclass(frozen=True)
class Window:
    """What a person looks through."""

    width: int
    language: Literal["de", "en"]
    has_scripts: bool = True
    scheme: Literal["light", "dark"] = "light"

    def __str__(self) -> str:
        return f"{self.width}-{self.language}-{'scripts' if self.has_scripts else 'plain'}-{self.scheme}"


class Visit:
    """A browser context with one tab or more; `faults` is what was wrong on the pages it saw."""

    def __init__(self, browser: Browser, window: Window, *, base_url: str) -> None:
        self.window = window
        self.base_url = base_url
        self.faults: list[str] = []
        self._refused: set[str] = set()
        self._seen: set[str] = set()
        self._context = browser.new_context(
            base_url=base_url,
            viewport={"width": window.width, "height": 900},
            locale={"de": "de-DE", "en": "en-GB"}[window.language],
            timezone_id="Europe/Berlin",
            java_script_enabled=window.has_scripts,
            color_scheme=window.scheme,
            reduced_motion="reduce",
            has_touch=window.width < 600,
        )
        self._context.set_default_timeout(WAIT_MS)
        self._context.on("console", self._hear)
        self._context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        self._context.on("response", self._receive)
        self.page = self._context.new_page()

    def close(self) -> None:
        self._context.close()

    def new_tab(self) -> Page:
        """One more tab of the same person."""
        return self._context.new_page()

    def say(self, sentence: str, **values: object) -> str:
        """A sentence of the shop in the language of this person."""
        return translate(self.window.language, sentence, **values)

    def open(self, path: str, *, status: int = 200) -> str:
        """Goes to a page of the shop, or to another address, and looks at it; returns its text."""
        if status >= 400:
            self.expect_refusal(path)
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, f"{path} answered {answer.status}"
        return self.look()

    def expect_refusal(self, path: str) -> None:
        """From now on this address may answer with an error: Chromium complains of each one on its console."""
        self._refused.add(path)

    def press(self, sentence: str, within: Locator | None = None) -> str:
        """Presses a button that leads to another page, and looks at that; returns its text."""
        button = (within or self.page).get_by_role("button", name=self.say(sentence), exact=True)
        with self.leaving():
            button.click()
        return self.look()

    def follow(self, sentence: str, within: Locator | None = None) -> str:
        """Follows a link to another page, and looks at that; returns its text."""
        link = (within or self.page).get_by_role("link", name=self.say(sentence), exact=True)
        with self.leaving():
            link.click()
        return self.look()

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """What is done inside leads to another page, which is there afterwards."""
        with self.page.expect_navigation():
            yield

    def look(self) -> str:
        """Notes what is wrong with the page; returns the text that a person reads on it."""
        found = self.page.evaluate(MEASURE)
        where = f"{self.page.url} ({self.window})"
        if found["heads"] != 1:
            self.faults.append(f"{where}: {found['heads']} headings of the first level")
        if not found["title"]:
            self.faults.append(f"{where}: no title")
        self.faults += [f"{where}: the id {name} twice" for name in found["doubled"]]
        if self.window.width < 600:
            self.faults += [f"{where}: reaches beyond the screen: {what}" for what in found["wide"]]
        if self.window.width < 600 and self.page.url.startswith(self.base_url):
            self.faults += [f"{where}: {what}" for what in found["small"]]
        if self.window.has_scripts:  # axe needs timers; the same pages are looked at with scripts
            self._let_axe_look(where, found["title"])
        return self.text()

    def text(self, selector: str = "body") -> str:
        """What a person reads in the first such element, with plain spaces."""
        return re.sub(r"[\u00a0\u202f]", " ", self.page.locator(selector).first.inner_text())

    def _let_axe_look(self, where: str, title: str) -> None:
        """Once for each page: what differs only in its numbers is the same page."""
        kind = re.sub(r"\d+", "0", f"{self.page.url} {title}")
        if kind in self._seen:
            return
        self._seen.add(kind)
        for violation in AXE.run(self.page).response["violations"]:
            if violation["impact"] in BAD:
                nodes = [f"{node['target']} {node['html'][:200]}" for node in violation["nodes"][:3]]
                self.faults.append(f"{where}: {violation['id']} ({violation['help']}): {nodes}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        address = message.location.get("url", "")
        if message.text.startswith("Failed to load resource") and address.removeprefix(self.base_url) in (
            self._refused
        ):
            return
        self.faults.append(f"{address or self.page.url} ({self.window}): console: {message.text}")

    def _receive(self, answer: Response) -> None:
        if answer.status >= 400 and not answer.request.is_navigation_request():
            self.faults.append(f"{answer.url} ({self.window}): answered {answer.status}")
