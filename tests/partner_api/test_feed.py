"""The feed keeps what happened in an order that never changes behind a reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Provider
from ceportal import events
from ceportal.kernel import outbox
from ceportal.kernel.bulk import FEW
from ceportal.kernel.models import Event
from ceportal.partner_api import feed, sweeps
from ceportal.partner_api.models import FeedEntry, FeedHorizon
from ceportal.partner_api.tasks import give_positions
from tests import factories
from tests.factories import noon
from tests.partner_api import feed_world

NOW = noon("2026-03-02")
ACME = feed.Reader("provider", "acme", frozenset({"claims:read"}))


@pytest.fixture(autouse=True)
def wiring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(events, "FEED", {"test.happened": "tests.partner_api.feed_world.shown"})
    monkeypatch.setattr(events, "FEED_FOLLOWERS", ("tests.partner_api.feed_world.follow",))
    outbox._wiring.cache_clear()
    feed_world.told.clear()
    yield
    outbox._wiring.cache_clear()


def happen(subject: Provider, *, provider: str = "acme", topic: str = "test.happened", now: Any = NOW) -> Event:
    return outbox.emit(topic, subject, now=now, provider=provider)


@transaction.atomic
def _commit(subject: Provider) -> None:
    happen(subject)


def read(reader: feed.Reader = ACME, *, after: int = 0, limit: int = 100) -> feed.Read:
    feed.give_positions()
    return feed.entries_for(reader, after=after, limit=limit)


# ── Written with the event ────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_what_happens_is_written_for_each_audience_and_positioned_in_order() -> None:
    subject = factories.ProviderFactory.create()
    first, second = happen(subject), happen(subject)
    happen(subject, provider="globex")
    assert set(FeedEntry.objects.values_list("position", flat=True)) == {None}
    page = read()
    assert [each.occurred_at for each in page.entries] == [first.occurred_at, second.occurred_at]
    assert [each.subject for each in page.entries] == [str(subject.pk)] * 2
    positions = [each.position for each in page.entries]
    assert positions == sorted(positions) and page.after == positions[-1] and not page.more
    one = read(limit=1)
    assert (one.after, one.more) == (positions[0], True)
    assert [each.position for each in read(after=one.after).entries] == positions[1:]
    assert read(after=page.after).entries == []
    assert feed.give_positions() == 0, "once is enough"


@pytest.mark.django_db
def test_what_no_function_shows_costs_no_query_and_is_shown_to_nobody() -> None:
    subject = factories.ProviderFactory.create()
    with CaptureQueriesContext(connection) as queries:
        happen(subject, topic="test.unheard")
    assert len(queries) == 1, "the event itself"
    assert not FeedEntry.objects.exists()


@pytest.mark.django_db
def test_many_at_once_cost_as_many_queries_as_a_few(django_assert_num_queries: Any) -> None:
    subject = factories.ProviderFactory.create()
    with django_assert_num_queries(4):  # keys and rows, of the events and of the entries
        outbox.emit_many("test.happened", [(subject, {"provider": "acme"})] * (FEW * 20), now=NOW)
    assert feed.give_positions() == FEW * 20


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("_case", "reader"),
    [
        ("another of its kind", feed.Reader("provider", "globex", frozenset({"claims:read"}))),
        ("another kind of the same code", feed.Reader("organiser", "acme", frozenset({"claims:read"}))),
        ("without the scope", feed.Reader("provider", "acme", frozenset({"events:read", "deliveries:read"}))),
    ],
)
def test_nobody_else_is_shown_it(_case: str, reader: feed.Reader) -> None:
    happen(factories.ProviderFactory.create())
    assert read(reader).entries == []
    assert len(read().entries) == 1


# ── The database ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE partner_api_feedentry SET data = '{\"a\": 1}'",
        "UPDATE partner_api_feedentry SET position = 7, tenant = 'globex'",
        "UPDATE partner_api_feedentry SET position = position + 1 WHERE position IS NOT NULL",
        "UPDATE partner_api_feedentry SET position = NULL WHERE position IS NOT NULL",
        "DELETE FROM partner_api_feedentry",
        "INSERT INTO partner_api_feedentry (kind, tenant, scope, topic, subject, data, occurred_at) "
        "VALUES ('nobody', 'acme', 'claims:read', 't', 's', '{}', now())",
        "INSERT INTO partner_api_feedentry (kind, tenant, scope, topic, subject, data, occurred_at) "
        "VALUES ('provider', '', 'claims:read', 't', 's', '{}', now())",
    ],
)
def test_the_database_refuses(change: str) -> None:
    subject = factories.ProviderFactory.create()
    happen(subject)
    feed.give_positions()
    happen(subject)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert FeedEntry.objects.count() == 2


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_what_is_old_goes_by_night_and_the_horizon_says_so(settings: Any) -> None:
    settings.FEED_KEPT_DAYS = 90
    subject = factories.ProviderFactory.create()
    for days in (91, 90, 0):
        happen(subject, now=NOW - timedelta(days=days))
    oldest = read(limit=1).after
    assert sweeps.forget_entries(now=NOW) == 1, "the ninetieth day is kept"
    assert len(read().entries) == 2
    assert feed.horizon() == oldest
    assert sweeps.forget_entries(now=NOW) == 0
    assert sweeps.forget_entries(now=NOW + timedelta(days=400)) == 2
    assert feed.horizon() == FeedHorizon.objects.get().position > oldest
    happen(subject)
    assert read(after=feed.horizon()).entries != [], "positions are not given again"


@pytest.mark.django_db
def test_a_person_is_forgotten_whoever_was_shown_it_and_nobody_else_is() -> None:
    person, other = factories.CandidateFactory.create(), factories.CandidateFactory.create()
    subject = factories.ProviderFactory.create()
    for each in (person, other):
        outbox.emit("test.happened", subject, now=NOW, candidate_id=each.pk, provider="acme")
    reader = feed.of_candidate(person.pk, scopes={"me:claims"})
    assert len(read(reader).entries) == 1
    feed.forget_candidate(person.pk)
    assert read(reader).entries == []
    assert len(read(feed.of_candidate(other.pk, scopes={"me:claims"})).entries) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        FeedEntry.objects.all().delete()


# ── Many at the same moment ───────────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_still_delivered_to_every_reader() -> None:
    """Writers hold their transactions open across each other's commits while three readers go on and on."""
    subject = factories.ProviderFactory.create()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        happen(subject)  # the first to be written, and the last to commit
        pool.submit(_in_own_connection, partial(_commit, subject)).result()
        seen = pool.submit(_in_own_connection, lambda: read(after=0)).result()
        assert len(seen.entries) == 1, "what is not committed is not waited for"
    late = read(after=seen.after)
    assert len(late.entries) == 1, "it comes after what was read before it"
    assert feed_world.told, "followers are told after the commit"
    give_positions()

    writers, readers, each_writes = 4, 3, 25
    ready, written = Barrier(writers + readers), threading.Event()

    def write() -> None:
        ready.wait()
        for _ in range(each_writes):
            with transaction.atomic():
                happen(subject)
                connection.cursor().execute("SELECT pg_sleep(random() * 0.01)")

    def follow() -> list[int]:
        ready.wait()
        got: list[int] = []
        after, last = late.after, False
        while True:
            page = read(after=after, limit=7)
            got += [entry.pk for entry in page.entries]
            after = page.after
            if last and not page.entries:
                return got
            last = written.is_set()

    with ThreadPoolExecutor(writers + readers) as pool:
        writing = [pool.submit(_in_own_connection, write) for _ in range(writers)]
        reading = [pool.submit(_in_own_connection, follow) for _ in range(readers)]
        for job in writing:
            job.result()
        written.set()
        kept = list(
            FeedEntry.objects.exclude(pk__in=[entry.pk for entry in (*seen.entries, *late.entries)]).values_list(
                "pk", flat=True
            )
        )
        assert len(kept) == writers * each_writes
        for job in reading:
            got = job.result()
            assert sorted(got) == sorted(kept), "each once, none missed"


def _in_own_connection(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connections.close_all()
