"""A campaign …"""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from ledger import audit, campaigning, canonical, holding, jobs, log, people, registration, sequencer, tasks
from ledger.artists.views import network_class
from ledger.models import CampaignMailing, CampaignNotice, CampaignPlan, Entry, Job, Membership
from rights import campaigns, parties
from rights.campaigns import Progress, Question
from rights.models import Campaign, CampaignInvitation, Consent, ConsentEvent, PermissionStanding, TermsVersion
from rights.registry import AssetRef
from rights.shares import GivenShare
from rights.vocabulary import PartyKind, PartyRole, ProtectionKind, RightType
from tests.flows.conftest import SINCE, WORLD, World, admitted, key, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TEXT = "Terms of the training campaign.\n\nWhat is not named is not allowed."


def publish(*, language: str = "en") -> TermsVersion:
    """Put the terms on record, once."""
    if found := TermsVersion.objects.filter(language=language).first():
        return found
    digest = campaigns.digest_of(TEXT)
    with transaction.atomic(durable=True):
        terms = TermsVersion.objects.create(
            id=uuid4(), name="Training", number=1, language=language, data="{}", text=TEXT,
            data_digest=digest, text_digest=digest, recorded_at=timezone.now(),
        )  # fmt: skip
        log.append(Entry.Kind.TERMS_PUBLISHED, terms, {"text": f"sha256:{digest}"}, at=timezone.now())
    return terms


def question(**changes: Any) -> Question:
    given: dict[str, Any] = {
        "uses": ("tdm", "train.gen"),
        "territories": (WORLD,),
        "active_from": today(),
        "active_to": today() + timedelta(days=365),
        "compensation": "Clause 4 of the terms",
    }
    return Question(**(given | changes))


def opened(*roster: str, closes_in: int = 14, asked: bool = True, language: str = "en", **changes: Any) -> Campaign:
    """Open a campaign of the label and ask its roster."""
    campaign = campaigning.open_campaign(
        id=uuid4(),
        organization_id=UUID(key("label")),
        name="Spring",
        terms_id=publish(language=language).pk,
        question=question(**changes),
        roster=[UUID(key(name)) for name in roster],
        closes_on=today() + timedelta(days=closes_in),
        at=timezone.now(),
    )
    if asked:
        campaigning.ask_everybody(campaign_id=campaign.id, at=timezone.now())
    return campaign


def invitation(name: str = "singer") -> CampaignInvitation:
    return CampaignInvitation.objects.select_related("consent").get(party=UUID(key(name)))


def secret(name: str = "singer") -> str:
    return campaigns.secret_of(invitation(name))


def acts(name: str = "singer") -> list[str]:
    return list(invitation(name).consent.events.order_by("position").values_list("act", flat=True))


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


@pytest.fixture
@remembered
def artist(trade: World) -> Client:
    """A browser without an account; the singer and the writer each hold a recording."""
    for name in ("singer", "writer"):
        trade.register(f"song of {name}", audio=False, has_work=False, licensed=False, consenting=())
        trade.share(f"{name} holds", party=name, part="1/2", recording=key(f"song of {name}"))
    return Client()


def visit(client: Client, path: str = "", *, who: str = "singer", **headers: Any) -> Any:
    return client.get(f"/artist/{secret(who)}{path}", headers=headers)


def send(client: Client, path: str, *, who: str = "singer") -> Any:
    return client.post(f"/artist/{secret(who)}{path}")


# --- asking


def test_asks_each_artist_about_what_they_hold(artist: Client) -> None:
    campaign = opened("singer", "writer")
    consent = invitation().consent
    assert list(consent.assets.values_list("recording", flat=True)) == [UUID(key("song of singer"))]
    assert (consent.uses, consent.covers_future, consent.grantor_id) == (
        ["tdm", "train.gen"],
        False,
        UUID(key("singer")),
    )
    assert consent.document_digest == campaign.terms.text_digest
    assert acts() == ["offered"]
    assert not PermissionStanding.objects.filter(consent=consent).exists()  # never ticked for them
    assert Job.objects.get(kind=Job.Kind.CAMPAIGN).done_at is not None
    assert campaigns.funnel(campaign.id) == campaigns.Funnel(asked=2, waiting=2)
    sequencer.drain(at=timezone.now())
    from ledger import rows

    assert rows.uncovered() == {}


def test_stores_no_secret(artist: Client) -> None:
    opened("singer")
    given = secret()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", given)
    found = invitation()
    assert given not in str(vars(found))
    assert found.token_digest == campaigns.digest_of(given)
    assert not any(given.encode() in bytes(entry.body) for entry in Entry.objects.all())


def test_leaves_out_who_holds_nothing(artist: Client) -> None:
    campaign = opened("singer", "rival")
    plan = CampaignPlan.objects.get(campaign=campaign)
    assert (plan.offered, plan.left_out, plan.asked) == (1, 1, 2)
    assert "holds nothing" in plan.problem


def test_goes_on_where_a_worker_died(artist: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigning, "CHUNK", 1)
    campaign = opened("singer", "writer", asked=False)
    row = CampaignPlan.objects.select_related("campaign__terms").get(campaign=campaign)
    plan = campaigns.read_plan(row.document)
    # The first artist was asked in a transaction of its own, and then the worker was gone.
    assert campaigning._ask(row.campaign, plan, plan.roster[:1], 0, timezone.now()) == 1
    with pytest.raises(jobs.LostLease):
        campaigning._ask(row.campaign, plan, plan.roster[1:], 0, timezone.now())
    assert campaigns.funnel(campaign.id).asked == 1
    assert campaigning.ask_everybody(campaign_id=campaign.id, at=timezone.now()) == 1
    assert campaigning.ask_everybody(campaign_id=campaign.id, at=timezone.now()) == 0
    assert campaigns.funnel(campaign.id).asked == 2


def test_is_asked_by_a_sweep_that_finds_the_job(artist: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = opened("singer", asked=False)
    heard: list[str] = []
    monkeypatch.setattr(tasks.ask_campaign, "delay", lambda **named: heard.append(named["campaign_id"]))
    Job.objects.update(rung_at=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    assert heard == [str(campaign.id)]
    tasks.ask_campaign(campaign_id=heard[0])
    assert acts() == ["offered"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"uses": ()}, "NothingAllowed"),
        ({"uses": ("train.everything",)}, "NoSuchUse"),
        ({"barred": ("war",)}, "NoSuchPurpose"),
        ({"licensee_role": "king"}, "NoSuchRole"),
        ({"licensee_role": "label", "licensee_id": UUID(int=1)}, "OneLicenseeOrARole"),
        ({"kinds": ()}, "NothingListed"),
        ({"territories": ("XX",)}, "NoSuchTerritory"),
    ],
)
def test_refuses_a_question_that_nobody_can_be_asked(changes: dict[str, Any], refusal: str, artist: Client) -> None:
    with pytest.raises(Exception, match=r"(?s).*") as refused:
        opened("singer", **changes)
    assert type(refused.value).__name__ == refusal
    assert not Campaign.objects.exists()


def test_refuses_an_empty_roster_and_a_day_that_is_over(artist: Client) -> None:
    with pytest.raises(campaigns.NobodyAsked):
        opened()
    with pytest.raises(campaigns.ClosesInThePast):
        opened("singer", closes_in=-1)


# --- the page


def test_shows_what_is_asked_in_plain_words(artist: Client) -> None:
    opened("singer")
    answer = visit(artist)
    page = text(answer)
    assert answer.status_code == 200
    for said in (
        "Singer", "Label: Spring", "Train AI that makes music", "Worldwide", "Song Of Singer", "Clause 4 of the terms",
        TEXT.splitlines()[0], f"sha256:{campaigns.digest_of(TEXT)}", "that is a no", "Nothing. No use of your music",
    ):  # fmt: skip
        assert said in page, said
    assert "<script" not in page
    assert "checked" not in page
    assert acts() == ["offered", "viewed"]
    visit(artist)
    assert acts() == ["offered", "viewed"]  # the first time counts


def test_speaks_german(artist: Client) -> None:
    opened("singer", language="de-AT")
    page = text(visit(artist))
    assert '<html lang="de">' in page
    assert "KI trainieren, die Musik macht" in page
    assert "Train AI that makes music" in text(visit(artist, "?lang=en"))


def test_keeps_its_address_to_itself(artist: Client) -> None:
    opened("singer")
    answer = visit(artist)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in answer["Content-Security-Policy"]
    assert not answer.cookies
    assert secret() not in str(artist.get("/artist/nothing").content)


def test_a_page_fetched_ahead_was_not_opened(artist: Client) -> None:
    opened("singer")
    visit(artist, **{"Sec-Purpose": "prefetch"})
    artist.head(f"/artist/{secret()}")
    assert acts() == ["offered"]


@pytest.mark.parametrize(
    "wrong",
    [
        "x", "A" * 43, "A" * 5000, "..%2f..%2fadmin", "%00", "%F0%9F%8E%B5", "'%20OR%20'1'='1", "0" * 64,
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ],
)  # fmt: skip
def test_opens_nothing_at_a_wrong_secret(artist: Client, wrong: str) -> None:
    opened("singer")
    for path in ("", "/grant", f"/withdraw/{uuid4()}"):
        answer = artist.get(f"/artist/{wrong}{path}")
        assert answer.status_code == 404
        assert "<script>" not in answer.content.decode()
    assert artist.post(f"/artist/{wrong}/decline").status_code == 404
    assert artist.post(f"/artist/{wrong}/grant").status_code == 404
    assert acts() == ["offered"]


def test_the_digest_is_no_secret(artist: Client) -> None:
    opened("singer")
    assert artist.get(f"/artist/{invitation().token_digest}").status_code == 404


def test_stops_who_asks_too_often(artist: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.artists.views import ArtistThrottle

    opened("singer")
    monkeypatch.setattr(ArtistThrottle, "rate", "2/hour", raising=False)
    from django.core.cache import cache

    cache.clear()
    codes = [visit(artist).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    forged = artist.get(f"/artist/{secret()}", headers={"X-Forwarded-For": "203.0.113.9"})
    assert forged.status_code == 429
    cache.clear()


def test_shows_where_it_was_used(world: World) -> None:
    world.cleared()
    opened("label", "singer", asked=True)
    client = Client()
    send(client, "/grant", who="label")
    page = text(visit(client, who="label"))
    assert "Country, sung" in page
    assert "Distributor" in page
    before = text(visit(client, f"/withdraw/{invitation('label').consent_id}", who="label"))
    assert "Such pieces now: 1." in before


def test_what_it_wrote_stands_in_the_log(artist: Client) -> None:
    opened("singer", "writer")
    send(artist, "/grant")
    send(artist, f"/withdraw/{invitation().consent_id}")
    sequencer.drain(at=timezone.now())
    assert audit.audit().faults == ()
    offered = canonical.read(bytes(Entry.objects.get(consent=invitation().consent).body))
    assert "rights_campaigninvitation" in {group.table for group in offered.rows}


# --- answering


def test_grants_in_two_clicks_and_withdraws_in_two(artist: Client) -> None:
    campaign = opened("singer")
    home = text(visit(artist))
    # First click: the page before; second: the act. The same for both.
    [to_grant] = re.findall(r'href="(/artist/[^"]+/grant[^"]*)"', home)
    before = text(artist.get(to_grant))
    assert "What begins" in before
    assert "What does not change" in before
    assert "withdraw on this page at any time" in before
    assert acts()[-1] == "viewed"
    [action] = re.findall(r'<form[^>]+action="([^"]+)"', before)
    after = artist.post(action)
    assert (after.status_code, acts()[-1]) == (303, "granted")
    assert PermissionStanding.objects.filter(consent=invitation().consent, stance=2).exists()

    home = text(artist.get(after["Location"]))
    assert "Recorded: you agreed." in home
    assert home.count("Withdraw …") == 2  # in the tile of each use
    to_withdraw = re.findall(r'href="(/artist/[^"]+/withdraw/[^"]*)"', home)[0]
    before = text(artist.get(to_withdraw))
    assert "What stops on" in before
    assert "What goes on" in before
    assert acts()[-1] == "granted"
    [action] = re.findall(r'<form[^>]+action="([^"]+)"', before)
    after = artist.post(action)
    assert (after.status_code, acts()) == (303, ["offered", "viewed", "granted", "withdrawn"])
    assert not PermissionStanding.objects.filter(
        consent=invitation().consent, stance=2, known__upper_inf=True, valid__contains=today()
    ).exists()
    assert "Nothing. No use of your music" in text(artist.get(after["Location"]))
    assert campaigns.funnel(campaign.id) == campaigns.Funnel(asked=1, opened=1, answered=1, withdrawn=1)


def test_keeps_evidence_of_the_act(artist: Client) -> None:
    opened("singer", language="de")
    send(artist, "/grant?lang=en")
    event = ConsentEvent.objects.get(act="granted")
    assert event.channel == "link"
    assert list(event.evidence.values_list("kind", "digest")) == [("signed_text", campaigns.digest_of(TEXT))]
    body = bytes(Entry.objects.get(consent_event=event).body).decode()
    for said in ('"channel":"link"', '"network":"ipv4-private"', '"language":"en"', campaigns.digest_of(TEXT)):
        assert said in body
    assert "127.0.0.1" not in body
    assert "Singer" not in body


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", "ipv4-public"),
        ("10.0.0.1", "ipv4-private"),
        ("2606:4700::1111", "ipv6-public"),
        ("::1", "ipv6-private"),
        ("", "unknown"),
        ("8.8.8.8, 1.1.1.1", "unknown"),
    ],
)
def test_keeps_the_kind_of_network_only(address: str, kind: str) -> None:
    assert network_class(address) == kind


def test_declines_in_one_click_and_may_think_again(artist: Client) -> None:
    campaign = opened("singer")
    assert send(artist, "/decline").status_code == 303
    assert campaigns.funnel(campaign.id) == campaigns.Funnel(asked=1, opened=1, answered=1, declined=1)
    page = text(visit(artist))
    assert "You said no" in page
    assert "you can still agree" in page
    assert "/decline" not in page
    assert send(artist, "/grant").status_code == 303
    assert campaigns.funnel(campaign.id).granted == 1


def test_takes_an_answer_once(artist: Client) -> None:
    opened("singer")
    first = send(artist, "/grant")
    assert send(artist, "/grant").status_code == first.status_code == 303
    assert acts() == ["offered", "granted"]
    assert send(artist, "/decline").status_code == 409
    assert visit(artist, "/grant").status_code == 409
    consent = invitation().consent_id
    assert send(artist, f"/withdraw/{consent}").status_code == 303
    assert send(artist, f"/withdraw/{consent}").status_code == 303
    assert send(artist, "/grant").status_code == 409
    assert acts() == ["offered", "granted", "withdrawn"]


def test_carries_out_what_a_withdrawal_makes_others_do(artist: Client) -> None:
    opened("singer")
    send(artist, "/grant")
    send(artist, f"/withdraw/{invitation().consent_id}")
    event = ConsentEvent.objects.get(act="withdrawn")
    body = bytes(Entry.objects.get(consent_event=event).body).decode()
    for said in ('"outputs":0', '"tasks":', '"channel":"link"', '"network":"ipv4-private"'):
        assert said in body


def test_does_nothing_by_being_read(artist: Client) -> None:
    opened("singer")
    for path in ("/grant", f"/withdraw/{invitation().consent_id}"):
        visit(artist, path)
    assert artist.get(f"/artist/{secret()}/decline").status_code == 405
    assert acts() == ["offered"]


def test_withdraws_nothing_that_is_not_on_the_page(artist: Client, trade: World) -> None:
    opened("singer", "writer")
    send(artist, "/grant", who="writer")
    theirs = invitation("writer").consent_id
    assert send(artist, f"/withdraw/{theirs}").status_code == 404
    assert visit(artist, f"/withdraw/{theirs}").status_code == 404
    assert acts("writer") == ["offered", "granted"]


def test_shows_and_withdraws_what_was_given_before(artist: Client, trade: World) -> None:
    earlier = trade.consent("earlier", grantor="singer", recording=key("song of singer"))
    opened("singer")
    page = text(visit(artist))
    assert "Make new music with it" in page
    assert send(artist, f"/withdraw/{earlier}").status_code == 303
    assert Consent.objects.get(pk=earlier).events.filter(act="withdrawn").count() == 1


def test_shows_an_organization_nothing_that_others_keep(artist: Client, trade: World) -> None:
    rival = trade.party("rival")
    trade.consent("with the label", grantor="singer", recording=key("song of singer"), uses=["identify"])
    # Who asks has to see what they ask about.
    trade.license("of the song", schedule=[{"recording": key("song of singer")}], licensee=rival)
    campaign = campaigning.open_campaign(
        id=uuid4(), organization_id=UUID(rival), name="Rival", terms_id=publish().pk, question=question(),
        roster=[UUID(key("singer"))], closes_on=today(), registrar_id=UUID(rival), at=timezone.now(),
    )  # fmt: skip
    campaigning.ask_everybody(campaign_id=campaign.id, at=timezone.now())
    assert invitation().consent.registrar_id == UUID(rival)
    registered = Consent.objects.get(pk=key("consent with the label"))
    shown = set(campaigns.consents_shown(invitation()).values_list("pk", flat=True))
    assert registered.registrar_id == UUID(key("label"))
    assert shown == {invitation().consent_id}
    assert send(artist, f"/withdraw/{registered.pk}").status_code == 404


def test_withdraws_after_the_agreed_notice(artist: Client) -> None:
    opened("singer", notice_days=30)
    send(artist, "/grant")
    consent = invitation().consent
    send(artist, f"/withdraw/{consent.id}")
    assert consent.events.get(act="withdrawn").effective_on == today() + timedelta(days=30)
    page = text(visit(artist))
    assert "Ends on" in page
    assert "Withdraw …" not in page


def test_lets_no_child_agree_alone(artist: Client) -> None:
    opened("singer")
    with transaction.atomic(durable=True):
        found = parties.protect(
            id=uuid4(), party=invitation().party, kind=ProtectionKind.MINOR, jurisdiction="DE",
            active_from=today() - timedelta(days=1), active_to=None, evidence_digest="e" * 64, at=timezone.now(),
        )  # fmt: skip
        log.append(Entry.Kind.PROTECTION_RECORDED, found, {}, at=timezone.now())
    answer = send(artist, "/grant")
    assert (answer.status_code, "somebody who acts for you" in text(answer)) == (409, True)
    assert acts() == ["offered"]


# --- closing


def test_takes_silence_for_a_no(artist: Client) -> None:
    campaign = opened("singer", "writer", closes_in=0)
    send(artist, "/decline", who="writer")
    on_the_day, after = timezone.now(), timezone.now() + timedelta(days=1)
    assert campaigning.close_due(at=on_the_day) == 0
    assert campaigning.close_due(at=after) == 2
    assert campaigning.close_due(at=after) == 0
    assert acts() == ["offered", "expired"]
    assert campaigns.funnel(campaign.id) == campaigns.Funnel(asked=2, opened=1, answered=1, declined=1, silent=1)
    assert not PermissionStanding.objects.exists()
    event = ConsentEvent.objects.get(act="expired", consent=invitation().consent)
    assert Entry.objects.get(consent_event=event).kind == "consent_changed"
    assert send(artist, "/grant").status_code == 409
    assert send(artist, "/grant", who="writer").status_code == 409


def test_refuses_an_answer_before_the_sweep_has_come(artist: Client) -> None:
    opened("singer", closes_in=0)
    with pytest.raises(campaigning.CampaignClosed):
        campaigning.grant(secret=secret(), circumstances={}, at=timezone.now() + timedelta(days=1))
    assert acts() == ["offered"]


def test_a_link_of_a_closed_campaign_still_withdraws(artist: Client) -> None:
    campaign = opened("singer", "writer")
    send(artist, "/grant")
    campaigning.close(campaign_id=campaign.id, at=timezone.now())
    # Nothing can be answered from that moment on, also before the worker has come.
    assert send(artist, "/decline", who="writer").status_code == 409
    assert campaigning.expire_closed(campaign_id=campaign.id, at=timezone.now()) == 1
    assert campaigning.expire_closed(campaign_id=campaign.id, at=timezone.now()) == 0
    campaigning.close(campaign_id=campaign.id, at=timezone.now())
    page = visit(artist)
    assert (page.status_code, "Withdraw …" in text(page)) == (200, True)
    assert send(artist, f"/withdraw/{invitation().consent_id}").status_code == 303
    closed = text(visit(artist, who="writer"))
    assert "without an answer, which is a no" in closed
    assert acts("writer") == ["offered", "expired"]


def test_does_not_close_before_everybody_was_asked(artist: Client) -> None:
    campaign = opened("singer", asked=False)
    with pytest.raises(campaigning.StillAsking):
        campaigning.close(campaign_id=campaign.id, at=timezone.now())


# --- the desk


@pytest.fixture
@remembered
def staff(artist: Client) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("rights", password="team"))
    return client


def filled(**changes: Any) -> dict[str, Any]:
    """The form of a new campaign."""
    given: dict[str, Any] = {
        "id": str(uuid4()), "name": "Autumn", "organization": key("label"), "terms": str(publish().pk),
        "closes_on": (today() + timedelta(days=7)).isoformat(), "uses": ["train.gen"], "kinds": ["recording"],
        "territories": WORLD, "active_from": today().isoformat(), "approval_mode": "blanket", "notice_days": "0",
        "artists": [key("singer"), key("writer")],
    }  # fmt: skip
    return given | changes


def new(staff: Client, fields: dict[str, Any]) -> Any:
    return staff.post("/admin/rights/campaign/add/", fields)


def desk(staff: Client, campaign: Campaign, query: str = "") -> str:
    answer = staff.get(f"/admin/rights/campaign/{campaign.pk}/change/{query}")
    assert answer.status_code == 200
    return text(answer)


def test_previews_before_it_asks(staff: Client) -> None:
    page = text(staff.get("/admin/rights/campaign/add/"))
    assert page.count("checked") == 1  # recordings; no use is ticked
    looked = new(staff, filled(artists=[key("singer"), key("rival")]))
    assert looked.status_code == 200
    assert "2 artists would be asked" in text(looked)
    assert "1 holds nothing and is left out" in text(looked)
    assert not Campaign.objects.exists()


def test_opens_a_campaign_once(staff: Client) -> None:
    fields = filled() | {"open": "1"}
    assert new(staff, fields).status_code == new(staff, fields).status_code == 302
    campaign = Campaign.objects.get()
    assert "0 % asked: 2 to go" in desk(staff, campaign)
    campaigning.ask_everybody(campaign_id=campaign.id, at=timezone.now())
    page = desk(staff, campaign)
    assert "Open until" in page
    assert "http-equiv" not in page
    assert staff.get("/admin/rights/campaign/").status_code == 200


def test_goes_on_asking_when_told_to(staff: Client) -> None:
    campaign = opened("singer", asked=False)
    Job.objects.filter(kind=Job.Kind.CAMPAIGN).update(given_up_at=timezone.now(), attempts=jobs.MOST_ATTEMPTS)
    page = desk(staff, campaign)
    assert "Asking stopped: 1 of 1 were not asked" in page
    assert "http-equiv" not in page
    assert staff.post(f"/admin/rights/campaign/{campaign.pk}/again/").status_code == 302
    tasks.ask_campaign(campaign_id=str(campaign.id))
    assert acts() == ["offered"]
    assert "Asking stopped" not in desk(staff, campaign)


def test_finds_a_roster_by_role_and_name(staff: Client) -> None:
    with transaction.atomic(durable=True):
        role = parties.take_role(
            id=uuid4(), party_id=UUID(key("singer")), role=PartyRole.ARTIST, active_from=today(), active_to=None,
            at=timezone.now(),
        )  # fmt: skip
        log.append(Entry.Kind.ROLE_TAKEN, role, {}, at=timezone.now())
    assert "1 artist would be asked" in text(new(staff, filled(artists=[], role="artist")))
    assert "1 artist would be asked" in text(new(staff, filled(artists=[], words="writ")))
    none = new(staff, filled(artists=[], role="society"))
    assert (none.status_code, "A campaign asks at least one artist" in text(none)) == (422, True)
    odd = new(staff, filled(artists=[], words="!!"))
    assert (odd.status_code, "at least one letter or digit" in text(odd)) == (422, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"closes_on": "2020-01-01"}, "lies before"),
        ({"active_to": "2020-01-01"}, "end lies behind the beginning"),
        ({"territories": "XX"}, "XX"),
        ({"uses": []}, "required"),
        ({"kinds": []}, "list of assets is empty"),
        ({"licensee": key("rival"), "licensee_role": "label"}, "licensee"),
    ],
)
def test_says_beside_the_field_what_is_wrong(staff: Client, changes: dict[str, Any], said: str) -> None:
    answer = new(staff, filled(**changes) | {"open": "1"})
    assert (answer.status_code, said in text(answer)) == (422, True)
    assert not Campaign.objects.exists()


def test_shows_who_answered_what(staff: Client) -> None:
    campaign = opened("singer", "writer")
    send(Client(), "/grant")
    page = desk(staff, campaign)
    assert 'aria-label="Asked: 2 of 2. Opened their page: 1 of 2. Answered: 1 of 2. Agree today: 1 of 2. "' in page
    assert "Agreed: 1. Withdrew: 0. Said no: 0. Silent: no: 0. Opened, no answer: 0. Not opened: 1. " in page
    for state, count in {"granted": 1, "waiting": 1, "silent": 0, "nonsense": 2}.items():
        assert desk(staff, campaign, f"?state={state}").count("Show link") == count, state


@pytest.mark.parametrize("state", list(Progress))
def test_counts_as_it_lists(staff: Client, state: Progress) -> None:
    campaign = opened("singer", "writer")
    for path in {"opened": [""], "granted": ["/grant"], "declined": ["/decline"]}.get(state, []):
        visit(Client(), path) if path == "" else send(Client(), path)
    if state == "withdrawn":
        send(Client(), "/grant")
        send(Client(), f"/withdraw/{invitation().consent_id}")
    if state == "silent":
        campaigning.close(campaign_id=campaign.id, at=timezone.now())
        tasks.close_campaign(campaign_id=str(campaign.id))
    rows = campaigns.in_progress(campaign.invitations.all(), state)
    for row in campaign.invitations.all():
        acts = list(row.consent.events.values_list("act", flat=True))
        assert (row in rows) == (campaigns.progress_of(acts) is state)
    funnel = campaigns.funnel(campaign.id)
    counted = {"opened": funnel.seen, "waiting": funnel.waiting - funnel.seen}.get(state)
    assert rows.count() == (getattr(funnel, state.value) if counted is None else counted) > 0


def test_shows_a_link_and_records_that(staff: Client) -> None:
    campaign = opened("singer")
    path = f"/admin/rights/campaign/{campaign.pk}/link/{invitation().pk}/"
    assert staff.get(path).status_code == 405
    answer = staff.post(path)
    assert f"/artist/{secret()}" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    notice = CampaignNotice.objects.get()
    assert (notice.channel, notice.shown_to) == ("desk", User.objects.get())
    assert "1 at the desk" in desk(staff, campaign)


def test_hands_out_links_as_a_sheet(staff: Client) -> None:
    campaign = opened("singer", "writer")
    send(Client(), "/decline", who="writer")
    answer = staff.post(f"/admin/rights/campaign/{campaign.pk}/links/")
    assert answer.content.decode().splitlines()[1:] == [f"Singer,http://testserver/artist/{secret()}"]
    assert CampaignNotice.objects.count() == 1


def test_a_name_is_no_formula(staff: Client, trade: World) -> None:
    id = uuid4()
    people.register_party(id=id, kind=PartyKind.PERSON, name="=HYPERLINK(1)", at=timezone.now())
    trade.state(
        "/v1/shares",
        {"id": str(uuid4()), "party": str(id), "recording": key("song of singer"), "part": "1/4",
         "territories": [WORLD], "active_from": SINCE},
    )  # fmt: skip
    campaign = campaigning.open_campaign(
        id=uuid4(), organization_id=UUID(key("label")), name="Odd", terms_id=publish().pk, question=question(),
        roster=[id], closes_on=today(), at=timezone.now(),
    )  # fmt: skip
    campaigning.ask_everybody(campaign_id=campaign.id, at=timezone.now())
    answer = staff.post(f"/admin/rights/campaign/{campaign.pk}/links/")
    assert answer.content.decode().splitlines()[1].startswith("'=HYPERLINK")


def test_closes_after_asking_once_more(staff: Client) -> None:
    campaign = opened("singer", "writer")
    send(Client(), "/grant")
    path = f"/admin/rights/campaign/{campaign.pk}/close/"
    asked = text(staff.post(path))
    assert "1 of 2 artists has not answered" in asked
    assert acts("writer") == ["offered"]
    assert staff.post(path, {"sure": "1"}).status_code == 302
    assert staff.post(path, {"sure": "1"}).status_code == 302
    tasks.close_campaign(campaign_id=str(campaign.id))
    assert acts("writer") == ["offered", "expired"]
    assert "Closed" in desk(staff, campaign)


def test_writes_from_the_desk(staff: Client, settings: Any) -> None:
    campaign = opened("singer")
    path = f"/admin/rights/campaign/{campaign.pk}/mail/"
    assert "No mail server" in text(staff.post(path, follow=True))
    settings.LEDGER_MAIL_FROM = "desk@label.example"
    assert staff.post(path).status_code == 302
    assert staff.post(path).status_code == 302
    assert list(campaign.mailings.order_by("requested_at").values_list("kind", flat=True)) == ["invitation", "reminder"]


def test_lets_readers_look_and_not_act(artist: Client) -> None:
    campaign = opened("singer")
    reader = Client()
    reader.force_login(admitted("reader", "label", Membership.Role.AUDITOR))
    assert "Show link" not in desk(reader, campaign)
    for path in ("mail", "close", "links", "again", f"link/{invitation().pk}"):
        assert reader.post(f"/admin/rights/campaign/{campaign.pk}/{path}/").status_code == 403
    assert reader.get("/admin/rights/campaign/add/").status_code == 403
    assert Client().get(f"/admin/rights/campaign/{campaign.pk}/change/").status_code == 302
    assert not CampaignNotice.objects.exists()


def acting(campaign: Campaign, invitation_id: UUID) -> list[str]:
    """What can be done with a campaign, and what of it be read, as addresses."""
    page = f"/admin/rights/campaign/{campaign.pk}/"
    return [page + name for name in ("mail/", "close/", "links/", "again/", f"link/{invitation_id}/")]


@pytest.mark.parametrize(
    ("party", "role"),
    [
        ("publisher", Membership.Role.RIGHTS_MANAGER),
        ("singer", Membership.Role.ARTIST),  # who is asked has a page of their own, and not the others' names
        ("singer", Membership.Role.RIGHTS_MANAGER),
    ],
)
def test_is_shown_to_who_asks_and_to_nobody_else(artist: Client, party: str, role: Membership.Role) -> None:
    campaign = opened("singer", "writer")
    member = Client()
    member.force_login(admitted("member", party, role))
    assert "Spring" not in text(member.get("/admin/rights/campaign/"))
    assert member.get(f"/admin/rights/campaign/{campaign.pk}/change/").status_code == 404
    for path in acting(campaign, invitation().pk):
        assert member.post(path, {"sure": "1"}).status_code in {403, 404}, path
    assert not CampaignNotice.objects.exists()
    assert not CampaignMailing.objects.exists()
    assert not Job.objects.filter(kind=Job.Kind.CLOSING).exists()
    own = Client()
    own.force_login(admitted("manager", "label", Membership.Role.RIGHTS_MANAGER))
    assert "2 artists" in desk(own, campaign) or "Asked" in desk(own, campaign)
    assert own.post(acting(campaign, invitation().pk)[-1]).status_code == 200


def test_a_member_asks_for_ones_own_organization(artist: Client) -> None:
    manager = Client()
    manager.force_login(admitted("manager", "publisher", Membership.Role.RIGHTS_MANAGER))
    form = manager.get("/admin/rights/campaign/add/").context["form"]
    assert [str(party) for party in form.fields["organization"].queryset] == ["Publisher"]
    assert not form.fields["terms"].queryset.exists()
    answer = new(manager, filled(open="1"))  # the label's name, terms and artists
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"organization", "terms", "artists"}
    looked = new(manager, filled(artists=[], words="singer", organization=key("publisher")))
    assert "Singer" not in text(looked).replace("singer", "")
    assert not Campaign.objects.exists()


def test_lists_what_who_asks_may_know_of(artist: Client) -> None:
    hidden = registration.register_recording(
        id=uuid4(), title="Elsewhere", isrc=None, works=[], audio_path=None, media_type=None,
        registrar_id=UUID(key("rival")), at=timezone.now(),
    )  # fmt: skip
    holding.register_share(
        GivenShare(
            id=uuid4(), asset=AssetRef(recording_id=hidden.pk), party_id=UUID(key("singer")),
            right_type=RightType.AI_OUTPUT, part=Fraction(1), territories=(WORLD,), active_from=today(),
            active_to=None,
        ),
        at=timezone.now(),
    )  # fmt: skip
    with transaction.atomic(durable=True):
        terms = TermsVersion.objects.create(
            id=uuid4(), name="Own", number=1, language="en", data="{}", text=TEXT, data_digest="0" * 64,
            text_digest="0" * 64, registrar_id=UUID(key("label")), recorded_at=timezone.now(),
        )  # fmt: skip
        log.append(Entry.Kind.TERMS_PUBLISHED, terms, {}, at=timezone.now())
    manager = Client()
    manager.force_login(admitted("manager", "label", Membership.Role.RIGHTS_MANAGER))
    answer = new(manager, filled(open="1", terms=str(terms.pk)))
    assert answer.status_code == 302, answer.context["form"].errors
    campaigning.ask_everybody(campaign_id=Campaign.objects.get().pk, at=timezone.now())
    consent = invitation().consent
    assert consent.registrar_id == UUID(key("label"))
    assert list(consent.assets.values_list("recording", flat=True)) == [UUID(key("song of singer"))]


# --- chasing


def contact(name: str, address: str) -> None:
    with transaction.atomic():
        parties.put_contact(id=uuid4(), party_id=UUID(key(name)), kind="email", address=address, at=timezone.now())


def remind(campaign: Campaign) -> CampaignMailing:
    mailing = campaigning.request_mailing(
        id=uuid4(), campaign_id=campaign.id, kind=CampaignMailing.Kind.REMINDER, at=timezone.now()
    )
    tasks.send_mailing(mailing_id=str(mailing.id))
    return mailing


def test_reminds_who_has_not_answered(artist: Client, settings: Any) -> None:
    settings.LEDGER_MAIL_FROM = "desk@label.example"
    campaign = opened("singer", "writer")
    contact("singer", "singer@artists.example")
    contact("writer", "writer@artists.example")
    send(artist, "/decline", who="writer")
    mailing = remind(campaign)
    [letter] = mail.outbox
    assert letter.to == ["singer@artists.example"]
    assert letter.subject == "Reminder: Label has a question about your music and AI"
    [link] = re.findall(r"http\S+", str(letter.body))
    assert artist.get(link.removeprefix("http://testserver")).status_code == 200
    assert CampaignNotice.objects.get(mailing=mailing).channel == "email"
    # The same mailing again writes nobody twice; another does.
    tasks.send_mailing(mailing_id=str(mailing.id))
    assert len(mail.outbox) == 1
    remind(campaign)
    assert len(mail.outbox) == 2


def test_lists_who_has_no_address(artist: Client, settings: Any) -> None:
    settings.LEDGER_MAIL_FROM = "desk@label.example"
    campaign = opened("singer")
    mailing = remind(campaign)
    assert mail.outbox == []
    assert CampaignNotice.objects.get(mailing=mailing).channel == "no_address"


def test_says_where_no_mail_can_be_sent(artist: Client) -> None:
    campaign = opened("singer")
    with pytest.raises(campaigning.MailNotConfigured):
        remind(campaign)


def test_tries_again_when_the_mail_server_is_down(
    artist: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEDGER_MAIL_FROM = "desk@label.example"
    campaign = opened("singer")
    contact("singer", "singer@artists.example")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nothing listens there
    mailing = remind(campaign)
    job = Job.objects.get(kind=Job.Kind.MAILING)
    assert job.done_at is None
    assert "mail server" in job.error
    assert "artists.example" not in job.error
    assert not CampaignNotice.objects.filter(mailing=mailing).exists()


def test_a_name_makes_no_header_of_its_own(artist: Client) -> None:
    from rights.phrases import letter

    subject, _ = letter(
        language="de", name="X", organization="Label\nBcc: all@example.org", campaign="C", closes_on=today(),
        link="https://example.org", is_reminder=False,
    )  # fmt: skip
    assert "\n" not in subject


def test_shows_no_link_of_another_key(artist: Client, settings: Any) -> None:
    opened("singer")
    old = secret()
    settings.LEDGER_LINK_KEY = "A" * 43 + "="
    with pytest.raises(campaigns.LinkLost):
        secret()
    assert artist.get(f"/artist/{old}").status_code == 200


def test_words_are_whole_in_every_language() -> None:
    from string import Formatter

    from rights import phrases

    table = phrases._table()["phrases"]
    for name, by_language in table.items():
        gaps = [
            {field for _, field, _, _ in Formatter().parse(by_language[code]) if field} for code in phrases.languages()
        ]
        assert all(one == gaps[0] for one in gaps), name
        assert all(by_language[code] for code in phrases.languages()), name
