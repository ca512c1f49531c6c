"""The address of the public page."""

from django.urls import path

from ledger.verifying import views

app_name = "verifying"
urlpatterns = [path("", views.verify, name="verify")]
