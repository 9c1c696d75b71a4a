"""How callers show who they are: tokens of an hour by client credentials, people's own tokens, and their ends."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from allauth.idp.oidc.models import Token
from django.test import Client

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from ceportal.partner_api import callers, scopes, services
from ceportal.partner_api.models import Application, Call, PersonalToken
from tests.partner_api.world import ask_token, program, registered, with_token

pytestmark = pytest.mark.django_db
JOB = "/api/v1/jobs/1"


def test_credentials_get_a_token_of_an_hour_with_the_scopes_of_the_application() -> None:
    issued = registered(scopes.PROVIDER, "acme", allowed=["claims:read", "jobs:read"])

    answer = ask_token(issued)

    told = answer.json()
    assert (answer.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 3600)
    assert set(told["scope"].split()) == {"claims:read", "jobs:read"}
    assert issued.secret not in str(issued.credential.client.__dict__)


def test_a_wrong_secret_and_a_scope_too_many_get_none() -> None:
    issued = registered(scopes.PROVIDER, "acme", allowed=["claims:read"])

    wrong, too_much = ask_token(issued, secret="guessed"), ask_token(issued, scope="claims:decide")

    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert (too_much.status_code, too_much.json()["error"]) == (400, "invalid_scope")
    assert not Token.objects.exists()


@pytest.mark.parametrize("kind", scopes.OF_PARTNERS)
def test_an_application_is_given_no_scope_of_another_kind(kind: str) -> None:
    for other in set(scopes.ALL) - scopes.of_kind(kind):
        with pytest.raises(ValueError, match=other):
            registered(kind, "acme", allowed=[other])
    assert not Application.objects.exists()


def test_a_token_opens_what_its_scopes_name_and_nothing_else() -> None:
    may = program(registered(scopes.PROVIDER, "acme", allowed=["jobs:read"]))
    may_not = program(registered(scopes.PROVIDER, "globex", allowed=["claims:read"]))

    assert may.get(JOB).status_code == HTTPStatus.NOT_FOUND
    refused = may_not.get(JOB)
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert "jobs:read" in refused.json()["detail"]
    assert Client().get(JOB).status_code == HTTPStatus.UNAUTHORIZED
    assert with_token("nonsense").get(JOB)["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_secret_is_rotated_without_a_gap() -> None:
    first = registered(scopes.PROVIDER, "acme")
    before = program(first)
    now = clock.now()

    second = services.rotate_credentials(application_id=first.credential.application_id, now=now)

    for caller in (before, program(first), program(second)):
        assert caller.get(JOB).status_code == HTTPStatus.NOT_FOUND
    with clock.standing_at(now + services.OVERLAP):
        assert program(first).get(JOB).status_code == HTTPStatus.UNAUTHORIZED
        assert program(second).get(JOB).status_code == HTTPStatus.NOT_FOUND


def test_credentials_that_may_be_known_end_at_once_and_twice_is_no_harm() -> None:
    issued = registered(scopes.PROVIDER, "acme")
    caller = program(issued)

    for _again in range(2):
        services.end_credential(credential_id=issued.credential.pk, now=clock.now())

    assert caller.get(JOB).status_code == HTTPStatus.UNAUTHORIZED
    assert Event.objects.filter(topic="partner_api.credential_ended").count() == 1


def test_an_application_switched_off_or_narrowed_loses_it_with_the_tokens_it_holds() -> None:
    issued = registered(scopes.PROVIDER, "acme", allowed=["claims:read", "jobs:read"])
    caller = program(issued)
    application_id = issued.credential.application_id

    services.allow(application_id=application_id, allowed=["claims:read"], now=clock.now())
    narrowed = caller.get(JOB)
    services.set_active(application_id=application_id, active=False, now=clock.now())
    off = caller.get(JOB)

    assert (narrowed.status_code, off.status_code) == (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED)
    assert ask_token(issued, scope="jobs:read").json()["error"] == "invalid_scope"


def test_who_is_responsible_and_leaves_takes_the_application_along() -> None:
    issued = registered(scopes.PROVIDER, "acme")
    caller = program(issued)
    person = issued.credential.application.responsible
    person.is_active = False
    person.save()

    assert caller.get(JOB).status_code == HTTPStatus.UNAUTHORIZED


def test_a_persons_own_token_reads_what_its_scopes_name(alice: Candidate) -> None:
    assert alice.user_id is not None
    token, secret = services.create_personal_token(
        user_id=alice.user_id, name="Spreadsheet", allowed=["me:credits"], days=30, now=clock.now()
    )
    caller = with_token(secret)

    assert caller.get("/api/v1/me/credits").status_code == HTTPStatus.OK
    assert caller.get("/api/v1/me/claims").status_code == HTTPStatus.FORBIDDEN
    token.refresh_from_db()
    assert token.last_used_on == clock.day_of(clock.now())
    assert secret not in str(PersonalToken.objects.values().get())
    with clock.standing_at(token.expires_at):
        assert caller.get("/api/v1/me/credits").status_code == HTTPStatus.UNAUTHORIZED


def test_a_token_withdrawn_is_good_no_more_and_only_its_owner_withdraws_it(alice: Candidate) -> None:
    assert alice.user_id is not None
    now = clock.now()
    token, secret = services.create_personal_token(
        user_id=alice.user_id, name="Spreadsheet", allowed=["me:credits"], days=30, now=now
    )

    with pytest.raises(PersonalToken.DoesNotExist):
        services.withdraw_personal_token(user_id=alice.user_id + 1, token_id=token.pk, now=now)
    assert with_token(secret).get("/api/v1/me/credits").status_code == HTTPStatus.OK
    for _again in range(2):
        services.withdraw_personal_token(user_id=alice.user_id, token_id=token.pk, now=now)

    assert with_token(secret).get("/api/v1/me/credits").status_code == HTTPStatus.UNAUTHORIZED
    assert Event.objects.filter(topic="partner_api.personal_token_withdrawn").count() == 1


def test_people_cannot_be_given_what_partners_are(alice: Candidate) -> None:
    assert alice.user_id is not None
    for allowed in (["claims:decide"], []):
        with pytest.raises(ValueError, match="other scopes"):
            services.create_personal_token(user_id=alice.user_id, name="x", allowed=allowed, days=30, now=clock.now())
    assert not PersonalToken.objects.exists()


def test_the_token_of_an_application_is_no_persons(alice: Candidate) -> None:
    assert alice.user is not None
    caller = program(registered(scopes.PROVIDER, "acme", responsible=alice.user))

    assert caller.get("/api/v1/me/credits").status_code == HTTPStatus.FORBIDDEN


def test_every_call_is_kept_with_its_caller_and_how_it_ended() -> None:
    issued = registered(scopes.PROVIDER, "acme")
    program(issued).get(JOB, {"secret": "word"})
    Client().get(JOB)

    stranger, call = Call.objects.all()
    assert call.application == issued.credential.application
    assert (call.method, call.path, call.status) == ("GET", JOB, 404)
    assert call.caller == f"application:{issued.credential.application_id}"
    assert (stranger.caller, stranger.status) == ("", 401)


def test_calls_are_limited_by_the_minute_and_the_room_is_told() -> None:
    issued = registered(scopes.PROVIDER, "acme")
    Application.objects.update(calls_per_minute=2)
    caller, other = program(issued), program(registered(scopes.PROVIDER, "globex"))

    answers = [caller.get(JOB) for _call in range(3)]
    while answers[-1].status_code != HTTPStatus.TOO_MANY_REQUESTS:  # a minute may have begun in between
        answers.append(caller.get(JOB))

    assert answers[0]["RateLimit-Policy"] == '"caller";q=2;w=60'
    assert answers[0]["RateLimit"].startswith('"caller";r=1;t=')
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1].json()["status"] == HTTPStatus.TOO_MANY_REQUESTS
    assert other.get(JOB).status_code == HTTPStatus.NOT_FOUND


def test_who_guesses_at_secrets_is_told_to_wait() -> None:
    issued = registered(scopes.PROVIDER, "acme")
    elsewhere = "192.0.2.7"

    answer = ask_token(issued, secret="guessed", address=elsewhere)
    while answer.status_code == HTTPStatus.UNAUTHORIZED:
        answer = ask_token(issued, secret="guessed", address=elsewhere)

    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert answer.json()["error"] == "temporarily_unavailable"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert ask_token(issued).status_code == HTTPStatus.OK


def test_where_to_get_tokens_is_told() -> None:
    told = Client().get("/.well-known/oauth-authorization-server").json()

    assert told["token_endpoint"] == "http://testserver/oauth/token"
    assert "claims:decide" in told["scopes_supported"]
    assert not [name for name in told["scopes_supported"] if name.startswith("me:")]


def test_what_was_a_personal_token_of_somebody_barred_from_signing_in_is_good_no_more(alice: Candidate) -> None:
    assert alice.user is not None
    _token, secret = services.create_personal_token(
        user_id=alice.user.pk, name="x", allowed=["me:credits"], days=30, now=clock.now()
    )
    alice.user.is_active = False
    alice.user.save()

    assert callers.by_token(secret, now=clock.now() + timedelta(days=1)) is None
