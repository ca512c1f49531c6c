"""Stating anew what stands: after an upgrade, or where an audit found a difference."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rights import restate


def restate_all(*, at: datetime) -> int:
    """
    State every fact that does not stand as it should; return how many facts were looked at.

    A chunk of facts is one transaction, so that whoever writes meanwhile does not wait for the whole. It makes no
    entry: nothing becomes true by it that the facts did not say.
    """
    count = 0
    for model in restate.FACTS:
        after: UUID | None = UUID(int=0)
        while after is not None:
            with transaction.atomic(durable=True):
                stated, after = restate.some(model, after=after, at=at)
            count += stated
    return count


def restate_if_behind(*, at: datetime) -> int:
    """State every fact if they come from a release under which none stood; return how many were looked at."""
    return restate_all(at=at) if restate.is_behind() else 0
