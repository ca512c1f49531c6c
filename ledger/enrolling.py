"""
A folder of audio becomes references: listed, cut into parts that workers take, each file enrolled with its entry.

Which recording a file is of is told, never guessed: by the mapping that was handed in, else by the one ISRC in the
file's name or its tags. A file that names none, or two, or one that is not the enroller's, fails with the reason, and
the reasons are a sheet that can be corrected and handed in as the next mapping. Bytes that are enrolled already are
not enrolled again.

The rows of the files are the truth: a job that died is taken up by another worker, which goes on with the files that
have no result yet. A file whose worker died twice is left out, so that one that crashes a decoder stops nobody.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from fingerprint import audio, store
from fingerprint.audio import AudioRefused
from ledger import incoming, intake, jobs, keeping, registration
from ledger.constraints import violated
from ledger.models import Enrollment, EnrollmentFile, EnrollmentProgress, Job
from ledger.registration import Enrolled
from rights import matching
from rights.exchange.cells import plain_cell, safe_cell
from rights.identifiers import BadCode, Scheme, read
from rights.models import Recording

Result = EnrollmentFile.Result
Item = TypeVar("Item")

PART = 16  # files of a job: some seconds of work each, so that many workers have some and a dead one loses little
LISTED_AT_ONCE = 1000
MOST_TRIES = 2  # of a file whose worker died
MOST_FOLDERS = 32  # within each other
_MOST_NAME = 1000  # characters
_SOUNDS = frozenset({"wav", "mp3", "flac", "m4a", "mp4", "aac", "ogg", "oga", "opus", "aif", "aiff", "aifc"})
_ISRC = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2}-?[A-Za-z0-9]{3}-?[0-9]{2}-?[0-9]{5})(?![A-Za-z0-9])")
_RACES = frozenset(
    {
        "audio_is_delivered_once",
        "recording_has_one_audio",
        "one_recording_per_isrc",
        "fingerprint_reference_pkey",
        "rights_recording_pkey",
    }
)
_COLUMNS = ("file", "recording", "isrc", "title", "register")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})
_CELL = 131_072


class NoSuchStore(Exception):
    """Audio is enrolled from one of the stores that the operator set up for it: LEDGER_CATALOGUE_STORES names them."""


class NotYourFolder(Exception):
    """An organization enrolls from the folder that bears its id, and from folders within that."""


class NoSuchFolder(Exception):
    """There is no such folder, or it is not an absolute path."""


class BadMapping(Exception):
    """The mapping is CSV in UTF-8, and its first line names its columns: file, and recording, isrc or register."""


class NoSuchEnrollment(Exception):
    """There is no enrollment with this id."""


# --- Handing in


@dataclass(frozen=True)
class Opened:
    """An enrollment, and whether this call made it."""

    enrollment: Enrollment
    is_new: bool


def enroll_folder(
    *,
    id: UUID,
    organization_id: UUID | None,
    store_alias: str,
    folder: str,
    mapping: Path | None,
    is_only_named: bool,
    at: datetime,
) -> Opened:
    """
    Ask for the audio of a folder to be enrolled; asking again under the same id asks once.

    An empty `store_alias` is a folder of this machine, which every worker must see under the same path.

    :raises NoSuchStore: no such store is set up for catalogues
    :raises NotYourFolder: it is another organization's
    :raises NoSuchFolder: there is no such folder on this machine
    :raises BadMapping: the mapping's first line does not name what is needed
    """
    found = Enrollment.objects.filter(pk=id).first()
    if found is not None:
        return Opened(found, is_new=False)
    folder = _checked_folder(store_alias, folder, organization_id)
    digest = ""
    if mapping is not None:
        with mapping.open("rb") as sheet:
            next(_lines(sheet), None)  # its head is looked at now, while somebody is there to correct it
        digest = store.put(mapping, alias=incoming.ALIAS)
    try:
        with transaction.atomic(durable=True):
            if mapping is not None:
                incoming.hold(mapping, digest)
            enrollment = Enrollment.objects.create(
                id=id,
                organization_id=organization_id,
                store=store_alias,
                folder=folder,
                mapping_digest=digest,
                is_only_named=is_only_named,
                received_at=at,
            )
            EnrollmentProgress.objects.create(enrollment=enrollment, changed_at=at)
            jobs.enqueue(Job.Kind.LIST, id, at=at)
    except BaseException:
        if digest:
            incoming.discard_unless_kept(digest)
        raise
    return Opened(enrollment, is_new=True)


def _checked_folder(alias: str, folder: str, organization_id: UUID | None) -> str:
    if alias == "":
        if not Path(folder).is_absolute() or not Path(folder).is_dir():
            raise NoSuchFolder
        return str(Path(folder))
    if alias not in settings.LEDGER_CATALOGUE_STORES:
        raise NoSuchStore
    parts = PurePosixPath(folder).parts
    if ".." in parts or folder.startswith("/") or "\\" in folder or "\0" in folder:
        raise NotYourFolder
    if organization_id is not None and (not parts or parts[0] != str(organization_id)):
        raise NotYourFolder
    return "/".join(parts)


def _storage(enrollment: Enrollment) -> tuple[Storage, str]:
    if enrollment.store == "":
        return FileSystemStorage(location=enrollment.folder), ""
    if enrollment.store not in settings.LEDGER_CATALOGUE_STORES:
        raise NoSuchStore
    return storages[enrollment.store], enrollment.folder


# --- The mapping


@dataclass(frozen=True)
class _Named:
    """What a line of the mapping says of a file; `code` and `sentence` are why it cannot be meant."""

    file: str
    recording: UUID | None = None
    isrc: str = ""
    title: str = ""
    is_new: bool = False
    field: str = ""
    code: str = ""
    sentence: str = ""


def _lines(sheet: BinaryIO) -> Iterator[_Named]:
    """
    Read a mapping line by line; columns that it does not know are passed over.

    :raises BadMapping: its first line does not name the files' column, or it is no text in UTF-8
    """
    text = io.TextIOWrapper(sheet, encoding="utf-8-sig", newline="")
    try:
        rows = csv.reader(text, strict=True)
        head = [name.strip().lower() for name in next(rows, [])]
        if "file" not in head or not {"recording", "isrc", "register"} & set(head) or len(set(head)) != len(head):
            raise BadMapping
        for cells in rows:
            said = dict(zip(head, (plain_cell(cell).strip() for cell in cells), strict=False))
            if any(said.values()):
                yield _named({name: said.get(name, "") for name in _COLUMNS})
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadMapping from error
    finally:
        text.detach()


def _named(said: dict[str, str]) -> _Named:
    file = said["file"].replace("\0", "")
    if not file or len(file) > _MOST_NAME:
        name = file[: _MOST_NAME - 1] + "…" if file else "(a line without a file)"
        sentence = "The line names no file, or one with too long a name."
        return _Named(name, field="file", code="no_file", sentence=sentence)
    recording, isrc = None, ""
    try:
        recording = UUID(said["recording"]) if said["recording"] else None
    except ValueError:
        return _Named(file, field="recording", code="bad_recording", sentence="The recording is not an id (a UUID).")
    try:
        isrc = read(Scheme.ISRC, said["isrc"]).value if said["isrc"] else ""
    except BadCode as error:
        return _Named(file, field="isrc", code="bad_isrc", sentence=str(error)[:600])
    if said["register"].lower() not in _YES | _NO:
        return _Named(file, field="register", code="bad_register", sentence="Write yes or no, or nothing.")
    is_new = said["register"].lower() in _YES
    if is_new and recording is not None:
        sentence = "A recording is registered anew, or it is there and has an id: empty one of the two columns."
        return _Named(file, field="register", code="new_and_known", sentence=sentence)
    if len(said["title"]) > 300:
        return _Named(file, field="title", code="long_title", sentence="A title has at most 300 characters.")
    return _Named(file, recording, isrc, said["title"].replace("\0", ""), is_new)


# --- Listing


def list_files(*, enrollment_id: UUID, at: datetime) -> list[UUID]:
    """
    Write down what is in the folder and ask for it part by part; return the parts. Called again, it goes on.

    :raises NoSuchEnrollment: nothing was handed in under this id
    :raises LostLease: another worker took the job over
    """
    enrollment = Enrollment.objects.filter(pk=enrollment_id).first()
    if enrollment is None:
        raise NoSuchEnrollment
    job = jobs.claim(Job.Kind.LIST, enrollment_id, at=at)
    if job is None:
        return []
    try:
        with jobs.held(job):
            if enrollment.mapping_digest:
                with store.local(enrollment.mapping_digest, alias=incoming.ALIAS) as path, path.open("rb") as sheet:
                    for some in _batches(_lines(sheet), LISTED_AT_ONCE):
                        _write_named(enrollment, some)
            passed_over = _write_listed(enrollment, at=at)
            return _cut(enrollment, job, passed_over, at=at)
    except jobs.LostLease:
        raise
    except Exception as error:
        # The class alone: a message may hold what stands in the file, or where it lies.
        jobs.fail(job, error=type(error).__name__, at=at)
        raise


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    some: list[Item] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _write_named(enrollment: Enrollment, lines: list[_Named]) -> None:
    rows = [_row(enrollment, line) for line in lines]
    with transaction.atomic(durable=True):
        EnrollmentFile.objects.bulk_create(rows, ignore_conflicts=True)
        there = {row.name: row for row in enrollment.files.filter(name__in={row.name for row in rows})}
        twice = {row.name for row in rows if _said(row) != _said(there[row.name])}
        enrollment.files.filter(name__in=twice).update(
            result=Result.FAILED,
            field="file",
            code="named_twice",
            sentence="The mapping says two things of this file: keep one line of it.",
        )


def _said(row: EnrollmentFile) -> tuple[object, ...]:
    return row.wanted_recording, row.wanted_isrc, row.wanted_title, row.is_new


def _row(enrollment: Enrollment, line: _Named) -> EnrollmentFile:
    return EnrollmentFile(
        enrollment=enrollment,
        name=line.file,
        wanted_recording=line.recording,
        wanted_isrc=line.isrc,
        wanted_title=line.title,
        is_new=line.is_new,
        result=Result.FAILED if line.code else "",
        field=line.field,
        code=line.code,
        sentence=line.sentence,
    )


def _write_listed(enrollment: Enrollment, *, at: datetime) -> int:
    storage, folder = _storage(enrollment)
    passed_over = 0
    for names in _batches(_walk(storage, folder), LISTED_AT_ONCE):
        sounds = [name for name in names if name.rpartition(".")[2].lower() in _SOUNDS and len(name) <= _MOST_NAME]
        passed_over += len(names) - len(sounds)
        within = [name.removeprefix(f"{folder}/") if folder else name for name in sounds]
        with transaction.atomic(durable=True):
            if not enrollment.is_only_named:
                rows = [EnrollmentFile(enrollment=enrollment, name=name) for name in within]
                EnrollmentFile.objects.bulk_create(rows, ignore_conflicts=True)
            enrollment.files.filter(name__in=within).update(is_found=True)
            EnrollmentProgress.objects.filter(enrollment=enrollment).update(passed_over=passed_over, changed_at=at)
    return passed_over


def _walk(storage: Storage, folder: str, depth: int = 0) -> Iterator[str]:
    """Go through every file below a folder, in the order of names."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    # Names that are no text (a file system allows any bytes) cannot be kept in a row, and are passed over by it.
    yield from (prefix + name for name in sorted(files) if name and _is_text(name))
    if depth < MOST_FOLDERS:  # a link to a folder above would never end
        for name in sorted(folders):
            if name and _is_text(name):
                yield from _walk(storage, prefix + name, depth + 1)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name


def _cut(enrollment: Enrollment, job: jobs.Claimed, passed_over: int, *, at: datetime) -> list[UUID]:
    """Give every file that waits a part, and each part its job."""
    parts: list[UUID] = []
    with transaction.atomic(durable=True):
        enrollment.files.filter(is_found=False, result="").update(
            result=Result.FAILED,
            field="file",
            code="file_missing",
            sentence="The mapping names this file, and the folder has none of this name.",
        )
    number = enrollment.files.filter(part__isnull=False).values("part").distinct().count()
    while True:
        with transaction.atomic(durable=True):
            waiting = enrollment.files.filter(part=None, result="").order_by("id")
            ids = list(waiting.values_list("id", flat=True)[: PART * 64])
            for some in _batches(ids, PART):
                part = uuid5(enrollment.pk, f"part {number}")
                number += 1
                EnrollmentFile.objects.filter(pk__in=some).update(part=part)
                jobs.enqueue(Job.Kind.ENROLL, part, at=at)
                parts.append(part)
        if not ids:
            break
    with transaction.atomic(durable=True):
        jobs.finish(job, at=at)
        EnrollmentProgress.objects.filter(enrollment=enrollment).update(
            is_listed=True, passed_over=passed_over, changed_at=at
        )
    return parts


# --- Enrolling


class _Failed(Exception):
    """A file that is not enrolled, with the reason for people."""

    def __init__(self, field: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.code, self.sentence = field, code, sentence


def enroll_part(*, part: UUID, at: datetime) -> int:
    """
    Enroll the files of one part that have no result yet; return how many.

    :raises LostLease: another worker took the job over
    """
    job = jobs.claim(Job.Kind.ENROLL, part, at=at)
    if job is None:
        return 0
    done = 0
    try:
        with jobs.held(job):
            for file in EnrollmentFile.objects.filter(part=part, result="").select_related("enrollment").order_by("id"):
                _enroll_file(job, file, at=at)
                done += 1
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
    except jobs.LostLease:
        raise
    except Exception as error:
        jobs.fail(job, error=type(error).__name__, at=at)
        raise
    return done


def _enroll_file(job: jobs.Claimed, file: EnrollmentFile, *, at: datetime) -> None:
    if file.tries >= MOST_TRIES:
        sentence = "A worker died over this file more than once: convert it, or look at it by itself."
        _fail(job, file, _Failed("file", "worker_died", sentence))
        return
    EnrollmentFile.objects.filter(pk=file.pk).update(tries=file.tries + 1)
    try:
        try:
            _attempt(job, file, at=at)
        except IntegrityError as error:
            if violated(error) not in _RACES:
                raise
            _attempt(job, file, at=at)  # another file got ahead of this one: look again at what is there
    except _Failed as failed:
        _fail(job, file, failed)
    except AudioRefused as refused:
        _fail(job, file, _Failed("file", "audio_refused", str(refused)))


def _fail(job: jobs.Claimed, file: EnrollmentFile, failed: _Failed) -> None:
    with transaction.atomic(durable=True):
        _still_ours(job)
        EnrollmentFile.objects.filter(pk=file.pk).update(
            result=Result.FAILED, field=failed.field, code=failed.code, sentence=failed.sentence[:600]
        )


def _still_ours(job: jobs.Claimed) -> None:
    # The row stays locked until the fact is committed, so whoever takes the job over sees it or may write it.
    mine = Job.objects.select_for_update().filter(pk=job.id, attempts=job.attempt, done_at=None)
    if not mine.exists():
        raise jobs.LostLease


def _attempt(job: jobs.Claimed, file: EnrollmentFile, *, at: datetime) -> None:
    with _local(file) as path:
        facts = audio.probe(path, declared_media_type=None, limits=intake.limits())
        named = _recording_of(file, path, facts)
        known = _known(file.enrollment, facts.digest)
        if named is None and known is None:
            sentence = (
                "Neither the mapping, nor the file's name, nor its tags say which recording this is: "
                "name its ISRC or its id, or say register."
            )
            raise _Failed("isrc", "no_recording", sentence)
        target = named or known
        assert target is not None  # noqa: S101 - for the type checker: one of the two was found
        if isinstance(target, Recording):
            heard = target.sound
            if heard is not None and heard.audio_id == facts.digest:
                _done(job, file, Result.KNOWN, target.pk, facts.digest)
                return
            if heard is not None:
                sentence = "The recording has other audio already: register the other version as one of its own."
                raise _Failed("file", "has_other_audio", sentence)
        if _is_anybodys(facts.digest):
            sentence = "The same bytes are registered as the audio of another recording."
            raise _Failed("file", "audio_of_another", sentence)
        enrolled = registration.stage_audio(path, None)  # slow; before the transaction
        try:
            _commit(job, file, target, enrolled, at=at)
        except BaseException:
            keeping.discard_unless_kept(enrolled.facts.digest)
            raise


def _commit(
    job: jobs.Claimed, file: EnrollmentFile, target: Recording | _New, enrolled: Enrolled, *, at: datetime
) -> None:
    digest = enrolled.facts.digest
    try:
        with transaction.atomic(durable=True):
            _still_ours(job)
            if isinstance(target, Recording):
                id = uuid5(file.enrollment_id, f"audio of {target.pk}")
                registration.deliver_within(id=id, recording_id=target.pk, enrolled=enrolled, at=at)
                recording_id = target.pk
            else:
                recording_id = uuid5(file.enrollment_id, f"recording {file.name}")
                registration.register_within(
                    id=recording_id,
                    title=target.title,
                    isrc=target.isrc or None,
                    works=(),
                    registrar_id=file.enrollment.organization_id,
                    enrolled=enrolled,
                    at=at,
                )
            _mark(file, Result.ENROLLED, recording_id, digest)
    except IntegrityError as error:
        if violated(error) == "one_recording_per_isrc" and not _is_own_isrc(file, target):
            raise _Failed("isrc", "isrc_taken", "Another recording has this ISRC.") from error
        raise


def _is_own_isrc(file: EnrollmentFile, target: Recording | _New) -> bool:
    return isinstance(target, _New) and _by_isrc(target.isrc, _own(file.enrollment)) is not None


def _done(job: jobs.Claimed, file: EnrollmentFile, result: Result, recording_id: UUID, digest: str) -> None:
    with transaction.atomic(durable=True):
        _still_ours(job)
        _mark(file, result, recording_id, digest)


def _mark(file: EnrollmentFile, result: Result, recording_id: UUID, digest: str) -> None:
    EnrollmentFile.objects.filter(pk=file.pk).update(result=result, recording_id=recording_id, audio_digest=digest)


# --- Which recording


@dataclass(frozen=True)
class _New:
    """A recording that the mapping says to register."""

    title: str
    isrc: str


def _recording_of(file: EnrollmentFile, path: Path, facts: audio.AudioFacts) -> Recording | _New | None:
    own = _own(file.enrollment)
    if file.wanted_recording is not None:
        found = own.filter(pk=file.wanted_recording).first()
        if found is None:
            raise _Failed("recording", "unknown_recording", "No recording of yours has this id.")
        if file.wanted_isrc and found.isrc and file.wanted_isrc != found.isrc:
            raise _Failed(
                "isrc", "contradiction", "The mapping's recording has another ISRC than its isrc column says."
            )
        return found
    tags = audio.tags(path, facts)
    isrc = file.wanted_isrc or _one_isrc(file.name, tags)
    if file.is_new:
        title = file.wanted_title or tags.get("title", "").replace("\0", "").strip()[:300]
        if not title:
            raise _Failed("title", "no_title", "Neither the mapping nor the file's tags say a title to register.")
        taken = _by_isrc(isrc, own) if isrc else None
        return taken or _New(title, isrc)
    if not isrc:
        return None
    found = _by_isrc(isrc, own)
    if found is None:
        sentence = f"No recording of yours has the ISRC {isrc}: register it, or let the mapping say register."
        raise _Failed("isrc", "unknown_isrc", sentence)
    return found


def _own(enrollment: Enrollment) -> QuerySet[Recording]:
    """What the enroller registered: who only sees a recording does not say what it sounds like."""
    rows = Recording.objects.select_related("reference").prefetch_related("deliveries__reference")
    return rows if enrollment.organization_id is None else rows.filter(registrar=enrollment.organization_id)


def _by_isrc(isrc: str, own: QuerySet[Recording]) -> Recording | None:
    key = matching.key_of(read(Scheme.ISRC, isrc))
    found = list(own.filter(pk__in=matching.carriers("recording", [key])[key])[:2])
    if len(found) > 1:
        sentence = f"Two recordings of yours have the ISRC {isrc}: name one of them by its id."
        raise _Failed("isrc", "ambiguous_isrc", sentence)
    return found[0] if found else None


def _one_isrc(name: str, tags: dict[str, str]) -> str:
    """Return the ISRC that the name and the tags agree on; empty where there is none."""
    said = [*_ISRC.findall(PurePosixPath(name).name), *filter(None, (tags.get(tag, "") for tag in ("isrc", "tsrc")))]
    found: set[str] = set()
    for raw in said:
        with suppress(BadCode):  # something in a name that only looks like one, or a tag filled with something else
            found.add(read(Scheme.ISRC, raw.strip()).value)
    if len(found) > 1:
        sentence = (
            f"The file's name and tags have several ISRCs ({', '.join(sorted(found)[:4])}): name one in a mapping."
        )
        raise _Failed("isrc", "several_isrcs", sentence)
    return next(iter(found), "")


def _with_audio(digest: str) -> Q:
    return Q(reference__audio=digest) | Q(deliveries__reference__audio=digest)


def _known(enrollment: Enrollment, digest: str) -> Recording | None:
    return _own(enrollment).filter(_with_audio(digest)).first()


def _is_anybodys(digest: str) -> bool:
    return Recording.objects.filter(_with_audio(digest)).exists()


@contextmanager
def _local(file: EnrollmentFile) -> Iterator[Path]:
    """Give a path to a file of the folder: the file itself, or a copy of what lies elsewhere."""
    storage, folder = _storage(file.enrollment)
    name = f"{folder}/{file.name}" if folder else file.name
    try:
        if isinstance(storage, FileSystemStorage):
            path = Path(storage.path(name))
            if not path.is_file():
                raise _Failed("file", "file_missing", "The file is not in the folder any more.")
            yield path
            return
        with tempfile.NamedTemporaryFile() as copy, storage.open(name, "rb") as source:
            limit = intake.limits().max_bytes
            left = limit + 1
            while left and (block := source.read(min(left, store.CHUNK))):
                copy.write(block)
                left -= len(block)
            if not left:
                raise _Failed("file", "audio_refused", f"The file is larger than {limit:,} bytes.")
            copy.flush()
            yield Path(copy.name)
    except (FileNotFoundError, SuspiciousFileOperation) as error:
        raise _Failed("file", "file_missing", "The file is not in the folder any more.") from error


# --- How far it has come


@dataclass(frozen=True)
class Status:
    """How far an enrollment has come."""

    state: str  # listing, enrolling, done, failed
    files: int
    waiting: int
    enrolled: int
    known: int
    failed: int
    passed_over: int  # files that are no audio by their names
    error: str  # of a job that was given up

    @property
    def percent(self) -> int:
        """Of the files that were listed."""
        if self.state == "done":
            return 100
        return min(99, (self.files - self.waiting) * 100 // self.files) if self.files and self.state != "listing" else 0

    @property
    def is_moving(self) -> bool:
        """Whether somebody who waits should look again."""
        return self.state in {"listing", "enrolling"}


def status_of(enrollment: Enrollment) -> Status:
    """Return how far an enrollment has come."""
    counted = dict(enrollment.files.values_list("result").annotate(rows=Count("id")))
    progress = enrollment.progress
    files, waiting = sum(counted.values()), counted.get("", 0)
    given_up = None
    if not progress.is_listed or waiting:
        given_up = _jobs_of(enrollment).filter(given_up_at__isnull=False, done_at=None).first()
    if not progress.is_listed:
        state = "failed" if given_up else "listing"
    elif waiting:
        moving = _jobs_of(enrollment).filter(given_up_at=None, done_at=None).exists()
        state = "enrolling" if moving or not given_up else "failed"
    else:
        state = "done"
    return Status(
        state=state,
        files=files,
        waiting=waiting,
        enrolled=counted.get(Result.ENROLLED.value, 0),
        known=counted.get(Result.KNOWN.value, 0),
        failed=counted.get(Result.FAILED.value, 0),
        passed_over=progress.passed_over,
        error=given_up.error if given_up else "",
    )


def _jobs_of(enrollment: Enrollment) -> QuerySet[Job]:
    parts = enrollment.files.filter(part__isnull=False, result="").values("part")
    return Job.objects.filter(
        Q(kind=Job.Kind.LIST, subject_id=enrollment.pk) | Q(kind=Job.Kind.ENROLL, subject_id__in=parts)
    )


def ask_again(*, enrollment_id: UUID, at: datetime) -> list[tuple[Job.Kind, UUID]]:
    """
    Put jobs of an enrollment that were given up back into the queue; return them.

    :raises NoSuchEnrollment: nothing was handed in under this id
    """
    enrollment = Enrollment.objects.filter(pk=enrollment_id).first()
    if enrollment is None:
        raise NoSuchEnrollment
    with transaction.atomic(durable=True):
        given_up = list(_jobs_of(enrollment).filter(given_up_at__isnull=False, done_at=None))
        return [
            (Job.Kind(job.kind), job.subject_id)
            for job in given_up
            if jobs.retry(Job.Kind(job.kind), job.subject_id, at=at)
        ]


def problems_csv(enrollment: Enrollment) -> Iterator[str]:
    """Go through the files that were not enrolled, as a mapping that can be corrected and handed in."""
    line = io.StringIO()
    rows = csv.writer(line, quoting=csv.QUOTE_ALL)

    def written(cells: Iterable[str]) -> str:
        line.seek(0)
        line.truncate()
        rows.writerow([safe_cell(cell) for cell in cells])
        return line.getvalue()

    yield written([*_COLUMNS, "field", "code", "problem"])
    failed = enrollment.files.filter(result=Result.FAILED).order_by("id")
    for file in failed.iterator(chunk_size=1000):
        yield written(
            [
                file.name,
                str(file.wanted_recording or ""),
                file.wanted_isrc,
                file.wanted_title,
                "yes" if file.is_new else "",
                file.field,
                file.code,
                file.sentence,
            ]
        )
