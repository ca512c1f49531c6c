"""Submitting an output …"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import encypher_c2pa
import pytest
from django.db import connections
from django.utils import timezone

from ledger import clearance, identity, notes, receipts, sequencer
from ledger.clearance import AlreadyDecided, NoSuchSubmission
from ledger.models import Entry, Job
from provenance import signing
from rights.models import Submission
from tests.flows.conftest import MEDIA_TYPES, Api, World, body, key, row_counts, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def rules(found: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in found["decision"]["findings"]]


def sentences(found: dict[str, Any]) -> str:
    return "\n".join(finding["sentence"] for finding in found["decision"]["findings"])


# --- what is cleared


def test_clears_what_the_licensed_model_made_and_nothing_else(world: World) -> None:
    world.state("/v1/models", {"id": key("model"), "provider": key("label"), "name": "Model A"})
    for number in "12":
        version = {"id": key(f"v{number}"), "label": number, "has_identity_features": False}
        made = world.state(f"/v1/models/{key('model')}/versions", version)
        assert made["licenses"] == []  # it was trained on nothing that is known, whatever else is licensed
    world.register("piano", model_versions=[key("v1")], barred=["political"])
    song = world.sounds.song("piano")
    unknown = {"model_version": key("nothing")}
    fields = {"id": key("unknown"), "declaration": json.dumps(world.declaration(key("piano"), **unknown))}
    refused = world.distributor.upload("/v1/submissions", fields, file=song)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_such_model_version")

    def outcome(name: str, **changes: Any) -> tuple[str, str]:
        found = world.settle(world.submit(name, song, key("piano"), **changes)["id"])
        return found["state"], sentences(found)

    state, _ = outcome("by one", model_version=key("v1"), purposes=["advertising"])
    assert state == "cleared"
    for name, changes, said in (
        ("by two", {"model_version": key("v2")}, "names none of the model versions"),
        ("by nobody knows what", {}, "names none of the model versions"),
        ("of a party", {"model_version": key("v1"), "purposes": ["political"]}, "the purpose political"),
    ):
        state, sentence = outcome(name, **changes)
        assert state == "refused"
        assert said in sentence
    shown = world.distributor.get(f"/v1/submissions/{key('by one')}").json()
    assert (shown["model_version"], shown["purposes"]) == (key("v1"), ["advertising"])
    again = {"id": key("by one"), "declaration": json.dumps(world.declaration(key("piano"), model_version=key("v2")))}
    assert world.distributor.upload("/v1/submissions", again, file=song).status_code == 409


@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_clears_and_signs(suffix: str, world: World, tmp_path: Path) -> None:
    found = world.cleared(suffix=suffix)
    api, root = world.distributor, f"/v1/submissions/{found['id']}"
    assert found["decision"]["findings"] == []
    assert found["decision"]["licenses"] == [key("license of country")]

    [zone] = found["splits"]
    parts = {(part["leaf"], part["party"]): Fraction(part["part"]) for part in zone["parts"]}
    assert sum(parts.values()) == 1
    assert len(zone["territories"]) > 200
    # 15 % commission; 30 % of the rest to the singer; half of what remains to each side, 2:1 in the work.
    assert {party: part for (_, party), part in parts.items()} == {
        key("distributor"): Fraction(15, 100),
        key("singer"): Fraction(85, 100) * Fraction(3, 10),
        key("label"): Fraction(85, 100) * Fraction(7, 10) / 2,
        key("publisher"): Fraction(85, 100) * Fraction(7, 10) / 2 * Fraction(2, 3),
        key("writer"): Fraction(85, 100) * Fraction(7, 10) / 2 * Fraction(1, 3),
    }

    answer = api.get(found["links"]["file"])
    assert answer["Content-Type"] == MEDIA_TYPES[suffix]
    assert answer["Content-Disposition"] == f'attachment; filename="{found["id"]}.{suffix}"'
    file = tmp_path / f"signed.{suffix}"
    file.write_bytes(body(answer))
    assert ("manifest" in found["links"]) == (suffix == "ogg")
    beside = body(api.get(found["links"]["manifest"])) if suffix == "ogg" else None
    roots = identity.signer(at=timezone.now()).identity.roots_pem
    verified = signing.verify(file, MEDIA_TYPES[suffix], roots_pem=roots, manifest=beside)
    assert verified.state is signing.State.TRUSTED
    elsewhere = encypher_c2pa.verify(
        file,
        MEDIA_TYPES[suffix],
        manifest_store=beside,
        no_default_trust=True,
        trust_pem=roots,
        telemetry=False,
        online=False,
    )
    assert (elsewhere["validation_state"], elsewhere["hard_binding"]) == ("Trusted", "match")
    assert elsewhere["validation_results"]["failure"] == []

    key_text = body(api.get("/v1/log/key")).decode().strip()
    checkpoint = body(api.get("/v1/log/checkpoint")).decode()
    entries = api.get(f"{root}/entries").json()
    assert [entry["kind"] for entry in entries] == ["submitted", "decided"]
    for entry in entries:
        receipt = receipts.Receipt.from_text(entry["receipt"])
        proven = receipts.verify(receipt, entry["body"].encode(), notes.Verifier.from_text(key_text))
        assert receipt.index == entry["index"]
        assert receipt.checkpoint == checkpoint
        assert proven.size == Entry.objects.count()
    assert world.label.get(f"/v1/log/entries/{entries[1]['index']}").json() == entries[1]

    pack, log_key = tmp_path / "pack.zip", tmp_path / "log.vkey"
    pack.write_bytes(body(api.get(f"{root}/pack")))
    log_key.write_text(key_text)
    checked = subprocess.run(
        [sys.executable, "-m", "ledger.verify", str(pack), "--key", str(log_key), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(checked.stdout)
    assert (checked.returncode, report["holds"]) == (0, True), checked.stdout
    assert {check["number"] for check in report["checks"] if check["state"] == "holds"} >= {*range(3, 12), 1}


def test_clears_what_is_all_ones_own(trade: World) -> None:
    found = trade.settle(trade.submit("own", trade.sounds.own())["id"])
    assert (found["state"], found["decision"]["licenses"]) == ("cleared", [])
    [zone] = found["splits"]
    assert [(part["party"], part["part"]) for part in zone["parts"]] == [(key("singer"), "1/1")]
    assert body(trade.distributor.get(found["links"]["file"]))


def test_gives_the_submitter_what_no_person_made(trade: World) -> None:
    made = [{"component": "melody", "ai_level": "all", "tool": "Composer 2"}]
    found = trade.settle(trade.submit("own", trade.sounds.own(), contributions=made)["id"])
    assert found["state"] == "cleared"
    assert [(part["leaf"], part["party"], part["part"]) for part in found["splits"][0]["parts"]] == [
        ("COMM", key("distributor"), "1/1")
    ]


def test_splits_each_zone_apart(trade: World) -> None:
    trade.register("country", parts={})
    work = key("work of country")
    for name, party, part, territories in (
        ("one", "publisher", "2/3", ["2136", "-US"]),
        ("two", "writer", "1/3", ["2136", "-US"]),
        ("three", "writer", "1", ["US"]),
    ):
        trade.share(name, party=party, part=part, work=work, territories=territories)
    for party in ("publisher", "writer"):
        trade.consent(party, grantor=party, work=work)
    found = trade.cleared()
    zones = {tuple(zone["territories"])[:1]: zone for zone in found["splits"]}
    assert len(found["splits"]) == 2
    assert {part["party"] for part in zones[("US",)]["parts"]} == {
        key(name) for name in ("distributor", "singer", "label", "writer")
    }
    assert all(sum(Fraction(part["part"]) for part in zone["parts"]) == 1 for zone in found["splits"])


def test_carries_a_long_title_in_any_script(world: World, tmp_path: Path) -> None:
    title = ("雷 Åska “\U0001f3b5”  مطر " * 30)[:299] + "!"
    found = world.settle(world.submit("long", world.sounds.sung("mp3"), key("country"), title=title)["id"])
    assert (found["state"], found["title"]) == ("cleared", title)
    file = tmp_path / "signed.mp3"
    file.write_bytes(body(world.distributor.get(found["links"]["file"])))
    roots = identity.signer(at=timezone.now()).identity.roots_pem
    assert signing.verify(file, "audio/mpeg", roots_pem=roots).state is signing.State.TRUSTED


# --- what is not


def assert_nothing_was_signed(world: World, found: dict[str, Any]) -> None:
    assert found["splits"] is None
    assert not {"file", "manifest"} & found["links"].keys()
    for part in ("file", "manifest"):
        answer = world.distributor.get(f"/v1/submissions/{found['id']}/{part}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_signed")


def test_refuses_an_undeclared_excerpt_and_says_where_it_is(world: World) -> None:
    piano = world.register("piano", licensed=False)
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert (found["state"], rules(found)) == ("refused", ["matches_are_declared"])
    [finding] = found["decision"]["findings"]
    assert finding["rests_on"] == [piano]
    evidence = json.loads(body(world.distributor.get(found["links"]["evidence"])))
    [match] = [evidence["matches"][position] for position in finding["matches"]]
    for ends, start, end in ((match["output"], 8_000, 17_800), (match["reference"], 5_000, 15_000)):
        assert ends["start_ms"] == pytest.approx(start, abs=1_500)
        assert ends["end_ms"] == pytest.approx(end, abs=1_500)
    clock = [
        f"0:{round(match[side][end] / 1000):02d}" for side in ("output", "reference") for end in ("start_ms", "end_ms")
    ]
    assert "from {} to {} (in the recording {} to {})".format(*clock) in finding["sentence"]
    assert_nothing_was_signed(world, found)


def test_refuses_what_a_holder_withdrew(world: World) -> None:
    withdrawal = {"id": key("withdrawal"), "actor": key("writer"), "effective_on": today().isoformat()}
    path = f"/v1/consents/{key('consent country writer')}/withdrawals"
    world.state(path, withdrawal)
    found = world.settle(world.submit("sung", world.sounds.sung("flac"), key("country"))["id"])
    assert (found["state"], rules(found)) == ("refused", ["holders_consent"])
    assert f"withdrew consent with effect from {today()}" in sentences(found)
    assert key("withdrawal") in found["decision"]["findings"][0]["rests_on"]
    assert_nothing_was_signed(world, found)


def test_clears_what_is_released_before_a_withdrawal_takes_effect(world: World) -> None:
    until = today() + timedelta(days=31)
    withdrawal = {"id": key("withdrawal"), "actor": key("writer"), "effective_on": until.isoformat()}
    world.state(f"/v1/consents/{key('consent country writer')}/withdrawals", withdrawal)
    day_before, same_day = (until - timedelta(days=1)).isoformat(), until.isoformat()
    sung = world.sounds.sung("flac")
    assert world.settle(world.submit("a", sung, key("country"), release_on=day_before)["id"])["state"] == "cleared"
    assert world.settle(world.submit("b", sung, key("country"), release_on=same_day)["id"])["state"] == "refused"


REFUSALS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"has_work": False}, {}, "ingredients_are_licensed", "publishing side of “Country 0” is unknown"),
    ({"licensed": False}, {}, "ingredients_are_licensed", "is on no license of the submitter"),
    ({"licensee": "rival"}, {}, "ingredients_are_licensed", "is on no license of the submitter"),
    ({"active_to": "2026-02-01"}, {}, "ingredients_are_licensed", "has no license in force on"),
    ({"uses": ["infer.input"]}, {}, "ingredients_are_licensed", "not for the use distribute.outside"),
    ({"territories": ["2136", "-US"]}, {}, "ingredients_are_licensed", "not for United States"),
    ({"territories": ["DE"]}, {"territories": ["DE", "FR"]}, "ingredients_are_licensed", "not for France"),
    ({"parts": {"publisher": "2/3"}}, {}, "holders_consent", "shares add up to 2/3"),
    ({"parts": {}}, {}, "holders_consent", "nobody is registered as holding it"),
    ({"consenting": ["label", "publisher"]}, {}, "holders_consent", "has not consented"),
]


def test_refuses_what_is_not_all_agreed(trade: World, subtests: pytest.Subtests) -> None:
    for place, (registered, declared, rule, said) in enumerate(REFUSALS):
        # Without audio, so that one recording is not heard where another is declared.
        name = f"country {place}"
        party = {"licensee": key("rival")} if registered.get("licensee") else {}
        trade.register(name, audio=False, **(registered | party))
        found = trade.settle(trade.submit(f"own {place}", trade.sounds.own(), key(name), **declared)["id"])
        with subtests.test(said):
            assert (found["state"], set(rules(found))) == ("refused", {rule, "ingredients_are_heard"})
            assert said in sentences(found)
            assert_nothing_was_signed(trade, found)


def test_holds_what_more_than_the_whole_is_claimed_of_for_review(trade: World) -> None:
    trade.register("country", audio=False, parts={"publisher": "2/3", "writer": "2/3"})
    found = trade.settle(trade.submit("contested", trade.sounds.own(), key("country"))["id"])
    assert (found["state"], set(rules(found))) == ("review", {"holders_consent", "ingredients_are_heard"})
    assert "shares add up to 4/3, so who may agree to what is contested" in sentences(found)
    assert_nothing_was_signed(trade, found)


def test_holds_an_unheard_ingredient_for_review(world: World) -> None:
    world.register("spring")
    found = world.settle(world.submit("sung", world.sounds.sung("ogg"), key("country"), key("spring"))["id"])
    assert (found["state"], rules(found)) == ("review", ["ingredients_are_heard"])
    assert "it was not found in the audio" in sentences(found)
    assert_nothing_was_signed(world, found)


def test_holds_an_ingredient_without_audio_for_review(world: World) -> None:
    world.register("spring", audio=False)
    found = world.settle(world.submit("sung", world.sounds.sung("ogg"), key("country"), key("spring"))["id"])
    assert (found["state"], rules(found)) == ("review", ["ingredients_are_heard"])
    assert "no audio of it is registered" in sentences(found)


@pytest.mark.parametrize("outcome", ["refused", "review"])
def test_packs_what_was_not_cleared(outcome: str, trade: World, tmp_path: Path) -> None:
    trade.register("country", licensed=outcome == "review")
    file = trade.sounds.sung("flac") if outcome == "refused" else trade.sounds.own()
    found = trade.settle(trade.submit("out", file, key("country"))["id"])
    assert found["state"] == outcome
    pack = tmp_path / "pack.zip"
    pack.write_bytes(body(trade.distributor.get(found["links"]["pack"])))
    checked = subprocess.run(
        [sys.executable, "-m", "ledger.verify", str(pack), "--json"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


# --- while it waits


def test_says_what_is_not_there_yet(world: World) -> None:
    answer = world.submit("sung", world.sounds.sung("flac"), key("country"))
    root = f"/v1/submissions/{answer['id']}"
    assert (answer["state"], answer["decision"], answer["splits"]) == ("waiting", None, None)
    assert answer["links"] == {
        "self": root,
        **{part: f"{root}/{part}" for part in ("entries", "contributions", "disclosures")},
    }
    for part, code in (
        ("evidence", "not_decided_yet"),
        ("pack", "not_decided_yet"),
        ("file", "not_signed"),
        ("manifest", "not_signed"),
    ):
        found = world.distributor.get(f"{root}/{part}")
        assert (found.status_code, found.json()["code"]) == (404, code)
        assert found["Content-Type"] == "application/problem+json"
    [entry] = world.distributor.get(f"{root}/entries").json()
    assert (entry["kind"], entry["index"], entry["receipt"]) == ("submitted", None, None)
    clearance.clear(submission_id=UUID(answer["id"]), at=timezone.now())
    assert world.distributor.get(f"{root}/pack").json()["code"] == "not_sequenced_yet"


def test_has_no_checkpoint_before_the_first_entry_is_placed(trade: World) -> None:
    answer = Api().get("/v1/log/checkpoint")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_checkpoint_yet")


def test_points_to_the_submission(world: World) -> None:
    fields = {"id": key("a"), "declaration": json.dumps(world.declaration(key("country")))}
    answer = world.distributor.upload("/v1/submissions", fields, file=world.sounds.sung("flac"))
    assert (answer.status_code, answer["Location"]) == (202, f"/v1/submissions/{key('a')}")
    assert world.distributor.get(answer["Location"]).json() == answer.json()


def test_decides_once(world: World) -> None:
    found = world.cleared()
    with pytest.raises(AlreadyDecided):
        clearance.clear(submission_id=UUID(found["id"]), at=timezone.now())
    with pytest.raises(NoSuchSubmission):
        clearance.clear(submission_id=UUID(key("nothing")), at=timezone.now())
    assert Job.objects.get(kind=Job.Kind.CLEAR).done_at is not None


def test_refuses_audio_that_breaks_off_while_it_is_decoded(trade: World, tmp_path: Path) -> None:
    whole = trade.sounds.own("m4a").read_bytes()
    middle = whole.index(b"mdat") + 40_000
    broken = tmp_path / "broken.m4a"
    broken.write_bytes(whole[:middle] + b"\xa5" * 4096 + whole[middle + 4096 :])
    found = trade.settle(trade.submit("broken", broken)["id"])
    assert (found["state"], rules(found)) == ("refused", ["audio_can_be_decoded"])
    answer = trade.distributor.get(found["links"]["evidence"])
    assert (answer.status_code, answer.json()["code"]) == (404, "no_evidence")
    assert body(trade.distributor.get(found["links"]["pack"]))


def test_holds_silence_and_what_is_too_short_for_review(trade: World, tmp_path: Path) -> None:
    import numpy as np

    from ledger.demo import material

    silent = material.write(np.zeros((2, 8 * material.RATE), np.float32), tmp_path / "silent.flac")
    short = material.write(material.cut(material.load(trade.sounds.own()), 0, 2), tmp_path / "short.wav")
    for name, file in (("silent", silent), ("short", short)):
        found = trade.settle(trade.submit(name, file)["id"])
        assert (found["state"], rules(found)) == ("review", ["audio_can_be_compared"])


# --- twice


def test_gives_the_same_answer_to_the_same_submission(world: World) -> None:
    first = world.submit("a", world.sounds.sung("mp3"), key("country"))
    before = row_counts()
    assert world.submit("a", world.sounds.sung("mp3"), key("country")) == first
    assert row_counts() == before
    decided = world.settle(first["id"])
    assert world.submit("a", world.sounds.sung("mp3"), key("country")) == decided


OTHERWISE: list[dict[str, Any]] = [
    {"title": "Another"},
    {"release_on": "2099-01-01"},
    {"uses": ["infer.input"]},
    {"territories": ["DE"]},
    {"ingredients": []},
    {"contributions": [{"component": "lyrics", "ai_level": "none"}]},
]


def test_refuses_other_content_under_the_same_id(world: World, rival: Api, subtests: pytest.Subtests) -> None:
    sung, own = world.sounds.sung("mp3"), world.sounds.own()
    world.submit("a", sung, key("country"))
    before = row_counts()
    declared = world.declaration(key("country"))
    cases = [(world.distributor, sung, declared | changes) for changes in OTHERWISE]
    cases += [(world.distributor, own, declared), (rival, sung, declared)]
    for place, (api, file, declaration) in enumerate(cases):
        with subtests.test(str(place)):
            fields = {"id": key("a"), "declaration": json.dumps(declaration)}
            answer = api.upload("/v1/submissions", fields, file=file)
            assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")
    assert row_counts() == before


def test_lets_one_of_two_in_who_come_at_once_with_the_same_id(world: World) -> None:
    declarations = [world.declaration(key("country"), title=title) for title in ("One", "One", "Two", "Two")]
    answers: list[Any] = []
    ready = threading.Barrier(len(declarations))

    def send(declaration: dict[str, Any]) -> None:
        api = Api(token=world.distributor.token)
        ready.wait()
        fields = {"id": key("a"), "declaration": json.dumps(declaration)}
        try:
            answers.append((declaration["title"], api.upload("/v1/submissions", fields, file=world.sounds.sung("mp3"))))
        finally:
            connections.close_all()

    world.sounds.sung("mp3")
    threads = [threading.Thread(target=send, args=(declaration,)) for declaration in declarations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = Submission.objects.get().title
    assert sorted((title == won, answer.status_code) for title, answer in answers) == [
        (False, 409),
        (False, 409),
        (True, 202),
        (True, 202),
    ]
    assert (Job.objects.count(), Entry.objects.filter(kind="submitted").count()) == (1, 1)


# --- lists


def test_lists_own_submissions_oldest_first_a_page_at_a_time(trade: World, rival: Api) -> None:
    names = [f"own {number}" for number in range(5)]
    for name in names:
        trade.submit(name, trade.sounds.own())
    trade.submit("theirs", trade.sounds.own(), by=rival)
    found, path = [], "/v1/submissions?limit=2"
    while path:
        page = trade.distributor.get(path).json()
        assert len(page["results"]) <= 2
        found += [row["id"] for row in page["results"]]
        path = page["next"]
    assert found == [key(name) for name in names]
    sequencer.drain(at=timezone.now())
