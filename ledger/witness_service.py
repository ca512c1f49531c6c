"""The witness behind HTTP: a WSGI application. It needs neither Django nor a database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ledger import cosignatures, notes, witness

FOLDER: Final = "LEDGER_WITNESS_FOLDER"
LOGS: Final = "LEDGER_WITNESS_LOGS"
KEYS: Final = "keys"
HASH_CHARACTERS: Final = 64

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class NoName(Exception):
    """A witness has a name, that of its keys: give one with --name when it is first started."""


def keys_in(folder: Path, *, name: str | None) -> tuple[cosignatures.Cosigning, ...]:
    """
    Return a witness's keys, made at first use: ML-DSA-44, and Ed25519 for those who know no other.

    :raises NoName: there are none yet, and no name is given
    :raises NotACosigner: the file is damaged
    :raises NotAKeyName: the name cannot stand in a signature line
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / KEYS
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            if name is None:
                raise NoName
            kinds = (cosignatures.ML_DSA_44, cosignatures.ED25519)
            made = [cosignatures.Cosigning.generate(name, kind).secret_text for kind in kinds]
            temporary = file.with_suffix(".new")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
                opened.write("".join(f"{line}\n" for line in made))
                opened.flush()
                os.fsync(opened.fileno())
            temporary.replace(file)
    return tuple(cosignatures.Cosigning.from_text(line) for line in file.read_text().split("\n") if line)


def logs_in(files: Sequence[Path]) -> dict[str, list[notes.Verifier]]:
    """
    Return the keys that are believed, by the origin of their log.

    :raises NotAKey: a file holds something else
    :raises NotAKeyName: a key's name is none
    """
    logs: dict[str, list[notes.Verifier]] = {}
    for file in files:
        for key in notes.LogKeys.from_text(file.read_text()):
            logs.setdefault(key.name, []).append(key)
    return logs


def application() -> Application:
    """Return the application of the folder and the logs that the environment names."""
    folder = Path(os.environ[FOLDER])
    files = [Path(name) for name in os.environ[LOGS].split(os.pathsep)]
    return served(witness.Witness(keys_in(folder, name=None), logs_in(files), folder))


def served(one: witness.Witness) -> Application:
    """Return a witness as an application."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        said = _answer(one, environ)
        body = said.body.encode()
        headers = [("Content-Type", said.media_type), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(f"{said.status.value} {said.status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def _answer(one: witness.Witness, environ: dict[str, Any]) -> witness.Answer:
    path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
    if path == "/add-checkpoint":
        if method != "POST":
            return _said(HTTPStatus.METHOD_NOT_ALLOWED, "Send the checkpoint with POST.")
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isascii() or not length.isdigit():
            return _said(HTTPStatus.LENGTH_REQUIRED, "Say how long the request is.")
        if int(length) > witness.MAX_REQUEST_BYTES:
            return _said(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {witness.MAX_REQUEST_BYTES:,} bytes."
            )
        body = environ["wsgi.input"].read(int(length))
        if len(body) != int(length):
            return _said(HTTPStatus.BAD_REQUEST, "The request was cut short.")
        return one.add_checkpoint(body, at=datetime.now(UTC))
    hashed, _, last = path.removeprefix("/").partition("/")
    is_hash = len(hashed) == HASH_CHARACTERS and all(character in "0123456789abcdef" for character in hashed)
    if last == "checkpoint" and is_hash and method in {"GET", "HEAD"}:
        return one.shows(hashed)
    return _said(HTTPStatus.NOT_FOUND, "There is nothing here.")


def _said(status: HTTPStatus, sentence: str) -> witness.Answer:
    return witness.Answer(status, f"{sentence}\n")
