"""Main-brand lists of any length for the bench: real companies' parts put together anew."""

import random
from pathlib import Path

import polars as pl

TOWNS = (
    ("04177", "Leipzig"),
    ("01099", "Dresden"),
    ("50667", "Köln"),
    ("80331", "München"),
    ("79098", "Freiburg"),
)
WORDS = (
    "Bau",
    "Handel",
    "Technik",
    "Service",
    "Verwaltung",
    "Immobilien",
    "Logistik",
    "Metallbau",
    "Elektro",
)


def companies(path: Path, *, count: int, seed: int = 7) -> pl.DataFrame:
    """So many accounts with the columns of a list. Up to the file's length these are its own companies; what
    is more, or all where the file is missing, has the first words of one company, the last of another, the
    street of a third and the town of a fourth, so that frequent words stay frequent.
    """
    rng = random.Random(seed)
    real = _real(path)
    rows = []
    for at in range(count):
        if at < len(real):
            name, street, postcode, city = real[at]
        elif real:
            first, last, place, town = (rng.choice(real) for _ in range(4))
            cut = max(1, len(first[0].split()) // 2)
            name = " ".join([*first[0].split()[:cut], *last[0].split()[len(last[0].split()) // 2 :]])
            street, postcode, city = place[1], town[2], town[3]
        else:
            name = f"{_made_up(rng)} {rng.choice(WORDS)} GmbH"
            street, (postcode, city) = f"{_made_up(rng)}straße {rng.randrange(1, 90)}", rng.choice(TOWNS)
        rows.append(
            (
                f"M{at:07d}",
                name,
                street,
                postcode,
                city,
                f"DE{100_000_000 + at}",
                f"0{rng.randrange(200, 999)} {rng.randrange(100_000, 9_999_999)}"
                if rng.random() < 0.7
                else "",
                f"info@{_made_up(rng).lower()}{at}.example" if rng.random() < 0.6 else "",
                "C",
            )
        )
    columns = "account_number company_name street postal_code city vat_id phone email segment".split()  # noqa: SIM905
    return pl.DataFrame(rows, schema=columns, orient="row")


def _real(path: Path) -> list[tuple[str, str, str, str]]:
    if not path.exists():
        return []
    frame = pl.read_parquet(path).select("name", "street", "postcode", "city")
    return [(name, street or "", code or "", city or "") for name, street, code, city in frame.iter_rows()]


def _made_up(rng: random.Random) -> str:
    syllables = (
        "ba",
        "ker",
        "lin",
        "mo",
        "ratz",
        "sen",
        "til",
        "wuer",
        "zan",
        "del",
        "fro",
        "gers",
        "hof",
        "nau",
    )
    return "".join(rng.choice(syllables) for _ in range(rng.randrange(2, 5))).capitalize()
