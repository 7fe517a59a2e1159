"""A block's form: its texts as staff type them, read into an entry with every fault named at once."""

from collections.abc import Mapping
from typing import Any

from app.catalogue.rules.blocks import SIZES, VAT_RATES_BP, BlockEntry, entry_faults
from app.catalogue.rules.kinds import Kind, Packaging, Source
from app.core.errors import N_, FieldError, Invalid
from app.core.i18n import translate
from app.web.admin.block_words import PACKAGINGS
from app.web.admin.reading import FormReader
from app.web.admin.words import SOURCES
from app.web.forms_money import amount_text
from app.web.forms_quantity import milli_text
from app.web.rendering import KIND_NAMES

TEXTS = ("sku", "name_de", "name_en", "text_de", "text_en", "partner", "cpv_code", "unit_code")
AMOUNTS = ("unit_cost_cents", "main_brand_price_cents")
OPTIONAL_AMOUNTS = ("partner_cost_cents", "packing_cost_cents")
FLAGS = ("is_hazardous", "is_restricted")
RATES = {str(rate) for rate in VAT_RATES_BP}
YES_OR_NO = {True: N_("yes"), False: N_("no")}
NAMES: dict[str, Mapping[Any, str]] = {
    "kind": KIND_NAMES,
    "source": SOURCES,
    "packaging": PACKAGINGS,
    "is_hazardous": YES_OR_NO,
    "is_restricted": YES_OR_NO,
    "is_made_to_order": {True: N_("Made to order"), False: N_("Counted")},
}
NOW_STANDS = N_("Here stands now: %(value)s")
LONGEST_SHOWN = 200
EMPTY = {
    **dict.fromkeys((*TEXTS, *AMOUNTS, *OPTIONAL_AMOUNTS, *FLAGS, *SIZES), ""),
    "kind": Kind.SPARE_PART.value,
    "unit_code": "C62",
    "main_brand_lead_time_days": "2",
    "vat_rate_bp": "1900",
    "source": Source.OWN.value,
    "packaging": Packaging.NONE.value,
    "weight_g": "",
    "is_made_to_order": "1",
}


def read_entry(values: dict[str, str]) -> BlockEntry:
    """What was typed. Raises Invalid with a fault for every field that is wrong."""
    reader = FormReader(values)
    rate = values.get("vat_rate_bp", "")
    if rate not in RATES:
        reader.faults.append(FieldError("vat_rate_bp", N_("Please choose one of the offered values.")))
    read: dict[str, Any] = {name: values.get(name, "") for name in TEXTS}
    read |= {name: reader.cents(name) for name in AMOUNTS}
    read |= {name: reader.cents(name) if values.get(name, "").strip() else 0 for name in OPTIONAL_AMOUNTS}
    read |= {name: values.get(name) == "1" for name in FLAGS}
    read |= {name: reader.milli(name) if values.get(name, "").strip() else None for name in SIZES}
    entry = BlockEntry(
        kind=reader.choice("kind", Kind),
        source=reader.choice("source", Source),
        packaging=reader.choice("packaging", Packaging) if values.get("packaging") else Packaging.NONE,
        main_brand_lead_time_days=reader.number("main_brand_lead_time_days"),
        weight_g=reader.number("weight_g") if values.get("weight_g", "").strip() else 0,
        vat_rate_bp=int(rate) if rate in RATES else 0,
        is_made_to_order=values.get("is_made_to_order", "1") == "1",
        **read,
    ).tidied()
    known = {fault.field for fault in reader.faults}
    faults = [*reader.faults, *(fault for fault in entry_faults(entry) if fault.field not in known)]
    if faults:
        raise Invalid(N_("Please check the entries."), code="form.invalid", fields=tuple(faults))
    return entry


def typed(entry: BlockEntry, *, language: str) -> dict[str, str]:
    """An entry as it stands in the form's fields."""
    amounts = (*AMOUNTS, *OPTIONAL_AMOUNTS)
    return {
        **{name: getattr(entry, name) for name in TEXTS},
        **{name: amount_text(getattr(entry, name), language=language) for name in amounts},
        **{name: "1" if getattr(entry, name) else "" for name in FLAGS},
        **{name: _size_text(getattr(entry, name), language) for name in SIZES},
        "kind": entry.kind.value,
        "source": entry.source.value,
        "packaging": entry.packaging.value,
        "main_brand_lead_time_days": str(entry.main_brand_lead_time_days),
        "weight_g": str(entry.weight_g),
        "vat_rate_bp": str(entry.vat_rate_bp),
        "is_made_to_order": "1" if entry.is_made_to_order else "0",
    }


def _size_text(size_milli: int | None, language: str) -> str:
    return "" if size_milli is None else milli_text(size_milli, language=language)


def differences(written: BlockEntry, kept: BlockEntry, *, language: str) -> dict[str, str]:
    """For each field in which the two differ, what is kept there, in the reader's words."""
    fields = typed(kept, language=language)
    return {
        name: _in_words(name, fields[name], kept, language=language)
        for name, value in kept.values.items()
        if written.values[name] != value
    }


def _in_words(name: str, text: str, kept: BlockEntry, *, language: str) -> str:
    value = getattr(kept, name)
    if name == "vat_rate_bp":
        return f"{value // 100} %"
    if name in NAMES:
        return translate(language, NAMES[name][value])
    return (text[:LONGEST_SHOWN] + "…" if len(text) > LONGEST_SHOWN else text) or "–"
