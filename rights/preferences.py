"""
What holders prefer, said in the vocabularies of others: aipref, TDMRep, CAWG and DDEX (CON-3, CON-9). Pure.

The tables are data with a version, `rights/data/preferences.json`, because most of these vocabularies are drafts. An
outside word is often broader than our use: it permits only when every use that it covers is permitted, and it forbids
when one of them is forbidden. So what we publish never permits more than what was said.

A use that nothing is said about is unknown, and nothing is published about it. Whether silence means no is for the
caller to say (``default_stance``): for an asset in this register it does, since what was not granted is not allowed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Literal, cast, get_args
from urllib.parse import quote, unquote_to_bytes
from xml.sax.saxutils import escape

from rights.territories import countries, expand

Stance = Literal["allowed", "not_allowed", "constrained"]

LONGEST_CONSTRAINT: Final = 1000
LONGEST_STATEMENT: Final = 64 * 1024


class NoSuchPreferenceUse(Exception):
    """This is not a use that a preference can be about."""


class NoSuchStance(Exception):
    """A stance is allowed, not_allowed or constrained."""


class ConstraintMisplaced(Exception):
    """Only the stance `constrained` has a constraint: up to 1,000 printable characters, one line."""


class NotAPath(Exception):
    """A path begins with a slash."""


class NotAPolicyAddress(Exception):
    """A policy is an http or https address without spaces."""


class NotATrainingAssertion(Exception):
    """The data of a training and data mining assertion is an object with entries."""


class EmptyPeriod(Exception):
    """A deal ends after it begins."""


@dataclass(frozen=True)
class Preference:
    """What is preferred about one use of an asset."""

    use: str
    stance: Stance
    constraint: str = ""

    def __post_init__(self) -> None:
        """Check that it can be published."""
        if self.use not in uses():
            raise NoSuchPreferenceUse(f"{self.use!r} is not a use: {', '.join(uses())}")
        if self.stance not in get_args(Stance):
            raise NoSuchStance(f"{self.stance!r} is not a stance: {', '.join(get_args(Stance))}")
        if self.constraint and (
            self.stance != "constrained"
            or len(self.constraint) > LONGEST_CONSTRAINT
            or not self.constraint.isprintable()
        ):
            raise ConstraintMisplaced


@dataclass(frozen=True)
class Location:
    """A path of a web server, and what is preferred about what lies there."""

    path: str
    preferences: tuple[Preference, ...]
    policy: str = ""  # where to ask for a license


@lru_cache(maxsize=1)
def _mapping() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((files("rights") / "data" / "preferences.json").read_text("utf-8")))


def version() -> str:
    """Return the version of the tables."""
    return str(_mapping()["version"])


def uses() -> tuple[str, ...]:
    """Return the uses that a preference can be about."""
    return tuple(_mapping()["uses"])


# --- What several preferences amount to ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Stated:
    """What is said about every use, and what silence means."""

    by_use: Mapping[str, Preference]
    default: Stance | None

    def on(self, covered: Iterable[str]) -> tuple[Stance | None, str]:
        """Return the most restrictive stance on several uses, and its constraint; None where it is unknown."""
        found = [self.by_use.get(use) for use in covered]
        stances = {one.stance if one else self.default for one in found}
        if "not_allowed" in stances:
            return "not_allowed", ""
        if "constrained" in stances:
            return _conditions(
                one.constraint if one else "" for one in found if (one.stance if one else self.default) == "constrained"
            )
        return (None, "") if None in stances else ("allowed", "")


def _conditions(constraints: Iterable[str]) -> tuple[Stance, str]:
    """Return several conditions as one that says all of them."""
    parts = dict.fromkeys(constraints)
    if "" in parts:  # one that nobody can meet without asking, whatever the others say
        return "constrained", ""
    joined = "; ".join(parts)
    return ("constrained", joined) if len(joined) <= LONGEST_CONSTRAINT else ("not_allowed", "")


def _stated(preferences: Iterable[Preference], default: Stance | None) -> _Stated:
    """Combine what several holders say about the same use: any refusal wins, then any condition (CON-4)."""
    if default is not None and default not in get_args(Stance):
        raise NoSuchStance(f"{default!r} is not a stance: {', '.join(get_args(Stance))}")
    said: dict[str, list[Preference]] = {}
    for preference in preferences:
        said.setdefault(preference.use, []).append(preference)
    return _Stated({use: Preference(use, *_strictest(some)) for use, some in said.items()}, default)


def _strictest(some: Sequence[Preference]) -> tuple[Stance, str]:
    stances = {one.stance for one in some}
    if "not_allowed" in stances:
        return "not_allowed", ""
    if "constrained" in stances:
        return _conditions(one.constraint for one in some if one.stance == "constrained")
    return "allowed", ""


# --- aipref -------------------------------------------------------------------------------------------------


def content_usage(preferences: Iterable[Preference], *, default_stance: Stance | None = None) -> str:
    """
    Return the value of a Content-Usage field, such as ``train-ai=n``; empty when nothing is known, and then not sent.

    A condition cannot be said there, so what is constrained is refused.
    """
    stated = _stated(preferences, default_stance)
    found = ((key, stated.on(covered)[0]) for key, covered in _mapping()["aipref"]["covers"].items())
    return ", ".join(f"{key}={'y' if stance == 'allowed' else 'n'}" for key, stance in found if stance)


def robots_lines(
    path: str, preferences: Iterable[Preference], *, default_stance: Stance | None = None
) -> tuple[str, ...]:
    """
    Return the lines about a path for a group of robots.txt; none when nothing is known.

    :raises NotAPath: the path does not begin with a slash
    """
    encoded = _encoded(path)
    usage = content_usage(preferences, default_stance=default_stance)
    return (f"Content-Usage: {encoded} {usage}",) if usage else ()


def _encoded(path: str) -> str:
    if not path.startswith("/"):
        raise NotAPath(f"{path[:80]!r} does not begin with a slash")
    # What is encoded already stays; * and $ keep their meaning as a pattern; # would begin a comment.
    return quote(path, safe="/%:@!$&'()*+,;=~?")


def read_content_usage(text: str) -> tuple[Preference, ...]:
    """
    Return what a Content-Usage field says about our uses; nothing where it cannot be parsed, as the draft has it.

    Keys of earlier drafts count where they deny.
    """
    members = _dictionary(text)
    table = _mapping()["aipref"]
    found: list[Preference] = []
    for key, covered in table["covers"].items():
        if (stance := _Y_OR_N.get(members.get(key, ""))) is not None:
            found.extend(Preference(use, stance) for use in covered)
    for key, covered in table["earlier_covers"].items():
        if members.get(key) == "n":
            found.extend(Preference(use, "not_allowed") for use in covered)
    return _in_order(found)


_Y_OR_N: Final[Mapping[str, Stance]] = {"y": "allowed", "n": "not_allowed"}


# --- TDMRep -------------------------------------------------------------------------------------------------


def tdmrep(locations: Iterable[Location], *, default_stance: Stance | None = None) -> list[dict[str, str | int]]:
    """
    Return the document for ``/.well-known/tdmrep.json``: a rule for each location, the most specific first.

    A location of which nothing is known has no rule, unless a rule of another would free it: then it is reserved.

    :raises NotAPath: a location does not begin with a slash
    :raises NotAPolicyAddress: a policy is no address
    """
    by_path: dict[str, Location] = {}
    for location in locations:
        path = _encoded(location.path)
        known = by_path.get(path, Location(path, ()))
        by_path[path] = Location(path, known.preferences + location.preferences, known.policy or location.policy)
    reserved = {path: _reservation(here.preferences, default_stance) for path, here in by_path.items()}
    any_free = 0 in reserved.values()
    rules: list[dict[str, str | int]] = []
    for path in sorted(by_path, key=lambda path: (-len(path), path)):  # agents take the first that matches
        value = reserved[path]
        if value is None and not any_free:
            continue
        rule: dict[str, str | int] = {"location": path, "tdm-reservation": 0 if value == 0 else 1}
        if value != 0 and by_path[path].policy:
            rule["tdm-policy"] = _address(by_path[path].policy)
        rules.append(rule)
    return rules


def tdm_headers(
    preferences: Iterable[Preference], *, policy: str = "", default_stance: Stance | None = None
) -> dict[str, str]:
    """
    Return the header fields of a response with the asset; none when nothing is known.

    :raises NotAPolicyAddress: the policy is no address
    """
    value = _reservation(preferences, default_stance)
    if value is None:
        return {}
    headers = {"tdm-reservation": str(value)}
    if value and policy:
        headers["tdm-policy"] = _address(policy)
    return headers


def _reservation(preferences: Iterable[Preference], default: Stance | None) -> int | None:
    stance, _ = _stated(preferences, default).on(_mapping()["tdmrep"]["covers"])
    return None if stance is None else int(stance != "allowed")


_ADDRESS: Final = re.compile(r"https?://[!-~]+")


def _address(policy: str) -> str:
    if not _ADDRESS.fullmatch(policy):
        raise NotAPolicyAddress(f"{policy[:80]!r} is not an http or https address")
    return policy


# --- CAWG ---------------------------------------------------------------------------------------------------

_CAWG_USE: Final[Mapping[Stance, str]] = {
    "allowed": "allowed",
    "not_allowed": "notAllowed",
    "constrained": "constrained",
}
_STANCE: Final[Mapping[str, Stance]] = {word: stance for stance, word in _CAWG_USE.items()}


def cawg(preferences: Iterable[Preference], *, default_stance: Stance | None = None) -> dict[str, Any]:
    """Return the data of a ``cawg.training-mining`` assertion; empty when nothing is known, and then none is made."""
    stated = _stated(preferences, default_stance)
    entries: dict[str, dict[str, str]] = {}
    for key, covered in _mapping()["cawg"]["covers"].items():
        stance, constraint = stated.on(covered)
        if stance is None:
            continue
        entries[key] = {"use": _CAWG_USE[stance]}
        if constraint:
            # The specification's text says constraints_info, its schema constraint_info: validators know the schema.
            entries[key]["constraint_info"] = constraint
    return {"entries": entries} if entries else {}


def read_cawg(data: object) -> tuple[Preference, ...]:
    """
    Return what a training and data mining assertion says about our uses, also in the spelling of C2PA 1.x.

    What is constrained without saying how is not allowed, as the specification has it. Entries that we do not know, or
    that say none of the three words, say nothing.

    :raises NotATrainingAssertion: not an object, or its entries are none
    """
    if not isinstance(data, Mapping):
        raise NotATrainingAssertion(f"a training and data mining assertion is an object, not a {type(data).__name__}")
    entries = data.get("entries", data)  # an earlier schema had the entries without the word
    if not isinstance(entries, Mapping):
        raise NotATrainingAssertion(f"the entries are an object, not a {type(entries).__name__}")
    broad: list[Preference] = []
    exact: list[Preference] = []
    for key, covered in _mapping()["cawg"]["covers"].items():
        for spelling in dict.fromkeys((key, re.sub(r"^cawg\.", "c2pa.", key))):
            if (said := _entry(entries.get(spelling))) is not None:
                (broad if len(covered) > 1 else exact).extend(Preference(use, *said) for use in covered)
    # What is said about one use says more about it than a word that covers several.
    named = {preference.use for preference in exact}
    return _in_order([*exact, *(preference for preference in broad if preference.use not in named)])


def _entry(entry: object) -> tuple[Stance, str] | None:
    if not isinstance(entry, Mapping) or not isinstance(word := entry.get("use"), str):
        return None
    stance = _STANCE.get(word)
    if stance != "constrained":
        return None if stance is None else (stance, "")
    info = entry.get("constraint_info", entry.get("constraints_info"))
    text = _one_line(info) if isinstance(info, str) else ""
    return ("constrained", text) if text else ("not_allowed", "")


def _one_line(text: str) -> str:
    """Return a text from outside as a constraint may be; nothing if it is too long: half a condition is none."""
    if len(text) > 4 * LONGEST_CONSTRAINT:
        return ""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= LONGEST_CONSTRAINT else ""


# --- DDEX ---------------------------------------------------------------------------------------------------


def ddex_deal_terms(
    preferences: Iterable[Preference],
    *,
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    default_stance: Stance | None = None,
) -> list[dict[str, Any]]:
    """
    Return the deal terms that permit what is allowed, as they stand in a message; none when nothing is allowed.

    A deal permits, and cannot refuse or make conditions: what is constrained is left to its contract, without a deal.
    The last day is written, where ours is the day after it.

    :raises EmptyPeriod: it ends before it begins
    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: no territory is left
    """
    if active_to is not None and active_to <= active_from:
        raise EmptyPeriod(f"a deal from {active_from} cannot end on {active_to}")
    stated = _stated(preferences, default_stance)
    table = _mapping()["ddex"]
    allowed = [word for word, covered in table["covers"].items() if stated.on(covered)[0] == "allowed"]
    contract = table["as_per_contract"]
    if any(stated.on([use])[0] == "allowed" for use in contract["uses"]):
        allowed.append(contract["UseType"])
    period = {"StartDate": active_from.isoformat()}
    if active_to is not None:
        period["EndDate"] = (active_to - timedelta(days=1)).isoformat()
    where = _ddex_territories(expand(territories))
    if not allowed:
        return []
    return [
        {
            **where,
            "ValidityPeriod": period,
            "CommercialModelType": table["commercial_model"],
            "UseType": sorted(allowed),
        }
    ]


def ddex_deals_xml(deals: Iterable[Mapping[str, Any]]) -> str:
    """Return deal terms as the ``Deal`` elements of a message, without a namespace: they go into one that has it."""
    return "".join(f"<Deal><DealTerms>{_elements(deal)}</DealTerms></Deal>" for deal in deals)


def _ddex_territories(meant: frozenset[str]) -> dict[str, list[str]]:
    """Return the shorter of two lists, since a deal has either: where it holds, or where it does not."""
    missing = countries() - meant
    if not missing:
        return {"TerritoryCode": ["Worldwide"]}
    if len(missing) < len(meant):
        return {"ExcludedTerritoryCode": sorted(missing)}
    return {"TerritoryCode": sorted(meant)}


def _elements(value: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_elements(one) if isinstance(one, Mapping) else escape(str(one))}</{name}>"
        for name, some in value.items()
        for one in (some if isinstance(some, list) else [some])
    )


# --- The public answer --------------------------------------------------------------------------------------


def document(
    *,
    codes: Mapping[str, str],
    preferences: Iterable[Preference],
    at: datetime,
    default_stance: Stance | None = None,
    policy: str = "",
    deals: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """
    Return everything that is published about one asset: ours in plain words, and each outside vocabulary.

    It names the asset by its public codes and holds no person. ``deals`` are those of `ddex_deal_terms`.

    :raises NotAPolicyAddress: the policy is no address
    """
    stated = _stated(preferences, default_stance)
    table = _mapping()
    known = tuple(stated.by_use.values())
    return {
        "version": table["version"],
        "at": at.isoformat(),
        "asset": dict(codes),
        "uses": {use: _in_words(stated, use) for use in uses()},
        "policy": _address(policy) if policy else None,
        "aipref": {
            "draft": table["aipref"]["draft"],
            "content_usage": content_usage(known, default_stance=default_stance),
        },
        "tdmrep": tdm_headers(known, policy=policy, default_stance=default_stance),
        "cawg": {"label": table["cawg"]["label"], "data": cawg(known, default_stance=default_stance)},
        "ddex": {"message": table["ddex"]["message"], "deal_terms": [dict(deal) for deal in deals]},
        "sources": [dict(source) for source in table["sources"]],
    }


def _in_words(stated: _Stated, use: str) -> dict[str, str]:
    stance, constraint = stated.on([use])
    return {"stance": stance or "unknown"} | ({"constraint": constraint} if constraint else {})


def _in_order(found: Iterable[Preference]) -> tuple[Preference, ...]:
    combined = _stated(found, None).by_use
    return tuple(combined[use] for use in uses() if use in combined)


# --- Structured fields (RFC 9651): enough to know whether a dictionary is one ---------------------------------

_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_TOKEN: Final = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_NUMBER: Final = re.compile(r"-?(?:[0-9]{1,12}\.[0-9]{1,3}|[0-9]{1,15})")
_STRING: Final = re.compile(r'"(?:[ !#-\[\]-~]|\\["\\])*"')
_BYTES: Final = re.compile(r":[A-Za-z0-9+/=]*:")
_BOOLEAN: Final = re.compile(r"\?[01]")
_DATE: Final = re.compile(r"@-?[0-9]{1,15}")
_DISPLAY: Final = re.compile(r'%"((?:[ !#$&-~]|%[0-9a-f]{2})*)"')
_SPACES: Final = re.compile(r" *")
_BLANKS: Final = re.compile(r"[ \t]*")


class _NotADictionary(Exception):
    """These bytes are not a dictionary of structured fields."""


class _Reader:
    """A walk over a field's text, from left to right; what does not fit raises."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def take(self, pattern: re.Pattern[str]) -> str:
        if (found := pattern.match(self.text, self.at)) is None:
            raise _NotADictionary
        self.at = found.end()
        return found[0]

    def has(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    @property
    def is_done(self) -> bool:
        return self.at >= len(self.text)

    def members(self) -> Iterator[tuple[str, str]]:
        while True:
            key = self.take(_KEY)
            value = ("" if self.inner_list() else self.item()) if self.has("=") else ""
            self.parameters()
            yield key, value
            self.take(_BLANKS)
            if self.is_done:
                return
            if not self.has(","):
                raise _NotADictionary
            self.take(_BLANKS)

    def inner_list(self) -> bool:
        if not self.has("("):
            return False
        self.take(_SPACES)
        while not self.has(")"):
            self.item()
            self.parameters()
            if not self.text.startswith((" ", ")"), self.at):
                raise _NotADictionary
            self.take(_SPACES)
        return True

    def parameters(self) -> None:
        while self.has(";"):
            self.take(_SPACES)
            self.take(_KEY)
            if self.has("="):
                self.item()

    def item(self) -> str:
        """Read a bare item; return it if it is a token, else nothing."""
        sign = self.text[self.at : self.at + 1]
        if sign.isalpha() or sign == "*":
            return self.take(_TOKEN)
        match sign:
            case '"':
                self.take(_STRING)
            case ":":
                self.take(_BYTES)
            case "?":
                self.take(_BOOLEAN)
            case "@":
                self.take(_DATE)
            case "%":
                try:
                    unquote_to_bytes(self.take(_DISPLAY)[2:-1]).decode()
                except UnicodeDecodeError as error:
                    raise _NotADictionary from error
            case _:
                self.take(_NUMBER)
        return ""


def _dictionary(text: str) -> dict[str, str]:
    """Return the tokens of a dictionary by key, the last of each; empty for what is none."""
    bare = text.strip(" ")
    if not bare or not text.isascii() or len(text) > LONGEST_STATEMENT:
        return {}
    try:
        return dict(_Reader(bare).members())
    except _NotADictionary:
        return {}
