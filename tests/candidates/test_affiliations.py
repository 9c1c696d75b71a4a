"""Associations with channel partners: what happens, what is refused, what is done twice (CERT-07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from candidates import services
from candidates.models import Affiliation, Candidate, ChannelPartner, User
from candidates.partner_pages import partner_page
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.factories import day
from tests.reference_data import load_reference
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    """An expert of June 2020 who lives in the United States."""
    load_reference()
    for code in ("northwind", "contoso"):
        ChannelPartner.objects.get_or_create(code=code, defaults={"name": code.capitalize()})
    story = Story(factories.CandidateFactory.create()).to("2021-01-10")
    story.certify("ccie-security", "2020-06-01")
    return story


def ask(story: Story, partner: str = "northwind", **other: Any) -> Affiliation:
    return services.request_affiliation(
        candidate_id=story.candidate.id,
        **{"partner_code": partner, "country": "US", "full_time": True, **other},
        now=story.now,
    )


def confirm(story: Story, asked: Affiliation, by: User) -> Affiliation:
    return services.confirm_affiliation(affiliation_id=asked.id, user_id=by.id, now=story.now)


def leave(story: Story) -> Affiliation:
    return services.leave_partner(candidate_id=story.candidate.id, now=story.now)


def refused(act: Callable[[], Any]) -> None:
    before = Event.objects.count()
    with pytest.raises(Refused, match="CERT-07"):
        act()
    assert Event.objects.count() == before


def history(story: Story) -> list[tuple[str, str, str | None, str | None]]:
    rows = Affiliation.objects.filter(candidate=story.candidate).order_by("id")
    return [
        (each.partner.code, each.status, *(str(on) if on else None for on in (each.starts_on, each.ends_on)))
        for each in rows.select_related("partner")
    ]


def test_asked_for_confirmed_left_and_another_begun_on_the_same_day(story: Story, dan: User) -> None:
    for _each in range(2):
        asked = ask(story)
    assert history(story) == [("northwind", "requested", None, None)]
    story.to("2021-01-12")
    for _each in range(2):
        confirm(story, asked, dan)
    refused(lambda: ask(story, "contoso"))
    refused(lambda: ask(story, country="CA"))

    story.to("2021-03-01")
    leave(story)
    refused(lambda: leave(story))
    confirm(story, ask(story, "contoso"), dan)
    assert history(story) == [
        ("northwind", "ended", "2021-01-12", "2021-03-01"),
        ("contoso", "in_force", "2021-03-01", None),
    ]
    topics = Event.objects.filter(topic__startswith="candidates.affiliation").values_list("topic", flat=True)
    assert [topic.rpartition("_")[2] for topic in topics] == [
        *("requested", "confirmed", "ended"),
        *("requested", "confirmed"),
    ]


@pytest.mark.parametrize(
    "wrong", [{"full_time": False}, {"country": "DE"}], ids=["not full-time", "where one does not live"]
)
def test_what_is_refused_at_once(story: Story, wrong: dict[str, Any]) -> None:
    refused(lambda: ask(story, **wrong))
    assert not Affiliation.objects.exists()


def test_a_document_that_proves_residence_will_do(story: Story, dan: User) -> None:
    services.verify_residence(
        candidate_id=story.candidate.id, country="DE", document="Seen.", staff_id=dan.id, now=story.now
    )
    assert ask(story, country="DE").country == "DE"


@pytest.mark.parametrize(("track", "certified_on"), [("ccnp-security", "2020-06-01"), ("ccie-security", "2015-06-01")])
def test_only_experts_whose_certification_stands(track: str, certified_on: str, story: Story) -> None:
    other = Story(factories.CandidateFactory.create(), story.today)
    other.certify(track, certified_on)
    refused(lambda: ask(other))


def test_nobody_confirms_their_own_and_all_is_judged_again(story: Story, dan: User) -> None:
    asked = ask(story)
    Candidate.objects.filter(id=story.candidate.id).update(user=dan)
    refused(lambda: confirm(story, asked, dan))
    erin = factories.UserFactory.create(staff=True)
    story.sanction()
    refused(lambda: confirm(story, asked, erin))  # revoked meanwhile
    story.lift()
    assert confirm(story, asked, erin).starts_on == story.today


def test_a_request_is_taken_back_or_declined(story: Story, dan: User) -> None:
    ask(story)
    refused(lambda: ask(story, "contoso"))
    leave(story)
    second = ask(story, "contoso")
    for _each in range(2):
        services.decline_affiliation(affiliation_id=second.id, reason="Unknown to us.", user_id=dan.id, now=story.now)
    refused(lambda: confirm(story, second, dan))
    assert [status for _partner, status, *_days in history(story)] == ["withdrawn", "declined"]


def test_others_end_it_when_somebody_has_left(story: Story, dan: User) -> None:
    asked = ask(story)
    refused(lambda: services.end_affiliation(affiliation_id=asked.id, reason="Left.", user_id=dan.id, now=story.now))
    confirm(story, asked, dan)
    story.to("2021-02-01")
    for _each in range(2):
        ended = services.end_affiliation(affiliation_id=asked.id, reason="Left.", user_id=dan.id, now=story.now)
    assert (ended.status, ended.ends_on, ended.reason, ended.ended_by) == ("ended", day("2021-02-01"), "Left.", dan)


def test_only_active_experts_count_for_the_partner(story: Story, dan: User) -> None:
    """EMR-15: an association outlives the status, and counts for nothing then."""
    asked = confirm(story, ask(story), dan)

    def counted() -> list[Candidate]:
        confirmed = partner_page(asked.partner).confirmed
        return [each.affiliation.candidate for each in confirmed if each.counts]

    assert counted() == [story.candidate]
    story.sanction()
    assert counted() == []
    story.lift()
    assert counted() == [story.candidate]
    story.to("2023-06-01")
    assert (counted(), history(story)[0][1]) == ([], "in_force")


def test_the_database_refuses(story: Story, dan: User) -> None:
    asked = confirm(story, ask(story), dan)
    other = ChannelPartner.objects.get(code="contoso")
    row = {"candidate": story.candidate, "partner": other, "requested_at": story.now, "decision": []}
    overlapping = {**row, "country": "US", "status": "ended", "decided_by": dan}
    for starts_on, ends_on in (("2021-01-09", "2021-01-11"), ("2021-02-01", "2021-03-01")):
        with pytest.raises(DatabaseError), transaction.atomic():
            Affiliation.objects.create(**overlapping, starts_on=day(starts_on), ends_on=day(ends_on))
    Affiliation.objects.create(**overlapping, starts_on=day("2021-01-01"), ends_on=day("2021-01-10"))
    for change in ({"status": "lent"}, {"starts_on": None}, {"ends_on": day("2021-02-01")}, {"country": "us"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Affiliation.objects.filter(id=asked.id).update(**change)
    Affiliation.objects.create(**row, country="US")
    with pytest.raises(DatabaseError), transaction.atomic():
        Affiliation.objects.create(**row, country="CA")
