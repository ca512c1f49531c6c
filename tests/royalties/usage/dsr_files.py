"""DSR files as services write them, small enough to read, with one thing changed where a test wants that."""

from __future__ import annotations

from collections.abc import Sequence

Rows = list[list[str]]
SENDER = "PADPIDA2014120301U"


def head(
    *, profile: str = "BasicAudioProfile", version: str = "1.4", number: int = 1, files: int = 1, message: str = "M-1"
) -> list[str]:
    return [
        *(
            "HEAD",
            "dsrf/3.0/standard/basic",
            profile,
            version,
            message,
            "2026-05-01T00:00:00Z",
            str(number),
            str(files),
        ),
        *("2026-04", "2026-04", SENDER, "Stream Shop", "App", "", "", ""),
    ]


def summary(
    id: str = "S1", *, country: str = "DE", usages: str = "300", currency: str = "EUR", net: str = "4.20"
) -> list[str]:
    return ["SY01.03", id, "", "", "SubscriptionModel", "OnDemandStream", country, "", usages, "", currency, net]


def block(
    id: str,
    *,
    isrc: str = "",
    own: str = "R",
    usages: str = "100",
    of: str = "S1",
    transaction: str = "",
    bearing: str = "true",
) -> Rows:
    return [
        ["RE01.03", id, "1", f"REL-{id}"],
        ["AS01.03", id, "1", own + id, isrc, f"Title {id}", "", "Singer", "", "", "SoundRecording"],
        ["SU02.03", id, of, transaction or f"T-{id}", "", "1", bearing, usages],
    ]


def foot(rows: Sequence[Sequence[str]], *, lines: int = 0, report: str = "", blocks_in_report: str = "") -> list[str]:
    """The footer that counts these rows and itself."""
    summaries = sum(row[0].startswith("SY") for row in rows if row)
    blocks = len({row[1] for row in rows if row and row[0][:2] in {"RE", "AS", "SU", "MW", "LI"}})
    return ["FOOT", str(lines or len(rows) + 1), report, str(summaries), str(blocks), blocks_in_report]


def basic(*, footer: bool = True) -> Rows:
    """Two sound recordings that have all usages of their summary, and one line to be read by people."""
    rows = [
        head(),
        ["# SY01.03", "SummaryRecordId"],
        summary(),
        [],
        *block("B1", isrc="DEA812500001", usages="200"),
        *block("B2"),
    ]
    return [*rows, foot(rows)] if footer else rows


def royalties() -> Rows:
    """The Royalty Reporting profile: each line says what it earned."""
    rows = [
        head(profile="RoyaltyReportingProfile", version="1.0.1"),
        ["SY07", "S1", "", "", "", "", "US", "MakeAvailableRight", "", "12", "", "USD", "", "", "", "", "9.5", "9.5"],
        ["AS01", "B1", "1", "R1", "DEA812500001", "Title", "", "Singer", "", "PT3M", "SoundRecording"],
        ["SU03.01", "B1", "T1", "S1", "V1", "5", "1.0000001"],
        ["LI01.01", "B1", "S1", "Somebody", "", "", "50", "", "0.5", "0.5"],
        ["AS01", "B2", "1", "R2", "", "Other", "", "Singer", "", "PT3M", "SoundRecording"],
        ["SU03.01", "B2", "T2", "S1", "V2", "7", "8.4999999"],
    ]
    return [*rows, foot(rows)]


def written(rows: Sequence[Sequence[str]], *, end: str = "\n") -> bytes:
    return "".join("\t".join(row) + end for row in rows).encode()
