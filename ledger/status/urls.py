"""The address that certificates name."""

from django.urls import path

from ledger.status import views

app_name = "status"
urlpatterns = [path("<uuid:id>", views.status, name="status")]
