"""Applications and their credentials, and people's own tokens: made, changed, withdrawn."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.idp.oidc.models import Client, Token
from django.db import transaction

from ceportal.kernel.outbox import emit
from ceportal.partner_api import callers, scopes
from ceportal.partner_api.models import Application, Credential, PersonalToken

OVERLAP = timedelta(days=7)  # how long the credentials before stay good when new ones are made
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Issued:
    """New credentials. The secret is told this once; only its hash is kept."""

    credential: Credential
    client_id: str
    secret: str


@transaction.atomic
def register_application(
    *,
    name: str,
    kind: str,
    tenant: str,
    responsible_id: int,
    allowed: Sequence[str],
    now: datetime,
    calls_per_minute: int = 600,
) -> Issued:
    """Register a partner's program and give it its first credentials. ValueError for a scope its kind cannot have."""
    _check(kind, allowed)
    application = Application.objects.create(
        name=name,
        kind=kind,
        tenant=tenant,
        responsible_id=responsible_id,
        scopes=sorted(allowed),
        calls_per_minute=calls_per_minute,
        created_at=now,
    )
    emit("partner_api.application_registered", application, now=now, scopes=application.scopes)
    return _issue(application, now=now)


@transaction.atomic
def allow(*, application_id: int, allowed: Sequence[str], now: datetime) -> Application:
    """Change what an application may do. Its tokens lose at once what it loses; ValueError as when registered."""
    application = Application.objects.select_for_update().get(pk=application_id)
    _check(application.kind, allowed)
    application.scopes = sorted(allowed)
    application.save(update_fields=["scopes"])
    _tell_clients(application)
    emit("partner_api.application_allowed", application, now=now, scopes=application.scopes)
    return application


@transaction.atomic
def set_active(*, application_id: int, active: bool, now: datetime) -> Application:
    """Let an application call, or let it call no more: at once, whatever tokens it holds."""
    application = Application.objects.select_for_update().get(pk=application_id)
    if application.active != active:
        application.active = active
        application.save(update_fields=["active"])
        emit("partner_api.application_switched", application, now=now, active=active)
    return application


@transaction.atomic
def rotate_credentials(*, application_id: int, now: datetime, overlap: timedelta = OVERLAP) -> Issued:
    """Give an application new credentials; those before stay good for the overlap, so that nothing stands still."""
    application = Application.objects.select_for_update().get(pk=application_id)
    for credential in application.credentials.all():
        if credential.ends_at is None or credential.ends_at > now + overlap:
            credential.ends_at = now + overlap
            credential.save(update_fields=["ends_at"])
    issued = _issue(application, now=now)
    emit("partner_api.credentials_rotated", application, now=now, client_id=issued.client_id)
    return issued


@transaction.atomic
def end_credential(*, credential_id: int, now: datetime) -> Credential:
    """End credentials at once: a secret that may have become known. Its tokens go too."""
    credential = Credential.objects.select_for_update().get(pk=credential_id)
    if credential.ends_at is None or credential.ends_at > now:
        credential.ends_at = now
        credential.save(update_fields=["ends_at"])
        Token.objects.filter(client_id=credential.client_id).delete()
        emit("partner_api.credential_ended", credential.application, now=now, client_id=credential.client_id)
    return credential


@transaction.atomic
def create_personal_token(
    *, user_id: int, name: str, allowed: Collection[str], days: int, now: datetime
) -> tuple[PersonalToken, str]:
    """Make a token for one's own programs; the second value is told this once. ValueError for a partner's scope."""
    if not allowed or not set(allowed) <= set(scopes.OF_CANDIDATES):
        raise ValueError(f"Personal tokens have other scopes than {sorted(allowed)}.")
    secret = callers.PERSONAL_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = PersonalToken.objects.create(
        user_id=user_id,
        name=name,
        hash=callers.hash_of(secret),
        scopes=sorted(allowed),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    emit("partner_api.personal_token_created", token, now=now)
    return token, secret


@transaction.atomic
def withdraw_personal_token(*, user_id: int, token_id: int, now: datetime) -> PersonalToken:
    """Withdraw one's own token: it is good no more from this moment. PersonalToken.DoesNotExist for another's."""
    token = PersonalToken.objects.select_for_update().get(pk=token_id, user_id=user_id)
    if token.withdrawn_at is None:
        token.withdrawn_at = now
        token.save(update_fields=["withdrawn_at"])
        emit("partner_api.personal_token_withdrawn", token, now=now)
    return token


def _check(kind: str, allowed: Collection[str]) -> None:
    wrong = set(allowed) - scopes.of_kind(kind)
    if wrong:
        raise ValueError(f"A {kind} cannot be given {sorted(wrong)}.")


def _issue(application: Application, *, now: datetime) -> Issued:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    client = Client(
        name=application.name,
        type=Client.Type.CONFIDENTIAL,
        grant_types=Client.GrantType.CLIENT_CREDENTIALS,
        created_at=now,
    )
    client.set_secret(secret)
    client.set_scopes(application.scopes)
    client.set_default_scopes(application.scopes)
    client.save()
    credential = Credential.objects.create(application=application, client=client, created_at=now)
    return Issued(credential, client.pk, secret)


def _tell_clients(application: Application) -> None:
    for credential in application.credentials.select_related("client"):
        credential.client.set_scopes(application.scopes)
        credential.client.set_default_scopes(application.scopes)
        credential.client.save(update_fields=["scopes", "default_scopes"])
