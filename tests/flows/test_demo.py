"""The demo: the main job in one process, and that it notices a link that does not hold."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ledger.demo import story

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.slow]


def test_four_outputs_have_four_outcomes() -> None:
    said = StringIO()
    call_command("demo", "--json", stdout=said)
    outputs = {output["letter"]: output for output in json.loads(said.getvalue())["outputs"]}
    assert {letter: output["outcome"] for letter, output in outputs.items()} == {
        "a": "cleared",
        "b": "refused",
        "c": "refused",
        "d": "review",
    }
    assert not any(output["faults"] for output in outputs.values())
    assert "Intact since it was signed" in outputs["a"]["signed"]
    assert [bool(output["splits"]) for output in outputs.values()] == [True, False, False, False]
    assert any("“Creepy Piano”" in match and "×1.04" in match for match in outputs["b"]["matches"])
    assert "was not declared" in outputs["b"]["findings"][0]
    assert "withdrew consent" in outputs["c"]["findings"][0]
    assert "was not found in the audio" in outputs["d"]["findings"][0]
    assert all(len(output["checks"]) > 20 for output in outputs.values())


def test_a_link_that_does_not_hold_ends_it_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared = story.OUTPUTS[0]
    # The same output without its declaration: it must not be cleared any more, and the demo must say so.
    monkeypatch.setattr(story, "OUTPUTS", (replace(cleared, ingredients=()),))
    said = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("demo", "--json", stdout=said)
    assert ended.value.returncode == 1
    (output,) = json.loads(said.getvalue())["outputs"]
    assert output["outcome"] == "refused"
    assert "the outcome is refused, expected cleared" in output["faults"]
