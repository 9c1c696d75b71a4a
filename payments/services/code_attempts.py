"""Wrong codes are counted, and who guesses is locked out for a while and becomes a case (EXAM-12).

Not within a transaction: the counts and the case stay when what was tried is refused and rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from candidates import attempts
from candidates.models import Case
from candidates.services import open_case
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused, require
from payments import voucher_rules

ACTION = "voucher"
WRONG_CODES = 5  # of a candidate
WRONG_CODES_FROM_ADDRESS = 20  # an office has one for many people
WINDOW = timedelta(minutes=15)
LOCK_OUT = timedelta(hours=1)
ONE_MINUTE = timedelta(minutes=1)


@contextmanager
def counting_codes(*, candidate_id: int, address: str, now: datetime) -> Iterator[None]:
    """Within it a candidate gives a voucher's code, from an address. Refused while locked out (EXAM-12).

    Every try counts until it turns out not to be a wrong code; so many at once gain nothing. One too many locks
    candidate and address out and opens a case, once a day.
    """
    keys = {f"candidate:{candidate_id}": WRONG_CODES, f"address:{address}": WRONG_CODES_FROM_ADDRESS}
    _refuse_while_locked(keys, now)
    too_many = [
        key
        for key, at_most in keys.items()
        if attempts.next_try_at(ACTION, key, now=now, at_most=at_most, window=WINDOW)
    ]
    if too_many:
        attempts.lock_out(ACTION, *too_many, until=now + LOCK_OUT, now=now)
        _open_case(candidate_id, codes=max(keys[key] for key in too_many), address=address, now=now)
        _refuse_while_locked(keys, now)
    try:
        yield
    except Refused as refusal:
        if not voucher_rules.is_wrong_code(refusal.decision):
            attempts.take_back(ACTION, *keys, now=now, window=WINDOW)
        raise
    attempts.take_back(ACTION, *keys, now=now, window=WINDOW)


def _refuse_while_locked(keys: dict[str, int], now: datetime) -> None:
    until = attempts.locked_until(ACTION, *keys, now=now)
    require(voucher_rules.assess_tries(minutes_locked=-(-(until - now) // ONE_MINUTE) if until else 0))


def _open_case(candidate_id: int, *, codes: int, address: str, now: datetime) -> None:
    minutes = int(WINDOW / ONE_MINUTE)
    subject = f"candidates.candidate:{candidate_id}"
    open_case(
        key=f"guessed_codes:{candidate_id}:{clock.day_of(now)}",
        kind=Case.Kind.GUESSED_CODES,
        clause="EXAM-12",
        candidate_id=candidate_id,
        subject=subject,
        facts={"decision": voucher_rules.suspicion(codes=codes, minutes=minutes, address=address).as_json()},
        now=now,
    )
