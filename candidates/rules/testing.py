"""Who may be tested: age, a guardian's signature, residence, and no sanction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from candidates.rules.bars import BarFacts, assess_bar
from ceportal.kernel.calendar import add_years, years_since
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class TestingFacts:
    """All that the law and the agreement ask of somebody who is to be tested on a day."""

    __test__ = False  # no test, whatever its name says

    exam_on: date
    held_in: str  # the country where the exam is taken; empty: somewhere that is allowed
    born: date
    country: str  # of residence
    region: str
    bar: BarFacts | None = None
    guardian_signed_on: date | None = None  # the first signature that stands
    proven_country: str = ""  # where an accepted identity document proves residence
    proven_region: str = ""


def assess_testing(facts: TestingFacts, policy: Policy) -> Decision:
    """Whether somebody may be tested. The book of the exam day governs."""
    return assess_bar(facts.bar, for_exams=True) + Decision(
        (
            old_enough(born=facts.born, country=facts.country, day=facts.exam_on, policy=policy),
            _guardian(facts, policy),
            _not_embargoed(facts, policy),
            _away(facts, policy),
        )
    )


def old_enough(*, born: date, country: str, day: date, policy: Policy) -> Finding:
    """The minimum age, or the one that the law of the country of residence sets in its place (CAND-04, CAND-06)."""
    of_countries, minimum = policy["age.minimum_by_country"], policy["age.minimum"]
    clause, years, because = "CAND-04", minimum.value, minimum
    if country in of_countries.value:
        clause, years, because = "CAND-06", of_countries.value[country], of_countries
    return finding(
        clause,
        years_since(born, day) >= years,
        yes=_("You are at least %(years)s years old on the exam day."),
        no=_("Nobody under %(years)s is tested, whatever a parent consents to."),
        next_step=_("You can be tested from %(opens_on)s."),
        because=(because,),
        years=years,
        opens_on=add_years(born, years),
    )


def is_of_age(born: date, day: date, policy: Policy) -> bool:
    """Whether somebody is of age on a day, and needs no parent's or guardian's signature (CAND-05)."""
    return bool(years_since(born, day) >= policy["age.adult"].value)


def _guardian(facts: TestingFacts, policy: Policy) -> Finding:
    """Under age, a parent or legal guardian signs beforehand; a signature of the exam day itself is in time."""
    adult = policy["age.adult"]
    of_age = is_of_age(facts.born, facts.exam_on, policy)
    signed = facts.guardian_signed_on is not None and facts.guardian_signed_on <= facts.exam_on
    return finding(
        "CAND-05",
        of_age or signed,
        yes=_("You are of age on the exam day.") if of_age else _("A parent or legal guardian has signed."),
        no=_("Under %(years)s a parent or legal guardian must sign before the exam."),
        next_step=_("Have a parent or guardian sign; without that you can be tested from %(opens_on)s."),
        because=(adult,),
        years=adult.value,
        opens_on=add_years(facts.born, adult.value),
    )


def _not_embargoed(facts: TestingFacts, policy: Policy) -> Finding:
    """Residence in no embargoed country or region, or a document that proves residence elsewhere."""
    countries, regions = policy["embargo.countries"], policy["embargo.regions"]

    def embargoed(country: str, region: str) -> bool:
        return country in countries.value or region in regions.value

    lives_in_one = embargoed(facts.country, facts.region)
    proven = bool(facts.proven_country) and not embargoed(facts.proven_country, facts.proven_region)
    by_region = facts.country not in countries.value
    return finding(
        "CAND-07",
        not lives_in_one or proven,
        yes=_("An accepted identity document proves residence elsewhere.")
        if lives_in_one
        else _("You live in no embargoed country or region."),
        no=_("Residents of embargoed countries and regions cannot be tested."),
        next_step=_("If you live elsewhere, show the programme an identity document that proves it."),
        because=(regions if by_region else countries,),
        place=facts.region if by_region else facts.country,
    )


def _away(facts: TestingFacts, policy: Policy) -> Finding:
    """Candidates from some countries are tested outside them only; no document changes that."""
    away_only = policy["embargo.away_only"]
    own = {facts.country, facts.proven_country} & set(away_only.value)
    return finding(
        "CAND-08",
        facts.held_in not in own,
        yes=_("The exam is not taken in a country whose residents are tested outside it.")
        if facts.held_in
        else _("Where you live does not rule out every site."),
        no=_("Candidates from there are tested at sites outside their country only."),
        next_step=_("Choose a site in another country."),
        because=(away_only,),
        place=facts.held_in,
    )
