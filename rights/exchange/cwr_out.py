"""
Writes works as a file of CISAC's Common Works Registration, 2.2 or 3.1. Pure.

What the rules of the format refuse (`cwr_rules`) is refused here before the first byte: a society would return it weeks
later. The rules judge what the file says: each work is rendered and read back.

Exact parts become decimals of two places by the largest remainder, so that a third, a third and a third are written
33.34, 33.33 and 33.33: every set that is whole stays whole. The leftover goes to the largest cut, then to the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from rights.exchange.cwr_frames import Transaction, looks_like_utf8
from rights.exchange.cwr_layouts import Layout, NoSuchVersion, Record, layout
from rights.exchange.cwr_rules import judge
from rights.exchange.cwr_works import WHOLE, work_of
from rights.exchange.lines import Problem
from rights.identifiers import BadIsrc, BadIswc, isrc, iswc
from rights.territories import NoSuchTerritory, number

WRITTEN_VERSIONS: Final = ("2.2", "3.1")
EVERYBODY: Final = {"2.2": "000", "3.1": "0000"}  # the recipient of a file for several societies


class RefusedWork(Exception):
    """A work breaks the rules of CWR; correct what the problems name."""

    def __init__(self, work: str, problems: Sequence[Problem]) -> None:
        """Name the work by its number, with the problems that its record would have."""
        said = "; ".join(f"{each.field}: {each.sentence}" for each in problems)
        super().__init__(f"Work {work} cannot be registered. {said}")
        self.work = work
        self.problems = tuple(problems)


class DoesNotFit(Exception):
    """A text does not fit its field of a CWR record: shorten it, or use other characters."""

    def __init__(self, work: str, field: str, why: str) -> None:
        """Name the work by its number (empty for the heading), the record's field, and the reason."""
        super().__init__(f"Work {work}, field {field}: {why}" if work else f"Field {field}: {why}")
        self.work = work
        self.field = field


class NothingToWrite(Exception):
    """A CWR file holds at least one work."""


class SameNumberTwice(Exception):
    """Two works of one file have the same number; every work has its own."""


@dataclass(frozen=True)
class OutgoingShares:
    """Exact parts of the three rights."""

    performing: Fraction = Fraction(0)
    mechanical: Fraction = Fraction(0)
    synchronization: Fraction = Fraction(0)


@dataclass(frozen=True)
class OutgoingCollection:
    """What is collected in a territory without those that are excluded: TIS numbers or letters of countries."""

    shares: OutgoingShares
    include: str = "2136"
    excludes: tuple[str, ...] = ()
    may_change: bool = False  # shares change when the work is sub-published (2.2)
    recipient: str = "0000"  # for whom this is said (3.1)


@dataclass(frozen=True)
class Societies:
    """The societies of a party, as numbers of the society table."""

    performing: str = ""
    mechanical: str = ""
    synchronization: str = ""


@dataclass(frozen=True)
class OutgoingPublisher:
    """A publisher, in the chain of the original publisher it works for."""

    number: str
    name: str
    chain: int = 1
    role: str = "E"
    ownership: OutgoingShares = OutgoingShares()  # 2.2
    collections: tuple[OutgoingCollection, ...] = ()
    societies: Societies = Societies()
    ipi_name: str = ""
    ipi_base: str = ""
    agreement: str = ""
    is_controlled: bool = True


@dataclass(frozen=True)
class OutgoingWriter:
    """A writer, with the chains of publishers that represent the writer."""

    number: str
    last_name: str
    first_name: str = ""
    role: str = "CA"
    ownership: OutgoingShares = OutgoingShares()  # 2.2
    manuscript: OutgoingShares = OutgoingShares()  # 3.1
    collections: tuple[OutgoingCollection, ...] = ()
    societies: Societies = Societies()
    chains: tuple[int, ...] = ()
    ipi_name: str = ""
    ipi_base: str = ""
    is_controlled: bool = True


@dataclass(frozen=True)
class OutgoingRecording:
    """A recording of the work."""

    isrc: str = ""
    title: str = ""
    artist: str = ""
    label: str = ""
    number: str = ""
    released_on: date | None = None
    duration_s: int = 0


@dataclass(frozen=True)
class OutgoingWork:
    """A work to register, or to register anew with all it has (``is_revision``, 2.2 only: since 3.0 all is WRK)."""

    number: str
    title: str
    writers: tuple[OutgoingWriter, ...]
    publishers: tuple[OutgoingPublisher, ...] = ()
    recordings: tuple[OutgoingRecording, ...] = ()
    iswc: str = ""
    category: str = "POP"
    version_type: str = "ORI"
    arrangement: str = ""
    adaptation: str = ""
    text_music: str = ""
    duration_s: int = 0
    alternate_titles: tuple[str, ...] = ()
    performers: tuple[tuple[str, str], ...] = ()  # last name, first name
    is_revision: bool = False

    @property
    def parties(self) -> tuple[OutgoingPublisher | OutgoingWriter, ...]:
        return (*self.publishers, *self.writers)


@dataclass(frozen=True)
class OutgoingHeading:
    """Who sends what to whom, and which file of the year it is."""

    sender: str  # the CWR sender number: an IPI name number, of a society its number
    sender_name: str
    sender_code: str  # two or three characters, since 3.0 up to four
    created_at: datetime
    file_number: int  # 1 is the first of the year
    recipient: str = ""  # a society's number; empty for all
    sender_type: str = "PB"
    character_set: str = ""  # empty: ASCII in 2.2, ISO-8859-1 in 3.1
    software: str = ""
    software_version: str = ""


class BadHeading(Exception):
    """A CWR file is named by a sender code of two to four letters or digits and a number from 1 to 9999."""


def file_name(heading: OutgoingHeading, *, version: str) -> str:
    """
    Return the name a file must have: ``CWyynnnnsss_rrr.V22``, and since 3.0 ``CWyynnnnssss_rrrr_V3-1-0.SUB``.

    :raises NoSuchVersion: we do not write that version
    :raises BadHeading: the number or a code does not fit
    """
    longest = {"2.2": 3, "3.1": 4}.get(version)
    if longest is None:
        raise NoSuchVersion
    recipient = heading.recipient or EVERYBODY[version]
    for code in (heading.sender_code, recipient):
        if not re.fullmatch(rf"[A-Z0-9]{{2,{longest}}}", code):
            raise BadHeading(f"{code!r} is no code of two to {longest} capital letters or digits")
    if not 1 <= heading.file_number <= 9999:
        raise BadHeading(f"{heading.file_number} is no number from 1 to 9999")
    name = f"CW{heading.created_at:%y}{heading.file_number:04d}{heading.sender_code}_{recipient}"
    return f"{name}.V22" if version == "2.2" else f"{name}_V3-1-0.SUB"


def write(works: Sequence[OutgoingWork], *, heading: OutgoingHeading, version: str = "2.2") -> Iterator[bytes]:
    """
    Return the file line by line, after every work was checked.

    The text is in capitals, as the format wants it. Nothing is cut: what is too long is refused.

    :raises NoSuchVersion: we do not write that version
    :raises BadHeading: the file cannot be named
    :raises NothingToWrite: there are no works
    :raises SameNumberTwice: two works have one number
    :raises DoesNotFit: a text is too long, or not in the character set
    :raises RefusedWork: a work breaks the rules of the format
    """
    name = file_name(heading, version=version)
    if not works:
        raise NothingToWrite
    numbers = [work.number for work in works]
    if len(set(numbers)) < len(numbers):
        raise SameNumberTwice(next(number for number in numbers if numbers.count(number) > 1))
    renderer = _Renderer(layout(version), heading.character_set)
    first = renderer.heading(heading, name)
    for work in works:
        problems = _problems(renderer.work(work, 0), renderer.layout, heading.created_at.date())
        if problems:
            raise RefusedWork(work.number, problems)
    return _written(renderer, first, works)


def _written(renderer: _Renderer, first: str, works: Sequence[OutgoingWork]) -> Iterator[bytes]:
    yield renderer.encoded(first)
    records, groups = 1, 0
    for type in ("NWR", "REV", "WRK"):
        chosen = [work for work in works if renderer.type_of(work) == type]
        if not chosen:
            continue
        groups += 1
        group_records = 2
        version = renderer.layout.group_version
        yield renderer.encoded(
            renderer.control("GRH", transaction_type=type, group=f"{groups:05d}", version=version, batch="0" * 10)
        )
        for sequence, work in enumerate(chosen):
            for line in renderer.work(work, sequence):
                group_records += 1
                yield renderer.encoded(line)
        yield renderer.encoded(
            renderer.control(
                "GRT", group=f"{groups:05d}", transactions=f"{len(chosen):08d}", records=f"{group_records:08d}"
            )
        )
        records += group_records
    counts = {"groups": f"{groups:05d}", "transactions": f"{len(works):08d}", "records": f"{records + 1:08d}"}
    yield renderer.encoded(renderer.control("TRL", **counts))


def _problems(lines: Sequence[str], version: Layout, on: date) -> list[Problem]:
    """Return what a reader would find in a rendered work."""
    cut = [Record(position, version.records[line[:3]], line) for position, line in enumerate(lines, start=1)]
    transaction = Transaction(
        on=on, group=1, number=0, header=cut[0], type=cut[0].type, line=1, details=tuple(cut[1:]), problems=()
    )
    work, problems = work_of(transaction, version)
    return [*problems, *(judge(work) if work is not None else ())]


def decimals(parts: Sequence[Fraction]) -> list[int]:
    """Return exact parts as hundredths of a percent: each cut or rounded up, together what they are together."""
    exact = [part * WHOLE for part in parts]
    cut = [each.numerator // each.denominator for each in exact]
    left = round(sum(exact)) - sum(cut)
    order = sorted(range(len(exact)), key=lambda index: (cut[index] - exact[index], index))
    for index in order[: max(left, 0)]:
        cut[index] += 1
    return cut


_Triple = tuple[int, int, int]


def _triples(shares: Sequence[OutgoingShares]) -> list[_Triple]:
    columns = [
        decimals([getattr(each, right) for each in shares]) for right in ("performing", "mechanical", "synchronization")
    ]
    return [(pr, mr, sr) for pr, mr, sr in zip(*columns, strict=True)]


class _Renderer:
    """Fills the columns of one version."""

    def __init__(self, version: Layout, character_set: str) -> None:
        self.layout = version
        self._named = character_set
        self._codec = {"ASCII": "ascii", "ISO-8859-1": "iso8859-1", "UTF-8": "utf-8"}.get(
            character_set or version.character_set
        )
        if self._codec is None:
            raise DoesNotFit("", "HDR.character_set", "write ASCII, ISO-8859-1 or UTF-8, or leave it empty")

    def encoded(self, line: str) -> bytes:
        return line.encode(self._codec or "ascii") + b"\r\n"

    def type_of(self, work: OutgoingWork) -> str:
        if not self.layout.has_ownership:
            return "WRK"
        return "REV" if work.is_revision else "NWR"

    def heading(self, heading: OutgoingHeading, name: str) -> str:
        sender, sender_type = heading.sender_code, heading.sender_type
        if self.layout.has_ownership:
            sender = heading.sender.zfill(9)
            if len(sender) == 11:  # the two digits that do not fit go where the type stands (2.1 revision 8)
                sender_type, sender = (heading.sender_type if sender[:2] == "00" else sender[:2]), sender[2:]
        return self.control(
            "HDR",
            sender_type=sender_type,
            sender=sender,
            sender_name=heading.sender_name,
            sender_ipi=heading.sender.zfill(11),
            edi_version="01.10",
            created_on=f"{heading.created_at:%Y%m%d}",
            created_time=f"{heading.created_at:%H%M%S}",
            transmitted_on=f"{heading.created_at:%Y%m%d}",
            character_set=self._named,
            version=self.layout.version,
            revision={"2.2": "002", "3.1": "000"}[self.layout.version],
            software=heading.software,
            software_version=heading.software_version,
            file_name=name,
        )

    def control(self, type: str, **values: str) -> str:
        return self._line("", type, values)

    def _line(self, work: str, type: str, values: dict[str, str]) -> str:
        """Fill the columns of a record; fields that this version does not have are left out."""
        record = self.layout.records[type]
        text = [" "] * record.length
        text[:3] = type
        for field in record.fields.values():
            value = values.get(field.name, "")
            if field.kind != "A" and not value:
                value = "0" * field.size
            if field.name != "file_name":
                value = value.upper()
            if len(value) > field.size:
                raise DoesNotFit(work, f"{type}.{field.name}", f"{value!r} is longer than {field.size} characters")
            try:
                value.encode(self._codec or "ascii")
            except UnicodeEncodeError as error:
                why = f"{value!r} is not in the character set of the file"
                raise DoesNotFit(work, f"{type}.{field.name}", why) from error
            if not value.isprintable() or value != value.strip():
                raise DoesNotFit(work, f"{type}.{field.name}", f"{value!r} has blanks around it or control characters")
            text[field.start : field.end] = value.ljust(field.size)
        line = "".join(text)
        if self._codec == "iso8859-1" and looks_like_utf8(line.encode(self._codec)):
            raise DoesNotFit(work, type, "its letters beyond ASCII would be taken for UTF-8; choose UTF-8 for the file")
        return line

    # --- one work ---

    def work(self, work: OutgoingWork, sequence: int) -> list[str]:
        """Return the records of a transaction, numbered."""
        _check_shares(work)
        owned = _triples([each.ownership for each in work.parties])
        manuscript = _triples([writer.manuscript for writer in work.writers])
        collected = self._collected(work)
        records: list[tuple[str, dict[str, str]]] = [(self.type_of(work), _header(work))]
        for index, publisher in enumerate(work.publishers):
            records.append(("SPU" if publisher.is_controlled else "OPU", self._publisher(publisher, owned[index])))
            type = "SPT" if publisher.is_controlled else "OPT"
            records += self._territories(work, type, publisher, collected[index])
        for index, writer in enumerate(work.writers):
            type, territory = ("SWR", "SWT") if writer.is_controlled else ("OWR", "OWT")
            position = len(work.publishers) + index
            records.append((type, self._writer(writer, owned[position])))
            records += self._territories(work, territory, writer, collected[position])
            if "MAN" in self.layout.records:
                records.append(("MAN", {"number": writer.number, **_shares(manuscript[index])}))
            records += [("PWR", self._link(work, writer, chain)) for chain in writer.chains]
        records += [("ALT", {"title": title, "title_type": "AT"}) for title in work.alternate_titles]
        records += [("PER", {"last_name": last, "first_name": first}) for last, first in work.performers]
        records += [("REC", _recording(work.number, recording)) for recording in work.recordings]
        lines = [self._line(work.number, type, values) for type, values in records]
        return [f"{line[:3]}{sequence:08d}{position:08d}{line[19:]}" for position, line in enumerate(lines)]

    def _publisher(self, publisher: OutgoingPublisher, owned: _Triple) -> dict[str, str]:
        return {
            "chain": f"{publisher.chain:02d}",
            "number": publisher.number,
            "name": publisher.name,
            "unknown": self._unknown(is_unknown=not publisher.name, is_controlled=publisher.is_controlled),
            "role": publisher.role,
            "ipi_name": publisher.ipi_name,
            "ipi_base": publisher.ipi_base,
            "agreement": publisher.agreement,
            **self._societies(publisher.societies),
            **_shares(owned),
        }

    def _writer(self, writer: OutgoingWriter, owned: _Triple) -> dict[str, str]:
        return {
            "number": writer.number,
            "last_name": writer.last_name,
            "first_name": writer.first_name,
            "unknown": self._unknown(is_unknown=not writer.last_name, is_controlled=writer.is_controlled),
            "role": writer.role,
            "ipi_name": writer.ipi_name,
            "ipi_base": writer.ipi_base,
            **self._societies(writer.societies),
            **_shares(owned),
        }

    def _unknown(self, *, is_unknown: bool, is_controlled: bool) -> str:
        if self.layout.has_ownership and is_controlled:
            return ""  # must be blank there, even of somebody known
        return "Y" if is_unknown else "N"

    def _societies(self, societies: Societies) -> dict[str, str]:
        size = 3 if self.layout.has_ownership else 4
        return {
            f"{short}_society": value.zfill(3)[:size] if value else ""
            for short, value in (
                ("pr", societies.performing),
                ("mr", societies.mechanical),
                ("sr", societies.synchronization),
            )
        }

    def _link(self, work: OutgoingWork, writer: OutgoingWriter, chain: int) -> dict[str, str]:
        first = next((publisher for publisher in work.publishers if publisher.chain == chain), None)
        return {
            "chain": f"{chain:02d}",
            "publisher": first.number if first is not None else "",
            "publisher_name": first.name if first is not None else "",
            # One version cuts this field shorter than the numbers it refers to; nowhere else anything is cut.
            "writer": writer.number[: self.layout.records["PWR"].fields["writer"].size],
            "agreement": first.agreement if first is not None else "",
        }

    def _collected(self, work: OutgoingWork) -> list[list[_Triple]]:
        """Return the decimals of each party's collections; those of the same territories are rounded as one set."""
        found: list[list[_Triple]] = [[(0, 0, 0)] * len(party.collections) for party in work.parties]
        sets: dict[tuple[str, tuple[str, ...], str], list[tuple[int, int, OutgoingShares]]] = {}
        for party_index, party in enumerate(work.parties):
            for index, each in enumerate(party.collections):
                same = sets.setdefault((each.include, each.excludes, each.recipient), [])
                same.append((party_index, index, each.shares))
        for same in sets.values():
            for (party_index, index, _), triple in zip(same, _triples([each[2] for each in same]), strict=True):
                found[party_index][index] = triple
        return found

    def _territories(
        self,
        work: OutgoingWork,
        type: str,
        party: OutgoingPublisher | OutgoingWriter,
        collected: Sequence[_Triple],
    ) -> Iterator[tuple[str, dict[str, str]]]:
        position = 0
        for each, triple in zip(party.collections, collected, strict=True):
            rows = [("I", each.include, _shares(triple))]
            rows += [("E", code, _shares((0, 0, 0))) for code in each.excludes]
            for indicator, code, shares in rows:
                position += 1
                yield (
                    type,
                    {
                        "number": party.number,
                        "sequence": f"{position:03d}",
                        "indicator": indicator,
                        "territory": _tis(work.number, code),
                        "shares_change": "Y" if each.may_change else "N",
                        "recipient": each.recipient,
                        **self._societies(party.societies),
                        **shares,
                    },
                )


def _header(work: OutgoingWork) -> dict[str, str]:
    return {
        "title": work.title,
        "work_number": work.number,
        "iswc": _canonical(work.number, "iswc", work.iswc),
        "category": work.category,
        "duration": _duration(work.duration_s),
        "recorded": "Y" if work.recordings else "U",
        "text_music": work.text_music,
        "version_type": work.version_type,
        "arrangement": work.arrangement,
        "adaptation": work.adaptation,
    }


def _recording(work: str, recording: OutgoingRecording) -> dict[str, str]:
    return {
        "released_on": f"{recording.released_on:%Y%m%d}" if recording.released_on else "",
        "duration": _duration(recording.duration_s),
        "isrc": _canonical(work, "isrc", recording.isrc),
        "validity": "Y" if recording.isrc else "",
        "title": recording.title,
        "artist": recording.artist,
        "label": recording.label,
        "number": recording.number,
    }


def _check_shares(work: OutgoingWork) -> None:
    for party in work.parties:
        said = [party.ownership, *(each.shares for each in party.collections)]
        if isinstance(party, OutgoingWriter):
            said.append(party.manuscript)
        for shares in said:
            for part in (shares.performing, shares.mechanical, shares.synchronization):
                if not 0 <= part <= 1:
                    raise DoesNotFit(work.number, "shares", f"{part} of {party.number} is no part of the whole")


def _tis(work: str, code: str) -> str:
    try:
        return f"{number(code):04d}" if code.isalpha() else code.zfill(4)
    except NoSuchTerritory as error:
        raise DoesNotFit(work, "territory", str(error)) from error


def _canonical(work: str, name: str, raw: str) -> str:
    try:
        return {"iswc": iswc, "isrc": isrc}[name](raw) if raw else ""
    except (BadIswc, BadIsrc) as error:
        raise DoesNotFit(work, name, str(error)) from error


def _shares(triple: _Triple) -> dict[str, str]:
    return {f"{short}_share": f"{share:05d}" for short, share in zip(("pr", "mr", "sr"), triple, strict=True)}


def _duration(seconds: int) -> str:
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
