"""Who of the staff, and which partner, saw what about whom (CAND-09)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from candidates.models import StaffAccess

LONGEST_PAGE = StaffAccess._meta.get_field("page").max_length


def note_access(
    *,
    user_id: int,
    candidate_ids: Collection[int],
    record_type: str,
    record_ids: Collection[int],
    page: str,
    now: datetime,
    partner: str = "",
) -> StaffAccess | None:
    """Write down that a member of staff saw records of candidates, one row a page; None where nobody stood on it.

    With a partner's name, that a program read them for it.
    """
    access = access_to(candidate_ids, record_type, record_ids, user_id=user_id, page=page, now=now, partner=partner)
    if access is not None:
        access.save(force_insert=True)
    return access


def access_to(
    candidate_ids: Collection[int],
    record_type: str,
    record_ids: Collection[int],
    *,
    user_id: int,
    page: str,
    now: datetime,
    partner: str = "",
) -> StaffAccess | None:
    """The row of `note_access`, for whoever writes it with something else."""
    if not candidate_ids:
        return None
    return StaffAccess(
        user_id=user_id,
        at=now,
        candidate_ids=sorted(set(candidate_ids)),
        record_type=record_type,
        record_ids=sorted(set(record_ids)),
        page=page[:LONGEST_PAGE],
        partner=partner,
    )
