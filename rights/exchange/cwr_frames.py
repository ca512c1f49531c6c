"""A CWR file as its transactions, one after the other: control records, counts, sequence numbers, encoding. Pure.

Nothing here knows what a work is. Memory is bounded by one transaction. Where nothing behind a line can be trusted (a
count that does not fit, a broken sequence, an end without a trailer) the last value is a fatal ``Problem``.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Final

from rights.exchange.cwr_layouts import CONTROL, HEADERS, Layout, Record, day, layout
from rights.exchange.limits import Limits
from rights.exchange.lines import RAW_CHARACTERS, Heading, Problem

FORMAT: Final = "CWR"
UNREAD: Final = "unread_"  # before the type of a record, in the counts of a heading

# The names of the character set table, and those that senders use for the same.
_CODECS: Final = {
    "": "",
    "ASCII": "ascii",
    "US-ASCII": "ascii",
    "LATIN1": "iso8859-1",
    "LATIN-1": "iso8859-1",
    "LATIN 1": "iso8859-1",
    "UTF8": "utf-8",
    "UTF-8": "utf-8",
} | {f"ISO-8859-{part}": f"iso8859-{part}" for part in range(1, 11)}
# Titles in national characters stand in otherwise plain files of version 2 (title types OL and AL).
_NATIONAL: Final = frozenset({"ALT"})
# A work with two hundred publishers in fifty territories each; bounds what is held in memory, and what rules compare.
MAX_TRANSACTION_RECORDS: Final = 10_000
_BOM: Final = b"\xef\xbb\xbf"
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")  # no text of any of these sets has them


@dataclass(frozen=True)
class Transaction:
    """A transaction header and its details, and what is wrong with single lines of it. ``on`` is the file's day."""

    on: date
    group: int
    number: int
    header: Record | None  # None where the type is not one we read
    type: str
    line: int
    details: tuple[Record, ...]
    problems: tuple[Problem, ...]


class _NotTrusted(Exception):
    """Nothing behind this line can be trusted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


@dataclass
class _Open:
    """The transaction that is being read."""

    number: int
    type: str
    line: int
    header: Record | None
    details: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    records: int = 1
    sequence: int = 0


def frames(stream: BinaryIO, *, limits: Limits) -> tuple[Heading, Iterator[Transaction | Problem]]:
    """
    Return what the file says about itself, and its transactions in their order.

    Never raises for what the bytes are. The counts of the heading are filled while the transactions are read: what the
    trailers promise, and ``unread_XXX`` for each type of record that is passed over.
    """
    file = _File(stream, limits)
    try:
        heading = file.open()
    except _NotTrusted as stop:
        return Heading(format=FORMAT, version=""), iter([stop.problem])
    return heading, file.transactions()


def shown(raw: bytes | str) -> str:
    """Return what stood there, short enough to keep and without anything a terminal would obey."""
    text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    return "".join(character if character.isprintable() else "�" for character in text[:RAW_CHARACTERS])


class _File:
    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._line = 0
        self._bytes = 0
        self._raw = b""
        self._layout: Layout
        self._on: date
        self._codec = ""
        self._is_plain = False  # ASCII for want of a name, not by name
        self._pending: bytes | None = None  # the first group's header, where it had to say the version
        self._promised: dict[str, int] = {}

    # --- lines ---

    def _next(self) -> bytes | None:
        """Return the next line without its end, None behind the last."""
        most = self._limits.max_line_characters
        raw = self._stream.readline(most + 3)
        if not raw:
            return None
        self._line += 1
        self._bytes += len(raw)
        self._raw = raw
        if self._bytes > self._limits.max_bytes:
            raise self._stop("", "file_too_large", f"The file is larger than {self._limits.max_bytes} bytes; split it.")
        if self._line > self._limits.max_lines:
            raise self._stop("", "too_many_lines", f"The file has more than {self._limits.max_lines} lines; split it.")
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        if len(raw) > most:
            raise self._stop(
                "",
                "line_too_long",
                f"A line has more than {most} bytes; this is no CWR file, or its lines have no ends.",
            )
        return raw

    def _stop(self, name: str, code: str, sentence: str, raw: bytes | str | None = None) -> _NotTrusted:
        what = self._raw if raw is None else raw
        if isinstance(what, bytes):
            what = what.rstrip(b"\r\n")
        return _NotTrusted(Problem(max(self._line, 1), name, code, sentence, shown(what), is_fatal=True))

    # --- the heading ---

    def open(self) -> Heading:
        raw = self._next()
        if raw is not None and raw.startswith(_BOM):
            raw = raw.removeprefix(_BOM)
        if raw is None or not raw.startswith(b"HDR"):
            raise self._stop("HDR", "not_cwr", "A CWR file begins with a transmission header (HDR); send such a file.")
        version = _version_of(raw)
        if version is None:
            raise self._stop(
                "HDR.version", "unknown_version", "The header names no version that is read here: 2.1, 2.2, 3.0 or 3.1."
            )
        first_group: bytes | None = None
        if version == "":
            # Version 2.1 has no field for itself, and 2.2 may leave it empty: the first group says which it is.
            header_line, header_raw = self._line, self._raw
            first_group = self._next()
            version = {b"02.10": "2.1", b"02.20": "2.2"}.get((first_group or b"")[11:16])
            if version is None:
                code = "unknown_version" if (first_group or b"").startswith(b"GRH") else "bad_record"
                raise self._stop(
                    "GRH.version",
                    code if first_group is not None else "truncated",
                    "The first group header (GRH) behind the HDR must name the version 02.10 or 02.20.",
                )
            self._line, self._raw = header_line, header_raw
        self._pending = first_group
        self._layout = layout(version)
        return self._heading(raw)

    def _heading(self, raw: bytes) -> Heading:
        header = self._cut_control(raw, "HDR", codec="latin-1")
        named = header["character_set"].upper()
        if named not in _CODECS:
            raise self._stop(
                "HDR.character_set",
                "unsupported_character_set",
                "The character set is not read here; send ASCII, ISO-8859-1 or UTF-8 and name it so.",
                header["character_set"],
            )
        self._codec = _CODECS[named] or {"ASCII": "ascii", "ISO-8859-1": "iso8859-1"}[self._layout.character_set]
        self._is_plain = not named and self._codec == "ascii"
        header = self._cut_control(raw, "HDR")
        for name in ("transmitted_on", "created_on"):
            found = day(header[name])
            if found is None:
                raise self._stop(f"HDR.{name}", "bad_date", "The header needs a date as YYYYMMDD here.", header[name])
            self._on = found
        for name, kind in header.malformed():
            raise self._stop(f"HDR.{name}", "bad_field", f"The field is not of its kind ({kind}).", header.raw(name))
        # Senders with a long number spread it over both fields (2.1 revision 8).
        sender = header["sender_type"] + header["sender"] if header["sender_type"].isdigit() else header["sender"]
        return Heading(
            format=FORMAT,
            version=self._layout.version,
            sender=sender or header["sender_ipi"],
            message_id=header["file_name"],
            created=header["created_on"] + header["created_time"],
            counts=self._promised,
        )

    def _cut_control(self, raw: bytes, type: str, *, codec: str = "") -> Record:
        try:
            text = raw.decode(codec or self._codec)
        except UnicodeDecodeError as error:
            raise self._stop(type, "wrong_encoding", _wrong_encoding(self._codec)) from error
        cut = self._layout.records[type]
        if len(text) < cut.least:
            raise self._stop(
                type, "record_too_short", f"The {type} record has {len(text)} columns and needs {cut.least}."
            )
        if text[cut.length :].strip():
            raise self._stop(type, "record_too_long", f"The {type} record has more than {cut.length} columns.")
        return Record(self._line, cut, text.ljust(cut.length))

    def _number(self, record: Record, name: str) -> int:
        raw = record.raw(name)
        if not re.fullmatch(r"[0-9]+", raw):
            raise self._stop(f"{record.type}.{name}", "bad_number", "The field needs digits, filled with zeros.", raw)
        return int(raw)

    # --- groups and transactions ---

    def transactions(self) -> Iterator[Transaction | Problem]:
        try:
            yield from self._groups()
        except _NotTrusted as stop:
            yield stop.problem

    def _groups(self) -> Iterator[Transaction]:
        groups = transactions = 0
        records = 1  # the HDR
        raw = self._pending
        if raw is None:
            raw = self._next()
        else:
            self._line, self._raw = self._line + 1, raw
        while raw is not None and raw.startswith(b"GRH"):
            groups += 1
            self._promised["groups"] = groups
            in_group, lines = yield from self._group(raw, groups)
            transactions += in_group
            records += lines
            raw = self._next()
        if raw is None:
            raise self._truncated()
        if not groups or not raw.startswith(b"TRL"):
            sentence = "A group header (GRH) must follow here or, behind the last group, the trailer (TRL)."
            raise self._stop("record_type", "bad_record", sentence)
        self._check_end(raw, groups, transactions, records + 1)

    def _group(self, raw: bytes, number: int) -> Generator[Transaction, None, tuple[int, int]]:
        """Yield the transactions of a group; return how many there were, and how many lines with header and trailer."""
        group = self._cut_control(raw, "GRH")
        self._check_group(group, number)
        transactions, records = 0, 2
        open_: _Open | None = None
        while (line := self._next()) is not None:
            type = line[:3].decode("latin-1")
            if type == "GRT":
                if open_ is None:
                    raise self._stop("GRH", "empty_group", "A group header must be followed by a transaction.")
                yield self._close(open_, number)
                trailer = self._cut_control(line, "GRT")
                self._check_counts(trailer, group=number, transactions=transactions, records=records)
                return transactions, records
            if type in CONTROL or not re.fullmatch(r"[A-Z]{3}", type):
                sentence = "Within a group a line begins with the three letters of a transaction or detail record."
                raise self._stop("record_type", "bad_record", sentence)
            records += 1
            if type in HEADERS and not (open_ is not None and open_.type == "ACK" and type != "ACK"):
                if open_ is not None:
                    yield self._close(open_, number)
                open_ = self._begin(line, type, group["transaction_type"], transactions)
                transactions += 1
            elif open_ is None:
                raise self._stop(type, "no_transaction", "A detail record needs a transaction header before it.")
            else:
                self._add(line, type, open_)
        raise self._truncated()

    def _truncated(self) -> _NotTrusted:
        return self._stop("TRL", "truncated", "The file ends before its trailer (TRL); send the whole file.", "")

    def _check_group(self, group: Record, expected: int) -> None:
        version = self._layout.group_version
        if version and group["version"] != version:
            raise self._stop(
                "GRH.version",
                "wrong_group_version",
                f"The group must have the version of its file, {version}.",
                group.raw("version"),
            )
        if self._number(group, "group") != expected:
            raise self._stop(
                "GRH.group", "sequence_broken", f"This group must have the number {expected}.", group.raw("group")
            )
        if group["transaction_type"] not in HEADERS:
            raise self._stop(
                "GRH.transaction_type", "unknown_transaction", "The type is not in CWR.", group.raw("transaction_type")
            )

    def _check_end(self, raw: bytes, groups: int, transactions: int, records: int) -> None:
        trailer = self._cut_control(raw, "TRL")
        for name in ("groups", "transactions", "records"):
            self._promised[name] = self._number(trailer, name)
        self._check_counts(trailer, groups=groups, transactions=transactions, records=records)
        while (behind := self._next()) is not None:
            if behind.strip(b" \t\x1a"):  # 1A: the end of a file, for the systems this format grew up with
                raise self._stop("TRL", "data_behind_trailer", "Nothing may follow the trailer (TRL).")

    def _check_counts(self, trailer: Record, **counted: int) -> None:
        for name, count in counted.items():
            if self._number(trailer, name) != count:
                raise self._stop(
                    f"{trailer.type}.{name}",
                    "count_mismatch",
                    f"The trailer says {trailer[name]}, the file has {count}: lines were lost or added; send it again.",
                    trailer.raw(name),
                )

    def _begin(self, raw: bytes, type: str, group_type: str, number: int) -> _Open:
        if type != group_type:
            raise self._stop(
                f"{type}.record_type",
                "wrong_transaction",
                f"A group of {group_type} holds no {type} transaction.",
                type,
            )
        self._check_prefix(raw, type, number, 0)
        open_ = _Open(number=number, type=type, line=self._line, header=None)
        open_.header = self._read(raw, type, open_)
        return open_

    def _add(self, raw: bytes, type: str, open_: _Open) -> None:
        open_.records += 1
        if open_.records > MAX_TRANSACTION_RECORDS:
            raise self._stop(
                type,
                "transaction_too_large",
                f"A transaction has more than {MAX_TRANSACTION_RECORDS} records; register it in parts.",
                "",
            )
        open_.sequence += 1
        if type in HEADERS and raw[11:19] == b"0" * 8:
            open_.sequence = 0  # within an acknowledgement, societies count the returned work anew
        self._check_prefix(raw, type, open_.number, open_.sequence)
        record = self._read(raw, type, open_)
        if record is not None:
            open_.details.append(record)

    def _check_prefix(self, raw: bytes, type: str, transaction: int, record: int) -> None:
        for name, found, expected in (
            ("transaction_sequence", raw[3:11], transaction),
            ("record_sequence", raw[11:19], record),
        ):
            if not re.fullmatch(rb"[0-9]{8}", found) or int(found) != expected:
                raise self._stop(
                    f"{type}.{name}",
                    "sequence_broken",
                    f"The number here must be {expected:08d}: lines were lost, added or moved; send the file again.",
                    found,
                )

    def _read(self, raw: bytes, type: str, open_: _Open) -> Record | None:
        """Cut a line; None where its type is not read, or it cannot be."""
        cut = self._layout.records.get(type)
        if cut is None:
            key = UNREAD + type
            self._promised[key] = self._promised.get(key, 0) + 1
            return None

        def refuse(code: str, sentence: str) -> None:
            open_.problems.append(Problem(self._line, type, code, sentence, shown(raw)))

        codec = "iso8859-1" if self._is_plain and type in _NATIONAL else self._codec
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            refuse("wrong_encoding", _wrong_encoding(codec))
            return None
        if _CONTROLS.search(text) or (codec not in {"utf-8", "ascii"} and looks_like_utf8(raw)):
            refuse("wrong_encoding", _wrong_encoding(codec))
            return None
        if len(text) < cut.least:
            refuse("record_too_short", f"The {type} record has {len(text)} columns and needs {cut.least}.")
            return None
        if text[cut.length :].strip():
            refuse("record_too_long", f"The {type} record has more than {cut.length} columns in this version.")
            return None
        return Record(self._line, cut, text[: cut.length].ljust(cut.length))

    def _close(self, open_: _Open, group: int) -> Transaction:
        return Transaction(
            on=self._on,
            group=group,
            number=open_.number,
            header=open_.header,
            type=open_.type,
            line=open_.line,
            details=tuple(open_.details),
            problems=tuple(open_.problems),
        )


def _version_of(raw: bytes) -> str | None:
    """Return the version a header names, empty if it is one of 2 that names none, None if it is no version we know."""
    if raw[59:64] == b"01.10":
        return {b"": "", b"2.1": "2.1", b"2.2": "2.2"}.get(raw[101:104].strip())
    return {b"3.0": "3.0", b"3.1": "3.1"}.get(raw[102:105].strip())


def _wrong_encoding(codec: str) -> str:
    return (
        f"The line is not {codec.upper()} text, which the header promises; name the character set that was used in the"
        " header, or send the file in the one it names."
    )


def looks_like_utf8(raw: bytes) -> bool:
    """Whether text beyond ASCII is well-formed UTF-8, which text of one byte a letter practically never is."""
    if raw.isascii():
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
