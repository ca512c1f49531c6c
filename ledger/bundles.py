"""
The file that a payee checks its statement with: what it says, its lines, and what leads from both into the log.

RFC 8785 JSON, as ``royalties.runs.proofs.bundle`` writes it; amounts are whole minor units as text, a node is its hash
in hex, what it adds and what it takes. Reading refuses whatever is not exactly that; checking is ``ledger.verify``'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from ledger import canonical
from ledger.canonical import Document, Json
from royalties import sumtree
from royalties.sumtree import Leaf, Node, Proof

VERSION: Final = 1
LATER: Final = 2  # of a later version of a statement: it has an entry of its own
WITH_TERMS: Final = 2  # more than each: with every term of money, which older runs committed to as a sum alone
TYPE: Final = "ai-music-ledger.statement"
MAX_BYTES: Final = canonical.MAX_DOCUMENT_BYTES

UNITS: Final = re.compile(r"-?(0|[1-9][0-9]{0,37})")
NODE: Final = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,38}) (0|[1-9][0-9]{0,38})")
WEIGHT: Final = re.compile(r"(0|[1-9][0-9]{0,18})/([1-9][0-9]{0,18})")
HEX: Final = re.compile(r"[0-9a-f]{64}")
NAME: Final = re.compile(r"[a-z][a-z_]{0,39}")
CURRENCY: Final = re.compile(r"[A-Z]{3}")

# What a document of figures calls what came on a statement and what went, and what a proof calls it.
CAME: Final = {
    "allocated": "earned",
    "adjusted": "adjusted",
    "granted": "granted",
    "termed": "terms",
    "released": "released",
    "carried_in": "carried",
}
WENT: Final = {
    "held": "held",
    "reserved": "reserved",
    "recouped": "recouped",
    "deducted": "deducted",
    "withheld": "withheld",
    "carried_out": "carried",
    "payable": "payable",
}
_TERM: Final = frozenset(
    {"account", "basis", "before", "kind", "of_run", "plan", "plan_number", "shares", "term", "transaction"}
    | {"units", "whole"}
)
_SHARE: Final = frozenset({"leaf", "leftover", "units", "weight"})
_LINE: Final = frozenset({"country", "leaf", "leftover", "output", "party", "pool", "units", "weight"})


class NotABundle(Exception):
    """This is not the bundle of a statement, version 1 to 4."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a payee gets of a pool, and its place in the tree of a partition."""

    place: int
    leaf: Leaf  # as it is hashed
    output: str
    country: str
    name: str
    party: str
    pool: int
    units: int
    weight: Fraction
    has_leftover: bool

    @property
    def fault(self) -> str:
        """Return why its units do not follow from its pool and weight; empty where they do (ROY-3)."""
        return _fault(self.pool, self.weight, self.units, has_leftover=self.has_leftover)


def _fault(pool: int, weight: Fraction, said: int, *, has_leftover: bool) -> str:
    exact = abs(pool) * weight
    units = exact.numerator // exact.denominator + has_leftover
    if has_leftover and exact.denominator == 1:
        return "has a leftover unit of a part that leaves none"
    if said != (-units if pool < 0 else units):
        return f"is {said} of {pool} by {weight}"
    return ""


@dataclass(frozen=True, slots=True)
class TermShare:
    """A part of what a term of money comes to."""

    weight: Fraction
    units: int
    has_leftover: bool


@dataclass(frozen=True, slots=True)
class TermLine:
    """What a payee got by a term of money of a plan, and its place in the tree over all of the run's."""

    place: int
    leaf: Leaf  # as it is hashed
    account: str
    kind: str
    transaction: str
    whole: int
    before: int
    units: int
    shares: tuple[TermShare, ...]

    @property
    def fault(self) -> str:
        """Return why its units do not follow from what is divided, and what was booked; empty where they do."""
        for share in self.shares:
            if fault := _fault(self.whole, share.weight, share.units, has_leftover=share.has_leftover):
                return fault
        came = sum(share.units for share in self.shares) - self.before
        return "" if came == self.units else f"is {self.units}, and comes to {came}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payee got by terms of money, and what leads from each to the root of all."""

    height: int
    lines: tuple[TermLine, ...]
    beside: tuple[Node, ...]

    def root(self) -> Node:
        """
        Work the root out.

        :raises NotAProof, NotASum: the nodes lead nowhere
        """
        return sumtree.root_of(self.height, {line.place: line.leaf.node for line in self.lines}, self.beside)


@dataclass(frozen=True, slots=True)
class Part:
    """A partition that the payee has lines in."""

    number: int
    height: int
    lines: tuple[Line, ...]
    beside: tuple[Node, ...]

    def root(self) -> Node:
        """
        Work its root out.

        :raises NotAProof, NotASum: its nodes lead nowhere
        """
        return sumtree.root_of(self.height, {line.place: line.leaf.node for line in self.lines}, self.beside)


@dataclass(frozen=True, slots=True)
class Issued:
    """That a later version of a statement was issued: its figures as they were hashed, and the entry that says so."""

    document: bytes
    entry: bytes
    receipt: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read."""

    run: str
    party: str
    version: int
    currency: str
    came: Mapping[str, int]
    went: Mapping[str, int]
    digest: str  # of the document of its figures, in hexadecimal
    leaf: Leaf | None  # the statement, as it is hashed; None: it has an entry of its own
    proof: Proof | None
    issued: Issued | None
    height: int
    parts: tuple[Part, ...]
    beside: tuple[Node, ...]
    entry: bytes
    receipt: str
    terms: Terms | None = None  # None: of a run that committed to their sum alone, or had none

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return the lines of all partitions."""
        return tuple(line for part in self.parts for line in part.lines)

    def root(self) -> Node:
        """
        Work the run's root out of the lines.

        :raises NotAProof, NotASum: the nodes lead nowhere
        """
        return sumtree.root_of(self.height, {part.number: part.root() for part in self.parts}, self.beside)


def read(data: bytes) -> Bundle:
    """
    Read a bundle. Whether anything that it says is so is not looked at.

    :raises NotABundle: anything that a bundle does not have
    """
    try:
        document = canonical.decode_document(data)
    except (
        canonical.NotCanonical,
        canonical.Unrepresentable,
        canonical.TooDeep,
        canonical.DocumentTooLarge,
    ) as error:
        raise NotABundle(f"{NotABundle.__doc__} {error}") from error
    version = document.get("v") if isinstance(document, dict) else None
    is_later = version == LATER or version == LATER + WITH_TERMS
    has_terms = version == VERSION + WITH_TERMS or version == LATER + WITH_TERMS
    names = {"v", "type", "statement", "issued" if is_later else "statement_proof", "lines", "entry", "receipt"}
    whole = _members(document, "the file", names | ({"terms"} if has_terms else set()))
    is_known = is_later or has_terms or version == VERSION
    if isinstance(version, bool) or not is_known or whole["type"] != TYPE:
        raise NotABundle(f"{NotABundle.__doc__} It is {str(whole['type'])[:60]!r}, version {str(whole['v'])[:20]}.")
    said = _members(
        whole["statement"], "statement", {"run", "party", "version", "currency", "came", "went", "document"}
    )
    came, went = _figures(said["came"], "came"), _figures(said["went"], "went")
    if "earned" not in came or "payable" not in went:
        raise NotABundle(f"{NotABundle.__doc__} Its statement does not say what was earned and what is payable.")
    leaf, proof, issued = None, None, None
    if is_later:
        issued = _issued(whole["issued"])
    else:
        leaf, proof = _shown(whole["statement_proof"], said, went["payable"])
    lines = _members(whole["lines"], "lines", {"height", "partitions", "beside"})
    parts = tuple(_part(one, f"partition {number}") for number, one in enumerate(_list(lines["partitions"], "lines")))
    if len({part.number for part in parts}) != len(parts):
        raise NotABundle(f"{NotABundle.__doc__} A partition comes twice.")
    return Bundle(
        run=_id(said["run"], "run"),
        party=_id(said["party"], "party"),
        version=_count(said["version"], "version"),
        currency=_matched(said["currency"], CURRENCY, "currency"),
        came=came,
        went=went,
        digest=_matched(said["document"], HEX, "the digest of its document"),
        leaf=leaf,
        proof=proof,
        issued=issued,
        height=_height(lines["height"], "lines"),
        parts=parts,
        beside=_nodes(lines["beside"], "lines"),
        entry=_text(whole["entry"], "entry").encode(),
        receipt=_text(whole["receipt"], "receipt"),
        terms=_terms(whole["terms"]) if has_terms else None,
    )


def _terms(value: Json) -> Terms:
    said = _members(value, "terms", {"height", "lines", "beside"})
    lines = tuple(_term(one, f"term {number}") for number, one in enumerate(_list(said["lines"], "terms")))
    if len({line.place for line in lines}) != len(lines) or len({line.transaction for line in lines}) != len(lines):
        raise NotABundle(f"{NotABundle.__doc__} A term comes twice, or two are at one place.")
    return Terms(_height(said["height"], "terms"), lines, _nodes(said["beside"], "terms"))


def _term(value: Json, where: str) -> TermLine:
    row = _members(value, where, {"place", "salt", "line"})
    line = _members(row["line"], where, _TERM)
    units = _units(line["units"], where)
    return TermLine(
        place=_count(row["place"], f"the place of {where}"),
        leaf=Leaf(
            canonical.encode_document(line),
            max(0, units),
            max(0, -units),
            bytes.fromhex(_matched(row["salt"], HEX, f"the salt of {where}")),
        ),
        account=_text(line["account"], where),
        kind=_matched(line["kind"], NAME, f"the kind of {where}"),
        transaction=_id(line["transaction"], where),
        whole=_units(line["whole"], where),
        before=_units(line["before"], where),
        units=units,
        shares=tuple(_share(one, where) for one in _list(line["shares"], where)),
    )


def _share(value: Json, where: str) -> TermShare:
    share = _members(value, where, _SHARE)
    if not isinstance(share["leftover"], bool):
        raise NotABundle(f"{NotABundle.__doc__} {where}: leftover is true or false.")
    return TermShare(_weight(share["weight"], where), _units(share["units"], where), share["leftover"])


def _weight(value: Json, where: str) -> Fraction:
    numerator, _, denominator = _matched(value, WEIGHT, f"the weight of {where}").partition("/")
    return Fraction(int(numerator), int(denominator))


def _shown(value: Json, said: Document, payable: int) -> tuple[Leaf, Proof]:
    shown = _members(value, "statement_proof", {"salt", "place", "beside"})
    leaf = Leaf(
        canonical.encode_document(said),
        max(0, payable),
        max(0, -payable),
        bytes.fromhex(_matched(shown["salt"], HEX, "the statement's salt")),
    )
    return leaf, Proof(_count(shown["place"], "the statement's place"), _nodes(shown["beside"], "statement_proof"))


def _issued(value: Json) -> Issued:
    said = _members(value, "issued", {"document", "entry", "receipt"})
    return Issued(
        _text(said["document"], "issued").encode(),
        _text(said["entry"], "issued").encode(),
        _text(said["receipt"], "issued"),
    )


def figures_of(document: bytes) -> tuple[dict[str, Any], dict[str, int], dict[str, int]] | None:
    """
    Return what a document of figures says: whose it is, and in the words of a proof what came and what went.

    None where it is none.
    """
    try:
        found = canonical.decode_document(document)
    except (
        canonical.NotCanonical,
        canonical.Unrepresentable,
        canonical.TooDeep,
        canonical.DocumentTooLarge,
    ):
        return None
    figures = found.get("figures") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(figures, dict):
        return None
    said = {name: int(one) for name, one in figures.items() if isinstance(one, str) and UNITS.fullmatch(one)}
    if len(said) != len(figures) or not set(CAME) | set(WENT) <= {*said, "termed"}:
        return None
    came = {word: said[name] for name, word in CAME.items() if name != "termed" or name in said}
    return found, came, {word: said[name] for name, word in WENT.items()}


def root_named(data: Mapping[str, Json], member: str) -> Node | None:
    """Return a root that an entry names, or None where it names none."""
    match data.get(member):
        case {"sha256": str(digest), "credit": str(credit), "debit": str(debit)}:
            found = NODE.fullmatch(f"{digest} {credit} {debit}")
            return None if found is None else _node(found)
    return None


def _part(value: Json, where: str) -> Part:
    part = _members(value, where, {"number", "height", "lines", "beside"})
    number = _count(part["number"], f"the number of {where}")
    height = _height(part["height"], where)
    lines = [_line(one, f"a line of {where}") for one in _list(part["lines"], where)]
    if not lines or len({line.place for line in lines}) != len(lines):
        raise NotABundle(f"{NotABundle.__doc__} In {where} there is no line, or two at one place.")
    return Part(number, height, tuple(lines), _nodes(part["beside"], where))


def _line(value: Json, where: str) -> Line:
    row = _members(value, where, {"place", "salt", "line"})
    line = _members(row["line"], where, _LINE)
    if not isinstance(line["leftover"], bool):
        raise NotABundle(f"{NotABundle.__doc__} {where}: leftover is true or false.")
    units = _units(line["units"], where)
    return Line(
        place=_count(row["place"], f"the place of {where}"),
        leaf=Leaf(
            canonical.encode_document(line),
            max(0, units),
            max(0, -units),
            bytes.fromhex(_matched(row["salt"], HEX, f"the salt of {where}")),
        ),
        output=_id(line["output"], where),
        country=_text(line["country"], where),
        name=_text(line["leaf"], where),
        party=_id(line["party"], where),
        pool=_units(line["pool"], where),
        units=units,
        weight=_weight(line["weight"], where),
        has_leftover=line["leftover"],
    )


def _figures(value: Json, where: str) -> dict[str, int]:
    if not isinstance(value, dict) or not 1 <= len(value) <= 40 or not all(NAME.fullmatch(name) for name in value):
        raise NotABundle(f"{NotABundle.__doc__} What {where} is a few amounts by name.")
    return {name: _units(one, name) for name, one in value.items()}


def _nodes(value: Json, where: str) -> tuple[Node, ...]:
    found = [NODE.fullmatch(_text(one, where)) for one in _list(value, where)]
    nodes = tuple(_node(one) for one in found if one is not None)
    if len(nodes) != len(found):
        raise NotABundle(f"{NotABundle.__doc__} In {where} something is not a node.")
    return nodes


def _node(found: re.Match[str]) -> Node:
    return Node(bytes.fromhex(found[1]), int(found[2]), int(found[3]))


def _members(value: Json, where: str, names: set[str] | frozenset[str]) -> Document:
    if not isinstance(value, dict) or set(value) != names:
        raise NotABundle(f"{NotABundle.__doc__} {where} has the members {', '.join(sorted(names))}, and no others.")
    return value


def _list(value: Json, where: str) -> list[Json]:
    if not isinstance(value, list):
        raise NotABundle(f"{NotABundle.__doc__} In {where} a list is missing.")
    return value


def _text(value: Json, where: str) -> str:
    if not isinstance(value, str):
        raise NotABundle(f"{NotABundle.__doc__} In {where} a text is missing.")
    return value


def _matched(value: Json, pattern: re.Pattern[str], where: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise NotABundle(f"{NotABundle.__doc__} {where} is not written as it should be: {str(value)[:40]!r}.")
    return value


def _units(value: Json, where: str) -> int:
    return int(_matched(value, UNITS, where))


def _count(value: Json, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise NotABundle(f"{NotABundle.__doc__} {where} is a whole number from 0.")
    return value


def _height(value: Json, where: str) -> int:
    height = _count(value, f"the height of {where}")
    if height > sumtree.MOST_LEVELS:
        raise NotABundle(f"{NotABundle.__doc__} The height of {where} is at most {sumtree.MOST_LEVELS}.")
    return height


def _id(value: Json, where: str) -> str:
    text = _text(value, where)
    try:
        if str(UUID(text)) == text:
            return text
    except ValueError:
        pass
    raise NotABundle(f"{NotABundle.__doc__} In {where} something is not an id: {text[:40]!r}.")


def looks_like_one(beginning: bytes) -> bool:
    """Whether bytes that a file begins with are of a JSON object, which neither a pack nor a certificate is."""
    return beginning.lstrip()[:1] == b"{"


def counts(document: Mapping[str, Any]) -> dict[str, int]:
    """Return the sums by account that an entry names; those that are none are left out."""
    units = document.get("units")
    if not isinstance(units, dict):
        return {}
    return {name: int(one) for name, one in units.items() if isinstance(one, str) and UNITS.fullmatch(one)}
