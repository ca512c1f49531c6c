"""Signed tree heads: the log's key, signing, and the copy outside the database that a restored backup cannot fork."""

from __future__ import annotations

import fcntl
import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from ledger import notes
from ledger.models import Checkpoint


class NoCheckpoint(Exception):
    """The log has no checkpoint yet; it gets one within a second of its first entry."""


class Forked(Exception):
    """The database's tree does not extend the newest checkpoint outside it: an old backup was restored, or somebody
    rewrote history. Nothing is signed until a person has looked."""


@lru_cache(maxsize=4)
def signer(folder: Path | None = None) -> notes.Signer:
    """Return the log's signing key, made at first use and closed to other accounts."""
    keys = folder or settings.KEYS_DIR
    file = keys / "log-signing-key"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (keys / ".log.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            fresh = notes.Signer.generate(settings.LEDGER_ORIGIN)
            temporary = file.with_suffix(".new")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
                opened.write(fresh.secret_text + "\n")
                opened.flush()
                os.fsync(opened.fileno())
            temporary.replace(file)
    return notes.Signer.from_text(file.read_text())


def verifier_key() -> str:
    """Return the public key in the encoding of signed notes: what an auditor is given once, and keeps."""
    return signer().verifier.text


def sign(*, size: int, root: bytes) -> str:
    """Return the signed note of a tree head."""
    tree = notes.Checkpoint(origin=settings.LEDGER_ORIGIN, size=size, root=root)
    return str(notes.sign_checkpoint(tree, signer()))


def newest(*, using: str = "default") -> Checkpoint:
    """
    Return the newest signed tree head.

    :raises NoCheckpoint: nothing was sequenced yet
    """
    found = Checkpoint.objects.using(using).order_by("-size").first()
    if found is None:
        raise NoCheckpoint
    return found


def outside() -> notes.Checkpoint | None:
    """Return the copy outside the database, its signature checked; None while there is none."""
    file = settings.LEDGER_CHECKPOINT_FILE
    if not file.exists():
        return None
    return notes.open_checkpoint(file.read_text(), signer().verifier)


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
