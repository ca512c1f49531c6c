"""Sheets in: catalogues, shares and consents as CSV or TSV, read through a saved mapping. Pure.

One row is taken whole or not at all, and a row that is not taken can be written out again with its reason
(``errors_csv``), corrected, and read with the same mapping. Memory does not grow with the file but for about 25 bytes
a key, which finds duplicates.

Rows that belong together are expected together, as every export writes them: the tracks of a release, the shares of an
asset. A release that comes back later yields a second line that continues it.

Rounded decimals are made exact (SHR-2): where the rows of one asset, right, basis, territories and period, standing
together and all taken, add up to 100 % within 0.06 % but not exactly, their decimals are scaled to fill what exact
fractions leave. 33.33 three times becomes 1/3 three times; 33.34, 33.33 and 33.33 add up and stay what they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from io import StringIO
from itertools import groupby
from typing import BinaryIO, TypeVar
from uuid import UUID

from rights import describing, identifiers, territories
from rights.describing import Description
from rights.exchange import codes
from rights.exchange.cells import BadCell, day, part, plain_cell, safe_cell
from rights.exchange.limits import Limits
from rights.exchange.lines import (
    RAW_CHARACTERS,
    ConsentLine,
    Contributor,
    Line,
    PartyLine,
    Problem,
    RecordingLine,
    ReleaseLine,
    ShareLine,
    WorkLine,
    WrittenCode,
)
from rights.exchange.mapping import DELIMITERS, BadMapping, Mapping, aliases, plain, suggest
from rights.exchange.seen import Seen
from rights.exchange.text import AUTO, TextLine, Unreadable, text_lines
from rights.vocabulary import LeadVoice, RightType, Use

__all__ = ["BadMapping", "Mapping", "cells", "errors_csv", "read", "suggest"]

ERROR_COLUMNS = ("line", "field", "code", "sentence")  # behind the sender's own columns; not read again

TOLERANCE = Fraction(6, 10_000)  # 0.06 %, as CWR allows
MOST_TOGETHER = 1_000  # rows of one release or one asset that are held before they are passed on
_SENTENCE_CHARACTERS = 600
_TITLE_CHARACTERS = 300
_WORD_CHARACTERS = 100

Parsed = TypeVar("Parsed")


def read(stream: BinaryIO, mapping: Mapping, *, limits: Limits | None = None) -> Iterator[Line]:
    """
    Yield what a sheet says, in its order, and a problem for each thing that keeps a row from being taken.

    It does not check whether what it names is registered, nor that shares add up. The stream must be seekable if the
    mapping's encoding is "auto".
    """
    bounds = limits or Limits()
    gaps = mapping.gaps()
    if gaps:
        wanted = "; ".join(" or ".join(group) for group in gaps)
        yield Problem(
            0, "", "mapping_incomplete", f"The mapping needs a column or a default for: {wanted}.", is_fatal=True
        )
        return
    try:
        rows = _rows(stream, mapping, bounds)
        for line in _READERS[mapping.kind](rows):
            yield _showable(line) if isinstance(line, Problem) else line
    except Unreadable as error:
        yield _showable(Problem(error.line, "", error.code, str(error), error.raw, is_fatal=True))


def cells(
    stream: BinaryIO, mapping: Mapping, *, limits: Limits | None = None
) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """
    Yield the line, the header and the cells of each row, whether or not it could be taken.

    For a look at the first rows, and to give rows back for correction. Ends where nothing more can be read.
    """
    try:
        for found in _rows(stream, mapping, limits or Limits()):
            if isinstance(found, _Row) or found.cells:
                yield found.line, found.header, found.cells
    except Unreadable:
        return


def _showable(problem: Problem) -> Problem:
    """Return a problem that can be stored and shown, whatever the file holds: bounded, and without NUL."""
    sentence = problem.sentence.replace("\0", "\ufffd")
    raw = problem.raw.replace("\0", "\ufffd")
    if len(sentence) > _SENTENCE_CHARACTERS:
        sentence = f"{sentence[: _SENTENCE_CHARACTERS - 1]}…"
    return replace(problem, sentence=sentence, raw=raw[:RAW_CHARACTERS])


def errors_csv(problems: Iterable[Problem], *, mapping: Mapping | None = None) -> Iterator[str]:
    """
    Yield the rows that were not taken as lines of a sheet: the cells as they were, then line, field, code, sentence.

    Corrected, it can be read with the same mapping. Cells that a spreadsheet would run are escaped, and read back as
    they were. With a mapping its delimiter is used; write it in the mapping's encoding, or UTF-8 if that is "auto".
    """
    delimiter = mapping.delimiter if mapping and mapping.delimiter != AUTO else ","
    header: tuple[str, ...] | None = None
    for line, of_one_row in groupby(problems, key=lambda problem: problem.line):
        found = list(of_one_row)
        if header is None:
            header = next((problem.header for problem in found if problem.header), ())
            yield _csv_line((*header, *ERROR_COLUMNS), delimiter)
        cells = next((problem.cells for problem in found if problem.cells), ())
        own = (*cells, *[""] * (len(header) - len(cells)))
        why = (" | ".join(getattr(problem, name) for problem in found) for name in ERROR_COLUMNS[1:])
        # Cells beyond the header go behind ours, so that the row is refused again until it is corrected.
        yield _csv_line((*own[: len(header)], str(line), *why, *own[len(header) :]), delimiter)


def _csv_line(cells: Iterable[str], delimiter: str) -> str:
    written = StringIO()
    # All cells are quoted: a program that splits elsewhere must not find a formula behind its own delimiter.
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerow([safe_cell(cell) for cell in cells])
    return written.getvalue()


# From lines to rows.


@dataclass
class _Row:
    """One row, and what is wrong with it."""

    line: int
    header: tuple[str, ...]
    cells: tuple[str, ...]
    places: dict[str, int]
    mapping: Mapping
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str) -> str:
        place = self.places.get(name)
        found = self.cells[place].strip() if place is not None else ""
        return found or self.mapping.defaults.get(name, "").strip()

    def refuse(self, name: str, code: str, sentence: str) -> None:
        raw = self.text(name)[:RAW_CHARACTERS] if name else ""
        self.problems.append(Problem(self.line, name, code, sentence, raw, header=self.header, cells=self.cells))

    def parsed(self, name: str, parse: Callable[[str], Parsed]) -> Parsed | None:
        """Return what a cell says, ``None`` if it is empty or says nothing that can be taken."""
        raw = self.text(name)
        if not raw:
            return None
        try:
            return parse(raw)
        except BadCell as error:
            self.refuse(name, error.code, str(error))
            return None

    def needed(self, name: str, parse: Callable[[str], Parsed], sentence: str) -> Parsed | None:
        if not self.text(name):
            self.refuse(name, "missing", sentence)
        return self.parsed(name, parse)


def _rows(stream: BinaryIO, mapping: Mapping, limits: Limits) -> Iterator[_Row | Problem]:
    """Yield the rows below the header; whatever is wrong with a row as such is a problem already."""
    lines = text_lines(stream, encoding=mapping.encoding, limits=limits)
    first, delimiter = _beginning(lines, mapping)
    records = _Records(first, lines, delimiter, limits)
    header: tuple[str, ...] | None = None
    places: dict[str, int] = {}
    width = 0
    for line, found in records:
        if isinstance(found, Problem):
            if header is None:
                raise Unreadable(line, found.code, found.sentence, found.raw)
            yield replace(found, header=header)
            continue
        cells = tuple(map(plain_cell, found))
        if header is None:
            is_ours = len(cells) > len(ERROR_COLUMNS) and cells[-len(ERROR_COLUMNS) :] == ERROR_COLUMNS
            header = cells[: -len(ERROR_COLUMNS)] if is_ours else cells
            width = len(cells)
            places = _places(header, mapping, line)
            continue
        own = len(header)
        cells = (*cells[:own], *cells[width:])
        if not any(cell.strip() for cell in cells):
            continue
        row = _Row(line, header, cells, places, mapping)
        while len(row.cells) > own and not row.cells[-1].strip():
            row.cells = row.cells[:-1]
        if len(row.cells) != own:
            row.refuse(
                "", "ragged_row", f"The row has {len(row.cells)} cells, the header {own}: give every column one."
            )
        for place, cell in enumerate(row.cells):
            if "\0" in cell:
                name = header[place] if place < own else ""
                row.refuse("", "nul", f"The cell below “{name[:60]}” holds a NUL character: type it anew.")
        if row.problems:
            yield from row.problems
        else:
            yield row
    if header is None:
        raise Unreadable(1, "empty", "The file is empty: its first row must name the columns.")


def _beginning(lines: Iterator[TextLine], mapping: Mapping) -> tuple[TextLine, str]:
    for first in lines:
        if not first.text.strip() and not first.is_cut:
            continue
        said = re.fullmatch(r"sep=(.)\s*", first.text)  # a spreadsheet's way to say it
        if said and said[1] in DELIMITERS:
            following = next(lines, TextLine(first.number + 1, "", 0, is_cut=False))
            return following, said[1] if mapping.delimiter == AUTO else mapping.delimiter
        return first, _delimiter(first.text) if mapping.delimiter == AUTO else mapping.delimiter
    raise Unreadable(1, "empty", "The file is empty: its first row must name the columns.")


def _delimiter(header: str) -> str:
    """Return what splits the header into the most columns; the earlier one if two do."""
    outside = re.sub(r'"(?:[^"]|"")*"', "", header)
    return max(DELIMITERS, key=outside.count)


def _places(header: tuple[str, ...], mapping: Mapping, line: int) -> dict[str, int]:
    names = [plain(name) for name in header]
    places = {}
    for name, wanted in mapping.columns.items():
        count = names.count(plain(wanted))
        if count == 0:
            there = ", ".join(f"“{one.strip()[:40]}”" for one in header[:8])
            raise Unreadable(
                line,
                "missing_column",
                f"There is no column “{wanted[:60]}”, which the mapping names for {name}: rename one, or change the"
                f" mapping. There is {there}{', …' if len(header) > 8 else '.'}",
                wanted,
            )
        if count > 1:
            raise Unreadable(
                line, "ambiguous_column", f"There are {count} columns “{wanted[:60]}”: rename all but one.", wanted
            )
        places[name] = names.index(plain(wanted))
    return places


class _Records:
    """The records of the lines, each with the number of its first line. A quoted cell may run over several lines."""

    def __init__(self, first: TextLine, lines: Iterator[TextLine], delimiter: str, limits: Limits) -> None:
        self._first = first
        self._lines = lines
        self._limits = limits
        self._waiting: list[tuple[int, Problem]] = []
        self._begun = 0  # the line on which the record began
        self._held = 0  # characters of the record so far
        self._text = ""
        self._reader = csv.reader(self._fed(), delimiter=delimiter, strict=True)

    def __iter__(self) -> Iterator[tuple[int, list[str] | Problem]]:
        while True:
            try:
                record = next(self._reader, None)
            except csv.Error as error:
                found: list[str] | Problem = self._malformed(error)
            else:
                if record is None:
                    yield from self._waiting
                    return
                found = record
            yield from self._waiting
            self._waiting.clear()
            self._held = 0
            yield self._begun, found

    def _fed(self) -> Iterator[str]:
        line: TextLine | None = self._first
        while line is not None:
            if self._held == 0:
                self._begun, self._text = line.number, line.text
            self._held += len(line.text)
            if self._held > self._limits.max_line_characters and self._begun < line.number:
                raise self._unclosed()
            if not line.is_cut:
                yield line.text
            elif self._begun < line.number:
                raise self._unclosed()
            else:
                self._cut(line)
            line = next(self._lines, None)

    def _cut(self, line: TextLine) -> None:
        most = self._limits.max_line_characters
        if line.quotes % 2:  # a cell may go on in the next line, and where it ends nobody knows
            raise self._unclosed()
        sentence = f"The row is longer than {most} characters: shorten it, or leave out columns that are not needed."
        self._held = 0
        self._waiting.append((line.number, Problem(line.number, "", "row_too_long", sentence, line.text)))

    def _malformed(self, error: csv.Error) -> Problem:
        if "unexpected end" in str(error) or self._text.count('"') % 2 or self._held > len(self._text):
            raise self._unclosed() from error
        sentence = 'The row cannot be split into cells: a cell that holds " must be quoted, with "" for each.'
        return Problem(self._begun, "", "malformed_row", sentence, self._text.strip()[:RAW_CHARACTERS])

    def _unclosed(self) -> Unreadable:
        return Unreadable(
            self._begun,
            "unclosed_quote",
            f'A quotation mark on line {self._begun} is not closed, or not as it should be: write " as "" in a quoted'
            " cell, and keep a row below the limit.",
            self._text[:RAW_CHARACTERS],
        )


# From rows to lines: catalogues.


@dataclass
class _Release:
    """A release whose rows are being read."""

    line: int
    key: str
    title: str
    codes: tuple[WrittenCode, ...]
    place: tuple[int, int]  # disc and track of the row
    is_continued: bool = False
    tracks: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    held: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[ReleaseLine]:
        if self.is_continued and not self.tracks:
            return
        keys = tuple(key for _, key in sorted(self.tracks, key=lambda track: track[0]))  # stable: else as in the file
        yield ReleaseLine(self.line, self.key, self.title, self.codes, keys, self.is_continued)


@dataclass
class _Said:
    """What one row of a catalogue says."""

    artist: PartyLine | None
    work: WorkLine | None
    recording: RecordingLine | None
    release: _Release | None

    def keys(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield a field, a key, what the key must always stand with, and what that is called."""
        if self.artist:
            yield "artist", f"party {self.artist.key}", "", ""  # the names of one party may differ
        if self.work:
            yield "iswc" if self.work.codes else "work_title", f"work {self.work.key}", plain(self.work.title), "title"
        if recording := self.recording:
            artist = self.artist.key if self.artist else ""
            said = () if recording.description.is_empty else (repr(recording.description),)
            content = "\n".join((plain(recording.title), artist, *recording.work_keys, *said))
            field_, called = "isrc" if recording.codes else "title", "title, artist, work or description"
            yield field_, f"recording {recording.key}", content, called
        if self.release:
            yield "release_title", f"release {self.release.key}", plain(self.release.title), "title"


def _catalogue(rows: Iterator[_Row | Problem]) -> Iterator[Line]:
    seen = Seen()
    release: _Release | None = None
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        said = _said(row)
        new = _new(row, said, seen, release) if said else set()
        if row.problems or said is None:
            yield from row.problems
            continue
        if release and (said.release is None or said.release.key != release.key):
            yield from release.lines()
            release = None
        for kind, line in (("party", said.artist), ("work", said.work), ("recording", said.recording)):
            if line and f"{kind} {line.key}" in new:
                yield line
        if said.release:
            release = release or replace(said.release, is_continued=f"release {said.release.key}" not in new)
            if said.recording:
                release.tracks.append((said.release.place, said.recording.key))
                release.held.add(said.recording.key)
            if len(release.tracks) >= MOST_TOGETHER:
                yield from release.lines()
                release = replace(release, tracks=[], held=set(), is_continued=True)
    if release:
        yield from release.lines()


def _new(row: _Row, said: _Said, seen: Seen, open_: _Release | None) -> set[str]:
    """Return the keys that no row had before, and refuse a row that contradicts or only repeats one."""
    new, before = set(), 0
    keys = list(said.keys())
    for name, key, content, called in keys:
        had = seen.had(key, content)
        if had is None:
            new.add(key)
        elif not had[1]:
            kind = key.partition(" ")[0]
            row.refuse(name, "contradicts", f"Line {had[0]} names this {kind} with another {called}.")
        elif not key.startswith("party "):
            before = had[0]
    adds = (
        said.release
        and said.recording
        and not (open_ and open_.key == said.release.key and said.recording.key in open_.held)
    )
    if not row.problems and not adds and all(key.startswith("party ") for key in new):
        row.refuse("", "duplicate", f"Line {before} says the same: take one of the two out.")
    if not row.problems:
        for _, key, content, _ in keys:
            seen.keep(key, row.line, content)
    return new


def _said(row: _Row) -> _Said | None:
    title = row.parsed("title", _title) or ""
    isrc = row.parsed("isrc", codes.isrc) or ""
    iswc = row.parsed("iswc", codes.iswc) or ""
    work_title = row.parsed("work_title", _title) or (title if iswc else "")
    artist = _artist(row)
    release = _release(row)
    described = Description(
        genres=row.parsed("genre", _some(describing.genre)) or (),
        languages=row.parsed("language", _some(describing.language)) or (),
        regions=row.parsed("region", _some(describing.region)) or (),
        recorded_year=row.parsed("recorded_year", _year),
        lead_voice=row.parsed("lead_voice", _lead_voice),
    )
    if row.problems:
        return None
    if not (title or described.is_empty):
        row.refuse("title", "missing", "Give the recording's title; a description alone is not enough.")
        return None
    if (isrc or artist) and not title:
        row.refuse("title", "missing", "Give the recording's title; its ISRC or artist alone is not enough.")
    elif iswc and not work_title:
        row.refuse("work_title", "missing", "Give the work's title; its ISWC alone is not enough.")
    elif not (title or work_title or release):
        row.refuse("title", "missing", "Give a title: of the recording, the work or the release.")
    if row.problems:
        return None
    work = recording = None
    if work_title:
        written = (WrittenCode("iswc", row.text("iswc")),) if iswc else ()
        work = WorkLine(row.line, f"iswc:{iswc}" if iswc else f"title:{work_title}", work_title, written)
    if title:
        recording = RecordingLine(
            line=row.line,
            key=f"isrc:{isrc}" if isrc else f"title:{title}",
            title=title,
            codes=(WrittenCode("isrc", row.text("isrc")),) if isrc else (),
            work_keys=(work.key,) if work else (),
            contributors=(Contributor(artist.key, ("MainArtist",)),) if artist else (),
            description=described,
        )
    return _Said(artist, work, recording, release)


def _artist(row: _Row) -> PartyLine | None:
    name = row.parsed("artist", _title)
    key, written = _party_codes(row, "artist")
    if written and not name:
        row.refuse("artist", "missing", "Give the artist's name beside the number.")
    return PartyLine(row.line, key or f"name:{name}", name, "", written) if name else None


def _release(row: _Row) -> _Release | None:
    title = row.parsed("release_title", _title) or ""
    code = row.parsed("release_code", codes.gtin) or ""
    grid = row.parsed("release_grid", codes.grid) or ""
    place = (row.parsed("disc", _number) or 0, row.parsed("track", _number) or 0)
    if (code or grid) and not title:
        row.refuse("release_title", "missing", "Give the release's title; its code alone is not enough.")
    if not title:
        return None
    key = f"gtin:{code}" if code else f"grid:{grid}" if grid else f"title:{title}"
    given = (("gtin", "release_code", code), ("grid", "release_grid", grid))
    written = tuple(WrittenCode(scheme, row.text(name)) for scheme, name, is_given in given if is_given)
    return _Release(row.line, key, title, written, place)


# From rows to lines: shares.


def _shares(rows: Iterator[_Row | Problem]) -> Iterator[Line]:
    seen = Seen()
    together: list[tuple[ShareLine, bool]] = []  # with whether what is written is a decimal
    is_whole = True  # no row among them was refused
    for row in rows:
        if isinstance(row, Problem):
            yield row
            is_whole = False
            continue
        found = _share(row, seen)
        if found is None:
            yield from row.problems
            is_whole = False
            continue
        if together and (
            (found[0].asset_kind, found[0].asset_key) != (together[0][0].asset_kind, together[0][0].asset_key)
            or len(together) >= MOST_TOGETHER
        ):
            yield from _normalized(together) if is_whole else (share for share, _ in together)
            together, is_whole = [], True
        together.append(found)
    yield from _normalized(together) if is_whole else (share for share, _ in together)


def _share(row: _Row, seen: Seen) -> tuple[ShareLine, bool] | None:
    asset = _asset(row)
    party = _party(row)
    mapping = row.mapping
    share = row.needed(
        "share", lambda raw: part(raw, decimal=mapping.decimal, unit=mapping.share_unit), "Give the share, as 33.33."
    )
    right = row.needed("right", _right, f"Name the right: {', '.join(RightType)}.")
    basis = (row.parsed("basis", _basis) if row.text("basis") else "ownership") or ""
    role = row.parsed("role", _word) or ""
    where = row.parsed("territories", _territories) if row.text("territories") else (territories.WORLD,)
    since, until = _period(row)
    if row.problems or not (asset and party and share and right and where):
        return None
    found = ShareLine(
        line=row.line,
        asset_kind=asset[0],
        asset_key=asset[1],
        party_key=party,
        right_type=right,
        part=share[0],
        written=row.text("share"),
        basis=basis,
        role=role,
        territories=where,
        active_from=since,
        active_to=until,
    )
    key = (*asset, party, right, basis, role, *where, str(since), str(until))
    if had := seen.had("\n".join(key)):
        row.refuse("", "duplicate", f"Line {had[0]} gives this party the same right already: add the two up.")
        return None
    seen.keep("\n".join(key), row.line)
    return found, share[1]


def _normalized(together: list[tuple[ShareLine, bool]]) -> Iterator[ShareLine]:
    """Yield the shares of one asset; where rounding alone keeps a set from 100 %, its decimals fill what is left."""
    sets: dict[tuple[object, ...], list[tuple[ShareLine, bool]]] = {}
    for share, is_decimal in together:
        sets.setdefault(_set_of(share), []).append((share, is_decimal))
    factors = {}
    for key, members in sets.items():
        exact = sum((share.part for share, is_decimal in members if not is_decimal), Fraction(0))
        decimals = sum((share.part for share, is_decimal in members if is_decimal), Fraction(0))
        off = exact + decimals - 1
        if decimals and off and abs(off) <= TOLERANCE and exact < 1:
            factors[key] = (1 - exact) / decimals
    for share, is_decimal in together:
        factor = factors.get(_set_of(share))
        if factor and is_decimal:
            yield replace(share, part=share.part * factor, is_normalized=True)
        else:
            yield share


def _set_of(share: ShareLine) -> tuple[object, ...]:
    return share.right_type, share.basis, share.territories, share.active_from, share.active_to


# From rows to lines: consents.


def _consents(rows: Iterator[_Row | Problem]) -> Iterator[Line]:
    seen = Seen()
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        found = _consent(row, seen)
        if found is None:
            yield from row.problems
        else:
            yield found


def _consent(row: _Row, seen: Seen) -> ConsentLine | None:
    asset = _asset(row)
    grantor = row.needed("grantor", _party_key, "Name who consents.")
    actor = row.parsed("actor", _party_key) if row.text("actor") else grantor
    licensee = row.parsed("licensee", _party_key) or ""
    uses = row.needed("uses", _uses, f"Name what is allowed: {', '.join(Use)}. What is not named is not allowed.")
    where = row.needed("territories", _territories, "Name the territories, 2136 for the world.")
    since, until = _period(row)
    if not row.text("from"):
        row.refuse("from", "missing", "Give the day from which the consent holds.")
    digest = row.needed("document_digest", _digest, "Give the SHA-256 of the document that was signed.")
    reference = row.parsed("reference", _word) or ""
    if row.problems or not (asset and grantor and actor and uses and where and since and digest):
        return None
    content = "\n".join((*asset, grantor, actor, licensee, *uses, *where, str(since), str(until), digest))
    key = f"reference:{reference}" if reference else f"line:{row.line}"
    if had := seen.had(key) or seen.had(content):
        row.refuse("reference" if reference else "", "duplicate", f"Line {had[0]} is this consent: take one out.")
        return None
    seen.keep(key, row.line)
    seen.keep(content, row.line)
    return ConsentLine(row.line, key, grantor, actor, *asset, licensee, uses, where, since, until, digest)


# What several kinds of sheet have.


def _asset(row: _Row) -> tuple[str, str] | None:
    """Return the kind and the key of what a row is about: the first column that has something, codes before titles."""
    for name, kind in (("isrc", "recording"), ("iswc", "work"), ("recording", "recording"), ("work", "work")):
        if row.text(name):
            parse: Callable[[str], str] = {"isrc": codes.isrc, "iswc": codes.iswc}.get(name, _asset_key)
            key = row.parsed(name, parse)
            if key is None:
                return None
            return kind, f"{name}:{key}" if name in {"isrc", "iswc"} else key
    key = row.needed("asset", _asset_key, "Name the recording or the work: an ISRC, an ISWC, our id or a title.")
    if key is None:
        return None
    if key.startswith("isrc:"):
        return "recording", key
    if key.startswith("iswc:"):
        return "work", key
    kind_ = row.needed("asset_kind", _asset_kind, "Say whether this is a recording or a work.")
    return (kind_, key) if kind_ else None


def _asset_key(raw: str) -> str:
    if _is_uuid(raw):
        return f"id:{UUID(raw)}"
    for scheme, parse in (("isrc", identifiers.isrc), ("iswc", identifiers.iswc)):
        try:
            return f"{scheme}:{parse(raw)}"
        except (identifiers.BadIsrc, identifiers.BadIswc):
            continue  # then it is a title, or is said to be something else
    return f"title:{_title(raw)}"


def _asset_kind(raw: str) -> str:
    kind = {"recording": "recording", "track": "recording", "master": "recording", "work": "work"}.get(plain(raw))
    if kind is None:
        raise BadCell("unknown_asset_kind", "Write recording or work.")
    return kind


def _party(row: _Row) -> str | None:
    party_id = row.parsed("party_id", _uuid)
    key, _ = _party_codes(row, "party")
    if party_id or key:
        return f"id:{party_id}" if party_id else key
    return row.needed("party", _party_key, "Name the party: a name, or an IPI name number, ISNI, DPID or our id.")


def _party_key(raw: str) -> str:
    """Return the key of a party that a cell names; "ipi:" and the like say what it is, otherwise its shape does."""
    scheme, _, rest = raw.partition(":")
    parse = _PARTY_SCHEMES.get(scheme.strip().casefold())
    if parse and rest.strip():
        return f"{scheme.strip().casefold()}:{parse(rest.strip())}"
    if _is_uuid(raw):
        return f"id:{UUID(raw)}"
    return f"name:{_title(raw)}"


def _party_codes(row: _Row, prefix: str) -> tuple[str, tuple[WrittenCode, ...]]:
    """Return the key that the best of a party's numbers makes, and all of them as written."""
    key = ""
    written = []
    for scheme, parse in (("ipi", codes.ipi), ("isni", codes.isni), ("dpid", codes.dpid)):
        code = row.parsed(f"{prefix}_{scheme}", parse)
        if code:
            key = key or f"{scheme}:{code}"
            written.append(WrittenCode("ipi_name" if scheme == "ipi" else scheme, row.text(f"{prefix}_{scheme}")))
    return key, tuple(written)


def _period(row: _Row) -> tuple[date | None, date | None]:
    since = row.parsed("from", lambda raw: day(raw, row.mapping.date_format))
    until = row.parsed("to", lambda raw: day(raw, row.mapping.date_format))
    if since and until and until <= since:
        row.refuse(
            "to", "empty_period", "The end is the first day on which it no longer holds: put it after the start."
        )
    return since, until


# What single cells hold.


def _text_of(most: int) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        bare = " ".join(raw.split())
        if len(bare) > most:
            raise BadCell("too_long", f"At most {most} characters: shorten it.")
        return bare

    return parse


_title = _text_of(_TITLE_CHARACTERS)
_word = _text_of(_WORD_CHARACTERS)


def _is_uuid(raw: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", raw) is not None


def _uuid(raw: str) -> str:
    if not _is_uuid(raw):
        raise BadCell("bad_id", "Our ids look like 0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55.")
    return str(UUID(raw))


_PARTY_SCHEMES: dict[str, Callable[[str], str]] = {
    "ipi": codes.ipi,
    "isni": codes.isni,
    "dpid": codes.dpid,
    "id": _uuid,
    "name": _title,
}


def _number(raw: str) -> int:
    match = re.fullmatch(r"([0-9]{1,4})(?:[.,]0+)?", raw)
    if match is None:
        raise BadCell("not_a_number", "Write a whole number from 0 to 9999.")
    return int(match[1])


def _some(one: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """Return what reads several words of a cell, between semicolons, commas or bars."""

    def read(raw: str) -> tuple[str, ...]:
        words = [word for word in (part.strip() for part in re.split(r"[;,|]", raw)) if word]
        try:
            found = tuple(sorted({one(word) for word in words}))
        except (describing.NotAGenre, describing.NotALanguage, describing.NotARegion) as error:
            raise BadCell("not_a_description", " ".join((type(error).__doc__ or "").split())) from error
        if len(found) > describing.MOST:
            raise BadCell("not_a_description", " ".join((describing.TooManyWords.__doc__ or "").split()))
        return found

    return read


def _year(raw: str) -> int:
    if not re.fullmatch(r"[0-9]{4}", raw) or not describing.YEARS[0] <= int(raw) <= describing.YEARS[1]:
        raise BadCell("not_a_year", " ".join((describing.NotAYear.__doc__ or "").split()))
    return int(raw)


def _lead_voice(raw: str) -> LeadVoice:
    try:
        return LeadVoice(plain(raw))
    except ValueError as error:
        raise BadCell("unknown_voice", f"Write {', '.join(LeadVoice)}; none is instrumental.") from error


def _basis(raw: str) -> str:
    if plain(raw) not in {"ownership", "collection"}:
        raise BadCell("unknown_basis", "Write ownership or collection.")
    return plain(raw)


def _right(raw: str) -> str:
    word = plain(raw)
    for found in (word.replace(" ", "_"), aliases()["rights"].get(word, "")):
        if found in set(RightType):
            return found
    raise BadCell("unknown_right", f"There is no such right here; there is {', '.join(RightType)}.")


def _uses(raw: str) -> tuple[str, ...]:
    found = []
    for word in _words(raw):
        use = word.casefold() if word.casefold() in set(Use) else aliases()["uses"].get(plain(word), "")
        if use not in set(Use):
            raise BadCell("unknown_use", f"{word[:60]} is no use code; there is {', '.join(Use)}.")
        found.append(use)
    return tuple(dict.fromkeys(found))


def _territories(raw: str) -> tuple[str, ...]:
    world = aliases()["territories"]
    whole = world.get(plain(raw))
    found = (whole,) if whole else tuple(_territory(word, world) for word in re.split(r"[;,|\s]+", raw) if word)
    try:
        territories.check(found)
    except (territories.NoSuchTerritory, territories.NoTerritory) as error:
        raise BadCell("unknown_territory", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return found


def _territory(word: str, world: dict[str, str]) -> str:
    sign, bare = ("-", word[1:]) if word.startswith("-") else ("", word.removeprefix("+"))
    return sign + world.get(plain(bare), bare.upper())


def _words(raw: str) -> list[str]:
    return [word for word in (part_.strip() for part_ in re.split(r"[;,|\n]+", raw)) if word]


def _digest(raw: str) -> str:
    bare = raw.casefold().removeprefix("sha256:").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", bare):
        raise BadCell("bad_digest", "A SHA-256 has 64 digits of 0-9 and a-f; “sha256:” before it may stand.")
    return bare


_READERS: dict[str, Callable[[Iterator[_Row | Problem]], Iterator[Line]]] = {
    "catalogue": _catalogue,
    "shares": _shares,
    "consents": _consents,
}
