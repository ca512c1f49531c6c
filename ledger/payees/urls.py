"""Addresses of payees' pages. Each carries a secret and ids, so nothing of the secret goes into a log file."""

from django.urls import path

from ledger.payees import views

app_name = "payees"
_STATEMENT = "<str:secret>/statements/<uuid:id>"
urlpatterns = [
    path("<str:secret>", views.home, name="home"),
    path(_STATEMENT, views.statement, name="statement"),
    path(f"{_STATEMENT}.pdf", views.pdf, name="pdf"),
    path(f"{_STATEMENT}.csv", views.sheet, name="csv"),
    path(f"{_STATEMENT}/proof.json", views.proof, name="proof"),
    path(f"{_STATEMENT}/lines/<int:partition>.<int:number>", views.line, name="line"),
    path(f"{_STATEMENT}/objection", views.objection, name="objection"),
]
