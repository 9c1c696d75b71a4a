"""`python -m ceportal.devstack.cards`: run the card sandbox until it is told to stop."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from ceportal.devstack.cards.server import HOST, CardServer
from ceportal.devstack.cards.webhooks import Receiver


def main() -> int:
    """Start, or say in one sentence why not. Returns the exit status."""
    options = _options()
    if os.environ.get("DEBUG") != "1":
        return _refuse("The card sandbox takes test cards as payment, so it starts only with DEBUG=1.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        options.data.mkdir(parents=True, exist_ok=True)
        lock = (options.data / "lock").open("w")
    except OSError as problem:
        return _refuse(f"The card sandbox cannot write to {options.data}: {problem.strerror}.")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _refuse(f"Another card sandbox is running on {options.data}.")
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    receiver = Receiver(options.webhook, options.webhook_secret, options.first_wait)
    try:
        server = CardServer(
            port=options.port,
            data=options.data,
            receiver=receiver,
            merchant=options.merchant,
            secret_key=options.secret_key,
        )
    except OSError as problem:
        return _refuse(f"The card sandbox cannot listen on {HOST}:{options.port}: {problem.strerror}.")

    def stop(_signal: int, _frame: object) -> None:
        # `shutdown` waits for the loop that this handler has interrupted, so another thread must call it.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"Card sandbox at {server.base_url}", flush=True)
    server.run()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ceportal.devstack.cards", description="The card sandbox.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder of its state")
    parser.add_argument("--webhook", default="", help="address that events are sent to")
    parser.add_argument("--webhook-secret", default="", help="whsec_... that signs them")
    parser.add_argument(
        "--secret-key",
        default=os.environ.get("STRIPE_SECRET_KEY", ""),
        help="the sk_test_... that opens the API (STRIPE_SECRET_KEY); without one, any test key does",
    )
    parser.add_argument("--merchant", default="CE Portal", help="name on the payment page")
    parser.add_argument("--first-wait", type=float, default=1.0, help="seconds before the first redelivery")
    return parser.parse_args()


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
