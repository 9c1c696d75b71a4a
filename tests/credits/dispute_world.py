"""A candidate with claims at a provider who has two reviewers, for what happens to claims after they were decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from candidates.models import User
from catalog.models import Provider, ProviderMember
from ceportal.kernel.models import Event
from credits.models import Claim
from tests import factories
from tests.reference_data import load_reference
from tests.story import Story


@dataclass
class World:
    """One story, and everybody who takes part in it."""

    story: Story
    acme: Provider
    bob: ProviderMember
    bea: ProviderMember
    dan: User

    def claim(self, label: str = "claim") -> Claim:
        """The claim of a label, as it stands now."""
        return Claim.objects.get(id=self.story.labels[label])

    def approved(self, item: str = "ilt-40", label: str = "claim") -> Claim:
        """A claim of 10 April, handed in on the 12th and approved by Bob on the 13th."""
        return self._decided(item, label, "approve")

    def rejected(self, item: str = "ilt-40", label: str = "claim") -> Claim:
        """A claim of 10 April, handed in on the 12th and rejected by Bob on the 13th."""
        return self._decided(item, label, "reject")

    def _decided(self, item: str, label: str, outcome: str) -> Claim:
        self.story.to("2021-04-12").claim(item, "2021-04-10", label)
        return self.story.to("2021-04-13").decide(label, outcome, by=self.bob)


def make_world(settings: Any, tmp_path: Any) -> World:
    """An enrolled professional of 2021, Bob and Bea of acme, and Dan of the programme."""
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    story = Story(factories.CandidateFactory.create(login=True, name="Alice Okafor", email="alice@example.org"))
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    acme = Provider.objects.get(code="acme")
    manager = ProviderMember.Role.MANAGER
    return World(
        story=story,
        acme=acme,
        bob=factories.ProviderMemberFactory.create(provider=acme, user__email="bob@acme.example", role=manager),
        bea=factories.ProviderMemberFactory.create(provider=acme, user__email="bea@acme.example"),
        dan=factories.UserFactory.create(staff=True, second_factor=True, email="dan@example.org"),
    )


def topics(prefix: str) -> list[str]:
    """What happened, in order, as far as it begins with these letters."""
    return list(Event.objects.filter(topic__startswith=prefix).values_list("topic", flat=True))
