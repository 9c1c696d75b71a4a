"""What people read about the texts that they accept: the words, what was accepted when, and what waits (CAND-01)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import get_language_info

from candidates import queries, rules
from candidates.models import Acceptance, Agreement, Candidate, Words
from candidates.rules import Asked
from ceportal.kernel import clock
from ceportal.kernel.explain import ReadableFinding, explain_finding


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """A language that a text can be read in."""

    code: str
    name: str  # in itself
    current: bool


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One kind of text: the version in force, and where the candidate stands with it."""

    agreement: Agreement
    words: Words
    languages: tuple[LanguageChoice, ...]
    state: Asked
    acceptance: Acceptance | None  # of the version in force
    earlier: tuple[Acceptance, ...]  # of versions before it, the latest first
    coming: Agreement | None  # the next version, once it is published

    @property
    def clause(self) -> str:
        """The clause that asks for it."""
        return rules.CLAUSES[self.agreement.kind]


@dataclass(frozen=True, slots=True)
class AgreementsPage:
    """All texts, what waits first, and whom they bind."""

    lines: tuple[AgreementLine, ...]
    bound: ReadableFinding | None

    @property
    def waiting(self) -> int:
        return sum(line.state == Asked.WAITS for line in self.lines)


def agreements_page(candidate: Candidate, *, language: str, now: datetime) -> AgreementsPage:
    """A candidate's texts in a language; four questions, however many versions there are."""
    day = clock.day_of(now)
    versions: dict[str, list[Agreement]] = {}
    for each in published().order_by("-effective_on"):
        versions.setdefault(each.kind, []).append(each)
    accepted: dict[str, list[Acceptance]] = {}
    for acceptance in candidate.acceptances.select_related("agreement").order_by("-agreement__effective_on"):
        accepted.setdefault(acceptance.agreement.kind, []).append(acceptance)
    holds = set(candidate.certifications.values_list("status", flat=True))
    lines = [
        line
        for kind in Agreement.Kind.values
        if (line := _line(versions.get(kind, ()), accepted.get(kind, ()), holds, language, day)) is not None
    ]
    lines.sort(key=lambda line: line.state != Asked.WAITS)
    signed = next((line for line in lines if line.agreement.kind == Agreement.Kind.AGREEMENT), None)
    return AgreementsPage(tuple(lines), bound_by(signed, holds) if signed else None)


def bound_by(line: AgreementLine, holds: set[str]) -> ReadableFinding | None:
    """That the holder of certifications is bound by the agreement, in Emeritus too (EMR-17); None for nobody's."""
    finding = rules.assess_bound(holds=holds, accepted=line.acceptance is not None, version=line.agreement.version)
    return explain_finding(finding) if finding else None


def bound_of(candidate: Candidate, *, statuses: Iterable[str | None], day: date) -> ReadableFinding | None:
    """As `bound_by`, for whoever knows the statuses of the day already; None where no agreement is in force."""
    agreement = queries.current_agreement(Agreement.Kind.AGREEMENT, day)
    if agreement is None:
        return None
    finding = rules.assess_bound(
        holds={each for each in statuses if each},
        accepted=candidate.acceptances.filter(agreement=agreement).exists(),
        version=agreement.version,
    )
    return explain_finding(finding) if finding else None


def line_of(candidate: Candidate, kind: str, *, language: str, now: datetime) -> AgreementLine | None:
    """Where a candidate stands with one kind of text; None where no version of it is in force."""
    page = agreements_page(candidate, language=language, now=now)
    return next((line for line in page.lines if line.agreement.kind == kind), None)


def _line(
    versions: Sequence[Agreement], accepted: Sequence[Acceptance], holds: set[str], language: str, day: date
) -> AgreementLine | None:
    in_force = next((each for each in versions if each.effective_on <= day), None)
    if in_force is None:
        return None
    of_it = next((each for each in accepted if each.agreement_id == in_force.pk), None)
    earlier = tuple(each for each in accepted if each.agreement.effective_on < in_force.effective_on)
    words = in_force.words_in(language)
    state = rules.asked(
        rules.AskingFacts(
            kind=in_force.kind, accepted=of_it is not None, accepted_before=bool(earlier), holds=frozenset(holds)
        )
    )
    return AgreementLine(
        agreement=in_force,
        words=words,
        languages=languages_of(in_force, words),
        state=state,
        acceptance=of_it,
        earlier=earlier,
        coming=next((each for each in reversed(versions) if each.effective_on > day), None),
    )


def published() -> QuerySet[Agreement]:
    """The published versions with their translations."""
    return Agreement.objects.filter(published_at__isnull=False).prefetch_related("translations")


def version_of(kind: str, version: str) -> Agreement | None:
    """A version, with its translations."""
    return Agreement.objects.prefetch_related("translations").filter(kind=kind, version=version).first()


def languages_of(agreement: Agreement, shown: Words) -> tuple[LanguageChoice, ...]:
    """The languages that a version can be read in."""
    return tuple(LanguageChoice(code, language_name(code), code == shown.language) for code in agreement.words)


def language_name(code: str) -> str:
    """A language as it is called in itself."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code
