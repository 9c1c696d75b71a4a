from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from candidates.models import Notice
from ceportal.kernel.decisions import Refused
from payments import papers, services
from payments.models import Invoice, InvoiceSeries
from tests import factories
from tests.factories import day, noon
from tests.payments.conftest import pay_at, topics

pytestmark = pytest.mark.django_db
MONDAY = noon("2026-03-02")
THURSDAY = noon("2026-03-05")


@pytest.fixture
def paid(order):
    """An order paid on a Monday."""
    pay_at(order, MONDAY)
    return order


def issue(order, now=THURSDAY):
    return services.issue_invoice(order_id=order.id, now=now)


def test_an_invoice_is_in_the_cardholders_name(paid):
    invoice = issue(paid)

    assert (invoice.number, invoice.year, invoice.sequence) == ("INV-2026-000001", 2026, 1)
    assert (invoice.issued_on, invoice.issued_at) == (day("2026-03-05"), THURSDAY)
    content = Invoice.objects.get().content
    assert content["cardholder"] == "ADA LOVELACE"
    assert content["candidate"] == {
        "name": paid.candidate.name,
        "number": paid.candidate.number,
        "email": paid.candidate.email,
        "country": "BE",
        "billing_country": "BE",
    }
    assert content["lines"] == [
        {
            "description": "Administrative fee",
            "net_cents": 30000,
            "tax_country": "BE",
            "tax_percent": "21.00",
            "tax_cents": 6300,
        }
    ]
    assert (content["net_cents"], content["tax_cents"], content["total_cents"]) == (30000, 6300, 36300)
    assert (content["issued_on"], content["paid_on"]) == ("2026-03-05", "2026-03-02")
    assert (content["clause"], content["order"], content["currency"]) == ("PAY-02", paid.number, "USD")
    assert topics(paid)[-1] == "invoice_issued"


def test_the_candidate_is_told(paid):
    invoice = issue(paid)
    notice = Notice.objects.get()
    assert (notice.kind, notice.key) == ("invoice_issued", f"invoice_issued:{invoice.id}")
    assert invoice.number in notice.subject
    assert "USD\N{NO-BREAK SPACE}363.00" in notice.body


def test_issuing_twice_gives_the_same_invoice(paid):
    assert issue(paid) == issue(paid, THURSDAY + timedelta(days=1))
    assert InvoiceSeries.objects.get().last_number == 1
    assert Notice.objects.count() == 1


@pytest.mark.parametrize(("_case", "now"), [("before its day", noon("2026-03-04")), ("on the payment day", MONDAY)])
def test_no_invoice_before_its_day(paid, _case, now):
    with pytest.raises(Refused) as refusal:
        issue(paid, now)
    assert refusal.value.decision.clauses_unmet == ("PAY-02",)
    assert not Invoice.objects.exists()
    assert not InvoiceSeries.objects.exists()
    assert topics(paid)[-1] == "order_paid"


def test_no_invoice_for_what_is_not_paid(order):
    with pytest.raises(Refused):
        issue(order)
    assert not Invoice.objects.exists()


def test_no_invoice_for_what_was_given_back(paid):
    services.request_refund(order_id=paid.id, reason="No longer due.", now=MONDAY)
    with pytest.raises(Refused) as refusal:
        issue(paid)
    assert refusal.value.decision.clauses_unmet == ("PAY-02",)


def test_numbers_have_no_gaps_even_after_a_rollback(ask):
    orders = [ask(reference=f"cycle:{number}") for number in range(3)]
    for order in orders:
        pay_at(order, MONDAY)
    issue(orders[0])
    with transaction.atomic():
        issue(orders[1])
        transaction.set_rollback(True)  # as if the machine had stopped before the commit
    issue(orders[2])
    issue(orders[1])
    numbers = Invoice.objects.order_by("sequence").values_list("sequence", "order_id")
    assert list(numbers) == [(1, orders[0].id), (2, orders[2].id), (3, orders[1].id)]


def test_every_year_begins_at_one(ask):
    old, new = ask(), ask(reference="cycle:2")
    pay_at(old, noon("2026-12-28"))
    pay_at(new, noon("2026-12-29"))
    assert issue(old, noon("2026-12-31")).number == "INV-2026-000001"
    assert issue(new, noon("2027-01-01")).number == "INV-2027-000001"


def test_an_issued_invoice_cannot_be_changed(paid):
    invoice = issue(paid)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(id=invoice.id).update(content={})
    with pytest.raises(IntegrityError), transaction.atomic():
        invoice.delete()
    assert Invoice.objects.get().content == invoice.content


def test_it_is_sent_again_once_a_day_and_stays_as_it_was(paid):
    invoice = issue(paid)
    again = THURSDAY + timedelta(days=1)
    assert [services.send_invoice_again(invoice_id=invoice.id, now=again) for _twice in range(2)] == [True, False]
    first, second = Notice.objects.order_by("id")
    assert (first.subject, first.body) == (second.subject, second.body)
    assert topics(paid).count("invoice_sent_again") == 1
    assert Invoice.objects.get().content == invoice.content


def test_the_paper_is_the_same_to_the_byte_wherever_it_is_set(paid):
    """From what is frozen alone: another process, in another language and time zone, gives the same (PAY-03)."""
    invoice = issue(paid)
    given = {"paper": invoice.content, "at": invoice.issued_at.isoformat()}
    program = """
import json, sys
from datetime import datetime
import django
django.setup()
from django.utils import timezone, translation
from ceportal.kernel.typesetting import set_pdf
from payments.papers import TEMPLATE
given = json.load(sys.stdin)
with translation.override("ja"), timezone.override("Asia/Tokyo"):
    sys.stdout.buffer.write(set_pdf(TEMPLATE, at=datetime.fromisoformat(given["at"]), paper=given["paper"]))
"""
    elsewhere = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        input=json.dumps(given).encode(),
        capture_output=True,
        check=True,
        cwd=settings.BASE_DIR,
        env={**os.environ, "TZ": "Asia/Tokyo", "LANG": "C", "DEBUG": "1"},
    )
    assert elsewhere.stdout == papers.set_paper(Invoice.objects.get())


def test_what_changes_later_does_not_change_the_paper(paid):
    invoice = issue(paid)
    before = papers.set_paper(invoice)
    paid.candidate.name = "Another Name"
    paid.candidate.save()
    assert papers.set_paper(Invoice.objects.get()) == before


@pytest.mark.parametrize("name", ["O'Neil & Söhne <GmbH> #1", "山田 太郎", '"); #panic("', "$x^2$ *bold* \\"])
def test_any_name_can_be_set(ask, name):
    candidate = factories.CandidateFactory.create(country="JP", name=name)
    order = ask(candidate=candidate)
    pay_at(order, MONDAY)
    pdf = papers.set_paper(issue(order))
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) > 5000
