"""Turning the texts of a purchases file into checked values; what is wrong is named with column and reason."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

import polars as pl

from app.core.errors import N_
from app.mainbrand.files import LINE, Batch, Notation, TableFile
from app.mainbrand.rejects import Reject
from app.mainbrand.rules.faults import OUT_OF_TIME, TOO_LARGE, TOO_LONG
from app.mainbrand.rules.notation import DateStyle, NumberStyle

MAXIMUM_QUANTITY = 10_000_000
MAXIMUM_PRICE = 10_000_000
MAXIMUM_LINE_VALUE = 1_000_000_000
EARLIEST_YEAR = 1990
LENGTHS = {"customer_id": 64, "invoice": 64, "stock_code": 64}
NUMBER = r"^[+-]?\d{1,15}([.,]\d{1,12})?([eE][+-]?\d{1,2})?$"
GERMAN_NUMBER = r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$"
ENGLISH_NUMBER = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
AMBIGUOUS_NUMBER = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
NEVER = r"[^\s\S]"
DATE_STYLES = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
)
TWO_DAYS = N_("does not say whether the day or the month comes first: choose it, or write 2026-01-31")
AHEAD = N_("is after tomorrow: nothing can have been bought then")
SLASHED = r"^\d{1,2}/\d{1,2}/\d{4}\b"
SLASHED_STYLES = {
    DateStyle.PLAIN: (),
    DateStyle.DAY_FIRST: ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"),
    DateStyle.MONTH_FIRST: ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
}
SLASHED_DAYS = {
    DateStyle.PLAIN: (),
    DateStyle.DAY_FIRST: ("%d/%m/%Y",),
    DateStyle.MONTH_FIRST: ("%m/%d/%Y",),
}
DAY_STYLES = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d")
EXCEL_EPOCH = pl.datetime(1899, 12, 30)
GOODS = ("product", "product_other", "goods", "ware", "artikel")
NO_GOODS = ("non_product", "service", "fee", "nebenleistung", "gebuehr", "gebühr", "versand")
YES = ("1", "true", "t", "yes", "y", "ja", "j", "x", "wahr")
NO = ("0", "false", "f", "no", "n", "nein", "falsch")

# The columns of the table `purchases` that a file fills, in the order in which they are loaded.
LOADED = (
    "import_key",
    "account_number",
    "invoice_number",
    "sku",
    "description",
    "quantity_milli",
    "net_cents",
    "currency",
    "is_goods",
    "country",
    "purchased_at",
)


@dataclass(frozen=True)
class Terms:
    """What a file leaves unsaid: its currency, the time zone of its dates, and the year after which none lies.

    No purchase is at `before_at` or later (see `end_of_tomorrow`); None where that is no matter.
    """

    currency: str
    timezone: str
    latest_year: int
    before_at: datetime | None = None


def end_of_tomorrow(now: datetime, timezone: str) -> datetime:
    """The moment (UTC) at which tomorrow ends: a tolerance for clocks and zones, beyond which nothing was bought."""
    zone = ZoneInfo(timezone)
    day = now.astimezone(zone).date() + timedelta(days=2)
    return datetime.combine(day, time(), zone).astimezone(UTC)


class LineReader:
    """Checks batch after batch; remembers what it has read, so that equal lines get different keys."""

    def __init__(self, table: TableFile, terms: Terms) -> None:
        self._table = table
        self._terms = terms
        self._notation = table.notation
        self._ambiguous = NEVER if table.is_typed else AMBIGUOUS_NUMBER
        self._seen: dict[bytes, int] = {}

    def read(self, batch: Batch) -> tuple[pl.DataFrame, list[Reject]]:
        """The good lines with the columns LOADED (`purchased_at` naive in UTC), and the others with their fault."""
        frame = batch.frame.with_columns(
            _account(),
            **_numbers(self._ambiguous, self._notation.numbers),
            **_times(self._terms, self._notation.dates),
            **_words(self._terms),
        )
        is_plain = self._notation.numbers is NumberStyle.PLAIN
        faults = _faults(self._terms, self._ambiguous if is_plain else NEVER, self._notation)
        frame = frame.with_columns(pl.coalesce(faults).alias("fault"))
        rejects = [*batch.rejects, *self._rejects(frame.filter(pl.col("fault").is_not_null()))]
        good = frame.filter(pl.col("fault").is_null()).select(_values())
        keys = [self._key(text) for text in good["identity"]]
        return good.with_columns(pl.Series("import_key", keys, pl.String)).select(LOADED), rejects

    def _rejects(self, wrong: pl.DataFrame) -> list[Reject]:
        names = [*self._table.header.places]
        rejects = []
        for row in wrong.select(LINE, "fault", *names).iter_rows(named=True):
            column, _, reason = row["fault"].partition("|")
            rejects.append(
                Reject(row[LINE], column, row.get(column) or "", reason, self._table.cells_of(row))
            )
        return rejects

    def _key(self, identity: str) -> str:
        """The line's content and how many equal ones came before it, hashed to 96 bits."""
        content = blake2b(identity.encode(), digest_size=12)
        digest = content.digest()
        ordinal = self._seen.get(digest, 0)
        self._seen[digest] = ordinal + 1
        if ordinal:
            content.update(f"|{ordinal}".encode())
        return content.hexdigest()


def _account() -> pl.Expr:
    # Spreadsheets write whole numbers as 17850.0 once a cell above them is empty.
    return pl.col("customer_id").str.replace(r"^(\d+)\.0$", "$1")


def _numbers(ambiguous: str, style: NumberStyle) -> dict[str, pl.Expr]:
    return {
        "quantity_value": _number("quantity", ambiguous, style),
        "price_value": _number("unit_price", ambiguous, style),
    }


def _number(name: str, ambiguous: str, style: NumberStyle) -> pl.Expr:
    text = pl.col(name).str.replace_all(r"[\s€']", "")
    thousands, decimal = (",", ".") if style is NumberStyle.ENGLISH else (".", ",")
    chosen = text.str.replace_all(thousands, "", literal=True).str.replace(decimal, ".", literal=True)
    plain = (
        pl.when(text.str.contains(ambiguous))
        .then(None if style is NumberStyle.PLAIN else chosen)
        .when(text.str.contains(NUMBER))
        .then(text.str.replace(",", ".", literal=True))
        .when(text.str.contains(GERMAN_NUMBER))
        .then(text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(text.str.contains(ENGLISH_NUMBER))
        .then(text.str.replace_all(",", "", literal=True))
    )
    return plain.cast(pl.Float64, strict=False)


def _times(terms: Terms, style: DateStyle) -> dict[str, pl.Expr]:
    text = pl.col("invoice_ts")
    zoned = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us", time_zone="UTC")
    serial = pl.when(text.str.contains(r"^\d{5}(\.\d+)?$")).then(text).cast(pl.Float64, strict=False)
    excel = EXCEL_EPOCH + pl.duration(milliseconds=(serial * 86_400_000).round(0).cast(pl.Int64))
    local = pl.coalesce(
        *(
            text.str.to_datetime(one, strict=False, time_unit="us")
            for one in (*DATE_STYLES, *SLASHED_STYLES[style])
        ),
        *(
            text.str.to_date(one, strict=False).cast(pl.Datetime("us"))
            for one in (*DAY_STYLES, *SLASHED_DAYS[style])
        ),
        excel.cast(pl.Datetime("us")),
    )
    return {"purchased_at": pl.coalesce(_in_utc(local, terms.timezone), zoned.dt.replace_time_zone(None))}


def _in_utc(local: pl.Expr, timezone: str) -> pl.Expr:
    """Local times in UTC, without a zone; an hour that the change of clocks leaves out counts as the next."""

    def utc(moment: pl.Expr) -> pl.Expr:
        zoned = moment.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        return zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)

    return pl.coalesce(utc(local), utc(local + pl.duration(hours=1)))


def _words(terms: Terms) -> dict[str, pl.Expr]:
    kind = pl.col("line_kind").str.to_lowercase()
    cancelled = pl.col("is_cancellation").str.to_lowercase()
    return {
        "goods_value": pl.when(kind.is_null() | kind.is_in(GOODS))
        .then(True)
        .when(kind.is_in(NO_GOODS))
        .then(False),
        "cancelled_value": pl.when(cancelled.is_in(YES))
        .then(True)
        .when(cancelled.is_null() | cancelled.is_in(NO))
        .then(False),
        "currency_value": pl.col("currency").str.to_uppercase().fill_null(terms.currency),
    }


def _faults(terms: Terms, ambiguous: str, notation: Notation) -> list[pl.Expr]:
    """For each check the first fault of a line as `column|reason`, null where it passes."""
    quantity, price = pl.col("quantity_value"), pl.col("price_value")
    year = pl.col("purchased_at").dt.year()
    return [
        _fault(
            pl.col("customer_id").is_null(), "customer_id", N_("is missing: nobody can be rated by this line")
        ),
        *(_fault(pl.col(name).is_null(), name, N_("is missing")) for name in ("invoice", "stock_code")),
        *(
            _fault(pl.col(name).str.len_chars() > longest, name, TOO_LONG % {"most": longest})
            for name, longest in LENGTHS.items()
        ),
        *(
            _fault(
                pl.col(name).str.contains("\0", literal=True), name, N_("holds a character that is no text")
            )
            for name in (*LENGTHS, "description", "country")
        ),
        *_number_faults("quantity", quantity, MAXIMUM_QUANTITY, ambiguous),
        _fault(quantity == 0, "quantity", N_("is zero")),
        *_number_faults("unit_price", price, MAXIMUM_PRICE, ambiguous),
        _fault(price < 0, "unit_price", N_("is negative: a return has a negative quantity instead")),
        _fault(
            (quantity * price).abs() > MAXIMUM_LINE_VALUE,
            "unit_price",
            N_("makes the line worth over a billion"),
        ),
        _fault(pl.col("invoice_ts").is_null(), "invoice_ts", N_("is missing")),
        *(
            [_fault(pl.col("invoice_ts").str.contains(SLASHED), "invoice_ts", TWO_DAYS)]
            if notation.dates is DateStyle.PLAIN
            else []
        ),
        _fault(
            pl.col("purchased_at").is_null(),
            "invoice_ts",
            N_("is no date like 2026-01-31, 2026-01-31 14:05 or 31.01.2026"),
        ),
        _fault(
            (year < EARLIEST_YEAR) | (year > terms.latest_year),
            "invoice_ts",
            OUT_OF_TIME % {"first": EARLIEST_YEAR, "last": terms.latest_year},
        ),
        *(
            [_fault(pl.col("purchased_at") >= terms.before_at.replace(tzinfo=None), "invoice_ts", AHEAD)]
            if terms.before_at
            else []
        ),
        _fault(pl.col("goods_value").is_null(), "line_kind", N_("is neither product nor non_product")),
        _fault(pl.col("cancelled_value").is_null(), "is_cancellation", N_("is neither true nor false")),
        _fault(
            pl.col("cancelled_value") & (quantity > 0),
            "quantity",
            N_("is positive although the line is a cancellation"),
        ),
        _fault(
            ~pl.col("currency_value").str.contains("^[A-Z]{3}$"),
            "currency",
            N_("is no currency code like EUR"),
        ),
    ]


def _number_faults(name: str, value: pl.Expr, most: int, ambiguous: str) -> list[pl.Expr]:
    text = pl.col(name)
    return [
        _fault(text.is_null(), name, N_("is missing")),
        _fault(
            text.str.contains(ambiguous),
            name,
            N_("can be read in two ways: write thousands without a separator, or one decimal more"),
        ),
        _fault(value.is_null(), name, N_("is no number")),
        _fault(value.abs() > most, name, TOO_LARGE % {"most": most}),
    ]


def _fault(is_wrong: pl.Expr, column: str, reason: str) -> pl.Expr:
    return pl.when(is_wrong).then(pl.lit(f"{column}|{reason}"))


def _values() -> list[pl.Expr]:
    quantity_milli = (pl.col("quantity_value") * 1000).round(0).cast(pl.Int64)
    # Ten-thousandths of the currency: whole numbers from here on, so that half a cent rounds up and not by chance.
    price = (pl.col("price_value") * 10_000).round(0).cast(pl.Int64)
    product = quantity_milli * price
    net_cents = product.sign() * ((2 * product.abs() + 100_000) // 200_000)
    identity = pl.concat_str(
        pl.col("customer_id"),
        pl.col("invoice"),
        pl.col("stock_code"),
        quantity_milli.cast(pl.String),
        net_cents.cast(pl.String),
        pl.col("currency_value"),
        pl.col("purchased_at").dt.epoch("s").cast(pl.String),
        separator="\x1f",
    )
    return [
        identity.alias("identity"),
        pl.col("customer_id").alias("account_number"),
        pl.col("invoice").alias("invoice_number"),
        pl.col("stock_code").alias("sku"),
        pl.col("description").fill_null("").str.slice(0, 300),
        quantity_milli.alias("quantity_milli"),
        net_cents.alias("net_cents"),
        pl.col("currency_value").alias("currency"),
        pl.col("goods_value").alias("is_goods"),
        pl.col("country").fill_null("").str.slice(0, 64),
        pl.col("purchased_at"),
    ]
