"""Reading what the customer file knows of a company's size and future: headcount and sales' judgement."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import N_
from app.mainbrand.rules.prospect import Judgement

GREATEST_HEADCOUNT = 10_000_000
JUDGEMENTS = {
    Judgement.HIGH: ("high", "hoch", "growing", "wachsend", "waechst", "+"),
    Judgement.EVEN: ("even", "medium", "mittel", "gleich", "stabil", "stable", "0", "="),
    Judgement.LOW: ("low", "niedrig", "gering", "shrinking", "schrumpfend"),
}


class WrongLine(ValueError):
    """A line that cannot be taken: the column, and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a line of the list says beside the purchases; None where it says nothing."""

    headcount: int | None
    judgement: Judgement | None


def file_facts(row: Mapping[str, Any]) -> FileFacts:
    """The facts of one line. Raises WrongLine for a headcount that is no number and a judgement that is none."""
    return FileFacts(_headcount(row["headcount"]), _judgement(row["sales_judgement"]))


def _headcount(text: str | None) -> int | None:
    plain = re.sub(r"[\s.,']+(?=\d{3}\b)", "", (text or "").strip())
    plain = re.sub(r"^(\d+)[.,]0+$", r"\1", plain)
    if plain in ("", "-"):
        return None
    if not re.fullmatch(r"[0-9]{1,8}", plain) or int(plain) > GREATEST_HEADCOUNT:
        raise WrongLine("headcount", N_("is no number of people"))
    return int(plain)


def _judgement(text: str | None) -> Judgement | None:
    word = (text or "").strip().lower().replace("ä", "ae")
    if word in ("", "-"):
        return None
    for judgement, words in JUDGEMENTS.items():
        if word in words:
            return judgement
    raise WrongLine("sales_judgement", N_("is neither high, even nor low"))
