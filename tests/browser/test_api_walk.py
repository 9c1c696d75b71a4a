"""docs/api.md is true: its lines are run against the portal, and say what it says they do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import LiveStack
from tests.environment import PROJECT

pytestmark = pytest.mark.browser

STEP = re.compile(r"^```sh\n(?P<lines>.*?)^```\n(?:\n```text\n(?P<said>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
ENDS = "-- a step ends --"


def test_the_walk_goes_as_the_document_says(live_stack: LiveStack, tmp_path: Path) -> None:
    steps = list(STEP.finditer((PROJECT / "docs/api.md").read_text()))
    script = "set -eu -o pipefail\n" + "".join(f"{step['lines']}echo '{ENDS}'\n" for step in steps)
    (tmp_path / "manage.py").symlink_to(PROJECT / "manage.py")

    walked = subprocess.run(
        ["bash", "-c", script],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ
        | live_stack.environment
        | {
            "PORTAL": live_stack.address,
            "PYTHONPATH": str(PROJECT),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
    )

    assert walked.returncode == 0, walked.stderr
    said = walked.stdout.split(f"{ENDS}\n")[:-1]
    assert len(steps) > 5
    assert said == [step["said"] or "" for step in steps]
