"""
A witness: what it checks before it cosigns, and how it remembers what it cosigned.

For each log it knows it keeps the newest checkpoint that it cosigned. It cosigns another only if that one's tree begins
with the tree of the one it keeps, and it writes the new one down before it answers. What it keeps is a file for each
log, replaced at once under a lock: two processes of one witness do not roll each other back.

Source: c2sp.org/tlog-witness. This module needs neither Django nor a database.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final

from ledger import cosignatures, merkle, notes

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"
MAX_PROOF: Final = 63
# An old size, 63 hashes and a checkpoint with sixteen of the longest signatures there are.
MAX_REQUEST_BYTES: Final = 128 * 1024
OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


class NotARequest(Exception):
    """This is not a request as c2sp.org/tlog-witness describes it."""


@dataclass(frozen=True)
class Answer:
    """What a witness answers with."""

    status: HTTPStatus
    body: str
    media_type: str = TEXT


@dataclass(frozen=True)
class Request:
    """What a witness is asked: to cosign a checkpoint that extends the one of the old size."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        """Return the body of the request."""
        proof = "".join(f"{notes.to_base64(sibling)}\n" for sibling in self.proof)
        return f"old {self.old_size}\n{proof}\n{self.checkpoint}"

    @classmethod
    def from_text(cls, text: str) -> Request:
        """
        Read the body of a request. The checkpoint in it is not looked at.

        :raises NotARequest: anything that would not be written as exactly this text
        """
        head, blank, checkpoint = text.partition("\n\n")
        old, *lines = head.split("\n")
        size = OLD.fullmatch(old)
        if not blank or size is None:
            raise NotARequest("A request begins with the line old <size>, and has an empty line before its checkpoint.")
        if len(lines) > MAX_PROOF:
            raise NotARequest(f"A consistency proof has at most {MAX_PROOF} lines.")
        try:
            proof = tuple(notes.from_base64(line) for line in lines)
        except ValueError as error:
            raise NotARequest("A line of the proof is not in base64.") from error
        if any(len(sibling) != merkle.HASH_BYTES for sibling in proof):
            raise NotARequest("A line of the proof is not a hash of 32 bytes.")
        return cls(int(size[1]), proof, checkpoint)


class Witness:
    """One that knows some logs, has keys, and a folder of its own."""

    def __init__(
        self, keys: Sequence[cosignatures.Cosigning], logs: Mapping[str, Sequence[notes.Verifier]], folder: Path
    ) -> None:
        """
        Take up the work where it was left.

        :param keys: what it signs with, all of them each time
        :param logs: origin → the keys that are believed for it
        """
        self.keys = tuple(keys)
        self.logs = {origin: tuple(verifiers) for origin, verifiers in logs.items()}
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add_checkpoint(self, body: bytes, *, at: datetime) -> Answer:
        """Answer whoever asks to cosign a checkpoint."""
        try:
            request = Request.from_text(body.decode())
            note = notes.parse(request.checkpoint)
        except (UnicodeDecodeError, NotARequest, notes.NotANote) as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        origin = note.text.partition("\n")[0]
        if origin not in self.logs:
            return _refused(HTTPStatus.NOT_FOUND, "This log is not known here.")
        try:
            notes.verify(note, self.logs[origin])
        except (notes.SignatureFails, notes.NotSigned) as error:
            return _refused(HTTPStatus.FORBIDDEN, str(error))
        try:
            new = notes.Checkpoint.from_text(note.text)
        except notes.NotACheckpoint as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))
        if request.old_size > new.size:
            return _refused(HTTPStatus.BAD_REQUEST, "The old size is larger than the checkpoint's.")
        with self._held(origin):
            kept = self.kept(origin)
            size, root = (kept.size, kept.root) if kept else (0, merkle.EMPTY_ROOT)
            if request.old_size != size:
                return Answer(HTTPStatus.CONFLICT, f"{size}\n", SIZE)
            try:
                merkle.verify_consistency(
                    old_size=size, size=new.size, proof=request.proof, old_root=root, root=new.root
                )
            except merkle.NotConsistent as error:
                return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
            if new.size == 0 and new.root != merkle.EMPTY_ROOT:
                return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The root of an empty tree is another.")
            lines = [key.cosign(note.text, at=at) for key in self.keys]
            own = {(line.name, line.key_id) for line in lines}
            believed = {(key.name, key.key_id) for key in self.logs[origin]}
            by_log = [line for line in note.signatures if (line.name, line.key_id) in believed - own]
            self._keep(origin, str(notes.Note(note.text, (*by_log, *lines))))
        return Answer(HTTPStatus.OK, "".join(f"{line}\n" for line in lines))

    def kept(self, origin: str) -> notes.Checkpoint | None:
        """
        Return the newest checkpoint of a log that was cosigned.

        :raises NotANote: the file was damaged: nothing is cosigned until a person has looked
        :raises NotACheckpoint: likewise
        """
        note = self.note(_name(origin))
        return None if note is None else notes.Checkpoint.from_text(notes.parse(note).text)

    def note(self, origin_hash: str) -> str | None:
        """Return the newest checkpoint that was cosigned of the log with this hash of its origin, as it is shown."""
        file = self.folder / f"{origin_hash}.checkpoint"
        return file.read_text() if file.exists() else None

    def shows(self, origin_hash: str) -> Answer:
        """Answer whoever asks for a log's newest cosigned checkpoint."""
        known = {_name(origin) for origin in self.logs}
        note = self.note(origin_hash) if origin_hash in known else None
        return Answer(HTTPStatus.OK, note) if note else _refused(HTTPStatus.NOT_FOUND, "Nothing of it was cosigned.")

    @contextmanager
    def _held(self, origin: str) -> Iterator[None]:
        with (self.folder / f"{_name(origin)}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _keep(self, origin: str, note: str) -> None:
        file = self.folder / f"{_name(origin)}.checkpoint"
        temporary = file.with_suffix(".new")
        with temporary.open("w") as opened:
            opened.write(note)
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # a name that a crash takes back would let it cosign a fork
        finally:
            os.close(handle)


def _name(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()


def _refused(status: HTTPStatus, sentence: str) -> Answer:
    return Answer(status, f"{sentence}\n")
