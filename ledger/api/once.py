"""The client makes the id: the same content again gets the first answer again, other content is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class OtherContent(Exception):
    """This id is taken by something with other content; make a new id."""


def once(rows: QuerySet[Row], id: UUID, *, same: Callable[[Row], bool], create: Callable[[], Row]) -> tuple[Row, bool]:
    """
    Return the row of an id and whether this call created it.

    :raises OtherContent: the id is taken by something else
    """
    if (found := rows.filter(pk=id).first()) is None:
        try:
            return create(), True
        except IntegrityError:
            # Two requests with the same id at once: the primary key let one in.
            if (found := rows.filter(pk=id).first()) is None:
                raise
    if not same(found):
        raise OtherContent
    return found, False
