"""Addresses of the reports. They carry ids only: no name ever stands in an address or in a server's log."""

from django.urls import path

from ledger.reports import completeness, sounds, statements, training, views

app_name = "reports"
_MATCH = "submissions/<uuid:id>/matches/<int:position>"
urlpatterns = [
    path("", views.outputs, name="outputs"),
    path("error-rates", views.how_often_wrong, name="error-rates"),
    path("error-rates.csv", views.how_often_wrong_csv, name="error-rates-csv"),
    path("coverage", completeness.coverage, name="coverage"),
    path("coverage.csv", completeness.coverage_csv, name="coverage-csv"),
    path("streams", completeness.streams, name="streams"),
    path("streams.csv", completeness.streams_csv, name="streams-csv"),
    path("streams.json", completeness.streams_json, name="streams-json"),
    path("submissions/<uuid:id>", views.submission, name="submission"),
    path("submissions/<uuid:id>/pack", views.pack, name="pack"),
    path("submissions/<uuid:id>/certificate", views.certificate, name="certificate"),
    path("submissions/<uuid:id>/outline.json", sounds.outline, name="outline"),
    path("submissions/<uuid:id>/whole.wav", sounds.whole, name="whole"),
    path("submissions/<uuid:id>/ingredients/<uuid:recording>.wav", sounds.ingredient, name="ingredient"),
    path("submissions/<uuid:id>/ingredients/<uuid:recording>.png", sounds.likeness, name="likeness"),
    path(f"{_MATCH}/outline.json", sounds.reference_outline, name="reference-outline"),
    path(f"{_MATCH}/similarity.png", sounds.similarity, name="similarity"),
    path(f"{_MATCH}/notes.png", sounds.notes, name="notes"),
    path(f"{_MATCH}/melodies.json", sounds.melodies, name="melodies"),
    path(f"{_MATCH}/picture.svg", sounds.picture, name="picture"),
    path(f"{_MATCH}/<str:side>.wav", sounds.excerpt, name="segment"),
    path(f"{_MATCH}/<str:side>.json", sounds.part_outline, name="part-outline"),
    path(f"{_MATCH}/<str:side>.png", sounds.spectrogram, name="spectrogram"),
    path("statements", statements.statements, name="statements"),
    path("statements/<uuid:id>", statements.statement, name="statement"),
    path("statements/<uuid:id>/lines/<int:partition>.<int:number>", statements.line, name="statement-line"),
    path("statements/<uuid:id>.pdf", statements.pdf, name="statement-pdf"),
    path("statements/<uuid:id>.csv", statements.sheet, name="statement-csv"),
    path("statements/<uuid:id>/proof.json", statements.proof, name="statement-proof"),
    path("statements/<uuid:id>/objection", statements.object_to, name="statement-object"),
    path("objections/<uuid:id>/answer", statements.answer, name="objection-answer"),
    path("model-versions", training.versions, name="training-list"),
    path("model-versions/<uuid:id>", training.version, name="training"),
    path("model-versions/<uuid:id>/summary", training.template, name="training-template"),
    path("model-versions/<uuid:id>/summary.pdf", training.pdf, name="training-pdf"),
    path("model-versions/<uuid:id>/members.csv", training.members, name="training-members"),
    path("model-versions/<uuid:id>/coverage.csv", training.covered, name="training-coverage"),
    path("index", training.index, name="index"),
    path("index.csv", training.index_csv, name="index-csv"),
    path("entries/<uuid:id>/receipt.txt", views.receipt, name="receipt"),
    path("entries/<uuid:id>/entry.json", views.entry, name="entry"),
]
