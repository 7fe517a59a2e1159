"""The process: loopback only, keeps its books over a restart."""

from pathlib import Path

import pytest
import stripe

from dev.stripe_standin.__main__ import main
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests.dev.stripe_standin.receiver import Receiver
from tests.dev.stripe_standin.shopping import Shop


def new_shop(standin: StandinProcess) -> Shop:
    return Shop(
        stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}, max_network_retries=0), standin
    )


def test_it_refuses_to_be_reached_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0", "--port", "1"]) == 2
    assert "loopback only" in capsys.readouterr().err


def test_it_refuses_a_webhook_without_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--webhook", "http://127.0.0.1:1/hooks"]) == 2
    assert "webhook-secret" in capsys.readouterr().err


def test_a_restart_keeps_payments_keys_and_undelivered_events(tmp_path: Path) -> None:
    state = tmp_path / "standin.db"
    receiver = Receiver(DEFAULT_SECRET)
    with StandinProcess(state=state, webhook_url="http://127.0.0.1:1/down") as first:
        shop = new_shop(first)
        session = shop.session(key="attempt-1")
        first.pay(session.id)
        books = first.books()

    try:
        with StandinProcess(state=state, webhook_url=receiver.url) as second:
            second.settle()

            assert second.books() == books
            shop = new_shop(second)
            assert shop.session(key="attempt-1").id == session.id
            assert shop.v1.payment_intents.capture(books["intents"][0]["id"]).status == "succeeded"
            assert "checkout.session.completed" in receiver.types()
    finally:
        receiver.stop()
