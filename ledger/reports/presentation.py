"""A dossier in words and coordinates: what the submission page and the report both show. Decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

from django.urls import reverse

from fingerprint.evidence import EXACT_MATCH, VERSION_MATCH, VOICE_MATCH, Match, Segment
from fingerprint.models import Reference
from ledger import certifying, identity, report, stating
from ledger.models import Entry
from ledger.report import Dossier, Heard
from ledger.reports import listening
from ledger.visibility import EVERYTHING, Sight, seen
from provenance import statuses, watermarks
from provenance.foreign import Claims, NotClaims
from provenance.models import Certificate, ForeignManifest
from provenance.signing import Verification
from provenance.statuses import Status
from rights.models import (
    Consent,
    ConsentEvent,
    Decision,
    License,
    Party,
    Recording,
    Share,
    Submission,
    Voice,
    VoiceEnrollment,
    Work,
)
from rights.territories import expand, phrase
from rights.vocabulary import AiLevel, Component, HumanAct, Outcome, Purpose
from royalties import splits
from royalties.models import Division, Split
from royalties.vocabulary import DivisionReason

WIDTH = 1000  # of every drawing, in its own units
LEAST_WIDTH = 4  # so that a short segment of a long recording is still seen
MOST_CHANGES = 40  # that are shown of a version of the splits
COLORS = 8  # of parts in the drawing of splits; they repeat after that

USES = {
    "infer.input": "goes into a generated output",
    "distribute.outside": "the output leaves the licensee's own service",
    "distribute.inside": "the output stays within the licensee's own service",
}
PURPOSES: dict[str, str] = {
    Purpose.ADVERTISING.value: "Advertising",
    Purpose.FILM_TV.value: "Film and television",
    Purpose.POLITICAL.value: "Politics",
    Purpose.ADULT.value: "Adult material",
    Purpose.OUTSIDE_SERVICE.value: "Outside the licensee’s own service",
    Purpose.NAMED_IN_PROMPT.value: "A prompt that names the artist",
}
KINDS = {  # one after the other, never merged into one score (CHK-1)
    EXACT_MATCH: "Recording",
    VERSION_MATCH: "Version",
    VOICE_MATCH: "Voice",
}
MEASURES = {
    "bit_error_millionths": "Fingerprint bits that differ (unrelated audio: about half)",
    "landmarks_score_millionths": "Landmarks hear it too: their score",
    "coherence_score_millionths": "Its waveform is the recording’s too: the score of that",
    "spectra_score_millionths": "Its spectrum moves as the recording’s does: the score of that",
    "coherent_centinats": "Evidence of the same waveform, in hundredths of a nat",
    "coherent_moments": "Tenths of a second with the same waveform, sample for sample",
    "lag_microseconds": "Later in the recording than in the output by so many microseconds",
    "phase_millionths": "How far the phases agree (unrelated audio: about nothing)",
    "polarity_inverted": "The waveform is",
    "spectral_centinats": "Evidence that the spectrum moves alike, in hundredths of a nat",
    "correlation_millionths": "How alike it moves (unrelated audio: about nothing)",
    "vectors": "Pictures of 1.5 seconds that were compared, one a second",
    "evidence_centinats": "Evidence of the peaks against chance, in hundredths of a nat",
    "mass_centinats": "Evidence of the peaks against the same moved aside, in hundredths of a nat",
    "peaks_found": "Peaks of the recording that are in it",
    "peaks_sought": "Peaks of the recording that a copy could have",
    "alone_probability_millionths": "Likely right, were nobody else enrolled",
    "tones_alone": "Found by",
    "drum_machine": "Rests on",
    "shared_with": "Unrelated recordings of the catalogue that have the same in them",
    "music_millionths": "Music in it",
    "voice_millionths": "A voice in it",
    "over_band": "The voice is heard",
    "windows": "Windows of 1.6 seconds",
}
IN_WORDS = {  # of measures that say whether, and not how much
    ("tones_alone", 1): "its tones alone, below two kilohertz: what lies above says nothing of it",
    ("drum_machine", 1): "the pattern of a drum machine alone",
    ("polarity_inverted", 1): "upside down",
    ("over_band", 0): "alone",
    ("over_band", 1): "over a band",
}
LEVELS = {
    AiLevel.NONE.value: "by people",
    AiLevel.PARTLY.value: "partly by a machine",
    AiLevel.ALL.value: "by a machine",
}


PROCESSED: dict[tuple[bool, bool | None], str] = {
    (True, False): ", which only processed",
    (True, True): ", which generated",
}
COMPONENTS: dict[str, str] = {
    Component.LYRICS: "Lyrics",
    Component.MELODY: "Melody and harmony",
    Component.ARRANGEMENT: "Arrangement",
    Component.LEAD_VOCAL: "Lead vocal",
    Component.BACKING_VOCAL: "Backing vocal",
    Component.INSTRUMENTS: "Instruments",
    Component.PRODUCTION: "Production and mix",
    Component.MASTERING: "Mastering",
    Component.ARTWORK: "Artwork",
    Component.VIDEO: "Video",
}
ACTS: dict[str, str] = {
    HumanAct.PERCEPTIBLE_INPUT: "made what can be perceived in it",
    HumanAct.MODIFICATION: "changed what a machine gave",
    HumanAct.SELECTION: "chose and arranged what a machine gave",
    HumanAct.PROMPT: "prompted only",
}


@dataclass(frozen=True)
class Link:
    """Words that lead to the page of a fact, or nowhere."""

    text: str
    model: type[Any] | None = None
    id: UUID | None = None

    @property
    def url(self) -> str:
        """Return the address, empty where there is nothing to lead to."""
        return reverse(f"admin:rights_{self.model._meta.model_name}_change", args=[self.id]) if self.model else ""


@dataclass(frozen=True)
class Said:
    """A finding: its sentence, and what it rests on."""

    effect: str
    rule: str
    sentence: str
    rests_on: tuple[Link, ...]
    matches: tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """A segment of some audio, in time and as a place in a drawing of the whole."""

    start: str
    end: str
    length: str
    whole: str
    x: int
    width: int
    start_ms: int
    end_ms: int

    @property
    def x_end(self) -> int:
        """Return where it ends in the drawing."""
        return self.x + self.width


@dataclass(frozen=True)
class Row:
    """A match: both stretches, how they relate, and the pieces in which they can be played."""

    position: int
    kind: str
    kind_in_words: str
    recording: Link
    recording_id: UUID | None
    reference_id: UUID
    is_declared: bool
    is_audible: bool  # the other side is kept to be heard, not only as numbers
    output: Stretch
    reference: Stretch
    output_in_map: Stretch
    reference_in_map: Stretch
    tempo: str
    pitch: str
    cents: int
    algorithm: str
    score_in_words: str
    score: str
    probability: str  # empty where no calibration exists
    bar_millionths: int  # the probability, or the score where there is none
    likeness: str
    measures: tuple[tuple[str, str], ...]
    parts: tuple[int, ...]

    @property
    def band(self) -> str:
        """Return the corners of the band that joins the two stretches."""
        mine, theirs = self.output, self.reference
        return f"{mine.x},14 {mine.x_end},14 {theirs.x_end},50 {theirs.x},50"

    @property
    def ribbon(self) -> str:
        """Return the corners of the same between two waveforms."""
        mine, theirs = self.output, self.reference
        return f"{mine.x},44 {mine.x_end},44 {theirs.x_end},76 {theirs.x},76"

    @property
    def height(self) -> int:
        """Return how high its bar is, of a hundred."""
        return max(3, self.bar_millionths // 10_000)

    @property
    def height_y(self) -> int:
        """Return where such a bar begins."""
        return 100 - self.height


@dataclass(frozen=True)
class Comparison:
    """Everything of one kind that the output has in common with one recording or voice."""

    number: int
    kind: str
    kind_in_words: str
    recording: Link
    recording_id: UUID | None
    reference_id: UUID
    is_declared: bool
    is_audible: bool
    has_tempo: bool
    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        """Return the match that is shown first."""
        return self.rows[0]


@dataclass(frozen=True)
class Unheard:
    """A recording that was declared and not found: somebody must listen to all of both."""

    recording: Link
    recording_id: UUID
    minutes: tuple[int, ...]
    length: str


@dataclass(frozen=True)
class Lane:
    """Where one recording is heard in the output."""

    recording: Link
    is_declared: bool
    is_voice: bool
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Side:
    """A recording as it was declared and as it was heard."""

    recording: Link
    isrc: str
    is_declared: bool
    heard: tuple[str, ...]
    verdict: str
    state: Literal["agrees", "undeclared", "unheard"]


@dataclass(frozen=True)
class Made:
    """Who or what made one component."""

    component: str
    level: str
    tool: str
    people: tuple[tuple[Link, str], ...]  # each with what they did, empty where that is not said
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Paid:
    """One part of a zone's whole: exact as a fraction, rounded for the eye only."""

    who: Link
    why: str
    leaf: str
    fraction: str
    percent: str
    color: int
    x: int
    width: int


@dataclass(frozen=True)
class Zone:
    """Territories in which receipts are divided alike."""

    where: str
    parts: tuple[Paid, ...]
    sum: str


@dataclass(frozen=True)
class Moved:
    """A part that changed from one version of the splits to the next."""

    where: str
    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Divided:
    """A version of the splits."""

    number: int
    why: str
    note: str
    effective_on: date | None
    at: datetime
    digest: str
    changes: tuple[Moved, ...]
    more: int


@dataclass(frozen=True)
class ClaimedManifest:
    """One manifest of somebody else's, in words."""

    title: str
    place: str
    generator: str
    signer: str
    made: tuple[str, ...]
    training: tuple[str, ...]


@dataclass(frozen=True)
class Claimed:
    """What the manifest that a submitted file came with says: claims by others."""

    state: str
    sentence: str
    signer: str
    signed_at: str
    failures: tuple[str, ...]  # empty where it holds, whoever signed it
    parts: tuple[tuple[str, str], ...]  # titles of what went into it and does not hold, with the codes
    manifests: tuple[ClaimedManifest, ...]
    digest: str


@dataclass(frozen=True)
class Logged:
    """An entry of the log."""

    id: UUID
    kind: str
    index: int | None
    leaf_hash: str
    at: datetime
    body: str
    receipt: str


STATUSES = {  # look and word
    Status.ACTIVE: ("cleared", "Active"),
    Status.SOURCE_WITHDRAWN: ("review", "Source withdrawn"),
    Status.SUPERSEDED: ("waiting", "Superseded"),
    Status.QUARANTINED: ("refused", "Quarantined"),
}


@dataclass(frozen=True)
class Become:
    """That a manifest's status became another, or will."""

    look: str
    word: str
    since: datetime
    why: str
    who: str
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True)
class Stands:
    """What a manifest stands for now, and how it came to that."""

    look: str
    word: str
    sentence: str
    url: str  # without its scheme, for the eye
    history: tuple[Become, ...]  # the newest first
    coming: tuple[Become, ...]
    successor: Link | None


@dataclass(frozen=True)
class Judgement:
    """One decision about an output; the last one counts."""

    link: Link
    outcome: str
    policy: str
    at: datetime
    why: str


@dataclass(frozen=True)
class Licensed:
    """A license that a clearance rests on."""

    link: Link
    licensor: Link
    period: str


@dataclass(frozen=True)
class Certified:
    """The newest certificate of an output."""

    row: Certificate
    earlier: int


@dataclass(frozen=True)
class Right:
    """A fact that a decision rests on, and its place in the log."""

    kind: str
    link: Link
    id: UUID
    says: str
    period: str
    index: int


@dataclass(frozen=True)
class Page:
    """Everything that is shown about one output."""

    dossier: Dossier
    headline: str
    explanation: str
    uses: tuple[str, ...]
    purposes: tuple[str, ...]
    territories: str
    length: str
    findings: tuple[Said, ...]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    lanes: tuple[Lane, ...]
    sides: tuple[Side, ...]
    minutes: tuple[int, ...]  # of the output
    unheard: tuple[Unheard, ...]
    contributions: tuple[Made, ...]
    zones: tuple[Zone, ...]
    verification: Verification | None
    is_development: bool
    entries: tuple[Logged, ...]
    stands: Stands | None
    certified: Certified | None
    judgements: tuple[Judgement, ...]  # the last first
    licenses: tuple[Licensed, ...]
    claimed: Claimed | None = None
    divided: tuple[Divided, ...] = ()  # versions of the splits, the newest first; empty where there is one

    @property
    def has_making_evidence(self) -> bool:
        """Whether any file shows who or what made it."""
        return any(one.evidence for one in self.contributions)

    @property
    def submission(self) -> Submission:
        """Return what was submitted."""
        return self.dossier.submission

    @property
    def state(self) -> str:
        """Return waiting, failed, or the decision's outcome."""
        return self.dossier.state

    @property
    def layers(self) -> str:
        """In how many machine-readable ways the output is marked."""
        return watermarks.layers(self.verification.assertions if self.verification else None)


def page(found: Dossier, *, at: datetime) -> Page:
    """Return a dossier as it is shown; the delivered file's manifest is verified anew, today."""
    audio = found.submission.audio
    references = _references(found)
    shown = rows(found, references)
    whole = Page(
        dossier=found,
        headline=_headline(found),
        explanation=_explanation(found),
        uses=tuple(USES.get(use, use) for use in found.submission.uses),
        purposes=tuple(PURPOSES.get(one, one) for one in found.submission.purposes),
        territories=where(found.submission.territories, found.submission.release_on),
        length=clock(audio.duration_ms),
        findings=_findings(found),
        rows=shown,
        comparisons=_comparisons(shown),
        lanes=_lanes(shown),
        sides=_sides(found, shown),
        minutes=tuple(range(listening.minutes_of(audio))),
        unheard=_unheard(found),
        contributions=_made(found),
        zones=_zones(found),
        verification=report.verification(found.manifest) if found.manifest else None,
        is_development=identity.is_development(),
        entries=tuple(logged(entry) for entry in found.entries),
        stands=_stands(found, at=at),
        certified=_certified(found),
        judgements=_judgements(found),
        licenses=_licenses(found),
        claimed=claimed(found.claims) if found.claims else None,
        divided=_divided(found),
    )
    return whole if found.sight.is_whole else passable(whole, found.sight)


def _made(found: Dossier) -> tuple[Made, ...]:
    making = found.making
    if making is None:
        return ()
    made = []
    for row in making.contributions:
        people: dict[Party, list[str]] = {row.actor: []} if row.actor else {}
        for act in making.acts:
            if act.component == row.component:
                people.setdefault(act.party, []).append(ACTS[act.act])
        made.append(
            Made(
                component=COMPONENTS[row.component],
                level=LEVELS[row.ai_level] + PROCESSED.get((row.ai_level != AiLevel.NONE, row.is_generative), ""),
                tool=f"{row.tool} {row.tool_version}".strip(),
                people=tuple((Link(str(party), Party, party.pk), "; ".join(acts)) for party, acts in people.items()),
                evidence=tuple(
                    f"{one.kind} {one.digest[:12]}…" for one in making.evidence if one.component == row.component
                ),
            )
        )
    return tuple(made)


def passable(shown: Any, sight: Sight) -> Any:
    """Return the same with links only to where the reader may go: the others stay words."""
    wanted: dict[type[Any], set[UUID]] = {}
    for link in _links(shown):
        if link.model and link.id:
            wanted.setdefault(link.model, set()).add(link.id)
    passable: set[tuple[type[Any] | None, UUID | None]] = {
        (model, id_)
        for model, ids in wanted.items()
        for id_ in seen(model.objects.filter(pk__in=ids), sight).values_list("pk", flat=True)
    }
    return _rewritten(shown, passable)


def _links(shown: Any) -> Iterator[Link]:
    if isinstance(shown, Link):
        yield shown
    elif isinstance(shown, tuple):
        for one in shown:
            yield from _links(one)
    elif is_dataclass(shown) and not isinstance(shown, Dossier | Verification):
        for field in fields(shown):
            yield from _links(getattr(shown, field.name))


def _rewritten(shown: Any, passable: set[tuple[type[Any] | None, UUID | None]]) -> Any:
    if isinstance(shown, Link):
        return shown if (shown.model, shown.id) in passable else Link(shown.text)
    if isinstance(shown, tuple):
        return tuple(_rewritten(one, passable) for one in shown)
    if is_dataclass(shown) and not isinstance(shown, type | Dossier | Verification):
        return replace(
            shown, **{field.name: _rewritten(getattr(shown, field.name), passable) for field in fields(shown)}
        )
    return shown


# --- What it stands for -----------------------------------------------------------------------------------------------


def _stands(found: Dossier, *, at: datetime) -> Stands | None:
    if found.manifest is None:
        return None
    standing = stating.standing_of(found.manifest, at=at)
    successor = stating.successor_of(found.manifest, at=at) if standing.status is Status.SUPERSEDED else None
    stated = {row.recorded_at: row for row in found.manifest.statuses.select_related("stated_by", "party__identity")}
    history = []
    for step in standing.steps:
        row = stated.get(step.change.since) if step.change.is_stated else None
        history.append(
            Become(
                *STATUSES[step.status],
                since=step.change.since,
                why=statuses.WORDS[step.change.reason],
                who=str(row.stated_by or row.party) if row else "Follows from the record",
                evidence=row.evidence_digest if row else "",
                note=row.note if row else "",
            )
        )
    look, word = STATUSES[standing.status]
    output = successor.decision.submission if successor else None
    return Stands(
        look=look,
        word=word,
        sentence=statuses.SENTENCES[standing.status],
        url=certifying.status_url(found.manifest.pk).partition("://")[2],
        history=tuple(reversed(history)),
        coming=tuple(
            Become(
                *STATUSES[one.status], since=one.since, why=statuses.WORDS[one.reason], who="Follows from the record"
            )
            for one in standing.coming
        ),
        successor=Link(output.title, Submission, output.pk) if output else None,
    )


def _judgements(found: Dossier) -> tuple[Judgement, ...]:
    if found.decision is None or not found.is_own:
        return ()
    rows = Decision.objects.filter(submission=found.submission).order_by("-decided_at", "-known_at")
    return tuple(
        Judgement(
            link=Link(str(row.pk)[:8], Decision, row.pk),
            outcome=row.outcome,
            policy=row.policy_version,
            at=row.decided_at,
            why="People decided again" if row.supersedes_id else "By the rules",
        )
        for row in rows
    )


def _licenses(found: Dossier) -> tuple[Licensed, ...]:
    if found.decision is None:
        return ()
    rows = License.objects.select_related("licensor__identity").filter(pk__in=found.decision.licenses)
    rows = rows if found.is_own else seen(rows, found.sight)
    return tuple(
        Licensed(
            link=Link(f"License {str(row.pk)[:8]}", License, row.pk),
            licensor=Link(str(row.licensor), Party, row.licensor_id),
            period=period(row.active_from, row.active_to),
        )
        for row in rows.order_by("recorded_at", "id")
    )


def _certified(found: Dossier) -> Certified | None:
    if not found.certificates:
        return None
    newest, *earlier = found.certificates
    return Certified(newest, len(earlier))


# --- Words ---------------------------------------------------------------------------------------------------------


def clock(milliseconds: int) -> str:  # exact: a time of audio, no money
    """Return a time as a player shows it, to the tenth of a second."""
    tenths = round(milliseconds / 100)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    return (f"{hours}:{minutes:02d}" if hours else f"{minutes}") + f":{rest // 10:02d}.{rest % 10}"


def tempo(time_ratio_millionths: int) -> str:  # exact: a measure of audio, no money
    """Return how much faster the output plays than the recording, in per cent."""
    tenths = round((time_ratio_millionths - 1_000_000) / 1_000)
    if tenths == 0:
        return "same tempo"
    return f"{abs(tenths) // 10}.{abs(tenths) % 10} % {'faster' if tenths > 0 else 'slower'} than the recording"


def pitch(cents: int) -> str:  # exact: cents of a semitone, no money
    """Return how much higher the output sounds than the recording, in semitones."""
    if abs(cents) < 5:
        return "same pitch"
    semitones = f"{abs(cents) / 100:.1f}".removesuffix(".0")
    return f"{semitones} semitone{'' if semitones == '1' else 's'} {'higher' if cents > 0 else 'lower'}"


def percent_of(millionths: int) -> str:  # exact: a probability, no money
    """Return a probability in per cent; never all of it, which nothing measured is."""
    if millionths >= 999_500:
        return "over 99.9 %"
    return f"{millionths / 10_000:.1f} %" if millionths >= 980_000 else f"{millionths / 10_000:.0f} %"


def percent_of_share(part: Fraction) -> str:
    """Return a share in per cent, to the hundredth."""
    hundredths = round(part * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def measured(name: str, value: int) -> str:  # exact: a measure of audio, no money
    """Return a further figure of a match in words, or in the unit that its name ends with."""
    if said := IN_WORDS.get((name, value)):
        return said
    if name.endswith("_millionths"):
        return f"{value / 10_000:.1f} %"
    unit = next((unit for unit in ("ms", "cents", "hz") if name.endswith(f"_{unit}")), "")
    return f"{value:,} {unit}".rstrip()


def where(codes: list[str], on: date) -> str:
    """Return territories as they stand in a sentence about a day."""
    said = phrase(expand(codes, on))
    return "worldwide" if said == "the world" else f"in {said}"


def strength(score_millionths: int) -> str:
    """Return a word for a score; what is reported at all begins at half a million."""
    if score_millionths >= 900_000:
        return "Very strong"
    return "Strong" if score_millionths >= 750_000 else "Clear"


def _headline(found: Dossier) -> str:
    submission = found.submission
    when = f"{submission.release_on:%B} {submission.release_on.day}, {submission.release_on.year}"
    match found.state:
        case "waiting":
            return "Waiting to be examined."
        case "failed":
            attempts = found.job.attempts if found.job else 0
            return f"Not decided: the examination was given up after {attempts} attempts."
        case Outcome.CLEARED.value:
            return f"Cleared for release on {when}, {where(submission.territories, submission.release_on)}."
        case Outcome.REVIEW.value:
            return f"For review: {_against(found, 'review')}" if _against(found, "review") else "For review."
    refusal = _against(found, "refuse")
    return f"Refused: {refusal}" if refusal else "Refused."


def _against(found: Dossier, effect: str) -> str:
    """Return the first sentence that speaks against an output; empty where none is the reader's to see."""
    return next((finding.sentence for finding in found.findings if finding.effect == effect), "")


def _explanation(found: Dossier) -> str:
    match found.state:
        case "waiting":
            trouble = f" The last attempt failed: {found.job.error}" if found.job and found.job.error else ""
            return f"A worker examines it within seconds; this page shows the decision once it is there.{trouble}"
        case "failed":
            return f"{found.job.error if found.job else ''} Nothing was decided and nothing was signed."
        case Outcome.CLEARED.value if found.heard:
            return "Everything that is heard was declared, is licensed to the submitter, and its holders agreed."
        case Outcome.CLEARED.value:
            return "No registered recording was declared, and none is heard."
        case Outcome.REVIEW.value:
            return f"{_more(found)}No obligation is broken, but this could not be settled by rule; a person must look."
    return f"{_more(found)}Nothing was signed. Clear what is missing and send a new submission; a decision is final."


def _more(found: Dossier) -> str:
    others = len(found.findings) - 1
    return "" if others < 1 else f"And {others} more finding{'s' * (others > 1)} below. "


# --- Findings ------------------------------------------------------------------------------------------------------


def _findings(found: Dossier) -> tuple[Said, ...]:
    sight = EVERYTHING if found.is_own else found.sight
    known = _named({id_ for finding in found.findings for id_ in finding.rests_on}, sight)
    return tuple(
        Said(
            effect=finding.effect,
            rule=finding.rule.replace("_", " "),
            sentence=finding.sentence,
            rests_on=tuple(known.get(id_, Link(f"unknown fact {str(id_)[:8]}")) for id_ in finding.rests_on),
            matches=tuple(finding.matches),
        )
        for finding in found.findings
    )


def _named(ids: Iterable[UUID], sight: Sight) -> dict[UUID, Link]:
    """Find what ids stand for, of what is seen: a finding names them without their table."""
    wanted = set(ids)
    if not wanted:
        return {}
    names: dict[UUID, Link] = {}
    for recording in seen(Recording.objects.filter(pk__in=wanted), sight):
        names[recording.pk] = Link(f"Recording “{recording.title}”", Recording, recording.pk)
    for work in seen(Work.objects.filter(pk__in=wanted), sight):
        names[work.pk] = Link(f"Work “{work.title}”", Work, work.pk)
    for share in seen(Share.objects.select_related("recording", "work").filter(pk__in=wanted), sight):
        names[share.pk] = Link(f"Share of {share}", Share, share.pk)
    for consent in seen(Consent.objects.select_related("recording", "work").filter(pk__in=wanted), sight):
        names[consent.pk] = Link(f"{consent} {str(consent.pk)[:8]}", Consent, consent.pk)
    for event in seen(ConsentEvent.objects.filter(pk__in=wanted), sight):
        names[event.pk] = Link(f"Consent {event}", Consent, event.consent_id)
    for license_ in seen(License.objects.filter(pk__in=wanted), sight):
        names[license_.pk] = Link(f"License {str(license_.pk)[:8]}", License, license_.pk)
    for reference in Reference.objects.filter(pk__in=wanted - names.keys()):
        names[reference.pk] = Link(f"Reference audio {str(reference.pk)[:8]}")
    # Whose voice it is, is not told to whoever submitted an output: the match says it to who may see it.
    for id in Voice.objects.filter(pk__in=wanted - names.keys()).values_list("pk", flat=True):
        names[id] = Link(f"Registered voice {str(id)[:8]}")
    for id in VoiceEnrollment.objects.filter(pk__in=wanted - names.keys()).values_list("pk", flat=True):
        names[id] = Link(f"Enrollment of a voice {str(id)[:8]}")
    for id in ForeignManifest.objects.filter(pk__in=wanted - names.keys()).values_list("pk", flat=True):
        names[id] = Link("The claims by others that the file came with")
    return names


# --- Evidence ------------------------------------------------------------------------------------------------------


def _references(found: Dossier) -> dict[UUID, Reference]:
    return Reference.objects.select_related("audio").in_bulk([heard.match.reference_id for heard in found.heard])


def rows(found: Dossier, references: Mapping[UUID, Reference] | None = None) -> tuple[Row, ...]:
    """Return the matches of an output as they are shown."""
    known = _references(found) if references is None else references
    return tuple(_row(heard, found, known.get(heard.match.reference_id)) for heard in found.heard)


def _row(heard: Heard, found: Dossier, reference: Reference | None) -> Row:
    match, recording = heard.match, heard.recording
    mine = found.submission.audio.duration_ms
    theirs = reference.audio.duration_ms if reference else match.reference.end_ms
    probability = match.probability_millionths
    return Row(
        position=heard.position,
        kind=match.kind,
        kind_in_words=KINDS[match.kind],
        recording=_heard_of(heard, found.sight),
        recording_id=recording.pk if recording else None,
        reference_id=match.reference_id,
        is_declared=heard.is_declared,
        is_audible=reference is not None,
        output=_stretch(match.output, mine),
        reference=_stretch(match.reference, theirs),
        output_in_map=_stretch_in(match.output, listening.window(match.output, mine)),
        reference_in_map=_stretch_in(match.reference, listening.window(match.reference, theirs)),
        tempo=tempo(match.time_ratio_millionths),
        pitch=pitch(match.pitch_shift_cents),
        cents=match.pitch_shift_cents,
        algorithm=match.algorithm,
        score_in_words=strength(match.score_millionths),
        score=f"{match.score_millionths / 1_000_000:.3f}",  # exact: likeness of audio, no money
        probability="" if probability is None else percent_of(probability),
        bar_millionths=match.score_millionths if probability is None else probability,
        likeness=_likeness(match),
        measures=tuple((MEASURES.get(name, name), measured(name, value)) for name, value in match.measures),
        parts=tuple(range(listening.parts_of(match))),
    )


def _heard_of(heard: Heard, sight: Sight) -> Link:
    if heard.recording:
        return Link(heard.recording.title, Recording, heard.recording.pk)
    if heard.match.kind == VOICE_MATCH:
        return voice(heard.voice_id, sight)
    return Link("No recording")


def voice(id: UUID | None, sight: Sight) -> Link:
    """Return a voice by its name where it is seen: whose voice it is, is not told to whoever only used it."""
    row = seen(Voice.objects.select_related("person__identity").filter(pk=id), sight).first() if id else None
    return Link(str(row), Voice, row.pk) if row is not None else Link("A registered voice")


def _comparisons(rows: tuple[Row, ...]) -> tuple[Comparison, ...]:
    groups: dict[tuple[str, UUID], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.reference_id), []).append(row)
    order = list(KINDS)
    ordered = sorted(
        groups.values(), key=lambda same: (same[0].is_declared, order.index(same[0].kind), same[0].position)
    )
    return tuple(
        Comparison(
            number=number,
            kind=same[0].kind,
            kind_in_words=same[0].kind_in_words,
            recording=same[0].recording,
            recording_id=same[0].recording_id,
            reference_id=same[0].reference_id,
            is_declared=same[0].is_declared,
            is_audible=same[0].is_audible,
            has_tempo=same[0].kind != VOICE_MATCH,
            rows=tuple(same),
        )
        for number, same in enumerate(ordered, start=1)
    )


def _likeness(match: Match) -> str:
    bits = match.measure("bit_error_millionths")
    if bits is not None:
        differ = f"{bits / 10_000:.1f} %"  # exact: likeness of audio, no money
        return f"{differ} of fingerprint bits differ; unrelated audio differs by about 50 %"
    if match.measure("coherent_centinats") is not None:
        return "The same waveform, sample for sample, as far as what lies over it lets it be told"
    if match.measure("spectral_centinats") is not None:
        alike = f"{(match.measure('correlation_millionths') or 0) / 10_000:.0f} %"  # exact: likeness of audio, no money
        return f"The spectrum moves as the recording’s does, alike by {alike}; unrelated audio by next to nothing"
    return ""


def _stretch(segment: Segment, whole_ms: int) -> Stretch:
    return _stretch_in(segment, Segment(0, max(whole_ms, segment.end_ms, 1)))


def _stretch_in(segment: Segment, window: Segment) -> Stretch:
    whole = max(1, window.end_ms - window.start_ms)
    x = min((segment.start_ms - window.start_ms) * WIDTH // whole, WIDTH - LEAST_WIDTH)
    end = min((segment.end_ms - window.start_ms) * WIDTH // whole, WIDTH)
    return Stretch(
        start=clock(segment.start_ms),
        end=clock(segment.end_ms),
        length=clock(segment.end_ms - segment.start_ms),
        whole=clock(whole),
        x=x,
        width=max(LEAST_WIDTH, end - x),
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
    )


def _lanes(rows: tuple[Row, ...]) -> tuple[Lane, ...]:
    lanes: dict[tuple[bool, UUID], list[Row]] = {}
    for row in rows:
        lanes.setdefault((row.kind == VOICE_MATCH, row.reference_id), []).append(row)
    return tuple(
        Lane(same[0].recording, same[0].is_declared, is_voice, tuple(row.output for row in same))
        for (is_voice, _), same in lanes.items()
    )


def _sides(found: Dossier, rows: tuple[Row, ...]) -> tuple[Side, ...]:
    heard: dict[UUID, list[str]] = {}
    tracks: dict[UUID, Recording] = {}
    for row, item in zip(rows, found.heard, strict=True):
        if item.recording:
            heard.setdefault(item.recording.pk, []).append(f"{row.output.start}–{row.output.end}")
            tracks[item.recording.pk] = item.recording
    declared = {ingredient.recording_id: ingredient.recording for ingredient in found.submission.ingredients.all()}
    return tuple(
        Side(
            recording=Link(track.title, Recording, track.pk),
            isrc=track.isrc or "",
            is_declared=track.pk in declared,
            heard=tuple(heard.get(track.pk, ())),
            verdict=_compared(track.pk in declared, track.pk in heard, is_examined=found.evidence is not None),
            state="undeclared" if track.pk not in declared else "agrees" if track.pk in heard else "unheard",
        )
        for track in sorted({**tracks, **declared}.values(), key=lambda track: (track.title, str(track.pk)))
    )


def _unheard(found: Dossier) -> tuple[Unheard, ...]:
    heard = {one.recording.pk for one in found.heard if one.recording}
    declared = [row.recording_id for row in found.submission.ingredients.all() if row.recording_id not in heard]
    rows = Recording.objects.select_related("reference__audio").filter(pk__in=declared, reference__isnull=False)
    return tuple(
        Unheard(
            recording=Link(row.title, Recording, row.pk),
            recording_id=row.pk,
            minutes=tuple(range(listening.minutes_of(row.reference.audio))),
            length=clock(row.reference.audio.duration_ms),
        )
        for row in rows.order_by("title", "pk")
        if row.reference is not None
    )


def _compared(declared: bool, heard: bool, *, is_examined: bool) -> str:  # noqa: FBT001 - the two sides of one table
    if not is_examined:
        return "not examined"
    if declared and heard:
        return "declared and heard"
    return "declared, not heard" if declared else "heard, not declared"


# --- Claims by others ----------------------------------------------------------------------------------------------

HOLDS = {
    "trusted": "Holds; signed by somebody on our list",
    "valid": "Holds; signed by somebody who is not on our list",
    "invalid": "Does not hold",
    "unreadable": "Cannot be read",
    "absent": "Lies elsewhere, and was not fetched",
}
MADE = {
    "trainedAlgorithmicMedia": "Made by a machine",
    "compositeWithTrainedAlgorithmicMedia": "A recording that a machine extended or changed",
    "compositeSynthetic": "Put together, with generated parts in it",
    "trainedAlgorithmicData": "Data that a machine made",
    "algorithmicMedia": "Made by a fixed algorithm",
    "algorithmicallyEnhanced": "Enhanced by an algorithm",
    "digitalCapture": "Recorded",
    "computationalCapture": "Recorded, and computed from several",
    "digitalCreation": "Made by people, on a computer",
    "humanEdits": "Edited by people",
    "composite": "Put together",
    "compositeCapture": "Put together from recordings",
}
PLACES = {"active": "What the file came with", "parentOf": "Made from", "componentOf": "In it", "inputTo": "Made with"}
TRAINING = {
    "cawg.data_mining": "mining",
    "cawg.ai_inference": "input to a machine",
    "cawg.ai_training": "training",
    "cawg.ai_generative_training": "training a generator",
}
ALLOWED = {"allowed": "allowed", "notAllowed": "not allowed", "constrained": "on conditions"}


def _of_training(said: Mapping[str, str]) -> tuple[str, ...]:
    known = {key: use for key, use in sorted(said.items()) if key in TRAINING}
    if set(known.values()) == {"notAllowed"}:
        return ("none of it is allowed",)
    return tuple(f"{TRAINING[key]}: {ALLOWED.get(use, use)}" for key, use in known.items())


def claimed(row: ForeignManifest) -> Claimed | None:
    """Return claims by others in words, or None where somebody made them unreadable, which the log tells."""
    try:
        said = Claims(bytes(row.document)).said
    except NotClaims:
        return None
    return Claimed(
        state=HOLDS.get(said["state"], said["state"]),
        sentence=said["sentence"],
        signer=(said["signer"] or {}).get("organization", ""),
        signed_at=said["signed_at"] or "",
        failures=tuple(said["failures"]) if said["state"] == "invalid" else (),
        parts=tuple((one["title"], ", ".join(one["failures"])) for one in said["ingredient_failures"]),
        manifests=tuple(
            ClaimedManifest(
                title=one["title"],
                place=PLACES.get(one["as"], one["as"]),
                generator=one["generator"],
                signer=one["issuer"],
                made=tuple(MADE.get(source, source) for source in one["sources"]),
                training=_of_training(one["training"]),
            )
            for one in said["manifests"]
        ),
        digest=row.digest,
    )


# --- Money ---------------------------------------------------------------------------------------------------------


def _zones(found: Dossier) -> tuple[Zone, ...]:
    if found.decision is None or (found.splits is None and found.is_own):
        return ()
    rows: dict[int, list[Split]] = {}
    newest = Division.objects.filter(decision=found.decision).order_by("-number").first()
    every = Split.objects.select_related("party__identity", "recording", "work").filter(
        decision=found.decision, division=newest
    )
    for row in seen(every, found.sight):
        rows.setdefault(row.zone, []).append(row)
    zones = []
    for number in sorted(rows):
        done, parts = Fraction(0), []
        # The largest first, for the eye; the order that is hashed is the leaves'.
        ordered = sorted(rows[number], key=lambda row: (-Fraction(row.numerator, row.denominator), row.leaf))
        for place, row in enumerate(ordered):
            part = Fraction(row.numerator, row.denominator)
            x = int(done * WIDTH)
            done += part
            parts.append(
                Paid(
                    who=Link(str(row.party), Party, row.party_id) if row.party else Link("Held, nobody’s yet"),
                    why=_why(row),
                    leaf=row.leaf,
                    fraction=f"{part.numerator}/{part.denominator}",
                    percent=percent_of_share(part),
                    color=place % COLORS,
                    x=x,
                    width=max(1, int(done * WIDTH) - x),
                )
            )
        zones.append(
            Zone(phrase(frozenset(rows[number][0].territories)), tuple(parts), f"{done.numerator}/{done.denominator}")
        )
    return tuple(zones)


WHY_DIVIDED = {
    DivisionReason.RIGHTS: "Shares or parties changed",
    DivisionReason.INFLUENCE: "An attribution report came",
    DivisionReason.PLAN: "The plan changed",
    DivisionReason.CREATORS: "Who made it was corrected",
    DivisionReason.ASKED: "Somebody asked",
}


def _divided(found: Dossier) -> tuple[Divided, ...]:
    """Return the versions of the splits, the newest first, with what changed from one to the next."""
    if found.decision is None or found.splits is None or found.current is None:
        return ()
    versions = splits.versions(found.decision.id)
    if len(versions) < 2:
        return ()
    parties = Party.objects.select_related("identity").filter(splits__decision=found.decision)
    names = {str(row.pk): str(row) for row in parties}
    for split in Split.objects.select_related("recording", "work").filter(decision=found.decision):
        if (asset := split.recording or split.work) is not None:
            names[str(asset.pk)] = f"“{asset.title}”"
    shown = []
    for before, after in zip((None, *versions), versions, strict=False):
        changes = splits.changes(before.splits, after.splits) if before else ()
        shown.append(
            Divided(
                number=after.number,
                why=WHY_DIVIDED[after.reason] if after.reason else "Attached at the decision",
                note=after.note,
                effective_on=after.effective_on,
                at=after.recorded_at or found.decision.decided_at,
                digest=after.digest,
                changes=tuple(
                    Moved(
                        phrase(frozenset(one.territories)),
                        _leaf_in_words(one.leaf, names),
                        f"{one.old.numerator}/{one.old.denominator}" if one.old else "nothing",
                        f"{one.new.numerator}/{one.new.denominator}" if one.new else "nothing",
                    )
                    for one in changes[:MOST_CHANGES]
                ),
                more=max(0, len(changes) - MOST_CHANGES),
            )
        )
    return tuple(reversed(shown))


def _leaf_in_words(leaf: str, names: Mapping[str, str]) -> str:
    of, _, who = leaf.partition("/")
    if of in {"COMM", "HC"}:
        return "Commission" if of == "COMM" else f"{names.get(who, who)}, human creator"
    return f"{'Held' if who == 'HOLD' else names.get(who, who)}, {names.get(of, of)}"


def _why(row: Split) -> str:
    if row.recording:
        return f"master of “{row.recording.title}”"
    if row.work:
        return f"publishing of “{row.work.title}”"
    return "commission" if row.leaf == "COMM" else "human creator"


# --- The record ----------------------------------------------------------------------------------------------------


def logged(entry: Entry) -> Logged:
    """Return an entry as it is shown, with its receipt where it has a place in the tree."""
    is_placed = hasattr(entry, "leaf")
    return Logged(
        id=entry.pk,
        kind=Entry.Kind(entry.kind).label.capitalize(),
        index=entry.leaf.index if is_placed else None,
        leaf_hash=bytes(entry.leaf.hash).hex() if is_placed else "",
        at=entry.at,
        body=json.dumps(json.loads(bytes(entry.body), parse_float=str), indent=2, ensure_ascii=False, sort_keys=True),
        receipt=report.receipt(entry) if is_placed else "",
    )


def period(active_from: object, active_to: object) -> str:
    """Return a period [from, to) in words."""
    return f"{active_from} to before {active_to}" if active_to else f"from {active_from}"


def rights(found: Dossier) -> tuple[Right, ...]:
    """Return the shares, consents, withdrawals and licenses that a decision looked at, in the order of the log."""
    if found.decision is None:
        return ()
    entries = report.entries_behind(found.submission, found.decision)
    sight = EVERYTHING if found.is_own else found.sight
    # The entries know ids only; what they are about is read here at once rather than one by one.
    assets = ("recording", "work")
    by_id = {
        "share": Share.objects.select_related("party__identity", *assets),
        "consent": Consent.objects.select_related("grantor__identity", *assets),
        "consent_event": ConsentEvent.objects.select_related(
            "actor__identity", *(f"consent__{side}" for side in assets)
        ),
        "license": License.objects.select_related("licensor__identity"),
    }
    for name, rows in by_id.items():
        about = [entry for entry in entries if entry.subject == name]
        facts = seen(rows, sight).in_bulk({entry.fact for entry in about})
        for entry in about:
            setattr(entry, name, facts.get(entry.fact))
    shown = tuple(right for entry in entries if (right := _right(entry, found.decision)))
    return shown if found.sight.is_whole else tuple(passable(shown, found.sight))


def _right(entry: Entry, decision: Decision) -> Right | None:
    index = entry.leaf.index
    if share := entry.share:
        part = f"{share.numerator}/{share.denominator} of “{share.recording or share.work}”"
        return Right("Share", Link(part, Share, share.pk), share.pk, str(share.party),
                     period(share.active_from, share.active_to), index)  # fmt: skip
    if consent := entry.consent:
        about = f"“{consent.recording or consent.work}”"
        return Right("Consent", Link(about, Consent, consent.pk), consent.pk, str(consent.grantor),
                     period(consent.active_from, consent.active_to), index)  # fmt: skip
    if event := entry.consent_event:
        about = f"“{event.consent.recording or event.consent.work}”"
        return Right("Withdrawal", Link(about, Consent, event.consent_id), event.pk, str(event.actor),
                     f"from {event.effective_on}", index)  # fmt: skip
    if license_ := entry.license:
        about = "what the clearance rests on" if license_.pk in decision.licenses else "held by the submitter"
        return Right("License", Link(about, License, license_.pk), license_.pk, f"from {license_.licensor}",
                     period(license_.active_from, license_.active_to), index)  # fmt: skip
    return None
