"""The account PostgreSQL runs as, and folders that account can reach.

PostgreSQL refuses to run as root. Where we are root it runs as an existing unprivileged account; where we
are not, it simply runs as us and nothing here has work to do.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ceportal.devstack.processes import CannotStart, Identity

UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account and its ids; `ourselves` means no change of account is needed."""

    name: str
    uid: int
    gid: int
    ourselves: bool = False

    @property
    def identity(self) -> Identity:
        if self.ourselves:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give this one file or folder to the account; never its parents."""
        if not self.ourselves:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether the account can enter the folder: tried, not read from permission bits."""
        try:
            entered = subprocess.run(
                ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
                check=False,
                cwd="/",
                capture_output=True,
                **self.identity,
            )
        except PermissionError:
            return False
        return entered.returncode == 0


def database_account(names: tuple[str, ...] = UNPRIVILEGED) -> Account:
    """Ourselves, or for root the first of `names` this machine knows."""
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name, os.geteuid(), os.getegid(), ourselves=True)
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise CannotStart(
        f"PostgreSQL refuses to run as root and this machine has none of the accounts {', '.join(names)}; "
        "run as a normal user or set DATABASE_URL."
    )


def make_own_folder(path: Path, *, mode: int = 0o711) -> Path:
    """Make a folder of ours in a place everybody may write to, or refuse one that somebody else put there."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise CannotStart(f"{path} is not a folder of ours alone; remove it, or set DATABASE_URL.")
    return path
