"""What settings.py reads from the environment, found in its source; and a whole environment of production."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# The first test key of RFC 8032, as PEM; written so that who looks for keys in the repository finds none.
_KIND = "PRIVATE KEY"
SIGNING_KEY = f"""-----BEGIN {_KIND}-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END {_KIND}-----"""
READERS = {"str", "bool", "int", "list", "db", "email_url", "json"}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: `needed` where production has no value for it."""

    name: str
    needed: bool


def variables() -> dict[str, Variable]:
    """Every variable that settings.py names, by its name."""
    tree = ast.parse((PROJECT / "ceportal/settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    found = {}
    for call in calls:
        match call.func, call.args[0]:
            case ast.Attribute(value=ast.Name(id="env"), attr=reader), ast.Constant(value=str(name)):
                assert reader in READERS, f"env.{reader} is not known here"
                found[name] = Variable(name, needed=False)
            case ast.Name(id="secret"), ast.Constant(value=str(name)):
                found[name] = Variable(name, needed=True)
    return found


def production(**changes: str | None) -> dict[str, str]:
    """The environment of a production process on the servers of this test run; None takes a variable away."""
    known = {name for variable in variables() for name in (variable, f"{variable}_FILE")}
    given: Mapping[str, str | None] = {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"],
        "SECRET_KEY": "yg8Vbq3LtRr0zPz1mZ1cF2k5n7Qx9W4eJ6hUaDsTfKoIwXpBvYlMuGjN",
        "SIGNING_KEY": SIGNING_KEY,
        "STRIPE_SECRET_KEY": "sk_test_production_shape",
        "STRIPE_WEBHOOK_SECRET": "whsec_production_shape",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "BASE_URL": "https://portal.example.org",
        "STATIC_ROOT": os.environ["STATIC_ROOT"],
        "MEDIA_ROOT": os.environ["MEDIA_ROOT"],
        **changes,
    }
    untouched = {name: value for name, value in os.environ.items() if name not in known}
    return untouched | {name: value for name, value in given.items() if value is not None}
