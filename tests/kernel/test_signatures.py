"""Tokens are the portal's word, or nothing: any change shows, and keys can follow each other."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as some

from ceportal.kernel import signatures
from ceportal.kernel.signatures import BadKeys, Signed, read, sign

CONTENT = {"at": "2021-05-04T12:00:00+00:00", "claim": "CLM-1", "name": "Ayşe Kaya", "credits": 40}


def private_pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def public_pem(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_what_was_signed_is_read() -> None:
    token = sign(kind="claim_receipt", content=CONTENT)
    assert read(f" {token}\n") == Signed("claim_receipt", CONTENT, signatures.keys_of_the_portal().signing_id)


def test_the_same_content_gives_the_same_token_in_whatever_order() -> None:
    backwards = dict(reversed(CONTENT.items()))
    assert sign(kind="claim_receipt", content=backwards) == sign(kind="claim_receipt", content=CONTENT)
    assert sign(kind="other", content=CONTENT) != sign(kind="claim_receipt", content=CONTENT)


@given(place=some.integers(0, 10_000), character=some.sampled_from("Ab3_-."))
def test_no_character_can_be_changed(place: int, character: str) -> None:
    token = sign(kind="claim_receipt", content=CONTENT)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    # The last character of a part carries bits that mean nothing: such a change leaves what is said as it was.
    assert read(changed) is None or base64_of(changed) == base64_of(token)


def base64_of(token: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(f"{part}==") for part in token.split(".")]


@pytest.mark.parametrize("nonsense", ["", ".", "..", "a.b.c", "é" * 20, "x" * 20_000, "{}", "eyJhbGciOiJub25lIn0.e30."])
def test_nonsense_is_not_ours(nonsense: str) -> None:
    assert read(nonsense) is None


def test_another_key_a_public_key_as_secret_and_no_algorithm_are_not_ours() -> None:
    ours = signatures.public_keys()["keys"][0]
    payload = signatures.canonical_json({"kind": "claim_receipt", "content": CONTENT})
    forged = jwt.PyJWS().encode(payload, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": ours["kid"]})
    by_secret = jwt.PyJWS().encode(payload, ours["x"] * 2, "HS256", headers={"kid": ours["kid"]})
    unsigned = jwt.PyJWS().encode(payload, "", "none", headers={"kid": ours["kid"]})
    assert [read(token) for token in (forged, by_secret, unsigned)] == [None, None, None]


def test_a_new_key_signs_and_the_old_one_is_still_read(settings: Any) -> None:
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    settings.SIGNING_KEY = private_pem(old)
    before = sign(kind="claim_receipt", content=CONTENT)

    settings.SIGNING_KEY = private_pem(new) + public_pem(old)
    after = sign(kind="claim_receipt", content=CONTENT)
    assert before != after
    assert read(before) is not None
    assert read(after) is not None
    assert [key["kid"] for key in signatures.public_keys()["keys"]] == [
        read(token).key_id  # type: ignore[union-attr]
        for token in (after, before)
    ]

    settings.SIGNING_KEY = private_pem(new)
    assert read(before) is None


def test_a_key_on_one_line_is_read(settings: Any) -> None:
    settings.SIGNING_KEY = settings.SIGNING_KEY.replace("\n", "\\n")
    assert read(sign(kind="claim_receipt", content=CONTENT)) is not None


def test_anyone_can_check_with_the_public_keys_alone() -> None:
    (published,) = json.loads(json.dumps(signatures.public_keys()))["keys"]
    assert set(published) == {"crv", "kty", "x", "kid", "alg", "use"}  # and nothing private
    said = jwt.PyJWS().decode(
        sign(kind="claim_receipt", content=CONTENT), jwt.PyJWK(published).key, algorithms=["EdDSA"]
    )
    assert json.loads(said) == {"kind": "claim_receipt", "content": CONTENT}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not a key", "does not begin with a private key"),
        (public_pem(Ed25519PrivateKey.generate()), "does not begin with a private key"),
        ("-----BEGIN {0}-----\nAAAA\n-----END {0}-----".format("PRIVATE KEY"), "cannot be read"),
        (private_pem(generate_private_key(SECP256R1())), "not an Ed25519 key"),
    ],
)
def test_a_bad_key_is_said_before_anything_is_signed(settings: Any, text: str, said: str) -> None:
    settings.SIGNING_KEY = text
    with pytest.raises(BadKeys, match=said):
        sign(kind="claim_receipt", content=CONTENT)
    (error,) = signatures.check_keys()
    assert said in error.msg
    assert text.splitlines()[1 if "\n" in text else 0] not in error.msg


def test_what_would_be_too_long_to_read_is_not_signed() -> None:
    with pytest.raises(ValueError, match="too long"):
        sign(kind="claim_receipt", content={"text": "x" * 20_000})
