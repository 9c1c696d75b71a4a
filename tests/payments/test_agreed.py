"""What is charged was shown and agreed to (LAB-04); what the invoice names is right before it is issued (PAY-03)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from payments import papers, privacy, services
from payments.models import Order, Payment
from tests.factories import noon
from tests.payments.conftest import RETURN, pay_at

pytestmark = pytest.mark.django_db
ACME = {"company": "Acme \N{KATAKANA LETTER A} & Co", "address": "Rue Neuve 1\r\n\r\n 1000 Brussels "}


@pytest.fixture
def page(client, alice):
    client.force_login(alice.user)
    return client


@pytest.fixture
def order(ask, alice):
    Candidate.objects.filter(pk=alice.pk).update(country="BE")
    return ask(candidate=alice)


def url(order, name="pay"):
    return reverse(f"payments:{name}", args=[order.number])


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        ("admin_fee", "admin_fee"),
        ("lab_booking", "lab_fee"),
        ("lab_reschedule", "reschedule_fee"),
        ("reread", "reread_fee"),
        ("emeritus", "emeritus_fee"),
    ],
)
def test_another_amount_than_was_shown_is_shown_and_never_charged(payments_gateway, page, ask, alice, purpose, kind):
    """Whatever the order is for: the tax changes between the page and the button, since the candidate moved."""
    Candidate.objects.filter(pk=alice.pk).update(country="BE")
    order = ask(candidate=alice, purpose=purpose, lines=[services.LineRequest("Fee", 30000, kind)])
    shown = page.get(url(order, "order")).text
    assert 'name="shown_cents" value="36300"' in shown
    Candidate.objects.filter(pk=alice.pk).update(country="US")

    refused = page.post(url(order), {"shown_cents": "36300", **ACME})
    assert refused.status_code == 409
    assert "The amount has changed since it was shown to you" in refused.text
    assert "/policy/LAB-04" in refused.text
    assert 'name="shown_cents" value="30000"' in refused.text
    assert "Rue Neuve 1\n1000 Brussels" in refused.text.replace("\r", "")
    assert not Payment.objects.exists()
    assert not Event.objects.filter(topic="payments.payment_started").exists()

    agreed = page.post(url(order), {"shown_cents": "30000", **ACME})
    payment = Payment.objects.get()
    assert (agreed["Location"], payment.amount_cents) == (payment.page_url, 30000)


def test_an_open_card_page_of_another_amount_is_not_gone_to(payments_gateway, order):
    services.start_payment(order_id=order.pk, now=clock.now(), shown_cents=36300, **RETURN)
    with pytest.raises(Refused) as refused:
        services.start_payment(order_id=order.pk, now=clock.now(), shown_cents=36299, **RETURN)
    assert refused.value.decision.clauses_unmet == ("LAB-04",)
    assert Payment.objects.count() == 1


def test_company_and_address_are_kept_printed_and_offered_again(payments_gateway, page, ask, order):
    page.post(url(order), {"shown_cents": "36300", **ACME})
    order.refresh_from_db()
    assert (order.company, order.address) == (ACME["company"], "Rue Neuve 1\n1000 Brussels")
    assert ask(candidate=order.candidate, reference="cycle:2").company == ACME["company"]

    services.stop_payment(order_id=order.pk, now=clock.now())
    pay_at(order, noon("2026-03-02"))
    corrected = page.post(url(order, "details"), {"company": "", "address": "Rue Haute 2"})
    assert corrected.status_code == 302
    with clock.standing_at(noon("2026-03-05")):
        invoice = services.issue_invoice(order_id=order.pk, now=noon("2026-03-05"))
        assert invoice.content["address"] == "Rue Haute 2"
        assert invoice.content["sheet"]["billed_to"][:2] == ["ADA LOVELACE", "Rue Haute 2"]
        assert papers.set_paper(invoice).startswith(b"%PDF")

        refused = page.post(url(order, "details"), ACME)
    assert refused.status_code == 409
    assert f"Invoice {invoice.number} was issued" in refused.text
    assert "/policy/PAY-03" in refused.text
    order.refresh_from_db()
    assert order.address == "Rue Haute 2"
    list(privacy.erase(order.candidate, noon("2026-03-06")))
    assert set(Order.objects.values_list("company", "address")) == {("", "")}


def test_errors_stand_beside_the_field_and_typing_is_kept(page, order):
    answer = page.post(url(order), {"shown_cents": "36300", "company": "Acme", "address": " "})
    assert answer.status_code == 422
    assert "An invoice that names a company needs its address." in answer.text
    assert 'value="Acme"' in answer.text
    lines = "\n".join("123456")
    assert "at most 5 lines" in page.post(url(order), {"shown_cents": "36300", "address": lines}).text
    assert not Payment.objects.exists()
    order.refresh_from_db()
    assert order.company == ""


def test_those_of_others_are_not_there(page, ask):
    other = ask()
    assert page.post(url(other, "details"), ACME).status_code == 404
    other.refresh_from_db()
    assert other.company == ""
