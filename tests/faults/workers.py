"""Workers on demand: everything is loaded once, and each line of input forks a worker and prints its process id.

So a worker that is killed is followed at once by another. The last one ends with the input.
"""

from __future__ import annotations

import os
import signal
import sys

OPTIONS = ["--pool", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "ERROR"]


def main() -> None:
    """Fork until the input ends."""
    from ceportal.celery import app

    app.loader.import_default_modules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed leave nothing behind
    child = 0
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is printed there is for the test
            app.worker_main(["worker", *OPTIONS])
            os._exit(0)
        print(child, flush=True)
    if child:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
