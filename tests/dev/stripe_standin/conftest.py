"""One stand-in for all tests of this folder, forgotten before each."""

from collections.abc import Iterator

import pytest
import stripe

from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests.dev.stripe_standin.receiver import Receiver
from tests.dev.stripe_standin.shopping import Shop


@pytest.fixture(scope="package")
def running_standin() -> Iterator[StandinProcess]:
    with StandinProcess() as standin:
        yield standin


@pytest.fixture
def standin(running_standin: StandinProcess) -> StandinProcess:
    running_standin.reset()
    return running_standin


@pytest.fixture
def client(standin: StandinProcess, monkeypatch: pytest.MonkeyPatch) -> stripe.StripeClient:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    return stripe.StripeClient(
        API_KEY, base_addresses={"api": standin.url, "files": standin.url}, max_network_retries=0
    )


@pytest.fixture
def shop(client: stripe.StripeClient, standin: StandinProcess) -> Shop:
    return Shop(client, standin)


@pytest.fixture
def receiver(standin: StandinProcess) -> Iterator[Receiver]:
    found = Receiver(DEFAULT_SECRET)
    standin.set_webhook(found.url, DEFAULT_SECRET, retry_pauses_s=[0.05, 0.1, 0.2])
    yield found
    found.stop()
