"""Who may be tested: the last good day beside the first bad one (CAND-02, CAND-04 to CAND-08)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from candidates.rules import BarFacts, TestingFacts, assess_bar, assess_testing, strictest_bar
from ceportal.kernel.policy import BOOK
from tests.factories import day

ADULT = TestingFacts(exam_on=day("2021-03-01"), held_in="US", born=day("1980-01-01"), country="US", region="")
CRIMEA = {"country": "UA", "region": "UA-43"}
IN_SUDAN = {"country": "IR", "held_in": "SD"}
EARLY = "2020-12-01"
FOR_LIFE = BarFacts("CERT-08", permanent=True, exams_only=False, since=day("2021-01-11"))
NO_EXAMS = BarFacts("EXAM-08", permanent=True, exams_only=True, since=day("2021-02-01"))
FOR_A_WHILE = BarFacts("CE-12", permanent=False, exams_only=False, since=day("2021-02-02"))


def unmet(facts: TestingFacts) -> tuple[str, ...]:
    return assess_testing(facts, BOOK.on(facts.exam_on)).clauses_unmet


def on(exam_on: str, **other: Any) -> TestingFacts:
    return replace(ADULT, exam_on=day(exam_on), **{key: _day(value) for key, value in other.items()})


def _day(value: Any) -> Any:
    return day(value) if isinstance(value, str) and value[:1].isdigit() else value


@pytest.mark.parametrize(
    ("_case", "facts", "clauses"),
    [
        ("the day before the thirteenth birthday", on("2023-01-01", born="2010-01-02"), ("CAND-04", "CAND-05")),
        ("the thirteenth birthday", on("2023-01-02", born="2010-01-02"), ("CAND-05",)),
        ("a signature does not help", on("2023-01-01", born="2010-01-02", guardian_signed_on=EARLY), ("CAND-04",)),
        ("signed on the exam day itself", on("2023-01-10", born="2010-01-02", guardian_signed_on="2023-01-10"), ()),
        ("signed a day later", on("2023-01-10", born="2010-01-02", guardian_signed_on="2023-01-11"), ("CAND-05",)),
        ("the day before the eighteenth birthday", on("2028-01-01", born="2010-01-02"), ("CAND-05",)),
        ("the eighteenth birthday", on("2028-01-02", born="2010-01-02"), ()),
        ("born on a 29 February: on the 28th", on("2021-02-28", born="2008-02-29", guardian_signed_on=EARLY), ()),
        ("and not on the 27th", on("2021-02-27", born="2008-02-29", guardian_signed_on=EARLY), ("CAND-04",)),
        ("of age on 28 February", on("2026-02-28", born="2008-02-29"), ()),
        ("in a leap year on the 29th", on("2024-02-28", born="2011-02-28", guardian_signed_on=EARLY), ()),
    ],
)  # fmt: skip
def test_ages_by_the_calendar(_case: str, facts: TestingFacts, clauses: tuple[str, ...]) -> None:
    assert unmet(facts) == clauses


@pytest.mark.parametrize(
    ("_case", "country", "exam_on", "clauses"),
    [
        ("the law asks for sixteen: too young", "JP", "2026-01-01", ("CAND-06",)),
        ("the law asks for sixteen: old enough", "JP", "2026-01-02", ()),
        ("the law lets at ten, and that one applies", "KE", "2020-01-02", ()),
        ("under ten it is still the law that refuses", "KE", "2020-01-01", ("CAND-06",)),
        ("elsewhere thirteen holds", "US", "2023-01-01", ("CAND-04",)),
    ],
)
def test_a_country_s_own_minimum_age(_case: str, country: str, exam_on: str, clauses: tuple[str, ...]) -> None:
    """CAND-06: judged by residence, also where it is lower."""
    facts = on(exam_on, born="2010-01-02", country=country, guardian_signed_on="2019-01-01")
    with BOOK.overlaid({"age.minimum_by_country": {"JP": 16, "KE": 10}}):
        assert unmet(facts) == clauses


@pytest.mark.parametrize(
    ("_case", "facts", "clauses"),
    [
        ("an embargoed country", on("2021-03-01", country="IR"), ("CAND-07",)),
        ("proof of another", on("2021-03-01", country="IR", proven_country="TR"), ()),
        ("proof of another embargoed one", on("2021-03-01", country="IR", proven_country="CU"), ("CAND-07",)),
        ("proof that an embargo has overtaken", on("2022-03-03", country="IR", proven_country="RU"), ("CAND-07",)),
        ("the last day before the embargo", on("2022-03-02", country="RU"), ()),
        ("its first day", on("2022-03-03", country="RU"), ("CAND-07",)),
        ("a region", on("2022-03-10", **CRIMEA), ("CAND-07",)),
        ("another region of the country", on("2022-03-10", country="UA", region="UA-30"), ()),
        ("a region a day before", on("2022-02-20", country="UA", region="UA-14"), ()),
        ("a region on the day", on("2022-02-21", country="UA", region="UA-14"), ("CAND-07",)),
        ("proof of a region that is not", on("2022-03-10", **CRIMEA, proven_country="UA", proven_region="UA-30"), ()),
        ("at home in Sudan", on("2021-03-01", country="SD", held_in="SD"), ("CAND-08",)),
        ("from Sudan, elsewhere", on("2021-03-01", country="SD", held_in="KE"), ()),
        ("from Sudan, somewhere that is allowed", on("2021-03-01", country="SD", held_in=""), ()),
        ("a proof does not lift it", on("2021-03-01", country="SD", held_in="SD", proven_country="KE"), ("CAND-08",)),
        ("nor does a proof of Sudan open its sites", on("2021-03-01", **IN_SUDAN, proven_country="SD"), ("CAND-08",)),
        ("others may be tested there", on("2021-03-01", held_in="SD"), ()),
    ],
)  # fmt: skip
def test_residence(_case: str, facts: TestingFacts, clauses: tuple[str, ...]) -> None:
    assert unmet(facts) == clauses


@pytest.mark.parametrize(
    ("_case", "bar", "for_exams", "granted"),
    [
        ("none", None, True, True),
        ("permanent, for an exam", FOR_LIFE, True, False),
        ("permanent, for a claim", FOR_LIFE, False, False),
        ("exams only, for an exam", NO_EXAMS, True, False),
        ("exams only, for a claim", NO_EXAMS, False, True),
        ("not permanent, for an exam", FOR_A_WHILE, True, False),
        ("not permanent, for a claim", FOR_A_WHILE, False, False),
    ],
)
def test_what_a_sanction_bars(_case: str, bar: BarFacts | None, for_exams: bool, granted: bool) -> None:
    decision = assess_bar(bar, for_exams=for_exams)

    assert decision.granted is granted
    assert decision.clauses_unmet == (() if granted or bar is None else ("CAND-02", bar.clause))


def test_a_sanction_bars_from_being_tested() -> None:
    """The clause that was broken is cited, too; a breach of the agreement itself has none of its own."""
    assert unmet(replace(ADULT, bar=NO_EXAMS)) == ("CAND-02", "EXAM-08")
    assert unmet(replace(ADULT, bar=replace(FOR_LIFE, clause="CAND-02"))) == ("CAND-02",)


def test_a_refusal_to_test_is_cited_as_such() -> None:
    """CAND-10: decided, told and appealed like a sanction, though nothing was broken."""
    refusal = BarFacts("CAND-10", permanent=False, exams_only=True, since=day("2021-02-03"))
    assert unmet(replace(ADULT, bar=refusal)) == ("CAND-02", "CAND-10")
    assert assess_bar(refusal, for_exams=False).granted


def test_the_strictest_of_several_counts() -> None:
    assert strictest_bar([NO_EXAMS, FOR_A_WHILE, FOR_LIFE]) == FOR_LIFE
    assert strictest_bar([NO_EXAMS, FOR_A_WHILE]) == FOR_A_WHILE
    assert strictest_bar([]) is None
    assert [bar.revokes for bar in (FOR_LIFE, NO_EXAMS, FOR_A_WHILE)] == [True, False, False]
