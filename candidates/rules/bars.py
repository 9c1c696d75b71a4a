"""What a running sanction bars (CAND-02)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ceportal.kernel.decisions import Decision, Finding, finding
from ceportal.kernel.decisions import gettext_noop as _

# The clause of a refusal that answers to no breach: testing refused where the law allows it. It is decided, told and
# appealed like a sanction.
REFUSAL = "CAND-10"
BREACH = "CAND-02"  # a breach of the agreement itself; where it broke a clause of its own, that is cited, too


@dataclass(frozen=True, slots=True)
class BarFacts:
    """A sanction that runs: the clause that was broken, how far it reaches, and since when."""

    clause: str
    permanent: bool
    exams_only: bool
    since: date

    @property
    def revokes(self) -> bool:
        """Whether it revokes certifications: a permanent one does, unless it is for exams only."""
        return self.permanent and not self.exams_only


def strictest_bar(bars: Iterable[BarFacts]) -> BarFacts | None:
    """Of several that run, the one that reaches farthest, the oldest of equals; None where none runs."""
    return min(bars, key=lambda bar: (not bar.revokes, bar.exams_only, bar.since), default=None)


def bars(facts: BarFacts | None, *, for_exams: bool) -> bool:
    """Whether a running sanction reaches what is asked for, as `assess_bar` says."""
    return facts is not None and (for_exams or not facts.exams_only)


def assess_bar(facts: BarFacts | None, *, for_exams: bool) -> Decision:
    """Whether a running sanction stands in the way.

    `for_exams`: of sitting, booking and paying for it, check-in and results; else of enrollment, claims and decisions
    on them, reports, and purchases, which one for exams only leaves open.
    """
    barred = bars(facts, for_exams=for_exams)
    if facts is not None and facts.exams_only:
        no = _("A sanction under %(breached)s bars from exams since %(barred_on)s.")
    else:
        no = _("A sanction under %(breached)s stands in the way since %(barred_on)s.")
    findings = [
        finding(
            BREACH,
            not barred,
            yes=_("No sanction stands in the way."),
            no=no,
            next_step=_("The sanction's page says what it rests on and how to appeal. All is kept until it ends."),
            breached=facts.clause if facts else "",
            barred_on=facts.since if facts else None,
        )
    ]
    if facts is not None and barred and facts.clause != BREACH:
        rests_on = (
            _("The programme refuses to test you, as the law allows.")
            if facts.clause == REFUSAL
            else _("The sanction rests on a breach of this clause.")
        )
        findings.append(Finding(facts.clause, False, rests_on, next_step=_("The sanction's page says why.")))
    return Decision(tuple(findings))


def assess_bar_for_others(facts: BarFacts | None, *, for_exams: bool) -> Decision:
    """As `assess_bar`, in words for providers, organisers and partners: why, and since when, is not theirs to know."""
    return Decision(
        (
            finding(
                "CAND-02",
                not bars(facts, for_exams=for_exams),
                yes=_("The programme lets the candidate take part."),
                no=_("The programme does not let the candidate take part at present."),
                next_step=_("What waits is kept. Come back to it later; the candidate knows more."),
            ),
        )
    )
