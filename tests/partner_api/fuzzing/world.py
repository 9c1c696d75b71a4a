"""Two partners of each kind and two candidates, with rows of the same shape.

What belongs to the second of each can be told wherever it turns up: its names and codes begin with `MARK`, and the
database gave its rows ids out of a range of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection

from candidates.models import Candidate, ChannelPartner, PartnerMember
from candidates.services import request_affiliation, share_certifications
from catalog.models import Gathering, Item, ProviderMember
from catalog.services import propose_item, register_gathering, schedule_session
from catalog.services.proposals import ProposalForm
from ceportal.kernel import clock
from ceportal.partner_api import jobs, scopes, services
from ceportal.partner_api.callers import Caller
from ceportal.partner_api.models import Application, WebhookAttempt
from ceportal.partner_api.webhooks import services as webhooks
from credits.exam_team import EXAM_TEAM
from credits.models import Claim
from credits.services import claims
from credits.services.development import record_authored_items, record_workshop
from credits.services.roster_bulks import hand_in_roster
from exams.services import record_attempt
from tests import factories
from tests.credits.provider_world import TODAY, enrolled
from tests.factories import day, noon
from tests.partner_api.world import ask_token, registered
from tests.story import PDF

MARK = "qzxtheirs"
FIRST_MARKED_ID = 770_000_000
MARKED = re.compile(rf"{MARK}[\w-]*|(?<![\d.])77000\d{{4}}(?![\d.])", re.IGNORECASE)
EXAM = "350-401"
BORN = "1985-04-09"


@dataclass(frozen=True, slots=True)
class Side:
    """One partner of each kind and one candidate: their tokens, and what stands in the addresses of their things."""

    tokens: Mapping[str, str]
    credentials: tuple[str, str]  # of the provider's program
    known: Mapping[str, Any]  # by the address as far as the parameter: claims/{number}
    of_programs: Mapping[str, Mapping[str, Any]]  # by role: what else a program has for itself
    named: Mapping[str, Any]  # by the name of a field, in queries and bodies

    def of(self, role: str) -> Side:
        """The side, with what is known to a role's program; to those that the side lacks, what the provider's knows."""
        own = self.of_programs.get(role, self.of_programs["provider"])
        return replace(self, known={**self.known, **own})


def populate() -> tuple[Side, Side]:
    """The first of each, and the second, who is marked."""
    factories.AgreementFactory.create()
    factories.ExamFactory.create(number=EXAM)
    ours = _side("ours")
    with _marked_ids():
        theirs = _side(MARK)
    # The limits are tried elsewhere; here they would only end what is tried.
    Application.objects.update(calls_per_minute=1_000_000)
    return ours, theirs


@contextmanager
def _marked_ids() -> Iterator[None]:
    """Let every table give ids out of the marked range within the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname || '.' || quote_ident(sequencename), last_value FROM pg_sequences")
        before = cursor.fetchall()
        for sequence, _last in before:
            cursor.execute("SELECT setval(%s::regclass, %s)", [sequence, FIRST_MARKED_ID])
        yield
        for sequence, last in before:
            cursor.execute("SELECT setval(%s::regclass, %s, %s)", [sequence, last or 1, last is not None])


def _side(mark: str) -> Side:
    member = factories.ProviderMemberFactory.create(
        provider=factories.ProviderFactory.create(code=mark), role=ProviderMember.Role.MANAGER
    )
    training = ProposalForm(code=f"{mark}-lab", title=f"{mark} lab", kind="workshop", credits=8)
    proposal = propose_item(member_id=member.pk, form_key=uuid4(), form=training, now=TODAY)
    item = factories.listed_item(code=f"{mark}-item", provider=member.provider, sample=True)
    delivery = factories.DeliveryFactory.create(
        item=item, provider=member.provider, code=f"{mark}-run", place=f"{mark} place", ends_on=day("2026-06-05")
    )
    roster, _lines = hand_in_roster(
        member_id=member.pk, delivery_id=delivery.pk, rows=[{"candidate": f"{mark}-nobody"}], now=TODAY
    )
    candidate = factories.CandidateFactory.create(
        login=True, number=f"{mark.upper()}1", name=f"{mark} Person", born=day(BORN)
    )
    enrolled(candidate)
    candidate.certifications.update(number=f"{mark}-7")
    certification = candidate.certifications.get()
    link = share_certifications(
        candidate_id=candidate.pk, certification_ids=[certification.pk], form_key=uuid4(), now=TODAY
    )
    reseller = PartnerMember.objects.create(
        partner=ChannelPartner.objects.create(code=mark, name=mark), user=factories.UserFactory.create()
    )
    affiliation = request_affiliation(
        candidate_id=candidate.pk, partner_code=mark, country=candidate.country, full_time=True, now=TODAY
    )
    claim = _claim(candidate, item, mark)
    attempt = record_attempt(
        candidate_id=candidate.pk, exam_number=EXAM, taken_on=day("2026-05-01"), result="pass",
        reported_by=mark, now=TODAY,
    )  # fmt: skip
    factories.BookingFactory.create(
        candidate=candidate, sitting=factories.SittingFactory.create(site__code=f"{mark}-site", day=day("2026-08-03"))
    )
    gathering = _gathering(mark)
    report = {"candidate_id": candidate.pk, "staff_id": None, "now": TODAY}
    items = record_authored_items(
        reference=f"{mark}-items", kind="core", accepted=1, direct=True, accepted_on=day("2026-05-01"), **report
    )
    workshop = record_workshop(
        reference=f"{mark}-workshop", kind="mqc", level="expert", days=1, held_on=day("2026-05-01"), **report
    )
    programs = {
        "provider": registered(scopes.PROVIDER, mark, responsible=member.user),
        "test partner": registered(scopes.TEST_PARTNER, mark),
        "organiser": registered(scopes.ORGANISER, mark),
        "verifier": registered(scopes.VERIFIER, mark, responsible=reseller.user),
    }
    if mark != MARK:  # there is one exam team
        programs["exam team"] = registered(
            scopes.ORGANISER, EXAM_TEAM, responsible=factories.UserFactory.create(staff=True)
        )
    job = _job(programs["provider"], mark)
    _token, own = services.create_personal_token(
        user_id=candidate.user.pk, name="all", allowed=list(scopes.OF_CANDIDATES), days=9, now=TODAY
    )
    return Side(
        tokens={role: ask_token(issued).json()["access_token"] for role, issued in programs.items()}
        | {"candidate": own},
        credentials=(programs["provider"].client_id, programs["provider"].secret),
        known={
            "affiliations/{affiliation_id}": affiliation.pk,
            "statuses/{number}": certification.number,
            "authored-items/{record_id}": items.pk,
            "claims/{number}": claim.number,
            "deliveries/{delivery_id}": delivery.pk,
            "claims/{number}/evidence/{evidence_id}": claim.evidence.get().pk,
            "exams/{exam}": EXAM,
            "gatherings/{code}": gathering.code,
            "jobs/{job_id}": job.pk,
            "offerings/{code}": item.code,
            "proposals/{proposal_id}": proposal.pk,
            "rosters/{key}": str(roster.form_key),
            "results/{result_id}": attempt.pk,
            "workshops/{record_id}": workshop.pk,
        },
        of_programs={role: _webhook(issued, mark) for role, issued in programs.items()},
        named={
            "candidate": candidate.number,
            "name": candidate.name,
            "link": link.token,
            "born": BORN,
            "item": item.code,
            "delivery": delivery.code,
            "exam": EXAM,
            "url": f"https://{mark}.example.org/ce",
        },
    )


def _claim(candidate: Candidate, item: Item, mark: str) -> Claim:
    """A claim that waits for the provider's decision, with a file."""
    at = TODAY - timedelta(days=2)
    form = claims.ClaimForm(
        item_id=item.id,
        provider_id=item.authorisations.get().provider_id,
        completed_on=day("2026-04-01"),
        kit="digital",
        note=f"{mark} note",
    )
    claim = claims.save_draft(candidate_id=candidate.id, form_key=uuid4(), form=form, now=at)
    claims.attach_evidence(candidate_id=candidate.id, claim_id=claim.id, name=f"{mark}.pdf", content=PDF, now=at)
    return claims.submit_claim(candidate_id=candidate.id, claim_id=claim.id, now=at)


def _gathering(mark: str) -> Gathering:
    gathering = register_gathering(
        code=f"{mark}-live", name=f"{mark} Live", organiser=mark, place="Brussels", time_zone="Europe/Brussels",
        starts_on=day("2026-05-01"), ends_on=day("2026-05-04"), now=TODAY,
    )  # fmt: skip
    schedule_session(
        gathering_id=gathering.pk, code="BRKSEC-1010", minutes=90, starts_at=noon("2026-05-02"), marked=False,
        title=f"{mark} session", now=TODAY,
    )  # fmt: skip
    return gathering


def _job(issued: services.Issued, mark: str) -> Any:
    application = issued.credential.application
    caller = Caller(f"application:{application.pk}", frozenset(application.scopes), application)
    job = jobs.start_job(
        caller=caller, kind="results", rows=[{"candidate": mark, "exam": mark}], now=TODAY, about={"of": mark}
    )
    jobs.run_job(job_id=job.pk, clock=clock.now)
    return job


def _webhook(issued: services.Issued, mark: str) -> Mapping[str, Any]:
    """A webhook of a program with a delivery that was tried, by the addresses of both."""
    webhook, _secret = webhooks.subscribe(
        application_id=issued.credential.application.pk, url=f"https://{mark}.example.org/ce", topics=[],
        description=f"{mark} webhook", now=TODAY,
    )  # fmt: skip
    delivery = webhooks.send_test(webhook_id=webhook.pk, now=TODAY)
    WebhookAttempt.objects.create(
        delivery=delivery, at=TODAY, milliseconds=12, status_code=500, answer=f"{mark} answer"
    )
    return {"webhooks/{webhook_id}": webhook.pk, "webhooks/{webhook_id}/deliveries/{delivery_id}": delivery.pk}


def parameters_of(path: str) -> Iterator[tuple[str, str]]:
    """The parameters of an address of the schema, each with its key in `known`."""
    for found in re.finditer(r"{(\w+)}", path):
        yield found[1], path[: found.end()].removeprefix("/api/v1/")


def own_address(path: str, side: Side) -> str:
    """An address of the schema with the side's own things in it. KeyError where `known` lacks one of its parameters."""
    for name, key in list(parameters_of(path)):
        path = path.replace(f"{{{name}}}", str(side.known[key]))
    return path
