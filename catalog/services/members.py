"""Who acts for a provider, as its managers say."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog import provider_rules as rules
from catalog.models import Provider, ProviderMember
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


@transaction.atomic
def change_membership(*, member_id: int, active: bool, by_member_id: int, now: datetime) -> ProviderMember:
    """Let a member of a provider act for it, or act no longer, by word of a manager (CE-10).

    What the member has decided stays theirs. Refused for anybody but another manager of the same provider.
    ProviderMember.DoesNotExist where the member is another provider's.
    """
    # The provider first: two managers who end each other's membership follow each other.
    provider = Provider.objects.select_for_update(no_key=True).get(members__pk=by_member_id)
    manager = ProviderMember.objects.get(pk=by_member_id)
    member = ProviderMember.objects.get(pk=member_id, provider=provider)
    require(
        rules.assess_membership(
            rules.MembershipFacts(
                by_manager=manager.active and manager.role == ProviderMember.Role.MANAGER,
                of_oneself=member == manager,
            )
        )
    )
    if member.active != active:
        member.active = active
        member.save(update_fields=["active"])
        emit("catalog.membership_changed", member, now=now, active=active, by_member_id=manager.pk)
    return member
