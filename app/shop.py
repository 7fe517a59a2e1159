"""What one process holds open: settings, database, templates, and the machines outside."""

from dataclasses import dataclass, field

from jinja2 import Environment

from app.core.db import Database, open_database
from app.core.rendering import make_environments
from app.customers.vat_services import VatServices
from app.invoices.checking import Checker
from app.mail.inbox import Inbox, open_inbox
from app.mail.transport import Transport, open_transport
from app.payments.stripe_gateway import StripeGateway
from app.settings import Settings


@dataclass
class Shop:
    """One running process of the shop; made once at start and handed to web, worker and commands."""

    settings: Settings
    db: Database
    environments: dict[str, Environment]
    stripe: StripeGateway
    transport: Transport
    inbox: Inbox | None = None
    checker: Checker = field(default_factory=Checker)

    @property
    def vat_services(self) -> VatServices:
        """VIES and eVatR, asked as this seller."""
        settings = self.settings
        return VatServices(
            vies_url=settings.vies_url,
            evatr_url=settings.evatr_url,
            seller_country=settings.seller_country,
            seller_vat_id=settings.seller_vat_id,
        )

    def close(self) -> None:
        """Lets go of database connections and of the process that checks invoices."""
        self.db.close()
        self.checker.close()


def open_shop(settings: Settings) -> Shop:
    """A shop from its settings; nothing outside is called yet."""
    return Shop(
        settings=settings,
        db=open_database(settings.database_url),
        environments=make_environments(timezone=settings.timezone),
        stripe=StripeGateway(
            api_key=settings.stripe_api_key.get_secret_value(),
            webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
            api_base=settings.stripe_api_base,
        ),
        transport=open_transport(settings.smtp_url.get_secret_value(), sender=settings.bounce_address),
        inbox=open_inbox(settings.bounce_imap_url.get_secret_value()),
    )
