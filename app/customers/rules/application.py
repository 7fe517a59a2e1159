"""What a company tells us when it applies, and what is wrong with it."""

import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from email_validator import EmailNotValidError, validate_email

from app.core.errors import N_, FieldError
from app.customers.rules.countries import belongs_to, fault_of_address, is_vat_id
from app.mainbrand.rules.keys import fold, name_key, register_key, vat_key


class LegalForm(StrEnum):
    """Legal forms as companies write them; the last one stands for every form of another country."""

    GMBH = "GmbH"
    GMBH_CO_KG = "GmbH & Co. KG"
    UG = "UG (haftungsbeschränkt)"
    SOLE_MERCHANT = "e.K."
    SOLE_TRADER = "Einzelunternehmen"
    FREELANCER = "Freiberufler"
    GBR = "GbR"
    OHG = "OHG"
    KG = "KG"
    AG = "AG"
    SE = "SE"
    KGAA = "KGaA"
    PARTG = "PartG"
    EG = "eG"
    EV = "e.V."
    PUBLIC_BODY = "Körperschaft des öffentlichen Rechts"
    FOREIGN = "foreign"


NO_COMPANY = frozenset(
    {"privat", "private", "privatperson", "privatkunde", "privatkundin", "keine", "kein", "none", "test"}
    | {"nicht vorhanden", "vorhanden nicht", "na", "n a", "entfaellt", "firma", "company", "ohne", "xxx"}
)


@dataclass(frozen=True)
class CompanyFacts:
    """A company as it describes itself, texts stripped, optional ones empty."""

    company_name: str
    legal_form: str
    vat_id: str
    vat_note: str
    register_number: str
    register_court: str
    street: str
    postal_code: str
    city: str
    country: str
    phone: str

    @property
    def name_key(self) -> str:
        return name_key(self.company_name)

    @property
    def vat_key(self) -> str | None:
        return vat_key(self.vat_id, country=self.country)

    @property
    def register_key(self) -> str | None:
        return register_key(self.register_court, self.register_number)

    @property
    def is_vat_id_foreign(self) -> bool:
        """Whether the VAT id comes from another country than the address."""
        return self.vat_key is not None and not belongs_to(self.vat_key, country=self.country)


def faults(facts: CompanyFacts) -> tuple[FieldError, ...]:
    """Each field that is wrong with what to do about it; empty when all is well.

    A business proves itself by a VAT id or a register number (compliance.md section 1, row 1).
    """
    found = [
        *_faults_of_characters(facts),
        *_faults_of_name(facts),
        *_faults_of_vat_id(facts),
        *_faults_of_register(facts),
        *_faults_of_address(facts),
    ]
    if len(re.sub(r"\D", "", facts.phone)) < 6 or not re.fullmatch(r"[\d\s()+/.-]+", facts.phone):
        found.append(
            FieldError("phone", N_("Please enter a phone number with area code, such as +49 30 23125 100."))
        )
    return tuple(found)


def fault_of_person(name: str) -> FieldError | None:
    """What is wrong with a person's name, or None. It stands in mails, so it must not carry a message of its own."""
    if re.search(r"[:/@<>\d]|\bwww\.", name) or not name.isprintable() or not re.search(r"[^\W\d_]", name):
        return FieldError("contact_name", N_("Please enter first and last name of the person who orders."))
    return None


def fault_of_email(email: str) -> FieldError | None:
    """What is wrong with an e-mail address, or None. Only the form is looked at; a mail proves the rest."""
    try:
        validate_email(email, allow_smtputf8=False, check_deliverability=False)
    except EmailNotValidError:
        return FieldError("email", N_("Please enter an e-mail address such as name@company.example."))
    return None


def _faults_of_characters(facts: CompanyFacts) -> list[FieldError]:
    found = [
        FieldError(name, N_("Please leave out line breaks and other invisible characters."))
        for name, value in asdict(facts).items()
        if not value.isprintable()
    ]
    if re.search(r"://|\bwww\.|@", facts.company_name):
        found.append(FieldError("company_name", N_("Please enter the name only, without any address.")))
    return found


def _faults_of_name(facts: CompanyFacts) -> list[FieldError]:
    words = " ".join(re.findall(r"[^\W_]+", fold(facts.company_name)))
    found = []
    if len(words.replace(" ", "")) < 2 or words in NO_COMPANY:
        found.append(
            FieldError(
                "company_name",
                N_("We sell to businesses only. Please enter the name of your company as it is registered."),
            )
        )
    if facts.legal_form not in set(LegalForm):
        found.append(FieldError("legal_form", N_("Please choose the legal form of your company.")))
    return found


def _faults_of_vat_id(facts: CompanyFacts) -> list[FieldError]:
    if not facts.vat_id:
        if facts.register_number:
            return []
        return [FieldError("vat_id", N_("Please enter your VAT id, or your register number below."))]
    key = facts.vat_key
    if key is None or not is_vat_id(key):
        return [
            FieldError(
                "vat_id",
                N_("This VAT id cannot be right: a character is wrong, missing or too many."),
            )
        ]
    if facts.is_vat_id_foreign and not facts.vat_note:
        return [
            FieldError(
                "vat_note",
                N_(
                    "The VAT id begins with %(prefix)s, your address is in %(country)s. Please say in a few words why."
                ),
                {"prefix": key[:2], "country": facts.country},
            )
        ]
    return []


def _faults_of_register(facts: CompanyFacts) -> list[FieldError]:
    if not facts.register_number:
        return []
    if facts.country != "DE":
        if re.search(r"\d{3}", facts.register_number) is None:
            return [FieldError("register_number", N_("Please enter the number with all its digits."))]
        return []
    if register_key("x", facts.register_number) is None:
        return [
            FieldError(
                "register_number", N_("Please write the number like this: HRB 12345 (or HRA, GnR, PR, VR).")
            )
        ]
    if facts.register_key is None:
        return [
            FieldError(
                "register_court", N_("Please name the court that keeps the register, such as Leipzig.")
            )
        ]
    return []


def _faults_of_address(facts: CompanyFacts) -> list[FieldError]:
    fault = fault_of_address(facts.postal_code, country=facts.country)
    found = [fault] if fault else []
    if not re.search(r"[^\W\d_]", facts.street):
        found.append(FieldError("street", N_("Please enter street and house number.")))
    if not re.search(r"[^\W\d_]", facts.city):
        found.append(FieldError("city", N_("Please enter the town.")))
    return found
