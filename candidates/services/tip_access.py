"""Who is let in to a tip: whoever has its passphrase. Wrong ones are counted, and who guesses is locked out (CAND-03).

A wrong reference and a wrong passphrase are the same to whoever gives them: the same words, the same work, and the
same counts, which live in the cache for minutes and are kept nowhere.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare

from candidates import attempts, rules
from candidates.models import Tip
from candidates.services.tips import hash_of
from ceportal.kernel.codes import normalised
from ceportal.kernel.decisions import require

ACTION = "tip"
WRONG_ONES = 5  # of a reference
WRONG_ONES_FROM_ADDRESS = 20
WINDOW = timedelta(minutes=15)
LOCK_OUT = timedelta(hours=1)
ONE_MINUTE = timedelta(minutes=1)
NOBODYS = "0" * 64  # the hash of no passphrase


def enter_tip(*, reference: str, passphrase: str, address: str, now: datetime) -> Tip:
    """The tip of a reference, to whoever has its passphrase; or Refused, which says neither which of them is wrong.

    `address` is whence it is tried (`attempts.by_address`). Every try counts until it turns out right, so many at once
    gain nothing; one too many locks reference and address out for an hour.
    """
    named = normalised(reference)
    keys = {f"reference:{hashlib.sha256(named.encode()).hexdigest()}": WRONG_ONES, address: WRONG_ONES_FROM_ADDRESS}
    _refuse_while_locked(keys, now)
    too_many = [
        key
        for key, at_most in keys.items()
        if attempts.next_try_at(ACTION, key, now=now, at_most=at_most, window=WINDOW)
    ]
    if too_many:
        attempts.lock_out(ACTION, *too_many, until=now + LOCK_OUT, now=now)
        _refuse_while_locked(keys, now)
    tip = _found(named, normalised(passphrase))
    require(rules.assess_passphrase(fits=tip is not None))
    assert tip is not None  # assessed
    attempts.take_back(ACTION, *keys, now=now, window=WINDOW)
    return tip


def _found(reference: str, passphrase: str) -> Tip | None:
    tip = Tip.objects.filter(reference=reference).first()
    kept = tip.passphrase_sha256 if tip is not None else NOBODYS
    return tip if constant_time_compare(kept, hash_of(reference, passphrase)) else None


def _refuse_while_locked(keys: dict[str, int], now: datetime) -> None:
    until = attempts.locked_until(ACTION, *keys, now=now)
    require(rules.assess_tip_tries(minutes_locked=-(-(until - now) // ONE_MINUTE) if until else 0))
