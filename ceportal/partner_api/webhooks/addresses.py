"""Where messages may be sent: to the public internet by TLS, whatever a name leads to at the moment of sending.

A name is asked for once, and the connection goes to the very address that was looked at: what the name leads to a
moment later changes nothing. Redirects are not followed at all (ceportal.partner_api.webhooks.sending).
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST = 500
HTTPS_PORT = 443
# Addresses that stand for others: what is behind a translator is not seen from here.
TRANSLATED = tuple(ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class NotAllowed(ValueError):  # noqa: N818 - reads as the sentence it carries
    """Nothing is sent there; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address as it was written, in its parts."""

    scheme: str
    host: str
    port: int
    path: str  # with what follows the question mark

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS_PORT if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def target_of(url: str) -> Target:
    """The parts of an address. NotAllowed where it is none, is not public by what is written, or holds a password."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise NotAllowed(_("Write an address of at most 500 characters, in ASCII and without spaces."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAllowed(_("This is not an address.")) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOKS_LOCAL):
        raise NotAllowed(_("The address begins with https://."))
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed(_("An address has a host, and neither a password nor a part after #."))
    port = port or (HTTPS_PORT if parts.scheme == "https" else 80)
    if port != HTTPS_PORT and not settings.WEBHOOKS_LOCAL:
        raise NotAllowed(_("The port is 443."))
    target = Target(
        parts.scheme, parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    )
    literal = _literal(target.host)
    if literal is not None:
        _refuse_private(literal)
    return target


def resolve(target: Target) -> str:
    """The address to connect to. NotAllowed where the name leads nowhere, or anywhere that is not public."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed(_("The name of the host leads nowhere.")) from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for address in addresses:
        _refuse_private(ipaddress.ip_address(address))
    return addresses[0]


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refuse_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if settings.WEBHOOKS_LOCAL and address.is_loopback:
        return
    translated = any(address in network for network in TRANSLATED if network.version == address.version)
    if not address.is_global or address.is_multicast or address.is_reserved or translated:
        raise NotAllowed(_("The host is not in the public internet."))
