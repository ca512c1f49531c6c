"""An authority for time stamps that …"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ledger import timestamping
from ledger.timestamping import AuthorityAway
from provenance import timestamps
from tests.provenance import tsa

REPLY = "application/timestamp-reply"


def sends(
    *, status: int = 200, kind: str = REPLY, length: int | None = None, content: bytes = b"answer"
) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    def answer(request: BaseHTTPRequestHandler, query: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Location", "http://127.0.0.1:9/")
        if length is not None:
            request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(content)

    return answer


def drips(request: BaseHTTPRequestHandler, query: bytes) -> None:
    """Send a header, and then a byte now and then: each read is answered in time."""
    request.send_response(200)
    request.send_header("Content-Type", REPLY)
    request.end_headers()
    try:
        for _ in range(200):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.02)
    except OSError:
        return


def drips_headers(request: BaseHTTPRequestHandler, query: bytes) -> None:
    try:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 200:
            request.wfile.write(bytes([byte]))
            request.wfile.flush()
            time.sleep(0.02)
    except OSError:
        return


def hangs(request: BaseHTTPRequestHandler, query: bytes) -> None:
    time.sleep(4)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (sends(status=503), "503"),
        (sends(status=302), "302"),  # where it sends us is not followed
        (sends(kind="text/html"), "another type"),
        (sends(length=1000), "cut short"),
        (drips, "longer than"),
        (drips_headers, "longer than"),
        (hangs, "longer than"),
    ],
    ids=["fails", "redirects", "sends a page", "breaks off", "drips", "drips headers", "hangs"],
)
def test_is_left_within_its_time(settings: Any, answer: Any, words: str) -> None:
    settings.LEDGER_TSA_SECONDS = 0.5
    with tsa.served(answer) as url:
        since = time.monotonic()
        with pytest.raises(AuthorityAway, match=words):
            timestamping._post(url, b"query")
        assert time.monotonic() - since < 3  # where nobody looks at the clock, each takes four seconds


def test_sends_too_much_is_read_to_the_limit(settings: Any) -> None:
    much = bytes(1_000_000)
    with (
        tsa.served(sends(content=much, length=len(much))) as url,
        pytest.raises(AuthorityAway, match=f"more than {timestamps.MAX_ANSWER_BYTES:,} bytes"),
    ):
        timestamping._post(url, b"query")


@pytest.mark.parametrize(
    "url", ["ftp://tsa.example/", "file:///etc/passwd", "http://", "http://user:word@tsa.example/", "tsa.example"]
)
def test_is_named_wrong_is_not_asked(url: str) -> None:
    with pytest.raises(AuthorityAway, match="LEDGER_TSA_URL"):
        timestamping._post(url, b"query")


def test_is_not_there_is_away() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(AuthorityAway, match="ConnectionRefusedError"):
        timestamping._post(f"http://127.0.0.1:{port}/", b"query")


def test_answers_is_sent_the_query_as_it_is() -> None:
    seen: list[tuple[str, str | None, bytes]] = []

    def answer(request: BaseHTTPRequestHandler, query: bytes) -> None:
        seen.append((request.path, request.headers["Content-Type"], query))
        tsa.replies(lambda query: b"answer")(request, query)

    with tsa.served(answer) as url:
        assert timestamping._post(f"{url}?a=1", b"query") == b"answer"
    assert seen == [("/tsa?a=1", "application/timestamp-query", b"query")]


@pytest.mark.parametrize("times", [0, 2])
def test_exchanges_a_manifest_only_where_it_is_once(tmp_path: Path, times: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"audio" + b"before" * times)
    with pytest.raises(timestamping.StampedFileWrong):
        timestamping._exchange(path, b"before", b"after!")
