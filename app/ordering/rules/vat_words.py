"""Why an order bears no German VAT: as a code for machines, and in words for papers and pages."""

from dataclasses import dataclass

from app.ordering.rules.vat import VatCase


@dataclass(frozen=True, slots=True)
class Exemption:
    """The reason of one case. `code` is of the VATEX list (BT-121), the notes stand on the invoice (BT-120).

    The short ones stand where else the line of VAT does: in a cart, an order, a mail.
    """

    code: str
    note_de: str
    note_en: str
    short_de: str
    short_en: str

    def note(self, language: str) -> str:
        """The sentence that the invoice must have (§ 14 (4) no. 8, § 14 a UStG)."""
        return self.note_de if language == "de" else self.note_en

    def short(self, language: str) -> str:
        """The reason in a few words."""
        return self.short_de if language == "de" else self.short_en


EXEMPTIONS = {
    VatCase.INTRA_COMMUNITY: Exemption(
        "VATEX-EU-IC",
        "Steuerfreie innergemeinschaftliche Lieferung (§ 4 Nr. 1 Buchst. b, § 6a UStG)",
        "VAT-exempt intra-Community supply (Article 138 of Directive 2006/112/EC)",
        "Innergemeinschaftliche Lieferung, steuerfrei",
        "Intra-Community supply, exempt from VAT",
    ),
    VatCase.REVERSE_CHARGE: Exemption(
        "VATEX-EU-AE",
        "Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG, Art. 196 MwStSystRL)",
        "Reverse charge: the customer owes the VAT (Article 196 of Directive 2006/112/EC)",
        "Steuerschuldnerschaft des Leistungsempfängers",
        "Reverse charge: you owe the VAT",
    ),
    VatCase.EXPORT: Exemption(
        "VATEX-EU-G",
        "Steuerfreie Ausfuhrlieferung (§ 4 Nr. 1 Buchst. a, § 6 UStG)",
        "VAT-exempt export (Article 146 of Directive 2006/112/EC)",
        "Ausfuhrlieferung, steuerfrei",
        "Export, exempt from VAT",
    ),
    VatCase.OUTSIDE: Exemption(
        "VATEX-EU-O",
        "Nicht im Inland steuerbare Leistung (§ 3a Abs. 2 UStG)",
        "Not subject to German VAT (Article 44 of Directive 2006/112/EC)",
        "In Deutschland nicht steuerbar",
        "Not subject to German VAT",
    ),
}
"""The reason of each case without German VAT; `domestic` has none, whatever its rate."""


def exemption_note(case: VatCase, language: str) -> str:
    """The short reason of a case; empty where VAT is charged."""
    found = EXEMPTIONS.get(case)
    return found.short(language) if found else ""
