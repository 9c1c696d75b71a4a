"""What is decided about tips: what makes one, who is let in to it, and what may still be said (CAND-03)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ceportal.kernel import uploads
from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _


@dataclass(frozen=True, slots=True)
class TipFacts:
    """What a tip says, as far as taking it depends on it."""

    words_given: bool
    happened_on: date
    day: date


def assess_tip(facts: TipFacts) -> Decision:
    """Whether a report of suspected misconduct can be taken; neither a name nor an account is asked for."""
    return Decision(
        (
            finding(
                "CAND-03",
                facts.words_given,
                yes=_("You say what happened."),
                no=_("You have not said what happened."),
                next_step=_("Write down what you saw or heard."),
            ),
            finding(
                "CAND-03",
                facts.happened_on <= facts.day,
                yes=_("It happened on %(happened_on)s."),
                no=_("%(happened_on)s is still to come."),
                next_step=_("Give the day on which it happened, or on which you learned of it."),
                happened_on=facts.happened_on,
            ),
        )
    )


def assess_tip_file(*, name: str, content: bytes) -> uploads.Inspected:
    """What a file is by its content, and whether it can come with a tip."""
    return uploads.inspect(
        name=name, content=content, clause="CAND-03", next_step=_("Export it as PDF, or take a picture of it.")
    )


def assess_tip_files(*, files: int, at_most: int) -> Decision:
    """Whether a tip has room for so many files."""
    return Decision(
        (
            finding(
                "CAND-03",
                files <= at_most,
                yes=_("There is room for the files."),
                no=_("A tip has room for %(limit)s files."),
                next_step=_("Put several pages into one PDF, or say in words what else you have."),
                limit=at_most,
            ),
        )
    )


def assess_passphrase(*, fits: bool) -> Decision:
    """Whether reference and passphrase belong together; which of them is wrong is said to nobody."""
    return Decision(
        (
            finding(
                "CAND-03",
                fits,
                yes=_("The passphrase belongs to the reference."),
                no=_("No report has this reference and this passphrase."),
                next_step=_(
                    "Compare both with what you wrote down. Nobody can look them up for you; you can report anew."
                ),
            ),
        )
    )


def assess_tip_tries(*, minutes_locked: int) -> Decision:
    """Whether another passphrase is tried after wrong ones: in how many minutes, 0 for now."""
    return Decision(
        (
            finding(
                "CAND-03",
                minutes_locked == 0,
                yes=_("Not too many wrong passphrases were given."),
                no=_("Too many wrong passphrases were given; the next one is tried in %(minutes)s minutes."),
                next_step=_("Come back then. What you reported is not lost."),
                minutes=minutes_locked,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class TipWordFacts:
    """What saying something more about a tip depends on."""

    status: str
    words_given: bool
    said: int  # what the reporter has said since
    said_at_most: int


def assess_tip_word(facts: TipWordFacts) -> Decision:
    """Whether a reporter may say more, or add files: while the tip is being looked into."""
    return Decision(
        (
            _is_open(facts.status),
            finding(
                "CAND-03",
                facts.words_given,
                yes=_("You say something."),
                no=_("There are no words to send."),
                next_step=_("Write a few words, also where you only add files."),
            ),
            finding(
                "CAND-03",
                facts.said < facts.said_at_most,
                yes=_("You may say more."),
                no=_("You have sent %(limit)s messages, which is as many as one report takes."),
                next_step=_("Report anew and name this reference."),
                limit=facts.said_at_most,
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class TipActFacts:
    """What an act of staff about a tip depends on."""

    status: str
    about_self: bool  # the staff member is the candidate whom it is about, or is to be
    words_given: bool = True
    sanctions: int = 0  # that rest on the case; asked before it is led to somebody else


def assess_tip_act(facts: TipActFacts) -> Decision:
    """Whether a member of staff may ask the reporter, link the tip to a candidate, or close it (CAND-03, CAND-02)."""
    return Decision(
        (
            _is_open(facts.status),
            finding(
                "CAND-02",
                not facts.about_self,
                yes=_("It is not about yourself."),
                no=_("Nobody decides about themselves."),
                next_step=_("Leave it to a colleague."),
            ),
            finding(
                "CAND-03",
                facts.words_given,
                yes=_("The reporter reads your words."),
                no=_("There are no words for the reporter."),
                next_step=_("Write in plain words what the reporter is to read."),
            ),
            finding(
                "CAND-02",
                not facts.sanctions,
                yes=_("No sanction was proposed from its case."),
                no=_("A sanction was proposed from its case, which is about this candidate."),
                next_step=_("Have it decided; a tip about somebody else as well is a second case."),
            ),
        )
    )


def _is_open(status: str) -> Finding:
    return finding(
        "CAND-03",
        status == "open",
        yes=_("The tip is being looked into."),
        no=_("The tip is closed."),
        next_step=_("Report anew and name this reference."),
    )


def assess_case_of_tip(*, tip_is_open: bool) -> Decision:
    """A case that a tip opened is closed with the tip, so that the reporter reads the outcome."""
    return Decision(
        (
            finding(
                "CAND-03",
                not tip_is_open,
                yes=_("No tip waits for its outcome."),
                no=_("This case was opened by a tip, whose reporter waits for the outcome."),
                next_step=_("Close the tip; its case is closed with it."),
            ),
        )
    )


def tip_came_in(reference: str) -> Decision:
    """What a case about a tip says; what was reported stands with the tip alone."""
    return Decision(
        (
            Finding(
                "CAND-03",
                False,
                _("Suspected misconduct was reported in confidence, as %(reference)s. It is only a suspicion."),
                {"reference": reference},
                next_step=_("Read the tip; ask the reporter; link it to the candidate whom it concerns."),
            ),
        )
    )
