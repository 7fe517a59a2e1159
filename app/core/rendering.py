"""Templates: one strict Jinja environment per language, with formats for money, numbers and dates."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core.i18n import LANGUAGES, catalogue

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
LOCALES = {"de": "de_DE", "en": "en_GB"}


def make_environments(*, timezone: str, folder: Path = TEMPLATES) -> dict[str, Environment]:
    """For each language an environment: undefined names fail, HTML is escaped, texts are translated."""
    return {language: _environment(language, ZoneInfo(timezone), folder) for language in LANGUAGES}


def _environment(language: str, zone: ZoneInfo, folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )
    messages = catalogue(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        messages.gettext, messages.ngettext, newstyle=True
    )
    environment.globals["lang"] = language
    environment.filters.update(_formats(LOCALES[language], zone))
    return environment


def _formats(locale: str, zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
    def money(cents: int, currency: str = "EUR") -> str:
        return format_currency(Decimal(cents).scaleb(-2), currency, locale=locale)

    def on(day: date, style: str = "medium") -> str:
        return format_date(day, format=style, locale=locale)

    def month(day: date, form: str = "LLLL y") -> str:
        return format_date(day, format=form, locale=locale)

    def weekday(day: date) -> str:
        return format_date(
            day, format="EEEE, d. MMMM y" if locale.startswith("de") else "EEEE, d MMMM y", locale=locale
        )

    def at(moment: datetime, style: str = "short") -> str:
        return format_datetime(moment.astimezone(zone), format=style, locale=locale)

    def iso_date(text: str) -> date:
        return date.fromisoformat(text)

    def iso_moment(text: str) -> datetime:
        return datetime.fromisoformat(text)

    def country(code: str) -> str:
        return str(Locale.parse(locale).territories.get(code, code))

    def number(value: float) -> str:
        return format_decimal(value, locale=locale)

    def milli(thousandths: int) -> str:
        return format_decimal(Decimal(thousandths) / 1000, locale=locale)

    def percent_bp(rate_bp: int) -> str:
        return format_percent(rate_bp / 10_000, format="#,##0.##\u00a0%", locale=locale)

    def duration(seconds: int) -> str:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes}\u00a0min {rest}\u00a0s" if minutes else f"{rest}\u00a0s"

    def probability(share_bp: int) -> str:
        return format_decimal(share_bp / 10_000, format="0.00", locale=locale)

    def whole_percent(share_bp: int) -> str:
        return format_percent(share_bp / 10_000, format="#,##0\u00a0%", locale=locale)

    return {
        "duration": duration,
        "probability": probability,
        "whole_percent": whole_percent,
        "money": money,
        "date": on,
        "iso_date": iso_date,
        "iso_moment": iso_moment,
        "month": month,
        "weekday_date": weekday,
        "datetime": at,
        "country": country,
        "number": number,
        "milli": milli,
        "percent_bp": percent_bp,
    }
