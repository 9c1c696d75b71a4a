"""Who may take part and be tested: sanctions, guardians, proofs of residence; and channel partners."""

from __future__ import annotations

from candidates.models import ChannelPartner, Sanction
from candidates.services import (
    confirm_affiliation,
    confirm_sanction,
    leave_partner,
    lift_sanction,
    propose_sanction,
    record_consent,
    request_affiliation,
    verify_residence,
)
from ceportal.scenarios.binding import Act, CannotTell, does


@does("sanction")
def sanction(act: Act, *, clause: str, permanent: bool = True, exams_only: bool = False) -> None:
    """Have two of staff decide a sanction, which is in force at once."""
    proposed = propose_sanction(
        candidate_id=act.candidate.pk,
        clause=clause,
        permanent=permanent,
        exams_only=exams_only,
        statement="As the story says.",
        staff_id=act.stage.staff().pk,
        now=act.now,
    )
    confirm_sanction(sanction_id=proposed.pk, staff_id=act.stage.staff("second").pk, now=act.now)


@does("lift")
def lift(act: Act) -> None:
    """Lift the sanction that runs, the one decided last where there are several."""
    running = Sanction.objects.filter(candidate=act.candidate, status=Sanction.Status.RUNNING)
    last = running.order_by("decided_at", "id").last()
    if last is None:
        raise CannotTell(f"No sanction of {act.candidate.name}'s is in force that could be lifted.")
    lift_sanction(sanction_id=last.pk, reason="As the story says.", staff_id=act.stage.staff().pk, now=act.now)


@does("consent")
def consent(act: Act, *, by: str) -> None:
    """Have a guardian sign on this day."""
    record_consent(
        candidate_id=act.candidate.pk,
        guardian=by.capitalize(),
        signed_on=act.day,
        evidence="As the story says.",
        recorded_by_id=act.stage.staff().pk,
        now=act.now,
    )


@does("identify")
def identify(act: Act, *, country: str) -> None:
    """Have staff verify an identity document that proves residence in a country."""
    verify_residence(
        candidate_id=act.candidate.pk,
        country=country,
        document="As the story says.",
        staff_id=act.stage.staff().pk,
        now=act.now,
    )


@does("affiliate")
def affiliate(act: Act, *, partner: str, country: str, full_time: bool = True) -> None:
    """Ask for an association with a partner, and have it confirmed at once."""
    ChannelPartner.objects.get_or_create(code=partner, defaults={"name": partner.capitalize()})
    asked = request_affiliation(
        candidate_id=act.candidate.pk, partner_code=partner, country=country, full_time=full_time, now=act.now
    )
    confirm_affiliation(affiliation_id=asked.pk, user_id=act.stage.staff().pk, now=act.now)


@does("leave")
def leave(act: Act) -> None:
    """Leave the partner."""
    leave_partner(candidate_id=act.candidate.pk, now=act.now)
