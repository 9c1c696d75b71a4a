"""CR-04 with trainings that the board calls the same, told as stories: from when a mark holds, and what it leaves."""

from __future__ import annotations

import pytest

from catalog.models import BoardReview, Item
from catalog.services import mark_equivalent
from ceportal.kernel.decisions import Refused
from credits import queries
from credits.models import Claim, Grant
from tests import factories
from tests.reference_data import load_reference
from tests.story import Story, refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings: object, tmp_path: object) -> Story:
    """An enrolled professional of 2021, valid until 1 June 2023."""
    settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]
    load_reference()
    story = Story(factories.CandidateFactory.create())
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    return story


def mark(story: Story, one: str, other: str) -> None:
    mark_equivalent(
        review_id=BoardReview.objects.latest("held_on").pk,
        item_id=Item.objects.get(code=one).pk,
        same_as_id=Item.objects.get(code=other).pk,
        reason="Another language.",
        decided_by_id=None,
        now=story.now,
    )


def earned() -> list[str]:
    return sorted(Grant.objects.values_list("item__code", flat=True))


def test_another_version_counts_as_the_same(story: Story) -> None:
    """CR-04: by a claim as by a report, and by way of a third."""
    mark(story, "ilt-30", "boot-16")
    mark(story, "vilt-24", "boot-16")
    story.to("2021-02-20").claim("ilt-30", "2021-02-16")
    story.decide()
    for act in (lambda: story.claim("vilt-24", "2021-02-18"), lambda: story.report("vilt-24", "2021-02-18")):
        with pytest.raises(Refused) as refusal:
            act()
        assert refused_with(refusal.value) == ("CR-04",)
    assert earned() == ["ilt-30"]


def test_a_claim_that_waits_stands_in_the_way_of_another_and_not_of_a_report(story: Story) -> None:
    """CR-04, CE-10: what the provider reports counts first; then the claim on the other version is not approved."""
    mark(story, "ilt-30", "boot-16")
    story.to("2021-02-20").claim("ilt-30", "2021-02-16")
    with pytest.raises(Refused, match="CR-04"):
        story.claim("boot-16", "2021-02-17")
    story.report("boot-16", "2021-02-17")
    with pytest.raises(Refused, match="CR-04"):
        story.decide()
    assert earned() == ["boot-16"]


def test_marked_later_what_has_counted_stays_and_what_waits_does_not_count(story: Story) -> None:
    story.to("2021-02-20").claim("ilt-30", "2021-02-16", "first")
    story.decide("first")
    story.claim("boot-16", "2021-02-17", "second")
    story.decide("second")
    story.claim("vilt-24", "2021-02-18", "third")

    mark(story.to("2021-03-01"), "ilt-30", "boot-16")
    mark(story, "boot-16", "vilt-24")

    assert earned() == ["boot-16", "ilt-30"]
    assert story.balance().available == 46
    with pytest.raises(Refused, match="CR-04"):
        story.decide("third")
    assert Claim.objects.get(id=story.labels["third"]).status == Claim.Status.SUBMITTED
    assert story.ledger_is_sound()


def test_in_the_next_cycle_it_counts_again(story: Story) -> None:
    mark(story, "ilt-30", "boot-16")
    story.to("2021-02-20").claim("ilt-30", "2021-02-16")
    story.decide()
    story.to("2021-03-01").sit("350-401")
    assert len(queries.cycles_of(story.candidate.id)) == 2
    story.to("2021-04-20").claim("boot-16", "2021-04-16", "again")
    story.decide("again")
    assert earned() == ["boot-16", "ilt-30"]
