"""Standard MIDI files, as far as notes go: what songs are trained on and what benchmarks render."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

DRUMS = 9  # the channel that General MIDI gives to percussion
_TICKS = 480  # of a quarter note, in what is written
_QUARTER_US = 500_000


class NotMidi(Exception):
    """The bytes are no Standard MIDI file; use the file as its collection publishes it."""


@dataclass(frozen=True)
class Note:
    """A key held from one second to another."""

    pitch: int
    start_s: float
    end_s: float
    velocity: int = 90


@dataclass
class Track:
    """The notes of one instrument."""

    name: str
    program: int = 0
    is_drum: bool = False
    notes: list[Note] = field(default_factory=list)


@dataclass
class _Raw:
    name: str = ""
    program: int = 0
    channels: set[int] = field(default_factory=set)
    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)


def read(data: bytes) -> list[Track]:
    """
    Read the tracks that hold notes, in the order of the file, with every change of tempo applied.

    :raises NotMidi: not a Standard MIDI file of type 0 or 1 with ticks per quarter note, or a cut one
    """
    if data[:4] != b"MThd" or len(data) < 14:
        raise NotMidi
    kind, count, division = struct.unpack(">HHH", data[8:14])
    if kind > 1 or division & 0x8000 or division == 0:
        raise NotMidi("Only files of type 0 or 1 with ticks per quarter note can be read.")
    at = 8 + int.from_bytes(data[4:8], "big")
    raws: list[_Raw] = []
    for _ in range(count):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] != b"MTrk" or at + 8 + size > len(data):
            raise NotMidi("The file breaks off.")
        try:
            raws.append(_events(data[at + 8 : at + 8 + size]))
        except IndexError as error:
            raise NotMidi("A track breaks off.") from error
        at += 8 + size
    seconds = _clock([tempo for raw in raws for tempo in raw.tempos], division)
    return [
        Track(
            raw.name,
            raw.program,
            raw.channels == {DRUMS},
            [Note(pitch, seconds(on), seconds(off), velocity) for on, off, pitch, velocity in sorted(raw.notes)],
        )
        for raw in raws
        if raw.notes
    ]


def write(tracks: Sequence[Track]) -> bytes:
    """Write tracks as a file of type 1 at 120 quarter notes a minute, each on a channel of its own."""
    chunks = [_chunk([(0, 0, b"\xff\x51\x03" + _QUARTER_US.to_bytes(3, "big"))])]
    free = [channel for channel in range(16) if channel != DRUMS]
    for track in tracks:
        channel = DRUMS if track.is_drum else free.pop(0)
        events = [(0, 0, bytes([0xC0 | channel, track.program]))]
        for note in track.notes:
            on, off = _tick(note.start_s), max(_tick(note.end_s), _tick(note.start_s) + 1)
            events.append((on, 2, bytes([0x90 | channel, note.pitch, note.velocity])))
            events.append((off, 1, bytes([0x80 | channel, note.pitch, 0])))
        chunks.append(_chunk(events))
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(chunks), _TICKS) + b"".join(chunks)


def _tick(seconds: float) -> int:
    return round(max(0.0, seconds) * 1_000_000 / _QUARTER_US * _TICKS)


def _chunk(events: Sequence[tuple[int, int, bytes]]) -> bytes:
    body, last = bytearray(), 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        delta, last = at - last, at
        size = [delta & 0x7F]
        while delta := delta >> 7:
            size.insert(0, 0x80 | delta & 0x7F)
        body += bytes(size) + message
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def _events(data: bytes) -> _Raw:
    raw, at, tick, status = _Raw(), 0, 0, 0
    held: dict[tuple[int, int], list[tuple[int, int]]] = {}
    while at < len(data):
        delta, at = _number(data, at)
        tick += delta
        if data[at] & 0x80:
            status = data[at]
            at += 1
        if status == 0xFF:
            kind = data[at]
            size, at = _number(data, at + 1)
            if kind == 0x03:
                raw.name = data[at : at + size].decode("latin-1")
            elif kind == 0x51:
                raw.tempos.append((tick, int.from_bytes(data[at : at + size], "big")))
            at += size
        elif status in (0xF0, 0xF7):
            size, at = _number(data, at)
            at += size
        else:
            at = _channel_event(raw, held, data, at, status, tick)
    for (_, pitch), begun in held.items():
        raw.notes += [(on, tick, pitch, velocity) for on, velocity in begun if tick > on]
    return raw


def _channel_event(
    raw: _Raw,
    held: dict[tuple[int, int], list[tuple[int, int]]],
    data: bytes,
    at: int,
    status: int,
    tick: int,
) -> int:
    kind, channel = status & 0xF0, status & 0x0F
    if kind in (0xC0, 0xD0):
        if kind == 0xC0:
            raw.program = data[at]
        return at + 1
    key, value = data[at], data[at + 1]
    if kind == 0x90 and value:
        raw.channels.add(channel)
        held.setdefault((channel, key), []).append((tick, value))
    elif kind in (0x80, 0x90):
        begun = held.get((channel, key))
        if begun:
            on, velocity = begun.pop(0)
            if tick > on:
                raw.notes.append((on, tick, key, velocity))
    return at + 2


class _clock:  # noqa: N801  used as a function that remembers the tempos
    def __init__(self, tempos: list[tuple[int, int]], division: int) -> None:
        self._marks: list[tuple[int, float, int]] = [(0, 0.0, _QUARTER_US)]
        self._division = division
        for tick, quarter_us in sorted(tempos):
            self._marks.append((tick, self(tick), quarter_us))

    def __call__(self, tick: int) -> float:
        low, high = 0, len(self._marks)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._marks[middle][0] <= tick else (low, middle)
        begun, second, quarter_us = self._marks[low]
        return second + (tick - begun) * quarter_us / 1_000_000 / self._division
