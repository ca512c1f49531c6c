"""
From what a file says to what would be written: which lines name something that is there, which are new, which cannot
be taken. Looks up and writes nothing.

Lines stand together as their format has them: the lines of a CWR work are taken whole or not at all, a row of a sheet
too. What is new gets an id that follows from the batch and the key in the file, so that an import that was killed
finds again what it had written.

An import looks with the eyes of its organization. Names and titles are found among what that sees. A code of something
that it does not see is a problem that tells nothing else: a code is registered once, and whose it is, is for the
operator to say. What files say of others – a publisher's CWR names all writers of a work, with what they hold – are
claims that the organization records, as their registrar: of what it registered or holds a part of itself, and of
nothing else. A consent is imported for a party that the organization acts for, and for nobody else.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import islice
from typing import Any, Final, Self
from uuid import UUID, uuid5

from django.db.models import Model, QuerySet

from ledger.incoming import SHEETS, Reading
from ledger.models import ImportBatch
from rights import authority, claims, descriptions, mandates, matching, shares, term_limits, territories, visibility
from rights.claims import Holding
from rights.consents import ConsentTerms
from rights.describing import Description
from rights.exchange.ack import Acknowledgement
from rights.exchange.lines import (
    ConsentLine,
    Line,
    PartyLine,
    Problem,
    RecordingLine,
    ReleaseLine,
    ShareLine,
    WorkLine,
    WrittenCode,
)
from rights.identifiers import BadCode, Code, Scheme
from rights.mandates import Standing
from rights.matching import CodeKey, code_of, codes_of, key_of, plain
from rights.merges import survivors
from rights.models import (
    Consent,
    Identifier,
    Party,
    Recording,
    RecordingDescription,
    RecordingWork,
    Release,
    Share,
    Work,
)
from rights.registry import AssetRef
from rights.shares import Field, GivenShare
from rights.visibility import Sight
from rights.vocabulary import Basis, ConsentAct, PartyKind, RightType, ShareAct

LINES_AT_ONCE = 500  # and what belongs together with the last of them
MOST_TOGETHER = 5_000  # lines that belong together; what is more is planned in pieces
TRACKS_AT_ONCE = 200  # releases planned at once
_LARGEST_INTEGER = 2**63 - 1
_SEVERAL = UUID(int=0)  # what a name stands for that several parties of the file have
_ONE_OF_A_KIND = frozenset(Scheme) - {Scheme.PROPRIETARY, Scheme.IPI_NAME}  # of which a thing has one
_SCHEMES: Final = {
    "ipi": Scheme.IPI_NAME,
    "isni": Scheme.ISNI,
    "dpid": Scheme.DPID,
    "isrc": Scheme.ISRC,
    "iswc": Scheme.ISWC,
}


# --- What would be written


@dataclass(frozen=True)
class NewParty:
    """A party to register."""

    line: int
    id: UUID
    kind: PartyKind
    name: str
    model: type[Model] = Party


@dataclass(frozen=True)
class NewWork:
    """A work to register."""

    line: int
    id: UUID
    title: str
    iswc: str | None
    model: type[Model] = Work


@dataclass(frozen=True)
class NewRecording:
    """A recording to register, with its works."""

    line: int
    id: UUID
    title: str
    isrc: str | None
    work_ids: tuple[UUID, ...]
    model: type[Model] = Recording


@dataclass(frozen=True)
class NewLink:
    """That a work is in a recording which is there already."""

    line: int
    id: UUID
    recording_id: UUID
    work_id: UUID
    model: type[Model] = RecordingWork


@dataclass(frozen=True)
class NewRelease:
    """A release to register, with its tracks."""

    line: int
    id: UUID
    title: str
    icpn: str | None
    grid: str | None
    recording_ids: tuple[UUID, ...]
    model: type[Model] = Release


@dataclass(frozen=True)
class NewCode:
    """A code of something, new or there already."""

    line: int
    id: UUID
    thing: str
    of: UUID
    code: Code
    model: type[Model] = Identifier


@dataclass(frozen=True)
class NewDescription:
    """How the organization describes a recording."""

    line: int
    id: UUID
    recording_id: UUID
    describer_id: UUID
    said: Description
    model: type[Model] = RecordingDescription


@dataclass(frozen=True)
class NewShare:
    """A share to register."""

    line: int
    id: UUID
    given: GivenShare
    model: type[Model] = Share


@dataclass(frozen=True)
class NewConsent:
    """A consent to write down."""

    line: int
    id: UUID
    terms: ConsentTerms
    standing: Standing
    model: type[Model] = Consent


New = NewParty | NewWork | NewRecording | NewLink | NewRelease | NewCode | NewDescription | NewShare | NewConsent


@dataclass(frozen=True)
class Known:
    """Something that a line names and that was there before."""

    line: int
    id: UUID
    model: type[Model]


@dataclass(frozen=True)
class Note:
    """What a line says about something and that is no fact of ours."""

    line: int
    kind: str
    model: type[Model]
    id: UUID
    text: str


@dataclass(frozen=True)
class Answered:
    """What a society answered about a work."""

    line: int
    work_id: UUID
    said: Acknowledgement


@dataclass
class Plan:
    """What some lines come to."""

    facts: list[New] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    over_claims: int = 0
    last_line: int = 0

    def add(self, other: Plan) -> None:
        """Take in what further lines come to."""
        self.facts += other.facts
        self.known += other.known
        self.notes += other.notes
        self.problems += other.problems


# --- What the file's keys mean, kept outside of memory


class Keys:
    """What the keys of one file stand for. A database in a temporary file, since there may be millions."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.executescript(
            "PRAGMA synchronous = OFF;"
            "CREATE TABLE key (kind TEXT, key TEXT, id BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID;"
            "CREATE TABLE release (key TEXT PRIMARY KEY, line INTEGER, title TEXT, codes TEXT) WITHOUT ROWID;"
            "CREATE TABLE track (position INTEGER PRIMARY KEY, release TEXT, recording TEXT);"
            "CREATE INDEX track_of_release ON track (release);"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._database.close()

    def get(self, kind: str, key: str) -> UUID | None:
        """Return what a key stands for, None where no line that was taken has said."""
        row = self._database.execute("SELECT id FROM key WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return UUID(bytes=row[0]) if row else None

    def put(self, given: dict[tuple[str, str], UUID]) -> None:
        """Keep what keys stand for."""
        rows = [(kind, key, id.bytes) for (kind, key), id in given.items()]
        self._database.executemany("INSERT OR REPLACE INTO key VALUES (?, ?, ?)", rows)

    def put_release(self, said: ReleaseLine) -> None:
        """Keep a release, or add tracks to it; it is written once all of its recordings are."""
        codes = json.dumps([[code.scheme, code.raw, code.namespace] for code in said.codes])
        self._database.execute(
            "INSERT OR IGNORE INTO release VALUES (?, ?, ?, ?)", (said.key, said.line, said.title, codes)
        )
        self._database.executemany(
            "INSERT INTO track (release, recording) VALUES (?, ?)", [(said.key, key) for key in said.recording_keys]
        )

    @contextmanager
    def trying(self) -> Iterator[Callable[[], None]]:
        """Give what forgets everything that was kept since here."""

        def forget() -> None:
            self._database.execute("ROLLBACK TO trying")

        self._database.execute("SAVEPOINT trying")
        yield forget
        self._database.execute("RELEASE trying")

    def releases(self) -> Iterator[ReleaseLine]:
        """Go through the releases, whole, in the order of the file."""
        with closing(self._database.execute("SELECT key, line, title, codes FROM release ORDER BY line")) as rows:
            for key, line, title, codes in rows:
                tracks = self._database.execute(
                    "SELECT recording FROM track WHERE release = ? ORDER BY position", (key,)
                )
                written = tuple(WrittenCode(*code) for code in json.loads(codes))
                yield ReleaseLine(line, key, title, written, tuple(track for (track,) in tracks))


# --- Lines that belong together


def together(lines: Iterable[Line], format: str) -> Iterator[list[list[Line]]]:
    """Go through groups of lines that are taken whole or not at all, some hundred lines at once."""
    held: list[list[Line]] = []
    count = 0
    for group in _groups(lines, format):
        if count >= LINES_AT_ONCE and not _continues(held, group):
            yield held
            held, count = [], 0
        held.append(group)
        count += len(group)
        if count >= MOST_TOGETHER:
            yield held
            held, count = [], 0
    if held:
        yield held


def _groups(lines: Iterable[Line], format: str) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in lines:
        begins = (
            isinstance(line, WorkLine) if format == ImportBatch.Format.CWR else group and group[0].line != line.line
        )
        if group and (begins or len(group) >= MOST_TOGETHER):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _continues(held: list[list[Line]], group: list[Line]) -> bool:
    # Shares of one asset are judged together, so that what is too much is seen.
    last, first = held[-1][-1], group[0]
    return (
        isinstance(last, ShareLine)
        and isinstance(first, ShareLine)
        and (last.asset_kind, last.asset_key) == (first.asset_kind, first.asset_key)
    )


# --- Planning


class _Refused(Exception):
    """A line cannot be taken."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def _refused(line: Line, name: str, code: str, sentence: str, raw: str = "") -> _Refused:
    return _Refused(Problem(line.line, name, code, sentence, raw[:200]))


def _registered_elsewhere(line: Line, name: str, scheme: str, raw: str) -> _Refused:
    sentence = f"This {scheme.replace('_', ' ')} is a code registered by another organization: ask the operator."
    return _refused(line, name, "registered_elsewhere", sentence, raw)


def _ambiguous_party(line: PartyLine, how_many: str) -> _Refused:
    return _refused(
        line,
        "party",
        "ambiguous_party",
        f"{how_many} parties have this name: give a number, such as an IPI or ISNI, that one of them has,"
        " or merge those that are one.",
        line.name,
    )


class Resolver:
    """What the lines of one batch come to, in their order."""

    def __init__(self, batch: ImportBatch, reading: Reading, keys: Keys, *, received_on: date, sight: Sight) -> None:
        self._batch = batch
        self._sight = sight
        self._reading = reading
        self._keys = keys
        self._holds_from = reading.holds_from or received_on
        self._is_sheet = batch.format in SHEETS
        self._fresh: dict[tuple[str, str], UUID] = {}  # what the group at hand adds to the keys
        self._found: dict[str, dict[CodeKey, set[UUID]]] = {}
        self._has: dict[str, dict[UUID, set[CodeKey]]] = {}
        self._titled: dict[str, dict[str, set[UUID]]] = {}
        self._own: set[UUID] = set()  # ids of this batch that were written before it was interrupted
        self._ids: dict[str, set[UUID]] = {}
        self._unseen: dict[str, set[UUID]] = {}  # what has a code of the lines at hand and is not theirs to know
        self._registered: set[UUID] = set()  # the assets at hand that the organization registered
        self._links: dict[UUID, set[UUID]] = {}
        self._shares: dict[UUID, list[Share]] = {}
        self._consents: dict[UUID, list[Consent]] = {}
        self._counts_as: dict[UUID, UUID] = {}

    def plan(self, groups: Sequence[Sequence[Line]]) -> Plan:
        """Return what these lines come to; a group with a problem comes to nothing else."""
        self._look_up([line for group in groups for line in group])
        whole = Plan()
        for group in groups:
            self._fresh = {}
            part = self._of_group(group)
            whole.last_line = max(whole.last_line, *(line.line for line in group))
            if any(not problem.is_taken for problem in part.problems):
                whole.problems += part.problems
                continue
            whole.add(part)
            self._keys.put(self._fresh)
            for line in group:
                if isinstance(line, ReleaseLine):
                    self._keys.put_release(line)
        self._fresh = {}
        whole.over_claims = self._over_claims([fact for fact in whole.facts if isinstance(fact, NewShare)])
        return whole

    def releases(self) -> Iterator[list[ReleaseLine]]:
        """Go through the releases of the file, whose recordings have all been planned, some at once."""
        lines = self._keys.releases()
        while some := list(islice(lines, TRACKS_AT_ONCE)):
            yield some

    def plan_releases(self, some: Sequence[ReleaseLine]) -> Plan:
        """Return what some of the releases come to."""
        self._look_up_codes("release", [(line.key, line.codes) for line in some])
        self._look_up_titles("release", [line.title for line in some])
        part = Plan(last_line=some[-1].line)
        for line in some:
            self._fresh = {}
            try:
                self._release(line, part)
            except _Refused as refused:
                part.problems.append(refused.problem)
            else:
                self._keys.put(self._fresh)
        self._fresh = {}
        return part

    def _of_group(self, group: Sequence[Line]) -> Plan:
        plan = Plan()
        for line in group:
            try:
                match line:
                    case Problem():
                        plan.problems.append(line)
                    case PartyLine():
                        self._party(line, plan)
                    case WorkLine():
                        self._work(line, plan)
                    case RecordingLine():
                        self._recording(line, plan)
                    case ShareLine():
                        self._share(line, plan)
                    case ConsentLine():
                        self._consent(line, plan)
                    case ReleaseLine():
                        pass  # with its tracks, at the end
            except _Refused as refused:
                plan.problems.append(refused.problem)
        return plan

    # --- Looking up, for many lines at once

    def _look_up(self, lines: Sequence[Line]) -> None:
        parties = [line for line in lines if isinstance(line, PartyLine)]
        works = [line for line in lines if isinstance(line, WorkLine)]
        recordings = [line for line in lines if isinstance(line, RecordingLine)]
        claimed = [line for line in lines if isinstance(line, ShareLine)]
        given = [line for line in lines if isinstance(line, ConsentLine)]
        named = [line.party_key for line in claimed]
        named += [key for line in given for key in (line.grantor_key, line.actor_key, line.licensee_key) if key]
        about: list[ShareLine | ConsentLine] = [*claimed, *given]
        assets = [(line.asset_kind, line.asset_key) for line in about]
        self._look_up_codes("party", [(line.key, line.codes) for line in parties], named)
        self._look_up_codes(
            "work", [(line.key, line.codes) for line in works], [k for kind, k in assets if kind == "work"]
        )
        self._look_up_codes(
            "recording",
            [(line.key, line.codes) for line in recordings],
            [key for kind, key in assets if kind == "recording"],
        )
        for kind, said in (("work", [w.title for w in works]), ("recording", [r.title for r in recordings])):
            keys = [key for its, key in assets if its == kind and key.startswith("title:")]
            self._look_up_titles(kind, said, [key.partition(":")[2] for key in keys])
        ids = [key[3:] for key in (*named, *(key for _, key in assets)) if key.startswith("id:")]
        self._ids = {
            kind: set(model.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
            for kind, model in (("party", Party), ("work", Work), ("recording", Recording))
        }
        self._ids = {kind: found - matching.unseen(kind, found, self._sight) for kind, found in self._ids.items()}
        self._look_up_links(recordings)
        self._look_up_assets(claimed, given)

    def _look_up_codes(
        self, thing: str, said: Sequence[tuple[str, Sequence[WrittenCode]]], keys: Sequence[str] = ()
    ) -> None:
        wanted = {key for written in said for code in written[1] if (key := _key_or_none(code))}
        wanted |= {key for named in keys if (key := _named_code(named))}
        self._found[thing] = matching.carriers(thing, wanted)
        carriers = {id for ids in self._found[thing].values() for id in ids}
        self._has[thing] = codes_of(thing, carriers)
        self._unseen[thing] = matching.unseen(thing, carriers, self._sight)
        models: dict[str, type[Model]] = {"party": Party, "work": Work, "recording": Recording, "release": Release}
        own = [self._id(thing, key) for key, _ in said]
        rows: QuerySet[Any] = QuerySet(models[thing])
        self._own |= set(rows.filter(pk__in=own).values_list("pk", flat=True)) if own else set()

    def _look_up_titles(self, thing: str, said: Sequence[str], named: Sequence[str] = ()) -> None:
        if thing == "party":
            return
        registrar = self._batch.organization_id
        self._titled[thing] = (
            matching.titled(thing, said, registrar_id=registrar) if self._is_sheet and registrar and said else {}
        )
        if named:
            self._titled[f"any {thing}"] = matching.titled(thing, named, sight=self._sight)

    def _look_up_links(self, recordings: Sequence[RecordingLine]) -> None:
        known = {id for ids in self._found.get("recording", {}).values() for id in ids}
        known |= {id for ids in self._titled.get("recording", {}).values() for id in ids}
        self._links = defaultdict(set)
        if not recordings or not known:
            return
        rows = RecordingWork.objects.filter(recording__in=known)
        for recording_id, work_id in rows.values_list("recording", "work"):
            self._links[recording_id].add(work_id)

    def _look_up_assets(self, claimed: Sequence[ShareLine], given: Sequence[ConsentLine]) -> None:
        ids: set[UUID] = set()
        about: list[ShareLine | ConsentLine] = [*claimed, *given]
        for line in about:
            if id := self._meant(line.asset_kind, line.asset_key) or self._titled_once(line):
                ids.add(id)
        # A work that stands in this file too is found by its codes, which its shares do not name.
        if not self._is_sheet:
            ids |= {id for kind in ("work", "recording") for found in self._found[kind].values() for id in found}
        self._shares, self._consents = defaultdict(list), defaultdict(list)
        if claimed and ids:
            rows = Share.objects.filter(asset_id__in=ids).exclude(events__act=ShareAct.RETRACTED)
            rows = visibility.seen(rows, self._sight)
            for share in rows.prefetch_related("events"):
                self._shares[share.asset_id].append(share)
            self._counts_as = survivors({share.party_id for some in self._shares.values() for share in some})
        registrar = self._batch.organization_id
        self._registered = (
            {id for kind in ("work", "recording") for id in matching.kept(kind, ids, registrar)}
            if claimed and ids and registrar
            else set()
        )
        if given and ids:
            consents = visibility.seen(Consent.objects.filter(asset_id__in=ids, is_list=False), self._sight)
            for consent in consents.exclude(events__act__in=[ConsentAct.WITHDRAWN, ConsentAct.ANNULLED]):
                self._consents[consent.asset_id].append(consent)

    def _titled_once(self, line: ShareLine | ConsentLine) -> UUID | None:
        scheme, _, title = line.asset_key.partition(":")
        same = self._titled.get(f"any {line.asset_kind}", {}).get(title, set()) if scheme == "title" else set()
        return next(iter(same)) if len(same) == 1 else None

    # --- Parties

    def _party(self, line: PartyLine, plan: Plan) -> None:
        if self._meant("party", line.key):
            return
        codes = self._codes(line.codes, line, plan)
        id = self._by_codes("party", line, codes)
        own = self._id("party", line.key)
        if own in self._own:
            id = None  # written before the import was interrupted; a name must not find it as somebody else's
        elif id is None:
            id = self._by_name(line, codes)
        if id is None:
            id = own
            kind = PartyKind(line.kind) if line.kind else self._reading.kind
            plan.facts.append(NewParty(line.line, id, kind, line.name))
            self._fresh["new", str(id)] = id
        else:
            plan.known.append(Known(line.line, id, Party))
        self._stand_for("party", line.key, id, codes, line.name)
        self._add_codes("party", line, id, codes, plan)

    def _by_name(self, line: PartyLine, codes: Sequence[Code]) -> UUID | None:
        found = self._remembered("bare name" if codes else "name", plain(line.name))
        if found == _SEVERAL:
            raise _ambiguous_party(line, "Several")
        if found:
            return found
        same = matching.parties_named(line.name, self._sight)
        if same and codes:
            own = {
                code.scheme.value: key_of(code) for code in codes if code.scheme in _ONE_OF_A_KIND | {Scheme.IPI_NAME}
            }
            has = codes_of("party", same)
            same = {
                id for id in same if not any(key.scheme in own and own[key.scheme] not in has[id] for key in has[id])
            }
        if len(same) > 1:
            raise _ambiguous_party(line, str(len(same)))
        return next(iter(same), None)

    # --- Works, recordings, releases

    def _work(self, line: WorkLine, plan: Plan) -> None:
        if self._meant("work", line.key):
            return
        codes = self._codes(line.codes, line, plan)
        id = self._asset("work", line, codes)
        if id is None:
            id = self._id("work", line.key)
            plan.facts.append(NewWork(line.line, id, line.title, _value(codes, Scheme.ISWC)))
            self._fresh["new", str(id)] = id
        else:
            plan.known.append(Known(line.line, id, Work))
        self._stand_for("work", line.key, id, codes)
        self._add_codes("work", line, id, codes, plan, in_column=frozenset({Scheme.ISWC}))

    def _recording(self, line: RecordingLine, plan: Plan) -> None:
        works = tuple(dict.fromkeys(self._needed("work", key, line) for key in line.work_keys))
        id = self._meant("recording", line.key)
        codes = self._codes(line.codes, line, plan)
        if id is None:
            id = self._asset("recording", line, codes)
            if id is None:
                id = self._id("recording", line.key)
                plan.facts.append(NewRecording(line.line, id, line.title, _value(codes, Scheme.ISRC), works))
                self._fresh["new", str(id)] = id
                works = ()
            else:
                plan.known.append(Known(line.line, id, Recording))
            self._stand_for("recording", line.key, id, codes)
            self._add_codes("recording", line, id, codes, plan, in_column=frozenset({Scheme.ISRC}))
        for work_id in works:
            if work_id not in self._links[id] and self._may_add("recording", line, id, "works", "", plan):
                self._links[id].add(work_id)
                plan.facts.append(NewLink(line.line, self._id("link", f"{id} {work_id}"), id, work_id))
        self._describe(line, id, plan)
        self._disclosures(line, id, plan)

    def _describe(self, line: RecordingLine, id: UUID, plan: Plan) -> None:
        if line.description.is_empty:
            return
        describer = self._batch.organization_id
        if describer is None or not (self._is_new(id) or descriptions.is_holder(id, describer)):
            sentence = "A recording is described by whoever registered it or holds a share in it: left out here."
            plan.problems.append(Problem(line.line, "genre", "not_your_party", sentence, "", is_taken=True))
            return
        named = self._id("description", f"{id} {line.description!r}")
        if self._remembered("described", str(named)) or self._is_said(id, describer, line.description):
            return
        self._fresh["described", str(named)] = named
        plan.facts.append(NewDescription(line.line, named, id, describer, line.description))

    def _is_said(self, id: UUID, describer: UUID, said: Description) -> bool:
        """Whether the last description says the same: a catalogue that comes each month says nothing new."""
        if self._is_new(id):
            return False
        rows = RecordingDescription.objects.filter(recording=id, describer=describer)
        last = rows.order_by("-recorded_at", "-pk").first()
        return last is not None and descriptions.said_by(last) == said

    def _disclosures(self, line: RecordingLine, id: UUID, plan: Plan) -> None:
        if line.contains_ai:
            plan.notes.append(Note(line.line, "contains_ai", Recording, id, f"ContainsAI: {line.contains_ai}"))
        for one in line.contributors:
            if one.ai_contribution or one.special:
                said = [f"AiContribution: {one.ai_contribution}"] if one.ai_contribution else []
                said += [f"SpecialContributor: {one.special}"] if one.special else []
                text = f"{', '.join(one.roles) or 'contributor'} – {', '.join(said)}"
                plan.notes.append(Note(line.line, "contributor_ai", Recording, id, text[:300]))

    def _release(self, line: ReleaseLine, plan: Plan) -> None:
        codes = self._codes(line.codes, line, plan)
        id = self._asset("release", line, codes)
        if id is not None:
            plan.known.append(Known(line.line, id, Release))
            return
        tracks = tuple(self._needed("recording", key, line) for key in line.recording_keys)
        id = self._id("release", line.key)
        icpn, grid = _value(codes, Scheme.GTIN), _value(codes, Scheme.GRID)
        plan.facts.append(NewRelease(line.line, id, line.title, icpn, grid, tracks))
        self._stand_for("release", line.key, id, codes)
        self._add_codes("release", line, id, codes, plan, in_column=frozenset({Scheme.GTIN, Scheme.GRID}))

    def _asset(self, thing: str, line: WorkLine | RecordingLine | ReleaseLine, codes: Sequence[Code]) -> UUID | None:
        if self._id(thing, line.key) in self._own:
            return None
        id = self._by_codes(thing, line, codes)
        if id is None and not codes:
            same = self._titled.get(thing, {}).get(line.title, set())
            if len(same) > 1:
                raise _refused(
                    line,
                    "title",
                    f"ambiguous_{thing}",
                    f"You registered {len(same)} of this title: give the code of one of them.",
                    line.title,
                )
            id = next(iter(same), None)
        return id

    # --- Codes

    def _codes(self, written: Sequence[WrittenCode], line: Line, plan: Plan) -> list[Code]:
        found = []
        for one in written:
            try:
                found.append(code_of(one))
            except BadCode as error:
                text = f"{str(error)[:1].upper()}{str(error)[1:]}"
                plan.problems.append(Problem(line.line, one.scheme, f"bad_{one.scheme}", text, one.raw[:200]))
        return found

    def _by_codes(self, thing: str, line: Line, codes: Sequence[Code]) -> UUID | None:
        """Return what has the codes of a line; own codes of the sender count only where no public one says anything."""
        found: set[UUID] = set()
        for public in (True, False):
            for code in codes:
                if (code.scheme is not Scheme.PROPRIETARY) is public:
                    has = self._found[thing].get(key_of(code), set())
                    if public and has & self._unseen[thing]:
                        raise _registered_elsewhere(line, code.scheme.value, code.scheme.name, code.raw)
                    found |= has - self._unseen[thing]  # numbers of others are nobody's business, and not one's own
                    if fresh := self._remembered(f"code {thing}", "\t".join(key_of(code))):
                        found.add(fresh)
            if found:
                break
        if len(found) > 1:
            raise _refused(
                line,
                thing,
                "codes_disagree",
                f"The codes of this line are of {len(found)} different {_PLURAL[thing]}: correct one of them,"
                " or merge what is the same.",
            )
        id = next(iter(found), None)
        if id is not None:
            self._check_against(thing, line, id, codes)
        return id

    def _check_against(self, thing: str, line: Line, id: UUID, codes: Sequence[Code]) -> None:
        has = self._has[thing].get(id, set())
        for code in codes:
            others = {key.value for key in has if key.scheme == code.scheme.value}
            if code.scheme in _ONE_OF_A_KIND and others and code.value not in others:
                raise _refused(
                    line,
                    code.scheme.value,
                    "codes_disagree",
                    f"What this line names by another code has the {code.scheme.name} {min(others)} here: correct it.",
                    code.raw,
                )

    def _add_codes(
        self,
        thing: str,
        line: PartyLine | WorkLine | RecordingLine | ReleaseLine,
        id: UUID,
        codes: Sequence[Code],
        plan: Plan,
        in_column: frozenset[Scheme] = frozenset(),
    ) -> None:
        is_new = any(fact.id == id for fact in plan.facts if not isinstance(fact, NewCode))
        for code in codes:
            key = key_of(code)
            if key in self._has[thing].get(id, set()) or (is_new and code.scheme in in_column):
                continue
            if not is_new and not self._may_add(thing, line, id, code.scheme.value, code.raw, plan):
                continue
            named = self._id("code", f"{thing} {id} {' '.join(key)}")
            plan.facts.append(NewCode(line.line, named, thing, id, code))

    def _may_add(self, thing: str, line: Line, id: UUID, name: str, raw: str, plan: Plan) -> bool:
        """Whether more may be said of something: of what one is, or registered; else the line says so and is taken."""
        registrar = self._batch.organization_id
        if (
            registrar is None
            or self._is_new(id)
            or id in (self._sight.parties or ())
            or matching.kept(thing, [id], registrar)
        ):
            return True
        sentence = (
            f"This {thing} was registered by another organization, which adds to what is known of it; you do not."
        )
        plan.problems.append(Problem(line.line, name, "not_your_party", sentence, raw[:200], is_taken=True))
        return False

    def _is_new(self, id: UUID) -> bool:
        """Whether something is registered by this very file."""
        return self._remembered("new", str(id)) is not None or id in self._own

    # --- Shares and consents

    def _share(self, line: ShareLine, plan: Plan) -> None:
        asset_id = self._needed(line.asset_kind, line.asset_key, line)
        if line.basis == "manuscript":
            model = Work if line.asset_kind == "work" else Recording
            text = f"Manuscript share {line.written} % of {line.right_type}, role {line.role or 'not stated'}"
            plan.notes.append(Note(line.line, "manuscript", model, asset_id, text))
            return
        party_id = self._holder(line, plan)
        self._check_claim(line, asset_id, party_id)
        given = GivenShare(
            id=self._id("share", f"{line.line} {line.right_type} {line.basis}"),
            asset=AssetRef(**{f"{line.asset_kind}_id": asset_id}),
            party_id=party_id,
            right_type=RightType(line.right_type),
            part=line.part,
            territories=line.territories,
            active_from=line.active_from or self._holds_from,
            active_to=line.active_to,
            basis=Basis(line.basis),
            role=line.role,
            written=_decimal(line.written, line.part),
            registrar_id=self._batch.organization_id,
        )
        _check_share(line, given)
        for share in self._shares[asset_id]:
            holder = self._counts_as.get(share.party_id, share.party_id)
            if share.id != given.id and _is_same(share, holder, given, is_dated=line.active_from is not None):
                plan.known.append(Known(line.line, share.id, Share))
                return
        plan.facts.append(NewShare(line.line, given.id, given))

    def _check_claim(self, line: ShareLine, asset_id: UUID, party_id: UUID) -> None:
        """Check that the organization may say who holds this: for whom it acts, or of what it has to do with itself."""
        own = self._sight.parties
        if own is None:
            return
        if party_id in own:
            self._fresh["claimed", str(asset_id)] = asset_id
            return
        if (
            self._is_new(asset_id)
            or asset_id in self._registered
            or self._remembered("claimed", str(asset_id))
            or any(share.party_id in own for share in self._shares[asset_id])
        ):
            return
        sentence = (
            f"You neither registered this {line.asset_kind} nor hold a part of it: state what you or those whom you"
            " represent hold first, and then what others do."
        )
        raise _refused(line, "party", "not_your_party", sentence)

    def _holder(self, line: ShareLine, plan: Plan) -> UUID:
        id = self._meant("party", line.party_key)
        if id is not None:
            return id
        scheme, _, name = line.party_key.partition(":")
        if scheme == "name" and self._is_sheet:
            self._party(PartyLine(line.line, line.party_key, name), plan)
        return self._needed("party", line.party_key, line)

    def _consent(self, line: ConsentLine, plan: Plan) -> None:
        asset_id = self._needed(line.asset_kind, line.asset_key, line)
        grantor_id = self._named(line.grantor_key, line)
        actor_id = self._named(line.actor_key, line)
        licensee_id = self._named(line.licensee_key, line) if line.licensee_key else None
        if self._sight.parties is not None and grantor_id not in self._sight.parties:
            sentence = "You write down consents of your own and of whom you represent, and this party is neither."
            raise _refused(line, "grantor", "not_your_party", sentence)
        id = self._id("consent", line.key)
        for consent in self._consents[asset_id]:
            if consent.id != id and _says_the_same(consent, line, grantor_id, licensee_id):
                plan.known.append(Known(line.line, consent.id, Consent))
                return
        terms = ConsentTerms(
            grantor_id=grantor_id,
            actor_id=actor_id,
            licensee_id=licensee_id,
            scope=AssetRef(**{f"{line.asset_kind}_id": asset_id}),
            uses=line.uses,
            territories=line.territories,
            active_from=line.active_from,
            active_to=line.active_to,
            document_digest=line.document_digest,
        )
        plan.facts.append(NewConsent(line.line, id, terms, self._standing(line, terms)))

    def _standing(self, line: ConsentLine, terms: ConsentTerms) -> Standing:
        """Return by what right somebody agreed, on the day from which the consent holds."""
        try:
            return mandates.authorize_terms(terms, on=terms.active_from)
        except (
            authority.UnauthorizedAct,
            mandates.NotTheirVoice,
            term_limits.DescriptionMissing,
            term_limits.EvidenceMissing,
            term_limits.TermTooLong,
        ) as error:
            said = str(error) or str(type(error).__doc__)
            raise _refused(line, "actor", "not_authorized", f"{said[:1].upper()}{said[1:]}"[:600]) from error

    def _named(self, key: str, line: ConsentLine) -> UUID:
        """Return whom a key names; nobody is registered because somebody says that they agreed."""
        id = self._meant("party", key)
        scheme, _, name = key.partition(":")
        if id is None and scheme == "name":
            id = self._by_name(PartyLine(line.line, key, name), ())
        return id if id is not None else self._needed("party", key, line)

    # --- What keys mean

    def _id(self, kind: str, key: str) -> UUID:
        return uuid5(self._batch.id, f"{kind} {key}")

    def _remembered(self, kind: str, key: str) -> UUID | None:
        return self._fresh.get((kind, key)) or self._keys.get(kind, key)

    def _stand_for(self, thing: str, key: str, id: UUID, codes: Sequence[Code], name: str = "") -> None:
        self._fresh[thing, key] = id
        for code in codes:
            self._fresh[f"code {thing}", "\t".join(key_of(code))] = id
        if name:
            before = self._remembered("name", plain(name))
            self._fresh["name", plain(name)] = id if before in {None, id} else _SEVERAL
            if not codes:
                self._fresh["bare name", plain(name)] = id

    def _meant(self, thing: str, key: str) -> UUID | None:
        """Return what a key stands for: in this file, else by the code or the id that the key is."""
        if found := self._remembered(thing, key):
            return found
        scheme, _, value = key.partition(":")
        if scheme == "id":
            id = UUID(value)
            return id if id in self._ids.get(thing, set()) else None
        if code := _named_code(key):
            found_by_code = self._found[thing].get(code, set()) - self._unseen.get(thing, set())
            return next(iter(found_by_code)) if len(found_by_code) == 1 else None
        return None

    def _needed(self, thing: str, key: str, line: Line) -> UUID:
        if found := self._meant(thing, key):
            return found
        scheme, _, value = key.partition(":")
        if (code := _named_code(key)) and self._found[thing].get(code, set()) & self._unseen[thing]:
            raise _registered_elsewhere(line, thing, code.scheme.upper(), value)
        if scheme == "title" and thing != "party":
            same = self._titled.get(f"any {thing}", {}).get(value, set())
            if len(same) == 1:
                return next(iter(same))
            if same:
                sentence = f"{len(same)} {_PLURAL[thing]} have this title: give a code or our id."
                raise _refused(line, thing, f"ambiguous_{thing}", sentence, value)
        if scheme in {"id", "title", "name", *_SCHEMES}:
            sentence = f"No {thing} is registered under this: import or register it first, or correct the line."
            raise _refused(line, thing, f"unknown_{thing}", sentence, value)
        sentence = f"The line of this file with its {thing} was not taken: correct that one first."
        raise _refused(line, thing, "depends_on_refused", sentence)

    # --- Claims that come to more than the whole

    def _over_claims(self, new: Sequence[NewShare]) -> int:
        fields: dict[Field, list[GivenShare]] = defaultdict(list)
        for fact in new:
            fields[Field(fact.given.asset, fact.given.right_type, fact.given.basis)].append(fact.given)
        count = 0
        for where, given in fields.items():
            standing = self._shares.get(where.asset.id, [])
            total = sum((one.part for one in given), Fraction(0)) + sum(
                (Fraction(share.numerator, share.denominator) for share in standing if _is_in(share, where)),
                Fraction(0),
            )
            if total <= 1:
                continue
            before = shares.holdings(where) if standing else ()
            after = [*before, *(_holding(one) for one in given)]
            count += len(claims.over_claims(after)) > len(claims.over_claims(before))
        return count


# --- What societies answered


def answered(
    batch: ImportBatch, answers: Iterable[Acknowledgement | Problem], society: Callable[[], str]
) -> Iterator[Plan]:
    """Go through the answers of a society, some hundred at once: which works they are about, and their codes there."""
    answers = iter(answers)
    while some := list(islice(answers, LINES_AT_ONCE)):
        said = [one for one in some if isinstance(one, Acknowledgement)]
        works = matching.works_numbered({one.work_number for one in said}, registrar_id=batch.organization_id)
        has = codes_of("work", {id for ids in works.values() for id in ids})
        plan = Plan(last_line=some[-1].line)
        for one in some:
            if isinstance(one, Problem):
                plan.problems.append(one)
                continue
            try:
                _answer(batch, one, works[one.work_number], has, society(), plan)
            except _Refused as refused:
                plan.problems.append(refused.problem)
        yield plan


def _answer(
    batch: ImportBatch, said: Acknowledgement, ids: set[UUID], has: dict[UUID, set[CodeKey]], society: str, plan: Plan
) -> None:
    if len(ids) != 1:
        code, sentence = (
            ("ambiguous_work", f"{len(ids)} of your works have this number: take it from all but one.")
            if ids
            else ("unknown_work", "You have sent no work with this number: look whether the file is meant for you.")
        )
        raise _Refused(Problem(said.line, "ACK.work_number", code, sentence, said.work_number))
    work_id = next(iter(ids))
    plan.known.append(Known(said.line, work_id, Work))
    plan.answers.append(Answered(said.line, work_id, said))
    given = [WrittenCode("proprietary", said.recipient_work_number, society)] if said.recipient_work_number else []
    given += [WrittenCode("iswc", said.iswc)] if said.iswc else []
    for written in given:
        try:
            found = code_of(written)
        except BadCode as error:
            plan.problems.append(
                Problem(said.line, "ACK", f"bad_{written.scheme}", str(error), written.raw[:200], is_taken=True)
            )
            continue
        others = {key.value for key in has[work_id] if key.scheme == found.scheme.value}
        if found.scheme is Scheme.ISWC and others and found.value not in others:
            sentence = f"The society has another ISWC for this work than {min(others)} here: find out which is right."
            plan.problems.append(Problem(said.line, "ACK", "codes_disagree", sentence, found.raw, is_taken=True))
        elif key_of(found) not in has[work_id]:
            has[work_id].add(key_of(found))
            named = uuid5(batch.id, f"code work {work_id} {' '.join(key_of(found))}")
            plan.facts.append(NewCode(said.line, named, "work", work_id, found))


_PLURAL = {"party": "parties", "work": "works", "recording": "recordings", "release": "releases"}


def _is_in(share: Share, where: Field) -> bool:
    return (share.right_type, share.basis) == (where.right_type, where.basis)


def _holding(given: GivenShare) -> Holding:
    return Holding(given.id, given.party_id, given.part, given.territories, given.active_from, given.active_to)


def _key_or_none(written: WrittenCode) -> CodeKey | None:
    try:
        return key_of(code_of(written))
    except BadCode:
        return None  # said where the line is planned


def _named_code(key: str) -> CodeKey | None:
    scheme, _, value = key.partition(":")
    return CodeKey(_SCHEMES[scheme].value, "", value) if scheme in _SCHEMES else None


def _value(codes: Sequence[Code], scheme: Scheme) -> str | None:
    return next((code.value for code in codes if code.scheme is scheme), None)


def _decimal(written: str, part: Fraction) -> str:
    """Return what was written as a decimal percentage, empty where it was something else."""
    found = re.fullmatch(r"([0-9]{1,18})(?:[.,]([0-9]{1,18}))?", written.replace("%", "").strip())
    if found is None:
        return ""
    text = f"{found[1]}.{found[2]}" if found[2] else found[1]
    return text if abs(Fraction(text) / 100 - part) <= claims.TOLERANCE else ""


def _check_share(line: ShareLine, given: GivenShare) -> None:
    if not 0 < given.part <= 1:
        raise _refused(line, "share", "not_a_part", "A share is greater than 0 and at most 100 %.", line.written)
    if given.part.denominator > _LARGEST_INTEGER:
        raise _refused(line, "share", "too_fine", "Write the share with at most 15 decimal places.", line.written)
    if given.role and given.role not in shares.ROLES:
        known = ", ".join(sorted(shares.ROLES))
        raise _refused(line, "role", "unknown_role", f"A role is one of {known}; or leave it empty.", given.role)
    try:
        territories.stretches(given.territories, given.active_from, given.active_to)
    except (territories.NoSuchTerritory, territories.NoTerritory) as error:
        text = f"{str(error)[:1].upper()}{str(error)[1:]}."
        raise _refused(line, "territories", "unknown_territory", text, " ".join(given.territories)) from error


def _is_same(share: Share, holder_id: UUID, given: GivenShare, *, is_dated: bool) -> bool:
    """Whether a share says what a line says; a line without a day is the same as one that began whenever and holds."""
    if not is_dated and any(event.act == ShareAct.ENDED for event in share.events.all()):
        return False
    return (
        holder_id == given.party_id
        and Fraction(share.numerator, share.denominator) == given.part
        and (share.right_type, share.basis, share.role) == (given.right_type, given.basis, given.role)
        and sorted(share.territories) == sorted(given.territories)
        and (not is_dated or (share.active_from, share.active_to) == (given.active_from, given.active_to))
    )


def _says_the_same(consent: Consent, line: ConsentLine, grantor_id: UUID, licensee_id: UUID | None) -> bool:
    return (
        (consent.grantor_id, consent.licensee_id) == (grantor_id, licensee_id)
        and sorted(consent.uses) == sorted(line.uses)
        and sorted(consent.territories) == sorted(line.territories)
        and (consent.active_from, consent.active_to) == (line.active_from, line.active_to)
        and consent.document_digest == line.document_digest
    )
