"""
Trust policies: which logs, which witnesses, and how many of them are enough.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none

Source: c2sp.org/tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ledger import cosignatures, notes

MAX_BYTES: Final = 1_000_000
MAX_LINES: Final = 1_000
NONE: Final = "none"
THRESHOLD: Final = re.compile(r"[1-9][0-9]{0,5}")


class NotAPolicy(Exception):
    """This is not a policy as c2sp.org/tlog-policy describes it."""


class NotEnoughWitnesses(Exception):
    """The checkpoint is not cosigned by as many witnesses as the policy asks for."""


@dataclass(frozen=True)
class Log:
    """A log that is accepted, and where it is."""

    key: notes.Verifier
    url: str | None


@dataclass(frozen=True)
class Witness:
    """A witness, under its name in the policy, and where it is asked."""

    name: str
    key: cosignatures.Cosigner
    url: str | None


@dataclass(frozen=True)
class Group:
    """So many of these are enough to speak for all."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What a checkpoint must bear to be believed."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    @property
    def cosigners(self) -> tuple[cosignatures.Cosigner, ...]:
        """Return the witnesses' keys."""
        return tuple(witness.key for witness in self.witnesses)

    def is_met_by(self, cosigners: Collection[cosignatures.Cosigner]) -> bool:
        """Return whether those that cosigned are enough."""
        if self.quorum == NONE:
            return True
        said = {witness.name: witness.key in cosigners for witness in self.witnesses}
        for group in self.groups:  # in their order: each names only what stands before it
            said[group.name] = sum(said[member] for member in group.members) >= group.threshold
        return said[self.quorum]

    def check(self, note: notes.Note) -> tuple[cosignatures.Cosigned, ...]:
        """
        Return the cosignatures under a checkpoint, which are enough.

        :raises CosignatureFails: a line of a known witness does not fit
        :raises NotEnoughWitnesses: there are too few
        """
        found = cosignatures.verify(note, self.cosigners)
        if not self.is_met_by([one.cosigner for one in found]):
            names = ", ".join(one.cosigner.name for one in found) or "none of them"
            raise NotEnoughWitnesses(
                f"The policy asks for the quorum {self.quorum} of {len(self.witnesses)} witnesses; of these cosigned: "
                f"{names}."
            )
        return found


def read(text: str) -> Policy:
    """
    Read a policy.

    :raises NotAPolicy: a line is none, a name is not defined before it is used or is used twice, a key is there twice,
        or the quorum is missing
    """
    reader = _Reader()
    if any(character < " " and character not in "\t\n" for character in text) or "\x7f" in text:
        raise NotAPolicy("A policy has no control characters but tabs and newlines.")
    lines = text.split("\n")
    if len(lines) > MAX_LINES or len(text.encode(errors="surrogateescape")) > MAX_BYTES:
        raise NotAPolicy(f"A policy has at most {MAX_LINES:,} lines and {MAX_BYTES:,} bytes.")
    for number, line in enumerate(lines, 1):
        items = [item for item in re.split(r"[ \t]+", line) if item]
        if not items or items[0].startswith("#"):
            continue
        try:
            reader.take(items[0], items[1:])
        except (NotAPolicy, notes.NotAKey, notes.NotAKeyName, cosignatures.NotACosigner) as error:
            raise NotAPolicy(f"Line {number} of the policy: {error}") from error
    return reader.policy()


class _Reader:
    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self.names = {NONE}
        self.placed: set[str] = set()
        self.keys: set[tuple[str, bytes]] = set()

    def take(self, word: str, items: list[str]) -> None:
        match word, items:
            case "log", [key, *url] if len(url) <= 1:
                log = notes.Verifier.from_text(key)
                self._own("log", log.public)
                self.logs.append(Log(log, url[0] if url else None))
            case "witness", [name, key, *url] if len(url) <= 1:
                witness = cosignatures.Cosigner.from_text(key)
                self._define(name)
                self._own("witness", witness.public)
                self.witnesses.append(Witness(name, witness, url[0] if url else None))
            case "group", [name, threshold, *members] if members:
                for member in members:
                    self._place(member)
                self._define(name)
                self.groups.append(Group(name, _threshold(threshold, len(members)), tuple(members)))
            case "quorum", [name]:
                if self.quorum is not None:
                    raise NotAPolicy("the quorum is said already.")
                if name not in self.names:
                    raise NotAPolicy(f"{name} is not defined before it.")
                self.quorum = name
            case (("log" | "witness" | "group" | "quorum"), _):
                raise NotAPolicy(f"a {word} is not written with {len(items)} words after it.")
            case _:
                raise NotAPolicy(f"{word[:40]!r} is neither log, witness, group nor quorum.")

    def policy(self) -> Policy:
        if self.quorum is None:
            raise NotAPolicy("The policy does not say what its quorum is.")
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum)

    def _define(self, name: str) -> None:
        if name in self.names:
            raise NotAPolicy(f"{name} is defined already.")
        self.names.add(name)

    def _place(self, member: str) -> None:
        if member == NONE or member not in self.names:
            raise NotAPolicy(f"{member} is not defined before it.")
        if member in self.placed:
            raise NotAPolicy(f"{member} is a member of a group already.")
        self.placed.add(member)

    def _own(self, whose: str, public: bytes) -> None:
        if (whose, public) in self.keys:
            raise NotAPolicy(f"a {whose} with this key is there already.")
        self.keys.add((whose, public))


def _threshold(text: str, members: int) -> int:
    if text in {"all", "any"}:
        return members if text == "all" else 1
    if not THRESHOLD.fullmatch(text) or int(text) > members:
        raise NotAPolicy(f"of {members} members, all, any or a number of them is asked for, not {text[:20]!r}.")
    return int(text)
