"""Addresses of the reports. They carry ids only: no name ever stands in an address or in a server's log."""

from django.urls import path

from ledger.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.outputs, name="outputs"),
    path("submissions/<uuid:id>", views.submission, name="submission"),
    path("submissions/<uuid:id>/pack", views.pack, name="pack"),
    path("submissions/<uuid:id>/matches/<int:position>/<str:side>.wav", views.segment, name="segment"),
    path("entries/<uuid:id>/receipt.txt", views.receipt, name="receipt"),
    path("entries/<uuid:id>/entry.json", views.entry, name="entry"),
]
