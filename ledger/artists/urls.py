"""Addresses of the artists' pages. Each carries a secret, so nothing of it goes into a log file."""

from django.urls import path

from ledger.artists import views

app_name = "artists"
urlpatterns = [
    path("<str:secret>", views.home, name="home"),
    path("<str:secret>/grant", views.grant, name="grant"),
    path("<str:secret>/decline", views.decline, name="decline"),
    path("<str:secret>/withdraw/<uuid:consent_id>", views.withdraw, name="withdraw"),
]
