"""The hosted payment page, as a browser without scripts sees and sends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import stripe

from tests.devstack.cards_sandbox import CARD_FORM, Cards, Response, checkout_params, fetch, post_form, token_on


@pytest.fixture
def session(stripe_client: stripe.StripeClient) -> Any:
    return stripe_client.v1.checkout.sessions.create(checkout_params())


def fetched(client: stripe.StripeClient, session: Any) -> Any:
    return client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})


def text(page: Response) -> str:
    return unescape(page.text)


def succeeded(answer: Response, session: Any) -> bool:
    return (answer.status, answer.location) == (303, f"http://portal.test/paid/?session={session.id}")


def test_the_page_says_what_is_paid_to_whom_and_that_it_is_a_test(cards: Cards, session):
    page = fetch("GET", session.url)
    for words in (
        "Test mode:</strong> no real card is charged",
        "Example Academy",
        "$300.00",
        "Administrative fee",
        "O-1001",
        'value="ada@example.org"',
        'href="http://portal.test/cancelled/"',
        "4242 4242 4242 4242",
    ):
        assert words in text(page)
    for name in CARD_FORM:
        assert f'<label for="{name}">' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://portal.test" in policy
    assert "unsafe" not in policy
    assert "<script" not in page.text
    assert "style=" not in page.text


@pytest.mark.parametrize(
    ("number", "brand", "last4"),
    [("4242 4242 4242 4242", "visa", "4242"), ("5555-5555-5555-4444", "mastercard", "4444")],
)
def test_a_good_card_pays_and_leads_back(cards: Cards, stripe_client, session, *, number, brand, last4):
    answer = cards.pay(session.url, number=number)

    assert succeeded(answer, session)
    paid = fetched(stripe_client, session)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer_details.email, paid.customer_details.name) == ("ada@example.org", "Ada Lovelace")
    charge = paid.payment_intent.latest_charge
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == (brand, last4)
    assert (charge.billing_details.name, charge.billing_details.address.country) == ("Ada Lovelace", "GB")
    assert charge.metadata["order"] == "1001"
    assert "$300.00" in fetch("GET", charge.receipt_url).text


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        ("4000000000000002", "generic_decline", "Your card was declined."),
        ("4000000000009995", "insufficient_funds", "Your card has insufficient funds."),
        ("4000000000009987", "lost_card", "reports it as lost"),
        ("4000000000000069", "expired_card", "Your card has expired."),
        ("4000000000000127", "incorrect_cvc", "Your card's security code is incorrect."),
        ("4000000000000119", "processing_error", "An error occurred while processing your card."),
    ],
)
def test_a_declined_card_says_why_and_another_can_be_tried(
    cards: Cards, stripe_client, session, *, number, code, words
):
    answer = cards.pay(session.url, number=number, email="grace@example.org")
    assert (answer.status, answer.location) == (303, f"/c/pay/{session.id}")
    page = fetch("GET", session.url)
    assert words in text(page)
    assert "Nothing was charged" in page.text
    assert 'value="grace@example.org"' in page.text
    assert 'value="Ada Lovelace"' in page.text
    declined = fetched(stripe_client, session)
    error = declined.payment_intent.last_payment_error
    assert (declined.status, declined.payment_status) == ("open", "unpaid")
    assert code in {error.code, error.to_dict().get("decline_code")}

    assert succeeded(cards.pay(session.url), session)
    assert [charge["paid"] for charge in cards.state()["charges"]] == [True, False]


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184"])
def test_authentication_completed_pays(cards: Cards, stripe_client, session, number):
    asked = cards.pay(session.url, number=number)
    assert asked.location.startswith("/c/auth/pi_")
    assert cards.state()["charges"] == []

    assert succeeded(cards.authenticate(asked.location, "complete"), session)
    assert fetched(stripe_client, session).payment_status == "paid"


def test_authentication_failed_charges_nothing_and_can_be_tried_again(cards: Cards, stripe_client, session):
    asked = cards.pay(session.url, number="4000002500003155")
    back = cards.authenticate(asked.location, "fail")

    assert back.location == f"/c/pay/{session.id}"
    assert "could not confirm that it is you" in fetch("GET", session.url).text
    error = fetched(stripe_client, session).payment_intent.last_payment_error
    assert error.code == "payment_intent_authentication_failure"
    assert cards.state()["charges"] == []

    again = cards.pay(session.url, number="4000002500003155")
    assert succeeded(cards.authenticate(again.location, "complete"), session)


def test_authentication_completed_may_still_be_declined(cards: Cards, session):
    asked = cards.pay(session.url, number="4000008400001629")
    back = cards.authenticate(asked.location, "complete")
    assert back.location == f"/c/pay/{session.id}"
    assert "Your card was declined." in fetch("GET", session.url).text


def test_an_old_question_of_the_bank_answers_nothing(cards: Cards, session):
    old = cards.pay(session.url, number="4000002500003155")
    new = cards.pay(session.url, number="4000002760003184")  # back, and another card
    assert old.location == new.location
    stale = post_form(f"{cards.url}{old.location}", {"method": "pm_old", "decision": "complete"})
    assert stale.location == old.location
    assert cards.state()["charges"] == []


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("email", "", "Enter your e-mail address."),
        ("email", "ada", "Write the e-mail address in full"),
        ("number", "", "Enter the card number."),
        ("number", "4242 4242 4242 424x", "digits only"),
        ("number", "4242", "incomplete"),
        ("number", "4242 4242 4242 4241", "not valid"),
        ("number", "4539 5787 6362 1486", "Only test cards work here."),
        ("expiry", "", "Enter the expiry date."),
        ("expiry", "13/30", "month and year"),
        ("expiry", "01/20", "in the past"),
        ("expiry", "12/99", "too far ahead"),
        ("cvc", "", "Enter the security code."),
        ("cvc", "12", "3 digits"),
        ("name", " ", "Enter the name on the card."),
        ("country", "", "Choose a country."),
        ("country", "XX", "Choose a country."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_charged(cards: Cards, session, field, typed, words):
    page = cards.pay(session.url, **{field: typed})

    assert page.status == 422
    message = text(page).partition(f'id="{field}-problem">')[2].partition("</p>")[0]
    assert words in message
    assert f'aria-describedby="{field}-problem"' in page.text
    assert page.text.count("aria-invalid") == 1
    state = cards.state()
    assert (state["charges"], state["payment_intents"]) == ([], [])


def test_the_last_good_month_is_this_one(cards: Cards, session):
    this_month = datetime.fromtimestamp(session.created, UTC).replace(day=1)
    last_month = this_month - timedelta(days=1)
    assert "in the past" in cards.pay(session.url, expiry=last_month.strftime("%m/%y")).text
    assert succeeded(cards.pay(session.url, expiry=this_month.strftime("%m/%y")), session)


def test_four_digits_are_right_for_american_express_only(cards: Cards, session):
    assert cards.pay(session.url, number="378282246310005", cvc="123").status == 422
    assert succeeded(cards.pay(session.url, number="378282246310005", cvc="1234"), session)


def test_what_was_typed_is_kept_but_for_secrets(cards: Cards, session):
    typed = {"name": 'Ada "Countess" <Lovelace>', "number": "4242 4242 4242 4241", "expiry": "12 / 34"}
    page = cards.pay(session.url, **typed, email="ada@example", country="FR", cvc="987")
    for value in ("4242 4242 4242 4241", "12 / 34", 'Ada "Countess" <Lovelace>', "ada@example"):
        assert f'value="{value}"' in text(page)
    assert '<option value="FR" selected>' in page.text
    assert 'value="987"' not in page.text
    assert "<Lovelace>" not in page.text


def test_a_number_that_may_be_somebodys_is_never_kept_or_shown(cards: Cards, session):
    page = cards.pay(session.url, number="4539 5787 6362 1486")
    assert "4539 5787" not in page.text
    cards.pay(session.url)
    written = b"".join(path.read_bytes() for path in cards.data.iterdir())
    for number in (b"4242424242424242", b"4242 4242 4242 4242", b"4539578763621486", b"4539 5787"):
        assert number not in written


def test_an_address_is_asked_for_where_the_session_wants_one(cards: Cards, stripe_client):
    session = stripe_client.v1.checkout.sessions.create(checkout_params(billing_address_collection="required"))
    missing = cards.pay(session.url)
    assert (missing.status, "Enter the address." in missing.text) == (422, True)
    assert succeeded(cards.pay(session.url, line1="12 St James's Square", city="London"), session)
    assert fetched(stripe_client, session).customer_details.address.city == "London"


def test_sending_twice_pays_once(cards: Cards, session):
    form = {**CARD_FORM, "token": token_on(fetch("GET", session.url))}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post_form(session.url, form), range(4)))
    assert all(succeeded(answer, session) for answer in answers)
    assert len(cards.state()["charges"]) == 1


def test_paying_in_two_tabs_pays_once(cards: Cards, session):
    tokens = [token_on(fetch("GET", session.url)) for _ in range(2)]
    answers = [post_form(session.url, {**CARD_FORM, "token": token}) for token in tokens]
    assert all(succeeded(answer, session) for answer in answers)
    assert len(cards.state()["charges"]) == 1


def test_a_declined_form_sent_twice_is_declined_once(cards: Cards, session):
    form = {**CARD_FORM, "number": "4000000000000002", "token": token_on(fetch("GET", session.url))}
    assert {post_form(session.url, form).location for _ in range(2)} == {f"/c/pay/{session.id}"}
    assert len(cards.state()["charges"]) == 1


def test_a_paid_session_shows_so_and_cannot_expire(cards: Cards, stripe_client, session):
    cards.pay(session.url)
    page = fetch("GET", session.url)
    assert "This payment has been made." in page.text
    assert f"session={session.id}" in page.text
    with pytest.raises(stripe.InvalidRequestError, match=r"status of complete"):
        stripe_client.v1.checkout.sessions.expire(session.id)


def test_an_expired_session_cannot_be_paid(cards: Cards, stripe_client, session):
    cards.pay(session.url, number="4000000000000002")
    expired = stripe_client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)

    for page in (fetch("GET", session.url), post_form(session.url, CARD_FORM)):
        assert "no longer open" in page.text
    assert stripe_client.v1.payment_intents.retrieve(str(expired.payment_intent)).status == "canceled"
    assert [charge["paid"] for charge in cards.state()["charges"]] == [False]


def test_a_session_expires_in_time(cards: Cards, stripe_client, session):
    cards.turn(clock={"offset_seconds": 24 * 3600 - 60})
    assert fetched(stripe_client, session).status == "open"
    cards.turn(clock={"offset_seconds": 24 * 3600})
    assert "no longer open" in fetch("GET", session.url).text


def test_the_payment_of_a_session_is_its_own(cards: Cards, stripe_client, session):
    cards.pay(session.url, number="4000000000000002")
    intent = str(stripe_client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    with pytest.raises(stripe.InvalidRequestError, match="created by a Checkout Session"):
        stripe_client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})


@pytest.mark.parametrize("path", ["/c/pay/cs_test_none", "/c/auth/pi_none", "/c/receipt/ch_none"])
def test_an_unknown_page_says_so(cards: Cards, path):
    page = fetch("GET", f"{cards.url}{path}")
    assert (page.status, "Nothing to pay here" in page.text) == (404, True)
