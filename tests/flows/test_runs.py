"""Royalty runs through the API: the worked example, every figure of it, and what happens to it afterwards."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ledger import checkpoints, clients, jobs, log, running, sequencer, verify
from ledger.models import Entry, Job
from royalties import books, results
from royalties.books import Key, Kind
from royalties.models import Posting, RunPart, RunPartition, Transaction
from tests.flows import runs, worked
from tests.flows.conftest import Api, Sounds, key
from tests.flows.runs import Payer
from tests.flows.test_reviews import code
from tests.flows.worked import O1
from tests.royalties.worked_example import ADJUSTED_DE, BUMPED, EXPECTED, FALLBACK_DE, POOLS, TOTALS

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

FULL = "633/4000"  # 15.825 %
RECEIPTS = [(O1, "DE", "1000.01", "EUR"), (O1, "US", "812.37", "USD"), (O1, "JP", "45003", "JPY")]
# Earned, reserved, recouped, base, exact tax, withheld, payable; and what is paid, in which currency.
STATEMENTS = {
    "A": (18386, 1839, 0, 16547, "0/1", 0, 16547, "EUR", 16547),
    "B": (34106, 0, 20000, 14106, "0/1", 0, 14106, "USD", 15333),
    "C": (32775, 0, 0, 32775, "0/1", 0, 32775, "EUR", 32775),
    "D": (21300, 0, 0, 21300, "134829/40", 3371, 17929, "EUR", 17929),
    "E": (12996, 0, 0, 12996, "0/1", 0, 12996, "JPY", 21300),
    "HC": (51558, 0, 0, 51558, "25779/5", 5156, 46402, "EUR", 46402),
}
READ = ["runs:read"]


def agree(payer: Payer) -> None:
    """What the example says of payees, of their certificates, and of B's advance."""
    certified = {"B": "0", "C": "0", "E": "0", "HC": "1/10"}
    for name in STATEMENTS:
        terms = {
            "id": key(f"terms of {name}"),
            "payer": payer.id,
            "payee": key(name),
            "currency": "EUR",
            "reserve": "1/10" if name == "A" else "0",
            "payout_currency": {"B": "USD", "E": "JPY"}.get(name, "EUR"),
            "withholding": "0" if name == "A" else FULL,
        }
        stated(payer, "/v1/payee-terms", terms)
    for name, rate in certified.items():
        certify(payer, name, rate)
    advance = {"id": key("advance"), "payer": payer.id, "payee": key("B"), "currency": "EUR", "units": 20000}
    stated(payer, "/v1/advances", advance | {"paid_on": "2025-06-01"})


def certify(payer: Payer, name: str, rate: str) -> None:
    document = {
        "id": key(f"certificate of {name}"),
        "payer": payer.id,
        "payee": key(name),
        "rate": rate,
        "valid_from": "2026-01-01",
        "valid_to": "2027-01-01",
        "document": f"sha256:{UUID(key(name)).hex * 2}",
    }
    stated(payer, "/v1/tax-certificates", document)


def quote(payer: Payer) -> None:
    """The example's exchange rates, of receipts and of payouts."""
    for base, into, value, on in (
        ("USD", "EUR", "0.92", "2026-01-31"),
        ("JPY", "EUR", "0.0061", "2026-01-31"),
        ("EUR", "USD", "1.0870", "2026-02-10"),
        ("EUR", "JPY", "163.90", "2026-02-10"),
    ):
        document = {"id": key(f"{base} to {into}"), "payer": payer.id, "base": base, "quote": into, "value": value}
        stated(payer, "/v1/exchange-rates", document | {"source": "as recorded with the receipt", "on": on})


def stated(payer: Payer, path: str, document: dict[str, Any]) -> None:
    answer = payer.one.post(path, document)
    assert answer.status_code == 201, answer.content
    again = payer.other.post(path, document)
    assert (again.status_code, again.json()) == (200, answer.json())


def leaves(payer: Payer, run: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Country → leaf by the example's name → its line."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    after = ""
    while True:
        page = payer.one.get(f"/v1/royalty-runs/{key(run)}/lines?limit=9{after}").json()
        for line in page["results"]:
            assert Fraction(line["exact"]) == line["pool_units"] * Fraction(line["weight"])
            found[line["country"]][worked.leaf_of(line["leaf"])] = line
        if page["next"] is None:
            return dict(found)
        after = f"&after={page['next']}"


def units(lines: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {leaf: line["units"] for leaf, line in lines.items()}


def by_kind(payer: Payer) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for row in payer.accounts():
        if row["currency"] == "EUR":
            sums[row["kind"]] += row["balance"]
    return dict(sums)


def hold(payer: Payer) -> str:
    rows = payer.one.get("/v1/accounts?limit=500").json()["results"]
    (row,) = (row for row in rows if row["kind"] == "hold")
    assert row["reference"] == key("W2")
    found: str = row["id"]
    return found


def release(payer: Payer, name: str, run: str, to: dict[str, str], **more: Any) -> Any:
    document = {"id": key(name), "run": key(run), "to": [{"party": key(one), "part": part} for one, part in to.items()]}
    return payer.one.post(f"/v1/holds/{hold(payer)}/releases", document | {"reason": "settled between them"} | more)


def figures(statement: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(statement[name] for name in names)


def test_the_worked_example(transactional_db: None, sounds: Sounds, tmp_path: Path) -> None:
    world = worked.build(sounds)
    payer = runs.payer()
    agree(payer)
    quote(payer)
    payer.report(tmp_path, "january", RECEIPTS)
    period = ("2026-01-01", "2026-02-01")

    # Nothing is published by one person alone, and one run of a payer is in work.
    found = payer.worked_out("run 1", *period, pay_on="2026-02-20")
    assert (found["state"], found["partitions"], found["divided"]) == ("reconciled", 1, 1)
    assert code(payer.start("run 2", "2026-02-01", "2026-03-01", pay_on="2026-03-20")) == (409, "another_run_in_work")
    run = f"/v1/royalty-runs/{key('run 1')}"
    assert code(payer.one.post(f"{run}/approvals")) == (409, "needs_a_second_person")
    assert code(payer.one.post(f"{run}/publications")) == (409, "run_out_of_course")

    # §6.2: pools, leaves, and who got the units that were left over.
    lines = leaves(payer, "run 1")
    for country, pool in POOLS.items():
        assert units(lines[country]) == EXPECTED[country]
        assert {line["pool_units"] for line in lines[country].values()} == {pool}
        assert {leaf for leaf, line in lines[country].items() if line["has_leftover"]} == BUMPED[country]
        weights = {leaf: Fraction(line["weight"]) for leaf, line in lines[country].items()}
        assert weights == world.weights(country)

    # §6.3, before anybody approves.
    preview = payer.one.get(f"{run}/preview").json()
    assert preview["pools"] == sum(POOLS.values()) == 202191
    assert {due["payee"]: due["allocated"] for due in preview["payees"]} == {
        key(name): TOTALS[name] for name in STATEMENTS
    }
    assert {(row["of"], row["now"]) for row in preview["by_territory"]} == set(POOLS.items())
    assert {row["of"]: row["change"] for row in preview["by_service"]} == {"service": 202191}

    # §6.4: statements, payouts, and that nothing is lost.
    for person, act in ((payer.other, "approvals"), (payer.one, "publications")):
        assert person.post(f"{run}/{act}").status_code == 201
    statements = payer.statements("run 1")
    names = ("earned", "reserved", "recouped", "base", "withholding_exact", "withheld", "payable")
    for name, expected in STATEMENTS.items():
        said = figures(statements[key(name)], *names, "payout_currency", "payout_units")
        assert said == expected, name
    assert statements[key("E")]["rounding"] == "111/250"  # JPY 0.444
    assert Fraction(statements[key("B")]["rounding"]) / 100 == Fraction("0.00222")
    conservation = payer.one.get(f"{run}/conservation").json()
    assert conservation["total"] == "202191"
    went = {"commission": 30329, "hold": 741, "reserved": 1839, "recouped": 20000, "withheld": 8527, "payable": 140755}
    assert {name: int(given) for name, given in conservation["went"].items() if int(given)} == went
    # The advance was paid out before: the bank has 200.00 more than the statements.
    books_say = {"commission": 30329, "hold": 741, "reserve": 1839, "tax": 8527, "bank": 160755, "receipts": -202191}
    assert by_kind(payer) == books_say
    assert books.of_payer(UUID(payer.id), Kind.PAYABLE) == {}

    sequencer.drain(at=timezone.now())
    seen_by_payees(payer, statements, tmp_path)
    afterwards(payer, world, tmp_path)


def seen_by_payees(payer: Payer, statements: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """A payee sees its own statement and its own lines, and nothing of anybody else's."""
    own = Api(clients.create(name="C", party_id=UUID(key("C")), scopes=READ))
    listed = own.get("/v1/statements").json()["results"]
    assert [row["id"] for row in listed] == [statements[key("C")]["id"]]
    lines = own.get(f"/v1/statements/{listed[0]['id']}/lines").json()["results"]
    assert sum(line["units"] for line in lines) == TOTALS["C"]
    assert {worked.leaf_of(line["leaf"]) for line in lines} == {"W1/C", "W2/C", "W3/C"}
    sheet = b"".join(own.get(f"/v1/statements/{listed[0]['id']}/lines.csv").streaming_content).decode().splitlines()
    assert len(sheet) == 1 + len(lines)
    proof = tmp_path / "proof.json"
    proof.write_bytes(own.get(f"/v1/statements/{listed[0]['id']}/proof").content)
    log_key = tmp_path / "log.vkey"
    log_key.write_text(checkpoints.verifier_key())
    assert verify.main([str(proof), "--key", str(log_key)]) == 0
    proof.write_bytes(proof.read_bytes().replace(b'"units":"', b'"units":"1', 1))
    assert verify.main([str(proof), "--key", str(log_key)]) == 1
    assert {row["party"] for row in own.get("/v1/accounts").json()["results"]} == {key("C")}
    for path in (f"royalty-runs/{key('run 1')}", f"statements/{statements[key('D')]['id']}"):
        assert own.get(f"/v1/{path}").status_code == 404
    assert own.get("/v1/royalty-runs").json()["results"] == []
    rate = {"id": key("x"), "payer": payer.id, "base": "EUR", "quote": "CHF", "value": "0.9", "source": "x"}
    writes = Api(clients.create(name="C writes", party_id=UUID(key("C")), scopes=["runs:write"]))
    assert code(writes.post("/v1/exchange-rates", rate | {"on": "2026-01-01"})) == (403, "not_your_party")


def afterwards(payer: Payer, world: worked.Worked, tmp_path: Path) -> None:
    run = f"/v1/royalty-runs/{key('run 1')}"
    # §6.5 (c): the hold of January, shared 2 : 1; its value date is January's.
    answer = release(payer, "release c", "run 1", {"C": "2/3", "E": "1/3"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["value_on"] == "2026-01-31"
    assert posted(answer.json()) == {"hold": -741, "C": 494, "E": 247}
    assert code(release(payer, "again", "run 1", {"C": "1"})) == (409, "nothing_on_hold")
    assert code(release(payer, "half", "run 1", {"C": "1/2"})) == (422, "nobody_to_release")

    # §6.6: publishing is guaranteed 700.00 for January.
    document = {"id": key("guarantee"), "side": "publishing", "minimum": 70000, "is_recoupable": False}
    answer = payer.one.post(f"{run}/guarantees", document | {"reason": "the license's minimum"})
    assert answer.status_code == 201, answer.content
    assert posted(answer.json()) == {"receipts": -9847, "C": 5365, "D": 2233, "E": 2128, "hold": 121}
    enough = document | {"id": key("enough"), "minimum": 60000, "reason": "less than was earned"}
    assert code(payer.one.post(f"{run}/guarantees", enough)) == (409, "no_shortfall")

    # D's certificate comes later: what was withheld is paid back, by a new version of the statement.
    d = payer.statements("run 1")[key("D")]
    assert code(payer.one.post(f"/v1/statements/{d['id']}/refunds", {"reason": "none yet"})) == (
        409,
        "nothing_to_refund",
    )
    certify(payer, "D", "0")
    answer = payer.one.post(f"/v1/statements/{d['id']}/refunds", {"reason": "the certificate came"})
    assert answer.status_code == 201, answer.content
    assert figures(answer.json(), "version", "withheld", "payable") == (2, 0, 21300)
    assert answer.json()["changes"]["payable"] == [17929, 21300]
    again = payer.one.post(f"/v1/statements/{d['id']}/refunds", {"reason": "again"})
    assert code(again) == (409, "not_the_newest")
    sequencer.drain(at=timezone.now())
    proof, log_key = tmp_path / "version-2.json", tmp_path / "log.vkey"
    proof.write_bytes(payer.one.get(f"/v1/statements/{answer.json()['id']}/proof").content)
    assert verify.main([str(proof), "--key", str(log_key)]) == 0
    proof.write_bytes(proof.read_bytes().replace(b'"payable":"21300"', b'"payable":"21301"', 1))
    assert verify.main([str(proof), "--key", str(log_key)]) == 1

    # §6.7: the receipt of Germany is corrected; February's run posts the differences leaf by leaf.
    corrected = [(O1, "DE", "940.00", "EUR"), *RECEIPTS[1:]]
    payer.report(tmp_path, "january corrected", corrected, replaces="january")
    payer.report(tmp_path, "february", RECEIPTS[1:2], first=date(2026, 2, 1), last=date(2026, 2, 28))
    assert code(payer.start("overlap", "2026-01-15", "2026-02-15", pay_on="2026-03-20")) == (409, "period_published")
    payer.published("run 2", "2026-02-01", "2026-03-01", pay_on="2026-03-20")
    changed = payer.one.get(f"/v1/royalty-runs/{key('run 2')}/adjustments/{key('run 1')}").json()
    assert {row["country"] for row in changed} == {"DE"}
    got = {worked.leaf_of(row["leaf"]): (row["old"], row["new"], row["posted"]) for row in changed}
    adjusted = adjusted_by_our_keys()
    assert got == {leaf: (old, adjusted[leaf], adjusted[leaf] - old) for leaf, old in EXPECTED["DE"].items()}
    assert sum(row["posted"] for row in changed) == -6001
    statements = payer.statements("run 2")
    names = ("allocated", "adjusted", "granted", "released", "carried_in", "carried_out", "payable")
    # A: 920 of its reserve falls due, and 1,104 too much was paid: it owes 184.
    assert figures(statements[key("A")], *names) == (0, -1104, 0, 920, 0, -184, 0)
    c = (
        EXPECTED["US"]["W1/C"] + EXPECTED["US"]["W2/C"] + EXPECTED["US"]["W3/C"],
        -669 - 357 + adjusted["W3/C"] - 1653,
        494 + 5365,
    )
    assert figures(statements[key("C")], *names) == (*c, 0, 0, 0, sum(c))

    # §6.5 (a) and (b), with the holds of February and March.
    payer.report(tmp_path, "march", RECEIPTS[1:2], first=date(2026, 3, 1), last=date(2026, 3, 31))
    payer.published("run 3", "2026-03-01", "2026-04-01", pay_on="2026-04-20")
    # What a guarantee added to the hold of January stays there: a release is of one period.
    for name, of, to in (("release a", "run 2", "C"), ("release b", "run 3", "E")):
        answer = release(payer, name, of, {to: "1"})
        assert posted(answer.json()) == {"hold": -741, to: 741}
    # The second half of A's reserve, less what it owed.
    a = payer.statements("run 3")[key("A")]
    assert figures(a, "allocated", "released", "carried_in", "carried_out", "payable") == (0, 919, -184, 0, 735)
    assert by_kind(payer)["hold"] == 121

    refused_by_the_database(payer)


def adjusted_by_our_keys() -> dict[str, int]:
    """The example's adjusted pool. The three leaves of W3 tie, and there the key decides (ROY-3): ours are ids."""
    tied = ("W3/C", "W3/D", "W3/E")
    ours = sorted(tied, key=lambda leaf: key(leaf.removeprefix("W3/")))
    return ADJUSTED_DE | {leaf: ADJUSTED_DE[named] for leaf, named in zip(ours, tied, strict=True)}


def posted(transaction_: dict[str, Any]) -> dict[str, int]:
    """What was posted, by the example's names of payees, else by the kind of account; and nothing is left."""
    names = {key(name): name for name in worked.PARTIES}
    found = {names.get(row["party"], row["kind"]): row["units"] for row in transaction_["postings"]}
    assert sum(found.values()) == 0
    return found


def refused_by_the_database(payer: Payer) -> None:
    """What does not add up is not committed, whoever writes it."""
    account = Posting.objects.filter(account__payer=UUID(payer.id))[0].account_id
    with pytest.raises(IntegrityError) as caught, transaction.atomic(durable=True):  # noqa: PT012 - at the commit
        at = timezone.now()
        one = Transaction.objects.create(
            id=uuid4(), payer_id=payer.id, kind="settled", value_on=at.date(), recorded_at=at
        )
        Posting.objects.create(id=uuid4(), transaction=one, account_id=account, units=1)
        log.append(Entry.Kind.BOOKED, one, {}, at=at)
    assert caught.value.__cause__.diag.constraint_name == "transaction_adds_up_to_nothing"  # type: ignore[union-attr]
    with pytest.raises(books.NotBalanced):
        books.post(
            [(Key(Kind.RECEIPTS, "EUR"), -1), (Key(Kind.SUSPENSE, "USD"), 1)],
            id=uuid4(),
            payer_id=UUID(payer.id),
            kind=Transaction.Kind.EARNED,
            value_on=timezone.now().date(),
            at=timezone.now(),
        )


def test_what_is_known_later_is_posted_by_its_differences(
    transactional_db: None, sounds: Sounds, tmp_path: Path
) -> None:
    world = worked.cleared(sounds)
    payer = runs.payer()
    quote(payer)
    payer.report(tmp_path, "january", [*RECEIPTS[:1], (key("unknown"), "DE", "10.00", "EUR")])

    # What is stuck can be given up; what a worker brings after that is not taken.
    assert payer.start("run 0", "2026-01-01", "2026-02-01", pay_on="2026-02-20").status_code == 202
    (partition,) = running.freeze(id=UUID(key("run 0")), at=timezone.now())
    late = jobs.claim(Job.Kind.DIVIDE, partition, at=timezone.now())
    assert late is not None
    given_up = payer.one.post(f"/v1/royalty-runs/{key('run 0')}/rejections", {"reason": "the wrong month"})
    assert given_up.json()["state"] == "rejected"
    with pytest.raises(jobs.LostLease), transaction.atomic():
        jobs.finish(late, at=timezone.now())

    # A worker dies over the partition; another does it over.
    assert payer.start("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20").status_code == 202
    (partition,) = running.freeze(id=UUID(key("run 1")), at=timezone.now())
    dead = jobs.claim(Job.Kind.DIVIDE, partition, at=timezone.now())
    assert dead is not None
    assert running.divide(id=partition, at=timezone.now()) == ()  # somebody is at it, as it seems
    Job.objects.filter(pk=dead.id).update(lease_until=timezone.now() - jobs.LEASE)
    (whole,) = running.divide(id=partition, at=timezone.now())
    with pytest.raises(jobs.LostLease), transaction.atomic():
        jobs.finish(dead, at=timezone.now())
    running.reconcile(id=whole, at=timezone.now())
    row, part = RunPartition.objects.get(), RunPart.objects.get(run=UUID(key("run 1")))
    again = running.divided(part, 0)
    assert results.outcome(part, "EUR").results[0].document == again["result"]
    assert again["sums"] in row.document

    # §6.6: the provider has not reported yet, so the fallback of the plan counts.
    assert units(leaves(payer, "run 1")["DE"]) == FALLBACK_DE
    # Without terms nobody is paid: it is carried until there are.
    preview = payer.one.get(f"/v1/royalty-runs/{key('run 1')}/preview").json()
    assert {(due["problem"], due["payable"]) for due in preview["payees"]} == {("terms_missing", 0)}
    assert preview["conservation"]["suspense"] == {"EUR": "1000"}
    rejected = payer.other.post(f"/v1/royalty-runs/{key('run 1')}/rejections", {"reason": "terms are missing"})
    assert rejected.json()["state"] == "rejected"
    assert Posting.objects.count() == 0
    agree(payer)
    payer.published("run 2", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    before = payer.statements("run 2")
    assert before[key("A")]["earned"] == FALLBACK_DE["R1/A"]

    # What another plan would have paid of the run that was published: nothing is different yet, and all of it is there.
    wanted = worked.plan() | {"currency": "EUR"}
    asked = world.payer.post(f"/v1/licenses/{key('license')}/plan-previews", wanted).json()
    assert (asked["run"], asked["pools"], asked["minor"]) == (key("run 2"), 1, POOLS["DE"])
    assert {one["party"]: one["old"] for one in asked["payees"]}[key("A")] == FALLBACK_DE["R1/A"]
    assert all(one["difference"] == 0 for one in asked["payees"])

    # The report comes; February's run divides January anew, and says which leaf gets how much more or less.
    world.report()
    assert world.divide() == 1
    payer.published("run 3", "2026-02-01", "2026-03-01", pay_on="2026-03-20")
    changed = payer.one.get(f"/v1/royalty-runs/{key('run 3')}/adjustments/{key('run 2')}").json()
    differences = {leaf: new - FALLBACK_DE[leaf] for leaf, new in EXPECTED["DE"].items()}
    assert {worked.leaf_of(row["leaf"]): row["posted"] for row in changed} == {
        leaf: units for leaf, units in differences.items() if units
    }
    after = payer.statements("run 3")
    assert figures(after[key("A")], "allocated", "adjusted") == (0, differences["R1/A"])
    assert before == payer.statements("run 2")  # never opened again

    # Nothing changed since: the next run has nothing of January in it.
    payer.published("run 4", "2026-03-01", "2026-04-01", pay_on="2026-04-20")
    assert RunPart.objects.filter(run=UUID(key("run 4"))).count() == 1
    assert all(row["adjusted"] == 0 for row in payer.statements("run 4").values())
