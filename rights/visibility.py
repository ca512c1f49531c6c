"""
What a party may see: a question about rows, for every table, in one place.

A party sees what concerns it: what it registered, what it holds, agreed to, licensed, submitted or was asked, and who
else appears there. Each table has one function here that says so as a condition of SQL, out of subqueries: no list of
ids comes to Python, however many recordings a catalogue has. ``ledger.visibility`` adds the tables above this room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from rights.models import (
    Allowance,
    Appeal,
    AppealAnswer,
    AppealEvidence,
    Campaign,
    CampaignInvitation,
    Clearance,
    ClearanceAnswers,
    Conflict,
    ConflictClaim,
    ConflictEvent,
    Consent,
    ConsentAsset,
    ConsentEvent,
    ConsentEvidence,
    ConsentOverride,
    Contribution,
    ContributionAct,
    ContributionEvidence,
    ContributionRecord,
    Dataset,
    DatasetExclusion,
    DatasetMember,
    Decision,
    ExclusiveRight,
    Finding,
    Identifier,
    IdentifierFinding,
    Influence,
    InfluenceObjection,
    InfluenceWeight,
    Ingredient,
    License,
    LicenseAsset,
    LicenseEvent,
    LicenseModelVersion,
    LicenseStanding,
    Lyrics,
    MfnClause,
    ModelVersion,
    ModelVersionRetirement,
    NameToken,
    OutputFlag,
    Party,
    PartyContact,
    PartyIdentity,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    PermissionStanding,
    Protection,
    Recheck,
    RecheckFinding,
    Recording,
    RecordingAudio,
    RecordingDescription,
    RecordingVoice,
    RecordingWork,
    Release,
    ReleaseRecording,
    Representation,
    RepresentationEnd,
    Reservation,
    ReservationEnd,
    Review,
    Share,
    ShareEvent,
    ShareStanding,
    Stem,
    Submission,
    TermsVersion,
    TrainingLicense,
    TrainingStatement,
    Voice,
    VoiceEnrollment,
    VoiceEnrollmentEnd,
    VoiceTemplate,
    WithdrawalTask,
    WithdrawalTaskDone,
    Work,
)
from rights.models import Model as GenerativeModel

Ids = QuerySet[Any, Any]  # of one column
NOTHING = Q(pk__in=[])  # for nobody but the operator


@dataclass(frozen=True)
class Within:
    """What an auditor sees of an organization: only what concerns some parties too, and only of a period [from, to)."""

    engagement_id: UUID
    organization: frozenset[UUID]  # itself, and whom it represents
    parties: frozenset[UUID]  # none: whoever it concerns
    period_from: date | None
    period_to: date | None


@dataclass(frozen=True)
class Sight:
    """
    The parties through whose eyes somebody looks; None is the operator, who sees everything.

    What auditors see beside stands in ``within``, which ``ledger.visibility`` alone reads: whoever asks for the parties
    does not find an auditor's.
    """

    parties: frozenset[UUID] | None
    within: tuple[Within, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything is seen."""
        return self.parties is None

    @property
    def ids(self) -> list[UUID]:
        """The parties in a fixed order, so that the same question is the same SQL."""
        return sorted(self.parties or (), key=str)


EVERYTHING = Sight(None)


class NotCovered(Exception):
    """No rule says who sees this table: give it one before anybody does."""


def sight_of(organizations: Iterable[UUID], *, on: date) -> Sight:
    """
    Return what organizations see on a day: as themselves, and as whom they act for then.

    Parties that were merged are one: whoever sees the one sees what was recorded for the other.
    """
    own = _as_one(set(organizations))
    acting = Representation.objects.filter(agent__in=own, active_from__lte=on).filter(
        Q(active_to__isnull=True) | Q(active_to__gt=on), Q(end__isnull=True) | Q(end__effective_on__gt=on)
    )
    return Sight(frozenset(_as_one(own | set(acting.values_list("principal", flat=True)))))


def _as_one(parties: set[UUID]) -> set[UUID]:
    merges = PartyMerge.objects.filter(undo__isnull=True)
    upwards = set(merges.filter(duplicate__in=parties).values_list("survivor", flat=True))
    return parties | upwards | set(merges.filter(survivor__in=parties | upwards).values_list("duplicate", flat=True))


def seen(rows: QuerySet[Any, Any], sight: Sight, rules: Rules | None = None) -> QuerySet[Any, Any]:
    """
    Return those rows that are seen.

    :raises NotCovered: no rule says who sees this table
    """
    rule = (RULES if rules is None else rules).get(rows.model)
    if rule is None:
        raise NotCovered(f"no rule says who sees {rows.model._meta.label}")
    return rows if sight.is_whole else rows.filter(condition(rule, sight))


SIGHTS_KEPT = 4  # of a process, the latest: all that is said of one takes some 25 MB

Rule = Callable[[Sight], Q]
Rules = dict[type[Model], Rule]


def condition(rule: Rule, sight: Sight) -> Q:
    """
    Return what a rule says of a sight, put together once: of its subqueries, which are only asked by those that use it.

    A rule must therefore rest on nothing but the sight.
    """
    said = _said_of(sight)
    if (found := said.get(rule)) is None:
        found = said[rule] = rule(sight)
    return found


@lru_cache(maxsize=SIGHTS_KEPT)
def _said_of(sight: Sight) -> dict[Rule, Q]:  # noqa: ARG001 - what is kept is kept by it
    return {}


def any_of(*parts: Ids, column: str = "pk") -> Q:
    """Return the condition that a column has a value out of any of these subqueries."""
    first, *others = parts
    return Q(**{f"{column}__in": first.union(*others, all=True) if others else first})


def concerning(model: type[Any], sight: Sight, *columns: str) -> QuerySet[Any, Any]:
    """Return the rows of a table that name one of the parties in a column."""
    named = Q()
    for column in columns:
        named |= Q(**{f"{column}__in": sight.ids})
    return QuerySet(model).filter(named)


def _of(rows: QuerySet[Any, Any], column: str) -> Ids:
    """Return one column of rows, where it has a value."""
    return rows.filter(**{f"{column}__isnull": False}).values(column)


def through(column: str, model: type[Any]) -> Rule:
    """Return the rule of a table whose rows are seen by whoever sees what they belong to."""
    return lambda sight: Q(**{f"{column}__in": seen(QuerySet(model), sight).values("pk")})


# --- What names a party itself -------------------------------------------------------------------------------------


def _shares(sight: Sight) -> QuerySet[Share]:
    return concerning(Share, sight, "party", "registrar")


def _consents(sight: Sight) -> QuerySet[Consent]:
    return concerning(Consent, sight, "grantor", "actor", "licensee", "registrar")


def _licenses(sight: Sight) -> QuerySet[License]:
    return concerning(License, sight, "licensor", "licensee", "registrar")


def _reservations(sight: Sight) -> QuerySet[Reservation]:
    return concerning(Reservation, sight, "holder", "registrar")


def _representations(sight: Sight) -> QuerySet[Representation]:
    return concerning(Representation, sight, "principal", "agent", "registrar")


def _submissions(sight: Sight) -> QuerySet[Submission]:
    return concerning(Submission, sight, "submitter")


def _datasets(sight: Sight) -> QuerySet[Dataset]:
    return concerning(Dataset, sight, "keeper")


# --- Assets --------------------------------------------------------------------------------------------------------

ASSETS: dict[str, type[Model]] = {
    "recording": Recording,
    "work": Work,
    "voice": Voice,
    "stem": Stem,
    "lyrics": Lyrics,
}


def _near(kind: str, sight: Sight) -> list[Ids]:
    """Return the assets of a kind that a party has a hand in itself."""
    found = [
        concerning(ASSETS[kind], sight, "registrar").values("pk"),
        _of(_shares(sight), kind),
        _of(_consents(sight), kind),
        _of(ConsentAsset.objects.filter(consent__in=_consents(sight).values("pk")), kind),
        _of(LicenseAsset.objects.filter(license__in=_licenses(sight).values("pk")), kind),
        _of(_reservations(sight), kind),
        _of(DatasetMember.objects.filter(dataset__in=_datasets(sight).values("pk")), kind),
    ]
    if kind == "recording":
        found.append(Ingredient.objects.filter(submission__in=_submissions(sight).values("pk")).values("recording"))
    if kind == "voice":
        found.append(concerning(Voice, sight, "person").values("pk"))
    return found


def _recordings(sight: Sight) -> Q:
    # And what hangs together with it: a publisher sees the recordings of its works, a singer those with the voice.
    return any_of(
        *_near("recording", sight),
        RecordingWork.objects.filter(any_of(*_near("work", sight), column="work")).values("recording"),
        RecordingVoice.objects.filter(any_of(*_near("voice", sight), column="voice")).values("recording"),
        Stem.objects.filter(any_of(*_near("stem", sight))).values("recording"),
        ReleaseRecording.objects.filter(release__in=concerning(Release, sight, "registrar").values("pk")).values(
            "recording"
        ),
    )


def _works(sight: Sight) -> Q:
    return any_of(
        *_near("work", sight),
        RecordingWork.objects.filter(any_of(*_near("recording", sight), column="recording")).values("work"),
        Lyrics.objects.filter(any_of(*_near("lyrics", sight))).values("work"),
    )


def _voices(sight: Sight) -> Q:
    return any_of(
        *_near("voice", sight),
        RecordingVoice.objects.filter(any_of(*_near("recording", sight), column="recording")).values("voice"),
    )


def _enrollments(sight: Sight) -> Q:
    # What a person is recognized by concerns the person and whoever enrolled them, not everybody who sees the voice.
    return any_of(
        concerning(VoiceEnrollment, sight, "registrar").values("pk"),
        VoiceEnrollment.objects.filter(voice__in=concerning(Voice, sight, "person", "registrar").values("pk")).values(
            "pk"
        ),
    )


def _stems(sight: Sight) -> Q:
    return any_of(
        *_near("stem", sight),
        Stem.objects.filter(any_of(*_near("recording", sight), column="recording")).values("pk"),
    )


def _lyrics(sight: Sight) -> Q:
    return any_of(
        *_near("lyrics", sight),
        Lyrics.objects.filter(any_of(*_near("work", sight), column="work")).values("pk"),
    )


def _releases(sight: Sight) -> Q:
    return any_of(
        concerning(Release, sight, "registrar").values("pk"),
        ReleaseRecording.objects.filter(any_of(*_near("recording", sight), column="recording")).values("release"),
    )


def _models(sight: Sight) -> Q:
    versions = LicenseModelVersion.objects.filter(license__in=_licenses(sight).values("pk"))
    return any_of(
        concerning(GenerativeModel, sight, "provider", "registrar").values("pk"),
        _of(_consents(sight), "model"),
        _of(_consents(sight), "model_version__model"),
        versions.values("model_version__model"),
    )


def _model_versions(sight: Sight) -> Q:
    licensed = LicenseModelVersion.objects.filter(license__in=_licenses(sight).values("pk"))
    return any_of(
        ModelVersion.objects.filter(
            model__in=concerning(GenerativeModel, sight, "provider", "registrar").values("pk")
        ).values("pk"),
        _of(_consents(sight), "model_version"),
        licensed.values("model_version"),
        _of(concerning(Clearance, sight, "licensee", "asker"), "model_version"),
    )


def _dataset_members(sight: Sight) -> Q:
    return any_of(
        DatasetMember.objects.filter(dataset__in=_datasets(sight).values("pk")).values("pk"),
        DatasetMember.objects.filter(license__in=_licenses(sight).values("pk")).values("pk"),
    )


# --- Who holds what ------------------------------------------------------------------------------------------------


def _seen_shares(sight: Sight) -> Q:
    # Whoever holds a part sees who claims the others, and so does whoever registered the asset.
    return any_of(
        _shares(sight).values("pk"),
        Share.objects.filter(
            any_of(
                concerning(Share, sight, "party").values("asset_id"),
                *(concerning(asset, sight, "registrar").values("pk") for asset in ASSETS.values()),
                concerning(Voice, sight, "person").values("pk"),
                column="asset_id",
            )
        ).values("pk"),
    )


def _conflicts(sight: Sight) -> Q:
    return Q(pk__in=ConflictClaim.objects.filter(share__in=_shares(sight).values("pk")).values("conflict"))


# --- Outputs -------------------------------------------------------------------------------------------------------


# A finding names what it rests on in one array; opened up, it can be joined instead of being looked through for each.
_RESTS_ON_HELD = """
SELECT finding.id FROM rights_finding AS finding CROSS JOIN LATERAL unnest(finding.rests_on) AS named (id)
 WHERE named.id = ANY (%s) OR named.id IN (SELECT asset_id FROM rights_share WHERE party_id = ANY (%s))
"""


def _held_recordings(sight: Sight) -> list[Ids]:
    """Return the recordings in which a party holds a part: of the master, of a work in it, or by its voice."""
    held = concerning(Share, sight, "party")
    return [
        _of(held, "recording"),
        RecordingWork.objects.filter(work__in=_of(held, "work")).values("recording"),
        RecordingVoice.objects.filter(voice__in=concerning(Voice, sight, "person").values("pk")).values("recording"),
    ]


def _findings_about(sight: Sight) -> QuerySet[Finding]:
    """Return the findings that rest on a recording or a work in which a party holds a share."""
    return Finding.objects.filter(pk__in=RawSQL(_RESTS_ON_HELD, [sight.ids, sight.ids]))  # noqa: S611 - a text of ours


def submitted(sight: Sight) -> Q:
    """Return which outputs are somebody's own: their file, evidence and proof are for whoever submitted them."""
    return Q() if sight.is_whole else Q(submitter__in=sight.ids)


def _seen_submissions(sight: Sight) -> Q:
    return any_of(
        _submissions(sight).values("pk"),
        Ingredient.objects.filter(any_of(*_held_recordings(sight), column="recording")).values("submission"),
        _findings_about(sight).values("decision__submission"),
        concerning(Contribution, sight, "actor").values("submission"),
        concerning(ContributionAct, sight, "party").values("submission"),
        _of(concerning(WithdrawalTask, sight, "party"), "submission"),
    )


def _findings(sight: Sight) -> Q:
    # Another holder's trouble with the same output is not theirs to read.
    return any_of(
        Finding.objects.filter(decision__submission__in=_submissions(sight).values("pk")).values("pk"),
        _findings_about(sight).values("pk"),
    )


_FOUND_LATER_ON_HELD = _RESTS_ON_HELD.replace("rights_finding", "rights_recheckfinding")


def _later_findings_about(sight: Sight) -> QuerySet[RecheckFinding]:
    return RecheckFinding.objects.filter(pk__in=RawSQL(_FOUND_LATER_ON_HELD, [sight.ids, sight.ids]))  # noqa: S611 - a text of ours


def _of_decisions(column: str) -> Rule:
    """Return the rule of what people said about a decision: for its submitter, and for whoever a finding is about."""

    def rule(sight: Sight) -> Q:
        return any_of(
            Decision.objects.filter(submission__in=_submissions(sight).values("pk")).values("pk"),
            _findings_about(sight).values("decision"),
            column=column,
        )

    return rule


def _allowances(sight: Sight) -> Q:
    held = Recording.objects.filter(any_of(*_held_recordings(sight))).values("pk")
    return any_of(
        concerning(Allowance, sight, "submitter").values("pk"),
        Allowance.objects.filter(reference__recordings__in=held).values("pk"),
        Allowance.objects.filter(reference__deliveries__recording__in=held).values("pk"),
    )


def _rechecks(sight: Sight) -> Q:
    return any_of(
        Recheck.objects.filter(decision__submission__in=_submissions(sight).values("pk")).values("pk"),
        _later_findings_about(sight).values("recheck"),
    )


def _recheck_findings(sight: Sight) -> Q:
    return any_of(
        RecheckFinding.objects.filter(recheck__decision__submission__in=_submissions(sight).values("pk")).values("pk"),
        _later_findings_about(sight).values("pk"),
    )


def _own_influences(sight: Sight) -> QuerySet[Influence]:
    """Return the reports about somebody's own outputs, and those that are theirs."""
    return Influence.objects.filter(
        Q(submission__in=_submissions(sight).values("pk")) | Q(provider__in=sight.ids) | Q(stated_by__in=sight.ids)
    )


def _weights_held(sight: Sight) -> list[Ids]:
    held = concerning(Share, sight, "party")
    return [
        *(InfluenceWeight.objects.filter(**{f"{kind}__in": _of(held, kind)}).values("pk") for kind in ASSETS),
        InfluenceWeight.objects.filter(voice__in=concerning(Voice, sight, "person").values("pk")).values("pk"),
    ]


def _influence_weights(sight: Sight) -> Q:
    # What somebody else's asset is said to weigh is not theirs to read.
    own = InfluenceWeight.objects.filter(influence__in=_own_influences(sight).values("pk")).values("pk")
    return any_of(own, *_weights_held(sight))


def _influences(sight: Sight) -> Q:
    weighed = InfluenceWeight.objects.filter(any_of(*_weights_held(sight))).values("influence")
    return any_of(
        _own_influences(sight).values("pk"),
        weighed,
        concerning(InfluenceObjection, sight, "party").values("influence"),
    )


def _ingredients(sight: Sight) -> Q:
    return any_of(
        Ingredient.objects.filter(submission__in=_submissions(sight).values("pk")).values("pk"),
        Ingredient.objects.filter(any_of(*_held_recordings(sight), column="recording")).values("pk"),
    )


def _contributions(sight: Sight) -> Q:
    return any_of(
        Contribution.objects.filter(submission__in=_submissions(sight).values("pk")).values("pk"),
        concerning(Contribution, sight, "actor").values("pk"),
        # And whoever did something to a component, what the same record says about it.
        Contribution.objects.filter(record__acts__party__in=sight.ids, record__acts__component=F("component")).values(
            "pk"
        ),
        Contribution.objects.filter(
            record__isnull=True,
            submission__contribution_acts__record__isnull=True,
            submission__contribution_acts__party__in=sight.ids,
            submission__contribution_acts__component=F("component"),
        ).values("pk"),
    )


def _contribution_records(sight: Sight) -> Q:
    return any_of(
        ContributionRecord.objects.filter(submission__in=_submissions(sight).values("pk")).values("pk"),
        _of(concerning(ContributionAct, sight, "party"), "record"),
        _of(concerning(Contribution, sight, "actor"), "record"),
    )


def _contribution_acts(sight: Sight) -> Q:
    return Q(submission__in=_submissions(sight).values("pk")) | Q(party__in=sight.ids)


def _of_own_outputs(sight: Sight) -> Q:
    return Q(submission__in=_submissions(sight).values("pk"))


# --- Agreements and what became of them ----------------------------------------------------------------------------


def _terms(sight: Sight) -> Q:
    return any_of(
        concerning(TermsVersion, sight, "registrar").values("pk"),
        _of(_consents(sight), "terms"),
        _of(_licenses(sight), "terms"),
        Campaign.objects.filter(_campaigns(sight)).values("terms"),
    )


def _campaigns(sight: Sight) -> Q:
    return any_of(
        concerning(Campaign, sight, "organization").values("pk"),
        concerning(CampaignInvitation, sight, "party").values("campaign"),
    )


def _invitations(sight: Sight) -> Q:
    return any_of(
        concerning(CampaignInvitation, sight, "party").values("pk"),
        CampaignInvitation.objects.filter(campaign__in=concerning(Campaign, sight, "organization").values("pk")).values(
            "pk"
        ),
    )


def _tasks(sight: Sight) -> Q:
    return any_of(
        concerning(WithdrawalTask, sight, "party").values("pk"),
        WithdrawalTask.objects.filter(event__consent__in=_consents(sight).values("pk")).values("pk"),
        WithdrawalTask.objects.filter(license__in=_licenses(sight).values("pk")).values("pk"),
        WithdrawalTask.objects.filter(submission__in=_submissions(sight).values("pk")).values("pk"),
    )


# --- Parties -------------------------------------------------------------------------------------------------------


def _parties(sight: Sight) -> Q:
    """Themselves, whom they registered, and who appears in what they see."""
    consents, licenses = _consents(sight), _licenses(sight)
    return any_of(
        *(Party.objects.filter(own).values("pk") for own in (Q(pk__in=sight.ids), Q(registrar__in=sight.ids))),
        Share.objects.filter(_seen_shares(sight)).values("party"),
        *(_of(consents, column) for column in ("grantor", "actor", "licensee")),
        ConsentEvent.objects.filter(consent__in=consents.values("pk")).values("actor"),
        *(licenses.values(column) for column in ("licensor", "licensee")),
        LicenseEvent.objects.filter(license__in=licenses.values("pk")).values("actor"),
        *(_representations(sight).values(column) for column in ("principal", "agent")),
        _reservations(sight).values("holder"),
        Voice.objects.filter(_voices(sight)).values("person"),
        GenerativeModel.objects.filter(_models(sight)).values("provider"),
        Dataset.objects.filter(_datasets_seen(sight)).values("keeper"),
        Submission.objects.filter(_seen_submissions(sight)).values("submitter"),
        _of(Contribution.objects.filter(_contributions(sight)), "actor"),
        ContributionAct.objects.filter(submission__in=_submissions(sight).values("pk")).values("party"),
        ConflictEvent.objects.filter(conflict__in=Conflict.objects.filter(_conflicts(sight)).values("pk")).values(
            "author"
        ),
        Campaign.objects.filter(_campaigns(sight)).values("organization"),
        CampaignInvitation.objects.filter(_invitations(sight)).values("party"),
        _of(WithdrawalTask.objects.filter(_tasks(sight)), "party"),
        *(_of(concerning(Clearance, sight, "licensee", "asker"), column) for column in ("licensee", "asker")),
    )


def _datasets_seen(sight: Sight) -> Q:
    return any_of(
        _datasets(sight).values("pk"),
        DatasetMember.objects.filter(license__in=_licenses(sight).values("pk")).values("dataset"),
    )


def _own_people(column: str) -> Rule:
    """Return the rule of what is nobody's business but a party's own and its registrar's."""

    def rule(sight: Sight) -> Q:
        return any_of(
            *(Party.objects.filter(own).values("pk") for own in (Q(pk__in=sight.ids), Q(registrar__in=sight.ids))),
            column=column,
        )

    return rule


def _identifiers(sight: Sight) -> Q:
    return any_of(
        *(
            Identifier.objects.filter(**{f"{of}__in": seen(QuerySet(model), sight).values("pk")}).values("pk")
            for of, model in (("party", Party), ("work", Work), ("recording", Recording), ("release", Release))
        )
    )


def _rows_of(find: Callable[[Sight], QuerySet[Any, Any]]) -> Rule:
    return lambda sight: Q(pk__in=find(sight).values("pk"))


def _by_either(first: tuple[str, type[Any]], second: tuple[str, type[Any]]) -> Rule:
    def rule(sight: Sight) -> Q:
        return through(*first)(sight) | through(*second)(sight)

    return rule


def _by_both(first: tuple[str, type[Any]], second: tuple[str, type[Any]]) -> Rule:
    def rule(sight: Sight) -> Q:
        return through(*first)(sight) & through(*second)(sight)

    return rule


def _merges(sight: Sight) -> Q:
    ids = sight.ids
    return Q(duplicate__in=ids) | Q(survivor__in=ids) | Q(duplicate__registrar__in=ids, survivor__registrar__in=ids)


# Table → who sees its rows. A table that is missing is refused, and a test walks the models.
RULES: Rules = {
    Party: _parties,
    PartyIdentity: through("party", Party),
    PartyName: through("party", Party),
    PartyInRole: through("party", Party),
    PartyContact: _own_people("party"),
    Protection: _own_people("party"),
    NameToken: lambda _: NOTHING,
    PartyMerge: _merges,
    PartyMergeUndo: through("merge", PartyMerge),
    Representation: _rows_of(_representations),
    RepresentationEnd: through("representation", Representation),
    Identifier: _identifiers,
    IdentifierFinding: through("identifier", Identifier),
    Work: _works,
    Recording: _recordings,
    RecordingWork: _by_both(("recording", Recording), ("work", Work)),
    Release: _releases,
    ReleaseRecording: _by_both(("release", Release), ("recording", Recording)),
    Voice: _voices,
    RecordingAudio: through("recording", Recording),
    RecordingVoice: _by_both(("recording", Recording), ("voice", Voice)),
    VoiceEnrollment: _enrollments,
    VoiceEnrollmentEnd: through("enrollment", VoiceEnrollment),
    VoiceTemplate: lambda _: NOTHING,  # read by the examination alone, and shown to nobody
    Stem: _stems,
    Lyrics: _lyrics,
    GenerativeModel: _models,
    ModelVersion: _model_versions,
    ModelVersionRetirement: through("model_version", ModelVersion),
    TrainingLicense: through("license", License),
    Dataset: _datasets_seen,
    DatasetMember: _dataset_members,
    DatasetExclusion: lambda sight: Q(dataset__in=_datasets(sight).values("pk")),  # its keeper's business
    RecordingDescription: through("recording", Recording),
    TrainingStatement: through("model_version", ModelVersion),
    Share: _seen_shares,
    ShareEvent: through("share", Share),
    Conflict: _conflicts,
    ConflictClaim: through("conflict", Conflict),
    ConflictEvent: through("conflict", Conflict),
    TermsVersion: _terms,
    Consent: _rows_of(_consents),
    ConsentAsset: through("consent", Consent),
    ConsentEvent: through("consent", Consent),
    ConsentEvidence: through("consent", Consent),
    ConsentOverride: through("consent", Consent),
    Reservation: _rows_of(_reservations),
    ReservationEnd: through("reservation", Reservation),
    WithdrawalTask: _tasks,
    WithdrawalTaskDone: through("task", WithdrawalTask),
    Campaign: _campaigns,
    CampaignInvitation: _invitations,
    License: _rows_of(_licenses),
    LicenseAsset: through("license", License),
    LicenseModelVersion: through("license", License),
    LicenseEvent: through("license", License),
    MfnClause: through("license", License),
    Submission: _seen_submissions,
    Ingredient: _ingredients,
    Contribution: _contributions,
    ContributionRecord: _contribution_records,
    ContributionAct: _contribution_acts,
    ContributionEvidence: _of_own_outputs,
    Decision: through("submission", Submission),
    Finding: _findings,
    OutputFlag: through("submission", Submission),
    Review: _of_decisions("decision"),
    Appeal: _of_decisions("decision"),
    AppealEvidence: through("appeal", Appeal),
    AppealAnswer: through("appeal", Appeal),
    Allowance: _allowances,
    Recheck: _rechecks,
    RecheckFinding: _recheck_findings,
    Influence: _influences,
    InfluenceWeight: _influence_weights,
    InfluenceObjection: through("influence", Influence),
    Clearance: lambda sight: Q(licensee__in=sight.ids) | Q(asker__in=sight.ids),
    ClearanceAnswers: through("clearance", Clearance),
    ShareStanding: through("share", Share),
    PermissionStanding: _by_either(("consent", Consent), ("reservation", Reservation)),
    LicenseStanding: through("license", License),
    ExclusiveRight: through("license", License),
}
