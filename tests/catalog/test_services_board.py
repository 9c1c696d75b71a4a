"""What the board answers and marks, and what providers propose: it happens, is refused, is done twice."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from catalog import queries, services
from catalog.models import (
    Authorisation,
    BoardReview,
    Delivery,
    Equivalence,
    Item,
    Proposal,
    Provider,
    ProviderMember,
)
from catalog.services.proposals import ProposalForm
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from tests import factories
from tests.factories import day, noon

pytestmark = pytest.mark.django_db
NOW = noon("2021-04-01")


@pytest.fixture
def review() -> BoardReview:
    return services.hold_review(quarter="2021-Q2", held_on=day("2021-04-01"), now=NOW)


@pytest.fixture
def boss(acme: Provider) -> ProviderMember:
    return factories.ProviderMemberFactory.create(provider=acme, role="manager")


def topics() -> list[str]:
    return list(Event.objects.values_list("topic", flat=True).exclude(topic="catalog.review_held"))


class TestEquivalence:
    """CR-04: the same item in any language or version that the board marked."""

    @pytest.fixture(autouse=True)
    def items(self) -> None:
        self.a, self.b, self.c, self.d = (factories.ItemFactory.create(code=code) for code in "abcd")

    def mark(self, review: BoardReview, one: Item, other: Item) -> Equivalence:
        return services.mark_equivalent(
            review_id=review.pk,
            item_id=one.pk,
            same_as_id=other.pk,
            reason="The same in German.",
            decided_by_id=None,
            now=NOW,
        )

    def same_as(self, item: Item) -> set[str]:
        return set(Item.objects.filter(id__in=queries.equivalent_items(item.pk)).values_list("code", flat=True))

    def test_an_item_is_the_same_as_itself_alone(self) -> None:
        assert self.same_as(self.a) == {"a"}
        assert queries.same_trainings([]) == {}

    def test_a_mark_holds_both_ways(self, review: BoardReview) -> None:
        self.mark(review, self.b, self.a)
        assert self.same_as(self.a) == self.same_as(self.b) == {"a", "b"}
        assert self.same_as(self.c) == {"c"}
        assert topics() == ["catalog.items_equivalent"]
        assert Event.objects.last().payload == {"items": ["a", "b"]}

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_marks_reach_by_way_of_others_in_whatever_order_they_are_made(
        self, review: BoardReview, order: tuple[int, ...]
    ) -> None:
        pairs = [(self.a, self.b), (self.c, self.b), (self.c, self.d)]
        for number in order:
            self.mark(review, *pairs[number])
        assert all(self.same_as(item) == {"a", "b", "c", "d"} for item in (self.a, self.b, self.c, self.d))

    def test_the_whole_class_is_one_query(self, review: BoardReview, django_assert_num_queries: Any) -> None:
        self.mark(review, self.a, self.b)
        self.mark(review, self.b, self.c)
        with django_assert_num_queries(1):
            same = queries.same_trainings([self.a.pk, self.c.pk, self.d.pk])
        assert {len(items) for items in same.values()} == {3, 1}

    def test_nonsense_is_refused(self, review: BoardReview) -> None:
        self.mark(review, self.a, self.b)
        self.mark(review, self.b, self.c)
        for one, other in ((self.a, self.a), (self.a, self.b), (self.b, self.a), (self.c, self.a)):
            with pytest.raises(Refused, match="CR-04"):
                self.mark(review, one, other)
        assert Equivalence.objects.count() == 2
        assert len(topics()) == 2

    def test_a_mark_is_never_changed_or_removed(self, review: BoardReview) -> None:
        mark = self.mark(review, self.a, self.b)
        for change in (lambda: Equivalence.objects.update(reason=""), mark.delete):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


def form(**changes: Any) -> ProposalForm:
    fields: dict[str, Any] = {"code": "winter", "title": "Winter", "kind": "instructor_led", "credits": 32}
    return ProposalForm(**fields | changes)


def propose(member: ProviderMember, **changes: Any) -> Proposal:
    return services.propose_item(member_id=member.pk, form_key=uuid4(), form=form(**changes), now=NOW)


class TestProposal:
    def test_waits_for_the_board(self, boss: ProviderMember) -> None:
        proposal = propose(boss, technology="Snow")
        assert (proposal.status, proposal.provider, proposal.technology) == ("open", boss.provider, "Snow")
        assert topics() == ["catalog.item_proposed"]
        assert not Item.objects.exists()

    def test_sent_twice_is_one(self, boss: ProviderMember) -> None:
        key = uuid4()
        first, again = (
            services.propose_item(member_id=boss.pk, form_key=key, form=form(), now=NOW) for _time in range(2)
        )
        assert first == again
        assert topics() == ["catalog.item_proposed"]

    @pytest.mark.parametrize(
        ("_case", "changes", "clause"),
        [
            ("too much", {"credits": 65}, "CAT-03"),
            ("custom, not registered", {"kind": "custom"}, "CAT-06"),
            ("other, not approved", {"kind": "other"}, "CAT-04"),
            ("without labs, but worth something", {"kind": "digital_lite"}, "CAT-05"),
            ("a code of the catalog", {"code": "taken"}, "CAT-02"),
            ("a code of its own proposal", {"code": "waiting"}, "CAT-02"),
        ],
    )
    def test_refused(self, boss: ProviderMember, _case: str, changes: dict[str, Any], clause: str) -> None:
        factories.ItemFactory.create(code="taken")
        propose(boss, code="waiting")
        with pytest.raises(Refused, match=clause):
            propose(boss, **changes)
        assert Proposal.objects.count() == 1

    @pytest.mark.parametrize("change", [{"role": "reviewer"}, {"active": False}])
    def test_is_a_managers_word(self, boss: ProviderMember, change: dict[str, Any]) -> None:
        ProviderMember.objects.filter(pk=boss.pk).update(**change)
        with pytest.raises(Refused, match="CAT-02"):
            propose(boss)
        assert topics() == []

    def test_is_withdrawn_once_and_its_code_is_free_again(self, boss: ProviderMember) -> None:
        proposal = propose(boss)
        for _time in range(2):
            services.withdraw_proposal(member_id=boss.pk, proposal_id=proposal.pk, now=NOW)
        assert topics() == ["catalog.item_proposed", "catalog.proposal_withdrawn"]
        assert propose(boss).status == "open"

    def test_of_another_provider_is_not_withdrawn(self, boss: ProviderMember, carol: ProviderMember) -> None:
        proposal = propose(boss)
        with pytest.raises(Proposal.DoesNotExist):
            services.withdraw_proposal(member_id=carol.pk, proposal_id=proposal.pk, now=NOW)


class TestAnswer:
    def answer(self, proposal: Proposal, review: BoardReview, **changes: Any) -> Proposal:
        arguments = {
            "proposal_id": proposal.pk,
            "review_id": review.pk,
            "code": proposal.code,
            "credits": 30,
            "effective_on": day("2021-05-01"),
            "reason": "",
            "decided_by_id": None,
            "now": NOW,
        }
        return services.list_proposal(**arguments | changes)

    def test_it_enters_the_catalog_as_the_board_says(self, boss: ProviderMember, review: BoardReview) -> None:
        proposal = propose(boss, kind="custom", registration_number="DW-9")
        for _time in range(2):
            self.answer(proposal, review, code="winter-2021")
        item = Item.objects.get()
        assert (item.code, item.title, item.registration_number) == ("winter-2021", "Winter", "DW-9")
        assert item.listings.get().credits == 30
        assert not queries.is_authorised(boss.provider_id, item.pk, day("2021-04-30"))
        assert queries.is_authorised(boss.provider_id, item.pk, day("2021-05-01"))
        assert topics() == [
            "catalog.item_proposed",
            "catalog.item_listed",
            "catalog.provider_authorised",
            "catalog.proposal_listed",
        ]

    @pytest.mark.parametrize(
        ("_case", "changes"),
        [("worth too much", {"credits": 65}), ("before the review", {"effective_on": day("2021-03-31")})],
    )
    def test_what_cannot_be_listed_leaves_nothing(
        self, boss: ProviderMember, review: BoardReview, _case: str, changes: dict[str, Any]
    ) -> None:
        proposal = propose(boss)
        with pytest.raises(Refused):
            self.answer(proposal, review, **changes)
        proposal.refresh_from_db()
        assert (proposal.status, proposal.decision) == ("open", None)
        assert not Item.objects.exists()
        assert not Authorisation.objects.exists()
        assert topics() == ["catalog.item_proposed"]

    def test_a_code_that_is_taken_meanwhile_is_refused_and_another_is_not(
        self, boss: ProviderMember, review: BoardReview
    ) -> None:
        proposal = propose(boss)
        factories.ItemFactory.create(code="winter")
        with pytest.raises(Refused, match="CAT-02"):
            self.answer(proposal, review)
        assert self.answer(proposal, review, code="winter-2").status == "listed"

    def test_what_came_after_the_review_waits_for_the_next(self, boss: ProviderMember, review: BoardReview) -> None:
        proposal = services.propose_item(member_id=boss.pk, form_key=uuid4(), form=form(), now=noon("2021-04-02"))
        with pytest.raises(Refused, match="CAT-02"):
            self.answer(proposal, review)
        with pytest.raises(Refused, match="CAT-02"):
            services.decline_proposal(
                proposal_id=proposal.pk, review_id=review.pk, answer="No.", decided_by_id=None, now=NOW
            )
        assert Proposal.objects.get().status == "open"

    def test_it_is_declined_once_with_a_reason(self, boss: ProviderMember, review: BoardReview) -> None:
        proposal = propose(boss)
        arguments = {"proposal_id": proposal.pk, "review_id": review.pk, "decided_by_id": None, "now": NOW}
        with pytest.raises(Refused, match="CAT-02"):
            services.decline_proposal(answer=" ", **arguments)
        for _time in range(2):
            services.decline_proposal(answer="Too cold.", **arguments)
        assert topics() == ["catalog.item_proposed", "catalog.proposal_declined"]
        with pytest.raises(Refused, match="CAT-02"):
            self.answer(proposal, review)
        with pytest.raises(Refused, match="CAT-02"):
            services.withdraw_proposal(member_id=boss.pk, proposal_id=proposal.pk, now=NOW)


class TestMembership:
    """CE-10: who acts for a provider is for its managers to say."""

    def change(self, member: ProviderMember, by: ProviderMember, *, active: bool = False) -> ProviderMember:
        return services.change_membership(member_id=member.pk, active=active, by_member_id=by.pk, now=NOW)

    def test_ends_once_and_begins_again(self, boss: ProviderMember, bob: ProviderMember) -> None:
        for _time in range(2):
            assert not self.change(bob, boss).active
        assert topics() == ["catalog.membership_changed"]
        assert self.change(bob, boss, active=True).active

    def test_is_neither_a_reviewers_nor_ones_own_to_change(self, boss: ProviderMember, bob: ProviderMember) -> None:
        for member, by in ((boss, bob), (boss, boss), (bob, bob)):
            with pytest.raises(Refused, match="CE-10"):
                self.change(member, by)
        assert ProviderMember.objects.filter(active=True).count() == 2
        assert topics() == []

    def test_a_manager_who_was_put_out_puts_nobody_out(self, acme: Provider, boss: ProviderMember) -> None:
        other = factories.ProviderMemberFactory.create(provider=acme, role="manager")
        self.change(boss, other)
        with pytest.raises(Refused, match="CE-10"):
            self.change(other, boss)

    def test_of_another_provider_is_nobodys_business(self, boss: ProviderMember, carol: ProviderMember) -> None:
        with pytest.raises(ProviderMember.DoesNotExist):
            self.change(carol, boss)


class TestCancelling:
    """CAT-07"""

    def test_a_run_to_come_is_cancelled_once_and_stays_on_record(self, acme: Provider) -> None:
        run = factories.DeliveryFactory.create(provider=acme, ends_on=day("2021-04-02"))
        for _time in range(2):
            services.cancel_delivery(delivery_id=run.pk, now=NOW)
        assert Delivery.objects.get().cancelled_at == NOW
        assert not queries.upcoming_deliveries(run.item_id, day("2021-04-01"))
        assert topics() == ["catalog.delivery_cancelled"]

    def test_one_that_has_ended_is_not(self, acme: Provider) -> None:
        run = factories.DeliveryFactory.create(provider=acme, ends_on=day("2021-04-01"))
        with pytest.raises(Refused, match="CAT-07"):
            services.cancel_delivery(delivery_id=run.pk, now=NOW)
        assert Delivery.objects.get().cancelled_at is None
        assert topics() == []


class TestLateDecisions:
    """CAT-02: what was listed on a past day stays, however late a decision is entered."""

    def test_a_claim_keeps_the_worth_it_counted_by(self, review: BoardReview) -> None:
        item = factories.ItemFactory.create()
        told = {"item_id": item.pk, "review_id": review.pk, "decided_by_id": None}
        services.decide_listing(
            outcome="list", credits=40, effective_on=day("2021-04-01"), now=noon("2021-05-01"), **told
        )
        for outcome, credits in (("change", 30), ("delist", None)):
            with pytest.raises(Refused, match="CAT-02"):
                services.decide_listing(
                    outcome=outcome, credits=credits, effective_on=day("2021-04-15"), now=noon("2021-05-01"), **told
                )
        assert queries.listing_on(item.pk, day("2021-04-20")).credits == 40

    def test_the_same_decision_again_is_the_one_on_record(self, review: BoardReview) -> None:
        item = factories.ItemFactory.create()
        told = {"item_id": item.pk, "review_id": review.pk, "decided_by_id": None, "now": NOW}
        first, again = (
            services.decide_listing(outcome="list", credits=40, effective_on=day("2021-04-01"), **told)
            for _time in range(2)
        )
        assert first == again
        assert topics() == ["catalog.item_listed"]
