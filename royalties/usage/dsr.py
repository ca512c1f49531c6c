"""
DDEX DSR flat files: records of tab-separated cells, in blocks between a header and a footer that counts them.

What a line earned: in the Royalty Reporting profile its own net revenue; in the Basic Audio profile its part of the net
revenue of its summary record, by usages. Those parts are cut one after another from the running sum, so they add up to
the summary's revenue exactly where its lines have all of its usages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from royalties import money
from royalties.usage import cells
from royalties.usage.lines import COLUMNS, SCHEMA, Writer
from royalties.usage.met import Met
from royalties.usage.opening import Bounds, Text
from royalties.usage.problems import BadCell, Problem, Problems, Unreadable, shown
from royalties.usage.reading import Found, Progress, Source, place, where
from royalties.usage.records import Layout, Profile, UnknownProfile, profile

ROWS_AT_ONCE = 65_536
MOST_CELLS = 100
FINER = 6  # digits more than a summary's revenue has, of a part of it
MOST_SUMMARIES = 100_000

_PARTY = re.compile(r"[!-~]{1,64}\Z")
_MESSAGE = re.compile(r"[!-~][ -~]{0,159}\Z")
_NAME = re.compile(
    r"DSR_(?:(?P<recipient>[^_]+)_)?(?P<sender>[^_]+)_(?P<service>[^_]+)_(?P<period>[0-9Qq\-W]+)_(?P<territory>[^_]+)"
    r"(?:_(?P<x>[0-9]+)of(?P<y>[0-9]+))?_(?P<created>[0-9]{8}T[0-9]{6}(?:[0-9]{3})?)\.tsv(?P<packed>\.gz)?\Z"
)
_TYPE = re.compile(r"(HEAD|FOOT|SRFO|[A-Z]{2}[0-9]{2}(?:\.[0-9]{2})?)\Z")
_TRUE = {"true", "1"}
_FALSE = {"false", "0"}
# Records that say what was used, or what it earned: one that is not known cannot be passed over.
_COUNTING = ("SU", "SR", "SY")


class NotADsrFile(Exception):
    """A DSR report begins with a HEAD record that names its profile, its message and its sender."""


@dataclass(frozen=True)
class Head:
    """What a file says of itself."""

    profile: Profile
    message: str
    number: int
    files: int
    first: date
    last: date  # included
    sender: str
    sender_name: str


@dataclass(slots=True)
class Summary:
    """Where, in which currency and for how much; and how much of it was given to lines already."""

    line: int
    country: str
    currency: str
    revenue: int | None  # mantissa of what lines have parts of
    scale: int
    usages: Fraction
    text: tuple[str, ...]
    counted: int = 0  # usages of its lines
    bearing: int = 0  # those of them that earn
    given: int = 0

    def cut(self, usages: int) -> int:
        """Return the next line's part of the revenue, rounded down with all before it."""
        assert self.revenue is not None  # noqa: S101 - whoever asks looked
        self.bearing += usages
        share = self.revenue * self.bearing * self.usages.denominator
        so_far = share // self.usages.numerator if self.usages else 0
        part, self.given = so_far - self.given, so_far
        return part


@dataclass(slots=True)
class _Block:
    id: str = ""
    resources: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # key, title, artist
    releases: dict[str, tuple[str, str, str, tuple[str, ...]]] = field(default_factory=dict)


def look_at(path: Path) -> Head:
    """
    Return what a file says of itself.

    :raises NotADsrFile: it does not begin like one, in words that say what to do
    """
    try:
        with path.open("rb") as raw:
            text = Text(cast("BinaryIO", raw), bounds=Bounds())
            while line := text.readline():
                cells_ = _cells(line)
                if cells_ and not cells_[0].startswith("#"):
                    return _head(cells_)
    except Unreadable as error:
        raise NotADsrFile(error.problem.sentence) from error
    raise NotADsrFile


def _cells(line: bytes) -> list[str]:
    text = line.rstrip(b"\r\n").decode()
    return [cell.strip(" ") for cell in text.split("\t")] if text.strip() else []


def _head(given: Sequence[str]) -> Head:
    if given[0] != "HEAD":
        raise NotADsrFile(f"The file begins with {given[0][:20]!r}. {NotADsrFile.__doc__}")
    padded = [*given, *[""] * 16][:16]
    if not padded[1].startswith("dsrf/"):
        raise NotADsrFile(f"The message version is {padded[1][:40]!r}; it begins with dsrf/.")
    try:
        of = profile(padded[2], padded[3])
    except UnknownProfile as error:
        raise NotADsrFile(str(error)) from error
    number, files = padded[6], padded[7]
    if not (number.isascii() and number.isdigit() and files.isascii() and files.isdigit()):
        raise NotADsrFile("FileNumber and NumberOfFiles of HEAD are whole numbers.")
    if not 1 <= int(number) <= int(files) <= 9999:
        raise NotADsrFile("FileNumber of HEAD lies between 1 and NumberOfFiles.")
    if not _MESSAGE.match(padded[4]):
        raise NotADsrFile("MessageId of HEAD is missing, or has other characters than those of ASCII.")
    if not _PARTY.match(padded[10]):
        raise NotADsrFile("SenderPartyId of HEAD is missing, or is no code.")
    first, last = _first_day(padded[8]), _last_day(padded[9])
    if last < first:
        raise NotADsrFile("UsageEndDate of HEAD lies before UsageStartDate.")
    return Head(of, padded[4], int(number), int(files), first, last, padded[10], padded[11])


def _first_day(text: str) -> date:
    return _day(text, "01", "01")


def _last_day(text: str) -> date:
    if re.fullmatch(r"[0-9]{4}", text):
        return _day(text, "12", "31")
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        with suppress(BadCell):
            return cells.month(text)[1] - timedelta(days=1)
    return _day(text, "12", "31")


def _day(text: str, month: str, day: str) -> date:
    parts = text.split("-")
    whole = "-".join([*parts, month, day][:3] if len(parts) == 1 else [*parts, day][:3])
    try:
        return date.fromisoformat(whole)
    except ValueError as error:
        raise NotADsrFile(f"{text[:20]!r} is no day: UsageStartDate and UsageEndDate are like 2026-03-31.") from error


# --- Reading


def read(
    sources: Sequence[Source],
    *,
    target: Path,
    bounds: Bounds,
    is_correction: bool = False,
    progress: Progress | None = None,
) -> Found:
    """Read a report of one or several files to a usage file. With a problem that file is of no use."""
    with Met(target.parent) as transactions, Met(target.parent) as blocks:
        report = _Report(Writer(target), is_correction, transactions, blocks)
        try:
            ordered = report.in_order(sources)
            for source, head in ordered:
                report.read_file(source, head, bounds, progress)
                if report.problems.is_full:
                    break
            else:
                report.finish()
        finally:
            with suppress(pa.ArrowInvalid):
                report.writer.close()
    return Found(
        report.writer.lines,
        report.writer.keys,
        report.writer.totals,
        report.problems,
        tuple(report.file_lines),
        report.notes(),
    )


class _Report:
    def __init__(self, writer: Writer, is_correction: bool, transactions: Met, blocks: Met) -> None:  # noqa: FBT001
        self.writer = writer
        self.problems = Problems()
        self.file_lines: list[int] = []
        self.summaries: dict[str, Summary] = {}
        self.summary_records = 0
        self.blocks = 0
        self._kind = cells.ADJUSTMENT if is_correction else cells.USAGE
        self._head: Head | None = None
        self._transactions = _Remembered(transactions)
        self._block_ids = _Remembered(blocks)
        self._passed_over: dict[str, int] = {}
        self._allocations = 0
        self._not_royalty_bearing = 0
        self._done = 0
        self._rows: list[list[Any]] = []

    # --- Files

    def in_order(self, sources: Sequence[Source]) -> list[tuple[Source, Head]]:
        found: dict[int, tuple[Source, Head]] = {}
        for given, source in enumerate(sources, 1):
            try:
                head = look_at(source.path)
            except NotADsrFile as error:
                self.problems.add(Problem(1, "", "not_a_dsr_file", str(error) or str(NotADsrFile.__doc__), file=given))
                continue
            if head.number in found:
                sentence = f"Two of the files say that they are file {head.number}: send each once."
                self.problems.add(Problem(1, "FileNumber", "file_twice", sentence, file=given))
            found[head.number] = (source, head)
        if found:
            self._compare([head for _, head in found.values()])
        return [found[number] for number in sorted(found)]

    def _compare(self, heads: Sequence[Head]) -> None:
        first = self._head = heads[0]
        missing = sorted(set(range(1, first.files + 1)) - {head.number for head in heads})
        if missing:
            named = ", ".join(map(str, missing[:20]))
            sentence = f"Of {first.files} files number {named} is missing: hand in all files of a report together."
            self.problems.add(Problem(0, "NumberOfFiles", "file_missing", sentence))
        for head in heads[1:]:
            for name in ("message", "sender", "files", "first", "last", "profile"):
                if getattr(head, name) != getattr(first, name):
                    sentence = f"The files of a report say the same in HEAD; their {name} differs from the first one's."
                    self.problems.add(Problem(1, name, "heads_differ", sentence, file=head.number))

    def read_file(self, source: Source, head: Head, bounds: Bounds, progress: Progress | None) -> None:
        number = len(self.file_lines) + 1
        self._check_name(source.name, head, number)
        text: Text | None = None
        try:
            with source.path.open("rb") as raw:
                text = Text(cast("BinaryIO", raw), bounds=bounds)
                _File(self, head, number, sum(self.file_lines), text).read(
                    lambda: (
                        progress(sum(self.file_lines) + text.lines, self._done + text.packed_bytes, self.problems.count)
                        if progress
                        else None
                    )
                )
        except Unreadable as error:
            self.refuse(number, error.problem.line, error.problem.field, error.problem.code, error.problem.sentence)
        self._flush()
        self._done += source.path.stat().st_size
        self.file_lines.append(text.lines if text else 0)

    def _check_name(self, name: str, head: Head, number: int) -> None:
        if not name.startswith("DSR_"):
            return  # it was renamed on its way; HEAD says the same
        found = _NAME.match(name)
        if found is None:
            sentence = "The name is not DSR_Recipient_Sender_Service_Period_Territory_xofy_Time.tsv or .tsv.gz."
            self.refuse(number, 0, "", "file_name", sentence, name)
            return
        part = (int(found["x"]), int(found["y"])) if found["x"] else (1, 1)
        if part != (head.number, head.files):
            sentence = f"The name says file {part[0]} of {part[1]}, HEAD says {head.number} of {head.files}."
            self.refuse(number, 0, "FileNumber", "file_name", sentence, name)
        senders = {head.sender, re.sub(r"[\s_]", "", head.sender_name)}
        if found["sender"] not in senders:
            sentence = f"The name says that {found['sender'][:60]} sent it, HEAD says {head.sender}."
            self.refuse(number, 0, "SenderPartyId", "file_name", sentence, name)

    # --- Lines

    def refuse(self, file: int, line: int, field_: str, code: str, sentence: str, raw: str = "") -> None:
        self.problems.add(Problem(line, field_, code, sentence, shown(raw), file))

    def earn(
        self, line: int, named: tuple[str, str, str], summary: Summary, amount: tuple[int, int], usages: int, kind: int
    ) -> None:
        assert self._head is not None  # noqa: S101 - a file is read after its head
        key, title, artist = named
        self._rows.append(
            [
                line,
                key,
                summary.country,
                summary.currency,
                *amount,
                usages,
                self._head.first,
                self._head.last + timedelta(days=1),
                kind,
                title,
                artist,
            ]
        )
        if len(self._rows) >= ROWS_AT_ONCE:
            self._flush()

    @property
    def kind(self) -> int:
        return self._kind

    def remember_transaction(self, id_: str, line: int) -> None:
        self._transactions.add(id_, line)

    def remember_block(self, id_: str, line: int) -> None:
        self._block_ids.add(id_, line)

    def pass_over(self, type_: str) -> None:
        self._passed_over[type_] = self._passed_over.get(type_, 0) + 1

    def count_allocation(self) -> None:
        self._allocations += 1

    def count_free(self) -> None:
        self._not_royalty_bearing += 1

    def _flush(self) -> None:
        if not self._rows:
            return
        types = [
            *(of.type if not pa.types.is_dictionary(of.type) else pa.string() for of in SCHEMA),
            pa.string(),
            pa.string(),
        ]
        columns = [pa.array(column, type_) for column, type_ in zip(zip(*self._rows, strict=True), types, strict=True)]
        self._rows = []
        self.writer.add(pa.table(columns, names=list(COLUMNS)))

    # --- The end

    def finish(self) -> None:
        for remembered, field_, code, what in (
            (self._transactions, "SalesTransactionId", "transaction_twice", "The same transaction"),
            (self._block_ids, "BlockId", "block_twice", "A block of the same id"),
        ):
            for line, before in remembered.twice():
                file, at = where(line, self.file_lines)
                there = place(before, self.file_lines, file)
                self.refuse(file, at, field_, code, f"{what} is in {there}: take one of the two out.")
        for id_, summary in self.summaries.items():
            if summary.revenue is not None and summary.counted > summary.usages:
                sentence = (
                    f"The lines of summary {id_[:40]} have {summary.counted} usages, which is more than the summary"
                    f" says ({summary.usages}): one of the two is wrong."
                )
                file, at = where(summary.line, self.file_lines)
                self.refuse(file, at, "Usages", "usages_beyond_summary", sentence)

    def notes(self) -> dict[str, Any]:
        head = self._head
        short = sum(
            summary.revenue is not None and summary.counted < summary.usages for summary in self.summaries.values()
        )
        said: dict[str, Any] = {
            "profile": f"{head.profile.name} {head.profile.version}" if head else "",
            "confidence": head.profile.confidence if head else "",
            "summaries": len(self.summaries),
            "summaries_with_usages_of_others": short,
            "allocations_not_taken_over": self._allocations,
            "not_royalty_bearing": self._not_royalty_bearing,
        }
        if self._passed_over:
            said["records_passed_over"] = dict(sorted(self._passed_over.items()))
        return {"dsr": said}


class _Remembered:
    """Ids as they come, one by one, handed on by the thousand."""

    def __init__(self, met: Met) -> None:
        self._met = met
        self._ids: list[str] = []
        self._lines: list[int] = []

    def add(self, id_: str, line: int) -> None:
        self._ids.append(id_)
        self._lines.append(line)
        if len(self._ids) >= ROWS_AT_ONCE:
            self._pack()

    def twice(self) -> Iterator[tuple[int, int]]:
        self._pack()
        yield from self._met.twice()

    def _pack(self) -> None:
        self._met.add(self._ids, self._lines)
        self._ids, self._lines = [], []


class _File:
    """One file of a report, from HEAD to FOOT."""

    def __init__(self, report: _Report, head: Head, number: int, before: int, text: Text) -> None:
        self.report = report
        self.head = head
        self.number = number
        self.before = before
        self.text = text
        self.line = 0
        self.block = _Block()
        self.blocks = 0
        self.summaries = 0
        self.has_head = False
        self.footer: list[str] | None = None
        self.is_single = head.profile.name.endswith("SRB")
        self._readers: dict[str, Callable[[Layout, list[str]], None]] = {
            "SY": self._summary,
            "AS": self._resource,
            "RE": self._release,
            "SU": self._usage,
            "SR": self._single,
            "LI": lambda _layout, _given: report.count_allocation(),
        }

    def read(self, tell: Callable[[], object]) -> None:
        for raw in _lines(self.text):
            self.line += 1
            if self.line % ROWS_AT_ONCE == 0:
                tell()
                if self.report.problems.is_full:
                    return
            given = _cells(raw)
            if not given or given[0].startswith("#"):
                continue
            if self.footer is not None:
                self._refuse("", "after_the_footer", "Something follows FOOT: it is the last record of a file.")
                return
            self._record(given)
        self._check_footer()

    def _refuse(self, field_: str, code: str, sentence: str, raw: str = "") -> None:
        self.report.refuse(self.number, self.line, field_, code, sentence, raw)

    def _record(self, given: list[str]) -> None:
        type_ = given[0]
        if not self.has_head:
            if type_ != "HEAD":
                raise Unreadable(Problem(self.line, "", "no_head", "The first record of a file is HEAD."))
            self.has_head = True
            return
        if type_ in {"FOOT", "SRFO"}:
            self.footer = given
            return
        layout = self.head.profile.layouts.get(type_)
        if layout is None:
            self._unknown(type_)
            return
        if type_ == "HEAD":
            self._refuse("", "head_twice", "HEAD is there once, as the first record.")
            return
        if len(given) > len(layout.cells):
            extra = len(given) - len(layout.cells)
            sentence = f"{type_} has {len(layout.cells)} cells in this version; here are {extra} more."
            if any(given[len(layout.cells) :]):
                self._refuse("", "too_many_cells", sentence)
                return
        given += [""] * (len(layout.cells) - len(given))
        for at in layout.needed:
            if not given[at] and layout.cells[at] in _ASKED_FOR:
                self._refuse(layout.cells[at], "cell_missing", f"{layout.cells[at]} of {type_} is not given.")
                return
        if "BlockId" in layout.positions:
            self._enter_block(given[1])
        reader = self._readers.get(type_[:2])
        if reader is None:
            return
        try:
            reader(layout, given)
        except BadCell as error:
            self._refuse(type_, error.code, str(error))

    def _unknown(self, type_: str) -> None:
        if not _TYPE.match(type_):
            self._refuse("", "not_a_record", "A record begins with its type, such as SU02.03.", type_)
        elif type_.startswith(_COUNTING):
            known = ", ".join(sorted(name for name in self.head.profile.layouts if name[:2] == type_[:2]))
            profile_ = f"{self.head.profile.name} {self.head.profile.version}"
            sentence = f"{type_} is not a record of {profile_} as it is read here: {known or 'none of its kind'} is."
            self._refuse("", "unknown_record", sentence)
        else:
            self.report.pass_over(type_)  # it describes, and says nothing of what was earned

    def _enter_block(self, id_: str) -> None:
        if id_ == self.block.id:
            return
        self.block = _Block(id_)
        self.blocks += 1
        self.report.blocks += 1
        self.report.remember_block(id_, self.before + self.line)

    # --- Records

    def _summary(self, layout: Layout, given: list[str]) -> None:
        self.summaries += 1
        self.report.summary_records += 1
        id_ = given[layout.at("SummaryRecordId")]
        before = self.report.summaries.get(id_)
        if before is not None:
            if before.text != tuple(given):
                self._refuse(
                    "SummaryRecordId", "summary_twice", "Another summary has this id, and says something else."
                )
            return
        if len(self.report.summaries) >= MOST_SUMMARIES:
            raise Unreadable(Problem(self.line, "", "too_many_summaries", f"More than {MOST_SUMMARIES} summaries."))
        currency = layout.of("currency")
        revenue, usages = self._revenue(layout, given)
        self.report.summaries[id_] = Summary(
            line=self.before + self.line,
            country=cells.country(_named(given, layout.at("Territory"))),
            currency=cells.currency(_named(given, currency)),
            revenue=revenue[0] if revenue else None,
            scale=revenue[1] if revenue else 0,
            usages=usages,
            text=tuple(given),
        )

    def _revenue(self, layout: Layout, given: list[str]) -> tuple[tuple[int, int] | None, Fraction]:
        """Return what the lines of a summary earn together, and by how many usages they divide it."""
        if self.head.profile.name == "RoyaltyReportingProfile":
            return None, Fraction(0)  # each line says what it earned
        allocated = given[layout.at("AllocatedNetRevenue")] if layout.at("AllocatedNetRevenue") >= 0 else ""
        if allocated:
            of, by = allocated, _named(given, layout.at("AllocatedUsages"))
        else:
            of = _named(given, layout.at("NetRevenue"))
            by = _named(given, layout.of("total_usages"))
        try:
            usages = money.read(by)
        except money.NotAnAmount as error:
            raise BadCell("not_a_count", "The usages of a summary are a number, such as 1200.") from error
        mantissa, scale = cells.amount(of)
        finer = min(FINER, cells.FINEST - scale)
        if usages < 0:
            raise BadCell("negative_usage", "The usages of a summary are not negative.")
        if mantissa and not usages:
            raise BadCell("revenue_without_usages", "The summary has revenue and no usages, so no line can have it.")
        return (mantissa * 10**finer, scale + finer), usages

    def _resource(self, layout: Layout, given: list[str]) -> None:
        self.block.resources[given[layout.at("ResourceReference")]] = (
            self._key(given[layout.of("isrc")], given[layout.at("DspResourceId")]),
            given[layout.of("title")],
            given[layout.of("artist")],
        )

    def _release(self, layout: Layout, given: list[str]) -> None:
        own = layout.at("DspReleaseId", "DspSubReleaseId")
        title, artist = layout.of("title"), layout.of("artist")
        used = layout.at("UsedResources")
        self.block.releases[given[layout.at("ReleaseReference")]] = (
            self._key("", given[own]),
            given[title] if title >= 0 else "",
            given[artist] if artist >= 0 else "",
            tuple(part for part in given[used].split("|") if part) if used >= 0 else (),
        )

    def _usage(self, layout: Layout, given: list[str]) -> None:
        transaction = given[layout.at("SalesTransactionId")]
        if transaction:
            self.report.remember_transaction(transaction, self.before + self.line)
        summary = self._summary_of(given[layout.at("SummaryRecordId")])
        if layout.at("NetRevenue") >= 0:
            amount = cells.amount(_named(given, layout.at("NetRevenue")))
            usages = cells.count(given[layout.of("usages")])
            if self.report.kind == cells.USAGE and (amount[0] < 0 or usages < 0):
                self._negative()
                return
            named = self._only_resource(given[layout.at("DspReleaseId")])
            self.report.earn(self.before + self.line, named, summary, amount, usages, self.report.kind)
            return
        named = self._transacted(layout, given)
        self._part(layout, given, named, summary)

    def _single(self, layout: Layout, given: list[str]) -> None:
        self.report.remember_transaction(given[layout.at("SalesTransactionId")], self.before + self.line)
        named = (
            self._key(given[layout.of("isrc")], given[layout.at("DspResourceId")]),
            given[layout.of("title")],
            given[layout.of("artist")],
        )
        self._part(layout, given, named, self._summary_of(given[layout.at("SummaryRecordId")]))

    def _part(self, layout: Layout, given: list[str], named: tuple[str, str, str], summary: Summary) -> None:
        bearing = _named(given, layout.at("IsRoyaltyBearing")).casefold()
        if bearing and bearing not in _TRUE | _FALSE:
            raise BadCell("not_a_boolean", "IsRoyaltyBearing is true or false.")
        usages = cells.count(_named(given, layout.of("usages")))
        returns = layout.at("Returns")
        returned = cells.count(given[returns]) if returns >= 0 else 0
        if returned < 0:
            raise BadCell("negative_usage", "Returns are a number of usages, and not negative.")
        if usages < 0 and self.report.kind == cells.USAGE:
            self._negative()
            return
        kind = self.report.kind
        if usages - returned < 0 and kind == cells.USAGE:
            kind = cells.REVERSAL
        summary.counted += usages - returned
        if bearing in _FALSE:
            self.report.count_free()
            self.report.earn(self.before + self.line, named, summary, (0, 0), usages - returned, kind)
            return
        mantissa = summary.cut(usages - returned)
        if abs(mantissa) > cells.LARGEST:
            raise BadCell("beyond_money", "The line's part of the revenue does not fit into 64 bits.")
        self.report.earn(self.before + self.line, named, summary, (mantissa, summary.scale), usages - returned, kind)

    def _negative(self) -> None:
        self._refuse(
            "Usages",
            "negative_usage",
            "A negative line is a correction: hand the report in as one, or ask the sender for one.",
        )

    def _summary_of(self, id_: str) -> Summary:
        found = self.report.summaries.get(id_)
        if found is None:
            raise BadCell("unknown_summary", f"No summary record before this line has the id {id_[:60]!r}.")
        return found

    def _transacted(self, layout: Layout, given: list[str]) -> tuple[str, str, str]:
        resource, release = given[layout.of("resource")], given[layout.of("release")]
        if resource:
            found = self.block.resources.get(resource)
            if found is None:
                raise BadCell("unknown_resource", f"No resource of this block has the reference {resource[:60]!r}.")
            return found
        if not release:
            raise BadCell("nothing_transacted", "The line names neither a resource nor a release of its block.")
        of = self.block.releases.get(release)
        if of is None:
            raise BadCell("unknown_release", f"No release of this block has the reference {release[:60]!r}.")
        key, title, artist, used = of
        parts = [self.block.resources[part] for part in used if part in self.block.resources]
        if not used:
            parts = list(self.block.resources.values())
        return parts[0] if len(parts) == 1 else (key, title, artist)

    def _only_resource(self, release: str) -> tuple[str, str, str]:
        if len(self.block.resources) == 1:
            return next(iter(self.block.resources.values()))
        return self._key("", release), "", ""

    def _key(self, isrc: str, own: str) -> str:
        for one in isrc.split("|"):
            if cells.is_formula(one.strip()):
                raise BadCell("formula", "A code does not begin like a formula.")
            if key := cells.isrc_key(one):
                return key
        if not own:
            raise BadCell("no_identifier", "The record says of nothing what it is: it has neither an ISRC nor an id.")
        return cells.proprietary_key(own, self.head.sender)

    # --- The footer

    def _check_footer(self) -> None:
        if not self.has_head:
            raise Unreadable(Problem(0, "", "no_head", "The first record of a file is HEAD."))
        if self.footer is None:
            self._refuse("", "no_footer", "The file ends without FOOT: it was cut off, send it again.")
            return
        wanted = "SRFO" if self.is_single else "FOOT"
        if self.footer[0] != wanted:
            self._refuse("", "wrong_footer", f"The last record of this profile is {wanted}.")
            return
        given = [*self.footer, *[""] * 6]
        is_last = self.head.number == self.head.files
        lines, all_lines = self.line, self.before + self.line
        summaries = {self.summaries, self.report.summary_records} if is_last else {self.summaries}
        if self.is_single:
            self._compare_count("NumberOfLinesInReport", given[1], {all_lines}, needed=True)
            self._compare_count("NumberOfSummaryRecords", given[2], summaries, needed=True)
            return
        self._compare_count("NumberOfLinesInFile", given[1], {lines}, needed=True)
        self._compare_count("NumberOfLinesInReport", given[2], {all_lines}, needed=is_last and self.head.files > 1)
        self._compare_count("NumberOfSummaryRecords", given[3], summaries, needed=True)
        self._compare_count("NumberOfBlocksInFile", given[4], {self.blocks}, needed=True)
        of_all = self.report.blocks
        self._compare_count("NumberOfBlocksInReport", given[5], {of_all}, needed=is_last and self.head.files > 1)

    def _compare_count(self, name: str, said: str, counted: set[int], *, needed: bool) -> None:
        if not said:
            if needed:
                self._refuse(name, "count_missing", f"FOOT does not say {name}; counted were {min(counted)}.")
            return
        if not (said.isascii() and said.isdigit()) or int(said[:19]) not in counted:
            sentence = f"FOOT says {said[:20]} for {name}, counted were {min(counted)}: the file is not whole."
            self._refuse(name, "wrong_count", sentence)


# Cells without which a line cannot be booked; that another one is missing is between sender and recipient.
_ASKED_FOR = frozenset(
    {
        *("BlockId", "SummaryRecordId", "ResourceReference", "ReleaseReference", "Territory", "NumberOfStreams"),
        *("Currency", "CurrencyOfReporting", "SalesTransactionId"),
    }
)


def _named(given: Sequence[str], at: int) -> str:
    return given[at] if at >= 0 else ""


def _lines(text: Text) -> Iterator[bytes]:
    rest = b""
    while chunk := text.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest
