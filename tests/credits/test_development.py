"""Exam development: accepted items and workshops earn by the word of the exam team (XDEV-01 to 03, CE-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ceportal.kernel.decisions import Decision, Refused
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from credits.models import AuthoredItems, Entry, Grant, Recertification, Workshop
from credits.rules import development
from credits.rules.activity import ActivityFacts, HeldOn
from credits.services.development import record_authored_items, record_workshop
from tests import factories
from tests.factories import day
from tests.reference_data import load_reference
from tests.story import Story, refused_with

# ── The rules ─────────────────────────────────────────────────────────────────────────────────────
TODAY = day("2026-02-10")
ACTIVITY = ActivityFacts(
    completed_on=TODAY,
    day=TODAY,
    enrolled=True,
    held_when_completed=(HeldOn("expert", "active"),),
    eligible_levels=("associate", "specialist", "professional", "expert"),
    in_a_cycle=True,
    cycle_ended_inactive=False,
)
ITEMS = development.AuthoredFacts(ACTIVITY, "core", 3, direct=True, reference_free=True)
WORKSHOP = development.WorkshopFacts(ACTIVITY, "jta", "expert", 3, reference_free=True)


def unmet(decision: Decision) -> list[str]:
    return list(decision.clauses_unmet)


@pytest.mark.parametrize(
    ("_case", "changes", "clauses"),
    [
        ("all is well", {}, []),
        ("a kind that the book does not know", {"kind": "essay"}, ["XDEV-01"]),
        ("none was accepted", {"accepted": 0}, ["XDEV-01"]),
        ("written on somebody's behalf", {"direct": False}, ["XDEV-02"]),
        ("a reference that is taken", {"reference_free": False}, ["XDEV-01"]),
        ("not enrolled", {"activity": replace(ACTIVITY, enrolled=False)}, ["CE-05"]),
        ("accepted tomorrow", {"activity": replace(ACTIVITY, completed_on=day("2026-02-11"))}, ["CE-10"]),
        ("reported by the author", {"activity": replace(ACTIVITY, own_report=True)}, ["CE-10"]),
        ("nothing held", {"activity": replace(ACTIVITY, held_when_completed=())}, ["CE-03"]),
    ],
)
def test_which_items_earn(_case: str, changes: dict[str, Any], clauses: list[str]) -> None:
    """XDEV-01, XDEV-02, and what every activity must meet."""
    assert unmet(development.assess_authored(replace(ITEMS, **changes), BOOK.on(TODAY))) == clauses


@pytest.mark.parametrize(
    ("_case", "changes", "clauses"),
    [
        ("all is well", {}, []),
        ("the other kind", {"kind": "mqc"}, []),
        ("a kind that the clause does not name", {"kind": "hackathon"}, ["XDEV-03"]),
        ("a level that the book does not know", {"level": "entry"}, ["XDEV-03"]),
        ("not a whole day", {"days": 0}, ["XDEV-03"]),
        ("a reference that is taken", {"reference_free": False}, ["XDEV-03"]),
        ("suspended", {"activity": replace(ACTIVITY, held_when_completed=(HeldOn("expert", "suspended"),))}, ["CE-03"]),
    ],
)
def test_which_workshops_earn(_case: str, changes: dict[str, Any], clauses: list[str]) -> None:
    """XDEV-03, and what every activity must meet."""
    assert unmet(development.assess_workshop(replace(WORKSHOP, **changes), BOOK.on(TODAY))) == clauses


def test_every_kind_of_the_book_has_a_name_and_the_workshops_are_those_of_the_clause() -> None:
    kinds = {kind for _since, value in BOOK.series["xdev.item_credits"].values for kind in value}
    assert kinds == set(AuthoredItems.Kind.values)
    assert set(development.WORKSHOP_KINDS) == set(Workshop.Kind.values)


def test_the_decision_names_the_number_and_that_it_is_provisional() -> None:
    """XDEV-03: the sources do not give the credits of a workshop day."""
    findings = development.assess_workshop(WORKSHOP, BOOK.on(TODAY)).findings
    (number,) = [each for finding in findings if finding.clause == "XDEV-03" for each in finding.because]
    assert (number.name, number.value["expert"], number.provisional) == ("xdev.workshop_credits", 8, True)


# ── The services ──────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def story(db: None) -> Story:
    """An enrolled expert of 2026."""
    load_reference()
    told = Story(factories.CandidateFactory.create())
    told.to("2026-01-10").certify("ccie-security", "2025-09-01")
    told.enroll()
    return told


def author(story: Story, **changes: Any) -> AuthoredItems:
    report = {
        "candidate_id": story.candidate.id,
        "reference": "X-1",
        "kind": "core",
        "accepted": 5,
        "direct": True,
        "accepted_on": story.today,
        "staff_id": None,
        "now": story.now,
    }
    return record_authored_items(**report | changes)


def attend(story: Story, **changes: Any) -> Workshop:
    report = {
        "candidate_id": story.candidate.id,
        "reference": "W-1",
        "kind": "jta",
        "level": "expert",
        "days": 3,
        "held_on": story.today,
        "staff_id": None,
        "now": story.now,
    }
    return record_workshop(**report | changes)


def refuses(clause: str, act: Any, story: Story, **changes: Any) -> None:
    """It is refused with the clause, and nothing has happened."""
    before = (Grant.objects.count(), Entry.objects.count(), Event.objects.count())
    with pytest.raises(Refused) as refusal:
        act(story, **changes)
    assert clause in refused_with(refusal.value)
    assert len(refusal.value.decision.findings) > 1
    assert (Grant.objects.count(), Entry.objects.count(), Event.objects.count()) == before


def test_accepted_items_earn_by_their_kind(story: Story) -> None:
    """XDEV-01: five items for a core exam, at three credits each, as of their acceptance."""
    items = author(story.to("2026-02-01"), kind="core", accepted=5)
    grant = items.grant
    assert (items.credits, grant.amount, grant.source, grant.earned_on) == (15, 15, "authored", day("2026-02-01"))
    assert Decision.from_json(items.decision).granted
    assert list(grant.entries.values_list("kind", "clause", "amount")) == [("earned", "XDEV-01", 15)]
    event = Event.objects.get(topic="credits.items_authored")
    assert (event.candidate_id, event.payload["credits"]) == (story.candidate.id, 15)
    assert story.ledger_is_sound()


def test_a_workshop_earns_by_the_day_on_its_last(story: Story) -> None:
    """XDEV-03, CR-01: its days are completed together."""
    workshop = attend(story.to("2026-02-12"), held_on=day("2026-02-10"), days=3)
    grant = workshop.grant
    assert (workshop.credits, grant.amount, grant.source, grant.earned_on) == (24, 24, "workshop", day("2026-02-10"))
    assert list(grant.entries.values_list("kind", "clause", "amount")) == [("earned", "XDEV-03", 24)]
    assert Event.objects.filter(topic="credits.workshop_recorded").count() == 1


@pytest.mark.parametrize(
    ("act", "clause", "changes"),
    [
        (author, "XDEV-01", {"kind": "essay"}),
        (author, "XDEV-01", {"accepted": 0}),
        (author, "XDEV-02", {"direct": False}),
        (author, "CE-10", {"accepted_on": date(2026, 2, 2)}),
        (attend, "XDEV-03", {"level": "entry"}),
        (attend, "XDEV-03", {"kind": "hackathon"}),
        (attend, "XDEV-03", {"days": 0}),
    ],
)
def test_what_does_not_count_is_refused(story: Story, act: Any, clause: str, changes: dict[str, Any]) -> None:
    refuses(clause, act, story.to("2026-02-01"), **changes)
    assert not AuthoredItems.objects.exists() and not Workshop.objects.exists()


@pytest.mark.parametrize(
    ("act", "model", "other"),
    [(author, AuthoredItems, {"accepted": 6}), (attend, Workshop, {"days": 2})],
)
def test_the_same_report_is_one_and_another_under_its_reference_is_refused(
    story: Story, act: Any, model: Any, other: dict[str, Any]
) -> None:
    """XDEV-01, XDEV-03: also when it is repeated long after, or for somebody else."""
    first = act(story.to("2026-02-01"))
    assert act(story) == first
    refuses(first.grant.entries.get().clause, act, story, **other)
    colleague = Story(factories.CandidateFactory.create()).to("2026-02-01")
    colleague.certify("ccie-security", "2025-09-01")
    colleague.enroll()
    refuses(first.grant.entries.get().clause, act, colleague)
    assert (model.objects.count(), Grant.objects.count()) == (1, 1)


def test_a_repeated_report_that_says_the_items_were_not_direct_is_refused(story: Story) -> None:
    """XDEV-02: the reference was used for items that were."""
    author(story.to("2026-02-01"))
    refuses("XDEV-02", author, story, direct=False)


def test_a_report_repeated_after_the_certification_lapsed_is_still_the_same(story: Story) -> None:
    first = author(story.to("2026-02-01"))
    story.to("2028-10-01")
    assert story.status("ccie-security") == "inactive"
    assert author(story, accepted_on=day("2026-02-01")) == first


def test_nobody_reports_items_or_workshops_of_their_own(story: Story) -> None:
    """CE-10: a colleague does."""
    own = story.candidate.user = factories.UserFactory.create(is_staff=True)
    story.candidate.save()
    colleague = factories.UserFactory.create(is_staff=True)
    story.to("2026-02-01")
    refuses("CE-10", author, story, staff_id=own.id)
    refuses("CE-10", attend, story, staff_id=own.id)
    assert author(story, staff_id=colleague.id).reported_by == colleague


def test_only_the_enrolled_earn(db: None) -> None:
    """CE-05: they may enroll and be reported again."""
    load_reference()
    story = Story(factories.CandidateFactory.create()).to("2026-02-01")
    story.certify("ccie-security", "2025-09-01")
    refuses("CE-05", author, story)
    refuses("CE-05", attend, story)
    story.enroll()
    assert author(story).credits == 15


def test_what_was_accepted_before_the_known_cycles_is_refused(db: None) -> None:
    """CR-06: the records tell of the running term only."""
    load_reference()
    story = Story(factories.CandidateFactory.create()).to("2026-02-01")
    story.certify("ccie-security", "2019-09-01", term_started_on="2025-09-01")
    story.enroll()
    refuses("CR-06", author, story, accepted_on=day("2025-08-31"))
    assert author(story, accepted_on=day("2025-09-01")).credits == 15


def test_the_last_credits_renew_as_of_the_day_of_acceptance(story: Story) -> None:
    """CE-09: reported two months later."""
    story.to("2026-03-02").report("ilt-64", "2026-03-01")
    story.report("path-50", "2026-03-01")
    author(story.to("2026-06-01"), accepted=2, accepted_on=day("2026-04-01"))
    renewal = Recertification.objects.get()
    assert (renewal.requirement_on, renewal.credits_used) == (day("2026-04-01"), 120)
    assert story.lapses_on("ccie-security") == "2029-04-01"
    assert story.ledger_is_sound()


def test_what_is_reported_late_expires_with_its_closed_cycle(story: Story) -> None:
    """CE-09: a renewal once made stands."""
    story.to("2026-05-01").sit("400-007")
    items = author(story.to("2026-06-01"), accepted_on=day("2026-04-01"))
    assert list(items.grant.entries.order_by("id").values_list("kind", "clause", "counts_from")) == [
        ("earned", "XDEV-01", day("2026-04-01")),
        ("expired", "CR-02", day("2026-05-01")),
    ]


@pytest.fixture
def before_2020(db: None) -> Story:
    """An enrolled expert, suspended since 1 May 2018 and inactive from 1 May 2019."""
    load_reference()
    told = Story(factories.CandidateFactory.create())
    told.to("2018-01-10").certify("ccie-security", "2016-05-01")
    told.enroll()
    return told


def test_before_2020_the_suspended_earn(before_2020: Story) -> None:
    """CE-03: suspended was an eligible status."""
    assert author(before_2020.to("2018-08-01")).credits == 15
    assert attend(before_2020).credits == 24


def test_before_2020_a_report_after_the_certification_ended_is_lost(before_2020: Story) -> None:
    """CE-15: it counts as a claim pending since the day of acceptance."""
    story = before_2020.to("2019-05-01")
    refuses("CE-15", author, story, accepted_on=day("2019-04-30"))
    refuses("CE-15", attend, story, held_on=day("2019-04-30"))
    refuses("CE-03", author, story)


def test_since_2020_a_report_after_the_certification_ended_undoes_the_lapse(db: None) -> None:
    """CE-15, CE-09: by the day of acceptance."""
    load_reference()
    story = Story(factories.CandidateFactory.create()).to("2020-09-01")
    story.certify("ccnp-enterprise", "2018-06-15")
    story.enroll()
    story.to("2021-05-02").report("ilt-64", "2021-05-01")
    story.to("2021-07-01")
    assert story.status("ccnp-enterprise") == "inactive"
    author(story, kind="associate_performance", accepted=4, accepted_on=day("2021-06-14"))
    assert (story.status("ccnp-enterprise"), story.lapses_on("ccnp-enterprise")) == ("active", "2024-06-14")
    assert story.ledger_is_sound()


def test_nothing_before_the_programme_counts(db: None) -> None:
    """CE-01."""
    load_reference()
    story = Story(factories.CandidateFactory.create()).to("2017-07-01")
    story.certify("ccie-security", "2016-09-01")
    story.enroll()
    refuses("CE-01", author, story, accepted_on=day("2017-06-05"))
    assert author(story, accepted_on=day("2017-06-06")).credits == 15
