"""A statement is checked without us: an honest bundle holds, and whatever is changed in one is named."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import bundles, canonical, merkle, notes, receipts, verify
from ledger.verify import State
from ledger.verifying import standalone
from royalties.runs import engine, itemized, proofs, termed
from royalties.runs.proofs import Statement
from royalties.vocabulary import MoneyTerm
from tests.ledger.test_merkle import Store
from tests.ledger.test_notes import ORIGIN, signer
from tests.royalties.test_run_proofs import SECRET, many
from tests.royalties.test_runs import named

RUN = named("run")
PAYEE = "C"


@dataclass
class Published:
    """A run that was published, in a log among other entries."""

    folder: Path
    act: str = "published"
    kind: str = "run_went_on"

    def __post_init__(self) -> None:
        self.found = many(9).freeze(self.folder / "run", partitions=2)
        run = self.folder / "run"
        self.results = [engine.divide_partition(run, n, digest=self.found.digest) for n in range(2)]
        self.trees = [proofs.plant(run, result, secret=SECRET) for result in self.results]
        self.statements = [self.statement(payee) for payee in ("A", "B", "C", "D", "E", "HC")]
        self.tree = proofs.tree_of_statements(self.statements, secret=SECRET)

    def lines(self, payee: str) -> dict[str, Any]:
        return proofs.lines_of(self.folder / "run", self.results, self.trees, party_id=named(payee), secret=SECRET)

    def statement(self, payee: str) -> Statement:
        earned = sum(int(row["line"]["units"]) for part in self.lines(payee)["partitions"] for row in part["lines"])
        came = {"earned": earned, "released": 500, "adjusted": -12}
        return Statement(RUN, named(payee), 1, "EUR", came, {"held": 30, "payable": earned + 458}, "ab" * 32)

    def entry(self, **said: object) -> bytes:
        data = proofs.published(proofs.reconciled(self.found, self.results, self.trees), self.tree.root)
        return canonical.encode(
            canonical.entry(
                id=UUID(int=5),
                kind=self.kind,
                at=datetime(2026, 4, 2, 12, tzinfo=UTC),
                subject=canonical.Subject("royalties_runevent", "1"),
                data={"run": str(RUN), "act": self.act, **data, **said},
            )
        )

    def receipt(self, entry: bytes, *, seed: int = 1) -> str:
        log = [merkle.leaf_hash(one) for one in (b"one", b"two", entry, b"four")]
        store = Store()
        store.append(log)
        checkpoint = notes.sign_checkpoint(notes.Checkpoint(ORIGIN, 4, store.edge.root()), signer(seed))
        return str(receipts.Receipt(2, merkle.inclusion_proof(2, 4, store.tiles()), str(checkpoint)))

    def bundle(self, payee: str = PAYEE, **said: object) -> bytes:
        entry = self.entry(**said)
        return proofs.bundle(
            self.lines(payee),
            self.statement(payee),
            self.tree,
            secret=SECRET,
            entry=entry,
            receipt=self.receipt(entry),
        )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def whole(published: Published) -> bytes:
    return published.bundle()


def failures(data: bytes, key: notes.Verifier | None = None) -> set[tuple[int, str]]:
    report = verify.verify_statement(data, key=key or signer().verifier)
    return {(check.number, check.sentence.partition(":")[0]) for check in report.checks if check.state is State.FAILS}


def test_every_payee_finds_that_all_holds(published: Published) -> None:
    for payee in ("A", "B", "C", "D", "E", "HC"):
        report = verify.verify_statement(published.bundle(payee), key=signer().verifier)
        assert [(check.number, check.state) for check in report.checks] == [
            (number, State.NOTE if number == 2 else State.HOLDS) for number in range(1, 10)
        ], report.checks


def test_without_a_key_nothing_is_said_about_the_log(whole: bytes) -> None:
    report = verify.verify_statement(whole, key=None)
    assert [check.number for check in report.checks if check.state is State.FAILS] == [2]
    assert 3 not in {check.number for check in report.checks}


def test_an_older_checkpoint_is_compared(published: Published, whole: bytes) -> None:
    mine = receipts.Receipt.from_text(published.receipt(published.entry())).checkpoint
    other = str(notes.sign_checkpoint(notes.Checkpoint(ORIGIN, 4, bytes(32)), signer()))
    for held, state in ((mine, State.HOLDS), (other, State.FAILS)):
        report = verify.verify_statement(whole, key=signer().verifier, against=held)
        assert [check.state for check in report.checks if check.number == 10] == [state]


def raised(text: str) -> str:
    return str(int(text) + 1)


def changed(path: tuple[str | int, ...], how: Callable[[Any], Any]) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = how(document[path[-1]])

    return change


LINE = ("lines", "partitions", 0, "lines", 0)


def node_raised(text: str) -> str:
    digest, credit, debit = text.split(" ")
    return f"{digest} {int(credit) + 1} {debit}"


def another(text: str) -> str:
    return ("0" if text[0] != "0" else "1") + text[1:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (changed(("statement", "came", "earned"), raised),
         {(5, "statement_not_in_run"), (6, "statement_is_not_whole"), (8, "lines_do_not_add_up")}),
        (changed(("statement", "came", "released"), raised),
         {(5, "statement_not_in_run"), (6, "statement_is_not_whole")}),
        (changed(("statement", "came", "adjusted"), raised),
         {(5, "statement_not_in_run"), (6, "statement_is_not_whole")}),
        (changed(("statement", "went", "held"), raised),
         {(5, "statement_not_in_run"), (6, "statement_is_not_whole")}),
        (changed(("statement", "went", "payable"), raised),
         {(5, "statement_not_in_run"), (6, "statement_is_not_whole")}),
        (changed(("statement", "version"), lambda version: version + 1), {(5, "statement_not_in_run")}),
        (changed(("statement", "document"), another), {(5, "statement_not_in_run")}),
        (changed(("statement", "currency"), lambda _: "USD"), {(4, "other_currency"), (5, "statement_not_in_run")}),
        (changed(("statement", "run"), lambda _: str(named("x"))), {(4, "other_run"), (5, "statement_not_in_run")}),
        (changed(("statement", "party"), lambda _: str(named("A"))),
         {(5, "statement_not_in_run"), (7, "line_of_another")}),
        (changed(("statement_proof", "salt"), another), {(5, "statement_not_in_run")}),
        (changed(("statement_proof", "place"), lambda place: place ^ 1), {(5, "statement_not_in_run")}),
        (changed(("statement_proof", "beside", 0), node_raised), {(5, "statement_not_in_run")}),
        (changed((*LINE, "line", "units"), raised),
         {(7, "line_miscounted"), (8, "lines_do_not_add_up"), (9, "lines_not_in_run")}),
        (changed((*LINE, "line", "pool"), lambda pool: str(int(pool) * 2)),
         {(7, "line_miscounted"), (9, "lines_not_in_run")}),
        (changed((*LINE, "line", "leftover"), lambda flag: not flag),
         {(7, "line_miscounted"), (9, "lines_not_in_run")}),
        (changed((*LINE, "line", "weight"), lambda _: "0/1"), {(7, "line_miscounted"), (9, "lines_not_in_run")}),
        (changed((*LINE, "line", "country"), lambda _: "FR"), {(9, "lines_not_in_run")}),
        (changed((*LINE, "line", "leaf"), lambda leaf: f"{leaf}x"), {(9, "lines_not_in_run")}),
        (changed((*LINE, "line", "output"), lambda _: str(named("x"))), {(9, "lines_not_in_run")}),
        (changed((*LINE, "line", "party"), lambda _: str(named("A"))),
         {(7, "line_of_another"), (9, "lines_not_in_run")}),
        (changed((*LINE, "salt"), another), {(9, "lines_not_in_run")}),
        (changed(("lines", "partitions", 0, "beside", 0), node_raised), {(9, "lines_not_in_run")}),
        (changed(("lines", "partitions", 1, "beside", 0), another), {(9, "lines_not_in_run")}),
        (changed(("lines", "partitions", 0, "beside"), lambda nodes: nodes[:-1]), {(9, "lines_lead_nowhere")}),
        (changed(("lines", "partitions", 0, "beside"), lambda nodes: [*nodes, nodes[0]]), {(9, "lines_lead_nowhere")}),
        (changed(("lines", "partitions", 0, "height"), lambda height: height - 1), {(9, "lines_lead_nowhere")}),
        (changed(("lines", "partitions"), lambda parts: parts[:1]),
         {(8, "lines_do_not_add_up"), (9, "lines_lead_nowhere")}),
        (changed(("lines", "partitions"), lambda _: []), {(8, "lines_do_not_add_up")}),
        (changed(("entry",), lambda text: text.replace('"credit":"', '"credit":"1', 1)),
         {(3, "not_included"), (4, "other_revenue"), (9, "lines_not_in_run")}),
        (changed(("entry",), lambda text: text.replace('"payable":"', '"payable":"1', 1)),
         {(3, "not_included"), (4, "other_revenue")}),
        (changed(("entry",), lambda text: text.replace("published", "reconciled")),
         {(3, "not_included"), (4, "not_published"), (5, "no_statements"), (9, "lines_not_in_run")}),
        (changed(("entry",), lambda _: "{}"),
         {(3, "not_included"), (4, "not_an_entry"), (5, "no_statements"), (9, "lines_not_in_run")}),
        (changed(("receipt",), lambda text: text.replace("index 2", "index 3")), {(3, "not_included")}),
        (changed(("receipt",), lambda text: text[:-20]), {(3, "not_a_checkpoint")}),
        (changed(("receipt",), lambda _: ""), {(3, "not_a_receipt")}),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(whole: bytes, change: Callable[[Any], None], expected: set[tuple[int, str]]) -> None:
    document = json.loads(whole)
    change(document)
    assert failures(canonical.encode_document(document)) == expected


def test_a_line_that_is_shown_at_another_place_too_is_named(whole: bytes) -> None:
    document = json.loads(whole)
    lines = document["lines"]["partitions"][0]["lines"]
    taken = {row["place"] for row in lines}
    lines.append({**lines[0], "place": next(place for place in range(1 << 7) if place not in taken)})
    found = {number for number, _ in failures(canonical.encode_document(document))}
    assert {8, 9} <= found


def test_another_log_and_another_run_s_entry_are_named(published: Published, whole: bytes) -> None:
    assert failures(whole, key=signer(2).verifier) == {(3, "not_a_checkpoint")}
    root = proofs.node_document(replace(proofs.root_of(published.trees), digest=bytes(32)))
    assert failures(published.bundle(root=root)) == {(9, "lines_not_in_run")}
    assert failures(published.bundle(statements=root)) == {(5, "statement_not_in_run")}
    assert failures(published.bundle(run=str(named("other")))) == {(4, "other_run")}
    for nothing in (None, {}, {"sha256": "00", "credit": "1", "debit": "0"}, "root"):
        assert (4, "not_published") in failures(published.bundle(root=nothing))
        assert (5, "no_statements") in failures(published.bundle(statements=nothing))


@pytest.mark.parametrize("at", [0, 1, 2, 100, -300, -2, -1])
def test_a_bundle_that_ends_early_is_refused(whole: bytes, at: int) -> None:
    with pytest.raises(bundles.NotABundle):
        bundles.read(whole[:at])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("v",), 2), (("v",), True), (("v",), "1"), (("type",), "another"), (("more",), 1),
        (("statement",), []), (("statement", "came"), {}), (("statement", "came"), {"earned": 1}),
        (("statement", "came"), {"Earned": "1"}), (("statement", "came"), {"released": "1"}),
        (("statement", "went"), {"payable": "01"}), (("statement", "went"), {"payable": "1e9"}),
        (("statement", "went"), {"payable": "9" * 39}), (("statement", "went"), {"payable": "١"}),
        (("statement", "went"), {f"a{'b' * n}": "1" for n in range(41)}), (("statement", "run"), "RUN"),
        (("statement", "run"), str(RUN).upper()), (("statement", "currency"), "eur"), (("statement", "version"), -1),
        (("statement", "version"), True), (("statement_proof", "salt"), "00"), (("statement_proof", "place"), "1"),
        (("statement_proof", "beside"), {}), (("statement_proof", "beside"), ["00 1 2"]),
        (("lines", "height"), 41), (("lines", "height"), -1), (("lines", "partitions"), None),
        (("lines", "partitions"), [[]]), (("lines", "partitions", 0, "lines"), []),
        (("lines", "partitions", 0, "height"), 10**6), ((*LINE, "place"), -1), ((*LINE, "salt"), None),
        ((*LINE, "line", "leftover"), 1), ((*LINE, "line", "weight"), "1/0"), ((*LINE, "line", "weight"), "0.5"),
        ((*LINE, "line", "weight"), "9" * 20 + "/1"), ((*LINE, "line", "party"), None),
        ((*LINE, "line", "units"), 5), ((*LINE, "line", "more"), "x"), (("entry",), {}), (("receipt",), 5),
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_bundle_is_refused(whole: bytes, path: tuple[str | int, ...], value: object) -> None:
    document = at = json.loads(whole)
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    with pytest.raises(bundles.NotABundle):
        bundles.read(canonical.encode_document(document))


def test_the_same_place_or_partition_twice_is_refused(whole: bytes) -> None:
    document = json.loads(whole)
    parts = document["lines"]["partitions"]
    parts[0]["lines"].append(parts[0]["lines"][0])
    with pytest.raises(bundles.NotABundle):
        bundles.read(canonical.encode_document(document))
    parts[0]["lines"].pop()
    parts.append(parts[0])
    with pytest.raises(bundles.NotABundle):
        bundles.read(canonical.encode_document(document))


@given(st.binary(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(["v", "type", "lines"]), some),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(max_examples=200)
def test_anything_else_is_refused_without_a_crash(data: bytes) -> None:
    with pytest.raises(bundles.NotABundle):
        bundles.read(data)


def test_the_command_checks_a_bundle(
    published: Published,
    whole: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, key = tmp_path / "statement.json", tmp_path / "log.vkey"
    path.write_bytes(whole)
    key.write_text(signer().verifier.text)
    assert verify.main([str(path), "--key", str(key), "--json"]) == verify.HOLDS_EXIT
    assert json.loads(capsys.readouterr().out)["holds"] is True
    path.write_bytes(whole.replace(b'"held":"30"', b'"held":"31"'))
    assert verify.main([str(path), "--key", str(key)]) == verify.FAILS_EXIT
    assert "statement_not_in_run" in capsys.readouterr().out
    path.write_bytes(b"{" * 100_000)
    assert verify.main([str(path), "--key", str(key)]) == verify.FAILS_EXIT
    assert "not_a_bundle" in capsys.readouterr().out
    monkeypatch.setattr(bundles, "MAX_BYTES", 1_000)
    assert verify.main([str(path), "--key", str(key)]) == verify.UNREADABLE_EXIT


# --- Terms of money, each a leaf


FEE, COUNT = 10_001, 7


def bookings() -> list[dict[str, Any]]:
    """A fee for A, C and a hold, a third each; and fees for C's generations, of which one euro was booked before."""
    said: dict[str, Any] = {"plan_id": named("plan"), "plan_number": 2, "license_id": named("license")}
    third = Fraction(1, 3)
    owners = (
        termed.Payee("R1/A", named("A"), named("R1"), third),
        termed.Payee("W2/C", named("C"), named("W2"), third),
        termed.Payee("W2/HOLD", None, named("W2"), third),
    )
    alone = (termed.Payee("C", named("C"), None, Fraction(1)),)
    fee: dict[str, Any] = {
        "lane": "all",
        "kind": MoneyTerm.TRAINING_FEE,
        "currency": "EUR",
        "amount": FEE,
        "payees": owners,
    }
    each: dict[str, Any] = {
        "lane": "all",
        "kind": MoneyTerm.PER_GENERATION,
        "currency": "EUR",
        "tiers": ((1, 50),),
        "payees": alone,
    }
    clauses = (
        termed.Clause(term_id=named("fee"), **said, **fee),
        termed.Clause(term_id=named("each"), **said, **each, declared=COUNT, booked={str(named("C")): 100}),
    )
    found = termed.worked_out(termed.Terms((), clauses), of_run=RUN, period=termed.Period())
    return [{"transaction": str(named(f"transaction {n}")), **one.document} for n, one in enumerate(found)]


@dataclass
class WithTerms(Published):
    """A run that booked terms of money."""

    def statement(self, payee: str) -> Statement:
        plain = super().statement(payee)
        terms = sum(int(row["posted"].get(str(named(payee)), 0)) for row in bookings())
        if not terms:
            return plain
        return replace(
            plain, came={**plain.came, "terms": terms}, went={**plain.went, "payable": plain.went["payable"] + terms}
        )

    def entry(self, **said: object) -> bytes:
        root = proofs.node_document(itemized.tree(bookings(), secret=SECRET).root)
        return super().entry(**{"v": itemized.VERSION, "terms": root, **said})

    def bundle(self, payee: str = PAYEE, **said: object) -> bytes:
        entry = self.entry(**said)
        shown = itemized.shown(bookings(), party_id=named(payee), secret=SECRET)
        lines, statement = self.lines(payee), self.statement(payee)
        given: dict[str, Any] = {"secret": SECRET, "entry": entry, "receipt": self.receipt(entry), "terms": shown}
        return proofs.bundle(lines, statement, self.tree, **given)


@pytest.fixture(scope="module")
def with_terms(tmp_path_factory: pytest.TempPathFactory) -> WithTerms:
    return WithTerms(tmp_path_factory.mktemp("with-terms"))


def test_every_term_is_in_the_run(with_terms: WithTerms) -> None:
    root = itemized.tree(bookings(), secret=SECRET).root
    assert root.credit - root.debit == FEE + COUNT * 50 - 100  # what is on hold is among it
    for payee, count in (("A", 1), ("C", 2), ("D", 0)):
        data = with_terms.bundle(payee)
        report = verify.verify_statement(data, key=signer().verifier)
        assert not [check for check in report.checks if check.state is State.FAILS], report.checks
        assert [check.state for check in report.checks if check.number == 12] == [State.HOLDS if count else State.NOTE]
        terms = bundles.read(data).terms
        assert terms is not None
        assert len(terms.lines) == count
        assert json.loads(data)["v"] == 3
        standalone_holds(data)


def standalone_holds(data: bytes) -> None:
    """The verifier of one file, which shares no code with ours, says the same of terms."""
    document = json.loads(data)
    entry = json.loads(document["entry"])
    came = int(document["statement"]["came"].get("terms", 0))
    check: Any = standalone.check_terms
    check(document.get("terms"), document["statement"]["party"], came, entry)


TERM = ("terms", "lines", 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (changed((*TERM, "line", "units"), raised), "term_miscounted"),
        (changed((*TERM, "line", "whole"), raised), "term_miscounted"),
        (changed((*TERM, "line", "before"), raised), "term_miscounted"),
        (changed((*TERM, "line", "shares", 0, "units"), raised), "term_miscounted"),
        (changed((*TERM, "line", "shares", 0, "weight"), lambda _: "1/2"), "term_miscounted"),
        (changed((*TERM, "line", "shares", 0, "leftover"), lambda flag: not flag), "term_miscounted"),
        (changed((*TERM, "line", "account"), lambda _: str(named("A"))), "term_of_another"),
        (changed((*TERM, "line", "kind"), lambda _: "buyout"), "terms_not_in_run"),
        (changed((*TERM, "line", "plan_number"), lambda number: number + 1), "terms_not_in_run"),
        (changed((*TERM, "salt"), another), "terms_not_in_run"),
        (changed(("terms", "beside", 0), node_raised), "terms_not_in_run"),
        (changed(("terms", "beside"), lambda nodes: nodes[:-1]), "terms_lead_nowhere"),
        (changed(("terms", "lines"), lambda lines: lines[:1]), "terms_do_not_add_up"),
        (changed(("terms", "lines"), lambda _: []), "terms_do_not_add_up"),
    ],
)  # fmt: skip
def test_a_term_that_was_changed_is_named(with_terms: WithTerms, change: Callable[[Any], None], expected: str) -> None:
    document = json.loads(with_terms.bundle())
    change(document)
    data = canonical.encode_document(document)
    assert failures(data) == {(12, expected)}
    with pytest.raises((standalone.Wrong, StopIteration)):
        standalone_holds(data)


def test_terms_are_shown_where_the_entry_names_their_root(published: Published, with_terms: WithTerms) -> None:
    document = json.loads(with_terms.bundle())
    del document["terms"]
    hidden = canonical.encode_document({**document, "v": 1})
    assert failures(hidden) == {(12, "terms_missing")}
    assert (12, "no_terms") in failures(with_terms.bundle(terms=None))
    for version, terms in ((1, {}), (3, None), (3, {"height": 0}), (4, {"height": 0, "lines": [], "beside": []})):
        with pytest.raises(bundles.NotABundle):
            bundles.read(canonical.encode_document({**document, "v": version, "terms": terms}))
    # Of a run before there was such a root the bundle is as it was, and holds.
    assert json.loads(published.bundle())["v"] == 1
    assert not failures(published.bundle())


# --- A later version, which has an entry of its own


def later(published: Published, *, kind: str = "statement_issued", said: dict[str, Any] | None = None) -> Any:
    """The bundle of version 2 of a payee's statement, as a document; some of what its entry says is otherwise."""
    earned = published.statement(PAYEE).came["earned"]
    figures = dict.fromkeys((*bundles.CAME, *bundles.WENT), 0)
    figures |= {"allocated": earned, "termed": 700, "withheld": 30, "payable": earned + 670}
    document = canonical.encode_document(
        {
            "run": str(RUN),
            "payee": str(named(PAYEE)),
            "version": 2,
            "currency": "EUR",
            "figures": {name: str(units) for name, units in figures.items()},
        }
    )
    digest = sha256(document).hexdigest()
    came = {word: figures[name] for name, word in bundles.CAME.items()}
    went = {word: figures[name] for name, word in bundles.WENT.items()}
    data = {"run": str(RUN), "payee": str(named(PAYEE)), "version": 2, "currency": "EUR"}
    issued = canonical.encode(
        canonical.entry(
            id=UUID(int=6),
            kind=kind,
            at=datetime(2026, 5, 2, 12, tzinfo=UTC),
            subject=canonical.Subject("royalties_statement", "1"),
            data={**data, "document": f"sha256:{digest}", **(said or {})},
        )
    )
    entry = published.entry()
    return json.loads(
        proofs.bundle_of_later(
            published.lines(PAYEE),
            Statement(RUN, named(PAYEE), 2, "EUR", came, went, digest),
            proofs.Issued(document, issued, published.receipt(issued)),
            entry=entry,
            receipt=published.receipt(entry),
        )
    )


def test_a_later_version_holds_by_its_own_entry(published: Published) -> None:
    report = verify.verify_statement(canonical.encode_document(later(published)), key=signer().verifier)
    assert [check.number for check in report.checks if check.state is State.HOLDS] == [1, *range(3, 10)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda it: it["statement"]["went"].update(withheld="0", payable="1"), "other_figures"),
        (lambda it: it["statement"].update(document="cd" * 32), "other_figures"),
        (lambda it: it["statement"].update(version=3), "other_version"),
        (lambda it: it["issued"].update(document="{}"), "other_figures"),
        (lambda it: it["issued"].update(entry="{}"), "version_not_logged"),
        (lambda it: it["issued"].update(receipt=it["receipt"]), "version_not_logged"),
    ],
)
def test_what_was_changed_in_a_later_version_is_named(
    published: Published, change: Callable[[Any], None], expected: str
) -> None:
    document = later(published)
    change(document)
    assert (5, expected) in failures(canonical.encode_document(document))


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("booked", {}, "other_version"),
        ("statement_issued", {"payee": str(named("A"))}, "other_version"),
        ("statement_issued", {"document": f"sha256:{'cd' * 32}"}, "other_figures"),
    ],
)
def test_an_entry_of_something_else_proves_no_later_version(
    published: Published, kind: str, said: dict[str, Any], expected: str
) -> None:
    document = later(published, kind=kind, said=said)
    assert failures(canonical.encode_document(document)) == {(5, expected)}


def test_a_later_version_is_no_first_one(published: Published, whole: bytes) -> None:
    first, second = json.loads(whole), later(published)
    for document, version in ((first, 2), (second, 1)):
        with pytest.raises(bundles.NotABundle):
            bundles.read(canonical.encode_document({**document, "v": version}))
