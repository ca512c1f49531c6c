"""How one sender's sheets are read: which column holds what, saved once and used for every file. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TypedDict

from rights.exchange.cells import BadCell, day
from rights.exchange.text import AUTO, ENCODINGS

DELIMITERS = (",", ";", "\t", "|")
UNITS = ("percent", "fraction")  # what a bare 0.5 means: half a percent, or a half

# What can be read, in the order in which a person would fill it in.
FIELDS: dict[str, tuple[str, ...]] = {
    "catalogue": (
        *("title", "isrc", "artist", "artist_isni", "artist_ipi", "artist_dpid", "work_title", "iswc"),
        *("release_title", "release_code", "release_grid", "disc", "track"),
        *("genre", "language", "region", "recorded_year", "lead_voice"),
    ),
    "shares": (
        *("isrc", "iswc", "recording", "work", "asset", "asset_kind"),
        *("party", "party_ipi", "party_isni", "party_dpid", "party_id"),
        *("share", "right", "basis", "role", "territories", "from", "to"),
    ),
    "consents": (
        *("reference", "isrc", "iswc", "recording", "work", "asset", "asset_kind", "grantor", "actor", "licensee"),
        *("uses", "territories", "from", "to", "document_digest"),
    ),
}

# Of each group at least one column or default, or no row can be taken.
_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "catalogue": (("title", "isrc", "work_title", "iswc", "release_title"),),
    "shares": (
        ("isrc", "iswc", "recording", "work", "asset"),
        ("party", "party_ipi", "party_isni", "party_dpid", "party_id"),
        ("share",),
        ("right",),
    ),
    "consents": (
        ("isrc", "iswc", "recording", "work", "asset"),
        ("grantor",),
        ("uses",),
        ("territories",),
        ("from",),
        ("document_digest",),
    ),
}

_MOST_CHARACTERS = 300  # of a header or a default


class BadMapping(Exception):
    """A mapping is a JSON object of kind, columns, encoding, delimiter, decimal, share_unit, date_format, defaults."""

    def __init__(self, field_: str, sentence: str) -> None:
        super().__init__(f"{field_}: {sentence}")
        self.field = field_
        self.sentence = sentence


@dataclass(frozen=True)
class Mapping:
    """Which column of a sender's sheets holds what. It may still be incomplete: see ``gaps``."""

    kind: str  # catalogue, shares or consents
    columns: dict[str, str] = field(default_factory=dict)  # our field: the header in the file
    encoding: str = AUTO
    delimiter: str = AUTO
    decimal: str = AUTO  # or "." or ","
    share_unit: str = "percent"
    date_format: str = "YYYY-MM-DD"
    defaults: dict[str, str] = field(default_factory=dict)  # our field: what holds where the cell is empty

    def __post_init__(self) -> None:
        """
        Refuse what no sheet could be read with.

        :raises BadMapping: a field has a value that it cannot have
        """
        _one_of("kind", self.kind, FIELDS)
        _one_of("encoding", self.encoding, (AUTO, *ENCODINGS))
        _one_of("delimiter", self.delimiter, (AUTO, *DELIMITERS))
        _one_of("decimal", self.decimal, (AUTO, ".", ","))
        _one_of("share_unit", self.share_unit, UNITS)
        _check_date_format(self.date_format)
        for name in ("columns", "defaults"):
            for key, value in _texts(name, getattr(self, name)).items():
                _one_of(f"{name}.{key}", key, FIELDS[self.kind])
                if not value.strip() or len(value) > _MOST_CHARACTERS:
                    raise BadMapping(f"{name}.{key}", f"give a text of 1 to {_MOST_CHARACTERS} characters")

    def gaps(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of fields of which none has a column or a default, though one must."""
        known = self.columns.keys() | self.defaults.keys()
        return tuple(group for group in _NEEDED[self.kind] if known.isdisjoint(group))

    def to_dict(self) -> dict[str, object]:
        """Return the mapping as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: object) -> Mapping:
        """
        Return the mapping that JSON holds.

        :raises BadMapping: it is none, has a field that there is not, or a value that a field cannot have
        """
        if not isinstance(given, dict):
            raise BadMapping("mapping", "give an object with kind and columns")
        names = list(cls.__dataclass_fields__)
        for key in given:
            if key not in names:
                raise BadMapping(str(key)[:_MOST_CHARACTERS], f"there is no such field; there are {', '.join(names)}")
        if "kind" not in given:
            raise BadMapping("kind", f"name one of {', '.join(FIELDS)}")
        return cls(**given)


def _one_of(name: str, value: object, allowed: Iterable[str]) -> None:
    known = tuple(allowed)
    if not isinstance(value, str) or value not in known:
        raise BadMapping(name, f"use one of {', '.join(repr(one) for one in known)}")


def _texts(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise BadMapping(name, "give an object of texts: our field, then the header or the default")
    return value


def _check_date_format(value: object) -> None:
    is_format = isinstance(value, str) and sorted(re.findall(r"[A-Z]+", value)) in (["DD", "MM", "YYYY"], ["YYYYMMDD"])
    if not is_format or not re.fullmatch(r"(?:YYYY|MM|DD|[-./ ])+", str(value)):
        raise BadMapping("date_format", "use YYYY, MM and DD, each once, such as YYYY-MM-DD, DD.MM.YYYY or MM/DD/YYYY")
    try:
        day(str(value).replace("YYYY", "2026").replace("MM", "12").replace("DD", "31"), str(value))
    except BadCell as error:
        raise BadMapping("date_format", "use YYYY, MM and DD, each once, such as YYYY-MM-DD") from error


class _Aliases(TypedDict):
    version: str
    headers: dict[str, dict[str, list[str]]]
    rights: dict[str, str]
    uses: dict[str, str]
    territories: dict[str, str]


@lru_cache(maxsize=1)
def aliases() -> _Aliases:
    """Return the versioned table of what senders call things."""
    found: _Aliases = json.loads((files("rights") / "data" / "sheet_headers.json").read_text(encoding="utf-8"))
    return found


def plain(text: str) -> str:
    """Return the form in which headers and words are compared."""
    return re.sub(r"[^\w%#]+|_+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def suggest(header: Iterable[str], kind: str) -> Mapping:
    """
    Return a mapping of the columns whose names are usual. A person should look at it: names are no proof.

    :raises BadMapping: there is no such kind
    """
    _one_of("kind", kind, FIELDS)
    free: dict[str, str] = {}
    for name in header:
        free.setdefault(plain(name), name.strip())
    columns = {}
    for field_ in FIELDS[kind]:
        for alias in aliases()["headers"][kind].get(field_, ()):
            name = free.get(alias, "")
            if 0 < len(name) <= _MOST_CHARACTERS:
                columns[field_] = name
                del free[alias]
                break
    return Mapping(kind=kind, columns=columns)
