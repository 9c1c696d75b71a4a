"""Two workers on one roster, and a report beside it: every line is reported once, and nothing waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from catalog.models import ProviderMember
from credits.models import CompletionReport, Grant, RosterRow
from credits.services import reports, rosters
from tests import factories
from tests.credits.provider_world import TODAY, enrolled
from tests.credits.roster_world import csv_file
from tests.factories import day

pytestmark = pytest.mark.django_db(transaction=True)
LINES = 12


def together(*calls: Callable[[], object]) -> list[object]:
    """The results of calls made at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            barrier.wait(20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_workers_and_reports_side_by_side_report_every_line_once(bob: ProviderMember) -> None:
    """CE-10: the same completion counts once, whoever comes first."""
    factories.AgreementFactory.create()
    factories.listed_item(code="secure-lab", provider=bob.provider, credits=40)
    people = [enrolled(factories.CandidateFactory.create()) for _each in range(LINES)]
    rows = [(person.number, "", "secure-lab", "", "2026-04-01") for person in people]
    roster = rosters.upload_roster(
        member_id=bob.id, form_key=uuid4(), file_name="may.csv", content=csv_file(*rows), now=TODAY
    )
    rosters.check_roster(roster_id=roster.id, now=TODAY)
    rosters.report_roster(roster_id=roster.id, member_id=bob.id, now=TODAY)

    def work() -> bool:
        return rosters.work_on(roster_id=roster.id, now=TODAY, at_most=LINES + 1)

    def report() -> int:
        return sum(
            reports.report_completion(
                provider_id=bob.provider_id,
                candidate_id=person.id,
                item_code="secure-lab",
                completed_on=day("2026-04-01"),
                member_id=bob.id,
                now=TODAY,
            ).candidate_id
            == person.id
            for person in reversed(people)
        )

    assert together(work, work, report) == [False, False, LINES]
    work()

    roster.refresh_from_db()
    assert roster.status == "reported"
    assert Grant.objects.count() == CompletionReport.objects.count() == LINES
    assert not RosterRow.objects.filter(report__isnull=True).exists()
    assert set(RosterRow.objects.values_list("outcome", flat=True)) <= {"earns", "counted"}
