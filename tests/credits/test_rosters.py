"""Rosters: the dry run says what would be, reporting makes it so, line by line, once (CE-10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from candidates.models import Candidate
from catalog import services as catalog
from catalog.models import Item, Provider, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.explain import explain_finding
from ceportal.kernel.models import Event
from credits.models import Claim, CompletionReport, Grant, Roster, RosterRow
from credits.rules.rosters import Problem
from credits.services import reports, reviews, rosters
from tests import factories
from tests.credits.provider_world import TODAY, enrolled, handed_in
from tests.credits.roster_world import csv_file
from tests.factories import day

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = str(tmp_path)
    factories.AgreementFactory.create()
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def training(acme: Provider) -> Item:
    return factories.listed_item(code="secure-lab", title="Secure networks lab", provider=acme, credits=40)


def line(candidate: str, *, name: str = "", item: str = "secure-lab", delivery: str = "", on: str = "2026-04-01"):
    return (candidate, name, item, delivery, on)


def upload(member: ProviderMember, *rows: tuple[str, ...], **changes: Any) -> Roster:
    arguments = {
        "member_id": member.id,
        "form_key": uuid4(),
        "file_name": "may.csv",
        "content": csv_file(*rows),
        "now": TODAY,
    }
    return rosters.upload_roster(**arguments | changes)


def checked(member: ProviderMember, *rows: tuple[str, ...]) -> Roster:
    return rosters.check_roster(roster_id=upload(member, *rows).id, now=TODAY)


def reported(roster: Roster, member: ProviderMember) -> Roster:
    rosters.report_roster(roster_id=roster.id, member_id=member.id, now=TODAY)
    while rosters.work_on(roster_id=roster.id, now=TODAY, at_most=2):
        pass
    roster.refresh_from_db()
    return roster


def told(row: RosterRow) -> list[tuple[str, str, str]]:
    """Column, clause and sentence of each problem."""
    problems = [Problem.from_json(each) for each in row.problems]
    return [(each.column, each.finding.clause, explain_finding(each.finding).text) for each in problems]


def row_of(member: ProviderMember, *rows: tuple[str, ...]) -> RosterRow:
    """The last line of a roster after its dry run."""
    row = checked(member, *rows).rows.last()
    assert row is not None
    return row


# ── Uploading ─────────────────────────────────────────────────────────────────────────────────────
class TestUpload:
    def test_the_lines_are_kept_and_nothing_is_reported(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        roster = upload(bob, line(enrolled(alice).number), line("", on="soon"))
        assert (roster.status, roster.uploaded_by, roster.provider) == ("checking", bob, bob.provider)
        assert list(roster.rows.values_list("line", "outcome")) == [(2, ""), (3, "refused")]
        assert not CompletionReport.objects.exists()
        assert Event.objects.filter(topic="credits.roster_uploaded").count() == 1

    def test_a_file_that_cannot_be_read_leaves_nothing(self, bob: ProviderMember) -> None:
        with pytest.raises(Refused, match="CE-10"):
            upload(bob, content=b"who, what")
        assert not Roster.objects.exists()
        assert not Event.objects.filter(topic="credits.roster_uploaded").exists()

    def test_a_form_sent_twice_is_one_roster_and_a_strangers_is_nobodys(
        self, bob: ProviderMember, carol: ProviderMember, training: Item
    ) -> None:
        key = uuid4()
        first = upload(bob, line("X1"), form_key=key)
        assert upload(bob, line("X2"), form_key=key) == first
        with pytest.raises(Roster.DoesNotExist):
            upload(carol, line("X1"), form_key=key)
        assert Roster.objects.count() == 1

    def test_the_same_file_while_it_waits_is_looked_at_anew(self, bob: ProviderMember, training: Item) -> None:
        first = checked(bob, line("X1"))
        again = upload(bob, line("X1"))
        assert (again, again.status) == (first, "checking")
        rosters.discard_roster(roster_id=rosters.check_roster(roster_id=first.id, now=TODAY).id, now=TODAY)
        assert upload(bob, line("X1")) != first

    def test_the_same_file_of_another_provider_is_another(
        self, bob: ProviderMember, carol: ProviderMember, training: Item
    ) -> None:
        assert upload(bob, line("X1")) != upload(carol, line("X1"))


# ── The dry run ───────────────────────────────────────────────────────────────────────────────────
class TestDryRun:
    def test_what_a_line_would_do(self, bob: ProviderMember, alice: Candidate, training: Item) -> None:
        enrolled(alice)
        row = row_of(bob, line(alice.number.lower(), name='"okafor, ALICE"'))
        assert (row.outcome, row.credits, row.claim, row.problems, row.remarks) == ("earns", 40, None, [], [])
        assert row.done_at is None
        assert not Grant.objects.exists()

    def test_a_pending_claim_would_be_approved(self, bob: ProviderMember, alice: Candidate, training: Item) -> None:
        """CE-10: the same item and the same completion date."""
        claim = handed_in(enrolled(alice), training)
        row = row_of(bob, line(alice.number))
        assert (row.outcome, row.credits, row.claim) == ("approves", 40, claim)
        claim.refresh_from_db()
        assert claim.status == Claim.Status.SUBMITTED

    def test_what_has_counted_would_do_nothing(self, bob: ProviderMember, alice: Candidate, training: Item) -> None:
        claim = handed_in(enrolled(alice), training)
        reviews.decide_claim(claim_id=claim.id, member_id=bob.id, outcome="approve", now=TODAY)
        row = row_of(bob, line(alice.number))
        assert (row.outcome, row.credits, row.claim) == ("counted", None, claim)

    def test_after_a_rejection_it_would_earn(self, bob: ProviderMember, alice: Candidate, training: Item) -> None:
        claim = handed_in(enrolled(alice), training)
        reviews.decide_claim(claim_id=claim.id, member_id=bob.id, outcome="reject", reason="No.", now=TODAY)
        row = row_of(bob, line(alice.number))
        assert (row.outcome, row.credits, row.claim) == ("earns", 40, None)

    @pytest.mark.parametrize(
        ("_case", "changes", "problems"),
        [
            ("a code that is none", {"item": "nothing"}, [("item", "CAT-01")]),
            ("before it was listed", {"on": "2017-06-05"}, [("completed_on", "CE-01")]),
            ("not yet completed", {"on": "2026-05-05"}, [("completed_on", "CE-10")]),
            ("before any certification", {"on": "2024-12-31"}, [("completed_on", "CE-03")]),
            ("a run that is none", {"delivery": "RUN-0"}, [("delivery", "CAT-07")]),
            ("two things", {"item": "nothing", "candidate": "CSCO99"}, [("candidate", "CE-05"), ("item", "CAT-01")]),
            ("the first day there is", {"on": "0001-01-01"}, [("completed_on", "CE-01")]),
            ("the last day there is", {"on": "9999-12-31"}, [("completed_on", "CE-10")]),
        ],
    )
    def test_what_is_wrong_is_told_with_its_column_and_clause(
        self,
        bob: ProviderMember,
        alice: Candidate,
        training: Item,
        _case: str,
        changes: dict[str, str],
        problems: list[tuple[str, str]],
    ) -> None:
        enrolled(alice)
        row = row_of(bob, line(**{"candidate": alice.number} | changes))
        assert row.outcome == "refused"
        assert set(problems) <= {(column, clause) for column, clause, _sentence in told(row)}

    def test_others_trainings_are_refused(self, carol: ProviderMember, alice: Candidate, training: Item) -> None:
        enrolled(alice)
        assert [each[:2] for each in told(row_of(carol, line(alice.number)))] == [("item", "CAT-07")]

    def test_whoever_is_unknown_and_whoever_is_not_enrolled_are_told_alike(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        """CE-05: who is in the records and takes no part is nothing to a provider, whatever name it tries."""
        first, second = checked(bob, line(alice.number, name="Bob"), line("CSCO404", name="Bob")).rows.all()
        assert told(first) == told(second)
        assert told(first)[0][:2] == ("candidate", "CE-05")
        assert (first.remarks, second.remarks) == ([], [])
        assert (first.candidate, second.candidate) == (None, None)

    def test_a_name_that_differs_is_remarked_and_not_told(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        row = row_of(bob, line(enrolled(alice).number, name="Alicia Smith"))
        assert row.outcome == "earns"
        (remark,) = [Problem.from_json(each) for each in row.remarks]
        assert remark.column == "name"
        assert "Okafor" not in explain_finding(remark.finding).text

    def test_nobody_reports_their_own_completion(
        self, bob: ProviderMember, alice: Candidate, acme: Provider, training: Item
    ) -> None:
        """CE-10"""
        alice.user, bob.user.email = bob.user, bob.user.email
        alice.save()
        assert [each[:2] for each in told(row_of(bob, line(enrolled(alice).number)))] == [("candidate", "CE-10")]
        colleague = factories.ProviderMemberFactory.create(provider=acme)
        assert row_of(colleague, line(alice.number, name="A.")).outcome == "earns"

    def test_a_training_counts_once_in_a_file_too(
        self, bob: ProviderMember, alice: Candidate, acme: Provider, training: Item
    ) -> None:
        """CR-04: the earlier completion counts, and so it does under the code of another language."""
        other = factories.listed_item(code="labor", provider=acme, credits=40)
        catalog.mark_equivalent(
            review_id=factories.BoardReviewFactory.create().id,
            item_id=other.id,
            same_as_id=training.id,
            reason="",
            decided_by_id=None,
            now=TODAY,
        )
        enrolled(alice)
        rows = [line(alice.number, on="2026-04-09"), line(alice.number, item="labor", on="2026-04-02")]
        late, early = checked(bob, *rows).rows.all()
        assert (late.outcome, early.outcome) == ("refused", "earns")
        assert told(late) == [("item", "CR-04", "Line 3 reports the same training in the same cycle.")]

    def test_it_is_made_anew_as_the_world_goes_on(self, bob: ProviderMember, alice: Candidate, training: Item) -> None:
        roster = checked(bob, line(alice.number), line("", on="soon"))
        before = [told(row) for row in roster.rows.all()]
        enrolled(alice)
        rosters.check_again(roster_id=roster.id)
        rosters.check_roster(roster_id=roster.id, now=TODAY + timedelta(hours=1))
        first, second = roster.rows.all()
        assert (first.outcome, first.credits, first.problems) == ("earns", 40, [])
        assert told(second) == before[1]

    @pytest.mark.parametrize("length", [1, 60])
    def test_it_asks_the_same_whatever_its_length(
        self, bob: ProviderMember, training: Item, length: int, django_assert_max_num_queries: Any
    ) -> None:
        people = [enrolled(factories.CandidateFactory.create()) for _each in range(length)]
        roster = upload(bob, *(line(person.number) for person in people))
        with django_assert_max_num_queries(27):  # with the three by which it is told, once
            rosters.check_roster(roster_id=roster.id, now=TODAY)
        assert set(roster.rows.values_list("outcome", flat=True)) == {"earns"}


class TestRun:
    """CAT-07: the authorisation is judged on the day the delivery ended."""

    @pytest.fixture(autouse=True)
    def world(self, acme: Provider, alice: Candidate) -> None:
        enrolled(alice)
        self.item = factories.ItemFactory.create(code="secure-lab")
        factories.ListingFactory.create(item=self.item)
        factories.AuthorisationFactory.create(provider=acme, item=self.item, ends_on=day("2026-04-10"))

    def run(self, provider: Provider, ends: str, **changes: Any) -> str:
        run = factories.DeliveryFactory.create(
            provider=provider, **{"item": self.item, "ends_on": day(ends), "starts_on": day("2026-03-30")} | changes
        )
        return run.code

    @pytest.mark.parametrize(("ends", "outcome"), [("2026-04-09", "earns"), ("2026-04-10", "refused")])
    def test_the_day_it_ended_decides(self, bob: ProviderMember, alice: Candidate, ends: str, outcome: str) -> None:
        row = row_of(bob, line(alice.number, delivery=self.run(bob.provider, ends)))
        assert row.outcome == outcome
        assert [each[:2] for each in told(row)] == ([] if outcome == "earns" else [("delivery", "CAT-07")])

    def test_the_report_names_it(self, bob: ProviderMember, alice: Candidate) -> None:
        code = self.run(bob.provider, "2026-04-09")
        reported(checked(bob, line(alice.number, delivery=code)), bob)
        report = CompletionReport.objects.get()
        assert report.delivery is not None
        assert report.delivery.code == code

    @pytest.mark.parametrize(
        ("_case", "changes", "words"),
        [
            ("cancelled", {"cancelled_at": TODAY}, "This run was cancelled."),
            ("not over", {"ends_on": day("2026-05-05")}, "This run lasts until 5 May 2026."),
            ("begun later", {"starts_on": day("2026-04-02")}, "This run began on 2 April 2026"),
        ],
    )
    def test_a_run_that_cannot_be_it_is_refused(
        self, bob: ProviderMember, alice: Candidate, _case: str, changes: dict[str, Any], words: str
    ) -> None:
        code = self.run(bob.provider, "2026-04-09", **changes)
        ((column, clause, sentence),) = told(row_of(bob, line(alice.number, delivery=code)))
        assert (column, clause) == ("delivery", "CAT-07")
        assert sentence.startswith(words)

    def test_of_another_training_or_another_provider_it_is_refused(
        self, bob: ProviderMember, carol: ProviderMember, alice: Candidate
    ) -> None:
        other = factories.listed_item(code="other", provider=bob.provider)
        theirs = self.run(carol.provider, "2026-04-09")
        ours = self.run(bob.provider, "2026-04-09", item=other)
        first, second = checked(
            bob, line(alice.number, delivery=theirs), line(alice.number, delivery=ours, on="2026-04-02")
        ).rows.all()
        assert told(first)[0][2] == "You have no run under this code."
        assert told(second)[0][2] == "This run is one of another training."


# ── Reporting ─────────────────────────────────────────────────────────────────────────────────────
class TestReporting:
    def test_what_is_good_is_reported_and_the_rest_is_left(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        claim = handed_in(enrolled(alice), training)
        other = enrolled(factories.CandidateFactory.create())
        roster = checked(bob, line(alice.number), line(other.number), line("CSCO404"))

        roster = reported(roster, bob)

        assert (roster.status, roster.reported_by, roster.finished_at) == ("reported", bob, TODAY)
        first, second, third = roster.rows.all()
        assert (first.outcome, first.claim, first.report) == ("approves", claim, claim.reports.get())
        assert (second.outcome, second.credits) == ("earns", 40)
        assert (third.outcome, third.done_at, third.report) == ("refused", None, None)
        assert sorted(Grant.objects.values_list("candidate_id", "amount")) == sorted([(alice.id, 40), (other.id, 40)])
        assert set(CompletionReport.objects.values_list("reported_by", flat=True)) == {bob.id}
        assert Event.objects.filter(topic="credits.roster_reported").count() == 1

    def test_begun_twice_it_is_reported_once(self, bob: ProviderMember, alice: Candidate, training: Item) -> None:
        roster = checked(bob, line(enrolled(alice).number))
        for _time in range(2):
            reported(roster, bob)
        assert Grant.objects.count() == 1
        assert Event.objects.filter(topic="credits.roster_report_begun").count() == 1
        assert Event.objects.filter(topic="credits.roster_reported").count() == 1

    def test_the_same_completion_by_a_single_report_counts_once(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        roster = checked(bob, line(enrolled(alice).number))
        reports.report_completion(
            provider_id=bob.provider_id,
            candidate_id=alice.id,
            item_code="secure-lab",
            completed_on=day("2026-04-01"),
            member_id=bob.id,
            now=TODAY,
        )
        row = reported(roster, bob).rows.get()
        assert (row.outcome, row.report) == ("counted", CompletionReport.objects.get())
        assert Grant.objects.count() == 1

    def test_what_has_changed_since_the_dry_run_is_decided_anew(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        roster = checked(bob, line(enrolled(alice).number))
        catalog.withdraw_authorisation(
            provider_id=bob.provider_id, item_id=training.id, ends_on=day("2026-03-01"), now=TODAY
        )
        row = reported(roster, bob).rows.get()
        assert (row.outcome, row.done_at) == ("refused", TODAY)
        assert [each[:2] for each in told(row)] == [("item", "CAT-07")]
        assert not CompletionReport.objects.exists()

    def test_whoever_reports_it_is_the_one_who_may_not_be_on_it(
        self, bob: ProviderMember, alice: Candidate, acme: Provider, training: Item
    ) -> None:
        """CE-10: uploaded by a colleague, it still is a completion of one's own."""
        assert alice.user is not None
        own = factories.ProviderMemberFactory.create(provider=acme, user=alice.user)
        row = reported(checked(bob, line(enrolled(alice).number)), own).rows.get()
        assert [each[:2] for each in told(row)] == [("candidate", "CE-10")]
        assert not Grant.objects.exists()

    def test_a_member_who_left_meanwhile_reports_no_further_line(self, bob: ProviderMember, training: Item) -> None:
        """CE-10: only those who act for the provider report."""
        people = [enrolled(factories.CandidateFactory.create()) for _each in range(2)]
        roster = checked(bob, *(line(person.number) for person in people))
        rosters.report_roster(roster_id=roster.id, member_id=bob.id, now=TODAY)
        assert rosters.work_on(roster_id=roster.id, now=TODAY, at_most=1)
        ProviderMember.objects.filter(pk=bob.pk).update(active=False)
        assert not rosters.work_on(roster_id=roster.id, now=TODAY, at_most=9)
        first, second = roster.rows.all()
        assert (first.outcome, second.outcome) == ("earns", "refused")
        assert told(second) == [("", "CE-10", "Whoever reports it does not act for the provider any more.")]
        assert Grant.objects.count() == 1

    def test_a_run_cancelled_meanwhile_refuses_its_lines(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        run = factories.DeliveryFactory.create(
            provider=bob.provider, item=training, starts_on=day("2026-03-30"), ends_on=day("2026-04-03")
        )
        roster = checked(bob, line(enrolled(alice).number, delivery=run.code))
        type(run).objects.filter(pk=run.pk).update(cancelled_at=TODAY)
        assert told(reported(roster, bob).rows.get()) == [("delivery", "CAT-07", "This run was cancelled.")]
        assert not CompletionReport.objects.exists()

    def test_an_interruption_is_gone_on_from_by_whoever_finds_it(self, bob: ProviderMember, training: Item) -> None:
        people = [enrolled(factories.CandidateFactory.create()) for _each in range(3)]
        roster = checked(bob, *(line(person.number) for person in people))
        rosters.report_roster(roster_id=roster.id, member_id=bob.id, now=TODAY)
        assert rosters.work_on(roster_id=roster.id, now=TODAY, at_most=1)

        assert Grant.objects.count() == 1
        assert list(rosters.left_alone(now=TODAY + timedelta(seconds=59))) == []
        assert list(rosters.left_alone(now=TODAY + timedelta(seconds=61))) == [roster]
        assert not rosters.work_on(roster_id=roster.id, now=TODAY + timedelta(seconds=61), at_most=100)

        assert Grant.objects.count() == 3
        assert list(rosters.left_alone(now=TODAY + timedelta(days=1))) == []

    def test_a_check_that_was_left_is_found(self, bob: ProviderMember, training: Item) -> None:
        roster = upload(bob, line("X1"))
        assert list(rosters.left_alone(now=TODAY + timedelta(seconds=61))) == [roster]
        assert not rosters.work_on(roster_id=roster.id, now=TODAY, at_most=1)
        assert list(rosters.left_alone(now=TODAY + timedelta(days=1))) == []

    @pytest.mark.parametrize("prepare", ["unchecked", "discarded", "nothing good"])
    def test_it_is_refused_without_a_dry_run_and_without_a_good_line(
        self, bob: ProviderMember, alice: Candidate, training: Item, prepare: str
    ) -> None:
        enrolled(alice)
        roster = upload(bob, line("CSCO404" if prepare == "nothing good" else alice.number))
        if prepare != "unchecked":
            rosters.check_roster(roster_id=roster.id, now=TODAY)
        if prepare == "discarded":
            rosters.discard_roster(roster_id=roster.id, now=TODAY)
        with pytest.raises(Refused, match="CE-10"):
            rosters.report_roster(roster_id=roster.id, member_id=bob.id, now=TODAY)
        assert not rosters.work_on(roster_id=roster.id, now=TODAY, at_most=9) or prepare == "unchecked"
        assert not CompletionReport.objects.exists()

    def test_what_was_reported_is_neither_discarded_nor_checked_again(
        self, bob: ProviderMember, alice: Candidate, training: Item
    ) -> None:
        roster = reported(checked(bob, line(enrolled(alice).number)), bob)
        assert rosters.discard_roster(roster_id=roster.id, now=TODAY).status == "reported"
        assert rosters.check_again(roster_id=roster.id).status == "reported"


REFUSED: dict[str, Callable[[Roster], object]] = {
    "a status that is none": lambda roster: _rosters(roster).update(status="burnt"),
    "checked at no time": lambda roster: _rosters(roster).update(status="checked"),
    "reported by nobody": lambda roster: _rosters(roster).update(status="reporting", checked_at=TODAY),
    "discarded at no time": lambda roster: _rosters(roster).update(status="discarded", checked_at=TODAY),
    "an outcome that is none": lambda roster: roster.rows.update(outcome="lost"),
    "good without what it names": lambda roster: roster.rows.update(outcome="earns"),
    "done without its report": lambda roster: roster.rows.update(outcome="", done_at=TODAY),
    "a line twice": lambda roster: RosterRow.objects.create(roster=roster, line=2, given={}),
}


def _rosters(roster: Roster) -> QuerySet[Roster]:
    return Roster.objects.filter(pk=roster.pk)


@pytest.mark.parametrize("case", REFUSED)
def test_the_database_refuses(case: str, bob: ProviderMember) -> None:
    roster = upload(bob, line("X1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED[case](roster)


# ── The dry run and the report are one rule ───────────────────────────────────────────────────────
LINES = st.lists(
    st.tuples(
        st.sampled_from(["enrolled", "claimed", "approved", "stranger"]),
        st.sampled_from(["secure-lab", "labor", "other", "lite"]),
        st.sampled_from(["2024-12-31", "2026-04-01", "2026-04-02", "2026-05-05"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_what_the_dry_run_says_is_what_reporting_does(
    lines: list[tuple[str, str, str]], world: dict[str, str], bob: ProviderMember
) -> None:
    """CE-10, CR-04: in any file, as long as nothing else happens between."""
    with transaction.atomic():
        roster = checked(bob, *(line(world[who], item=item, on=on) for who, item, on in lines))
        said = list(roster.rows.values_list("line", "outcome", "credits", "claim"))
        if {outcome for _line, outcome, _credits, _claim in said} != {"refused"}:
            reported(roster, bob)
        assert list(roster.rows.values_list("line", "outcome", "credits", "claim")) == said
        earned = Grant.objects.values_list("candidate_id", "item_id")
        assert len(set(earned)) == len(earned)
        transaction.set_rollback(True)  # every file meets the same world


@pytest.fixture
def world(bob: ProviderMember, training: Item) -> dict[str, str]:
    """People in every situation, by what they are; trainings of which two are the same and one earns nothing."""
    acme = bob.provider
    labor = factories.listed_item(code="labor", provider=acme, credits=30)
    factories.listed_item(code="other", provider=acme, credits=8)
    factories.listed_item(code="lite", kind="digital_lite", provider=acme, credits=0)
    catalog.mark_equivalent(
        review_id=factories.BoardReviewFactory.create().id,
        item_id=labor.id,
        same_as_id=training.id,
        reason="",
        decided_by_id=None,
        now=TODAY,
    )
    people = {who: factories.CandidateFactory.create() for who in ("enrolled", "claimed", "approved", "stranger")}
    for who in ("enrolled", "claimed", "approved"):
        enrolled(people[who])
    handed_in(people["claimed"], training)
    claim = handed_in(people["approved"], labor)
    reviews.decide_claim(claim_id=claim.id, member_id=bob.id, outcome="approve", now=TODAY)
    return {who: person.number for who, person in people.items()}
