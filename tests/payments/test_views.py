from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from ceportal.kernel import clock
from payments import services
from payments.models import Payment
from tests import factories
from tests.factories import noon
from tests.payments.conftest import FEE, RETURN, pay_at

pytestmark = pytest.mark.django_db
DECLINED = "4000 0000 0000 0002"


@pytest.fixture
def order(ask, alice):
    """Alice owes 300 dollars and the Belgian tax on them."""
    alice.country = "BE"
    alice.save()
    return ask(candidate=alice)


@pytest.fixture
def page(client, alice):
    """Alice's browser: `page("order", number)` gives the page, `page.post(...)` sends its form."""
    client.force_login(alice.user)
    return client


def url(name, *args):
    return reverse(f"payments:{name}", args=args)


def text_of(response):
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def test_an_order_says_what_it_asks_for_and_why(page, order, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        response = page.get(url("order", order.number))
    text = text_of(response)
    assert response.status_code == 200
    assert "Pay USD 363.00 by card" in text
    assert "Tax follows your billing country, BE: 21 %." in text
    assert "Belgium, 21 %" in text
    for amount in ("USD 300.00", "USD 63.00"):
        assert amount in text
    assert text.index("Lines of the order") < text.index("Total") < text.index(url("pay", order.number))


def test_the_order_of_somebody_else_is_not_there(client, order):
    mallory = factories.CandidateFactory.create(login=True)
    client.force_login(mallory.user)
    for name in ("order", "return"):
        assert client.get(url(name, order.number)).status_code == 404
    assert client.post(url("pay", order.number)).status_code == 404
    assert not Payment.objects.exists()


def test_who_is_not_signed_in_signs_in_first(client, order):
    response = client.get(url("order", order.number))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_the_button_leads_to_the_card_page(cards, payments_gateway, page, order):
    for _press in range(2):
        response = page.post(url("pay", order.number))
        assert (response.status_code, response["Location"]) == (302, Payment.objects.get().page_url)
    assert len(cards.state()["sessions"]) == 1


def test_paying_needs_a_post(page, order):
    assert page.get(url("pay", order.number)).status_code == 405


def test_a_card_service_that_is_down_is_said_in_a_sentence(cards, payments_gateway, page, order):
    cards.turn(calls=[{"path": "/v1/checkout/sessions", "mode": "error", "times": 3}])
    response = page.post(url("pay", order.number), follow=True)
    assert response.redirect_chain == [(url("order", order.number), 302)]
    assert "The card service cannot be reached at the moment. Nothing was charged" in text_of(response)


def test_a_paid_order_says_why_it_is_not_paid_again(page, order):
    pay_at(order, noon("2026-03-02"))
    response = page.post(url("pay", order.number))
    text = text_of(response)
    assert response.status_code == 409
    assert "This was paid on 2 March 2026; money is never taken twice for the same thing." in text
    assert 'data-state="paid"' in text


@pytest.mark.usefixtures("payments_gateway")
class TestComingBack:
    """What the page says to those who come back from the card page."""

    @pytest.fixture
    def payment(self, order):
        return services.start_payment(order_id=order.id, now=clock.now(), **RETURN)

    @pytest.fixture
    def back(self, order):
        return url("return", order.number)

    def test_paid(self, cards, page, payment, back, django_assert_max_num_queries):
        cards.pay(payment.page_url)
        page.get(url("invoice_list"))
        with django_assert_max_num_queries(27):  # asking and settling included
            response = page.get(back)
        text = text_of(response)
        assert 'data-state="paid"' in text
        assert "USD 363.00 were paid on" in text
        assert "The invoice, in the cardholder's name, is issued on" in text
        assert "hx-get" not in text
        payment.refresh_from_db()
        assert payment.status == "succeeded"

    def test_waiting(self, page, payment, back):
        text = text_of(page.get(back))
        assert 'data-state="waiting"' in text
        assert f'hx-get="{back}?asked=1" hx-trigger="load delay:2s"' in text
        assert f'<a href="{back}">Ask again</a>' in text

    def test_waiting_ends(self, page, payment, back):
        text = text_of(page.get(f"{back}?asked=45"))
        assert 'data-state="waiting"' in text
        assert "hx-get" not in text

    def test_the_card_service_is_down(self, cards, page, payment, back):
        cards.turn(calls=[{"path": f"/v1/checkout/sessions/{payment.session_id}", "mode": "error", "times": 3}])
        assert 'data-state="waiting"' in text_of(page.get(back))

    def test_declined(self, cards, page, payment, back, order):
        cards.pay(payment.page_url, number=DECLINED)
        text = text_of(page.get(back))
        assert 'data-state="declined"' in text
        assert "Your card was declined." in text
        assert "Try again" in text
        assert "hx-get" not in text
        assert page.post(url("pay", order.number))["Location"] == payment.page_url

    def test_left_without_paying(self, cards, page, payment, back, order):
        cards.pay(payment.page_url, number=DECLINED)
        response = page.get(f"{back}?left=1", follow=True)
        assert response.redirect_chain == [(url("order", order.number), 302)]
        assert 'data-state="declined"' in text_of(response)


def test_a_cancelled_order_says_that_nothing_is_owed(page, order):
    services.cancel_order(order_id=order.id, now=clock.now())
    text = text_of(page.get(url("order", order.number)))
    assert 'data-state="cancelled"' in text
    assert url("pay", order.number) not in text


def test_an_order_says_until_when_it_can_be_paid(page, book, alice):
    now = clock.now()
    in_time = book(alice, reference="1", pay_before=now + timedelta(days=1), pay_before_clause="LAB-07")
    late = book(alice, reference="2", pay_before=now, pay_before_clause="LAB-07")
    text = text_of(page.get(url("order", in_time.number)))
    assert "It can be paid until" in text
    assert "/policy/LAB-07" in text
    text = text_of(page.get(url("order", late.number)))
    assert 'data-state="closed"' in text
    assert url("pay", late.number) not in text
    assert "Code of a voucher" not in text


def test_a_refunded_order_says_so(cards, payments_gateway, page, order):
    payment = services.start_payment(order_id=order.id, now=clock.now(), **RETURN)
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=clock.now())
    refund = services.request_refund(order_id=order.id, reason="No longer due.", now=clock.now())
    assert "USD 363.00 are being given back. No longer due." in text_of(page.get(url("order", order.number)))
    services.follow_refund(refund_id=refund.id, now=clock.now())
    text = text_of(page.get(url("order", order.number)))
    assert "USD 363.00 were given back on" in text
    assert "No longer due." in text


def test_an_order_without_a_price_says_so(page, ask, alice):
    order = ask(candidate=alice, net_cents=0)
    assert "Nothing had to be paid." in text_of(page.get(url("order", order.number)))


def test_payments_and_invoices_are_listed(page, alice, django_assert_max_num_queries):
    for number in range(30):
        line = services.LineRequest("Administrative fee", 30000, "admin_fee")
        order = services.open_order(
            candidate_id=alice.id,
            purpose="admin_fee",
            reference=f"cycle:{number}",
            lines=[line],
            decision=FEE,
            now=noon("2026-03-02"),
        )
        pay_at(order, noon("2026-03-02"))
        services.issue_invoice(order_id=order.id, now=noon("2026-03-05"))
    with django_assert_max_num_queries(12):
        response = page.get(url("invoice_list"))
    text = text_of(response)
    assert "INV-2026-000030" in text
    assert "INV-2026-000001" not in text
    assert "INV-2026-000001" in text_of(page.get(url("invoice_list"), {"page": 2}))


def test_nothing_to_list_says_what_to_do(page):
    assert "Nothing to pay" in text_of(page.get(url("invoice_list")))


class TestInvoice:
    """The paper, for its owner and staff only."""

    @pytest.fixture
    def address(self, order):
        pay_at(order, noon("2026-03-02"))
        invoice = services.issue_invoice(order_id=order.id, now=noon("2026-03-02") + timedelta(days=3))
        return url("invoice_pdf", invoice.number)

    def test_its_owner_reads_it(self, page, address):
        response = page.get(address)
        assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
        assert response["Content-Disposition"] == 'inline; filename="INV-2026-000001.pdf"'
        assert response["Cache-Control"] == "private, no-store"
        assert response.content.startswith(b"%PDF-")
        assert page.get(address).content == response.content

    def test_staff_reads_it(self, client, address, dan):
        client.force_login(dan)
        assert client.get(address).status_code == 200

    def test_nobody_else_does(self, client, address, bob):
        assert client.get(address).status_code == 302
        of_another_team = factories.UserFactory.create(is_staff=True, second_factor=True)
        for user in (factories.CandidateFactory.create(login=True).user, bob.user, of_another_team):
            client.force_login(user)
            assert client.get(address).status_code == 404
