"""In a browser …"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.flows.conftest import World, key

pytest.importorskip("playwright", reason="playwright is a development dependency")

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.browser,
    pytest.mark.slow,
]

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture
def page(tmp_path: Any, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A page of the system's browser that reaches this server and nothing else."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    # Playwright runs an event loop in this thread, in which Django would refuse its blocking queries.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, headless=True, args=FLAGS, base_url=live_server.url
        )
        asked: list[str] = []
        context.on("request", lambda sent: asked.append(sent.url))
        opened = context.new_page()
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        yield opened
        context.close()
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
    assert faults == []


def test_reviews_a_refused_output(world: World, page: Any) -> None:
    world.register("piano", licensed=False, consenting=())
    found = world.settle(world.submit("patched", world.sounds.patched(), key("country"), title="Patched")["id"])
    finding = found["decision"]["findings"][0]
    User.objects.create_superuser("rights", password="a team of two")

    page.goto("/admin/")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.click("button[type=submit]")
    page.get_by_role("link", name="Patched").click()
    page.get_by_role("link", name=f"Match {finding['matches'][0] + 1}", exact=True).wait_for()
    page.wait_for_load_state()

    assert finding["sentence"] in page.get_by_role("status").inner_text()
    # A finding leads to its match, which is then the one that is compared.
    page.get_by_role("link", name=f"Match {finding['matches'][0] + 1}", exact=True).click()
    pair = page.locator("[data-comparison]").filter(has=page.locator(f"#match-{finding['matches'][0]}"))
    players = pair.locator("audio")
    assert players.count() == 2
    drawn = pair.locator("path[d]")
    page.wait_for_function("box => box.querySelectorAll('path.l-wave[d]').length === 4", arg=pair.element_handle())
    assert all(len(drawn.nth(at).get_attribute("d") or "") > 1_000 for at in range(4))

    # Both run together, one is heard; X and the buttons switch, and they stay at the same place of the match.
    pair.get_by_role("button", name="Play").click()
    for number in range(2):
        page.wait_for_function("player => player.currentTime > 0.5", arg=players.nth(number).element_handle())
    assert players.evaluate_all("all => all.map(player => player.muted)") == [False, True]
    # The excerpt is two per cent faster than the recording, so the recording is played so much faster.
    pace = players.nth(1).evaluate("player => player.playbackRate")
    assert pace == pytest.approx(1.02, abs=0.01)
    page.keyboard.press("x")
    assert players.evaluate_all("all => all.map(player => player.muted)") == [True, False]
    before = players.nth(1).evaluate("player => player.currentTime")
    page.wait_for_function(
        "([player, at]) => player.currentTime > at + 0.3", arg=[players.nth(1).element_handle(), before]
    )
    # Whichever is a tenth of a second behind is brought back at the next picture, which may be late on a busy machine.
    page.wait_for_function(
        "all => Math.abs(all[0].currentTime / all[0].duration - all[1].currentTime / all[1].duration) < 0.02",
        arg=[players.nth(number).element_handle() for number in range(2)],
    )
    pair.get_by_role("button", name="A output").click()
    assert players.evaluate_all("all => all.map(player => player.muted)") == [False, True]

    # As loud as each other: the louder one is turned down.
    page.wait_for_function("box => box.querySelector('[data-side=output]').dataset.gain", arg=pair.element_handle())
    gains = players.evaluate_all("all => all.map(player => Number(player.dataset.gain))")
    assert max(gains) == 0
    volumes = players.evaluate_all("all => all.map(player => player.volume)")
    assert volumes == pytest.approx([10 ** (gain / 20) for gain in gains], abs=0.01)
    page.keyboard.press("e")
    assert players.evaluate_all("all => all.map(player => player.volume)") == [1, 1]

    # It seeks, which takes a server that answers with ranges; and stops.
    place = pair.get_by_role("slider", name="Place in the stretch")
    place.evaluate("slider => { slider.value = 700; slider.dispatchEvent(new Event('input', { bubbles: true })); }")
    page.wait_for_function("player => player.currentTime > player.duration * 0.7", arg=players.nth(0).element_handle())
    pair.get_by_role("button", name="Pause").click()
    assert players.evaluate_all("all => all.map(player => [player.paused, player.error])") == [[True, None]] * 2

    # Seen in three more ways.
    for view, image in (
        ("Spectrum", "[data-spectrum=reference]"),
        ("Notes", "[data-notes]"),
        ("Likeness", "[data-similarity]"),
    ):
        pair.get_by_role("button", name=view).click()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 10", arg=pair.locator(image).element_handle()
        )
        assert pair.locator(image).is_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_registers_a_share_by_keyboard(world: World, page: Any) -> None:
    User.objects.create_superuser("rights", password="a team of two")
    page.goto(f"/admin/login/?next=/admin/rights/share/add/%3Frecording%3D{key('country')}")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.click("button[type=submit]")

    page.get_by_role("combobox", name="Party").wait_for()
    page.wait_for_load_state()  # with the script that searches
    page.get_by_role("combobox", name="Party").fill("sing")
    page.get_by_role("option", name="Singer").wait_for()
    page.keyboard.press("Enter")
    page.get_by_label("Part", exact=True).fill("1/4")
    page.get_by_label("Active from").fill("2026-01-01")
    page.get_by_role("button", name="Add share").click()
    page.get_by_role("heading", name="1/4 of “Country”").wait_for()
    assert "sing" not in page.url
