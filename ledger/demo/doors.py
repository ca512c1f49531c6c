"""The API as the demo uses it: over the network, or inside this process where no server runs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from ledger.clients import Credentials


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


class Door(Protocol):
    """Sends one request."""

    def send(self, method: str, path: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer, whatever its status."""


@dataclass(frozen=True)
class Network:
    """A running server."""

    root: str

    def send(self, method: str, path: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send over HTTP."""
        request = Request(  # noqa: S310 - our own server's address
            self.root + path, data=body if method == "POST" else None, headers=dict(headers), method=method
        )
        try:
            with urlopen(request, timeout=120) as answer:  # noqa: S310 - our own server's address
                return Answer(answer.status, answer.read())
        except HTTPError as error:
            return Answer(error.code, error.read())


class Inside:
    """The same application in this process, through every middleware, without a server."""

    def __init__(self) -> None:
        """Make a client of the application."""
        from django.test import Client

        self.client = Client(SERVER_NAME="localhost")

    def send(self, method: str, path: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Call the application."""
        kind = headers.get("Content-Type", "application/json")
        rest = {name: value for name, value in headers.items() if name != "Content-Type"}
        answer = self.client.generic(method, path, body, content_type=kind, headers=rest)
        content = answer.getvalue()  # also of an answer that is streamed
        answer.close()
        return Answer(answer.status_code, content)


class Refused(Exception):
    """The API refused what the demo asked."""


class Api:
    """An API client with its token."""

    def __init__(self, door: Door, credentials: Credentials) -> None:
        """Ask for a token."""
        self.door = door
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.secret,
        }
        answer = door.send(
            "POST",
            "/oauth/token",
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        if answer.status != 200:
            raise Refused(f"no token: {answer.body.decode(errors='replace')}")
        self.token = answer.json()["access_token"]

    def get(self, path: str) -> Answer:
        """Read."""
        return self._checked("GET", path, self.door.send("GET", path, body=b"", headers=self._headers()))

    def post(self, path: str, document: Mapping[str, Any]) -> Answer:
        """State a fact as JSON."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        return self._checked(
            "POST", path, self.door.send("POST", path, body=json.dumps(document).encode(), headers=headers)
        )

    def upload(self, path: str, fields: Mapping[str, str], *, file: Path, media_type: str) -> Answer:
        """State a fact with a file."""
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        parts.append(
            f'--{mark}\r\nContent-Disposition: form-data; name="audio"; filename="{file.name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n".encode()
        )
        body = b"".join([*parts, file.read_bytes(), f"\r\n--{mark}--\r\n".encode()])
        headers = {**self._headers(), "Content-Type": f"multipart/form-data; boundary={mark}"}
        return self._checked("POST", path, self.door.send("POST", path, body=body, headers=headers))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _checked(self, method: str, path: str, answer: Answer) -> Answer:
        if answer.status >= 400 and answer.status != 409:  # 409: it is there already
            raise Refused(f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')[:500]}")
        return answer
