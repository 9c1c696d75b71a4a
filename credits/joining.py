"""What the pages of enrollment and of the administrative fee show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from candidates import queries as candidates_queries
from candidates.agreement_pages import LanguageChoice, languages_of
from candidates.models import Acceptance, Agreement, Candidate, Words
from ceportal.kernel import clock, money
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.forms.claim_forms import EnrollForm
from credits.models import AdministrativeFee, Enrollment
from credits.reading.standing import highest_renewable
from credits.rules import claims as rules
from credits.services import fees
from payments import rules as payments_rules
from payments.models import Order
from payments.rules import PricedLine


@dataclass(frozen=True, slots=True)
class JoiningPage:
    """The terms in force, and where the candidate stands with them."""

    terms: Agreement | None
    words: Words | None  # of the terms, in the candidate's language
    languages: tuple[LanguageChoice, ...]
    acceptance: Acceptance | None  # of the version in force
    enrollment: Enrollment | None
    decision: Explanation  # of enrolling now, the acceptance left to the box below the terms


def is_enrolled(candidate: Candidate) -> bool:
    """Whether the candidate is in the programme."""
    return Enrollment.objects.filter(candidate=candidate).exists()


def joining_page(candidate: Candidate, *, language: str = "", now: datetime) -> JoiningPage:
    """What enrolling depends on now, and the terms in force in a language; none given, in the candidate's."""
    day = clock.day_of(now)
    terms = candidates_queries.current_agreement(Agreement.Kind.TERMS, day)
    acceptance = candidate.acceptances.filter(agreement=terms).first() if terms else None
    # The box is still to be ticked: the decision shown leaves it open and judges the rest.
    facts = queries.enrollment_facts(candidate, day, terms_accepted=True)
    findings = rules.assess_enrollment(facts, BOOK.on(day)).findings
    words = terms.words_in(language or candidate.language) if terms else None
    return JoiningPage(
        terms=terms,
        words=words,
        languages=languages_of(terms, words) if terms and words else (),
        acceptance=acceptance,
        enrollment=Enrollment.objects.filter(candidate=candidate).select_related("acceptance__agreement").first(),
        decision=explain(Decision(tuple(each for each in findings if each.clause != "CE-05"))),
    )


def bind(form: EnrollForm, page: JoiningPage) -> EnrollForm:
    """The form for the version on the page: never a newer one under an older text."""
    version = page.terms.version if page.terms else ""
    if form.is_bound and form.data.get("version") == version:
        return form
    return EnrollForm(initial={"version": version, "language": page.words.language if page.words else ""})


@dataclass(frozen=True, slots=True)
class NextThing:
    """What to do where the fee cannot be paid."""

    text: str
    url: str
    action: str


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """Whether the fee can be paid, what it comes to, and what to do where not."""

    decision: Explanation
    line: PricedLine | None
    tax: Explanation | None
    paid: Order | None
    then: NextThing | None

    @property
    def total_cents(self) -> int:
        return self.line.net_cents + self.line.tax_cents if self.line else 0


def fee_quote(candidate: Candidate, *, now: datetime) -> FeeQuote:
    """The fee with the tax of the billing country, as the order will ask it (CE-08, PAY-01)."""
    day = clock.day_of(now)
    decision = fees.assess_fee(candidate_id=candidate.id, now=now)
    # The book of the payment day governs: today.
    policy = BOOK.on(day)
    top = highest_renewable(candidates_queries.held_by(candidate.id), day)
    line = tax = None
    if top is not None and top.life.level in policy["recert.admin_fee"].value:
        country = candidate.billing_country or candidate.country
        net = money.cents(policy["recert.admin_fee"].for_key(top.life.level))
        line = payments_rules.price_line(
            description=_("Administrative fee"), net_cents=net, country=country, policy=policy
        )
        tax = explain(payments_rules.explain_tax(country, policy))
    paid = (
        AdministrativeFee.objects.filter(cycle__candidate=candidate, cycle__ended_on__isnull=True)
        .select_related("order")
        .first()
    )
    return FeeQuote(
        explain(decision),
        line,
        tax,
        paid.order if paid else None,
        _then(decision.clauses_unmet, asked=line is not None),
    )


def _then(unmet: tuple[str, ...], *, asked: bool) -> NextThing | None:
    ways = {
        "CE-06": NextThing(
            _("See where your certifications stand."), reverse("credits:dashboard"), _("To the dashboard")
        ),
        "CE-05": NextThing(_("Enroll first."), reverse("credits:enroll"), _("Read the terms and enroll")),
        "CE-09": NextThing(_("Nothing is due now."), reverse("credits:dashboard"), _("To the dashboard")),
        "CE-08": NextThing(
            _("Earn the credits first; the fee is offered when they are there."),
            reverse("credits:claim_new"),
            _("Claim a training"),
        )
        if asked
        else NextThing(_("No way to renew bears a fee today."), reverse("credits:dashboard"), _("To the dashboard")),
    }
    return next((ways[clause] for clause in unmet if clause in ways), None)
