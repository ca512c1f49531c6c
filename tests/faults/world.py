"""The smallest trade in which an output clears, made by the use cases; and what must be true after any fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.utils import timezone

from ledger import audit, clearance, consenting, holding, licensing, people, registration, sequencer
from ledger.clearance import Declaration
from ledger.demo import material
from ledger.demo.catalogue import FOLDER
from ledger.models import Entry, Job, Leaf
from ledger.planning import GivenPlan
from provenance.models import Manifest
from rights.assets import GivenWork
from rights.case import DeclaredContribution
from rights.consents import ConsentTerms
from rights.models import Decision, Submission
from rights.registry import AssetRef
from rights.shares import GivenShare
from rights.vocabulary import PartyKind, RightType
from royalties.models import Split

WORLD = ["2136"]
USES = ["distribute.outside", "infer.input"]
SINCE = date(2026, 1, 1)
PEOPLE = {
    "label": PartyKind.COMPANY,
    "publisher": PartyKind.COMPANY,
    "writer": PartyKind.PERSON,
    "singer": PartyKind.PERSON,
    "distributor": PartyKind.COMPANY,
}
HELD = [("label", "recording", "1"), ("publisher", "work", "2/3"), ("writer", "work", "1/3")]


def key(name: str) -> UUID:
    """Return the id that the tests give to something."""
    return uuid5(NAMESPACE_URL, f"https://faults.example/{name}")


@dataclass(frozen=True)
class Sounds:
    """A registered song, and an output made of twelve seconds of it."""

    song: Path
    output: Path


def sounds(folder: Path) -> Sounds:
    """Make the files."""
    music = material.load(FOLDER / "country.mp3")
    return Sounds(
        song=material.write(material.cut(music, 8, 24), folder / "song.flac"),
        output=material.write(material.cut(music, 12, 12), folder / "output.flac"),
    )


def register(song: Path) -> None:
    """Register the song with everything that it takes to use it."""
    at = timezone.now()
    for name, kind in PEOPLE.items():
        people.register_party(id=key(name), kind=kind, name=name.capitalize(), at=at)
    registration.register_work(id=key("work"), title="Song, composed", iswc=None, at=at)
    registration.register_recording(
        id=key("recording"),
        title="Song",
        isrc=None,
        works=[GivenWork(key("work"))],
        audio_path=song,
        media_type="audio/flac",
        at=at,
    )
    assets = {"recording": AssetRef(recording_id=key("recording")), "work": AssetRef(work_id=key("work"))}
    for holder, asset, part in HELD:
        holding.register_share(
            GivenShare(
                id=key(f"share {holder}"),
                asset=assets[asset],
                party_id=key(holder),
                right_type=RightType.AI_OUTPUT,
                part=Fraction(part),
                territories=tuple(WORLD),
                active_from=SINCE,
                active_to=None,
            ),
            at=at,
        )
        consenting.grant(
            id=key(f"consent {holder}"),
            terms=ConsentTerms(
                grantor_id=key(holder),
                actor_id=key(holder),
                scope=assets[asset],
                uses=tuple(USES),
                territories=tuple(WORLD),
                active_from=SINCE,
                document_digest="d0" * 32,
            ),
            at=at,
        )
    licensing.sign_license(
        id=key("license"),
        licensor_id=key("label"),
        licensee_id=key("distributor"),
        schedule=list(assets.values()),
        uses=USES,
        territories=WORLD,
        active_from=SINCE,
        active_to=None,
        document_digest="d1" * 32,
        plan=GivenPlan(commission=Fraction(3, 20), creators=Fraction(3, 10), masters=Fraction(1, 2)),
        at=at,
    )


def declaration(release_on: date) -> Declaration:
    """Return what the distributor declares."""
    return Declaration(
        title="Night train",
        uses=USES,
        territories=WORLD,
        release_on=release_on,
        ingredient_ids=[key("recording")],
        contributions=[DeclaredContribution("lead_vocal", "none", "", key("singer"))],
    )


def submit(output: Path, *, media_type: str = "audio/flac", id: UUID | None = None, at: datetime | None = None) -> UUID:
    """Submit the output and return its submission's id."""
    at = at or timezone.now()
    return clearance.submit(
        id=id or uuid4(),
        submitter_id=key("distributor"),
        declaration=declaration(at.date() + timedelta(days=30)),
        audio_path=output,
        media_type=media_type,
        at=at,
    ).id


def job_of(submission_id: UUID) -> Job:
    """Return the job of a submission as it stands now."""
    return Job.objects.get(kind=Job.Kind.CLEAR, subject_id=submission_id)


def decided_entries(submission_id: UUID) -> int:
    """Return how often the log says that it was decided."""
    return Entry.objects.filter(kind=Entry.Kind.DECIDED, decision__submission=submission_id).count()


def assert_cleared_once(submission_id: UUID) -> None:
    """Check that all of a clearance is there, once, and that its job is over."""
    decision = Decision.objects.get(submission=submission_id)
    assert decision.outcome == "cleared"
    assert decided_entries(submission_id) == 1
    assert Manifest.objects.filter(decision=decision).count() == 1
    assert Split.objects.filter(decision=decision).count() == 5
    job = job_of(submission_id)
    assert job.done_at is not None
    assert job.given_up_at is None


def assert_undecided(submission_id: UUID) -> None:
    """Check that nothing at all remains of a clearance that failed."""
    assert Submission.objects.filter(pk=submission_id).exists()
    assert not Decision.objects.filter(submission=submission_id).exists()
    assert decided_entries(submission_id) == 0
    assert Manifest.objects.count() == Split.objects.count() == 0
    assert job_of(submission_id).done_at is None


def assert_log_is_whole(*, pending: int = 0) -> None:
    """Sequence what is pending, then check every row, hash and signature, and that the log has no gap."""
    sequencer.drain(at=timezone.now())
    found = audit.audit()
    assert [fault.sentence for fault in found.faults] == []
    assert found.pending == pending
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(found.entries))
    assert Counter(Entry.objects.values_list("id", flat=True)).most_common(1)[0][1] == 1
