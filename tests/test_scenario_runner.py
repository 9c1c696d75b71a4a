"""The runner of policy scenarios: what it refuses to read, in which order it tells, and what it says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from candidates.models import Candidate
from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.policy import BOOK
from ceportal.scenarios import binding, environment, report, vocabulary
from ceportal.scenarios.reading import Unreadable, files_of, read_file
from ceportal.scenarios.running import Failure, Result, tell
from ceportal.scenarios.scenario import Scenario
from payments import gateway

PROJECT = Path(__file__).resolve().parent.parent
SCENARIOS = PROJECT / "tests" / "scenarios"
HEAD = "name: A story\nstory:\n"
CERTIFY = "  - {date: 2021-01-10, do: certify, track: ccnp-enterprise, certified_on: 2020-06-01}\n"
ENROLL = "  - {date: 2021-01-10, do: enroll}\n"


def read(folder: Path, text: str) -> list[Scenario | Unreadable]:
    path = folder / "story.yaml"
    path.write_text(text, encoding="utf-8")
    return read_file(path)


def told(folder: Path, text: str, **options: Any) -> Result:
    (scenario,) = read(folder, text)
    assert isinstance(scenario, Scenario), scenario
    return tell(scenario, **options)


def findings(result: Result) -> list[tuple[int, str, str]]:
    return [(failure.line, failure.expected, failure.found) for failure in result.failures]


class TestReading:
    """Whatever is not in the vocabulary is an error that names it, with its line."""

    @pytest.mark.parametrize(
        ("_case", "step", "line", "says"),
        [
            ("a verb", "date: 2021-01-11, do: clam", 3, "There is no verb clam. Is claim meant?"),
            ("an argument", "date: 2021-01-11, do: enroll, acept: true", 3, "enroll has no argument acept."),
            ("one that is missing", "date: 2021-01-11, do: certify", 3, "certify needs track."),
            ("a track", "date: 2021-01-11, do: certify, track: ccnp", 3, "track must be a track of the reference"),
            ("an exam", "date: 2021-01-11, do: sit, exam: 350-402, result: pass", 3, "Is 350-401 meant?"),
            ("an item", "date: 2021-01-11, do: report, item: ilt, completed_on: 2021-01-01", 3, "item must be"),
            ("a person", "date: 2021-01-11, who: bela, do: enroll", 3, "who must be one of the people"),
            ("a country", "date: 2021-01-11, do: move, country: XX", 3, "country must be the two letters"),
            ("a word", "date: 2021-01-11, do: accept, what: all", 3, "what must be one of terms, agreement"),
            ("a label", "date: 2021-01-11, do: audit, claim: c, outcome: pass", 3, "claim must be the label"),
            ("a clause", "date: 2021-01-11, do: enroll, refused: CE-99", 3, "refused must be a clause of the policy"),
            ("no day", "date: 2021-02-30, do: enroll", 3, "date must be a day such as 2018-06-01, not 2021-02-30."),
            ("no date", "do: enroll", 3, "The step has no date."),
            ("no time", "date: 2021-01-11, at: noon, do: enroll", 3, "at must be a time"),
            ("no number", "date: 2021-01-11, check: {credits.available: many}", 3, "must be a whole number"),
            ("no truth", "date: 2021-01-11, do: enroll, accept: perhaps", 3, "accept must be true or false"),
            ("no pairs", "date: 2021-01-11, do: attend, session: X-1, badges: [[0]]", 3, "badges must be pairs"),
            ("a fact", "date: 2021-01-11, check: {credit.available: 1}", 3, "Is credits.available meant?"),
            ("part of a fact", "date: 2021-01-11, check: {status: active}", 3, "write status.TRACK"),
            ("too much of a fact", "date: 2021-01-11, check: {charged.usd: 1}", 3, "write charged"),
            ("a kind of notice", "date: 2021-01-11, check: {notices.welcome: 1}", 3, "notices.welcome must be one of"),
            ("a label of another kind", "date: 2021-01-11, check: {booking.c: paid}", 3, "the label of a booking"),
            ("nothing asked", "date: 2021-01-11, check: {}", 3, "The check asks nothing."),
            ("as_of without credits", "date: 2021-01-11, check: {charged: 0, as_of: 2021-01-10}", 3, "as_of asks"),
            ("a refused check", "date: 2021-01-11, check: {charged: 0}, refused: CE-05", 3, "no argument refused"),
            ("both", "date: 2021-01-11, do: enroll, check: {charged: 0}", 3, "either do or check"),
            ("neither", "date: 2021-01-11", 3, "either do or check"),
            ("a name for nothing", "date: 2021-01-11, do: enroll, as: e", 3, "makes nothing that could be named"),
            ("a key twice", "date: 2021-01-11, do: enroll, do: enroll", 3, "do stands twice"),
            ("may be false", "date: 2021-01-11, check: {may.enroll: false}", 3, "true, or a clause that forbids it"),
            ("half a permission", "date: 2021-01-11, check: {may.sit.350-401: {clause: CE-01}}", 3, "may.sit.350-401"),
        ],
    )  # fmt: skip
    def test_a_step(self, tmp_path: Path, _case: str, step: str, line: int, says: str) -> None:
        (found,) = read(tmp_path, f"{HEAD}  - {{{step}}}\n")
        assert isinstance(found, Unreadable)
        assert found.name == "A story"
        assert [number for number, fault in found.faults if says in fault] == [line], found.faults

    @pytest.mark.parametrize(
        ("_case", "text", "line", "says"),
        [
            ("a part", "name: A\nstories: []\nstory:\n" + ENROLL, 2, "A scenario has no stories. Is story meant?"),
            ("no name", "story:\n" + ENROLL, 1, "The scenario has no name."),
            ("no story", "name: A\n", 1, "The scenario has no story."),
            ("no steps", "name: A\nstory: []\n", 2, "The story has no steps."),
            ("no mapping", "- name: A\n", 1, "A scenario must be a mapping"),
            ("a clause", "name: A\nclauses: [CE-5]\nstory:\n" + ENROLL, 2, "clauses must be a clause of the policy"),
            ("a parameter", "name: A\npolicy: {live.cap: 1}\nstory:\n" + ENROLL, 2, "no parameter live.cap"),
            ("its shape", "name: A\npolicy:\n  live.cycle_cap: much\nstory:\n" + ENROLL, 3, "must be a number"),
            ("a person's key", "name: A\npeople:\n  bo: {age: 3}\nstory:\n" + ENROLL, 3, "bo has no argument age"),
            ("nobody", "name: A\npeople: {}\nstory:\n" + ENROLL, 2, "There is nobody in people"),
            ("the world", "name: A\nworld: {item: []}\nstory:\n" + ENROLL, 2, "world has no item"),
            ("an item", "name: A\nworld: {items: [{code: x}]}\nstory:\n" + ENROLL, 2, "needs kind"),
            ("a kind", "name: A\nworld: {items: [{kind: y}]}\nstory:\n" + ENROLL, 2, "kind must be one of"),
            ("a name twice", "name: A\nname: B\nstory:\n" + ENROLL, 2, "name stands twice"),
            ("no YAML", "name: A\nstory: [\n", 3, "It is not YAML"),
            ("nothing", "# only a remark\n", 1, "The file holds no scenario."),
            ("itself", "name: A\npolicy: {live.credits: &a [*a]}\nstory:\n" + ENROLL, 1, "holds itself"),
        ],
    )  # fmt: skip
    def test_what_stands_around_the_story(self, tmp_path: Path, _case: str, text: str, line: int, says: str) -> None:
        (found,) = read(tmp_path, text)
        assert isinstance(found, Unreadable)
        assert [number for number, fault in found.faults if says in fault] == [line], found.faults

    def test_all_faults_are_told_at_once(self, tmp_path: Path) -> None:
        (found,) = read(tmp_path, HEAD + "  - {date: soon, do: enroll}\n  - {date: 2021-01-01, do: fly}\n")
        assert isinstance(found, Unreadable)
        assert [line for line, _fault in found.faults] == [3, 4]

    def test_a_faulty_scenario_stops_no_other_of_its_file(self, tmp_path: Path) -> None:
        text = f"{HEAD}{CERTIFY}---\nname: [\n---\n{HEAD}  - {{date: 2021-01-10, do: fly}}\n---\n{HEAD}{ENROLL}"
        first, broken, faulty, last = read(tmp_path, text)
        assert (first.line, last.line) == (1, 11)
        assert isinstance(broken, Unreadable)
        assert broken.faults[0][0] == 6
        assert isinstance(faulty, Unreadable)
        assert faulty.faults == ((9, "There is no verb fly."),)
        assert isinstance(last, Scenario)
        assert last.story[0].line == 13

    def test_what_yaml_would_turn_into_something_else_is_what_is_written(self, tmp_path: Path) -> None:
        person = "people: {on: {country: NO, born: '1999-01-31'}}\n"
        text = f"name: A\n{person}story:\n  - {{date: 2021-01-10, at: 08:05, do: enroll}}\n"
        (found,) = read(tmp_path, text)
        assert isinstance(found, Scenario)
        assert found.people["on"].country == "NO"
        assert str(found.story[0].moment) == "2021-01-10 08:05:00+00:00"

    def test_folders_are_read_with_all_below_them(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "a.yaml").touch()
        (tmp_path / "b.yml").touch()
        (tmp_path / "notes.md").touch()
        assert [path.name for path, _why in files_of([tmp_path])] == ["b.yml", "a.yaml"]
        assert [bool(why) for _path, why in files_of([tmp_path / "deep" / "none", tmp_path / "b.yml"])] == [True, False]

    def test_a_folder_without_scenarios_is_an_error(self, tmp_path: Path) -> None:
        ((_path, why),) = files_of([tmp_path])
        assert "holds no file" in why


@pytest.mark.django_db
@pytest.mark.usefixtures("scenario_world")
class TestTelling:
    def test_what_holds_passes_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        create_checkout = gateway.create_checkout
        text = "policy: {live.cycle_cap: 3}\n" + HEAD + CERTIFY + ENROLL

        assert told(tmp_path, text).passed

        assert not Candidate.objects.exists()
        assert gateway.create_checkout is create_checkout
        assert BOOK.series["live.cycle_cap"].values[0][1] == 70
        assert not connection.needs_rollback

    def test_a_check_says_what_was_expected_and_what_was_found(self, tmp_path: Path) -> None:
        asked = "      charged: 5\n      cycle.started_on: null\n      missing.fee: true\n"
        check = f"  - date: 2021-01-11\n    check:\n{asked}"

        result = told(tmp_path, HEAD + CERTIFY + check)

        assert findings(result) == [
            (6, "charged: 5", "charged: 0"),
            (7, "cycle.started_on: null", "cycle.started_on: 2020-06-01"),
            (8, "missing.fee: true", "missing.fee: false"),
        ]

    @pytest.mark.parametrize(
        ("_case", "step", "expected", "found"),
        [
            ("it succeeded", "do: enroll, refused: CE-05", "refused by CE-05", "it succeeded"),
            (
                "other clauses",
                "do: enroll, accept: false, refused: CE-02",
                "refused by CE-02",
                "refused, but by CE-05: You have not accepted the current terms of the programme. "
                "Read the terms and accept them.",
            ),
            (
                "unexpectedly",
                "do: enroll, accept: false",
                "it succeeds",
                "refused: CE-05: You have not accepted the current terms of the programme. "
                "Read the terms and accept them.",
            ),
        ],
    )
    def test_refusals(self, tmp_path: Path, _case: str, step: str, expected: str, found: str) -> None:
        result = told(tmp_path, f"{HEAD}{CERTIFY}  - {{date: 2021-01-11, {step}}}\n")
        assert findings(result) == [(4, expected, found)]
        assert result.failures[0].step == step

    def test_steps_are_told_in_order_of_time_and_stay_in_order_within_a_moment(self, tmp_path: Path) -> None:
        text = """name: Time
story:
  - {date: 2021-01-12, check: {claim.c: approved}}
  - {date: 2021-01-11, at: "18:00", do: decide, claim: c, outcome: approve}
  - {date: 2021-01-11, at: "06:00", do: claim, item: ilt-40, completed_on: 2021-01-11, as: c}
  - {date: 2021-01-10, do: certify, track: ccnp-enterprise, certified_on: 2020-06-01}
  - {date: 2021-01-10, do: enroll}
"""
        assert told(tmp_path, text).passed

    def test_a_step_sees_the_sweeps_before_it(self, tmp_path: Path) -> None:
        text = """name: Sweeps at half past eight
story:
  - {date: 2021-01-10, do: certify, track: ccna, certified_on: 2018-06-01}
  - {date: 2021-06-01, at: "08:29", check: {status.ccna: active, notices.lapsed: 0}}
  - {date: 2021-06-01, at: "08:30", check: {status.ccna: inactive, notices.lapsed: 1}}
"""
        assert told(tmp_path, text).passed

    def test_steps_on_one_line_are_steps_of_their_own(self, tmp_path: Path) -> None:
        step = "{date: 2021-01-12, do: author, kind: core, accepted: 2}"
        check = "{date: 2021-01-13, check: {credits.available: 12}}"
        certify, enroll = CERTIFY.strip(" -\n"), ENROLL.strip(" -\n")
        text = f"name: A story\nstory: [{certify}, {enroll}, {step}, {step}, {check}]\n"
        assert findings(told(tmp_path, text)) == []

    def test_sums_are_over_all_and_the_rest_is_the_firsts(self, tmp_path: Path) -> None:
        text = """name: Two
people: {bela: {country: BE}, aiko: {country: JP}}
story:
  - {date: 2021-01-10, who: aiko, do: certify, track: ccna, certified_on: 2018-06-01}
  - {date: 2021-01-10, do: certify, track: ccna, certified_on: 2018-07-01}
  - {date: 2021-07-02, check: {notices.lapsed: 2, lapses_on.ccna: 2021-07-01}}
  - {date: 2021-07-02, who: aiko, check: {notices.lapsed: 1, lapses_on.ccna: 2021-06-01}}
"""
        assert told(tmp_path, text).passed

    def test_a_story_ends_with_its_first_failure_unless_it_is_to_keep_going(self, tmp_path: Path) -> None:
        wrong = (
            "  - {date: 2021-01-11, check: {charged: 1}}\n  - {date: 2021-01-12, check: {charged: 2, refunded: 3}}\n"
        )
        text = HEAD + CERTIFY + wrong
        assert [failure.line for failure in told(tmp_path, text).failures] == [4]
        assert [failure.line for failure in told(tmp_path, text, keep_going=True).failures] == [4, 5, 5]

    def test_every_word_does_something_and_one_that_does_not_yet_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert all(callable(binding.fact_function(name)) for name in vocabulary.FACTS)
        assert all(callable(binding.verb_function(name)) for name in vocabulary.VERBS)
        monkeypatch.delitem(binding._verbs, "enroll")
        with pytest.raises(binding.NotBuilt, match=r"The verb enroll is not built yet \(area: "):
            binding.verb_function("enroll")

    def test_a_label_whose_step_made_nothing_is_a_failure(self, tmp_path: Path) -> None:
        claim = "  - {date: 2021-01-11, do: claim, item: ilt-40, completed_on: 2021-01-10, refused: CE-05, as: c}\n"
        check = "  - {date: 2021-01-12, check: {claim.c: submitted}}\n"
        result = told(tmp_path, HEAD + CERTIFY + claim + check)
        assert [found for _line, _expected, found in findings(result)] == [
            "c names nothing yet: no step before this one has made it."
        ]

    def test_a_fault_of_the_portal_in_one_step_leaves_the_next_a_working_database(self, tmp_path: Path) -> None:
        never_sat = "  - {date: 2021-01-11, do: certify, track: ccna, certified_on: 2022-01-01}\n"
        after = "  - {date: 2021-01-12, check: {charged: 0}}\n"
        result = told(tmp_path, HEAD + CERTIFY + never_sat + after, keep_going=True)
        assert findings(result) == [(4, "it can be told", "The records of 2021-01-11 know nothing that comes later.")]

    def test_a_world_has_its_items(self, tmp_path: Path) -> None:
        text = f"""name: World
world: {{items: [{{code: lan-party, kind: custom, credits: 33, provider: initech}}]}}
story:
{CERTIFY}{ENROLL}  - {{date: 2021-01-11, do: claim, item: lan-party, completed_on: 2021-01-10, as: c}}
  - {{date: 2021-01-11, do: decide, claim: c, outcome: approve, by: other_provider, refused: CE-10}}
  - {{date: 2021-01-11, do: decide, claim: c, outcome: approve}}
  - {{date: 2021-01-11, check: {{credits.available: 33}}}}
"""
        assert told(tmp_path, text).passed

    def test_a_declined_card_changes_nothing_and_the_next_one_pays(self, tmp_path: Path) -> None:
        """PAY-05: the candidate is told why and may try again."""
        text = """name: Cards
story:
  - {date: 2018-01-10, do: certify, track: ccie-security, certified_on: 2016-05-01}
  - {date: 2018-01-10, do: enroll}
  - {date: 2018-02-10, do: report, item: ilt-64, completed_on: 2018-02-09}
  - {date: 2018-03-10, do: report, item: ilt-40, completed_on: 2018-03-09}
  - {date: 2018-03-11, do: pay, what: admin_fee, with: declined_card, refused: PAY-05}
  - {date: 2018-03-11, check: {charged: 0, missing.fee: true}}
  - {date: 2018-03-11, at: "13:00", do: pay, what: admin_fee, with: card}
  - {date: 2018-03-14, check: {charged: 300.00, invoices: 1}}
"""
        assert told(tmp_path, text).passed

    @pytest.mark.parametrize("name", ["programme.yaml", "ledger.yaml"])
    def test_nights_that_are_left_out_would_change_nothing(self, name: str) -> None:
        """The stories of less than a hundred days, told with the sweeps of every night."""
        short = [
            each
            for each in read_file(SCENARIOS / name)
            if isinstance(each, Scenario) and (each.story[-1].on - each.story[0].on).days < 100
        ]
        assert len(short) >= 3
        assert [each.name for each in short if not tell(each, every_night=True).passed] == []


class TestBinding:
    def test_a_function_takes_what_the_vocabulary_says(self) -> None:
        with pytest.raises(TypeError, match="does not take what the vocabulary says of enroll"):

            @binding.does("enroll")
            def enroll(act: binding.Act) -> None: ...

    def test_there_is_no_fact_that_the_vocabulary_does_not_know(self) -> None:
        with pytest.raises(TypeError, match="no fact weather"):
            binding.tells("weather")

    def test_everything_in_the_vocabulary_is_in_the_handbook(self) -> None:
        handbook = (PROJECT / "docs" / "scenarios.md").read_text()
        assert [name for name in vocabulary.VERBS if f"`{name}`" not in handbook] == []
        facts = [".".join([name, *fact.named]) for name, fact in vocabulary.FACTS.items()]
        assert [name for name in facts if f"`{name}`" not in handbook] == []
        arguments = {name for verb in vocabulary.VERBS.values() for name in verb.arguments}
        assert [name for name in arguments if name not in handbook] == []


class TestTheReport:
    no = Decision((finding("CE-05", False, yes="", no="No."),))
    good = report.Told("a.yaml", Result("Good", 1, ("CE-05",), ()))
    bad = report.Told("b.yaml", Result("Bad", 7, (), (Failure(9, None, "do: x", "it succeeds", "no", "labs"),)))

    def test_lines(self) -> None:
        assert report.line(self.good) == "ok      Good"
        assert report.line(self.bad).splitlines() == [
            "FAILED  Bad (b.yaml:7)",
            "        b.yaml, line 9: do: x",
            "          expected: it succeeds",
            "          found:    no",
        ]
        assert report.summary([self.good, self.bad, self.good]) == "2 passed, 1 failed"

    def test_json(self) -> None:
        content = json.loads(report.as_json([self.good, self.bad]))
        assert (content["passed"], content["failed"]) == (1, 1)
        assert [each["result"] for each in content["scenarios"]] == ["ok", "FAILED"]
        assert content["scenarios"][1]["failures"] == [
            {
                "line": 9,
                "date": None,
                "step": "do: x",
                "expected": "it succeeds",
                "found": "no",
                "area_not_built": "labs",
            }
        ]


class TestTheCommand:
    def test_it_needs_nothing_and_is_told_nothing_of_the_machine(self, tmp_path: Path) -> None:
        """A person types it in a fresh checkout: no server runs, no variable is set."""
        (tmp_path / "good.yaml").write_text(HEAD + CERTIFY + ENROLL)
        bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

        done = self.run(str(tmp_path), environment=bare)

        assert (done.stdout, done.returncode) == ("ok      A story\n1 passed, 0 failed\n", 0)

    def test_with_a_database_server_it_makes_a_database_of_its_own_there(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text(f"{HEAD}{CERTIFY}  - {{date: 2021-01-10, check: {{charged: 1}}}}\n")
        (tmp_path / "b.yaml").write_text("name: [")
        (tmp_path / "c.yaml").write_text(HEAD + CERTIFY)
        paths = [str(tmp_path), str(tmp_path / "none.yaml")]

        done = self.run(*paths, "--json", environment=dict(os.environ) | {"SECRET_KEY": "", "DEBUG": "0"})

        content = json.loads(done.stdout)
        assert [(each["name"], each["result"]) for each in content["scenarios"]] == [
            ("A story", "FAILED"), ("b.yaml", "FAILED"), ("A story", "ok"), ("none.yaml", "FAILED")
        ]  # fmt: skip
        assert (content["passed"], content["failed"], done.returncode) == (1, 3, 1)

    @staticmethod
    def run(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "scenario", *arguments]
        return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    def test_where_nothing_can_be_read_no_database_is_needed(self, tmp_path: Path, capsys: Any) -> None:
        (tmp_path / "bad.yaml").write_text("name: A story\nstory:\n  - {date: 2021-01-10, do: fly}\n")

        with pytest.raises(SystemExit) as end:
            call_command("scenario", str(tmp_path / "bad.yaml"), str(tmp_path / "none.yaml"))

        assert end.value.code == 1
        out = capsys.readouterr().out
        assert f"FAILED  A story ({tmp_path / 'bad.yaml'}:1)" in out
        assert f"{tmp_path / 'bad.yaml'}, line 3: it cannot be read" in out
        assert "There is no verb fly." in out
        assert "There is no such file or folder." in out
        assert out.endswith("0 passed, 2 failed\n")

    def test_it_asks_for_a_path(self) -> None:
        with pytest.raises(CommandError, match="PATH"):
            call_command("scenario")

    def test_its_environment_reaches_nothing_but_the_database_server(self) -> None:
        given = {
            "DATABASE_URL": "postgres://x",
            "SECRET_KEY": "real",
            "STRIPE_SECRET_KEY_FILE": "/run/secrets/stripe",
            "EMAIL_URL": "smtp://real",
            "PATH": "/bin",
        }
        environment.prepare(given)
        assert given == {"DATABASE_URL": "postgres://x", "PATH": "/bin", **environment.OURS}
        assert not environment.is_meant(["manage.py", "migrate", "scenario"])
