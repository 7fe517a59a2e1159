"""The form fields of a company, shared by applying and changing."""

from typing import Annotated

from pydantic import StringConstraints

from app.core.errors import N_
from app.core.i18n import translate
from app.customers.rules.application import CompanyFacts, LegalForm
from app.web.forms import Form

Text = Annotated[str, StringConstraints(max_length=200)]
Number = Annotated[str, StringConstraints(max_length=40)]

FOREIGN = N_("Another legal form (other countries)")


class CompanyForm(Form):
    """What a company says about itself; only lengths are checked here, the rest by the rules."""

    company_name: Text = ""
    legal_form: Text = ""
    vat_id: Number = ""
    vat_note: Text = ""
    register_number: Annotated[str, StringConstraints(max_length=120)] = ""
    register_court: Annotated[str, StringConstraints(max_length=120)] = ""
    street: Text = ""
    postal_code: Annotated[str, StringConstraints(max_length=16)] = ""
    city: Annotated[str, StringConstraints(max_length=120)] = ""
    country: Number = ""
    phone: Number = ""

    @property
    def facts(self) -> CompanyFacts:
        return CompanyFacts(
            company_name=self.company_name,
            legal_form=self.legal_form,
            vat_id=self.vat_id,
            vat_note=self.vat_note,
            register_number=self.register_number,
            register_court=self.register_court,
            street=self.street,
            postal_code=self.postal_code,
            city=self.city,
            country=self.country.upper(),
            phone=self.phone,
        )


def legal_form_options(language: str) -> list[tuple[str, str]]:
    """Legal forms as a choice: German ones by their own names."""
    return [
        (form.value, translate(language, FOREIGN) if form is LegalForm.FOREIGN else form.value)
        for form in LegalForm
    ]
