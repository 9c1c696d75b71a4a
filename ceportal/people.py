"""Which homes a user has: candidate, provider member, channel partner's member, proctor, staff."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

import candidates.queries
from candidates.models import Candidate, PartnerMember
from catalog.models import ProviderMember
from exams.models import SiteMember


@dataclass(frozen=True, slots=True)
class Roles:
    """The records that a user is linked to."""

    candidate: Candidate | None
    member: ProviderMember | None
    proctor: SiteMember | None
    partner: PartnerMember | None


def roles_of(user: AbstractBaseUser) -> Roles:
    """The roles of a signed-in user, read once a request."""
    known: Roles | None = getattr(user, "_portal_roles", None)
    if known is None:
        known = Roles(
            candidate=candidates.queries.record_of(user),
            member=ProviderMember.objects.filter(user_id=user.pk, active=True).select_related("provider").first(),
            proctor=SiteMember.objects.filter(user_id=user.pk, active=True).select_related("site").first(),
            partner=PartnerMember.objects.filter(user_id=user.pk, active=True).select_related("partner").first(),
        )
        user._portal_roles = known  # type: ignore[attr-defined]  # the user lasts as long as the request
    return known
