"""Where keys come from: a key service, the environment, a file, or the data folder, which makes its own once."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rights import keys, sealing
from rights.keys import CallbackBroken, KeptElsewhere, KeyMalformed, NoSuchCallback, NoSuchKeyFile
from rights.sealing import SecretKek, UnknownKek, Unreadable
from tests.rights import key_service

FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in (1, 2, 3))


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def ids(*secrets: bytes) -> list[bytes]:
    return [SecretKek(secret).id for secret in secrets]


def in_order() -> list[bytes]:
    return [kek.id for kek in keys.keks()]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.LEDGER_KEK = settings.LEDGER_KEK_FILE = settings.LEDGER_KEK_CALLBACK = settings.LEDGER_INDEX_KEY = None
    settings.KEYS_DIR = tmp_path / "keys"
    return tmp_path / "keys"


# --- The data folder's own ---


def test_make_a_key_once_and_close_it_to_others(folder: Path) -> None:
    made = in_order()
    assert len(made) == 1
    assert in_order() == made
    file = folder / "key-encryption-keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(base64.b64decode(file.read_text())) == 32


def test_make_another_key_in_another_folder(settings: Any, tmp_path: Path) -> None:
    here = in_order()
    settings.KEYS_DIR = tmp_path / "elsewhere"
    assert in_order() != here


def test_replace_what_a_process_that_died_left(folder: Path) -> None:
    folder.mkdir()
    left = folder / "key-encryption-keys.new"
    left.write_text("half a k")
    left.chmod(0o644)
    assert len(keys.keks()) == 1
    assert not left.exists()
    assert stat.S_IMODE((folder / "key-encryption-keys").stat().st_mode) == 0o600


def test_renew_and_keep_the_old_key() -> None:
    old = keys.keks()[0]
    wrapped = sealing.wrap(FIRST, old)
    keys.renew()
    current, *rest = keys.keks()
    assert current.id != old.id
    assert [kek.id for kek in rest] == [old.id]
    moved = sealing.rewrap(wrapped, keys.keks())
    assert sealing.unwrap(moved, [current]) == FIRST


def test_renew_where_there_is_none() -> None:
    keys.renew()
    assert len(keys.keks()) == 1


@pytest.mark.parametrize("name", ["LEDGER_KEK", "LEDGER_KEK_FILE", "LEDGER_KEK_CALLBACK"])
def test_renew_only_what_is_kept_here(settings: Any, folder: Path, name: str) -> None:
    setattr(settings, name, text(FIRST))
    with pytest.raises(KeptElsewhere):
        keys.renew()
    assert not folder.exists()


MAKE_ONE = """
import sys
from pathlib import Path
from typing import Any
from django.conf import settings
settings.configure(
    KEYS_DIR=Path(sys.argv[1]), LEDGER_KEK=None, LEDGER_KEK_FILE=None, LEDGER_KEK_CALLBACK=None, LEDGER_INDEX_KEY=None
)
from rights import keys
print("ready", flush=True)
sys.stdin.readline()
print(keys.keks()[0].id.hex(), keys.index_key().hex(), flush=True)
"""


@pytest.mark.slow
def test_make_one_key_however_many_processes_need_it_at_once(folder: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_ONE, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # all are at the door; let them through together
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert answers == {f"{keys.keks()[0].id.hex()} {keys.index_key().hex()}\n"}
    assert len(keys.keks()) == 1


# --- Configured ---


def test_take_the_environment_and_make_no_file(settings: Any, folder: Path) -> None:
    settings.LEDGER_KEK = f"{text(FIRST)}, {text(SECOND)}"
    assert in_order() == ids(FIRST, SECOND)
    assert not folder.exists()


def test_take_a_file_with_a_key_on_each_line(settings: Any, tmp_path: Path) -> None:
    settings.LEDGER_KEK_FILE = str(tmp_path / "kek")
    (tmp_path / "kek").write_text(f"# since spring\n{text(SECOND)}\n\n  {text(FIRST)}\r\n")
    assert in_order() == ids(SECOND, FIRST)
    (tmp_path / "kek").write_text(text(THIRD))
    assert in_order() == ids(THIRD)  # a changed file counts at once


def test_put_the_environment_before_the_file_before_the_folder(settings: Any, tmp_path: Path) -> None:
    own = in_order()
    settings.LEDGER_KEK_FILE = str(tmp_path / "kek")
    (tmp_path / "kek").write_text(text(SECOND))
    settings.LEDGER_KEK = text(FIRST)
    assert in_order() == ids(FIRST, SECOND) + own


@pytest.mark.parametrize(
    "wrong",
    ["secret!", "c2VjcmV0", text(FIRST)[:-4], text(FIRST + b"\x00"), f"{text(FIRST)},x", "#", ",", "é", " "],
)
def test_refuse_what_is_no_key_and_do_not_show_it(settings: Any, wrong: str) -> None:
    settings.LEDGER_KEK = wrong
    with pytest.raises(KeyMalformed, match="LEDGER_KEK") as refused:
        keys.keks()
    assert "openssl rand -base64 32" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert text(FIRST)[:8] not in str(refused.value)


def test_name_a_file_that_is_not_there(settings: Any, folder: Path, tmp_path: Path) -> None:
    settings.LEDGER_KEK_FILE = str(tmp_path / "missing")
    with pytest.raises(NoSuchKeyFile, match=r"LEDGER_KEK_FILE: .*missing"):
        keys.keks()
    assert not folder.exists()  # a mount that is late must not be answered with a fresh key


def test_refuse_a_file_of_bytes(settings: Any, tmp_path: Path) -> None:
    settings.LEDGER_KEK_FILE = str(tmp_path / "kek")
    (tmp_path / "kek").write_bytes(os.urandom(8) + b"\xff")
    with pytest.raises(NoSuchKeyFile):
        keys.keks()


# --- A key service ---

SERVICE = {"name": b"service key 1"}


def service(operation: str, blob: bytes) -> bytes:
    """Answer as a key service would that has no room for associated data."""
    if operation == "name":
        return SERVICE["name"]
    if operation == "wrap":
        return bytes(12) + AESGCM(THIRD).encrypt(bytes(12), blob, None)
    try:
        return AESGCM(THIRD).decrypt(blob[:12], blob[12:], None)
    except InvalidTag as error:
        raise Unreadable from error


def silent(operation: str, blob: bytes) -> object:
    return None if operation != "name" else b"silent"


def test_wrap_with_a_key_service_first(settings: Any) -> None:
    own = keys.keks()[0]
    settings.LEDGER_KEK_CALLBACK = f"{__name__}:service"
    outside, kept = keys.keks()
    assert kept.id == own.id
    moved = sealing.rewrap(sealing.wrap(FIRST, own), keys.keks())
    assert sealing.kek_id(moved) == outside.id
    assert sealing.unwrap(moved, keys.keks()) == FIRST


def test_bind_a_key_of_the_service_to_its_header(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LEDGER_KEK_CALLBACK = f"{__name__}:service"
    blob = sealing.wrap(FIRST, keys.keks()[0])
    changed = bytearray(blob)
    changed[-1] ^= 1
    with pytest.raises(Unreadable):
        sealing.unwrap(bytes(changed), keys.keks())
    monkeypatch.setitem(SERVICE, "name", b"service key 2")
    with pytest.raises(UnknownKek):
        sealing.unwrap(blob, keys.keks())
    with pytest.raises(Unreadable):
        sealing.unwrap(blob[:1] + keys.keks()[0].id + blob[9:], keys.keks())


def short(operation: str, blob: bytes) -> bytes:
    return b"short" if operation == "name" else blob[:-1]


def test_refuse_a_service_that_answers_with_less_than_a_key(settings: Any) -> None:
    settings.LEDGER_KEK_CALLBACK = f"{__name__}:short"
    with pytest.raises(Unreadable):
        sealing.unwrap(sealing.wrap(FIRST, keys.keks()[0]), keys.keks())


@pytest.mark.parametrize(
    "path", ["nowhere.at_all:function", f"{__name__}:missing", f"{__name__}:FIRST", f"{__name__}.service", "a b", ":"]
)
def test_refuse_a_function_that_is_none(settings: Any, path: str) -> None:
    settings.LEDGER_KEK_CALLBACK = path
    with pytest.raises(NoSuchCallback, match="LEDGER_KEK_CALLBACK"):
        keys.keks()


def test_refuse_a_service_that_answers_nothing(settings: Any) -> None:
    settings.LEDGER_KEK_CALLBACK = f"{__name__}:silent"
    with pytest.raises(CallbackBroken, match="'wrap'"):
        sealing.wrap(FIRST, keys.keks()[0])


# --- The index ---


def test_keep_the_index_key_through_a_renewal(folder: Path) -> None:
    made = keys.index_key()
    keys.keks()
    keys.renew()
    assert keys.index_key() == made
    assert stat.S_IMODE((folder / "name-index-key").stat().st_mode) == 0o600


def test_take_the_index_key_from_the_environment(settings: Any, folder: Path) -> None:
    settings.LEDGER_INDEX_KEY = text(SECOND)
    assert keys.index_key() == SECOND
    assert not folder.exists()
    settings.LEDGER_INDEX_KEY = "c2VjcmV0"
    with pytest.raises(KeyMalformed, match="LEDGER_INDEX_KEY"):
        keys.index_key()


# --- A service in another process ---


@pytest.fixture
def far(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start one, name its class in the settings, and give the file that says how it behaves."""
    address, mode = tmp_path / "socket", tmp_path / "mode"
    mode.write_text("well")
    program = [sys.executable, "-m", "tests.rights.key_service", str(address), str(mode)]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(program, cwd=root, env={"PYTHONPATH": str(root)})
    monkeypatch.setenv(key_service.ADDRESS, str(address))
    settings.LEDGER_KEK_CALLBACK = "tests.rights.key_service:FarKeys"
    settings.LEDGER_KEK_SECONDS = 20.0
    until = time.monotonic() + 60
    while not address.exists() and time.monotonic() < until:
        time.sleep(0.05)
    yield mode
    process.kill()
    process.wait()


def test_a_service_wraps_under_a_context_and_knows_it_again(far: Path) -> None:
    kek = keys.keks()[0]
    blob = sealing.wrap(FIRST, kek)
    assert FIRST not in blob
    assert sealing.unwrap(blob, keys.keks()) == FIRST
    with pytest.raises(Unreadable):  # another context: the header is in it
        kek.decrypt(blob[9:], b"\x01" + b"another!")
    changed = bytearray(blob)
    changed[-1] ^= 1
    with pytest.raises(Unreadable):
        sealing.unwrap(bytes(changed), keys.keks())


@pytest.mark.parametrize("behaves", ["refuse", "hang"])
def test_a_service_that_refuses_or_hangs_is_told_apart_from_a_lost_key(far: Path, settings: Any, behaves: str) -> None:
    blob = sealing.wrap(FIRST, keys.keks()[0])
    far.write_text(behaves)
    if behaves == "hang":
        settings.LEDGER_KEK_SECONDS = 0.5
    since = time.monotonic()
    with pytest.raises(keys.KeyServiceAway) as caught:
        sealing.unwrap(blob, keys.keks())
    assert time.monotonic() - since < 30
    assert FIRST.hex() not in str(caught.value)
    assert repr(blob[9:]) not in str(caught.value)  # the service's own words quote what it was asked
    with pytest.raises(keys.KeyServiceAway):
        sealing.wrap(SECOND, keys.keks()[0])


class Half:
    def name(self) -> bytes:
        return b"half"


def test_refuse_a_class_that_does_not_unwrap(settings: Any) -> None:
    settings.LEDGER_KEK_CALLBACK = f"{__name__}:Half"
    with pytest.raises(NoSuchCallback, match="no wrap and no unwrap"):
        keys.keks()
