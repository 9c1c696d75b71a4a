"""Makes the secrets of a new installation: `python3 deploy/make_secrets.py`. What is there already is kept.

Keys and passwords are made here; what others give you (Stripe, the mail server) is left empty for you to fill in, and
the portal refuses to start until you have.
"""

import secrets
from base64 import b64encode
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"
GIVEN_BY_OTHERS = ("email_url", "stripe_secret_key", "stripe_webhook_secret")


def main() -> None:
    """Write one file a secret. The folder is closed to others; the files are not, as containers have other users."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    if keep("postgres_password", secrets.token_urlsafe(32)):
        password = (FOLDER / "postgres_password").read_text()
        keep("database_url", f"postgres://ceportal:{password}@postgres:5432/ceportal")
    if keep("valkey_auth", f"requirepass {secrets.token_urlsafe(32)}\n"):
        password = (FOLDER / "valkey_auth").read_text().split()[1]
        keep("redis_url", f"redis://:{password}@valkey:6379/0")
    keep("secret_key", secrets.token_urlsafe(64))
    keep("secret_key_fallbacks", "")
    keep("signing_key", signing_key())
    for name in GIVEN_BY_OTHERS:
        keep(name, "")
    empty = [name for name in GIVEN_BY_OTHERS if not (FOLDER / name).read_text().strip()]
    print(f"The secrets are in {FOLDER}." + (f" Fill in: {', '.join(empty)}." if empty else ""))


def signing_key() -> str:
    """A new Ed25519 key in PEM: any 32 bytes are one, behind the sixteen that say so (RFC 8410)."""
    content = bytes.fromhex("302e020100300506032b657004220420") + secrets.token_bytes(32)
    kind = "PRIVATE KEY"
    return f"-----BEGIN {kind}-----\n{b64encode(content).decode()}\n-----END {kind}-----\n"


def keep(name: str, content: str) -> bool:
    """Write a secret unless it is there; True if it was written."""
    path = FOLDER / name
    if path.exists():
        return False
    path.write_text(content)
    path.chmod(0o644)
    return True


if __name__ == "__main__":
    main()
