"""
A question of an audit, and the answer to it: rows that are read a few at a time, and what they come to.

What was asked, what the log's newest checkpoint was by then, and every row are digested in their order. So the same
question, as known at the same moment, seen with the same eyes, is the same bytes: ask again, and compare.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import reduce
from hashlib import sha256
from operator import or_
from typing import Any, Protocol
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet

from ledger.auditing.parameters import Asked, BadParameter, Parameter, moment, read
from ledger.models import Checkpoint
from ledger.visibility import Sight

CHUNK = 200
_SALT = "ledger.auditing"
_AFTER = "Go on from where the page before said, or begin anew."
VERSION = 1  # of how answers are written down

Cell = str | int | bool | date | datetime | UUID | None
Row = Mapping[str, Cell]


class Is(StrEnum):
    """What a column holds."""

    ID = "id"
    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    COUNT = "count"
    MINOR = "minor"  # money in the smallest unit of the row's currency: whole, and written as text
    AMOUNT = "amount"  # money in the major unit, exact, and written as text
    CURRENCY = "currency"
    YES = "yes"


@dataclass(frozen=True)
class Column:
    """One column of an answer."""

    name: str
    label: str
    kind: Is = Is.TEXT
    of: str = ""  # of an id: what it is of


@dataclass(frozen=True)
class Plot:
    """A picture of an answer: rows added up under a name, money by currency."""

    title: str
    group: Callable[[Row], str]
    money: Callable[[Row], tuple[str, int]] | None = None  # currency and minor units; None: rows are counted
    is_over_time: bool = False


@dataclass(frozen=True)
class Conclusion:
    """What an answer comes to in a sentence; whether it is as it should be, None where that is for a person to say."""

    holds: bool | None
    sentence: str


@dataclass
class Tally:
    """What the rows of an answer come to, kept up while they go by."""

    rows: int = 0
    marks: Counter[str] = field(default_factory=Counter)  # what a question counts for its conclusion
    sums: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)  # plot → currency → name
    last: frozenset[str] = frozenset()  # marks of the row before: rows about one thing follow each other

    def mark(self, marks: Iterable[str]) -> None:
        """Count marks; `kind:thing` once for each thing, under its kind, so that no list of things is kept."""
        said = frozenset(marks)
        for one in said:
            kind, is_a_thing, _ = one.partition(":")
            if not is_a_thing:
                self.marks[kind] += 1
            elif one not in self.last:
                self.marks[f"{kind}:"] += 1
        self.last = said


class Part(Protocol):
    """A stretch of an answer that can be gone on with after any row of its source."""

    def read(self, after: Any) -> Iterator[tuple[Any, Sequence[Row]]]:
        """Yield, for each of the source's rows, its key and what it comes to in the answer."""


@dataclass(frozen=True)
class Rows:
    """Rows of the database in a fixed order, by their keys a few at a time."""

    query: QuerySet[Any, Any]
    order: tuple[str, ...]  # unique together and never null; "-" before a column turns it
    of: Callable[[list[Any]], Iterable[Sequence[Row]]]  # for each row of a few, those of the answer

    def read(self, after: Any) -> Iterator[tuple[Any, Sequence[Row]]]:
        """Read a few, then those after the last of them."""
        query = self.query.order_by(*self.order)
        while True:
            some = list((query.filter(self._beyond(after)) if after else query)[:CHUNK])
            if not some:
                return
            for one, found in zip(some, self.of(some), strict=True):
                after = [self._value(one, column) for column in self.order]
                yield after, found

    def _beyond(self, after: Sequence[Any]) -> Q:
        ways, same = [], Q()
        for column, value in zip(self.order, after, strict=True):
            name = column.removeprefix("-")
            ways.append(same & Q(**{f"{name}__{'lt' if column.startswith('-') else 'gt'}": value}))
            same &= Q(**{name: value})
        return reduce(or_, ways)

    def _value(self, one: Any, column: str) -> str:
        name = column.removeprefix("-")
        found = one[name] if isinstance(one, dict) else reduce(getattr, name.split("__"), one)
        return found.isoformat() if isinstance(found, date | datetime) else str(found)


@dataclass(frozen=True)
class Items:
    """A few things that are all there, in their order."""

    items: Callable[[], Sequence[Any]]
    of: Callable[[Any], Sequence[Row]]

    def read(self, after: Any) -> Iterator[tuple[Any, Sequence[Row]]]:
        """Go through them."""
        first = int(after[0]) + 1 if after else 0
        for place, item in enumerate(self.items()):
            if place >= first:
                yield [place], self.of(item)


def each(of: Callable[[Any], Iterable[Row]]) -> Callable[[list[Any]], Iterable[Sequence[Row]]]:
    """Return what reads rows one by one, for those of which nothing is looked up together."""
    return lambda some: (tuple(of(one)) for one in some)


@dataclass(frozen=True)
class Question:
    """One of the questions: in words, with what it needs, its columns, and how it is answered."""

    number: int
    slug: str
    title: str
    lead: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    parts: Callable[[Asked, Sight], Sequence[Part]]
    conclude: Callable[[Tally], Conclusion]
    marks: Callable[[Row], Iterable[str]] = lambda _: ()
    plots: tuple[Plot, ...] = ()
    note: str = ""  # what the answer does not say

    def read(self, given: Mapping[str, str], *, now: datetime) -> Asked:
        """
        Return what is asked with these words.

        :raises BadParameter: something is missing or not as it must be
        """
        return read(self.parameters, given, now=now, settled_at=settled(now))

    def write(self, row: Row) -> list[str | int | bool | None]:
        """Return a row as JSON has it: ids, days, moments and money are text."""
        return [plain(row.get(column.name), column) for column in self.columns]


def plain(cell: Cell, column: Column) -> str | int | bool | None:
    """Return a cell as JSON has it."""
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, datetime):
        return moment(cell)
    if isinstance(cell, int) and column.kind is Is.COUNT:
        return cell
    return str(cell)


def settled(now: datetime) -> datetime:
    """Return when the newest checkpoint was signed: what was known by then is in the log. Without one, it is now."""
    newest = Checkpoint.objects.filter(at__lte=now).order_by("-size").first()
    return newest.at if newest else now


@dataclass(frozen=True)
class Answer:
    """A question as it was asked, with whose eyes, and at which checkpoint of the log."""

    question: Question
    asked: Asked
    sight: Sight

    @property
    def head(self) -> dict[str, Any]:
        """Return everything that an answer states beside its rows."""
        checkpoint = Checkpoint.objects.filter(at__lte=self.asked.known_at).order_by("-size").first()
        return {
            "v": VERSION,
            "question": self.question.slug,
            "parameters": self.asked.document(self.question.parameters),
            "seen_by": _eyes(self.sight),
            "checkpoint": {"size": str(checkpoint.size), "root": bytes(checkpoint.root).hex()} if checkpoint else None,
            "columns": [column.name for column in self.question.columns],
        }

    def rows(self) -> Iterator[Row]:
        """Read all rows in their order."""
        for _, row in self._read(None):
            yield row

    def _read(self, begun: Sequence[Any] | None) -> Iterator[tuple[list[Any], Row]]:
        place, key = (begun[1], begun[2]) if begun is not None else (0, None)
        for number, part in enumerate(self.question.parts(self.asked, self.sight)):
            if number >= place:
                for found, some in part.read(key if number == place else None):
                    for row in some:
                        yield [number, found], row

    def page(self, after: str | None, *, most: int, reads: int | None = None) -> Page:
        """
        Return rows after a place with what all of them come to, and the place to go on from; None at the end.

        What one row of the source comes to stays together, so a page may have a few rows more. All rows are gone
        through for the first page; the place to go on from keeps what they came to for those that follow.

        :param reads: how many rows are gone through at most to sum them up; None: all that there are
        :raises BadParameter: this place was not given out for this question
        """
        begun = self._opened(after) if after else None
        asked = sha256(line(self.head)).hexdigest()
        if begun is not None and begun[4] == asked:
            summary = self._kept(begun[5])
        else:
            summary = self.summed_up() if reads is None else self.summed_up_within(reads)
        first = begun[3] if begun is not None else 0
        shown: list[Row] = []
        last: list[Any] | None = None
        for place, row in self._read(begun):
            if len(shown) >= most and place != last:
                conclusion = summary and [
                    *(summary.tally.rows, summary.digest),
                    *(summary.conclusion.holds, summary.conclusion.sentence),
                ]
                kept = [self.question.slug, *(last or ()), first + len(shown), asked, conclusion]
                return Page(shown, first, summary, signing.dumps(kept, salt=_SALT, compress=True))
            shown.append(row)
            last = place
        return Page(shown, first, summary, None)

    def _opened(self, after: str) -> list[Any]:
        try:
            found = signing.loads(after[:4000], salt=_SALT)
        except (signing.BadSignature, ValueError) as error:
            raise BadParameter("after", _AFTER) from error
        if not isinstance(found, list) or len(found) != 6 or found[0] != self.question.slug:
            raise BadParameter("after", _AFTER)
        return found

    def _kept(self, said: Any) -> Summary | None:
        if said is None:
            return None
        rows, digest, holds, sentence = said
        return Summary(self, Tally(rows=rows), digest, Conclusion(holds, sentence))

    def summed_up(self) -> Summary:
        """Go through all rows once: count, digest and conclude."""
        going = Going(self)
        for _ in going.rows():
            pass
        return going.summary()

    def summed_up_within(self, most: int) -> Summary | None:
        """Go through all rows as above, unless there are more than so many: then nothing is said of them."""
        going = Going(self)
        for number, _ in enumerate(going.rows(), 1):
            if number > most:
                return None
        return going.summary()


@dataclass(frozen=True)
class Page:
    """Some rows of an answer, how many stand before them, and what all of them come to where that was worked out."""

    rows: list[Row]
    before: int
    summary: Summary | None
    following: str | None


class Going:
    """An answer that is gone through: its rows, and in the end what they came to."""

    def __init__(self, answer: Answer) -> None:
        """Begin before the first row."""
        self._answer = answer
        self._digest = sha256(line(answer.head))
        self._tally = Tally()

    def rows(self) -> Iterator[Row]:
        """Hand on every row, and take note of it."""
        question, tally = self._answer.question, self._tally
        for row in self._answer.rows():
            self._digest.update(line(question.write(row)))
            tally.rows += 1
            tally.mark(question.marks(row))
            for plot in question.plots:
                currency, units = plot.money(row) if plot.money else ("", 1)
                by_currency = tally.sums.setdefault(plot.title, {})
                by_currency.setdefault(currency, Counter())[plot.group(row)] += units
            yield row

    def summary(self) -> Summary:
        """Return what the rows that went by came to."""
        conclusion = self._answer.question.conclude(self._tally)
        return Summary(self._answer, self._tally, self._digest.hexdigest(), conclusion)


@dataclass(frozen=True)
class Summary:
    """An answer, gone through to its end."""

    answer: Answer
    tally: Tally
    digest: str
    conclusion: Conclusion

    def pictures(self) -> Iterator[tuple[str, str, list[tuple[str, int]], bool]]:
        """Yield what is drawn: title, currency, names with their sums, and whether these are over time."""
        for plot in self.answer.question.plots:
            for currency, sums in sorted(self.tally.sums.get(plot.title, {}).items()):
                named = [(name, units) for name, units in sums.items() if name]
                named.sort(key=(lambda one: one[0]) if plot.is_over_time else (lambda one: (-one[1], one[0])))
                if named:
                    title = f"{plot.title}, {currency}" if currency else plot.title
                    yield title, currency, named, plot.is_over_time


def ask(question: Question, given: Mapping[str, str], *, sight: Sight, now: datetime) -> Answer:
    """
    Return the answer to a question, which is read when it is gone through.

    :raises BadParameter: it is asked with what it cannot be asked with
    """
    return Answer(question, question.read(given, now=now), sight)


def line(document: object) -> bytes:
    """Write a head or a row as the line that is digested: JSON without spaces, in its order."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=isinstance(document, dict))
    return text.encode() + b"\n"


def _eyes(sight: Sight) -> str:
    """Say with whose eyes, so that two answers that differ can be told to differ by that; without naming anybody."""
    if sight.is_whole:
        return "everything"
    said = [*map(str, sight.ids)]
    said += [f"{one.engagement_id} {sorted(map(str, one.organization))}" for one in sight.within]
    return f"sha256:{sha256('|'.join(said).encode()).hexdigest()}"
