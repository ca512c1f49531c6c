"""Enrolling a folder of audio …"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import numpy as np
import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from fingerprint import index
from fingerprint.models import Audio, Reference
from ledger import clients, enrolling, jobs, sequencer, tasks
from ledger.audit import audit
from ledger.models import Enrollment, EnrollmentFile, Entry, Job
from rights.models import Recording, RecordingAudio
from tests.flows.conftest import CATALOGUE, Api, World, body, key

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

LABEL = ["catalogue:read", "catalogue:write"]
Put = Callable[..., Path]


@pytest.fixture
def catalogue(tmp_path: Path, settings: Any) -> Path:
    """The store in which organizations put their audio."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    settings.STORAGES = {
        **settings.STORAGES,
        "catalogue": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        },
    }
    return folder


@pytest.fixture
def put(catalogue: Path) -> Put:
    """Write a short sound, another for each seed, with tags."""

    def write(name: str, seed: int, **tags: str) -> Path:
        path = catalogue / key("label") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        chance = np.random.default_rng(seed)
        tones = chance.integers(200, 2000, 12)
        seconds = np.arange(11_025 // 2) / 11_025
        sound = np.concatenate([np.sin(2 * np.pi * hertz * seconds) for hertz in tones])
        with av.open(str(path), "w", format="flac") as container:
            container.metadata.update(tags)
            stream = container.add_stream("flac", rate=11_025, layout="mono")
            samples = (sound * 9_000).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = 11_025
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def label(trade: World) -> Api:
    """A label's own client, which sees what is its own."""
    return Api(clients.create(name="label", party_id=UUID(key("label")), scopes=LABEL))


def register(api: Api, name: str, isrc: str | None = None) -> UUID:
    answer = api.post("/v1/recordings", {"id": key(name), "title": name.title(), "isrc": isrc, "works": []})
    assert answer.status_code == 201, answer.content
    return UUID(key(name))


def ask(api: Api, *, id: UUID | None = None, mapping: str | None = None, **more: Any) -> Any:
    data: dict[str, Any] = {"id": str(id or uuid4()), "folder": key("label"), **more}
    if mapping is not None:
        data["mapping"] = SimpleUploadedFile("map.csv", mapping.encode(), content_type="text/csv")
    return api.client.post("/v1/enrollments", data, headers=api.headers)


def work(id: UUID) -> None:
    """What workers do."""
    for part in enrolling.list_files(enrollment_id=id, at=timezone.now()):
        enrolling.enroll_part(part=part, at=timezone.now())


def enrolled(api: Api, **more: Any) -> dict[str, Any]:
    """Have a folder enrolled to its end, and read what came of it."""
    answer = ask(api, **more)
    assert answer.status_code == 202, answer.content
    id = UUID(answer.json()["id"])
    work(id)
    found: dict[str, Any] = api.get(f"/v1/enrollments/{id}").json()
    return found


def files_of(api: Api, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    results = api.get(f"/v1/enrollments/{found['id']}/files?limit=500").json()["results"]
    return {one["name"]: one for one in results}


def problems(api: Api, found: dict[str, Any]) -> list[dict[str, str]]:
    answer = api.get(f"/v1/enrollments/{found['id']}/problems.csv")
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(body(answer).decode())))


# --- what a file is of


@pytest.mark.parametrize("told_by", ["its name", "its tags", "the mapping's isrc", "the mapping's id"])
def test_knows_a_recording_by(told_by: str, label: Api, put: Put) -> None:
    recording = register(label, "known", "GBUV71200001")
    mapping, name, tags = None, "song.flac", {}
    if told_by == "its name":
        name = "a/GB-UV7-12-00001 Known (remaster).flac"
    elif told_by == "its tags":
        tags = {"ISRC": "GBUV71200001"}
    elif told_by == "the mapping's isrc":
        mapping = "File,ISRC\nsong.flac,GB-UV7-12-00001\n"
    else:
        mapping = f"file,recording\nsong.flac,{recording}\n"
    put(name, 1, **tags)
    found = enrolled(label, mapping=mapping)
    assert found["state"] == "done"
    assert found["progress"]["enrolled"] == 1
    (file,) = files_of(label, found).values()
    assert (file["result"], file["recording"]) == ("enrolled", str(recording))
    assert label.get(f"/v1/recordings/{recording}").json()["audio"] == file["audio"]
    delivery = RecordingAudio.objects.get()
    assert set(index.current().ids()) == {delivery.reference_id}
    entry = Entry.objects.get(recording_audio=delivery)
    assert entry.kind == Entry.Kind.AUDIO_DELIVERED
    sequencer.drain(at=timezone.now())
    assert not audit().faults


def test_what_was_delivered_later_is_listed_with_audio(label: Api, put: Put, admin_client: Client) -> None:
    register(label, "known", "GBUV71200001")
    register(label, "silent", "GBUV71200002")
    put("GBUV71200001.flac", 1)
    assert enrolled(label)["progress"]["enrolled"] == 1
    listed = {
        value: admin_client.get(f"/admin/rights/recording/?audio={value}").content.decode()
        for value in ("with", "without")
    }
    assert ("GBUV71200001" in listed["with"], "GBUV71200002" in listed["with"]) == (True, False)
    assert ("GBUV71200001" in listed["without"], "GBUV71200002" in listed["without"]) == (False, True)


def test_registers_what_the_mapping_says_is_new(label: Api, put: Put) -> None:
    put("a.flac", 1, title="From the tags")
    put("b.flac", 2, title="Not this one", ISRC="GBUV71200002")
    put("c.flac", 3)
    found = enrolled(label, mapping="file,register,title\na.flac,yes,\nb.flac,yes,=From the sheet\nc.flac,yes,\n")
    assert (found["progress"]["enrolled"], found["progress"]["failed"]) == (2, 1)
    made = set(Recording.objects.values_list("title", "isrc", "registrar"))
    assert made == {
        ("From the tags", None, UUID(key("label"))),
        ("=From the sheet", "GBUV71200002", UUID(key("label"))),
    }
    (failed,) = problems(label, found)
    assert (failed["file"], failed["field"], failed["code"], failed["register"]) == (
        "c.flac",
        "title",
        "no_title",
        "yes",
    )
    assert Recording.objects.filter(reference=None).count() == 0


def test_guesses_nothing(label: Api, trade: World, put: Put) -> None:
    register(label, "mine", "GBUV71200001")
    register(trade.label, "theirs of the operator", "GBUV71200009")
    Recording.objects.get(isrc="GBUV71200009")
    put("nothing.flac", 1)
    put("GBUV71200001 GBUV71200002.flac", 2)
    put("GBUV71200001.flac", 3, ISRC="GBUV71200002")
    put("GBUV71200003.flac", 4)
    put("GBUV71299999999.flac", 5)  # longer than a code: none
    (put("broken.flac", 6)).write_bytes(b"fLaC and no more")
    put("notes.txt", 7)
    found = enrolled(label)
    assert found["progress"] | {"percent": 100, "error": ""} == {
        "percent": 100,
        "files": 6,
        "waiting": 0,
        "enrolled": 0,
        "known": 0,
        "failed": 6,
        "passed_over": 1,
        "error": "",
    }
    assert {one["file"]: one["code"] for one in problems(label, found)} == {
        "nothing.flac": "no_recording",
        "GBUV71200001 GBUV71200002.flac": "several_isrcs",
        "GBUV71200001.flac": "several_isrcs",
        "GBUV71200003.flac": "unknown_isrc",
        "GBUV71299999999.flac": "no_recording",
        "broken.flac": "audio_refused",
    }
    assert not Reference.objects.exists()
    assert not Audio.objects.exists()


def test_delivers_nobody_elses_recording(label: Api, trade: World, put: Put) -> None:
    theirs = Api(clients.create(name="rival", party_id=UUID(key("rival")), scopes=LABEL))
    recording = register(theirs, "theirs", "GBUV71200001")
    put("GBUV71200001.flac", 1)
    put("b.flac", 2)
    found = enrolled(label, mapping=f"file,recording\nb.flac,{recording}\n")
    assert {one["file"]: (one["code"], "theirs" in one["problem"].lower()) for one in problems(label, found)} == {
        "GBUV71200001.flac": ("unknown_isrc", False),
        "b.flac": ("unknown_recording", False),
    }


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("a.flac,not an id,,,", "bad_recording"),
        ("a.flac,,GB-12,,", "bad_isrc"),
        ("a.flac,,,,perhaps", "bad_register"),
        (f"a.flac,{key('new')},,,yes", "new_and_known"),
        (f"a.flac,,,{'x' * 301},yes", "long_title"),
        (",,GBUV71200001,,", "no_file"),
        ("gone.flac,,GBUV71200001,,", "file_missing"),
        ("a.flac,,GBUV71200001,,\na.flac,,GBUV71200002,,", "named_twice"),
    ],
)
def test_says_what_is_wrong_with_a_line_of_the_mapping(line: str, code: str, label: Api, put: Put) -> None:
    put("a.flac", 1)
    found = enrolled(label, mapping=f"file,recording,isrc,title,register\n{line}\n", only_named=True)
    assert found["state"] == "done"
    assert [one["code"] for one in problems(label, found)] == [code]


def test_takes_the_corrected_problems_as_the_next_mapping(label: Api, put: Put) -> None:
    put("a.flac", 1)
    put("=b.flac", 2)
    first = enrolled(label)
    sheet = problems(label, first)
    assert len(sheet) == 2
    written = io.StringIO()
    rows = csv.DictWriter(written, sheet[0].keys())
    rows.writeheader()
    rows.writerows({**one, "register": "yes", "title": f"Song {at}"} for at, one in enumerate(sheet))
    second = enrolled(label, mapping=written.getvalue(), only_named=True)
    assert (second["progress"]["enrolled"], second["progress"]["failed"]) == (2, 0)
    assert {one["name"] for one in files_of(label, second).values()} == {"a.flac", "=b.flac"}


# --- what is there already


def test_enrolls_the_same_bytes_once(label: Api, put: Put) -> None:
    register(label, "known", "GBUV71200001")
    path = put("GBUV71200001.flac", 1)
    shutil.copy(path, path.with_name("copy of GBUV71200001.flac"))
    shutil.copy(path, path.with_name("without a code.flac"))
    found = enrolled(label)
    assert (found["progress"]["enrolled"], found["progress"]["known"], found["progress"]["failed"]) == (1, 2, 0)
    again = enrolled(label)
    assert (again["progress"]["enrolled"], again["progress"]["known"]) == (0, 3)
    assert Reference.objects.count() == 1


def test_keeps_the_audio_that_a_recording_has(label: Api, put: Put) -> None:
    register(label, "known", "GBUV71200001")
    register(label, "other", "GBUV71200002")
    first = put("GBUV71200001 a.flac", 1)
    put("GBUV71200001 b.flac", 2)
    shutil.copy(first, first.with_name("GBUV71200002.flac"))
    found = enrolled(label)
    assert {one["file"]: one["code"] for one in problems(label, found)} == {
        "GBUV71200001 b.flac": "has_other_audio",
        "GBUV71200002.flac": "audio_of_another",
    }
    assert RecordingAudio.objects.count() == 1


def test_an_output_is_compared_with_what_was_delivered(world: World, catalogue: Path) -> None:
    recording = register(world.label, "piano", "GBUV71200001")
    folder = catalogue / key("label")
    folder.mkdir()
    shutil.copy(world.sounds.song("piano"), folder / "GBUV71200001.flac")
    assert enrolled(world.label)["progress"]["enrolled"] == 1
    output = world.submit("patched", world.sounds.patched(), key("country"))
    settled = world.settle(output["id"])
    assert settled["state"] == "refused"
    rules = {finding["rule"] for finding in settled["decision"]["findings"]}
    assert "matches_are_declared" in rules
    assert str(recording) in str(settled)


# --- who may


@pytest.mark.parametrize("folder", ["", "elsewhere", "../x", "/etc", "{rival}", "{label}/../{rival}", "{label}\\..\\x"])
def test_lets_nobody_out_of_their_folder(folder: str, label: Api, catalogue: Path) -> None:
    named = folder.format(rival=key("rival"), label=key("label"))
    answer = ask(label, folder=named)
    assert answer.status_code in {400, 403, 422}
    assert not Enrollment.objects.exists()


@pytest.mark.parametrize("store", ["audio", "default", "nothing"])
def test_knows_the_operators_stores_only(store: str, label: Api, catalogue: Path) -> None:
    answer = ask(label, store=store)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_such_store")


def test_names_no_folder_of_the_machine(label: Api, catalogue: Path) -> None:
    answer = ask(label, store="", folder=str(catalogue))
    assert answer.status_code in {400, 403, 422}
    assert not Enrollment.objects.exists()


def test_is_seen_by_its_own_organization(label: Api, trade: World, catalogue: Path, put: Put) -> None:
    put("a.flac", 1)
    found = enrolled(label)
    theirs = Api(clients.create(name="rival", party_id=UUID(key("rival")), scopes=LABEL))
    for path in ("", "/files", "/problems.csv"):
        assert theirs.get(f"/v1/enrollments/{found['id']}{path}").status_code == 404
    assert theirs.post(f"/v1/enrollments/{found['id']}/retrying", {}).status_code == 404
    assert theirs.get("/v1/enrollments").json()["results"] == []
    assert ask(theirs, id=UUID(found["id"]), folder=key("rival")).status_code == 409


def test_asks_for_a_mapping_that_can_be_read(label: Api, catalogue: Path) -> None:
    for sheet in ("", "name,isrc\n", "file\n", "file,isrc,isrc\n", "\ufefffile;isrc\n", 'file,isrc\n"a'):
        answer = ask(label, mapping=sheet)
        if answer.status_code == 202:  # only the first lines are looked at while somebody waits
            assert sheet.startswith("file,isrc")
            continue
        assert (answer.status_code, answer.json()["code"]) in {(422, "bad_mapping"), (400, "malformed")}
    data = {"id": str(uuid4()), "folder": key("label"), "mapping": SimpleUploadedFile("m.csv", b"file,isrc\n\xff\xfe")}
    assert label.client.post("/v1/enrollments", data, headers=label.headers).status_code == 422


def test_asking_twice_asks_once(label: Api, put: Put) -> None:
    put("a.flac", 1)
    id = uuid4()
    assert [ask(label, id=id).status_code for _ in range(2)] == [202, 200]
    assert ask(label, id=id, folder=f"{key('label')}/other").status_code == 409
    assert Job.objects.filter(kind=Job.Kind.LIST, subject_id=id).count() == 1


# --- how it goes on


def test_goes_on_where_it_was(label: Api, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker dies in the middle of a part: what has a result is not done again, and the rest is done."""
    monkeypatch.setattr(enrolling, "PART", 4)
    lines = ["file,register,title"]
    for number in range(6):
        put(f"{number}.flac", number)
        lines.append(f"{number}.flac,yes,Song {number}")
    id = UUID(ask(label, mapping="\n".join(lines)).json()["id"])
    parts = enrolling.list_files(enrollment_id=id, at=timezone.now())
    assert len(parts) == 2
    assert enrolling.list_files(enrollment_id=id, at=timezone.now()) == []  # it is done
    attempts = 0
    attempt = enrolling._attempt

    def die(*arguments: Any, **more: Any) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 3:
            raise KeyboardInterrupt
        attempt(*arguments, **more)

    monkeypatch.setattr(enrolling, "_attempt", die)
    with pytest.raises(KeyboardInterrupt):
        enrolling.enroll_part(part=parts[0], at=timezone.now())
    assert Reference.objects.count() == 2
    later = timezone.now() + 2 * jobs.LEASE
    assert enrolling.enroll_part(part=parts[0], at=later) == 2
    assert enrolling.enroll_part(part=parts[1], at=later) == 2
    assert enrolling.enroll_part(part=parts[1], at=later) == 0
    assert label.get(f"/v1/enrollments/{id}").json()["progress"]["enrolled"] == 6
    assert Reference.objects.count() == 6


def test_leaves_out_a_file_that_kills_its_workers(label: Api, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    register(label, "known", "GBUV71200001")
    put("1.flac", 1)
    put("GBUV71200001.flac", 2)
    id = UUID(ask(label).json()["id"])
    (part,) = enrolling.list_files(enrollment_id=id, at=timezone.now())
    attempt = enrolling._attempt

    def die(job: Any, file: EnrollmentFile, **more: Any) -> None:
        if file.name == "1.flac":
            raise SystemExit
        attempt(job, file, **more)

    monkeypatch.setattr(enrolling, "_attempt", die)
    at = timezone.now()
    for _ in range(2):
        with pytest.raises(SystemExit):
            enrolling.enroll_part(part=part, at=at)
        at += 2 * jobs.LEASE
    enrolling.enroll_part(part=part, at=at)
    found = label.get(f"/v1/enrollments/{id}").json()
    assert (found["state"], found["progress"]["enrolled"]) == ("done", 1)
    assert [one["code"] for one in problems(label, found)] == ["worker_died"]


def test_a_worker_that_was_thought_dead_commits_nothing(label: Api, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    register(label, "known", "GBUV71200001")
    put("GBUV71200001.flac", 1)
    id = UUID(ask(label).json()["id"])
    (part,) = enrolling.list_files(enrollment_id=id, at=timezone.now())
    commit = enrolling._commit

    def late(*arguments: Any, **more: Any) -> None:
        monkeypatch.setattr(enrolling, "_commit", commit)
        assert enrolling.enroll_part(part=part, at=timezone.now() + 2 * jobs.LEASE) == 1
        commit(*arguments, **more)

    monkeypatch.setattr(enrolling, "_commit", late)
    with pytest.raises(jobs.LostLease):
        enrolling.enroll_part(part=part, at=timezone.now())
    assert label.get(f"/v1/enrollments/{id}").json()["progress"]["enrolled"] == 1
    assert Reference.objects.count() == 1


def test_gives_up_and_is_asked_again(label: Api, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    register(label, "known", "GBUV71200001")
    put("GBUV71200001.flac", 1)
    id = UUID(ask(label).json()["id"])
    (part,) = enrolling.list_files(enrollment_id=id, at=timezone.now())

    class Away(Exception):
        pass

    def away(*_: Any) -> None:
        raise Away

    at = timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(enrolling, "_storage", away)
        patch.setattr(enrolling, "MOST_TRIES", 100)
        for _ in range(jobs.MOST_ATTEMPTS):
            with pytest.raises(Away):
                enrolling.enroll_part(part=part, at=at)
            at += 100 * jobs.LEASE
    found = label.get(f"/v1/enrollments/{id}").json()
    assert (found["state"], found["progress"]["error"]) == ("failed", "Away")
    EnrollmentFile.objects.update(tries=0)
    assert label.post(f"/v1/enrollments/{id}/retrying", {}).json()["state"] == "enrolling"
    enrolling.enroll_part(part=part, at=timezone.now())
    assert label.get(f"/v1/enrollments/{id}").json()["state"] == "done"


class Remote:
    """A store whose files have no path here, as an object store's."""

    def __init__(self, **options: Any) -> None:
        files = FileSystemStorage(**options)
        self.listdir, self.open = files.listdir, files.open


def test_reads_from_an_object_store(label: Api, put: Put, catalogue: Path, settings: Any) -> None:
    register(label, "known", "GBUV71200001")
    put("deep/er/GBUV71200001.flac", 1)

    settings.STORAGES = {
        **settings.STORAGES,
        "catalogue": {"BACKEND": f"{__name__}.Remote", "OPTIONS": {"location": str(catalogue)}},
    }
    found = enrolled(label)
    assert found["progress"]["enrolled"] == 1
    settings.LEDGER_MAX_UPLOAD_BYTES = 1000
    put("GBUV71200001 large.flac", 2)
    again = enrolled(label)
    assert [one["code"] for one in problems(label, again)] == ["audio_refused"] * 2


# --- the command, and the tasks


def test_is_begun_at_the_machine(trade: World, put: Put, catalogue: Path, tmp_path: Path, capsys: Any) -> None:
    put("a.flac", 1)
    put("b.flac", 2)
    (tmp_path / "map.csv").write_text("file,register,title\na.flac,yes,A\n")
    folder = str(catalogue / key("label"))
    id = uuid4()
    options: dict[str, Any] = {"id": id, "map": tmp_path / "map.csv", "party": UUID(key("label"))}
    call_command("enroll_catalogue", folder, no_wait=True, **options)
    work(id)
    call_command("enroll_catalogue", folder, problems=tmp_path / "problems.csv", **options)
    said = capsys.readouterr().out
    assert "done: 2 files, 1 enrolled, 0 known, 1 failed, 0 waiting" in said
    assert "no_recording" in (tmp_path / "problems.csv").read_text()
    with pytest.raises(CommandError, match="no such folder"):
        call_command("enroll_catalogue", "not/absolute")
    with pytest.raises(CommandError, match="no party"):
        call_command("enroll_catalogue", folder, party=uuid4())


def test_is_rung_for_part_by_part(label: Api, put: Put, settings: Any) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    from ledger.celery import app

    app.conf.task_always_eager = True
    try:
        register(label, "known", "GBUV71200001")
        put("GBUV71200001.flac", 1)
        id = UUID(ask(label).json()["id"])
    finally:
        app.conf.task_always_eager = False
    assert label.get(f"/v1/enrollments/{id}").json()["state"] == "done"
    assert not Job.objects.filter(done_at=None).exists()
    tasks.sweep()


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    index.forget()


def test_the_operator_enrolls_for_anybody(trade: World, put: Put, catalogue: Path) -> None:
    operator = Api(clients.create(name="operator", party_id=UUID(key("label")), scopes=CATALOGUE))
    assert operator.get("/v1/enrollments").status_code == 200
