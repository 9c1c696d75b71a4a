"""Secrets that must be used again, kept so that the database alone does not tell them (Fernet, by `cryptography`).

The key is derived from SECRET_KEY; what was sealed under one of SECRET_KEY_FALLBACKS is still opened.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes

PURPOSE = b"ceportal.sealing:"  # so that no other use of SECRET_KEY has the same key


def seal(text: str) -> str:
    """The text, encrypted; twice it is never the same."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed. cryptography.fernet.InvalidToken where no key of ours opens it."""
    return _keys().decrypt(sealed.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + force_bytes(key)).digest()))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
