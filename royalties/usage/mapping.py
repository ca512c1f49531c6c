"""How one sender's sheets of usage are read: which column holds what, and what holds where none does. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

from rights.exchange.mapping import plain
from royalties.usage import cells
from royalties.usage.problems import BadCell

ENCODINGS = ("auto", "utf-8", "windows-1252", "iso-8859-1")
DELIMITERS = ("auto", ",", ";", "\t", "|")
DECIMALS = (".", ",")
GROUPINGS = ("", ",", ".", " ", "'", "\u00a0", "\u202f")

# What can be read, in the order in which a person would fill it in.
FIELDS = (
    *("submission", "isrc", "proprietary", "title", "artist"),
    *("amount", "currency", "country", "usages", "kind"),
    *("day", "first_day", "last_day", "month", "transaction"),
)
DEFAULTS = ("currency", "country", "kind", "first_day", "last_day")
_IDENTIFIES = ("submission", "isrc", "proprietary", "title")
_DATES = (("day",), ("month",), ("first_day", "last_day"))
_MOST_CHARACTERS = 300

# What senders call things, as ``plain`` writes it.
_ALIASES: dict[str, tuple[str, ...]] = {
    "submission": ("submission", "submission id", "output", "output id", "ledger id"),
    "isrc": ("isrc", "isrc code", "track isrc", "recording isrc"),
    "proprietary": ("track id", "store id", "dsp resource id", "asset id", "content id", "id", "track code"),
    "title": ("title", "track", "track title", "song", "song title", "song name"),
    "artist": ("artist", "track artist", "artist name", "display artist", "performer"),
    "amount": ("amount", "net revenue", "net receipts", "revenue", "earnings", "royalty", "net amount", "payable"),
    "currency": ("currency", "currency code", "payment currency", "currency of sale"),
    "country": ("country", "territory", "country code", "country of sale", "country region", "sale country"),
    "usages": ("usages", "streams", "quantity", "units", "plays", "number of streams", "sales"),
    "kind": ("kind", "type", "adjustment", "is adjustment", "sale or return", "transaction type"),
    "day": ("day", "date", "usage date", "sale date", "activity date"),
    "first_day": ("first day", "start", "start date", "from", "period start", "usage start date"),
    "last_day": ("last day", "end", "end date", "to", "period end", "usage end date"),
    "month": ("month", "period", "sale month", "sales period", "reporting period", "activity period"),
    "transaction": ("transaction", "transaction id", "line id", "sales transaction id", "row id"),
}


class BadMapping(Exception):
    """A mapping says which column holds what, which marks numbers have, and what holds where a cell is empty."""

    def __init__(self, name: str, sentence: str) -> None:
        """Keep which part is wrong."""
        super().__init__(f"{name}: {sentence}")
        self.field = name
        self.sentence = sentence


@dataclass(frozen=True)
class UsageMapping:
    """Which column of a sender's sheets holds what."""

    columns: dict[str, str] = field(default_factory=dict)  # our field: the header in the file
    defaults: dict[str, str] = field(default_factory=dict)  # our field: what holds where the cell is empty
    delimiter: str = "auto"
    encoding: str = "auto"
    decimal: str = "."
    grouping: str = ""
    date_format: str = "YYYY-MM-DD"
    skip_lines: int = 0  # before the header
    is_correction: bool = False  # every line is an adjustment of what was reported before

    def __post_init__(self) -> None:
        """
        Refuse what no sheet could be read with.

        :raises BadMapping: a field has a value that it cannot have, or something that must be read is nowhere
        """
        _one_of("delimiter", self.delimiter, DELIMITERS)
        _one_of("encoding", self.encoding, ENCODINGS)
        _one_of("decimal", self.decimal, DECIMALS)
        _one_of("grouping", self.grouping, GROUPINGS)
        if self.grouping == self.decimal:
            raise BadMapping("grouping", "decimals and groups cannot have the same mark")
        _check_options(self.skip_lines, self.is_correction)
        if not 0 <= self.skip_lines <= 100:
            raise BadMapping("skip_lines", "give a number of lines from 0 to 100")
        self._check_texts("columns", self.columns, FIELDS)
        self._check_texts("defaults", self.defaults, DEFAULTS)
        self._check_defaults()
        if not set(_IDENTIFIES) & set(self.columns):
            raise BadMapping("columns", f"name a column for one of {', '.join(_IDENTIFIES)}")
        if "amount" not in self.columns:
            raise BadMapping("columns", "name the column of the amount")
        for name in ("currency", "country"):
            if name not in self.columns and name not in self.defaults:
                raise BadMapping("columns", f"name the column of the {name}, or give the one that holds for all lines")
        known = {**self.columns, **self.defaults}
        if not any(all(name in known for name in group) for group in _DATES):
            raise BadMapping("columns", "name the column of the day, of the month, or of the first and the last day")

    def _check_texts(self, name: str, given: object, allowed: Iterable[str]) -> None:
        if not isinstance(given, dict):
            raise BadMapping(name, "give an object of texts: our field, then the header or the value")
        for key, value in given.items():
            _one_of(f"{name}.{str(key)[:40]}", key, allowed)
            if not isinstance(value, str) or not value.strip() or len(value) > _MOST_CHARACTERS:
                raise BadMapping(f"{name}.{key}", f"give a text of 1 to {_MOST_CHARACTERS} characters")

    def _check_defaults(self) -> None:
        readers: dict[str, Callable[[str], object]] = {
            "currency": cells.currency,
            "country": cells.country,
            "kind": cells.kind,
        }
        try:
            cells.day(
                self.date_format.replace("YYYY", "2026").replace("MM", "12").replace("DD", "31"), self.date_format
            )
        except (BadCell, AttributeError, KeyError, IndexError) as error:
            raise BadMapping("date_format", "use YYYY, MM and DD, each once, such as DD.MM.YYYY") from error
        for name, value in self.defaults.items():
            try:
                if name in readers:
                    readers[name](value)
                else:
                    date.fromisoformat(value)
            except BadCell as error:
                raise BadMapping(f"defaults.{name}", str(error)) from error
            except ValueError as error:
                raise BadMapping(f"defaults.{name}", "write the day as 2026-03-01") from error

    def to_dict(self) -> dict[str, object]:
        """Return the mapping as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: object) -> UsageMapping:
        """
        Return the mapping that JSON holds.

        :raises BadMapping: it is none, has a field that there is not, or a value that a field cannot have
        """
        if not isinstance(given, dict):
            raise BadMapping("mapping", "give an object with columns")
        names = list(cls.__dataclass_fields__)
        for key in given:
            if key not in names:
                raise BadMapping(str(key)[:_MOST_CHARACTERS], f"there is no such field; there are {', '.join(names)}")
        return cls(**given)


def suggest(header: Iterable[str]) -> Mapping[str, str]:
    """Return the columns whose names are usual: our field, then the header. Names are no proof: a person looks."""
    free: dict[str, str] = {}
    for name in header:
        free.setdefault(plain(name), name.strip())
    found = {}
    for field_, aliases in _ALIASES.items():
        for alias in aliases:
            if name := free.pop(alias, ""):
                found[field_] = name
                break
    return found


def _check_options(skip_lines: object, is_correction: object) -> None:
    if not isinstance(skip_lines, int) or isinstance(skip_lines, bool):
        raise BadMapping("skip_lines", "give a number of lines from 0 to 100")
    if not isinstance(is_correction, bool):
        raise BadMapping("is_correction", "say true or false")


def _one_of(name: str, value: object, allowed: Iterable[str]) -> None:
    known = tuple(allowed)
    if not isinstance(value, str) or value not in known:
        raise BadMapping(name, f"use one of {', '.join(repr(one) for one in known)}")
