"""A decision is one value: checklist, refusal, record. What is stored is what was decided."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.utils import translation

from ceportal.kernel.decisions import Decision, Finding, Refused, finding, require
from ceportal.kernel.explain import explain, value_text
from ceportal.kernel.policy import BOOK

POLICY = BOOK.on(date(2021, 3, 1))
WINDOW = POLICY["claims.submit_within_days"]
MET = finding("CE-05", True, yes="You are enrolled.", no="You are not enrolled.", next_step="Enroll.")
LATE = finding(
    "CE-14",
    False,
    yes="Filed %(age_days)s days after %(completed_on)s.",
    no="Filed %(age_days)s days after %(completed_on)s, limit %(window_days)s.",
    next_step="Ask again within %(window_days)s days.",
    because=(WINDOW,),
    age_days=91,
    completed_on=date(2021, 3, 1),
    window_days=WINDOW.value,
)


def test_the_outcome_chooses_the_sentence() -> None:
    assert (MET.sentence, MET.next_step) == ("You are enrolled.", "")
    assert LATE.sentence.startswith("Filed")
    assert LATE.next_step == "Ask again within %(window_days)s days."


def test_granted_when_everything_is_met() -> None:
    assert Decision((MET,)).granted
    assert Decision(()).granted
    decision = Decision((MET, LATE))
    assert not decision.granted
    assert decision.unmet == (LATE,)
    assert (Decision((MET,)) + Decision((LATE,))).findings == decision.findings


def test_clauses_that_forbid_are_named_once_in_reading_order() -> None:
    other = Finding("CAT-01", met=False, sentence="Not listed.")
    assert Decision((LATE, other, LATE, MET)).clauses_unmet == ("CE-14", "CAT-01")


def test_require_raises_with_the_decision() -> None:
    assert require(Decision((MET,))).granted
    with pytest.raises(Refused, match="CE-14") as refusal:
        require(Decision((MET, LATE)))
    assert refusal.value.decision.findings == (MET, LATE)


def test_a_decision_comes_back_from_its_record_as_it_was() -> None:
    paths = finding("CE-07", True, yes="There is a path.", no="", because=(POLICY["recert.paths"],))
    open_end = finding("CR-01", True, yes="Until %(ends_on)s", no="", ends_on=None)
    decision = Decision((MET, LATE, paths, open_end))
    record = json.loads(json.dumps(decision.as_json()))
    restored = Decision.from_json(record)
    assert restored.as_json() == decision.as_json()
    assert restored.findings[:2] == decision.findings[:2]
    assert restored.findings[3].facts == {"ends_on": None}
    assert explain(restored) == explain(decision)


def test_an_explanation_is_filled_in_and_written_as_the_reader_writes_days() -> None:
    with translation.override("en"):
        explanation = explain(Decision((MET, LATE)))
    late = explanation.findings[0]  # what is not met comes first
    assert not explanation.granted
    assert explanation.unmet == (late,)
    assert late.text == "Filed 91 days after 1 March 2021, limit 90."
    assert late.next_step_text == "Ask again within 90 days."
    assert [(each.name, each.value, each.clause) for each in late.because] == [
        ("claims.submit_within_days", "90", "CE-14")
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (90, "90"),
        (None, "no such rule"),
        ([], "none"),
        ({}, "none"),
        (("CU", "IR"), "CU, IR"),
        ({"expert": 300}, "expert: 300"),
        ({"a": 1, "b": None}, "a: 1 · b: no such rule"),
    ],
)
def test_a_value_in_one_line(value: object, text: str) -> None:
    with translation.override("en"):
        assert value_text(value) == text
