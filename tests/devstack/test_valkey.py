"""Valkey from the wheel: a password, this machine only, data kept."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ceportal.devstack.valkey import ValkeyServer


def test_data_is_kept_over_a_restart_and_no_password_no_entry(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path / "valkey", log=tmp_path / "valkey.log")
    service = server.start()
    try:
        with closing(redis.from_url(server.url())) as client:
            client.set("queued", "work")
            assert client.config_get("bind") == {"bind": "127.0.0.1"}
        with (
            closing(redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        assert server.password not in Path(f"/proc/{service.process.pid}/cmdline").read_text()
    finally:
        service.stop()

    again = ValkeyServer(tmp_path / "valkey", log=tmp_path / "valkey.log")
    service = again.start()
    try:
        with closing(redis.from_url(again.url())) as client:
            assert client.get("queued") == b"work"
    finally:
        service.stop()
    assert not service.running
