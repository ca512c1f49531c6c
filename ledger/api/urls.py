"""Addresses of the API."""

from django.urls import path

from ledger.api import catalogue, licensing, log, parties, submissions

urlpatterns = [
    path("works", catalogue.Works.as_view()),
    path("recordings", catalogue.Recordings.as_view()),
    path("recordings/<uuid:id>", catalogue.RecordingDetail.as_view()),
    path("shares", catalogue.Shares.as_view()),
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
    # Parties.
    path("parties", parties.Parties.as_view()),
    path("parties/<uuid:id>", parties.PartyDetail.as_view()),
    path("parties/<uuid:id>/names", parties.PartyNames.as_view()),
    path("parties/<uuid:id>/roles", parties.PartyRoles.as_view()),
    path("parties/<uuid:id>/identifiers", parties.PartyIdentifiers.as_view()),
    path("parties/<uuid:id>/representations", parties.Representations.as_view()),
    path("parties/<uuid:id>/protections", parties.Protections.as_view()),
    path("parties/<uuid:id>/merge-preview", parties.MergePreview.as_view()),
    path("parties/<uuid:id>/export", parties.PartyExport.as_view()),
    path("representations/<uuid:id>/ends", parties.RepresentationEnds.as_view()),
    path("works/<uuid:id>/identifiers", parties.WorkIdentifiers.as_view()),
    path("recordings/<uuid:id>/identifiers", parties.RecordingIdentifiers.as_view()),
    path("releases/<uuid:id>/identifiers", parties.ReleaseIdentifiers.as_view()),
    path("identifiers/<uuid:id>/findings", parties.IdentifierFindings.as_view()),
    path("party-merges", parties.PartyMerges.as_view()),
    path("party-merges/<uuid:id>/undos", parties.PartyMergeUndos.as_view()),
    path("erasure-requests", parties.ErasureRequests.as_view()),
    path("erasure-requests/<uuid:id>", parties.ErasureRequestDetail.as_view()),
]
