"""Lists: oldest first, a page at a time, by a cursor that stays right while rows are added."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from ledger.api.access import seen_by


class Page(CursorPagination):
    """Fifty rows, with links to the next and the previous fifty."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500

    @staticmethod
    def of(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
        """Return the serializer of a page of these rows, for the schema."""
        name = row.__name__.removesuffix("Output") + "Page"
        return type(
            name,
            (serializers.Serializer,),
            {
                "__doc__": "A page of a list.",
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "results": row(many=True),
            },
        )


def page_of(rows: QuerySet[Any, Any], at: str, row: type[serializers.Serializer[Any]], request: Request) -> Response:
    """
    Answer with the page that the request asks for, of those rows that the caller sees.

    ``at`` is the column of time; ties are broken by the key.
    """
    return page_of_own(seen_by(request, rows), at, row, request)


def page_of_own(
    rows: QuerySet[Any, Any], at: str, row: type[serializers.Serializer[Any]], request: Request
) -> Response:
    """Answer with a page of rows that are all the caller's own, whatever else they see."""
    pages = Page()
    pages.ordering = (at, "pk")
    found: list[Model] = pages.paginate_queryset(rows, request) or []
    answer: Response = pages.get_paginated_response(row(found, many=True).data)
    return answer
