"""
Bytes of a report as text that can be trusted to have lines: unpacked within bounds, in UTF-8, without NUL.

What comes out is UTF-8 with its lines counted, so that every problem can say where it is.
"""

from __future__ import annotations

import codecs
import io
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import numpy

from royalties.usage.problems import Problem, Unreadable

CHUNK = 1 << 20
MOST_IN_A_LINE = 1 << 16
MOST_TIMES_LARGER = 200  # unpacked, of packed: reports of usage come to ten or thirty
_FREE_OF_RATIO = 64 << 20  # the smallest of what may be a bomb
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OTHERS = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "a Parquet file",
    b"BZh": "packed with bzip2",
    b"\xfd7zX": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard",
    b"7z\xbc\xaf": "packed with 7-Zip",
    b"Rar!": "packed with RAR",
}


@dataclass(frozen=True)
class Bounds:
    """How much of a file is read."""

    most_bytes: int = 16 * 10**9  # unpacked


class _Counted(io.RawIOBase):
    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.taken = 0

    def take(self, most: int) -> bytes:
        found = self.stream.read(most)
        self.taken += len(found)
        return found


class Text(io.RawIOBase):
    """The text of a file, as UTF-8 bytes; reading raises ``Unreadable`` at the line where it breaks off."""

    def __init__(self, stream: BinaryIO, *, encoding: str = "auto", bounds: Bounds) -> None:
        """Look at how the file begins."""
        super().__init__()
        self.bounds = bounds
        self.lines = 0  # that are over
        self.taken = 0  # bytes, unpacked
        self._source = _Counted(stream)
        self._length = 0  # of the line that is not over yet
        self._ready = b""
        self._is_over = False
        beginning = self._source.take(CHUNK)
        self._unpacker = zlib.decompressobj(wbits=31) if beginning.startswith(_GZIP) else None
        self.is_packed = self._unpacker is not None
        self._refuse(beginning)
        first = self._unpack(beginning)
        if self.is_packed:
            self._refuse(first, within=True)
        if not first and not beginning:
            raise Unreadable(Problem(0, "", "empty", "The file is empty."))
        if first.startswith(_UTF_8_MARK):
            first, encoding = first[len(_UTF_8_MARK) :], "utf-8"
        elif first.startswith(_UTF_16_MARKS):
            raise Unreadable(Problem(1, "", "encoding", "The file is in UTF-16: save it as UTF-8."))
        self._from = "" if encoding in {"auto", "utf-8"} else encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._pending = first
        self.name = self._from or "utf-8"

    @property
    def packed_bytes(self) -> int:
        """How many bytes of the file were read, as it is stored."""
        return self._source.taken

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """
        Return the next bytes of text, as many as are asked for while there are any.

        :raises Unreadable: it breaks off here
        """
        parts = [self._ready]
        have = len(self._ready)
        while (size < 0 or have < size) and not self._is_over:
            piece = self._next()
            parts.append(piece)
            have += len(piece)
        whole = b"".join(parts)
        if size < 0:
            self._ready = b""
            return whole
        self._ready = whole[size:]
        return whole[:size]

    def readline(self, size: int | None = -1) -> bytes:  # noqa: ARG002 - as the base class has it
        """Return the next line with its end, or nothing where there is none."""
        while b"\n" not in self._ready and not self._is_over:
            self._ready += self._next()
        line, end, self._ready = self._ready.partition(b"\n")
        return line + end

    def _next(self) -> bytes:
        chunk, self._pending = self._pending, b""
        while not chunk:
            raw = self._source.take(CHUNK)
            if not raw and not self._has_more():
                return self._finish()
            chunk = self._unpack(raw)
        self.taken += len(chunk)
        self._check_size()
        return self._screened(chunk)

    def _has_more(self) -> bool:
        unpacker = self._unpacker
        return unpacker is not None and bool(unpacker.unconsumed_tail or unpacker.unused_data.strip(b"\0"))

    def _finish(self) -> bytes:
        self._is_over = True
        if self._unpacker is not None and not self._unpacker.eof:
            raise self._broken("truncated", "The packed file breaks off: send it again, whole.")
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise self._not_utf_8(b"") from error
        if self._length:
            self.lines += 1
        return b""

    def _screened(self, chunk: bytes) -> bytes:
        text = chunk.decode(self._from, "replace").encode() if self._from else chunk
        if (at := text.find(b"\0")) >= 0:
            raise self._broken("nul", "There is a NUL byte: this is not a text file, or it was damaged.", text[:at])
        if not self._from:
            try:
                self._decoder.decode(text)
            except UnicodeDecodeError as error:
                # What the decoder held back from the chunk before is in ``object`` too.
                kept = len(error.object) - len(text)
                raise self._not_utf_8(text[: max(error.start - kept, 0)]) from error
        ends = numpy.flatnonzero(numpy.frombuffer(text, numpy.uint8) == 10)
        if len(ends):
            longest = max(self._length + int(ends[0]), int(numpy.diff(ends).max(initial=0)))
            rest = len(text) - 1 - int(ends[-1])
        else:
            longest = rest = self._length + len(text)
        if max(longest, rest) > MOST_IN_A_LINE:
            gaps = numpy.diff(ends, prepend=-1 - self._length) > MOST_IN_A_LINE
            over = int(numpy.argmax(gaps)) if gaps.any() else len(ends)
            raise Unreadable(
                Problem(
                    self.lines + over + 1,
                    "",
                    "line_too_long",
                    f"A line has more than {MOST_IN_A_LINE} bytes: is the file one of lines?",
                )
            )
        self.lines += len(ends)
        self._length = rest
        return text

    def _unpack(self, raw: bytes) -> bytes:
        if self._unpacker is None:
            return raw
        try:
            if self._unpacker.eof:
                trailing = self._unpacker.unused_data + raw
                if not trailing.strip(b"\0"):
                    return b""
                if not trailing.startswith(_GZIP):
                    raise self._broken("trailing", "Something follows the packed text: send the file again.")
                self._unpacker = zlib.decompressobj(wbits=31)  # another member
                raw = trailing
            return self._unpacker.decompress(self._unpacker.unconsumed_tail + raw, CHUNK)
        except zlib.error as error:
            raise self._broken("damaged", "The packed file is damaged: send it again.") from error

    def _check_size(self) -> None:
        most = self.bounds.most_bytes
        if self.taken > most:
            raise self._broken("too_large", f"At most {most // 10**6} MB of text are read: split the report.")
        if self.is_packed and self.taken > max(_FREE_OF_RATIO, self.packed_bytes * MOST_TIMES_LARGER):
            sentence = f"The text is more than {MOST_TIMES_LARGER} times the packed file: send it unpacked."
            raise self._broken("packed_too_well", sentence)

    def _refuse(self, beginning: bytes, *, within: bool = False) -> None:
        if beginning.startswith(_ZIP):
            sentence = "This is a ZIP archive or a workbook: send the text file itself, or packed with gzip."
            raise Unreadable(Problem(0, "", "zip", sentence))
        if within and beginning.startswith(_GZIP):
            raise Unreadable(Problem(0, "", "packed_twice", "The file is packed twice: unpack it once."))
        for mark, what in _OTHERS.items():
            if beginning.startswith(mark):
                sentence = f"This is {what}: send a text file, which may be packed with gzip."
                raise Unreadable(Problem(0, "", "not_text", sentence))

    def _not_utf_8(self, before: bytes) -> Unreadable:
        sentence = "This line is not UTF-8: save the file as UTF-8, or say in the mapping which encoding it has."
        return self._broken("encoding", sentence, before)

    def _broken(self, code: str, sentence: str, before: bytes = b"") -> Unreadable:
        return Unreadable(Problem(self.lines + before.count(b"\n") + 1, "", code, sentence))
