"""Auditors: what they see and for how long, that they only read, and what an audit leaves on record."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from ledger import clients, membership, people, replaying, sequencer
from ledger.access import caller_of_user, is_auditor
from ledger.api.reading import THEIR_OWN
from ledger.auditing import drawing, saving
from ledger.demo import login
from ledger.demo.catalogue import key as demo_key
from ledger.membership import Audit
from ledger.models import (
    AuditException,
    AuditNote,
    AuditSample,
    Entry,
    KeptAnswer,
    Membership,
    SavedQuestion,
)
from ledger.replaying import Result
from ledger.visibility import Sight, finds, seen
from provenance.models import SoftBinding
from rights.models import Consent, Party, Recording, Share, Submission
from rights.vocabulary import PartyKind
from royalties.models import Statement
from tests.flows import worked
from tests.flows.conftest import Api, Sounds, World, admitted, body, changed, key, row_counts, today
from tests.flows.runs import Payer, payer
from tests.flows.test_reviews import Person
from tests.flows.test_runs import RECEIPTS, agree, quote
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

Role = Membership.Role


def auditor(party: str, name: str = "auditor", **audit: Any) -> Person:
    """Somebody who audits a house for a while."""
    at = timezone.now()
    membership.invite(
        id=uuid4(),
        username=name,
        organization_id=UUID(key(party)),
        role=Role.AUDITOR,
        active_from=today(),
        active_to=today() + timedelta(days=30),
        audit=Audit(purpose="Audit of the year", **audit),
        at=at,
    )
    return Person(User.objects.get(username=name))


# --- what they see, and for how long


def test_access_ends_at_the_instant_and_at_the_first_request_after_it(world: World) -> None:
    ends_at = timezone.now() + timedelta(hours=1)
    person = auditor("label", ends_at=ends_at)
    before = caller_of_user(person.user, at=ends_at - timedelta(microseconds=1))
    assert is_auditor(before)
    assert seen(Consent.objects.all(), before.sight).exists()
    after = caller_of_user(person.user, at=ends_at)
    assert not after.is_somebody
    assert not seen(Consent.objects.all(), after.sight).exists()
    assert person.get("/v1/consents").json()["results"]
    over = auditor("label", "over", ends_at=timezone.now())
    for path in ("/v1/consents", "/v1/works", "/v1/audit-notes"):
        assert over.get(path).json()["results"] == []
    assert over.get(f"/v1/parties/{key('label')}").status_code == 404
    assert (
        over.post("/v1/audit-notes", {"id": str(uuid4()), "submission": str(uuid4()), "text": "x"}).status_code == 403
    )
    assert "Song" not in over.get("/reports/").content.decode()


def test_an_audit_lies_within_the_membership_and_is_an_auditors(trade: World) -> None:
    given: dict[str, Any] = {
        "id": uuid4(),
        "username": "x",
        "organization_id": UUID(key("label")),
        "active_from": today(),
        "active_to": today() + timedelta(days=3),
        "at": timezone.now(),
    }
    with pytest.raises(membership.NotAnAudit):
        membership.invite(role=Role.FINANCE, audit=Audit("x"), **given)
    for audit in (
        Audit(ends_at=timezone.now() + timedelta(days=9)),
        Audit(period_from=date(2026, 2, 1), period_to=date(2026, 2, 1)),
    ):
        with pytest.raises(membership.AuditOutOfBounds):
            membership.invite(role=Role.AUDITOR, audit=audit, **given)
    assert not User.objects.filter(username="x").exists()


def test_a_scope_of_parties_leaves_what_concerns_them_too(world: World) -> None:
    world.cleared("out", release_on=today().isoformat())
    sequencer.drain(at=timezone.now())
    everything, narrow = auditor("label", "wide"), auditor("label", "narrow", parties=frozenset({UUID(key("writer"))}))
    wide_ids = {row["id"] for row in everything.get("/v1/shares").json()["results"]}
    assert {key("share country label"), key("share country writer"), key("share country publisher")} <= wide_ids
    consents = {row["id"] for row in narrow.get("/v1/consents").json()["results"]}
    assert consents == {key("consent country writer")}
    sight = caller_of_user(narrow.user, at=timezone.now()).sight
    shares = set(map(str, seen(Share.objects.all(), sight).values_list("pk", flat=True)))
    assert shares == {key("share country writer"), key("share country publisher")}  # of the work that is theirs too
    assert not finds(Share, UUID(key("share country label")), sight)
    # Entries follow the facts that they are about.
    entry = Entry.objects.get(share=UUID(key("share country label")))
    assert not finds(Entry, entry.pk, sight)
    assert finds(Entry, Entry.objects.get(share=UUID(key("share country writer"))).pk, sight)
    assert sight.parties == frozenset()  # whoever asks for parties does not find an auditor's


def test_a_scope_of_a_period_leaves_what_is_of_it(world: World) -> None:
    world.cleared("out", release_on=today().isoformat())
    inside = auditor("distributor", "inside", period_from=today(), period_to=today() + timedelta(days=1))
    outside = auditor("distributor", "outside", period_from=date(2020, 1, 1), period_to=date(2021, 1, 1))
    found = {}
    for person in (inside, outside):
        sight = caller_of_user(person.user, at=timezone.now()).sight
        found[person.user.username] = seen(Submission.objects.all(), sight).count()
        answer = person.get("/v1/audit-questions/releases?period=everything")
        assert (answer.json()["rows"] > 0) is (person is inside)
        assert (person.get(f"/reports/submissions/{key('out')}").status_code == 200) is (person is inside)
        # What surrounds it goes with it, and so do the entries of both.
        assert seen(SoftBinding.objects.all(), sight).exists() is (person is inside)
        assert seen(Recording.objects.all(), sight).exists()  # of no period
        assert finds(Entry, Entry.objects.get(submission=UUID(key("out"))).pk, sight) is (person is inside)
    assert found == {"inside": 1, "outside": 0}
    of_label = auditor("label", "labels", period_from=date(2020, 1, 1), period_to=date(2021, 1, 1))
    sight = caller_of_user(of_label.user, at=timezone.now()).sight
    given = {"id": str(uuid4()), "describer": key("label"), "genres": ["country"]}
    described = world.label.post(f"/v1/recordings/{key('country')}/descriptions", given)
    assert described.status_code == 201, described.content
    sequencer.drain(at=timezone.now())
    entry = Entry.objects.get(recording_description__isnull=False)  # seen by a rule of its own, of a thing of no period
    assert finds(Entry, entry.pk, sight)
    assert seen(Entry.objects.filter(pk=entry.pk), sight).exists()
    assert not seen(Entry.objects.filter(submission__isnull=False), sight).exists()


def test_the_demo_lets_an_auditor_read_what_is_the_labels_for_a_time(transactional_db: None) -> None:
    for name in ("label", "other"):
        people.register_party(id=UUID(demo_key(name)), kind=PartyKind.COMPANY, name=name, at=timezone.now())
    at = timezone.now()
    name, password = login.ensure_auditor(at=at)
    assert login.ensure_auditor(at=at) == (name, password)
    client = Client()
    assert client.login(username=name, password=password)
    assert client.get("/reports/questions").status_code == 200
    assert client.post("/admin/rights/party/add/", {"kind": "company", "name": "X"}).status_code == 403
    user = User.objects.get(username=name)
    now, later = caller_of_user(user, at=at), at + timedelta(days=login.AUDIT_DAYS)
    assert is_auditor(now)
    assert set(seen(Party.objects.all(), now.sight).values_list("pk", flat=True)) == {UUID(demo_key("label"))}
    assert not caller_of_user(user, at=later).is_somebody
    login.ensure_auditor(at=later)  # who comes back is let in anew
    assert caller_of_user(user, at=later).is_somebody
    assert user.memberships.count() == 2


# --- that they only read


def addresses(patterns: Any = None, prefix: str = "") -> list[str]:
    """Every address of the service, with something in the place of ids."""
    found = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and "(" not in prefix + str(pattern.pattern):
            path = prefix + str(pattern.pattern)
            for kind, filled in (("uuid", str(uuid4())), ("int", "1"), ("str", "x"), ("slug", "x"), ("path", "x")):
                while f"<{kind}:" in path:
                    head, _, rest = path.partition(f"<{kind}:")
                    path = head + filled + rest.partition(">")[2]
            found.append(f"/{path}")
    return found


def _is_their_own(path: str) -> bool:
    try:
        return resolve(path).view_name in THEIR_OWN
    except Resolver404:
        return False


PUBLIC = ("/oauth/", "/status/", "/artist/", "/v1/statuses/")


def test_an_auditor_changes_nothing_at_any_door(world: World) -> None:
    person = auditor("label")
    tried, before = 0, row_counts()
    for path in addresses():
        if path.startswith(PUBLIC) or _is_their_own(path):
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = person.client.generic(method, path, b"{}", content_type="application/json")
            assert answer.status_code in {403, 404}, (method, path, answer.status_code)
            tried += answer.status_code == 403
    assert tried > 900
    assert row_counts() == before


def test_whoever_also_works_there_is_no_auditor_and_a_payees_auditor_objects_to_nothing(january: Payer) -> None:
    person = auditor("A", "of A")
    statement = Statement.objects.get(payee=UUID(key("A")))
    said = {"id": str(uuid4()), "reason": "It is wrong."}
    assert person.post(f"/v1/statements/{statement.pk}/objections", said).json()["code"] == "auditors_only_read"
    page = person.get(f"/reports/statements/{statement.pk}").content.decode()
    assert ">Object<" not in page
    membership.admit(
        id=uuid4(),
        user_id=person.user.pk,
        organization_id=UUID(key("A")),
        role=Role.FINANCE,
        active_from=today(),
        active_to=None,
        at=timezone.now(),
    )
    assert not is_auditor(caller_of_user(person.user, at=timezone.now()))
    assert person.post(f"/v1/statements/{statement.pk}/objections", said).status_code == 201


# --- notes


def test_notes_stand_beside_what_they_are_about_and_not_in_the_log(world: World) -> None:
    world.cleared("out", release_on=today().isoformat())
    person, manager = auditor("distributor"), Person(admitted("manager", "distributor", Role.FINANCE))
    given = {"id": str(uuid4()), "submission": key("out"), "text": " Ask for the stems. "}
    answer = person.post("/v1/audit-notes", given)
    assert (answer.status_code, answer.json()["text"]) == (201, "Ask for the stems.")
    assert person.post("/v1/audit-notes", given).status_code == 200
    assert person.post("/v1/audit-notes", given | {"text": "other"}).json()["code"] == "id_taken"
    assert manager.post("/v1/audit-notes", given | {"id": str(uuid4())}).json()["code"] == "not_an_auditor"
    for wrong in ({"submission": key("nothing")}, {"submission": key("out"), "statement": str(uuid4())}, {}):
        bad = {"id": str(uuid4()), "text": "x", **wrong}
        assert person.post("/v1/audit-notes", bad).status_code in {400, 422}
    assert person.post("/v1/audit-notes", given | {"id": str(uuid4()), "text": "  "}).status_code in {400, 422}
    entry = Entry.objects.get(kind=Entry.Kind.AUDIT_NOTED)
    assert b"stems" not in bytes(entry.body)
    assert [row["id"] for row in manager.get("/v1/audit-notes").json()["results"]] == [given["id"]]
    stranger = Person(admitted("stranger", "rival", Role.FINANCE))
    assert stranger.get("/v1/audit-notes").json()["results"] == []
    # At the desk: written by the form, shown beside the output.
    form = {"beside": "submission", "of": key("out"), "text": "And the take."}
    assert person.client.post("/reports/notes/writing", form).status_code == 302
    assert manager.client.post("/reports/notes/writing", form).status_code == 403
    assert "And the take." in person.get("/reports/notes").content.decode()
    assert "And the take." in person.get(f"/reports/submissions/{key('out')}").content.decode()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditNote.objects.update(text="x")


# --- samples


@pytest.fixture
@remembered
def january(transactional_db: None, sounds: Sounds, tmp_path_factory: pytest.TempPathFactory) -> Payer:
    """The worked example's month, published."""
    worked.build(sounds)
    found = payer()
    agree(found)
    quote(found)
    found.report(tmp_path_factory.mktemp("january"), "january", RECEIPTS)
    found.published("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    return found


def terms(**changes: Any) -> dict[str, Any]:
    given = {
        "id": str(uuid4()),
        "method": "monetary_unit",
        "seed": "the-year",
        "currency": "EUR",
        "period_from": "2026-01-01",
        "period_to": "2026-02-01",
        "tolerable": 30_000,
        "expected": 0,
    }
    return given | changes


def test_a_monetary_unit_sample_is_drawn_found_wrong_and_says_how_much(january: Payer) -> None:
    person = auditor("distributor")
    given = terms()
    answer = person.post("/v1/audit-samples", given)
    assert answer.status_code == 201, answer.content
    sample = answer.json()
    assert sample["document"]["population"]["units"] == "171121"
    assert sample["document"]["plan"]["interval"] == "10000"  # 30,000 over the factor of 3.00
    assert len(sample["items"]) <= 18
    assert sum(item["hits"] for item in sample["items"]) in {17, 18}
    assert sample["outcome"]["upper_limit"] == "30000"  # nothing found yet: what chance may hide
    assert sample["outcome"]["is_borne"] is True
    assert person.post("/v1/audit-samples", given).status_code == 200
    assert person.post("/v1/audit-samples", given | {"seed": "other"}).json()["code"] == "id_taken"
    sequencer.drain(at=timezone.now())
    entry = Entry.objects.get(kind="sample_drawn")
    assert replaying.replay(entry).result is Result.SAME, replaying.replay(entry).differences
    with changed("UPDATE ledger_auditsample SET seed = 'b'", "ledger_auditsample"):
        assert replaying.replay(entry).result is Result.DIFFERENT
    # The same terms draw the same lines; another seed others.
    assert person.get(f"/v1/audit-samples/{sample['id']}/again").json()["is_same"] is True
    twin = person.post("/v1/audit-samples", terms(known_at=sample["known_at"])).json()
    assert twin["digest"] == sample["digest"]
    other = person.post("/v1/audit-samples", terms(seed="b")).json()
    assert other["items"] != sample["items"]
    # A line that should be half of what was booked.
    item = next(one for one in sample["items"] if int(one["units"]) < 10_000)
    half = int(item["units"]) // 2
    wrong = {"id": str(uuid4()), "item": item["id"], "owner": january.one.user.pk, "root_cause": "share"}
    wrong |= {"audited_units": half, "note": "An old share."}
    assert person.post("/v1/audit-exceptions", wrong | {"status": "closed"}).json()["code"] == "not_open"
    same = wrong | {"audited_units": int(item["units"])}
    assert person.post("/v1/audit-exceptions", same).json()["code"] == "nothing_wrong"
    stranger = admitted("stranger", "provider", Role.FINANCE)
    assert person.post("/v1/audit-exceptions", wrong | {"owner": stranger.pk}).json()["code"] == "not_an_owner"
    recorded = person.post("/v1/audit-exceptions", wrong)
    assert (recorded.status_code, recorded.json()["status"]) == (201, "open"), recorded.content
    found = person.get(f"/v1/audit-samples/{sample['id']}").json()["outcome"]
    assert found["found"] == str(int(item["units"]) - half)
    assert int(found["upper_limit"]) > 30_000
    assert found["is_borne"] is False
    corrected = wrong | {"id": str(uuid4()), "status": "corrected", "audited_units": int(item["units"])}
    assert person.post("/v1/audit-exceptions", corrected).status_code == 201
    assert person.get(f"/v1/audit-samples/{sample['id']}").json()["outcome"]["upper_limit"] == "30000"
    assert [row.position for row in AuditException.objects.order_by("position")] == [0, 1]
    assert b"old share" not in bytes(Entry.objects.filter(kind="exception_recorded").first().body)  # type: ignore[union-attr]
    # The pages of it.
    for path in (f"samples/{sample['id']}?again=1", f"sampled/{item['id']}", "samples", "exceptions"):
        assert person.get(f"/reports/{path}").status_code == 200, path
    assert "to the byte" in person.get(f"/reports/samples/{sample['id']}?again=1").content.decode()
    assert "Yes" in person.get(f"/reports/sampled/{item['id']}").content.decode()
    # Whoever must see to it answers; what was found stays as it is, and the auditor ends it.
    owner, address = january.one, f"/reports/sampled/{item['id']}"
    person.post("/v1/audit-exceptions", wrong | {"id": str(uuid4())})
    assert "1 exception of an audit waits for your answer" in owner.get("/admin/").content.decode()
    assert "Waiting for your answer" in owner.get("/reports/exceptions").content.decode()
    assert "You must see to this" in owner.get(address).content.decode()
    assert "You must see to this" not in person.get(address).content.decode()
    said = {"status": "disputed", "note": "The share was right."}
    assert person.client.post(f"{address}/answer", said).status_code == 403
    assert Person(stranger).client.post(f"{address}/answer", said).status_code == 404
    for bad in (
        {"status": "closed", "note": "x"},
        {"status": "open", "note": "x"},
        {"status": "accepted", "note": " "},
    ):
        owner.client.post(f"{address}/answer", bad)
    assert AuditException.objects.count() == 3
    # The same over the API: what waits for whoever asks, and their answer.
    waiting = owner.get("/v1/audit-exceptions/waiting").json()["results"]
    assert [(row["item"], row["status"], row["audited_units"]) for row in waiting] == [(item["id"], "open", str(half))]
    assert person.get("/v1/audit-exceptions/waiting").json()["results"] == []
    answers, over_api = "/v1/audit-exceptions/answers", {"id": str(uuid4()), "item": item["id"], **said}
    assert person.post(answers, over_api).json()["code"] == "auditors_only_read"
    assert Person(stranger).post(answers, over_api).json()["code"] == "no_such_item"
    colleague = Person(admitted("colleague", "distributor", Role.FINANCE))
    assert colleague.post(answers, over_api).json()["code"] == "not_the_owner"
    machine = Api(clients.create(name="house", party_id=UUID(january.id), scopes=["catalogue:read"]))
    assert machine.post(answers, over_api).status_code == 403
    assert machine.get("/v1/audit-exceptions/waiting").json()["code"] == "no_person"
    for bad, told in (({"status": "closed"}, "status"), ({"note": " "}, "note"), ({"item": "x"}, "item")):
        assert told in owner.post(answers, over_api | bad).json()["fields"]
    assert AuditException.objects.count() == 3
    assert owner.post(answers, over_api).status_code == 201
    assert (again := owner.post(answers, over_api)).status_code == 200
    assert (again.json()["status"], again.json()["position"]) == ("disputed", 3)
    assert owner.post(answers, over_api | {"note": "Other."}).json()["code"] == "id_taken"
    assert owner.get("/v1/audit-exceptions/waiting").json()["results"] == []
    assert owner.client.post(f"{address}/answer", said).status_code == 302
    word = AuditException.objects.get(position=4)
    assert (word.status, word.audited_units, word.recorded_by_id) == ("disputed", half, owner.user.pk)
    assert Entry.objects.filter(kind="exception_recorded", audit_exception=word).exists()
    assert "waits for your answer" not in owner.get("/admin/").content.decode()
    closed = wrong | {"id": str(uuid4()), "status": "closed"}
    assert person.post("/v1/audit-exceptions", closed).status_code == 201
    owner.client.post(f"{address}/answer", said)
    assert owner.post(answers, over_api | {"id": str(uuid4())}).json()["code"] == "closed_already"
    assert AuditException.objects.count() == 6
    # Whoever is audited reads; strangers find nothing, and nobody but auditors draws.
    assert january.one.get(f"/v1/audit-samples/{sample['id']}").status_code == 200
    assert january.one.post("/v1/audit-samples", terms()).json()["code"] == "not_an_auditor"
    assert Person(stranger).get(f"/v1/audit-samples/{sample['id']}").status_code == 404
    assert Person(stranger).get(f"/reports/sampled/{item['id']}").status_code == 404


def test_a_stratified_sample_is_drawn_by_lot_within_strata(january: Payer) -> None:
    person = auditor("distributor")
    given = terms(method="stratified", size=10, boundaries=[5_000, 10_000])
    sample = person.post("/v1/audit-samples", given).json()
    strata = sample["document"]["plan"]["strata"]
    assert [one["from"] for one in strata] == ["0", "5000", "10000"]
    assert sum(one["size"] for one in strata) == len(sample["items"])
    assert all(one["size"] <= one["lines"] for one in strata)
    assert sum(int(one["units"]) for one in strata) == 171121
    again = drawing.drawn_again(AuditSample.objects.get(pk=sample["id"]), sight=Sight(frozenset({UUID(january.id)})))
    assert again is True
    for wrong in ({"size": 0}, {"boundaries": [10, 5]}, {"boundaries": [5, 5]}, {"seed": "a b"}, {"confidence": 42}):
        refused = person.post("/v1/audit-samples", given | {"id": str(uuid4())} | wrong)
        assert refused.status_code in {400, 422}, wrong
    # By the form, amounts in the major unit.
    form = {"method": "stratified", "seed": "f", "currency": "EUR", "period_from": "2026-01-01"}
    form |= {"period_to": "2026-02-01", "confidence": "90", "size": "8", "boundaries": "50.00 100.00"}
    assert person.client.post("/reports/samples/drawing", form).status_code == 302
    drawn = AuditSample.objects.get(seed="f")
    assert drawing.terms_of(drawn).boundaries == (5_000, 10_000)
    count = AuditSample.objects.count()
    for bad in ({"currency": "XQX"}, {"boundaries": "1e3"}, {"method": "x"}, {"size": "-1"}, {"period_from": "x"}):
        assert person.client.post("/reports/samples/drawing", form | bad).status_code == 302
    assert AuditSample.objects.count() == count


def test_a_payees_auditor_draws_from_the_payees_statements_alone(january: Payer) -> None:
    sample = auditor("A").post("/v1/audit-samples", terms(tolerable=6_000)).json()
    assert sample["document"]["population"]["units"] == "18386"
    nothing = auditor("provider", "of provider").post("/v1/audit-samples", terms())
    assert (nothing.status_code, nothing.json()["code"]) == (422, "not_a_sample")


# --- questions that are asked again


def test_a_question_is_kept_answered_by_the_queue_and_forgotten(world: World) -> None:
    world.cleared("out", release_on=today().isoformat())
    sequencer.drain(at=timezone.now())
    manager = Person(admitted("manager", "distributor", Role.FINANCE))
    given = {
        "id": str(uuid4()),
        "question": "releases",
        "name": "Releases of the month",
        "parameters": {"period": "everything"},
        "every": "month",
        "keep_days": 10,
    }
    answer = manager.post("/v1/saved-questions", given)
    assert answer.status_code == 201, answer.content
    begin = (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    assert answer.json()["next_at"] == f"{begin}T00:00:00Z"
    assert manager.post("/v1/saved-questions", given).status_code == 200
    for wrong in (
        {"question": "nonsense"},
        {"parameters": {"period": "whenever"}},
        {"parameters": {"period": "this_month", "known_at": "2026-01-01"}},
        {"name": " "},
        {"keep_days": 0},
    ):
        assert manager.post("/v1/saved-questions", given | {"id": str(uuid4())} | wrong).status_code in {400, 404, 422}
    row = SavedQuestion.objects.get(pk=str(given["id"]))
    # Missed twice, it is answered once.
    later = timezone.now() + timedelta(days=75)
    (kept_id,) = saving.order_due(at=later)
    assert saving.order_due(at=later) == []
    saving.answer(id=kept_id, at=timezone.now())  # not yet
    assert KeptAnswer.objects.get(pk=kept_id).made_at is None
    saving.answer(id=kept_id, at=later)
    kept = KeptAnswer.objects.get(pk=kept_id)
    assert kept.document is not None
    assert kept.document["rows"] > 0
    text = body(manager.get(f"/v1/kept-answers/{kept_id}/file")).decode()
    stated = dict(line for line in list(csv.reader(io.StringIO(text)))[kept.document["rows"] + 2 :])
    assert stated["digest"] == f"sha256:{kept.answer_digest}"
    assert body(manager.get(f"/reports/kept-answers/{kept_id}.csv")).decode() == text
    page = manager.get("/reports/questions").content.decode()
    assert "Releases of the month" in page
    assert "everybody of Distributor" in page
    # Of the same house everybody sees it, and of another nobody.
    other = Person(admitted("other", "distributor", Role.AUDITOR))
    assert body(other.get(f"/v1/kept-answers/{kept_id}/file"))
    assert Person(admitted("rival", "rival", Role.FINANCE)).get(f"/v1/kept-answers/{kept_id}/file").status_code == 404
    # Its time over, it is gone with its file.
    assert saving.forget(on=kept.keep_until) == 0
    assert saving.forget(on=kept.keep_until + timedelta(days=1)) == 1
    assert manager.get(f"/v1/kept-answers/{kept_id}/file").status_code == 404
    assert manager.post(f"/v1/saved-questions/{row.pk}/ends").status_code == 201
    assert manager.post(f"/v1/saved-questions/{row.pk}/ends").json()["code"] == "already_ended"
    assert saving.order_due(at=later + timedelta(days=400)) == []


def test_whose_access_ended_gets_no_further_answer(world: World) -> None:
    world.cleared("out", release_on=today().isoformat())
    ends_at = timezone.now() + timedelta(hours=1)
    person = auditor("distributor", ends_at=ends_at, parties=frozenset({UUID(key("singer"))}))
    form = {"name": "Mine", "every": "day", "keep_days": "5", "period": "everything"}
    assert person.client.post("/reports/questions/releases/saving", form).status_code == 302
    saved = SavedQuestion.objects.get()
    assert saved.engagement_id is not None
    assert person.client.post(f"/reports/saved-questions/{saved.pk}/answer").status_code == 302
    now = KeptAnswer.objects.get()
    saving.answer(id=now.pk, at=timezone.now())
    now.refresh_from_db()
    assert now.problem == ""
    # Only of the audit: whoever else is of the house is not shown it.
    assert body(person.get(f"/v1/kept-answers/{now.pk}/file"))
    assert Person(admitted("m", "distributor", Role.FINANCE)).get(f"/v1/kept-answers/{now.pk}/file").status_code == 404
    (late,) = saving.order_due(at=ends_at + timedelta(days=2))
    saving.answer(id=late, at=ends_at + timedelta(days=2))
    kept = KeptAnswer.objects.get(pk=late)
    assert kept.problem == "Whoever saved this question has no access any more."
    assert kept.file_digest == ""
    saved.refresh_from_db()
    assert saved.ended_at is not None


@pytest.mark.parametrize(
    ("every", "at", "expected"),
    [
        ("day", "2026-12-31T23:59:59", "2027-01-01"),
        ("day", "2027-01-01T00:00:00", "2027-01-02"),
        ("week", "2026-11-29T12:00:00", "2026-11-30"),  # a Sunday
        ("week", "2026-11-30T00:00:00", "2026-12-07"),  # a Monday
        ("month", "2026-01-31T12:00:00", "2026-02-01"),
        ("month", "2026-12-01T00:00:00", "2027-01-01"),
    ],
)
def test_the_next_time_is_the_beginning_of_the_next_day_week_or_month(every: str, at: str, expected: str) -> None:
    following = saving.following(every, datetime.fromisoformat(f"{at}+00:00"))
    assert following is not None
    assert following.isoformat() == f"{expected}T00:00:00+00:00"


def test_an_auditor_is_admitted_at_the_desk_with_what_for_and_how_far(trade: World) -> None:
    desk = Client()
    desk.force_login(User.objects.create_superuser("desk"))
    form = {
        "id": str(uuid4()),
        "username": "outside",
        "organization": key("label"),
        "role": "auditor",
        "active_from": today().isoformat(),
        "active_to": (today() + timedelta(days=9)).isoformat(),
        "purpose": "Audit of 2026",
        "ends_at": (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "parties": [key("writer")],
        "audit_from": "2026-01-01",
        "audit_to": "2027-01-01",
    }
    late = form | {"ends_at": (timezone.now() + timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")}
    refused = desk.post("/admin/ledger/membership/add/", late)
    assert "An audit ends by the day" in refused.content.decode()
    answer = desk.post("/admin/ledger/membership/add/", form)
    assert answer.status_code == 200, answer.content  # with the password, once
    row = Membership.objects.get(pk=str(form["id"]))
    audit = row.engagement
    assert (audit.purpose, audit.parties, audit.period_to) == ("Audit of 2026", [UUID(key("writer"))], date(2027, 1, 1))
    shown = desk.get(f"/admin/ledger/membership/{row.pk}/change/").content.decode()
    assert "Audit of 2026" in shown
    assert "Writer" in shown
