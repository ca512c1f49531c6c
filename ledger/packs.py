"""
The evidence pack: one archive with everything that is needed to check one output, without us.

    pack.json                     what is in the pack, and the SHA-256 of every other file
    README.txt                    how to check it
    log/<index>.json              an entry, the exact bytes that were logged
    log/<index>.tlog-proof        its receipt
    records/<index>/<table>.json  the rows that the entry vouches for, as they are in the database now
    splits.json                   the splits, as the manifest's digest covers them; not in every pack
    output/<file>                 the audio as it was delivered, signed if it was signed
    output/manifest.c2pa          the manifest, where it is kept beside the audio and not inside
    output/certificate.jwt        the certificate of the output, if one was issued; not in packs of older releases
    keys/log.vkey                 the log's public key
    keys/c2pa-roots.pem           the certificates that the manifest's signature leads to
    keys/time-stamp-roots.pem     those that its time stamp leads to; not in every pack

`pack.json` is a canonical document (`ledger.canonical`). The archive is a plain zip without comment,
encryption or zip64. Written twice from the same facts it has the same bytes: members are stored, in the
order above, dated 1980-01-01.

A pack of records, about a party, a royalty run or a period, is of version 2. It has no output, and instead

    log/checkpoint                the one checkpoint that every receipt in it leads to
    log/older-checkpoint          one that its reader held before, and
    log/consistency.json          the proof that the newer log begins with that one: hashes in hex
    statements/<id>.json          what a payee checks its royalty statement with (`ledger.bundles`)
    certificates/<id>.jwt         certificates of outputs
    manifests/<id>.c2pa           manifests that are kept beside their audio
    excerpts/<id>.wav             some seconds of the audio that it is about, where its reader may hear it
    records.pdf                   the records, to read
    versions.json                 of which release, and by which policies, it was made
    verify.py                     what checks all of it, in one file

An entry's rows that its reader does not see are `withheld`: the entry has their digest. What is too large for one
archive comes in parts, each of which is a pack that can be checked by itself.

A pack comes from outside. `open_pack` refuses what a pack never is before anything is unpacked.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from ledger import canonical

VERSION: Final = 1
RECORDS_VERSION: Final = 2
CONTENTS: Final = "pack.json"
README: Final = "README.txt"
SPLITS: Final = "splits.json"
MANIFEST: Final = "output/manifest.c2pa"
CERTIFICATE: Final = "output/certificate.jwt"
LOG_KEY: Final = "keys/log.vkey"
C2PA_ROOTS: Final = "keys/c2pa-roots.pem"
AUTHORITIES: Final = "keys/time-stamp-roots.pem"
CHECKPOINT: Final = "log/checkpoint"
OLDER: Final = "log/older-checkpoint"
CONSISTENCY: Final = "log/consistency.json"
PAPER: Final = "records.pdf"
VERSIONS: Final = "versions.json"
VERIFIER: Final = "verify.py"

MAX_MEMBERS: Final = 10_000
MAX_DIRECTORY_BYTES: Final = 4 * 1024 * 1024
MAX_PACK_BYTES: Final = 2_000_000_000  # below 2^31, so that a pack never needs zip64
MAX_RATIO: Final = 100  # how much larger a member may become, beyond the first MiB; we store, others may compress
CHUNK_BYTES: Final = 1024 * 1024

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,3}")
END_OF_DIRECTORY: Final = struct.Struct("<4s4H2LH")  # APPNOTE.TXT §4.3.16
ZIP64_LOCATOR_BYTES: Final = 20
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold

READ_ME: Final = """\
Evidence pack
=============

This archive shows how one audio file was decided on, signed and split, and that this was written into an
append-only log and not changed since.

To check it, install the open-source ledger it comes from (Python 3.11 or newer) and run

    ledger-verify THIS_FILE.zip --key log.vkey

where log.vkey is the log's public key as you received it from the log's operator over another channel, on
paper or from a page you trust. Without --key the key in this archive is used: that shows that the archive
agrees with itself, and nothing about who made it. The same holds for --roots and the certificates behind
the file's signature.

If you hold an older checkpoint of the same log, add --against CHECKPOINT.

What is here
------------

pack.json      what the archive holds, and the SHA-256 of each file
output/        the audio as it was delivered, and certificate.jwt, which says the most important in one signed file
log/           entries of the log, byte for byte, each with its receipt (c2sp.org/tlog-proof)
records/       the database rows that each entry vouches for: the entry has the SHA-256 of each of these files
splits.json    who gets which part, if the output was cleared
keys/          the log's public key, and the root certificates of the signature and the time stamp in the audio

By hand: the SHA-256 of records/<n>/<table>.json is in log/<n>.json, under "rows". The SHA-256 of a zero
byte followed by log/<n>.json is the leaf which the hashes in log/<n>.tlog-proof lead up to the root in its
checkpoint (RFC 6962). The checkpoint is signed with the key in keys/log.vkey (c2sp.org/signed-note).
"""


class Unreadable(Exception):
    """The pack cannot be read."""


class NotAPack(Unreadable):
    """This file is not an evidence pack, or a part of it is missing."""


class PackTooLarge(Unreadable):
    """A pack has at most 10,000 files and 2 GB."""


class CompressionBomb(Unreadable):
    """A file in the pack would become far larger than what is stored of it."""


class UnsafeName(Unreadable):
    """A file in the pack has a name that could lead out of it."""


class DuplicateName(Unreadable):
    """Two files in the pack have the same name."""


class EncryptedMember(Unreadable):
    """A file in the pack is encrypted."""


class UnknownCompression(Unreadable):
    """A file in the pack is neither stored nor deflated."""


class NoSuchMember(Unreadable):
    """The pack has no such file."""


class MemberDamaged(Unreadable):
    """A file in the pack does not match the archive's own checksum, or ends early."""


class OutputChanged(Exception):
    """The audio file is not the one whose digest was given."""


# --- Writing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Output:
    """The audio as it was delivered: its name in the pack, and where its bytes are now."""

    name: str
    media_type: str
    digest: str
    source: Path
    manifest: bytes | None = None  # only where it is kept beside the audio


@dataclass(frozen=True)
class Logged:
    """An entry with its receipt, and the rows it vouches for, by table, as they are now."""

    index: int
    entry: bytes
    receipt: str
    records: Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class Pack:
    """Everything that goes into the pack of one output."""

    subject: canonical.Subject
    output: Output
    entries: tuple[Logged, ...]
    splits: bytes | None  # canonical, the bytes that the manifest's digest covers; None where nothing was signed
    log_key: str
    c2pa_roots: bytes
    certificate: str | None = None
    authorities: bytes | None = None  # roots of authorities for time stamps
    further: Mapping[str, bytes] = field(default_factory=dict)  # such as the verifier: listed, and nothing more


def write(target: Path | BinaryIO, pack: Pack) -> None:
    """
    Write a pack to a path, or to a binary file that can seek. The audio is copied in pieces. It does not
    check that anything in the pack is true: a pack of changed rows is evidence as well.

    :raises OutputChanged: the audio is not what its digest says; what was written until then is of no use
    :raises UnsafeName: the output's file name is not made of letters, digits, `.`, `_` and `-`
    :raises PackTooLarge: more than 10,000 files or 2 GB
    :raises RowsNotDistinct: the rows of a table have no ids, or the same twice
    """
    entries = sorted(pack.entries, key=lambda logged: logged.index)
    members: dict[str, bytes] = {README: READ_ME.encode()}
    for logged in entries:
        members[f"log/{logged.index}.json"] = logged.entry
        members[f"log/{logged.index}.tlog-proof"] = logged.receipt.encode()
    for logged in entries:
        for table, rows in sorted(logged.records.items()):
            members[f"records/{logged.index}/{table}.json"] = canonical.encode_rows(rows)
    if pack.splits is not None:
        members[SPLITS] = pack.splits
    after: dict[str, bytes] = {} if pack.output.manifest is None else {MANIFEST: pack.output.manifest}
    if pack.certificate is not None:
        after[CERTIFICATE] = pack.certificate.encode()
    after |= {LOG_KEY: pack.log_key.rstrip("\n").encode() + b"\n", C2PA_ROOTS: pack.c2pa_roots}
    if pack.authorities is not None:
        after[AUTHORITIES] = pack.authorities
    after |= pack.further

    output = f"output/{pack.output.name}"
    files = {name: sha256(data).hexdigest() for name, data in (members | after).items()}
    files[output] = pack.output.digest
    for name in files:
        _refuse_unsafe_name(name)
    if output in after:
        raise DuplicateName(f"The audio cannot be called {output}.")
    size = sum(map(len, members.values())) + sum(map(len, after.values())) + pack.output.source.stat().st_size
    if len(files) >= MAX_MEMBERS or size >= MAX_PACK_BYTES - MAX_DIRECTORY_BYTES:
        raise PackTooLarge(f"This pack would have {len(files) + 1:,} files and {size:,} bytes.")

    contents = canonical.encode_document(
        {
            "v": VERSION,
            "subject": {"table": pack.subject.table, "id": pack.subject.id},
            "files": files,
            "audio": {
                "path": output,
                "media_type": pack.output.media_type,
                "digest": pack.output.digest,
                "manifest": None if pack.output.manifest is None else MANIFEST,
            },
            "entries": [
                {
                    "index": logged.index,
                    "entry": f"log/{logged.index}.json",
                    "receipt": f"log/{logged.index}.tlog-proof",
                    "rows": {table: f"records/{logged.index}/{table}.json" for table in logged.records},
                }
                for logged in entries
            ],
            "splits": None if pack.splits is None else {"path": SPLITS},
            "certificate": None if pack.certificate is None else CERTIFICATE,
            "keys": {"log": LOG_KEY, "c2pa_roots": C2PA_ROOTS}
            | ({} if pack.authorities is None else {"authorities": AUTHORITIES}),
        }
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in ({CONTENTS: contents} | members).items():
            archive.writestr(_info(name, len(data)), data)
        _copy_output(archive, _info(output, pack.output.source.stat().st_size), pack.output)
        for name, data in after.items():
            archive.writestr(_info(name, len(data)), data)


def _info(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=EPOCH)
    info.create_system = 3  # Unix, wherever this runs: else the same pack would differ by platform
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.file_size = size
    return info


def _copy_output(archive: zipfile.ZipFile, info: zipfile.ZipInfo, output: Output) -> None:
    digest = sha256()
    with output.source.open("rb") as source, archive.open(info, "w") as member:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            member.write(chunk)
    if digest.hexdigest() != output.digest:
        raise OutputChanged(f"{output.source.name} has the digest {digest.hexdigest()}, not {output.digest}.")


class RecordsWriter:
    """
    Writes a pack of records to a path, member by member: nothing but the digests is kept in memory.

    It does not check that anything in the pack is true: a pack of changed rows is evidence as well.
    """

    def __init__(self, target: Path) -> None:
        """Begin the archive."""
        self._archive = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False)
        self._files: dict[str, str] = {}
        self._entries: list[dict[str, object]] = []
        self._statements: list[str] = []
        self._certificates: list[str] = []
        self.size = 0

    @property
    def members(self) -> int:
        """Return how many files it has so far."""
        return len(self._files)

    @property
    def entries(self) -> int:
        """Return how many entries it has so far."""
        return len(self._entries)

    def fits(self, size: int, members: int, *, most_bytes: int) -> bool:
        """Whether so much more keeps it within what one archive may have."""
        reserve = MAX_DIRECTORY_BYTES * 2  # of its own contents, and of the archive's directory
        return (
            self.members + members < MAX_MEMBERS - 1
            and self.size + size + reserve < min(most_bytes, MAX_PACK_BYTES)
            and (self.members + members) * 320 < MAX_DIRECTORY_BYTES
        )

    def add(self, name: str, data: bytes) -> None:
        """
        Write a member.

        :raises UnsafeName, DuplicateName: it cannot be called so
        """
        self._name(name, sha256(data).hexdigest(), len(data))
        self._archive.writestr(_info(name, len(data)), data)

    def add_file(self, name: str, source: Path) -> None:
        """
        Write a member from a file, in pieces.

        :raises UnsafeName, DuplicateName: it cannot be called so
        """
        digest, info = sha256(), _info(name, source.stat().st_size)
        with source.open("rb") as file, self._archive.open(info, "w") as member:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                member.write(chunk)
        self._name(name, digest.hexdigest(), info.file_size)

    def add_entry(self, logged: Logged, *, withheld: Sequence[str]) -> None:
        """
        Write an entry with its receipt and its rows.

        :param withheld: the tables of the rows that are not shown
        :raises RowsNotDistinct: the rows of a table have no ids, or the same twice
        """
        index = logged.index
        entry, receipt = f"log/{index}.json", f"log/{index}.tlog-proof"
        self.add(entry, logged.entry)
        self.add(receipt, logged.receipt.encode())
        paths = {}
        for table, rows in sorted(logged.records.items()):
            paths[table] = f"records/{index}/{table}.json"
            self.add(paths[table], canonical.encode_rows(rows))
        self._entries.append(
            {"index": index, "entry": entry, "receipt": receipt, "rows": paths, "withheld": sorted(withheld)}
        )

    def add_statement(self, id: str, bundle: bytes) -> None:
        """Write what a payee checks its statement with."""
        self._statements.append(f"statements/{id}.json")
        self.add(self._statements[-1], bundle)

    def add_certificate(self, id: str, token: str) -> None:
        """Write the certificate of an output."""
        self._certificates.append(f"certificates/{id}.jwt")
        self.add(self._certificates[-1], token.encode())

    def close(
        self, *, subject: canonical.Subject, part: int, is_last: bool, seen: str, whole: tuple[int, int] | None
    ) -> None:
        """
        Write the contents, and end the archive.

        :param part: its number, from 1
        :param is_last: whether no part comes after it
        :param seen: "all", or "own" where some rows or entries were not for its reader
        :param whole: from which entry, and below which one, none is left out of this part
        """
        document = {
            "v": RECORDS_VERSION,
            "subject": {"table": subject.table, "id": subject.id},
            "part": {"number": part, "is_last": is_last},
            "seen": seen,
            "whole": None if whole is None else {"from": whole[0], "to": whole[1]},
            "files": self._files,
            "entries": self._entries,
            "checkpoint": CHECKPOINT,
            "older": {"checkpoint": OLDER, "proof": CONSISTENCY} if OLDER in self._files else None,
            "statements": self._statements,
            "certificates": self._certificates,
            "keys": {"log": LOG_KEY},
        }
        data = canonical.encode_document(document)
        self._archive.writestr(_info(CONTENTS, len(data)), data)
        self._archive.close()

    def discard(self) -> None:
        """End an archive that nobody will read."""
        self._archive.close()

    def _name(self, name: str, digest: str, size: int) -> None:
        _refuse_unsafe_name(name)
        if name in self._files or name == CONTENTS:
            raise DuplicateName(f"{name} would be in the pack twice.")
        self._files[name] = digest
        self.size += size


# --- Reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AudioMember:
    """Where the audio is in the pack, and its manifest if that is kept beside it."""

    path: str
    media_type: str
    digest: str
    manifest: str | None


@dataclass(frozen=True)
class EntryMember:
    """Where an entry, its receipt and its rows are in the pack."""

    index: int
    entry: str
    receipt: str
    rows: Mapping[str, str]
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Contents:
    """What `pack.json` says of the pack of an output."""

    subject: canonical.Subject
    files: Mapping[str, str]
    audio: AudioMember
    entries: tuple[EntryMember, ...]
    splits: str | None
    log_key: str
    c2pa_roots: str
    certificate: str | None = None
    authorities: str | None = None  # no pack of a release before had any


@dataclass(frozen=True)
class RecordsContents:
    """What `pack.json` says of a pack of records."""

    subject: canonical.Subject
    part: int
    is_last: bool
    seen: str
    whole: tuple[int, int] | None
    files: Mapping[str, str]
    entries: tuple[EntryMember, ...]
    checkpoint: str
    older: tuple[str, str] | None
    statements: tuple[str, ...]
    certificates: tuple[str, ...]
    log_key: str


class OpenPack:
    """A pack that can be read, member by member. Nothing in it has been checked against anything yet."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """
        Take an archive that `open_pack` found harmless.

        :raises NotAPack: `pack.json` is missing, or is not what it should be
        """
        self._archive = archive
        self.names = frozenset(archive.namelist())
        if CONTENTS not in self.names:
            raise NotAPack(f"The archive has no {CONTENTS}.")
        self._contents = _contents(self.read(CONTENTS))

    @property
    def contents(self) -> Contents:
        """
        Return what the pack of an output holds.

        :raises NotAPack: it is a pack of records
        """
        if not isinstance(self._contents, Contents):
            raise NotAPack("This is a pack of records, and not of an output.")
        return self._contents

    @property
    def records(self) -> RecordsContents | None:
        """Return what a pack of records holds; None where it is the pack of an output."""
        return self._contents if isinstance(self._contents, RecordsContents) else None

    @property
    def all_contents(self) -> Contents | RecordsContents:
        """Return what it holds, whichever it is."""
        return self._contents

    def read(self, name: str) -> bytes:
        """
        Return a member that fits into memory.

        :raises NoSuchMember: the pack has no such file
        :raises PackTooLarge: more than 64 MiB, which only the audio may have
        :raises MemberDamaged: the archive's own checksum does not fit
        """
        if name not in self.names:
            raise NoSuchMember(f"{name} is not in the pack.")
        if self._archive.getinfo(name).file_size > canonical.MAX_DOCUMENT_BYTES:
            raise PackTooLarge(f"{name} has more than {canonical.MAX_DOCUMENT_BYTES:,} bytes.")
        return b"".join(self._chunks(name))

    def digest(self, name: str, copy_to: BinaryIO | None = None) -> str:
        """
        Return the SHA-256 of a member in hex, reading it in pieces, and write them to a file on the way if
        one is given.

        :raises NoSuchMember: the pack has no such file
        :raises MemberDamaged: the archive's own checksum does not fit
        """
        if name not in self.names:
            raise NoSuchMember(f"{name} is not in the pack.")
        digest = sha256()
        for chunk in self._chunks(name):
            digest.update(chunk)
            if copy_to is not None:
                copy_to.write(chunk)
        return digest.hexdigest()

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive.open(name) as member:
                while chunk := member.read(CHUNK_BYTES):
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, RuntimeError) as error:
            raise MemberDamaged(f"{name} is damaged: {error}.") from error


@contextmanager
def open_pack(path: Path) -> Iterator[OpenPack]:
    """
    Open a pack that may be hostile. Nothing is unpacked to names that the pack chooses, and no more is read
    than its directory announces.

    :raises NotAPack: not a zip, cut off, or without a `pack.json` of version 1
    :raises PackTooLarge: more than 10,000 files or 2 GB, stored or unpacked
    :raises CompressionBomb: a file would become more than a hundred times larger
    :raises UnsafeName: an absolute name, one with `..`, a link, or a folder
    :raises DuplicateName: two names that are the same, or differ in case only
    :raises EncryptedMember: a file is encrypted
    :raises UnknownCompression: a file is neither stored nor deflated
    """
    with path.open("rb") as file:
        _refuse_unlike_pack(file, path.stat().st_size)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as error:
            raise NotAPack(f"The archive's directory cannot be read: {error}.") from error
        with archive:
            _refuse_hostile(archive, path.stat().st_size)
            yield OpenPack(archive)


def _refuse_unlike_pack(file: BinaryIO, size: int) -> None:
    """Look at the last bytes before `zipfile` does, which would read a directory of any size into memory."""
    if size > MAX_PACK_BYTES:
        raise PackTooLarge(f"A pack has at most {MAX_PACK_BYTES:,} bytes, this file has {size:,}.")
    if size < END_OF_DIRECTORY.size:
        raise NotAPack("This file is too short to be a pack.")
    file.seek(max(0, size - END_OF_DIRECTORY.size - ZIP64_LOCATOR_BYTES))
    tail = file.read()
    signature, disk, first_disk, here, count, length, offset, comment = END_OF_DIRECTORY.unpack(
        tail[-END_OF_DIRECTORY.size :]
    )
    if signature != b"PK\x05\x06" or comment:
        raise NotAPack("This file does not end as a pack ends: it is cut off, or something else.")
    if disk or first_disk or here != count or tail.startswith(b"PK\x06\x07"):
        raise NotAPack("A pack is one plain zip, without zip64.")
    if count > MAX_MEMBERS or length > MAX_DIRECTORY_BYTES:
        raise PackTooLarge(f"A pack has at most {MAX_MEMBERS:,} files.")
    if offset + length + END_OF_DIRECTORY.size != size:
        raise NotAPack("There is something before, or between, the parts of the archive.")
    file.seek(0)


def _refuse_hostile(archive: zipfile.ZipFile, size: int) -> None:
    infos = archive.infolist()
    for info in infos:
        _refuse_unsafe_name(info.orig_filename)
        if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
            raise UnsafeName(f"{info.filename} is a link or another special file.")
        if info.flag_bits & 0x1:
            raise EncryptedMember(f"{info.filename} is encrypted.")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise UnknownCompression(f"{info.filename} is compressed in a way that packs do not use.")
        if info.file_size > info.compress_size * MAX_RATIO + CHUNK_BYTES:
            raise CompressionBomb(
                f"{info.filename} would grow from {info.compress_size:,} to {info.file_size:,} bytes."
            )
    names, times = Counter(info.filename.lower() for info in infos).most_common(1)[0] if infos else ("", 0)
    if times > 1:
        raise DuplicateName(f"{names} is in the pack {times} times.")
    if sum(info.file_size for info in infos) > MAX_PACK_BYTES:
        raise PackTooLarge(f"Unpacked, the pack has more than {MAX_PACK_BYTES:,} bytes.")
    if sum(info.compress_size for info in infos) > size:
        # Members that share their bytes: a small file unpacks to a large one, and no ratio stands out.
        raise CompressionBomb("The files in the pack overlap.")


def _refuse_unsafe_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UnsafeName(f"{name[:120]!r} cannot be the name of a file in a pack.")


def _contents(data: bytes) -> Contents | RecordsContents:
    try:
        document = canonical.decode_document(data)
    except (
        canonical.NotCanonical,
        canonical.Unrepresentable,
        canonical.TooDeep,
        canonical.DocumentTooLarge,
    ) as error:
        raise NotAPack(f"{CONTENTS} is not a canonical document: {error}") from error
    match document:
        case {"v": int(version)} if version == RECORDS_VERSION and not isinstance(version, bool):
            return _records(dict(document) if isinstance(document, dict) else {})
        case {"v": int(version)} if version != VERSION:
            raise NotAPack(
                f"This pack is of version {version}; this release reads versions {VERSION} and {RECORDS_VERSION}."
            )
        case {
            "v": int(),
            "subject": {"table": str(table), "id": str(subject_id)},
            "files": dict(files),
            "audio": {
                "path": str(path),
                "media_type": str(media_type),
                "digest": str(digest),
                "manifest": None | str() as manifest,
            },
            "entries": list(entries),
            "splits": dict() | None as splits,
            "keys": {"log": str(log_key), "c2pa_roots": str(c2pa_roots), **more},
            **others,
        } if isinstance(authorities := more.get("authorities"), str | None):
            return Contents(
                subject=canonical.Subject(table, subject_id),
                files={name: _digest(name, value) for name, value in files.items()},
                audio=AudioMember(path, media_type, _digest(path, digest), manifest),
                entries=tuple(_entry_member(entry) for entry in entries),
                splits=None if splits is None else _path(splits),
                log_key=log_key,
                c2pa_roots=c2pa_roots,
                certificate=_certificate(others.get("certificate")),
                authorities=authorities,
            )
    raise NotAPack(f"{CONTENTS} has not the members of a pack.")


def _records(document: Mapping[str, canonical.Json]) -> RecordsContents:
    match document:
        case {
            "v": 2,
            "subject": {"table": str(table), "id": str(subject_id)},
            "part": {"number": int(number), "is_last": bool(is_last)},
            "seen": ("all" | "own") as seen,
            "whole": None | {"from": int(), "to": int()} as whole,
            "files": dict(files),
            "entries": list(entries),
            "checkpoint": str(checkpoint),
            "older": None | {"checkpoint": str(), "proof": str()} as older,
            "statements": list(statements),
            "certificates": list(certificates),
            "keys": {"log": str(log_key)},
            **others,
        } if not others and number >= 1 and all(isinstance(one, str) for one in [*statements, *certificates]):
            return RecordsContents(
                subject=canonical.Subject(table, subject_id),
                part=number,
                is_last=is_last,
                seen=seen,
                whole=(int(str(whole["from"])), int(str(whole["to"]))) if isinstance(whole, dict) else None,
                files={name: _digest(name, value) for name, value in files.items()},
                entries=tuple(_entry_member(entry) for entry in entries),
                checkpoint=checkpoint,
                older=(str(older["checkpoint"]), str(older["proof"])) if isinstance(older, dict) else None,
                statements=tuple(str(one) for one in statements),
                certificates=tuple(str(one) for one in certificates),
                log_key=log_key,
            )
    raise NotAPack(f"{CONTENTS} has not the members of a pack of records.")


def _entry_member(document: canonical.Json) -> EntryMember:
    match document:
        case {
            "index": int(index),
            "entry": str(entry),
            "receipt": str(receipt),
            "rows": dict(rows),
            **others,
        } if index >= 0 and isinstance(withheld := others.get("withheld", []), list):
            return EntryMember(
                index,
                entry,
                receipt,
                {table: str(path) for table, path in rows.items()},
                frozenset(str(table) for table in withheld),
            )
    raise NotAPack(f"{CONTENTS} lists something that is not an entry.")


def _certificate(path: object) -> str | None:
    if path is None or isinstance(path, str):
        return path
    raise NotAPack(f"{CONTENTS} does not say where the certificate is.")


def _path(document: canonical.Document) -> str:
    path = document.get("path")
    if isinstance(path, str):
        return path
    raise NotAPack(f"{CONTENTS} does not say where the splits are.")


def _digest(name: str, value: canonical.Json) -> str:
    if isinstance(value, str) and canonical.DIGEST.fullmatch(value):
        return value
    raise NotAPack(f"{CONTENTS} has no SHA-256 for {name}.")
