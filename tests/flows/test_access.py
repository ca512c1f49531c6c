"""Who may do what: tokens, scopes, and what belongs to somebody else."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from ledger import clients
from ledger.models import ApiClient
from rights.models import Party
from tests.flows.conftest import SUBMISSIONS, Api, World, body, key, the_client

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

CATALOGUE_PATHS = [f"/v1/{name}" for name in ("parties", "works", "recordings", "shares", "consents", "licenses")]
SUB_RESOURCES = ["", "/evidence", "/file", "/manifest", "/entries", "/pack"]


class Unreadable(io.BytesIO):
    """A body that nobody may read before the caller is known."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")

    def readline(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


def unread(path: str, headers: dict[str, str]) -> Any:
    more: dict[str, Any] = {"CONTENT_LENGTH": "1000000", "wsgi.input": Unreadable()}
    return the_client().generic("POST", path, content_type="multipart/form-data; boundary=x", headers=headers, **more)


def code_of(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer nonsense", "Bearer \xff\xfe", "Basic bGFiZWw6eA==", "bearer  "]
)
def test_nobody_without_a_token(header: str | None, trade: World) -> None:
    headers = {"Authorization": header} if header is not None else {}
    for path in ("/v1/submissions", "/v1/recordings"):
        answer = unread(path, headers)
        assert code_of(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    paths = [*CATALOGUE_PATHS, "/v1/submissions", "/v1/log/entries/0"]
    paths += [f"/v1/submissions/{key('x')}{part}" for part in SUB_RESOURCES]
    for path in paths:
        assert the_client().get(path, headers=headers).status_code == 401, path


def test_the_key_and_the_checkpoint_are_for_everybody(world: World) -> None:
    world.cleared()
    stranger = Api()
    assert stranger.get("/v1/log/key").status_code == 200
    assert stranger.get("/v1/log/checkpoint").status_code == 200


def test_no_method_beyond_the_scopes(world: World) -> None:
    only_reading = Api(clients.create(name="r", party_id=UUID(key("label")), scopes=["catalogue:read"]))
    only_submitting = Api(clients.create(name="s", party_id=UUID(key("rival")), scopes=["submissions:write"]))
    for path in CATALOGUE_PATHS:
        assert world.distributor.get(path).status_code == 403
        assert code_of(world.distributor.post(path, {"id": key("x")})) == (403, "permission_denied")
        assert code_of(only_reading.post(path, {"id": key("x")})) == (403, "permission_denied")
        assert only_reading.get(path).status_code == 200
    assert unread("/v1/submissions", world.label.headers).status_code == 403
    assert unread("/v1/recordings", world.distributor.headers).status_code == 403
    assert world.label.get("/v1/submissions").status_code == 403
    assert only_submitting.get("/v1/submissions").status_code == 403
    assert only_submitting.get("/v1/log/entries/0").status_code == 403


@pytest.mark.parametrize("asked", ["catalogue:write", "catalogue:read submissions:read", "everything"])
def test_no_scope_beyond_the_clients_own(asked: str, trade: World) -> None:
    answer = trade.distributor.ask(scope=asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert set(trade.distributor.ask().json()["scope"].split()) == set(SUBMISSIONS)
    narrow = trade.distributor.ask(scope="submissions:read").json()
    assert narrow["scope"] == "submissions:read"
    reader = Api(token=narrow["access_token"])
    assert reader.get("/v1/submissions").status_code == 200
    assert unread("/v1/submissions", reader.headers).status_code == 403


def test_a_scope_taken_back_is_gone(trade: World) -> None:
    party = UUID(key("label"))
    before = trade.label.token
    clients.create(name="catalogue", party_id=party, scopes=["catalogue:read"])
    assert Api(token=before).get("/v1/works").status_code == 401  # the former client is gone with its tokens
    assert ApiClient.objects.filter(party=party).count() == 1


def test_no_token_for_a_wrong_secret(trade: World) -> None:
    credentials = trade.distributor.credentials
    assert credentials is not None
    answer = trade.distributor.ask(client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    for grant in ("password", "authorization_code", "refresh_token"):
        assert trade.distributor.ask(grant_type=grant, username="x", password="x", code="x").status_code in {400, 401}
    with pytest.raises(clients.NoSuchScope):
        clients.create(name="x", party_id=UUID(key("label")), scopes=["everything"])


def test_an_expired_token_is_none(trade: World) -> None:
    assert trade.distributor.get("/v1/submissions").status_code == 200
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert code_of(trade.distributor.get("/v1/submissions")) == (401, "not_authenticated")


def test_a_revoked_token_is_none(trade: World) -> None:
    credentials = trade.distributor.credentials
    assert credentials is not None
    form = {"token": trade.distributor.token, "client_id": credentials.client_id, "client_secret": credentials.secret}
    assert trade.distributor.client.post("/oauth/revoke", form).status_code == 200
    assert trade.distributor.get("/v1/submissions").status_code == 401


def test_what_is_anothers_looks_like_nothing(world: World, rival: Api) -> None:
    found = world.cleared(suffix="ogg")
    for part in SUB_RESOURCES:
        path = f"/v1/submissions/{found['id']}{part}"
        theirs, nothing = rival.get(path), rival.get(f"/v1/submissions/{key('nothing')}{part}")
        assert code_of(theirs) == (404, "no_such_submission"), part
        assert theirs.json() == nothing.json()
        assert body(world.distributor.get(path))
    assert rival.get("/v1/submissions").json()["results"] == []
    declaration = json.dumps(world.declaration(key("country"), title="Guess"))
    fields = {"id": found["id"], "declaration": declaration}
    answer = rival.upload("/v1/submissions", fields, file=world.sounds.sung("ogg"))
    assert code_of(answer) == (409, "id_taken")
    assert found["title"].encode() not in answer.content


def test_the_operator_reads_everything_here_and_states_nothing(world: World) -> None:
    found = world.cleared()
    staff, guest = Client(enforce_csrf_checks=True), Client()
    staff.force_login(User.objects.create_superuser("desk", password="x"))
    guest.force_login(User.objects.create_user("guest", password="x"))
    for part in SUB_RESOURCES[:3]:
        answer = staff.get(f"/v1/submissions/{found['id']}{part}")
        assert answer.status_code == 200
        assert body(answer)
        assert guest.get(f"/v1/submissions/{found['id']}{part}").status_code == 403
    assert [row["id"] for row in staff.get("/v1/submissions").json()["results"]] == [found["id"]]
    for path in ("/v1/submissions", *CATALOGUE_PATHS):
        assert staff.post(path, {}, content_type="application/json").status_code == 403
    assert staff.get("/v1/works").status_code == 200


def test_a_client_speaks_for_its_party_whatever_it_says(world: World, rival: Api) -> None:
    fields = {"id": key("mine"), "declaration": json.dumps(world.declaration()), "submitter": key("distributor")}
    assert rival.upload("/v1/submissions", fields, file=world.sounds.own()).status_code == 202
    assert [row["id"] for row in rival.get("/v1/submissions").json()["results"]] == [key("mine")]
    assert world.distributor.get("/v1/submissions").json()["results"] == []
    assert Party.objects.get(pk=key("rival")).submissions.count() == 1


def test_submitting_is_slowed_down_and_reading_is_not(trade: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.cache import cache
    from rest_framework.throttling import ScopedRateThrottle

    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submit": "2/hour"})
    fields = {"id": "x"}
    statuses = [trade.distributor.upload("/v1/submissions", fields, file=None).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    answer = unread("/v1/submissions", trade.distributor.headers)
    assert code_of(answer) == (429, "throttled")
    assert int(answer["Retry-After"]) > 0
    assert trade.distributor.get("/v1/submissions").status_code == 200
    cache.clear()
