"""
Time stamps for signed files: asked for from a queue after the signing, so that an authority that is away fails nothing.

An authority is outside the house: it may be slow, wrong or hostile. What it answers is bounded in time and size, and
checked to its root before a byte of it is stored. While it fails, one job asks at a time and the others wait with it.
"""

from __future__ import annotations

import http
import logging
import mmap
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from fingerprint import store
from ledger import calling, identity, jobs, log
from ledger.models import Entry, Job
from provenance import certificates, signing, timestamps
from provenance.models import Manifest, SignedCopy, Timestamp
from provenance.signing import State
from provenance.timestamps import Stamp, TimestampRefused

logger = logging.getLogger(__name__)

Signed = Manifest | SignedCopy  # what was signed for itself: an output, or the same in another container

_NAMESPACE = UUID("7d9b6c1e-52a2-5a4e-9a43-0f2c1f6b8e21")
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(hours=1)
# A certificate lives a year at most, and a stamp after its end proves nothing.
_WORTH_STAMPING = certificates.LONGEST_LIFE


class NoSuchManifest(Exception):
    """Nothing was signed under this id."""


class AuthorityAway(Exception):
    """The authority for time stamps does not answer as one; it is asked again later."""


class StampedFileWrong(Exception):
    """With the time stamp in it the file does not read as it must, so nothing was stored."""


@dataclass(frozen=True)
class _Stamped:
    stamp: Stamp
    output_digest: str
    manifest_digest: str


def enqueue(manifest: Signed, *, at: datetime) -> None:
    """Ask for a manifest's time stamp, in the transaction of the manifest; where nobody stamps, nothing is asked."""
    if identity.stamps():
        jobs.enqueue(Job.Kind.STAMP, manifest.id, at=at)


def ask_for_missing(*, at: datetime) -> int:
    """
    Ask for the time stamps of files that were signed while nobody stamped; return how many.

    Harmless twice: one job for each manifest, and the constraint lets one in.
    """
    if not identity.stamps():
        return 0
    job = Job.objects.filter(kind=Job.Kind.STAMP, subject_id=OuterRef("pk"))
    missing = [
        signed.objects.filter(~Exists(job), timestamp=None, signed_at__gt=at - _WORTH_STAMPING)
        for signed in (Manifest, SignedCopy)
    ]
    rows = [
        Job(kind=Job.Kind.STAMP, subject_id=id_, run_at=at, rung_at=at)
        for found in missing
        for id_ in found.values_list("pk", flat=True)
    ]
    return len(Job.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000))


def stamp(*, manifest_id: UUID, at: datetime) -> Entry | None:
    """
    Get a manifest's time stamp, write it into the file and record it; None where it waits, or another is at it.

    :raises NoSuchManifest: nothing was signed under this id
    :raises LostLease: another worker took the job over; nothing of this attempt remains
    """
    manifest: Signed | None = Manifest.objects.filter(pk=manifest_id).first()
    manifest = manifest or SignedCopy.objects.filter(pk=manifest_id).first()
    if manifest is None:
        raise NoSuchManifest
    if (until := _paused_until(at)) is not None:
        _wait_with_the_others(until, at=at)
        return None
    job = jobs.claim(Job.Kind.STAMP, manifest_id, at=at)
    if job is None:
        return None
    try:
        with jobs.held(job):
            stamped = _stage(manifest, at)
        return _commit(manifest, stamped, job, at)
    except jobs.LostLease:
        raise
    except AuthorityAway as error:
        until = at + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(job.attempt - 1, 16))
        jobs.put_off(job, until=until, error=f"{jobs.AUTHORITY_FAILED}{error}")
        logger.warning("no time stamp for %s; asked again at %s: %s", manifest_id, until.isoformat(), error)
        return None
    except Exception as error:
        # Not the authority's doing: kept where people look, and given up after a few attempts.
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def _paused_until(at: datetime) -> datetime | None:
    """Return until when nobody asks, since the authority failed whoever asked last; None where it may be asked."""
    failed = Job.objects.filter(kind=Job.Kind.STAMP, done_at=None, given_up_at=None, lease_until=None, run_at__gt=at)
    failed = failed.filter(error__startswith=jobs.AUTHORITY_FAILED)
    return failed.order_by("run_at").values_list("run_at", flat=True).first()


def _wait_with_the_others(until: datetime, *, at: datetime) -> None:
    due = Job.objects.filter(kind=Job.Kind.STAMP, done_at=None, given_up_at=None, lease_until=None, run_at__lte=at)
    due.update(run_at=until)


def _stage(manifest: Signed, at: datetime) -> _Stamped:
    """Ask, check, write and store; it may run again, and what an earlier run stored is left to be collected."""
    own = None if identity.has_authority() else identity.development_authority(at=at)
    trust = identity.trust()  # after our own authority is there, which is made when it is first needed
    with store.local(manifest.manifest_digest) as path:
        before = path.read_bytes()
    query = timestamps.ask(before, manifest.label, policy=settings.LEDGER_TSA_POLICY or None)
    answer = _post(settings.LEDGER_TSA_URL or "", query.der) if own is None else own.answer(query.der, at=at)
    roots = certificates.read_pem(trust.authorities)
    try:
        found = timestamps.check_answer(answer, query, roots=roots, signed_at=manifest.signed_at, at=at)
    except TimestampRefused as error:  # whatever is wrong with it is the authority's failing
        raise AuthorityAway(f"{error.code}: {error}") from error
    after = timestamps.insert(before, manifest.label, found.token)
    with tempfile.TemporaryDirectory(prefix="stamp-") as folder:
        output, beside = Path(folder, "output"), Path(folder, "manifest")
        beside.write_bytes(after)
        with store.local(manifest.output_digest) as source:
            shutil.copyfile(source, output)
        if manifest.is_embedded:
            _exchange(output, before, after)
        read = signing.verify(
            output,
            manifest.media_type,
            roots_pem=trust.own,
            authorities_pem=trust.authorities,
            manifest=None if manifest.is_embedded else after,
        )
        is_right = (
            read.state is State.TRUSTED
            and read.label == manifest.label
            and read.manifest_digest == store.digest_of(beside)
            and read.stamp is not None
            and read.stamp.is_trusted
            and read.stamp.authority_digest == found.authority_digest
        )
        if not is_right:
            raise StampedFileWrong(f"{StampedFileWrong.__doc__} {read.sentence}")
        return _Stamped(found, store.put(output), store.put(beside))


def _exchange(path: Path, before: bytes, after: bytes) -> None:
    """Put one manifest in the place of another of the same length in a file, where it is found exactly once."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        place = content.find(before)
        if place < 0 or content.find(before, place + 1) >= 0 or len(after) != len(before):
            raise StampedFileWrong(StampedFileWrong.__doc__)
        content[place : place + len(after)] = after


def _commit(manifest: Signed, stamped: _Stamped, job: jobs.Claimed, at: datetime) -> Entry:
    with transaction.atomic(durable=True):
        jobs.finish(job, at=at)
        fact = Timestamp.objects.create(
            id=uuid5(_NAMESPACE, str(manifest.id)),
            manifest=manifest if isinstance(manifest, Manifest) else None,
            copy=manifest if isinstance(manifest, SignedCopy) else None,
            token_digest=stamped.stamp.token_digest,
            authority_digest=stamped.stamp.authority_digest,
            policy=stamped.stamp.policy,
            stamped_at=stamped.stamp.at,
            output_digest=stamped.output_digest,
            manifest_digest=stamped.manifest_digest,
            recorded_at=at,
        )
        said = {
            "manifest": str(manifest.id),
            "token": f"sha256:{fact.token_digest}",
            "authority": f"sha256:{fact.authority_digest}",
            "output": f"sha256:{fact.output_digest}",
        }
        return log.append(Entry.Kind.TIMESTAMPED, fact, said, at=at)


def _post(url: str, body: bytes) -> bytes:
    """
    Ask an authority and return its answer.

    No redirect is followed: it is the operator who says where we ask.

    :raises AuthorityAway: it cannot be reached, takes too long, or answers as none does
    """
    headers = {"Content-Type": timestamps.MEDIA_TYPE_OF_QUERY, "Accept": timestamps.MEDIA_TYPE_OF_REPLY}
    try:
        answer = calling.ask(
            url, body=body, headers=headers, seconds=settings.LEDGER_TSA_SECONDS, most=timestamps.MAX_ANSWER_BYTES
        )
    except calling.NotAnAddress as error:
        raise AuthorityAway("LEDGER_TSA_URL must be an http or https address without a password.") from error
    except calling.NoAnswer as error:
        raise AuthorityAway(f"{AuthorityAway.__doc__} {error}") from error
    if answer.status != http.HTTPStatus.OK:
        raise AuthorityAway(f"{AuthorityAway.__doc__} It says {answer.status}.")
    if answer.media_type != timestamps.MEDIA_TYPE_OF_REPLY:
        raise AuthorityAway(f"{AuthorityAway.__doc__} It sends another type than a time stamp.")
    return answer.body
