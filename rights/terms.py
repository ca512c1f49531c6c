"""What held on a date: reads of shares, consents, reservations and licenses, as values for the policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, F, Func, Model, Prefetch, Q, QuerySet, UUIDField

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
    Ingredient,
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

Row = TypeVar("Row", bound=Model)


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
    materials = materials_on_record(Q(pk__in=wanted) | heard_as(references), known_at=known_at)
    enrolled = voices_of(enrollments, known_at=known_at)
    assets = {asset.id for material in materials for asset in material.sides} | {one.voice.id for one in enrolled}
    held = about(assets, on=day, licensee_id=claim.licensee_id, known_at=known_at, materials=materials)
    allowances = allowances_of(claim.licensee_id, references, known_at=known_at)
    return replace(held, voices=enrolled, allowances=allowances)


def materials_on_record(which: Q, *, known_at: datetime) -> tuple[Material, ...]:
    """Return recordings with their works and voices, as far as they were recorded by ``known_at``."""
    links = RecordingWork.objects.filter(recorded_at__lte=known_at).select_related("work")
    voices = RecordingVoice.objects.filter(recorded_at__lte=known_at).select_related("voice")
    delivered = RecordingAudio.objects.filter(recorded_at__lte=known_at).select_related("reference")
    recordings = (
        Recording.objects.filter(which, registered_at__lte=known_at)
        .select_related("reference")
        .prefetch_related(
            Prefetch("work_links", queryset=links),
            Prefetch("voice_links", queryset=voices),
            Prefetch("deliveries", queryset=delivered),
        )
    )
    return material_of(recordings)


def on_release(claims: Sequence[Claim], *, known_at: datetime) -> list[Terms]:
    """
    Return, for each of some claims, what held on its release day about what it declares; read together.

    It is what `on` says without references: for questions about many outputs, and not for a decision.
    """
    wanted = {ingredient.recording_id for claim in claims for ingredient in claim.ingredients}
    by_id = {one.recording.id: one for one in materials_on_record(Q(pk__in=wanted), known_at=known_at)}
    known = on_record(
        {asset.id for material in by_id.values() for asset in material.sides},
        licensees={claim.licensee_id for claim in claims},
        known_at=known_at,
    )
    found = []
    for claim in claims:
        named = sorted({one.recording_id for one in claim.ingredients} & by_id.keys(), key=str)
        materials = tuple(by_id[id_] for id_ in named)
        assets = {asset.id for material in materials for asset in material.sides}
        held = known.on(claim.release_on, assets=assets, licensee_id=claim.licensee_id, materials=materials)
        found.append(held)
    return found


def declared_by(submissions: Sequence[Submission], *, known_at: datetime) -> list[Claim]:
    """Return what submissions declare that they use and want; who made them is left out."""
    who = survivors({one.submitter_id for one in submissions}, known_at=known_at)
    used: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Ingredient.objects.filter(submission__in=[one.pk for one in submissions]).order_by("recording_id")
    for submission_id, recording_id in rows.values_list("submission_id", "recording_id"):
        used[submission_id].append(recording_id)
    return [
        Claim(
            submission_id=one.id,
            licensee_id=who[one.submitter_id],
            title=one.title,
            uses=frozenset(one.uses),
            territories=expand(one.territories, one.release_on),
            release_on=one.release_on,
            purposes=frozenset(one.purposes),
            model_id=one.model_version.model_id if one.model_version else None,
            model_version_id=one.model_version_id,
            ingredients=tuple(DeclaredIngredient(recording_id) for recording_id in used[one.id]),
            contributions=(),
        )
        for one in submissions
    ]


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
    return _in_role(rows, on)


def _in_role(rows: Iterable[PartyInRole], on: date) -> frozenset[str]:
    return frozenset(
        row.role for row in rows if row.active_from <= on and (row.active_to is None or row.active_to > on)
    )


def duplicates_of(party_id: UUID, known_at: datetime) -> set[UUID]:
    """Return a party and whatever counts as it."""
    return duplicates_of_each({party_id}, known_at)[party_id]


def duplicates_of_each(party_ids: Iterable[UUID], known_at: datetime) -> dict[UUID, set[UUID]]:
    """Return each party with whatever else counts as it."""
    found = {party_id: {party_id} for party_id in party_ids}
    merges = list(PartyMerge.objects.filter(survivor__in=found).values_list("duplicate_id", "survivor_id"))
    merged = survivors((duplicate for duplicate, _ in merges), known_at=known_at)
    for duplicate, into in merges:
        if merged[duplicate] == into:
            found[into].add(duplicate)
    return found


def about(
    assets: Iterable[UUID],
    *,
    on: date,
    licensee_id: UUID,
    known_at: datetime,
    materials: tuple[Material, ...] = (),
) -> Terms:
    """Return what held about assets on a day, for a licensee, as far as it was recorded by ``known_at``."""
    known = on_record(assets, licensees={licensee_id}, known_at=known_at)
    return known.on(on, assets=assets, licensee_id=licensee_id, materials=materials)


@dataclass(frozen=True)
class OnRecord:
    """What is on record about assets and licensees, read once, to be asked for any of them and any day."""

    known_at: datetime
    shares: Mapping[UUID | None, Sequence[Share]]  # by asset
    consents: Mapping[UUID | None, Sequence[Consent]]  # by asset; under None those that cover what is to come
    reservations: Mapping[UUID | None, Sequence[Reservation]]  # by asset; under None those of everything
    licenses: Mapping[UUID | None, Sequence[License]]  # by asset
    roles: Mapping[UUID, Sequence[PartyInRole]]  # by party
    duplicates: Mapping[UUID, set[UUID]]
    held_as: Mapping[UUID, UUID]
    who: Mapping[UUID, UUID]
    used_up: frozenset[UUID]

    def on(
        self, day: date, *, assets: Iterable[UUID], licensee_id: UUID, materials: tuple[Material, ...] = ()
    ) -> Terms:
        """Return what held on a day about some of the assets, for one of the licensees."""
        wanted = set(assets)
        shares = _among(self.shares, wanted)
        holders = {one for share in shares for one in self.duplicates[self.held_as[share.party_id]]}
        licensees = self.duplicates[licensee_id]
        consents = [one for one in _among(self.consents, {*wanted, None}) if one.grantor_id in holders]
        reservations = [one for one in _among(self.reservations, {*wanted, None}) if one.holder_id in holders]
        licenses = [one for one in _among(self.licenses, wanted) if one.licensee_id in licensees]
        return Terms(
            on=day,
            materials=materials,
            shares=tuple(term for share in shares for term in _share_terms(share, day, self.held_as)),
            consents=tuple(term for consent in consents for term in _consent_terms(consent, day, self.who)),
            licenses=tuple(term for one in licenses for term in _license_terms(one, day, licensee_id, self.used_up)),
            reservations=tuple(
                term for one in reservations for term in _reservation_terms(one, day, self.known_at, self.who)
            ),
            licensee_roles=_in_role((row for one in licensees for row in self.roles.get(one, ())), day),
        )


def on_record(assets: Iterable[UUID], *, licensees: Iterable[UUID], known_at: datetime) -> OnRecord:
    """Return what is on record about assets, for some licensees, as far as it was recorded by ``known_at``."""
    wanted, asking = set(assets), set(licensees)
    shares = list(
        Share.objects.filter(asset_id__in=wanted, basis=Basis.OWNERSHIP, recorded_at__lte=known_at)
        .prefetch_related(_known("events", ShareEvent, known_at))
        .order_by("id")
    )
    held_as = survivors({share.party_id for share in shares}, known_at=known_at)
    duplicates = duplicates_of_each({*held_as.values(), *asking}, known_at)
    holders = {one for holder in set(held_as.values()) for one in duplicates[holder]}
    consents = _consents_about(wanted, holders, known_at)
    reservations = list(
        Reservation.objects.filter(
            Q(asset_id__in=wanted) | Q(asset_id__isnull=True), holder__in=holders, recorded_at__lte=known_at
        )
        .select_related("end")
        .order_by("id")
    )
    licensed_to = {one for licensee in asking for one in duplicates[licensee]}
    schedule = LicenseAsset.objects.filter(asset_id__in=wanted)
    licenses = list(
        License.objects.filter(schedule__asset_id__in=wanted, licensee__in=licensed_to, recorded_at__lte=known_at)
        .distinct()
        .prefetch_related(
            _known("events", LicenseEvent, known_at), "model_versions", Prefetch("schedule", queryset=schedule)
        )
        .order_by("id")
    )
    roles: dict[UUID, list[PartyInRole]] = defaultdict(list)
    for row in PartyInRole.objects.filter(party__in=licensed_to, recorded_at__lte=known_at):
        roles[row.party_id].append(row)
    parties = {*holders, *(consent.licensee_id for consent in consents if consent.licensee_id), *asking}
    return OnRecord(
        known_at=known_at,
        shares=_by(shares, lambda one: [one.asset_id]),
        consents=_by(consents, _reached),
        reservations=_by(reservations, lambda one: [one.asset_id]),
        licenses=_by(licenses, lambda one: [line.asset_id for line in one.schedule.all()]),
        roles=roles,
        duplicates=duplicates,
        held_as=held_as,
        who=survivors(parties, known_at=known_at),
        used_up=exhausted(licenses, known_at=known_at),
    )


def _reached(consent: Consent) -> list[UUID | None]:
    named = [consent.asset_id, *(line.asset_id for line in consent.assets.all())]
    return [*(asset_id for asset_id in named if asset_id is not None), *([None] if consent.covers_future else [])]


def _by(rows: Iterable[Row], of: Callable[[Row], Iterable[UUID | None]]) -> Mapping[UUID | None, list[Row]]:
    found: dict[UUID | None, list[Row]] = defaultdict(list)
    for row in rows:
        for asset_id in of(row):
            found[asset_id].append(row)
    return found


def _among(rows: Mapping[UUID | None, Sequence[Row]], wanted: Iterable[UUID | None]) -> list[Row]:
    """Return the rows of these assets, each once, in the order of their ids."""
    found = {row.pk: row for one in wanted for row in rows.get(one, ())}
    return [found[id_] for id_ in sorted(found)]


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
    limits = {one.id: one.max_outputs for one in licenses if one.max_outputs is not None}
    if not limits:
        return frozenset()
    cleared = Decision.objects.filter(
        licenses__overlap=list(limits), outcome=Outcome.CLEARED, decided_at__lte=known_at
    ).annotate(one=Func(F("licenses"), function="unnest", output_field=UUIDField()))
    counts = dict(cleared.values("one").annotate(n=Count("pk")).values_list("one", "n").order_by())
    return frozenset(id_ for id_, most in limits.items() if counts.get(id_, 0) >= most)


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
