"""The HTML of the pages people see: plain, without scripts, readable on a telephone, in light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from ceportal.devstack.cards.money import written
from ceportal.devstack.cards.store import Document
from ceportal.devstack.cards.testcards import CARDS
from ceportal.kernel.countries import COUNTRIES

HERE = Path(__file__).parent
STYLE = (HERE / "style.css").read_bytes()
COUNTRY_CODES = frozenset(code for code, _name in COUNTRIES)
BUTTONS = {"book": "Book", "donate": "Donate"}


@dataclass(frozen=True, slots=True)
class Field:
    """One input of the payment form: `hint` is what its value looks like, `half` shares a row."""

    name: str
    label: str
    autocomplete: str
    kind: str = "text"
    numeric: bool = False
    hint: str = ""
    half: bool = False


CONTACT = (Field("email", "E-mail", "email", kind="email"),)
CARD = (
    Field("number", "Card number", "cc-number", numeric=True, hint="1234 1234 1234 1234"),
    Field("expiry", "Expiry date", "cc-exp", numeric=True, hint="MM / YY", half=True),
    Field("cvc", "Security code", "cc-csc", numeric=True, hint="CVC", half=True),
    Field("name", "Name on card", "cc-name"),
)
ADDRESS = (
    Field("line1", "Address", "address-line1"),
    Field("postal_code", "Postal code", "postal-code", half=True),
    Field("city", "Town or city", "address-level2", half=True),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it comes back: what was typed, what is wrong with which field, and what the bank said."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    decline: str = ""


def layout(title: str, content: str, *, wide: bool = False) -> str:
    """A whole page around its content."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<link rel="stylesheet" href="/c/style.css">
<link rel="icon" href="data:,">
</head>
<body>
<header class="banner"><strong>Test mode:</strong> no real card is charged.</header>
<div class="{"wide" if wide else "page"}">
{content}
</div>
</body>
</html>
"""


def checkout(session: Document, *, merchant: str, token: str, filled: Filled) -> str:
    """The payment form beside what is paid for."""
    trouble = "Error: " if filled.problems or filled.decline else ""
    return layout(
        f"{trouble}Pay {merchant}",
        f"""{_summary(session, merchant)}
<main class="panel">
<h1>Pay by card</h1>
{_alert(filled)}
{_form(session, token, filled)}
{_test_cards()}
</main>""",
    )


def _summary(session: Document, merchant: str) -> str:
    lines = "".join(
        f"<li><span>{escape(line['description'])}"
        + (f" <small>&times; {line['quantity']}</small>" if line["quantity"] > 1 else "")
        + f'</span><span class="amount">{_amount(line["amount_total"], session)}</span></li>'
        for line in session["_lines"]
    )
    back = (
        f'<a class="back" href="{escape(session["cancel_url"])}"><span aria-hidden="true">←</span> '
        f"Cancel and return to {escape(merchant)}</a>"
        if session["cancel_url"]
        else ""
    )
    reference = session["client_reference_id"]
    return f"""<section class="summary" aria-label="What you pay for">
{back}
<p class="merchant">{escape(merchant)}</p>
<p class="total">{_amount(session["amount_total"], session)} <small>{session["currency"].upper()}</small></p>
<ul class="lines">{lines}
<li class="sum"><span>Total due</span>
<span class="amount">{_amount(session["amount_total"], session)}</span></li>
</ul>
{f'<p class="reference">Reference {escape(reference)}</p>' if reference else ""}
</section>"""


def _amount(cents: int, session: Document) -> str:
    return escape(written(cents, session["currency"]))


def _alert(filled: Filled) -> str:
    if filled.decline:
        return f"""<div class="alert" role="alert"><h2>The payment was not made</h2>
<p>{escape(filled.decline)} Nothing was charged. You can try again or use another card.</p></div>"""
    if filled.problems:
        items = "".join(
            f'<li><a href="#{name}">{escape(problem)}</a></li>' for name, problem in filled.problems.items()
        )
        return f"""<div class="alert" role="alert"><h2>Please check these fields</h2>
<p>Nothing was charged.</p><ul>{items}</ul></div>"""
    return ""


def _form(session: Document, token: str, filled: Filled) -> str:
    first = next(iter(filled.problems), "number" if filled.decline else "")
    inputs = [_input(item, filled, focus=item.name == first) for item in (*CONTACT, *CARD)]
    inputs.append(_country(filled, focus=first == "country"))
    if session["billing_address_collection"] == "required":
        inputs += [_input(item, filled, focus=item.name == first) for item in ADDRESS]
    verb = BUTTONS.get(session["submit_type"] or "", "Pay")
    return f"""<form method="post" novalidate class="form">
<input type="hidden" name="token" value="{escape(token)}">
{"".join(inputs)}
<button type="submit">{verb} {_amount(session["amount_total"], session)}</button>
</form>"""


def _input(item: Field, filled: Filled, *, focus: bool) -> str:
    problem = filled.problems.get(item.name)
    attributes = [
        f'id="{item.name}"',
        f'name="{item.name}"',
        f'type="{item.kind}"',
        f'autocomplete="{item.autocomplete}"',
        f'value="{escape(filled.typed.get(item.name, ""))}"',
        "required",
    ]
    if item.numeric:
        attributes.append('inputmode="numeric"')
    if item.hint:
        attributes.append(f'placeholder="{item.hint}"')
    attributes += _state(item.name, problem, focus=focus)
    return f"""<div class="field{" half" if item.half else ""}">
<label for="{item.name}">{item.label}</label>
<input {" ".join(attributes)}>
{_problem(item.name, problem)}</div>"""


def _country(filled: Filled, *, focus: bool) -> str:
    chosen, problem = filled.typed.get("country", ""), filled.problems.get("country")
    options = "".join(
        f'<option value="{code}"{" selected" if code == chosen else ""}>{escape(name)}</option>'
        for code, name in COUNTRIES
    )
    attributes = " ".join(_state("country", problem, focus=focus))
    return f"""<div class="field">
<label for="country">Country or region</label>
<select id="country" name="country" autocomplete="country" required {attributes}>
<option value="">Choose a country</option>{options}</select>
{_problem("country", problem)}</div>"""


def _state(name: str, problem: str | None, *, focus: bool) -> list[str]:
    marks = [f'aria-invalid="true" aria-describedby="{name}-problem"'] if problem else []
    return [*marks, "autofocus"] if focus else marks


def _problem(name: str, problem: str | None) -> str:
    return f'<p class="problem" id="{name}-problem">{escape(problem)}</p>' if problem else ""


def _test_cards() -> str:
    rows = "".join(
        f"<tr><td><code>{_grouped(card.number)}</code></td><td>{escape(card.does)}</td></tr>" for card in CARDS
    )
    return f"""<details class="help"><summary>Cards that work here</summary>
<p>Any expiry date in the future and any security code will do. Never enter a real card.</p>
<table><thead><tr><th scope="col">Number</th><th scope="col">What happens</th></tr></thead>
<tbody>{rows}</tbody></table></details>"""


def _grouped(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def authentication(intent: Document, *, merchant: str, last4: str) -> str:
    """What the cardholder's bank shows for 3-D Secure."""
    amount = escape(written(intent["amount"], intent["currency"]))
    return layout(
        "Confirm your payment",
        f"""<main class="panel narrow">
<p class="merchant">Test bank · 3-D Secure</p>
<h1>Is it you who is paying?</h1>
<p>{escape(merchant)} asks to charge <strong>{amount}</strong> to the card that ends in
<strong>{escape(last4)}</strong>. A bank would now ask for a code or for its app; here you
choose how it ends.</p>
<form method="post" class="choices">
<input type="hidden" name="method" value="{escape(intent["payment_method"])}">
<button name="decision" value="complete">Complete authentication</button>
<button name="decision" value="fail" class="secondary">Fail authentication</button>
</form>
</main>""",
    )


def closed(title: str, text: str, *, link: str | None, label: str) -> str:
    """A page that says how a session ended, with the way back."""
    way = f'<p><a class="button" href="{escape(link)}">{escape(label)}</a></p>' if link else ""
    return layout(title, f'<main class="panel narrow"><h1>{escape(title)}</h1><p>{escape(text)}</p>{way}</main>')


def receipt(charge: Document, *, merchant: str) -> str:
    """The receipt behind a charge's `receipt_url`."""
    card = charge["payment_method_details"]["card"]
    when = datetime.fromtimestamp(charge["created"], UTC).strftime("%-d %B %Y, %H:%M UTC")
    rows: list[tuple[str, Any]] = [
        ("Paid to", merchant),
        ("Amount", written(charge["amount"], charge["currency"])),
        ("Refunded", written(charge["amount_refunded"], charge["currency"])),
        ("Date", when),
        ("Card", f"{card['brand'].title()} ending in {card['last4']}"),
        ("Name on card", charge["billing_details"]["name"] or "not given"),
        ("Charge", charge["id"]),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in rows)
    return layout("Receipt", f'<main class="panel narrow"><h1>Receipt</h1><dl class="facts">{listed}</dl></main>')
