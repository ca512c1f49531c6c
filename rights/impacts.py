"""
What rests on a consent when it ends: a read for the matrix of ``rights.effects``.

It names what may rest on it: outputs with its assets in them, in its period, places and uses, whether or not another
consent would carry them too. Whoever executes a withdrawal had better look once too often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from rights import term_limits
from rights.effects import Impact, TouchedDataset, TouchedLicense, TouchedOutput, TouchedVersion
from rights.merges import survivors
from rights.models import (
    Consent,
    DatasetMember,
    Decision,
    License,
    Lyrics,
    ModelVersion,
    PartyInRole,
    RecordingVoice,
    RecordingWork,
    Share,
    Stem,
    Submission,
    Voice,
)
from rights.parties import same_as
from rights.territories import covered
from rights.vocabulary import AssetKind, ConsentAct, LicenseAct, Outcome, Use

_VOICE_USES = frozenset({Use.VOICE_TRAIN.value, Use.VOICE_GENERATE.value, Use.VOICE_CONVERT.value})


@dataclass(frozen=True)
class _Assets:
    """The assets of a consent by kind, and the recordings in which they are."""

    by_kind: dict[AssetKind, frozenset[UUID]]
    recordings: frozenset[UUID]
    with_voice: frozenset[UUID]  # recordings in which a voice of the consent is heard

    @property
    def all(self) -> frozenset[UUID]:
        return frozenset().union(*self.by_kind.values())


def of(consent: Consent, *, act: ConsentAct, effective_on: date) -> Impact:
    """
    Return what rests on a consent that ends by an act on a day; payees are not known here.

    It does not look at models: submissions do not say which model made them.
    """
    assets = _assets(consent)
    outputs = _outputs(consent, assets)
    licenses = _licenses(consent, assets, effective_on)
    datasets = tuple(
        TouchedDataset(dataset, keeper)
        for dataset, keeper in DatasetMember.objects.filter(asset_id__in=assets.all)
        .values_list("dataset_id", "dataset__keeper_id")
        .distinct()
        .order_by("dataset_id")
    )
    versions = ModelVersion.objects.filter(
        Q(dataset__in=[one.dataset_id for one in datasets])
        | Q(training_licenses__license__in=[one.license_id for one in licenses])
    ).exclude(retirement__effective_on__lte=effective_on)
    return Impact(
        act=act,
        effective_on=effective_on,
        is_of_voice=bool(assets.by_kind.get(AssetKind.VOICE)) or bool(_VOICE_USES & set(consent.uses)),
        outputs=outputs,
        versions=tuple(
            TouchedVersion(id, provider, has_identity)
            for id, provider, has_identity in versions.values_list("pk", "model__provider_id", "has_identity_features")
            .distinct()
            .order_by("pk")
        ),
        datasets=datasets,
        licenses=licenses,
        territories=covered(consent.territories, effective_on),
    )


def _assets(consent: Consent) -> _Assets:
    found: dict[AssetKind, set[UUID]] = {kind: set() for kind in AssetKind}
    rows = [consent, *consent.assets.all()] if consent.is_list else [consent]
    for row in rows:
        for kind in AssetKind:
            if (id := getattr(row, f"{kind.value}_id")) is not None:
                found[kind].add(id)
    if consent.covers_future:
        same = same_as(consent.grantor_id)
        for kind in AssetKind:
            later = Share.objects.filter(
                party__in=same, **{f"{kind.value}__registered_at__gte": consent.recorded_at}
            ).values_list(f"{kind.value}_id", flat=True)
            found[kind] |= {id for id in later if id is not None}
        found[AssetKind.VOICE] |= set(
            Voice.objects.filter(person__in=same, registered_at__gte=consent.recorded_at).values_list("pk", flat=True)
        )
    works = found[AssetKind.WORK] | set(
        Lyrics.objects.filter(pk__in=found[AssetKind.LYRICS]).values_list("work_id", flat=True)
    )
    with_voice = set(
        RecordingVoice.objects.filter(voice__in=found[AssetKind.VOICE]).values_list("recording_id", flat=True)
    )
    recordings = (
        found[AssetKind.RECORDING]
        | with_voice
        | set(RecordingWork.objects.filter(work__in=works).values_list("recording_id", flat=True))
        | set(Stem.objects.filter(pk__in=found[AssetKind.STEM]).values_list("recording_id", flat=True))
    )
    return _Assets({kind: frozenset(ids) for kind, ids in found.items()}, frozenset(recordings), frozenset(with_voice))


def _outputs(consent: Consent, assets: _Assets) -> tuple[TouchedOutput, ...]:
    cleared = Submission.objects.filter(
        pk__in=Decision.objects.filter(
            outcome=Outcome.CLEARED, submission__ingredients__recording__in=assets.recordings
        ).values("submission"),
        uses__overlap=consent.uses,
        release_on__gte=consent.active_from,
    )
    if consent.active_to is not None:
        cleared = cleared.filter(release_on__lt=consent.active_to)
    rows = list(cleared.order_by("pk"))
    with_voice = set(
        Submission.objects.filter(
            pk__in=[row.pk for row in rows], ingredients__recording__in=assets.with_voice
        ).values_list("pk", flat=True)
    )
    licensees = _Licensees(consent, {row.submitter_id for row in rows})
    found = []
    for row in rows:
        where = covered(row.territories, row.release_on)
        if not where & covered(consent.territories, row.release_on):
            continue
        if not licensees.has(row.submitter_id, row.release_on):
            continue
        found.append(
            TouchedOutput(
                submission_id=row.pk,
                submitter_id=row.submitter_id,
                release_on=row.release_on,
                has_voice=row.pk in with_voice,
                revocable_in=where & term_limits.REVOCABLE,
            )
        )
    return tuple(found)


class _Licensees:
    """To whom a consent is given: to one, to all of a role, to anybody."""

    def __init__(self, consent: Consent, party_ids: set[UUID]) -> None:
        self.role = consent.licensee_role
        wanted = party_ids | ({consent.licensee_id} if consent.licensee_id else set())
        self.counts_as = survivors(wanted)
        self.only = self.counts_as[consent.licensee_id] if consent.licensee_id else None
        self.roles: list[PartyInRole] = []
        if self.role:
            ids = {one for party in wanted for one in same_as(party)}
            self.roles = list(PartyInRole.objects.filter(role=self.role, party__in=ids))
            self.counts_as |= survivors(ids)

    def has(self, party_id: UUID, day: date) -> bool:
        party = self.counts_as[party_id]
        if self.only is not None:
            return party == self.only
        if not self.role:
            return True
        return any(
            self.counts_as[row.party_id] == party
            and row.active_from <= day
            and (row.active_to is None or day < row.active_to)
            for row in self.roles
        )


def _licenses(consent: Consent, assets: _Assets, effective_on: date) -> tuple[TouchedLicense, ...]:
    rows = list(
        License.objects.filter(schedule__asset_id__in=assets.all, uses__overlap=consent.uses)
        .filter(Q(active_to__isnull=True) | Q(active_to__gt=effective_on))
        .exclude(events__act=LicenseAct.TERMINATED, events__effective_on__lte=effective_on)
        .distinct()
        .order_by("pk")
    )
    licensees = _Licensees(consent, {row.licensee_id for row in rows})
    found = []
    for row in rows:
        day = max(effective_on, row.active_from)
        if covered(row.territories, day) & covered(consent.territories, day) and licensees.has(row.licensee_id, day):
            found.append(TouchedLicense(row.pk, row.licensee_id))
    return tuple(found)
