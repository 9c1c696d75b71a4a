"""What the portal says in writing, signed, so that anyone can tell whether it was said by the portal.

A *token* is a JWS in its compact form (RFC 7515), signed by Ed25519 (RFC 8037): a kind ("claim_receipt") and a
content. The same content gives the same token, so what is signed can be made again; where a moment matters, the
content carries it, by custom under `at`. What follows a standard of others (a badge) is signed as that standard has it:
the payload is what is claimed, and the key is named after whoever publishes it.

The keys come from SIGNING_KEY: the first signs, those after it, private or public, are only read, so that what was
signed before a new key came can still be checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.core import checks

ALGORITHM = "EdDSA"
LONGEST_TOKEN = 16_000  # characters; what is longer was not made here
PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)

_jws = jwt.PyJWS(algorithms=[ALGORITHM])


class BadKeys(ValueError):  # noqa: N818 - reads as the sentence it carries
    """SIGNING_KEY cannot be used; the message says why, and never what it holds."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The key that signs, and those that are read, the signing one first, by their thumbprints."""

    signing: Ed25519PrivateKey
    reading: Mapping[str, Ed25519PublicKey]

    @property
    def signing_id(self) -> str:
        return next(iter(self.reading))


@dataclass(frozen=True, slots=True)
class Signed:
    """What a genuine token says."""

    kind: str
    content: Mapping[str, Any]
    key_id: str


CLAIMS = ""  # the kind of a token whose payload follows a standard of others


def sign(*, kind: str, content: Mapping[str, Any]) -> str:
    """The token for a content of JSON values; the same for the same content. ValueError where it grows too long."""
    keys = keys_of_the_portal()
    token = _jws.encode(
        canonical_json({"kind": kind, "content": content}),
        keys.signing,
        algorithm=ALGORITHM,
        headers={"kid": keys.signing_id},
        sort_headers=True,
    )
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"A token of {len(token)} characters is too long to be read again.")
    return token


def sign_claims(claims: Mapping[str, Any], *, key_holder: str) -> str:
    """The token whose payload is the claims themselves (RFC 7519); the key's name follows that of its holder."""
    keys = keys_of_the_portal()
    return _jws.encode(
        canonical_json(claims),
        keys.signing,
        algorithm=ALGORITHM,
        headers={"kid": f"{key_holder}#{keys.signing_id}"},
        sort_headers=True,
    )


def read(token: str) -> Signed | None:
    """What a token says; None where it was not signed by this portal, or was changed since."""
    token = token.strip()
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    try:
        key_id = str(_jws.get_unverified_header(token).get("kid", "")).rpartition("#")[2]
        key = keys_of_the_portal().reading.get(key_id)
        if key is None:
            return None
        said = json.loads(_jws.decode(token, key, algorithms=[ALGORITHM]))
    except (jwt.PyJWTError, ValueError):
        return None
    return Signed(kind=said.get("kind", CLAIMS), content=said.get("content", said), key_id=key_id)


def canonical_json(content: Mapping[str, Any]) -> bytes:
    """JSON in one way only: keys sorted, no spaces, UTF-8. What is hashed and signed is this."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def public_keys() -> dict[str, Any]:
    """The keys that are read, as a JSON Web Key Set (RFC 7517)."""
    keys = keys_of_the_portal().reading
    return {
        "keys": [{**_public_parts(key), "kid": key_id, "alg": ALGORITHM, "use": "sig"} for key_id, key in keys.items()]
    }


def keys_of_the_portal() -> Keys:
    """The keys of SIGNING_KEY. BadKeys where it cannot be used."""
    return _load(settings.SIGNING_KEY)


def check_keys(**_arguments: Any) -> list[checks.CheckMessage]:
    """What Django's system check asks: whether the keys can be used, before anything is to be signed."""
    try:
        keys_of_the_portal()
    except BadKeys as problem:
        return [checks.Error(str(problem), id="kernel.E001")]
    return []


@lru_cache(maxsize=4)
def _load(text: str) -> Keys:
    # One line, with its breaks written out, is what files of environment variables can hold.
    blocks = [(match[1], match[0].encode()) for match in PEM_BLOCK.finditer(text.replace("\\n", "\n"))]
    if not blocks or blocks[0][0] != "PRIVATE KEY":
        raise BadKeys("SIGNING_KEY does not begin with a private key in PEM (BEGIN PRIVATE KEY).")
    try:
        found = [
            load_pem_public_key(block) if label == "PUBLIC KEY" else load_pem_private_key(block, password=None)
            for label, block in blocks
        ]
    except (ValueError, TypeError) as problem:
        raise BadKeys("SIGNING_KEY holds a key that cannot be read.") from problem
    reading = {}
    for key in found:
        public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
        if not isinstance(public, Ed25519PublicKey):
            raise BadKeys("SIGNING_KEY holds a key that is not an Ed25519 key.")
        reading[_thumbprint(public)] = public
    assert isinstance(found[0], Ed25519PrivateKey)
    return Keys(found[0], reading)


def _public_parts(key: Ed25519PublicKey) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def _thumbprint(key: Ed25519PublicKey) -> str:
    """The name of a key, made from the key (RFC 7638)."""
    return _base64(hashlib.sha256(canonical_json(_public_parts(key))).digest())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
