"""Who calls: an application with a token of an hour, a person with a token of their own, or one who is signed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Token
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import CharField, F, Q
from django.db.models.functions import Now
from rest_framework.request import Request

from ceportal.kernel import clock
from ceportal.kernel.prepared import Place, Prepared
from ceportal.partner_api.models import Application, PersonalToken
from ceportal.partner_api.scopes import OF_CANDIDATES

PERSONAL_PREFIX = "cep_"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what they may, and the name under which calls, limits and kept answers are counted."""

    key: str
    scopes: frozenset[str]
    application: Application | None = None
    personal_token: PersonalToken | None = None


def of_request(request: Request) -> Caller | None:
    """The caller of a request; None for a stranger, and before it was asked who calls."""
    caller = getattr(request, "auth", None)
    return caller if isinstance(caller, Caller) else None


def hash_of(secret: str) -> str:
    """What is kept of a personal token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def by_token(value: str, *, now: datetime) -> tuple[AbstractBaseUser, Caller] | None:
    """The caller whose token it is, and in whose name they act; None for a token that is not good (any more)."""
    return _by_personal_token(value, now=now) if value.startswith(PERSONAL_PREFIX) else _by_access_token(value, now=now)


def signed_in(user: AbstractBaseUser) -> Caller:
    """A person in the portal itself: everything that their own tokens could be allowed."""
    return Caller(key=f"user:{user.pk}", scopes=frozenset(OF_CANDIDATES))


TOKENS = "credentials__client__token__"  # from an application
OF_ACCESS_TOKEN = Prepared(
    "application_of_access_token",
    lambda: (
        Application.objects.filter(
            # By the clock of the database: the library that makes tokens dates them by the machine's, too.
            Q(**{f"{TOKENS}expires_at": None}) | Q(**{f"{TOKENS}expires_at__gt": Now()}),
            **{f"{TOKENS}hash": Place("hash", CharField()), f"{TOKENS}type": Token.Type.ACCESS_TOKEN},
        )
        .annotate(granted=F(f"{TOKENS}scopes"), credential_ends_at=F("credentials__ends_at"))
        .select_related("responsible")
    ),
)


def _by_access_token(value: str, *, now: datetime) -> tuple[AbstractBaseUser, Caller] | None:
    found: list[Any] = OF_ACCESS_TOKEN.ask(hash=get_adapter().hash_token(value))
    if not found:
        return None
    application = found[0]
    ended = application.credential_ends_at is not None and application.credential_ends_at <= now
    if ended or not application.active or not application.responsible.is_active:
        return None
    # What was taken from the application since the token was made is taken from the token too.
    allowed = frozenset(Token(scopes=application.granted).get_scopes()) & frozenset(application.scopes)
    return application.responsible, Caller(key=f"application:{application.pk}", scopes=allowed, application=application)


def _by_personal_token(value: str, *, now: datetime) -> tuple[AbstractBaseUser, Caller] | None:
    token = (
        PersonalToken.objects.select_related("user")
        .filter(hash=hash_of(value), withdrawn_at__isnull=True, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    today = clock.day_of(now)
    if token.last_used_on != today:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token.user, Caller(key=f"token:{token.pk}", scopes=frozenset(token.scopes), personal_token=token)
