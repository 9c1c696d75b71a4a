"""The situations that candidates of the demonstration are in, each planned relative to the portal's today.

A situation is a function that plans one story; what the policy book of the day does not know (a fee, a suspended
period, a level that may not enroll yet) is planned in another way or left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ceportal.demo import paths, wares
from ceportal.demo.holders import TRACKS, any_level, earn_some, holder, member, recent, start_for_end
from ceportal.demo.story import ONE_DAY, Story, make_user
from ceportal.kernel.calendar import add_months, add_years


def not_enrolled(story: Story) -> None:
    """Holds a certification of any level and has not enrolled."""
    level = story.chance.choice(sorted(TRACKS))
    held = holder(story, level=level, lapses_on=story.scene.today + timedelta(days=story.chance.randint(70, 900)))
    if story.chance.random() < 0.3:
        exam = paths.exam_for(story.scene.exams, "core")
        story.sits(exam, story.some_day(held.known_on + ONE_DAY, story.scene.yesterday), "fail")


def entry_level_only(story: Story) -> None:
    """Holds what lasts for life, and therefore cannot enroll (CE-02)."""
    on = story.scene.yesterday - timedelta(days=story.chance.randint(20, 600))
    on = max(on, story.scene.first_day)
    story.registers(on)
    story.holds("ccst-networking", term_started_on=on, recorded_on=on)


def enrolled_only(story: Story) -> None:
    """Enrolled and has done nothing yet."""
    member(story)


def drafting(story: Story) -> None:
    """Has begun a claim and not handed it in."""
    held = member(story)
    if completion := recent(story, held, (5, 25)):
        story.drafts(completion, on=story.scene.yesterday, evidence=story.chance.random() < 0.5)


def waiting(story: Story) -> None:
    """A claim lies with the provider, in time."""
    held = member(story)
    earn_some(story, held, share=0.2, until=40)
    if completion := recent(story, held, (9, 20)):
        story.files(completion, on=story.scene.today - timedelta(days=story.chance.randint(1, 8)))


def overdue(story: Story) -> None:
    """A claim lies with the provider for longer than was promised."""
    held = member(story)
    if completion := recent(story, held, (45, 60)):
        story.files(completion, on=story.scene.today - timedelta(days=story.chance.randint(13, 40)))


def returned(story: Story) -> None:
    """A claim came back with a question; some earlier one was handed in again and approved."""
    held = member(story)
    if story.chance.random() < 0.4 and (earlier := recent(story, held, (70, 90))):
        key = story.files(earlier, on=earlier.on + timedelta(days=2))
        story.is_answered(key, on=earlier.on + timedelta(days=6), outcome="return")
        story.hands_in_again(key, on=earlier.on + timedelta(days=9))
        story.is_answered(key, on=earlier.on + timedelta(days=14))
    if completion := recent(story, held, (30, 45)):
        key = story.files(completion, on=story.scene.today - timedelta(days=25))
        story.is_answered(key, on=story.scene.today - timedelta(days=story.chance.randint(2, 20)), outcome="return")


def rejected(story: Story) -> None:
    """A claim was rejected."""
    held = member(story)
    if completion := recent(story, held, (30, 60)):
        key = story.files(completion, on=story.scene.today - timedelta(days=26))
        story.is_answered(key, on=story.scene.today - timedelta(days=story.chance.randint(3, 20)), outcome="reject")


def appealing(story: Story) -> None:
    """A claim was rejected and the rejection appealed: with the programme, dismissed, or before the provider again."""
    held = member(story)
    today = story.scene.today
    if completion := recent(story, held, (40, 60)):
        key = story.files(completion, on=today - timedelta(days=36))
        story.is_answered(key, on=today - timedelta(days=30), outcome="reject")
        story.appeals(key, on=today - timedelta(days=25), words=story.chance.choice(wares.APPEALED))
        outcome = story.chance.choice(("", "uphold", "dismiss"))
        if outcome:
            finding = wares.FOUND[outcome]
            story.is_heard(key, on=today - timedelta(days=story.chance.randint(4, 9)), outcome=outcome, finding=finding)


def audited(story: Story) -> None:
    """An approved claim is looked at again; most are asked for more."""
    held = member(story)
    today = story.scene.today
    if completion := recent(story, held, (40, 60)):
        key = story.files(completion, on=today - timedelta(days=36), evidence=True)
        story.is_answered(key, on=today - timedelta(days=30))
        asked = story.chance.choice(wares.ASKED) if story.chance.random() < 0.7 else ""
        story.is_audited(key, on=today - timedelta(days=story.chance.randint(2, 12)), asked=asked)


def audit_failed(story: Story) -> None:
    """An approved claim did not pass its audit, and its credits are void (CE-12)."""
    held = member(story)
    today = story.scene.today
    if completion := recent(story, held, (60, 75)):
        key = story.files(completion, on=today - timedelta(days=55), evidence=True)
        story.is_answered(key, on=today - timedelta(days=50))
        story.fails_audit(key, on=today - timedelta(days=story.chance.randint(5, 30)), found=wares.VOIDED)


def midway(story: Story) -> None:
    """Has earned a part of the credits."""
    earn_some(story, member(story), share=story.chance.uniform(0.3, 0.7))


def at_an_event(story: Story) -> None:
    """Went to sessions of an event: some earned, of some too little was attended, some are of no kind that earns."""
    earn_some(story, member(story), share=0.2, until=60)
    story.goes_to_the_fair(sessions=6)


def on_a_roster(story: Story) -> None:
    """Was taught by a provider that reports its students by rosters, one of which still waits as a dry run."""
    earn_some(story, member(story), share=0.15, until=60)
    story.is_taught()


def one_claim_left(story: Story) -> None:
    """One claim waits for approval, which completes the credits."""
    held = member(story, lapses_in=(40, 500))
    needed = paths.credits_of(held.level, story.scene.today)
    if last := recent(story, held, (9, 20)):
        days = story.days_between(held.enrolled_on, max(held.enrolled_on, last.on - timedelta(days=25)) + ONE_DAY, 4)
        for completion in story.completions(days, credits=needed - last.offer.credits, below=needed):
            story.earns(completion)
        story.files(last, on=story.scene.today - timedelta(days=story.chance.randint(1, 6)))


def fee_due(story: Story) -> None:
    """All credits are there and the administrative fee is what is left (CE-08)."""
    held = member(story, level=paths.fee_level(story.scene.today), lapses_in=(40, 400))
    needed = paths.credits_of(held.level, story.scene.today)
    days = story.days_between(held.enrolled_on, story.scene.today - timedelta(days=25), 5)
    for completion in story.completions(days, credits=needed):
        story.earns(completion)


def lapsing_soon(story: Story) -> None:
    """The certification lapses in about thirty days, and the credits with it."""
    earn_some(story, member(story, lapses_in=(22, 38)), share=0.4)


def renewed_by_credits(story: Story) -> None:
    """Renewed by credits alone, with the fee where one was due; some have begun to collect anew."""
    _renewed(story, by_credits=True, by_exams=False)


def renewed_by_exam(story: Story) -> None:
    """Renewed by an exam."""
    _renewed(story, by_credits=False, by_exams=True)


def renewed_by_both(story: Story) -> None:
    """Renewed by credits and exams together."""
    _renewed(story, by_credits=True, by_exams=True)


def bought_ahead(story: Story) -> None:
    """The next term is bought and has not begun (CE-09)."""
    _renewed(story, by_credits=False, by_exams=True, level=paths.anniversary_level(story.scene.today), ahead=True)


def _renewed(story: Story, *, by_credits: bool, by_exams: bool, level: str = "", ahead: bool = False) -> None:
    scene, chance = story.scene, story.chance
    on = max(scene.today - timedelta(days=chance.randint(30, 380)), scene.first_day + timedelta(days=60))
    on = min(on, scene.yesterday - timedelta(days=20))
    lapses_on = scene.today + timedelta(days=chance.randint(40, 300)) if ahead else on + timedelta(days=60)
    level = level or any_level(story)
    path = paths.find(level, on, credits=by_credits, exams=by_exams)
    held = holder(story, lapses_on=lapses_on, level=level, seen_on=on)
    story.enrolls(held.enrolled_on)
    if path.get("credits"):
        # A fee can be paid once everything is approved; without one the last completion renews.
        last = on - timedelta(days=25) if path.get("fee") else on
        days = [*story.days_between(held.enrolled_on, max(last, held.enrolled_on + ONE_DAY), 5), last]
        for completion in story.completions(days, credits=path["credits"]):
            story.earns(completion)
    for exam in paths.exams_for(scene.exams, path):
        story.sits(exam, on)
    if path.get("fee"):
        story.pays_fee(on)
    if chance.random() < 0.4 and on < scene.today - timedelta(days=60):
        for completion in story.completions(
            [story.some_day(on + ONE_DAY, scene.today - timedelta(days=30))], credits=1
        ):
            story.earns(completion)


def suspended(story: Story) -> None:
    """The active period is over and the suspended one runs (CERT-01)."""
    level = paths.suspended_level(story.scene.today)
    earn_some(story, member(story, lapses_in=(-300, -20), level=level), share=0.5)


def inactive(story: Story) -> None:
    """The certification became inactive, and with it the credits (CR-03)."""
    scene = story.scene
    level = any_level(story)
    gone_on = scene.today - timedelta(days=story.chance.randint(5, 300))
    held = holder(story, lapses_on=paths.last_active_day(level, gone_on), level=level, seen_on=gone_on)
    story.enrolls(held.enrolled_on)
    last = max(held.enrolled_on, gone_on - timedelta(days=60))
    needed = paths.credits_of(level, gone_on)
    for completion in story.completions(story.days_between(held.enrolled_on, last, 2), credits=1, below=needed):
        story.earns(completion)


def credits_expiring(story: Story) -> None:
    """Credits that outlived the higher certification expire within weeks (CR-01, CR-03)."""
    scene = story.scene
    lapsed_on = scene.today - timedelta(days=story.chance.randint(3, 8))
    held = holder(story, lapses_on=lapsed_on, level="expert", long_ago=True)
    lower_start = start_for_end("professional", scene.today + timedelta(days=400), seen_on=scene.today)
    story.holds("ccnp-security", term_started_on=lower_start, recorded_on=max(lower_start, held.known_on))
    story.enrolls(held.enrolled_on)
    days = [held.enrolled_on + timedelta(days=story.chance.randint(1, 12)) for _each in range(2)]
    for completion in story.completions(sorted(days), credits=30, below=paths.credits_of("professional", scene.today)):
        story.earns(completion)


def several_certifications(story: Story) -> None:
    """Holds certifications at several levels, which the highest renews with it (CERT-06)."""
    scene = story.scene
    held = member(
        story,
        level=story.chance.choice(
            [each for each in ("professional", "expert") if each in paths.open_levels(scene.today)]
        ),
    )
    lower = ["associate", "specialist"] + (["professional"] if held.level == "expert" else [])
    for level in lower:
        lapses_on = scene.today + timedelta(days=story.chance.randint(30, 900))
        started_on = start_for_end(level, lapses_on, seen_on=scene.today)
        recorded_on = max(started_on, held.known_on)
        story.holds(TRACKS[level][0], term_started_on=started_on, recorded_on=recorded_on)
    earn_some(story, held, share=0.5)


def emeritus(story: Story) -> None:
    """Holds an expert certification in Emeritus; most can enroll, some cannot (CE-04)."""
    scene, chance = story.scene, story.chance
    until = scene.today + timedelta(days=chance.randint(30, 330))
    recorded_on = max(scene.first_day, add_months(until, -12) + timedelta(days=5))
    recorded_on = min(recorded_on, scene.yesterday - timedelta(days=2))
    route = "written_and_lab" if chance.random() < 0.3 else "recertify"
    story.registers(recorded_on, user=make_user(story.person.email, story.person.name, now=story.scene.now))
    certified_on = add_years(until, -chance.randint(11, 18))
    story.is_emeritus("ccie-security", certified_on=certified_on, until=until, recorded_on=recorded_on, route=route)
    if route == "recertify":
        story.enrolls(recorded_on + ONE_DAY)


Plan = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation, how common it is, and whether the policy book of a day knows it."""

    plan: Plan
    weight: int
    known_on: Callable[[date], object] = lambda _day: True

    @property
    def name(self) -> str:
        return self.plan.__name__.replace("_", " ")


SITUATIONS: tuple[Situation, ...] = (
    Situation(not_enrolled, 12),
    Situation(entry_level_only, 3),
    Situation(enrolled_only, 8),
    Situation(drafting, 6),
    Situation(waiting, 10),
    Situation(overdue, 5),
    Situation(returned, 6),
    Situation(rejected, 5),
    Situation(appealing, 5),
    Situation(audited, 4),
    Situation(audit_failed, 2),
    Situation(midway, 16),
    Situation(at_an_event, 8),
    Situation(on_a_roster, 6),
    Situation(one_claim_left, 4),
    Situation(fee_due, 3, paths.fee_level),
    Situation(lapsing_soon, 5),
    Situation(renewed_by_credits, 7),
    Situation(renewed_by_exam, 6),
    Situation(renewed_by_both, 4, paths.both_known),
    Situation(bought_ahead, 4, paths.anniversary_level),
    Situation(suspended, 5, paths.suspended_level),
    Situation(inactive, 5),
    Situation(credits_expiring, 3, paths.credits_can_expire),
    Situation(several_certifications, 6),
    Situation(emeritus, 4),
)


def shared_out(count: int, *, today: date) -> list[Situation]:
    """So many situations, each that the day's book knows at least once, in proportion to how common they are."""
    known = [each for each in SITUATIONS if each.known_on(today)]
    total = sum(each.weight for each in known)
    chosen = [each for each in known for _copy in range(max(1, round(count * each.weight / total)))]
    return (chosen + [known[0]] * count)[: max(count, len(chosen))]


# The first story of each has a last notice that came back: an address that was not kept current (CE-13).
WITH_A_BOUNCE = (midway, lapsing_soon, inactive)
