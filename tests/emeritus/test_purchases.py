"""Buying Emeritus: it happens, it is refused, it is done twice, and it is judged on the day of the payment."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from candidates import services as candidates
from candidates.models import Candidate, Certification, StatusChange, Term, User
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from credits.models import Cycle
from emeritus import services
from emeritus.models import EmeritusPurchase, EmeritusRecord, WindowTold
from payments.models import CreditNote, Order, Payment, Refund
from payments.services import start_payment
from payments.services.paying import follow_payment
from tests import factories
from tests.emeritus.conftest import Buyer
from tests.factories import day, noon
from tests.story import refused_with

pytestmark = pytest.mark.django_db


class TestBuying:
    def test_it_is_asked_for_paid_and_begins_when_the_active_status_ends(self, buyer: Buyer) -> None:
        """EMR-03, EMR-06, EMR-16."""
        order = buyer.to("2021-05-20").ask()
        assert (order.purpose, order.total_cents, order.pay_before_clause) == ("emeritus", 8500, "EMR-04")
        assert order.pay_before == clock.at(day("2021-06-02"), 0)
        assert buyer.purchase.bought_on is None
        assert not Term.objects.filter(kind="emeritus").exists()

        buyer.pay(order)

        purchase = buyer.purchase
        assert (str(purchase.bought_on), purchase.covers, purchase.order) == ("2021-05-20", "ccie", order)
        term = Term.objects.get(kind="emeritus")
        assert (term.reason, str(term.starts_on), str(term.ends_on)) == ("bought", "2021-06-01", "2022-06-01")
        assert term.emeritus_record.route == "recertify"
        event = Event.objects.get(topic="emeritus.bought")
        assert event.payload["certifications"] == [Certification.objects.get().id]
        assert (buyer.status("ccie-security"), buyer.inactive_on("ccie-security")) == ("active", "2022-08-01")
        assert buyer.notices("emeritus_confirmed") == 1
        buyer.to("2021-06-01")
        assert buyer.status("ccie-security") == "emeritus"
        change = StatusChange.objects.latest("id")
        assert (change.clause, str(change.effective_on), change.before) == ("EMR-06", "2021-06-01", "active")

    def test_a_confirmation_an_invoice_and_no_money_back(self, buyer: Buyer) -> None:
        """EMR-16, PAY-02: told by mail, invoiced; EMR-10: recertifying in the term gives nothing of it back."""
        order = buyer.to("2021-05-20").buy()
        assert buyer.notices("emeritus_confirmed") == 1
        confirmation = buyer.candidate.notices.get(kind="emeritus_confirmed")
        assert "from 1 June 2021 to 1 June 2022 was paid on 20 May 2021" in confirmation.body
        assert (order.number in confirmation.body, confirmation.address) == (True, buyer.candidate.email)
        buyer.to("2021-06-10")
        assert (buyer.notices("invoice_issued"), order.invoice.order) == (1, order)

        buyer.sit("400-007")

        assert buyer.status("ccie-security") == "active"
        order.refresh_from_db()
        assert (order.status, Refund.objects.exists(), CreditNote.objects.exists()) == ("paid", False, False)

    def test_refused_it_changes_nothing(self, buyer: Buyer) -> None:
        buyer.to("2021-02-28")
        events = Event.objects.count()
        with pytest.raises(Refused) as refusal:
            buyer.ask()

        assert refused_with(refusal.value) == ("EMR-02", "EMR-04")
        assert not EmeritusPurchase.objects.exists()
        assert not Order.objects.exists()
        assert Event.objects.count() == events

    def test_asked_for_twice_it_is_one_order_and_paid_once(self, buyer: Buyer) -> None:
        """PAY-04."""
        buyer.to("2021-05-20")
        assert buyer.ask() == buyer.ask()
        buyer.buy()
        with pytest.raises(Refused) as refusal:
            buyer.ask()

        assert refused_with(refusal.value) == ("PAY-04", "EMR-04")
        assert Order.objects.count() == EmeritusPurchase.objects.count() == 1
        assert Event.objects.filter(topic="emeritus.bought").count() == 1

    def test_the_warning_is_confirmed_and_kept(self, buyer: Buyer) -> None:
        """EMR-09."""
        buyer.certify("ccde", "2015-09-01", "2018-06-01")
        buyer.to("2021-05-20")
        with pytest.raises(Refused) as refusal:
            buyer.ask()
        assert refused_with(refusal.value) == ("EMR-09",)

        buyer.buy(confirmed=True)

        assert buyer.purchase.confirmed_at == buyer.now
        buyer.to("2021-06-01")
        assert (buyer.status("ccie-security"), buyer.status("ccde")) == ("emeritus", "inactive")

    def test_a_term_for_both_is_one_purchase(self, buyer: Buyer) -> None:
        """EMR-07, EMR-08: every track of both gets the term."""
        buyer.certify("ccie-collaboration", "2014-01-01", "2018-06-01")
        buyer.certify("ccde", "2009-09-01", "2018-06-01")
        buyer.to("2021-05-20").buy()
        buyer.to("2021-06-15").buy("ccde")

        buyer.to("2022-05-10").buy()

        last = EmeritusPurchase.objects.latest("asked_at")
        assert (last.covers, str(last.starts_on), str(last.ends_on)) == ("both", "2022-06-01", "2023-06-01")
        assert last.records.count() == 3
        buyer.to("2022-09-01")
        assert {each.status for each in Certification.objects.all()} == {"emeritus"}

    def test_a_holder_bound_to_written_and_lab_stays_so(self, alice: Candidate, buyer: Buyer) -> None:
        """EMR-18, CE-04: the next term brings the same way back; bought anew later, the usual one."""
        services.import_emeritus(
            candidate_id=alice.id,
            track_code="ccde",
            certified_on=day("2005-06-01"),
            until=day("2021-06-01"),
            route="written_and_lab",
            origin="business_transformation",
            now=noon("2021-01-10"),
        )
        buyer.to("2021-07-20").buy("ccde")

        record = EmeritusRecord.objects.get(purchase__isnull=False)
        assert (record.route, record.origin) == ("written_and_lab", "business_transformation")


class TestThePaymentDay:
    def test_a_card_page_left_open_over_the_anniversary_takes_nothing_more(self, buyer: Buyer) -> None:
        """EMR-04: from the next day on the late fee is due; asked for anew it is in the price."""
        assert buyer.desk is not None
        order = buyer.to("2021-06-01").ask()
        payment = start_payment(order_id=order.id, success_url="https://x/", cancel_url="https://x/", now=buyer.now)
        buyer.to("2021-06-02")
        with pytest.raises(Refused) as refusal:
            start_payment(order_id=order.id, success_url="https://x/", cancel_url="https://x/", now=buyer.now)
        assert refused_with(refusal.value) == ("EMR-04",)

        order = buyer.ask()

        payment.refresh_from_db()
        assert (payment.status, order.total_cents, order.pay_before_clause) == ("expired", 13500, "EMR-05")
        assert [line.kind for line in order.lines.all()] == ["emeritus_fee", "late_fee"]
        buyer.pay(order)
        assert buyer.status("ccie-security") == "emeritus"

    def test_paid_in_the_last_minute_of_the_window_and_known_after_it(self, buyer: Buyer) -> None:
        """EMR-05, CR-03: the payment day counts; a lapse that the payment came before never was."""
        assert buyer.desk is not None
        buyer.enroll()
        buyer.to("2021-02-12").report("ilt-40", "2021-02-10")
        order = buyer.to("2021-07-31").ask()
        late = clock.at(day("2021-07-31"), 23, 50)
        payment = start_payment(order_id=order.id, success_url="https://x/", cancel_url="https://x/", now=late)
        buyer.to("2021-08-01")
        assert (buyer.status("ccie-security"), buyer.balance().available) == ("inactive", 0)

        buyer.desk.settle(payment, at=clock.at(day("2021-07-31"), 23, 55))
        follow_payment(payment_id=payment.id, now=buyer.now)

        assert (buyer.status("ccie-security"), str(buyer.purchase.bought_on)) == ("emeritus", "2021-07-31")
        assert buyer.balance().available == 40
        cycle = Cycle.objects.get(ended_on__isnull=True, withdrawn_at__isnull=True)
        assert Event.objects.get(topic="credits.cycle_reopened").subject_id == cycle.pk
        assert buyer.ledger_is_sound()

    def test_paid_after_the_window_goes_back(self, buyer: Buyer) -> None:
        assert buyer.desk is not None
        order = buyer.to("2021-07-31").ask()
        late = clock.at(day("2021-07-31"), 23, 50)
        payment = start_payment(order_id=order.id, success_url="https://x/", cancel_url="https://x/", now=late)
        buyer.to("2021-08-01")
        buyer.desk.settle(payment, at=clock.at(day("2021-08-01"), 0, 5))
        follow_payment(payment_id=payment.id, now=buyer.now)

        payment.refresh_from_db()
        assert payment.status == Payment.Status.SURPLUS
        assert Refund.objects.get().amount_cents == 13500
        assert buyer.status("ccie-security") == "inactive"

    @pytest.mark.parametrize("how", ["recertified", "barred"])
    def test_what_is_no_longer_on_offer_when_it_is_paid_goes_back(self, buyer: Buyer, dan: User, how: str) -> None:
        """EMR-04, CAND-02: whatever happened while the card page was open."""
        assert buyer.desk is not None
        order = buyer.to("2021-05-20").ask()
        payment = start_payment(order_id=order.id, success_url="https://x/", cancel_url="https://x/", now=buyer.now)
        if how == "recertified":
            buyer.sit("400-007")
        else:
            bar(buyer, dan)
        buyer.desk.settle(payment, at=buyer.now)
        follow_payment(payment_id=payment.id, now=buyer.now)

        assert Refund.objects.get().amount_cents == 8500
        assert buyer.purchase.bought_on is None
        assert not Term.objects.filter(kind="emeritus").exists()
        assert not Event.objects.filter(topic="emeritus.bought").exists()

    def test_an_order_no_longer_on_offer_opens_no_card_page(self, buyer: Buyer) -> None:
        order = buyer.to("2021-05-20").ask()
        buyer.sit("400-007")
        with pytest.raises(Refused) as refusal:
            start_payment(order_id=order.id, success_url="https://x/", cancel_url="https://x/", now=buyer.now)
        assert "EMR-04" in refused_with(refusal.value)
        assert not Payment.objects.exists()


def bar(buyer: Buyer, dan: User, *, permanent: bool = False) -> int:
    """A sanction with its two signatures."""
    second = factories.UserFactory.create(staff=True, email="second@example.org")
    sanction = candidates.propose_sanction(
        candidate_id=buyer.candidate.id,
        clause="EXAM-08",
        permanent=permanent,
        statement="A forged result.",
        staff_id=dan.id,
        now=buyer.now,
    )
    candidates.confirm_sanction(sanction_id=sanction.id, staff_id=second.id, now=buyer.now)
    return sanction.id


def test_a_sanction_revokes_emeritus_and_lifted_it_goes_on(buyer: Buyer, dan: User) -> None:
    """EMR-17, CAND-02, CERT-10: holders stay bound; lifted, it is what its dates say."""
    buyer.to("2021-05-20").buy()
    sanction_id = bar(buyer, dan, permanent=True)
    buyer.to("2021-06-02")
    assert buyer.status("ccie-security") == "revoked"

    candidates.lift_sanction(sanction_id=sanction_id, staff_id=dan.id, reason="Cleared up.", now=buyer.now)

    assert buyer.status("ccie-security") == "emeritus"


REFUSED_BY_THE_DATABASE = [
    ("a term without order that was bought", lambda one: EmeritusPurchase.objects.update(order=None)),
    ("a family nobody knows", lambda one: EmeritusPurchase.objects.update(covers="ccna")),
    ("an end before its start", lambda one: EmeritusPurchase.objects.update(ends_on="2021-06-01")),
    (
        "the same term a second time",
        lambda one: EmeritusPurchase.objects.create(
            candidate=one.candidate,
            covers="ccie",
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            decision=[],
            asked_at=one.asked_at,
        ),
    ),
    ("something else that is bought", lambda one: Term.objects.filter(kind="active").update(reason="bought")),
    ("a word taken back", lambda one: WindowTold.objects.update(told_on="2021-01-01")),
]


@pytest.mark.parametrize(
    ("_what", "act"), REFUSED_BY_THE_DATABASE, ids=[what for what, _act in REFUSED_BY_THE_DATABASE]
)
def test_the_database_refuses(buyer: Buyer, _what: str, act: Any) -> None:
    buyer.to("2021-05-20").buy()
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        act(buyer.purchase)


class TestTelling:
    def test_each_window_is_told_once_however_often_the_night_runs(self, buyer: Buyer) -> None:
        """EMR-02."""
        buyer.to("2021-03-01")
        (told,) = WindowTold.objects.all()
        assert (told.family, str(told.anniversary_on), str(told.told_on)) == ("ccie", "2021-06-01", "2021-03-01")
        body = told.notice.body
        assert "11 years are complete on 1 June 2021" in body
        assert "for 85 USD plus tax" in body

        assert services.tell_windows(candidate_id=buyer.candidate.id, now=buyer.now) is None
        buyer.to("2021-03-20")

        assert buyer.notices("emeritus_window") == 1

    def test_whoever_is_barred_is_told_when_the_bar_has_ended(self, buyer: Buyer, dan: User) -> None:
        """CAND-02: nothing is on offer meanwhile."""
        buyer.to("2021-02-20")
        sanction_id = bar(buyer, dan)
        buyer.to("2021-03-05")
        assert buyer.notices("emeritus_window") == 0
        candidates.lift_sanction(sanction_id=sanction_id, staff_id=dan.id, reason="Cleared up.", now=buyer.now)

        buyer.to("2021-03-06")

        assert buyer.notices("emeritus_window") == 1

    def test_lifetime_is_told_once_for_all_that_become_it_on_a_day(self, buyer: Buyer) -> None:
        """EMR-11."""
        with transaction.atomic():
            Certification.objects.update(first_certified_on=day("2001-06-01"))
        buyer.certify("ccie-collaboration", "2014-01-01", "2018-06-01")
        buyer.to("2021-06-01")

        (notice,) = buyer.candidate.notices.filter(kind="lifetime_emeritus")
        assert "CCIE Security" in notice.body
        assert "CCIE Collaboration" in notice.body
        for each in Certification.objects.all():
            assert services.tell_lifetime(certification_id=each.id, now=buyer.now) is None
        change = StatusChange.objects.latest("id")
        assert (change.after, change.clause, change.inactive_on) == ("lifetime_emeritus", "EMR-11", None)
