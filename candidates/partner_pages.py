"""What members of a channel partner see: the own people, by name, number and status, and who of them counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from candidates.models import Affiliation, Certification, ChannelPartner, PartnerMember, Track
from candidates.rules import COUNTING
from ceportal.kernel.pages import PageRequest

# What is shown of somebody with several certifications at expert level: the first of these.
FROM_BEST = ("active", "suspended", "grace", "lifetime_emeritus", "emeritus", "inactive", "revoked")
ENDED_AT_MOST = 100  # on the page, the latest; staff see all


class PartnerRequest(PageRequest):
    """A request of someone who acts for a channel partner."""

    partner_member: PartnerMember


def partner_member_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let members through with `request.partner_member`; for anyone else who is signed in there is no such page."""

    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        members = PartnerMember.objects.filter(active=True).select_related("partner")
        member = members.filter(user_id=request.user.pk).first()  # type: ignore[misc]  # signed in, so saved
        if member is None:
            raise Http404
        request.partner_member = member  # type: ignore[attr-defined]  # that makes it a PartnerRequest
        return view(request, *args, **kwargs)

    return guarded


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody associated with the partner, or who asks to be: name, number, and status at expert level."""

    affiliation: Affiliation
    status: str  # of the certification that speaks most for them; empty where none is theirs to be seen
    label: str

    @property
    def counts(self) -> bool:
        """Whether they count for the partner's level: active only, Emeritus does not (EMR-15)."""
        return self.status in COUNTING


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """All of a partner's people."""

    partner: ChannelPartner
    waiting: tuple[Expert, ...]
    confirmed: tuple[Expert, ...]
    ended: tuple[Affiliation, ...]  # of whom nothing is told any more but that they were here
    counted: tuple[tuple[str, int, int], ...]  # country, who counts there, who is associated


def live_affiliations(partner_id: int) -> QuerySet[Affiliation]:
    """Who is associated with a partner or asks to be, by name, read as `expert_of` tells them (CERT-07)."""
    experts = Certification.objects.filter(track__level=Track.Level.EXPERT)
    live = Affiliation.objects.filter(
        partner_id=partner_id, status__in=[Affiliation.Status.REQUESTED, Affiliation.Status.IN_FORCE]
    ).prefetch_related(Prefetch("candidate__certifications", queryset=experts, to_attr="expert_certifications"))
    return live.select_related("candidate").order_by("candidate__name", "id")


def partner_page(partner: ChannelPartner) -> PartnerPage:
    """Who waits, who is confirmed, who has left, and how many count in each country (CERT-07, EMR-15)."""
    people = [expert_of(each) for each in live_affiliations(partner.pk)]
    confirmed = tuple(each for each in people if each.affiliation.status == Affiliation.Status.IN_FORCE)
    ended = partner.affiliations.filter(status=Affiliation.Status.ENDED).select_related("candidate")
    here = Counter(each.affiliation.country for each in confirmed)
    counting = Counter(each.affiliation.country for each in confirmed if each.counts)
    return PartnerPage(
        partner=partner,
        waiting=tuple(each for each in people if each.affiliation.status == Affiliation.Status.REQUESTED),
        confirmed=confirmed,
        ended=tuple(ended.order_by("-ends_on", "-id")[:ENDED_AT_MOST]),
        counted=tuple((country, counting[country], here[country]) for country in sorted(here)),
    )


def expert_of(affiliation: Affiliation) -> Expert:
    """Somebody of `live_affiliations` as the partner sees them."""
    held: list[Certification] = affiliation.candidate.expert_certifications  # type: ignore[attr-defined]  # prefetched
    best = min(held, key=lambda each: FROM_BEST.index(each.status), default=None)
    if best is None:
        return Expert(affiliation, "", "")
    return Expert(affiliation, best.status, best.get_status_display())
