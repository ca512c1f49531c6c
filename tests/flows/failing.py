"""The service's addresses, and two more that fail as programs do: with what they were given in the message."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import path

from ledger.urls import urlpatterns as ours


def broken(request: HttpRequest, name: str) -> Any:
    raise ValueError(f"cannot make anything of {name} and {request.body.decode()}")


def taken(request: HttpRequest, name: str) -> Any:
    for _ in range(2):
        User.objects.create(username=name, email=request.body.decode())


urlpatterns = [*ours, path("broken/<str:name>", broken), path("taken/<str:name>", taken)]
