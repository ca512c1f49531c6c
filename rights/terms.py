"""What held on a date: reads of shares, consents, reservations and licenses, as values for the policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import Model, Prefetch, Q, QuerySet

from rights import standing
from rights.case import (
    AllowanceTerm,
    Asset,
    Claim,
    ConsentTerm,
    DeclaredAct,
    DeclaredContribution,
    DeclaredEvidence,
    DeclaredIngredient,
    EnrolledVoice,
    LicenseTerm,
    Material,
    ReservationTerm,
    ShareTerm,
    Side,
    Terms,
)
from rights.merges import survivor, survivors
from rights.models import (
    Allowance,
    Consent,
    ConsentAsset,
    ConsentEvent,
    Contribution,
    ContributionAct,
    ContributionEvidence,
    ContributionRecord,
    Decision,
    License,
    LicenseAsset,
    LicenseEvent,
    Lyrics,
    PartyInRole,
    PartyMerge,
    Recording,
    RecordingAudio,
    RecordingVoice,
    RecordingWork,
    Reservation,
    Share,
    ShareEvent,
    Stem,
    Submission,
    Voice,
    VoiceEnrollment,
    Work,
)
from rights.models.assets import heard_as
from rights.standing import Happening, Span, Stance
from rights.territories import expand
from rights.vocabulary import AssetKind, Basis, Outcome


def claim_of(submission: Submission, *, known_at: datetime | None = None) -> Claim:
    """Return what a submission claims; who claims it counts as whom they were merged into."""
    return Claim(
        submission_id=submission.id,
        licensee_id=survivor(submission.submitter_id, known_at=known_at),
        title=submission.title,
        uses=frozenset(submission.uses),
        territories=expand(submission.territories, submission.release_on),
        release_on=submission.release_on,
        purposes=frozenset(submission.purposes),
        model_id=submission.model_version.model_id if submission.model_version else None,
        model_version_id=submission.model_version_id,
        ingredients=tuple(
            DeclaredIngredient(recording_id)
            for recording_id in submission.ingredients.order_by("recording_id").values_list("recording_id", flat=True)
        ),
        contributions=contributions_of(submission, known_at=known_at),
    )


def record_of(submission: Submission, *, known_at: datetime | None = None) -> ContributionRecord | None:
    """Return the last correction of who or what made an output, None where what was submitted still counts."""
    records = ContributionRecord.objects.filter(submission=submission)
    if known_at is not None:
        records = records.filter(recorded_at__lte=known_at)
    return records.order_by("-position").first()


def contributions_of(submission: Submission, *, known_at: datetime | None = None) -> tuple[DeclaredContribution, ...]:
    """Return who or what made an output, as corrected up to then."""
    return stated_in(submission, record_of(submission, known_at=known_at))


def stated_in(submission: Submission, record: ContributionRecord | None) -> tuple[DeclaredContribution, ...]:
    """Return who or what made an output, as one record says it; None is what was submitted."""
    acts: dict[str, list[DeclaredAct]] = defaultdict(list)
    for act in ContributionAct.objects.filter(submission=submission, record=record):
        acts[act.component].append(DeclaredAct(act.party_id, act.act))
    evidence: dict[str, list[DeclaredEvidence]] = defaultdict(list)
    for shown in ContributionEvidence.objects.filter(submission=submission, record=record):
        evidence[shown.component].append(DeclaredEvidence(shown.kind, shown.digest))
    return tuple(
        DeclaredContribution(
            row.component,
            row.ai_level,
            row.tool,
            row.actor_id,
            tool_version=row.tool_version,
            is_generative=row.is_generative,
            acts=tuple(sorted(acts[row.component])),
            evidence=tuple(sorted(evidence[row.component])),
        )
        for row in Contribution.objects.filter(submission=submission, record=record).order_by("position")
    )


def material_of(recordings: Iterable[Recording]) -> tuple[Material, ...]:
    """Return recordings with their works, in the order of their ids."""
    return tuple(
        Material(
            recording=Asset(recording.id, Side.MASTER, recording.title, recording.registered_at),
            works=tuple(
                Asset(link.work.id, Side.PUBLISHING, link.work.title, link.work.registered_at)
                for link in sorted(recording.work_links.all(), key=lambda link: str(link.work_id))
            ),
            reference_id=sound.id if (sound := recording.sound) else None,
            isrc=recording.isrc,
            audio_digest=sound.audio_id if sound else None,
            voices=tuple(
                Asset(link.voice_id, Side.VOICE, recording.title, link.voice.registered_at)
                for link in sorted(recording.voice_links.all(), key=lambda link: str(link.voice_id))
            ),
        )
        for recording in sorted(recordings, key=lambda recording: str(recording.id))
    )


def on(
    day: date,
    *,
    claim: Claim,
    references: Sequence[UUID],
    enrollments: Sequence[UUID] = (),
    known_at: datetime,
) -> Terms:
    """
    Return what held on a day about the claimed and the found material, as far as it was recorded by ``known_at``.

    A withdrawal recorded later is not seen, so the same question asked again gives the same answer (LED-3).
    """
    wanted = {ingredient.recording_id for ingredient in claim.ingredients}
    links = RecordingWork.objects.filter(recorded_at__lte=known_at).select_related("work")
    voices = RecordingVoice.objects.filter(recorded_at__lte=known_at).select_related("voice")
    delivered = RecordingAudio.objects.filter(recorded_at__lte=known_at).select_related("reference")
    recordings = (
        Recording.objects.filter(Q(pk__in=wanted) | heard_as(references), registered_at__lte=known_at)
        .select_related("reference")
        .prefetch_related(
            Prefetch("work_links", queryset=links),
            Prefetch("voice_links", queryset=voices),
            Prefetch("deliveries", queryset=delivered),
        )
    )
    materials = material_of(recordings)
    enrolled = voices_of(enrollments, known_at=known_at)
    assets = {asset.id for material in materials for asset in material.sides} | {one.voice.id for one in enrolled}
    held = about(assets, on=day, licensee_id=claim.licensee_id, known_at=known_at, materials=materials)
    allowances = allowances_of(claim.licensee_id, references, known_at=known_at)
    return replace(held, voices=enrolled, allowances=allowances)


def voices_of(enrollments: Iterable[UUID], *, known_at: datetime) -> tuple[EnrolledVoice, ...]:
    """Return the voices behind enrollments that are known, also of ones that ended: a match was one when it was."""
    rows = list(
        VoiceEnrollment.objects.select_related("voice")
        .filter(pk__in=set(enrollments), enrolled_at__lte=known_at)
        .order_by("id")
    )
    who = survivors({row.voice.person_id for row in rows}, known_at=known_at)
    return tuple(
        EnrolledVoice(row.id, Asset(row.voice_id, Side.VOICE, "", row.voice.registered_at), who[row.voice.person_id])
        for row in rows
    )


def allowances_of(licensee_id: UUID, references: Iterable[UUID], *, known_at: datetime) -> tuple[AllowanceTerm, ...]:
    """Return what appeals taught about a submitter and these references, in the order of their ids."""
    rows = Allowance.objects.filter(
        reference__in=set(references), submitter__in=duplicates_of(licensee_id, known_at), recorded_at__lte=known_at
    )
    return tuple(AllowanceTerm(row.id, row.reference_id, licensee_id, row.expires_on) for row in rows.order_by("id"))


def sides_of(kind: AssetKind, ids: Iterable[UUID], *, known_at: datetime) -> Mapping[UUID, tuple[Asset, ...]]:
    """
    Return each registered asset with whatever else is in it: a recording's works and voices, a stem's too.

    Master sides come first, then publishing, then voices, each in the order of ids.
    """
    wanted = set(ids)
    match kind:
        case AssetKind.RECORDING:
            own = _assets(Recording, Side.MASTER, wanted, known_at)
            return _with_inside(own, {id_: id_ for id_ in own}, known_at)
        case AssetKind.STEM:
            own = _assets(Stem, Side.MASTER, wanted, known_at)
            of = dict(Stem.objects.filter(pk__in=own).values_list("id", "recording_id"))
            return _with_inside(own, of, known_at)
        case AssetKind.WORK:
            own = _assets(Work, Side.PUBLISHING, wanted, known_at)
        case AssetKind.LYRICS:
            own = _assets(Lyrics, Side.PUBLISHING, wanted, known_at)
        case AssetKind.VOICE:
            own = _assets(Voice, Side.VOICE, wanted, known_at)
    return {id_: (asset,) for id_, asset in own.items()}


def _assets(model: type[Model], side: Side, wanted: set[UUID], known_at: datetime) -> dict[UUID, Asset]:
    rows: QuerySet[Any] = QuerySet(model).filter(pk__in=wanted, registered_at__lte=known_at)
    return {row.id: Asset(row.id, side, getattr(row, "title", ""), row.registered_at) for row in rows}


def _with_inside(
    own: Mapping[UUID, Asset], recording_of: Mapping[UUID, UUID], known_at: datetime
) -> dict[UUID, tuple[Asset, ...]]:
    recordings = set(recording_of.values())
    inside: dict[UUID, list[Asset]] = {id_: [] for id_ in recordings}
    works = RecordingWork.objects.filter(recording__in=recordings, recorded_at__lte=known_at)
    for link in works.select_related("work").order_by("work_id"):
        inside[link.recording_id].append(Asset(link.work_id, Side.PUBLISHING, link.work.title, link.work.registered_at))
    voices = RecordingVoice.objects.filter(recording__in=recordings, recorded_at__lte=known_at)
    for voice_link in voices.select_related("voice").order_by("voice_id"):
        inside[voice_link.recording_id].append(
            Asset(voice_link.voice_id, Side.VOICE, "", voice_link.voice.registered_at)
        )
    return {id_: (asset, *inside[recording_of[id_]]) for id_, asset in own.items()}


def roles_of(party_id: UUID, *, on: date, known_at: datetime) -> frozenset[str]:
    """Return what a party is in the trade on a day, its duplicates' roles among them."""
    rows = PartyInRole.objects.filter(party__in=duplicates_of(party_id, known_at), recorded_at__lte=known_at)
    active = Q(active_from__lte=on) & (Q(active_to__isnull=True) | Q(active_to__gt=on))
    return frozenset(rows.filter(active).values_list("role", flat=True))


def duplicates_of(party_id: UUID, known_at: datetime) -> set[UUID]:
    """Return a party and whatever counts as it."""
    candidates = set(PartyMerge.objects.filter(survivor=party_id).values_list("duplicate_id", flat=True))
    merged = survivors(candidates, known_at=known_at)
    return {party_id, *(one for one, other in merged.items() if other == party_id)}


def about(
    assets: Iterable[UUID],
    *,
    on: date,
    licensee_id: UUID,
    known_at: datetime,
    materials: tuple[Material, ...] = (),
) -> Terms:
    """Return what held about assets on a day, for a licensee, as far as it was recorded by ``known_at``."""
    wanted = set(assets)
    shares = list(
        Share.objects.filter(asset_id__in=wanted, basis=Basis.OWNERSHIP, recorded_at__lte=known_at)
        .prefetch_related(_known("events", ShareEvent, known_at))
        .order_by("id")
    )
    grantors = {share.party_id for share in shares}
    held_as = survivors(grantors, known_at=known_at)
    holders = {one for holder in set(held_as.values()) for one in duplicates_of(holder, known_at)}
    consents = _consents_about(wanted, holders, known_at)
    reservations = list(
        Reservation.objects.filter(
            Q(asset_id__in=wanted) | Q(asset_id__isnull=True), holder__in=holders, recorded_at__lte=known_at
        )
        .select_related("end")
        .order_by("id")
    )
    schedule = LicenseAsset.objects.filter(asset_id__in=wanted)
    licenses = list(
        License.objects.filter(
            schedule__asset_id__in=wanted,
            licensee__in=duplicates_of(licensee_id, known_at),
            recorded_at__lte=known_at,
        )
        .distinct()
        .prefetch_related(
            _known("events", LicenseEvent, known_at), "model_versions", Prefetch("schedule", queryset=schedule)
        )
        .order_by("id")
    )
    parties = {
        *holders,
        *(consent.licensee_id for consent in consents if consent.licensee_id),
        licensee_id,
    }
    who = survivors(parties, known_at=known_at)
    used_up = exhausted(licenses, known_at=known_at)
    return Terms(
        on=on,
        materials=materials,
        shares=tuple(term for share in shares for term in _share_terms(share, on, held_as)),
        consents=tuple(term for consent in consents for term in _consent_terms(consent, on, who)),
        licenses=tuple(term for one in licenses for term in _license_terms(one, on, licensee_id, used_up)),
        reservations=tuple(
            term for reservation in reservations for term in _reservation_terms(reservation, on, known_at, who)
        ),
        licensee_roles=roles_of(licensee_id, on=on, known_at=known_at),
    )


def consents_of(asset_id: UUID, holder_id: UUID, *, on: date, known_at: datetime) -> tuple[ConsentTerm, ...]:
    """Return what one holder, after merges, has consented to about an asset, as it stood on a day."""
    consents = _consents_about({asset_id}, duplicates_of(holder_id, known_at), known_at)
    parties = {holder_id, *(consent.grantor_id for consent in consents)}
    who = survivors(parties | {consent.licensee_id for consent in consents if consent.licensee_id}, known_at=known_at)
    return tuple(term for consent in consents for term in _consent_terms(consent, on, who))


def reservations_of(asset_id: UUID, holder_id: UUID, *, on: date, known_at: datetime) -> tuple[ReservationTerm, ...]:
    """Return what one holder, after merges, has reserved of an asset or of everything, as it stood on a day."""
    rows = Reservation.objects.filter(
        Q(asset_id=asset_id) | Q(asset_id__isnull=True),
        holder__in=duplicates_of(holder_id, known_at),
        recorded_at__lte=known_at,
    )
    found = list(rows.select_related("end").order_by("id"))
    who = survivors({row.holder_id for row in found}, known_at=known_at)
    return tuple(term for row in found for term in _reservation_terms(row, on, known_at, who))


def consents_by_id(
    consent_ids: Iterable[UUID], *, on: date, known_at: datetime
) -> Mapping[UUID, tuple[ConsentTerm, ...]]:
    """Return what consents come to on a day, each with a term for every asset that it is of."""
    consents = list(
        Consent.objects.filter(pk__in=set(consent_ids), recorded_at__lte=known_at).prefetch_related(
            _known("events", ConsentEvent, known_at), "overrides", "assets"
        )
    )
    parties = {consent.grantor_id for consent in consents}
    who = survivors(parties | {consent.licensee_id for consent in consents if consent.licensee_id}, known_at=known_at)
    return {consent.pk: tuple(_consent_terms(consent, on, who)) for consent in consents}


def _consents_about(wanted: set[UUID], holders: set[UUID], known_at: datetime) -> list[Consent]:
    lines = ConsentAsset.objects.filter(asset_id__in=wanted).order_by("id")
    return list(
        Consent.objects.filter(
            Q(asset_id__in=wanted) | Q(assets__asset_id__in=wanted) | Q(covers_future=True),
            grantor__in=holders,
            recorded_at__lte=known_at,
        )
        .distinct()
        .prefetch_related(_known("events", ConsentEvent, known_at), "overrides", Prefetch("assets", queryset=lines))
        .order_by("id")
    )


def _known(name: str, model: type[Model], known_at: datetime) -> Prefetch[str]:
    return Prefetch(name, queryset=QuerySet(model).filter(recorded_at__lte=known_at).order_by("recorded_at", "id"))


def exhausted(licenses: Iterable[License], *, known_at: datetime) -> frozenset[UUID]:
    """Return which of these licenses have had as many outputs cleared as they allow."""
    return frozenset(
        license_.id
        for license_ in licenses
        if license_.max_outputs is not None
        and Decision.objects.filter(
            licenses__contains=[license_.id], outcome=Outcome.CLEARED, decided_at__lte=known_at
        ).count()
        >= license_.max_outputs
    )


def _share_terms(share: Share, on: date, who: Mapping[UUID, UUID]) -> Iterable[ShareTerm]:
    happenings = [(event.act, event.effective_on) for event in share.events.all()]
    spans = standing.of_share(share.territories, share.active_from, share.active_to, happenings)
    if span := next((span for span in spans if span.holds_on(on)), None):
        yield ShareTerm(
            id=share.id,
            asset_id=_asset(share.asset_id),
            party_id=who[share.party_id],
            part=Fraction(share.numerator, share.denominator),
            territories=span.countries,
            right_type=share.right_type,
            until=span.end,
        )


def _consent_terms(consent: Consent, on: date, who: Mapping[UUID, UUID]) -> Iterable[ConsentTerm]:
    events = sorted(consent.events.all(), key=lambda event: event.position or 0)
    course = [Happening(event.act, event.effective_on) for event in events]
    spans = standing.of_consent(consent.territories, consent.active_from, consent.active_to, course)
    if not spans:
        return
    stance, span = _that_holds(spans, on)
    withdrawn_on = min((one.begin for lapsed, one in spans if lapsed is Stance.LAPSED), default=None)
    reach: list[tuple[UUID | None, datetime | None]] = (
        [(line.asset_id, None) for line in consent.assets.all()] if consent.is_list else [(consent.asset_id, None)]
    )
    if consent.covers_future:
        reach.append((None, consent.recorded_at))
    for asset_id, assets_from in reach:
        yield ConsentTerm(
            id=consent.id,
            asset_id=asset_id,
            party_id=who[consent.grantor_id],
            uses=frozenset(consent.uses),
            territories=span.countries,
            licensee_id=who[consent.licensee_id] if consent.licensee_id else None,
            active_from=span.begin,
            active_to=span.end,
            withdrawn_on=withdrawn_on if stance is Stance.LAPSED else None,
            event_ids=tuple(event.id for event in events),
            assets_from=assets_from,
            licensee_role=consent.licensee_role,
            model_id=consent.model_id,
            model_version_id=consent.model_version_id,
            barred=frozenset(consent.barred),
            approval_mode=consent.approval_mode,
            overrides=frozenset(override.reservation_id for override in consent.overrides.all()),
            until=span.end,
        )


def _reservation_terms(
    reservation: Reservation, on: date, known_at: datetime, who: Mapping[UUID, UUID]
) -> Iterable[ReservationTerm]:
    end = getattr(reservation, "end", None)
    lifted_on = end.effective_on if end and end.recorded_at <= known_at else None
    spans = standing.of_reservation(reservation.territories, reservation.active_from, reservation.active_to, lifted_on)
    if span := next((span for span in spans if span.holds_on(on)), None):
        yield ReservationTerm(
            id=reservation.id,
            party_id=who[reservation.holder_id],
            asset_id=reservation.asset_id,
            uses=frozenset(reservation.uses),
            territories=span.countries,
        )


def _license_terms(license_: License, on: date, licensee_id: UUID, used_up: frozenset[UUID]) -> Iterable[LicenseTerm]:
    course = [
        Happening(event.act, event.effective_on)
        for event in sorted(license_.events.all(), key=lambda event: event.position)
    ]
    spans = standing.of_license(license_.territories, license_.active_from, license_.active_to, course)
    if not spans:
        return
    stance, span = _that_holds(spans, on)
    yield LicenseTerm(
        id=license_.id,
        licensee_id=licensee_id,
        asset_ids=frozenset(_asset(line.asset_id) for line in license_.schedule.all()),
        uses=frozenset(license_.uses),
        territories=span.countries,
        active_from=span.begin,
        active_to=span.end,
        barred=frozenset(license_.barred),
        model_versions=frozenset(line.model_version_id for line in license_.model_versions.all()),
        has_lapsed=stance is Stance.LAPSED and span.holds_on(on),
        is_exhausted=license_.id in used_up,
        release_from=license_.release_from,
        release_to=license_.release_to,
        until=span.end,
    )


def _that_holds(spans: Sequence[tuple[Stance, Span]], on: date) -> tuple[Stance, Span]:
    """Return the stretch of a day, or the first one where the day lies in none."""
    return next(((stance, span) for stance, span in spans if span.holds_on(on)), spans[0])


def _asset(found: UUID | None) -> UUID:
    if found is None:  # a check constraint of each table says so
        raise AssertionError("a row is of one asset")
    return found
