"""What differs from one installation to the next, read once from SHOP_* variables or a .env file."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MINIMUM_SECRET_LENGTH = 32


class Settings(BaseSettings):
    """One installation. Raises ValidationError with the name of each variable that is wrong or missing."""

    model_config = SettingsConfigDict(env_prefix="SHOP_", env_file=".env", extra="ignore", frozen=True)

    env: Literal["demo", "production"] = "demo"
    database_url: str = "sqlite:///./data/shop.db"
    base_url: str = "http://127.0.0.1:8000"
    secret_key: SecretStr = SecretStr("")
    stripe_api_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_api_base: str | None = None
    vies_url: str = "https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number"
    evatr_url: str = Field(
        default="https://api.evatr.vies.bzst.de/app/v1/abfrage", description="asked for a German seller only"
    )
    smtp_url: SecretStr = SecretStr("file:///./data/mail")
    mail_from: str = "schlicht. <bestellung@schlicht.example>"
    bounce_address: str = Field(
        default="",
        description="envelope sender, where undelivered e-mails return; default: that of MAIL_FROM",
    )
    bounce_imap_url: SecretStr = Field(
        default=SecretStr(""), description="imaps://user:password@host/INBOX of that address; empty: not read"
    )
    mail_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="signs POST /hooks/mail of a relay; empty: the route is closed"
    )
    timezone: str = "Europe/Berlin"
    worker: Literal["inside", "apart"] = "inside"
    log: Literal["json", "text"] = "text"
    failpoint: str = Field(default="", description="where a test kills the process; never in production")
    demo_password: SecretStr = SecretStr("schlicht-demo")
    data_folder: str = Field(
        default="", description="where uploads wait; web and worker share it; default: beside the SQLite file"
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="proxies in front that set X-Forwarded-For"
    )

    seller_brand: str = "schlicht."
    seller_company_name: str = "Kessler Industriebedarf"
    seller_legal_form: str = "GmbH"
    seller_street: str = "Werkhof 4"
    seller_postal_code: str = "04177"
    seller_city: str = "Leipzig"
    seller_country: str = "DE"
    seller_federal_state: str = Field(default="SN", description="the warehouse's state, for working days")
    seller_register_court: str = "Amtsgericht Leipzig"
    seller_register_number: str = "HRB 00000"
    seller_managing_directors: str = "Ada Kessler"
    seller_vat_id: str = "DE000000000"
    seller_tax_number: str = Field(default="231/100/00000", description="Steuernummer, for invoices")
    seller_email: str = "kontakt@schlicht.example"
    seller_phone: str = "+49 30 23125 100"
    main_brand_name: str = "Kessler Industriebedarf GmbH"
    main_brand_contact: str = "vertrieb@kessler.example, +49 30 23125 200"

    @field_validator("base_url")
    @classmethod
    def _as_browsers_write_it(cls, url: str) -> str:
        # A browser leaves the usual port out of the Host header, and no address ends in two slashes.
        parts = urlsplit(url.strip().rstrip("/").lower())
        usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
        return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}{parts.path}" if parts.netloc else url

    @property
    def host(self) -> str:
        """The host name and port under which the shop answers, as browsers send it."""
        return urlsplit(self.base_url).netloc

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def spool_folder(self) -> Path:
        """Where uploaded lists wait: below the data folder, which web and worker share."""
        return self._shared_folder / "imports"

    @property
    def export_folder(self) -> Path:
        """Where exports of the books lie for some days."""
        return self._shared_folder / "exports"

    @property
    def _shared_folder(self) -> Path:
        if not self.data_folder and self.database_url.startswith("sqlite:///"):
            return Path(self.database_url.removeprefix("sqlite:///").partition("?")[0]).parent
        return Path(self.data_folder or "data")

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if len(self.secret_key.get_secret_value()) < MINIMUM_SECRET_LENGTH:
            raise ValueError(f"SHOP_SECRET_KEY must have at least {MINIMUM_SECRET_LENGTH} characters")
        if not self.stripe_webhook_secret.get_secret_value():
            raise ValueError(
                "SHOP_STRIPE_WEBHOOK_SECRET must be set: an empty secret accepts any forged event"
            )
        if not self.stripe_api_key.get_secret_value():
            raise ValueError("SHOP_STRIPE_API_KEY must be set")
        if self.stripe_api_base and not self.stripe_api_key.get_secret_value().startswith("sk_test_"):
            raise ValueError(
                "SHOP_STRIPE_API_BASE (a stand-in) must not be used with a live SHOP_STRIPE_API_KEY"
            )
        if 0 < len(self.mail_webhook_secret.get_secret_value()) < MINIMUM_SECRET_LENGTH:
            raise ValueError(
                f"SHOP_MAIL_WEBHOOK_SECRET must be empty or have at least {MINIMUM_SECRET_LENGTH} characters"
            )
        if self.env == "production":
            self._refuse_demo_values()
        return self

    def _refuse_demo_values(self) -> None:
        if not self.is_https:
            raise ValueError("SHOP_BASE_URL must begin with https:// in production")
        if self.failpoint:
            raise ValueError("SHOP_FAILPOINT must not be set in production")
        if self.stripe_api_base:
            raise ValueError("SHOP_STRIPE_API_BASE must not be set in production")
        for name in ("vies_url", "evatr_url"):
            # Whoever answers here decides what is sold without VAT.
            if not getattr(self, name).startswith("https://"):
                raise ValueError(f"SHOP_{name.upper()} must begin with https:// in production")
        given = self.model_fields_set
        wanted = [name for name in type(self).model_fields if name.startswith(("seller_", "main_brand_"))]
        missing = [
            f"SHOP_{name.upper()}" for name in wanted if name not in given or not getattr(self, name).strip()
        ]
        if missing:
            raise ValueError("the imprint needs these variables (section 5 DDG): " + ", ".join(missing))
