"""What one CWR transaction says: a work with its publishers, writers, shares and recordings, as values. Pure.

Shares are hundredths of a percent here, as written; nothing is judged (`cwr_rules` does) and nothing is normalized
(`cwr` does).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rights.exchange.cwr_frames import Transaction, shown
from rights.exchange.cwr_layouts import Layout, Record
from rights.exchange.lines import Problem
from rights.territories import BadTerritoryRows, NoSuchTerritory, NoTerritory, covered, from_cwr

RIGHTS: Final = ("performing", "mechanical", "synchronization")
WHOLE: Final = 10_000  # 100 %, as 999v99
ALL_RECIPIENTS: Final = "0000"
WORK_TYPES: Final = frozenset({"NWR", "REV", "WRK"})
# A record of these types that cannot be taken leaves the work standing without it; of any other, the work falls.
ASIDE: Final = frozenset({"ALT", "PER", "REC", "ORN"})
PUBLISHER_ROLES: Final = frozenset({"AQ", "AM", "PA", "E", "ES", "SE"})
WRITER_ROLES: Final = frozenset({"AD", "AR", "A", "C", "CA", "SR", "SA", "TR", "PA"})
# A record speaks of the party right before it.
_PARTIES: Final = frozenset({"SPU", "OPU", "SWR", "OWR"})
_BEHIND: Final = {
    "SPT": frozenset({"SPU"}),
    "OPT": frozenset({"SPU", "OPU"}),
    "SWT": frozenset({"SWR"}),
    "OWT": frozenset({"OWR"}),
    "MAN": frozenset({"SWR", "OWR"}),
    "PWR": frozenset({"SWR", "OWR"}),
}

Shares = tuple[int, int, int]  # in the order of RIGHTS
NOTHING: Final[Shares] = (0, 0, 0)


@dataclass(frozen=True)
class Collection:
    """What is collected where: one inclusion with the exclusions that follow it."""

    line: int
    record: str
    codes: tuple[str, ...]  # read from left to right
    countries: frozenset[str]  # which these codes mean on the day of the file
    shares: Shares
    may_change: bool = False  # shares change when the work is sub-published
    recipient: str = ALL_RECIPIENTS

    @property
    def is_controlled(self) -> bool:
        """Whether the submitter speaks for it; what is said of others is no authoritative claim."""
        return self.record in {"SPT", "SWT"}


@dataclass(frozen=True)
class Publisher:
    """A publisher in its chain."""

    line: int
    record: str
    chain: int
    number: str
    name: str
    role: str
    ownership: Shares = NOTHING
    collections: tuple[Collection, ...] = ()
    ipi_name: str = ""
    ipi_base: str = ""
    is_unknown: bool = False


@dataclass(frozen=True)
class Link:
    """Which publisher represents the writer before it."""

    line: int
    publisher: str
    writer: str
    chain: int | None  # version 2.1 has no chain here


@dataclass(frozen=True)
class Writer:
    """A writer; ``manuscript`` is the part of the work that is theirs (3.1), None where the file does not say."""

    line: int
    record: str
    number: str
    last_name: str
    first_name: str
    role: str
    ownership: Shares = NOTHING
    manuscript: Shares | None = None
    collections: tuple[Collection, ...] = ()
    links: tuple[Link, ...] = ()
    societies: tuple[str, ...] = ()
    ipi_name: str = ""
    ipi_base: str = ""
    is_unknown: bool = False


@dataclass(frozen=True)
class Recording:
    """A recording of the work."""

    line: int
    number: str
    title: str
    isrc: str
    validity: str  # Y; U: not of this work; N: no ISRC of anything; empty where the file does not say


@dataclass(frozen=True)
class Work:
    """A registration."""

    line: int
    key: str
    type: str
    layout: Layout
    number: str
    title: str
    iswc: str
    version_type: str
    arrangement: str
    adaptation: str
    text_music: str
    publishers: tuple[Publisher, ...] = ()
    writers: tuple[Writer, ...] = ()
    recordings: tuple[Recording, ...] = ()

    def chains(self) -> dict[int, list[Publisher]]:
        """Return the publishers by their chain, both in the order of the file."""
        found: dict[int, list[Publisher]] = {}
        for publisher in self.publishers:
            found.setdefault(publisher.chain, []).append(publisher)
        return found

    @property
    def parties(self) -> tuple[Publisher | Writer, ...]:
        return (*self.publishers, *self.writers)

    def collections(self) -> Iterator[tuple[Publisher | Writer, Collection]]:
        """Yield everything that is collected, with who collects it."""
        for party in self.parties:
            for collection in party.collections:
                yield party, collection


@dataclass
class _Party:
    record: Record
    territories: list[Record] = field(default_factory=list)
    links: list[Record] = field(default_factory=list)
    manuscript: Record | None = None


@dataclass
class _Parts:
    """The details of a transaction while they are told apart."""

    publishers: list[_Party] = field(default_factory=list)
    writers: list[_Party] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    current: _Party | None = None

    def take(self, record: Record) -> Iterator[Problem]:
        before = self.current.record.type if self.current is not None else ""
        if record.type in _PARTIES:
            self.current = _Party(record)
            (self.publishers if record.type in {"SPU", "OPU"} else self.writers).append(self.current)
        elif record.type in _BEHIND:
            if self.current is None or before not in _BEHIND[record.type]:
                yield _misplaced(record)
            elif record.type == "PWR":
                self.current.links.append(record)
            elif record.type != "MAN":
                self.current.territories.append(record)
            elif self.current.manuscript is None:
                self.current.manuscript = record
            else:
                yield problem(record, "number", "second_manuscript", "A writer has one MAN record.")
        elif record.type == "REC":
            found = _recording(record)
            if found is None:
                yield problem(record, "isrc", "empty_recording", "A REC record needs an ISRC, a title or a number.")
            else:
                self.recordings.append(found)
        elif record.type in ASIDE:
            yield from _aside(record)
        else:
            yield _misplaced(record)


def shares(record: Record) -> Shares:
    """Return the three shares of a record; nought where a field is empty or malformed (`work_of` says which)."""
    pr, mr, sr = (record[f"{right}_share"] for right in ("pr", "mr", "sr"))
    return (_hundredths(pr), _hundredths(mr), _hundredths(sr))


def _hundredths(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() else 0


def problem(record: Record, name: str, code: str, sentence: str) -> Problem:
    """Return a problem with one field of a record."""
    return Problem(record.line, f"{record.type}.{name}", code, sentence, shown(record[name]))


def work_of(transaction: Transaction, layout: Layout) -> tuple[Work | None, list[Problem]]:
    """
    Return the work a transaction registers, and what is wrong with its lines; None where its header cannot be read.

    What its territories mean is asked of the day of the file.

    Whether a problem fells the work says `fells`.
    """
    problems = list(transaction.problems)
    header = transaction.header
    if header is None:
        return None, problems
    parts = _Parts()
    for record in (header, *transaction.details):
        problems += _malformed(record)
    for record in transaction.details:
        problems += parts.take(record)
    work = Work(
        line=header.line,
        key=f"{transaction.group}.{transaction.number}",
        type=transaction.type,
        layout=layout,
        number=header["work_number"],
        title=header["title"],
        iswc=header["iswc"],
        version_type=header["version_type"],
        arrangement=header["arrangement"],
        adaptation=header["adaptation"],
        text_music=header["text_music"],
        publishers=tuple(_publisher(party, transaction.on, problems) for party in parts.publishers),
        writers=tuple(_writer(party, transaction.on, problems) for party in parts.writers),
        recordings=tuple(parts.recordings),
    )
    return work, problems


def fells(problem: Problem) -> bool:
    """Return whether a work with this problem is not taken; a wrong date or side record is merely left out."""
    return problem.field[:3] not in ASIDE and problem.code not in {"bad_date", "bad_duration", "bad_number"}


def _misplaced(record: Record) -> Problem:
    sentence = f"A {record.type} record may not stand here; put it behind the record it belongs to."
    return Problem(record.line, record.type, "misplaced_record", sentence, shown(record.text.rstrip()))


def _malformed(record: Record) -> Iterator[Problem]:
    for name, kind in record.malformed():
        if kind == "S":
            yield problem(record, name, "bad_share", "A share has five digits: 05000 is 50 %.")
        elif kind == "D":
            yield problem(record, name, "bad_date", "A date has eight digits, YYYYMMDD, or is filled with zeros.")
        elif kind == "T":
            yield problem(record, name, "bad_duration", "A duration has six digits, HHMMSS.")
        elif name in {"chain", "sequence"}:
            yield problem(record, name, "bad_sequence", "The number needs digits, filled with zeros.")
        else:
            yield problem(record, name, "bad_number", "A number needs digits, filled with zeros.")


def _aside(record: Record) -> Iterator[Problem]:
    name = {"ALT": "title", "PER": "last_name", "ORN": "purpose"}[record.type]
    if not record[name]:
        yield problem(record, name, "missing_field", f"A {record.type} record needs this field.")


def _recording(record: Record) -> Recording | None:
    found = Recording(
        line=record.line,
        number=record["number"],
        title=record["title"],
        isrc=record["isrc"],
        validity=record["validity"],
    )
    return found if found.number or found.title or found.isrc else None


def _publisher(party: _Party, on: date, problems: list[Problem]) -> Publisher:
    record = party.record
    role = record["role"]
    if record.type == "OPU" and role not in PUBLISHER_ROLES:
        role = "E"  # what the format says of other publishers without a role it knows
    return Publisher(
        line=record.line,
        record=record.type,
        chain=_hundredths(record["chain"]),
        number=record["number"],
        name=record["name"],
        role=role,
        ownership=shares(record) if "pr_share" in record.layout.fields else NOTHING,
        collections=tuple(_collections(party, on, problems)),
        ipi_name=record["ipi_name"],
        ipi_base=record["ipi_base"],
        is_unknown=record["unknown"] == "Y" or not record["name"],
    )


def _writer(party: _Party, on: date, problems: list[Problem]) -> Writer:
    record = party.record
    if party.manuscript is not None and party.manuscript["number"] != record["number"]:
        problems.append(_other_party(party.manuscript, record))
    links = [
        Link(
            line=link.line,
            publisher=link["publisher"],
            writer=link["writer"],
            chain=_hundredths(link["chain"]) if "chain" in link.layout.fields else None,
        )
        for link in party.links
    ]
    return Writer(
        line=record.line,
        record=record.type,
        number=record["number"],
        last_name=record["last_name"],
        first_name=record["first_name"],
        role=record["role"],
        ownership=shares(record) if "pr_share" in record.layout.fields else NOTHING,
        manuscript=shares(party.manuscript) if party.manuscript is not None else None,
        collections=tuple(_collections(party, on, problems)),
        links=tuple(links),
        societies=tuple(record[f"{right}_society"] for right in ("pr", "mr", "sr")),
        ipi_name=record["ipi_name"],
        ipi_base=record["ipi_base"],
        is_unknown=record["unknown"] == "Y" or not record["last_name"],
    )


def _other_party(record: Record, before: Record) -> Problem:
    sentence = f"The number must be that of the {before.type} record before it, {before['number'] or 'none'}."
    return problem(record, "number", "other_party", sentence)


def _collections(party: _Party, on: date, problems: list[Problem]) -> Iterator[Collection]:
    """Yield each inclusion with its exclusions: an exclusion always speaks of the inclusion before it."""
    blocks: list[list[Record]] = []
    for position, record in enumerate(party.territories, start=1):
        if record["number"] != party.record["number"]:
            problems.append(_other_party(record, party.record))
        if record["sequence"] and _hundredths(record["sequence"]) != position:
            sentence = f"Territories are numbered from 001 behind each party; this is number {position:03d}."
            problems.append(problem(record, "sequence", "bad_sequence", sentence))
        match record["indicator"]:
            case "I" | "E" if not re.fullmatch(r"[0-9]{1,4}", record["territory"]):
                sentence = "A territory is a TIS number of four digits."
                problems.append(problem(record, "territory", "bad_territory", sentence))
            case "I":
                blocks.append([record])
            case "E" if not blocks:
                sentence = "An exclusion speaks of the inclusion before it; write the included territory first."
                problems.append(problem(record, "indicator", "exclude_without_include", sentence))
            case "E":
                blocks[-1].append(record)
                if any(shares(record)):
                    sentence = "An excluded territory has no shares; fill them with zeros, or include it."
                    problems.append(problem(record, "pr_share", "exclude_with_share", sentence))
            case _:
                sentence = "The indicator is I for an included territory or E for an excluded one."
                problems.append(problem(record, "indicator", "bad_indicator", sentence))
    for block in blocks:
        try:
            yield _collection(block, on)
        except (BadTerritoryRows, NoSuchTerritory, NoTerritory) as error:
            problems.append(problem(block[0], "territory", "bad_territory", f"{error}."))


def _collection(block: list[Record], on: date) -> Collection:
    include = block[0]
    codes = from_cwr([(record["indicator"], record["territory"]) for record in block])
    return Collection(
        line=include.line,
        record=include.type,
        codes=codes,
        countries=covered(codes, on),
        shares=shares(include),
        may_change=include["shares_change"] == "Y",
        recipient=include["recipient"].rjust(4, "0"),
    )


# --- places ---


@dataclass(frozen=True)
class Place:
    """Countries in which, for a recipient, the same is collected: by which of the collections, by their positions."""

    countries: frozenset[str]
    recipient: str
    collections: tuple[int, ...]


def places(collections: Sequence[Collection]) -> list[Place]:
    """Return where anything is collected, so that what holds in one country of a place holds in all of them."""
    found: list[Place] = []
    for recipient in recipients(collections):
        sets: dict[frozenset[str], list[int]] = {}
        for index, each in enumerate(collections):
            if each.recipient in {ALL_RECIPIENTS, recipient}:
                sets.setdefault(each.countries, []).append(index)
        if len(sets) == 1:  # nearly always: everything is collected in the same countries
            found += [Place(countries, recipient, tuple(indexes)) for countries, indexes in sets.items() if countries]
            continue
        reached: dict[str, list[int]] = {}
        for position, countries in enumerate(sets):
            for country in countries:
                reached.setdefault(country, []).append(position)
        same: dict[tuple[int, ...], set[str]] = {}
        for country, positions in reached.items():
            same.setdefault(tuple(positions), set()).add(country)
        by_position = list(sets.values())
        for together, alike in sorted(same.items()):
            indexes = sorted(index for position in together for index in by_position[position])
            found.append(Place(frozenset(alike), recipient, tuple(indexes)))
    return found


def recipients(collections: Iterable[Collection]) -> list[str]:
    """Return for whom anything is said; what is said for all counts for each of them."""
    return sorted({each.recipient for each in collections} - {ALL_RECIPIENTS}) or [ALL_RECIPIENTS]
