"""Assets over HTTP: what is in a recording, what datasets and models are made of; each is its keeper's to describe."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger import clients
from ledger.models import Entry
from rights.models import DatasetMember, RecordingWork
from tests.flows.conftest import Api, World, key, row_counts, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TEXT = "11" * 32
CODE, WEIGHTS = "22" * 32, "33" * 32


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
@remembered
def label(songs: World) -> Api:
    """A label's own client, with a recording of both works and its singer registered by itself."""
    own = Api(clients.create(name="own", party_id=UUID(key("label")), scopes=["catalogue:read", "catalogue:write"]))
    for name in ("first", "second"):
        songs.share(f"way in of {name}", party="label", part="1/2", work=key(name))
    made(own, "/v1/recordings", id=key("song"), title="Song")
    made(own, "/v1/parties", id=key("own singer"), kind="person", name="Singer A")
    made(own, "/v1/voices", id=key("voice"), person=key("own singer"), label="singing")
    return own


@pytest.fixture
@remembered
def other(trade: World) -> Api:
    """A client of a party that has nothing here."""
    return Api(clients.create(name="own", party_id=UUID(key("rival")), scopes=["catalogue:read", "catalogue:write"]))


def made(api: Api, path: str, **document: Any) -> dict[str, Any]:
    answer = api.post(path, document)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def licensed(world: World, name: str, **more: Any) -> str:
    """The label licenses a work to the distributor."""
    return world.license(name, schedule=[{"work": key("first")}], **more)


# --- what is in a recording


def test_works_are_in_a_recording_with_their_portions(songs: World) -> None:
    given = {
        "id": key("medley"),
        "title": "Medley",
        "works": [key("second")],
        "portions": [{"work": key("first"), "portion": "1/3", "start_ms": 0, "end_ms": 61_000}],
    }
    shown = made(songs.label, "/v1/recordings", **given)
    assert shown["works"] == sorted([key("first"), key("second")])
    assert shown["portions"] == [{"work": key("first"), "portion": "1/3", "start_ms": 0, "end_ms": 61_000}]
    again = songs.label.post("/v1/recordings", given)
    assert (again.status_code, again.json()) == (200, shown)
    other_part = given | {"portions": [{"work": key("first"), "portion": "1/2"}]}
    assert code_of(songs.label.post("/v1/recordings", other_part)) == (409, "id_taken")


def test_a_work_that_is_linked_later_has_an_entry_of_its_own(label: Api) -> None:
    path = f"/v1/recordings/{key('song')}/works"
    document = {"id": key("link"), "work": key("first"), "portion": "2/3"}
    link = made(label, path, **document)
    assert (link["portion"], link["recording"]) == ("2/3", key("song"))
    assert Entry.objects.get(recording_work=UUID(key("link"))).kind == Entry.Kind.WORK_LINKED
    again = label.post(path, document)
    assert (again.status_code, again.json()) == (200, link)
    assert code_of(label.post(path, document | {"portion": "1/3"})) == (409, "id_taken")
    assert code_of(label.post(path, document | {"id": key("twice")})) == (409, "already_linked")
    assert label.get(path).json()["results"] == [link]
    # The recording is still the one that was registered.
    first = {"id": key("song"), "title": "Song"}
    assert label.post("/v1/recordings", first).status_code == 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"portion": "1/3"}, 201),
        ({"portion": "1/2"}, 422),  # with 2/3 of the first work
        ({"portion": "0"}, 422),
        ({"portion": "3/2"}, 422),
        ({"portion": "0.5"}, 400),
        ({"start_ms": 10, "end_ms": 10}, 422),
        ({"start_ms": 10}, 422),
        ({"end_ms": 10}, 422),
        ({"start_ms": -1, "end_ms": 10}, 400),
        ({"end_ms": 2**31}, 400),
        ({}, 201),  # that nothing is known of it is no portion
    ],
)
def test_portions_are_at_most_the_whole(given: dict[str, Any], expected: int, label: Api) -> None:
    path = f"/v1/recordings/{key('song')}/works"
    made(label, path, id=key("one"), work=key("first"), portion="2/3")
    rows = row_counts()
    answer = label.post(path, {"id": key("two"), "work": key("second")} | given)
    assert answer.status_code == expected, answer.content
    if expected != 201:
        assert row_counts() == rows


def test_a_recording_is_not_registered_with_more_than_all_of_it(songs: World) -> None:
    portions = [{"work": key(name), "portion": "2/3"} for name in ("first", "second")]
    answer = songs.label.post("/v1/recordings", {"id": key("r"), "title": "R", "portions": portions})
    assert code_of(answer) == (422, "portions_beyond_the_whole")
    twice = {"id": key("r"), "title": "R", "portions": [portions[0] | {"portion": "1/4"}] * 2}
    assert code_of(songs.label.post("/v1/recordings", twice)) == (422, "listed_twice")
    assert not RecordingWork.objects.exists()


def test_a_voice_is_of_a_person_and_heard_in_a_recording(label: Api) -> None:
    made(label, "/v1/parties", id=key("band"), kind="company", name="Band")
    refused = label.post("/v1/voices", {"id": key("v"), "person": key("band"), "label": "singing"})
    assert code_of(refused) == (422, "voice_of_a_person_only")
    taken = label.post("/v1/voices", {"id": key("v"), "person": key("own singer"), "label": "singing"})
    assert code_of(taken) == (409, "voice_taken")
    path = f"/v1/recordings/{key('song')}/voices"
    link = made(label, path, id=key("heard"), voice=key("voice"))
    assert link["component"] == "lead_vocal"
    assert label.get(path).json()["results"] == [link]
    again = label.post(path, {"id": key("again"), "voice": key("voice"), "component": "arrangement"})
    assert code_of(again) == (409, "already_linked")
    assert [row["id"] for row in label.get("/v1/voices").json()["results"]] == [key("voice")]


def test_stems_lyrics_and_releases_are_registered_once(label: Api) -> None:
    facts: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "stems": (
            {"recording": key("song"), "title": "Vocal", "component": "lead_vocal", "audio": f"sha256:{TEXT}"},
            {"title": "Other", "component": "arrangement", "audio": "55" * 32},
        ),
        "lyrics": ({"work": key("first"), "language": "pt-BR", "text": TEXT}, {"language": "en", "text": "44" * 32}),
        "releases": (
            {"title": "Album", "icpn": "4006381333931", "recordings": [key("song")]},
            {"title": "Other", "icpn": None, "recordings": []},
        ),
    }
    for name, (given, changes) in facts.items():
        document = {"id": key(f"new {name}")} | given
        first = made(label, f"/v1/{name}", **document)
        assert label.get(f"/v1/{name}").json()["results"] == [first]
        again = label.post(f"/v1/{name}", document)
        assert (again.status_code, again.json()) == (200, first)
        for field, value in changes.items():
            assert code_of(label.post(f"/v1/{name}", document | {field: value})) == (409, "id_taken"), (name, field)
    release = label.get(f"/v1/releases/{key('new releases')}").json()
    assert (release["recordings"], release["icpn"]) == ([key("song")], "04006381333931")


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("lyrics", {"work": key("first"), "language": "english!", "text": TEXT}, (422, "not_a_language")),
        ("lyrics", {"work": key("first"), "language": "e" * 36, "text": TEXT}, (400, "malformed")),
        ("lyrics", {"work": key("first"), "language": "en", "text": "la la la"}, (400, "malformed")),
        ("releases", {"title": "Album", "icpn": "4006381333932"}, (422, "bad_code")),
        ("releases", {"title": "Album", "recordings": [key("nothing")]}, (422, "unknown_reference")),
        ("stems", {"recording": key("song"), "title": "x", "component": "noise"}, (400, "malformed")),
        ("stems", {"recording": key("nothing"), "title": "x", "component": "lead_vocal"}, (422, "unknown_reference")),
        ("datasets", {"keeper": key("label"), "name": "D", "members": []}, (422, "nothing_in_the_dataset")),
        ("datasets", {"keeper": key("label"), "name": "D", "members": [{}]}, (422, "not_one_asset")),
        ("datasets", {"keeper": key("label"), "name": "D", "members": [{"work": "x"}]}, (400, "malformed")),
        (
            "datasets",
            {"keeper": key("label"), "name": "D", "members": [{"work": key("first")}] * 2},
            (422, "listed_twice"),
        ),
        ("models", {"provider": key("nothing"), "name": "M"}, (422, "unknown_reference")),
    ],
)
def test_what_is_not_an_asset_is_refused(
    path: str, document: dict[str, Any], expected: tuple[int, str], label: Api
) -> None:
    rows = row_counts()
    assert code_of(label.post(f"/v1/{path}", {"id": key("new")} | document)) == expected
    assert row_counts() == rows


def test_a_member_too_many_is_refused_before_anything_is_looked_up(label: Api) -> None:
    members = [{"work": str(uuid4())} for _ in range(20_001)]
    answer = label.post("/v1/datasets", {"id": key("d"), "keeper": key("label"), "name": "D", "members": members})
    assert code_of(answer)[0] in {400, 413}


# --- datasets and models


def test_a_dataset_is_named_by_its_members_and_keeps_them(label: Api) -> None:
    document = {
        "id": key("dataset"),
        "keeper": key("label"),
        "name": "Training 2026",
        "members": [{"work": key("first")}, {"recording": key("song")}],
    }
    shown = made(label, "/v1/datasets", **document)
    ids = sorted([key("first"), key("song")])
    assert shown["digest"] == "sha256:" + hashlib.sha256("".join(f"{id}\n" for id in ids).encode()).hexdigest()
    assert shown["member_count"] == 2
    listed = label.get(f"/v1/datasets/{key('dataset')}/members").json()["results"]
    assert [next(iter(member["asset"].values())) for member in listed] == ids
    again = label.post("/v1/datasets", document | {"members": document["members"][::-1]})
    assert (again.status_code, again.json()) == (200, shown)
    fewer = label.post("/v1/datasets", document | {"members": [{"work": key("first")}]})
    assert code_of(fewer) == (409, "id_taken")
    assert label.get(f"/v1/datasets/{key('dataset')}").json() == shown


def version(**more: Any) -> dict[str, Any]:
    return {"id": key("v1"), "label": "1.0", "has_identity_features": False} | more


def test_a_version_rests_on_licenses_in_force_while_it_was_trained(songs: World, label: Api) -> None:
    long = licensed(songs, "long", active_to="2027-01-01")
    short = licensed(songs, "short", active_to="2026-03-01")
    dataset = {
        "id": key("dataset"),
        "keeper": key("label"),
        "name": "D",
        "members": [{"work": key("first"), "license": long}],
    }
    made(label, "/v1/datasets", **dataset)
    made(label, "/v1/models", id=key("model"), provider=key("label"), name="Model A")
    path = f"/v1/models/{key('model')}/versions"
    trained = {"dataset": key("dataset"), "trained_from": "2026-02-01", "trained_to": "2026-03-01"}
    for more, code in (
        ({"dataset": key("dataset")}, "training_undated"),
        ({"trained_from": "2026-02-01"}, "training_undated"),
        (trained | {"trained_to": "2026-01-31"}, "training_undated"),
        (trained | {"trained_from": "2025-12-31"}, "not_licensed_throughout"),
        (trained | {"licenses": [short]}, "not_licensed_throughout"),
        (trained | {"licenses": [key("nothing")]}, "unknown_reference"),
    ):
        assert code_of(label.post(path, version(**more))) == (422, code), more
    lapsed = label.post(path, version(**trained, licenses=[short])).json()["detail"]
    assert short in lapsed
    assert "2026-03-01" in lapsed
    assert long not in lapsed

    document = version(**trained, code=CODE, weights=WEIGHTS)
    shown = made(label, path, **document)
    assert (shown["licenses"], shown["code"], shown["retired_on"]) == ([long], f"sha256:{CODE}", None)
    assert label.post(path, document).json() == shown
    # The last day of a license is the day before its end; trained within it, the short one serves too.
    within = version(id=key("v2"), label="2.0", **(trained | {"trained_to": "2026-02-28"}), licenses=[short])
    assert made(label, path, **within)["licenses"] == sorted([long, short])
    assert code_of(label.post(path, document | {"id": key("v3")})) == (409, "version_taken")
    assert [row["label"] for row in label.get(path).json()["results"]] == ["1.0", "2.0"]


def test_a_version_is_retired_once(label: Api) -> None:
    made(label, "/v1/models", id=key("model"), provider=key("label"), name="Model A")
    made(label, f"/v1/models/{key('model')}/versions", **version())
    path = f"/v1/models/{key('model')}/versions/{key('v1')}/retirements"
    document = {"id": key("off"), "effective_on": today().isoformat(), "reason": "replaced"}
    first = made(label, path, **document)
    assert label.post(path, document).json() == first
    later = (today() + timedelta(days=1)).isoformat()
    assert code_of(label.post(path, document | {"effective_on": later})) == (409, "id_taken")
    assert code_of(label.post(path, document | {"id": key("off again")})) == (409, "already_retired")
    (shown,) = label.get(f"/v1/models/{key('model')}/versions").json()["results"]
    assert date.fromisoformat(shown["retired_on"]) == today()
    other_model = path.replace(key("model"), key("other model"))
    assert label.post(other_model, document).status_code == 404


# --- whose it is


def test_what_is_not_seen_is_not_there(label: Api, other: Api) -> None:
    made(label, "/v1/models", id=key("model"), provider=key("label"), name="Model A")
    made(label, f"/v1/models/{key('model')}/versions", **version())
    dataset = {"keeper": key("label"), "name": "D", "members": [{"work": key("first")}]}
    made(label, "/v1/datasets", id=key("dataset"), **dataset)
    made(label, "/v1/stems", id=key("stem"), recording=key("song"), title="S", component="lead_vocal")
    made(label, "/v1/lyrics", id=key("text"), work=key("first"), language="en", text=TEXT)
    made(label, "/v1/releases", id=key("album"), title="Album", recordings=[key("song")])
    for name in ("works", "recordings", "releases", "voices", "stems", "lyrics", "datasets", "models"):
        assert label.get(f"/v1/{name}").json()["results"], name
        assert other.get(f"/v1/{name}").json()["results"] == [], name
    for path, id in (
        ("works/{}", "first"),
        ("works/{}/position", "first"),
        ("recordings/{}/works", "song"),
        ("recordings/{}/voices", "song"),
        ("releases/{}", "album"),
        ("voices/{}/position", "voice"),
        ("stems/{}/position", "stem"),
        ("lyrics/{}/position", "text"),
        ("datasets/{}", "dataset"),
        ("datasets/{}/members", "dataset"),
        ("models/{}/versions", "model"),
    ):
        assert label.get("/v1/" + path.format(key(id))).status_code == 200, path
        unseen, nothing = (other.get("/v1/" + path.format(given)) for given in (key(id), str(uuid4())))
        assert (unseen.status_code, unseen.json()) == (404, nothing.json()), path


def test_naming_what_is_not_seen_is_refused_like_naming_nothing(label: Api, other: Api) -> None:
    made(other, "/v1/models", id=key("own model"), provider=key("rival"), name="Own")
    made(other, "/v1/recordings", id=key("own"), title="Own")

    def attempts(work: str, recording: str, voice: str, person: str) -> list[tuple[str, dict[str, Any]]]:
        dataset = {"keeper": key("rival"), "name": "D"}
        return [
            (f"recordings/{key('own')}/works", {"work": work}),
            (f"recordings/{key('own')}/voices", {"voice": voice}),
            ("recordings", {"title": "R", "portions": [{"work": work, "portion": "1/2"}]}),
            ("releases", {"title": "A", "recordings": [key("own"), recording]}),
            ("voices", {"person": person, "label": "humming"}),
            ("stems", {"recording": recording, "title": "S", "component": "lead_vocal"}),
            ("lyrics", {"work": work, "language": "en", "text": TEXT}),
            ("datasets", dataset | {"members": [{"recording": key("own")}, {"work": work}]}),
            ("datasets", dataset | {"members": [{"recording": key("own"), "license": person}]}),
            ("models", {"provider": person, "name": "M"}),
            (f"models/{key('own model')}/versions", {"label": "1", "has_identity_features": False, "licenses": [work]}),
            (f"models/{key('own model')}/versions", {"label": "1", "has_identity_features": True, "dataset": person}),
        ]

    theirs = attempts(key("first"), key("song"), key("voice"), key("own singer"))
    nothing = attempts(*(str(uuid4()) for _ in range(4)))
    rows = row_counts()
    for (path, document), (_, missing) in zip(theirs, nothing, strict=True):
        new = {"id": str(uuid4())}
        given, unknown = other.post(f"/v1/{path}", new | document), other.post(f"/v1/{path}", new | missing)
        assert (given.status_code, given.json()["code"]) == (422, "unknown_reference"), (path, given.content)
        assert given.json() == unknown.json(), path
    assert row_counts() == rows


def test_seeing_a_recording_or_a_model_is_not_describing_it(songs: World, label: Api, other: Api) -> None:
    """The rival comes to see the label's recording and model by a share and a license; both stay the label's."""
    made(label, "/v1/models", id=key("model"), provider=key("label"), name="Model A")
    made(label, f"/v1/models/{key('model')}/versions", **version())
    songs.share("of the rival", party="rival", part="1/2", recording=key("song"))
    songs.consent(
        "for the rival", grantor="label", licensee=key("rival"), recording=key("song"), model_version=key("v1")
    )
    made(other, "/v1/works", id=key("mine"), title="Mine")
    assert other.get(f"/v1/recordings/{key('song')}").status_code == 200
    assert other.get(f"/v1/models/{key('model')}/versions").json()["results"][0]["id"] == key("v1")
    for path, document in (
        (f"recordings/{key('song')}/works", {"work": key("mine")}),
        (f"recordings/{key('song')}/voices", {"voice": key("voice")}),
        (f"models/{key('model')}/versions", {"label": "2", "has_identity_features": False}),
        (f"models/{key('model')}/versions/{key('v1')}/retirements", {"effective_on": today().isoformat()}),
        ("datasets", {"keeper": key("label"), "name": "D", "members": [{"recording": key("song")}]}),
    ):
        answer = other.post(f"/v1/{path}", {"id": str(uuid4())} | document)
        assert code_of(answer) == (403, "not_your_party"), path


def test_who_holds_one_track_sees_no_other_by_it(songs: World, label: Api, other: Api) -> None:
    made(label, "/v1/recordings", id=key("b-side"), title="B-side")
    made(label, "/v1/releases", id=key("album"), title="Album", recordings=[key("song"), key("b-side")])
    songs.share("of the rival", party="rival", part="1/2", recording=key("song"))
    for answer in (
        other.get(f"/v1/releases/{key('album')}").json(),
        other.get("/v1/releases").json()["results"][0],
    ):
        assert (answer["id"], answer["recordings"]) == (key("album"), [key("song")])
    assert label.get(f"/v1/releases/{key('album')}").json()["recordings"] == [key("song"), key("b-side")]


def test_a_singer_sees_where_the_voice_is_heard_and_no_work_by_it(label: Api) -> None:
    made(label, f"/v1/recordings/{key('song')}/works", id=key("link"), work=key("first"))
    made(label, f"/v1/recordings/{key('song')}/voices", id=key("heard"), voice=key("voice"))
    singer = Api(clients.create(name="own", party_id=UUID(key("own singer")), scopes=["catalogue:read"]))
    for answer in (
        singer.get(f"/v1/recordings/{key('song')}").json(),
        singer.get("/v1/recordings").json()["results"][0],
    ):
        assert (answer["id"], answer["works"]) == (key("song"), [])
    assert singer.get(f"/v1/recordings/{key('song')}/works").json()["results"] == []
    assert singer.get("/v1/works").json()["results"] == []
    assert label.get(f"/v1/recordings/{key('song')}").json()["works"] == [key("first")]


def test_whoever_licensed_a_member_sees_that_one_of_a_dataset(songs: World, label: Api) -> None:
    long = licensed(songs, "long")
    members = [{"work": key("first"), "license": long}, {"work": key("second")}]
    made(label, "/v1/datasets", id=key("dataset"), keeper=key("label"), name="D", members=members)
    licensee = Api(clients.create(name="own", party_id=UUID(key("distributor")), scopes=["catalogue:read"]))
    seen = licensee.get(f"/v1/datasets/{key('dataset')}/members").json()["results"]
    assert seen == [{"asset": {"work": key("first")}, "license": long}]
    assert DatasetMember.objects.count() == 2
