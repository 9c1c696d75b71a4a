"""The feed: what became true, as those are shown it whom it concerns, in an order that never changes behind a reader.

An *audience* is who is shown an event and what. `ceportal.events.FEED` names, by topic, the function
`(events) -> list[Audience]` of the app that knows; entries are written in the transaction that emits. Their
*positions* are given after the commit, one giver at a time, so that an entry that commits late comes after all that was
read before it (decision 24). A *reader* is shown what is of its kind and tenant, under the scopes it has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from ceportal.kernel.bulk import insert_many
from ceportal.kernel.models import Event
from ceportal.kernel.tasks import wake
from ceportal.partner_api.models import Application, FeedEntry, FeedHorizon

LOCK = "ceportal.feed"
AT_ONCE = 10_000  # entries that are given their positions in one transaction

GIVE = """
WITH waiting AS MATERIALIZED (
    SELECT id, nextval('partner_api_feed_position') AS position
    FROM (SELECT id FROM partner_api_feedentry WHERE position IS NULL ORDER BY id LIMIT %s) AS oldest
)
UPDATE partner_api_feedentry AS entry SET position = waiting.position FROM waiting WHERE entry.id = waiting.id
"""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is shown an event, under which scope, and what; `subject` is the name by which that scope's reads know it."""

    event: Event
    kind: str
    tenant: str
    scope: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)
    candidate_id: int | None = None  # whom it is about, where it is about a person
    application_id: int | None = None  # the program of the tenant to which alone it is shown


Audiences = Callable[[Sequence[Event]], Iterable[Audience]]


def to_candidate(event: Event, candidate_id: int, *, scope: str, subject: str, **data: Any) -> Audience:
    """A candidate as the audience of what concerns themselves."""
    return Audience(event, FeedEntry.Kind.CANDIDATE, str(candidate_id), scope, subject, data, candidate_id)


def to_program(event: Event, application: Application, *, scope: str, subject: str, **data: Any) -> Audience:
    """A program as the audience of what is its own: the other programs of its tenant cannot read it either."""
    return Audience(event, application.kind, application.tenant, scope, subject, data, application_id=application.pk)


# ── Writing ───────────────────────────────────────────────────────────────────────────────────────
@cache
def _audiences(path: str) -> Audiences:
    function: Audiences = import_string(path)
    return function


def write_entries(events: Sequence[Event], *, path: str) -> None:
    """Write what is shown of events of one topic, as the function named `path` says, in the emitter's transaction."""
    write_for(_audiences(path)(events))


def write_for(audiences: Iterable[Audience]) -> None:
    """Write an entry for each audience, in the transaction that makes it true."""
    entries = [
        FeedEntry(
            kind=each.kind,
            tenant=each.tenant,
            scope=each.scope,
            application_id=each.application_id,
            topic=each.event.topic,
            subject=each.subject,
            candidate_id=each.candidate_id,
            data=dict(each.data),
            occurred_at=each.event.occurred_at,
        )
        for each in audiences
    ]
    if entries:
        insert_many(entries)
        _ask_for_positions_after_commit()


def _ask_for_positions_after_commit() -> None:
    """Once a transaction, however many entries it writes."""
    waiting = transaction.get_connection().run_on_commit
    if not any(function is _ask_for_positions for _savepoints, function, _robust in waiting):
        transaction.on_commit(_ask_for_positions)


def _ask_for_positions() -> None:
    """Wake the giver; if the broker cannot be reached, the next reader or the sweep gives them."""
    from ceportal.partner_api.tasks import give_positions as task

    wake(task)


# ── Positions ─────────────────────────────────────────────────────────────────────────────────────
def give_positions() -> int:
    """Give every committed entry that waits for one its position; how many there were.

    One giver at a time: the lock is let go only once its positions are committed, and they only grow, so whoever has
    read up to a position has seen everything that will ever stand before it. Afterwards the followers are told.
    """
    given = 0
    while batch := _give_batch():
        given += batch
        if batch < AT_ONCE:
            break
    return given


def _give_batch() -> int:
    if not FeedEntry.objects.filter(position__isnull=True).exists():
        return 0
    with transaction.atomic():
        _be_the_only_giver()
        with connection.cursor() as cursor:
            cursor.execute(GIVE, [AT_ONCE])
            given: int = cursor.rowcount
        if given:
            transaction.on_commit(_tell_followers, robust=True)
    return given


def _be_the_only_giver() -> None:
    """Until the transaction ends. A statement of its own: the next one sees what the giver before committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK])


def _tell_followers() -> None:
    for path in import_string("ceportal.events.FEED_FOLLOWERS"):
        import_string(path)()


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a kind, a tenant of it, the scopes under which they may, and which of the tenant's programs it is."""

    kind: str
    tenant: str
    scopes: frozenset[str]
    application_id: int | None = None


def of_application(application: Application, *, scopes: Collection[str] | None = None) -> Reader:
    """An application as a reader, with those of its scopes that its token was given; left out, all of its scopes."""
    allowed = frozenset(application.scopes if scopes is None else scopes)
    return Reader(application.kind, application.tenant, allowed, application.pk)


def acts_still(application: Application) -> bool:
    """Whether an application still acts for its tenant, as the app says that knows the tenant (`FEED_STANDING`)."""
    path = import_string("ceportal.events.FEED_STANDING").get(application.kind)
    return path is None or bool(import_string(path)(application))


def of_candidate(candidate_id: int, *, scopes: Collection[str]) -> Reader:
    """A candidate as a reader."""
    return Reader(FeedEntry.Kind.CANDIDATE, str(candidate_id), frozenset(scopes))


@dataclass(frozen=True, slots=True)
class Read:
    """Some entries, and the position after which to go on."""

    entries: list[FeedEntry]
    after: int
    more: bool  # whether there was more already


def entries_for(reader: Reader, *, after: int, limit: int, topics: Collection[str] = ()) -> Read:
    """The next entries that a reader is shown after a position, in order, of some topics or of all.

    What the wiring says may be shown only for as long as it is allowed is asked for now (`FEED_ALLOWED`); what is not
    shown is passed over. Give positions first, where entries that were just committed are to be seen.
    """
    rows = list(_shown_to(reader, topics).filter(position__gt=after).order_by("position")[: limit + 1])
    page = rows[:limit]
    last = page[-1].position if page else after
    return Read(_still_allowed(reader, page), last or after, len(rows) > limit)


def is_shown(reader: Reader, entry: FeedEntry) -> bool:
    """Whether a reader is shown an entry at this moment."""
    whose = (entry.kind, entry.tenant) == (reader.kind, reader.tenant)
    its_own = entry.application_id in {None, reader.application_id}
    return whose and its_own and entry.scope in reader.scopes and bool(_still_allowed(reader, [entry]))


def newest_position() -> int:
    """The position of the newest entry of all; 0 where there is none."""
    return (
        FeedEntry.objects.order_by("-position")
        .filter(position__isnull=False)
        .values_list("position", flat=True)
        .first()
        or 0
    )


def last_given() -> int:
    """The last position that was ever given, or is being given now; 0 where none was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, is_called FROM partner_api_feed_position")
        value, called = cursor.fetchone()
    return int(value) if called else 0


def horizon() -> int:
    """The position up to which the feed was forgotten; whoever goes on after an earlier one has missed something."""
    return FeedHorizon.objects.values_list("position", flat=True).first() or 0


def _shown_to(reader: Reader, topics: Collection[str]) -> QuerySet[FeedEntry]:
    its_own = Q(application_id=None) | Q(application_id=reader.application_id)
    shown = FeedEntry.objects.filter(its_own, kind=reader.kind, tenant=reader.tenant, scope__in=reader.scopes)
    return shown.filter(topic__in=topics) if topics else shown


def _still_allowed(reader: Reader, entries: list[FeedEntry]) -> list[FeedEntry]:
    """Without those under a scope whose showing may be taken back, where it was."""
    asked: Mapping[str, str] = import_string("ceportal.events.FEED_ALLOWED")
    for scope in {entry.scope for entry in entries} & asked.keys():
        of_scope = [entry for entry in entries if entry.scope == scope]
        allowed = {entry.pk for entry in import_string(asked[scope])(reader.tenant, of_scope)}
        entries = [entry for entry in entries if entry.scope != scope or entry.pk in allowed]
    return entries


def note_seen(application: Application, entries: Sequence[FeedEntry], *, page: str, now: datetime) -> None:
    """Have it written down about whom a program is told, where the people are to know of it (`FEED_SEEN`, CAND-09)."""
    path = import_string("ceportal.events.FEED_SEEN").get(application.kind)
    about_people = [entry for entry in entries if entry.candidate_id]
    if path is not None and about_people:
        import_string(path)(application, about_people, page=page, now=now)


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def forgetting() -> Iterator[None]:
    """Let entries be removed, within the block and its transaction, which the database refuses otherwise."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ceportal.feed_forgets', 'on', true)")
        yield
        cursor.execute("SELECT set_config('ceportal.feed_forgets', '', true)")


def told_of(candidate_id: int) -> list[list[str]]:
    """Which partners were told of a person, and under which scopes: kind, tenant and scope of each."""
    partners = FeedEntry.objects.filter(candidate_id=candidate_id).exclude(kind=FeedEntry.Kind.CANDIDATE)
    found = partners.order_by("kind", "tenant", "scope").values_list("kind", "tenant", "scope").distinct()
    return [list(each) for each in found]


def forget_candidate(candidate_id: int) -> None:
    """Remove what any audience is shown of a person (CAND-09)."""
    with forgetting():
        _be_the_only_giver()  # or each would wait for a row of the other's
        FeedEntry.objects.filter(candidate_id=candidate_id).delete()
