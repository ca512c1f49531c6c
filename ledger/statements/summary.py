"""
The public summary of a version's training as a document: what is declared and what is on record, side by side. Pure.

It has the sections and the numbering of the Commission's template (AI Act art. 53(1)(d)). Whoever shows one, on a page,
on paper or as a table, shows the same figures in the same words.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rights import coverage, training
from rights.coverage import Coverage, Dimension, Flags, Row
from rights.exchange.cells import safe_cell
from rights.permission import Code
from rights.training import Answered, Contradiction, Document, Said
from rights.vocabulary import Answer, AssetKind

KINDS = {
    AssetKind.RECORDING: ("recording", "recordings"),
    AssetKind.WORK: ("work", "works"),
    AssetKind.VOICE: ("voice", "voices"),
    AssetKind.STEM: ("stem", "stems"),
    AssetKind.LYRICS: ("text of lyrics", "texts of lyrics"),
}
ANSWERS = {
    Answer.ALLOW: "allowed",
    Answer.DENY: "refused",
    Answer.NEEDS_APPROVAL: "needs approval",
    Answer.UNKNOWN: "not allowed: unknown",
}
CODES = {
    Code.NO_SUCH_ASSET: "not registered then",
    Code.SIDE_UNKNOWN: "a side is unknown",
    Code.NOBODY_REGISTERED: "no holder of the training right is registered",
    Code.UNDER_CLAIMED: "less than the whole right is claimed",
    Code.OVER_CLAIMED: "more than the whole right is claimed",
    Code.RESERVED: "reserved",
    Code.WITHDRAWN: "consent withdrawn",
    Code.NOT_COVERED_BY_CONSENT: "the consent covers something else",
    Code.NOT_CONSENTED: "nobody consented",
    Code.APPROVAL_NEEDED: "approval is needed",
    Code.CONSENTED: "consented",
    Code.NOT_LICENSED: "no license",
    Code.LICENSE_LAPSED: "the license had ended",
    Code.LICENSE_NOT_IN_FORCE: "the license was not in force",
    Code.NOT_COVERED_BY_LICENSE: "the license covers something else",
    Code.LICENSE_EXHAUSTED: "the license is used up",
    Code.LICENSED: "licensed",
}
REASONS = {
    "reserved": "Reserved",
    "withdrawn": "Consent withdrawn",
    "not_licensed": "Not licensed",
    "not_consented": "Not consented",
    "asked": "A holder or a person asked for it",
    "protected": "Of a minor or of somebody under guardianship",
    "quality": "Quality",
    "duplicate": "Duplicate",
    "illegal": "Illegal content",
    "other": "Other",
}


@dataclass(frozen=True)
class Moment:
    """A day as at which members are asked about."""

    key: str  # frozen, began, ended, now
    name: str
    on: date


@dataclass(frozen=True)
class LicenseLine:
    """One license that training rests on."""

    id: UUID
    licensor: str
    active_from: date
    active_to: date | None
    is_by_another: bool
    in_force: Mapping[str, bool]  # moment → whether
    members: int = 0


@dataclass(frozen=True)
class MemberLine:
    """One member with its chain: the license it came in under, and what is answered at each moment."""

    kind: AssetKind
    id: UUID
    title: str
    code: str  # ISRC or ISWC
    license_id: UUID | None
    licensor: str
    said: Mapping[str, Said]  # moment → answer

    @property
    def is_withdrawn_since(self) -> bool:
        """Whether it could be trained on when training ended and cannot any more."""
        ended, now = self.said.get("ended"), self.said.get("now")
        return ended is not None and now is not None and ended.answer is Answer.ALLOW and now.is_against

    @property
    def is_refused_in_training(self) -> bool:
        """Whether something stood against it when training began or ended."""
        return any(said.is_against for key, said in self.said.items() if key in {"began", "ended"})


@dataclass(frozen=True)
class ExclusionLine:
    """What was left out for one reason."""

    reason: str
    assets: int
    others: int  # of what is registered nowhere
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the reason is called."""
        return REASONS.get(self.reason, self.reason)


@dataclass(frozen=True)
class EntryLine:
    """An entry of the log that the summary rests on."""

    name: str
    id: UUID
    index: int | None


@dataclass
class Tally:
    """What members come to at each moment; memory does not grow with them."""

    members: int = 0
    kinds: Counter[AssetKind] = field(default_factory=Counter)
    answers: dict[str, Counter[Answer]] = field(default_factory=dict)
    codes: dict[str, Counter[Code]] = field(default_factory=dict)
    by_license: Counter[UUID | None] = field(default_factory=Counter)
    withdrawn_since: int = 0
    refused_in_training: int = 0
    unlicensed_of_others: int = 0
    untimed: int = 0

    def add(self, line: MemberLine) -> None:
        """Count one member."""
        self.members += 1
        self.kinds[line.kind] += 1
        self.by_license[line.license_id] += 1
        self.withdrawn_since += line.is_withdrawn_since
        self.refused_in_training += line.is_refused_in_training
        for key, said in line.said.items():
            self.answers.setdefault(key, Counter())[said.answer] += 1
            self.codes.setdefault(key, Counter()).update(code for code in said.codes if code in _SPEAKING)


# What says why a member is not simply allowed.
_SPEAKING = frozenset(Code) - {Code.CONSENTED, Code.LICENSED}


@dataclass(frozen=True)
class Summary:
    """Everything that is said about the training of one version."""

    version_id: UUID
    model_id: UUID
    model: str
    label: str
    provider: str
    registered_at: datetime
    trained_from: date | None
    trained_to: date | None
    retired_on: date | None
    code_digest: str
    weights_digest: str
    has_identity_features: bool
    dataset_id: UUID | None
    dataset: str
    keeper: str
    frozen_at: datetime | None
    members_digest: str
    member_count: int
    despite: str
    is_digest_right: bool | None  # None: not all members are there to be digested
    valid_at: date
    known_at: datetime
    moments: tuple[Moment, ...]
    tally: Tally
    licenses: tuple[LicenseLine, ...]
    exclusions: tuple[ExclusionLine, ...]
    statement_id: UUID | None
    statement_number: int | None
    statement_digest: str
    stated_at: datetime | None
    document: Document | None
    contradictions: tuple[Contradiction, ...]
    coverage: Coverage
    compared: Coverage
    compared_with: str  # what it is
    entries: tuple[EntryLine, ...]
    checkpoint_size: int
    checkpoint_root: str
    flagged: tuple[MemberLine, ...] = ()  # the first of those against which something stands or stood

    @property
    def name(self) -> str:
        """What the version is called."""
        return f"{self.model} {self.label}"

    @property
    def is_whole(self) -> bool:
        """Whether every member is there to be seen."""
        return self.tally.members == self.member_count

    def rows(self, by: Dimension) -> tuple[Row, ...]:
        """Return the groups of a dimension beside what they are compared with."""
        return coverage.rows(self.coverage, by, beside=self.compared)


@dataclass(frozen=True)
class Section:
    """One section of the template."""

    number: str
    heading: str
    declared: tuple[Answered, ...]
    recorded: tuple[str, ...]

    @property
    def depth(self) -> int:
        """How deep it lies: 1 for a chapter."""
        return self.number.count(".") + 1

    @property
    def is_silent(self) -> bool:
        """Whether it asks something and has nothing to say."""
        is_asked = any(question.number == self.number for question in training.QUESTIONS)
        return is_asked and not self.declared and not self.recorded


def sections(it: Summary) -> tuple[Section, ...]:
    """Return the template's sections, each with what is declared and what is on record."""
    return tuple(
        Section(number, heading, training.answered(it.document, number), tuple(_RECORDED[number](it)))
        if number in _RECORDED
        else Section(number, heading, training.answered(it.document, number), ())
        for number, heading in training.SECTIONS.items()
    )


def hours(duration_ms: int) -> str:
    """Write a duration in hours with one decimal, in minutes where it is less than one; a dash where there is none."""
    if not duration_ms:
        return "–"
    if duration_ms < 3_600_000:
        minutes, rest = divmod(duration_ms // 1000, 60)
        return f"{minutes}:{rest:02d} min"
    return f"{duration_ms // 360_000 / 10:,.1f} h"


def percent(part: int, whole: int) -> str:
    """Write a part of a whole in percent, with one decimal; a dash where there is no whole."""
    if not whole:
        return "–"
    tenths = (part * 2000 + whole) // (2 * whole)  # half up
    return f"{tenths // 10}.{tenths % 10} %"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _of_provider(it: Summary) -> Iterator[str]:
    yield f"Provider: {it.provider}"


def _of_model(it: Summary) -> Iterator[str]:
    yield f"Model and version: {it.name}, registered {it.registered_at:%Y-%m-%d}"
    if it.trained_from and it.trained_to:
        yield f"Trained from {it.trained_from} to {it.trained_to}"
    if it.weights_digest:
        yield f"Weights: sha256:{it.weights_digest}"
    if it.code_digest:
        yield f"Code: sha256:{it.code_digest}"
    if it.retired_on:
        yield f"Retired: does not run from {it.retired_on} on"


def _of_data(it: Summary) -> Iterator[str]:
    if it.dataset_id is None:
        yield "No dataset is registered for this version."
        return
    kinds = ", ".join(counted(it.tally.kinds[kind], *KINDS[kind]) for kind in AssetKind if it.tally.kinds[kind])
    yield (
        f"Dataset “{it.dataset}” with {counted(it.member_count, 'member')}, frozen {it.frozen_at:%Y-%m-%d}, "
        f"sha256:{it.members_digest}"
    )
    if it.frozen_at and it.trained_from and it.frozen_at.date() > it.trained_from:
        yield "It was frozen here after training had begun: what it says of the training was recorded afterwards."
    if not it.is_whole:
        yield f"{it.tally.members:,} of them are yours to see, and the figures here are of these."
    yield (
        f"{kinds or 'Nothing'}; audio of {counted(it.coverage.timed, 'recording')} is known, "
        f"{hours(it.coverage.duration_ms)}"
    )
    # No line may end between a figure and its sign.
    languages = [
        f"{row.name} {percent(row.count, row.whole)}".replace(" %", "\u00a0%")
        for row in it.rows(Dimension.LANGUAGE)
        if row.count
    ]
    if languages:
        yield f"Languages of the lyrics, as holders describe them: {', '.join(languages[:8])}"


def _of_licenses(it: Summary) -> Iterator[str]:
    others = [one for one in it.licenses if one.is_by_another]
    if not others:
        yield "No license from somebody else than the provider is on record."
        return
    yield (
        f"{counted(len(others), 'license')} of other holders, under which "
        f"{counted(sum(one.members for one in others), 'member')} came in. Each of them is in the list of members."
    )
    for one in others[:20]:
        ended = f" to before {one.active_to}" if one.active_to else ""
        lapsed = [moment.name.lower() for moment in it.moments if not one.in_force.get(moment.key, True)]
        yield (
            f"License {one.id} of {one.licensor}, from {one.active_from}{ended}: {counted(one.members, 'member')}"
            + (f"; not in force {', '.join(lapsed)}" if lapsed else "")
        )
    if len(others) > 20:
        yield f"{len(others) - 20} more are in the list of members."


def _of_others(it: Summary) -> Iterator[str]:
    if it.tally.unlicensed_of_others:
        yield (
            f"{counted(it.tally.unlicensed_of_others, 'member')} in which others hold shares came in without a license "
            "that is on record."
        )
    elif it.dataset_id:
        yield "No member in which others hold a share came in without a license."


def _of_reservations(it: Summary) -> Iterator[str]:
    for moment in it.moments:
        answers, codes = it.tally.answers.get(moment.key, Counter()), it.tally.codes.get(moment.key, Counter())
        if not answers:
            continue
        said = ", ".join(f"{ANSWERS[answer]} {answers[answer]:,}" for answer in Answer if answers[answer])
        why = ", ".join(
            f"{CODES[code]} {codes[code]:,}"
            for code in (Code.RESERVED, Code.WITHDRAWN, Code.LICENSE_LAPSED)
            if codes[code]
        )
        yield f"{moment.name} ({moment.on}): {said}" + (f". Against: {why}" if why else "")
    for line in it.exclusions:
        parts = [counted(line.assets, "registered asset")] if line.assets else []
        parts += [f"{line.others:,} registered nowhere"] if line.others else []
        yield f"Left out when the dataset was frozen – {line.name.lower()}: {' and '.join(parts)}"
    if it.dataset_id and not it.exclusions:
        yield "Nothing is recorded as left out of the dataset."
    if it.despite:
        yield f"The keeper asserts a ground for members against which something stood: “{it.despite}”"


_RECORDED = {
    "1.1": _of_provider,
    "1.2": _of_model,
    "1.3": _of_data,
    "2.2.1": _of_licenses,
    "2.2.2": _of_others,
    "3.1": _of_reservations,
}


# --- As data


def data(it: Summary) -> dict[str, Any]:
    """Return everything as JSON has it: ids, codes, whole numbers."""
    return {
        "model_version": str(it.version_id),
        "model": str(it.model_id),
        "name": it.name,
        "provider": it.provider,
        "valid_at": it.valid_at.isoformat(),
        "known_at": it.known_at.isoformat().replace("+00:00", "Z"),
        "template": training.TEMPLATE,
        "trained_from": it.trained_from.isoformat() if it.trained_from else None,
        "trained_to": it.trained_to.isoformat() if it.trained_to else None,
        "retired_on": it.retired_on.isoformat() if it.retired_on else None,
        "dataset": {
            "id": str(it.dataset_id),
            "name": it.dataset,
            "keeper": it.keeper,
            "frozen_at": it.frozen_at.isoformat().replace("+00:00", "Z") if it.frozen_at else None,
            "digest": f"sha256:{it.members_digest}",
            "is_digest_right": it.is_digest_right,
            "members": it.member_count,
            "members_seen": it.tally.members,
            "kinds": {kind.value: it.tally.kinds[kind] for kind in AssetKind if it.tally.kinds[kind]},
            "despite": it.despite,
        }
        if it.dataset_id
        else None,
        "moments": [
            {
                "moment": moment.key,
                "on": moment.on.isoformat(),
                "answers": {
                    answer.value: number for answer, number in sorted(it.tally.answers.get(moment.key, {}).items())
                },
                "because": {code.value: number for code, number in sorted(it.tally.codes.get(moment.key, {}).items())},
            }
            for moment in it.moments
        ],
        "withdrawn_since": it.tally.withdrawn_since,
        "refused_in_training": it.tally.refused_in_training,
        "licenses": [
            {
                "id": str(one.id),
                "licensor": one.licensor,
                "active_from": one.active_from.isoformat(),
                "active_to": one.active_to.isoformat() if one.active_to else None,
                "is_by_another": one.is_by_another,
                "in_force": dict(one.in_force),
                "members": one.members,
            }
            for one in it.licenses
        ],
        "exclusions": [
            {"reason": one.reason, "assets": one.assets, "others": one.others, "notes": list(one.notes)}
            for one in it.exclusions
        ],
        "statement": {
            "id": str(it.statement_id),
            "number": it.statement_number,
            "digest": f"sha256:{it.statement_digest}",
            "document": it.document,
        }
        if it.statement_id
        else None,
        "contradictions": [
            {"code": one.code, "section": one.section, "sentence": one.sentence} for one in it.contradictions
        ],
        "sections": [
            {
                "number": one.number,
                "heading": one.heading,
                "declared": [{"asks": said.question.asks, "lines": list(said.lines)} for said in one.declared],
                "recorded": list(one.recorded),
            }
            for one in sections(it)
        ],
        "coverage": coverage_data(it.coverage, it.compared, it.compared_with),
        "entries": [{"name": one.name, "id": str(one.id), "index": one.index} for one in it.entries],
        "checkpoint": {"size": it.checkpoint_size, "root": it.checkpoint_root},
    }


def coverage_data(of: Coverage, beside: Coverage, beside_what: str) -> dict[str, Any]:
    """Return what is covered, beside what it is compared with, as JSON has it."""
    return {
        "recordings": of.recordings,
        "others": of.others,
        "described": of.described,
        "timed": of.timed,
        "duration_ms": of.duration_ms,
        "compared_with": beside_what,
        "dimensions": {
            by.value: [
                {
                    "group": row.group,
                    "name": row.name,
                    "count": row.count,
                    "of": row.whole,
                    "duration_ms": row.duration_ms,
                    "compared": row.compared,
                    "compared_of": row.compared_whole,
                }
                for row in coverage.rows(of, by, beside=beside)
            ]
            for by in Dimension
        },
    }


def flags_data(found: Mapping[Dimension, tuple[Flags, ...]]) -> dict[str, Any]:
    """Return how often flags were wrong as JSON has it; the interval in millionths, None where too few were judged."""
    return {
        by.value: [
            {
                "group": row.group,
                "name": row.name,
                "matches": row.matches,
                "judged": row.judged,
                "wrong": row.wrong,
                "interval_millionths": [round(end * 1_000_000) for end in row.interval] if row.interval else None,
            }
            for row in rows
        ]
        for by, rows in found.items()
    }


# --- As a table

COLUMNS = (
    "asset_kind",
    "asset_id",
    "title",
    "code",
    "license_id",
    "licensor",
    *(f"{key}_{what}" for key in ("frozen", "began", "ended", "now") for what in ("answer", "because")),
    "withdrawn_since",
)


def table(lines: Iterable[MemberLine]) -> Iterator[str]:
    """Yield the members with their licenses as lines of CSV, in the order of the digest."""
    yield _row(COLUMNS)
    for line in lines:
        cells = [line.kind.value, str(line.id), line.title, line.code, str(line.license_id or ""), line.licensor]
        for key in ("frozen", "began", "ended", "now"):
            said = line.said.get(key)
            cells += [said.answer.value, " ".join(said.codes)] if said else ["", ""]
        yield _row([*cells, "yes" if line.is_withdrawn_since else ""])


def coverage_table(it: Mapping[Dimension, Iterable[Row]]) -> Iterator[str]:
    """Yield coverage as lines of CSV."""
    yield _row(("dimension", "group", "name", "count", "of", "duration_ms", "compared_count", "compared_of"))
    for by, rows in it.items():
        for row in rows:
            group = "several" if row.group is None else row.group or "unknown"
            compared = "" if row.compared is None else str(row.compared)
            numbers = (row.count, row.whole, row.duration_ms)
            yield _row((by.value, group, row.name, *map(str, numbers), compared, str(row.compared_whole)))


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([safe_cell(cell) for cell in cells])
    return written.getvalue()
