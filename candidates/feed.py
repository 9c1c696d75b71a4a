"""Whom the feed shows what became of certifications and affiliations, and what: no more than their reads do.

Of a certification its holder hears; of one at expert level, for which experts are associated with a channel partner,
that partner too, in the words of its page: if they are when it happens, and when it is read (CERT-07).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from candidates.models import Affiliation, Candidate, Certification, ChannelPartner, Track
from candidates.partner_pages import FROM_BEST
from candidates.services.accesses import note_access
from ceportal.kernel.models import Event
from ceportal.partner_api.feed import Audience, to_candidate
from ceportal.partner_api.models import Application, FeedEntry
from ceportal.partner_api.scopes import VERIFIER

ERASED = "candidates.candidate_erased"
IN_FORCE = Affiliation.Status.IN_FORCE


def certification_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the holder, and to the holder's partner."""
    return to_holder_and_partner([(event, [event.subject_id]) for event in events])


def to_holder_and_partner(told: Sequence[tuple[Event, Sequence[int]]]) -> Iterator[Audience]:
    """Audiences of events about certifications, each with the keys of those it is about."""
    keys = {key for _event, several in told for key in several}
    rows = Certification.objects.select_related("track", "candidate").in_bulk(keys)
    partners = _partners_of({row.candidate_id for row in rows.values()})
    statuses = _best_at_expert_level(partners)
    for event, several in told:
        experts = {}
        for row in (rows[key] for key in several):
            said = {
                "certification": row.number,
                "track": row.track.code,
                "status": row.status,
                "active_ends_on": row.active_ends_on.isoformat() if row.active_ends_on else None,
            }
            yield to_candidate(event, row.candidate_id, scope="me:certifications", subject=row.number, **said)
            if row.candidate_id in partners and row.track.level == Track.Level.EXPERT:
                experts[row.candidate_id] = row.candidate.number
        for candidate_id, number in experts.items():
            said = {"candidate": number, "status": statuses[candidate_id]}
            yield Audience(event, VERIFIER, partners[candidate_id], "statuses:read", number, said, candidate_id)


def _best_at_expert_level(candidate_ids: Collection[int]) -> dict[int, str]:
    """The best status of each at expert level: what the partner's page shows, without numbers, tracks and dates."""
    if not candidate_ids:
        return {}
    held = Certification.objects.filter(candidate_id__in=candidate_ids, track__level=Track.Level.EXPERT)
    from_worst = sorted(held.values_list("candidate_id", "status"), key=lambda each: -FROM_BEST.index(each[1]))
    return dict(from_worst)


def _partners_of(candidate_ids: Collection[int]) -> dict[int, str]:
    """The partner with whom each is associated now, where there is one: never two at a time (CERT-07)."""
    in_force = Affiliation.objects.filter(candidate_id__in=candidate_ids, status=IN_FORCE)
    return dict(in_force.values_list("candidate_id", "partner__code"))


def of_those_associated(tenant: str, entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Entries about those who are associated with a partner now: of nobody else may it be shown the statuses."""
    about = {entry.candidate_id for entry in entries if entry.candidate_id}
    in_force = Affiliation.objects.filter(candidate_id__in=about, partner__code=tenant, status=IN_FORCE)
    associated = set(in_force.values_list("candidate_id", flat=True))
    return [entry for entry in entries if entry.candidate_id in associated or entry.topic == ERASED]


def acts_for_partner(application: Application) -> bool:
    """Whether whoever answers for a program acts for its channel partner still; of other verifiers nobody has to."""
    partner = ChannelPartner.objects.filter(code=application.tenant)
    return (
        partner.filter(members__active=True, members__user_id=application.responsible_id).exists()
        or not partner.exists()
    )


def note_seen(application: Application, entries: Sequence[FeedEntry], *, page: str, now: datetime) -> None:
    """Write down, in one row, about whom a partner's program is told, so that they can see it (CAND-09)."""
    named = ChannelPartner.objects.filter(code=application.tenant).values_list("name", flat=True).first()
    note_access(
        user_id=application.responsible_id,
        candidate_ids=[entry.candidate_id for entry in entries if entry.candidate_id],
        record_type=FeedEntry._meta.label_lower,
        record_ids=[entry.pk for entry in entries],
        page=page,
        now=now,
        partner=named or f"{application.tenant} ({application.name})",
    )


def erasure_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the partners that were told of somebody who is erased, that they are: by the number, which names nobody.

    The feed has forgotten what it told of them, and whoever keeps a copy of that has to hear of it (CAND-09). It is
    about nobody any more, so that it stays.
    """
    numbers = dict(Candidate.objects.filter(pk__in={event.subject_id for event in events}).values_list("pk", "number"))
    for event in events:
        number = numbers[event.subject_id]
        for kind, tenant, scope in event.payload["told"]:
            yield Audience(event, kind, tenant, scope, number, {"candidate": number})


def affiliation_events(events: Sequence[Event]) -> Iterable[Audience]:
    """To the partner: who asks to be associated with it, and what became of that; without anybody's reasons."""
    rows = Affiliation.objects.select_related("partner", "candidate").in_bulk({event.subject_id for event in events})
    for event in events:
        row = rows[event.subject_id]
        said = {
            "affiliation": row.pk,
            "candidate": row.candidate.number,
            "country": row.country,
            "status": row.status,
            "starts_on": row.starts_on.isoformat() if row.starts_on else None,
            "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        }
        yield Audience(event, VERIFIER, row.partner.code, "affiliations:read", str(row.pk), said, row.candidate_id)
