"""What is sealed is opened under the key of today and those before, and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from ceportal.kernel.sealing import seal, unseal


def test_sealed_is_not_told_and_opened_while_its_key_is_known(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "first", []
    sealed = seal("whsec_something")
    assert "something" not in sealed
    assert sealed != seal("whsec_something")
    assert unseal(sealed) == "whsec_something"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert unseal(sealed) == "whsec_something"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        unseal(sealed)
