"""
Imports, read once more: what a file says is planned again, line by line, and compared with what was taken of it.

The reader, the resolver and its look-ups are the ones that imports are taken with; they see the records as they were
known when the import began (``as_known``). Like taking, it goes through the file twice: what is wrong with it, with
nothing of it written; then what it brings, where each line sees what the lines before it brought. A line that comes to
something else is tried again with what others recorded until the import was over, since they may have been faster.
Some thousand lines stand in a transaction of their own: no snapshot is held for as long as a file is long.
"""

from __future__ import annotations

import hashlib
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice, zip_longest
from typing import Any, Final, Self
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from fingerprint import store
from ledger import as_known, importing, incoming
from ledger.as_known import Moment
from ledger.differing import Differing
from ledger.importing import Found, problem_rows, table_of
from ledger.incoming import OpenFile
from ledger.models import (
    Erasure,
    ImportBatch,
    ImportedFact,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    Operation,
    SocietyAnswer,
)
from ledger.resolving import (
    LINES_AT_ONCE,
    Keys,
    New,
    NewCode,
    NewConsent,
    NewDescription,
    NewLink,
    NewParty,
    NewRecording,
    NewRelease,
    NewShare,
    NewWork,
    Plan,
    answered,
    together,
)
from rights import descriptions
from rights.assets import link_id
from rights.models import (
    Consent,
    Identifier,
    Party,
    Recording,
    RecordingDescription,
    RecordingWork,
    Release,
    ReleaseRecording,
    Share,
    Work,
)

PIECES_AT_ONCE = 10  # of some five hundred lines each, in one transaction
_ROWS_AT_ONCE: Final = 5000

CWR_ACK: Final = ImportBatch.Format.CWR_ACK

Piece = Callable[[], Plan]
_Wrong = tuple[int, str, str, str, str]  # of ImportProblem: line, field, code, sentence, what stood there
Row = tuple[int, str, UUID, bool]  # of ImportedFact: line, table, id, whether it is new


class ReadOtherwise(Exception):
    """This release reads imports in another way than the one that read this one."""


class AnotherFile(Exception):
    """The bytes that are kept of the file are others than were handed in."""


class LimitIsOther(Exception):
    """The file was read up to another limit then (LEDGER_MAX_IMPORT_BYTES)."""


class NamesErased(Exception):
    """Parties that the file names were erased since, so that nobody can say any more whom a name meant."""


@dataclass(frozen=True)
class FinishedAgain:
    """What reading an import again comes to."""

    said: dict[str, Any]
    outcome: ImportOutcome
    differing: Differing
    kept: tuple[str, ...]  # what was taken from the record


def received_again(then: ImportBatch) -> tuple[dict[str, Any], ImportBatch]:
    """
    Look again at the file of an import as it is kept.

    :raises store.NoSuchAudio: it is not kept any more
    """
    with store.local(then.file_digest, alias=incoming.ALIAS) as path:
        again = ImportBatch(
            **_columns(then) | {"file_digest": store.digest_of(path), "size_bytes": path.stat().st_size}
        )
    return importing.said_of_batch(again), again


def finished_again(then: ImportOutcome, *, reader: str, ended_at: datetime | None) -> FinishedAgain:
    """
    Read the file of an import once more as it is kept, and plan what would come of it; nothing is written.

    :param reader: that the import was read by, as its entry names it
    :param ended_at: when it was over at the latest; None where nobody can say yet
    :raises ReadOtherwise: this release reads in another way
    :raises store.NoSuchAudio: the file is not kept any more
    :raises AnotherFile: its bytes were changed
    :raises LimitIsOther: it is too large for one of the limits, then and today
    :raises NamesErased: it comes to something else, and that may be why
    """
    if reader != incoming.VERSION:
        raise ReadOtherwise
    batch = then.batch
    with store.local(batch.file_digest, alias=incoming.ALIAS) as path:
        if store.digest_of(path) != batch.file_digest:
            raise AnotherFile
    own = [*_moments(batch), then.finished_at]
    is_thinned = _is_swept(then) or Erasure.objects.filter(erased_at__gte=then.finished_at).exists()
    again = _Again(then, min(own), Moment(ended_at, tuple(own)), is_thinned=is_thinned)
    with incoming.opened(batch) as source, as_known.looking_back():
        found = again.check(source)
        is_taken = not found.is_fatal and (batch.is_partial or not found.blocking)
        said = _Said() if not is_taken else again.take(source)
    with said:
        said.compare(batch, again.differing, has_notes=not is_thinned)
        outcome = ImportOutcome(
            id=then.pk,
            batch=batch,
            is_taken=is_taken,
            lines=said.lines if is_taken else found.lines,
            facts=said.count(is_new=True),
            known_before=said.count(is_new=False),
            problems=len(found.problems),
            facts_digest=said.digest(),
            finished_at=then.finished_at,
        )
    if (again.differing.count or _columns(outcome) != _columns(then)) and (erased := _erased(batch)):
        raise NamesErased(f"{erased} of them, and {max(again.differing.count, 1)} things come out otherwise.")
    kept = ["what others recorded while it was taken"] if again.later else []
    kept += ["what was wrong, line by line: that was removed"] if again.is_thinned else []
    return FinishedAgain(importing.said_of_outcome(outcome), outcome, again.differing, tuple(kept))


def removed(batch: ImportBatch) -> str:
    """Return why the file of an import may be gone by rights; empty where it should be there."""
    if Erasure.objects.filter(document__contains=f'"{batch.file_digest}"').exists():
        return "The file named somebody who was erased, and was removed with them: nothing is left to read again."
    outcome = getattr(batch, "outcome", None)
    if outcome is not None and _is_swept(outcome):
        return "The file was removed when its time was over (LEDGER_IMPORT_FILE_DAYS): nothing is left to read again."
    return ""


def _is_swept(then: ImportOutcome) -> bool:
    """Whether what repeats an import's lines was removed as its time was over."""
    if not (days := settings.LEDGER_IMPORT_FILE_DAYS):
        return False
    over = then.finished_at + timedelta(days=days)
    return Operation.objects.filter(kind=Operation.Kind.SWEEP, began_at__gt=over).exists()


def _columns(row: Model) -> dict[str, Any]:
    return {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields}


def _moments(batch: ImportBatch) -> set[datetime]:
    """Return when what a batch brought was recorded: once, or once for each attempt that was cut short."""
    found: set[datetime] = set()
    for rows in _some(_pages(ImportedFact, batch, "line", "table", "fact_id", and_="is_new"), _ROWS_AT_ONCE):
        for model in _MODELS:
            ids = [id for _, table, id, is_new in rows if is_new and table == table_of(model)]
            column = as_known.since(model)
            written: QuerySet[Any] = QuerySet(model)
            if ids and column:
                found |= set(written.filter(pk__in=ids).values_list(column, flat=True).distinct())
    return found


def _erased(batch: ImportBatch) -> int:
    """Return how many of the parties that an import is about have no name any more."""
    brought = ImportedFact.objects.filter(batch=batch)

    def of(model: type[Model]) -> QuerySet[Any, Any]:
        return brought.filter(table=table_of(model)).values("fact_id")

    about = Q(pk__in=of(Party)) | Q(pk__in=Share.objects.filter(pk__in=of(Share)).values("party"))
    for column in ("grantor", "actor", "licensee"):
        about |= Q(pk__in=Consent.objects.filter(pk__in=of(Consent)).values(column))
    return Party.objects.filter(about, identity__isnull=True).count()


def _some(rows: Iterable[Any], count: int) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while some := list(islice(iterator, count)):
        yield some


def _too_large(problems: Iterable[_Wrong]) -> set[str]:
    return {sentence for _, _, code, sentence, _ in problems if code in {"too_large", "file_too_large"}}


def _of_problem(row: Any) -> _Wrong:
    return row.line, row.field, row.code, row.sentence, row.raw


def _coded(one: _Wrong | None) -> str | None:
    # What stood in the line, and the sentence about it, may name somebody, and differences are kept.
    return f"{one[1]} {one[2]}".strip() if one else None


def _told(fact: New, column: str, then: Any, now: Any) -> tuple[Any, Any]:
    if (isinstance(fact, NewParty) and column == "name") or (isinstance(fact, NewCode) and fact.thing == "party"):
        return "as on record", "as in the file"  # differences are kept, and name nobody
    return _plain(then), _plain(now)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int) else str(value)


class _Again:
    """A batch that is gone through once more."""

    def __init__(self, then: ImportOutcome, began: datetime, ended: Moment, *, is_thinned: bool) -> None:
        self._batch, self._problems = then.batch, then.problems
        self._began, self._ended, self._at = Moment(began), ended, began
        self.differing = Differing()
        self.later = 0
        self.is_thinned = is_thinned  # lines of what was wrong may have been removed; soon: were

    # --- What is wrong with it

    def check(self, source: OpenFile) -> Found:
        """Return what the first reading finds, compared with the problems that are on record."""
        found = Found()
        recorded = [_of_problem(one) for one in ImportProblem.objects.filter(batch=self._batch).order_by("pk")]
        self.is_thinned = self.is_thinned and len(recorded) < self._problems
        by_line: dict[int, set[_Wrong]] = defaultdict(set)
        for one in recorded:
            by_line[one[0]].add(one)
        told = sorted(by_line)

        def odd(plan: Plan) -> int:
            if self.is_thinned:
                return 0
            here = {_of_problem(one) for one in problem_rows(ImportProblem, self._batch, plan.problems)}
            # And lines with which nothing is wrong any more.
            lines = {one[0] for one in here}
            lines |= set(told[bisect_right(told, found.lines) : bisect_right(told, plan.last_line)])
            return len(here ^ {one for line in lines for one in by_line.get(line, ())})

        def keep(plan: Plan) -> bool:
            found.add(plan)
            return not found.is_fatal

        with Keys() as keys:
            self._go_through(source, keys, odd, keep)
        again = list(map(_of_problem, problem_rows(ImportProblem, self._batch, found.problems)))
        if not self.is_thinned and _too_large(recorded) != _too_large(again):
            raise LimitIsOther
        for then, now in zip_longest(recorded, again) if not self.is_thinned else ():
            if then != now:
                line = (then or now or (0,))[0]
                before, after = _coded(then), _coded(now)
                self.differing.add(f"problem of line {line}", before, after if after != before else "in other words")
        return found

    # --- What it brings

    def take(self, source: OpenFile) -> _Said:
        """Return what the second reading brings, compared fact by fact with what is on record."""
        said = _Said()
        otherwise: list[tuple[str, Any, Any]] = []

        def odd(plan: Plan) -> int:
            missing = said.missing(plan.facts)
            new: set[Row] = {(one.line, table_of(one.model), one.id, True) for one in missing}
            known = {(one.line, table_of(one.model), one.id) for one in plan.known}
            with as_known.today():
                on_record = self._on_record({row[0] for row in new} | {row[0] for row in known})
                otherwise[:] = self._written_otherwise(missing)
            return len(new - on_record) + len(known - {row[:3] for row in on_record}) + len(otherwise)

        def keep(plan: Plan) -> bool:
            for one in otherwise:  # of the plan that was looked at last: this one
                self.differing.add(*one)
            as_known.also(_ids(said.keep(plan)))
            return not any(problem.is_fatal for problem in plan.problems)

        with Keys() as keys:
            self._go_through(source, keys, odd, keep)
        return said

    def _on_record(self, lines: Iterable[int]) -> set[Row]:
        rows = ImportedFact.objects.filter(batch=self._batch, line__in=list(lines))
        return set(rows.values_list("line", "table", "fact_id", "is_new"))

    def _written_otherwise(self, facts: Sequence[New]) -> Iterator[tuple[str, Any, Any]]:
        """Go through what stands in new facts otherwise than the file says."""
        for kind, write in _WRITTEN.items():
            some = [fact for fact in facts if isinstance(fact, kind)]
            if not some:
                continue
            ids = [fact.id for fact in some]
            rows: QuerySet[Any] = QuerySet(some[0].model)
            stored = {row.pk: row for row in rows.filter(pk__in=ids)}
            further = _FURTHER[kind](ids) if kind in _FURTHER else {}
            for fact in some:
                where = f"line {fact.line}: {table_of(fact.model)} {fact.id}"
                if (row := stored.get(fact.id)) is None:
                    yield where, "not on record", "there"
                    continue
                then = _columns(row) | further.get(fact.id, {})
                for column, now in write(fact, self._batch.organization_id).items():
                    if column in then and then[column] != now:
                        yield f"{where} {column}", *_told(fact, column, then[column], now)

    # --- Going through

    def _go_through(
        self,
        source: OpenFile,
        keys: Keys,
        odd: Callable[[Plan], int],
        keep: Callable[[Plan], bool],
    ) -> None:
        """
        Plan the file piece by piece, a transaction for some of them.

        :param odd: how much of a plan is not as it was recorded
        :param keep: takes a plan in, and says whether to go on
        """
        phases = self._answers(source) if self._batch.format == CWR_ACK else self._lines(source, keys)
        for phase in phases:
            for pieces in _some(phase, PIECES_AT_ONCE):  # the file is read here, in no transaction
                with as_known.known(self._began):
                    if not all(keep(self._tried(piece, keys, odd)) for piece in pieces):
                        return

    def _lines(self, source: OpenFile, keys: Keys) -> Iterator[Iterator[Piece]]:
        with as_known.known(self._began):
            resolver = importing.resolver_of(source, keys, at=self._at)
        yield (partial(resolver.plan, some) for some in together(source.lines(), self._batch.format))
        yield (partial(resolver.plan_releases, some) for some in resolver.releases())

    def _answers(self, source: OpenFile) -> Iterator[Iterator[Piece]]:
        def society() -> str:
            return source.heading.sender if source.heading else ""

        def plan(some: list[Any]) -> Plan:
            return next(answered(self._batch, some, society))

        yield (partial(plan, some) for some in _some(source.answers(), LINES_AT_ONCE))

    def _tried(self, piece: Piece, keys: Keys, odd: Callable[[Plan], int]) -> Plan:
        """Plan some lines; where they do not come to what was recorded, with what others recorded meanwhile."""
        with keys.trying() as forget:
            plan = piece()
            if not (count := odd(plan)):
                return plan
            forget()
            as_known.turn_to(self._ended)
            plan = piece()
            is_better = odd(plan) < count
            as_known.turn_to(self._began)
            if is_better:
                self.later += 1
                return plan
            forget()
            plan = piece()
            odd(plan)
            return plan


# --- What was brought, kept outside of memory


class _Said:
    """Which facts and which known things lines came to, as they would be recorded."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.executescript(
            "PRAGMA synchronous = OFF;"
            "CREATE TABLE new (id BLOB PRIMARY KEY) WITHOUT ROWID;"
            "CREATE TABLE fact (line INTEGER, name TEXT, id BLOB, is_new INTEGER, PRIMARY KEY (line, name, id))"
            " WITHOUT ROWID;"
            "CREATE TABLE note (line INTEGER, kind TEXT, id BLOB, text TEXT, PRIMARY KEY (line, kind, id, text))"
            " WITHOUT ROWID;"
            "CREATE TABLE answer (line INTEGER PRIMARY KEY, said TEXT);"
        )
        self.lines = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._database.close()

    def missing(self, facts: Sequence[New]) -> list[New]:
        """Return those that no line before came to."""
        found, here = [], set()
        for fact in facts:
            had = self._database.execute("SELECT 1 FROM new WHERE id = ?", (fact.id.bytes,)).fetchone()
            if had is None and fact.id not in here:
                here.add(fact.id)
                found.append(fact)
        return found

    def keep(self, plan: Plan) -> list[New]:
        """Take in what some lines come to, and return which of their facts are new."""
        self.lines = max(self.lines, plan.last_line)
        missing = self.missing(plan.facts)
        self._database.executemany("INSERT INTO new VALUES (?)", [(fact.id.bytes,) for fact in missing])
        rows = [(one.line, table_of(one.model), one.id.bytes, True) for one in missing]
        rows += [(one.line, table_of(one.model), one.id.bytes, False) for one in plan.known]
        self._database.executemany("INSERT OR IGNORE INTO fact VALUES (?, ?, ?, ?)", rows)
        self._database.executemany(
            "INSERT OR IGNORE INTO note VALUES (?, ?, ?, ?)",
            [(note.line, note.kind, note.id.bytes, note.text) for note in plan.notes],
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO answer VALUES (?, ?)",
            [(one.line, f"{one.work_id} {one.said.status.value}") for one in plan.answers],
        )
        return missing

    def count(self, *, is_new: bool) -> int:
        """Return how many facts are new, or how many things were there."""
        (count,) = self._database.execute("SELECT count(*) FROM fact WHERE is_new = ?", (is_new,)).fetchone()
        return int(count)

    def digest(self) -> str:
        """Return what ``importing.facts_digest`` does."""
        digest = hashlib.sha256()
        for line, table, id in self._database.execute(
            "SELECT line, name, id FROM fact WHERE is_new ORDER BY line, name, id"
        ):
            digest.update(f"{line} {table} {UUID(bytes=id)}\n".encode())
        return digest.hexdigest()

    def compare(self, batch: ImportBatch, differing: Differing, *, has_notes: bool) -> None:
        """Say where facts, notes and answers are others than those on record."""
        facts = self._database.execute("SELECT line, name, id, is_new FROM fact ORDER BY line, name, id")
        now = (((line, name, UUID(bytes=id)), bool(is_new)) for line, name, id, is_new in facts)
        then = ((row[:3], row[3]) for row in _pages(ImportedFact, batch, "line", "table", "fact_id", and_="is_new"))
        for (line, table, id), before, after in _apart(then, now):
            differing.add(f"line {line}: {table} {id}", _WAS[before], _WAS[after])
        notes = self._database.execute("SELECT line, kind, id, text FROM note ORDER BY line, kind, id, text")
        said = (((line, kind, UUID(bytes=id)), text) for line, kind, id, text in notes)
        noted = ((row[:3], row[3]) for row in _pages(ImportNote, batch, "line", "kind", "fact_id", and_="text"))
        for (line, kind, _), before, after in _apart(_together(noted), _together(said)) if has_notes else ():
            then_, now_ = ("noted" if one else None for one in (before, after))
            differing.add(f"line {line}: note {kind}", then_, now_ if now_ != then_ else "in other words")
        answers = self._database.execute("SELECT line, said FROM answer ORDER BY line")
        given = (
            ((line,), f"{work} {status}")
            for line, work, status in _pages(SocietyAnswer, batch, "line", and_=("work_id", "status"))
        )
        for (line,), before, after in _apart(given, (((line,), text) for line, text in answers)):
            differing.add(f"line {line}: answer", before, after)


_WAS: Final = {None: "nothing", True: "new", False: "known before"}


def _pages(model: Any, batch: ImportBatch, *order: str, and_: str | tuple[str, ...]) -> Iterator[Any]:
    """Go through what is on record of a batch, in an order that is unique but for what follows, some rows at once."""
    further = (and_,) if isinstance(and_, str) else and_
    rows = model.objects.filter(batch=batch).order_by(*order, "pk")
    after = None
    while True:
        page = list((rows if after is None else rows.filter(after)).values_list(*order, *further, "pk")[:_ROWS_AT_ONCE])
        yield from (row[:-1] for row in page)
        if len(page) < _ROWS_AT_ONCE:
            return
        after = Q()
        last = dict(zip((*order, "pk"), (*page[-1][: len(order)], page[-1][-1]), strict=True))
        for place, column in enumerate(last):
            same = {name: last[name] for name in list(last)[:place]}
            after |= Q(**same, **{f"{column}__gt": last[column]})


def _together(rows: Iterable[tuple[Any, str]]) -> Iterator[tuple[Any, str]]:
    """Put the texts that stand under one key together, in an order of their own."""
    before: Any = None
    texts: list[str] = []
    for key, text in rows:
        if key != before and texts:
            yield before, " | ".join(sorted(texts))
            texts = []
        before = key
        texts.append(text)
    if texts:
        yield before, " | ".join(sorted(texts))


def _apart(then: Iterable[tuple[Any, Any]], now: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any, Any]]:
    """Go through two sorted series of keys and values, and say where one has what the other has not."""
    left, right = iter(then), iter(now)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None  # noqa: S101 - for mypy: not both are at their end
            yield one[0], one[1], None
            one = next(left, None)
        elif one is None or other[0] < one[0]:
            yield other[0], None, other[1]
            other = next(right, None)
        else:
            if one[1] != other[1]:
                yield one[0], one[1], other[1]
            one, other = next(left, None), next(right, None)


# --- What would be written


def _ids(facts: Iterable[New]) -> list[UUID]:
    """Return the ids of facts, and of what is written with them and known by a time of its own."""
    found = []
    for fact in facts:
        found.append(fact.id)
        if isinstance(fact, NewRecording):
            found += [link_id(fact.id, work_id) for work_id in fact.work_ids]
    return found


# Everything that an import can bring.
_MODELS: Final[tuple[type[Model], ...]] = (
    Party, Work, Recording, RecordingWork, Release, Identifier, RecordingDescription, Share, Consent,
)  # fmt: skip
_WRITTEN: Final[dict[type[New], Callable[[Any, UUID | None], dict[str, Any]]]] = {
    NewParty: lambda new, owner: {"kind": new.kind.value, "name": new.name, "registrar_id": owner},
    NewWork: lambda new, owner: {"title": new.title, "iswc": new.iswc, "registrar_id": owner},
    NewRecording: lambda new, owner: {
        "title": new.title,
        "isrc": new.isrc,
        "registrar_id": owner,
        "works": sorted(map(str, new.work_ids)),
    },
    NewLink: lambda new, _owner: {"recording_id": new.recording_id, "work_id": new.work_id},
    NewRelease: lambda new, owner: {
        "title": new.title,
        "icpn": new.icpn,
        "grid": new.grid,
        "registrar_id": owner,
        "recordings": list(map(str, new.recording_ids)),
    },
    NewCode: lambda new, _owner: {
        "scheme": new.code.scheme.value,
        "namespace": new.code.namespace,
        "value": new.code.value,
        "raw": new.code.raw,
        f"{new.thing}_id": new.of,
    },
    NewDescription: lambda new, _owner: {
        "recording_id": new.recording_id,
        "describer_id": new.describer_id,
        "said": new.said,
    },
    NewShare: lambda new, _owner: {
        **new.given.asset.columns,
        "party_id": new.given.party_id,
        "right_type": new.given.right_type.value,
        "basis": new.given.basis.value,
        "role": new.given.role,
        "numerator": new.given.part.numerator,
        "denominator": new.given.part.denominator,
        "written": new.given.written,
        "territories": list(new.given.territories),
        "active_from": new.given.active_from,
        "active_to": new.given.active_to,
        "registrar_id": new.given.registrar_id,
    },
    NewConsent: lambda new, owner: {
        **new.terms.scope.columns,
        "grantor_id": new.terms.grantor_id,
        "actor_id": new.terms.actor_id,
        "licensee_id": new.terms.licensee_id,
        "authority_id": new.standing.authority_id,
        "uses": sorted(set(new.terms.uses)),
        "territories": list(new.terms.territories),
        "active_from": new.terms.active_from,
        "active_to": new.terms.active_to,
        "document_digest": new.terms.document_digest,
        "registrar_id": owner,
    },
}


def _names(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    # Without an identity it was erased: there is no name to compare.
    rows = Party.objects.filter(pk__in=ids, identity__isnull=False).select_related("identity")
    return {row.pk: {"name": row.identity.name} for row in rows}


def _works(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {id: {"works": []} for id in ids}
    rows = RecordingWork.objects.filter(recording__in=ids)
    for id, recording_id, work_id in rows.values_list("pk", "recording", "work"):
        if id == link_id(recording_id, work_id):  # what was linked later has an id of its own
            found[recording_id]["works"].append(str(work_id))
    return {id: {"works": sorted(one["works"])} for id, one in found.items()}


def _tracks(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {id: {"recordings": []} for id in ids}
    rows = ReleaseRecording.objects.filter(release__in=ids).order_by("release", "position")
    for release_id, recording_id in rows.values_list("release", "recording"):
        found[release_id]["recordings"].append(str(recording_id))
    return found


def _described(ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    rows = RecordingDescription.objects.filter(pk__in=ids)
    return {row.pk: {"said": descriptions.said_by(row)} for row in rows}


_FURTHER: Final[dict[type[New], Callable[[Sequence[UUID]], dict[UUID, dict[str, Any]]]]] = {
    NewParty: _names,
    NewRecording: _works,
    NewRelease: _tracks,
    NewDescription: _described,
}
