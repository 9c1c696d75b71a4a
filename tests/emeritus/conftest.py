"""A world in which Emeritus can be bought: the reference data, and a card desk that answers for the card service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from candidates.models import Candidate
from ceportal.scenarios.cards import CardDesk, standing_in
from emeritus.models import EmeritusPurchase
from emeritus.services import buy_emeritus
from payments.models import Order
from tests.story import Story


@dataclass
class Buyer(Story):
    """A story in which Emeritus is bought."""

    desk: CardDesk | None = None

    def ask(self, family: str = "ccie", *, confirmed: bool = False) -> Order:
        return buy_emeritus(candidate_id=self.candidate.id, family=family, confirmed=confirmed, now=self.now)

    def buy(self, family: str = "ccie", *, confirmed: bool = False) -> Order:
        order = self.ask(family, confirmed=confirmed)
        self.pay(order)
        return order

    def pay(self, order: Order) -> None:
        assert self.desk is not None
        self.desk.pay(order, now=self.now)
        order.refresh_from_db()

    @property
    def purchase(self) -> EmeritusPurchase:
        return EmeritusPurchase.objects.get(candidate=self.candidate)


@pytest.fixture
def desk() -> Iterator[CardDesk]:
    with standing_in() as found:
        yield found


@pytest.fixture
def buyer(scenario_world: None, alice: Candidate, desk: CardDesk) -> Buyer:
    """Alice, whose tenth year as CCIE was complete on 1 June 2020 and who is active until 1 June 2021."""
    story = Buyer(alice, desk=desk)
    story.to("2021-01-10").certify("ccie-security", "2010-06-01", "2018-06-01")
    return story
