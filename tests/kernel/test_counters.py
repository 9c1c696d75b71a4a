"""Counters count, for a while."""

from __future__ import annotations

import os

from redis import Redis

from ceportal.kernel import counters


def test_each_name_has_a_count_of_its_own_that_goes_up_and_down() -> None:
    assert counters.count("test:a", "test:b", seconds=60) == [1, 1]
    assert counters.count("test:a", seconds=60) == [2]
    assert counters.count("test:a", "test:b", seconds=60, by=-1) == [1, 0]


def test_the_window_begins_with_the_first_count_and_is_not_prolonged() -> None:
    counters.count("test:window", seconds=60)
    counters.count("test:window", seconds=6_000)

    assert 0 < Redis.from_url(os.environ["REDIS_URL"]).ttl(f"{counters.PREFIX}test:window") <= 60
