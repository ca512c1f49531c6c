"""From bytes to the records of an XML message, each whole, one after the other, in bounded memory. Pure.

Expat reads; a document type is refused where it begins, so that no entity is ever declared, expanded or fetched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from rights.exchange.limits import Limits

DEEPEST = 64  # elements within each other; messages of the trade need fewer than 20
LARGEST = 100_000  # elements of one record
LONGEST = 5_000_000  # characters of one record
LONGEST_MARKUP = 1 << 20  # bytes of one tag, comment or the like

_CHUNK = 1 << 16


class BadXml(Exception):
    """Nothing behind this line can be trusted; the message says what to do with the file."""

    def __init__(self, line: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.code = code


@dataclass(slots=True)
class Element:
    """An element without its namespace, and the line on which it begins."""

    tag: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, *path: str) -> Iterator[Element]:
        """Yield what lies at a path below, in the order of the document."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Element | None:
        """Return the first that lies at a path below, ``None`` if there is none."""
        return next(self.all(*path), None)

    def word(self, *path: str) -> str:
        """Return the text of the first at a path that has any, or of the Value in it; empty if there is none."""
        for found in self.all(*path):
            said = " ".join(found.text.split()) or (" ".join(found.word("Value").split()) if found.children else "")
            if said:
                return said
        return ""


def records(stream: BinaryIO, *, tags: Collection[str], root: str, limits: Limits) -> Iterator[Element]:
    """
    Yield the root, without what is in it, then each element of these names that lies in it or in one of its lists.

    :raises BadXml: it is not well formed, has a document type, is another message, or is larger than it may be
    """
    building = _Building(frozenset(tags), root, limits)
    taken = 0
    try:
        while chunk := stream.read(_CHUNK):
            taken += len(chunk)
            if taken > limits.max_bytes:
                raise BadXml(
                    building.line, "too_large", f"Split the message: at most {limits.max_bytes} bytes are read."
                )
            building.feed(chunk, taken)
            yield from building.finished()
        building.feed(b"", taken, is_last=True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise BadXml(
            error.lineno, "not_well_formed", f"The XML is broken: {why}. Send the whole file again."
        ) from error
    except (LookupError, ValueError) as error:
        sentence = "Its encoding cannot be read: send the message in UTF-8, and say so in its first line."
        raise BadXml(1, "unknown_encoding", sentence) from error
    yield from building.finished()


class _Building:
    """The record that is being read, and those that are."""

    def __init__(self, tags: frozenset[str], root: str, limits: Limits) -> None:
        self._tags = tags
        self._root = root
        self._limits = limits
        self._depth = 0
        self._open: list[Element] = []
        self._size = 0
        self._length = 0
        self._finished: list[Element] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def feed(self, chunk: bytes, taken: int, *, is_last: bool = False) -> None:
        self._parser.Parse(chunk, is_last)
        if taken - self._parser.CurrentByteIndex > LONGEST_MARKUP + _CHUNK:
            raise BadXml(self.line, "markup_too_long", "A tag or comment does not end: send the whole file again.")
        if self.line > self._limits.max_lines:
            raise BadXml(self.line, "too_many_lines", f"Split the message: at most {self._limits.max_lines} lines.")

    def finished(self) -> Iterator[Element]:
        found, self._finished = self._finished, []
        yield from found

    def _doctype(self, *_: object) -> None:
        raise BadXml(self.line, "document_type", "The message has a DOCTYPE, which is never read: send it without.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadXml(self.line, "too_deep", f"At most {DEEPEST} elements may lie within each other.")
        tag = name.rpartition(" ")[2]
        if self._depth == 1:
            self._finished.append(Element(name, self.line, attributes))
            if tag != self._root:
                raise BadXml(self.line, "another_message", f"This is a {tag[:60]}, not a {self._root}.")
        if not self._open and (self._depth > 3 or tag not in self._tags):  # the message, a list, a record
            return
        self._size += 1
        self._length += sum(map(len, attributes.values()))
        if self._size > LARGEST or self._length > LONGEST:
            raise self._too_large(tag)
        element = Element(tag, self.line, attributes)
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)

    def _too_large(self, tag: str) -> BadXml:
        name = self._open[0].tag if self._open else tag
        return BadXml(self.line, "record_too_large", f"One {name} is larger than any can be: split it.")

    def _end(self, name: str) -> None:  # noqa: ARG002 - Expat has checked it
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            if not self._open:
                self._finished.append(element)
                self._size = self._length = 0

    def _characters(self, data: str) -> None:
        if not self._open:
            return
        element = self._open[-1]
        said = data if element.text else data.lstrip()
        if not said or element.children:  # between elements there is only white space
            return
        if len(element.text) + len(said) > self._limits.max_line_characters:
            most = self._limits.max_line_characters
            raise BadXml(self.line, "text_too_long", f"{element.tag} has more than {most} characters.")
        self._length += len(said)
        if self._length > LONGEST:
            raise self._too_large(element.tag)
        element.text += said
