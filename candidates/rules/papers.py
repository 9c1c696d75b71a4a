"""What staff may take down about a candidate: a guardian's signature, a proof of residence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _


def _by_another(clause: str, by_self: bool) -> Finding:
    return finding(
        clause,
        not by_self,
        yes=_("It is not about yourself."),
        no=_("Nobody records this about themselves."),
        next_step=_("Leave it to a colleague."),
    )


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """What recording a guardian's signature depends on."""

    guardian_named: bool
    evidence_given: bool
    signed_on: date
    day: date
    by_self: bool  # the candidate, who may be staff


def assess_consent(facts: ConsentFacts) -> Decision:
    """Whether a parent's or guardian's signature can be recorded (CAND-05)."""
    return Decision(
        (
            finding(
                "CAND-05",
                facts.guardian_named,
                yes=_("It is said who signed."),
                no=_("It is not said who signed."),
                next_step=_("Give the name of the parent or legal guardian."),
            ),
            finding(
                "CAND-05",
                facts.signed_on <= facts.day,
                yes=_("It was signed on %(signed_on)s."),
                no=_("%(signed_on)s has not come yet."),
                next_step=_("Give the day on which it was signed."),
                signed_on=facts.signed_on,
            ),
            finding(
                "CAND-05",
                facts.evidence_given,
                yes=_("It is said what shows the signature."),
                no=_("It is not said what shows the signature."),
                next_step=_("Say which paper was seen, and where it is kept."),
            ),
            _by_another("CAND-05", facts.by_self),
        )
    )


def assess_withdrawal(*, reason_given: bool, by_self: bool) -> Decision:
    """Whether it can be recorded that a guardian's signature no longer stands (CAND-05)."""
    return Decision(
        (
            finding(
                "CAND-05",
                reason_given,
                yes=_("It is said why the signature no longer stands."),
                no=_("It is not said why the signature no longer stands."),
                next_step=_("Write down the reason; it is kept with the signature."),
            ),
            _by_another("CAND-05", by_self),
        )
    )


@dataclass(frozen=True, slots=True)
class ResidenceProofFacts:
    """What recording a proof of residence depends on."""

    country: str  # on record
    region: str
    proven_country: str
    proven_region: str
    document_described: bool
    about_self: bool


def assess_residence_proof(facts: ResidenceProofFacts) -> Decision:
    """Whether a document can be recorded as a proof that somebody lives elsewhere than is on record (CAND-07)."""
    another_region = bool(facts.proven_region) and facts.proven_region != facts.region
    return Decision(
        (
            finding(
                "CAND-07",
                facts.proven_country != facts.country or another_region,
                yes=_("The document proves residence elsewhere than is on record."),
                no=_("The document names the place that is on record."),
                next_step=_(
                    "Only a document that names another country, or another region, proves residence elsewhere."
                ),
                place=facts.proven_region or facts.proven_country,
            ),
            finding(
                "CAND-07",
                facts.document_described,
                yes=_("It is said which document was seen."),
                no=_("It is not said which document was seen."),
                next_step=_("Name the document, who issued it, and what was checked."),
            ),
            _by_another("CAND-07", facts.about_self),
        )
    )
