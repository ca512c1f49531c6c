"""Addresses of the API."""

from django.urls import path

from ledger.api import assets, catalogue, licensing, log, shares, submissions
from rights.vocabulary import AssetKind

urlpatterns = [
    path("parties", catalogue.Parties.as_view()),
    # Assets and shares
    path("works", assets.Works.as_view()),
    path("works/<uuid:id>", assets.WorkDetail.as_view()),
    path("works/<uuid:id>/position", shares.position_of(AssetKind.WORK).as_view()),
    path("recordings", assets.Recordings.as_view()),
    path("recordings/<uuid:id>", assets.RecordingDetail.as_view()),
    path("recordings/<uuid:id>/works", assets.RecordingWorks.as_view()),
    path("recordings/<uuid:id>/voices", assets.RecordingVoices.as_view()),
    path("recordings/<uuid:id>/position", shares.position_of(AssetKind.RECORDING).as_view()),
    path("releases", assets.Releases.as_view()),
    path("releases/<uuid:id>", assets.ReleaseDetail.as_view()),
    path("voices", assets.Voices.as_view()),
    path("voices/<uuid:id>/position", shares.position_of(AssetKind.VOICE).as_view()),
    path("stems", assets.Stems.as_view()),
    path("stems/<uuid:id>/position", shares.position_of(AssetKind.STEM).as_view()),
    path("lyrics", assets.AllLyrics.as_view()),
    path("lyrics/<uuid:id>/position", shares.position_of(AssetKind.LYRICS).as_view()),
    path("datasets", assets.Datasets.as_view()),
    path("datasets/<uuid:id>", assets.DatasetDetail.as_view()),
    path("datasets/<uuid:id>/members", assets.DatasetMembers.as_view()),
    path("models", assets.Models.as_view()),
    path("models/<uuid:id>/versions", assets.ModelVersions.as_view()),
    path("models/<uuid:id>/versions/<uuid:version_id>/retirements", assets.ModelVersionRetirements.as_view()),
    path("shares", shares.Shares.as_view()),
    path("shares/<uuid:id>", shares.ShareDetail.as_view()),
    path("shares/<uuid:id>/events", shares.ShareEvents.as_view()),
    path("conflicts", shares.Conflicts.as_view()),
    path("conflicts/<uuid:id>", shares.ConflictDetail.as_view()),
    path("conflicts/<uuid:id>/events", shares.ConflictEvents.as_view()),
    path("consents", licensing.Consents.as_view()),
    path("consents/<uuid:id>/withdrawals", licensing.Withdrawals.as_view()),
    path("licenses", licensing.Licenses.as_view()),
    path("submissions", submissions.Submissions.as_view()),
    path("submissions/<uuid:id>", submissions.SubmissionDetail.as_view(), name="submission"),
    path("submissions/<uuid:id>/evidence", submissions.SubmissionEvidence.as_view()),
    path("submissions/<uuid:id>/file", submissions.SubmissionFile.as_view()),
    path("submissions/<uuid:id>/manifest", submissions.SubmissionManifest.as_view()),
    path("submissions/<uuid:id>/entries", submissions.SubmissionEntries.as_view()),
    path("submissions/<uuid:id>/pack", submissions.SubmissionPack.as_view()),
    path("log/key", log.LogKey.as_view()),
    path("log/checkpoint", log.LogCheckpoint.as_view()),
    path("log/entries/<int:index>", log.LogEntry.as_view()),
]
