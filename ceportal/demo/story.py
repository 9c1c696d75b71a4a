"""The verbs of a candidate's story: each puts a step on the timeline that calls one service at its moment.

A story is planned relative to the portal's today. Its days are kept within the programme: never before its first day,
never after yesterday.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from allauth.account.models import EmailAddress

from candidates import services as candidates
from candidates.models import Candidate, Certification, User
from ceportal.demo import wares
from ceportal.demo.fair import Fair
from ceportal.demo.offices import Offices
from ceportal.demo.papers import certificate
from ceportal.demo.payment import pay_fee
from ceportal.demo.people import Person
from ceportal.demo.shelf import Offer, Shelf
from ceportal.demo.timeline import Timeline
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from credits.models import Appeal, Claim
from credits.services import appeals, audits, claims, enrollment, reports, reviews
from emeritus.services import import_emeritus
from exams.services import record_attempt

ONE_DAY = timedelta(days=1)
EXAM_SECTIONS = ("Architecture", "Infrastructure", "Operation", "Security", "Automation")


@dataclass(frozen=True, slots=True)
class Completion:
    """A training that was completed on a day."""

    on: date
    offer: Offer


@dataclass(frozen=True, slots=True)
class Scene:
    """Where stories play: the timeline, what is on offer, an event, who reviews, the exams, the staff, the present."""

    timeline: Timeline
    shelf: Shelf
    fair: Fair
    offices: Offices
    reviewers: dict[int, list[int]]
    exams: dict[str, list[str]]
    staff_id: int
    now: datetime

    @property
    def today(self) -> date:
        return clock.day_of(self.now)

    @property
    def yesterday(self) -> date:
        return self.today - ONE_DAY

    @property
    def first_day(self) -> date:
        """The first day on which a story can play: the day after the programme began (CE-01)."""
        starts_on: date = BOOK.on(self.today)["programme.starts_on"].value
        return starts_on + ONE_DAY


class Story:
    """One candidate's story."""

    def __init__(self, scene: Scene, person: Person, chance: Random) -> None:
        self.scene, self.person, self.chance = scene, person, chance
        self.candidate: Candidate | None = None
        self._claims: dict[UUID, int] = {}
        self._used: set[int] = set()
        self._turn = 0

    # ── The record ────────────────────────────────────────────────────────────────────────────────
    def registers(self, on: date, *, user: User | None = None) -> None:
        """Enter the certification records and, with a user, link the login to the record."""
        person = self.person

        def act(now: datetime) -> None:
            self.candidate = candidates.register_candidate(
                number=person.number,
                name=person.name,
                born=person.born,
                country=person.country,
                email=person.email,
                time_zone=person.time_zone,
                language=person.language,
                now=now,
            )
            if user is not None:
                self.candidate = candidates.link_candidate(
                    user_id=user.pk, number=person.number, born=person.born, now=now
                )

        self._on(on, act)

    def holds(self, track: str, *, term_started_on: date, recorded_on: date, certified_on: date | None = None) -> None:
        """Hold a certification: earned on the day it is recorded, or imported with the term that was running."""
        self._on(
            recorded_on,
            lambda now: candidates.import_certification(
                candidate_id=self.id,
                track_code=track,
                certified_on=certified_on or term_started_on,
                term_started_on=term_started_on,
                now=now,
            ),
        )

    def is_emeritus(self, track: str, *, certified_on: date, until: date, recorded_on: date, route: str) -> None:
        """Hold a certification in Emeritus."""
        self._on(
            recorded_on,
            lambda now: import_emeritus(
                candidate_id=self.id,
                track_code=track,
                certified_on=certified_on,
                until=until,
                route=route,
                now=now,
            ),
        )

    def sits(self, exam: str, on: date, result: str = "pass") -> None:
        """Sit an exam at home, whose result the test partner reports by section."""
        # A lot of its own, so that other stories stay as they are.
        lot = Random(f"{self.person.number} {exam} {on}")  # noqa: S311 - a story, no secret
        percents = range(60, 96) if result == "pass" else range(25, 66)
        sections = [{"title": title, "percent": lot.choice(percents)} for title in EXAM_SECTIONS]
        self._on(
            on,
            lambda now: record_attempt(
                candidate_id=self.id,
                exam_number=exam,
                taken_on=on,
                result=result,
                held_in=self.person.country,
                sections=sections,
                now=now,
            ),
        )

    # ── The programme ─────────────────────────────────────────────────────────────────────────────
    def enrolls(self, on: date) -> None:
        """Enroll, from an address of the documentation's range."""
        address = f"203.0.113.{self.chance.randrange(1, 255)}"
        self._on(
            on, lambda now: enrollment.enroll(candidate_id=self.id, accept_terms=True, ip_address=address, now=now)
        )

    def shares(self, label: str, *, on: date) -> None:
        """Make a link that shows everything held, for somebody (CERT-09)."""

        def act(now: datetime) -> None:
            held = Certification.objects.filter(candidate_id=self.id).values_list("id", flat=True)
            key = uuid5(NAMESPACE_URL, f"{self.person.number}/{label}")
            candidates.share_certifications(
                candidate_id=self.id, certification_ids=list(held), form_key=key, label=label, now=now
            )

        self._on(on, act)

    def drafts(self, completion: Completion, *, on: date, evidence: bool = True, note: str = "") -> UUID:
        """Begin a claim; its key names it from then on."""
        key = UUID(int=self.chance.getrandbits(128), version=4)
        picture = self.chance.random() < 0.2
        offer = completion.offer

        def act(now: datetime) -> None:
            claim = claims.save_draft(
                candidate_id=self.id,
                form_key=key,
                form=claims.ClaimForm(
                    item_id=offer.item_id,
                    provider_id=offer.provider_id,
                    completed_on=completion.on,
                    note=note,
                ),
                now=now,
            )
            self._claims[key] = claim.id
            if evidence:
                claims.attach_evidence(
                    candidate_id=self.id,
                    claim_id=claim.id,
                    name=f"certificate.{'png' if picture else 'pdf'}",
                    content=certificate(
                        name=self.person.name,
                        title=offer.title,
                        provider=offer.provider,
                        completed_on=completion.on,
                        number=f"{completion.on:%Y%m%d}-{claim.id}",
                        picture=picture,
                    ),
                    now=now,
                )

        self._on(on, act)
        return key

    def files(self, completion: Completion, *, on: date, evidence: bool = False) -> UUID:
        """Hand in a claim; self-paced training comes with its certificate, the rest often does."""
        evidence = evidence or completion.offer.self_paced or self.chance.random() < 0.5
        key = self.drafts(completion, on=on, evidence=evidence)
        self._on(
            on,
            lambda now: claims.submit_claim(candidate_id=self.id, claim_id=self._claims[key], now=now),
        )
        return key

    def hands_in_again(self, key: UUID, *, on: date) -> None:
        """Hand a returned claim in again."""
        self._on(on, lambda now: claims.submit_claim(candidate_id=self.id, claim_id=self._claims[key], now=now))

    def is_answered(self, key: UUID, *, on: date, outcome: str = "approve") -> None:
        """Have a claim decided by somebody of its provider."""
        words = {"return": wares.RETURNED, "reject": wares.REJECTED}.get(outcome, ("",))
        reason, draw = self.chance.choice(words), self.chance.random()

        def act(now: datetime) -> None:
            claim = Claim.objects.get(id=self._claims[key])
            if claim.status != Claim.Status.SUBMITTED:
                return  # it was refused in the era that the demonstration plays in
            assert claim.provider_id is not None
            members = self.scene.reviewers[claim.provider_id]
            reviews.decide_claim(
                claim_id=claim.id,
                member_id=members[int(draw * len(members))],
                outcome=outcome,
                reason=reason,
                now=now,
            )

        self._on(on, act)

    def appeals(self, key: UUID, *, on: date, words: str) -> None:
        """Appeal the rejection of a claim."""
        self._on(
            on,
            lambda now: appeals.file_appeal(candidate_id=self.id, claim_id=self._claims[key], words=words, now=now),
        )

    def is_heard(self, key: UUID, *, on: date, outcome: str, finding: str) -> None:
        """Have the appeal about a claim decided by the programme."""

        def act(now: datetime) -> None:
            appeal = Appeal.objects.filter(claim_id=self._claims[key], status=Appeal.Status.OPEN).first()
            if appeal is not None:
                appeals.decide_appeal(
                    appeal_id=appeal.id, outcome=outcome, reason=finding, staff_id=self.scene.staff_id, now=now
                )

        self._on(on, act)

    def is_audited(self, key: UUID, *, on: date, asked: str = "") -> None:
        """Have the approval of a claim looked at again, and be asked for more where that is said."""

        def act(now: datetime) -> None:
            audit = audits.open_audit(claim_id=self._claims[key], staff_id=self.scene.staff_id, now=now)
            if asked:
                audits.ask_for_more(audit_id=audit.id, words=asked, staff_id=self.scene.staff_id, now=now)

        self._on(on, act)

    def fails_audit(self, key: UUID, *, on: date, found: str) -> None:
        """Have an approved claim voided by its audit."""
        self._on(
            on,
            lambda now: audits.decide_audit(
                claim_id=self._claims[key], outcome="fail", reason=found, staff_id=self.scene.staff_id, now=now
            ),
        )

    def is_reported(self, completion: Completion, *, on: date) -> None:
        """Have a completion reported by the provider itself."""

        def act(now: datetime) -> None:
            item = self.scene.shelf.code_of(completion.offer.item_id)
            reports.report_completion(
                provider_id=completion.offer.provider_id,
                candidate_id=self.id,
                item_code=item,
                completed_on=completion.on,
                member_id=self.scene.reviewers[completion.offer.provider_id][0],
                now=now,
            )

        self._on(on, act)

    def earns(self, completion: Completion) -> None:
        """Complete a training and get its credits within weeks: by the provider's report or by a claim."""
        if not completion.offer.self_paced and self.chance.random() < 0.5:
            self.is_reported(completion, on=completion.on + self._days(1, 6))
            return
        filed_on = completion.on + self._days(1, 12)
        key = self.files(completion, on=filed_on)
        self.is_answered(key, on=filed_on + self._days(1, 9))

    def goes_to_the_fair(self, *, sessions: int) -> None:
        """Attend sessions of the event, which its organiser reports."""
        self.scene.fair.is_visited_by(self.person.number, sessions=sessions)

    def is_taught(self) -> None:
        """Be on the rosters of a provider, which reports them."""
        self.scene.offices.teach(self.person.number, self.person.name)

    def pays_fee(self, on: date) -> None:
        """Pay the administrative fee."""
        self._on(on, lambda now: pay_fee(candidate_id=self.id, cardholder=self.person.name, now=now))

    # ── Planning ──────────────────────────────────────────────────────────────────────────────────
    def completions(
        self, days: Sequence[date], *, credits: int, below: int | None = None, provider: str = ""
    ) -> list[Completion]:
        """Trainings on some of these days, none twice, until they are worth so many credits, but less than `below`."""
        found: list[Completion] = []
        total = 0
        for left, day in zip(range(len(days), 0, -1), days, strict=True):
            offers = [
                offer
                for offer in self.scene.shelf.offers_on(day, provider=provider)
                if offer.item_id not in self._used
                and offer.credits * left >= credits - total
                and (below is None or total + offer.credits < below)
            ]
            if total < credits and offers:
                offer = self.chance.choice(offers)
                self._used.add(offer.item_id)
                found.append(Completion(day, offer))
                total += offer.credits
        return found

    def days_between(self, first: date, last: date, count: int) -> list[date]:
        """So many days between two days, in order."""
        span = max(1, (last - first).days)
        return sorted(first + timedelta(days=self.chance.randrange(span)) for _each in range(count))

    def some_day(self, first: date, last: date) -> date:
        """A day between two days, both included."""
        return first + timedelta(days=self.chance.randrange(max(0, (last - first).days) + 1))

    @property
    def id(self) -> int:
        """The candidate's key, once registered."""
        assert self.candidate is not None
        return self.candidate.id

    def _days(self, at_least: int, at_most: int) -> timedelta:
        return timedelta(days=self.chance.randint(at_least, at_most))

    def _on(self, day: date, act: Callable[[datetime], object]) -> None:
        # The turn keeps what is told earlier first where two steps meet on a day.
        self._turn += 1
        day = max(self.scene.first_day, min(day, self.scene.yesterday))
        self.scene.timeline.on(day, act, turn=self._turn)


def make_user(email: str, name: str, encoded_password: str = "", *, now: datetime, staff: bool = False) -> User:
    """A login with a confirmed address; without a password nobody can sign in as them."""
    user = User(email=email, name=name, is_staff=staff, is_superuser=staff, password=encoded_password, date_joined=now)
    if not encoded_password:
        user.set_unusable_password()
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user
