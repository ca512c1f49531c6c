"""What an auditor sees who is let in for a period: decided for every table, and each decision can be asked."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from django.db.models import Model, Q, QuerySet

from ledger import visibility
from ledger.visibility import NOT_IN_A_PERIOD, RULES, Sight, how_in_a_period
from rights import visibility as of_rights
from rights.visibility import NOTHING, SIGHTS_KEPT, Within

ONE = UUID(int=1)
AUDIT = Sight(frozenset(), (Within(ONE, frozenset({ONE}), frozenset(), date(2026, 1, 1), date(2027, 1, 1)),))


BY_NAME = {model._meta.label: model for model in RULES}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_it_is_decided_what_an_auditor_for_a_period_sees_of_each_table(name: str) -> None:
    model: type[Model] = BY_NAME[name]
    ways = how_in_a_period(model)
    assert len(ways) == 1, f"{model.__name__}: name it once in _TIMELESS, _WHEN or NOT_IN_A_PERIOD, beside its rule"
    if ways == ["nothing"]:
        assert len(NOT_IN_A_PERIOD[model]) > 20
        assert visibility._narrowed(model, RULES[model], AUDIT.within[0]) == NOTHING
    if ways == ["by its dates"]:
        rows: QuerySet[Model] = visibility.seen(QuerySet(model), AUDIT)
        assert "2026-01-01" in str(rows.query)  # its columns are there, and the period is asked for
        assert "2027-01-01" in str(rows.query)


def test_what_is_seen_is_put_together_once_for_few_sights_at_a_time() -> None:
    asked: list[Sight] = []

    def rule(sight: Sight) -> Q:
        asked.append(sight)
        return Q(pk__in=sight.ids)

    sights = [Sight(frozenset({UUID(int=number)})) for number in range(SIGHTS_KEPT + 1)]
    for sight in sights:
        assert of_rights.condition(rule, sight) == of_rights.condition(rule, sight) == Q(pk__in=sight.ids)
    assert asked == sights
    of_rights.condition(rule, sights[0])  # which was forgotten for the last
    assert asked == [*sights, sights[0]]
