"""What this app empties of a person who is erased, and what it keeps (CAND-09).

Kept are the number, which names nobody, what was accepted and when, the lives of certifications, and sanctions in force
with their grounds. `candidates/services/erasures.py` calls it last of all, in its transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import models
from django.db.models import CharField, Q, Value, When
from django.db.models.functions import Cast, Concat

from candidates.models import Affiliation, Candidate, DataRequest, Sanction, SanctionFile, Tip, TipFile, TipMessage
from ceportal.kernel.models import Delivery, Event
from ceportal.partner_api.feed import forget_candidate
from ceportal.partner_api.forgetting import forget_person
from ceportal.partner_api.models import PersonalToken

ERASED = "erased"  # what stands where the database wants some words
NOBODY = "Erased person"
NOWHERE = "ZZ"  # a code that ISO 3166-1 leaves to its users
NO_DAY = date(1900, 1, 1)


def erase(candidate: Candidate, now: datetime) -> Iterator[str]:
    """Empty what names the person, and give the names of files to remove."""
    for copy in candidate.data_requests.filter(status=DataRequest.Status.READY):
        yield str(copy.file)
        copy.status, copy.ended_at, copy.file = DataRequest.Status.EXPIRED, now, ""
        copy.save(update_fields=["status", "ended_at", "file"])
    yield from _empty_tips(candidate)
    files = SanctionFile.objects.filter(sanction__candidate=candidate).exclude(sanction__status=Sanction.Status.RUNNING)
    yield from [name for name in files.values_list("file", flat=True) if name]
    files.update(file="", original_name=ERASED)
    _withdraw(candidate, now=now)
    _empty_words(candidate)
    _close_login(candidate)
    LogEntry.objects.filter(
        Q(object_repr__icontains=candidate.name) | Q(object_repr__icontains=candidate.email)
    ).update(object_repr=ERASED, change_message="")
    forget_person(number=candidate.number, name=candidate.name)
    candidate.name, candidate.born, candidate.email = NOBODY, NO_DAY, address_of_nobody(candidate.pk)
    candidate.country, candidate.region, candidate.billing_country = NOWHERE, "", ""
    candidate.time_zone, candidate.language = "UTC", "en"
    candidate.save()
    forget_candidate(candidate.pk)  # last, since what was withdrawn above is shown in the feed, too


def address_of_nobody(number: int) -> str:
    """An address that no mail can reach: the top-level domain is reserved for that."""
    return f"erased-{number}@erased.invalid"


def marks_of(*, name: str, born: date) -> list[str]:
    """By what a person barred for good is known again, which tells nobody's name: a keyed hash of name and birth.

    The first is how a person is marked today; the others are of the keys before (SECRET_KEY_FALLBACKS).
    """
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    text = f"{plain}|{born.isoformat()}"
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() for key in keys]


def _withdraw(candidate: Candidate, *, now: datetime) -> None:
    candidate.guardian_requests.filter(withdrawn_at__isnull=True, signed_at__isnull=True).update(withdrawn_at=now)
    candidate.verification_links.filter(withdrawn_at__isnull=True).update(withdrawn_at=now)
    candidate.verification_links.update(label="")
    candidate.affiliations.exclude(reason="").update(reason=ERASED)
    live = candidate.affiliations.filter(status__in=[Affiliation.Status.REQUESTED, Affiliation.Status.IN_FORCE])
    if live.exists():
        from candidates.services.affiliations import leave_partner

        while live.exists():
            leave_partner(candidate_id=candidate.pk, now=now)


def _empty_words(candidate: Candidate) -> None:
    candidate.notices.update(address="", subject="", body="", trouble="", service_id="")
    Delivery.objects.filter(event__candidate_id=candidate.pk).exclude(last_error="").update(last_error="")
    # Staff's and providers' own words stand in the payload of decisions; what they decided stands in its rows.
    Event.objects.filter(candidate_id=candidate.pk, payload__has_key="reason").update(payload={})
    candidate.acceptances.filter(ip_address__isnull=False).update(ip_address=None)
    candidate.guardian_consents.update(
        guardian=Concat(Value("erased "), Cast("id", CharField())),
        relation="",
        evidence=ERASED,
        withdrawn_because=_emptied("withdrawn_because"),
    )
    candidate.guardian_requests.update(email=address_of_nobody(candidate.pk), ip_address=None)
    candidate.residence_proofs.update(
        country=NOWHERE, region="", document=ERASED, lapsed_because=_emptied("lapsed_because")
    )
    kept = Q(status=Sanction.Status.RUNNING)  # with its grounds and files, as integrity requires
    candidate.sanctions.filter(kept).update(person_mark=marks_of(name=candidate.name, born=candidate.born)[0])
    grounds = ("statement", "evidence", "decided_because", "appeal", "appeal_decided_because", "lifted_because")
    candidate.sanctions.exclude(kept).update(**{name: _emptied(name) for name in grounds})
    candidate.cases.exclude(sanctions__status=Sanction.Status.RUNNING).update(
        facts={}, resolution=_emptied("resolution")
    )


def _empty_tips(candidate: Candidate) -> list[str]:
    """Of tips that led to the person stays that there were some, and what came of them; their files are given."""
    about = Tip.objects.filter(case__candidate=candidate)
    files = TipFile.objects.filter(tip__in=about)
    names = [name for name in files.values_list("file", flat=True) if name]
    files.update(file="", original_name=ERASED)
    TipMessage.objects.filter(tip__in=about).update(words=ERASED)
    about.update(person="", activity="", words=ERASED, answer=_emptied("answer"))
    return names


def _emptied(column: str) -> models.Case:
    """Words become one that says that they are gone; none stay none."""
    return models.Case(When(**{column: ""}, then=Value("")), default=Value(ERASED))


def _close_login(candidate: Candidate) -> None:
    user = candidate.user
    if user is None:
        return
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    PersonalToken.objects.filter(user=user).delete()
    user.groups.clear()
    user.set_unusable_password()  # which ends every session, too
    user.email, user.name, user.is_active, user.last_login = address_of_nobody(user.pk), "", False, None
    user.save()
