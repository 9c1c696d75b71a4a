"""The texts that people accept: a version is drafted, translated, published, and accepted once by each."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from candidates import queries, rules
from candidates.models import Acceptance, Agreement, AgreementTranslation
from candidates.models.agreements import ENGLISH
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


@transaction.atomic
def accept_agreement(
    *,
    candidate_id: int,
    kind: str,
    ip_address: str | None,
    now: datetime,
    version: str | None = None,
    accepted_on: date | None = None,
    language: str = "",
) -> Acceptance:
    """Record the acceptance of the version in force, with its moment, address and the language read (CE-05); once.

    `accepted_on` is the day of an acceptance that is told later (CAND-01): the version of that day is meant, and its
    moment is the end of it. `language` is empty where it is not known; who asks for one without words reads English.
    Agreement.DoesNotExist where `version` is not the one in force: the text on the screen was replaced meanwhile. Emits
    candidates.agreement_accepted.
    """
    lock_candidate(candidate_id)
    today = clock.day_of(now)
    agreement = queries.current_agreement(kind, accepted_on or today)
    if agreement is None or (version is not None and agreement.version != version):
        raise Agreement.DoesNotExist(kind)
    accepted_at = now if accepted_on in {None, today} else clock.end_of(accepted_on)
    read = agreement.words_in(language).language if language else ""
    acceptance, created = Acceptance.objects.get_or_create(
        candidate_id=candidate_id,
        agreement=agreement,
        defaults={"accepted_at": accepted_at, "ip_address": ip_address, "language": read},
    )
    if created:
        emit(
            "candidates.agreement_accepted",
            acceptance,
            now=now,
            kind=kind,
            version=agreement.version,
            language=read,
        )
    return acceptance


@transaction.atomic
def draft_agreement(*, kind: str, version: str, title: str, text: str, effective_on: date) -> Agreement:
    """Write down a version that nobody is asked for yet; drafted before in the same words, it is the one there."""
    draft, _created = Agreement.objects.get_or_create(
        kind=kind,
        version=version,
        defaults={"title": title, "text": text, "effective_on": effective_on, "published_at": None},
    )
    return draft


@transaction.atomic
def translate_agreement(
    *, agreement_id: int, language: str, title: str, text: str, staff_id: int | None, now: datetime
) -> AgreementTranslation:
    """Give a version its words in another language, or refuse where it has some already.

    Also a published one: nobody has read it in that language yet. Emits candidates.agreement_translated.
    """
    agreement = Agreement.objects.select_for_update(no_key=True).get(id=agreement_id)
    require(
        rules.assess_translation(
            rules.TranslationFacts(
                kind=agreement.kind,
                is_new=language not in agreement.words,
                has_words=bool(title.strip() and text.strip()),
            )
        )
    )
    translation = AgreementTranslation.objects.create(
        agreement=agreement, language=language, title=title.strip(), text=text.strip()
    )
    emit(
        "candidates.agreement_translated",
        translation,
        now=now,
        kind=agreement.kind,
        version=agreement.version,
        language=language,
        staff=staff_id,
    )
    return translation


@transaction.atomic
def publish_agreement(*, agreement_id: int, staff_id: int | None, now: datetime) -> Agreement:
    """Publish a draft: from its day on it is asked for, and its words never change again (CE-05, CAND-01, LAB-02).

    Refused for a day that has begun, after which people may have accepted the version before. Published before,
    nothing changes. Emits candidates.agreement_published.
    """
    agreement = Agreement.objects.select_for_update(no_key=True).get(id=agreement_id)
    if agreement.published_at is not None:
        return agreement
    first = not Agreement.objects.filter(kind=agreement.kind, published_at__isnull=False).exists()
    require(
        rules.assess_publishing(
            rules.PublishingFacts(
                kind=agreement.kind,
                effective_on=agreement.effective_on,
                day=clock.day_of(now),
                first=first,
                has_words=bool(agreement.title.strip() and agreement.text.strip()),
            )
        )
    )
    agreement.published_at, agreement.published_by_id = now, staff_id
    agreement.save(update_fields=["published_at", "published_by"])
    languages = sorted(set(agreement.words) - {ENGLISH})
    emit(
        "candidates.agreement_published",
        agreement,
        now=now,
        kind=agreement.kind,
        version=agreement.version,
        effective_on=agreement.effective_on.isoformat(),
        translated=languages,
        staff=staff_id,
    )
    return agreement
