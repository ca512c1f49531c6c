"""What a delivered file stands for: it follows from its sources and from what people state, and never from the file."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from fingerprint import store
from ledger import certifying, consenting, sequencer, stating
from ledger.models import Entry, Membership
from ledger.stating import standing_of
from provenance.models import Manifest, ManifestStatus
from provenance.statuses import SENTENCES, Reason, Status
from rights.models import Consent, OutputFlag
from rights.vocabulary import ConsentAct
from tests.flows.conftest import World, admitted, key, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

Role = Membership.Role
SHOWN = "ab" * 32


@pytest.fixture
def cleared(world: World) -> Manifest:
    """An output that was cleared, certified and released."""
    world.cleared(release_on=today().isoformat())
    certifying.sweep(at=timezone.now())
    sequencer.drain(at=timezone.now())
    return Manifest.objects.get(decision__submission=UUID(key("output")))


def person(name: str) -> User:
    return User.objects.create(username=name, is_staff=True, is_superuser=True)


def state(manifest: Manifest, status: Status, reason: Reason, *, by: User | None = None, **more: Any) -> ManifestStatus:
    return stating.state(
        id=uuid4(),
        manifest_id=manifest.pk,
        status=status,
        reason=reason,
        stated_by_id=by.pk if by else None,
        is_operator=more.pop("is_operator", True),
        at=timezone.now(),
        **more,
    )


def public(manifest: Manifest, *, at: datetime | None = None, id: UUID | None = None) -> dict[str, Any]:
    """What a stranger reads."""
    answer = Client().get(f"/status/{id or manifest.pk}", {"at": at.isoformat()} if at else {})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def withdraw(world: World, *, days: int = 0) -> Any:
    day = today() + timedelta(days=days)
    said = {"id": str(uuid4()), "actor": key("label"), "effective_on": day.isoformat()}
    return world.state(f"/v1/consents/{key('consent country label')}/withdrawals", said)


def annul(*, begun: datetime) -> None:
    """Annul the consent of the label; the answer was on its way since then."""
    proposal, people_ = uuid4(), (person("first"), person("second"))
    consent = UUID(key("consent country label"))
    consenting.propose_annulment(
        id=proposal, consent_id=consent, reason="fraud", proposed_by_id=people_[0].pk, at=begun - timedelta(seconds=1)
    )
    consenting.answer_annulment(
        id=uuid4(), proposal_id=proposal, answered_by_id=people_[1].pk, is_agreed=True, reason="", at=begun
    )


@pytest.mark.parametrize("knows", [True, False])
def test_nobody_lifts_an_annulment_that_was_on_its_way(cleared: Manifest, *, knows: bool) -> None:
    """Whichever of the two is committed first; and a page that was opened before it does not lift it either."""
    state(cleared, Status.QUARANTINED, Reason.RIGHTS_DISPUTED, by=person("desk"))
    begun = timezone.now()
    lift: dict[str, Any] = {"by": person("other"), "evidence_digest": SHOWN, "known_at": begun}
    if knows:
        annul(begun=timezone.now())
        with pytest.raises(stating.StatusChangedMeanwhile):
            state(cleared, Status.ACTIVE, Reason.RESOLVED, **lift)
    else:
        state(cleared, Status.ACTIVE, Reason.RESOLVED, **lift)
        assert public(cleared)["status"] == "active"
        annul(begun=begun)
    reason = "rights_disputed" if knows else "consent_annulled"  # the first of what is as grave is shown
    assert (public(cleared)["status"], public(cleared)["reason"]) == ("quarantined", reason)


# --- it follows from the record


def test_a_withdrawal_says_so_from_its_day_on_and_leaves_the_file_alone(world: World, cleared: Manifest) -> None:
    before = public(cleared)
    assert (before["status"], before["history"], before["reason"]) == ("active", [], None)
    preview = world.label.get(
        f"/v1/consents/{key('consent country label')}/withdrawal-preview?effective_on={today() + timedelta(days=3)}"
    ).json()
    assert [(one["manifest"], one["now"], one["then"]) for one in preview["statuses"]] == [
        (cleared.label, "active", "source_withdrawn")
    ]
    withdraw(world, days=3)
    now = public(cleared)
    assert (now["status"], [one["status"] for one in now["announced"]]) == ("active", ["source_withdrawn"])
    later = timezone.now() + timedelta(days=4)
    found = standing_of(cleared, at=later)
    assert (found.status, found.reason) == (Status.SOURCE_WITHDRAWN, Reason.CONSENT_WITHDRAWN)
    with store.local(cleared.output_digest) as path:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == cleared.output_digest
    # Said once more, nothing would change.
    consent = Consent.objects.get(pk=key("consent country label"))
    impact = consenting.impact_of(consent, act=ConsentAct.WITHDRAWN, effective_on=today())
    assert stating.would_change(impact, at=later) == ()


def test_an_annulment_quarantines_and_a_later_reading_of_the_past_does_not_change(
    world: World, cleared: Manifest
) -> None:
    moment = timezone.now()
    proposal, answer = uuid4(), uuid4()
    one, two = person("one"), person("two")
    consenting.propose_annulment(
        id=proposal, consent_id=UUID(key("consent country label")), reason="fraud", proposed_by_id=one.pk, at=moment
    )
    preview = world.label.get(f"/v1/consents/{key('consent country label')}/withdrawal-preview?act=annulled").json()
    assert [one["then"] for one in preview["statuses"]] == ["quarantined"]
    consenting.answer_annulment(
        id=answer, proposal_id=proposal, answered_by_id=two.pk, is_agreed=True, reason="", at=timezone.now()
    )
    assert OutputFlag.objects.filter(kind="quarantined").exists()
    found = public(cleared)
    assert (found["status"], found["reason"]) == ("quarantined", "consent_annulled")
    assert public(cleared, at=moment)["status"] == "active"
    certificate = certifying.newest(cleared)
    assert certificate is not None
    assert public(cleared, id=certificate.pk)["status"] == "quarantined"


# --- it is stated


def test_people_state_it_with_a_reason_and_an_entry(world: World, cleared: Manifest) -> None:
    one, two = person("one"), person("two")
    row = state(cleared, Status.QUARANTINED, Reason.RIGHTS_DISPUTED, by=one, note="A claim came in.")
    entry = Entry.objects.get(manifest_status=row)
    assert b'"status":"quarantined"' in bytes(entry.body)
    assert b"claim" not in bytes(entry.body)
    found = public(cleared)
    assert (found["status"], found["reason"]) == ("quarantined", "rights_disputed")
    assert "claim" not in str(found)
    with store.local(cleared.output_digest) as path, path.open("rb") as file:
        upload = SimpleUploadedFile("delivered.flac", file.read(), "audio/flac")
    page = Client().post("/verify", {"audio": upload}).content.decode()
    assert SENTENCES[Status.QUARANTINED] in page  # intact, and not to be released
    assert f"/status/{cleared.pk}" in page
    with pytest.raises(stating.NothingStated):
        state(cleared, Status.QUARANTINED, Reason.RIGHTS_DISPUTED, by=two)
    with pytest.raises(stating.ReasonSpeaksOtherwise):
        state(cleared, Status.ACTIVE, Reason.ORDERED, by=two)
    with pytest.raises(stating.EvidenceMissing):
        state(cleared, Status.ACTIVE, Reason.RESOLVED, by=two)
    with pytest.raises(stating.NeedsAnotherPerson):
        state(cleared, Status.ACTIVE, Reason.RESOLVED, by=one, evidence_digest=SHOWN)
    with pytest.raises(stating.OnlyTheOperator):
        state(cleared, Status.ACTIVE, Reason.RESOLVED, by=two, evidence_digest=SHOWN, is_operator=False)
    state(cleared, Status.ACTIVE, Reason.RESOLVED, by=two, evidence_digest=SHOWN)
    after = public(cleared)
    assert (after["status"], [step["status"] for step in after["history"]]) == ("active", ["quarantined", "active"])
    withdraw(world)  # what was settled does not settle what comes after
    assert public(cleared)["status"] == "source_withdrawn"


def test_what_is_superseded_names_what_takes_its_place(world: World, cleared: Manifest) -> None:
    world.cleared("master", suffix="wav")
    master = Manifest.objects.get(decision__submission=UUID(key("master")))
    one = person("one")
    for wrong in (None, cleared.pk, uuid4()):
        with pytest.raises(stating.SuccessorMissing):
            state(cleared, Status.SUPERSEDED, Reason.REPLACED, by=one, successor_id=wrong)
    with pytest.raises(stating.SuccessorOutOfPlace):
        state(cleared, Status.QUARANTINED, Reason.ORDERED, by=one, successor_id=master.pk)
    state(cleared, Status.SUPERSEDED, Reason.REPLACED, by=one, successor_id=master.pk)
    found = public(cleared)
    assert (found["status"], found["superseded_by"]) == ("superseded", master.label)
    with pytest.raises(stating.SuccessorMissing):  # nobody is sent in a circle
        state(master, Status.SUPERSEDED, Reason.REPLACED, by=one, successor_id=cleared.pk)
    page = Client().get(f"/status/{cleared.pk}", headers={"Accept": "text/html"}).content.decode()
    assert master.label in page


def test_a_submitter_may_make_it_graver_and_no_lighter(world: World, cleared: Manifest) -> None:
    path = f"/v1/outputs/{key('output')}/statuses"
    said = {"id": str(uuid4()), "status": "quarantined", "reason": "wrong_file"}
    first = world.distributor.post(path, said)
    assert first.status_code == 201, first.content
    assert world.distributor.post(path, said).status_code == 200
    assert world.distributor.post(path, said | {"reason": "ordered"}).json()["code"] == "id_taken"
    lift = {"id": str(uuid4()), "status": "active", "reason": "resolved", "evidence": SHOWN}
    refused = world.distributor.post(path, lift)
    assert (refused.status_code, refused.json()["code"]) == (403, "only_the_operator")
    assert world.label.post(path, lift).status_code in {403, 404}  # whoever holds something in it
    bad = world.distributor.post(path, {"id": str(uuid4()), "status": "gone", "reason": "ordered"})
    assert (bad.status_code, set(bad.json()["fields"])) == (400, {"status"})
    listed = world.distributor.get(path).json()
    assert [(one["status"], one["party"]) for one in listed] == [("quarantined", key("distributor"))]


def test_the_desk_states_it(world: World, cleared: Manifest) -> None:
    client = Client()
    client.force_login(person("operator"))
    page = f"/admin/rights/submission/{key('output')}/"
    assert "State a status" in client.get(f"{page}change/").content.decode()
    form = client.get(f"{page}status/")
    assert form.status_code == 200
    said = {"id": str(uuid4()), "status": "quarantined", "reason": "ordered", "note": "File number 7."}
    wrong = client.post(f"{page}status/", said | {"reason": "resolved"})
    assert (wrong.status_code, "speaks for another" in wrong.content.decode()) == (422, True)
    assert client.post(f"{page}status/", said).status_code == 302
    assert client.post(f"{page}status/", said).status_code == 302  # sent twice, recorded once
    assert ManifestStatus.objects.count() == 1
    shown = client.get(f"{page}change/").content.decode()
    for words in ("Quarantined", "A court or an authority ordered it", "File number 7."):
        assert words in shown
    stranger = Client()
    stranger.force_login(admitted("stranger", "publisher", Role.REVIEWER))
    assert stranger.get(f"{page}status/").status_code in {403, 404}


# --- it is public


def test_everybody_reads_it_and_nothing_private_is_in_it(world: World, cleared: Manifest) -> None:
    answer = Client().get(f"/status/{cleared.pk}")
    assert answer["Cache-Control"] == "public, max-age=60"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Accept" in answer["Vary"]
    assert answer.json() == world.label.get(f"/v1/statuses/{cleared.pk}").json() | {"at": answer.json()["at"]}
    page = Client().get(f"/status/{cleared.pk}", headers={"Accept": "text/html,*/*"})
    assert page["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page["Content-Security-Policy"]
    title = cleared.decision.submission.title
    for text in (answer.content.decode(), page.content.decode()):
        for private in (title, key("distributor"), key("label"), key("output"), *map(str, cleared.decision.licenses)):
            assert private not in text
    assert Client().post(f"/status/{cleared.pk}").status_code == 405


def test_what_cannot_be_answered_says_so(world: World, cleared: Manifest) -> None:
    nothing = Client().get(f"/status/{uuid4()}")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no_such_manifest")
    assert Client().get(f"/status/{uuid4()}", headers={"Accept": "text/html"}).status_code == 404
    for moment in ("yesterday", "2027-01-01T00:00:00", "2999-01-01T00:00:00+00:00", "9" * 400):
        answer = Client().get(f"/status/{cleared.pk}", {"at": moment})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_moment"), moment
    assert Client().get(f"/v1/statuses/{uuid4()}").json()["code"] == "no_such_manifest"
    assert Client().get("/status/nonsense").status_code == 404


def test_a_busy_address_has_to_wait(world: World, cleared: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.status.views import StatusThrottle

    cache.clear()
    monkeypatch.setattr(StatusThrottle, "THROTTLE_RATES", {"status": "2/min"})
    codes = [Client().get(f"/status/{cleared.pk}").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    cache.clear()
