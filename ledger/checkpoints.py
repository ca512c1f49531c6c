"""
Signed tree heads: the log's keys, signing, and the copy outside the database that a restored backup cannot fork.

In the folder of keys, `log-signing-key` holds the private keys that sign now: one, or two while one hands over to the
other, the one before first. `log-former-keys` holds the public keys that signed before. Both are outside the database,
so that whoever can write to it does not decide whose signature counts.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings

from ledger import notes, policies
from ledger.models import Checkpoint, Cosignature

SIGNING = "log-signing-key"
FORMER = "log-former-keys"
NEXT = "log-signing-key.next"
_Kind = TypeVar("_Kind")

LOOKED_AT = 256  # rows of cosignatures, to find the newest checkpoint with enough of them


class NoCheckpoint(Exception):
    """The log has no checkpoint yet; it gets one within a second of its first entry."""


class Forked(Exception):
    """The database's tree does not extend the newest checkpoint outside it: an old backup was restored, or somebody
    rewrote history. Nothing is signed until a person has looked."""


# --- Keys ------------------------------------------------------------------------------------------------------------


def signers() -> tuple[notes.Signer, ...]:
    """Return the keys that sign: one, made at first use and closed to other accounts, or two during a handover."""
    file = settings.KEYS_DIR / SIGNING
    if not file.exists():
        with keys_held() as held:
            if not file.exists():
                held.write(SIGNING, [notes.Signer.generate(settings.LEDGER_ORIGIN).secret_text])
    return _read(file, _signers) or ()


def signer() -> notes.Signer:
    """Return the key that signs: during a handover the one before, which still signs everything."""
    return signers()[0]


def former() -> tuple[notes.Verifier, ...]:
    """Return the public keys that signed before, oldest first."""
    return _read(settings.KEYS_DIR / FORMER, _verifiers) or ()


def public_keys() -> notes.LogKeys:
    """Return every public key whose signature counts: those that sign, then those that did."""
    first, *others = [one.verifier for one in signers()]
    return notes.LogKeys(first, (*others, *reversed(former())))


def verifier_key() -> str:
    """Return the public key in the encoding of signed notes: what an auditor is given once, and keeps."""
    return signer().verifier.text


class HeldKeys:
    """The folder of keys, while nobody else writes to it."""

    def write(self, name: str, lines: Iterable[str]) -> None:
        """Replace a file of keys, at once and for good."""
        file: Path = settings.KEYS_DIR / name
        temporary = file.with_name(file.name + ".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write("".join(f"{line}\n" for line in lines))
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)
        _sync_folder(file.parent)


@contextmanager
def keys_held() -> Iterator[HeldKeys]:
    """Hold the folder of keys against others who would write to it."""
    folder: Path = settings.KEYS_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".log.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield HeldKeys()


def _signers(text: str) -> tuple[notes.Signer, ...]:
    return tuple(notes.Signer.from_text(line) for line in text.split("\n") if line)


def _verifiers(text: str) -> tuple[notes.Verifier, ...]:
    return tuple(notes.Verifier.from_text(line) for line in text.split("\n") if line)


def _read(file: Path, read: Callable[[str], _Kind]) -> _Kind | None:
    """Return what a file holds, read again when it was replaced: keys change while processes run."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    kept: _Kind = _read_once(file, read, (found.st_ino, found.st_mtime_ns, found.st_size))
    return kept


@lru_cache(maxsize=16)
def _read_once(file: Path, read: Callable[[str], Any], version: tuple[int, int, int]) -> Any:  # noqa: ARG001
    return read(file.read_text(errors="surrogateescape"))


# --- Heads -----------------------------------------------------------------------------------------------------------


def sign(*, size: int, root: bytes) -> str:
    """Return the signed note of a tree head."""
    tree = notes.Checkpoint(origin=settings.LEDGER_ORIGIN, size=size, root=root)
    return str(notes.sign_checkpoint(tree, *signers()))


def newest(*, using: str = "default") -> Checkpoint:
    """
    Return the newest signed tree head.

    :raises NoCheckpoint: nothing was sequenced yet
    """
    found = Checkpoint.objects.using(using).order_by("-size").first()
    if found is None:
        raise NoCheckpoint
    return found


def shown() -> Checkpoint:
    """
    Return the tree head for others: the newest that enough witnesses cosigned, or the newest of all where the policy
    asks for none, or where the witnesses are too far behind.

    :raises NoCheckpoint: nothing was sequenced yet
    """
    head = newest()
    policy = witness_policy()
    if policy is None or policy.quorum == policies.NONE:
        return head
    known = {(one.name, one.key_id.hex()): one for one in policy.cosigners}
    rows = Cosignature.objects.filter(checkpoint__at__gt=head.at - timedelta(seconds=settings.LEDGER_WITNESS_PATIENCE))
    lines = rows.order_by("-checkpoint_id").values_list("checkpoint_id", "witness", "key_id")[:LOOKED_AT]
    for size, group in groupby(lines, itemgetter(0)):
        if policy.is_met_by([known[name, id_] for _, name, id_ in group if (name, id_) in known]):
            found = Checkpoint.objects.get(size=size)
            # After a handover a head from before it would not convince whoever was given the new key.
            return found if _is_signed_with(found, signer().verifier) else head
    return head


def note_of(checkpoint: Checkpoint) -> str:
    """Return the note of a tree head, with the cosignatures that came for it."""
    lines = Cosignature.objects.filter(checkpoint=checkpoint).order_by("id").values_list("line", flat=True)
    return checkpoint.note + "".join(f"{line}\n" for line in lines[: notes.MAX_SIGNATURES - 2])


def witness_policy() -> policies.Policy | None:
    """
    Return whom we ask to cosign, and whose cosignatures are enough; None where nobody is asked.

    :raises NotAPolicy: the file is none
    """
    file: Path | None = settings.LEDGER_WITNESS_POLICY
    return None if file is None else _read(file, policies.read)


def _is_signed_with(checkpoint: Checkpoint, key: notes.Verifier) -> bool:
    return any((one.name, one.key_id) == (key.name, key.key_id) for one in notes.parse(checkpoint.note).signatures)


# --- The copy outside ------------------------------------------------------------------------------------------------


def outside() -> notes.Checkpoint | None:
    """Return the copy outside the database, its signature checked; None while there is none."""
    file = settings.LEDGER_CHECKPOINT_FILE
    if not file.exists():
        return None
    return notes.open_checkpoint(file.read_text(), *public_keys())


def guard_against_fork(*, using: str) -> None:
    """
    Compare the database with the copy outside it.

    :raises Forked: the copy is newer, or names another root for the same size
    """
    kept = outside()
    if kept is None or kept.size == 0:
        return
    known = Checkpoint.objects.using(using).filter(size=kept.size).first()
    if known is None or bytes(known.root) != kept.root:
        raise Forked(
            f"the checkpoint of size {kept.size} in {settings.LEDGER_CHECKPOINT_FILE} is not one of this database"
        )


def publish(checkpoint: Checkpoint) -> None:
    """Replace the copy outside the database, unless it is already newer; called after the commit, never before it."""
    file = settings.LEDGER_CHECKPOINT_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with (file.parent / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = outside()
        if kept is not None and kept.size >= checkpoint.size:
            return
        temporary = file.with_name(file.name + ".new")
        with temporary.open("w") as opened:
            opened.write(checkpoint.note)
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
