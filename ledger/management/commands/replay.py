"""Decide again what an entry says was decided, and compare byte for byte."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import checkpoints, replaying
from ledger.replaying import Replay, Result


class Command(BaseCommand):
    """Ends with 0 where it comes to the same bytes, 1 where it differs, 3 where it cannot be decided again."""

    help = "Decide an entry again from the records as known then, and say field by field what differs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entry, or the sample."""
        parser.add_argument("entry", nargs="?", help="id or index of an entry")
        parser.add_argument("--measure", action="store_true", help="measure the audio of a decision again, too")
        parser.add_argument("--file", type=Path, help="the bank's file that a payment was confirmed by: it is not kept")
        parser.add_argument("--sample", action="store_true", help="those that the newest checkpoint draws")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and report."""
        if options["sample"] == bool(options["entry"]):
            raise CommandError("Name an entry by its id or index, or give --sample.", returncode=2)
        if options["sample"]:
            self._sample(as_json=options["json"])
            return
        try:
            entry = replaying.find(options["entry"])
        except replaying.NoSuchEntry as error:
            raise CommandError(str(replaying.NoSuchEntry.__doc__), returncode=2) from error
        found = replaying.replay(entry, measures=options["measure"], file=self._file(options["file"]))
        self.stdout.write(json.dumps(_document(found), indent=2) if options["json"] else _text(found))
        if found.result is Result.DIFFERENT:
            raise CommandError("it differs", returncode=1)
        if found.result is not Result.SAME:
            raise CommandError("it cannot be decided again", returncode=3)

    def _file(self, path: Path | None) -> bytes | None:
        try:
            return path.read_bytes() if path else None
        except OSError as error:
            raise CommandError(f"The file {path} cannot be read: {error.strerror}.", returncode=2) from error

    def _sample(self, *, as_json: bool) -> None:
        try:
            row = replaying.sample(at=timezone.now(), clock=timezone.now)
        except checkpoints.NoCheckpoint as error:
            raise CommandError(str(checkpoints.NoCheckpoint.__doc__), returncode=2) from error
        row = row or replaying.newest_round()
        assert row is not None  # noqa: S101 - the newest checkpoint drew now, or before
        said = {"size": row.size, "root": row.root, "drawn": row.drawn, "same": row.same}
        said |= {"different": row.different, "lost": row.lost}
        if as_json:
            self.stdout.write(json.dumps(said, indent=2))
        else:
            self.stdout.write(
                f"Of {row.drawn} entries drawn by the checkpoint of {row.size}, {row.same} came to the same bytes,"
                f" {row.different} differ, {row.lost} cannot be decided again."
            )
        if row.different or row.lost:
            raise CommandError("not all came to the same", returncode=1)


def _text(found: Replay) -> str:
    where = "pending" if found.index is None else found.index
    lines = [f"Entry {where} ({found.entry.kind}) {found.entry.pk}", found.sentence]
    if found.decided:
        lines.append(f"  decided again: {', '.join(found.decided)}")
    if found.kept:
        lines.append(f"  taken from the record: {', '.join(found.kept)}")
    lines += [
        f"✗ {one.where}: {replaying.written(one.then)} → {replaying.written(one.now)}" for one in found.differences
    ]
    return "\n".join(lines)


def _document(found: Replay) -> dict[str, Any]:
    return {
        "entry": str(found.entry.pk),
        "index": found.index,
        "kind": found.entry.kind,
        "result": found.result.value,
        "sentence": found.sentence,
        "decided_again": list(found.decided),
        "taken_from_the_record": list(found.kept),
        "differences": [one.document for one in found.differences],
    }
