"""
Signed files with something changed at random: whoever reads them may find anything, and must never fail or be fooled.

``python -m benchmarks fuzz`` runs ten thousand of them in processes of their own and prints what was found; the tests
run a few hundred, and one bit of each byte where no signature reaches. None may read as trusted, wherever it was
changed. Each file is there as it was signed and with a time stamp.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from provenance import foreign, signing
from provenance.jumbf import NoSignerFound, signer_certificates
from provenance.signing import State

SLOWEST_S = 10.0
BATCH = 500
SAME = "the same bytes again"  # zeros over padding, a swap of equal pieces


class Fooled(Exception):
    """A changed file reads as trusted."""


class TooSlow(Exception):
    """Reading a changed file of a second took longer than ten."""


@dataclass(frozen=True)
class Signed:
    """A file as it was signed; the manifest beside it where it is not inside."""

    media_type: str
    content: bytes
    store: bytes  # the manifest store
    is_embedded: bool
    label: str


@dataclass(frozen=True)
class Lists:
    """Whose signatures and whose time stamps are trusted."""

    signers: str
    authorities: str


@dataclass(frozen=True)
class Mutant:
    """A file with something changed, and what was done to it."""

    act: str
    source: Signed
    content: bytes
    beside: bytes | None

    @property
    def is_changed(self) -> bool:
        """Whether anything is other than it was: zeros over padding are the same bytes again."""
        beside = None if self.source.is_embedded else self.source.store
        return (self.content, self.beside) != (self.source.content, beside)


def mutants(files: Mapping[str, Signed], seed: int, count: int) -> Iterator[Mutant]:
    """Yield changed files, the same ones for the same seed."""
    draw = random.Random(seed)
    names = sorted(files)
    for _ in range(count):
        one = files[draw.choice(names)]
        other = files[draw.choice(names)]
        if one.is_embedded:
            # In half of them where the manifest is, which is a small part of the file.
            begin = one.content.find(one.store)
            within = (begin, begin + len(one.store)) if draw.random() < 0.5 else (0, len(one.content))
            act, content = _changed(draw, one.content, other.content, within)
            yield Mutant(act, one, content, None)
        elif draw.random() < 0.5:
            act, store = _changed(draw, one.store, other.store, (0, len(one.store)))
            yield Mutant(f"beside: {act}", one, one.content, store)
        else:
            act, content = _changed(draw, one.content, other.content, (0, len(one.content)))
            yield Mutant(act, one, content, one.store)


def _changed(draw: random.Random, content: bytes, other: bytes, within: tuple[int, int]) -> tuple[str, bytes]:
    begin, end = within
    at = draw.randrange(begin, end)
    length = min(draw.choice((1, 2, 4, 16, 256, 4096)), end - at)
    act = draw.choice(list(_ACTS))
    place = _Place(draw, content[:at], content[at : at + length], content[at + length :], other)
    return act, _ACTS[act](place)


def _flipped(draw: random.Random, piece: bytes) -> bytes:
    where = draw.randrange(len(piece))
    return piece[:where] + bytes([piece[where] ^ 1 << draw.randrange(8)]) + piece[where + 1 :]


def _length(draw: random.Random, after: bytes) -> bytes:
    """Return four bytes in place of what is often a box's or a chunk's length."""
    value = draw.choice((0, 1, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(after), draw.randrange(1 << 32)))
    return value.to_bytes(4, draw.choice(("big", "little")))


def _slice(draw: random.Random, other: bytes, length: int) -> bytes:
    start = draw.randrange(len(other))
    return other[start : start + length]


@dataclass(frozen=True)
class _Place:
    """Somewhere in a file: what lies before it, some bytes there, what lies after; and another file."""

    draw: random.Random
    before: bytes
    piece: bytes
    after: bytes
    other: bytes

    def put(self, new: bytes) -> bytes:
        """Return the file with something else there."""
        return self.before + new + self.after


_ACTS: dict[str, Callable[[_Place], bytes]] = {
    "flip one bit": lambda at: at.put(_flipped(at.draw, at.piece)),
    "flip two bits": lambda at: at.put(_flipped(at.draw, _flipped(at.draw, at.piece))),
    "randomize": lambda at: at.put(at.draw.randbytes(len(at.piece))),
    "zero": lambda at: at.put(bytes(len(at.piece))),
    "fill": lambda at: at.put(b"\xff" * len(at.piece)),
    "cut": lambda at: at.before,
    "remove": lambda at: at.put(b""),
    "double": lambda at: at.put(at.piece * 2),
    "insert": lambda at: at.put(at.draw.randbytes(len(at.piece)) + at.piece),
    "change a length": lambda at: at.before + _length(at.draw, at.after) + (at.piece + at.after)[4:],
    "mix in another file": lambda at: at.put(_slice(at.draw, at.other, len(at.piece))),
    "move": lambda at: at.before + at.after[:64] + at.piece + at.after[64:],
}


def check(mutant: Mutant, path: Path, lists: Lists) -> State:
    """
    Read one changed file in every way that a stranger's file is read, and return what its manifest comes to.

    :raises Fooled: it was changed and reads as trusted
    :raises TooSlow: it took longer than ten seconds
    """
    media_type = mutant.source.media_type
    path.write_bytes(mutant.content)
    since = time.monotonic()
    found = signing.verify(
        path, media_type, roots_pem=lists.signers, authorities_pem=lists.authorities, manifest=mutant.beside
    )
    if mutant.beside is None:
        foreign.read_claims(path, media_type, roots_pem=lists.signers)
    for store in (mutant.beside, mutant.content):
        try:
            signer_certificates(store or b"", mutant.source.label)
        except NoSignerFound:
            continue
    if time.monotonic() - since > SLOWEST_S:
        raise TooSlow(f"{mutant.act} in {media_type}")
    if found.state is State.TRUSTED and mutant.is_changed:
        raise Fooled(f"{mutant.act} in {media_type}, {_where(mutant)}")
    return found.state


def _where(mutant: Mutant) -> str:
    """Say at which bytes a file differs from what was signed."""
    is_beside = mutant.beside is not None and mutant.beside != mutant.source.store
    was, now = (mutant.source.store, mutant.beside or b"") if is_beside else (mutant.source.content, mutant.content)
    differing = [place for place, (a, b) in enumerate(zip(was, now, strict=False)) if a != b]
    place = mutant.source.content.find(mutant.source.store) if not is_beside else 0
    return f"{len(was)} bytes then and {len(now)} now, store at {place}, differing at {differing[:8]}"


def run(files: Mapping[str, Signed], lists: Lists, *, seed: int, count: int) -> Counter[str]:
    """
    Read that many changed files in this process, and count the states that they come to.

    :raises Fooled, TooSlow: see ``check``
    """
    states: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        for mutant in mutants(files, seed, count):
            state = check(mutant, Path(name, "mutant"), lists)
            states[state.value if mutant.is_changed else SAME] += 1
    return states


# --- ten thousand, in processes of their own


def measure(count: int) -> Iterator[str]:
    """
    Change files that are signed here, count times, and say what was found; batch by batch, so that a crash is seen.

    :raises SystemExit: a reader crashed, hung, was fooled, or somebody was called
    """
    from benchmarks import signing as bench

    with tempfile.TemporaryDirectory() as name, bench.listener() as (address, requests):
        folder = Path(name)
        lists = json.dumps(asdict(bench.corpus(folder, lure=address)))
        states: Counter[str] = Counter()
        since = time.monotonic()
        for number in range(-(-count // BATCH)):
            left = min(BATCH, count - number * BATCH)
            command = [sys.executable, "-m", "benchmarks.mutations", name, str(number), str(left)]
            try:
                done = subprocess.run(
                    command, input=lists, capture_output=True, text=True, timeout=60 + 2 * left, check=False
                )
            except subprocess.TimeoutExpired as error:
                raise SystemExit(f"batch {number}: a reader hangs") from error
            if done.returncode:
                raise SystemExit(f"batch {number}: {done.returncode}\n{done.stderr[-2000:]}")
            states.update(json.loads(done.stdout))
        if requests:
            raise SystemExit(f"somebody was called: {requests[:3]}")
        yield f"{count:,} changed files in {time.monotonic() - since:.0f} s: no crash, no hang, nobody was called"
        for state, times in states.most_common():
            yield f"{times:>8,}  {state}"


def read(folder: Path) -> dict[str, Signed]:
    """Return the signed files that ``benchmarks.signing.corpus`` wrote into a folder, by name."""
    files = {}
    for described in sorted(folder.glob("*.json")):
        said = json.loads(described.read_text())
        content = described.with_suffix(".signed").read_bytes()
        store = described.with_suffix(".c2pa").read_bytes()
        files[described.stem] = Signed(said["media_type"], content, store, said["is_embedded"], said["label"])
    return files


def main() -> None:
    """Run one batch over the files of a folder."""
    folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(run(read(folder), Lists(**json.loads(sys.stdin.read())), seed=seed, count=count)))


if __name__ == "__main__":
    main()
