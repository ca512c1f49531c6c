"""The review desk in a browser, by keyboard alone: from the queue through both sides of a match to a decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from fingerprint.evidence import Segment
from rights.models import Decision, Review
from tests.flows.conftest import World
from tests.flows.test_browser import page
from tests.flows.test_listening import a_match, examined
from tests.flows.test_review_desk import reference

__all__ = ["page"]  # the fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.browser,
    pytest.mark.slow,
]

PLAYERS = "document.querySelectorAll('[data-comparison] audio')"


def test_decides_by_keyboard_what_it_has_heard(world: World, page: Any) -> None:
    world.register("piano")
    version = {"probability_millionths": 650_000, "pitch_shift_cents": 200, "time_ratio_millionths": 1_050_000}
    submission = examined(
        world,
        a_match(reference("piano"), "version_match", output=Segment(1_000, 7_000), **version),
        a_match(reference("piano"), "version_match", output=Segment(8_000, 12_000), **version),
        title="Played again",
    )
    first = Decision.objects.get(submission=submission)
    User.objects.create_superuser("rights", password="a team of two")
    page.goto("/admin/login/?next=/admin/rights/review/")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Reviews", exact=True).wait_for()
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Played again", exact=True).wait_for()
    page.wait_for_load_state()

    def state() -> Any:
        return page.evaluate(
            f"[...{PLAYERS}].map(one => [one.muted, one.paused, one.currentTime / one.duration, one.error])"
        )

    # Both run and stay together; B is heard in A's key: a little slower and as much higher.
    page.keyboard.press(" ")
    page.wait_for_function(f"[...{PLAYERS}].every(one => one.currentTime > 0.4)")
    assert [one[:2] for one in state()] == [[False, False], [True, False]]
    assert "tuned=1" in page.evaluate(f"{PLAYERS}[1].src")
    tuned_s, output_s = page.evaluate(f"[{PLAYERS}[1].duration, {PLAYERS}[0].duration]")
    assert tuned_s == pytest.approx(8 / 2 ** (200 / 1200), abs=0.05)
    assert page.evaluate(f"{PLAYERS}[1].playbackRate") == pytest.approx(tuned_s / output_s, abs=0.01)
    assert page.evaluate(f"{PLAYERS}[1].preservesPitch")
    before = state()[0][2]
    page.keyboard.press("b")
    after = state()
    assert [one[0] for one in after] == [True, False]
    assert after[1][2] >= before - 0.02  # at the same place, not from the start
    assert abs(after[0][2] - after[1][2]) < 0.05
    page.wait_for_function(f"{PLAYERS}[1].currentTime > {after[1][2] * tuned_s + 0.2}")
    page.keyboard.press("a")
    assert [one[0] for one in state()] == [False, True]
    # As recorded: its own tempo and key.
    page.keyboard.press("t")
    page.wait_for_function(f"!{PLAYERS}[1].src.includes('tuned') && {PLAYERS}[1].duration > 7.9")
    page.keyboard.press("t")
    # The next stretch, and the pictures of it.
    page.keyboard.press("n")
    assert page.locator("[data-stretch][aria-pressed=true]").get_attribute("data-stretch") == "1"
    for image in ("[data-spectrum=output]", "[data-notes]", "[data-similarity]"):
        page.keyboard.press("v")
        page.wait_for_function("one => one.complete && one.naturalWidth > 10", arg=page.locator(image).element_handle())
        assert page.locator(image).is_visible()
    assert [one[3] for one in state()] == [None, None]
    if not state()[0][1]:
        page.keyboard.press(" ")
    page.wait_for_function(f"[...{PLAYERS}].every(one => one.paused)")

    # J goes through findings, D to the decision; what is typed there is text and no command.
    page.keyboard.press("j")
    assert page.evaluate("'finding' in document.activeElement.dataset")
    page.keyboard.press("d")
    page.keyboard.press(" ")
    assert page.evaluate("document.activeElement.value") == "cleared"
    disabled = page.locator("optgroup[label='To refuse']")
    assert disabled.get_attribute("disabled") is not None
    page.keyboard.press("Tab")
    page.locator("#id_reason").select_option("common_material")
    page.locator("#id_note").focus()
    page.keyboard.type("A bare scale, as in any book.")
    assert page.locator("#id_note").input_value() == "A bare scale, as in any book."
    assert [one[1] for one in state()] == [True, True]
    page.locator("[data-record]").press("Enter")
    page.get_by_text("is cleared").wait_for()
    assert Review.objects.get().note == "A bare scale, as in any book."
    assert Decision.objects.get(supersedes=first).outcome == "cleared"


def test_fits_a_telephone_and_may_be_silenced(world: World, page: Any) -> None:
    world.register("piano")
    matches = [
        a_match(reference("piano"), "version_match", output=Segment(at, at + 900), probability_millionths=600_000)
        for at in range(0, 12_000, 1_000)
    ]
    submission = examined(world, *matches, title="In many pieces, of which each is named at length")
    case = f"/admin/rights/review/case/{Decision.objects.get(submission=submission).pk}/"
    User.objects.create_superuser("rights", password="a team of two")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/admin/login/?next={case}")
    page.fill("[name=username]", "rights")
    page.fill("[name=password]", "a team of two")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Decide").wait_for()
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for view in ("Spectrum", "Notes", "Likeness"):
        page.get_by_role("button", name=view).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # Whoever speaks to their computer, or leans on a key, can turn single keys off.
    page.get_by_text("Keys", exact=True).click()
    page.get_by_label("Single keys work on this page").uncheck()
    page.keyboard.press("n")
    assert page.locator("[data-stretch][aria-pressed=true]").get_attribute("data-stretch") == "0"
    page.get_by_label("Single keys work on this page").check()
    page.keyboard.press("n")
    assert page.locator("[data-stretch][aria-pressed=true]").get_attribute("data-stretch") == "1"
    # A stretch is chosen in the drawing, too.
    page.locator(".l-map a").nth(5).focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-stretch][aria-pressed=true]").get_attribute("data-stretch") == "5"
