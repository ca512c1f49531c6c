""" "May I?", asked about one asset or a hundred thousand: answered from what is known, and the answers recorded."""

from __future__ import annotations

import itertools
import json
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction

from ledger import log
from ledger.models import Entry
from rights import clearances, consents, permission
from rights.clearances import Asked
from rights.identifiers import BadCode, isrc, iswc
from rights.merges import survivor
from rights.models import Clearance, ClearanceAnswers, ModelVersion, Party, Recording, Work
from rights.outlines import Answered
from rights.permission import Code, Question, Reason, Ruling
from rights.registry import NoSuchUse, NothingAllowed
from rights.territories import expand
from rights.vocabulary import Answer, AssetKind, Purpose, Use

MOST_ASSETS = 100_000
MOST_HELD = 1_000  # assets
CHUNK = 5_000
SPOOLED_BYTES = 8 * 2**20  # beyond it the answers of one question wait on disk

Seen = Callable[[AssetKind, Sequence[UUID]], set[UUID]]


class TooManyAssets(Exception):
    """One question is about at most 100,000 assets: ask in several."""


class NothingAsked(Exception):
    """Name at least one asset that the question is about."""


class KnownInTheFuture(Exception):
    """What will be known later cannot be asked for: known_at is now or earlier."""


class NoSuchPurpose(Exception):
    """This is not a purpose; the API's docs list them."""


class NoSuchModelVersion(Exception):
    """No model version is registered under this id."""


class NoSuchLicensee(Exception):
    """No party is registered under this id."""


@dataclass(frozen=True)
class Named:
    """An asset as somebody names it: by its id, or by a public code of it."""

    kind: AssetKind
    id: UUID | None = None
    code: str = ""  # an ISRC of a recording or an ISWC of a work, as written

    @property
    def document(self) -> dict[str, str]:
        """How the answer names it: as the question did."""
        if self.id is not None:
            return {self.kind.value: str(self.id)}
        return {"isrc" if self.kind is AssetKind.RECORDING else "iswc": self.code}


@dataclass(frozen=True)
class Asking:
    """Who wants to do what, where, on which day and with what; and what was known when."""

    licensee_id: UUID
    uses: Sequence[str]
    territories: Sequence[str]
    valid_at: date
    known_at: datetime
    purposes: Sequence[str] = ()
    model_version_id: UUID | None = None


def ask(
    *,
    id: UUID,
    asking: Asking,
    assets: Iterable[Named],
    asker_id: UUID | None,
    at: datetime,
    seen: Seen | None = None,
) -> Clearance:
    """
    Answer a question about assets as at its day and as known at its moment, and record the answers with an entry.

    ``assets`` is read as it is answered: memory does not grow with it. ``seen`` narrows what the asker may ask about;
    what they do not see is answered as what is not registered. Nothing is kept unless all of it was answered.

    Of up to ``MOST_HELD`` assets a yes is held until it is recorded: a consent that is withdrawn before is heard, and
    the question answered again; whoever withdraws meanwhile waits. Of more the answers are what was there to be read.

    :raises NothingAsked: no asset is named
    :raises TooManyAssets: more are named than one question may have
    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchPurpose: a purpose is not in the vocabulary
    :raises KnownInTheFuture: ``known_at`` lies ahead
    :raises NoSuchLicensee: the licensee is not registered
    :raises NoSuchModelVersion: the model version is not registered
    :raises NoSuchTerritory: a territory is not in the tables, or not in force on the day
    """
    rest = iter(assets)
    few = list(itertools.islice(rest, MOST_HELD + 1))
    if len(few) > MOST_HELD:
        return _ask(id, asking, itertools.chain(few, rest), asker_id, at, seen, yes=None)
    while True:
        try:
            return _ask(id, asking, few, asker_id, at, seen, yes={})
        except _Moved as moved:
            if asking.known_at == at:  # as known now, and now is later
                at = max(at, moved.at)
                asking = replace(asking, known_at=at)


class _Moved(Exception):
    """A consent that an answer rests on went on after it was read."""

    def __init__(self, at: datetime) -> None:
        """Keep the moment at which all of it is known."""
        super().__init__(at)
        self.at = at


Yes = dict[Asked, Answered]


def _ask(
    id: UUID,
    asking: Asking,
    assets: Iterable[Named],
    asker_id: UUID | None,
    at: datetime,
    seen: Seen | None,
    *,
    yes: Yes | None,
) -> Clearance:
    question = question_of(asking, at=at)
    counts: Counter[str] = Counter()
    digest = sha256()
    compressor = zlib.compressobj(3)  # a tenth larger than with the default, in less than half of the time
    until = ""
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as spool:
        for named, answered in _answers(assets, question, asking.known_at, seen):
            line = written(named, answered)
            digest.update(line)
            spool.write(compressor.compress(line))
            counts[answered.answer] += 1
            if answered.valid_until:
                until = min(until, answered.valid_until) if until else answered.valid_until
            if yes is not None and answered.answer is Answer.ALLOW:
                yes[Asked(named.kind, answered.asset_id)] = answered
        if not counts:
            raise NothingAsked
        spool.write(compressor.flush())
        spool.seek(0)
        with transaction.atomic(durable=True):
            if yes:
                _hold_still(yes, question, known_at=asking.known_at, is_now=asking.known_at == at)
            clearance = Clearance.objects.create(
                id=id,
                licensee_id=asking.licensee_id,
                asker_id=asker_id,
                model_version_id=asking.model_version_id,
                uses=sorted(set(asking.uses)),
                purposes=sorted(set(asking.purposes)),
                territories=list(asking.territories),
                valid_at=asking.valid_at,
                known_at=asking.known_at,
                policy_version=permission.VERSION,
                assets=counts.total(),
                allowed=counts[Answer.ALLOW],
                denied=counts[Answer.DENY],
                needing_approval=counts[Answer.NEEDS_APPROVAL],
                unknown=counts[Answer.UNKNOWN],
                valid_until=date.fromisoformat(until) if until else None,
                answers_digest=digest.hexdigest(),
                answered_at=at,
            )
            ClearanceAnswers.objects.create(clearance=clearance, body=spool.read())
            log.append(
                Entry.Kind.CLEARANCE_ANSWERED,
                clearance,
                said_of(clearance),
                at=at,
            )
    return clearance


def _hold_still(yes: Yes, question: Question, *, known_at: datetime, is_now: bool) -> None:
    """
    Hold the consents that answers rest on until the transaction ends.

    :raises _Moved: one of them went on after it was read
    """
    rests_on = {
        UUID(one.ids[grounds.rests_on[-1]])
        for one in yes.values()
        for grounds in one.outline.grounds
        if grounds.code is Code.CONSENTED
    }
    consents.lock_shared(rests_on)
    if is_now and (last := consents.last_moment(rests_on, known_at=known_at)) > known_at:
        raise _Moved(last)
    # What was recorded at an earlier moment may have been committed after it was read.
    for before, now in zip(yes.values(), clearances.answers(yes, question, known_at=known_at), strict=True):
        if (before.answer, before.reasons, before.valid_until) != (now.answer, now.reasons, now.valid_until):
            raise _Moved(known_at)


def question_of(asking: Asking, *, at: datetime) -> Question:
    """Return the question as the policy takes it; raises what ``ask`` raises about it."""
    if asking.known_at > at:
        raise KnownInTheFuture
    if not asking.uses:
        raise NothingAllowed
    _check(asking.uses, {use.value for use in Use}, NoSuchUse)
    _check(asking.purposes, {purpose.value for purpose in Purpose}, NoSuchPurpose)
    if not Party.objects.filter(pk=asking.licensee_id).exists():
        raise NoSuchLicensee
    version = None
    if asking.model_version_id is not None:
        version = ModelVersion.objects.filter(pk=asking.model_version_id).first()
        if version is None:
            raise NoSuchModelVersion
    return Question(
        licensee_id=survivor(asking.licensee_id, known_at=asking.known_at),
        uses=frozenset(asking.uses),
        territories=expand(asking.territories, asking.valid_at),
        on=asking.valid_at,
        purposes=frozenset(asking.purposes),
        model_id=version.model_id if version else None,
        model_version_id=version.id if version else None,
    )


def _check(given: Sequence[str], known: set[str], unknown: type[Exception]) -> None:
    for code in given:
        if code not in known:
            raise unknown(f"{code!r} is none of {', '.join(sorted(known))}")


def _answers(
    assets: Iterable[Named], question: Question, known_at: datetime, seen: Seen | None
) -> Iterator[tuple[Named, Answered]]:
    iterator = iter(assets)
    count = 0
    while chunk := list(itertools.islice(iterator, CHUNK)):
        count += len(chunk)
        if count > MOST_ASSETS:
            raise TooManyAssets
        ids = _ids(chunk)
        if seen is not None:
            visible = {
                kind: seen(kind, [id for one, id in zip(chunk, ids, strict=True) if id and one.kind is kind])
                for kind in {one.kind for one in chunk}
            }
            ids = [id if id and id in visible[one.kind] else None for one, id in zip(chunk, ids, strict=True)]
        asked = [Asked(one.kind, id) for one, id in zip(chunk, ids, strict=True) if id]
        answers = clearances.answers(asked, question, known_at=known_at)
        for one, id in zip(chunk, ids, strict=True):
            yield one, next(answers) if id else _unregistered(one)


def _ids(chunk: Sequence[Named]) -> list[UUID | None]:
    """Return the ids of assets; of codes, as they are registered."""
    codes = {
        AssetKind.RECORDING: _canonical(chunk, AssetKind.RECORDING, isrc),
        AssetKind.WORK: _canonical(chunk, AssetKind.WORK, iswc),
    }
    recordings = Recording.objects.filter(isrc__in=set(codes[AssetKind.RECORDING].values()))
    works = Work.objects.filter(iswc__in=set(codes[AssetKind.WORK].values()))
    found: Mapping[AssetKind, Mapping[str | None, UUID]] = {
        AssetKind.RECORDING: dict(recordings.values_list("isrc", "id")) if codes[AssetKind.RECORDING] else {},
        AssetKind.WORK: dict(works.values_list("iswc", "id")) if codes[AssetKind.WORK] else {},
    }
    return [one.id if one.id is not None else found[one.kind].get(codes[one.kind].get(one.code, "")) for one in chunk]


def _canonical(chunk: Sequence[Named], kind: AssetKind, read: Callable[[str], str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for one in chunk:
        if one.id is None and one.kind is kind:
            with suppress(BadCode):  # a code that is none is registered for nothing
                known[one.code] = read(one.code)
    return known


_NIL = UUID(int=0)


def _unregistered(named: Named) -> Answered:
    asset_id = named.id or _NIL
    return Answered.of(Ruling(asset_id, Answer.UNKNOWN, (Reason(Code.NO_SUCH_ASSET, None, asset_id),), None))


_NOWHERE = '[{"asset":null,"code":"no_such_asset","rests_on":[],"side":null}]'  # of a code that no asset has
_encode = json.JSONEncoder(separators=(",", ":")).encode


def written(named: Named, answered: Answered) -> bytes:
    """
    Return one answer as a line of JSON, sorted and without spaces: what is kept, sent and digested.

    Ids, codes and days are ASCII, so these are the bytes of RFC 8785 too. Put together from what needs no escaping:
    a hundred thousand documents would take longer to encode than to answer.
    """
    asset = f'{{"{named.kind.value}":"{named.id}"}}' if named.id is not None else _encode(named.document)
    reasons = answered.reasons if answered.asset_id is not _NIL else _NOWHERE
    missing = ",".join(f'"{side.value}"' for side in answered.outline.missing)
    until = f'"{answered.valid_until}"' if answered.valid_until else "null"
    return (
        f'{{"answer":"{answered.answer.value}","asset":{asset},"missing":[{missing}],"reasons":{reasons},'
        f'"valid_until":{until}}}\n'
    ).encode()


def lines_of(clearance: Clearance) -> Iterator[bytes]:
    """Yield the answers that were given, a line each, as they were sent and digested."""
    decompressor = zlib.decompressobj()
    body = memoryview(clearance.answers.body)
    rest = b""
    for start in range(0, len(body), 64 * 1024):
        rest += decompressor.decompress(body[start : start + 64 * 1024])
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest + decompressor.flush():
        raise AssertionError("the answers of a clearance end in the middle of a line")


def said_of(clearance: Clearance) -> dict[str, object]:
    """Return what the entry of answers says beside its row."""
    return {
        "policy": clearance.policy_version,
        "assets": clearance.assets,
        "allowed": clearance.allowed,
        "answers": f"sha256:{clearance.answers_digest}",
    }


class OtherPolicy(Exception):
    """This release answers by another policy than was answered by then."""


@dataclass(frozen=True)
class AnsweredAgain:
    """A question that was answered again as known then: as it would be recorded, and the lines that differ."""

    clearance: Clearance
    kept: int  # answers about what was not registered, or not seen by whoever asked: taken as they were
    differing: tuple[tuple[str, bytes, bytes], ...]  # asset, then, now: the first few


def again(then: Clearance, *, most: int = 20) -> AnsweredAgain:
    """
    Answer a recorded question again, of the same assets, as known at its moment. Nothing is written.

    :raises OtherPolicy: this release answers by another policy
    """
    if then.policy_version != permission.VERSION:
        raise OtherPolicy(f"{then.policy_version} then, {permission.VERSION} now")
    asking = Asking(
        licensee_id=then.licensee_id,
        uses=then.uses,
        territories=then.territories,
        valid_at=then.valid_at,
        known_at=then.known_at,
        purposes=then.purposes,
        model_version_id=then.model_version_id,
    )
    question = question_of(asking, at=then.answered_at)
    counts: Counter[str] = Counter()
    digest, until, kept = sha256(), "", 0
    differing: list[tuple[str, bytes, bytes]] = []
    lines = lines_of(then)
    while chunk := list(itertools.islice(lines, CHUNK)):
        read = [json.loads(line) for line in chunk]
        nameds = [_named(one["asset"]) for one in read]
        ids = _ids(nameds)
        asked = [
            Asked(named.kind, id)
            for said, named, id in zip(read, nameds, ids, strict=True)
            if id and not _is_nowhere(said)
        ]
        answers = clearances.answers(asked, question, known_at=then.known_at)
        for line, said, named, id in zip(chunk, read, nameds, ids, strict=True):
            if _is_nowhere(said) or not id:
                again, answer, valid_until, kept = line, said["answer"], said["valid_until"], kept + 1
            else:
                found = next(answers)
                again, answer, valid_until = written(named, found), found.answer.value, found.valid_until
            digest.update(again)
            counts[answer] += 1
            if valid_until:
                until = min(until, valid_until) if until else valid_until
            if again != line and len(differing) < most:
                differing.append((json.dumps(said["asset"]), line, again))
    row = Clearance(
        **{field.attname: getattr(then, field.attname) for field in Clearance._meta.concrete_fields}
        | {
            "assets": counts.total(),
            "allowed": counts[Answer.ALLOW],
            "denied": counts[Answer.DENY],
            "needing_approval": counts[Answer.NEEDS_APPROVAL],
            "unknown": counts[Answer.UNKNOWN],
            "valid_until": date.fromisoformat(until) if until else None,
            "answers_digest": digest.hexdigest(),
        }
    )
    return AnsweredAgain(row, kept, tuple(differing))


def _named(asset: Mapping[str, str]) -> Named:
    ((name, value),) = asset.items()
    match name:
        case "isrc":
            return Named(AssetKind.RECORDING, code=value)
        case "iswc":
            return Named(AssetKind.WORK, code=value)
        case _:
            return Named(AssetKind(name), UUID(value))


def _is_nowhere(said: Mapping[str, Any]) -> bool:
    return any(reason["code"] == Code.NO_SUCH_ASSET for reason in said["reasons"])


def is_same(clearance: Clearance, *, asking: Asking, assets: Iterable[Named], has_moment: bool) -> bool:
    """Whether a question sent again under the same id is the one that was answered."""
    given = (
        asking.licensee_id,
        sorted(set(asking.uses)),
        sorted(set(asking.purposes)),
        list(asking.territories),
        asking.valid_at,
        asking.model_version_id,
    )
    stored = (
        clearance.licensee_id,
        clearance.uses,
        clearance.purposes,
        clearance.territories,
        clearance.valid_at,
        clearance.model_version_id,
    )
    if given != stored or (has_moment and asking.known_at != clearance.known_at):
        return False
    answered = (json.loads(line)["asset"] for line in lines_of(clearance))
    return all(
        one is not None and other is not None and one.document == other
        for one, other in itertools.zip_longest(assets, answered)
    )
