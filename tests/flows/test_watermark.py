"""A second layer of marking on the whole way: put in before the signing, stated in the manifest, told on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ledger import identity, marking
from provenance import signing, watermarks
from provenance.perth import form_of, read_samples, write_samples
from provenance.watermarks import ONE_LAYER, TWO_LAYERS, UNBOUND, Action
from tests.flows.conftest import World, body

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])


class LastBits:
    """Stands for a network: the last bit of the first thousand samples is one."""

    action: Action = UNBOUND

    def takes(self, media_type: str) -> bool:
        return media_type == "audio/wav"

    def mark(self, source: Path, target: Path) -> None:
        whole = bytearray(source.read_bytes())
        form = form_of(whole)
        samples = read_samples(whole, form)
        step = 2.0 ** (1 - form.bits)
        samples[:1000] = (samples[:1000] // (2 * step)) * 2 * step + step
        write_samples(whole, form, samples)
        target.write_bytes(whole)

    def is_marked(self, path: Path, media_type: str) -> bool:
        whole = bytearray(path.read_bytes())
        form = form_of(whole)
        samples = read_samples(whole, form)[:1000] * 2.0 ** (form.bits - 1)
        return media_type == "audio/wav" and bool((samples.round() % 2 == 1).all())


@pytest.mark.parametrize(("suffix", "said"), [("wav", TWO_LAYERS), ("mp3", ONE_LAYER)])
def test_what_a_machine_made_goes_out_marked_where_it_can_be(
    world: World, settings: Any, tmp_path: Path, suffix: str, said: str
) -> None:
    settings.LEDGER_WATERMARK = f"{__name__}.LastBits"
    assert isinstance(marking.provider(), LastBits)
    found = world.cleared(suffix=suffix)
    path = tmp_path / f"signed.{suffix}"
    path.write_bytes(body(world.distributor.get(found["links"]["file"])))
    media_type = {"wav": "audio/wav", "mp3": "audio/mpeg"}[suffix]
    read = signing.verify(path, media_type, roots_pem=identity.trust().own)
    assert (read.state, watermarks.layers(read.assertions)) == (signing.State.TRUSTED, said)
    with path.open("rb") as file:
        page = Client().post("/verify", {"audio": file}).content.decode()
    assert said in page
    if suffix == "wav":
        provider = LastBits()
        assert provider.is_marked(path, media_type)
        assert not provider.is_marked(world.sounds.sung("wav"), media_type)
