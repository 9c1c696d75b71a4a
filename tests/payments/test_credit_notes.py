"""What was invoiced is taken back on a paper of its own; what was given back before is on none (PAY-02, PAY-03)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse

from candidates.models import Notice
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from payments import papers, services
from payments.gateway import GatewayRefund
from payments.models import CreditNote, CreditNoteSeries, Invoice, Refund
from payments.services.refunds import record_refund
from tests import factories
from tests.factories import day, noon
from tests.payments.conftest import change_lines, pay_at, topics

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, THURSDAY, FRIDAY = map(noon, ("2026-03-02", "2026-03-03", "2026-03-05", "2026-03-06"))
WHOLE, LAB, CHANGE = 254100, 193600, 60500


@pytest.fixture
def changed(book, alice):
    """A change of booking to Brussels, paid on Monday: 1,936 for the lab and 605 for the change."""
    order = book(alice, lines=change_lines(country="BE"))
    pay_at(order, MONDAY)
    order.refresh_from_db()
    return order


def give_back(order, *kinds, now=FRIDAY):
    return services.request_refund(order_id=order.id, kinds=kinds or None, reason="The booking was changed.", now=now)


def done(refund, status="succeeded", now=FRIDAY):
    """The card service has made it, or failed to."""
    return record_refund(
        refund_id=refund.id, answer=GatewayRefund(f"re_{refund.id}", status, refund.amount_cents), now=now
    )


def issue(order, now=THURSDAY):
    return services.issue_invoice(order_id=order.id, now=now)


def test_what_was_invoiced_is_taken_back_by_a_credit_note(changed):
    invoice = issue(changed)
    assert invoice.content["total_cents"] == WHOLE
    refund = give_back(changed, "lab_fee")
    note = CreditNote.objects.get()
    assert (note.number, note.invoice, note.refund, note.issued_at) == ("CN-2026-000001", invoice, refund, FRIDAY)
    content = note.content
    assert (content["net_cents"], content["tax_cents"], content["total_cents"]) == (160000, 33600, LAB)
    assert [line["description"] for line in content["lines"]] == ["CCIE Security lab"]
    assert (content["clause"], content["invoice"]) == ("PAY-03", invoice.number)
    assert content["sheet"]["title"] == "Credit note CN-2026-000001"
    assert topics(changed)[-2:] == ["refund_requested", "credit_note_issued"]
    # The invoice stands as it was.
    assert Invoice.objects.get().content == invoice.content


def test_each_line_is_credited_once_however_often_it_is_asked_for(changed):
    issue(changed)
    first = give_back(changed, "lab_fee")
    give_back(changed, "lab_fee")
    done(first, "failed")
    again = give_back(changed, "lab_fee")
    done(again)
    rest = give_back(changed)
    assert [note.content["total_cents"] for note in CreditNote.objects.order_by("id")] == [LAB, CHANGE]
    assert (again.amount_cents, rest.amount_cents) == (LAB, CHANGE)
    assert CreditNoteSeries.objects.get().last_number == 2
    # The message about the refund that went through names the note of the one that had failed.
    assert "CN-2026-000001" in Notice.objects.get(kind="refund_made").body


def test_the_mail_names_amount_and_papers(changed):
    invoice = issue(changed)
    done(give_back(changed, "lab_fee"))
    body = Notice.objects.get(kind="refund_made").body
    for word in ("USD\N{NO-BREAK SPACE}1,936.00", "CN-2026-000001", invoice.number):
        assert word in body


def test_staff_send_a_note_again_once_a_day_and_who_may_only_look_sends_nothing(changed, client):
    issue(changed)
    done(give_back(changed, "lab_fee"))
    note = CreditNote.objects.get()
    before = note.content
    url = f"/admin/payments/creditnote/{note.pk}/send-again/"
    clerk = factories.UserFactory.create(is_staff=True, second_factor=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_creditnote"))
    client.force_login(clerk)
    assert client.post(url, {"go": "1"}).status_code == 403
    assert not Notice.objects.filter(kind="credit_note_sent").exists()
    client.force_login(factories.UserFactory.create(staff=True, second_factor=True))
    with clock.standing_at(THURSDAY):
        for _twice in range(2):
            assert client.post(url, {"go": "1"}).status_code == 302
    notice = Notice.objects.get(kind="credit_note_sent")
    for word in (note.number, note.invoice.number, "USD\N{NO-BREAK SPACE}1,936.00"):
        assert word in notice.body
    assert topics(changed).count("credit_note_sent_again") == 1
    assert CreditNote.objects.get().content == before


def test_what_is_given_back_before_the_invoice_is_on_neither_paper(changed):
    """PAY-02: the invoice names only what was kept."""
    done(give_back(changed, "lab_fee", now=TUESDAY))
    invoice = issue(changed)
    assert [line["description"] for line in invoice.content["lines"]] == ["Late change"]
    assert invoice.content["total_cents"] == CHANGE
    assert "USD\N{NO-BREAK SPACE}605.00" in Notice.objects.get(kind="invoice_issued").body
    assert not CreditNote.objects.exists()
    give_back(changed)
    assert CreditNote.objects.get().content["total_cents"] == CHANGE


def test_given_back_whole_before_the_invoice_there_is_neither(changed):
    done(give_back(changed, now=TUESDAY))
    with pytest.raises(Refused) as refusal:
        issue(changed)
    assert refusal.value.decision.clauses_unmet == ("PAY-02",)
    assert not Invoice.objects.exists()
    assert not CreditNote.objects.exists()


def test_a_refund_under_way_counts_when_the_invoice_is_issued(changed):
    refund = give_back(changed, "lab_fee", now=TUESDAY)
    assert issue(changed).content["total_cents"] == CHANGE
    done(refund)
    assert not CreditNote.objects.exists()


def test_an_order_paid_partly_by_voucher_invoices_what_the_card_paid(alice, book):
    voucher = services.issue_voucher(candidate_id=alice.id, expires_on=day("2026-12-31"), now=MONDAY)
    order = book(alice, voucher_id=voucher.id, now=MONDAY)
    pay_at(order, MONDAY)
    content = issue(order).content
    assert (content["net_cents"], content["tax_cents"], content["total_cents"]) == (0, 33600, 33600)
    assert "USD\N{NO-BREAK SPACE}1,600.00 of the fee were paid by voucher" in content["sheet"]["remark"]
    give_back(order, "lab_fee")
    assert CreditNote.objects.get().content["total_cents"] == 33600


def test_an_order_paid_by_voucher_alone_has_no_invoice(alice, book):
    voucher = services.issue_voucher(candidate_id=alice.id, expires_on=day("2026-12-31"), now=MONDAY)
    order = book(alice, country="US", voucher_id=voucher.id, now=MONDAY)
    with pytest.raises(Refused):
        issue(order)
    assert order.status == "paid"


def test_numbers_have_no_gaps_even_after_a_rollback(changed, book, alice):
    issue(changed)
    with transaction.atomic():
        give_back(changed, "lab_fee")
        transaction.set_rollback(True)  # as if the machine had stopped before the commit
    assert not Refund.objects.exists()
    give_back(changed, "reschedule_fee")
    give_back(changed, "lab_fee", now=noon("2027-01-04"))
    assert [note.number for note in CreditNote.objects.order_by("id")] == ["CN-2026-000001", "CN-2027-000001"]


def test_an_issued_credit_note_cannot_be_changed(changed):
    issue(changed)
    give_back(changed)
    note = CreditNote.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditNote.objects.update(content={})
    with pytest.raises(IntegrityError), transaction.atomic():
        note.delete()
    first = papers.set_paper(note)
    changed.candidate.name = "Another Name"
    changed.candidate.save()
    assert papers.set_paper(CreditNote.objects.get()) == first


def test_the_owner_finds_the_papers(client, alice, changed, django_assert_max_num_queries):
    issue(changed)
    done(give_back(changed, "lab_fee"))
    client.force_login(alice.user)
    order = (
        client.get(reverse("payments:order", args=[changed.number])).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    )
    assert "USD 1,936.00 were given back on 6 March 2026." in order
    address = reverse("payments:credit_note_pdf", args=["CN-2026-000001"])
    assert address in order
    with django_assert_max_num_queries(12):
        listed = client.get(reverse("payments:invoice_list")).content.decode()
    assert address in listed
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response["Cache-Control"] == "private, no-store"
    client.force_login(factories.UserFactory.create(is_staff=True, second_factor=True))  # of another team
    assert client.get(address).status_code == 404


def test_nobody_else_reads_them(client, alice, bob, dan, changed):
    issue(changed)
    give_back(changed)
    address = reverse("payments:credit_note_pdf", args=["CN-2026-000001"])
    assert client.get(address).status_code == 302
    for user, status in ((factories.CandidateFactory.create(login=True).user, 404), (bob.user, 404), (dan, 200)):
        client.force_login(user)
        assert client.get(address).status_code == status
