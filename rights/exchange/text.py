"""From bytes to numbered lines of text, in bounded memory. Pure.

A file that says what it is, by a byte order mark, is believed. Otherwise "auto" means UTF-8, and Windows-1252 where
the bytes cannot be UTF-8; it reads the stream twice. Lines end in CR LF, LF or CR and in nothing else.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from rights.exchange.limits import Limits

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "windows-1252", "iso-8859-1", "iso-8859-15")
AUTO = "auto"

_CHUNK = 1 << 16
_HEAD = 200  # how much of a line that is too long is kept
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENDS = re.compile(r"\r\n|\r|\n")


class Unreadable(Exception):
    """Nothing behind this line can be trusted; the message says what to do with the file."""

    def __init__(self, line: int, code: str, sentence: str, raw: str = "") -> None:
        super().__init__(sentence)
        self.line = line
        self.code = code
        self.raw = raw


class TextLine(NamedTuple):
    """A line with its end. One that is too long has only its beginning, and says so."""

    number: int
    text: str
    quotes: int  # of the whole line, also where only its beginning is kept; counted only there
    is_cut: bool


def text_lines(stream: BinaryIO, *, encoding: str, limits: Limits) -> Iterator[TextLine]:
    """
    Yield the lines of a stream, which must be seekable if ``encoding`` is "auto".

    :raises Unreadable: bytes that are not of the encoding, or more bytes or lines than the limits allow
    """
    rest, number, quotes, head = "", 0, 0, ""
    is_cut = False
    try:
        for piece, is_last in _decoded(stream, encoding, limits):
            buffer = rest + piece
            # A CR at the end of a piece may be half of a CR LF.
            until = len(buffer) - (not is_last and buffer.endswith("\r"))
            start = 0
            for end in _ENDS.finditer(buffer, 0, until):
                number += 1
                if number > limits.max_lines:
                    raise Unreadable(number, "too_many_lines", f"Split the file: at most {limits.max_lines} lines.")
                text = buffer[start : end.end()]
                start = end.end()
                if is_cut or len(text) > limits.max_line_characters:
                    yield TextLine(number, head or text[:_HEAD], quotes + text.count('"'), is_cut=True)
                    is_cut, quotes, head = False, 0, ""
                else:
                    yield TextLine(number, text, 0, is_cut=False)
            rest = buffer[start:]
            if is_cut or len(rest) > limits.max_line_characters:
                head, is_cut = head or rest[:_HEAD], True
                held = rest[-1:] if rest.endswith("\r") else ""
                quotes, rest = quotes + rest.count('"'), held
    except UnicodeDecodeError as error:
        raise Unreadable(
            number + 1,
            "undecodable",
            f"Line {number + 1} has bytes that are not {error.encoding}: save the file as UTF-8, or name its encoding"
            " in the mapping.",
            " ".join(f"{byte:02x}" for byte in error.object[error.start : error.start + 8]),
        ) from error
    if is_cut:
        yield TextLine(number + 1, head, quotes, is_cut=True)
    elif rest:
        yield TextLine(number + 1, rest, 0, is_cut=False)


def _decoded(stream: BinaryIO, encoding: str, limits: Limits) -> Iterator[tuple[str, bool]]:
    beginning = b""
    while len(beginning) < 512 and (more := stream.read(512 - len(beginning))):
        beginning += more
    found, mark = _encoding(stream, beginning, encoding, limits)
    decoder = codecs.getincrementaldecoder(found)("strict")
    chunk, taken = beginning[len(mark) :], len(beginning)
    while True:
        following = stream.read(_CHUNK)
        taken += len(following)
        if taken > limits.max_bytes:
            raise Unreadable(0, "too_large", f"Split the file: at most {limits.max_bytes} bytes are read.")
        try:
            piece = decoder.decode(chunk, final=not following)
        except UnicodeDecodeError as error:
            yield error.object[: error.start].decode(found), True  # what stands before it, so that its line is known
            raise
        yield piece, not following
        if not following:
            return
        chunk = following


def _encoding(stream: BinaryIO, beginning: bytes, encoding: str, limits: Limits) -> tuple[str, bytes]:
    for mark, name in _MARKS:
        if beginning.startswith(mark):
            return name, mark
    if encoding != AUTO:
        return encoding, b""
    odd, even = beginning[1::2].count(0), beginning[::2].count(0)
    if odd * 5 > len(beginning) and odd > even:  # Latin letters in UTF-16 have a zero in every other byte
        return "utf-16-le", b""
    if even * 5 > len(beginning) and even > odd:
        return "utf-16-be", b""
    return _utf_8_or_windows(stream, beginning, limits), b""


def _utf_8_or_windows(stream: BinaryIO, beginning: bytes, limits: Limits) -> str:
    place = stream.tell()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    is_plain, chunk, taken = True, beginning, len(beginning)
    try:
        while chunk and taken <= limits.max_bytes:
            is_plain = decoder.decode(chunk).isascii() and is_plain
            chunk = stream.read(_CHUNK)
            taken += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # Letters that are right in UTF-8 stand before the damage: it is damaged UTF-8, and Windows-1252 would turn
        # every one of them into two wrong ones.
        is_plain = is_plain and error.object[: error.start].decode("utf-8").isascii()
        return "windows-1252" if is_plain else "utf-8"
    finally:
        stream.seek(place)
    return "utf-8"
