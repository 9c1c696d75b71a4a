"""What to do now: the one clear next step on a candidate's home, and the stations of the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from candidates.rules import ENDED
from credits.models import Claim
from credits.reading.standing import PathView, StandingCard
from credits.reading.wording import requirements_text


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running cycle has come, in credits, and the ways on."""

    certification: str
    since: date | None
    earned: int
    pending: int
    target: int  # of the nearest path by credits; 0 where no path takes any
    missing: int
    paths: tuple[PathView, ...]
    more_paths: tuple[PathView, ...]


@dataclass(frozen=True, slots=True)
class WaitingClaim:
    """A claim that is not decided for good, with what the candidate waits for or is waited for."""

    claim: Claim
    url: str
    overdue: bool
    asked: bool = False  # the programme asks for more in an audit (CE-12)
    note: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one clear thing to do now."""

    title: str
    text: str
    url: str = ""
    action: str = ""
    clause: str = ""
    hue: str = "accent"


@dataclass(frozen=True, slots=True)
class Step:
    """A station of the main job."""

    label: str
    state: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether the candidate is enrolled, and accepted the version in force (CE-05)."""

    enrolled_on: date | None
    current: bool  # the version in force is accepted


def stations(terms: Terms, progress: Progress | None, *, ahead: bool) -> tuple[Step, ...]:
    """The way of the running cycle: enroll, earn, pay where a fee is due, renewed."""
    if progress is None or not progress.target:
        return ()
    enrolled = terms.enrolled_on is not None and terms.current
    enough = progress.earned >= progress.target
    fee = next((path for path in progress.paths if path.fee_cents is not None and path.credits_needed), None)
    states = [
        (_("Enroll"), enrolled, ""),
        (
            _("Earn credits"),
            enough or ahead,
            _("%(earned)s of %(target)s") % {"earned": progress.earned, "target": progress.target},
        ),
    ]
    if fee is not None:
        states.append((_("Pay the fee"), ahead, ""))
    states.append((_("Renewed"), ahead, ""))
    steps, current = [], False
    for label, done, note in states:
        state = "done" if done else "todo" if current else "current"
        current = current or not done
        steps.append(Step(label, state, note))
    return tuple(steps)


def barred_step() -> NextStep:
    """What to do under a sanction that bars everything: nothing else is open (CAND-02)."""
    return NextStep(
        _("Read the sanction"),
        _("Until it is lifted you cannot claim, enroll, book or buy. What waits is kept. You can appeal in time."),
        reverse("candidates:standing"),
        _("See the sanction"),
        "CAND-02",
        hue="red",
    )


def next_step(
    cards: Sequence[StandingCard],
    terms: Terms,
    progress: Progress | None,
    waiting: Sequence[WaitingClaim],
    *,
    ahead: bool,
) -> NextStep:
    """The first thing that wants doing, or the word that nothing does."""
    found = _step_of_standing(cards)
    if found is not None:
        return found
    if progress is None:
        return _nothing_due(cards)
    return _step_of_terms(terms) or _step_of_the_cycle(progress, waiting, ahead=ahead)


def _step_of_standing(cards: Sequence[StandingCard]) -> NextStep | None:
    """What the certifications themselves ask for; None where they are in order."""
    if not cards:
        return NextStep(
            _("Your record holds no certification yet"),
            _("The programme is for holders. Earn a certification by its exams; it appears here on the day you pass."),
            reverse("exams:overview"),
            _("See which exams you may sit"),
            "CE-02",
        )
    if all(card.status in ENDED for card in cards):
        return NextStep(
            _("Your certifications have lapsed"),
            _("A lapsed certification is regained by meeting its requirements in full. Your record is kept."),
            clause="CERT-04",
            hue="grey",
        )
    if any(card.status == "grace" for card in cards):
        return NextStep(
            _("Your active status has ended, and can still be kept"),
            _("In grace you can buy Emeritus, or recertify by exams and by credits completed before it."),
            reverse("emeritus:page"),
            _("See what is on offer, and until when"),
            "EMR-05",
            hue="amber",
        )
    return None


def _nothing_due(cards: Sequence[StandingCard]) -> NextStep:
    """Nothing that is held can be renewed, or need be."""
    if any(card.status == "lifetime_emeritus" for card in cards):
        return NextStep(
            _("Nothing is due"),
            _("Your Lifetime Emeritus stays for good."),
            reverse("emeritus:page"),
            _("To your Emeritus"),
            "EMR-11",
            hue="violet",
        )
    return NextStep(
        _("Nothing is due"),
        _("Your certification is valid for life and needs no renewal."),
        reverse("catalog:item_list"),
        _("Look at the catalog"),
        "CERT-02",
    )


def _step_of_terms(terms: Terms) -> NextStep | None:
    """Enrolling, and accepting a new version; None where both are done."""
    if terms.enrolled_on is None:
        return NextStep(
            _("Enroll in the programme"),
            _("Read the terms and accept them. From then on your trainings can be claimed, also those of before."),
            reverse("credits:enroll"),
            _("Read the terms and enroll"),
            "CE-05",
        )
    if not terms.current:
        return NextStep(
            _("The terms have changed"),
            _("Accept the new version before your next claim; what you have earned stays."),
            reverse("credits:enroll"),
            _("Read the new terms"),
            "CE-05",
            hue="amber",
        )
    return None


def _answer_wanted(waiting: Sequence[WaitingClaim]) -> NextStep | None:
    """What somebody waits for from the candidate: the programme in an audit (CE-12), else the provider (CE-10)."""
    asked = next((each for each in waiting if each.asked), None)
    if asked is not None and asked.claim.item:
        return NextStep(
            _("The programme asks you for more"),
            _("“%(title)s” is being audited. See what is asked for and answer it; the credits count meanwhile.")
            % {"title": asked.claim.item.title},
            asked.url,
            _("See what is asked"),
            "CE-12",
            hue="amber",
        )
    returned = next((each for each in waiting if each.claim.status == Claim.Status.RETURNED), None)
    if returned is not None and returned.claim.item:
        return NextStep(
            _("A claim came back to you"),
            _("“%(title)s”: the provider asks for something. See the reason, complete it and hand it in again.")
            % {"title": returned.claim.item.title},
            returned.url,
            _("See what is asked"),
            "CE-10",
            hue="amber",
        )
    return None


def _step_of_the_cycle(progress: Progress, waiting: Sequence[WaitingClaim], *, ahead: bool) -> NextStep:
    """What to do for someone enrolled with a certification to renew."""
    answer = _answer_wanted(waiting)
    if answer is not None:
        return answer
    if ahead:
        return NextStep(
            _("Nothing is due now"),
            _("Your next term is bought. Until it begins no further renewal is made; what you earn meanwhile is kept."),
            clause="CE-09",
            hue="green",
        )
    if any(path.fee_due for path in (*progress.paths, *progress.more_paths)):
        return NextStep(
            _("Pay the administrative fee"),
            _("Your credits are there. The fee is the last step: you are renewed as of the day you pay it."),
            reverse("credits:fee"),
            _("See the fee and pay"),
            "CE-08",
        )
    draft = next((each for each in waiting if each.claim.status == Claim.Status.DRAFT and each.claim.item), None)
    if draft is not None and draft.claim.item:
        return NextStep(
            _("Finish your claim"),
            _("“%(title)s” is kept as a draft and has not been handed in.") % {"title": draft.claim.item.title},
            draft.url,
            _("Go on with the claim"),
            "CE-10",
        )
    if progress.target and not progress.missing:
        return NextStep(
            _("Wait for your provider"),
            _("What you have claimed is enough, once it is approved. You will be told by e-mail."),
            reverse("credits:claim_list"),
            _("See your claims"),
            "CE-10",
            hue="blue",
        )
    left = requirements_text(credits=progress.missing, exams={}, fee=False)
    return NextStep(
        _("Claim what you have learned"),
        _("%(credits)s to go. Claim a training you have completed, or find one in the catalog.") % {"credits": left}
        if left
        else _("Claim a training you have completed, or find one in the catalog."),
        reverse("credits:claim_new"),
        _("Claim a training"),
        "CE-10",
    )
