"""Form-encoded parameters with nested brackets: `line_items[0][price_data][currency]=usd`.

`decode` makes nested dicts and lists of them; `validate` holds them against a *shape* and answers as Stripe
does for what is unknown, missing or of the wrong kind. A shape is a dict of name to kind; a kind is a `Kind`,
a shape (an object) or a list with one shape in it (an array).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ceportal.devstack.cards.errors import invalid

Shape = dict[str, Any]
METADATA_KEYS, METADATA_NAME, METADATA_VALUE = 50, 40, 500


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested values from flat names. An array is written with indices or with empty brackets."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name) or [name]
        node, key = tree, head
        for part in rest:
            child = node.setdefault(key, {})
            if not isinstance(child, dict):
                raise invalid(f"Invalid object: {name}", param=name)
            node, key = child, part or str(len(child))
        node[key] = value
    return {name: _arrays(value) for name, value in tree.items()}


def _arrays(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isascii() and key.isdigit() for key in node):
        return [_arrays(node[key]) for key in sorted(node, key=int)]
    return {key: _arrays(value) for key, value in node.items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """How one value is read, and whether it must be there."""

    read: Callable[[Any, str], Any]
    required: bool = False


def required(kind: Kind) -> Kind:
    """The same kind, but it must be there."""
    return Kind(kind.read, required=True)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {value}", param=name)
    if value == "":
        message = (
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
            f"parameter; however '{name}' cannot be unset. You should remove '{name}' from your request "
            "or supply a non-empty value."
        )
        raise invalid(message, param=name, code="parameter_invalid_empty")
    return value


def _integer(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
    return int(value)


def _decimal(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid decimal: {value}", param=name) from None


def _flag(value: Any, name: str) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise invalid(f"Invalid boolean: {value}", param=name)


def _metadata(value: Any, name: str) -> dict[str, str]:
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=name)
    if len(value) > METADATA_KEYS:
        raise invalid(f"You may only have up to {METADATA_KEYS} metadata keys per object.", param=name)
    for key, content in value.items():
        if len(key) > METADATA_NAME or not isinstance(content, str) or len(content) > METADATA_VALUE:
            message = (
                f"Metadata keys can have up to {METADATA_NAME} characters and values up to {METADATA_VALUE} "
                f"characters; '{key[:METADATA_NAME]}' does not fit."
            )
            raise invalid(message, param=f"{name}[{key[:METADATA_NAME]}]")
    return {key: content for key, content in value.items() if content != ""}


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid("Invalid array", param=name)
    return value


def _url(value: Any, name: str) -> str:
    address = _text(value, name)
    if not re.match(r"https?://[^\s/]+", address):
        raise invalid("Not a valid URL", param=name, code="url_invalid")
    return address


def _email(value: Any, name: str) -> str:
    address = _text(value, name)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise invalid(f"Invalid email address: {address}", param=name, code="email_invalid")
    return address


def _currency(value: Any, name: str) -> str:
    code = _text(value, name).lower()
    if not re.fullmatch(r"[a-z]{3}", code):
        raise invalid(f"Invalid currency: {code}", param=name)
    return code


TEXT = Kind(_text)
INTEGER = Kind(_integer)
DECIMAL = Kind(_decimal)
FLAG = Kind(_flag)
METADATA = Kind(_metadata)
TEXTS = Kind(_texts)
URL = Kind(_url)
EMAIL = Kind(_email)
CURRENCY = Kind(_currency)


def positive() -> Kind:
    """A whole number of at least one."""

    def read(value: Any, name: str) -> int:
        number = _integer(value, name)
        if number < 1:
            raise invalid(
                "This value must be greater than or equal to 1.", param=name, code="parameter_invalid_integer"
            )
        return number

    return Kind(read)


def one_of(*choices: str) -> Kind:
    """One of these words."""

    def read(value: Any, name: str) -> str:
        text = _text(value, name)
        if text not in choices:
            listed = ", ".join(choices[:-1]) + f", or {choices[-1]}" if len(choices) > 1 else choices[0]
            raise invalid(f"Invalid {name}: must be one of {listed}", param=name)
        return text

    return Kind(read)


def validate(params: dict[str, Any], shape: Shape, *, inside: str = "") -> dict[str, Any]:
    """The values read by their kinds; raises the error Stripe gives for the first thing wrong."""
    unknown = [_name(inside, key) for key in params if key not in shape]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise invalid(message, param=unknown[0], code="parameter_unknown")
    values: dict[str, Any] = {}
    for key, kind in shape.items():
        name = _name(inside, key)
        if key in params:
            values[key] = _read(params[key], kind, name)
        elif isinstance(kind, Kind) and kind.required:
            raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    return values


def _read(value: Any, kind: Any, name: str) -> Any:
    if isinstance(kind, Kind):
        return kind.read(value, name)
    if isinstance(kind, list):
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise invalid("Invalid array", param=name)
        return [validate(item, kind[0], inside=f"{name}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=name)
    return validate(value, kind, inside=name)


def _name(inside: str, key: str) -> str:
    return f"{inside}[{key}]" if inside else key
