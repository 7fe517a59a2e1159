"""The units in which blocks are counted and measured: UN/ECE Recommendation 20, packings by Recommendation 21."""

import unicodedata

COUNTED_UNITS = (
    "C62", "PR", "SET", "KT", "CEN", "XPK", "XBX", "XRO", "XCA", "XCI", "XAJ", "XBO", "XAE", "XTU", "XCQ", "XBG",
    "XBJ", "XSH", "MIN", "E48",
)  # fmt: skip
"""Only whole numbers of these exist. A packing is X and its code of Recommendation 21."""
MEASURED_UNITS = ("KGM", "GRM", "TNE", "LTR", "MLT", "MTR", "CMT", "MMT", "MTK", "MTQ", "HUR", "DAY")
"""These may have up to three decimals."""
UNITS = COUNTED_UNITS + MEASURED_UNITS
"""What a block may be counted in; the words for each stand in `templates/macros/units.html`."""
OTHER_CODES = (
    "H87", "EA", "NAR", "NMP", "PK", "PA", "XPA", "BX", "CT", "XCT", "RO", "CA", "CI", "BO", "AE", "TU", "CQ", "BG",
    "XPL", "XBK", "ST", "XST", "LS", "C77",
)  # fmt: skip
"""Codes that mean the same and may stand in lists from elsewhere; all of them are counted."""
WORDS = {
    "stk": "C62", "stck": "C62", "stueck": "C62", "st": "C62", "piece": "C62", "pieces": "C62", "pcs": "C62",
    "pc": "C62", "pck": "XPK", "krt": "XBX", "kan": "XCI", "fl": "XBO", "kone": "XAJ", "taf": "XSH", "eim": "XBJ",
    "psch": "E48", "paar": "PR", "pair": "PR", "satz": "SET", "set": "SET", "kit": "KT", "pack": "XPK", "pkg": "XPK",
    "packung": "XPK", "paket": "XPK", "schachtel": "XBX", "karton": "XBX", "box": "XBX", "rolle": "XRO",
    "roll": "XRO", "dose": "XCA", "can": "XCA", "kanister": "XCI", "canister": "XCI", "kegel": "XAJ", "cone": "XAJ",
    "flasche": "XBO", "bottle": "XBO", "spraydose": "XAE", "tube": "XTU", "kartusche": "XCQ", "cartridge": "XCQ",
    "beutel": "XBG", "sack": "XBG", "bag": "XBG", "eimer": "XBJ", "bucket": "XBJ", "tafel": "XSH", "platte": "XSH",
    "bogen": "XSH", "sheet": "XSH", "kg": "KGM", "g": "GRM", "t": "TNE", "l": "LTR", "liter": "LTR", "litre": "LTR",
    "ml": "MLT", "m": "MTR", "meter": "MTR", "metre": "MTR", "cm": "CMT", "mm": "MMT", "m2": "MTK", "qm": "MTK",
    "m3": "MTQ", "cbm": "MTQ", "h": "HUR", "std": "HUR", "stunde": "HUR", "stunden": "HUR", "hour": "HUR",
    "min": "MIN", "minute": "MIN", "minuten": "MIN", "tag": "DAY", "day": "DAY", "pauschal": "E48",
    "leistung": "E48", "service": "E48",
}  # fmt: skip


def has_decimals(unit_code: str) -> bool:
    """Whether a quantity of this unit may be a part of one."""
    return unit_code in MEASURED_UNITS


def is_unit(unit_code: str) -> bool:
    """Whether the shop has words for this code."""
    return unit_code in UNITS or unit_code in OTHER_CODES


def find_unit(text: str) -> str | None:
    """The code for a code or a usual word in German or English ("Stk", "kg", "m²"); None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().rstrip(".")
    word = WORDS.get(plain.lower().replace("ü", "ue"))
    return word or (plain.upper() if is_unit(plain.upper()) else None)
