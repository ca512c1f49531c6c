"""
Asking a service outside the house: one request, bounded in time and size, with no redirect followed.

Whoever answers may be slow, wrong or hostile. A socket's own limit is for each read: whoever sends a byte a second
would hold a worker for a day, so that a watchdog hangs up when the whole time is over.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


class NotAnAddress(Exception):
    """This is not an http or https address without a password."""


class NoAnswer(Exception):
    """It cannot be reached, takes too long, or answers as no service does."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    media_type: str
    body: bytes


def ask(
    url: str,
    *,
    seconds: float,
    most: int,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """
    Send a request, with a body as POST and without one as GET, and return the answer, whatever its status.

    :param seconds: from asking to the answer's last byte
    :param most: how many bytes an answer may have

    :raises NotAnAddress: there is nobody at such an address
    :raises NoAnswer: it cannot be reached, takes too long, or its answer is too long or was cut short
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise NotAnAddress(NotAnAddress.__doc__)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    sockets: list[socket.socket | None] = []
    is_over = threading.Event()
    watchdog = threading.Timer(seconds, _hang_up, [connection, sockets, is_over])
    watchdog.daemon = True
    watchdog.start()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.connect()
        sockets.append(connection.sock)  # the connection forgets it as soon as the other side means to close
        connection.request("GET" if body is None else "POST", target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        answer = response.read(most + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if is_over.is_set() or isinstance(error, TimeoutError):
            raise NoAnswer(f"It takes longer than {seconds:g} seconds.") from error
        raise NoAnswer(f"It cannot be asked: {type(error).__name__}.") from error
    finally:
        watchdog.cancel()
        connection.close()
    if is_over.is_set():  # it is what was there when the time was over
        raise NoAnswer(f"It takes longer than {seconds:g} seconds.")
    if len(answer) > most:
        raise NoAnswer(f"Its answer has more than {most:,} bytes.")
    if response.length:
        raise NoAnswer("Its answer was cut short.")
    return Answer(response.status, response.headers.get_content_type(), answer)


def _hang_up(
    connection: http.client.HTTPConnection, sockets: list[socket.socket | None], is_over: threading.Event
) -> None:
    is_over.set()
    for opened in (connection.sock, *sockets):
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
