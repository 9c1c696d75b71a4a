"""Finds a Chromium for the browser tests, or as root on Debian installs one.

`python -m ceportal.devstack.chromium` does what can be done and never fails: the tests say loudly what they
skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "google-chrome", "chromium-browser")

# No sandbox: root has none, and the pages are ours. The rest keeps a browser from phoning anywhere.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """CHROMIUM_PATH, else the first of the usual names on PATH, else None."""
    chosen = os.environ.get("CHROMIUM_PATH")
    if chosen:
        return chosen if os.access(chosen, os.X_OK) else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> str | None:
    """Install Debian's Chromium where we may; None where that is not possible."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or shutil.which("apt-get") is None:
        return None
    print("Installing Debian's chromium for the browser tests (once)...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *command], check=False, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"apt-get {command[0]} failed: {done.stderr.strip()}")
            return None
    return find()


def main() -> None:
    """Find or install, and say which."""
    path = find()
    if path is None and not os.environ.get("CHROMIUM_PATH"):
        path = install()
    print(f"Browser tests use {path}." if path else "No Chromium: browser tests will be skipped.")


if __name__ == "__main__":
    main()
