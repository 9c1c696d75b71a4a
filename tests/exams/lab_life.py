"""A random life of lab bookings: how time passes in it, what a step means, and how money moves.

A *step* is a verb with what it takes, after some time has passed. Where several things could be meant, the numbers of
the step choose; one step in four takes anything at all, so that what is refused is tried as well. The verbs themselves
stand in lab_lives.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

import payments.services
import payments.sweeps
from candidates.models import Candidate
from ceportal.kernel.decisions import Refused
from ceportal.scenarios.cards import CardDesk
from exams import sweeps
from exams.models import Booking, Site, Sitting
from exams.rules.desk import IdentityFacts
from exams.site_time import begin_of, moment_of
from payments.gateway import GatewayRefund
from payments.models import Order, Payment, Refund, Voucher

TRACKS = ("ccie-security", "ccie-security", "ccie-enterprise")
# What is likely to be done next, by where the latest booking stands; the verb "next" chooses of it.
NEXT = {
    "": ("book", "book", "wish", "voucher", "book"),
    "held": ("pay", "confirm", "confirm", "give", "book", "answer", "answer", "page", "withdraw", "redeem"),
    "reserved": ("pay", "pay", "pay", "redeem", "page", "drop", "sweep"),
    "paid": (
        "quote",
        "quote",
        "quote",
        "arrive",
        "arrive",
        "arrive",
        "absent",
        "cancel",
        "incident",
        "clock",
        "shut",
        "refunds",
    ),
    "sat": ("result", "result", "result", "incident", "clock", "close"),
    "incident": ("remedy", "remedy", "quote", "quote", "book"),
    "failed": ("reread", "reread", "reread", "correct", "book", "wish"),
    "passed": ("correct", "book"),
    "no_show": ("incident", "clock", "book", "wish"),
}
KITS = ("", "mobile_kit")
SHOWN = IdentityFacts("passport", "bank_card", photographed=True, signed=True)
DAY = timedelta(days=1)
WATCHED = (
    *(
        f"exams_{name}"
        for name in ("booking", "reschedule", "waitingwish", "checkin", "logentry", "incident", "remedy")
    ),
    *("exams_reread", "exams_attempt", "exams_closure", "exams_sitting", "payments_order", "payments_orderline"),
    *("payments_payment", "payments_refund", "payments_voucher", "payments_invoice", "payments_creditnote"),
    *("candidates_case", "candidates_notice", "kernel_event"),
)
FINGERPRINT = " UNION ALL ".join(
    f"SELECT '{table}', md5(string_agg(each::text, '|' ORDER BY id)) FROM {table} each" for table in WATCHED
)


def fingerprint() -> dict[str, str]:
    """What all that could change looks like, by table."""
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        return dict(cursor.fetchall())


@dataclass(frozen=True)
class Step:
    """Something that somebody does when some time has passed."""

    verb: str
    who: int
    which: int
    how: int
    wait: str


@dataclass
class Life:
    """The candidates, the card service, and the moment at which they are."""

    people: tuple[Candidate, ...]
    proctor_id: int
    cards: CardDesk
    now: datetime
    told: list[str] = field(default_factory=list)  # what happened, to be read when something is wrong
    seen: dict[str, str] = field(default_factory=dict)  # how all looks since the last of it
    step: Step = field(init=False)

    # ── A step ────────────────────────────────────────────────────────────────────────────────────
    def do(self, step: Step) -> None:
        """Let time pass, then do one thing; what is refused changes nothing."""
        self.step = step
        self._wait(step.wait)
        verb = self._likely() if step.verb == "next" else step.verb
        self.told.append(f"{self.now:%Y-%m-%d %H:%M:%S} {verb} {step.who} {step.which} {step.how}")
        act: Callable[[], None] = getattr(self, f"_{verb}")
        act()

    def _likely(self) -> str:
        latest = Booking.objects.filter(candidate=self.candidate).order_by("-id").first()
        verbs = NEXT.get(latest.status if latest else "", NEXT[""])
        return verbs[self.step.which % len(verbs)]

    def _try(self, service: Callable[..., Any], *, keeps: bool = False, **arguments: Any) -> Any:
        """What a service gives; None where it refuses, upon which all is as it was, unless it says what it `keeps`."""
        before, keeps = self.seen or fingerprint(), keeps or self._unseen()
        try:
            made = service(**arguments, now=self.now)
        except Refused as refusal:
            self.told.append(f"    {service.__name__}: {', '.join(refusal.decision.clauses_unmet)}")
            made = None
        else:
            self.told.append(f"    {service.__name__}: {made}")
            keeps = True
        self.seen = fingerprint()
        assert keeps or self.seen == before, [each for each in before if self.seen[each] != before[each]]
        return made

    def _unseen(self) -> bool:
        """Whether something was paid that the portal has not found out: it finds out by whatever is asked next."""
        opened = Payment.objects.filter(status="open", session_id__isnull=False).values_list("session_id", flat=True)
        return any(self.cards.pages[page].payment_status == "paid" for page in opened)

    def _wait(self, how_long: str) -> None:
        fixed = {"none": timedelta(0), "minutes": timedelta(minutes=20), "hours": timedelta(hours=5), "days": 6 * DAY}
        if how_long in fixed:
            self.now += fixed[how_long]
        else:
            ahead = sorted(each for each in self._moments() if each > self.now)
            if ahead:
                self.now = ahead[self.step.which % min(3, len(ahead))]

    def _moments(self) -> list[datetime]:
        """The moments at which something becomes due or impossible, and those just before."""
        found: list[datetime] = []
        for booking in Booking.objects.filter(status__in=["held", "reserved", "paid"]).select_related(
            "seat__sitting__site"
        ):
            sitting = booking.seat.sitting
            zone = sitting.site.time_zone
            edges = [booking.pay_before, booking.held_until]
            edges += [begin_of(sitting.day - days * DAY, zone) for days in (45, 29, 3)]
            found += [edge - shift for edge in edges if edge for shift in (timedelta(seconds=1), timedelta(0))]
            found.append(moment_of(sitting.day, sitting.starts_at, zone) + timedelta(minutes=130))
        return found

    # ── What there is to choose ───────────────────────────────────────────────────────────────────
    @property
    def candidate(self) -> Candidate:
        return self.people[self.step.who]

    def _booking(self, *statuses: str) -> Booking | None:
        """A booking of the candidate in one of these states, now and then any."""
        own = Booking.objects.filter(candidate=self.candidate).order_by("-id")
        fitting = own.filter(status__in=statuses)
        found = list(fitting if self.step.how % 4 and fitting.exists() else own)
        return found[self.step.which % len(found)] if found else None

    def _seat(self) -> dict[str, Any]:
        """A site, one of its days of about now, and a kit."""
        site = Site.objects.order_by("id")[self.step.which % 4]
        days = list(Sitting.objects.filter(site=site, day__gte=(self.now - 3 * DAY).date()).order_by("day")[:6])
        kit = KITS[self.step.how % 2] if site.kind == "mobile" else ""
        return {"site_code": site.code, "day": days[self.step.how % len(days)].day, "kit": kit}

    def _code(self) -> str:
        vouchers = list(Voucher.objects.order_by("id"))
        own = [each for each in vouchers if each.candidate_id == self.candidate.pk and each.status == "unused"]
        found = own if own and self.step.how % 4 else vouchers
        return found[self.step.which % len(found)].code if found else "ABCD-EFGH-JKLM"

    # ── Money ─────────────────────────────────────────────────────────────────────────────────────
    def _card(self, order: Order | None) -> None:
        """Pay an order by a card: charged and known, declined, charged and not known yet, or only the page opened."""
        if order is None or order.status != Order.Status.OPEN:
            return
        if self.step.how % 7 == 1:
            self._try(lambda now: self.cards.decline(order, clause="LAB-09", now=now), keeps=True)
            return
        page = self._try(
            payments.services.start_payment,
            order_id=order.pk,
            success_url="https://portal.example/",
            cancel_url="https://portal.example/",
        )
        if page is not None and self.step.how % 7 != 2:
            self.cards.settle(page, at=self.now)
        if page is not None and self.step.how % 7 not in {2, 3}:
            self._try(payments.services.refresh_payment, payment_id=page.pk)

    def _page(self) -> None:
        """Somebody pays on a page that was left open."""
        pages = [
            each
            for each in Payment.objects.filter(session_id__isnull=False).order_by("-id").select_related("order")
            if self.cards.pages[each.session_id or ""].status == "open"
        ]
        if pages:
            page = pages[self.step.which % len(pages)]
            self.cards.settle(page, at=self.now)
            if self.step.how % 2:
                self._try(payments.services.refresh_payment, payment_id=page.pk)

    def _refunds(self) -> None:
        """The card service answers for the refunds that are under way."""
        for refund in Refund.objects.filter(status="requested").order_by("id"):
            key = f"re_{refund.pk}-{refund.requested_at:%Y%m%d%H%M%S%f}"
            made = self.cards.refunds.get(key)
            if made is None and self.step.how % 4 == 1:
                status = ("failed", "pending")[self.step.which % 2]
                self.cards.refunds[key] = GatewayRefund(key, status, refund.amount_cents)
            elif made is not None and made.status == "pending":
                self.cards.refunds[key] = replace(made, status="succeeded")
                self.cards.given_back[refund.payment.intent_id] += made.amount_cents
            self._try(payments.services.follow_refund, refund_id=refund.pk)

    def _voucher(self) -> None:
        expires_on = (self.now + (20, 90, 365, 365)[self.step.how % 4] * DAY).date()
        self._try(payments.services.issue_voucher, candidate_id=self.candidate.pk, expires_on=expires_on)

    # ── Sweeps ────────────────────────────────────────────────────────────────────────────────────
    def _sweep(self) -> None:
        self.run_sweeps()

    def run_sweeps(self) -> None:
        """All that runs every few minutes and every night; run again it changes nothing more."""
        for attempt in range(2):
            before = self.seen or fingerprint()
            for sweep in (
                payments.sweeps.follow_up,
                sweeps.cancel_unpaid,
                sweeps.release_held,
                sweeps.remind_of_payment,
                sweeps.lapse_rereads,
                payments.sweeps.expire_vouchers,
                payments.sweeps.issue_due_invoices,
                sweeps.offer_seats,
            ):
                sweep(now=self.now)
            self.seen = fingerprint()
            assert not attempt or self.seen == before, [each for each in before if self.seen[each] != before[each]]
