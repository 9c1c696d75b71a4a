"""Every topic of the feed: who is shown it, and that nobody else is; a topic without a row fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from candidates.models import Affiliation, Candidate, Certification, ChannelPartner, Track
from catalog.models import (
    Authorisation,
    BoardDecision,
    Delivery,
    Gathering,
    Proposal,
    ProviderMember,
    Session,
    SessionTime,
)
from catalog.services import list_proposal
from ceportal import events
from ceportal.kernel import outbox
from ceportal.partner_api import feed, feed_views, scopes
from ceportal.partner_api.models import Application, FeedEntry, Job, Webhook
from credits.feed import tell_expired
from credits.models import Attendance, AuthoredItems, Claim, CompletionReport, Cycle, Recertification, Roster, Workshop
from exams.models import Booking, CheckIn, Incident, Reschedule
from exams.services import record_attempt
from tests import factories
from tests.ceportal.staff_world import NOW, somebody
from tests.environment import PROJECT
from tests.factories import day
from tests.partner_api.world import registered

pytestmark = pytest.mark.django_db
EVERYTHING = frozenset({*scopes.ALL, "rosters:read", "statuses:read", "affiliations:read"})
TENANTS = {
    "provider": "acme",
    "test_partner": "tests-inc",
    "organiser": "live",
    "exam team": "exam-team",
    "verifier": "northwind",
}
KINDS = {"program": "provider", "exam team": "organiser"}  # those that are not one by themselves
ATTENDED = {"session": "BRKSEC-1010", "gathering": "live-2026", "credits": 2}


@dataclass(frozen=True, slots=True)
class Case:
    """What happens to what, and who is shown it: "kind scope"; `candidate` is whom it is about.

    `program` is one of the provider's, and what it is shown the provider's others are not.
    """

    subject: str
    audiences: tuple[str, ...]
    payload: dict[str, Any] = field(default_factory=dict)


CLAIM = Case("claim", ("provider claims:read", "candidate me:claims"))
CREDITED = Case("claim", (*CLAIM.audiences, "candidate me:credits"))
BOOKING = Case("booking", ("candidate me:bookings",))
RESULT = Case("attempt", ("test_partner results:read", "candidate me:exams"))
STATUS = Case("certification", ("candidate me:certifications", "verifier statuses:read"))
AFFILIATION = Case("affiliation", ("verifier affiliations:read",))
DELIVERY = Case("delivery", ("provider deliveries:read",))
ROSTER = Case("roster", ("provider rosters:read",))
DEVELOPED = ("candidate me:credits", "exam team authored-items:read")
OFFERING = Case("authorisation", ("provider catalog:read",))
LISTING = Case("board_decision", ("provider catalog:read",))
PROPOSAL = Case("proposal", ("provider catalog:read",))
SCHEDULE = Case("session_time", ("organiser gatherings:read",))
ATTENDANCE = Case("attendance", ("candidate me:credits", "organiser scans:read"), ATTENDED)

CASES: dict[str, Case] = {
    "candidates.affiliation_confirmed": AFFILIATION,
    "candidates.affiliation_declined": AFFILIATION,
    "candidates.affiliation_ended": AFFILIATION,
    "candidates.affiliation_requested": AFFILIATION,
    "candidates.affiliation_withdrawn": AFFILIATION,
    "candidates.candidate_erased": Case(
        "candidate",
        ("verifier statuses:read", "organiser scans:read", "provider claims:read"),
        {
            "told": [
                ["organiser", "live", "scans:read"],
                ["provider", "acme", "claims:read"],
                ["verifier", "northwind", "statuses:read"],
            ]
        },
    ),
    "candidates.certification_changed": STATUS,
    "candidates.certification_earned": STATUS,
    "candidates.certification_imported": STATUS,
    "catalog.authorisation_withdrawn": OFFERING,
    "catalog.delivery_cancelled": DELIVERY,
    "catalog.delivery_scheduled": DELIVERY,
    "catalog.gathering_organiser_named": Case("gathering", ("organiser gatherings:read",)),
    "catalog.gathering_registered": Case("gathering", ("organiser gatherings:read",)),
    "catalog.item_changed": LISTING,
    "catalog.item_delisted": LISTING,
    "catalog.item_listed": LISTING,
    "catalog.item_proposed": PROPOSAL,
    "catalog.proposal_declined": PROPOSAL,
    "catalog.proposal_listed": PROPOSAL,
    "catalog.proposal_withdrawn": PROPOSAL,
    "catalog.provider_authorised": OFFERING,
    "catalog.session_changed": Case("session", ("organiser gatherings:read",)),
    "catalog.session_room_changed": SCHEDULE,
    "catalog.session_scheduled": SCHEDULE,
    "credits.attendance_recorded": ATTENDANCE,
    "credits.attendance_settled": ATTENDANCE,
    "credits.claim_approved": CREDITED,
    "credits.claim_escalated": CLAIM,
    "credits.claim_put_back": CLAIM,
    "credits.claim_rejected": CLAIM,
    "credits.claim_returned": CLAIM,
    "credits.claim_submitted": CLAIM,
    "credits.claim_voided": CREDITED,
    "credits.completion_reported": Case("report", ("candidate me:credits",)),
    "credits.cycle_closed": Case("cycle", ("candidate me:credits",), {"expired": 12}),
    "credits.cycle_reopened": Case("cycle", ("candidate me:credits",)),
    "credits.items_authored": Case("authored", DEVELOPED),
    "credits.recertified": Case(
        "recertification",
        ("candidate me:certifications", "verifier statuses:read", "candidate me:credits"),
        {"requirement_on": "2026-05-01", "certifications": ["certification"]},
    ),
    "credits.renewal_reversed": Case(
        "certification",
        (*STATUS.audiences, "candidate me:credits"),
        {"certifications": ["certification"], "renewed_on": "2026-05-01"},
    ),
    "credits.renewed_by_earning": Case("certification", STATUS.audiences, {"certifications": ["certification"]}),
    "credits.roster_checked": ROSTER,
    "credits.roster_discarded": ROSTER,
    "credits.roster_report_begun": ROSTER,
    "credits.roster_reported": Case("roster", ROSTER.audiences, {"reported": 1}),
    "credits.roster_uploaded": ROSTER,
    "credits.workshop_recorded": Case("workshop", DEVELOPED),
    "exams.attempt_corrected": RESULT,
    "exams.attempt_disallowed": RESULT,
    "exams.attempt_recorded": RESULT,
    "exams.booking_cancelled": BOOKING,
    "exams.booking_corrected": BOOKING,
    "exams.booking_dropped": BOOKING,
    "exams.booking_paid": BOOKING,
    "exams.booking_rescheduled": BOOKING,
    "exams.booking_unpaid_cancelled": BOOKING,
    "exams.checked_in": Case("check_in", BOOKING.audiences, {"booking": "booking"}),
    "exams.hold_released": BOOKING,
    "exams.lab_ended_by_incident": Case("incident", BOOKING.audiences, {"booking": "booking"}),
    "exams.no_show": BOOKING,
    "exams.reschedule_quoted": Case("reschedule", BOOKING.audiences, {"new": "booking"}),
    "exams.result_published": BOOKING,
    "exams.seat_booked": BOOKING,
    "exams.seat_offered": BOOKING,
    "partner_api.job_finished": Case("job", ("program jobs:read",)),
    "partner_api.webhook_disabled": Case("webhook", ("program webhooks:read",)),
}
SECRET = "Zzyzx"  # stands wherever people wrote words


@pytest.fixture(scope="module")
def told_of(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[SimpleNamespace]:
    """Somebody with rows in every table, once for all topics, as none leaves anything behind."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr("django.conf.settings.MEDIA_ROOT", str(tmp_path_factory.mktemp("media")))
        yield _populated()
        transaction.set_rollback(True)


def _populated() -> SimpleNamespace:
    factories.AgreementFactory.create()
    member = factories.ProviderMemberFactory.create(provider=factories.ProviderFactory.create(code="acme"))
    candidate = somebody(member)
    Candidate.objects.filter(pk=candidate.pk).update(name=SECRET)
    Claim.objects.update(note=SECRET, reason=SECRET)
    Affiliation.objects.update(reason=SECRET)
    Gathering.objects.update(organiser="live", code="live-2026")
    factories.ExamFactory.create(number="350-401")
    attempt = record_attempt(
        candidate_id=candidate.pk,
        exam_number="350-401",
        taken_on=day("2026-05-01"),
        result="fail",
        reported_by="tests-inc",
        now=NOW,
    )
    certification = Certification.objects.get(candidate=candidate)
    cycle = Cycle.objects.get(candidate=candidate)
    cycle.ended_on, cycle.end_reason, cycle.closed_at = day("2026-05-02"), Cycle.EndReason.INACTIVE, NOW
    cycle.save()
    recertification = Recertification.objects.create(
        candidate=candidate,
        certification=certification,
        level="professional",
        path={},
        requirement_on=day("2026-05-01"),
        decision=[],
        made_at=NOW,
    )
    return SimpleNamespace(
        candidate=candidate,
        claim=Claim.objects.filter(candidate=candidate).latest("id"),
        delivery=Delivery.objects.filter(provider=member.provider).latest("id"),
        roster=Roster.objects.get(),
        report=CompletionReport.objects.get(candidate=candidate),
        attendance=Attendance.objects.filter(candidate=candidate).latest("id"),
        authored=AuthoredItems.objects.get(candidate=candidate),
        workshop=Workshop.objects.get(candidate=candidate),
        cycle=cycle,
        recertification=recertification,
        certification=certification,
        affiliation=Affiliation.objects.get(candidate=candidate),
        gathering=Gathering.objects.latest("id"),
        session=Session.objects.latest("id"),
        session_time=SessionTime.objects.latest("id"),
        attempt=attempt,
        booking=Booking.objects.filter(candidate=candidate).latest("id"),
        check_in=CheckIn.objects.get(booking__candidate=candidate),
        incident=Incident.objects.get(booking__candidate=candidate),
        reschedule=Reschedule.objects.get(old__candidate=candidate),
        other=factories.CandidateFactory.create(),
        **_offered(member),
        **_of_a_program(member),
    )


def _offered(member: ProviderMember) -> dict[str, Model]:
    """What the member's provider proposed and the board listed; another provider may deliver something else."""
    factories.listed_item(provider=factories.ProviderFactory.create(code="globex"))
    Proposal.objects.update(title=SECRET, summary=SECRET)
    proposed = Proposal.objects.get(provider=member.provider)
    review = factories.BoardReviewFactory.create(quarter="2026-Q2", held_on=NOW.date())
    list_proposal(
        proposal_id=proposed.pk, review_id=review.pk, code="winter-64", credits=8, effective_on=day("2026-06-01"),
        reason=SECRET, decided_by_id=None, now=NOW,
    )  # fmt: skip
    return {
        "proposal": Proposal.objects.get(pk=proposed.pk),
        "authorisation": Authorisation.objects.get(item__code="winter-64"),
        "board_decision": BoardDecision.objects.get(item__code="winter-64"),
    }


def _of_a_program(member: ProviderMember) -> dict[str, Model]:
    registered(scopes.PROVIDER, "acme", responsible=member.user)
    program = Application.objects.latest("id")
    job = Job.objects.create(
        application=program, kind="rosters", status="failed", rows_total=2, last_error=SECRET, about={"by": SECRET},
        created_at=NOW, progressed_at=NOW, finished_at=NOW,
    )  # fmt: skip
    webhook = Webhook.objects.create(
        application=program, url="https://example.org/ce", description=SECRET, position=0, created_at=NOW
    )
    return {"program": program, "job": job, "webhook": webhook}


@pytest.fixture(autouse=True)
def _only_the_feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only the feed hears."""
    monkeypatch.setattr(events, "REACTIONS", {})
    monkeypatch.setattr(events, "DELIVERIES", {})
    outbox._wiring.cache_clear()
    yield
    outbox._wiring.cache_clear()


def happen(topic: str, told_of: SimpleNamespace, *, times: int = 1) -> int:
    """Let it happen; the position after which it stands."""
    case = CASES[topic]
    payload = dict(case.payload)
    if "certifications" in payload:
        payload["certifications"] = [told_of.certification.pk]
    payload |= {name: told_of.booking.pk for name, said in payload.items() if said == "booking"}
    subject: Model = getattr(told_of, case.subject)
    feed.give_positions()
    before = feed.newest_position()
    outbox.emit_many(topic, [(subject, payload)] * times, now=NOW)
    feed.give_positions()
    return before


def tenant_of(kind: str, told_of: SimpleNamespace) -> str:
    return str(told_of.candidate.pk) if kind == "candidate" else TENANTS[KINDS[kind] if kind == "program" else kind]


def shown(
    kind: str, tenant: str, allowed: frozenset[str] | set[str], *, after: int, program: int | None = None
) -> list[dict[str, Any]]:
    kind = KINDS.get(kind, kind)
    read = feed.entries_for(feed.Reader(kind, tenant, frozenset(allowed), program), after=after, limit=100)
    return [entry.data for entry in read.entries]


def test_every_topic_of_the_feed_has_its_row() -> None:
    assert set(CASES) == set(events.FEED)
    documented = (PROJECT / "docs/api.md").read_text()
    assert [topic for topic in feed_views.TOPICS if f"`{topic}`" not in documented] == []


@pytest.mark.parametrize("topic", sorted(CASES))
def test_its_audience_is_shown_it_and_nobody_else(topic: str, told_of: SimpleNamespace) -> None:
    before = happen(topic, told_of)
    expected = [tuple(each.rsplit(" ", 1)) for each in CASES[topic].audiences]

    for kind, scope in expected:
        program = told_of.program.pk if kind == "program" else None
        (data,) = shown(kind, tenant_of(kind, told_of), {scope}, after=before, program=program)
        assert data and SECRET not in json.dumps(data), "facts, and nobody's words"
        assert shown(kind, tenant_of(kind, told_of), EVERYTHING - {scope for _k, scope in expected}, after=before) == []

    theirs = {(KINDS.get(kind, kind), tenant_of(kind, told_of)) for kind, _scope in expected}
    for kind in (*TENANTS, "candidate"):
        mine = sum(each == kind for each, _scope in expected)
        assert len(shown(kind, tenant_of(kind, told_of), EVERYTHING, after=before)) == mine, kind
        for stranger in ("globex", str(told_of.other.pk), *TENANTS.values(), str(told_of.candidate.pk)):
            if (KINDS.get(kind, kind), stranger) not in theirs:
                assert shown(kind, stranger, EVERYTHING, after=before) == [], (kind, stranger)


def test_what_expires_by_night_is_told_to_its_owner_once_and_only_to_those_who_can_read_it(
    told_of: SimpleNamespace,
) -> None:
    feed.give_positions()
    before = feed.newest_position()
    of_nobody = factories.CandidateFactory.create()
    expired = [(told_of.candidate.pk, 6, day("2026-05-04")), (told_of.candidate.pk, 2, day("2026-05-04"))]
    tell_expired([*expired, (of_nobody.pk, 5, day("2026-05-04"))], now=NOW)
    feed.give_positions()
    mine = shown("candidate", str(told_of.candidate.pk), {"me:credits"}, after=before)
    assert mine == [{"expired_on": "2026-05-04", "credits_expired": 8}]
    assert shown("candidate", str(of_nobody.pk), EVERYTHING, after=before) == []
    assert feed.newest_position() == FeedEntry.objects.latest("position").position
    assert FeedEntry.objects.filter(position__gt=before).count() == 1


@pytest.mark.parametrize("topic", sorted({case.subject: topic for topic, case in CASES.items()}.values()))
def test_many_cost_as_many_queries_as_one(topic: str, told_of: SimpleNamespace) -> None:
    counts = []
    feed.give_positions()
    for times in (1, 15):
        with CaptureQueriesContext(connection) as queries:
            happen(topic, told_of, times=times)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_partner_is_shown_statuses_of_those_who_were_associated_then_and_are_now(told_of: SimpleNamespace) -> None:
    def seen(after: int) -> int:
        return len(shown("verifier", "northwind", {"statuses:read"}, after=after))

    topic = "candidates.certification_changed"
    while_associated = happen(topic, told_of)
    assert seen(while_associated) == 1
    assert shown("candidate", str(told_of.candidate.pk), {"me:certifications"}, after=while_associated)

    Track.objects.filter(certifications=told_of.certification).update(level="professional")
    assert seen(happen(topic, told_of)) == 0, "at another level, for which nobody is associated with a partner"
    Track.objects.filter(certifications=told_of.certification).update(level="expert")

    Affiliation.objects.update(status="ended", ends_on=day("2026-05-04"))
    assert seen(while_associated) == 0, "not any more"
    since_then = happen(topic, told_of)
    Affiliation.objects.update(status="in_force", ends_on=None)
    assert seen(since_then) == 0, "what happened while they were not associated"
    assert seen(while_associated) == 1
    other = ChannelPartner.objects.create(code="southwind", name="Southwind")
    Affiliation.objects.update(partner=other)
    assert seen(while_associated) == 0
    assert shown("verifier", "southwind", {"statuses:read"}, after=while_associated) == []
