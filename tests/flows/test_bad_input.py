"""What cannot be taken in is refused with a status, a code and a sentence, and leaves nothing behind."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.storage import storages

from tests.fingerprint.sounds import chunk, format_chunk, id3, riff, synchsafe
from tests.flows.conftest import MEDIA_TYPES, Api, World, files_under, key, row_counts, today

SUBMISSIONS = "/v1/submissions"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
MIB = 1024 * 1024


@pytest.fixture
def leaves_nothing(standing: World) -> Iterator[None]:
    """Compare rows, stored audio and temporary uploads before and after."""
    store = Path(storages["audio"].path(""))
    uploads = Path(configured.FILE_UPLOAD_TEMP_DIR)
    rows, audio = row_counts(), files_under(store)
    assert files_under(uploads) == set()
    yield
    assert row_counts() == rows
    assert files_under(store) == audio
    assert files_under(uploads) == set()


pytestmark = pytest.mark.usefixtures("leaves_nothing")


def is_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is that problem, in one sentence."""
    assert answer["Content-Type"] == "application/problem+json", (answer.status_code, answer.content[:300])
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert re.fullmatch(r"\S+ [^\n]*[^\s:,;]", problem["detail"]), problem["detail"]
    return problem


def send(world: World, file: Path | bytes | None, *, media_type: str | None = None, **changes: Any) -> Any:
    declaration = json.dumps(world.declaration(key("country"), **changes))
    return world.distributor.upload(
        SUBMISSIONS, {"id": key("bad"), "declaration": declaration}, file=file, media_type=media_type
    )


# --- the file


def mp3_of_three_hours(whole: Callable[[str], bytes]) -> bytes:
    # MPEG-2 Layer III, 8 kbit/s, 22,050 Hz, mono, all zero: 26 bytes of silence for 26 ms.
    return (b"\xff\xf3\x10\xc0" + bytes(22)) * 413_438


def id3_of_200_mb(whole: Callable[[str], bytes]) -> bytes:
    packed = zlib.compress(bytes(200_000_000), 9)
    frame = b"TXXX" + synchsafe(len(packed) + 4) + b"\0\x09" + synchsafe(200_000_000 & 0x0FFFFFFF) + packed
    return id3(frame) + whole("mp3")


def streaming_wav(whole: Callable[[str], bytes]) -> bytes:
    content = bytearray(whole("wav"))
    content[4:8] = b"\xff\xff\xff\xff"
    data = content.index(b"data")
    content[data + 4 : data + 8] = b"\xff\xff\xff\xff"
    return bytes(content)


Make = Callable[[Callable[[str], bytes]], bytes]
FILES: dict[str, tuple[Make, str | None, int, str]] = {
    "empty": (lambda whole: b"", "audio/wav", 422, "empty_file"),
    "one byte": (lambda whole: b"R", "audio/wav", 422, "not_audio"),
    "text": (lambda whole: b"This is a song. " * 1000, "audio/mpeg", 422, "not_audio"),
    "a picture": (lambda whole: b"\x89PNG\r\n\x1a\n" + bytes(5000), "audio/flac", 422, "not_audio"),
    "a program": (lambda whole: b"\x7fELF" + bytes(5000), "application/octet-stream", 422, "not_audio"),
    "a playlist": (lambda whole: b"#EXTM3U\n/etc/passwd\n" * 100, "audio/mpeg", 422, "not_audio"),
    **{
        f"{suffix} cut short": (
            lambda whole, suffix=suffix: whole(suffix)[: len(whole(suffix)) * 6 // 10],  # type: ignore[misc]
            None,
            422,
            "truncated_audio",
        )
        for suffix in MEDIA_TYPES
    },
    "three hours": (mp3_of_three_hours, "audio/mpeg", 422, "audio_too_long"),
    "three hours claimed": (
        lambda whole: riff(format_chunk()) + struct.pack("<4sI", b"data", 44_100 * 4 * 10_800) + bytes(4000),
        "audio/wav",
        422,
        "truncated_audio",
    ),
    "0 Hz": (
        lambda whole: riff(format_chunk(rate=0), chunk(b"data", bytes(4000))), "audio/wav", 422, "implausible_format",
    ),
    "no channels": (
        lambda whole: riff(format_chunk(channels=0), chunk(b"data", bytes(4000))),
        "audio/wav",
        422,
        "implausible_format",
    ),
    "a header of a stream": (streaming_wav, "audio/wav", 422, "streaming_header"),
    "another type": (lambda whole: whole("wav"), "audio/mpeg", 415, "wrong_media_type"),
    "no audio type": (lambda whole: whole("wav"), "text/html", 415, "wrong_media_type"),
    "tags that unpack to 200 MB": (id3_of_200_mb, "audio/mpeg", 422, "oversized_tags"),
    "tags of 20 MB": (lambda whole: id3(bytes(20 * MIB)) + whole("mp3"), "audio/mpeg", 422, "oversized_tags"),
    "noise between": (
        lambda whole: whole("ogg")[:9000] + b"\0" * 200 + whole("ogg")[9000:], "audio/ogg", 422, "corrupt_audio",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_whole_song_is_refused(name: str, standing: World) -> None:
    make, media_type, status, code = FILES[name]
    content = make(lambda suffix: standing.sounds.own(suffix).read_bytes())
    if media_type is None:
        media_type = MEDIA_TYPES[name.partition(" ")[0]]
    is_problem(send(standing, content, media_type=media_type), status, code)
    # A recording goes through the same door.
    fields = {"id": key("bad"), "title": "Bad"}
    answer = standing.label.upload("/v1/recordings", fields, file=content, media_type=media_type)
    is_problem(answer, status, code)


# --- its size


class Body(io.BytesIO):
    """A request's body that knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found


def raw(world: World, content: bytes, announced: str) -> tuple[Any, Body]:
    """Send a form whose announced length may be a lie."""
    declaration = json.dumps(world.declaration(key("country")))
    parts = [
        f'--mark\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (("id", key("bad")), ("declaration", declaration))
    ]
    head = (
        b'--mark\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    )
    payload = Body(b"".join([*parts, head, content, b"\r\n--mark--\r\n"]))
    kind = "multipart/form-data; boundary=mark"
    return world.distributor.raw(SUBMISSIONS, payload, length=announced, content_type=kind), payload


def test_an_upload_that_says_it_is_too_large_is_refused_unread(standing: World, settings: Any) -> None:
    settings.LEDGER_MAX_UPLOAD_BYTES = MIB
    answer, payload = raw(standing, bytes(100), announced=str(8 * MIB))
    assert "1 MiB" in is_problem(answer, 413, "upload_too_large")["detail"]
    assert payload.taken == 0


def test_an_upload_that_is_larger_than_it_says_is_read_no_further(standing: World, settings: Any) -> None:
    settings.LEDGER_MAX_UPLOAD_BYTES = MIB
    answer, payload = raw(standing, standing.sounds.own("wav").read_bytes() * 4, announced=str(MIB // 2))
    is_problem(answer, 400, "malformed")
    assert payload.taken <= MIB // 2


@pytest.mark.parametrize("announced", ["", "0", "-1", "many"])
def test_an_upload_of_no_stated_length_is_refused(announced: str, standing: World) -> None:
    answer, _ = raw(standing, standing.sounds.own("wav").read_bytes(), announced=announced)
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"


def test_an_upload_that_ends_early_is_refused(standing: World) -> None:
    content = standing.sounds.own("wav").read_bytes()
    answer, _ = raw(standing, content[: len(content) // 2], announced=str(2 * len(content)))
    is_problem(answer, 422, "truncated_audio")


def test_audio_above_the_limit_is_refused_within_the_room_for_the_form(standing: World, settings: Any) -> None:
    content = standing.sounds.own("wav").read_bytes()
    settings.LEDGER_MAX_UPLOAD_BYTES = len(content) - 1
    is_problem(send(standing, content, media_type="audio/wav"), 413, "audio_too_large")


# --- the form


def test_a_missing_part_is_named(standing: World) -> None:
    declaration = json.dumps(standing.declaration(key("country")))
    file = standing.sounds.own("wav")
    for fields, audio, missing in (
        ({"declaration": declaration}, file, "id"),
        ({"id": key("bad")}, file, "declaration"),
        ({"id": key("bad"), "declaration": declaration}, None, "audio"),
        ({}, None, "id"),
    ):
        problem = is_problem(standing.distributor.upload(SUBMISSIONS, fields, file=audio), 400, "malformed")
        assert missing in problem["fields"]


def test_a_part_of_another_kind_is_refused(standing: World) -> None:
    declaration = json.dumps(standing.declaration(key("country")))
    api = standing.distributor
    text = {"id": key("bad"), "declaration": declaration, "audio": "la la la"}
    assert "audio" in is_problem(api.upload(SUBMISSIONS, text, file=None), 400, "malformed")["fields"]
    answer = api.upload(SUBMISSIONS, {"id": "my song", "declaration": declaration}, file=standing.sounds.own("wav"))
    assert "id" in is_problem(answer, 400, "malformed")["fields"]


def test_another_content_type_is_refused(standing: World) -> None:
    api = standing.distributor
    is_problem(api.post(SUBMISSIONS, {"id": key("bad")}), 415, "unsupported_media_type")
    answer = api.client.post(
        SUBMISSIONS, b"id=1", content_type="application/x-www-form-urlencoded", headers=api.headers
    )
    is_problem(answer, 415, "unsupported_media_type")
    answer = api.client.post(SUBMISSIONS, b"???", content_type="multipart/form-data", headers=api.headers)
    is_problem(answer, 400, "parse_error")
    answer = api.client.post(SUBMISSIONS, b"???", content_type="multipart/form-data; boundary=x", headers=api.headers)
    is_problem(answer, 400, "malformed")


def test_more_than_the_audio_and_a_cover_is_refused(standing: World) -> None:
    fields: dict[str, Any] = {"id": key("bad"), "declaration": "{}"}
    for name in ("second", "third"):
        fields[name] = io.BytesIO(standing.sounds.own("wav").read_bytes())
        fields[name].name = f"{name}.wav"
    is_problem(standing.distributor.upload(SUBMISSIONS, fields, file=standing.sounds.own("wav")), 400, "one_file_only")


def test_a_form_of_too_many_or_too_large_fields_is_refused(standing: World) -> None:
    many = {f"field{number}": "x" for number in range(configured.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    is_problem(standing.distributor.upload(SUBMISSIONS, many, file=None), 400, "too_many_fields")
    large = {"id": key("bad"), "declaration": "x" * (3 * MIB)}
    is_problem(standing.distributor.upload(SUBMISSIONS, large, file=None), 413, "body_too_large")


# --- the declaration


def contribution(**changes: Any) -> list[dict[str, Any]]:
    return [{"component": "melody", "ai_level": "none"} | changes]


FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "title of the wrong type": ({"title": {"a": 1}}, "title"),
    "title empty": ({"title": ""}, "title"),
    "title of 301 characters": ({"title": "x" * 301}, "title"),
    "title with a zero byte": ({"title": "a\0b"}, "title"),
    "title with half a character": ({"title": "a\ud83d"}, "title"),
    "date that is none": ({"release_on": "2027-02-30"}, "release_on"),
    "date of the wrong type": ({"release_on": 20270101}, "release_on"),
    "no use": ({"uses": []}, "uses"),
    "unknown use": ({"uses": ["train"]}, "uses"),
    "uses of the wrong type": ({"uses": "infer.input"}, "uses"),
    "no territory": ({"territories": []}, "territories"),
    "301 territories": ({"territories": ["DE"] * 301}, "territories"),
    "territory of the wrong type": ({"territories": [["DE"]]}, "territories"),
    "ingredient that is no id": ({"ingredients": ["country"]}, "ingredients"),
    "201 ingredients": ({"ingredients": [key(str(n)) for n in range(201)]}, "ingredients"),
    "ingredients missing": ({"ingredients": None}, "ingredients"),
    "no contribution": ({"contributions": []}, "contributions"),
    "contributions of the wrong type": ({"contributions": {"melody": "none"}}, "contributions"),
    "unknown component": ({"contributions": contribution(component="drums")}, "contributions"),
    "component declared twice": ({"contributions": contribution() * 2}, "contributions"),
    "unknown level": ({"contributions": contribution(ai_level="50%")}, "contributions"),
    "machine without its tool": ({"contributions": contribution(ai_level="all")}, "contributions"),
    "machine with a blank tool": ({"contributions": contribution(ai_level="partly", tool=" ")}, "contributions"),
    "tool of 121 characters": ({"contributions": contribution(ai_level="all", tool="x" * 121)}, "contributions"),
    "person that is no id": ({"contributions": contribution(actor="Anna")}, "contributions"),
    "too many contributions": ({"contributions": contribution() * 10_000}, "contributions"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_declaration_is_refused_with_the_field(name: str, standing: World) -> None:
    changes, field = FIELDS[name]
    problem = is_problem(send(standing, standing.sounds.own("wav"), **changes), 400, "malformed")
    assert list(problem["fields"]["declaration"]) == [field]


@pytest.mark.parametrize(
    "declaration",
    [
        "",
        "not json",
        "[]",
        '"text"',
        "null",
        "{}",
        '{"title": NaN}',
        "[" * 100_000,
        '{"a":' * 5_000,
        '{"a": 1, "a": 2}',
    ],
    ids=lambda text: text[:12],
)
def test_a_declaration_that_is_no_object_is_refused(declaration: str, standing: World) -> None:
    fields = {"id": key("bad"), "declaration": declaration}
    answer = standing.distributor.upload(SUBMISSIONS, fields, file=standing.sounds.own("wav"))
    assert "declaration" in is_problem(answer, 400, "malformed")["fields"]


UNTRUE: dict[str, tuple[dict[str, Any], str]] = {
    "release yesterday": ({"release_on": (today() - timedelta(days=1)).isoformat()}, "release_in_the_past"),
    "unknown territory": ({"territories": ["XX"]}, "no_such_territory"),
    "territory in small letters": ({"territories": ["de"]}, "no_such_territory"),
    "every territory excluded": ({"territories": ["2136", "-2136"]}, "no_territory"),
    "unknown recording": ({"ingredients": [key("country"), UNKNOWN]}, "unknown_reference"),
    "unknown person": ({"contributions": contribution(actor=UNKNOWN)}, "unknown_reference"),
}


@pytest.mark.parametrize("name", UNTRUE)
def test_a_declaration_that_cannot_be_true_is_refused(name: str, standing: World) -> None:
    changes, code = UNTRUE[name]
    is_problem(send(standing, standing.sounds.own("wav"), **changes), 422, code)


# --- the catalogue


BAD_FACTS: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "party of no kind": ("/v1/parties", {"kind": "robot", "name": "R"}, 400, "malformed"),
    "party without a name": ("/v1/parties", {"kind": "person", "name": " "}, 400, "malformed"),
    "work with a wrong check digit": ("/v1/works", {"title": "W", "iswc": "T-034524680-2"}, 422, "bad_iswc"),
    "work without a title": ("/v1/works", {}, 400, "malformed"),
    "recording with a wrong ISRC": ("/v1/recordings", {"title": "R", "isrc": "XX"}, 422, "bad_isrc"),
    "recording of an unknown work": ("/v1/recordings", {"title": "R", "works": [UNKNOWN]}, 422, "unknown_reference"),
    "share of nothing": ("/v1/shares", {"recording": None}, 400, "malformed"),
    "share of two assets": ("/v1/shares", {"work": key("work of country")}, 422, "not_one_asset"),
    "share of an unknown recording": ("/v1/shares", {"recording": UNKNOWN}, 422, "unknown_reference"),
    "share of an unknown party": ("/v1/shares", {"party": UNKNOWN}, 422, "unknown_reference"),
    "share of zero": ("/v1/shares", {"part": "0"}, 422, "not_a_part"),
    "share of more than all": ("/v1/shares", {"part": "3/2"}, 422, "not_a_part"),
    "share as a decimal": ("/v1/shares", {"part": "0.5"}, 400, "malformed"),
    "share by zero": ("/v1/shares", {"part": "1/0"}, 400, "malformed"),
    "share that is negative": ("/v1/shares", {"part": "-1/2"}, 400, "malformed"),
    "share nowhere": ("/v1/shares", {"territories": ["ZZ"]}, 422, "no_such_territory"),
    "share that ends before it begins": ("/v1/shares", {"active_to": "2025-12-31"}, 422, "ends_before_it_begins"),
    "share that ends as it begins": ("/v1/shares", {"active_to": "2026-01-01"}, 422, "ends_before_it_begins"),
    "consent to no use": ("/v1/consents", {"uses": []}, 400, "malformed"),
    "consent to an unknown use": ("/v1/consents", {"uses": ["train"]}, 400, "malformed"),
    "consent without its text": ("/v1/consents", {"document": "me"}, 400, "malformed"),
    "consent of an unknown party": ("/v1/consents", {"grantor": UNKNOWN}, 422, "unknown_reference"),
    "consent that ends before it begins": ("/v1/consents", {"active_to": "2025-12-31"}, 422, "ends_before_it_begins"),
    "license of nothing": ("/v1/licenses", {"schedule": []}, 422, "empty_schedule"),
    "license of an unknown work": ("/v1/licenses", {"schedule": [{"work": UNKNOWN}]}, 422, "unknown_reference"),
    "license of half an asset": ("/v1/licenses", {"schedule": [{}]}, 422, "not_one_asset"),
    "license of the same twice": (
        "/v1/licenses", {"schedule": [{"recording": key("country")}] * 2}, 422, "listed_twice",
    ),
    "license of more than all": (
        "/v1/licenses", {"plan": {"commission": "2", "creators": "0", "masters": "0"}}, 422, "not_a_part",
    ),
    "license without a plan": ("/v1/licenses", {"plan": None}, 400, "malformed"),
    "license that ends before it begins": ("/v1/licenses", {"active_to": "2025-12-31"}, 422, "ends_before_it_begins"),
    "withdrawal before today": (
        f"/v1/consents/{key('consent country label')}/withdrawals",
        {"effective_on": (today() - timedelta(days=1)).isoformat()},
        422,
        "withdrawal_reaches_back",
    ),
    "withdrawal of nothing": (f"/v1/consents/{UNKNOWN}/withdrawals", {}, 404, "no_such_consent"),
    "withdrawal by nobody": (
        f"/v1/consents/{key('consent country label')}/withdrawals", {"actor": UNKNOWN}, 422, "unknown_reference",
    ),
}  # fmt: skip
TERMS = {"territories": ["2136"], "active_from": "2026-01-01", "document": "0" * 64}
GOOD_FACTS: dict[str, dict[str, Any]] = {
    "/v1/parties": {},
    "/v1/works": {},
    "/v1/recordings": {},
    "/v1/shares": {"recording": key("country"), "party": key("label"), "part": "1/2"} | TERMS,
    "/v1/consents": {
        "recording": key("country"), "grantor": key("label"), "actor": key("label"), "uses": ["infer.input"],
    } | TERMS,
    "/v1/licenses": {
        "licensor": key("label"), "licensee": key("rival"), "schedule": [{"recording": key("country")}],
        "uses": ["infer.input"], "plan": {"commission": "0", "creators": "0", "masters": "1"},
    } | TERMS,
    "/v1/consents/withdrawals": {"actor": key("label"), "effective_on": today().isoformat()},
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FACTS)
def test_a_fact_that_cannot_be_one_is_refused(name: str, standing: World) -> None:
    path, changes, status, code = BAD_FACTS[name]
    kind = "/v1/consents/withdrawals" if path.endswith("withdrawals") else path
    is_problem(standing.label.post(path, {"id": key("bad")} | GOOD_FACTS[kind] | changes), status, code)


def test_a_recording_that_names_a_work_twice_is_refused(standing: World) -> None:
    document = {"id": key("bad"), "title": "R", "works": [key("work of country")] * 2}
    is_problem(standing.label.post("/v1/recordings", document), 422, "listed_twice")


def test_a_recording_with_audio_and_an_unknown_work_is_refused(standing: World) -> None:
    fields = {"id": key("bad"), "title": "R", "works": [UNKNOWN]}
    answer = standing.label.upload("/v1/recordings", fields, file=standing.sounds.own("flac"))
    is_problem(answer, 422, "unknown_reference")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "malformed"),
        (b"{", "parse_error"),
        (b"\xff\xfe\x00", "parse_error"),
        (b"[" * 100_000, "parse_error"),
        (b"[]", "malformed"),
        (b"null", "malformed"),
        (b'"text"', "malformed"),
    ],
    ids=lambda value: repr(value)[:16],
)
def test_a_body_that_is_no_object_is_refused(content: bytes, code: str, standing: World) -> None:
    answer = standing.label.client.post(
        "/v1/works", content, content_type="application/json", headers=standing.label.headers
    )
    is_problem(answer, 400, code)


def test_a_body_of_megabytes_is_refused_unread(standing: World) -> None:
    payload = Body(json.dumps({"id": key("bad"), "title": "x" * (8 * MIB)}).encode())
    length = str(len(payload.getvalue()))
    answer = standing.label.raw("/v1/works", payload, length=length, content_type="application/json")
    is_problem(answer, 413, "body_too_large")
    assert payload.taken < 4 * MIB


@pytest.mark.parametrize("path", ["nonsense", UNKNOWN, f"{UNKNOWN}/pack", "../admin", f"{UNKNOWN}/file"])
def test_an_address_of_nothing_is_not_found(path: str, standing: World) -> None:
    answer = standing.distributor.get(f"{SUBMISSIONS}/{path}")
    assert answer.status_code == 404
    if UNKNOWN in path:
        is_problem(answer, 404, "no_such_submission")


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=%00", "limit=-1", "limit=many", "limit=99999999999"])
def test_a_page_that_is_none_is_no_failure(query: str, standing: World) -> None:
    answer = standing.label.get(f"/v1/works?{query}")
    assert answer.status_code in {200, 404}
    if answer.status_code == 404:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_fact_has_no_method_that_changes_it(method: str, standing: World) -> None:
    for path in ("/v1/works", f"/v1/recordings/{key('country')}", SUBMISSIONS, f"{SUBMISSIONS}/{UNKNOWN}"):
        for api in (standing.label, standing.distributor):
            answer = getattr(api.client, method)(path, headers=api.headers)
            assert answer.status_code in {403, 405}
            assert answer["Content-Type"] == "application/problem+json"


def test_an_entry_that_is_not_there_is_not_found(standing: World) -> None:
    is_problem(standing.label.get("/v1/log/entries/99999999"), 404, "not_found")
    is_problem(standing.label.get("/v1/log/entries/99999999999999999999999999"), 404, "not_found")


def test_what_is_broken_is_read_by_nobody_without_a_token(standing: World) -> None:
    answer = Api().upload(SUBMISSIONS, {"id": "x"}, file=b"junk")
    is_problem(answer, 401, "not_authenticated")


@pytest.mark.parametrize("path", [SUBMISSIONS, "/v1/recordings"])
def test_a_body_of_unknown_length_is_refused(path: str, standing: World) -> None:
    api = standing.distributor if path == SUBMISSIONS else standing.label
    environ: dict[str, Any] = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": ""}
    answer = api.client.generic("POST", path, headers={**api.headers, "Transfer-Encoding": "chunked"}, **environ)
    is_problem(answer, 411, "length_required")
