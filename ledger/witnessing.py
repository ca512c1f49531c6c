"""
Asking witnesses to cosign the newest checkpoint (c2sp.org/tlog-witness), beside everything else: nothing waits for it.

Which witnesses, and where, says the policy (``LEDGER_WITNESS_POLICY``). A witness is outside the house: it may be away,
slow, wrong or hostile. What it answers is bounded in time and size, and its cosignature is checked before it is kept.
What it says against us is kept too, for people: that a witness cosigned more than we have, or that our tree does not
extend what it saw, means that this log was forked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.db.models import Q

from ledger import calling, checkpoints, cosignatures, merkle, notes, policies, sequencer, witness
from ledger.models import Checkpoint, Cosignature, WitnessState

logger = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 64 * 1024
AT_ONCE = 16
PACE = timedelta(seconds=4)  # between two questions to a witness that answers
LONGEST_WAIT = timedelta(minutes=5)  # between two to one that does not
AHEAD = timedelta(minutes=5)  # how far a witness's clock may be before ours

FORK = "This log was forked, or an old backup was restored: "


@dataclass(frozen=True)
class Standing:
    """A witness, how far it is, and what it said last."""

    name: str
    key: cosignatures.Cosigner
    url: str | None
    size: int
    cosigned_at: datetime | None
    asked_at: datetime | None
    failing_since: datetime | None
    problem: str


@dataclass(frozen=True)
class _Asked:
    """One address, and the keys whose cosignatures come from it."""

    url: str
    keys: tuple[cosignatures.Cosigner, ...]
    old_size: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class _Said:
    asked: _Asked
    cosigned: tuple[cosignatures.Cosigned, ...] = ()
    behind_at: int | None = None  # it has cosigned this size, and asks for a proof from there
    problem: str = ""


def ask(*, at: datetime) -> int:
    """
    Ask every witness that is due to cosign the newest checkpoint; return how many cosignatures came.

    Harmless twice, and beside the sequencer: it only reads the log.

    :raises NotAPolicy: the file of the policy is none
    """
    policy = checkpoints.witness_policy()
    if policy is None:
        return 0
    try:
        head, tiles = sequencer.tree()
    except checkpoints.NoCheckpoint:
        return 0
    due = [_asked(url, keys, head, tiles) for url, keys in _due(policy, head, at)]
    said = _ask_each(due, head.note)
    # Who is elsewhere than we thought says so, and is asked once more from there.
    again = [
        replace(one.asked, old_size=one.behind_at, proof=merkle.consistency_proof(one.behind_at, head.size, tiles))
        for one in said
        if one.behind_at is not None and one.behind_at <= head.size
    ]
    settled = [_settled(one, head) for one in said if one.behind_at is None or one.behind_at > head.size]
    settled += [_settled(one, head) for one in _ask_each(again, head.note)]
    return sum(_keep(one, head, at) for one in settled)


def standings() -> tuple[Standing, ...]:
    """
    Return how each witness of the policy stands, in its order; none where nobody is asked.

    :raises NotAPolicy: the file of the policy is none
    """
    policy = checkpoints.witness_policy()
    if policy is None:
        return ()
    states = {row.verifier: row for row in WitnessState.objects.all()}
    found = []
    for one in policy.witnesses:
        state = states.get(one.key.text, WitnessState(verifier=one.key.text))
        found.append(
            Standing(
                one.name,
                one.key,
                one.url,
                state.size,
                state.cosigned_at,
                state.asked_at,
                state.failing_since if state.problem else None,
                state.problem,
            )
        )
    return tuple(found)


def _due(
    policy: policies.Policy, head: Checkpoint, at: datetime
) -> Iterator[tuple[str, tuple[cosignatures.Cosigner, ...]]]:
    """Claim those that are due: another who asks meanwhile finds them asked."""
    reachable = sorted((one for one in policy.witnesses if one.url), key=attrgetter("url"))
    for url, group in groupby(reachable, attrgetter("url")):
        keys = tuple(one.key for one in group)
        texts = [key.text for key in keys]
        WitnessState.objects.bulk_create([WitnessState(verifier=text) for text in texts], ignore_conflicts=True)
        have = Cosignature.objects.filter(checkpoint=head, key_id__in=[key.key_id.hex() for key in keys]).count()
        if have >= len(keys):
            continue
        first = WitnessState.objects.get(verifier=texts[0])
        if first.asked_at is not None and first.asked_at + _wait(first) > at:
            continue
        claimed = WitnessState.objects.filter(Q(asked_at=None) | Q(asked_at=first.asked_at), verifier=texts[0])
        # Until it has answered it counts as failing: who was killed meanwhile leaves it so, and it is asked later.
        if claimed.update(asked_at=at, failing_since=first.failing_since or at):
            yield str(url), keys


def _wait(state: WitnessState) -> timedelta:
    if state.failing_since is None or state.asked_at is None:
        return PACE
    at_least = timedelta(seconds=2 * settings.LEDGER_WITNESS_SECONDS)
    return min(LONGEST_WAIT, max(at_least, (state.asked_at - state.failing_since) / 2))


def _asked(url: str, keys: tuple[cosignatures.Cosigner, ...], head: Checkpoint, tiles: merkle.Tiles) -> _Asked:
    # What it said once may be more than there is; it is asked again whether that is so.
    old_size = min(WitnessState.objects.get(verifier=keys[0].text).size, head.size)
    return _Asked(url, keys, old_size, merkle.consistency_proof(old_size, head.size, tiles))


def _ask_each(asked: Sequence[_Asked], note: str) -> list[_Said]:
    if not asked:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(asked))) as pool:
        return list(pool.map(lambda one: _ask_one(one, note), asked))


def _ask_one(asked: _Asked, note: str) -> _Said:
    """Ask one witness. It runs in a thread, and touches no database."""
    request = witness.Request(asked.old_size, asked.proof, note)
    try:
        answer = calling.ask(
            f"{asked.url.rstrip('/')}/add-checkpoint",
            body=str(request).encode(),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            seconds=settings.LEDGER_WITNESS_SECONDS,
            most=MAX_ANSWER_BYTES,
        )
    except (calling.NoAnswer, calling.NotAnAddress) as error:
        return _Said(asked, problem=str(error))
    text = answer.body.decode(errors="replace")
    if answer.status == HTTPStatus.CONFLICT:
        size = text.removesuffix("\n")
        if answer.media_type != witness.SIZE or not notes.DECIMAL.fullmatch(size) or int(size) > notes.MAX_SIZE:
            return _Said(asked, problem="It says that it is elsewhere (409), and not where.")
        return _Said(asked, behind_at=int(size))
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return _Said(asked, problem=f"{FORK}the witness says that this tree does not extend the one it saw (422).")
    if answer.status != HTTPStatus.OK:
        return _Said(asked, problem=f"It refuses: {answer.status}, {_printable(text)}")
    try:
        cosigned = cosignatures.verify(notes.parse(note + text), asked.keys)
    except notes.NotANote:
        return _Said(asked, problem="It answers with something else than signature lines.")
    except cosignatures.CosignatureFails as error:
        return _Said(asked, problem=str(error))
    if not cosigned:
        return _Said(asked, problem="It answers without a cosignature of its key.")
    return _Said(asked, cosigned=cosigned)


def _settled(said: _Said, head: Checkpoint) -> _Said:
    if said.behind_at is None:
        return said
    newest = checkpoints.newest().size  # another may have asked it for a newer one meanwhile
    if said.behind_at > newest:
        return replace(said, problem=f"{FORK}it has cosigned {said.behind_at:,} entries, and there are {newest:,}.")
    if said.behind_at > head.size:
        return replace(said, problem="It was asked for a newer checkpoint meanwhile.")
    return replace(said, problem="It says twice that it is elsewhere (409), and does not stay there.")


def _keep(said: _Said, head: Checkpoint, at: datetime) -> int:
    """Keep what a witness said, and return how many cosignatures of it count."""
    problem = said.problem
    ahead = [one for one in said.cosigned if one.at > at + AHEAD]
    if ahead:
        problem = f"Its clock is ahead: it says that it cosigned at {ahead[0].at.isoformat()}."
    by_key = {one.cosigner.text: one for one in said.cosigned if one not in ahead}
    Cosignature.objects.bulk_create(
        [
            Cosignature(
                checkpoint=head,
                witness=one.cosigner.name,
                key_id=one.cosigner.key_id.hex(),
                line=str(one.signature),
                cosigned_at=one.at,
                received_at=at,
            )
            for one in by_key.values()
        ],
        ignore_conflicts=True,
    )
    for key in said.asked.keys:
        row = WitnessState.objects.filter(verifier=key.text)
        if key.text in by_key:
            row.update(size=head.size, cosigned_at=by_key[key.text].at, failing_since=None, problem="")
            continue
        missing = problem or "It answers without a cosignature of this key."
        logger.warning("witness %s: %s", key.name, missing)
        if said.behind_at is not None:
            row.update(size=said.behind_at)
        row.filter(failing_since=None).update(failing_since=at)
        row.update(problem=missing)
    return len(by_key)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:200]).strip()
