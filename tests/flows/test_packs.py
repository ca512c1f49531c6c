"""Packs of records: what somebody sees about a party, a run or a period, checked by two verifiers."""

from __future__ import annotations

import ast
import io
import json
import random
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import cryptography
import pytest
from django.test import Client
from django.utils import timezone

from ledger import canonical, checkpoints, clients, packing, sequencer, tasks, verify
from ledger.models import Checkpoint, Entry, Job, PackOrder, PackPart
from ledger.packing import Wanted
from ledger.verifying import standalone
from ledger.visibility import EVERYTHING, Sight
from tests.flows import runs, worked
from tests.flows.conftest import Api, Sounds, World, body, key, today
from tests.flows.runs import Payer
from tests.flows.test_reviews import code, operator
from tests.flows.test_runs import RECEIPTS, agree, quote

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

RUN = Wanted("run", run_id=UUID(key("run 1")))
ALONE: Any = standalone
VERIFIER = Path(standalone.__file__)
LIBRARIES = Path(cryptography.__file__).parent.parent


@pytest.fixture
def payer(transactional_db: None, sounds: Sounds, tmp_path: Path) -> Payer:
    worked.build(sounds)
    found = runs.payer()
    agree(found)
    quote(found)
    found.report(tmp_path, "january", RECEIPTS)
    found.published("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    return found


def made(folder: Path, wanted: Wanted, sight: Sight = EVERYTHING, against: str = "") -> list[Path]:
    """Write a pack without a worker."""
    row = packing.order(id=uuid4(), wanted=wanted, sight=sight, against=against, at=timezone.now())
    folder.mkdir(exist_ok=True, parents=True)
    return [one.path for one in packing.write(row, folder)]


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def contents(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members(path)["pack.json"])
    return found


class Verdicts:
    """What both verifiers say about a file: 0, 1 or 2."""

    def __init__(self, folder: Path) -> None:
        self.vkey = folder / "log.vkey"
        self.vkey.write_text(checkpoints.verifier_key())

    def __call__(self, path: Path, *more: str) -> tuple[int, int]:
        try:
            given = dict(zip(more[::2], (Path(one).read_text() for one in more[1::2]), strict=True))
            report_ = ALONE.verify(str(path), self.vkey.read_text(), given.get("--against"), given.get("--policy"))
            alone = 1 if report_.failed else 0
        except standalone.Unreadable:
            alone = 2
        with_ledger = verify.main([str(path), "--key", str(self.vkey), *more])
        return alone, with_ledger


def bare(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier out of the pack itself, where nothing but the standard library and one package is."""
    with zipfile.ZipFile(path) as archive:
        script = path.with_suffix(".verify.py")
        script.write_bytes(archive.read("verify.py"))
    alone = path.parent / "only"
    if not alone.exists():
        alone.mkdir()
        for name in ("cryptography", "cffi", "_cffi_backend"):
            for found in LIBRARIES.glob(f"{name}*"):
                if not found.name.endswith((".dist-info", ".pth")):
                    (alone / found.name).symlink_to(found)
    program = (
        f"import sys, runpy; sys.path.append({str(alone)!r}); sys.argv = {[str(script), str(path), *arguments]!r}; "
    )
    program += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, timeout=120
    )


def test_a_pack_of_records(payer: Payer, tmp_path: Path, settings: Any, capsys: Any) -> None:
    """One run that was published, so that it is worked out once; each step is a story of its own."""
    steps: tuple[tuple[str, Callable[[Path], None]], ...] = (
        ("home", goes_home_with_its_verifier),
        ("own", holds_only_what_is_a_payees_own),
        ("period", lambda folder: leaves_nothing_out_of_a_period_and_comes_in_parts(folder, settings)),
        ("said", lambda folder: is_found_out_where_it_says_something_else_of_itself(folder, capsys)),
        ("changed", lambda folder: is_judged_alike_by_both_verifiers_whatever_is_changed(folder, capsys)),
        ("kept", lambda _: is_kept_for_some_days(settings)),
    )
    for name, step in steps:
        (tmp_path / name).mkdir()
        step(tmp_path / name)


# --- what is in it, and for whom


def goes_home_with_its_verifier(tmp_path: Path) -> None:
    verdicts = Verdicts(tmp_path)
    older = Checkpoint.objects.order_by("size")[1]
    (path,) = made(tmp_path / "run", RUN, against=older.note)
    held = tmp_path / "older"
    held.write_text(older.note)
    assert verdicts(path, "--against", str(held)) == (0, 0)

    done = bare(path, "--key", str(verdicts.vkey), "--against", str(held))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything that was checked holds." in done.stdout
    assert "Not checked here: the C2PA signature inside audio" in done.stdout
    assert bare(path).returncode == 0  # and says that it only agrees with itself
    assert "not who made it" in bare(path).stdout

    said, there = contents(path), members(path)
    kinds = {json.loads(there[one["entry"]])["kind"] for one in said["entries"]}
    assert kinds >= {"run_started", "run_went_on", "booked", "statement_issued", "usage_received", "decided"}
    assert kinds >= {"splits_redivided", "payee_terms_agreed", "tax_certified", "advance_recorded", "rate_recorded"}
    assert len(said["statements"]) == 6
    assert there["records.pdf"].startswith(b"%PDF-")
    assert there["verify.py"] == VERIFIER.read_bytes()
    assert json.loads(there["versions.json"])["decided_by"] == ["policy/4"]
    assert [name for name in there if name.startswith("excerpts/")]
    assert {there[one["receipt"]].rpartition(b"\n\n\xe2\x80\x94")[2] for one in said["entries"]}  # one checkpoint
    heads = {there[one["receipt"]].split(b"\n\n", 1)[1] for one in said["entries"]}
    assert heads == {there["log/checkpoint"]}

    again = made(tmp_path / "again", RUN, against=older.note)[0]
    assert again.read_bytes() == path.read_bytes()


def holds_only_what_is_a_payees_own(tmp_path: Path) -> None:
    verdicts, own = Verdicts(tmp_path), Sight(frozenset({UUID(key("C"))}))
    others = {key(name) for name in ("A", "B", "D", "E", "HC")}
    for name, wanted in (("run", RUN), ("party", Wanted("party", party_id=UUID(key("C"))))):
        (path,) = made(tmp_path / name, wanted, own)
        assert verdicts(path) == (0, 0)
        there, said = members(path), contents(path)
        assert said["seen"] == "own"
        assert len(said["statements"]) == 1
        for file, data in there.items():
            if file.startswith("records/") and file.endswith(("statement.json", "posting.json", "payeeterms.json")):
                assert key("C").encode() in data or b"units" in data
                assert not [one for one in others if f'"payee_id":"{one}"'.encode() in data], file
            if file.endswith(("rights_partyidentity.json", ".wav")):
                pytest.fail(f"{file} is not for a payee")
        withheld = {table for one in said["entries"] for table in one["withheld"]}
        assert "royalties_split" in withheld  # of the outputs that C has a part of, the others' parts are theirs
    with pytest.raises(packing.NotYours):
        made(tmp_path / "other", Wanted("party", party_id=UUID(key("A"))), own)
    with pytest.raises(packing.NotYours):
        made(tmp_path / "none", Wanted("run", run_id=UUID(key("run 9"))), own)
    with pytest.raises(packing.NotYours):
        made(tmp_path / "stranger", RUN, Sight(frozenset({UUID(key("provider"))})))


def leaves_nothing_out_of_a_period_and_comes_in_parts(tmp_path: Path, settings: Any) -> None:
    verdicts = Verdicts(tmp_path)
    period = Wanted("period", active_from=today(), active_to=today().replace(year=today().year + 1))
    size = Entry.objects.count()
    (whole,) = made(tmp_path / "whole", period)
    assert contents(whole)["whole"] == {"from": 0, "to": size}
    assert verdicts(whole) == (0, 0)
    settings.LEDGER_PACK_PART_BYTES = 10_000_000
    parts = made(tmp_path / "parts", period)
    settings.LEDGER_PACK_PART_BYTES = 1_500_000_000
    assert len(parts) > 1
    reached = 0
    for number, part in enumerate(parts, 1):
        said = contents(part)
        assert said["part"] == {"number": number, "is_last": number == len(parts)}
        assert said["whole"]["from"] == reached
        reached = said["whole"]["to"]
        assert verdicts(part) == (0, 0)
    assert reached == size
    nothing = Wanted("period", active_from=today().replace(year=2001), active_to=today().replace(year=2002))
    (empty,) = made(tmp_path / "empty", nothing)
    assert contents(empty)["entries"] == []
    assert verdicts(empty) == (0, 0)


def test_an_output_goes_home_with_the_same_verifier(world: World, tmp_path: Path) -> None:
    world.cleared()
    world.settle(world.submit("patched", world.sounds.patched(), key("country"))["id"])
    world.register("piano", licensed=False)
    refused = world.settle(world.submit("refused", world.sounds.sung("mp3"), key("country"))["id"])["id"]
    sequencer.drain(at=timezone.now())
    verdicts = Verdicts(tmp_path)
    for id in (key("output"), refused):
        path = tmp_path / f"{id}.zip"
        packing.output(UUID(id), path)
        assert verdicts(path) == (0, 0)
        assert bare(path, "--key", str(verdicts.vkey)).returncode == 0


# --- whatever is changed


def rewritten(there: dict[str, bytes], target: Path, *, is_listed: bool) -> Path:
    """Write members as an archive; where it is listed, the contents say the digests of what is there now."""
    found = dict(there)
    if is_listed:
        said = json.loads(found["pack.json"])
        said["files"] = {name: sha256(data).hexdigest() for name, data in found.items() if name != "pack.json"}
        found["pack.json"] = canonical.encode_document(said)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return target


def mutants(there: dict[str, bytes], seed: int) -> Iterator[tuple[str, dict[str, bytes], bool]]:
    """Every member flipped, cut, swapped, emptied and taken out; and some added. Listed as it is, and as it was."""
    rng = random.Random(seed)
    names = sorted(there)
    for name in names:
        data = there[name]
        place = rng.randrange(max(1, len(data)))
        other = rng.choice([one for one in names if one != name])
        flipped = data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :] if data else b"x"
        changes: list[tuple[str, dict[str, bytes]]] = [
            ("flipped", {**there, name: flipped}),
            ("cut", {**there, name: data[:place]}),
            ("swapped", {**there, name: there[other], other: data}),
            ("out", {one: value for one, value in there.items() if one != name}),
        ]
        for what, found in changes:
            if found == there:
                continue
            for is_listed in (False, True):
                if is_listed and "pack.json" in (name, other) and what != "flipped":
                    continue
                yield f"{name} {what}{' and listed' if is_listed else ''}", found, is_listed
    yield "added", {**there, "log/extra.json": b"{}"}, False
    yield "added and listed", {**there, "log/extra.json": b"{}"}, True


# What neither a hash nor the log covers: it is listed, and says nothing that is checked.
SAYS_NOTHING = ("README.txt", "records.pdf", "versions.json", "verify.py", "excerpts/", "manifests/", "added")


def is_judged_alike_by_both_verifiers_whatever_is_changed(tmp_path: Path, capsys: Any) -> None:
    verdicts = Verdicts(tmp_path)
    older = Checkpoint.objects.order_by("size")[1]
    (path,) = made(tmp_path / "run", Wanted("party", party_id=UUID(key("C"))), against=older.note)
    whole, count, found_out = members(path), 0, 0
    chosen = list(mutants(whole, 7))
    random.Random(7).shuffle(chosen)
    for name, there, is_listed in chosen[:260]:
        try:
            target = rewritten(there, tmp_path / "mutant.zip", is_listed=is_listed)
        except (ValueError, KeyError, canonical.Unrepresentable):
            continue  # contents that cannot be listed
        alone, with_ledger = verdicts(target)
        capsys.readouterr()
        assert (alone == 0) == (with_ledger == 0), (name, alone, with_ledger)
        if not is_listed:
            assert alone != 0, name
        elif not any(one in name for one in SAYS_NOTHING):
            assert alone != 0 or name.startswith("keys/"), name
        count, found_out = count + 1, found_out + (alone != 0)
    assert count >= 200
    assert found_out >= 150


def is_found_out_where_it_says_something_else_of_itself(tmp_path: Path, capsys: Any) -> None:
    verdicts = Verdicts(tmp_path)
    (path,) = made(
        tmp_path / "run",
        Wanted("period", active_from=today(), active_to=today().replace(year=today().year + 1)),
    )
    whole = members(path)

    def changed(change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> tuple[int, int]:
        there = dict(whole)
        said = json.loads(there["pack.json"])
        change(said, there)
        said["files"] = {name: sha256(data).hexdigest() for name, data in there.items() if name != "pack.json"}
        there["pack.json"] = canonical.encode_document(said)
        found = verdicts(rewritten(there, tmp_path / "mutant.zip", is_listed=False))
        capsys.readouterr()
        return found

    def without_one(said: dict[str, Any], there: dict[str, bytes]) -> None:
        gone = said["entries"].pop(3)
        for name in (gone["entry"], gone["receipt"], *gone["rows"].values()):
            del there[name]

    def hidden_rows(said: dict[str, Any], there: dict[str, bytes]) -> None:
        one = next(one for one in said["entries"] if one["rows"])
        table = next(iter(one["rows"]))
        del there[one["rows"].pop(table)]

    def twice(said: dict[str, Any], there: dict[str, bytes]) -> None:
        said["entries"].append(said["entries"][0])

    def moved(said: dict[str, Any], there: dict[str, bytes]) -> None:
        said["entries"][0]["index"], said["entries"][1]["index"] = 1, 0

    for change in (without_one, hidden_rows, twice, moved):
        assert changed(change) == (1, 1), change
    assert changed(lambda said, _: said["whole"].update({"to": said["whole"]["to"] + 1})) == (1, 1)
    assert changed(lambda said, _: said.update({"v": 3})) == (2, 2)
    assert changed(lambda said, _: said.update({"checkpoint": "README.txt"})) == (1, 1)


def hostile(kind: str, whole: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in whole.items():
            archive.writestr(name, data)
        match kind:
            case "traversal":
                archive.writestr("../outside.json", b"{}")
            case "absolute":
                archive.writestr("/etc/outside.json", b"{}")
            case "link":
                info = zipfile.ZipInfo("log/link.json")
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, b"/etc/passwd")
            case "twice":
                archive.writestr("LOG/CHECKPOINT", b"x")
            case "bomb":
                archive.writestr("log/bomb.json", b"0" * 60_000_000, zipfile.ZIP_DEFLATED)
            case "folder":
                archive.writestr("log/folder/", b"")
            case "comment":
                archive.comment = b"hello"
    data = written.getvalue()
    if kind == "cut":
        return data[: len(data) // 2]
    if kind == "prefix":
        return b"x" * 100 + data
    return data


@pytest.mark.parametrize(
    "kind", ["traversal", "absolute", "link", "twice", "bomb", "folder", "comment", "cut", "prefix", "nothing"]
)
def test_hostile_archives_are_refused_by_both(kind: str, transactional_db: None, tmp_path: Path, capsys: Any) -> None:
    whole = {"pack.json": canonical.encode_document({"v": 2}), "log/checkpoint": b"x"}
    path = tmp_path / "hostile.zip"
    path.write_bytes(b"" if kind == "nothing" else hostile(kind, whole))
    assert Verdicts(tmp_path)(path) == (2, 2)


# --- ordered


def test_a_pack_is_ordered_waited_for_and_taken_home(payer: Payer, tmp_path: Path) -> None:
    own = Api(clients.create(name="C reads", party_id=UUID(key("C")), scopes=["catalogue:read"]))
    other = Api(clients.create(name="A reads", party_id=UUID(key("A")), scopes=["catalogue:read"]))
    wanted = {"id": key("pack"), "about": "party", "party": key("C")}
    answer = own.post("/v1/packs", wanted)
    assert (answer.status_code, answer["Location"]) == (202, f"/v1/packs/{key('pack')}")
    assert answer.json()["state"] == "waiting"
    assert own.post("/v1/packs", wanted).status_code == 202  # the same again
    assert code(own.post("/v1/packs", {**wanted, "party": key("A")})) == (409, "id_taken")
    assert code(other.post("/v1/packs", {**wanted, "id": key("pack 2")})) == (404, "not_yours")
    assert code(own.post("/v1/packs", {"id": key("pack 3"), "about": "run", "party": key("C")})) == (
        422,
        "not_an_about",
    )
    assert code(own.post("/v1/packs", {**wanted, "id": key("pack 4"), "against": "a\n\nb\n"})) == (
        422,
        "not_a_checkpoint_of_ours",
    )
    assert code(other.get(f"/v1/packs/{key('pack')}")) == (404, "no_such_pack")
    tasks.make_pack(order_id=key("pack"))
    tasks.make_pack(order_id=key("pack"))  # a message that comes twice
    found = own.get(f"/v1/packs/{key('pack')}").json()
    assert found["state"] == "made"
    assert found["progress"]["done"] == found["progress"]["entries"] > 0
    (part,) = found["parts"]
    archive = tmp_path / "taken.zip"
    archive.write_bytes(body(own.get(part["file"])))
    assert f"sha256:{sha256(archive.read_bytes()).hexdigest()}" == part["digest"]
    assert Verdicts(tmp_path)(archive) == (0, 0)
    assert code(other.get(part["file"])) == (404, "no_such_pack")
    assert [row["id"] for row in own.get("/v1/packs").json()["results"]] == [key("pack")]
    assert Job.objects.get(kind=Job.Kind.PACK).done_at is not None

    desk = operator("packs").client
    shown = desk.get("/reports/packs").content.decode()
    assert f"Records of party {key('C')}" in shown
    page = desk.get(f"/reports/packs/{key('pack')}").content.decode()
    assert part["digest"].removeprefix("sha256:") in page
    row = PackPart.objects.get()
    assert body(desk.get(f"/reports/packs/{key('pack')}/parts/{row.pk}")) == archive.read_bytes()
    ordered = desk.post("/reports/packs/order", {"about": "run", "id": key("run 1")})
    assert ordered.status_code == 302
    assert PackOrder.objects.filter(about="run").count() == 1
    assert desk.get(ordered["Location"]).status_code == 200
    for wrong in ({"about": "run", "id": "x"}, {"about": "period"}, {"about": "party", "id": key("nobody")}):
        answer = desk.post("/reports/packs/order", wrong, follow=True)
        assert "Not ordered." in answer.content.decode(), wrong
    assert Client().get("/reports/packs").status_code == 302


def is_kept_for_some_days(settings: Any) -> None:
    packing.collect(at=timezone.now() + timedelta(days=2))  # what other tests left in the store
    row = packing.order(id=uuid4(), wanted=RUN, sight=EVERYTHING, at=timezone.now())
    (part,) = packing.make(order_id=row.pk, at=timezone.now())
    later = timezone.now() + timedelta(days=settings.LEDGER_PACK_DAYS - 1)
    assert packing.collect(at=later) == 0
    assert packing.standing(row).state == "made"
    later += timedelta(days=2)
    assert packing.collect(at=later) == 1
    assert packing.standing(row).state == "expired"
    with pytest.raises(packing.PackExpired):
        packing.part_of(row, part.pk)


def test_the_verifier_can_be_read_through() -> None:
    lines = VERIFIER.read_text().split("\n")
    tree = ast.parse("\n".join(lines))
    told = [one for one in ast.walk(tree) if isinstance(one, ast.Module | ast.FunctionDef | ast.ClassDef)]
    said = {
        n
        for one in told
        if ast.get_docstring(one)
        for n in range(one.body[0].lineno, (one.body[0].end_lineno or 0) + 1)
    }
    code = [n for n, line in enumerate(lines, 1) if n not in said and line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 420
    assert len(lines) <= 575  # with what explains it
    imports = {line for line in lines if line.startswith(("import ", "from "))}
    assert all(
        "cryptography" in line or line.startswith(("import argparse", "from fractions", "from itertools"))
        for line in imports
    )
