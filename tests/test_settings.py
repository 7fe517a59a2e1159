"""An installation with unsafe settings does not start, and says which variable is to blame."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import Settings

SAFE: dict[str, Any] = {
    "_env_file": None,
    "env": "demo",
    "secret_key": "k" * 32,
    "stripe_api_key": "sk_test_1",
    "stripe_webhook_secret": "whsec_1",
}
LIVE = {
    **SAFE,
    "env": "production",
    "base_url": "https://shop.example",
    **{name: "given" for name in Settings.model_fields if name.startswith(("seller_", "main_brand_"))},
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SHOP_{name.upper()}", raising=False)


def test_safe_settings_start() -> None:
    assert Settings(**SAFE).env == "demo"
    assert Settings(**LIVE).is_https


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret_key": "short"}, "SHOP_SECRET_KEY"),
        ({"stripe_webhook_secret": ""}, "SHOP_STRIPE_WEBHOOK_SECRET"),
        ({"stripe_api_key": ""}, "SHOP_STRIPE_API_KEY"),
        ({"stripe_api_key": "sk_live_1", "stripe_api_base": "http://127.0.0.1:1"}, "SHOP_STRIPE_API_BASE"),
    ],
)
def test_unsafe_settings_are_refused_anywhere(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings(**{**SAFE, **change})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"base_url": "http://shop.example"}, "SHOP_BASE_URL"),
        ({"stripe_api_base": "http://127.0.0.1:1"}, "SHOP_STRIPE_API_BASE"),
        ({"vies_url": "http://vies.example/check"}, "SHOP_VIES_URL"),
        ({"evatr_url": "http://127.0.0.1:9/evatr"}, "SHOP_EVATR_URL"),
        ({"failpoint": "send_mail.before_smtp"}, "SHOP_FAILPOINT"),
        ({"seller_register_number": " "}, "SHOP_SELLER_REGISTER_NUMBER"),
    ],
)
def test_production_refuses_what_the_demo_may(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings(**{**LIVE, **change})


def test_production_refuses_to_start_with_the_demo_companys_particulars() -> None:
    wanted = {name: value for name, value in LIVE.items() if name != "seller_vat_id"}

    with pytest.raises(ValidationError, match="SHOP_SELLER_VAT_ID"):
        Settings(**wanted)


@pytest.mark.parametrize(
    "given, base_url, host",
    [
        ("https://shop.example:443", "https://shop.example", "shop.example"),
        ("https://Shop.example/", "https://shop.example", "shop.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("https://shop.example:8443", "https://shop.example:8443", "shop.example:8443"),
    ],
)
def test_the_address_of_the_shop_is_kept_as_browsers_write_it(given: str, base_url: str, host: str) -> None:
    settings = Settings(**{**SAFE, "base_url": given})

    assert (settings.base_url, settings.host) == (base_url, host)


@pytest.mark.parametrize(
    ("change", "folder"),
    [
        ({}, "data/imports"),
        ({"database_url": "sqlite:////srv/shop.db"}, "/srv/imports"),
        ({"database_url": "postgresql+psycopg://shop@database/shop"}, "data/imports"),
        ({"database_url": "sqlite:////srv/shop.db", "data_folder": "/data"}, "/data/imports"),
    ],
)
def test_uploads_wait_below_the_data_folder_or_beside_the_database(
    change: dict[str, Any], folder: str
) -> None:
    assert str(Settings(**{**SAFE, **change}).spool_folder) == folder
