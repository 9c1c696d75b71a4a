"""People with rows in nearly every table, for the pages of staff."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from candidates import services as people
from candidates import wordings
from candidates.models import Agreement, Candidate, Case, ChannelPartner, PartnerMember
from catalog.models import ProviderMember
from catalog.services import mark_equivalent, propose_item, register_gathering, schedule_session
from catalog.services.proposals import ProposalForm
from ceportal.kernel import clock
from ceportal.kernel.uploads import Upload
from credits.models import AdministrativeFee
from credits.services import appeals, audits, claims, enrollment, reports, reviews, rosters, scans, seals
from credits.services.development import record_authored_items, record_workshop
from emeritus.services import import_emeritus
from exams.services import record_attempt
from exams.services.sharing import share_results
from payments.models import (
    CreditNote,
    Dispute,
    Invoice,
    Order,
    OrderLine,
    Payment,
    Reconciliation,
    ReconciliationDifference,
    Refund,
    StripeEvent,
)
from payments.papers import credit_note_content, invoice_content
from payments.services import issue_voucher
from payments.services.transfers import post_lines_given_back, post_payment, post_sale
from tests import factories
from tests.ceportal.lab_rows import in_a_lab, near_emeritus
from tests.credits.roster_world import csv_file
from tests.factories import day, noon
from tests.story import PDF

NOW = noon("2026-05-04")


def somebody(member: ProviderMember) -> Candidate:
    """A candidate with rows in nearly every table: enrolled, claimed, audited, appealed, reported, paid, refunded."""
    candidate = factories.CandidateFactory.create(login=True)
    renewed = wordings.wording_of("renewed", "ja")
    people.review_wording(kind="renewed", language="ja", digest=renewed.digest, staff_id=member.user_id, now=NOW)
    track = factories.TrackFactory.create()
    held = people.import_certification(
        candidate_id=candidate.id, track_code=track.code, certified_on=day("2025-01-01"), now=NOW
    )
    people.share_certifications(
        candidate_id=candidate.id, certification_ids=[held.id], form_key=uuid4(), label="Acme", now=NOW
    )
    people.issue_badge(certification_id=held.id, now=NOW)
    enrollment.enroll(candidate_id=candidate.id, accept_terms=True, ip_address="192.0.2.1", now=NOW)
    for outcome in ("approve", "return", "reject"):
        run = factories.DeliveryFactory.create(provider=member.provider, ends_on=day("2026-04-01"))
        form = claims.ClaimForm(
            item_id=run.item_id, provider_id=run.provider_id, delivery_id=run.id, completed_on=run.ends_on
        )
        claim = claims.save_draft(candidate_id=candidate.id, form_key=uuid4(), form=form, now=NOW)
        claims.attach_evidence(candidate_id=candidate.id, claim_id=claim.id, name="c.pdf", content=PDF, now=NOW)
        claims.submit_claim(candidate_id=candidate.id, claim_id=claim.id, now=NOW)
        reviews.decide_claim(claim_id=claim.id, member_id=member.id, outcome=outcome, reason="So be it.", now=NOW)
        if outcome == "approve":
            audits.open_audit(claim_id=claim.id, staff_id=None, now=NOW)
        if outcome == "reject":
            appeals.file_appeal(candidate_id=candidate.id, claim_id=claim.id, words="It is not so.", now=NOW)
    reported = factories.listed_item(provider=member.provider, credits=8)
    reports.report_completion(
        provider_id=member.provider_id,
        candidate_id=candidate.id,
        item_code=reported.code,
        completed_on=day("2026-04-02"),
        member_id=member.id,
        now=NOW,
    )
    authored_and_attended(candidate)
    exam = factories.ExamFactory.create(number="300-415", kind="concentration")
    attempt = record_attempt(
        candidate_id=candidate.id, exam_number=exam.number, taken_on=day("2025-01-02"), result="fail", now=NOW
    )
    share_results(
        candidate_id=candidate.id, shows="reports", attempt_ids=[attempt.id], form_key=uuid4(), label="Acme", now=NOW
    )
    people.ask_for_export(candidate_id=candidate.id, now=NOW)
    people.write_notice(
        candidate=candidate, kind="test", key=f"test:{candidate.id}", subject="A word", body="To you.", now=NOW
    )
    at_an_event(candidate)
    proposed_and_on_a_roster(candidate, member)
    paid_and_refunded(candidate)
    people.open_case(
        key=f"case:{candidate.id}",
        kind=Case.Kind.FAILED_AUDIT,
        clause="CE-12",
        candidate_id=candidate.id,
        subject=f"credits.claim:{candidate.id}",
        facts={},
        now=NOW,
    )
    signed_proven_and_sanctioned()
    in_japanese()
    associated(candidate)
    reported_in_confidence(candidate)
    in_a_lab(candidate)
    near_emeritus(candidate)
    seals.seal_finished_days(now=NOW + timedelta(days=1))
    in_emeritus = factories.CandidateFactory.create()
    import_emeritus(
        candidate_id=in_emeritus.id,
        track_code=track.code,
        certified_on=day("2010-01-01"),
        until=day("2026-12-01"),
        now=NOW,
    )
    return candidate


def signed_proven_and_sanctioned() -> None:
    """A minor with a guardian's signature and a proof of residence, under a sanction with two signatures."""
    minor = factories.CandidateFactory.create(born=day("2010-01-02"), country="IR")
    first, second = (factories.UserFactory.create(staff=True) for _each in range(2))
    people.ask_guardian(candidate_id=minor.id, email="parent@example.org", language="ja", asked_by_id=first.id, now=NOW)
    people.record_consent(
        candidate_id=minor.id,
        guardian="A. Parent",
        signed_on=NOW.date(),
        evidence="Seen.",
        recorded_by_id=first.id,
        now=NOW,
    )
    people.verify_residence(candidate_id=minor.id, country="TR", document="Seen.", staff_id=first.id, now=NOW)
    sanction = people.propose_sanction(
        candidate_id=minor.id,
        clause="CERT-08",
        statement="Misuse.",
        staff_id=first.id,
        now=NOW,
        uploads=[Upload("mug.pdf", PDF)],
    )
    people.confirm_sanction(sanction_id=sanction.id, staff_id=second.id, now=NOW)


def in_japanese() -> None:
    """Another version of a text, with its words in two languages."""
    count = Agreement.objects.count()
    draft = people.draft_agreement(
        kind="terms",
        version=f"2.{count}",
        title="Terms",
        text="Words.",
        effective_on=NOW.date() + timedelta(days=9 + count),
    )
    people.translate_agreement(agreement_id=draft.id, language="ja", title="規約", text="文", staff_id=None, now=NOW)


def associated(candidate: Candidate) -> None:
    """An expert who works for a channel partner."""
    partner, _created = ChannelPartner.objects.get_or_create(code="northwind", defaults={"name": "Northwind"})
    asked = people.request_affiliation(
        candidate_id=candidate.id, partner_code=partner.code, country="US", full_time=True, now=NOW
    )
    member = PartnerMember.objects.create(partner=partner, user=factories.UserFactory.create())
    people.confirm_for_partner(affiliation_id=asked.id, member_id=member.id, now=NOW)


def reported_in_confidence(candidate: Candidate) -> None:
    """A tip about them with a file, led to them, with a question and an answer."""
    form = people.TipForm(words="Sold the questions.", happened_on=day("2026-05-01"), person=candidate.name)
    tip = people.file_tip(form_key=uuid4(), form=form, uploads=[Upload("seen.pdf", PDF)], now=NOW).tip
    staff = factories.UserFactory.create(staff=True)
    people.link_tip(tip_id=tip.id, candidate_id=candidate.id, staff_id=staff.id, now=NOW)
    people.ask_reporter(tip_id=tip.id, form_key=uuid4(), words="Where?", staff_id=staff.id, now=NOW)
    people.add_to_tip(tip_id=tip.id, form_key=uuid4(), words="Here.", now=NOW)


def proposed_and_on_a_roster(candidate: Candidate, member: ProviderMember) -> None:
    """A training that its provider proposed, two that count as one, and a roster that was looked at."""
    boss = factories.ProviderMemberFactory.create(provider=member.provider, role="manager")
    form = ProposalForm(code=f"proposed-{boss.id}", title="Proposed", kind="workshop", credits=8)
    propose_item(member_id=boss.id, form_key=uuid4(), form=form, now=NOW)
    one, other = (factories.listed_item(provider=member.provider, credits=8) for _each in range(2))
    mark_equivalent(
        review_id=factories.BoardReviewFactory.create().id,
        item_id=one.id,
        same_as_id=other.id,
        reason="The same in German.",
        decided_by_id=None,
        now=NOW,
    )
    content = csv_file(
        (candidate.number, "", one.code, "", "2026-04-03"), ("CSCO404", "", other.code, "", "2026-04-03")
    )
    roster = rosters.upload_roster(member_id=member.id, form_key=uuid4(), file_name="may.csv", content=content, now=NOW)
    rosters.check_roster(roster_id=roster.id, now=NOW)


def at_an_event(candidate: Candidate) -> None:
    """Two sessions of an event of their own: one earns, of the other too little was attended; and the file of it."""
    event = register_gathering(
        code=f"live-{candidate.id}",
        name="Live",
        place="Brussels",
        time_zone="Europe/Brussels",
        starts_on=day("2026-04-20"),
        ends_on=day("2026-04-22"),
        now=NOW,
    )
    lines = ["candidate,event,session,in,out"]
    for code, went in (("BRKSEC-1010", 90), ("BRKSEC-2020", 30)):
        schedule_session(
            gathering_id=event.id,
            code=code,
            minutes=90,
            starts_at=clock.at(event.starts_on, 9),
            marked=False,
            title="A session",
            now=NOW,
        )
        lines.append(f"{candidate.number},{event.code},{code},0,{went}")
    lines.append(f"nobody,{event.code},BRKSEC-1010,0,90")
    row = scans.request_import(name="badges.csv", content="\n".join(lines).encode(), user_id=None, now=NOW)
    scans.run_import(scan_import_id=row.id, now=NOW)


def authored_and_attended(candidate: Candidate) -> None:
    """What the exam team reports, under references of the candidate's own."""
    report = {"candidate_id": candidate.id, "reference": f"X-{candidate.id}", "staff_id": None, "now": NOW}
    record_authored_items(**report, kind="core", accepted=2, direct=True, accepted_on=day("2026-04-03"))
    record_workshop(**report, kind="jta", level="expert", days=1, held_on=day("2026-04-04"))


def paid_and_refunded(candidate: Candidate) -> Order:
    order = paid_order(candidate)
    Refund.objects.create(
        payment=order.payments.get(), amount_cents=12100, reason="Because.", requested_at=NOW, next_check_at=NOW
    )
    Dispute.objects.create(
        payment=order.payments.get(),
        stripe_id=f"du_{candidate.id}",
        stage="needs_response",
        reason="general",
        amount_cents=12100,
        opened_at=NOW,
    )
    post_payment(order.payments.get(), now=NOW)
    post_sale(order, None, now=NOW)
    post_lines_given_back(Refund.objects.get(payment__order=order), list(order.lines.all()), now=NOW)
    AdministrativeFee.objects.create(cycle=candidate.cycles.get(), order=order, paid_on=NOW.date())
    Invoice.objects.create(
        order=order,
        candidate=candidate,
        year=2026,
        sequence=candidate.id,
        number=f"2026-{candidate.id:06}",
        content=invoice_content(
            order=order,
            lines=list(order.lines.all()),
            payment=order.payments.get(),
            number=f"2026-{candidate.id:06}",
            issued_on=NOW.date(),
        ),
        issued_on=NOW.date(),
        issued_at=NOW,
    )
    CreditNote.objects.create(
        invoice=order.invoice,
        candidate=candidate,
        refund=Refund.objects.get(payment__order=order),
        year=2026,
        sequence=candidate.id,
        number=f"CN-2026-{candidate.id:06}",
        content=credit_note_content(
            invoice=order.invoice,
            refund=Refund.objects.get(payment__order=order),
            lines=list(order.lines.all()),
            number=f"CN-2026-{candidate.id:06}",
            issued_on=NOW.date(),
        ),
        issued_on=NOW.date(),
        issued_at=NOW,
    )
    issue_voucher(candidate_id=candidate.id, expires_on=day("2026-12-31"), now=NOW)
    sums = dict.fromkeys(("charged_cents", "refunded_cents", "disputed_cents", "fees_cents", "paid_out_cents"), 0)
    run, _created = Reconciliation.objects.get_or_create(
        day=NOW.date(),
        defaults={"ran_at": NOW, "compared": 1, "on_their_way": 0, "differing": 1, "currency": "USD", **sums},
    )
    ReconciliationDifference.objects.create(
        subject=f"payment:{order.payments.get().pk}",
        kind="missing_there",
        order=order,
        payment=order.payments.get(),
        told_cents=12100,
        posted_cents=12100,
        currency="USD",
        found_by=run,
        found_at=NOW,
        seen_by=run,
        seen_at=NOW,
    )
    StripeEvent.objects.create(
        stripe_id=f"evt_{candidate.id}", kind="charge.refunded", body="{}", received_at=NOW, due_at=NOW
    )
    return order


def paid_order(candidate: Candidate) -> Order:
    order = Order.objects.create(
        candidate=candidate,
        number=f"O-{candidate.id}",
        purpose=Order.Purpose.ADMIN_FEE,
        reference=f"cycle:{candidate.id}",
        status=Order.Status.PAID,
        currency="USD",
        net_cents=10000,
        tax_cents=2100,
        total_cents=12100,
        decision=[],
        created_at=NOW,
        paid_at=NOW,
    )
    OrderLine.objects.create(
        order=order,
        position=1,
        description="Fee",
        net_cents=10000,
        tax_country="BE",
        tax_percent=21,
        tax_cents=2100,
    )
    Payment.objects.create(
        order=order,
        status=Payment.Status.SUCCEEDED,
        amount_cents=12100,
        session_id=f"cs_{candidate.id}",
        created_at=NOW,
        expires_at=NOW,
        next_check_at=NOW,
        paid_at=NOW,
    )
    return order
