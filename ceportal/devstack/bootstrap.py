"""Makes the virtual environment: `python3 ceportal/devstack/bootstrap.py LOCK [LOCK_THAT_WILL_DO]`.

Runs before anything is installed, so it needs the standard library only and no package around it. What is
installed is remembered as a copy of the lock inside the environment: pip runs again when the lock differs,
and only then.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
NEEDED_BYTES = 1_500_000_000


def bootstrap(lock: Path, *, others: list[Path], environment: Path) -> None:
    """Bring `environment` to what `lock` says; one of `others` being installed is good enough."""
    installed = environment / "installed.lock"
    python = environment / "bin" / "python"
    if works(python) and installed.exists():
        found = installed.read_bytes()
        if any(found == candidate.read_bytes() for candidate in [lock, *others]):
            return

    free = shutil.disk_usage(environment.parent).free
    if free < NEEDED_BYTES:
        raise SystemExit(
            f"Only {free // 1_000_000} MB are free on the disk of {environment.parent}; "
            f"installing needs {NEEDED_BYTES // 1_000_000} MB."
        )
    if not works(python):
        make_environment(environment)
    print(f"Installing the packages of {lock.name} (only when it has changed)...", flush=True)
    installed.unlink(missing_ok=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.run([*command, "--requirement", str(lock)], check=False).returncode != 0:
        raise SystemExit(f"The packages of {lock.name} could not be installed; the lines above say why.")
    shutil.copyfile(lock, installed)


def works(python: Path) -> bool:
    """Whether the environment's Python starts; after an upgrade of the machine's Python it may not."""
    return python.exists() and subprocess.run([python, "-c", "import pip"], check=False).returncode == 0


def make_environment(environment: Path) -> None:
    """Make an empty virtual environment, anew if a broken one is there."""
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", environment], check=False, capture_output=True, text=True
    )
    if made.returncode != 0:
        raise SystemExit(
            f"{sys.executable} could not make a virtual environment (on Debian: apt install python3-venv).\n"
            + (made.stdout + made.stderr).strip()
        )


def main() -> None:
    """Take the lock, and the locks that include it, from the command line."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise SystemExit(
            f"The portal needs Python {wanted} or later and python3 is {sys.version.split()[0]}; "
            "name a newer one: make PYTHON=/path/to/python3 ..."
        )
    lock, *others = [PROJECT / name for name in sys.argv[1:]]
    bootstrap(lock, others=others, environment=PROJECT / ".venv")


if __name__ == "__main__":
    main()
