"""Reads of people and certifications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import (
    BigIntegerField,
    CharField,
    Exists,
    F,
    FilteredRelation,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)

from candidates.models import (
    Affiliation,
    Agreement,
    Candidate,
    Certification,
    GuardianConsent,
    Notice,
    ResidenceProof,
    Sanction,
    Term,
    Track,
    User,
)
from candidates.rules import (
    EMERITUS_FAMILIES,
    AffiliationFacts,
    BarFacts,
    LifeFacts,
    Standing,
    TermFacts,
    TestingFacts,
    dated_status_on,
    linked,
    standing_on,
    status_on,
    strictest_bar,
)
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.kernel.prepared import Place, Prepared

NOBODY = 0  # no candidate's id
TROUBLE = (Notice.Status.BOUNCED, Notice.Status.COMPLAINED)
REVOKING = Q(status=Sanction.Status.RUNNING, permanent=True, exams_only=False)  # CAND-02


@dataclass(frozen=True, slots=True)
class Held:
    """A certification with the facts of its life."""

    certification: Certification
    life: LifeFacts

    def status_on(self, day: date) -> str | None:
        return status_on(BOOK, self.life, day)

    def dated_status_on(self, day: date) -> str | None:
        """What its dates say, sanctions aside (CERT-10)."""
        return dated_status_on(BOOK, self.life, day)

    def standing_on(self, day: date) -> Standing:
        return standing_on(BOOK, self.life, day)


def _life_facts(certification: Certification, terms: Collection[Term]) -> LifeFacts:
    """The facts of a certification's life, read as `held_in` does, with its terms in the order in which they begin."""
    revoked_at = certification.revoked_at  # type: ignore[attr-defined]
    erased_at = certification.erased_at  # type: ignore[attr-defined]
    return LifeFacts(
        level=certification.track.level,
        first_certified_on=certification.first_certified_on,
        terms=tuple(_term(term) for term in terms if term.reason != Term.Reason.BOUGHT),
        revoked_on=clock.day_of(revoked_at) if revoked_at else None,
        erased_on=clock.day_of(erased_at) if erased_at else None,
        family=certification.track.family,
        number=certification.number,
        bought=tuple(_term(term) for term in terms if term.reason == Term.Reason.BOUGHT),
    )


def _term(term: Term) -> TermFacts:
    return TermFacts(term.kind, term.starts_on, term.renewed_on, term.ends_on)


def held_by(candidate_id: int) -> list[Held]:
    """A candidate's certifications with their lives: two queries. Withdrawn terms never were."""
    return related(_read(Certification.objects.filter(candidate_id=candidate_id)))


def held_under(number: str, *, by_holder: Callable[[str], bool]) -> Held | None:
    """The certification of a number, read with its candidate, where its holder's name is as it should be; else None.

    `by_holder` is asked about the name, nobody's being empty. Whatever it says, and whether the number is anybody's,
    the database is asked the same two questions. Of somebody who was erased nothing is found (CAND-09).
    """
    holders = HOLDER_UNDER.ask(number=number)
    named = by_holder(holders[0].name if holders else "")
    rows, terms = {}, defaultdict(list)
    for row in CERTIFICATIONS_BY_TERM.ask(candidate=holders[0].pk if holders and named else NOBODY):
        rows[row.id] = row
        if row.term_kind:
            terms[row.id].append(Term(**{name: getattr(row, f"term_{name}") for name in OF_TERMS}))
    held = related(Held(row, _life_facts(row, terms[row.id])) for row in rows.values())
    return next((each for each in held if each.certification.number == number), None)


def held_in(certifications: QuerySet[Certification]) -> list[Held]:
    """Certifications of a query set with their lives; what their holders have beside them is read where it matters."""
    held = _read(certifications)
    holders = {each.certification.candidate_id for each in held if each.life.can_be_emeritus}
    if not holders:
        return held
    asked_for = {each.certification.id: each for each in held}
    beside = Certification.objects.filter(candidate_id__in=holders, track__family__in=EMERITUS_FAMILIES)
    everything = related([*held, *_read(beside.exclude(id__in=asked_for))])
    return [each for each in everything if each.certification.id in asked_for]


def related(held: Iterable[Held]) -> list[Held]:
    """The same certifications, the life of each beside those of its holder that bear on it (EMR-07, EMR-08)."""
    rows = list(held)
    by_holder: dict[int, list[LifeFacts]] = {}
    for each in rows:
        if each.life.can_be_emeritus:
            by_holder.setdefault(each.certification.candidate_id, []).append(each.life)
    lives = {life.number: life for beside in by_holder.values() if len(beside) > 1 for life in linked(beside)}
    return [replace(each, life=lives.get(each.life.number, each.life)) for each in rows]


def _read(certifications: QuerySet[Certification]) -> list[Held]:
    """Certifications of a query set, with their lives."""
    standing = Term.objects.filter(withdrawn_at__isnull=True).order_by("starts_on", "id")
    rows = _with_facts(certifications).prefetch_related(Prefetch("terms", standing))
    return [Held(row, _life_facts(row, row.terms.all())) for row in rows]


def _with_facts(certifications: QuerySet[Certification]) -> QuerySet[Certification]:
    """What lives are told of, but for their terms; of sanctions, the permanent one that runs."""
    revoking = Sanction.objects.filter(REVOKING, candidate_id=OuterRef("candidate_id")).order_by()
    since = revoking.values("candidate_id").annotate(since=Min("decided_at")).values("since")
    facts = {"revoked_at": Subquery(since), "erased_at": F("candidate__erased_at")}
    return certifications.select_related("track").annotate(**facts).order_by("track__name")


HOLDER_UNDER = Prepared(
    "holder_under_number",
    lambda: Candidate.objects.filter(certifications__number=Place("number", CharField()), erased_at__isnull=True).only(
        "name"
    ),
)
OF_TERMS = ("kind", "reason", "starts_on", "renewed_on", "ends_on")
CERTIFICATIONS_BY_TERM: Prepared[Any] = Prepared(
    "certifications_of_candidate_by_term",  # one without terms stands there once
    lambda: (
        _with_facts(Certification.objects.filter(candidate_id=Place("candidate", BigIntegerField())))
        .select_related("candidate", "track")
        .annotate(
            standing=FilteredRelation("terms", condition=Q(terms__withdrawn_at__isnull=True)),
            **{f"term_{name}": F(f"standing__{name}") for name in OF_TERMS},
        )
        .order_by("track__name", "standing__starts_on", "standing__id")
    ),
)


def record_of(user: AbstractBaseUser | AnonymousUser) -> Candidate | None:
    """The candidate's record that a login is linked to; read once a request, since the user keeps it."""
    return getattr(user, "candidate", None) if isinstance(user, User) else None


def current_agreement(kind: str, day: date) -> Agreement | None:
    """The version of an agreement in force on a day; drafts are never in force."""
    return in_force_on(day).filter(kind=kind).first()


def in_force_on(day: date) -> QuerySet[Agreement]:
    """The published versions that had come into force by a day, the one in force first."""
    published = Agreement.objects.filter(published_at__isnull=False, effective_on__lte=day)
    return published.order_by("-effective_on")


def has_accepted_current(candidate: Candidate, kind: str, day: date) -> bool:
    """Whether the candidate accepted the version in force on a day (CE-05)."""
    agreement = current_agreement(kind, day)
    return agreement is not None and candidate.acceptances.filter(agreement=agreement).exists()


# ── Bars, and who may be tested ───────────────────────────────────────────────────────────────────
def address_trouble(candidate: Candidate) -> Notice | None:
    """The latest message that came back from the registered address, or was marked as unwanted there (CE-13).

    None where none did since the address was last given or confirmed.
    """
    troubled = Notice.objects.filter(candidate=candidate, address__iexact=candidate.email, status__in=TROUBLE)
    if candidate.address_confirmed_at is not None:
        troubled = troubled.filter(sent_at__gte=candidate.address_confirmed_at)
    return troubled.first()


def troubled_candidates() -> QuerySet[Candidate]:
    """Those whose registered address mail comes back from (CE-13); `address_trouble` in one statement."""
    since = Q(sent_at__gte=OuterRef("address_confirmed_at")) | Q(candidate__address_confirmed_at__isnull=True)
    troubled = Notice.objects.filter(since, candidate=OuterRef("pk"), status__in=TROUBLE)
    return Candidate.objects.filter(Exists(troubled.filter(address__iexact=OuterRef("email"))))


def same_address(notice: Notice, candidate: Candidate) -> bool:
    """Whether a message goes to the address that is registered now."""
    return notice.address.casefold() == candidate.email.casefold()


def bar_on(candidate_id: int) -> BarFacts | None:
    """The sanction that bars a candidate now, the strictest where several run (CAND-02)."""
    return strictest_bar(map(_bar, Sanction.objects.filter(candidate_id=candidate_id, status=Sanction.Status.RUNNING)))


def barred_among(candidate_ids: Iterable[int]) -> dict[int, BarFacts]:
    """Of several candidates those whom a sanction bars now, each with the strictest that runs; one query."""
    running: dict[int, list[BarFacts]] = {}
    for sanction in Sanction.objects.filter(candidate_id__in=list(candidate_ids), status=Sanction.Status.RUNNING):
        running.setdefault(sanction.candidate_id, []).append(_bar(sanction))
    return {candidate_id: bar for candidate_id, bars in running.items() if (bar := strictest_bar(bars)) is not None}


def barred_candidates() -> QuerySet[Sanction, Any]:
    """The candidates whom a sanction bars from more than exams, for a condition of a query (CAND-02)."""
    return Sanction.objects.filter(status=Sanction.Status.RUNNING, exams_only=False).order_by().values("candidate_id")


def _bar(sanction: Sanction) -> BarFacts:
    assert sanction.decided_at is not None
    return BarFacts(sanction.clause, sanction.permanent, sanction.exams_only, clock.day_of(sanction.decided_at))


def _bar_for_exam(candidate_id: int, exam_on: date) -> BarFacts | None:
    """The bar that runs now, or that ran on the exam day and has ended since; one taken back on appeal never was."""
    ended = Q(status=Sanction.Status.LIFTED) & ~Q(appeal_outcome=Sanction.Outcome.UPHELD)
    sanctions = Sanction.objects.filter(Q(status=Sanction.Status.RUNNING) | ended, candidate_id=candidate_id)
    return strictest_bar(
        _bar(each)
        for each in sanctions
        if each.lifted_at is None or _bar(each).since <= exam_on < clock.day_of(each.lifted_at)
    )


def testing_facts(candidate_id: int, *, exam_on: date, held_in: str) -> TestingFacts:
    """What being tested on a day depends on; `held_in` is the country of the exam, empty for any that is allowed.

    Residence is that on record now.
    """
    candidate = Candidate.objects.get(id=candidate_id)
    signed_on = GuardianConsent.objects.filter(candidate_id=candidate_id, withdrawn_at__isnull=True).aggregate(
        first=Min("signed_on")
    )["first"]
    proof = ResidenceProof.objects.filter(candidate_id=candidate_id, lapsed_at__isnull=True).first()
    return TestingFacts(
        exam_on=exam_on,
        held_in=held_in,
        born=candidate.born,
        country=candidate.country,
        region=candidate.region,
        bar=_bar_for_exam(candidate_id, exam_on),
        guardian_signed_on=signed_on,
        proven_country=proof.country if proof else "",
        proven_region=proof.region if proof else "",
    )


# ── Channel partners ──────────────────────────────────────────────────────────────────────────────
def affiliation_facts(
    candidate: Candidate, *, country: str, full_time: bool, day: date, request: Affiliation | None = None
) -> AffiliationFacts:
    """What an association depends on, on a day; `request` is the one that is being confirmed (CERT-07)."""
    live = candidate.affiliations.filter(status__in=[Affiliation.Status.REQUESTED, Affiliation.Status.IN_FORCE])
    partners = {each.status: each.partner.name for each in live.select_related("partner") if each != request}
    proof = ResidenceProof.objects.filter(candidate=candidate, lapsed_at__isnull=True).first()
    experts = [each for each in held_by(candidate.id) if each.life.level == Track.Level.EXPERT]
    return AffiliationFacts(
        expert_statuses=tuple(status for each in experts if (status := each.status_on(day)) is not None),
        full_time=full_time,
        country=country,
        lives_in=(candidate.country, proof.country) if proof else (candidate.country,),
        in_force_with=partners.get(Affiliation.Status.IN_FORCE, ""),
        waits_with=partners.get(Affiliation.Status.REQUESTED, ""),
    )
