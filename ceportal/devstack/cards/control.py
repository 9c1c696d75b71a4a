"""`/_control`: the switches, what has happened so far, and a page that shows both to a person."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from html import escape
from typing import Any

from ceportal.devstack.cards import shapes
from ceportal.devstack.cards.disputes import move_dispute, open_dispute
from ceportal.devstack.cards.errors import invalid
from ceportal.devstack.cards.faults import WEBHOOK_DEFAULTS, Gate, webhook_switches
from ceportal.devstack.cards.money import written
from ceportal.devstack.cards.pages import layout
from ceportal.devstack.cards.params import validate
from ceportal.devstack.cards.payments import settle_refund
from ceportal.devstack.cards.store import Document, Store, Transaction, public
from ceportal.devstack.cards.webhooks import Courier, add_delivery

SHOWN = 50
SESSION_HEADS = ("Opened", "Session", "Reference", "Amount", "State")


class Control:
    """Reads and turns the switches of one sandbox."""

    def __init__(self, store: Store, gate: Gate, courier: Courier) -> None:
        self._store = store
        self._gate = gate
        self._courier = courier

    def turn(self, params: dict[str, Any]) -> dict[str, Any]:
        """Apply what is asked, all of it or nothing, and give the state after it. Raises ApiError."""
        values = validate(params, shapes.CONTROL)
        # What is forgotten must not be on its way any more.
        quiet = self._courier.idle() if "reset" in values else nullcontext()
        with quiet, self._store.transaction() as tx:
            if "reset" in values:
                tx.clear(*(["switches"] if values["reset"] == "switches" else []))
            if "webhooks" in values:
                tx.set_switch("webhooks", {**webhook_switches(tx), **values["webhooks"]})
            if "calls" in values:
                tx.set_switch("calls", tx.switch("calls", []) + values["calls"])
            if "clock" in values:
                tx.set_switch("clock_offset_seconds", values["clock"]["offset_seconds"])
            if "refund" in values:
                refund = tx.get("refund", values["refund"]["id"], param="refund[id]")
                settle_refund(tx, refund, status=values["refund"]["status"])
            if "dispute" in values:
                _turn_dispute(tx, values["dispute"])
            if "redeliver" in values:
                event = tx.get("event", values["redeliver"], param="redeliver")
                add_delivery(tx, event["id"], forced=True)
        if values.get("release") or "reset" in values:
            self._gate.release()
        self._courier.wake.set()
        return self.state()

    def state(self) -> dict[str, Any]:
        """The switches and everything that happened."""
        with self._store.transaction() as tx:
            return {
                "switches": {
                    "webhooks": webhook_switches(tx),
                    "calls": tx.switch("calls", []),
                    "clock_offset_seconds": tx.switch("clock_offset_seconds", 0),
                },
                "held_calls": self._gate.held,
                "sessions": [public(item) for item in tx.select("checkout.session")],
                "payment_intents": [public(item) for item in tx.select("payment_intent")],
                "charges": [public(item) for item in tx.select("charge")],
                "refunds": [public(item) for item in tx.select("refund")],
                "disputes": [public(item) for item in tx.select("dispute")],
                "events": [_with_deliveries(tx, event) for event in tx.select("event")],
            }

    def page(self) -> str:
        """The state as a page, newest first."""
        state = self.state()
        webhooks = state["switches"]["webhooks"]
        turned = {name: value for name, value in webhooks.items() if value != WEBHOOK_DEFAULTS[name]}
        notes = [f"webhooks {name} = {value}" for name, value in turned.items()]
        notes += [
            f"next {call.get('times', 1)} calls of {call['path']}: {call['mode']}"
            for call in state["switches"]["calls"]
        ]
        if offset := state["switches"]["clock_offset_seconds"]:
            notes.append(f"clock {offset:+d} s")
        return layout(
            "Card sandbox",
            f"""<main><h1>Card sandbox</h1>
<p>Switches: {escape(", ".join(notes)) or "all at rest"}.</p>
<form method="post" action="/_control" class="choices">
<button name="webhooks[paused]" value="{"false" if webhooks["paused"] else "true"}" class="secondary">
{"Resume" if webhooks["paused"] else "Pause"} webhooks</button>
<button name="reset" value="switches" class="secondary">All switches at rest</button>
</form>
{_table("Checkout sessions", SESSION_HEADS, map(_session_row, state["sessions"]))}
{_table("Charges", ("Made", "Charge", "Card", "Amount", "State"), map(_charge_row, state["charges"]))}
{_table("Refunds", ("Made", "Refund", "Charge", "Amount", "State"), map(_refund_row, state["refunds"]))}
{_table("Events", ("When", "Type", "Event", "Deliveries", "Again"), map(_event_row, state["events"]))}</main>""",
            wide=True,
        )


def _turn_dispute(tx: Transaction, asked: dict[str, Any]) -> None:
    """Let a charge be disputed, or a dispute go on."""
    if "id" in asked:
        dispute = tx.get("dispute", asked["id"], param="dispute[id]")
        move_dispute(tx, dispute, status=asked.get("status", "under_review"))
    else:
        charge = tx.get("charge", asked.get("charge", ""), param="dispute[charge]")
        open_dispute(tx, charge, reason=asked.get("reason", "general"))


def _with_deliveries(tx: Transaction, event: Document) -> Document:
    rows = tx.execute("SELECT state, attempts, answer FROM deliveries WHERE event = ? ORDER BY seq", event["id"])
    deliveries = [{"state": state, "attempts": attempts, "answer": answer} for state, attempts, answer in rows]
    return {**event, "deliveries": deliveries}


def _table(title: str, heads: tuple[str, ...], rows: Any) -> str:
    listed = ["".join(f"<td>{cell}</td>" for cell in row) for row in list(rows)[:SHOWN]]
    body = "".join(f"<tr>{row}</tr>" for row in listed)
    if not body:
        return f"<section><h2>{title}</h2><p>None yet.</p></section>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<section><h2>{title}</h2><div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _when(document: Document) -> str:
    return datetime.fromtimestamp(document["created"], UTC).strftime("%Y-%m-%d %H:%M:%S")


def _money(document: Document, name: str = "amount") -> str:
    return escape(written(document[name], document["currency"]))


def _session_row(session: Document) -> tuple[str, ...]:
    name = f"<code>{session['id'][:20]}…</code>"
    link = f'<a href="{escape(session["url"])}">{name}</a>' if session["url"] else name
    reference = escape(session["client_reference_id"] or "")
    return (
        _when(session),
        link,
        reference,
        _money(session, "amount_total"),
        f"{session['status']}, {session['payment_status']}",
    )


def _charge_row(charge: Document) -> tuple[str, ...]:
    card = charge["payment_method_details"]["card"]
    state = f"declined: {escape(charge['failure_message'])}" if charge["failure_message"] else "paid"
    if charge["amount_refunded"]:
        state += f", {_money(charge, 'amount_refunded')} refunded"
    name = f"<code>{charge['id']}</code>"
    if charge["receipt_url"]:
        name = f'<a href="{escape(charge["receipt_url"])}">{name}</a>'
    return _when(charge), name, f"{card['brand']} {card['last4']}", _money(charge), state


def _refund_row(refund: Document) -> tuple[str, ...]:
    return (
        _when(refund),
        f"<code>{refund['id']}</code>",
        f"<code>{refund['charge']}</code>",
        _money(refund),
        refund["status"],
    )


def _event_row(event: Document) -> tuple[str, ...]:
    deliveries = "<br>".join(
        escape(f"{item['state']} ({item['attempts']} sent{', ' if item['answer'] else ''}{item['answer']})")
        for item in event["deliveries"]
    )
    again = (
        '<form method="post" action="/_control">'
        f'<button name="redeliver" value="{event["id"]}" class="secondary small">Deliver again</button></form>'
    )
    return (
        _when(event),
        event["type"],
        f"<code>{event['id']}</code>",
        deliveries or "not subscribed",
        again if deliveries else "",
    )


def read_json(body: Any) -> dict[str, Any]:
    """The body of a control request. Raises ApiError for anything but an object."""
    if not isinstance(body, dict):
        raise invalid("The body must be a JSON object.")
    return body
