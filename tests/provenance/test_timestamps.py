"""A time stamp …"""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from provenance import certificates, signing, timestamps
from provenance.certificates import Identity, Stamper, load_or_create_development_stamper
from provenance.jumbf import signature_of
from provenance.signing import Define, Signed, Signer, State, sign, verify
from provenance.time_authority import TimeAuthority
from provenance.timestamps import Query, Response, Stamp, TimestampRefused, check_answer
from tests.provenance import pki, tsa
from tests.provenance.conftest import CONTAINERS, LABEL
from tests.provenance.pki import NOW

Files = Mapping[str, tuple[Path, Signed]]
DAY = timedelta(days=1)


def put_in(manifest: bytes, authority: tsa.Answer, by: Stamper, *, signed_at: datetime = NOW) -> bytes:
    """The manifest with its time stamp."""
    return timestamps.insert(manifest, LABEL, asked(manifest, authority, by, signed_at=signed_at).token)


def asked(
    manifest: bytes, authority: tsa.Answer, by: Stamper, *, signed_at: datetime = NOW, policy: str | None = None
) -> Stamp:
    query = timestamps.ask(manifest, LABEL, policy=policy)
    roots = certificates.read_pem(by.roots_pem)
    return check_answer(authority(query.der), query, roots=roots, signed_at=signed_at, at=datetime.now(UTC))


def stamped_file(folder: Path, path: Path, before: bytes, after: bytes) -> Path:
    content = path.read_bytes()
    assert content.count(before) == 1
    target = folder / f"stamped-{path.name}"
    target.write_bytes(content.replace(before, after))
    return target


@pytest.fixture(scope="module")
def by() -> Stamper:
    return tsa.stamper()


# --- in the manifest


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_is_believed_by_two_validators_and_changes_no_length(
    signed: Files, identity: Identity, by: Stamper, tmp_path: Path, media_type: str
) -> None:
    path, made = signed[media_type]
    after = put_in(made.manifest, tsa.Authority(by), by)
    assert len(after) == len(made.manifest)
    manifest = None if made.is_embedded else after
    target = stamped_file(tmp_path, path, made.manifest, after) if made.is_embedded else path
    found = verify(target, media_type, roots_pem=identity.roots_pem, authorities_pem=by.roots_pem, manifest=manifest)
    assert (found.state, found.failures) == (State.TRUSTED, ())
    assert found.manifest_digest == hashlib.sha256(after).hexdigest()
    assert found.stamp is not None
    assert found.stamp.is_trusted
    assert found.stamp.authority == "Example Time, Time Stamps"
    assert abs(found.stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert "Time-stamped" in found.sentence

    if media_type == "audio/aiff":
        return  # the other validator does not know it
    report = encypher_c2pa.verify(
        target,
        media_type,
        manifest_store=manifest,
        no_default_trust=True,
        trust_pem=identity.roots_pem,
        tsa_trust_pem=by.roots_pem,
        telemetry=False,
        online=False,
    )
    assert (report["validation_state"], report["validation_results"]["failure"]) == ("Trusted", [])
    codes = {one["code"] for one in report["validation_results"]["success"]}
    assert {"timeStamp.validated", "timeStamp.trusted"} <= codes


def test_of_an_authority_that_is_not_on_the_list_is_shown_and_not_trusted(
    signed: Files, identity: Identity, by: Stamper, tmp_path: Path
) -> None:
    path, made = signed["audio/mpeg"]
    target = stamped_file(tmp_path, path, made.manifest, put_in(made.manifest, tsa.Authority(by), by))
    for authorities in ("", tsa.stamper().roots_pem):
        found = verify(target, "audio/mpeg", roots_pem=identity.roots_pem, authorities_pem=authorities)
        assert found.state is State.TRUSTED  # its signer is in force anyway
        assert found.stamp is not None
        assert not found.stamp.is_trusted
        assert "Time-stamped" not in found.sentence


def test_fits_exactly_whatever_its_length(signed: Files) -> None:
    _, made = signed["audio/wav"]
    room = len(made.manifest)
    fitted = 0
    for length in [*range(1, 600), *range(8_500, 9_600)]:
        try:
            after = timestamps.insert(made.manifest, LABEL, bytes(length))
        except timestamps.NoRoom:
            assert length > 9_000, length
            continue
        fitted = length
        found = signature_of(after, LABEL)
        assert (len(after), found.unprotected["sigTst2"]) == (room, {"tstTokens": [{"val": bytes(length)}]})
        assert found.signature == signature_of(made.manifest, LABEL).signature
    assert fitted > 9_000


def test_is_put_in_once(signed: Files, by: Stamper) -> None:
    _, made = signed["audio/wav"]
    after = put_in(made.manifest, tsa.Authority(by), by)
    with pytest.raises(timestamps.AlreadyStamped):
        timestamps.insert(after, LABEL, b"token")
    with pytest.raises(timestamps.NoStamp):
        timestamps.read(made.manifest, LABEL, roots=[])


@pytest.mark.parametrize("change", [lambda m: m[:-200], lambda m: b"", lambda m: m.replace(b"pad", b"pax")])
def test_is_not_put_into_what_takes_none(signed: Files, change: Callable[[bytes], bytes]) -> None:
    _, made = signed["audio/wav"]
    with pytest.raises(timestamps.ManifestNotStampable):
        timestamps.insert(change(made.manifest), LABEL, b"token")


# --- as an authority answers


def changed(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda info: info.update(fields)


def other_imprint(info: dict[str, Any]) -> None:
    info["message_imprint"]["hashed_message"] = bytes(32)


def sha1_imprint(info: dict[str, Any]) -> None:
    info["message_imprint"] = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}


HONEST = tsa.stamper(active_from=NOW - 2 * DAY)
OTHER = tsa.stamper()
WRONG: Mapping[str, tuple[type[TimestampRefused], tsa.Answer]] = {
    "of other bytes": (timestamps.OtherMessage, tsa.Authority(HONEST, inside=other_imprint)),
    "over SHA-1": (timestamps.OtherMessage, tsa.Authority(HONEST, inside=sha1_imprint)),
    "of another question": (timestamps.OtherNonce, tsa.Authority(HONEST, inside=changed(nonce=1))),
    "of no question": (timestamps.OtherNonce, tsa.Authority(HONEST, inside=lambda info: info.pop("nonce"))),
    "under another policy": (timestamps.OtherPolicy, tsa.Authority(HONEST, inside=changed(policy="1.2.3.4.9"))),
    "without certificates": (timestamps.NoCertificates, tsa.Authority(HONEST, has_certificate=False)),
    "with another's certificate": (
        timestamps.NoCertificates,
        tsa.Authority(HONEST, around=tsa.with_certificates(OTHER.certificate)),
    ),
    "with a signature that does not hold": (timestamps.StampForged, tsa.Authority(HONEST, around=tsa.forged)),
    "with contents that were not signed": (timestamps.StampForged, tsa.Authority(HONEST, around=tsa.other_contents)),
    "that names another certificate": (
        timestamps.StampForged,
        tsa.Authority(HONEST, around=tsa.resigned(tsa.naming(OTHER.certificate), HONEST)),
    ),
    "that names no certificate": (
        timestamps.StampForged,
        tsa.Authority(HONEST, around=tsa.resigned(tsa.without("signing_certificate_v2"), HONEST)),
    ),
    "without a digest of its contents": (
        timestamps.StampForged,
        tsa.Authority(HONEST, around=tsa.resigned(tsa.without("message_digest"), HONEST)),
    ),
    "under another root": (timestamps.AuthorityUnknown, tsa.Authority(OTHER)),
    "of the day before": (timestamps.WrongTime, tsa.Authority(HONEST, at=NOW - DAY / 2)),
    "of tomorrow": (timestamps.WrongTime, tsa.Authority(HONEST, at=NOW + DAY)),
    "rejected": (timestamps.NotGranted, lambda query: TimeAuthority(HONEST).answer(b"?", at=NOW)),
    "granted and empty": (
        timestamps.AnswerUnreadable,
        lambda query: bytes(Response({"status": {"status": "granted"}}).dump()),
    ),
    "that is none": (timestamps.AnswerUnreadable, lambda query: b"<html>Not here</html>"),
    "of no bytes": (timestamps.AnswerUnreadable, lambda query: b""),
    "with bytes behind it": (timestamps.AnswerUnreadable, lambda query: tsa.Authority(HONEST)(query) + b"\0"),
    "cut short": (timestamps.AnswerUnreadable, lambda query: tsa.Authority(HONEST)(query)[:-1]),
    "that is too large": (timestamps.AnswerTooLarge, lambda query: bytes(timestamps.MAX_ANSWER_BYTES + 1)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_is_refused(signed: Files, wrong: str) -> None:
    refusal, authority = WRONG[wrong]
    with pytest.raises(TimestampRefused) as caught:
        asked(signed["audio/wav"][1].manifest, authority, HONEST, policy="1.2.3.4.1")
    assert type(caught.value) is refusal, caught.value
    assert str(refusal.__doc__) in str(caught.value)


@pytest.mark.parametrize(
    ("refusal", "mistake"),
    [
        (timestamps.NotForStamping, {"purposes_are_critical": False}),
        (timestamps.NotForStamping, {"purposes": [Purpose.TIME_STAMPING, Purpose.EMAIL_PROTECTION]}),
        (timestamps.NotForStamping, {"purposes": [Purpose.EMAIL_PROTECTION]}),
        (timestamps.NotForStamping, {"purposes": [Purpose.ANY_EXTENDED_KEY_USAGE]}),
        (timestamps.NotForStamping, {"purposes": None}),
        (timestamps.AuthorityNotInForce, {"active_from": NOW - 9 * DAY, "expires_at": NOW - DAY}),
        (timestamps.AuthorityNotInForce, {"active_from": NOW + DAY}),
    ],
)
def test_of_a_certificate_that_may_not_stamp_is_refused(
    signed: Files, refusal: type[TimestampRefused], mistake: dict[str, Any]
) -> None:
    by = tsa.stamper(**mistake)
    with pytest.raises(refusal):
        asked(signed["audio/wav"][1].manifest, tsa.Authority(by), by)


def test_says_the_same_or_is_refused_whichever_bit_is_changed(signed: Files, by: Stamper) -> None:
    manifest = signed["audio/wav"][1].manifest
    query = timestamps.ask(manifest, LABEL)
    answer, roots = tsa.Authority(by)(query.der), certificates.read_pem(by.roots_pem)

    def said(content: bytes) -> tuple[object, ...] | None:
        try:
            found = check_answer(content, query, roots=roots, signed_at=NOW, at=datetime.now(UTC))
        except TimestampRefused:
            return None
        return found.at, found.policy, found.authority_digest

    whole = said(answer)
    assert whole is not None
    chance = random.Random(7)
    held = 0
    for position in range(0, len(answer), 2):
        content = bytearray(answer)
        content[position] ^= 1 << chance.randrange(8)
        found = said(bytes(content))
        assert found in {None, whole}, position
        held += found is not None
        assert said(answer[:position]) is None, position
    assert held < 60, held  # parts that nothing rests on, such as the list of digests beside the contents


def test_of_a_query_that_cannot_be_read_is_rejected_and_never_an_error(by: Stamper) -> None:
    authority = TimeAuthority(by)
    query = timestamps.ask_for(bytes(32))
    for content in (b"", b"\x30\x80", query.der[:-1], bytes(100_000), query.der + b"\0"):
        response = Response.load(authority.answer(content, at=NOW))
        assert response["status"]["status"].native == "rejection"
    other = timestamps.ask_for(bytes(32), policy="1.2.3")
    response = Response.load(authority.answer(other.der, at=NOW))
    assert response["status"]["fail_info"].native == {"unaccepted_policy"}


# --- once the signer's certificate has ended


@pytest.mark.slow
def test_keeps_a_file_trusted_after_its_signer_has_ended(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    chain = pki.chain(active_from=begun - timedelta(minutes=1), expires_at=begun + timedelta(seconds=6))
    who = certificates.identity_of(
        chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=pki.unchecked(chain).sign, at=begun
    )
    plain = tmp_path / "plain.mp3"
    made = sign(clips["audio/mpeg"], plain, "audio/mpeg", define, signer=Signer(who, "0.1.0"))
    after = put_in(made.manifest, tsa.Authority(HONEST), HONEST, signed_at=begun)
    stamped = stamped_file(tmp_path, plain, made.manifest, after)
    time.sleep(max(0.0, (begun + timedelta(seconds=7) - datetime.now(UTC)).total_seconds()))

    def state(path: Path, authorities_pem: str, signers_pem: str = who.roots_pem) -> signing.Verification:
        return verify(path, "audio/mpeg", roots_pem=signers_pem, authorities_pem=authorities_pem)

    assert state(stamped, HONEST.roots_pem).state is State.TRUSTED
    ended = state(plain, HONEST.roots_pem)
    assert ended.state is State.INVALID
    assert "has expired, and no time stamp shows" in ended.sentence
    assert state(stamped, "").state is State.INVALID
    assert state(stamped, OTHER.roots_pem).state is State.INVALID
    # An authority on the list of signers may sign claims, and says nothing about time: the SDK would believe it.
    by_signers = state(stamped, "", who.roots_pem + HONEST.roots_pem)
    assert by_signers.state is State.INVALID


# --- as others make and read them


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on this machine")
def test_is_exchanged_with_openssl(tmp_path: Path, by: Stamper) -> None:
    query = timestamps.ask_for(hashlib.sha256(b"bytes").digest(), policy="1.2.3.4.1")
    files = {
        "query.tsq": query.der,
        "answer.tsr": TimeAuthority(by, policy="1.2.3.4.1").answer(query.der, at=datetime.now(UTC)),
        "roots.pem": by.roots_pem.encode(),
        "leaf.pem": pki.pem(by.certificate).encode(),
        "key.pem": pki.Chain(by.key, by.certificate, by.certificate, by.certificate).key_pem,
        "serial": b"01\n",
        "openssl.cnf": b"[tsa]\ndefault_tsa = here\n[here]\nserial = serial\nsigner_digest = sha256\n"
        b"default_policy = 1.2.3.4.1\ndigests = sha256\nsigner_cert = leaf.pem\nsigner_key = key.pem\n"
        b"ess_cert_id_alg = sha256\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def openssl(*arguments: str) -> str:
        done = subprocess.run(["openssl", "ts", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    verified = openssl("-verify", "-in", "answer.tsr", "-queryfile", "query.tsq", "-CAfile", "roots.pem")
    assert "Verification: OK" in verified
    openssl("-reply", "-config", "openssl.cnf", "-queryfile", "query.tsq", "-out", "theirs.tsr")
    theirs = (tmp_path / "theirs.tsr").read_bytes()
    found = check_answer(theirs, query, roots=certificates.read_pem(by.roots_pem), signed_at=NOW, at=datetime.now(UTC))
    assert found.authority == "Example Time, Time Stamps"


# --- of development


def test_of_development_is_made_by_one_authority_that_is_kept_closed(tmp_path: Path) -> None:
    folder = tmp_path / "stamping"
    first = load_or_create_development_stamper(folder, at=NOW)
    assert load_or_create_development_stamper(folder, at=NOW + DAY) == first
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert "development" in certificates.called(first.certificate)
    late = load_or_create_development_stamper(folder, at=first.certificate.not_valid_after_utc - DAY)
    assert late.certificate != first.certificate
    assert late.roots_pem.startswith(first.roots_pem)
    query = timestamps.ask_for(bytes(32))
    answer = TimeAuthority(first).answer(query.der, at=NOW)
    check_answer(answer, query, roots=certificates.read_pem(late.roots_pem), signed_at=NOW, at=NOW)


def test_has_a_query_of_its_own_each_time() -> None:
    queries: list[Query] = [timestamps.ask_for(bytes(32)) for _ in range(50)]
    assert len({query.nonce for query in queries}) == 50
    assert all(query.nonce.bit_length() == 64 for query in queries)
