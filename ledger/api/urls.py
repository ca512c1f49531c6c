"""Addresses of the API."""

from django.urls import path

from ledger.api import catalogue, licenses, licensing, log, preferences, submissions

urlpatterns = [
    path("parties", catalogue.Parties.as_view()),
    path("works", catalogue.Works.as_view()),
    path("recordings", catalogue.Recordings.as_view()),
    path("recordings/<uuid:id>", catalogue.RecordingDetail.as_view()),
    path("shares", catalogue.Shares.as_view()),
    path("consents", licensing.Consents.as_view()),
    path("consents/<uuid:id>/withdrawals", licensing.Withdrawals.as_view()),
    path("terms", licenses.Terms.as_view()),
    path("terms/<uuid:id>", licenses.TermsDetail.as_view()),
    path("licenses", licenses.Licenses.as_view()),
    path("licenses/<uuid:id>", licenses.LicenseDetail.as_view()),
    path("licenses/<uuid:id>/events", licenses.LicenseEvents.as_view()),
    path("mfn-triggers", licenses.MfnTriggers.as_view()),
    path("submissions", submissions.Submissions.as_view()),
    path("submissions/<uuid:id>", submissions.SubmissionDetail.as_view(), name="submission"),
    path("submissions/<uuid:id>/evidence", submissions.SubmissionEvidence.as_view()),
    path("submissions/<uuid:id>/file", submissions.SubmissionFile.as_view()),
    path("submissions/<uuid:id>/manifest", submissions.SubmissionManifest.as_view()),
    path("submissions/<uuid:id>/entries", submissions.SubmissionEntries.as_view()),
    path("submissions/<uuid:id>/pack", submissions.SubmissionPack.as_view()),
    path("preferences", preferences.Preferences.as_view()),
    path("recordings/<uuid:id>/preferences", preferences.RecordingPreferences.as_view()),
    path("log/key", log.LogKey.as_view()),
    path("log/checkpoint", log.LogCheckpoint.as_view()),
    path("log/entries/<int:index>", log.LogEntry.as_view()),
]
