"""Lists with cursors, and the expansion of ids into the objects they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceportal.devstack.cards.errors import invalid
from ceportal.devstack.cards.store import KINDS, Document, Transaction, public

EXPANDABLE = frozenset({"payment_intent", "latest_charge", "charge", "payment_method", "balance_transaction", "source"})
DEFAULT_LIMIT, HIGHEST_LIMIT = 10, 100
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def page(documents: list[Document], values: dict[str, Any], *, url: str) -> dict[str, Any]:
    """One page of documents that come newest first."""
    limit = values.get("limit", DEFAULT_LIMIT)
    if limit > HIGHEST_LIMIT:
        message = f"This value must be less than or equal to {HIGHEST_LIMIT}."
        raise invalid(message, param="limit", code="parameter_invalid_integer")
    for comparison, bound in values.get("created", {}).items():
        documents = [item for item in documents if COMPARE[comparison](item["created"], bound)]
    if cursor := values.get("starting_after"):
        rest = documents[_position(documents, cursor, "starting_after") + 1 :]
        chosen = rest[:limit]
    elif cursor := values.get("ending_before"):
        rest = documents[: _position(documents, cursor, "ending_before")]
        chosen = rest[-limit:]
    else:
        rest, chosen = documents, documents[:limit]
    return {
        "object": "list",
        "data": [public(item) for item in chosen],
        "has_more": len(rest) > len(chosen),
        "url": url,
    }


def _position(documents: list[Document], identifier: str, param: str) -> int:
    for position, item in enumerate(documents):
        if item["id"] == identifier:
            return position
    raise invalid(f"No such object: '{identifier}'", param=param, code="resource_missing")


def expand(tx: Transaction, body: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """The body with the objects at these paths instead of their ids, as `expand[]` asks."""
    for path in paths:
        _expand(tx, body, path.split("."), path)
    return body


def _expand(tx: Transaction, node: dict[str, Any], names: list[str], path: str) -> None:
    name, *rest = names
    if name == "data" and node.get("object") == "list":
        for item in node["data"]:
            _expand(tx, item, rest, path)
        return
    if name == "line_items" and node.get("object") == "checkout.session":
        node[name] = line_items(tx, node["id"])
        return
    if name not in node or name not in EXPANDABLE:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(node[name], str):
        node[name] = public(tx.get(KINDS[node[name].split("_")[0]], node[name]))
    if rest and isinstance(node[name], dict):
        _expand(tx, node[name], rest, path)


def line_items(tx: Transaction, session_id: str) -> dict[str, Any]:
    """The lines of a session, as the list that Stripe gives."""
    lines = tx.get("checkout.session", session_id)["_lines"]
    url = f"/v1/checkout/sessions/{session_id}/line_items"
    return {"object": "list", "data": lines, "has_more": False, "url": url}
