"""
The bytes of an entry, and the digests of the rows it names.

A document is written as RFC 8785 canonical JSON (JCS), narrowed so that no two writers can differ: objects,
arrays, strings, booleans, null and integers of at most 2^53 - 1 in size; no fraction, no exponent, no `-0`.
Object keys are sorted by their UTF-16 code units, as RFC 8785 §3.2.3 says. What is logged is these bytes,
and they are never built again.

An entry, version 1, is one object with exactly these members:

    v        1
    id       the entry's UUID, lower case, with hyphens
    kind     what happened: lower case letters, digits, `_` and `.`, at most 64, starting with a letter
    at       when, in UTC with six digits of a second: 2026-03-01T12:00:00.000000Z
    subject  what it happened to: {"table": ..., "id": ...}
    data     an object; what it holds depends on the kind
    rows     the rows that were written together with the entry, one group a table, sorted by table:
             {"table": ..., "v": ..., "count": ..., "sha256": ...}

A group's `v` is the version of the table's row document. Its `sha256` is over the canonical JSON array of
the row documents, each an object of column to value with a column `id`, sorted by `id`: integers by value,
strings by code point. The array itself is not in the entry; it comes with the evidence pack, and anyone can
hash it again.

An entry has at most 65,535 bytes, since C2SP entry bundles give its length in 16 bits.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NoReturn, TypeAlias
from uuid import UUID

import rfc8785

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Document: TypeAlias = "dict[str, Json]"

VERSION: Final = 1
MAX_ENTRY_BYTES: Final = 65_535
MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32

KIND: Final = re.compile(r"[a-z][a-z0-9_.]{0,63}")
TABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class Unrepresentable(Exception):
    """A canonical document holds objects, arrays, strings, booleans, null and integers to 2^53 - 1 only."""


class TooDeep(Exception):
    """A canonical document nests at most 32 objects and arrays."""


class DocumentTooLarge(Exception):
    """A canonical document has at most 64 MiB."""


class EntryTooLarge(DocumentTooLarge):
    """An entry has at most 65,535 bytes; put the digest of what is larger into it."""


class NotCanonical(Exception):
    """These bytes are not the canonical form of a document."""


class NotAnEntry(Exception):
    """This document is not an entry of version 1."""


class NotUtc(Exception):
    """A time in the log is aware and in UTC."""


class RowsNotDistinct(Exception):
    """The rows of a group each have an `id`, all integers or all strings, no two the same."""


@dataclass(frozen=True)
class Subject:
    """What an entry is about: one row, by table and primary key."""

    table: str
    id: str


@dataclass(frozen=True)
class Rows:
    """The rows of one table that an entry vouches for, as their digest."""

    table: str
    version: int
    count: int
    digest: str


@dataclass(frozen=True)
class Body:
    """An entry, read back from its bytes."""

    id: UUID
    kind: str
    at: datetime
    subject: Subject
    data: Document
    rows: tuple[Rows, ...]


# --- Documents ----------------------------------------------------------------------------------------------


def encode(document: object) -> bytes:
    """
    Return the canonical bytes of an entry, or of anything that must fit into one.

    :raises Unrepresentable: it holds something else than the types above, or a lone surrogate
    :raises TooDeep: more than 32 objects and arrays inside each other
    :raises EntryTooLarge: more than 65,535 bytes
    """
    data = encode_document(document)
    if len(data) > MAX_ENTRY_BYTES:
        raise EntryTooLarge(f"This entry would have {len(data):,} bytes; an entry has at most {MAX_ENTRY_BYTES:,}.")
    return data


def encode_document(document: object) -> bytes:
    """
    Return the canonical bytes of a document that is stored beside the log, such as an array of rows.

    :raises Unrepresentable: it holds something else than the types above, or a lone surrogate
    :raises TooDeep: more than 32 objects and arrays inside each other
    :raises DocumentTooLarge: more than 64 MiB
    """
    _refuse_unrepresentable(document, "$", 0)
    # Checked above: what is left is exactly what rfc8785 can write.
    data = rfc8785.dumps(document)  # type: ignore[arg-type]
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentTooLarge(
            f"This document would have {len(data):,} bytes; at most {MAX_DOCUMENT_BYTES:,} are kept."
        )
    return data


def decode(data: bytes) -> Json:
    """
    Return the document that an entry's bytes hold.

    :raises NotCanonical: not UTF-8, not JSON, a repeated key, or JSON that would be written differently
    :raises Unrepresentable: a fraction, an exponent, an integer beyond 2^53 - 1, a lone surrogate
    :raises TooDeep: more than 32 objects and arrays inside each other
    :raises EntryTooLarge: more than 65,535 bytes
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise EntryTooLarge(f"These are {len(data):,} bytes; an entry has at most {MAX_ENTRY_BYTES:,}.")
    return decode_document(data)


def decode_document(data: bytes) -> Json:
    """
    Return the document that canonical bytes hold. Other bytes for the same document are refused: whoever
    hashes what this function accepted has hashed the only form it has.

    :raises NotCanonical: not UTF-8, not JSON, a repeated key, or JSON that would be written differently
    :raises Unrepresentable: a fraction, an exponent, an integer beyond 2^53 - 1, a lone surrogate
    :raises TooDeep: more than 32 objects and arrays inside each other
    :raises DocumentTooLarge: more than 64 MiB
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise DocumentTooLarge(f"These are {len(data):,} bytes; at most {MAX_DOCUMENT_BYTES:,} are read.")
    try:
        document: Json = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_repeated_keys,
            parse_int=_integer,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except RecursionError as error:
        raise TooDeep(f"More than {MAX_DEPTH} objects and arrays stand inside each other.") from error
    except UnicodeDecodeError as error:
        raise NotCanonical(f"Byte {error.start} is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise NotCanonical(f"This is not JSON: {error.msg} at character {error.pos}.") from error
    if encode_document(document) != data:
        raise NotCanonical("The same document is written differently in canonical form.")
    return document


def _refuse_unrepresentable(value: object, where: str, depth: int) -> None:
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise Unrepresentable(f"{where}: {value} is beyond 2^53 - 1; write it as a string.")
        case str():
            _refuse_lone_surrogates(value, where)
        case list() | dict() if depth >= MAX_DEPTH:
            raise TooDeep(f"{where[:80]}: more than {MAX_DEPTH} objects and arrays stand inside each other.")
        case list():
            for position, item in enumerate(value):
                _refuse_unrepresentable(item, f"{where}[{position}]", depth + 1)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise Unrepresentable(f"{where}: the key {key!r} is not a string.")
                _refuse_lone_surrogates(key, where)
                _refuse_unrepresentable(item, f"{where}.{key}", depth + 1)
        case float():
            raise Unrepresentable(f"{where}: {value!r} is a floating-point number; write a string or a fraction.")
        case _:
            raise Unrepresentable(f"{where}: a {type(value).__name__} has no canonical form here.")


def _refuse_lone_surrogates(text: str, where: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unrepresentable(f"{where}: character {error.start} is half of a surrogate pair.") from error


def _without_repeated_keys(pairs: list[tuple[str, Json]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise NotCanonical("An object has the same key twice.")
    return document


def _integer(digits: str) -> int:
    # Before int(), which takes quadratic time and refuses very long numbers with an error of its own.
    if len(digits) > len(str(-MAX_INTEGER)):
        raise Unrepresentable(f"{digits[:20]}… is beyond 2^53 - 1.")
    return int(digits)


def _no_fraction(text: str) -> NoReturn:
    raise Unrepresentable(f"{text[:40]} is not an integer.")


# --- Rows ---------------------------------------------------------------------------------------------------


def encode_rows(documents: Iterable[Mapping[str, object]]) -> bytes:
    """
    Return the canonical array of row documents, sorted by their `id`.

    :raises RowsNotDistinct: a row has no `id`, two have the same, or integers and strings are mixed
    :raises Unrepresentable: a value that canonical JSON cannot hold
    :raises DocumentTooLarge: more than 64 MiB
    """
    rows = [dict(document) for document in documents]
    numbers: dict[int, dict[str, object]] = {}
    names: dict[str, dict[str, object]] = {}
    for row in rows:
        match row.get("id"):
            case bool() | None:
                raise RowsNotDistinct("A row has no id.")
            case int(number):
                numbers[number] = row
            case str(name):
                names[name] = row
            case other:
                raise RowsNotDistinct(f"A row's id is a {type(other).__name__}, not an integer or a string.")
    if (numbers and names) or len(numbers) + len(names) != len(rows):
        raise RowsNotDistinct("Two rows have the same id, or their ids are of two types.")
    return encode_document([numbers[key] for key in sorted(numbers)] + [names[key] for key in sorted(names)])


def decode_rows(data: bytes) -> list[Document]:
    """
    Return the row documents of a canonical array.

    :raises NotCanonical: not the bytes that `encode_rows` writes
    :raises RowsNotDistinct: a row has no `id`, two have the same, or integers and strings are mixed
    :raises Unrepresentable: a value that canonical JSON cannot hold
    :raises DocumentTooLarge: more than 64 MiB
    """
    array = decode_document(data)
    if not isinstance(array, list):
        raise NotCanonical("Rows are an array.")
    documents = [item for item in array if isinstance(item, dict)]
    if len(documents) != len(array):
        raise NotCanonical("Every row is an object.")
    if encode_rows(documents) != data:
        raise NotCanonical("The rows are not sorted by id.")
    return documents


def rows_digest(documents: Iterable[Mapping[str, object]]) -> str:
    """
    Return the SHA-256, in hex, of the canonical array of row documents.

    :raises RowsNotDistinct: a row has no `id`, two have the same, or integers and strings are mixed
    :raises Unrepresentable: a value that canonical JSON cannot hold
    :raises DocumentTooLarge: more than 64 MiB
    """
    return sha256(encode_rows(documents)).hexdigest()


def rows_of(table: str, documents: Sequence[Mapping[str, object]], *, version: int = 1) -> Rows:
    """
    Return the group that vouches for these rows of a table.

    :raises RowsNotDistinct: a row has no `id`, two have the same, or integers and strings are mixed
    :raises Unrepresentable: a value that canonical JSON cannot hold
    """
    return Rows(table=table, version=version, count=len(documents), digest=rows_digest(documents))


# --- Entries ------------------------------------------------------------------------------------------------


def timestamp(at: datetime) -> str:
    """
    Return a time as the log writes it: 2026-03-01T12:00:00.000000Z.

    :raises NotUtc: a naive time, or one with another offset; the caller says which instant is meant
    """
    if at.utcoffset() != timedelta(0):
        raise NotUtc(f"{at.isoformat()} is not in UTC.")
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: str) -> datetime:
    """
    Return the time that `timestamp` wrote.

    :raises NotUtc: any other spelling, or a day that does not exist
    """
    if not MOMENT.fullmatch(text):
        raise NotUtc(f"{text[:40]!r} is not a time like 2026-03-01T12:00:00.000000Z.")
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise NotUtc(f"{text!r} is not a time: {error}.") from error


def entry(
    *,
    id: UUID,
    kind: str,
    at: datetime,
    subject: Subject,
    data: Mapping[str, object],
    rows: Iterable[Rows] = (),
) -> dict[str, object]:
    """
    Return the document of an entry, version 1; `encode` makes its bytes.

    :raises NotAnEntry: a kind, a table or a digest is not spelled as an entry spells it, or a table
        comes twice
    :raises NotUtc: the time is not in UTC
    """
    document: dict[str, object] = {
        "v": VERSION,
        "id": str(id),
        "kind": kind,
        "at": timestamp(at),
        "subject": {"table": subject.table, "id": subject.id},
        "data": dict(data),
        "rows": [
            {"table": group.table, "v": group.version, "count": group.count, "sha256": group.digest}
            for group in sorted(rows, key=lambda group: group.table)
        ],
    }
    # Whatever is written can be read: the reader's rules are the only ones.
    _body(document)
    return document


def read(data: bytes) -> Body:
    """
    Return the entry that these bytes hold.

    :raises NotCanonical: other bytes than `encode` writes
    :raises Unrepresentable: a value that canonical JSON cannot hold
    :raises TooDeep: more than 32 objects and arrays inside each other
    :raises EntryTooLarge: more than 65,535 bytes
    :raises NotAnEntry: canonical, but not an entry of version 1
    """
    document = decode(data)
    if not isinstance(document, dict):
        raise NotAnEntry("An entry is an object.")
    return _body(document)


def _body(document: Mapping[str, object]) -> Body:
    match document:
        case {
            "v": 1,
            "id": str(id_),
            "kind": str(kind),
            "at": str(at),
            "subject": {"table": str(table), "id": str(subject_id), **other_subject},
            "data": dict(data),
            "rows": list(groups),
            **other,
        } if not other and not other_subject and document["v"] is not True:
            pass
        case {"v": int(version)} if version != VERSION:
            raise NotAnEntry(f"This is an entry of version {version}; this release reads version {VERSION}.")
        case _:
            raise NotAnEntry("An entry has the members v, id, kind, at, subject, data and rows, and no others.")
    if not KIND.fullmatch(kind):
        raise NotAnEntry(f"{kind[:80]!r} is not a kind of entry.")
    if not TABLE.fullmatch(table) or not subject_id:
        raise NotAnEntry("The subject is a table and the id of a row.")
    rows = tuple(_group(group) for group in groups)
    tables = [group.table for group in rows]
    if tables != sorted(set(tables)):
        raise NotAnEntry("The rows are grouped by table, in the tables' order, each table once.")
    try:
        return Body(id=_uuid(id_), kind=kind, at=moment(at), subject=Subject(table, subject_id), data=data, rows=rows)
    except NotUtc as error:
        raise NotAnEntry(str(error)) from error


def _group(group: object) -> Rows:
    match group:
        case {
            "table": str(table),
            "v": int(version),
            "count": int(count),
            "sha256": str(digest),
            **other,
        } if (
            not other
            and TABLE.fullmatch(table)
            and DIGEST.fullmatch(digest)
            and not isinstance(version, bool)
            and not isinstance(count, bool)
            and version >= 1
            and count >= 0
        ):
            return Rows(table=table, version=version, count=count, digest=digest)
    raise NotAnEntry("A group of rows is a table, a version from 1, a count and a SHA-256 in hex.")


def _uuid(text: str) -> UUID:
    try:
        value = UUID(text)
    except ValueError as error:
        raise NotAnEntry(f"{text[:80]!r} is not a UUID.") from error
    if str(value) != text:
        raise NotAnEntry(f"{text[:80]!r} is a UUID, but not in lower case with hyphens.")
    return value
