"""Training transparency over HTTP: descriptions, exclusions, declarations, and what a model is said to be made of."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ledger import clients, sequencer, tasks, transparency
from ledger.models import Entry, Membership
from rights import training
from rights.models import Dataset, DatasetExclusion, RecordingDescription, TrainingStatement
from tests.flows.conftest import SINCE, WORLD, Api, World, admitted, body, key, row_counts, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TRAIN = ["train.gen"]
BEGAN, ENDED = "2026-03-01", "2026-05-31"
VERSION = f"/v1/models/{key('model')}/versions/{key('v1')}"


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def client(party: str) -> Api:
    scopes = ["catalogue:read", "catalogue:write"]
    return Api(clients.create(name="own", party_id=UUID(key(party)), scopes=scopes))


def trainable(world: World, name: str) -> str:
    """A recording whose holders agree to have it trained on; return its id."""
    recording, work = key(name), key(f"work of {name}")
    world.state("/v1/works", {"id": work, "title": f"Work of {name}"})
    world.state("/v1/recordings", {"id": recording, "title": name.title(), "works": [work]})
    for party, asset in (("label", {"recording": recording}), ("publisher", {"work": work})):
        world.share(f"{name} {party}", party=party, part="1", right_type="ai_training", **asset)
        world.consent(f"{name} {party}", grantor=party, uses=TRAIN, licensee=key("rival"), **asset)
    return recording


def schedule(*names: str) -> list[dict[str, str]]:
    """What a license that covers these recordings is of."""
    return [asset for name in names for asset in ({"recording": key(name)}, {"work": key(f"work of {name}")})]


def frozen(world: World, **more: Any) -> Any:
    document = {"id": key("dataset"), "keeper": key("rival"), "name": "Set"} | more
    return world.label.post("/v1/datasets", document)


def version(id: str, label: str, dataset: str) -> dict[str, Any]:
    dated = {"trained_from": BEGAN, "trained_to": ENDED}
    return {"id": id, "label": label, "has_identity_features": False, "dataset": dataset} | dated


@pytest.fixture
@remembered
def trained(trade: World) -> World:
    """
    A version of the rival's model, trained in spring on what the label licensed.

    Of three members one is allowed throughout, one was withdrawn after training, and one nobody has licensed; a fourth
    recording is reserved, and was left out.
    """
    for name in ("kept", "taken back", "bare"):
        trainable(trade, name)
    trade.state("/v1/recordings", {"id": key("reserved"), "title": "Reserved"})
    trade.share("reserved", party="label", part="1", recording=key("reserved"))
    reservation = {
        "id": key("reservation"),
        "holder": key("label"),
        "recording": key("reserved"),
        "uses": ["tdm"],
        "territories": [WORLD],
        "active_from": SINCE,
        "channel": "tdmrep",
    }
    trade.state("/v1/reservations", reservation)
    license_ = trade.license(
        "training",
        schedule=schedule("kept", "taken back"),
        uses=TRAIN,
        licensee=key("rival"),
    )
    members = [
        {"recording": key("kept"), "license": license_},
        {"recording": key("taken back"), "license": license_},
        {"recording": key("bare")},
    ]
    exclusions = [
        {"recording": key("reserved"), "reason": "reserved", "reservation": key("reservation")},
        {"reason": "duplicate", "quantity": 12, "note": "the same masters in another encoding"},
    ]
    assert frozen(trade, members=members, exclusions=exclusions).status_code == 201
    rival = client("rival")
    for path, document in (
        ("/v1/models", {"id": key("model"), "provider": key("rival"), "name": "Model A"}),
        (f"/v1/models/{key('model')}/versions", version(key("v1"), "1.0", key("dataset"))),
    ):
        answer = rival.post(path, document)
        assert answer.status_code == 201, answer.content
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    answer = trade.label.post(f"/v1/consents/{key('consent taken back label')}/withdrawals", withdrawal)
    assert answer.status_code == 201, answer.content
    sequencer.drain(at=timezone.now())
    return trade


def summary(api: Api, **when: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in when.items())
    return api.get(f"{VERSION}/training-summary?{query}")


def answers(found: Any, moment: str) -> dict[str, int]:
    (one,) = [one for one in found["moments"] if one["moment"] == moment]
    return dict(one["answers"])


# --- freezing


def test_a_member_against_which_something_stands_is_refused_or_owned_up_to(trained: World) -> None:
    before = row_counts()
    members = [{"recording": key("kept")}, {"recording": key("reserved")}, {"recording": key("taken back")}]
    other = {"id": key("second"), "keeper": key("rival"), "name": "Second", "members": members}
    refused = trained.label.post("/v1/datasets", other)
    assert code_of(refused) == (422, "members_not_permitted")
    said = refused.json()["detail"]
    assert key("reserved") in said
    assert "reserved" in said
    assert key("taken back") in said
    assert "withdrawn" in said
    assert key("kept") not in said
    assert row_counts() == before
    owned = trained.label.post("/v1/datasets", other | {"despite": "an exception of the law is claimed"})
    assert owned.status_code == 201, owned.content
    assert owned.json()["despite"] == "an exception of the law is claimed"


EXCLUSIONS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"reason": "nonsense"}, (400, "malformed")),
    ({"reason": "quality"}, (422, "exclusion_unclear")),
    ({"reason": "quality", "quantity": 0, "note": "x"}, (400, "malformed")),
    ({"reason": "quality", "recording": key("kept")}, (422, "exclusion_unclear")),
    ({"reason": "quality", "recording": key("reserved"), "quantity": 2}, (422, "exclusion_unclear")),
    ({"reason": "quality", "recording": key("nothing")}, (422, "unknown_reference")),
    ({"reason": "quality", "recording": key("reserved"), "work": key("work")}, (422, "not_one_asset")),
    ({"reason": "reserved", "recording": key("bare"), "reservation": key("nothing")}, (422, "unknown_reference")),
    ({"reason": "quality", "note": "x\u0000y"}, (400, "malformed")),
]


def test_an_exclusion_says_what_and_why(trained: World) -> None:
    before = row_counts()
    document = {"id": key("second"), "name": "Second", "members": [{"recording": key("kept")}]}
    for exclusion, refusal in EXCLUSIONS:
        assert code_of(frozen(trained, **document, exclusions=[exclusion])) == refusal, exclusion
    assert row_counts() == before


def test_what_was_left_out_is_its_keepers_to_see(trained: World) -> None:
    path = f"/v1/datasets/{key('dataset')}/exclusions"
    shown = client("rival").get(path).json()["results"]
    assert [(one["reason"], one["quantity"], one["asset"]) for one in shown] == [
        ("duplicate", 12, {}),
        ("reserved", 1, {"recording": key("reserved")}),
    ]
    # The label licensed members: it sees the dataset, and nothing of what is not its own.
    assert client("label").get(path).json()["results"] == []
    assert client("writer").get(path).status_code == 404
    assert DatasetExclusion.objects.count() == 2


# --- descriptions


def described(**more: Any) -> dict[str, Any]:
    return {"id": key("description"), "describer": key("label"), "genres": ["Country "], "languages": ["EN"]} | more


def test_a_holder_describes_a_recording_and_says_it_anew(trained: World) -> None:
    label, path = client("label"), f"/v1/recordings/{key('kept')}/descriptions"
    shown = label.post(path, described(regions=["us"], recorded_year=1998, lead_voice="female"))
    assert shown.status_code == 201, shown.content
    said = {name: shown.json()[name] for name in ("genres", "languages", "regions", "recorded_year", "lead_voice")}
    assert said == {
        "genres": ["country"],
        "languages": ["en"],
        "regions": ["US"],
        "recorded_year": 1998,
        "lead_voice": "female",
    }
    again = label.post(path, described(regions=["US"], recorded_year=1998, lead_voice="female"))
    assert (again.status_code, again.json()) == (200, shown.json())
    assert code_of(label.post(path, described(lead_voice="male"))) == (409, "id_taken")
    anew = label.post(path, described(id=key("anew"), genres=["folk"]))
    assert anew.status_code == 201
    entry = Entry.objects.get(recording_description=UUID(key("anew")))
    assert key("kept").encode() in bytes(entry.body)
    assert b"folk" not in bytes(entry.body)
    found = summary(client("rival")).json()["coverage"]["dimensions"]
    assert [(row["group"], row["count"]) for row in found["genre"]] == [("folk", 1), ("", 2)]
    assert [(row["group"], row["count"]) for row in found["era"]] == [("", 3)]


DESCRIPTIONS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"genres": [""]}, (400, "malformed")),
    ({"genres": ["x" * 61]}, (400, "malformed")),
    ({"genres": ["a\u202eb"]}, (422, "not_a_genre")),
    ({"genres": [f"genre {n}" for n in range(13)]}, (400, "malformed")),
    ({"languages": ["english language"]}, (422, "not_a_language")),
    ({"regions": ["XX"]}, (422, "not_a_region")),
    ({"regions": ["-US"]}, (422, "not_a_region")),
    ({"recorded_year": 1700}, (400, "malformed")),
    ({"lead_voice": "soprano"}, (400, "malformed")),
    ({"describer": key("writer")}, (403, "not_your_party")),
]


def test_a_description_is_in_words_that_can_be_counted(trained: World) -> None:
    label = client("label")
    for more, refusal in DESCRIPTIONS:
        answer = label.post(f"/v1/recordings/{key('kept')}/descriptions", described(**more))
        assert code_of(answer) == refusal, more
    assert not RecordingDescription.objects.exists()


def test_only_a_holder_describes(trained: World) -> None:
    # The licensee sees the recording, and holds nothing of it.
    path = f"/v1/recordings/{key('kept')}/descriptions"
    assert code_of(client("rival").post(path, described(describer=key("rival")))) == (422, "not_a_holder")
    assert client("writer").post(path, described(describer=key("writer"))).status_code == 404


# --- the summary


def test_each_member_has_its_chain_then_and_now(trained: World) -> None:
    found = summary(client("rival")).json()
    assert answers(found, "began") == {"allow": 2, "unknown": 1}
    assert answers(found, "ended") == {"allow": 2, "unknown": 1}
    assert answers(found, "now") == {"allow": 1, "deny": 1, "unknown": 1}
    assert (found["withdrawn_since"], found["refused_in_training"]) == (1, 0)
    assert found["dataset"]["is_digest_right"] is True
    (license_,) = found["licenses"]
    assert (license_["id"], license_["members"], license_["is_by_another"]) == (key("training"), 2, True)
    assert [(one["reason"], one["assets"], one["others"]) for one in found["exclusions"]] == [
        ("duplicate", 0, 12),
        ("reserved", 1, 0),
    ]
    assert {one["name"]: one["index"] is not None for one in found["entries"]} == {
        "Dataset frozen": True,
        "Version registered": True,
    }
    assert len(found["checkpoint"]["root"]) == 64
    rows = list(csv.DictReader(io.StringIO(body(client("rival").get(f"{VERSION}/training-members.csv")).decode())))
    by_id = {row["asset_id"]: row for row in rows}
    assert [row["asset_id"] for row in rows] == sorted(by_id)
    back = by_id[key("taken back")]
    assert (back["began_answer"], back["now_answer"], back["withdrawn_since"]) == ("allow", "deny", "yes")
    assert "withdrawn" in back["now_because"]
    assert (by_id[key("bare")]["license_id"], by_id[key("bare")]["now_answer"]) == ("", "unknown")
    assert "not_licensed" in by_id[key("bare")]["now_because"]


def test_it_is_as_at_a_day_and_as_known_at_a_moment(trained: World) -> None:
    rival = client("rival")
    before = summary(rival, at="2026-06-01").json()
    assert answers(before, "now") == {"allow": 2, "unknown": 1}
    moment = timezone.now()
    event = {"id": key("ended"), "act": "terminated", "actor": key("label"), "effective_on": "2026-04-01"}
    answer = trained.label.post(f"/v1/licenses/{key('training')}/events", event)
    assert answer.status_code == 201, answer.content
    known = moment.isoformat().replace("+00:00", "Z")
    assert answers(summary(rival, known_at=known).json(), "ended") == {"allow": 2, "unknown": 1}
    now = summary(rival).json()
    assert answers(now, "began") == {"allow": 2, "unknown": 1}
    assert answers(now, "ended") == {"deny": 2, "unknown": 1}
    codes = [one["code"] for one in now["contradictions"]]
    assert codes == ["nothing_declared", "license_lapsed", "trained_against_a_no"]
    assert code_of(summary(rival, known_at="2099-01-01T00:00:00Z")) == (422, "asks_the_future")
    assert code_of(summary(rival, known_at="2020-01-01T00:00:00Z")) == (404, "not_known_then")
    assert code_of(summary(rival, at="yesterday")) == (400, "malformed")


def test_whoever_licensed_members_sees_those_and_strangers_nothing(trained: World) -> None:
    label = client("label")
    # The version is of somebody else, whose license does not name it.
    assert summary(label).status_code == 404
    assert summary(client("writer")).status_code == 404
    for path in ("training-summary.pdf", "training-members.csv", "training-statements"):
        assert client("writer").get(f"{VERSION}/{path}").status_code == 404
    named = trained.license(
        "named",
        schedule=[{"recording": key("kept")}],
        uses=TRAIN,
        licensee=key("rival"),
        model_versions=[key("v1")],
    )
    assert named
    found = summary(label).json()
    assert (found["dataset"]["members"], found["dataset"]["members_seen"]) == (3, 2)
    assert found["dataset"]["is_digest_right"] is None
    assert found["exclusions"] == []
    shown = body(label.get(f"{VERSION}/training-members.csv")).decode()
    assert key("kept") in shown
    assert key("bare") not in shown


# --- declarations


def declared(**more: Any) -> dict[str, Any]:
    document = {section: dict(answers) for section, answers in training.EXAMPLE.items()}
    for name, value in more.items():
        section, _, question = name.partition("__")
        document.setdefault(section, {})[question] = value
    return {"id": key("declaration"), "document": document}


def test_a_provider_declares_and_corrects_what_it_declared(trained: World) -> None:
    rival = client("rival")
    path = f"{VERSION}/training-statements"
    first = rival.post(path, declared(licensed__concluded=False, licensed__modalities=[]))
    assert first.status_code == 201, first.content
    assert first.json()["number"] == 1
    codes = [one["code"] for one in summary(rival).json()["contradictions"]]
    assert codes == ["licenses_denied", "third_parties_denied"]
    second = declared(private__obtained=True, private__description="One master, by agreement in words")
    second["id"] = key("second declaration")
    shown = rival.post(path, second)
    assert shown.status_code == 201, shown.content
    assert rival.post(path, second).json() == shown.json()
    assert summary(rival).json()["contradictions"] == []
    assert [one["number"] for one in rival.get(path).json()["results"]] == [1, 2]
    section = next(one for one in summary(rival).json()["sections"] if one["number"] == "2.2.1")
    assert section["heading"] == "Datasets commercially licensed by rightsholders or their representatives"
    assert section["declared"][0]["lines"] == ["Yes"]
    assert "1 license of other holders, under which 2 members came in" in section["recorded"][0]
    entry = Entry.objects.get(training_statement=UUID(key("second declaration")))
    assert shown.json()["digest"].encode() in bytes(entry.body)
    # It is the provider's to declare, and nobody else's.
    trained.license("n", schedule=[{"recording": key("kept")}], licensee=key("rival"), model_versions=[key("v1")])
    assert code_of(client("label").post(path, declared())) == (403, "not_your_party")
    assert client("writer").post(path, declared()).status_code == 404
    assert TrainingStatement.objects.count() == 2


NO_DECLARATIONS: list[Any] = [
    None,
    [],
    {},
    {"general": []},
    {"nonsense": {}},
    {"general": {"contact": "x" * 4001}},
    {"general": {"contact": {"a": "b"}}},
]


def test_a_declaration_that_answers_nothing_is_refused(trained: World) -> None:
    rival = client("rival")
    for document in NO_DECLARATIONS:
        answer = rival.post(f"{VERSION}/training-statements", {"id": key("declaration"), "document": document})
        assert answer.status_code in {400, 422}, document
    assert not TrainingStatement.objects.exists()


def test_the_summary_is_a_paper_too(trained: World) -> None:
    rival = client("rival")
    hostile = '#import "@preview/evil:1.0.0"; \u202e<script>$x$ [*_'
    answer = rival.post(f"{VERSION}/training-statements", declared(general__comments=hostile))
    assert answer.status_code == 201, answer.content
    paper = body(rival.get(f"{VERSION}/training-summary.pdf"))
    assert paper.startswith(b"%PDF-")
    # With a day and a moment it comes to the same bytes whenever it is asked for, by whichever process.
    sequencer.drain(at=timezone.now())
    then = f"{VERSION}/training-summary.pdf?at=2026-06-01&known_at={timezone.now():%Y-%m-%dT%H:%M:%S.%fZ}"
    paper = body(rival.get(then))
    assert rival.post(f"{VERSION}/training-statements", declared() | {"id": key("another")}).status_code == 201
    described_again = described(genres=["pop"], id=key("later"))
    assert client("label").post(f"/v1/recordings/{key('kept')}/descriptions", described_again).status_code == 201
    sequencer.drain(at=timezone.now())
    caches["pictures"].clear()
    assert body(rival.get(then)) == paper
    assert body(rival.get(f"{VERSION}/training-summary.pdf?at=2026-06-01")) != paper
    # The page links to the paper that says what it says.
    person = reader("rival")
    shown = person.get(PAGES[2]).content.decode()
    linked = unescape(shown.partition("summary.pdf")[2].partition('"')[0])
    assert re.fullmatch(r"\?at=\d{4}-\d\d-\d\d&known_at=.{20,}", linked)
    first, second = (body(person.get(f"{PAGES[2]}.pdf{linked}")) for _ in range(2))
    assert first == second


def test_a_large_index_is_counted_by_a_worker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    api, label, ordered = client("label"), reader("label"), list[dict[str, Any]]()
    at_once = api.get("/v1/index").json()
    monkeypatch.setattr(transparency, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(tasks.count_index, "delay", lambda **given: ordered.append(given))
    caches["pictures"].clear()
    for path in ("/reports/index", "/reports/index.csv", "/reports/index"):
        waiting = label.get(path)
        assert (waiting.status_code, waiting["Refresh"]) == (202, "5")
        assert "The index is being counted" in waiting.content.decode()
    answer = api.get("/v1/index")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (202, "being_summed_up", "30")
    (order,) = ordered  # once, whoever waits with the same eyes
    tasks.count_index(**json.loads(json.dumps(order)))
    later = api.get("/v1/index").json()
    assert {name for name in later if later[name] != at_once[name]} == {"known_at"}
    assert label.get("/reports/index").status_code == 200
    assert label.get("/reports/index.csv").status_code == 200
    then = f"/v1/index?known_at={later['known_at']}"
    assert api.get(then).status_code == 202  # as known then, it is another answer
    tasks.count_index(**json.loads(json.dumps(ordered[1])))
    assert api.get(then).json() == later


def test_a_large_dataset_is_read_in_few_questions(trained: World) -> None:
    """Questions to the database do not grow with the members but by the chunk."""
    rival = client("rival")
    summary(rival)
    with CaptureQueriesContext(connections["default"]) as first:
        summary(rival)
    works = [{"work": key(f"many {number}")} for number in range(60)]
    for number, work in enumerate(works):
        trained.state("/v1/works", {"id": work["work"], "title": f"Many {number}"})
    answer = frozen(trained, id=key("many"), members=works)
    assert answer.status_code == 201, answer.content
    trained.state(f"/v1/models/{key('model')}/versions", version(key("v2"), "2.0", key("many")))
    with CaptureQueriesContext(connections["default"]) as second:
        found = rival.get(f"/v1/models/{key('model')}/versions/{key('v2')}/training-summary").json()
    assert found["dataset"]["members_seen"] == 60
    assert len(second) <= len(first) + 10
    assert Dataset.objects.get(pk=key("many")).member_count == 60


# --- the index


def test_the_index_is_counted_by_what_holders_say(world: World) -> None:
    label = world.label
    path = f"/v1/recordings/{key('country')}/descriptions"
    assert label.post(path, described(genres=["country"])).status_code == 201
    found = label.get("/v1/index").json()
    assert found["coverage"]["recordings"] == 1
    assert [(row["group"], row["count"], row["compared"]) for row in found["coverage"]["dimensions"]["genre"]] == [
        ("country", 1, 1)
    ]
    assert (found["flagged"], found["judged"], found["wrong"]) == (0, 0, 0)
    assert client("rival").get("/v1/index").json()["coverage"]["recordings"] == 0
    assert code_of(label.get("/v1/index?known_at=2099-01-01T00:00:00Z")) == (422, "asks_the_future")


def test_a_flag_is_wrong_where_a_person_found_it_so(world: World) -> None:
    world.register("piano", licensed=False)
    held = world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert held["state"] in {"refused", "review"}
    found = world.label.get("/v1/index").json()
    assert (found["flagged"], found["judged"]) == (1, 0)
    (row,) = found["flags"]["genre"]
    assert (row["group"], row["matches"], row["judged"], row["interval_millionths"]) == ("", 1, 0, None)


# --- pages


PAGES = [
    "/reports/model-versions",
    *(
        f"/reports/model-versions/{key('v1')}{end}"
        for end in ("", "/summary", "/summary.pdf", "/members.csv", "/coverage.csv")
    ),
    "/reports/index",
    "/reports/index.csv",
]


def reader(party: str) -> Client:
    found = Client()
    found.force_login(admitted(f"reads for {party}", party, Membership.Role.AUDITOR))
    return found


def test_the_pages_show_whoever_sees_a_version_what_there_is(trained: World) -> None:
    rival, stranger = reader("rival"), reader("writer")
    hostile = {"id": key("odd"), "describer": key("label"), "genres": ["<script>alert(1)</script>"]}
    assert client("label").post(f"/v1/recordings/{key('kept')}/descriptions", hostile).status_code == 201
    for path in PAGES:
        assert Client().get(path).status_code == 302
        shown = rival.get(path)
        assert shown.status_code == 200, path
        read = body(shown)
        assert path.endswith("csv") or b"<script" not in read
        private = "/model-versions/" in path
        others = stranger.get(path)
        assert others.status_code == (404 if private else 200), path
        body(others)
    said = rival.get(PAGES[1]).content.decode()
    assert "The 3 of 3" not in said
    assert "3 members of “Set”" in said
    assert "1 since" in said
    assert "the same masters in another encoding" in said
    template = rival.get(PAGES[2]).content.decode()
    for number, heading in training.SECTIONS.items():
        assert f"{number}. {heading}" in template
    assert "Not declared" in template


def test_many_members_are_gone_through_by_a_worker(trained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rival, path, ordered = reader("rival"), PAGES[1], list[dict[str, Any]]()
    api = client("rival")
    at_once = summary(api).json()
    monkeypatch.setattr(transparency, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(tasks.sum_up_training, "delay", lambda **given: ordered.append(given))
    caches["pictures"].clear()
    for _ in range(2):
        waiting = rival.get(path)
        assert (waiting.status_code, waiting["Refresh"]) == (202, "5")
        assert "The members are being gone through" in waiting.content.decode()
    answer = summary(api)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (202, "being_summed_up", "30")
    (order,) = ordered  # once, whoever waits with the same eyes
    tasks.sum_up_training(**json.loads(json.dumps(order)))
    assert rival.get(path).status_code == 200
    later = summary(api).json()
    assert {name for name in later if later[name] != at_once[name]} <= {"known_at", "checkpoint"}
    # With other eyes, or as known then, it is another answer.
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))
    assert operator.get(path).status_code == 202
    assert rival.get(path, {"known_at": timezone.now().strftime("%Y-%m-%dT%H:%M:%S")}).status_code == 202
    assert len(ordered) == 3
    assert [one["sight"]["parties"] for one in ordered[:2]] == [order["sight"]["parties"], None]


def test_a_page_of_a_day_that_is_none_is_of_today(trained: World) -> None:
    rival = reader("rival")
    for query in ("at=x", "at=2026-02-30", "known_at=2099-01-01", "known_at=1", "page=x", "page=99"):
        shown = rival.get(f"{PAGES[1]}?{query}")
        assert shown.status_code == 200, query
        assert ("as of now" in shown.content.decode()) == ("page" not in query), query


# --- at the desk


def test_it_is_described_declared_and_left_out_at_the_desk_too(trained: World) -> None:
    staff = Client()
    staff.force_login(User.objects.create_superuser("rights", password="team"))

    def sent(model: str, **fields: Any) -> Any:
        return staff.post(f"/admin/rights/{model}/add/", {"id": str(uuid4()), **fields})

    said = {"recording": key("kept"), "describer": key("label"), "genres": "Folk, Pop", "lead_voice": "male"}
    assert sent("recordingdescription", **said, languages="english").context["form"].errors.keys() == {"languages"}
    made = sent("recordingdescription", **said, languages="en")
    assert made.status_code == 302
    assert "Folk" not in made.url
    assert "folk, pop" in staff.get(f"/admin/rights/recording/{key('kept')}/change/").content.decode()

    path = "/admin/rights/trainingstatement/add/"
    asked = staff.get(f"{path}?model_version={key('v1')}").content.decode()
    assert "2.2.1. Datasets commercially licensed by rightsholders" in asked
    answers = {
        "model_version": key("v1"),
        "general__contact": "https://models.example",
        "size__audio": "small",
        "reservations__measures": "asked about here",
        "illegal__measures": "delivered by holders",
        **{one.key.replace(".", "__"): "no" for one in training.QUESTIONS if one.kind == "yes"},
    }
    unclear = sent("trainingstatement", **answers | {"public__used": "yes"})
    assert unclear.context["form"].errors.keys() == {"public__large"}
    made = sent("trainingstatement", **answers)
    assert made.status_code == 302, made.context["form"].errors
    assert "Audio: Less than 10,000 hours" in staff.get(made.url).content.decode()
    assert "What it was trained on" in staff.get(f"/admin/rights/modelversion/{key('v1')}/change/").content.decode()

    members = {"keeper": key("rival"), "name": "Second", "recordings": [key("kept"), key("taken back")]}
    assert sent("dataset", **members).context["form"].errors.keys() == {"despite"}
    more = {"left_out": [key("bare")], "others": 3, "note": "takes", "despite": "an exception is claimed"}
    assert sent("dataset", **members, **more).context["form"].errors.keys() == {"reason"}
    made = sent("dataset", **members, **more, reason="quality")
    assert made.status_code == 302, made.context["form"].errors
    shown = staff.get(made.url).content.decode()
    assert "an exception is claimed" in shown
    assert "3 registered nowhere" in shown
    # The log's pages lead to what its entries are about.
    for entry in Entry.objects.filter(kind__in=("recording_described", "training_stated")):
        assert staff.get(f"/admin/ledger/entry/{entry.pk}/change/").status_code == 200
