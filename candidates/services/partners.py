"""What the members of a channel partner do: confirm, decline and end associations of their own partner (CERT-07)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates import rules
from candidates.models import Affiliation, PartnerMember
from candidates.services.affiliations import confirm_affiliation, decline_affiliation, end_affiliation
from ceportal.kernel.decisions import Refused


@transaction.atomic
def confirm_for_partner(*, affiliation_id: int, member_id: int, now: datetime) -> Affiliation:
    """Confirm a request to the member's own partner, as `confirm_affiliation` does.

    Affiliation.DoesNotExist for another partner's. What the candidate lacks is refused without saying what it is.
    """
    member = _acting_on(affiliation_id, member_id)
    try:
        return confirm_affiliation(affiliation_id=affiliation_id, user_id=member.user_id, now=now)
    except Refused as refusal:
        raise Refused(rules.confirmation_for_partner(refusal.decision)) from refusal


@transaction.atomic
def decline_for_partner(*, affiliation_id: int, reason: str, member_id: int, now: datetime) -> Affiliation:
    """Decline a request to the member's own partner. Affiliation.DoesNotExist for another partner's."""
    member = _acting_on(affiliation_id, member_id)
    return decline_affiliation(affiliation_id=affiliation_id, reason=reason, user_id=member.user_id, now=now)


@transaction.atomic
def end_for_partner(*, affiliation_id: int, reason: str, member_id: int, now: datetime) -> Affiliation:
    """End an association with the member's own partner. Affiliation.DoesNotExist for another partner's."""
    member = _acting_on(affiliation_id, member_id)
    return end_affiliation(affiliation_id=affiliation_id, reason=reason, user_id=member.user_id, now=now)


def _acting_on(affiliation_id: int, member_id: int) -> PartnerMember:
    """The member, active, of the partner that the association is with: it never changes partners."""
    member = PartnerMember.objects.filter(id=member_id, active=True).first()
    if member is None or not Affiliation.objects.filter(id=affiliation_id, partner_id=member.partner_id).exists():
        raise Affiliation.DoesNotExist(f"Affiliation {affiliation_id} is not for member {member_id} to decide.")
    return member
