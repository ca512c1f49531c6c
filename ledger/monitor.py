"""
`ledger-monitor`: follow a log from outside, and say so when it does not hold.

It keeps the newest checkpoint that it has seen, in a file of its own. Each time it runs,

1. the checkpoint must be signed by the log, and cosigned as the policy asks, if one is given;
2. the tree must begin with the tree that was seen last: it may not shrink, and not have another root;
3. with `--tiles`, every new tile must follow from the tiles below it up to the root, and with `--entries` from the
   entries themselves;
4. with `--also`, what other mirrors or witnesses show must be of the same tree.

What contradicts is written beside the state: two checkpoints under the log's signature are the proof of it.

This module and all that it imports need neither Django nor a database.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ledger import calling, canonical, cosignatures, merkle, notes, policies

HOLDS_EXIT, FAILS_EXIT, UNREADABLE_EXIT = 0, 1, 2
MAX_BUNDLE_BYTES: Final = merkle.TILE_WIDTH * (2 + 0xFFFF)
MAX_STATE_BYTES: Final = 2_000_000
ANNOUNCED: Final = "log_key_changed"
SECONDS: Final = 60.0

Fetch = Callable[[str], "bytes | None"]


class Wrong(Exception):
    """Something does not hold. It is a fact about the log, or about who serves it."""


class Unreachable(Exception):
    """What has to be read cannot be read."""


@dataclass
class State:
    """What was seen of a log."""

    note: str | None = None
    keys: list[str] = field(default_factory=list)  # that the log announced, in entries that were checked

    @classmethod
    def read(cls, file: Path) -> State:
        """
        Read what was seen; nothing at first.

        :raises Unreachable: the file is damaged
        """
        if not file.exists():
            return cls()
        try:
            with file.open("rb") as opened:
                said = json.loads(opened.read(MAX_STATE_BYTES))
            note, keys = said["checkpoint"], said["keys"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreachable(f"{file} is not a state of this program. Move it away to begin anew.") from error
        if not isinstance(note, str) or not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise Unreachable(f"{file} is not a state of this program. Move it away to begin anew.")
        return cls(note, keys)

    def write(self, file: Path) -> None:
        """Keep what was seen, at once and for good."""
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(file.name + ".new")
        with temporary.open("w") as opened:
            json.dump({"v": 1, "checkpoint": self.note, "keys": self.keys}, opened, indent=1)
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)


@dataclass(frozen=True)
class Seen:
    """A checkpoint that was fetched and whose signatures hold."""

    where: str
    note: str
    head: notes.Checkpoint
    fetch: Fetch

    def tiles(self) -> merkle.Tiles:
        """
        Return a reader of its tree.

        :raises Unreachable: a tile cannot be had
        :raises Wrong: it is cut short
        """

        def tile(level: int, n: int) -> bytes:
            width = min(merkle.TILE_WIDTH, (self.head.size >> merkle.TILE_HEIGHT * level) - n * merkle.TILE_WIDTH)
            if width <= 0:
                return b""
            data = self._whole(str(level), n, width)
            if len(data) < width * merkle.HASH_BYTES:
                raise Wrong(f"{merkle.tile_path(str(level), n, width)} at {self.where} is cut short.")
            return data[: width * merkle.HASH_BYTES]

        return tile

    def bundle(self, n: int) -> list[bytes]:
        """
        Return the entries of a bundle.

        :raises Unreachable: it cannot be had
        :raises Wrong: it is not a sequence of entries
        """
        width = min(merkle.TILE_WIDTH, self.head.size - n * merkle.TILE_WIDTH)
        data = self._whole("entries", n, width)
        entries: list[bytes] = []
        at = 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 2])
            entry = data[at + 2 : at + 2 + length]
            if len(data) < at + 2 or len(entry) != length:
                raise Wrong(f"Bundle {n} of entries at {self.where} is cut short.")
            entries.append(entry)
            at += 2 + length
        if len(entries) < width:
            raise Wrong(f"Bundle {n} of entries at {self.where} has {len(entries)} of {width} entries.")
        return entries[:width]

    def _whole(self, level: str, n: int, width: int) -> bytes:
        path = merkle.tile_path(level, n, width)
        data = self.fetch(path)
        if data is None and width < merkle.TILE_WIDTH:  # the full one may have taken its place
            data = self.fetch(merkle.tile_path(level, n))
        if data is None:
            raise Unreachable(f"{self.where} has no {path}.")
        return data


@dataclass(frozen=True)
class Trust:
    """Whose signatures count."""

    keys: notes.LogKeys
    policy: policies.Policy | None

    def see(self, where: str) -> Seen:
        """
        Fetch a checkpoint and check who signed it.

        :raises Unreachable: there is none
        :raises Wrong: it is not signed as it should be
        """
        fetch = fetch_from(where)
        data = fetch("checkpoint")
        if data is None:
            raise Unreachable(f"{where} has no checkpoint.")
        try:
            note = data.decode()
            head = self.open(note)
        except (
            UnicodeDecodeError,
            notes.NotANote,
            notes.SignatureFails,
            notes.NotSigned,
            notes.NotACheckpoint,
            notes.WrongOrigin,
            cosignatures.CosignatureFails,
            policies.NotEnoughWitnesses,
        ) as error:
            raise Wrong(f"The checkpoint at {where} does not hold: {error}") from error
        return Seen(where, note, head, fetch)

    def open(self, note: str) -> notes.Checkpoint:
        """Return the checkpoint in a note, its signatures checked."""
        head = notes.open_checkpoint(note, *self.keys)
        if self.policy is not None:
            self.policy.check(notes.parse(note))
        return head


def fetch_from(where: str) -> Fetch:
    """Return what reads below an address or a folder; None for what is not there."""
    if where.startswith(("http://", "https://")):
        prefix = where.rstrip("/")

        def from_address(path: str) -> bytes | None:
            try:
                answer = calling.ask(f"{prefix}/{path}", seconds=SECONDS, most=MAX_BUNDLE_BYTES)
            except (calling.NoAnswer, calling.NotAnAddress) as error:
                raise Unreachable(f"{where}: {error}") from error
            if answer.status in {404, 410}:
                return None
            if answer.status != 200:
                raise Unreachable(f"{where} answers with {answer.status}.")
            return answer.body

        return from_address

    def from_folder(path: str) -> bytes | None:
        file = Path(where) / path
        try:
            with file.open("rb") as opened:
                return opened.read(MAX_BUNDLE_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreachable(f"{file}: {error.strerror}") from error

    return from_folder


# --- What must hold ---------------------------------------------------------------------------------------------------


def check_extends(old: notes.Checkpoint, new: Seen) -> None:
    """
    Check that a tree begins with an older one.

    :raises Wrong: it shrank, or it is another tree
    :raises Unreachable: a tile cannot be had
    """
    head = new.head
    if head.size < old.size:
        raise Wrong(f"The log shrank: {new.where} shows {head.size:,} entries, and there were {old.size:,}.")
    try:
        proof = merkle.consistency_proof(old.size, head.size, new.tiles())
        merkle.verify_consistency(old_size=old.size, size=head.size, proof=proof, old_root=old.root, root=head.root)
    except (merkle.NotConsistent, merkle.TileTooShort) as error:
        raise Wrong(
            f"The log has two histories: its {head.size:,} entries at {new.where} do not begin with the {old.size:,} "
            f"that were seen before. {error}"
        ) from error


def check_same(one: Seen, other: Seen) -> None:
    """
    Check that two that serve a log show the same tree, one of them perhaps less of it.

    :raises Wrong: they show different trees under the log's signature
    :raises Unreachable: a tile cannot be had
    """
    less, more = sorted((one, other), key=lambda seen: seen.head.size)
    try:
        check_extends(less.head, more)
    except Wrong as error:
        raise Wrong(f"{one.where} and {other.where} show different trees of one log. {error}") from error


def check_tiles(old: notes.Checkpoint | None, new: Seen, *, entries: bool) -> list[str]:
    """
    Build what is new of the tree from its leaves, or from the entries, and compare every tile with it.

    Return the keys that the log announced in these entries.

    :raises Wrong: a tile or an entry is not what the root says
    :raises Unreachable: a tile cannot be had
    """
    served, size = new.tiles(), new.head.size
    edge = _edge_of(old, new)
    announced: list[str] = []
    first = edge.size // merkle.TILE_WIDTH
    for n in range(first, -(-size // merkle.TILE_WIDTH)):
        hashes = served(0, n)
        if entries:
            bodies = new.bundle(n)
            _check_bundle(n, hashes, bodies, new)
            announced += _keys_in(bodies)
        for tile in edge.append(hashes[(edge.size - n * merkle.TILE_WIDTH) * merkle.HASH_BYTES :]):
            _check_tile(tile, served, new)
    for tile in edge.partial_tiles():
        _check_tile(tile, served, new)
    if (edge.size, edge.root()) != (size, new.head.root):
        raise Wrong(f"The tiles at {new.where} do not lead to the root of its checkpoint of {size:,} entries.")
    return announced


def _edge_of(old: notes.Checkpoint | None, new: Seen) -> merkle.Edge:
    """Return the right edge of the tree that was seen before, out of what is served now."""
    if old is None or old.size == 0:
        return merkle.Edge()
    served, levels, level = new.tiles(), [], 0
    while old.size >> merkle.TILE_HEIGHT * level:
        n, width = divmod(old.size >> merkle.TILE_HEIGHT * level, merkle.TILE_WIDTH)
        levels.append(served(level, n)[: width * merkle.HASH_BYTES] if width else b"")
        level += 1
    try:
        edge = merkle.Edge(old.size, levels)
    except merkle.EdgeDoesNotFit as error:
        raise Wrong(f"The tiles at {new.where} are too short: {error}") from error
    if edge.root() != old.root:
        raise Wrong(f"The log has two histories: the tiles at {new.where} lead to another root than was seen before.")
    return edge


def _check_tile(tile: merkle.Tile, served: merkle.Tiles, new: Seen) -> None:
    if served(tile.level, tile.n) != tile.data:
        raise Wrong(f"{tile.path} at {new.where} does not follow from the tiles below it.")


def _check_bundle(n: int, hashes: bytes, bodies: Sequence[bytes], new: Seen) -> None:
    for place, body in enumerate(bodies):
        if merkle.leaf_hash(body) != hashes[place * merkle.HASH_BYTES : (place + 1) * merkle.HASH_BYTES]:
            index = n * merkle.TILE_WIDTH + place
            raise Wrong(f"Entry {index:,} at {new.where} was changed: its bytes have another hash than its leaf.")


def _keys_in(bodies: Sequence[bytes]) -> Iterator[str]:
    for body in bodies:
        if ANNOUNCED.encode() not in body:  # cheaper than reading each
            continue
        try:
            said = canonical.read(body)
        except (canonical.NotCanonical, canonical.NotAnEntry, canonical.Unrepresentable, canonical.TooDeep):
            continue
        if said.kind == ANNOUNCED and isinstance(key := said.data.get("verifier"), str):
            yield key


# --- The command ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What a round came to."""

    sentence: str
    size: int
    notices: tuple[str, ...] = ()


def follow(
    where: str,
    *,
    state_file: Path,
    keys: str | None,
    policy: policies.Policy | None,
    also: Sequence[str] = (),
    tiles: bool = False,
    entries: bool = False,
    follows_keys: bool = False,
) -> Found:
    """
    Look at a log once, and keep what was seen.

    :raises Wrong: something does not hold
    :raises Unreachable: something cannot be read
    """
    state = State.read(state_file)
    trust = Trust(_trusted(keys, policy, state), policy)
    seen = trust.see(where)
    old = None if state.note is None else _kept(state.note, trust, state_file)
    others: list[Seen] = []
    try:
        if old is not None:
            check_extends(old, seen)
        for other in also:
            others.append(trust.see(other))
            check_same(seen, others[-1])
    except Wrong:
        evidence = [note for note in (state.note, seen.note, *(other.note for other in others)) if note]
        _write_evidence(state_file, evidence)
        raise
    learned = check_tiles(old, seen, entries=entries) if tiles or entries else []
    notices = []
    for key in learned:
        if key not in state.keys and key not in {one.text for one in trust.keys}:
            notices.append(f"The log announced another key of its own: {key}")
            if follows_keys:
                state.keys.append(key)
    State(seen.note, state.keys).write(state_file)
    name, size = trust.keys.name, seen.head.size
    if old is None:
        return Found(f"{name} has {size:,} entries. It was not seen before.", size, tuple(notices))
    more = size - old.size
    return Found(f"{name} has {size:,} entries, {more:,} more than before, and holds.", size, tuple(notices))


def _trusted(keys: str | None, policy: policies.Policy | None, state: State) -> notes.LogKeys:
    texts = [line for line in (keys or "").split("\n") if line]
    texts += [log.key.text for log in (policy.logs if policy else ())]
    if not texts:
        raise Unreachable("Give the log's public key with --key, or a policy that names it.")
    try:
        return notes.LogKeys.from_text("\n".join(dict.fromkeys(texts + state.keys)))
    except (notes.NotAKey, notes.NotAKeyName) as error:
        raise Unreachable(f"The log's key cannot be read: {error}") from error


def _kept(note: str, trust: Trust, state_file: Path) -> notes.Checkpoint:
    try:
        return notes.open_checkpoint(note, *trust.keys)
    except (notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint, notes.WrongOrigin) as error:
        raise Unreachable(f"{state_file} holds a checkpoint that is not signed with these keys: {error}") from error


def _write_evidence(state_file: Path, evidence: Sequence[str]) -> None:
    file = state_file.with_name(state_file.name + ".contradiction")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(dict.fromkeys(evidence)))


def main(argv: Sequence[str] | None = None) -> int:
    """Look once; return 0 if all holds, 1 if something does not, 2 if something cannot be read."""
    given = _arguments().parse_args(argv)
    try:
        keys = None if given.key is None else _text(given.key)
        policy = None if given.policy is None else policies.read(_text(given.policy))
        found = follow(
            given.log,
            state_file=given.state,
            keys=keys,
            policy=policy,
            also=given.also,
            tiles=given.tiles,
            entries=given.entries,
            follows_keys=given.follow_keys,
        )
    except Wrong as error:
        return _say(given, FAILS_EXIT, str(error))
    except (Unreachable, policies.NotAPolicy, OSError, UnicodeDecodeError) as error:
        return _say(given, UNREADABLE_EXIT, str(error))
    return _say(given, HOLDS_EXIT, found.sentence, notices=found.notices, size=found.size)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ledger-monitor",
        description="Follow a log from outside: it may only grow, under its own signature.",
        epilog="The exit status is 0 if all holds, 1 if something does not, 2 if something cannot be read.",
    )
    parser.add_argument(
        "log", metavar="LOG", help="its address (the prefix of /checkpoint), or a folder that mirrors it"
    )
    parser.add_argument("--key", metavar="FILE", type=Path, help="the log's public keys, from a source you trust")
    parser.add_argument(
        "--policy", metavar="FILE", type=Path, help="logs, witnesses and a quorum (c2sp.org/tlog-policy)"
    )
    parser.add_argument("--state", metavar="FILE", type=Path, default=Path("ledger-monitor.json"))
    parser.add_argument("--also", metavar="LOG", action="append", default=[], help="another mirror to compare with")
    parser.add_argument("--tiles", action="store_true", help="check every new tile, not only that the tree grew")
    parser.add_argument("--entries", action="store_true", help="check every new tile against the entries themselves")
    parser.add_argument(
        "--follow-keys",
        action="store_true",
        help="with --entries, believe the keys that the log announces; else compare them, and add them to --key",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


def _say(
    given: argparse.Namespace, status: int, sentence: str, *, notices: Sequence[str] = (), size: int | None = None
) -> int:
    lines = [*notices, sentence] if status == HOLDS_EXIT else [sentence]
    lines = ["".join(character if character.isprintable() else " " for character in line) for line in lines]
    if given.json:
        said: dict[str, Any] = {"v": 1, "holds": status == HOLDS_EXIT, "is_readable": status != UNREADABLE_EXIT}
        sys.stdout.write(json.dumps({**said, "size": size, "sentence": lines[-1], "notices": lines[:-1]}) + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")
    return status


def _text(file: Path) -> str:
    return file.read_text(errors="surrogateescape")


if __name__ == "__main__":
    sys.exit(main())
