"""The log files: each request and task is told once, by a route and a pseudonym, and nothing personal or secret is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from ledger import clients, importing, journal, tasks
from rights import parties
from tests.flows.conftest import CATALOGUE as IMPORTING
from tests.flows.conftest import Api, World, key
from tests.flows.test_campaigns import opened, secret
from tests.flows.test_parties import SCOPES

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

NAME, MAIL, PASSWORD = "Plantedlegalname", "planted@example.org", "plantedpassword"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that any logger would write, however little it matters, through the service's own formatter."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(journal.Lines())
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in ("", *journal.OURS, "django", "celery")}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def told(lines: io.StringIO, logger: str = "ledger.probes.middleware") -> list[dict[str, Any]]:
    return [found for line in lines.getvalue().splitlines() if (found := json.loads(line))["logger"] == logger]


def test_nothing_that_was_planted_is_in_a_line(trade: World, lines: io.StringIO, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.flows.failing"
    credentials = clients.create(name="people", party_id=UUID(key("label")), scopes=[*SCOPES, *IMPORTING])
    desk, stranger = Api(credentials), Client(raise_request_exception=False)
    planted = [NAME, MAIL, PASSWORD, desk.token, credentials.secret]

    # Through the API: taken, refused with its words, not understood at all, and addresses that say a name.
    id = uuid4()
    assert desk.post("/v1/parties", {"id": str(id), "kind": "person", "name": NAME}).status_code == 201
    assert desk.post("/v1/parties", {"id": str(id), "kind": "person", "name": f"{NAME} 2"}).status_code == 409
    assert desk.post("/v1/parties", {"id": NAME, "kind": MAIL, "name": NAME}).status_code == 400
    assert desk.post("/v1/parties", f'{{"name": "{NAME}').status_code == 400
    assert desk.get(f"/v1/parties/{NAME}").status_code == 404
    assert desk.get(f"/v1/parties?name={NAME}&mail={MAIL}").status_code in {200, 400}
    parties.put_contact(id=uuid4(), party_id=id, kind="email", address=MAIL, at=timezone.now())

    # Whoever has no right to it, with a name, a password, a secret, a host and headers of their own.
    assert stranger.get("/v1/parties", headers={"Authorization": f"Bearer {PASSWORD}"}).status_code == 401
    assert stranger.get("/healthz", headers={"Host": f"{NAME}.example"}).status_code in {200, 400}
    assert stranger.get("/admin/", headers={"Host": f"{NAME}.example"}).status_code == 400
    form = {"grant_type": "client_credentials", "client_id": NAME, "client_secret": PASSWORD}
    assert stranger.post("/oauth/token", form).status_code == 401
    login = {"username": MAIL, "password": PASSWORD, "next": f"/admin/?q={NAME}"}
    assert stranger.post("/admin/login/", login).status_code == 200
    assert Client(enforce_csrf_checks=True).post(f"/admin/login/?next={NAME}", login).status_code == 403
    headers = {"User-Agent": NAME, "Referer": f"https://{NAME}.example", "X-Request-ID": NAME, "X-Forwarded-For": MAIL}
    assert stranger.get(f"/{NAME}/{MAIL}", headers=headers).status_code == 404

    # An artist's link.
    trade.register("song", audio=False, has_work=False, licensed=False, consenting=())
    trade.share("singer holds", party="singer", part="1/2", recording=key("song"))
    opened("singer")
    planted.append(secret("singer"))
    assert stranger.get(f"/artist/{secret('singer')}").status_code == 200
    assert stranger.post(f"/artist/{secret('singer')}/nothing/{NAME}").status_code in {404, 405}
    assert stranger.get(f"/artist/{NAME}-{PASSWORD}").status_code == 404

    # A file with a name in it, where a code should be.
    sheet = f"isrc,title,artist\n{NAME},{NAME},{MAIL}\n".encode()
    columns = {"isrc": "isrc", "title": "title", "artist": "artist"}
    handed = desk.client.post(
        "/v1/imports",
        {
            "id": str(uuid4()),
            "format": "catalogue",
            "mapping": json.dumps({"kind": "catalogue", "columns": columns}),
            "file": SimpleUploadedFile(f"{NAME}.csv", sheet, content_type="text/csv"),
        },
        headers=desk.headers,
    )
    if handed.status_code in {201, 202}:
        importing.rehearse(batch_id=UUID(handed.json()["id"]), at=timezone.now())

    # Errors with tracebacks: what was given is in the exception's words, the database quotes the row.
    assert stranger.post(f"/broken/{NAME}", MAIL, content_type="text/plain").status_code == 500
    assert stranger.post(f"/taken/{NAME}", MAIL, content_type="text/plain").status_code == 500
    with pytest.raises(ValueError, match="badly formed"):
        tasks.clear_submission(submission_id=f"{NAME} {MAIL}")

    everything = lines.getvalue()
    assert len(told(lines)) >= 18
    assert [one for one in planted if one in everything] == []

    # And what is there is of use: the route, how it ended, where it broke.
    routes = {(one["route"], one["status"]) for one in told(lines)}
    assert ("/v1/parties", 201) in routes
    assert ("/artist/<str:secret>", 200) in routes
    assert ("(unmatched)", 404) in routes
    assert ("/broken/<str:name>", 500) in routes
    errors = [one["error"] for one in told(lines, "django.request") if "error" in one]
    assert errors[0]["class"] == "ValueError"
    assert any(line.startswith("tests/flows/failing.py:") for line in errors[0]["lines"])
    assert errors[1]["causes"][0]["database"]["constraint_name"] == "auth_user_username_key"
    (task,) = [one for one in told(lines, "ledger.celery") if one["task"] == "ledger.tasks.clear_submission"]
    assert task["outcome"] == "failed"


def test_lines_of_one_request_belong_together(trade: World, lines: io.StringIO) -> None:
    answer = trade.label.client.get("/v1/parties", headers={**trade.label.headers, "X-Request-ID": "ab" * 16})
    again = trade.label.get("/v1/parties")
    other = trade.distributor.get("/v1/parties")
    nobody = Client().get("/v1/parties")
    first, second, third, fourth = told(lines)
    assert first["request"] == answer["X-Request-ID"] == "ab" * 16
    assert second["request"] == again["X-Request-ID"] != first["request"]
    assert first["client"] == second["client"] != third["client"]
    assert (first["client"][:7], fourth["client"][:8]) == ("client:", "address:")
    assert (fourth["status"], fourth["code"]) == (401, nobody.json()["code"])
    assert (other.status_code in {200, 403}, first["ms"] > 0) == (True, True)


@pytest.mark.parametrize(
    ("logger", "message", "given", "said"),
    [
        ("ledger.x", "%s waits: %s", (UUID(int=1), ValueError(NAME)), f"{UUID(int=1)} waits: ValueError"),
        ("ledger.x", "%s: %s", ("ab" * 32, f"{NAME} {MAIL}"), "ab" * 32 + ": (withheld)"),
        ("ledger.x", "took %d ms in %.1f", (3, 0.25), "took 3 ms in 0.2"),
        ("django.request", "Not Found: %s", (f"/artist/{NAME}",), "Not Found: (withheld)"),
        ("django.security.DisallowedHost", f"Invalid HTTP_HOST header: {NAME}", (), "(withheld)"),
        ("py.warnings", f"{NAME} is deprecated", (), "(withheld)"),
        ("celery.worker", "Connected to %d", (NAME,), "Connected to %d"),
        ("celery", "%(name)s: %(exc)s", ({"name": "ledger.tasks.x", "exc": NAME},), "ledger.tasks.x: (withheld)"),
        ("celery.worker", "mingle: all alone", (), "mingle"),
        ("_granian", f"Callable raised\nValueError: {NAME}", (), "Callable raised"),
        ("_granian", f"cannot make '{NAME}'", (), "cannot make "),
    ],
)  # fmt: skip
def test_only_what_cannot_be_personal_is_put_in(logger: str, message: str, given: tuple[Any, ...], said: str) -> None:
    record = logging.LogRecord(logger, logging.WARNING, "", 0, message, given, None)
    assert json.loads(journal.Lines().format(record))["event"] == said
    assert NAME not in journal.Lines(is_text=True).format(record)


def test_what_others_add_to_a_record_is_not_told() -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "x %s", (1,), None)
    record.__dict__ |= {"told": {"name": NAME}, "request": NAME, "stack_info": NAME}
    assert NAME not in journal.Lines().format(record)
