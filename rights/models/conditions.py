"""Constraints that many tables have."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Func
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

ASSETS = ("recording", "work", "voice", "stem", "lyrics")


class NonNulls(Func):
    """PostgreSQL's ``num_nonnulls``: how many of the given columns have a value."""

    function = "num_nonnulls"
    output_field = models.IntegerField()


def ends_after_it_begins(name: str) -> models.CheckConstraint:
    """Return the constraint that a period [from, to) is not empty."""
    return models.CheckConstraint(condition=Q(active_to__isnull=True) | Q(active_to__gt=F("active_from")), name=name)


def is_of_one_asset(name: str) -> models.CheckConstraint:
    """Return the constraint that exactly one of the asset columns has a value."""
    return models.CheckConstraint(condition=Exact(NonNulls(*ASSETS), 1), name=name)


def is_a_part(name: str) -> models.CheckConstraint:
    """Return the constraint that numerator/denominator lies in (0, 1]."""
    return models.CheckConstraint(
        condition=Q(numerator__gt=0, denominator__gt=0, numerator__lte=F("denominator")), name=name
    )


def asset_id() -> models.GeneratedField:
    """Return the column that holds the id of whichever asset a row is of: what set-based questions join on."""
    return models.GeneratedField(
        expression=Coalesce(*(F(name) for name in ASSETS)), output_field=models.UUIDField(null=True), db_persist=True
    )
