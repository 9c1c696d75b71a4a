"""Which homes a user has: candidate, provider member, channel partner's member, proctor, staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

import candidates.queries
from candidates.models import Candidate, PartnerMember, User
from catalog.models import ProviderMember
from exams.models import SiteMember

MEMBERSHIPS = {
    "provider_member": "provider_member__provider",
    "site_member": "site_member__site",
    "partner_member": "partner_member__partner",
}


@dataclass(frozen=True, slots=True)
class Roles:
    """The records that a user is linked to."""

    candidate: Candidate | None
    member: ProviderMember | None
    proctor: SiteMember | None
    partner: PartnerMember | None


def roles_of(user: AbstractBaseUser) -> Roles:
    """The roles of a signed-in user, read once a request, in two queries."""
    known: Roles | None = getattr(user, "_portal_roles", None)
    if known is None:
        linked = User.objects.select_related(*MEMBERSHIPS.values()).get(pk=user.pk)
        member, proctor, partner = (getattr(linked, name, None) for name in MEMBERSHIPS)
        known = Roles(
            candidate=candidates.queries.record_of(user),
            member=member if member and member.active else None,
            proctor=proctor if proctor and proctor.active else None,
            partner=partner if partner and partner.active else None,
        )
        user._portal_roles = known  # type: ignore[attr-defined]  # the user lasts as long as the request
    return known
