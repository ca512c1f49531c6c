"""Signed notes and checkpoints: what is signed reads back, and nothing else does."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger import notes

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "notes.json").read_text())
EXAMPLE = VECTORS["example"]
ORIGIN = "example.com/log"


def signer(seed: int = 1, name: str = ORIGIN) -> notes.Signer:
    key = base64.b64encode(b"\x01" + bytes([seed]) * 32).decode()
    probe = notes.Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))
    return notes.Signer.from_text(f"PRIVATE+KEY+{name}+{probe.verifier.key_id.hex()}+{key}")


def checkpoint(size: int = 5) -> notes.Checkpoint:
    return notes.Checkpoint(ORIGIN, size, bytes(range(32)))


# --- Vectors ---


def test_signs_the_published_example_byte_for_byte() -> None:
    key = notes.Signer.from_text(EXAMPLE["skey"])
    assert key.verifier.text == EXAMPLE["vkey"]
    assert key.secret_text == EXAMPLE["skey"]
    assert str(notes.sign(EXAMPLE["text"], key)) == EXAMPLE["note"]


def test_verifies_the_published_example() -> None:
    verifier = notes.Verifier.from_text(EXAMPLE["vkey"] + "\n")
    note = notes.parse(EXAMPLE["note"])
    assert note.text == EXAMPLE["text"]
    assert notes.verify(note, [verifier]) == (verifier,)


def test_reads_the_form_of_the_specification_examples() -> None:
    for vector in VECTORS["unverifiable"]:
        note = notes.parse(vector["note"])
        assert note.text == vector["text"]
        assert [signature.name for signature in note.signatures] == vector["names"]
        assert str(note) == vector["note"]


def test_signs_the_frozen_checkpoint() -> None:
    frozen = VECTORS["checkpoint"]
    key = notes.Signer.from_text(frozen["skey"])
    head = notes.Checkpoint(frozen["origin"], frozen["size"], bytes.fromhex(frozen["root"]))
    assert str(notes.sign_checkpoint(head, key)) == frozen["note"]
    assert notes.open_checkpoint(frozen["note"], notes.Verifier.from_text(frozen["vkey"])) == head
    assert key.verifier.fingerprint == frozen["fingerprint"]


# --- Keys ---


def test_generates_a_key_that_reads_back() -> None:
    key = notes.Signer.generate(ORIGIN)
    again = notes.Signer.from_text(key.secret_text + "\n")
    assert again.verifier == key.verifier == notes.Verifier.from_text(key.verifier.text)


def test_does_not_show_a_private_key() -> None:
    key = signer()
    assert "private" not in repr(key)
    assert key.secret_text.rpartition("+")[2] not in repr(key)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "a\x1fb"])
def test_refuses_a_name_that_could_not_stand_in_a_signature_line(name: str) -> None:
    with pytest.raises(notes.NotAKeyName):
        notes.Signer.generate(name)
    with pytest.raises(notes.NotAKeyName):
        notes.Verifier(name, b"\0" * 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("c74f20a3", "c74f20a4"), "id is c74f20a3"),
        (lambda text: text.replace("PeterNeumann", "PeterPeumann"), "id is"),
        (lambda text: text.replace("c74f20a3", "C74F20A3"), "eight hex digits"),
        (lambda text: text.replace("+ARpc", "+AhpC"), "type 1"),
        (lambda text: text[:-4], "32 bytes"),
        (lambda text: text[:-1] + "=", "base64"),
        (lambda text: text + "\n\n", "base64"),
        (lambda text: text[:-1] + "é", "base64"),
        (lambda text: "", "plus signs"),
        (lambda text: "PeterNeumann+c74f20a3", "plus signs"),
    ],
)
def test_refuses_a_public_key_that_is_not_spelled_right(change: Callable[[str], str], message: str) -> None:
    with pytest.raises(notes.NotAKey, match=message):
        notes.Verifier.from_text(change(EXAMPLE["vkey"]))


def test_refuses_a_private_key_that_is_not_spelled_right() -> None:
    with pytest.raises(notes.NotAKey, match="begins with"):
        notes.Signer.from_text(EXAMPLE["vkey"])
    with pytest.raises(notes.NotAKey, match="id is"):
        notes.Signer.from_text(EXAMPLE["skey"].replace("c74f20a3", "c74f20a4"))
    with pytest.raises(notes.NotAKey, match="32 bytes"):
        notes.Verifier(ORIGIN, b"\0" * 31)


# --- Notes ---


def test_keeps_the_lines_of_several_keys() -> None:
    log, witness, stranger = signer(1), signer(2, "witness.example"), signer(3, "stranger.example")
    note = notes.parse(str(notes.sign("text\n", stranger, witness, log)))
    assert notes.verify(note, [log.verifier]) == (log.verifier,)
    assert notes.verify(note, [log.verifier, witness.verifier]) == (witness.verifier, log.verifier)


def test_ignores_keys_that_share_only_a_name_or_only_an_id() -> None:
    log = signer(1)
    same_name = notes.Signature(ORIGIN, b"\0\0\0\0", b"anything")
    same_id = notes.Signature("other.example", log.verifier.key_id, b"anything")
    note = notes.Note("text\n", (same_name, same_id, log.sign("text\n")))
    assert notes.verify(notes.parse(str(note)), [log.verifier]) == (log.verifier,)


def test_refuses_the_note_if_a_known_key_does_not_fit() -> None:
    log, witness = signer(1), signer(2, "witness.example")
    note = notes.Note("text\n", (log.sign("text\n"), witness.sign("other\n")))
    assert notes.verify(note, [log.verifier]) == (log.verifier,)
    with pytest.raises(notes.SignatureFails, match="witness"):
        notes.verify(note, [log.verifier, witness.verifier])


def test_looks_at_a_key_only_once() -> None:
    log = signer(1)
    note = notes.Note("text\n", (log.sign("text\n"), log.sign("other\n")))
    assert notes.verify(note, [log.verifier]) == (log.verifier,)


def test_refuses_a_note_of_strangers() -> None:
    note = notes.sign("text\n", signer(1))
    with pytest.raises(notes.NotSigned, match=r"other\.example"):
        notes.verify(note, [signer(1, "other.example").verifier])
    with pytest.raises(notes.NotSigned, match="no key at all"):
        notes.verify(note, [])


def test_refuses_two_keys_that_cannot_be_told_apart() -> None:
    # An id has 32 bits, so two such keys are found in a second. Nobody has to know a private key for them.
    one, other = (notes.Verifier(ORIGIN, number.to_bytes(32, "big")) for number in (27_114, 45_887))
    assert one.key_id == other.key_id
    with pytest.raises(notes.AmbiguousKey):
        notes.verify(notes.sign("text\n", signer()), [one, other])


@pytest.mark.parametrize(
    "text", ["one\n", "one\n\ntwo\n", "one\n\n", "\n", "\n\n", "— not.a.line AAAA\n", "é\u2028ü\n"]
)
def test_reads_back_any_text(text: str) -> None:
    note = notes.sign(text, signer())
    assert notes.parse(str(note)) == note


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"], whitelist_characters="\n")))
def test_reads_back_what_hypothesis_finds(text: str) -> None:
    note = notes.sign(text + "\n", signer())
    assert notes.parse(str(note)) == note
    notes.verify(note, [signer().verifier])


@given(st.data())
def test_no_changed_character_goes_unnoticed(data: st.DataObject) -> None:
    note = str(notes.sign_checkpoint(checkpoint(), signer()))
    at = data.draw(st.integers(0, len(note) - 1))
    character = data.draw(st.characters(blacklist_categories=["Cs"]).filter(lambda other: other != note[at]))
    with pytest.raises((notes.NotANote, notes.SignatureFails, notes.NotSigned)):
        notes.open_checkpoint(note[:at] + character + note[at + 1 :], signer().verifier)


SIGNED = str(notes.sign("text\n", signer()))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        SIGNED.removesuffix("\n"),  # the last line is not finished
        SIGNED.replace("\n\n", "\n"),  # no empty line
        SIGNED + "\n",
        SIGNED + "more\n",
        SIGNED.replace("— ", "- "),
        SIGNED.replace("— ", "—  "),
        SIGNED.replace("— ", " "),
        SIGNED.replace("\n", "\r\n"),
        SIGNED.replace("text", "te\tt"),
        SIGNED.replace("text", "te\ud800t"),
        SIGNED.replace(ORIGIN, "a+b"),
        "text\n\n— name AAAA\n",  # an id without a signature
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name AAAAAAB=\n",  # bits left over
        "text\n\n— name\n",
        "text\n\n" + "— name AAAAAAA=\n" * 101,
        "x" * 1_000_001 + SIGNED,
    ],
)
def test_refuses_what_is_not_a_note(note: str) -> None:
    with pytest.raises(notes.NotANote):
        notes.parse(note)


def test_accepts_the_sixteen_signatures_that_every_reader_must() -> None:
    note = notes.sign("text\n", *(signer(number) for number in range(1, 17)))
    assert len(notes.verify(notes.parse(str(note)), [signer(number).verifier for number in range(1, 17)])) == 16


@pytest.mark.parametrize("text", ["", "text", "te\0xt\n"])
def test_does_not_sign_what_is_not_a_text(text: str) -> None:
    with pytest.raises(notes.NotANote):
        notes.sign(text, signer())


# --- Checkpoints ---


@given(
    st.integers(0, notes.MAX_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1), max_size=3),
)
def test_reads_back_any_checkpoint(size: int, root: bytes, extensions: list[str]) -> None:
    head = notes.Checkpoint(ORIGIN, size, root, tuple(extensions))
    assert notes.Checkpoint.from_text(head.text) == head


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.removesuffix("\n"),
        lambda text: "\n".join(text.split("\n")[:2]) + "\n",
        lambda text: text.replace("\n5\n", "\n05\n"),
        lambda text: text.replace("\n5\n", "\n+5\n"),
        lambda text: text.replace("\n5\n", "\n٥\n"),  # a digit, and not an ASCII one
        lambda text: text.replace("\n5\n", "\n9223372036854775808\n"),
        lambda text: text.replace("\n5\n", "\n" + "9" * 40 + "\n"),
        lambda text: text.replace("\n5\n", "\n-5\n"),
        lambda text: text.replace("=", ""),
        lambda text: text.replace("8=\n", "9=\n"),  # bits left over
        lambda text: text.replace("AAEC", "AAE"),
        lambda text: text.replace("AAEC", ""),
        lambda text: text.replace(ORIGIN, ""),
        lambda text: text + "\n",
        lambda text: text + "extension\n\n",
        lambda text: "",
    ],
)
def test_refuses_what_is_not_a_checkpoint(change: Callable[[str], str]) -> None:
    text = change(checkpoint().text)
    assert text != checkpoint().text
    with pytest.raises(notes.NotACheckpoint):
        notes.Checkpoint.from_text(text)


def test_opens_only_the_checkpoint_of_its_log() -> None:
    log = signer()
    note = str(notes.sign_checkpoint(checkpoint(), log))
    assert notes.open_checkpoint(note, log.verifier) == checkpoint()
    with pytest.raises(notes.NotSigned):
        notes.open_checkpoint(note, signer(2).verifier)
    with pytest.raises(notes.WrongOrigin):
        notes.sign_checkpoint(checkpoint(), signer(1, "other.example"))
    foreign = notes.Checkpoint("other.example", 5, bytes(32))
    with pytest.raises(notes.WrongOrigin, match=r"other\.example"):
        notes.open_checkpoint(str(notes.sign(foreign.text, log)), log.verifier)
    with pytest.raises(notes.NotACheckpoint):
        notes.open_checkpoint(str(notes.sign("anything\n", log)), log.verifier)
