"""Lines are divided by the rights of their days of use: a sale within a period, a buyout from the next one on."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger import drilling
from rights.visibility import EVERYTHING
from royalties.models import RunPart, Statement
from royalties.usage.mapping import UsageMapping
from tests.flows import runs, worked
from tests.flows.conftest import Sounds, key
from tests.flows.runs import Payer
from tests.flows.test_money_terms import amend, posted, terms_of
from tests.flows.test_runs import agree, quote
from tests.flows.worked import O1
from tests.royalties import worked_example as example

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

JANUARY, FEBRUARY = ("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01")
R2_B, R2_E = "R2/B", "R2/E"


def lines(payer: Payer, run: str) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """Country and pool → leaf by the example's name → its line."""
    found: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
    for line in payer.one.get(f"/v1/royalty-runs/{key(run)}/lines?limit=500").json()["results"]:
        found[line["country"], line["pool_units"]][worked.leaf_of(line["leaf"])] = line
    return dict(found)


def weights(some: dict[str, dict[str, Any]]) -> dict[str, Fraction]:
    return {leaf: Fraction(line["weight"]) for leaf, line in some.items()}


def sold(before: dict[str, Fraction], part: Fraction) -> dict[str, Fraction]:
    """What becomes of weights where B's part of R2 was E's for a part of the days."""
    after = {**before, R2_B: before[R2_B] * (1 - part), R2_E: before[R2_B] * part}
    return {leaf: weight for leaf, weight in after.items() if weight}


def sell(world: worked.Worked) -> None:
    """B sells its two thirds of R2 to E, from 16 January on."""
    ended = {"id": key("ended"), "act": "ended", "effective_on": "2026-01-16", "reason": "sold"}
    answer = world.world.label.post(f"/v1/shares/{key('share R2 B 0')}/events", ended)
    assert answer.status_code == 201, answer.content
    since = {"active_from": "2026-01-16", "territories": worked.COUNTRIES}
    world.world.share("R2 E", party="E", part="2/3", recording=key("R2"), **since)


def test_lines_are_divided_by_the_rights_of_their_days(transactional_db: None, sounds: Sounds, tmp_path: Path) -> None:
    world = worked.cleared(sounds)
    payer = runs.payer()
    agree(payer)
    quote(payer)
    first, second = date(2026, 1, 10), date(2026, 1, 20)
    payer.report(tmp_path, "before the sale", [(O1, "DE", "1000.01", "EUR")], first=first, last=first)
    payer.report(tmp_path, "after the sale", [(O1, "DE", "500.00", "EUR")], first=second, last=second)
    payer.report(tmp_path, "over the sale", [(O1, "JP", "274.52", "EUR")])  # from the first of January to the last
    germany, japan = (example.weights(country, example.FALLBACK) for country in ("DE", "JP"))

    # Nobody knows of a sale yet: what Germany earned on both days is one pool.
    payer.published("run 1", *JANUARY, pay_on="2026-02-20")
    assert {pool: weights(some) for pool, some in lines(payer, "run 1").items()} == {
        ("DE", 150_001): germany,
        ("JP", 27_452): japan,
    }

    # The sale is recorded: January is divided anew, and only what was used since the sale is another's.
    sell(world)
    assert world.divide() == 1
    assert R2_B not in world.weights("DE")  # as of today
    amend(world, "bought", "2026-02-01", [{"kind": "buyout", "side": "masters", "minor": 50_000, "currency": "EUR"}])
    assert world.divide() == 1
    payer.report(tmp_path, "february", [(O1, "DE", "100.00", "EUR")], first=date(2026, 2, 1), last=date(2026, 2, 28))
    payer.published("run 2", *FEBRUARY, pay_on="2026-03-20")
    part = RunPart.objects.get(run=UUID(key("run 2")), of_run=UUID(key("run 1")))
    changed = payer.one.get(f"/v1/royalty-runs/{key('run 2')}/adjustments/{key('run 1')}").json()
    got = {(row["country"], worked.leaf_of(row["leaf"])): row["posted"] for row in changed}
    old = {country: divided(pool, some) for country, pool, some in (("DE", 150_001, germany), ("JP", 27_452, japan))}
    new = {
        "DE": added(divided(100_001, germany), divided(50_000, sold(germany, Fraction(1)))),
        "JP": divided(27_452, sold(japan, Fraction(16, 31))),
    }
    assert got == {
        (country, leaf): new[country].get(leaf, 0) - old[country].get(leaf, 0)
        for country in old
        for leaf in old[country] | new[country]
        if new[country].get(leaf, 0) != old[country].get(leaf, 0)
    }
    assert sum(got.values()) == 0
    assert part.partitions == 1

    # From February on the masters are bought out: their owners of that day were paid once, and the operator keeps it.
    (february,) = lines(payer, "run 2").values()
    bought = {leaf: weight for leaf, weight in germany.items() if not leaf.startswith("R")}
    bought["COMM"] += sum(weight for leaf, weight in germany.items() if leaf.startswith("R"))
    assert weights(february) == bought
    fee = terms_of(payer, "run 2")["buyout", key("run 2")]
    assert sum(posted(fee).values()) == 50_000
    assert set(posted(fee)) == {"A", "B", "D", "E"}  # B still has R1 in the US and Japan

    # Once is once. What is reported late is divided by the rights of its own days, and says so.
    payer.report(tmp_path, "late", [(O1, "JP", "274.52", "EUR")])
    payer.published("run 3", "2026-03-01", "2026-04-01", pay_on="2026-04-20")
    assert terms_of(payer, "run 3") == {}
    assert RunPart.objects.filter(run=UUID(key("run 3"))).count() == 1
    (late,) = lines(payer, "run 3").values()
    assert weights(late) == sold(japan, Fraction(16, 31))
    drilled(payer)
    corrected(payer, tmp_path, germany)


def corrected(payer: Payer, tmp_path: Path, germany: dict[str, Fraction]) -> None:
    """
    What corrects a period belongs to it, though it comes in a report of a later one.

    January's pool is divided anew and posted leaf by leaf; by itself the correction would come to other units (ROY-8).
    """
    head = "output,country,amount,currency,from,to,kind"
    correction = f"{O1},DE,-60.01,EUR,2026-01-10,2026-01-10,adjustment"
    own = f"{O1},DE,33.33,EUR,2026-04-02,2026-04-02,usage"
    kept = f"{O1},DE,-1.00,EUR,2026-04-03,2026-04-03,reversal"
    mapping = UsageMapping(columns={**runs.MAPPING.columns, "kind": "kind"})
    payer.hand_in(tmp_path, "april", [head, correction, own, kept], mapping)
    payer.published("run 4", "2026-04-01", "2026-05-01", pay_on="2026-05-20")
    assert [pool for _, pool in lines(payer, "run 4")] == [3233]  # 33.33 less what was taken back in April itself
    assert {part.of_run_id for part in RunPart.objects.filter(run=UUID(key("run 4")))} == {
        UUID(key("run 1")),
        UUID(key("run 4")),
    }
    changed = payer.one.get(f"/v1/royalty-runs/{key('run 4')}/adjustments/{key('run 1')}").json()
    old, new = divided(100_001, germany), divided(94_000, germany)
    assert {worked.leaf_of(row["leaf"]): row["posted"] for row in changed} == {
        leaf: new[leaf] - old[leaf] for leaf in old if new[leaf] != old[leaf]
    }
    assert sum(row["posted"] for row in changed) == -6001
    assert {row["country"] for row in changed} == {"DE"}
    # Nothing of it comes again.
    payer.published("run 5", "2026-05-01", "2026-06-01", pay_on="2026-06-20")
    assert RunPart.objects.filter(run=UUID(key("run 5"))).count() == 1


def divided(pool: int, some: dict[str, Fraction]) -> dict[str, int]:
    """ROY-3 once more: larger fraction, larger weight, and last the key, which for us is of ids."""
    ids = {leaf: "/".join(key(one) for one in leaf.split("/")) for leaf in some}
    exact = {leaf: pool * weight for leaf, weight in some.items()}
    found = {leaf: one.numerator // one.denominator for leaf, one in exact.items()}
    order = sorted(some, key=lambda leaf: (found[leaf] - exact[leaf], -some[leaf], ids[leaf]))
    for leaf in order[: pool - sum(found.values())]:
        found[leaf] += 1
    return found


def added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {leaf: one.get(leaf, 0) + other.get(leaf, 0) for leaf in one | other}


def drilled(payer: Payer) -> None:
    """A line that was divided by days says by which, and its grounds come to its weight."""
    statement = Statement.objects.select_related("run").get(run=UUID(key("run 3")), payee=UUID(key("E")))
    found = {}
    for line in payer.one.get(f"/v1/statements/{statement.pk}/lines").json()["results"]:
        partition, _, number = line["line"].partition(".")
        one = drilling.drill(statement, partition=int(partition), line=int(number), sight=EVERYTHING)
        assert one.adds_up
        assert sum(ground.part for ground in one.grounds) == one.allocation.weight
        found[worked.leaf_of(line["leaf"])] = one
    ways = [(way.day, way.part) for way in found[R2_E].ways]
    assert ways == [(date(2026, 1, 1), Fraction(15, 31)), (date(2026, 1, 16), Fraction(16, 31))]
    assert [ground.share and ground.share.pk for ground in found[R2_E].grounds] == [UUID(key("share R2 E"))]
    assert len(found["W3/E"].grounds) == 2  # one for each part of the month
