"""
The log's own key is followed by another: both sign for a while, and the log says so in entries under the old one.

1. ``announce``: the new key is made, the log has an entry with its public half, and from then on both keys sign.
   Whoever holds the old public key goes on checking everything with it, and finds the new one in the log.
2. ``retire``, days or weeks later: the log has an entry that the old key signs no more, a checkpoint over it bears both
   signatures, and from then on the new key signs alone. The old public key stays among those whose signature counts,
   so that what it signed holds for ever.

Each step may be stopped at any moment and run again.
"""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from ledger import checkpoints, log, notes, sequencer
from ledger.models import Entry, Leaf, LogKeyChange

_NAMESPACE = UUID("b1f3c6d2-0e5a-5d1c-9b61-7a4d2f8e3c90")
PATIENCE_S = 30.0


class HandoverUnderWay(Exception):
    """Two keys sign already: retire the one before first."""


class NoHandover(Exception):
    """One key signs: announce another first."""


class NotSealed(Exception):
    """No checkpoint over the entry was signed with both keys: does a sequencer run?"""


def announce(*, at: datetime) -> LogKeyChange:
    """
    Make a new key, record it, and let it sign beside the one that signs now.

    :raises HandoverUnderWay: two keys sign already
    """
    checkpoints.signer()  # there is one, before another follows it
    with checkpoints.keys_held() as held:
        signing = checkpoints.signers()
        if len(signing) > 1:
            raise HandoverUnderWay
        (old,) = signing
        waiting = settings.KEYS_DIR / checkpoints.NEXT
        # One that waits was made by a run that stopped after this; one that signs already, by one that stopped later.
        if not waiting.exists() or waiting.read_text().strip() == old.secret_text:
            held.write(checkpoints.NEXT, [notes.Signer.generate(old.name).secret_text])
        new = notes.Signer.from_text(waiting.read_text())
        change = _record(LogKeyChange.Act.ANNOUNCED, new=new.verifier, old=old.verifier, at=at)
        held.write(checkpoints.SIGNING, [old.secret_text, new.secret_text])
        waiting.unlink()
    return change


def retire(*, at: datetime, patience_s: float = PATIENCE_S) -> LogKeyChange:
    """
    Record that the key before signs no more, and let the new one sign alone.

    :raises NoHandover: one key signs
    :raises NotSealed: no checkpoint over the entry was signed with both keys
    """
    signing = checkpoints.signers()
    if len(signing) < 2:
        raise NoHandover
    old, new = signing
    change = _record(LogKeyChange.Act.RETIRED, new=new.verifier, old=old.verifier, at=at)
    _wait_for_both(change, old.verifier, new.verifier, at=at, patience_s=patience_s)
    with checkpoints.keys_held() as held:
        known = [one.text for one in checkpoints.former()]
        # First who signed before, then who signs: at no moment does a signature count for nothing.
        held.write(checkpoints.FORMER, [*known, *([] if old.verifier.text in known else [old.verifier.text])])
        held.write(checkpoints.SIGNING, [new.secret_text])
    return change


def _record(act: LogKeyChange.Act, *, new: notes.Verifier, old: notes.Verifier, at: datetime) -> LogKeyChange:
    with transaction.atomic(durable=True):
        change, is_new = LogKeyChange.objects.get_or_create(
            id=uuid5(_NAMESPACE, f"{act.value}:{new.text}"),
            defaults={"act": act, "verifier": new.text, "replaces": old.text, "recorded_at": at},
        )
        if is_new:
            said = {"act": act.value, "verifier": new.text, "replaces": old.text}
            log.append(Entry.Kind.LOG_KEY_CHANGED, change, said, at=at)
    return change


def _wait_for_both(change: LogKeyChange, *keys: notes.Verifier, at: datetime, patience_s: float) -> None:
    until = time.monotonic() + patience_s
    while True:
        sequencer.drain(at=at)
        leaf = Leaf.objects.filter(entry__log_key_change=change).first()
        if leaf is not None:
            head = checkpoints.newest()
            note = notes.parse(head.note)
            if head.size > leaf.index and len(notes.verify(note, keys)) == len(keys):
                return
        if time.monotonic() > until:
            raise NotSealed
        time.sleep(0.1)
