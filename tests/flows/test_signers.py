"""Another certificate signs …"""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.core.management import CommandError, call_command
from django.utils import timezone

from ledger import certifying, identity, sequencer, signers
from ledger.models import Entry
from provenance import certificates, signing
from provenance.models import Manifest, SignerChange
from tests.flows.conftest import World, body
from tests.provenance import pki

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])

DAY = timedelta(days=1)


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> Path:
    """A data folder without any keys of its own yet."""
    settings.KEYS_DIR = tmp_path / "keys"
    return tmp_path


def files(folder: Path, chain: pki.Chain, name: str) -> dict[str, str]:
    """What the operator got from an authority, in files."""
    given = {"chain": chain.chain_pem.encode(), "key": chain.key_pem, "roots": chain.roots_pem.encode()}
    for part, content in given.items():
        (folder / f"{name}-{part}.pem").write_bytes(content)
    return {part: str(folder / f"{name}-{part}.pem") for part in given}


def imports(given: dict[str, str], *, active_from: datetime | None = None) -> str:
    out = io.StringIO()
    said = [f"--{part}={path}" for part, path in given.items()]
    said += [f"--active-from={active_from.isoformat()}"] if active_from else []
    call_command("import_signer", *said, stdout=out)
    return out.getvalue()


def health() -> tuple[int, dict[str, Any]]:
    """The exit status of ``check_signers``, and what it says."""
    out = io.StringIO()
    status = 0
    try:
        call_command("check_signers", "--json", stdout=out)
    except CommandError as error:
        status = error.returncode
    return status, json.loads(out.getvalue())


def signs(at: datetime) -> str:
    return identity.signer(at=at).identity.certificate_digest


def test_before_the_old_one_ends_and_what_both_signed_stays_trusted(world: World, house: Path, settings: Any) -> None:
    found = [world.cleared("by development")]
    development = signs(timezone.now())
    assert health()[0] == 0

    first = pki.chain(expires_at=timezone.now() + 40 * DAY)
    assert certificates.certificate_digest(first.leaf) in imports(files(house, first, "first"))
    assert signs(timezone.now()) == certificates.certificate_digest(first.leaf)
    found.append(world.cleared("by the first", suffix="mp3"))
    status, said = health()
    assert status == 1  # it ends within sixty days and none follows; and nobody stamps any more
    assert any("ends in 39 days" in one["sentence"] for one in said["concerns"])
    assert any("no time stamp" in one["sentence"] for one in said["concerns"])

    second = pki.chain(expires_at=timezone.now() + 300 * DAY)
    until = first.leaf.not_valid_after_utc
    with pytest.raises(CommandError, match=r"ends before the new one begins"):
        imports(files(house, second, "second"), active_from=until + DAY)
    handover = timezone.now() + 30 * DAY
    imports(files(house, second, "second"), active_from=handover)
    assert (
        signs(timezone.now()) == signs(handover - timedelta(seconds=1)) == certificates.certificate_digest(first.leaf)
    )
    assert signs(handover) == certificates.certificate_digest(second.leaf)
    assert not any("ends in" in one["sentence"] for one in health()[1]["concerns"])
    # The files that were given may go: what is kept is closed to others.
    for path in house.glob("*.pem"):
        path.unlink()
    kept = [path for path in (house / "keys" / "signers").rglob("*") if path.is_file()]
    assert len(kept) == 6
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}

    # Earlier than planned, by hand; and back again.
    digest = certificates.certificate_digest(second.leaf)
    call_command("rotate_signer", "--to", digest[:12], stdout=io.StringIO())
    found.append(world.cleared("by the second", suffix="wav"))
    call_command("rotate_signer", "--to", certificates.certificate_digest(first.leaf), stdout=io.StringIO())
    assert signs(timezone.now()) == certificates.certificate_digest(first.leaf)

    by = [Manifest.objects.get(decision__submission=one["id"]).certificate_digest for one in found]
    assert by == [development, certificates.certificate_digest(first.leaf), digest]
    trust = identity.trust()
    for one, media_type in zip(found, ("audio/flac", "audio/mpeg", "audio/wav"), strict=True):
        path = house / "file"
        path.write_bytes(body(world.distributor.get(one["links"]["file"])))
        assert signing.verify(path, media_type, roots_pem=trust.own).state is signing.State.TRUSTED

    changes = list(SignerChange.objects.order_by("recorded_at"))
    entries = Entry.objects.filter(kind=Entry.Kind.SIGNER_CHANGED)
    assert len(changes) == entries.count() == 5
    assert [one.is_development for one in changes] == [True, False, False, False, False]
    assert changes[1].replaces == development
    for entry in entries:
        assert "Example" not in bytes(entry.body).decode()  # digests, and nobody's name
    sequencer.drain(at=timezone.now())
    certifying.sweep(at=timezone.now())


MISTAKES: dict[str, tuple[str, dict[str, Any]]] = {
    "ended": ("has expired", {"expires_at": pki.NOW - timedelta(minutes=1), "active_from": pki.NOW - 9 * DAY}),
    "for servers": ("purposes must be", {"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}),
    "an authority": ("CA=false", {"is_authority": True, "usage": pki.key_usage(signs=True)}),
}


@pytest.mark.parametrize("mistake", [*MISTAKES, "another's key", "SEC1 key", "wrong order", "no such file"])
def test_only_if_it_can_and_otherwise_nothing_is_kept(trade: World, house: Path, mistake: str) -> None:
    words, changes = MISTAKES.get(mistake, ("", {}))
    chain = pki.chain(**changes)
    given = files(house, chain, "given")
    if mistake == "another's key":
        Path(given["key"]).write_bytes(pki.chain().key_pem)
        words = "not the one that the leaf"
    elif mistake == "SEC1 key":
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
        Path(given["key"]).write_bytes(chain.key.private_bytes(*form, serialization.NoEncryption()))
        words = "PKCS#8"
    elif mistake == "wrong order":
        Path(given["chain"]).write_text(pki.pem(chain.issuing, chain.leaf))
        words = "leaf comes first"
    elif mistake == "no such file":
        given["chain"] = str(house / "nowhere.pem")
        words = "nowhere.pem"
    with pytest.raises(CommandError, match=words) as caught:
        imports(given)
    assert "Nothing was imported" in str(caught.value)
    assert not SignerChange.objects.exists()
    assert identity.held() == ()


def test_of_development_by_a_command_and_at_once(world: World, house: Path) -> None:
    world.cleared()
    before = signs(timezone.now())
    out = io.StringIO()
    call_command("rotate_signer", stdout=out)
    after = signs(timezone.now())
    assert after != before
    assert after in out.getvalue()
    assert "no other reader knows it" in out.getvalue()
    with pytest.raises(CommandError, match="was imported"):
        call_command("rotate_signer", "--to", "00")


def test_twice_is_imported_once(trade: World, house: Path) -> None:
    chain = pki.chain()
    imports(files(house, chain, "given"))
    with pytest.raises(CommandError, match="rotate_signer --to"):
        imports(files(house, chain, "given"))
    with pytest.raises(CommandError, match="only its authority"):
        call_command("rotate_signer")
    assert SignerChange.objects.count() == 1


def test_and_whoever_watches_hears_that_it_has_ended(trade: World, house: Path, settings: Any) -> None:
    chain = pki.chain(expires_at=timezone.now() + 20 * DAY)
    imports(files(house, chain, "given"))
    late = timezone.now() + 10 * DAY
    assert signers.watch(at=late).is_urgent
    ended = signers.watch(at=timezone.now() + 21 * DAY)
    assert any("nothing is signed" in one.sentence for one in ended.concerns)
    settings.LEDGER_SIGNER_CHAIN = "half"
    assert signers.watch(at=late).is_urgent
    assert health()[0] == 2
    settings.LEDGER_SIGNER_CHAIN = None


def test_that_a_token_holds(trade: World, house: Path) -> None:
    """What is imported of it is where it is; without the token nothing is kept."""
    given = files(house, pki.chain(key=ec.generate_private_key(ec.SECP256R1())), "given")
    given["key"] = "pkcs11:token=none;object=none?module-path=/nowhere/module.so"
    with pytest.raises(CommandError, match="module-path"):
        imports(given)
    given["key"] += "&pin-value=1234"
    with pytest.raises(CommandError, match="LEDGER_PKCS11_PIN_FILE") as caught:
        imports(given)
    assert "1234" not in str(caught.value)
    assert not SignerChange.objects.exists()
