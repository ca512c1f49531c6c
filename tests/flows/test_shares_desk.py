"""Shares at the desk: many rows at once, pasted or copied, added up before they are saved; and what is contested."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from ledger import people
from ledger.models import Entry, Membership
from ledger.today import today as today_at
from rights.models import Conflict, Share, ShareEvent
from rights.vocabulary import PartyKind
from tests.flows.conftest import SINCE, World, admitted, key, row_counts, today
from tests.flows.test_admin import staff, text
from tests.remembering import remembered

__all__ = ["staff"]  # the fixture

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

EDITOR = f"/admin/rights/share/of/work/{key('first')}/"


@pytest.fixture
def manager(trade: World) -> Client:
    """A rights manager of the publisher."""
    client = Client()
    client.force_login(admitted("manager", "publisher", Membership.Role.RIGHTS_MANAGER))
    return client


def grid(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """The body that the editor sends."""
    sent: dict[str, str] = {}
    for place, row in enumerate(rows):
        given = {
            "id": str(uuid4()),
            "right_type": "ai_output",
            "basis": "ownership",
            "territories": "2136",
            "active_from": SINCE,
            "active_to": "",
            "role": "",
            "written": "",
        } | row
        sent |= {f"row-{place}-{name}": value for name, value in given.items()}
    return sent | {"action": "save"} | more


def of(party: str, part: str, **more: str) -> dict[str, str]:
    return {"party": key(party), "part": part} | more


def resent(answer: Any, **more: str) -> dict[str, str]:
    """The rows of a page, as its form would send them."""
    rows = [{name: str(row[name].value() or "") for name in row.fields} for row in answer.context["rows"]]
    return grid(*rows, **more)


def shown_sums(answer: Any) -> list[tuple[str, str, str]]:
    return [(block.title, row.where, row.chip) for block in answer.context["blocks"] for row in block.rows]


# --- the editor


def test_saves_all_rows_in_one_go(songs: World, staff: Client) -> None:
    assert "Nothing is claimed yet" in text(staff.get(EDITOR))
    rows = (of("publisher", "2/3"), of("writer", "33.33 %", territories="2136 -US", role="CA"))
    answer = staff.post(EDITOR, grid(*rows))
    assert (answer.status_code, answer["Location"]) == (302, EDITOR)
    found = {share.party_id: share for share in Share.objects.all()}
    publisher, writer = found[UUID(key("publisher"))], found[UUID(key("writer"))]
    assert (publisher.numerator, publisher.denominator, publisher.written) == (2, 3, "")
    assert (writer.numerator, writer.denominator, writer.written, writer.role) == (3333, 10000, "33.33", "CA")
    assert Entry.objects.filter(kind=Entry.Kind.SHARE_REGISTERED).count() == 2
    page = staff.get(EDITOR)
    assert shown_sums(page)[0] == ("AI output, owns", "The world without United States", "Gap")


def test_all_rows_are_saved_or_none(songs: World, staff: Client) -> None:
    before = row_counts()
    answer = staff.post(
        EDITOR, grid(of("publisher", "1/2"), of("writer", "0.5"), of("singer", "1/4", territories="XX"))
    )
    assert answer.status_code == 422
    assert row_counts() == before
    first, second, third = answer.context["rows"]
    assert not first.errors
    assert "may be a part or a percentage" in second.errors["part"][0]
    assert "is not a territory" in third.errors["territories"][0]
    assert "Nothing was saved" in text(answer)


def test_the_same_form_sent_twice_registers_once(songs: World, staff: Client) -> None:
    sent = grid(of("publisher", "1/2"), of("writer", "1/2"))
    assert staff.post(EDITOR, sent).status_code == 302
    assert staff.post(EDITOR, sent).status_code == 302
    assert Share.objects.count() == 2


def test_asks_before_more_than_the_whole_is_claimed(songs: World, staff: Client) -> None:
    assert staff.post(EDITOR, grid(of("publisher", "1"))).status_code == 302
    sent = grid(of("writer", "1/2", territories="DE"))
    asked = staff.post(EDITOR, sent)
    assert asked.status_code == 422
    assert "Nothing was saved: more than the whole would be claimed" in text(asked)
    assert "Germany, from 2026-01-01 on: 3/2 is claimed, 1/2 too much (Publisher 1, Writer 1/2)." in text(asked)
    assert ("AI output, owns", "Germany", "Too much") in shown_sums(asked)
    assert (Share.objects.count(), Conflict.objects.count()) == (1, 0)
    # A tick accepts what was shown, and nothing else.
    token = asked.context["draft"].token
    other = grid(of("writer", "1/2", territories="DE FR"), accepted=token)
    assert staff.post(EDITOR, other).status_code == 422
    assert staff.post(EDITOR, sent | {"accepted": token}).status_code == 302
    assert Conflict.objects.get().territories == ["DE"]


def test_looking_writes_nothing(songs: World, staff: Client) -> None:
    before = row_counts()
    answer = staff.post(EDITOR, grid(of("publisher", "1/2"), action="check"))
    assert "Every row can be saved. Nothing is saved yet." in text(answer)
    assert shown_sums(answer) == [("AI output, owns", "The world", "Gap")]
    assert row_counts() == before


def test_rounded_thirds_are_thirds(songs: World, staff: Client) -> None:
    rows = [of(name, "33.33 %") for name in ("publisher", "writer", "singer")]
    checked = staff.post(EDITOR, grid(*rows, action="check"))
    assert shown_sums(checked) == [("AI output, owns", "The world", "Complete")]
    assert staff.post(EDITOR, grid(*rows)).status_code == 302
    assert {(one.numerator, one.denominator, one.written) for one in Share.objects.all()} == {(1, 3, "33.33")}


# --- pasting


def test_pasted_lines_become_rows_with_what_is_wrong(songs: World, staff: Client) -> None:
    people.register_party(id=uuid4(), kind=PartyKind.PERSON, name="Singer", at=timezone.now())
    before = row_counts()
    pasted = "\n".join(
        [
            "Party/IPI\tRight\tShare\tTerritories\tFrom\tTo",
            f"publisher\tAI output\t50 %\t2136 -US\t{SINCE}\t",
            f"{key('writer')}\tai_training\t1/2\tDE, AT\t{SINCE}\t2030-01-01\tcollection\tca",
            "Nobody Known\tAI output\t1/4\tDE\t2026-01-01\t",
            "Singer\tmoney\t1/4\tDE\t01.02.2026\t",
        ]
    )
    answer = staff.post(EDITOR, {"action": "paste", "pasted": pasted})
    assert answer.status_code == 422
    assert row_counts() == before
    assert "Look again at line 4, line 5: what is wrong stands at the row." in text(answer)
    first, second, third, fourth = answer.context["rows"]
    assert not first.errors
    assert first.cleaned_data["party"].pk == UUID(key("publisher"))
    assert first.cleaned_data["territories"] == ["2136", "-US"]
    said = second.cleaned_data
    assert (said["right_type"], said["basis"], said["role"]) == ("ai_training", "collection", "CA")
    assert str(said["active_to"]) == "2030-01-01"
    assert "Nobody here called “Nobody Known”" in third.errors["party"][0]
    assert "Several parties called “Singer”" in fourth.errors["party"][0]
    assert "“money” is no right" in fourth.errors["right_type"][0]
    assert "active_from" in fourth.errors


def test_pasted_rows_are_saved_from_the_grid(songs: World, staff: Client) -> None:
    pasted = "Publisher\t\t2/3\t\t2026-01-01\r\nWriter\t\t1/3\tworld\t2026-01-01\r\n"
    preview = staff.post(EDITOR, {"action": "paste", "pasted": pasted})
    assert preview.status_code == 200
    assert "2 lines were read; nothing is saved yet." in text(preview)
    assert shown_sums(preview) == [("AI output, owns", "The world", "Complete")]
    assert staff.post(EDITOR, resent(preview)).status_code == 302
    assert Share.objects.count() == 2


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "\n\n\t\t\n",
        "Party\tRight\tShare",  # a head and nothing under it
        "x" * 100_001,
        "Writer\t\t1\x00/2",
        '"' + "x" * 99_000 + "\n" * 900,
        "Writer\t\t1/200\n" * 101,
    ],
)
def test_what_is_no_table_is_refused(pasted: str, songs: World, staff: Client) -> None:
    answer = staff.post(EDITOR, {"action": "paste", "pasted": pasted})
    assert answer.status_code == 422
    assert Share.objects.count() == 0


# --- copying


def test_copies_the_shares_of_another_work(songs: World, staff: Client) -> None:
    songs.share("a", party="publisher", part="2/3", work=key("second"))
    songs.share("b", party="writer", part="1/3", work=key("second"), role="CA")
    songs.share("old", party="singer", part="1", work=key("second"), active_from="2020-01-01", active_to="2021-01-01")
    answer = staff.post(EDITOR, {"action": "copy", "source": key("second")})
    assert answer.status_code == 200
    assert [row.cleaned_data["role"] for row in answer.context["rows"]] == ["", "CA"]
    assert staff.post(EDITOR, resent(answer)).status_code == 302
    copies = Share.objects.filter(work=UUID(key("first")))
    assert {(one.party_id, one.denominator) for one in copies} == {
        (UUID(key("publisher")), 3),
        (UUID(key("writer")), 3),
    }
    assert staff.post(EDITOR, {"action": "copy", "source": str(uuid4())}).status_code == 422


# --- one share


def test_a_share_is_ended_retracted_or_replaced(songs: World, staff: Client) -> None:
    songs.share("a", party="publisher", part="1", work=key("first"))
    page = f"/admin/rights/share/{key('share a')}"
    for act in ("end", "retract", "replace"):
        assert staff.get(f"{page}/{act}/").status_code == 200
        assert f"{page}/{act}/" in text(staff.get(f"{page}/change/"))
    early = staff.post(f"{page}/end/", {"id": str(uuid4()), "effective_on": SINCE})
    assert (early.status_code, list(early.context["form"].errors)) == (422, ["effective_on"])
    given = {
        "id": str(uuid4()),
        "successor_id": str(uuid4()),
        "party": key("publisher"),
        "part": "1/2",
        "territories": "2136",
        "active_from": today().isoformat(),
    }
    assert staff.post(f"{page}/replace/", given)["Location"] == f"{page}/change/"
    event = ShareEvent.objects.get()
    assert (event.act, event.effective_on, str(event.successor_id)) == ("ended", today(), given["successor_id"])
    assert staff.post(f"{page}/replace/", given).status_code == 302  # sent twice
    assert ShareEvent.objects.count() == 1
    assert "Ended" in text(staff.get(f"{page}/change/"))
    again = staff.post(f"{page}/end/", {"id": str(uuid4()), "effective_on": today().isoformat()})
    assert "happens once" in text(again)


def test_shows_what_was_known_on_a_day(songs: World, staff: Client) -> None:
    songs.share("a", party="publisher", part="1", work=key("first"))
    assert shown_sums(staff.get(EDITOR)) == [("AI output, owns", "The world", "Complete")]
    before = staff.get(f"{EDITOR}?known_on=2026-01-02")
    assert shown_sums(before) == []
    assert "Add shares" not in text(before)
    assert staff.get(f"{EDITOR}?known_on=yesterday").status_code == 200


# --- whose


def test_a_manager_registers_what_is_theirs(songs: World, manager: Client) -> None:
    assert manager.get(EDITOR).status_code == 404  # nothing of theirs is in it
    songs.share("a", party="publisher", part="1/2", work=key("first"))
    songs.share("b", party="writer", part="1/2", work=key("first"))
    assert "Writer" in text(manager.get(EDITOR))
    other = manager.post(EDITOR, grid(of("writer", "1/4", right_type="ai_training")))
    assert other.status_code == 422
    assert "your own organization" in other.context["rows"][0].errors["party"][0]
    answer = manager.post(EDITOR, grid(of("publisher", "1/4", right_type="ai_training")))
    assert answer.status_code == 302
    assert str(Share.objects.get(right_type="ai_training").registrar_id) == key("publisher")
    assert manager.get(f"/admin/rights/share/{key('share b')}/end/").status_code == 403
    assert manager.post(EDITOR, {"action": "copy", "source": key("second")}).status_code == 422


def test_an_auditor_only_reads(songs: World) -> None:
    songs.share("a", party="label", part="1/2", work=key("first"))
    client = Client()
    client.force_login(admitted("reader", "label", Membership.Role.AUDITOR))
    assert "Save all rows" not in text(client.get(EDITOR))
    assert client.post(EDITOR, grid(of("label", "1/4"))).status_code == 403
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger", is_staff=True))
    assert stranger.get(EDITOR).status_code == 404


# --- conflicts


@pytest.fixture
@remembered
def contested(songs: World) -> World:
    """The publisher has all of a work, and the writer claims half of it in Germany."""
    songs.share("a", party="publisher", part="1", work=key("first"))
    songs.share("b", party="writer", part="1/2", work=key("first"), territories=["DE"])
    return songs


def test_a_conflict_shows_clocks_and_what_is_held(contested: World, staff: Client) -> None:
    conflict = Conflict.objects.get()
    page = f"/admin/rights/conflict/{conflict.pk}"
    listed = staff.get("/admin/rights/conflict/")
    assert "Work first" in text(listed)
    assert "3/2" in text(listed)
    answer = staff.get(f"{page}/change/")
    zone = answer.context["zones"][0]
    assert (zone["where"], zone["excess"], zone["held"]) == ("Germany", "1/2", "1/2")
    assert sorted((claimed, payable, held) for _, claimed, payable, held in zone["claimants"]) == [
        ("1", "1/2", "1/2"),
        ("1/2", "0", "1/2"),
    ]
    assert "Still to answer" in text(answer)
    assert [clock.said for clock in answer.context["clocks"]] == ["in 30 days", "in 60 days", "in 90 days"]
    for state, count in (("open", 1), ("late", 0), ("settled", 0)):
        assert staff.get(f"/admin/rights/conflict/?state={state}").context["cl"].result_count == count
    assert staff.get("/admin/rights/conflict/add/").status_code == 403


def test_claimants_talk_and_settle_by_their_shares(contested: World, staff: Client) -> None:
    conflict = Conflict.objects.get()
    page = f"/admin/rights/conflict/{conflict.pk}"

    def act(name: str, author: str, **more: Any) -> Any:
        return staff.post(f"{page}/act/{name}/", {"id": str(uuid4()), "author": key(author), **more})

    early = act("acceptance", "writer")
    assert (early.status_code, "no proposal" in text(early)) == (422, True)
    assert act("message", "writer").status_code == 422
    assert act("message", "writer", text="Half of Germany\n\nis mine <b>.").status_code == 302
    assert act("evidence", "writer").status_code == 422
    assert act("evidence", "writer", digest="ab" * 32).status_code == 302
    assert act("proposal", "publisher", text="A half each.").status_code == 302
    assert act("acceptance", "writer").status_code == 302
    assert act("escalation", "rival").status_code == 422
    assert staff.get(f"{page}/act/settled/").status_code == 404
    shown = staff.get(f"{page}/change/")
    assert b"is mine &lt;b&gt;." in shown.content
    assert f"sha256:{'ab' * 32}" in text(shown)
    assert shown.context["clocks"][0].said == "Everybody answered"

    retract = {"id": str(uuid4()), "reason": "agreed"}
    assert staff.post(f"/admin/rights/share/{key('share b')}/retract/", retract).status_code == 302
    over = staff.get(f"{page}/change/")
    assert "Settled" in text(over)
    assert over.context["acts"] == []
    assert act("message", "writer", text="Late").status_code == 422


def test_a_claimant_speaks_for_itself(contested: World, manager: Client) -> None:
    page = f"/admin/rights/conflict/{Conflict.objects.get().pk}"
    assert "Write to the other claimants" in text(manager.get(f"{page}/change/"))
    foreign = manager.post(f"{page}/act/message/", {"id": str(uuid4()), "author": key("writer"), "text": "I give in"})
    assert (foreign.status_code, list(foreign.context["form"].errors)) == (422, ["author"])
    own = {"id": str(uuid4()), "author": key("publisher"), "text": "All of it is ours"}
    assert manager.post(f"{page}/act/message/", own).status_code == 302
    assert manager.post(f"{page}/act/message/", own).status_code == 302  # sent twice
    assert text(manager.get(f"{page}/change/")).count("All of it is ours") == 1


def test_others_see_no_conflict(contested: World) -> None:
    client = Client()
    client.force_login(admitted("other", "rival", Membership.Role.RIGHTS_MANAGER))
    assert client.get(f"/admin/rights/conflict/{Conflict.objects.get().pk}/change/").status_code == 404
    assert client.get("/admin/rights/conflict/").context["cl"].result_count == 0


# --- the rest of the catalogue


def made(client: Client, model: str, fields: dict[str, Any]) -> str:
    """Add something through its form, and return where it is shown."""
    sent = {"id": str(uuid4()), **fields}
    answer = client.post(f"/admin/rights/{model}/add/", sent)
    assert answer.status_code == 302, answer.context["form"].errors
    assert client.post(f"/admin/rights/{model}/add/", sent)["Location"] == answer["Location"]  # sent twice
    assert answer["Location"] == f"/admin/rights/{model}/{sent['id']}/change/"
    return str(sent["id"])


def test_registers_what_else_there_is(songs: World, staff: Client) -> None:
    songs.register("country", audio=False)
    release = made(staff, "release", {"title": "Twice", "icpn": "4006381333931", "recordings": [key("country")]})
    voice = made(staff, "voice", {"person": key("singer"), "label": "singing"})
    stem = made(staff, "stem", {"recording": key("country"), "title": "Drums", "component": "instruments"})
    lyrics = made(staff, "lyrics", {"work": key("first"), "language": "en", "text": "La la"})
    dataset = made(staff, "dataset", {"keeper": key("rival"), "name": "Set", "works": [key("first")], "stems": [stem]})
    model = made(staff, "model", {"provider": key("rival"), "name": "Maker"})
    version = made(
        staff,
        "modelversion",
        {"model": model, "label": "1", "dataset": dataset, "trained_from": SINCE, "trained_to": "2026-01-31"},
    )
    pages = {
        "release": (release, "Country"),
        "voice": (voice, "Heard in"),
        "stem": (stem, "Instruments"),
        "lyrics": (lyrics, "The words are not kept"),
        "dataset": (dataset, "Drums"),
        "model": (model, "Add version"),
        "modelversion": (version, "Set"),
    }
    for name, (id, expected) in pages.items():
        assert expected in text(staff.get(f"/admin/rights/{name}/{id}/change/")), name
        assert staff.get(f"/admin/rights/{name}/").context["cl"].result_count == 1, name
    for kind, id in (("voice", voice), ("stem", stem), ("lyrics", lyrics), ("recording", key("country"))):
        assert staff.get(f"/admin/rights/share/of/{kind}/{id}/").status_code == 200
        assert f"/admin/rights/share/of/{kind}/{id}/" in text(staff.get(f"/admin/rights/{kind}/{id}/change/"))
    for name in ("voice", "stem", "lyrics", "model", "modelversion", "dataset"):
        assert staff.post(f"/admin/rights/{name}/pick/", {"q": ""}).json()["found"], name

    heard = {"id": str(uuid4()), "recording": key("country"), "component": "lead_vocal"}
    for _ in range(2):
        assert staff.post(f"/admin/rights/voice/{voice}/heard/", heard).status_code == 302
    again = staff.post(f"/admin/rights/voice/{voice}/heard/", heard | {"id": str(uuid4())})
    assert "in this recording already" in text(again)
    retired = {"id": str(uuid4()), "effective_on": today().isoformat()}
    assert staff.post(f"/admin/rights/modelversion/{version}/retire/", retired).status_code == 302
    assert "Retire…" not in text(staff.get(f"/admin/rights/modelversion/{version}/change/"))


@pytest.mark.parametrize(
    ("model", "fields", "field"),
    [
        ("release", {"title": "Twice", "icpn": "4006381333932"}, "icpn"),
        ("release", {"title": "Twice", "grid": "A1-"}, "grid"),
        ("voice", {"person": key("label"), "label": "singing"}, "person"),
        ("lyrics", {"work": key("first"), "language": "?", "text": "La"}, "language"),
        ("dataset", {"keeper": key("label"), "name": "Set"}, "recordings"),
        ("dataset", {"keeper": key("label"), "name": "Set", "license": "none"}, "license"),
    ],
)
def test_says_what_is_wrong_with_it(
    model: str, fields: dict[str, Any], field: str, songs: World, staff: Client
) -> None:
    answer = staff.post(f"/admin/rights/{model}/add/", {"id": str(uuid4()), **fields})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


def test_only_a_provider_says_what_a_model_was_trained_on(trade: World, manager: Client, staff: Client) -> None:
    model = made(staff, "model", {"provider": key("rival"), "name": "Maker"})
    assert manager.get(f"/admin/rights/model/{model}/change/").status_code == 404
    sent = {"id": str(uuid4()), "model": model, "label": "1"}
    assert list(manager.post("/admin/rights/modelversion/add/", sent).context["form"].errors) == ["model"]
    own = made(manager, "model", {"provider": key("publisher"), "name": "Own"})
    version = made(manager, "modelversion", {"model": own, "label": "1"})
    assert "Retire…" in text(manager.get(f"/admin/rights/modelversion/{version}/change/"))


# --- today


@pytest.mark.parametrize(
    ("later", "expected"),
    [(22, "None. A conflict opens"), (23, "answer by"), (31, "answers were due"), (60, "escalated"), (91, "overdue")],
)
def test_clocks_come_up_on_the_first_page(later: int, expected: str, contested: World, staff: Client) -> None:
    found = today_at(at=timezone.now() + timedelta(days=later))
    said = render_to_string("ledger/admin/today.html", {"today": found, "request": None})
    part = said.partition("Conflicts whose days have come")[2].partition("</section>")[0]
    assert expected in part
    assert (str(Conflict.objects.get().pk) in part) is (later > 22)
