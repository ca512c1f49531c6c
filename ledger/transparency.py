"""
What a version of a model was trained on, read for whoever may see it: as at a day, as known at a moment. Reads only.

Members are read in pieces and counted as they come: memory does not grow with the dataset but for the licenses in it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.db.models import Q, QuerySet

from ledger.models import Checkpoint, Entry
from ledger.statements.summary import (
    EntryLine,
    ExclusionLine,
    LicenseLine,
    MemberLine,
    Moment,
    Summary,
    Tally,
)
from ledger.visibility import Sight, seen
from rights import coverage, datasets, descriptions, standing, training
from rights.coverage import Coverage, Dimension, Flagged, Flags, Unit
from rights.datasets import Member, Training
from rights.merges import survivors
from rights.models import (
    AppealAnswer,
    DatasetExclusion,
    DatasetMember,
    Decision,
    Finding,
    License,
    ModelVersion,
    Party,
    Recording,
    Review,
    Share,
    TrainingStatement,
)
from rights.standing import Happening, Stance
from rights.training import Recorded
from rights.visibility import Within
from rights.vocabulary import AssetKind, Outcome, PartyKind, ReviewReason

CHUNK = 2_000
MOST_FLAGGED = 50  # members that a page names because something stands against them
MOST_COMPARED = 100_000  # recordings of the catalogue that a dataset is compared with
MOST_NOTES = 20
MOST_AT_ONCE = 10_000  # recordings that are counted while somebody waits, about a second and a half
MEMBER_COSTS = 5  # recordings that take as long as a member with its answers
FLAG_COSTS = 1  # and as a finding that may be a flag
KEPT_S = 3_600
ORDER_S = 300  # after which work that nobody finished is ordered again


class NotKnownThen(Exception):
    """The version was registered later than the moment that is asked about: ask for a later one."""


class BeingSummedUp(Exception):
    """So much is gone through by a worker: ask again in half a minute."""


class AsksTheFuture(Exception):
    """What will be known later cannot be asked for: known_at is now or earlier."""


@dataclass(frozen=True)
class Asked:
    """Which version, through whose eyes, as at which day and as known when."""

    version: ModelVersion
    sight: Sight
    valid_at: date
    known_at: datetime
    is_now: bool = False  # nobody named a moment: an answer of this hour will do where it takes long


def ask(
    version: ModelVersion, sight: Sight, *, valid_at: date | None, known_at: datetime | None, at: datetime
) -> Asked:
    """
    Return what is asked about a version; without a day and a moment, now.

    :raises AsksTheFuture: the moment lies ahead
    :raises NotKnownThen: the version was not registered at that moment
    """
    if known_at is not None and known_at > at:
        raise AsksTheFuture
    asked = Asked(version, sight, valid_at or at.date(), known_at or at, is_now=known_at is None)
    if version.registered_at > asked.known_at:
        raise NotKnownThen
    return asked


# --- What takes too long for whoever waits, and is worked out by a worker


def summed_up(asked: Asked, *, order: Callable[..., object]) -> Summary:
    """
    Return what `summary` says: at once where that is quick, else as a worker has worked it out.

    :param order: hands the work to a worker, by words that go into a message
    :raises BeingSummedUp: a worker is at it
    """
    if _is_quick(asked):
        return summary(asked)
    found: Summary = _kept_or_ordered(
        _place(asked),
        order,
        version_id=str(asked.version.pk),
        sight=_written(asked.sight),
        valid_at=asked.valid_at.isoformat(),
        known_at="" if asked.is_now else asked.known_at.isoformat(),
    )
    return found


def _kept_or_ordered(place: str, order: Callable[..., object], **words: Any) -> Any:
    if (found := _kept().get(place)) is not None:
        return found
    if _kept().add(f"{place}-ordered", True, timeout=ORDER_S):  # of many who wait, one orders
        order(**words)
    raise BeingSummedUp


def sum_up(*, version_id: UUID, sight: Any, valid_at: date, known_at: datetime | None, at: datetime) -> None:
    """Work a summary out, and keep it for those who wait."""
    rows = ModelVersion.objects.select_related("model__provider__identity", "dataset__keeper__identity", "retirement")
    asked = ask(rows.get(pk=version_id), _read_sight(sight), valid_at=valid_at, known_at=known_at, at=at)
    found = summary(asked)
    # Under its moment too: the paper that a page links to is that of the page.
    _kept().set_many({_place(one): found for one in (asked, replace(asked, is_now=False))}, timeout=KEPT_S)
    _kept().delete(f"{_place(asked)}-ordered")


def index_summed_up(
    sight: Sight, *, known_at: datetime | None, at: datetime, order: Callable[..., object]
) -> IndexCoverage:
    """
    Return what `index` says, now or as known at a moment: at once where that is quick, else as a worker has counted it.

    :raises AsksTheFuture: the moment lies ahead
    :raises BeingSummedUp: a worker is at it
    """
    if known_at is not None and known_at > at:
        raise AsksTheFuture
    recordings = seen(Recording.objects.all(), sight)[: MOST_AT_ONCE + 1].count()
    findings = seen(Finding.objects.all(), sight)[: MOST_AT_ONCE + 1].count()
    if recordings + findings * FLAG_COSTS <= MOST_AT_ONCE:
        return index(sight, known_at=known_at or at)
    words = {"sight": _written(sight), "known_at": known_at.isoformat() if known_at else ""}
    found: IndexCoverage = _kept_or_ordered(_index_place(sight, known_at), order, **words)
    return found


def count_index(*, sight: Any, known_at: datetime | None, at: datetime) -> None:
    """Count the index, and keep what it comes to for those who wait."""
    eyes = _read_sight(sight)
    place = _index_place(eyes, known_at)
    _kept().set(place, index(eyes, known_at=known_at or at), timeout=KEPT_S)
    _kept().delete(f"{place}-ordered")


def _index_place(sight: Sight, known_at: datetime | None) -> str:
    said = json.dumps([_written(sight), known_at.isoformat() if known_at else "now"])
    return f"index-{hashlib.sha256(said.encode()).hexdigest()}"


def _is_quick(asked: Asked) -> bool:
    members = asked.version.dataset.member_count if asked.version.dataset else 0
    if members * MEMBER_COSTS > MOST_AT_ONCE:
        return False
    rows = seen(Recording.objects.all(), asked.sight)[: MOST_AT_ONCE + 1]
    return members * MEMBER_COSTS + rows.count() <= MOST_AT_ONCE


def _kept() -> BaseCache:
    # Beside pictures: drawn again when somebody looks, and emptied where somebody is erased.
    return caches["pictures"]


def _place(asked: Asked) -> str:
    known_at = "now" if asked.is_now else asked.known_at.isoformat()
    said = json.dumps([str(asked.version.pk), _written(asked.sight), asked.valid_at.isoformat(), known_at])
    return f"training-{hashlib.sha256(said.encode()).hexdigest()}"


def _written(sight: Sight) -> Any:
    """Write down through whose eyes, in ids, for a message."""
    return {
        "parties": None if sight.parties is None else sorted(map(str, sight.parties)),
        "within": [
            [
                str(one.engagement_id),
                sorted(map(str, one.organization)),
                sorted(map(str, one.parties)),
                one.period_from and one.period_from.isoformat(),
                one.period_to and one.period_to.isoformat(),
            ]
            for one in sight.within
        ],
    }


def _read_sight(said: Any) -> Sight:
    def ids(some: Iterable[str]) -> frozenset[UUID]:
        return frozenset(map(UUID, some))

    within = tuple(
        Within(UUID(audit), ids(house), ids(parties), *(day and date.fromisoformat(day) for day in days))
        for audit, house, parties, *days in said["within"]
    )
    return Sight(None if said["parties"] is None else ids(said["parties"]), within)


def summary(asked: Asked) -> Summary:
    """Return everything that is said about the training of a version."""
    version, known_at = asked.version, asked.known_at
    dataset = version.dataset
    moments = _moments(asked)
    licenses = _Licenses(asked, moments)
    tally, covered, digest = Tally(), Coverage(), hashlib.sha256()
    flagged: list[MemberLine] = []
    for rows in _chunks(asked):
        lines = _lines(asked, rows, moments, licenses)
        for row, line in zip(rows, lines, strict=True):
            tally.add(line)
            digest.update(f"{row.asset_id}\n".encode())
            if (line.is_refused_in_training or line.is_withdrawn_since) and len(flagged) < MOST_FLAGGED:
                flagged.append(line)
        tally.unlicensed_of_others += _of_others(asked, rows)
        for unit in _units(rows, known_at):
            covered.add(unit)
            tally.untimed += unit.is_recording and unit.duration_ms is None
    compared, compared_with = _catalogue(asked.sight, known_at)
    statement = statement_of(version.pk, known_at=known_at)
    document = json.loads(statement.document) if statement else None
    found = licenses.lines(tally.by_license)
    is_whole = dataset is not None and tally.members == dataset.member_count
    recorded = Recorded(
        licensed_by_others=sum(one.members for one in found if one.is_by_another),
        unlicensed_of_others=tally.unlicensed_of_others,
        licenses_lapsed_in_training=sum(
            not all(one.in_force.get(key, True) for key in ("began", "ended")) for one in found
        ),
        refused_in_training=tally.refused_in_training,
        audio_members=tally.kinds[AssetKind.RECORDING] + tally.kinds[AssetKind.STEM],
        text_members=tally.kinds[AssetKind.LYRICS],
        duration_ms=covered.duration_ms,
        untimed=tally.untimed,
        trained_from=version.trained_from,
        trained_to=version.trained_to,
        is_whole=is_whole or dataset is None,
    )
    retirement = getattr(version, "retirement", None)
    # As it stood then: what is asked for again with its day and its moment comes to the same bytes.
    checkpoint = Checkpoint.objects.filter(at__lte=known_at).order_by("-size").first()
    size = checkpoint.size if checkpoint else 0
    return Summary(
        version_id=version.pk,
        model_id=version.model_id,
        model=version.model.name,
        label=version.label,
        provider=_name(version.model.provider),
        registered_at=version.registered_at,
        trained_from=version.trained_from,
        trained_to=version.trained_to,
        retired_on=retirement.effective_on if retirement and retirement.recorded_at <= known_at else None,
        code_digest=version.code_digest,
        weights_digest=version.weights_digest,
        has_identity_features=version.has_identity_features,
        dataset_id=dataset.pk if dataset else None,
        dataset=dataset.name if dataset else "",
        keeper=_name(dataset.keeper) if dataset else "",
        frozen_at=dataset.frozen_at if dataset else None,
        members_digest=dataset.members_digest if dataset else "",
        member_count=dataset.member_count if dataset else 0,
        despite=dataset.despite if dataset else "",
        is_digest_right=digest.hexdigest() == dataset.members_digest if dataset and is_whole else None,
        valid_at=asked.valid_at,
        known_at=known_at,
        moments=moments,
        tally=tally,
        licenses=found,
        exclusions=_exclusions(asked),
        statement_id=statement.pk if statement else None,
        statement_number=statement.number if statement else None,
        statement_digest=statement.digest if statement else "",
        stated_at=statement.recorded_at if statement else None,
        document=document,
        contradictions=training.contradictions(document, recorded),
        coverage=covered,
        compared=compared,
        compared_with=compared_with,
        entries=_entries(version, statement, size),
        checkpoint_size=size,
        checkpoint_root=bytes(checkpoint.root).hex() if checkpoint else "",
        flagged=tuple(flagged),
    )


def members(asked: Asked, *, start: int = 0, most: int | None = None) -> Iterator[MemberLine]:
    """Yield the members with their chains, in the order of the digest; read in pieces."""
    moments = _moments(asked)
    licenses = _Licenses(asked, moments)
    for rows in _chunks(asked, start=start, most=most):
        yield from _lines(asked, rows, moments, licenses)


def statement_of(version_id: UUID, *, known_at: datetime) -> TrainingStatement | None:
    """Return what the provider declares of a version, as known at a moment: the last declaration stands."""
    rows = TrainingStatement.objects.filter(model_version=version_id, recorded_at__lte=known_at)
    return rows.order_by("-number").first()


def versions(sight: Sight) -> QuerySet[Any]:
    """Return the versions that are seen, newest first."""
    rows = ModelVersion.objects.select_related("model__provider__identity", "dataset", "retirement")
    return seen(rows, sight).order_by("-registered_at", "pk")


def _name(party: Party) -> str:
    """Return what an organization is called. People are not named in what is to be published."""
    return "a person" if party.kind == PartyKind.PERSON else str(party)


def _moments(asked: Asked) -> tuple[Moment, ...]:
    version, dataset = asked.version, asked.version.dataset
    found = []
    if dataset is not None:
        found.append(Moment("frozen", "When the dataset was frozen, as known then", dataset.frozen_at.date()))
    if version.trained_from is not None:
        found.append(Moment("began", "When training began", version.trained_from))
    if version.trained_to is not None:
        found.append(Moment("ended", "When training ended", version.trained_to))
    return (*found, Moment("now", "As at the day of this summary", asked.valid_at))


def _chunks(asked: Asked, *, start: int = 0, most: int | None = None) -> Iterator[list[DatasetMember]]:
    if asked.version.dataset_id is None:
        return
    rows = seen(DatasetMember.objects.filter(dataset=asked.version.dataset_id), asked.sight).order_by("asset_id")
    rows = rows.select_related("recording", "work", "voice", "stem", "lyrics__work")
    if start or most is not None:
        rows = rows[start : None if most is None else start + most]
        iterator = rows.iterator(chunk_size=CHUNK)
        yield from iter(lambda: list(itertools.islice(iterator, CHUNK)), [])
        return
    last: UUID | None = None
    while chunk := list((rows.filter(asset_id__gt=last) if last else rows)[:CHUNK]):
        yield chunk
        last = chunk[-1].asset_id


class _Licenses:
    """The licenses that training rests on, each with when it was in force."""

    def __init__(self, asked: Asked, moments: Sequence[Moment]) -> None:
        """Read them."""
        version = asked.version
        wanted = Q(training_licenses__model_version=version)
        if version.dataset_id is not None:
            wanted |= Q(dataset_members__dataset=version.dataset_id)
        # As ids first: the same license comes once for each member.
        ids = set(License.objects.filter(wanted).values_list("pk", flat=True).distinct())
        rows = seen(License.objects.filter(pk__in=ids, recorded_at__lte=asked.known_at), asked.sight)
        who = survivors({version.model.provider_id}, known_at=asked.known_at)
        own = {version.model.provider_id, *who.values()}
        self.found: dict[UUID, LicenseLine] = {}
        for row in rows.select_related("licensor__identity").prefetch_related("events").order_by("active_from", "pk"):
            spans = _spans(row, asked.known_at)
            self.found[row.pk] = LicenseLine(
                row.pk,
                _name(row.licensor),
                row.active_from,
                row.active_to,
                row.licensor_id not in own,
                {
                    moment.key: any(stance is Stance.ALLOW and span.holds_on(moment.on) for stance, span in spans)
                    for moment in moments
                },
            )

    def lines(self, by_license: Counter[UUID | None]) -> tuple[LicenseLine, ...]:
        """Return them with how many members came in under each."""
        return tuple(replace(one, members=by_license[one.id]) for one in self.found.values())


def _spans(row: License, known_at: datetime) -> tuple[tuple[Stance, standing.Span], ...]:
    course = sorted((one for one in row.events.all() if one.recorded_at <= known_at), key=lambda one: one.position)
    return standing.of_license(
        row.territories, row.active_from, row.active_to, [Happening(one.act, one.effective_on) for one in course]
    )


def _lines(
    asked: Asked, rows: Sequence[DatasetMember], moments: Sequence[Moment], licenses: _Licenses
) -> list[MemberLine]:
    version = asked.version
    asking = Training(version.model.provider_id, version.model_id, version.pk, version.has_identity_features)
    wanted = [Member(_kind(row), _id(row), row.license_id) for row in rows]
    said = {
        moment.key: datasets.answers(
            wanted,
            # When the dataset was frozen there was no version yet to be asked for.
            Training(version.model.provider_id) if moment.key == "frozen" else asking,
            on=moment.on,
            known_at=_known(asked, moment),
        )
        for moment in moments
    }
    found = []
    for row, member in zip(rows, wanted, strict=True):
        license_ = licenses.found.get(row.license_id) if row.license_id else None
        title, code = _called(row)
        found.append(
            MemberLine(
                member.kind,
                member.id,
                title,
                code,
                row.license_id,
                license_.licensor if license_ else "",
                {key: answers[member.id] for key, answers in said.items()},
            )
        )
    return found


def _known(asked: Asked, moment: Moment) -> datetime:
    """Return as known when members are asked about: at the freezing as it was known then, since that was answered."""
    dataset = asked.version.dataset
    if moment.key == "frozen" and dataset is not None:
        return min(dataset.frozen_at, asked.known_at)
    return asked.known_at


def _kind(row: DatasetMember) -> AssetKind:
    return next(kind for kind in AssetKind if getattr(row, f"{kind.value}_id") is not None)


def _id(row: DatasetMember) -> UUID:
    found: UUID = row.asset_id
    return found


def _called(row: DatasetMember) -> tuple[str, str]:
    """Return a member's title and code; a voice by its label alone, since its person is nobody to publish."""
    if row.recording is not None:
        return row.recording.title, row.recording.isrc or ""
    if row.work is not None:
        return row.work.title, row.work.iswc or ""
    if row.stem is not None:
        return row.stem.title, ""
    if row.lyrics is not None:
        return f"{row.lyrics.work.title} ({row.lyrics.language})", ""
    return (row.voice.label if row.voice is not None else ""), ""


def _of_others(asked: Asked, rows: Sequence[DatasetMember]) -> int:
    """Count the members without a license in which somebody else than the provider holds a share."""
    bare = [_id(row) for row in rows if row.license_id is None]
    held = Share.objects.filter(asset_id__in=bare, recorded_at__lte=asked.known_at)
    return int(held.exclude(party=asked.version.model.provider_id).values("asset_id").distinct().count())


def _units(rows: Sequence[DatasetMember], known_at: datetime) -> Iterator[Unit]:
    """Yield what of a dataset is counted: recordings, stems as what they are of, and words that stand alone."""
    yield from descriptions.units([row.recording_id for row in rows if row.recording_id], known_at=known_at)
    stems = [row.stem for row in rows if row.stem is not None]
    of = {unit.id: unit for unit in descriptions.units({stem.recording_id for stem in stems}, known_at=known_at)}
    yield from (replace(of[stem.recording_id], id=stem.pk, duration_ms=None) for stem in stems)
    yield from descriptions.texts(
        [row.work_id for row in rows if row.work_id],
        [row.lyrics_id for row in rows if row.lyrics_id],
        known_at=known_at,
    )


def _exclusions(asked: Asked) -> tuple[ExclusionLine, ...]:
    if asked.version.dataset_id is None:
        return ()
    rows = seen(DatasetExclusion.objects.filter(dataset=asked.version.dataset_id), asked.sight)
    assets, others, notes = Counter[str](), Counter[str](), dict[str, list[str]]()
    for reason, asset_id, quantity, note in rows.values_list("reason", "asset_id", "quantity", "note").iterator():
        (others if asset_id is None else assets)[reason] += quantity
        if note and note not in (some := notes.setdefault(reason, [])) and len(some) < MOST_NOTES:
            some.append(note)
    names = sorted(set(assets) | set(others))
    return tuple(ExclusionLine(name, assets[name], others[name], tuple(notes.get(name, ()))) for name in names)


def _entries(version: ModelVersion, statement: TrainingStatement | None, size: int) -> tuple[EntryLine, ...]:
    wanted: list[tuple[str, dict[str, Any]]] = [("Version registered", {"model_version": version})]
    if version.dataset_id is not None:
        wanted.insert(0, ("Dataset frozen", {"dataset": version.dataset_id}))
    if statement is not None:
        wanted.append((f"Declaration {statement.number}", {"training_statement": statement}))
    found = []
    for name, subject in wanted:
        entry = Entry.objects.select_related("leaf").filter(**subject).first()
        if entry is not None:
            is_under = hasattr(entry, "leaf") and entry.leaf.index < size
            found.append(EntryLine(name, entry.pk, entry.leaf.index if is_under else None))
    return tuple(found)


# --- The catalogue, the index, and how often a flag was wrong


def _catalogue(sight: Sight, known_at: datetime) -> tuple[Coverage, str]:
    whole, _, name = _counted(sight, known_at)
    return whole, name


def _counted(sight: Sight, known_at: datetime) -> tuple[Coverage, Coverage, str]:
    """Return the catalogue that is seen and what of it is in the index of references, and what that is called."""
    rows = seen(Recording.objects.filter(registered_at__lte=known_at), sight).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[: MOST_COMPARED + 1])
    name = "the whole catalogue" if sight.is_whole else "the recordings that you see"
    if len(ids) > MOST_COMPARED:
        ids, name = ids[:MOST_COMPARED], f"{MOST_COMPARED:,} recordings of {name}, by their ids"
    whole, index = Coverage(), Coverage()
    for unit in descriptions.units(ids, known_at=known_at):
        whole.add(unit)
        if unit.duration_ms is not None:
            index.add(unit)
    return whole, index, name


@dataclass(frozen=True)
class IndexCoverage:
    """What outputs are compared with, and how often that stopped what it should not have (CHK-7)."""

    catalogue: Coverage
    index: Coverage
    compared_with: str
    flags: dict[Dimension, tuple[Flags, ...]]
    flagged: int
    judged: int
    wrong: int
    known_at: datetime


_MATCHES = ("matches_are_declared", "versions_are_declared")
_WRONG = {ReviewReason.NOT_THE_SAME, ReviewReason.COMMON_MATERIAL}
_RIGHT = {ReviewReason.SAME_MATERIAL}


def index(sight: Sight, *, known_at: datetime) -> IndexCoverage:
    """Return what the index of references covers of the catalogue, and the rate of false flags by group."""
    catalogue, within, name = _counted(sight, known_at)
    found = list(_flagged(sight, known_at))
    return IndexCoverage(
        catalogue,
        within,
        name,
        dict(coverage.flags(found)),
        len(found),
        sum(one.is_wrong is not None for one in found),
        sum(one.is_wrong is True for one in found),
        known_at,
    )


def _flagged(sight: Sight, known_at: datetime) -> Iterator[Flagged]:
    """
    Yield each recording that an output was stopped or held for, with what people made of it.

    An output counts once for a recording, by its first decision; what people said last about its matches is what
    counts. Where they decided on something else than whether it is the same, or on nothing yet, nobody has judged.
    """
    rows = seen(Finding.objects.all(), sight).filter(
        rule__in=_MATCHES,
        effect__in=("refuse", "review"),
        decision__supersedes__isnull=True,
        decision__decided_at__lte=known_at,
    )
    pairs = rows.order_by("decision__submission", "pk").values_list("decision__submission", "rests_on")
    iterator = pairs.iterator(chunk_size=CHUNK)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        submissions = {submission for submission, _ in chunk}
        ids = {id for _, rests_on in chunk for id in rests_on}
        recordings = list(Recording.objects.filter(pk__in=ids).values_list("pk", flat=True))
        units = {unit.id: unit for unit in descriptions.units(recordings, known_at=known_at)}
        judged = _judged(submissions, known_at)
        for submission, recording in dict.fromkeys(
            (submission, id) for submission, rests_on in chunk for id in rests_on if id in units
        ):
            yield Flagged(units[recording], judged.get(submission))


def _judged(submissions: Iterable[UUID], known_at: datetime) -> dict[UUID, bool]:
    """Return of which outputs people found the matches wrong, or right: by their last word about them."""
    wanted = list(submissions)
    # While an output is still held, one reviewer's word waits for another's.
    settled = set(
        Decision.objects.filter(submission__in=wanted, decided_at__lte=known_at)
        .filter(Q(successor__isnull=True) | Q(successor__decided_at__gt=known_at))
        .exclude(outcome=Outcome.REVIEW)
        .values_list("submission", flat=True)
    )
    reviews = Review.objects.filter(decision__submission__in=settled, reviewed_at__lte=known_at)
    answers = AppealAnswer.objects.filter(appeal__decision__submission__in=settled, answered_at__lte=known_at)
    words = [
        *reviews.values_list("reviewed_at", "decision__submission", "reason"),
        *answers.values_list("answered_at", "appeal__decision__submission", "reason"),
    ]
    found: dict[UUID, bool] = {}
    for _, submission, reason in sorted(words, key=lambda word: (word[0], str(word[1]))):
        if reason in _WRONG:
            found[submission] = True
        elif reason in _RIGHT:
            found[submission] = False
    return found
