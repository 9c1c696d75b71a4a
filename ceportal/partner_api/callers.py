"""Who calls: an application with a token of an hour, a person with a token of their own, or one who is signed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.idp.oidc.models import Token
from django.contrib.auth.models import AbstractBaseUser
from rest_framework.request import Request

from ceportal.kernel import clock
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
    """The caller of a request; None for a stranger."""
    caller: Any = request.auth
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


def _by_access_token(value: str, *, now: datetime) -> tuple[AbstractBaseUser, Caller] | None:
    token = (
        Token.objects.valid()
        .by_value(value)
        .filter(type=Token.Type.ACCESS_TOKEN, client__credential__isnull=False)
        .select_related("client__credential__application__responsible")
        .first()
    )
    if token is None:
        return None
    credential = token.client.credential
    application: Application = credential.application
    ended = credential.ends_at is not None and credential.ends_at <= now
    if ended or not application.active or not application.responsible.is_active:
        return None
    # What was taken from the application since the token was made is taken from the token too.
    allowed = frozenset(token.get_scopes()) & frozenset(application.scopes)
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
