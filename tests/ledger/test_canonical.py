"""An entry's bytes: one form for each document, and no document for any other bytes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical, merkle

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "entries.json").read_text())
ID = UUID("0190b7a0-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 1, 12, 0, 0, 42, tzinfo=UTC)
SUBJECT = canonical.Subject("rights_decision", "0190b7a0-0000-7000-8000-0000000000aa")


def entry(**changes: object) -> dict:
    given: dict = {"id": ID, "kind": "decided", "at": AT, "subject": SUBJECT, "data": {}, "rows": []}
    return canonical.entry(**(given | changes))


# --- Vectors ---


@pytest.mark.parametrize("vector", VECTORS["entries"], ids=lambda vector: vector["why"])
def test_writes_the_frozen_entries(vector: dict) -> None:
    data = vector["bytes"].encode()
    body = canonical.read(data)
    document = canonical.entry(
        id=body.id, kind=body.kind, at=body.at, subject=body.subject, data=body.data, rows=body.rows
    )
    assert canonical.encode(document) == data
    assert merkle.leaf_hash(data).hex() == vector["leaf_hash"]


@pytest.mark.parametrize("vector", VECTORS["documents"], ids=lambda vector: vector["why"])
def test_writes_the_frozen_documents(vector: dict) -> None:
    document = json.loads(vector["json"])
    assert canonical.encode(document) == vector["bytes"].encode()
    assert canonical.decode(vector["bytes"].encode()) == document


@pytest.mark.parametrize("vector", VECTORS["rows"], ids=lambda vector: vector["why"])
def test_digests_the_frozen_rows(vector: dict) -> None:
    assert canonical.encode_rows(vector["rows"]) == vector["bytes"].encode()
    assert canonical.rows_digest(reversed(vector["rows"])) == vector["sha256"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["why"])
def test_refuses_the_frozen_mistakes(vector: dict) -> None:
    with pytest.raises(getattr(canonical, vector["exception"])):
        canonical.read(vector["bytes"].encode())


# --- What can be written ---

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(documents)
def test_reads_back_what_it_writes(document: canonical.Json) -> None:
    try:
        data = canonical.encode(document)
    except canonical.Unrepresentable:  # a key with half of a surrogate pair
        return
    assert canonical.decode(data) == document
    assert json.loads(data) == document


@given(documents, st.data())
def test_reads_no_other_spelling(document: canonical.Json, data: st.DataObject) -> None:
    try:
        canonical_bytes = canonical.encode(document)
    except canonical.Unrepresentable:
        return
    indent = data.draw(st.sampled_from([None, 1]))
    other = json.dumps(document, ensure_ascii=data.draw(st.booleans()), indent=indent).encode("utf-8", "replace")
    if other != canonical_bytes:
        with pytest.raises((canonical.NotCanonical, canonical.Unrepresentable)):
            canonical.decode(other)


@given(st.binary(max_size=200))
def test_survives_any_bytes(data: bytes) -> None:
    try:
        document = canonical.decode(data)
    except (canonical.NotCanonical, canonical.Unrepresentable, canonical.TooDeep):
        return
    assert canonical.encode(document) == data


class Choice(StrEnum):
    """As the kinds of entries are, in the database layer."""

    DECIDED = "decided"


def test_writes_a_choice_as_its_text() -> None:
    assert canonical.encode({Choice.DECIDED: Choice.DECIDED}) == b'{"decided":"decided"}'
    assert canonical.encode(entry(kind=Choice.DECIDED)) == canonical.encode(entry())


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (0.5, "floating-point"),
        (1.0, "floating-point"),
        ({"data": {"share": [1, 0.25]}}, r"\$\.data\.share\[1\]"),
        (float("nan"), "floating-point"),
        (2**53, "beyond"),
        (-(2**53), "beyond"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        ({1: 1}, "not a string"),
        ({None: 1}, "not a string"),
        ((1, 2), "tuple"),
        (b"bytes", "bytes"),
        ({1, 2}, "set"),
        (ID, "UUID"),
        (AT, "datetime"),
    ],
)
def test_refuses_what_has_no_canonical_form(document: object, where: str) -> None:
    with pytest.raises(canonical.Unrepresentable, match=where):
        canonical.encode(document)


@pytest.mark.parametrize("number", [0, -1, canonical.MAX_INTEGER, -canonical.MAX_INTEGER])
def test_writes_integers_up_to_the_limit(number: int) -> None:
    assert canonical.encode(number) == str(number).encode()
    assert canonical.decode(str(number).encode()) == number


def nested(depth: int) -> canonical.Json:
    document: canonical.Json = 1
    for _ in range(depth):
        document = [document]
    return document


def test_nests_to_the_limit_and_no_further() -> None:
    assert canonical.decode(canonical.encode(nested(canonical.MAX_DEPTH))) == nested(canonical.MAX_DEPTH)
    with pytest.raises(canonical.TooDeep):
        canonical.encode(nested(canonical.MAX_DEPTH + 1))
    for depth in (canonical.MAX_DEPTH + 1, 30_000):
        with pytest.raises(canonical.TooDeep):
            canonical.decode(b"[" * depth + b"1" + b"]" * depth)


@pytest.mark.parametrize(("size", "fits"), [(65_534, True), (65_535, True), (65_536, False)])
def test_has_at_most_65535_bytes(size: int, fits: bool) -> None:  # noqa: FBT001
    text = "x" * (size - 2)
    if fits:
        assert canonical.decode(canonical.encode(text)) == text
        return
    with pytest.raises(canonical.EntryTooLarge):
        canonical.encode(text)
    with pytest.raises(canonical.EntryTooLarge):
        canonical.decode(f'"{text}"'.encode())
    assert canonical.decode_document(canonical.encode_document(text)) == text  # beside the log it may be larger


def test_counts_bytes_and_not_characters() -> None:
    with pytest.raises(canonical.EntryTooLarge):
        canonical.encode("é" * 32_767)


def test_limits_documents_too() -> None:
    with pytest.raises(canonical.DocumentTooLarge):
        canonical.decode_document(b" " * (canonical.MAX_DOCUMENT_BYTES + 1))
    with pytest.raises(canonical.DocumentTooLarge):
        canonical.encode_document("x" * (canonical.MAX_DOCUMENT_BYTES - 1))  # and two quotation marks


@pytest.mark.parametrize(
    ("data", "exception"),
    [
        (b"", canonical.NotCanonical),
        (b"{", canonical.NotCanonical),
        (b"1 ", canonical.NotCanonical),
        (b"1\n", canonical.NotCanonical),
        (b"-0", canonical.NotCanonical),
        (b"01", canonical.NotCanonical),
        (b'{"a":1,"a":1}', canonical.NotCanonical),
        (b'{"b":1,"a":1}', canonical.NotCanonical),
        (b'{"a": 1}', canonical.NotCanonical),
        (b'"\\u0061"', canonical.NotCanonical),
        (b'"\\/"', canonical.NotCanonical),
        (b'"\\u000A"', canonical.NotCanonical),
        (b"\xef\xbb\xbf1", canonical.NotCanonical),
        (b'"\xff"', canonical.NotCanonical),
        ('"é"'.encode("latin-1"), canonical.NotCanonical),
        ("1".encode("utf-16"), canonical.NotCanonical),
        (b"1.0", canonical.Unrepresentable),
        (b"1e3", canonical.Unrepresentable),
        (b"-0.0", canonical.Unrepresentable),
        (b"NaN", canonical.Unrepresentable),
        (b"-Infinity", canonical.Unrepresentable),
        (b"9007199254740992", canonical.Unrepresentable),
        (b"9" * 10_000, canonical.Unrepresentable),
        (b'"\\ud800"', canonical.Unrepresentable),
    ],
)
def test_refuses_other_bytes(data: bytes, exception: type[Exception]) -> None:
    with pytest.raises(exception):
        canonical.decode(data)


def test_says_that_a_key_is_repeated() -> None:
    with pytest.raises(canonical.NotCanonical, match="same key twice"):
        canonical.decode(b'{"a":1,"a":1}')


# --- Rows ---


def test_vouches_for_rows_in_any_order() -> None:
    rows = [{"id": "b", "n": 2}, {"id": "a", "n": 1}]
    group = canonical.rows_of("royalties_split", rows, version=3)
    assert group == canonical.rows_of("royalties_split", list(reversed(rows)), version=3)
    assert (group.table, group.version, group.count) == ("royalties_split", 3, 2)
    assert group.digest == sha256(b'[{"id":"a","n":1},{"id":"b","n":2}]').hexdigest()


def test_sorts_ids_by_value() -> None:
    assert canonical.encode_rows([{"id": 10}, {"id": 9}]) == b'[{"id":9},{"id":10}]'
    assert canonical.encode_rows([{"id": "9"}, {"id": "10"}]) == b'[{"id":"10"},{"id":"9"}]'
    # By code point, other than the keys of an object, which go by UTF-16.
    assert canonical.encode_rows([{"id": "\U00010000"}, {"id": "\uffff"}]).index(b"\xef") < 10


@pytest.mark.parametrize(
    "rows",
    [
        [{"n": 1}],
        [{"id": None}],
        [{"id": True}],
        [{"id": 0.5}],
        [{"id": 1}, {"id": 1}],
        [{"id": "a"}, {"id": "a", "n": 1}],
        [{"id": 1}, {"id": "1"}],
    ],
)
def test_refuses_rows_that_cannot_be_told_apart(rows: list[dict]) -> None:
    with pytest.raises(canonical.RowsNotDistinct):
        canonical.rows_digest(rows)


@given(
    st.lists(
        st.fixed_dictionaries({"id": st.integers(0, 50), "n": documents}),
        unique_by=lambda row: str(row["id"]),
    )
)
def test_reads_rows_back(rows: list[dict]) -> None:
    try:
        data = canonical.encode_rows(rows)
    except canonical.Unrepresentable:
        return
    assert canonical.decode_rows(data) == sorted(rows, key=lambda row: row["id"])


@pytest.mark.parametrize("data", [b"{}", b"[1]", b'[{"id":2},{"id":1}]', b'[{"id":1}] '])
def test_refuses_rows_in_another_form(data: bytes) -> None:
    with pytest.raises(canonical.NotCanonical):
        canonical.decode_rows(data)


# --- Times ---


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 3, 1, 12, 0, 0, 42, tzinfo=UTC), "2026-03-01T12:00:00.000042Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(0))), "2026-01-01T00:00:00.000000Z"),
    ],
)
def test_writes_times_in_one_form(at: datetime, text: str) -> None:
    assert canonical.timestamp(at) == text
    assert canonical.moment(text) == at


def test_refuses_times_that_are_not_in_utc() -> None:
    with pytest.raises(canonical.NotUtc):
        canonical.timestamp(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(canonical.NotUtc):
        canonical.timestamp(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.000042+00:00",
        "2026-03-01 12:00:00.000042Z",
        "2026-02-30T12:00:00.000042Z",
        "2026-03-01T24:00:00.000000Z",
        "2026-03-01T12:00:60.000000Z",
        "２026-03-01T12:00:00.000042Z",
    ],
)
def test_refuses_other_spellings_of_a_time(text: str) -> None:
    with pytest.raises(canonical.NotUtc):
        canonical.moment(text)


# --- Entries ---


def test_sorts_the_groups_of_rows() -> None:
    groups = [canonical.rows_of(table, [{"id": 1}]) for table in ("royalties_split", "rights_decision")]
    assert [group["table"] for group in entry(rows=groups)["rows"]] == ["rights_decision", "royalties_split"]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "Decided"},
        {"kind": ""},
        {"kind": "x" * 65},
        {"kind": "decided\n"},
        {"subject": canonical.Subject("rights decision", "1")},
        {"subject": canonical.Subject("rights_decision", "")},
        {"rows": [canonical.Rows("t", 1, 1, "0" * 63)]},
        {"rows": [canonical.Rows("t", 1, 1, "A" * 64)]},
        {"rows": [canonical.Rows("t", 0, 1, "0" * 64)]},
        {"rows": [canonical.Rows("t", 1, -1, "0" * 64)]},
        {"rows": [canonical.Rows("T", 1, 1, "0" * 64)]},
        {"rows": [canonical.Rows("t", 1, 1, "0" * 64), canonical.Rows("t", 2, 1, "0" * 64)]},
    ],
)
def test_does_not_write_an_entry_that_could_not_be_read(changes: dict) -> None:
    with pytest.raises(canonical.NotAnEntry):
        entry(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"id": str(ID).upper()},
        {"id": ID.hex},
        {"id": "none"},
        {"at": "2026-03-01T12:00:00Z"},
        {"subject": {"table": "t"}},
        {"subject": {"table": "t", "id": "1", "more": 1}},
        {"subject": {"table": "t", "id": 1}},
        {"data": []},
        {"rows": {}},
        {"rows": [{"table": "t", "v": 1, "count": 1}]},
        {"rows": [{"table": "t", "v": True, "count": 1, "sha256": "0" * 64}]},
        {"rows": [{"table": "t", "v": 1, "count": True, "sha256": "0" * 64}]},
        {"rows": [{"table": "t", "v": 1, "count": 1, "sha256": "0" * 64, "more": 1}]},
        {"rows": [{"table": table, "v": 1, "count": 1, "sha256": "0" * 64} for table in "ba"]},
        {"more": 1},
    ],
)
def test_does_not_read_what_is_not_an_entry(changes: dict) -> None:
    canonical.read(canonical.encode(entry()))
    with pytest.raises(canonical.NotAnEntry):
        canonical.read(canonical.encode(entry() | changes))


@pytest.mark.parametrize("member", ["v", "id", "kind", "at", "subject", "data", "rows"])
def test_does_not_read_an_entry_without_a_member(member: str) -> None:
    document = entry()
    del document[member]
    with pytest.raises(canonical.NotAnEntry):
        canonical.read(canonical.encode(document))
    with pytest.raises(canonical.NotAnEntry):
        canonical.read(b"[]")
