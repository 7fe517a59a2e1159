import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from app.ordering.rules.states import OrderState
from tests.faults.conftest import Buyer, World
from tests.processes import ShopProcess, WorkerProcess

SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
BUYERS_COUNT = 4
LONGEST_LIFE_S = 6.0


@dataclass
class Stage:
    """The processes of the moment; whoever finds one dead asks for the next."""

    world: World
    chance: random.Random
    web: ShopProcess
    worker: WorkerProcess
    web_kill_count: int = 0
    worker_kill_count: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def kill_on(self) -> None:
        """Kills one of the two after a random while, and puts a fresh one in its place."""
        while not self.is_over.wait(self.chance.uniform(0.2, LONGEST_LIFE_S)):
            if self.chance.random() < 0.6:
                self.web.kill9()
                self.web_kill_count += 1
                self.web = self.world.serve()
                self.world.send_webhooks_to(self.web)
            else:
                self.worker.kill9()
                self.worker_kill_count += 1
                self.worker = self.world.work("")


class RestlessBuyer(Buyer):
    """A buyer who asks whichever process is there, until one answers."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.world, *stage.world.admit())
        self.stage = stage

    def ask(self, method: str, path: str, values: dict[str, str] | None = None) -> httpx2.Response:
        give_up_at = time.monotonic() + 120
        while True:
            try:
                answer = self.http.request(method, self.stage.web.url + path, data=values)
                if answer.status_code < 500:
                    return answer
                said = answer.text[:200]
            except httpx2.TransportError as error:
                self.unanswered_count += 1
                said = repr(error)
            assert time.monotonic() < give_up_at, f"no answer to {method} {path}: {said}"
            time.sleep(0.05)


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    """One web process and one worker that will be killed; the seed is printed, so that a run can be repeated."""
    seed = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    print(f"SOAK_SEED={seed}")
    made = Stage(world, random.Random(seed), world.serve(), world.work(""))
    world.send_webhooks_to(made.web)
    yield made
    made.is_over.set()
    for process in (made.web, made.worker):
        if process.exit_code is None:
            process._process.end(signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.timeout(int(SECONDS) + 600)
def test_random_kills_lose_and_double_nothing(world: World, stage: Stage) -> None:
    bought: list[Buyer] = []
    failures: list[BaseException] = []
    threads = [threading.Thread(target=_buy_on, args=(stage, bought, failures)) for _ in range(BUYERS_COUNT)]
    killer = threading.Thread(target=stage.kill_on)

    for thread in [*threads, killer]:
        thread.start()
    time.sleep(SECONDS)
    stage.is_over.set()
    for thread in [*threads, killer]:
        thread.join(120)
    stage.worker.kill9()
    world.send_webhooks_to(world.survivor)
    world.let_time_pass()

    assert failures == []
    assert stage.web_kill_count >= 3
    assert stage.worker_kill_count >= 2
    assert len(bought) >= 5
    extra_count = 0
    for buyer in bought:
        orders = buyer.orders()
        assert [one.state for one in orders] == [OrderState.ACCEPTED]
        assert buyer.captured_cents() == [orders[0].gross_cents]
        deliveries = buyer.deliveries()
        assert set(deliveries) == {"order_received", "order_accepted"}
        assert min(deliveries.values()) == 1
        extra_count += sum(deliveries.values()) - len(deliveries)
    # A mail may come twice only where a worker died between the server's "250" and its own note.
    assert extra_count <= stage.worker_kill_count
    assert world.faults() == []
    print(
        f"{len(bought)} orders, {stage.web_kill_count} + {stage.worker_kill_count} kills, {extra_count} mails twice"
    )


def _buy_on(stage: Stage, bought: list[Buyer], failures: list[BaseException]) -> None:
    while not stage.is_over.is_set():
        try:
            bought.append(_buy(stage))
        except BaseException as failure:  # a thread's failure is the test's
            failures.append(failure)
            return


def _buy(stage: Stage) -> Buyer:
    buyer = RestlessBuyer(stage)
    buyer.fill_cart()
    form = buyer.read_checkout()
    answer = buyer.ask("POST", "/checkout", form)
    for _ in range(20):
        if "/cs_" in answer.headers["location"]:
            break
        number = buyer.orders()[-1].number
        answer = buyer.post(f"/orders/{number}/pay", {}, page=f"/orders/{number}")
    buyer.ask("GET", buyer.pay(buyer.page_id(answer)))
    buyer.http.close()
    return buyer
