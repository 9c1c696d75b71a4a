"""What the demonstration's providers do by themselves: propose trainings, cancel a run, and upload rosters.

The board answers in its reviews. One roster was reported some weeks ago; another waits as a dry run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from catalog import services
from catalog.models import BoardReview, Delivery, Item, Proposal, ProviderMember
from catalog.rules import quarter_of
from catalog.services.proposals import ProposalForm
from ceportal.demo.logins import DEMO_LOGINS
from ceportal.demo.timeline import Timeline
from ceportal.kernel import clock
from credits.models import Claim
from credits.services import rosters

HEADER = "candidate,name,item,delivery,completed_on"
REPORTED_DAYS_AGO, WAITING_DAYS_AGO, COMPLETED_DAYS_BEFORE = 16, 1, 4
LINES_AT_A_TIME = 50
IN_GERMAN = ProposalForm(
    code="ilt-40-de", title="Sicherer Zugang und Segmentierung", kind="instructor_led", credits=40, hours=40,
    technology="Security", language="de",
    summary="Wer was erreichen darf, und wie ein Netz es durchsetzt: fünf Tage mit einem Labor für jeden.",
)  # fmt: skip
TRIVIA = ProposalForm(
    code="trivia-night", title="Network Trivia Night", kind="other", credits=4, hours=4, approval_number="TC-0419",
    summary="An evening of questions about networks, with prizes.",
)  # fmt: skip
UNDER_STRESS = ProposalForm(
    code="routing-under-stress", title="Routing Protocols Under Stress", kind="workshop", credits=16, hours=16,
    technology="Enterprise", summary="Two days of breaking a network of forty routers, and of finding out why.",
)  # fmt: skip
ON_SITE = ProposalForm(
    code="telemetry-on-site", title="Telemetry on Your Own Network", kind="custom", credits=24, hours=24,
    technology="Observability", registration_number="DW-20417",
    summary="Parts of two official courses, fitted to the customer's network and taught on it.",
)  # fmt: skip
TOO_EARLY = ProposalForm(
    code="quantum-basics", title="Quantum Networks, the Basics", kind="digital", credits=12, hours=12,
    summary="What entanglement is good for, with simulated labs.",
)  # fmt: skip


class Offices:
    """Puts all of it on the timeline, and collects who is on the rosters until they are uploaded."""

    def __init__(self, timeline: Timeline, *, reviews: Sequence[date], today: date) -> None:
        self._timeline, self._today = timeline, today
        self._chance = Random("offices")  # noqa: S311 - the same keys every time
        self._students: list[tuple[str, str]] = []
        before, last = reviews[-2:]
        self._is_listed_in_german(before, last)
        self._is_declined(last)
        self._waits("acme", UNDER_STRESS, self._ago(8))
        self._waits("globex", ON_SITE, self._ago(5))
        withdrawn = self._waits("acme", TOO_EARLY, self._ago(31))
        timeline.on(self._ago(30), lambda now: self._withdraw(withdrawn, now))
        timeline.on(self._ago(2), self._cancel_a_run)
        timeline.on(self._ago(REPORTED_DAYS_AGO), self._report_a_roster)
        timeline.on(self._ago(WAITING_DAYS_AGO), self._look_at_a_roster, turn=9)

    def teach(self, number: str, name: str) -> None:
        """Put a candidate on the rosters of Acme Learning."""
        self._students.append((number, name))

    def _ago(self, days: int) -> date:
        return self._today - timedelta(days=days)

    def _key(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)

    # ── Proposals ─────────────────────────────────────────────────────────────────────────────────
    def _waits(self, provider: str, form: ProposalForm, on: date) -> UUID:
        key = self._key()
        self._timeline.on(
            on,
            lambda now: services.propose_item(member_id=_manager(provider).pk, form_key=key, form=form, now=now),
        )
        return key

    def _is_listed_in_german(self, before: date, last: date) -> None:
        key = self._waits("acme", IN_GERMAN, before - timedelta(days=30))

        def enter(now: datetime) -> None:
            services.list_proposal(
                proposal_id=Proposal.objects.get(form_key=key).pk,
                review_id=_review(before).pk,
                code=IN_GERMAN.code,
                credits=IN_GERMAN.credits,
                effective_on=before + timedelta(days=14),
                reason="As the training in English.",
                decided_by_id=None,
                now=now,
            )

        def mark(now: datetime) -> None:
            services.mark_equivalent(
                review_id=_review(last).pk,
                item_id=Item.objects.get(code="ilt-40").pk,
                same_as_id=Item.objects.get(code=IN_GERMAN.code).pk,
                reason="The same training in German.",
                decided_by_id=None,
                now=now,
            )

        self._timeline.on(before, enter, turn=5)
        self._timeline.on(last, mark, turn=5)

    def _is_declined(self, last: date) -> None:
        key = self._waits("globex", TRIVIA, last - timedelta(days=20))
        self._timeline.on(
            last,
            lambda now: services.decline_proposal(
                proposal_id=Proposal.objects.get(form_key=key).pk,
                review_id=_review(last).pk,
                answer="Questions without teaching are no training. Show what is taught before, and how it is tested.",
                decided_by_id=None,
                now=now,
            ),
            turn=5,
        )

    def _withdraw(self, key: UUID, now: datetime) -> None:
        proposal = Proposal.objects.get(form_key=key)
        services.withdraw_proposal(member_id=proposal.proposed_by_id, proposal_id=proposal.pk, now=now)

    def _cancel_a_run(self, now: datetime) -> None:
        run = Delivery.objects.filter(provider__code="acme", ends_on__gt=clock.day_of(now)).order_by("-ends_on").first()
        if run is not None:
            services.cancel_delivery(delivery_id=run.pk, now=now)

    # ── Rosters ───────────────────────────────────────────────────────────────────────────────────
    def _report_a_roster(self, now: datetime) -> None:
        lines = [f"{number},{name},ilt-30,,{self._taught_on(now)}" for number, name in self._students]
        roster_id = self._look_at("automating-the-campus.csv", lines, now)
        rosters.report_roster(roster_id=roster_id, member_id=_manager("acme").pk, now=now)
        while rosters.work_on(roster_id=roster_id, now=now, at_most=LINES_AT_A_TIME):
            continue

    @staticmethod
    def _taught_on(now: datetime) -> date:
        return clock.day_of(now) - timedelta(days=COMPLETED_DAYS_BEFORE)

    def _look_at_a_roster(self, now: datetime) -> None:
        """Lines of every outcome: new ones, one that has counted, a claim that waits, and some that are wrong."""
        completed_on, before = self._taught_on(now), self._ago(REPORTED_DAYS_AGO + COMPLETED_DAYS_BEFORE)
        lines = [f"{number},{name},boot-16,,{completed_on}" for number, name in self._students]
        lines += [f"{number},Somebody Else,ilt-30,,{before}" for number, _name in self._students[:1]]
        # Those of the people one can sign in as are left for their own tour.
        waiting = Claim.objects.filter(provider__code="acme", status=Claim.Status.SUBMITTED).exclude(
            candidate__email__in=[login.email for login in DEMO_LOGINS]
        )
        for claim in waiting.select_related("candidate", "item").order_by("submitted_at")[:2]:
            assert claim.item is not None  # of everything beyond a draft
            lines.append(f"{claim.candidate.number},,{claim.item.code},,{claim.completed_on}")
        lines += [f"CE99999999,Nobody Known,boot-16,,{completed_on}", "CE10000001,,boot-16,,last Friday"]
        self._look_at("bootcamp.csv", lines, now)

    def _look_at(self, name: str, lines: list[str], now: datetime) -> int:
        content = "\n".join([HEADER, *lines]).encode()
        member_id = _manager("acme").pk
        roster = rosters.upload_roster(
            member_id=member_id, form_key=self._key(), file_name=name, content=content, now=now
        )
        return rosters.check_roster(roster_id=roster.pk, now=now).pk


def _manager(provider: str) -> ProviderMember:
    return ProviderMember.objects.filter(provider__code=provider, role=ProviderMember.Role.MANAGER).earliest("id")


def _review(held_on: date) -> BoardReview:
    return BoardReview.objects.get(quarter=quarter_of(held_on))
