"""The mail that the demonstration keeps instead of sending, in files written by Django's file backend.

Who may read what: staff everything; whoever is signed in what went to their own addresses; a browser that has just
signed up what went to the address it signed up with, since that link must be followed before one can sign in. Nobody
reads mail by knowing an address, as people may try the demonstration with a real one.
"""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default as policy
from email.utils import getaddresses
from pathlib import Path

from allauth.account.internal.stagekit import get_pending_stage
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest

from candidates.models import Candidate

LETTER_NAME = re.compile(r"(?P<file>[\w-]+)\.(?P<number>\d{1,6})", re.ASCII)
HEADERS = BytesHeaderParser(policy=policy)
END_OF_MESSAGE = b"\n" + b"-" * 79 + b"\n"  # what the file backend writes after each


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose mail may be read: everybody's, or that to these addresses, in lower case."""

    everything: bool
    addresses: frozenset[str]

    def may_read(self, letter: Letter) -> bool:
        return self.everything or bool(self.addresses & set(letter.recipients))


@dataclass(frozen=True, slots=True)
class Letter:
    """A kept message; `body` is empty in lists."""

    name: str
    sent_at: datetime | None
    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str = ""


def reader_of(request: HttpRequest) -> Reader:
    """What the one who asks may read."""
    user = request.user
    if not user.is_authenticated:
        # Somebody who signed up in this browser and has not confirmed the address yet.
        stage = get_pending_stage(request)
        pending = EmailAddress.objects.filter(user=stage.login.user) if stage else EmailAddress.objects.none()
        return Reader(False, frozenset(address.email.lower() for address in pending))
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    addresses |= set(Candidate.objects.filter(user=user).values_list("email", flat=True))
    return Reader(user.is_staff, frozenset(address.lower() for address in addresses))


def letters_for(reader: Reader, *, to: str = "") -> list[Letter]:
    """What a reader may read, the latest first; `to` narrows it down to addresses that contain it."""
    if not reader.everything and not reader.addresses:
        return []
    wanted = to.strip().lower()
    letters = (
        _letter(f"{path.stem}.{number}", HEADERS.parsebytes(raw))
        for path in sorted(Path(settings.MAIL_DIR).glob("*.log"), key=_written, reverse=True)
        for number, raw in reversed(list(enumerate(_messages(path))))
    )
    return [
        letter
        for letter in letters
        if reader.may_read(letter) and any(wanted in recipient for recipient in letter.recipients)
    ]


def read_letter(name: str, reader: Reader) -> Letter | None:
    """One message with its text; None where there is no such message for this reader."""
    parts = LETTER_NAME.fullmatch(name)
    path = Path(settings.MAIL_DIR) / f"{parts['file']}.log" if parts else None
    if parts is None or path is None or not path.is_file():
        return None
    message = dict(enumerate(_messages(path))).get(int(parts["number"]))
    if message is None:
        return None
    parsed = email.message_from_bytes(message, policy=policy)
    text = parsed.get_body(("plain", "html"))
    letter = _letter(name, parsed, body=text.get_content().strip() if text else "")
    return letter if reader.may_read(letter) else None


def _messages(path: Path) -> list[bytes]:
    """The messages of a file: the backend's names are not unique within a second, and then it appends."""
    return [raw for raw in path.read_bytes().split(END_OF_MESSAGE) if raw.strip()]


def _written(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.name


def _letter(name: str, message: EmailMessage, *, body: str = "") -> Letter:
    date = message["Date"]
    recipients = getaddresses([str(value) for value in message.get_all("To", [])])
    return Letter(
        name=name,
        sent_at=date.datetime if date else None,
        sender=str(message["From"] or ""),
        recipients=tuple(address.lower() for _name, address in recipients),
        subject=str(message["Subject"] or ""),
        body=body,
    )
