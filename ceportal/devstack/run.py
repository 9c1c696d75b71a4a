"""Starts the whole portal and keeps it running until Ctrl-C: `make run`.

Everything it starts is its child, is stopped by process id, and is stopped whenever this process ends: by
Ctrl-C, a signal, a child that died or a start that failed.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from ceportal.devstack import folder
from ceportal.devstack.processes import CannotStart, free_port, port_is_free
from ceportal.devstack.stack import PROJECT, Stack, Stopped

DEFAULT_PORT = 8000
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run until stopped; what cannot be started is said in one sentence. Returns the exit status."""
    options = _options()
    if options.until_input_ends:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    try:
        _run(options)
    except Stopped:
        return 0
    except CannotStart as problem:
        print(problem, file=sys.stderr)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        print(f"The disk of {options.var} is full; make room and start again.", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> NoReturn:
    port = _port(options.port)
    stack = Stack(
        var=options.var.resolve(),
        port=port or free_port(),
        durable=not options.throwaway,
        demo_data=not options.without_demo_data,
        say=lambda line: print(line, file=sys.stderr if options.json else sys.stdout, flush=True),
    )
    for number in STOPPING_SIGNALS:
        signal.signal(number, lambda _signal, _frame: stack.interrupt())
    folder.make_room(stack.var)
    with folder.only_run(stack.var, address=stack.address):
        folder.stop_leftovers(stack.var)
        if not port_is_free(stack.port):
            raise CannotStart(
                f"Port {stack.port} is in use by another program; choose one: PORT={stack.port + 1} make run"
            )
        folder.check_space(stack.var)
        environment = stack.var / "run" / "environment.json"  # for commands that join the running portal
        environment.unlink(missing_ok=True)
        try:
            stack.start()
            folder.write_private(environment, stack.environment)
            print(announcement_as_json(stack) if options.json else announcement(stack), flush=True)
            stack.watch()
        finally:
            with contextlib.suppress(OSError):  # the terminal may be gone
                stack.say("Stopping...")
            stack.stop()
            environment.unlink(missing_ok=True)


def announcement(stack: Stack) -> str:
    """What a person wants to know when the portal is up."""
    lines = ["", f"The portal is at {stack.address}/ (Ctrl-C stops it)", ""]
    who = max((len(login.who) for login in stack.logins), default=0)
    email = max((len(login.email) for login in stack.logins), default=0)
    lines += [f"  {login.who:<{who}}  {login.email:<{email}}  {login.password}" for login in stack.logins]
    lines += ["", f"Mail it sends: {stack.address}/demo/mail/", f"Logs: {stack.var / 'log'}"]
    return "\n".join(lines)


def announcement_as_json(stack: Stack) -> str:
    """The same for a program, with the environment that commands on the same data need."""
    logins = [asdict(login) for login in stack.logins]
    return json.dumps({"address": stack.address, "logins": logins, "environment": stack.environment})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ceportal.devstack.run", description="Start the portal.")
    parser.add_argument("--port", default=os.environ.get("PORT") or str(DEFAULT_PORT), help="PORT; 0: a free one")
    parser.add_argument("--var", type=Path, default=os.environ.get("DATA") or PROJECT / "var", help="DATA; its folder")
    parser.add_argument("--throwaway", action="store_true", help="faster, and not safe in a power cut")
    parser.add_argument("--without-demo-data", action="store_true", help="reference data only")
    parser.add_argument("--json", action="store_true", help="announce as one line of JSON")
    parser.add_argument("--until-input-ends", action="store_true", help="stop when standard input closes")
    return parser.parse_args()


def _port(text: str) -> int:
    if text.isdigit() and int(text) < 65536:
        return int(text)
    raise CannotStart(f"PORT={text} is not the number of a port (1 to 65535).")


def _stop_at_end_of_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
