"""Look at the index of fingerprints, read every byte of it, or make it anew."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fingerprint import index, references, sharding, shards, songs, spectra, vectors
from fingerprint.postings import Family

MOST_SHOWN = 50  # rows that are not those of the table


class Command(BaseCommand):
    """Prints for each family of fingerprints what its index holds."""

    help = "Say what the index of fingerprints holds; verify it, or make it anew from the database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do."""
        parser.add_argument("--shard", help="of an index in shards, the one whose files are on this machine")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--verify",
            action="store_true",
            help="read every byte, and compare it with the tables; what was changed is made again",
        )
        what.add_argument("--rebuild", action="store_true", help="make it anew, whatever is there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        apart = 0
        for family in _families(options["shard"]):
            if options["rebuild"]:
                index.rebuild(family)
            if options["verify"]:
                for name in index.verify(family):
                    self.stdout.write(f"{family.name}: {name} was not what was written; it is made again")
                for one in index.compare(family):
                    apart += 1
                    if apart <= MOST_SHOWN:
                        self.stdout.write(f"{family.name}: {one}")
            view = index.current(family)
            postings = sum(segment.postings for segment in view.segments)
            held = f"{postings:,} postings"
            if family == songs.FAMILY:
                held = f"{vectors.count(view):,} vectors"
            elif family.name == spectra.FAMILY.name:
                held = f"{spectra.count(view):,} vectors"
            self.stdout.write(
                f"{family.name}: {len(view):,} references, {held} in {len(view.segments)} files,"
                f" {index.size_bytes(family):,} bytes, snapshot {view.snapshot}"
            )
        if lacking := references.lacking().count():
            self.stdout.write(
                f"{lacking:,} references lack fingerprints of this release: fingerprint_references adds them"
            )
        if apart:
            raise CommandError(
                f"{apart:,} rows of the files, which are as they were written, are not those of the table. Where the"
                " database was restored, --rebuild makes the files from it; else it was changed: ask verify_ledger.",
                returncode=1,
            )


def _families(shard: str | None) -> tuple[Family, ...]:
    if shard is None and not settings.LEDGER_INDEX_SHARDS:
        return *index.FAMILIES, songs.FAMILY
    try:
        return sharding.families_of(shards.named(settings.LEDGER_INDEX_SHARDS, shard or ""))
    except shards.BadShards as error:
        raise CommandError(f"{error} Name one with --shard." if shard is None else str(error)) from error
