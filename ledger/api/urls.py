"""Addresses of the API."""

from django.urls import path

from ledger.api import catalogue, exports, imports, licensing, log, submissions

urlpatterns = [
    path("parties", catalogue.Parties.as_view()),
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
    path("imports", imports.Imports.as_view()),
    path("imports/<uuid:id>", imports.ImportDetail.as_view(), name="import"),
    path("imports/<uuid:id>/dry-run", imports.ImportRehearsals.as_view()),
    path("imports/<uuid:id>/taking", imports.ImportTakings.as_view()),
    path("imports/<uuid:id>/problems", imports.ImportProblems.as_view()),
    path("imports/<uuid:id>/problems.csv", imports.ImportProblemsSheet.as_view()),
    path("imports/<uuid:id>/facts", imports.ImportFacts.as_view()),
    path("imports/<uuid:id>/answers", imports.ImportAnswers.as_view()),
    path("imports/<uuid:id>/reversals", imports.ImportReversals.as_view()),
    path("exports/cwr", exports.CwrFile.as_view()),
    path("exports/cwr/report", exports.CwrReport.as_view()),
    path("mappings", imports.Mappings.as_view()),
    path("mappings/<uuid:id>", imports.MappingDetail.as_view()),
    path("mappings/<uuid:id>/removal", imports.MappingRemoval.as_view()),
    path("log/key", log.LogKey.as_view()),
    path("log/checkpoint", log.LogCheckpoint.as_view()),
    path("log/entries/<int:index>", log.LogEntry.as_view()),
]
