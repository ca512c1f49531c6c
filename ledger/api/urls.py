"""Addresses of the API."""

from django.urls import path

from ledger.api import catalogue, consents, licensing, log, submissions

urlpatterns = [
    path("parties", catalogue.Parties.as_view()),
    path("works", catalogue.Works.as_view()),
    path("recordings", catalogue.Recordings.as_view()),
    path("recordings/<uuid:id>", catalogue.RecordingDetail.as_view()),
    path("shares", catalogue.Shares.as_view()),
    path("consents", consents.Consents.as_view()),
    path("consents/offers", consents.Offers.as_view()),
    path("consents/<uuid:id>", consents.ConsentDetail.as_view()),
    path("consents/<uuid:id>/events", consents.Events.as_view()),
    path("consents/<uuid:id>/amendments", consents.Amendments.as_view()),
    path("consents/<uuid:id>/withdrawals", consents.Withdrawals.as_view()),
    path("consents/<uuid:id>/withdrawal-preview", consents.WithdrawalPreview.as_view()),
    path("withdrawal-tasks", consents.WithdrawalTasks.as_view()),
    path("withdrawal-tasks/<uuid:id>/completions", consents.Completions.as_view()),
    path("reservations", consents.Reservations.as_view()),
    path("reservations/<uuid:id>/lifts", consents.Lifts.as_view()),
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
