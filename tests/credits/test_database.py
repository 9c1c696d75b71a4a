"""What the database refuses, whatever a service might try, and what happens when two do the same at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Item
from ceportal.kernel.models import Event
from credits.models import Claim, Cycle, Entry, Grant, Recertification
from credits.services import claims, reviews
from tests import factories
from tests.factories import day
from tests.reference_data import load_reference
from tests.story import Story


def told(settings: Any, tmp_path: Any) -> Story:
    """A professional with one grant of 40 credits and one claim waiting for its provider."""
    settings.MEDIA_ROOT = str(tmp_path)
    load_reference()
    story = Story(factories.CandidateFactory.create())
    story.to("2021-01-10").certify("ccnp-enterprise", "2020-06-01")
    story.enroll()
    story.to("2021-02-02").report("dig-40", "2021-02-01")
    story.to("2021-03-02").claim("ilt-40", "2021-03-01")
    return story


@pytest.fixture
def story(db: None, settings: Any, tmp_path: Any) -> Story:
    return told(settings, tmp_path)


def _entry(story: Story, **changes: Any) -> Entry:
    fields = {
        "candidate": story.candidate,
        "grant": Grant.objects.get(),
        "kind": "expired",
        "amount": -1,
        "counts_from": day("2021-03-01"),
        "written_at": story.now,
        "clause": "CR-01",
    }
    return Entry.objects.create(**fields | changes)


def _cycle(story: Story, started_on: str, ended_on: str | None) -> Cycle:
    return Cycle.objects.create(
        candidate=story.candidate,
        started_on=day(started_on),
        ended_on=day(ended_on) if ended_on else None,
        end_reason="renewed" if ended_on else "",
        known_from=story.now,
        closed_at=story.now if ended_on else None,
    )


REFUSED: list[tuple[str, Callable[[Story], object]]] = [
    ("changing an entry", lambda story: Entry.objects.update(amount=400)),
    ("removing an entry", lambda story: Entry.objects.all()._raw_delete("default")),
    ("spending more than a grant has", lambda story: _entry(story, amount=-41)),
    ("earning a grant twice", lambda story: _entry(story, kind="earned", amount=40)),
    ("an expiry that adds", lambda story: _entry(story, amount=1)),
    ("a restoration of nothing", lambda story: _entry(story, kind="restored", amount=1)),
    ("a use without its renewal", lambda story: _entry(story, kind="used", amount=-1)),
    ("two cycles at a time", lambda story: _cycle(story, "2021-06-01", None)),
    ("two cycles that share a day", lambda story: _cycle(story, "2020-01-01", "2020-06-01")),
    ("a cycle that ends before it starts", lambda story: _cycle(story, "2019-02-01", "2019-01-01")),
    ("a claim decided without when and why", lambda story: Claim.objects.update(status="approved")),
    ("a claim in no known state", lambda story: Claim.objects.update(status="lost")),
    ("a submitted claim without a day", lambda story: Claim.objects.update(submitted_on=None)),
    (
        "the same completion claimed twice",
        lambda story: Claim.objects.create(
            **{
                field.name: getattr(Claim.objects.get(), field.name)
                for field in Claim._meta.fields
                if field.name not in {"id", "number", "form_key"}
            },
            number="C-OTHER",
            form_key=uuid4(),
        ),
    ),
    ("changing a report", lambda story: story.candidate.reports.update(completed_on=day("2021-02-02"))),
    ("a grant of nothing", lambda story: Grant.objects.update(amount=0)),
    ("a grant that expired before it was earned", lambda story: Grant.objects.update(expires_on=day("2021-01-01"))),
]


@pytest.mark.parametrize(("_what", "act"), REFUSED, ids=[what for what, _act in REFUSED])
def test_the_database_refuses(story: Story, _what: str, act: Callable[[Story], object]) -> None:
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        act(story)
    assert Grant.objects.get().remaining == 40


def test_what_remains_of_a_grant_follows_from_its_entries(story: Story) -> None:
    _entry(story, amount=-15)
    assert Grant.objects.get().remaining == 25


def test_an_entry_is_corrected_once(story: Story) -> None:
    expired = _entry(story, amount=-15)
    _entry(story, kind="restored", amount=15, corrects=expired)
    with pytest.raises(IntegrityError), transaction.atomic():
        _entry(story, kind="restored", amount=15, corrects=expired)


def test_an_approval_that_renews_asks_the_database_at_most_32_times(story: Story) -> None:
    claim = Claim.objects.get()
    member = factories.ProviderMemberFactory.create(provider=claim.provider)
    with CaptureQueriesContext(connection) as queries:
        reviews.decide_claim(claim_id=claim.id, member_id=member.id, outcome="approve", now=story.now)

    assert Recertification.objects.count() == 1
    assert len(queries) <= 32


@pytest.mark.parametrize(
    "table", ["entry", "completionreport", "receipt", "authoreditems", "workshop", "seal", "grant", "claim"]
)
def test_what_is_kept_is_not_emptied_either(db: None, table: str) -> None:
    """TRUNCATE asks no trigger of single rows (CR-07); what the kept rows point at takes them along."""
    with connection.cursor() as cursor:
        for kept in ("entry", "completionreport", "receipt", "authoreditems", "workshop", "seal"):
            cursor.execute(f"ALTER TABLE credits_{kept} ENABLE TRIGGER credits_{kept}_never_emptied")  # see conftest.py
        with pytest.raises(IntegrityError, match="never changed or removed"):
            cursor.execute(f"TRUNCATE credits_{table} CASCADE")


def _at_once(count: int, act: Callable[[], object]) -> list[BaseException]:
    """Do the same in several connections at the same moment; what was raised."""
    gate = threading.Barrier(count)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            gate.wait()
            act()
        except BaseException as error:  # noqa: BLE001 - the test looks at whatever it was
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _each in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_eight_reviewers_who_approve_at_once_approve_once(settings: Any, tmp_path: Any) -> None:
    story = told(settings, tmp_path)
    claim = Claim.objects.get()
    member = factories.ProviderMemberFactory.create(provider=claim.provider)

    raised = _at_once(
        8,
        lambda: reviews.decide_claim(claim_id=claim.id, member_id=member.id, outcome="approve", now=story.now),
    )

    assert raised == []
    assert Event.objects.filter(topic="credits.claim_approved").count() == 1
    assert Grant.objects.count() == 2
    assert Recertification.objects.count() == 1
    assert story.ledger_is_sound()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_files_one_claim(settings: Any, tmp_path: Any) -> None:
    story = told(settings, tmp_path)
    key = uuid4()
    item = Item.objects.get(code="ilt-30")
    form = claims.ClaimForm(
        item_id=item.id, provider_id=Claim.objects.get().provider_id, completed_on=story.now.date() - timedelta(days=1)
    )

    def file() -> None:
        claim = claims.save_draft(candidate_id=story.candidate.id, form_key=key, form=form, now=story.now)
        claims.submit_claim(candidate_id=story.candidate.id, claim_id=claim.id, now=story.now)

    assert _at_once(4, file) == []
    assert Claim.objects.filter(item=item).count() == 1
    assert Event.objects.filter(topic="credits.claim_submitted").count() == 2
