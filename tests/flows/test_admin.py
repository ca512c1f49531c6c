"""The desk …"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from ledger import clearance, jobs, sequencer, tasks
from ledger.models import Entry, Job, Membership
from rights.models import Consent, License, Party, Recording, Share, Work
from royalties.models import Plan
from tests.flows.conftest import DOCUMENT, SINCE, World, admitted, key, row_counts, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@cache
def _client() -> Client:
    # One for all: its middleware looks through every static file when it is made.
    return Client()


@pytest.fixture
def staff(transactional_db: None) -> Client:
    """Somebody who may do everything at the desk."""
    client = _client()
    client.force_login(User.objects.create_superuser("rights", password="team"))
    return client


@pytest.fixture
def reader(trade: World) -> Client:
    """An auditor of the label."""
    client = Client()
    client.force_login(admitted("reader", "label", Membership.Role.AUDITOR))
    return client


def add(client: Client, model: str, fields: Mapping[str, Any], *, id: str | None = None) -> Any:
    """Send an Add form."""
    return client.post(f"/admin/rights/{model}/add/", {"id": id or str(uuid4()), **fields})


def text(answer: Any) -> str:
    """What a page says, without its markup's escapes."""
    return unescape(answer.content.decode())


def entry_of(**subject: Any) -> Entry:
    return Entry.objects.get(**subject)


def facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    """One of each kind: what the world registered, and an output that went through it."""
    return [
        ("party", key("label")),
        ("work", key("work of country")),
        ("recording", key("country")),
        ("share", key("share country label")),
        ("consent", key("consent country label")),
        ("license", key("license of country")),
        ("submission", found["id"]),
        ("decision", found["decision"]["id"]),
    ]


# --- who may


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/rights/party/", "/admin/rights/party/add/", "/admin/ledger/entry/"]
)
def test_sends_strangers_to_the_login(path: str, transactional_db: None) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


def test_keeps_out_whoever_is_not_staff(transactional_db: None) -> None:
    client = _client()
    client.force_login(User.objects.create_user("visitor"))
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.post("/admin/rights/party/add/", {"name": "X"})["Location"].startswith("/admin/login/")


def test_lets_an_auditor_read_and_not_add(world: World, reader: Client) -> None:
    assert reader.get("/admin/rights/party/").status_code == 200
    assert reader.get(f"/admin/rights/recording/{key('country')}/change/").status_code == 200
    before = row_counts()
    assert reader.get("/admin/rights/party/add/").status_code == 403
    assert add(reader, "party", {"kind": "person", "name": "X"}).status_code == 403
    consent = key("consent country label")
    assert reader.post(f"/admin/rights/consent/{consent}/withdraw/").status_code == 403
    assert reader.post(f"/admin/rights/submission/{uuid4()}/retry/").status_code == 403
    assert row_counts() == before


def test_lets_add_what_a_role_gives(trade: World) -> None:
    client = Client()
    client.force_login(admitted("artist", "singer", Membership.Role.ARTIST))
    assert add(client, "work", {"title": "Not theirs"}).status_code == 403
    assert client.get("/admin/rights/consent/add/").status_code == 200
    client.force_login(admitted("manager", "label", Membership.Role.RIGHTS_MANAGER))
    assert add(client, "work", {"title": "Allowed"}).status_code == 302


def test_lets_an_auditor_add_nothing_whatever_was_granted_to_the_login(trade: World, reader: Client) -> None:
    User.objects.get(username="reader").user_permissions.add(Permission.objects.get(codename="add_work"))
    assert add(reader, "work", {"title": "Not allowed"}).status_code == 403


# --- facts are read


def test_shows_every_list_and_every_fact(world: World, staff: Client) -> None:
    found = world.cleared()
    paths = [f"/admin/rights/{model}/" for model, _ in facts(found)]
    paths += ["/admin/ledger/entry/", "/admin/ledger/checkpoint/"]
    for path in paths:
        assert staff.get(path).status_code == 200, path
    for model, id in facts(found):
        page = staff.get(f"/admin/rights/{model}/{id}/change/")
        assert page.status_code == 200, model
        assert "onclick" not in text(page)
    for entry in Entry.objects.all():
        assert staff.get(f"/admin/ledger/entry/{entry.pk}/change/").status_code == 200


def test_changes_and_deletes_nothing(world: World, staff: Client) -> None:
    found = world.cleared()
    before = row_counts()
    for model, id in facts(found):
        root = f"/admin/rights/{model}/{id}"
        assert staff.post(f"{root}/change/", {"title": "Other", "name": "Other"}).status_code == 403
        assert staff.get(f"{root}/delete/").status_code == 403
        assert staff.post(f"{root}/delete/", {"post": "yes"}).status_code == 403
        staff.post(f"/admin/rights/{model}/", {"action": "delete_selected", "_selected_action": id, "post": "yes"})
        assert row_counts() == before, model


def test_says_what_to_do_next_where_a_list_is_empty(staff: Client) -> None:
    assert "Begin with the label" in text(staff.get("/admin/rights/party/"))
    assert "outputs are compared with nothing" in text(staff.get("/admin/rights/recording/"))
    assert "How to begin" in text(staff.get("/admin/"))


def test_answers_not_found_for_an_id_of_nothing(staff: Client) -> None:
    for path in (f"/admin/rights/party/{uuid4()}/change/", "/admin/rights/submission/nonsense/change/"):
        assert staff.get(path).status_code == 404


# --- names stay out of addresses


def test_finds_a_party_by_a_name_in_the_body(trade: World, staff: Client) -> None:
    page = staff.post("/admin/rights/party/", {"name": "publ"})
    assert "Publisher" in text(page)
    assert "Distributor" not in text(page)
    assert "?name=" not in text(page)
    assert 'name="q"' not in text(page)  # the theme's own box would put it into the address


def test_offers_rows_to_choose_from(world: World, staff: Client) -> None:
    found = staff.post("/admin/rights/party/pick/", {"q": "sing"}).json()["found"]
    assert found == [{"id": key("singer"), "text": "Singer", "more": f"person {key('singer')[:8]}"}]
    assert staff.get("/admin/rights/party/pick/?q=sing").status_code == 405
    [found] = staff.post("/admin/rights/recording/pick/", {"q": "count"}).json()["found"]
    assert found["id"] == key("country")
    assert staff.post("/admin/rights/share/pick/", {"q": "1"}).status_code == 403


# --- adding


def test_adds_a_party(staff: Client) -> None:
    answer = add(staff, "party", {"kind": "person", "name": "Ada Example"})
    party = Party.objects.get()
    assert answer["Location"] == f"/admin/rights/party/{party.pk}/change/"
    assert str(party) == "Ada Example"
    assert entry_of(party=party).kind == Entry.Kind.PARTY_REGISTERED
    noted = LogEntry.objects.get()
    assert (noted.object_id, noted.object_repr) == (str(party.pk), str(party.pk))  # no name in the desk's own notes


def test_adds_it_once_where_the_form_is_sent_twice(staff: Client) -> None:
    id = str(uuid4())
    first = add(staff, "party", {"kind": "person", "name": "Ada Example"}, id=id)
    again = add(staff, "party", {"kind": "person", "name": "Ada Example"}, id=id)
    assert first["Location"] == again["Location"]
    assert Party.objects.count() == Entry.objects.count() == 1


def test_adds_a_work(staff: Client) -> None:
    assert add(staff, "work", {"title": "Song", "iswc": "T-034524680-1"}).status_code == 302
    work = Work.objects.get()
    assert (work.iswc, entry_of(work=work).kind) == ("T0345246801", Entry.Kind.WORK_REGISTERED)


def test_adds_a_recording_with_its_audio(world: World, staff: Client) -> None:
    file = world.sounds.song("piano")
    upload = SimpleUploadedFile(file.name, file.read_bytes(), content_type="audio/flac")
    fields = {"title": "Piano", "isrc": "gb-aye-05-00001", "works": [key("work of country")], "audio": upload}
    assert add(staff, "recording", fields).status_code == 302
    recording = Recording.objects.get(isrc="GBAYE0500001")
    assert recording.reference is not None
    assert [link.work_id for link in recording.work_links.all()] == [UUID(key("work of country"))]
    assert entry_of(recording=recording).kind == Entry.Kind.RECORDING_REGISTERED


def test_adds_a_share(world: World, staff: Client) -> None:
    fields = {
        "recording": key("country"),
        "party": key("singer"),
        "right_type": "ai_output",
        "part": "1 / 3",
        "territories": "2136, -us",
        "active_from": SINCE,
    }
    assert add(staff, "share", fields).status_code == 302
    share = Share.objects.get(party=UUID(key("singer")))
    assert (share.numerator, share.denominator, share.territories) == (1, 3, ["2136", "-US"])
    assert entry_of(share=share).kind == Entry.Kind.SHARE_REGISTERED


CONSENT = {"uses": ["infer.input", "distribute.outside"], "territories": "DE FR", "active_from": SINCE}


def test_adds_a_consent_by_the_text_that_was_signed(world: World, staff: Client) -> None:
    signed = SimpleUploadedFile("consent.txt", b"I agree.")
    fields = {**CONSENT, "work": key("work of country"), "grantor": key("singer"), "document": signed}
    assert add(staff, "consent", fields).status_code == 302
    consent = Consent.objects.get(grantor=UUID(key("singer")))
    assert consent.document_digest == hashlib.sha256(b"I agree.").hexdigest()
    assert (str(consent.actor_id), consent.licensee) == (key("singer"), None)
    assert entry_of(consent=consent).kind == Entry.Kind.CONSENT_GRANTED


LICENSE = {
    "territories": "2136",
    "uses": ["infer.input"],
    "active_from": SINCE,
    "digest": f"sha256:{DOCUMENT}",
    "commission": "3/20",
    "creators": "0",
    "masters": "1/2",
}


def test_adds_a_license_with_schedule_and_plan(world: World, staff: Client) -> None:
    fields = {
        **LICENSE,
        "licensor": key("label"),
        "licensee": key("rival"),
        "recordings": [key("country")],
        "works": [key("work of country")],
    }
    assert add(staff, "license", fields).status_code == 302
    license_ = License.objects.get(licensee=UUID(key("rival")))
    assert license_.schedule.count() == 2
    plan = Plan.objects.get(license=license_)
    assert (plan.commission_numerator, plan.commission_denominator) == (3, 20)
    assert entry_of(license=license_).kind == Entry.Kind.LICENSE_SIGNED


SHARE = {"right_type": "ai_output", "part": "1/3", "territories": "2136", "active_from": SINCE}


REFUSALS: list[tuple[str, dict[str, Any], str, str]] = [
    ("party", {"kind": "person", "name": " "}, "name", "required"),
    ("party", {"kind": "robot", "name": "X"}, "kind", "Select a valid choice"),
    ("work", {"title": "Song", "iswc": "T-034524680-2"}, "iswc", "wrong check digit"),
    ("recording", {"title": "Song", "isrc": "nonsense"}, "isrc", "is not an ISRC"),
    ("recording", {"title": "Song", "isrc": "QZDEM2600001"}, "isrc", "Another recording has this ISRC"),
    ("share", {**SHARE, "recording": "country", "party": "label", "part": "0"}, "part", "not a part of the whole"),
    (
        "share",
        {**SHARE, "recording": "country", "party": "label", "part": "4/3"},
        "part",
        "not a part of the whole",
    ),
    ("share", {**SHARE, "recording": "country", "party": "label", "part": "0.3"}, "part", "exact fraction"),
    ("share", {**SHARE, "recording": "country", "party": "label", "part": "1/0"}, "part", "exact fraction"),
    ("share", {**SHARE, "party": "label"}, "recording", "Name one asset"),
    (
        "share",
        {**SHARE, "recording": "country", "work": "work of country", "party": "label"},
        "recording",
        "Name one asset",
    ),
    (
        "share",
        {**SHARE, "recording": "country", "party": "label", "territories": "XX"},
        "territories",
        "is not a territory",
    ),
    (
        "share",
        {**SHARE, "recording": "country", "party": "label", "territories": "DE -DE"},
        "territories",
        "leave no country",
    ),
    (
        "share",
        {**SHARE, "recording": "country", "party": "label", "active_to": SINCE},
        "active_to",
        "lies behind the beginning",
    ),
    ("share", {**SHARE, "recording": "country", "party": "nobody"}, "party", "Select a valid choice"),
    (
        "consent",
        {**CONSENT, "recording": "country", "grantor": "label", "digest": DOCUMENT, "uses": []},
        "uses",
        "required",
    ),
    ("consent", {**CONSENT, "recording": "country", "grantor": "label"}, "document", "one of the two"),
    (
        "consent",
        {**CONSENT, "recording": "country", "grantor": "label", "digest": "12"},
        "document",
        "64 hexadecimal digits",
    ),
    ("license", {**LICENSE, "licensor": "label", "licensee": "rival"}, "recordings", "at least one recording"),
    (
        "license",
        {**LICENSE, "licensor": "label", "licensee": "rival", "recordings": "country", "creators": "3/2"},
        "creators",
        "from 0 to 1",
    ),
]


def test_maps_a_refusal_to_its_field(world: World, staff: Client) -> None:
    add(staff, "recording", {"title": "First", "isrc": "QZDEM2600001"})
    named = {"recording", "work", "party", "grantor", "licensor", "licensee", "recordings"}
    before = row_counts()
    for model, fields, field, sentence in REFUSALS:
        answer = add(staff, model, {name: key(value) if name in named else value for name, value in fields.items()})
        assert answer.status_code == 422, (model, fields)
        [said] = answer.context["form"].errors[field]
        assert sentence in said
        assert "Nothing was written" in text(answer)
    assert row_counts() == before


def test_maps_refused_audio_to_its_field(world: World, staff: Client) -> None:
    before = row_counts()
    for content, sentence in ((b"", "empty"), (b"<html>" * 100, "no audio we know")):
        upload = SimpleUploadedFile("song.flac", content, content_type="audio/flac")
        answer = add(staff, "recording", {"title": "Song", "audio": upload})
        assert answer.status_code == 422
        [said] = answer.context["form"].errors["audio"]
        assert sentence in said
    assert row_counts() == before


def test_refuses_an_upload_beyond_the_limit_before_reading_it(world: World, staff: Client, settings: Any) -> None:
    settings.LEDGER_MAX_UPLOAD_BYTES = 1_000
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    upload = SimpleUploadedFile("song.flac", bytes(10_000), content_type="audio/flac")
    before = row_counts()
    answer = add(staff, "recording", {"title": "Song", "audio": upload})
    assert answer.status_code == 413
    assert "FLAC or M4A" in text(answer)
    assert row_counts() == before


def test_asks_for_the_token_of_its_own_page(staff: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="rights"))
    assert add(strict, "party", {"kind": "person", "name": "X"}).status_code == 403
    strict.get("/admin/rights/party/add/")
    fields = {"kind": "person", "name": "X", "csrfmiddlewaretoken": strict.cookies["csrftoken"].value}
    assert add(strict, "party", fields).status_code == 302


def test_fills_in_what_an_address_names(world: World, staff: Client) -> None:
    page = text(staff.get(f"/admin/rights/share/add/?recording={key('country')}&part=nonsense"))
    assert f'name="recording" value="{key("country")}"' in page
    assert "nonsense" not in page


# --- withdrawing


def test_withdraws_a_consent_after_asking(world: World, staff: Client) -> None:
    world.cleared()
    consent = key("consent country label")
    assert f"/admin/rights/consent/{consent}/withdraw/" in text(staff.get(f"/admin/rights/consent/{consent}/change/"))
    question = text(staff.get(f"/admin/rights/consent/{consent}/withdraw/"))
    assert "Nothing reaches back: the one output" in question

    fields = {"id": str(uuid4()), "effective_on": today().isoformat()}
    answer = staff.post(f"/admin/rights/consent/{consent}/withdraw/", fields)
    assert answer["Location"] == f"/admin/rights/consent/{consent}/change/"
    event = Consent.objects.get(pk=consent).events.get(act="withdrawn")
    assert (str(event.pk), event.effective_on, str(event.actor_id)) == (fields["id"], today(), key("label"))
    assert entry_of(consent_event=event).kind == Entry.Kind.CONSENT_WITHDRAWN
    page = text(staff.get(f"/admin/rights/consent/{consent}/change/"))
    assert f"Withdrawn with effect from {today()}" in page
    assert "Withdraw…" not in page
    assert "Consent to Country" in text(staff.get("/admin/"))

    refused = world.settle(world.submit("later", world.sounds.sung("mp3"), key("country"))["id"])
    assert refused["state"] == "refused"


@pytest.mark.parametrize(
    ("days", "sentence"), [(-1, "lies before"), (0, "has been withdrawn"), (None, "required")], ids=str
)
def test_says_why_a_consent_cannot_be_withdrawn(days: int | None, sentence: str, world: World, staff: Client) -> None:
    path = f"/admin/rights/consent/{key('consent country label')}/withdraw/"
    if days == 0:
        staff.post(path, {"id": str(uuid4()), "effective_on": today().isoformat()})
    before = row_counts()
    day = (today() + timedelta(days=days)).isoformat() if days is not None else ""
    answer = staff.post(path, {"id": str(uuid4()), "effective_on": day})
    assert answer.status_code == 422
    assert sentence in answer.context["form"].errors["effective_on"][0]
    assert row_counts() == before


# --- trying again


def test_tries_an_examination_again(world: World, staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    id = UUID(world.submit("given up", world.sounds.own())["id"])
    for _ in range(jobs.MOST_ATTEMPTS):
        Job.objects.update(run_at=timezone.now())
        claimed = jobs.claim(Job.Kind.CLEAR, id, at=timezone.now())
        assert claimed is not None
        jobs.fail(claimed, error="OSError: the disk is full", at=timezone.now())
    page = text(staff.get(f"/admin/rights/submission/{id}/change/"))
    assert "given up after 5 attempts" in page
    assert "the disk is full" in page
    assert "Try again" in page
    assert "the disk is full" in text(staff.get("/admin/"))

    assert staff.get(f"/admin/rights/submission/{id}/retry/").status_code == 405
    answer = staff.post(f"/admin/rights/submission/{id}/retry/")
    assert answer["Location"] == f"/admin/rights/submission/{id}/change/"
    assert Job.objects.get().given_up_at is None
    tasks.clear_submission(submission_id=str(id))
    sequencer.drain(at=timezone.now())
    assert "Cleared for release" in text(staff.get(f"/admin/rights/submission/{id}/change/"))
    with pytest.raises(clearance.AlreadyDecided):
        clearance.clear(submission_id=id, at=timezone.now())


# --- the first page, and the heart of it


def test_says_at_a_glance_what_there_is(world: World, staff: Client) -> None:
    world.cleared()
    world.submit("waiting", world.sounds.own(), title="Not yet")
    soon = (today() + timedelta(days=10)).isoformat()
    world.consent("ending", grantor="singer", recording=key("country"), active_to=soon)
    sequencer.drain(at=timezone.now())
    page = staff.get("/admin/")
    piles = {pile.state: (pile.count, [row.title for row in pile.newest]) for pile in page.context["today"].piles}
    assert piles == {
        "waiting": (1, ["Not yet"]),
        "failed": (0, []),
        "review": (0, []),
        "refused": (0, []),
        "cleared": (1, ["Country, sung"]),
    }
    assert [str(fact.pk) for fact in page.context["today"].ending] == [key("consent ending")]
    said = text(page)
    assert "Development certificate." in said
    assert f"holds until before {soon}" in said
    assert str(Entry.objects.count()) in said


def test_filters_outputs_by_what_came_of_them(world: World, staff: Client) -> None:
    world.cleared()
    world.submit("waiting", world.sounds.own(), title="Not yet")
    for state, titles in (("waiting", ["Not yet"]), ("cleared", ["Country, sung"]), ("failed", []), ("review", [])):
        page = staff.get(f"/admin/rights/submission/?state={state}")
        assert [row.title for row in page.context["cl"].result_list] == titles


def test_shows_both_sides_of_a_match(world: World, staff: Client) -> None:
    world.register("piano", licensed=False, consenting=())
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    assert found["state"] == "refused"
    page = text(staff.get(f"/admin/rights/submission/{found['id']}/change/"))
    assert found["decision"]["findings"][0]["sentence"] in page
    assert "Heard, not declared" in page
    assert "% faster than the recording" in page
    position = found["decision"]["findings"][0]["matches"][0]
    for side in ("output", "reference"):
        assert f"/reports/submissions/{found['id']}/matches/{position}/{side}.wav" in page
