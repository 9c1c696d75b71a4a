"""The hosted payment page: what the browser of somebody who pays sees and sends.

Sending the form twice is harmless. Every copy of the form has its own token, counted once; a session pays
once whatever is sent; and an answer to a sent form is a redirect, so that reloading sends nothing again.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ceportal.devstack.cards import pages, testcards
from ceportal.devstack.cards.payments import add_method, authenticate, no_address
from ceportal.devstack.cards.sessions import complete_if_paid, expire_due, pay
from ceportal.devstack.cards.store import Document, Store, Transaction

SEE_OTHER, NOT_FOUND, UNPROCESSABLE = 303, 404, 422
# What is remembered of a form after a decline, so that only the card is typed again.
REMEMBERED = ("email", "name", "country", "line1", "postal_code", "city")
LONGEST_FIELD = 200


@dataclass(frozen=True, slots=True)
class Page:
    """What goes back to the browser. `leads_to` are the addresses a form on it may end at."""

    status: int
    html: str = ""
    location: str = ""
    leads_to: tuple[str, ...] = field(default=())


def _redirect(location: str) -> Page:
    return Page(SEE_OTHER, location=location)


class Checkout:
    """The pages of the payment flow on one store."""

    def __init__(self, store: Store, *, merchant: str) -> None:
        self._store = store
        self._merchant = merchant

    def show(self, session_id: str) -> Page:
        """The payment form, or how the session ended."""
        with self._store.transaction() as tx:
            expire_due(tx)
            session = _session(tx, session_id)
            if session is None:
                return self._unknown()
            if session["status"] != "open":
                return self._ended(session)
            intent = tx.find(session["payment_intent"]) if session["payment_intent"] else None
        error = (intent or {}).get("last_payment_error")
        typed = {"email": session["customer_email"] or "", **session["_typed"]}
        filled = pages.Filled(typed=typed, decline=_spoken(error) if error else "")
        return self._form(session, filled, status=200)

    def submit(self, session_id: str, form: dict[str, str]) -> Page:
        """Pay with what was typed."""
        typed = {name: value.strip()[:LONGEST_FIELD] for name, value in form.items()}
        with self._store.transaction() as tx:
            expire_due(tx)
            session = _session(tx, session_id)
            if session is None:
                return self._unknown()
            if session["status"] == "expired":
                return self._ended(session)
            if session["status"] == "open":
                problems = form_problems(typed, session, now=tx.now)
                if problems:
                    return self._form(session, _kept(typed, problems), status=UNPROCESSABLE)
                # A form without a token was not made by this page; it counts each time.
                token = typed.get("token")
                if not token or tx.first_submission(session_id, token):
                    self._pay(tx, session, typed)
            return _next_step(tx, tx.get("checkout.session", session_id))

    def _pay(self, tx: Transaction, session: Document, typed: dict[str, str]) -> None:
        session["_typed"] = {name: typed[name] for name in REMEMBERED if name in typed}
        month, year = testcards.parse_expiry(typed["expiry"]) or (0, 0)
        address = {name: typed.get(name) or None for name in ("line1", "postal_code", "city", "country")}
        billing = {
            "address": {**no_address(), **address},
            "email": typed["email"],
            "name": typed["name"],
            "phone": None,
        }
        card = testcards.BY_NUMBER[testcards.digits_of(typed["number"])]
        method = add_method(tx, card, billing=billing, expiry={"exp_month": month, "exp_year": year})
        intent = pay(tx, session, method)
        complete_if_paid(tx, session, intent)

    def show_authentication(self, intent_id: str) -> Page:
        """The bank's question, or the way on when it is answered already."""
        with self._store.transaction() as tx:
            intent = _intent(tx, intent_id)
            if intent is None:
                return self._unknown()
            if intent["status"] != "requires_action":
                return _after_authentication(tx, intent)
            method = tx.get("payment_method", intent["payment_method"])
            html = pages.authentication(intent, merchant=self._merchant, last4=method["card"]["last4"])
            return Page(200, html, leads_to=_ways_out(tx, intent))

    def decide_authentication(self, intent_id: str, form: dict[str, str]) -> Page:
        """The answer given to the bank. One for a card that is no longer tried changes nothing."""
        with self._store.transaction() as tx:
            intent = _intent(tx, intent_id)
            if intent is None:
                return self._unknown()
            if form.get("method") == intent["payment_method"]:
                intent = authenticate(tx, intent, passed=form.get("decision") == "complete")
                if intent["_session"]:
                    complete_if_paid(tx, tx.get("checkout.session", intent["_session"]), intent)
            return _after_authentication(tx, intent)

    def receipt(self, charge_id: str) -> Page:
        """The receipt of a charge that was paid."""
        with self._store.transaction() as tx:
            charge = tx.find(charge_id)
        if charge is None or charge["object"] != "charge" or not charge["paid"]:
            return self._unknown()
        return Page(200, pages.receipt(charge, merchant=self._merchant))

    def _form(self, session: Document, filled: pages.Filled, *, status: int) -> Page:
        html = pages.checkout(session, merchant=self._merchant, token=secrets.token_urlsafe(16), filled=filled)
        return Page(status, html, leads_to=(session["success_url"],))

    def _ended(self, session: Document) -> Page:
        back = f"Return to {self._merchant}"
        if session["status"] == "complete":
            text = "This payment has been made. Nothing more is charged."
            html = pages.closed("Paid", text, link=_success(session), label=back)
        else:
            text = "This payment page is no longer open. Nothing was charged; start again where you came from."
            html = pages.closed("This page has expired", text, link=session["cancel_url"], label=back)
        return Page(200, html)

    def _unknown(self) -> Page:
        text = "There is no payment at this address. Check the link, or start again where you came from."
        return Page(NOT_FOUND, pages.closed("Nothing to pay here", text, link=None, label=""))


def form_problems(typed: dict[str, str], session: Document, *, now: int) -> dict[str, str]:
    """Every field that is wrong, in the order of the form, with a sentence that says how to put it right."""
    today = datetime.fromtimestamp(now, UTC)
    number = typed.get("number", "")
    found: dict[str, str | None] = {
        "email": _email_problem(typed.get("email", "")),
        "number": testcards.number_problem(number),
        "expiry": testcards.expiry_problem(typed.get("expiry", ""), year=today.year, month=today.month),
        "cvc": testcards.cvc_problem(typed.get("cvc", ""), number=number),
        "name": None if typed.get("name") else "Enter the name on the card.",
        "country": None if typed.get("country") in pages.COUNTRY_CODES else "Choose a country.",
    }
    if session["billing_address_collection"] == "required":
        found["line1"] = None if typed.get("line1") else "Enter the address."
        found["city"] = None if typed.get("city") else "Enter the town or city."
    return {name: problem for name, problem in found.items() if problem}


def _email_problem(typed: str) -> str | None:
    if not typed:
        return "Enter your e-mail address."
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", typed):
        return "Write the e-mail address in full, such as name@example.com."
    return None


def _kept(typed: dict[str, str], problems: dict[str, str]) -> pages.Filled:
    """What is shown again: all but the security code, and but a number that is no test card's.

    The page goes back to the person who typed it and is kept nowhere.
    """
    digits = testcards.digits_of(typed.get("number", ""))
    perhaps_real = testcards.looks_real(digits) and digits not in testcards.BY_NUMBER
    dropped = {"cvc", "number"} if perhaps_real else {"cvc"}
    return pages.Filled(typed={name: value for name, value in typed.items() if name not in dropped}, problems=problems)


def _session(tx: Transaction, session_id: str) -> Document | None:
    found = tx.find(session_id)
    return found if found and found["object"] == "checkout.session" else None


def _intent(tx: Transaction, intent_id: str) -> Document | None:
    found = tx.find(intent_id)
    return found if found and found["object"] == "payment_intent" else None


def _next_step(tx: Transaction, session: Document) -> Page:
    if session["status"] == "complete":
        return _redirect(_success(session))
    intent = tx.find(session["payment_intent"]) if session["payment_intent"] else None
    if intent and intent["status"] == "requires_action":
        return _redirect(f"/c/auth/{intent['id']}")
    return _redirect(f"/c/pay/{session['id']}")


def _after_authentication(tx: Transaction, intent: Document) -> Page:
    if intent["_session"]:
        return _next_step(tx, tx.get("checkout.session", intent["_session"]))
    return_url = intent.get("_return_url")
    passed = intent["status"] == "succeeded"
    if not return_url:
        title = "Authentication complete" if passed else "Authentication failed"
        return Page(200, pages.closed(title, "You can close this page.", link=None, label=""))
    outcome = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if passed else "failed",
    }
    return _redirect(f"{return_url}{'&' if urlsplit(return_url).query else '?'}{urlencode(outcome)}")


def _ways_out(tx: Transaction, intent: Document) -> tuple[str, ...]:
    if intent["_session"]:
        return (tx.get("checkout.session", intent["_session"])["success_url"],)
    return (intent["_return_url"],) if intent.get("_return_url") else ()


def _success(session: Document) -> str:
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _spoken(error: dict[str, Any]) -> str:
    if error["code"] == testcards.AUTHENTICATION_FAILED.code:
        return "Your bank could not confirm that it is you."
    reason: dict[str, str] = {
        "insufficient_funds": "Your card has insufficient funds.",
        "lost_card": "Your card was declined: the bank reports it as lost.",
    }
    return reason.get(error.get("decline_code", ""), str(error["message"]))
