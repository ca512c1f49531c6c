"""A key in a token …"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from provenance import certificates, tokens
from provenance.certificates import Identity, identity_of
from provenance.signing import Define, Signer, State, sign, verify
from provenance.tokens import TokenRefused
from tests.provenance import pki

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = uuid4().hex[:12]  # of this run's token, and of no other


@pytest.fixture(scope="session")
def module() -> str:
    """SoftHSM: `make test` installs it, so that a machine without it fails rather than skips."""
    return next(path for path in MODULES if Path(path).exists())


@pytest.fixture(scope="session")
def token(module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token with a key of each kind; its URI without the key."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    run("--init-token", "--free", "--label", "ledger", "--pin", PIN, "--so-pin", PIN)
    yield f"pkcs11:token=ledger;object={{}}?module-path={module}"
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def run(*arguments: str) -> None:
    done = subprocess.run(["softhsm2-util", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


KEYS: Mapping[str, Callable[[], Any]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
IDS = {name: f"{number:02x}" for number, name in enumerate(KEYS, start=1)}


@pytest.fixture(scope="session")
def chains(token: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, pki.Chain]:
    """A chain for each key; the keys are put into the token, which gives none of them away again."""
    folder = tmp_path_factory.mktemp("keys")
    made = {}
    for name, generate in KEYS.items():
        chain = made[name] = pki.chain(key=generate())
        (folder / "key.pem").write_bytes(chain.key_pem)
        run("--import", str(folder / "key.pem"), "--token", "ledger", "--label", name, "--id", IDS[name], "--pin", PIN)
        (folder / "key.pem").unlink()
    return made


def held(chain: pki.Chain, uri: str) -> Identity:
    sign_ = tokens.key(uri, pin=lambda: PIN)
    return identity_of(chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=sign_, at=pki.NOW)


@pytest.mark.parametrize("name", KEYS)
def test_signs_files_that_are_trusted(
    token: str, chains: Mapping[str, pki.Chain], clips: Mapping[str, Path], define: Define, tmp_path: Path, name: str
) -> None:
    who = held(chains[name], token.format(name))
    assert who.algorithm == name
    sign(clips["audio/mpeg"], tmp_path / "out", "audio/mpeg", define, signer=Signer(who, "0.1.0"))
    assert verify(tmp_path / "out", "audio/mpeg", roots_pem=who.roots_pem).state is State.TRUSTED


def test_is_found_by_its_id_too(token: str, chains: Mapping[str, pki.Chain]) -> None:
    uri = token.replace("object={}", f"id=%{IDS['ES256']}")
    assert held(chains["ES256"], uri).algorithm == "ES256"


def test_of_another_certificate_is_refused(token: str, chains: Mapping[str, pki.Chain]) -> None:
    with pytest.raises(certificates.KeyMismatch):
        held(chains["ES256"], token.format("ES384"))


def test_serves_threads_that_take_turns(token: str, chains: Mapping[str, pki.Chain]) -> None:
    key = tokens.key(token.format("ES256"), pin=lambda: PIN)
    public = chains["ES256"].leaf.public_key()
    held_: list[bool] = []

    def work(number: int) -> None:
        for turn in range(20):
            data = f"{number} {turn}".encode()
            held_.append(certificates._verifies(public, key(data), data))

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held_ == [True] * 80


def python(code: str, uri: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TOKEN_PIN": PIN, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, "-c", code, uri], env=environment, capture_output=True, text=True, check=False
    )


def test_signs_in_a_process_that_was_forked(token: str, chains: Mapping[str, pki.Chain]) -> None:
    """As a worker does: the session that the parent opened is dead in the child."""
    code = (
        "import os, sys; from provenance import tokens\n"
        "key = tokens.key(sys.argv[1], pin=lambda: os.environ['TOKEN_PIN'])\n"
        "key(b'parent')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    done = len(key(b'child')) == 64\n"
        "    os._exit(0 if done else 1)\n"
        "status = os.waitpid(pid, 0)[1]\n"
        "sys.exit(0 if status == 0 and len(key(b'parent again')) == 64 else 1)\n"
    )
    done = python(code, token.format("ES256"))
    assert done.returncode == 0, done.stderr


def test_opens_its_session_again_when_that_has_ended(token: str, chains: Mapping[str, pki.Chain]) -> None:
    key = tokens.key(token.format("ES256"), pin=lambda: PIN)
    assert len(key(b"first")) == 64
    holder: Any = key
    holder.__self__.opened[1].session.close()  # as when the token is reset
    assert len(key(b"second")) == 64


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda uri: uri.replace("token=ledger", "token=other"), tokens.NoSuchToken),
        (lambda uri: uri.replace("ES256", "nobody"), tokens.NoSuchKey),
        (lambda uri: uri.replace("module-path=", "module-path=/nowhere"), tokens.ModuleMissing),
    ],
    ids=["no such token", "no such key", "no such module"],
)
def test_is_refused_with_what_is_wrong(
    token: str, chains: Mapping[str, pki.Chain], change: Callable[[str], str], refusal: type[TokenRefused]
) -> None:
    with pytest.raises(TokenRefused) as caught:
        tokens.key(change(token.format("ES256")), pin=lambda: PIN)(b"data")
    assert type(caught.value) is refusal
    assert str(refusal.__doc__) in str(caught.value)
    assert PIN not in repr(caught.value) + repr(caught.value.__cause__)


def test_behind_another_pin_is_refused_and_says_it_nowhere(token: str, chains: Mapping[str, pki.Chain]) -> None:
    """In a process of its own: whoever is logged in already is not asked again."""
    code = (
        "import os, sys; from provenance import tokens\n"
        "tokens.key(sys.argv[1], pin=lambda: os.environ['TOKEN_PIN'] + 'x')(b'data')\n"
    )
    done = python(code, token.format("ES256"))
    assert "provenance.tokens.PinRefused" in done.stderr
    assert PIN not in done.stderr


PLACE = "pkcs11:token=a;object=b?module-path=/m.so"


@pytest.mark.parametrize(
    ("uri", "refusal"),
    [
        ("file:key.pem", tokens.UriRefused),
        ("pkcs11:", tokens.UriRefused),
        (PLACE.partition("?")[0], tokens.UriRefused),
        (PLACE.replace("token=a;", ""), tokens.UriRefused),
        (PLACE.replace(";object=b", ""), tokens.UriRefused),
        (PLACE.replace("object=b", "object"), tokens.UriRefused),
        (PLACE.replace("object=b", "object=b;object=c"), tokens.UriRefused),
        (PLACE.replace("object=b", "object=b;slot-id=0"), tokens.UriRefused),
        (PLACE.replace("object=b", "object=b;type=public"), tokens.UriRefused),
        (PLACE.replace("object=b", "object=b;x-vendor=1"), tokens.UriRefused),
        (PLACE + "&pin-value=1234", tokens.PinInUri),
        (PLACE + "&pin-source=/etc/pin", tokens.PinInUri),
    ],
)
def test_is_named_by_a_uri_that_says_where_it_is(uri: str, refusal: type[TokenRefused]) -> None:
    with pytest.raises(refusal) as caught:
        tokens.key(uri, pin=lambda: PIN)
    assert "1234" not in str(caught.value)


def test_has_a_name_with_any_letters() -> None:
    found = tokens.place_of("pkcs11:token=the%20house;object=caf%C3%A9;type=private?module-path=/usr/lib/a%20b.so")
    assert (found.token, found.label, found.module) == ("the house", "café", Path("/usr/lib/a b.so"))
    assert tokens.place_of(PLACE.replace("object=b", "id=%01%ff")).id == b"\x01\xff"


def test_stays_where_it_is(token: str, chains: Mapping[str, pki.Chain]) -> None:
    """What is kept of it names the place, and neither the key nor the PIN."""
    who = held(chains["ES256"], token.format("ES256"))
    private = chains["ES256"].key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shown = repr(who) + repr(vars(who.sign.__self__)) if hasattr(who.sign, "__self__") else repr(who)
    assert PIN not in shown
    assert private.hex() not in shown
