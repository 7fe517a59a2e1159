"""Who we are on an invoice, from the settings."""

from app.invoices.rules.building import party
from app.invoices.rules.document import Party, SellerFacts
from app.settings import Settings


def seller_of(settings: Settings) -> Party:
    """Our company with address, VAT id and how to reach it."""
    return party(
        name=f"{settings.seller_company_name} {settings.seller_legal_form}",
        street=settings.seller_street,
        postal_code=settings.seller_postal_code,
        city=settings.seller_city,
        country=settings.seller_country,
        vat_id=settings.seller_vat_id,
        contact_name=settings.seller_brand,
        email=settings.seller_email,
        phone=settings.seller_phone,
    )


def seller_facts_of(settings: Settings) -> SellerFacts:
    """What a business letter says of us in law."""
    return SellerFacts(
        brand=settings.seller_brand,
        legal_form=settings.seller_legal_form,
        tax_number=settings.seller_tax_number,
        register_court=settings.seller_register_court,
        register_number=settings.seller_register_number,
        managing_directors=settings.seller_managing_directors,
    )
