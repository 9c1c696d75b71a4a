"""Texts that people accept: when a version can be published, who is asked for one, and whom it binds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from candidates.rules.lives import ENDED
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _

TERMS, AGREEMENT, RECORDING = "terms", "agreement", "recording"
CLAUSES = {TERMS: "CE-05", AGREEMENT: "CAND-01", RECORDING: "LAB-02"}  # where each kind of text is asked for
EMERITUS = frozenset({"emeritus", "lifetime_emeritus"})


@dataclass(frozen=True, slots=True)
class PublishingFacts:
    """What publishing a draft depends on."""

    kind: str
    effective_on: date
    day: date
    first: bool  # of its kind: nobody has accepted another
    has_words: bool


def assess_publishing(facts: PublishingFacts) -> Decision:
    """Whether a version can be published: on its day nobody may have accepted the version before it."""
    clause = CLAUSES[facts.kind]
    return Decision(
        (
            finding(
                clause,
                facts.has_words,
                yes=_("It has its words in English."),
                no=_("It has no words in English."),
                next_step=_("Write its title and its text in English; translations come beside them."),
            ),
            finding(
                clause,
                facts.first or facts.day < facts.effective_on,
                yes=_("It comes into force on %(effective_on)s, which nobody has begun to live by."),
                no=_("%(effective_on)s has begun, and people may have accepted the version before it today."),
                next_step=_("Let it come into force tomorrow or later."),
                effective_on=facts.effective_on,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class TranslationFacts:
    """What giving a version words in another language depends on."""

    kind: str
    is_new: bool
    has_words: bool


def assess_translation(facts: TranslationFacts) -> Decision:
    """Whether a version can be given its words in another language."""
    clause = CLAUSES[facts.kind]
    return Decision(
        (
            finding(
                clause,
                facts.has_words,
                yes=_("Title and text are given."),
                no=_("Title or text is missing."),
                next_step=_("Give both."),
            ),
            finding(
                clause,
                facts.is_new,
                yes=_("The version has no words in this language yet."),
                no=_("The version has words in this language, which people may have accepted."),
                next_step=_("A draft can be edited. Of a published version, only a new version has other words."),
            ),
        )
    )


class Asked(StrEnum):
    """Where somebody stands with the version of a text that is in force."""

    ACCEPTED = "accepted"
    WAITS = "waits"  # it is asked for now
    LATER = "later"  # it is asked for where a clause needs it


@dataclass(frozen=True, slots=True)
class AskingFacts:
    """What decides whether a text in force waits to be accepted."""

    kind: str
    accepted: bool  # the version in force
    accepted_before: bool  # an earlier version
    holds: Collection[str] = ()  # the statuses of the certifications


def asked(facts: AskingFacts) -> Asked:
    """Where somebody stands with a text: a new version is asked again of whoever accepted an earlier one.

    The agreement is also asked of every holder, since none holds a certification without it (CAND-01), in Emeritus
    neither (EMR-17).
    """
    if facts.accepted:
        return Asked.ACCEPTED
    holder = facts.kind == AGREEMENT and bool(set(facts.holds) - ENDED)
    return Asked.WAITS if facts.accepted_before or holder else Asked.LATER


def assess_bound(*, holds: Collection[str], accepted: bool, version: str) -> Finding | None:
    """That holders are bound by the agreement in force, in Emeritus as well (CAND-01, EMR-17); None for nobody's.

    A holder who has not signed the version in force is asked to; nothing that is held is lost by it.
    """
    standing = set(holds) - ENDED
    if not standing:
        return None
    in_emeritus = standing <= EMERITUS
    yes, no = (
        (
            _("In Emeritus you stay bound by the agreement (version %(version)s) and by the duty to report breaches."),
            _("In Emeritus you stay bound, and version %(version)s of the agreement waits for your signature."),
        )
        if in_emeritus
        else (
            _("You signed version %(version)s of the agreement, which binds you while you hold a certification."),
            _("You hold a certification, and version %(version)s of the agreement waits for your signature."),
        )
    )
    return finding(
        "EMR-17" if in_emeritus else "CAND-01",
        accepted,
        yes=yes,
        no=no,
        next_step=_("Read and sign it on the page of agreements; every exam asks for it, too."),
        version=version,
    )
