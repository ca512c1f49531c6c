"""Terms of money of plans, booked by runs: each in double entry, once, on the statement, and drilled to its plan."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from ledger import bundles, checkpoints, clients, rendering, replaying, sequencer, verify
from ledger.models import Entry
from ledger.replaying import Result
from ledger.statements import paper, table
from royalties import books
from royalties.books import Kind
from royalties.models import Advance, Statement, Transaction
from tests.flows import runs, worked
from tests.flows.conftest import Api, Sounds, key
from tests.flows.runs import Payer
from tests.flows.test_reviews import assert_whole, code
from tests.flows.test_runs import RECEIPTS, agree, quote, release, stated
from tests.royalties.worked_example import TOTALS

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PLANS = f"/v1/licenses/{key('license')}/plans"
JANUARY, FEBRUARY, MARCH = ("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01"), ("2026-03-01", "2026-04-01")
TERMS: list[dict[str, Any]] = [
    {"kind": "advance", "party": key("B"), "minor": 30000, "currency": "EUR", "rate": "1/2"},
    {
        "kind": "minimum",
        "side": "publishing",
        "minor": 70000,
        "currency": "EUR",
        "recoupable": False,
        "period_from": "2026-01-01",
        "period_to": "2026-02-01",
    },
    {"kind": "training_fee", "side": "masters", "minor": 10000, "currency": "EUR"},
    {"kind": "per_generation", "party": key("D"), "minor": 50, "currency": "EUR", "from_count": 1},
    {"kind": "per_generation", "party": key("D"), "minor": 30, "currency": "EUR", "from_count": 101},
    {"kind": "sub_share", "side": "publishing", "rate": "1/10"},
    {"kind": "downstream", "party": key("A"), "rate": "1/50"},
    {"kind": "statutory", "party": key("provider"), "rate": "3/100", "set_by": "the committee's rate"},
    # What a run in euros does not book: owed in dollars, and guaranteed since before anything was settled here.
    {"kind": "training_fee", "party": key("A"), "minor": 2500, "currency": "USD"},
    {
        "kind": "minimum",
        "side": "masters",
        "minor": 999_999,
        "currency": "EUR",
        "recoupable": False,
        "period_from": "2025-11-01",
        "period_to": "2026-02-01",
    },
]
# Owners of the masters, countries in which anybody owns them alike, weighed 120 to 180 seconds.
OF_MASTERS = {
    "R1/A": Fraction(2, 5) * Fraction(1, 3),
    "R1/B": Fraction(2, 5) * Fraction(2, 3),
    "R2/B": Fraction(3, 5) * Fraction(2, 3),
    "R2/D": Fraction(3, 5) * Fraction(1, 3),
}
PUBLISHING = {"C": 32775, "D": 13641, "E": 12996, "hold": 741}


def largest_remainder(pool: int, weights: dict[str, Fraction]) -> dict[str, int]:
    """ROY-3, written down once more and without ours: no tie is in what it is used for."""
    exact = {name: pool * weight for name, weight in weights.items()}
    found = {name: one.numerator // one.denominator for name, one in exact.items()}
    rest = sorted(exact, key=lambda name: exact[name] - found[name], reverse=True)
    for name in rest[: pool - sum(found.values())]:
        found[name] += 1
    assert sum(found.values()) == pool
    return found


def by_earnings(pool: int) -> dict[str, int]:
    total = sum(PUBLISHING.values())
    return largest_remainder(pool, {name: Fraction(units, total) for name, units in PUBLISHING.items()})


def amend(world: worked.Worked, name: str, valid_from: str, terms: list[dict[str, Any]], **changes: Any) -> None:
    said = {"id": key(name), "valid_from": valid_from, "reason": "as agreed", "terms": terms}
    answer = world.world.label.post(PLANS, worked.plan(**said, **changes))
    assert answer.status_code == 201, answer.content


def declare(payer: Payer, name: str, kind: str, amount: int, **more: Any) -> None:
    document = {"id": key(name), "payer": payer.id, "kind": kind, "amount": amount, "source": "its own books"}
    stated(payer, "/v1/declarations", document | {"period_from": JANUARY[0], "period_to": JANUARY[1]} | more)


def terms_of(payer: Payer, run: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = payer.one.get(f"/v1/royalty-runs/{key(run)}/terms").json()
    found = {(row["kind"], row["of_run"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def posted(row: dict[str, Any]) -> dict[str, int]:
    names = {key(name): name for name in worked.PARTIES} | {f"{key('W2')}/HOLD": "hold"}
    return {names[account]: int(units) for account, units in row["posted"].items()}


def booked(run: str) -> dict[str, dict[str, int]]:
    """Transactions of terms by kind: what was posted to which kind of account."""
    found: dict[str, dict[str, int]] = {}
    rows = Transaction.objects.filter(run=UUID(key(run)), kind="term").select_related("term__plan")
    for row in rows:
        assert row.term is not None
        sums: dict[str, int] = defaultdict(int)
        for posting in row.postings.select_related("account"):
            sums[posting.account.kind] += posting.units
        assert sum(sums.values()) == 0
        name = f"{row.term.kind} of plan {row.term.plan.number}"
        found[f"{name} of before" if row.of_run_id != row.run_id else name] = dict(sums)
    return found


def test_terms_of_plans_are_booked_by_runs(transactional_db: None, sounds: Sounds, tmp_path: Path) -> None:
    world = worked.build(sounds)
    payer = runs.payer()
    agree(payer)
    quote(payer)
    amend(world, "with terms", "2026-01-01", TERMS)
    payer.report(tmp_path, "january", [*RECEIPTS, (key("unknown"), "DE", "10.00", "EUR")], usages_each=5)
    refused(payer)
    declare(payer, "first count", "generations", 120, license=key("license"))
    declare(payer, "count", "generations", 150, license=key("license"))  # said again: the newest counts
    declare(payer, "revenue", "subscription_revenue", 100_000, currency="EUR")

    # Nothing is booked by a run that was rejected.
    found = payer.worked_out("run 0", *JANUARY, pay_on="2026-02-20")
    assert found["state"] == "reconciled", found
    before = terms_of(payer, "run 0")
    rejected = payer.other.post(f"/v1/royalty-runs/{key('run 0')}/rejections", {"reason": "another look"})
    assert rejected.json()["state"] == "rejected"
    assert not Transaction.objects.filter(run__isnull=False).exists()

    payer.published("run 1", *JANUARY, pay_on="2026-02-20")
    terms = {kind: row for (kind, of_run), row in terms_of(payer, "run 1").items() if of_run == key("run 1")}
    for kind, row in terms.items():  # the same from the same, but for the run's own id
        again = before[kind, key("run 0")]
        own = ("transaction", "of_run")
        assert {name: said for name, said in row.items() if name not in own} == {
            name: said for name, said in again.items() if name not in own
        }
        assert (row["plan_number"], row["license"]) == (2, key("license"))
    training = largest_remainder(10000, OF_MASTERS)
    shared = by_earnings(7500)  # a tenth of 1,000.00, and three of four usages were O1's
    minimum = {"C": 5365, "D": 2233, "E": 2128, "hold": 121}  # §6.6, where ties go by our ids
    assert sum(minimum.values()) == 70000 - sum(PUBLISHING.values())
    expected = {
        "advance": {"B": 30000},
        "minimum": minimum,
        "training_fee": {
            "A": training["R1/A"],
            "B": training["R1/B"] + training["R2/B"],
            "D": training["R2/D"],
        },
        "per_generation": {"D": 100 * 50 + 50 * 30},
        "sub_share": shared,
        "downstream": {"A": 4044},  # 2 % of 2,021.91, half to even
        "statutory": {"provider": 6066},
    }
    assert {kind: posted(row) for kind, row in terms.items()} == expected
    assert terms["sub_share"]["basis"] == {"revenue": "100000", "used": "15", "usages": "20"}
    for row in terms.values():
        assert sum(Fraction(line["weight"]) for line in row["lines"]) == 1
        assert sum(int(line["units"]) for line in row["lines"]) == int(row["units"])

    # In double entry, each by its term: from the payer's own, and what is recouped later from its account.
    lines = booked("run 1")
    assert set(lines) == {f"{kind} of plan 2" for kind in expected}
    assert lines["advance of plan 2"] == {"payable": 30000, "advance": -30000}
    assert lines["minimum of plan 2"] == {"payable": 9726, "hold": 121, "receipts": -9847}
    # All of it is on statements; the provider's is carried until it is agreed how it is paid.
    assert list(books.of_payer(UUID(payer.id), Kind.PAYABLE).values()) == [6066]
    conservation = payer.one.get(f"/v1/royalty-runs/{key('run 1')}/conservation").json()
    assert int(conservation["came"]["terms"]) == sum(sum(row.values()) for row in expected.values())
    assert conservation["total"] == str(202191 + int(conservation["came"]["terms"]))

    statements = payer.statements("run 1")
    of_payee = {
        name: sum(row.get(name, 0) for row in expected.values()) for name in ("A", "B", "C", "D", "E", "provider")
    }
    assert {name: statements[key(name)]["termed"] for name in of_payee} == of_payee
    for name, units in of_payee.items():
        assert statements[key(name)]["earned"] == TOTALS.get(name, 0) + units
    # Of A's fee for training nothing is kept in reserve; of its share of receipts a tenth is.
    assert statements[key("A")]["reserved"] == 2243
    assert Fraction(TOTALS["A"] + 4044, 10) == Fraction(2243)
    # B's older advance is recouped from what it earned, and none from what it is paid before earning it.
    assert (statements[key("B")]["recouped"], statements[key("B")]["base"]) == (
        20000,
        TOTALS["B"] + of_payee["B"] - 20000,
    )
    assert (statements[key("provider")]["payable"], statements[key("provider")]["carried_out"]) == (0, 6066)

    on_paper(payer, statements, tmp_path)
    previewed(world)
    waiting(payer)
    later(payer, tmp_path, training)
    assert_whole()
    # Worked out again, with the books as they stood, each run comes to the same, with the root of its terms.
    for entry in Entry.objects.filter(run_event__act__in=["reconciled", "published"]):
        assert replaying.replay(entry).result is Result.SAME, entry


def previewed(world: worked.Worked) -> None:
    """What other terms would come to, as far as it can be known, beside those that stand."""
    other = [{**one, "rate": "1/5"} if one["kind"] == "sub_share" else one for one in TERMS if one["kind"] != "advance"]
    other[2] = {**other[2], "minor": 100}  # the fee of the first hundred generations, doubled
    other += [{"kind": "buyout", "party": key("C"), "minor": 90000, "currency": "EUR"}]
    asked = world.payer.post(f"/v1/licenses/{key('license')}/plan-previews", worked.plan(terms=other, currency="EUR"))
    assert asked.status_code == 200, asked.content
    assert asked.json()["run"] == key("run 1")
    found = {
        (row["kind"], row["currency"], row["side"]): tuple(
            None if row[name] is None else (row[name]["minor"], row[name]["at_most"]) for name in ("old", "new")
        )
        for row in asked.json()["terms"]
    }
    assert found == {
        ("advance", "EUR", None): ((30000, False), None),
        ("minimum", "EUR", "publishing"): ((70000, True), (70000, True)),
        ("minimum", "EUR", "master"): ((999_999, True), (999_999, True)),
        ("training_fee", "EUR", "master"): ((10000, False), (10000, False)),
        ("training_fee", "USD", None): ((2500, False), (2500, False)),
        ("per_generation", "EUR", None): ((6500, False), (100 * 100 + 50 * 30, False)),
        ("sub_share", "EUR", "publishing"): ((7500, False), (15000, False)),
        ("downstream", "EUR", None): ((4044, False), (4044, False)),
        ("statutory", "EUR", None): ((6066, False), (6066, False)),
        ("buyout", "EUR", None): (None, (90000, False)),
    }
    # Of pools that are only thought of, a part of the receipts is a part of those.
    thought = [{"submission": key("O1"), "country": "DE", "minor": 5000}]
    asked = world.payer.post(
        f"/v1/licenses/{key('license')}/plan-previews", worked.plan(terms=other, currency="CHF", pools=thought)
    )
    rows = {(row["kind"], row["currency"]): row["new"] for row in asked.json()["terms"]}
    assert rows["downstream", "CHF"]["minor"] == 100
    assert (rows["sub_share", "CHF"]["minor"], rows["sub_share", "CHF"]["at_most"]) == (1, True)  # of the 5 declared


def waits(payer: Payer, run: str) -> set[tuple[str, str, str]]:
    rows = payer.one.get(f"/v1/royalty-runs/{key(run)}").json()["waiting"]
    assert all(row["todo"] and row["license"] == key("license") and row["plan_number"] == 2 for row in rows)
    return {(row["kind"], row["why"], row["currency"]) for row in rows}


def waiting(payer: Payer) -> None:
    """What no run booked is said where people look, with what ends it."""
    assert waits(payer, "run 1") == {
        ("training_fee", "other_currency", "USD"),
        ("minimum", "began_before", "EUR"),
    }
    for address in ("/admin/", f"/admin/royalties/royaltyrun/{key('run 1')}/change/"):
        shown = payer.one.get(address).content.decode()
        assert "Fees that wait" in shown
        assert "Start a run in USD" in shown
        assert f"{key('run 1')}/guarantee/" in shown
    payer.published("dollars", *JANUARY, currency="USD", pay_on="2026-02-20")
    assert posted(terms_of(payer, "dollars")["training_fee", key("dollars")]) == {"A": 2500}
    assert waits(payer, "run 1") == {("minimum", "began_before", "EUR")}


def refused(payer: Payer) -> None:
    """What a declaration does not say, or says for days that another one says other things of."""
    months = {"period_from": JANUARY[0], "period_to": JANUARY[1]}
    said = {"id": key("x"), "payer": payer.id, "amount": 1, "source": "x", **months}
    revenue = said | {"kind": "subscription_revenue"}
    assert code(payer.one.post("/v1/declarations", revenue)) == (422, "not_declared")
    assert code(payer.one.post("/v1/declarations", said | {"kind": "generations"})) == (422, "not_declared")
    ends = revenue | {"currency": "EUR", "period_to": JANUARY[0]}
    assert code(payer.one.post("/v1/declarations", ends)) == (422, "not_a_declared_period")
    declare(payer, "half", "subscription_revenue", 5, currency="CHF", period_to="2026-01-16")
    whole = revenue | {"currency": "CHF"}
    assert code(payer.one.post("/v1/declarations", whole)) == (422, "not_a_declared_period")
    other = Api(clients.create(name="other", party_id=UUID(key("C")), scopes=["runs:read", "runs:write"]))
    assert code(other.post("/v1/declarations", revenue | {"currency": "EUR"})) == (403, "not_your_party")
    assert other.get("/v1/declarations").json()["results"] == []


def on_paper(payer: Payer, statements: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """A payee sees each term as its own line, with its plan, and nothing of anybody else's; and can prove it."""
    own = Api(clients.create(name="D", party_id=UUID(key("D")), scopes=["runs:read"]))
    d = statements[key("D")]
    rows = own.get(f"/v1/statements/{d['id']}/terms").json()
    assert {row["kind"] for row in rows} == {"minimum", "training_fee", "per_generation", "sub_share"}
    assert sum(int(row["posted"][key("D")]) for row in rows) == d["termed"]
    assert {line["party"] for row in rows for line in row["lines"]} == {key("D")}
    assert {name for row in rows for name in row["posted"]} == {key("D")}
    sheet = b"".join(own.get(f"/v1/statements/{d['id']}/lines.csv").streaming_content).decode()
    assert sum(line.startswith("term ") for line in sheet.splitlines()) == 4
    document = rendering.document(Statement.objects.select_related("run").get(pk=d["id"]))
    steps = {step.name: step for step in document.steps}
    assert steps["Fee per generation"].units == 6500
    assert steps["Fee per generation"].note == "plan 2: 150 generations"
    assert steps["Minimum guarantee, publishing"].note == "plan 2: 700.00 EUR guaranteed, 601.53 EUR earned"
    assert any("Training fee, masters" in row for row in table.rows(document))
    shown = payer.one.get(f"/reports/statements/{d['id']}").content.decode()
    for said in ("Terms of plans", "version&nbsp;2", "150 generations", "10 % of 1", "15 of 20 usages"):
        assert said in shown
    assert paper.pdf(document).startswith(b"%PDF")
    proof, log_key = tmp_path / "proof.json", tmp_path / "log.vkey"
    proof.write_bytes(own.get(f"/v1/statements/{d['id']}/proof").content)
    log_key.write_text(checkpoints.verifier_key())
    assert verify.main([str(proof), "--key", str(log_key)]) == 0
    bundle = bundles.read(proof.read_bytes())
    assert bundle.terms is not None
    assert {line.kind: line.units for line in bundle.terms.lines} == {
        row["kind"]: int(row["posted"][key("D")]) for row in rows
    }


def later(payer: Payer, tmp_path: Path, training: dict[str, int]) -> None:
    """What was paid once is not paid again; what was declared anew is posted as its difference."""
    declare(payer, "recount", "generations", 200, license=key("license"))
    payer.report(tmp_path, "february", RECEIPTS[1:2], first=date(2026, 2, 1), last=date(2026, 2, 28))
    payer.published("run 2", *FEBRUARY, pay_on="2026-03-20")
    terms = terms_of(payer, "run 2")
    assert {name: posted(row) for name, row in terms.items()} == {
        ("downstream", key("run 2")): {"A": 1495},
        ("statutory", key("run 2")): {"provider": 2242},
        ("per_generation", key("run 1")): {"D": 50 * 30},
    }
    recount = terms["per_generation", key("run 1")]
    assert (recount["units"], recount["before"]) == ("8000", {key("D"): "6500"})
    assert booked("run 2")["per_generation of plan 2 of before"] == {"payable": 1500, "receipts": -1500}
    # Of February nothing was declared. At the desk it is; the next run books it, and nothing waits.
    assert waits(payer, "run 2") == {
        ("per_generation", "not_declared", "EUR"),
        ("sub_share", "not_declared", "EUR"),
    }
    desk = "/admin/royalties/declaration/add/"
    assert f"{desk}?payer={payer.id}&amp;license={key('license')}" in payer.one.get("/admin/").content.decode()
    given = {"payer": payer.id, "period_from": FEBRUARY[0], "period_to": FEBRUARY[1], "currency": "EUR", "source": "x"}
    count = given | {"id": key("no count"), "kind": "generations", "license": key("license")}
    assert b"Generations need it." in payer.one.client.post(desk, count).content
    assert payer.one.client.post(desk, count | {"count": "0"}).status_code == 302
    revenue = given | {"id": key("no revenue"), "kind": "subscription_revenue"}
    assert b"Revenue needs an amount" in payer.one.client.post(desk, revenue).content
    assert payer.one.client.post(desk, revenue | {"revenue": "0.00"}).status_code == 302
    assert waits(payer, "run 2") == set()
    shown = payer.one.get(f"/admin/royalties/declaration/{key('no revenue')}/change/").content.decode()
    assert "0.00 EUR" in shown
    # The advance: half of what B's assets earned under the license goes to it.
    advance = Advance.objects.get(payee=UUID(key("B")), units=30000)
    assert set(map(str, advance.assets)) == {key(name) for name in worked.OWNED}
    assert payer.statements("run 2")[key("B")]["recouped"] == 19403 // 2
    # A month without use and without anything new posts nothing of any term.
    payer.published("run 3", *MARCH, pay_on="2026-04-20")
    assert booked("run 3") == {}
    assert training["R2/D"] > 0
    sequencer.drain(at=timezone.now())


def test_what_is_held_of_an_advance_is_one_once_it_is_released(
    transactional_db: None, sounds: Sounds, tmp_path: Path
) -> None:
    world = worked.build(sounds)
    payer = runs.payer()
    agree(payer)
    quote(payer)
    terms = [{"kind": "advance", "side": "publishing", "minor": 1_000_000, "currency": "EUR", "rate": "1"}]
    amend(world, "with an advance", "2026-01-01", terms)
    payer.report(tmp_path, "january", RECEIPTS)
    payer.published("run 1", *JANUARY, pay_on="2026-02-20")
    paid = posted(terms_of(payer, "run 1")["advance", key("run 1")])
    held = paid["hold"]
    assert held > 10
    assert sum(paid.values()) == 1_000_000

    def advanced() -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        names = {key(name): name for name in worked.PARTIES}
        for row in Advance.objects.filter(group__startswith="license"):
            found[names[str(row.payee_id)]] += row.units
        return found

    # Held, it is nobody's advance: the payer has not paid it, and nothing is recouped for it.
    before = {name: units for name, units in paid.items() if name != "hold"}
    assert advanced() == before
    assert cost_of_advances(payer) == -held

    # Of 7.00 that are released, the same part is advance as of all that is held; and each party has its part of it.
    whole = 741 + held
    some = largest_remainder(700, {"earned": Fraction(741, whole), "advance": Fraction(held, whole)})["advance"]
    assert release(payer, "some", "run 1", {"C": "2/3", "E": "1/3"}, units=700).status_code == 201
    given = largest_remainder(some, {"C": Fraction(467, 700), "E": Fraction(233, 700)})
    assert advanced() == {**before, "C": before["C"] + given["C"], "E": before["E"] + given["E"]}
    assert cost_of_advances(payer) == some - held
    # With the rest all of it is one, to the cent, and none of it is the payer's own cost any more.
    assert release(payer, "the rest", "run 1", {"C": "1"}).status_code == 201
    assert advanced()["C"] == before["C"] + given["C"] + held - some
    assert sum(advanced().values()) == 1_000_000
    assert cost_of_advances(payer) == 0

    # And a guarantee that is topped up by hand, to be recouped later.
    topped = {"id": key("masters"), "side": "master", "minimum": 300_000, "is_recoupable": True, "reason": "as agreed"}
    assert payer.one.post(f"/v1/royalty-runs/{key('run 1')}/guarantees", topped).status_code == 201

    payer.report(tmp_path, "february", RECEIPTS[1:2], first=date(2026, 2, 1), last=date(2026, 2, 28))
    payer.published("run 2", *FEBRUARY, pay_on="2026-03-20")
    of = payer.statements("run 2")
    c, b = of[key("C")], of[key("B")]
    # What C's works earn goes to its advance; what was released is paid out, and no advance is recouped from it.
    assert c["granted"] == 467 + whole - 700
    assert (c["recouped"], c["base"], c["reserved"]) == (c["allocated"], c["granted"], 0)
    # Nor is a top-up recouped from itself.
    assert b["granted"] > b["allocated"] > 0
    assert (b["recouped"], b["base"]) == (b["allocated"], b["granted"])
    assert_whole()


def cost_of_advances(payer: Payer) -> int:
    """What advances cost the payer that nobody owes it: below zero, what is on hold of them."""
    receipts = books.of_payer(UUID(payer.id), Kind.RECEIPTS, currency="EUR")
    return sum(units for key_, units in receipts.items() if key_.reference == "advance")
