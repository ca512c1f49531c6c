"""A small trade with its API clients, and sounds made once from the demo's recordings."""

from __future__ import annotations

import atexit
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.test import Client, override_settings
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from ledger import clearance, clients, embedded, membership, people, sequencer
from ledger.clients import Credentials
from ledger.demo import material
from ledger.demo.catalogue import FOLDER
from ledger.models import Membership
from rights.vocabulary import PartyKind
from tests.remembering import remembered

WORLD = "2136"
USES = ["distribute.outside", "infer.input"]
SINCE = "2026-01-01"
DOCUMENT = "d0" * 32
CATALOGUE = [
    "catalogue:read",
    "catalogue:write",
    "catalogue:all",
    "clearances:read",
    "clearances:write",
]  # the operator's own client
SUBMISSIONS = ["submissions:read", "submissions:write", "clearances:read", "clearances:write"]
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
}
PARTIES = {
    "label": PartyKind.COMPANY,
    "publisher": PartyKind.COMPANY,
    "writer": PartyKind.PERSON,
    "singer": PartyKind.PERSON,
    "distributor": PartyKind.COMPANY,
    "rival": PartyKind.COMPANY,
}


def key(name: str) -> str:
    """The id that the tests give to something."""
    return str(uuid5(NAMESPACE_URL, f"https://tests.example/{name}"))


def today() -> date:
    return timezone.now().date()


# --- sounds


@cache
def _loaded(name: str) -> material.Sound:
    return material.load(FOLDER / name)


@dataclass(frozen=True)
class Sounds:
    """Files by name; each is made when it is first asked for, and then kept for the whole session."""

    folder: Path

    def song(self, name: str) -> Path:
        """A registered recording: twenty seconds of a song of the demo."""
        start = {"country": 8, "piano": 40, "spring": 5}[name]
        file = {"piano": "creepy-piano.ogg", "spring": "spring-on-the-horizon.ogg"}.get(name, "country.mp3")
        return self._made(f"song-{name}.flac", lambda: material.cut(_loaded(file), start, 20))

    def sung(self, suffix: str) -> Path:
        """The song “country” with a voice over it, in any container."""

        def make() -> material.Sound:
            voice = material.cut(_loaded("vocal.flac"), 0, 8)
            return material.over(material.cut(_loaded("country.mp3"), 10, 14), voice, at_s=4, gain=0.9)

        return self._made(f"sung.{suffix}", make)

    def patched(self) -> Path:
        """As above, with ten altered seconds of “piano” put in the middle: 0:08 to 0:18, out of 0:05 to 0:15."""

        def make() -> material.Sound:
            country = _loaded("country.mp3")
            excerpt = material.cut(_loaded("creepy-piano.ogg"), 45, 10)
            altered = material.faster(material.recompressed(excerpt, self.folder, bit_rate=64_000), "1.02")
            return material.joined(material.cut(country, 10, 8), altered, material.cut(country, 20, 7))

        return self._made("patched.mp3", make)

    def own(self, suffix: str = "flac") -> Path:
        """A voice that is registered nowhere."""
        return self._made(f"own.{suffix}", lambda: material.cut(_loaded("vocal.flac"), 0, 8))

    def _made(self, name: str, make: Callable[[], material.Sound]) -> Path:
        path = self.folder / name
        return path if path.exists() else material.write(make(), path)


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    return Sounds(tmp_path_factory.mktemp("sounds"))


# --- clients


@cache
def the_client() -> Client:
    """One for all: its middleware looks through every static file when it is made."""
    return Client()


@dataclass
class Api:
    """An API client with its token; it returns every answer, whatever its status."""

    credentials: Credentials | None = None
    client: Client = field(default_factory=the_client)
    token: str = ""

    def __post_init__(self) -> None:
        if self.credentials is not None:
            self.token = self.ask().json()["access_token"]

    def __deepcopy__(self, memo: dict[int, Any]) -> Api:
        """Return the same with its token, through the same client."""
        return copy(self)

    def ask(self, **more: str) -> Any:
        """Ask for a token."""
        assert self.credentials is not None
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.secret,
        }
        return self.client.post(
            "/oauth/token", urlencode(form | more), content_type="application/x-www-form-urlencoded"
        )

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, document: Any) -> Any:
        body = document if isinstance(document, str | bytes) else json.dumps(document)
        return self.client.post(path, body, content_type="application/json", headers=self.headers)

    def raw(self, path: str, payload: io.BytesIO, *, length: str, content_type: str) -> Any:
        """Send a body as it comes from the wire; the announced length may be a lie."""
        more: dict[str, Any] = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": length, "wsgi.input": payload}
        return self.client.generic("POST", path, headers=self.headers, **more)

    def upload(
        self,
        path: str,
        fields: Mapping[str, Any],
        *,
        file: Path | bytes | None,
        media_type: str | None = None,
        more: Mapping[str, Any] | None = None,
        cover: bytes | None = None,
    ) -> Any:
        """Send a form; ``media_type`` None declares what the file's name says."""
        data: dict[str, Any] = dict(fields)
        if file is not None:
            name = file.name if isinstance(file, Path) else "output"
            content = file.read_bytes() if isinstance(file, Path) else file
            declared = media_type or MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
            data["audio"] = SimpleUploadedFile(name, content, content_type=declared)
        if cover is not None:
            data["cover"] = SimpleUploadedFile("cover.png", cover, content_type="image/png")
        return self.client.post(path, data, headers=self.headers, **(more or {}))


def body(answer: Any) -> bytes:
    """The bytes of an answer, also of one that streams."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    answer.close()
    return bytes(content)


# --- the trade


@dataclass(frozen=True)
class World:
    """Parties and API clients; and what one needs to register a track and to send an output through."""

    label: Api
    distributor: Api
    sounds: Sounds

    def party(self, name: str) -> str:
        return key(name)

    def register(
        self,
        name: str,
        *,
        audio: bool = True,
        has_work: bool = True,
        parts: Mapping[str, str] | None = None,
        consenting: Sequence[str] = ("label", "publisher", "writer"),
        licensed: bool = True,
        **terms: Any,
    ) -> str:
        """Register a recording with its work, shares, consents and license; return the recording's id."""
        recording, work = key(name), key(f"work of {name}")
        if has_work:
            self.state("/v1/works", {"id": work, "title": f"Work of {name}"})
        fields = {"id": recording, "title": name.title(), "works": [work] if has_work else []}
        answer = self.label.upload("/v1/recordings", fields, file=self.sounds.song(name) if audio else None)
        assert answer.status_code == 201, answer.content
        given = {"publisher": "2/3", "writer": "1/3"} if parts is None else parts
        holders = [("label", "recording", recording, "1")]
        holders += [(party, "work", work, part) for party, part in given.items() if has_work]
        for party, side, asset, part in holders:
            self.share(f"{name} {party}", party=party, part=part, **{side: asset})
            if party in consenting:
                self.consent(f"{name} {party}", grantor=party, **{side: asset})
        if licensed:
            schedule = [{"recording": recording}] + ([{"work": work}] if has_work else [])
            self.license(f"license of {name}", schedule=schedule, **terms)
        return recording

    def share(self, name: str, *, party: str, part: str, **more: Any) -> None:
        document = {"id": key(f"share {name}"), "party": key(party), "part": part}
        self.state("/v1/shares", document | {"territories": [WORLD], "active_from": SINCE} | more)

    def consent(self, name: str, *, grantor: str, **more: Any) -> str:
        document = {
            "id": key(f"consent {name}"),
            "grantor": key(grantor),
            "actor": key(grantor),
            "uses": USES,
            "territories": [WORLD],
            "active_from": SINCE,
            "document": DOCUMENT,
        }
        self.state("/v1/consents", document | more)
        return str(document["id"])

    def license(self, name: str, *, schedule: list[dict[str, str]], **more: Any) -> str:
        document = {
            "id": key(name),
            "licensor": key("label"),
            "licensee": key("distributor"),
            "schedule": schedule,
            "uses": USES,
            "territories": [WORLD],
            "active_from": SINCE,
            "document": DOCUMENT,
            "plan": {"commission": "3/20", "creators": "3/10", "masters": "1/2"},
        }
        self.state("/v1/licenses", document | more)
        return str(document["id"])

    def state(self, path: str, document: Mapping[str, Any]) -> Any:
        """State a fact that must be new."""
        answer = self.label.post(path, document)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def declaration(self, *ingredients: str, **changes: Any) -> dict[str, Any]:
        return {
            "title": "Country, sung",
            "release_on": (today() + timedelta(days=30)).isoformat(),
            "uses": USES,
            "territories": [WORLD],
            "ingredients": list(ingredients),
            "contributions": [
                {"component": "lead_vocal", "ai_level": "none", "actor": key("singer")},
                {"component": "arrangement", "ai_level": "partly", "tool": "Arranger 1", "actor": key("singer")},
            ],
        } | changes

    def submit(self, name: str, file: Path, *ingredients: str, by: Api | None = None, **changes: Any) -> dict[str, Any]:
        """Send an output that must be taken in."""
        fields = {"id": key(name), "declaration": json.dumps(self.declaration(*ingredients, **changes))}
        answer = (by or self.distributor).upload("/v1/submissions", fields, file=file)
        assert answer.status_code == 202, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def settle(self, id: str, *, by: Api | None = None) -> dict[str, Any]:
        """Decide a submission, give its entries their places, and read what came of it."""
        clearance.clear(submission_id=UUID(id), at=timezone.now())
        sequencer.drain(at=timezone.now())
        found: dict[str, Any] = (by or self.distributor).get(f"/v1/submissions/{id}").json()
        return found

    def cleared_file(self, name: str, file: Path) -> dict[str, Any]:
        """Send a file with the sung “country” in it through, whatever comes of it."""
        return self.settle(self.submit(name, file, key("country"))["id"])

    def cleared(self, name: str = "output", *, suffix: str = "flac", **more: Any) -> dict[str, Any]:
        """Send the sung “country” through; the recording must be registered."""
        found = self.settle(self.submit(name, self.sounds.sung(suffix), key("country"), **more)["id"])
        assert found["state"] == "cleared", found["decision"]
        return found


def build_trade(sounds: Sounds) -> World:
    """Register the parties and give the label and the distributor their clients."""
    for name, kind in PARTIES.items():
        people.register_party(id=UUID(key(name)), kind=kind, name=name.title(), at=timezone.now())
    label = clients.create(name="catalogue", party_id=UUID(key("label")), scopes=CATALOGUE)
    distributor = clients.create(name="outputs", party_id=UUID(key("distributor")), scopes=SUBMISSIONS)
    return World(Api(label), Api(distributor), sounds)


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None, django_db_blocker: Any, sounds: Sounds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world for a whole module whose tests leave it as they found it, with an audio store of its own."""
    folder = tmp_path_factory.mktemp("standing")
    (folder / "uploads").mkdir()
    audio = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder / "audio")}}
    with (
        django_db_blocker.unblock(),
        override_settings(
            LEDGER_CHECKPOINT_FILE=folder / "log" / "newest-checkpoint",
            STORAGES={**settings.STORAGES, "audio": audio},
            FILE_UPLOAD_TEMP_DIR=str(folder / "uploads"),
        ),
    ):
        found = build_trade(sounds)
        found.register("country")
        yield found
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
@remembered
def trade(transactional_db: None, sounds: Sounds) -> World:
    """Parties and API clients; nothing is registered."""
    return build_trade(sounds)


@pytest.fixture
@remembered
def world(trade: World) -> World:
    """The trade with one recording, “country”, that the distributor may use."""
    trade.register("country")
    return trade


def admitted(username: str, party: str, role: Membership.Role, *, until: date | None = None) -> User:
    """A person who belongs to an organization from today on."""
    last = until or (today() + timedelta(days=90) if role == Membership.Role.AUDITOR else None)
    membership.invite(
        id=UUID(key(f"membership {username} {party} {role}")),
        username=username,
        organization_id=UUID(key(party)),
        role=role,
        active_from=today(),
        active_to=last,
        at=timezone.now(),
    )
    return User.objects.get(username=username)


@pytest.fixture
@remembered
def songs(trade: World) -> World:
    """The trade with two works, which are quicker to register than recordings with audio."""
    for name in ("first", "second"):
        trade.state("/v1/works", {"id": key(name), "title": f"Work {name}"})
    return trade


@pytest.fixture
@remembered
def rival(trade: World) -> Api:
    """Another distributor's client."""
    return Api(clients.create(name="outputs", party_id=UUID(key("rival")), scopes=SUBMISSIONS))


# --- what is there


def row_counts() -> dict[str, int]:
    """How many rows every table has, but for who read what: looking leaves a row there."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_relation_size(oid) > 0 FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        has_pages = dict(cursor.fetchall())
        counted = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {table}" for table in has_pages if has_pages[table]
        )
        cursor.execute(counted)
        found = dict.fromkeys(has_pages, 0) | dict(cursor.fetchall())
    return {table: count for table, count in found.items() if table != "ledger_dossierread"}


def files_under(folder: Path) -> set[str]:
    """The files below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- behind the log's back


@cache
def _administrator() -> dict[str, Any]:
    # Asked once: to find out that the server runs takes a connection of its own.
    if settings.DATABASE_URL:
        return {name: value for name, value in conninfo_to_dict(settings.DATABASE_URL).items() if value is not None}
    return dict(embedded.ensure(Path(settings.EMBEDDED_POSTGRES)).parameters(user="postgres", dbname=""))


def superuser(*, role: str = "postgres") -> psycopg.Connection[Any]:
    """A login of the test database that nothing is forbidden to, or one of the service's roles."""
    given = _administrator() | {"dbname": connections["default"].settings_dict["NAME"], "autocommit": True}
    if role != "postgres":
        given["options"] = f"-c role={role}"
    return psycopg.connect(**given)


@contextmanager
def tampering(*tables: str) -> Iterator[CursorWrapper]:
    """
    Let the body write to these tables with every guard off, and undo it at the end.

    It is all one transaction of a login that nothing is forbidden to: what is called meanwhile sees what was written.
    """
    own = connections["default"]
    if not settings.DATABASE_URL:
        connections["default"] = _almighty()
        if connections["default"].connection is not None and not connections["default"].is_usable():
            connections["default"].close()  # a test before this one has cut everybody off
    try:
        with transaction.atomic():
            with connections["default"].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # as the audit reads
                cursor.execute("SET LOCAL ROLE NONE")
                cursor.execute("SET LOCAL session_replication_role = replica")
                for table in tables:
                    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
                yield cursor
            transaction.set_rollback(True)
    finally:
        connections["default"] = own


@cache
def _almighty() -> Any:
    """One for all: in each new one PostgreSQL learns every table again that the audit asks about."""
    own = connections["default"].copy("default")
    own.settings_dict["USER"] = "postgres"
    atexit.register(own.close)
    return own


@contextmanager
def changed(statement: str, table: str, *, values: Sequence[Any] = ()) -> Iterator[None]:
    """Have one statement done behind the log's back, for as long as the body runs."""
    with tampering(table) as cursor:
        cursor.execute(statement, values or None)
        assert cursor.rowcount > 0, statement
        yield
