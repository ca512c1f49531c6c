"""Small CWR files, made line by line from the layouts; nothing is judged, so that tests can break every rule."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rights.exchange import cwr
from rights.exchange.cwr_layouts import layout
from rights.exchange.limits import Limits
from rights.exchange.lines import Heading, Line, PartyLine, Problem, RecordingLine, ShareLine, WorkLine

LIMITS = Limits()
Said = tuple[str, dict[str, str]]  # the type of a record and its fields


def record(version: str, type: str, /, **fields: str) -> str:
    """Return a line; empty dates, numbers, times and shares are filled with zeros."""
    cut = layout(version).records[type]
    text = list(type.ljust(cut.length))
    for field in cut.fields.values():
        value = fields.pop(field.name, "" if field.kind == "A" else "0" * field.size)
        assert len(value) <= field.size, (type, field.name, value)
        text[field.start : field.end] = value.ljust(field.size)
    assert not fields, fields
    return "".join(text)


def heading(version: str, /, **fields: str) -> str:
    known = {"sender_type": "PB", "sender_name": "NORTH PUBLISHING", "created_on": "20260301", "created_time": "101500"}
    known |= {"transmitted_on": "20260301"}
    if version.startswith("2"):
        known |= {"sender": "000000199", "edi_version": "01.10"}
    else:
        known |= {"sender": "NPX"}
    if version != "2.1":
        known["version"] = version
    return record(version, "HDR", **(known | fields))


def transaction(version: str, number: int, *said: Said) -> list[str]:
    lines = [record(version, type, **fields) for type, fields in said]
    return [f"{line[:3]}{number:08d}{position:08d}{line[19:]}" for position, line in enumerate(lines)]


def lines_of(version: str, *transactions: tuple[Said, ...], type: str = "", **header: str) -> list[str]:
    """Return a whole file of one group, with counts that fit."""
    type = type or transactions[0][0][0]
    found = [heading(version, **header)]
    found.append(record(version, "GRH", transaction_type=type, group="00001", **_group_version(version)))
    for number, said in enumerate(transactions):
        found += transaction(version, number, *said)
    count = f"{len(transactions):08d}"
    found.append(record(version, "GRT", group="00001", transactions=count, records=f"{len(found):08d}"))
    found.append(record(version, "TRL", groups="00001", transactions=count, records=f"{len(found) + 1:08d}"))
    return found


def _group_version(version: str) -> dict[str, str]:
    said = layout(version).group_version
    return {"version": said} if said else {}


def packed(lines: list[str], *, encoding: str = "ascii") -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def read(raw: bytes, *, limits: Limits = LIMITS) -> tuple[Heading, list[Line]]:
    heading, lines = cwr.read(io.BytesIO(raw), limits=limits)
    return heading, list(lines)


def problems(lines: list[Line]) -> list[Problem]:
    return [line for line in lines if isinstance(line, Problem)]


def codes(lines: list[Line]) -> list[str]:
    return [problem.code for problem in problems(lines)]


def works(lines: list[Line]) -> list[WorkLine]:
    return [line for line in lines if isinstance(line, WorkLine)]


def parties(lines: list[Line]) -> list[PartyLine]:
    return [line for line in lines if isinstance(line, PartyLine)]


def recordings(lines: list[Line]) -> list[RecordingLine]:
    return [line for line in lines if isinstance(line, RecordingLine)]


def shares(lines: list[Line], *, basis: str = "ownership", right: str = "performing") -> Iterator[ShareLine]:
    for line in lines:
        if isinstance(line, ShareLine) and line.basis == basis and line.right_type == right:
            yield line


# --- records of a sound work; tests change one thing ---


def _with(known: dict[str, str], changed: dict[str, str]) -> dict[str, str]:
    return known | changed


def nwr(**changed: str) -> Said:
    known = {"title": "WORK ONE", "work_number": "W1", "category": "POP", "recorded": "U", "version_type": "ORI"}
    return "NWR", _with(known, changed)


def wrk(**changed: str) -> Said:
    return "WRK", nwr(**changed)[1]


def three(pr: int, mr: int, sr: int) -> dict[str, str]:
    return {"pr_share": f"{pr:05d}", "mr_share": f"{mr:05d}", "sr_share": f"{sr:05d}"}


def spu(owned: tuple[int, int, int] = (5000, 10000, 10000), **changed: str) -> Said:
    known = {"chain": "01", "number": "P1", "name": "NORTH PUBLISHING", "role": "E", "ipi_name": "00000000199"}
    return "SPU", _with(known | three(*owned), changed)


def opu(owned: tuple[int, int, int] = (0, 0, 0), **changed: str) -> Said:
    known = {"chain": "02", "number": "P9", "name": "SOUTH PUBLISHING", "role": "E"}
    return "OPU", _with(known | three(*owned), changed)


def spt(collected: tuple[int, int, int] = (5000, 10000, 10000), **changed: str) -> Said:
    known = {"number": "P1", "indicator": "I", "territory": "2136", "sequence": "001"}
    return "SPT", _with(known | three(*collected), changed)


def swr(owned: tuple[int, int, int] = (5000, 0, 0), **changed: str) -> Said:
    known = {"number": "A1", "last_name": "WRITER", "first_name": "ANNA A", "role": "CA", "ipi_name": "00000000297"}
    return "SWR", _with(known | three(*owned), changed)


def owr(owned: tuple[int, int, int] = (0, 0, 0), **changed: str) -> Said:
    known = {"number": "A9", "last_name": "OTHER", "first_name": "WRITER", "role": "CA"}
    return "OWR", _with(known | three(*owned), changed)


def swt(collected: tuple[int, int, int] = (5000, 0, 0), **changed: str) -> Said:
    known = {"number": "A1", "indicator": "I", "territory": "2136", "sequence": "001"}
    return "SWT", _with(known | three(*collected), changed)


def pwr(**changed: str) -> Said:
    known = {"publisher": "P1", "publisher_name": "NORTH PUBLISHING", "writer": "A1", "chain": "01"}
    return "PWR", _with(known, changed)


def rec(**changed: str) -> Said:
    return "REC", _with({"isrc": "GBAYE0500001", "title": "TAKE ONE", "validity": "Y"}, changed)


def sound() -> tuple[Said, ...]:
    """A work of one writer and one publisher, 2.2."""
    return (nwr(), spu(), spt(), swr(), swt(), pwr())


def sound_31() -> tuple[Said, ...]:
    """The same in 3.1, where nobody owns and writers have manuscript shares."""
    without = {"pr_share", "mr_share", "sr_share"}

    def bare(said: Said, **more: str) -> Said:
        return said[0], {name: value for name, value in said[1].items() if name not in without} | more

    link = pwr()
    return (
        wrk(),
        bare(spu(), unknown="N"),
        ("SPT", spt()[1] | {"recipient": "0000"}),
        bare(swr(), unknown="N"),
        ("SWT", swt()[1] | {"recipient": "0000"}),
        ("MAN", {"number": "A1"} | three(10000, 10000, 10000)),
        ("PWR", {name: value for name, value in link[1].items() if name != "publisher_name"}),
    )
