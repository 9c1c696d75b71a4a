"""A worker on the tests' database and broker, with the card sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import redis

from payments.verification import verify
from tests.devstack.cards_sandbox import Cards, Webhook
from tests.exams import lab_world as world
from tests.faults.house import DAY, LATER_DAY, House, running_workers


@pytest.fixture
def house(cards: Cards, webhook: Webhook, transactional_db: None) -> Iterator[House]:
    """Labs in two months, an emptied Valkey, and a worker. In the end the money is proved (PAY-04)."""
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    world.agreements()
    world.lab()
    world.open_day("brussels", DAY, seats=30)
    world.open_day("tokyo", LATER_DAY, seats=30)
    with running_workers(cards) as workers:
        house = House(cards, webhook, workers)
        house.start_worker()
        yield house
        cards.turn(reset="switches")
        house.kill_worker()
    assert verify(every=True).differences == ()
