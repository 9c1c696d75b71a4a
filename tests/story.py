"""Dated stories about candidates, told through the services, with the nightly sweeps run day by day.

    with Story(bob_of={"acme": bob}) as story: ...

A step happens at noon of its day; every night up to it, its own day's included, has been run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import uuid4

from candidates import services as candidates
from candidates.models import Candidate, Certification, Sanction
from candidates.queries import held_in
from catalog.models import Item, Provider, ProviderMember
from ceportal.demo import nights
from ceportal.kernel import clock, relay
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Delivery as KernelDelivery
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Claim, Entry, Grant
from credits.rules import renewal
from credits.services import audits, claims, enrollment, fees, reports, reviews
from exams.models import Attempt, SittingPattern
from exams.services import correct_attempt, record_attempt
from payments import gateway
from payments.models import Order, Payment
from payments.services import record_checkout
from tests import factories
from tests.factories import day, noon

PDF = b"%PDF-1.4 certificate of completion\n%%EOF\n"


@dataclass
class Story:
    """One candidate's story; `story.to("2021-03-01")` goes to a day, and the verbs act on it.

    Unless it is to have `sittings`, no site opens any: the first night would open a thousand, with seats for nobody.
    """

    candidate: Candidate
    today: date | None = None
    labels: dict[str, int] = field(default_factory=dict)
    sittings: bool = False

    def __post_init__(self) -> None:
        if not self.sittings:
            SittingPattern.objects.all().delete()

    @property
    def now(self) -> datetime:
        assert self.today is not None
        return noon(self.today)

    def to(self, text: str | date) -> Story:
        """Go to a day, through every night on the way that has anything to do (tests/credits/test_properties.py)."""
        target = day(text) if isinstance(text, str) else text
        nights.run_nights(after=self.today or target - timedelta(days=1), until=target)
        self.today = target
        return self

    def certify(self, track: str, certified_on: str | None = None, term_started_on: str | None = None) -> Certification:
        return candidates.import_certification(
            candidate_id=self.candidate.id,
            track_code=track,
            certified_on=day(certified_on) if certified_on else self.now.date(),
            term_started_on=day(term_started_on) if term_started_on else None,
            now=self.now,
        )

    def enroll(self, *, accept: bool = True) -> None:
        enrollment.enroll(candidate_id=self.candidate.id, accept_terms=accept, now=self.now)

    def claim(
        self,
        item: str,
        completed_on: str,
        label: str = "claim",
        *,
        evidence: bool = True,
        kit: str = "digital",
        authorised: bool = True,
    ) -> Claim:
        thing = Item.objects.get(code=item)
        provider = Provider.objects.filter(authorisations__item=thing).first()
        if not authorised:
            provider = factories.ProviderFactory.create(code="nobody")
        assert provider is not None
        claim = claims.save_draft(
            candidate_id=self.candidate.id,
            form_key=uuid4(),
            form=claims.ClaimForm(item_id=thing.id, provider_id=provider.id, completed_on=day(completed_on), kit=kit),
            now=self.now,
        )
        if evidence:
            claims.attach_evidence(
                candidate_id=self.candidate.id, claim_id=claim.id, name="certificate.pdf", content=PDF, now=self.now
            )
        claim = claims.submit_claim(candidate_id=self.candidate.id, claim_id=claim.id, now=self.now)
        self.labels[label] = claim.id
        return claim

    def decide(self, label: str = "claim", outcome: str = "approve", *, by: ProviderMember | None = None) -> Claim:
        claim = Claim.objects.get(id=self.labels[label])
        member = by or ProviderMember.objects.filter(provider=claim.provider).first()
        if member is None:
            member = factories.ProviderMemberFactory.create(provider=claim.provider)
        return reviews.decide_claim(
            claim_id=claim.id, member_id=member.id, outcome=outcome, reason="as the roster says", now=self.now
        )

    def report(self, item: str, completed_on: str) -> None:
        provider = Provider.objects.filter(authorisations__item__code=item).first()
        assert provider is not None
        reports.report_completion(
            provider_id=provider.id,
            candidate_id=self.candidate.id,
            item_code=item,
            completed_on=day(completed_on),
            now=self.now,
        )

    def pay_fee(self, order: Order | None = None) -> None:
        """Pay the administrative fee: what the card service says of the paid page is written down."""
        order = order or fees.request_fee(candidate_id=self.candidate.id, now=self.now)
        payment = Payment.objects.create(
            order=order,
            amount_cents=order.total_cents,
            session_id=f"cs_{uuid4().hex}",
            created_at=self.now,
            expires_at=self.now + timedelta(hours=2),
            next_check_at=self.now,
        )
        charge = gateway.Charge("ch_1", self.now, "A. Candidate", "visa", "4242", "")
        session = gateway.CheckoutSession(
            id=str(payment.session_id),
            url="",
            status="complete",
            payment_status=gateway.PAID,
            payment_intent_id="pi_1",
            amount_total_cents=order.total_cents,
            expires_at=self.now,
            charge=charge,
        )
        record_checkout(payment_id=payment.id, session=session, now=self.now)

    def sit(self, exam: str, result: str = "pass") -> None:
        record_attempt(
            candidate_id=self.candidate.id, exam_number=exam, taken_on=self.now.date(), result=result, now=self.now
        )

    def correct(self, exam: str, taken_on: str, result: str = "annulled") -> Attempt:
        return correct_attempt(
            candidate_id=self.candidate.id,
            exam_number=exam,
            taken_on=day(taken_on),
            result=result,
            reason="misconduct",
            now=self.now,
        )

    def audit(self, label: str = "claim", outcome: str = "fail") -> Claim:
        audits.decide_audit(
            claim_id=self.labels[label],
            outcome=outcome,
            reason="the provider knows of nothing",
            staff_id=None,
            now=self.now,
        )
        return Claim.objects.get(id=self.labels[label])

    def sanction(self, clause: str = "CERT-08", **reach: bool) -> Sanction:
        """Two of staff decide a sanction; permanent unless told otherwise."""
        first, second = (factories.UserFactory.create(staff=True) for _each in range(2))
        proposed = candidates.propose_sanction(
            candidate_id=self.candidate.id,
            clause=clause,
            statement="As the story says.",
            **reach,  # type: ignore[arg-type]
            staff_id=first.id,
            now=self.now,
        )
        return candidates.confirm_sanction(sanction_id=proposed.id, staff_id=second.id, now=self.now)

    def lift(self) -> Sanction:
        """The sanction that runs is lifted."""
        running = Sanction.objects.get(candidate=self.candidate, status=Sanction.Status.RUNNING)
        return candidates.lift_sanction(
            sanction_id=running.id, reason="It was a mistake.", staff_id=running.proposed_by_id, now=self.now
        )

    # ── What is true now ──────────────────────────────────────────────────────────────────────────
    def status(self, track: str) -> str:
        return Certification.objects.get(candidate=self.candidate, track__code=track).status

    def lapses_on(self, track: str) -> str:
        (held,) = held_in(Certification.objects.filter(candidate=self.candidate, track__code=track))
        standing = held.standing_on(self.now.date())
        assert standing.active_ends_on == held.certification.active_ends_on
        return str(standing.active_ends_on)

    def inactive_on(self, track: str) -> str:
        return str(Certification.objects.get(candidate=self.candidate, track__code=track).inactive_on)

    def balance(self, as_of: str | None = None) -> queries.Balance:
        if as_of is None:
            return queries.balance_of_cycle(queries.current_cycle(queries.cycles_of(self.candidate.id)))
        known_at = clock.at(day(as_of) + timedelta(days=1), 0)
        return queries.balance_as_of(self.candidate.id, day=day(as_of), known_at=known_at)

    def lifetime(self) -> queries.Balance:
        return queries.lifetime_balance(self.candidate.id)

    def cycle_started_on(self) -> str | None:
        cycle = queries.current_cycle(queries.cycles_of(self.candidate.id))
        return str(cycle.started_on) if cycle else None

    def nearest(self) -> renewal.PathProgress | None:
        """The path of the highest certification that needs no further exam and the fewest credits."""
        held = queries.candidates_queries.held_by(self.candidate.id)
        facts = queries.renewal_facts(held, queries.cycles_of(self.candidate.id), self.candidate.id)
        renewable = renewal.renewable_on(BOOK, facts, self.now.date())
        top = renewal.highest_level(renewable)
        progress = [
            path
            for each in renewable
            if each.level == top
            for path in renewal.progress_on(BOOK, facts, each, self.now.date())
        ]
        return renewal.nearest_by_credits(progress)

    def notices(self, kind: str) -> int:
        """How many messages of a kind were written, once the relay has run."""
        while due := relay.take_due(now=self.now):
            for delivery_id in due:
                relay.deliver(delivery_id=delivery_id, now=self.now)
        assert not KernelDelivery.objects.exclude(last_error="").exists()
        return self.candidate.notices.filter(kind=kind).count()

    def ledger_is_sound(self) -> bool:
        """Every stored balance equals what the entries add up to."""
        grants = Grant.objects.filter(candidate=self.candidate)
        sums = {grant.id: 0 for grant in grants}
        for entry in Entry.objects.filter(candidate=self.candidate):
            sums[entry.grant_id] += entry.amount
        return all(grant.remaining == sums[grant.id] for grant in grants)


def refused_with(refusal: Refused) -> tuple[str, ...]:
    return refusal.decision.clauses_unmet
