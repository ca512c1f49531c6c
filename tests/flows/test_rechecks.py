"""Outputs that are out are looked at again for what is new, and examinations are repeated to the byte."""

from __future__ import annotations

import io
import json
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from fingerprint import examine, extract, index, landmarks, songs, spectra, store
from fingerprint.models import Examination, Reference
from ledger import rechecking, tasks
from ledger.models import Entry, OutputWatch
from rights.models import Decision, OutputFlag, Recheck, Submission
from tests.flows.conftest import World, key, today
from tests.flows.test_reviews import assert_whole, code, operator, unheard

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def sweep() -> int:
    return rechecking.sweep(at=timezone.now())


def rechecks(world: World, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.distributor.get(f"/v1/submissions/{key(name)}/rechecks").json()
    return found


def test_a_recording_that_is_registered_later_is_found_in_what_is_out(world: World) -> None:
    # Ten seconds of “piano” are in it, which nobody had registered.
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert found["state"] == "cleared", found["decision"]
    assert sweep() == 0
    assert rechecks(world, "patched") == []
    world.register("piano", licensed=False)
    assert sweep() == 1
    (row,) = rechecks(world, "patched")
    assert (row["cause"], row["outcome"], row["flag"]) == ("index_grew", "refused", "found_later")
    (finding,) = row["findings"]
    assert (finding["rule"], finding["effect"]) == ("matches_are_declared", "refuse")
    assert "“Piano” is in the output from 0:0" in finding["sentence"]
    assert world.distributor.get(f"/v1/submissions/{key('patched')}").json()["state"] == "cleared"  # it is out
    desk = operator("desk")
    for page in (
        "/admin/",
        f"/admin/rights/submission/{key('patched')}/change/",
        f"/reports/submissions/{key('patched')}",
    ):
        shown = desk.get(page).content.decode()
        assert "Something that was registered since is in it" in shown, page
    assert sweep() == 0  # once
    assert OutputFlag.objects.count() == 1

    recheck = Recheck.objects.select_related("examination").get()
    assert recheck.examination is not None
    evidence = json.loads(bytes(recheck.examination.document))
    references = {match["reference_id"] for match in evidence["matches"]}
    assert len(references) == 1  # of what is new, and of nothing else
    assert all("since" in detector["parameters"] for detector in evidence["detectors"])
    body = json.loads(bytes(Entry.objects.get(kind="rechecked").body))
    assert (body["data"]["outcome"], body["data"]["cause"]) == ("refused", "index_grew")
    assert_whole()


def test_what_was_heard_is_not_decoded_again(world: World) -> None:
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert found["state"] == "cleared", found["decision"]
    assert store.discard(Submission.objects.get().audio_id)  # there is nothing to decode
    world.register("piano", licensed=False)
    assert sweep() == 1
    (row,) = rechecks(world, "patched")
    assert (row["cause"], row["outcome"]) == ("index_grew", "refused")


def test_what_is_registered_and_not_in_it_flags_nothing(world: World) -> None:
    world.cleared()
    world.register("spring", licensed=False)
    before = Entry.objects.count()
    assert sweep() == 0
    assert not Recheck.objects.exists()
    assert Entry.objects.count() == before  # an output that nothing is found in says nothing each time
    watch = OutputWatch.objects.get()
    watch.delete()  # lost, it is compared with everything since the decision
    assert sweep() == 0
    assert OutputWatch.objects.get().snapshots == watch.snapshots


def test_a_reference_that_is_fingerprinted_anew_is_looked_for_in_what_is_out(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:  # a release whose landmarks were others, and found nothing
        older.setattr(landmarks, "ALGORITHM", "landmarks/0")
        older.setattr(examine, "fingerprint", lambda _facts: {"landmarks/0": b"", extract.FAMILY + "0": b""})
        world.register("piano", licensed=False)
        world.register("spring", licensed=False)
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert found["state"] == "cleared", found["decision"]
    OutputWatch.objects.create(  # compared with all there was, long after
        decision_id=UUID(found["decision"]["id"]), looked_at=timezone.now() + 2 * rechecking.LATE, snapshots={}
    )
    assert sweep() == 0
    lost = Reference.objects.get(pk=uuid5(UUID(key("spring")), "reference"))
    assert store.discard(lost.audio_id)
    call_command("fingerprint_index")
    assert "2 references lack fingerprints of this release" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 could not be fingerprinted"):
        call_command("fingerprint_references")
    said = capsys.readouterr()
    assert said.out == "1 fingerprinted, 1 outputs are looked at again\n"
    assert str(lost.pk) in said.err
    piano = Reference.objects.get(pk=uuid5(UUID(key("piano")), "reference"))
    kept = piano.fingerprints.order_by("id").values_list("algorithm", flat=True)
    assert list(kept)[-2:] == [landmarks.ALGORITHM, spectra.ALGORITHM]
    assert len(kept) == 4  # any Chromaprint will do; what was there stays
    assert sweep() == 1
    assert rechecks(world, "patched")[0]["flag"] == "found_later"
    with pytest.raises(CommandError):
        call_command("fingerprint_references")
    assert capsys.readouterr().out == "0 fingerprinted, 0 outputs are looked at again\n"
    assert_whole()


def test_what_was_judged_is_no_news_to_a_release_that_listens_otherwise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.register("piano", licensed=False)
    with monkeypatch.context() as older:  # a release before spectra were taken, of what was asked or registered
        older.setattr(index, "FAMILIES", (index.CHROMAPRINT, index.LANDMARKS))
        world.cleared()  # fourteen seconds
    evidence = json.loads(bytes(Examination.objects.get().document))
    assert spectra.ALGORITHM not in {one["algorithm"] for one in evidence["detectors"]}
    assert sweep() == 0
    watch = OutputWatch.objects.get()
    assert watch.snapshots["spectra/"] == index.current(index.SPECTRA).snapshot
    assert not Recheck.objects.exists()


def test_a_file_that_is_gone_keeps_no_other_waiting(world: World) -> None:
    lost = world.cleared("lost")
    world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert store.discard(lost["audio"].removeprefix("sha256:"))
    world.register("piano", licensed=False)
    assert sweep() == 1
    assert rechecks(world, "lost") == []
    assert rechecks(world, "patched")[0]["flag"] == "found_later"
    watch = OutputWatch.objects.get(decision=UUID(lost["decision"]["id"]))
    assert watch.snapshots["chromaprint-2/"] == index.current().snapshot  # compared by what was kept of it
    assert watch.snapshots["songs"] != songs.current().snapshot  # which needs the file, and is asked again


def test_a_consent_that_ends_before_the_release_is_told(world: World) -> None:
    world.cleared()
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    assert OutputFlag.objects.count() == 1  # by the withdrawal itself
    tasks.recheck_outputs()
    (row,) = rechecks(world, "output")
    assert (row["cause"], row["event"]) == ("consent_ended", key("withdrawal"))
    assert (row["outcome"], row["flag"]) == ("refused", "clears_no_more")
    assert [finding["rule"] for finding in row["findings"]] == ["holders_consent"]
    assert sweep() == 0
    assert_whole()


def test_an_output_that_is_out_before_the_end_clears_still(world: World) -> None:
    found = world.settle(
        world.submit("out", world.sounds.sung("flac"), key("country"), release_on=today().isoformat())["id"]
    )
    assert found["state"] == "cleared"
    from datetime import timedelta

    later = (today() + timedelta(days=1)).isoformat()
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": later}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    sweep()
    assert [(row["outcome"], row["flag"]) for row in rechecks(world, "out")] in ([], [("cleared", None)])
    assert not OutputFlag.objects.filter(recheck__isnull=False).exists()
    assert_whole()


def test_what_people_let_pass_is_not_found_again(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    assert operator("first").review(first, "cleared", "heard_after_all").status_code == 201
    withdrawal = {"id": key("withdrawal"), "actor": key("publisher"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country publisher')}/withdrawals", withdrawal)
    sweep()
    (row,) = rechecks(world, "unheard")
    assert [finding["rule"] for finding in row["findings"]] == ["holders_consent"]


def test_an_examination_repeats_to_the_byte_when_the_index_has_grown(world: World) -> None:
    found = world.cleared()
    decision = UUID(found["decision"]["id"])
    world.register("spring", licensed=False)
    repeated = rechecking.repeat(decision_id=decision)
    assert (repeated.is_same_evidence, repeated.is_same_verdict, repeated.differences) == (True, True, ())
    person = operator("first")
    said = person.post(f"/v1/review-cases/{decision}/repetitions").json()
    assert said == {"is_same_evidence": True, "is_same_verdict": True, "differences": []}
    out = io.StringIO()
    call_command("repeat_examination", str(decision), stdout=out)
    assert out.getvalue() == "evidence: the same to the byte\nverdict: the same\n"
    with pytest.raises(CommandError, match="no decision"):
        call_command("repeat_examination", key("none"), stdout=out)
    assert code(world.distributor.post(f"/v1/review-cases/{decision}/repetitions", {})) == (403, "permission_denied")


def test_a_verdict_repeats_on_what_was_known_then(world: World) -> None:
    decision = UUID(world.cleared()["decision"]["id"])
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    assert rechecking.repeat(decision_id=decision).is_same_verdict is True
    refused = world.settle(world.submit("after", world.sounds.sung("mp3"), key("country"))["id"])
    assert refused["state"] == "refused"
    assert rechecking.repeat(decision_id=UUID(refused["decision"]["id"])).is_same_verdict is True


def test_what_people_decided_is_measured_again_and_not_judged(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    assert operator("first").review(first, "refused", "not_heard").status_code == 201
    last = Decision.objects.get(supersedes__isnull=False)
    repeated = rechecking.repeat(decision_id=last.pk)
    assert (repeated.is_same_evidence, repeated.is_same_verdict) == (True, None)
    assert rechecking.repeat(decision_id=UUID(first)).is_same_verdict is True


def test_an_index_that_was_never_there_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from fingerprint.models import IndexSnapshot
    from tests.flows.conftest import tampering

    decision = UUID(world.cleared()["decision"]["id"])
    with tampering(IndexSnapshot._meta.db_table) as cursor:
        cursor.execute("DELETE FROM fingerprint_indexsnapshot")
        repeated = rechecking.repeat(decision_id=decision)
    assert not repeated.is_same_evidence
    assert "The index of then cannot be put together" in repeated.differences[0]
    with pytest.raises(rechecking.NoSuchDecision):
        rechecking.repeat(decision_id=UUID(key("none")))
