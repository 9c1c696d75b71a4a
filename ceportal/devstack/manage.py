"""manage.py on the local portal's data: `python -m ceportal.devstack.manage shell` (`make shell`).

Where the portal runs, the command joins it; where it does not, PostgreSQL and Valkey are started for the
command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from ceportal.devstack import folder
from ceportal.devstack.processes import CannotStart, free_port
from ceportal.devstack.stack import PROJECT, Stack


def main() -> int:
    """Run one management command; returns its exit status."""
    var = Path(os.environ.get("DATA") or PROJECT / "var").resolve()
    folder.make_room(var)
    try:
        if folder.is_held(var):
            return _manage(_environment_of_running_portal(var))
        return _manage_on_own_servers(Stack(var=var, port=free_port()))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1


def _environment_of_running_portal(var: Path) -> dict[str, str]:
    path = var / "run" / "environment.json"
    if not path.exists():
        raise CannotStart("The portal is just starting; try again when it is up.")
    environment: dict[str, str] = json.loads(path.read_text())
    return environment


def _manage_on_own_servers(stack: Stack) -> int:
    with folder.only_run(stack.var, address="for a management command"):
        folder.stop_leftovers(stack.var)
        try:
            stack.start_servers(cards=False)
            return _manage(stack.environment)
        finally:
            stack.stop()


def _manage(environment: dict[str, str]) -> int:
    # Ctrl-C is for the command, in the same terminal; a handler, unlike SIG_IGN, is not inherited by it.
    signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    command = [sys.executable, "manage.py", *sys.argv[1:]]
    return subprocess.run(command, check=False, cwd=PROJECT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
