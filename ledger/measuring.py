"""Everything that is counted and measured, in Prometheus's text: of all processes here, and of the database."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ledger import gauges, signers, watching
from ledger.models import Checkpoint, ErasureRequest, Job, Operation, ReplayRound

__all__ = ["exposition", "gauges", "tidy"]


def exposition(*, at: datetime) -> bytes:
    """Return the whole text; what the database cannot say while it is away is missing, and `ledger_up` says so."""
    registry = CollectorRegistry()
    registry.register(_Measured(at))
    with _alone():
        MultiProcessCollector(registry, path=str(settings.METRICS_DIR))  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def tidy() -> int:
    """
    Add up what processes that ended have counted, in one file in place of theirs; return how many were.

    What they counted must stay: a sum that falls would be taken for a restart.
    """
    folder = Path(settings.METRICS_DIR)
    gone = 0
    with _alone():
        for kind in ("counter", "histogram"):
            ended = [file for file in folder.glob(f"{kind}_*.db") if _is_of_the_dead(file)]
            if not ended:
                continue
            sums: Any = MmapedDict(str(folder / f"{kind}_0.db"))  # type: ignore[no-untyped-call]
            try:
                for file in ended:
                    for key, value, *_ in sums.read_all_values_from_file(str(file)):
                        sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
                    file.unlink()
            finally:
                sums.close()
            gone += len(ended)
    return gone


def _is_of_the_dead(file: Path) -> bool:
    number = file.stem.rpartition("_")[2]
    return number.isdigit() and number != "0" and not psutil.pid_exists(int(number))


@contextmanager
def _alone() -> Iterator[None]:
    with (Path(settings.METRICS_DIR) / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Measured(Collector):
    """What rows and files say at one moment."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[Metric]:
        """Measure."""
        up = GaugeMetricFamily("ledger_up", "Whether the database answered.")
        try:
            found = [*self._log(), *self._jobs(), *self._duties(), *self._indexes()]
        except watching.DATABASE_IS_AWAY:
            up.add_metric([], 0)
            yield up
        else:
            up.add_metric([], 1)
            yield up
            yield from found
        yield GaugeMetricFamily(
            "ledger_disk_free_bytes", "Room where the data lies.", value=float(watching.free_bytes())
        )

    def _log(self) -> Iterator[Metric]:
        lag = watching.lag(at=self.at)
        yield GaugeMetricFamily("ledger_pending_entries", "Entries without a place in the tree.", value=lag.pending)
        yield GaugeMetricFamily(
            "ledger_pending_oldest_seconds", "Since the oldest of them was written.", value=lag.oldest_s
        )
        age = watching.checkpoint_age_s(at=self.at)
        if age is not None:
            yield GaugeMetricFamily("ledger_checkpoint_age_seconds", "Since a tree head was signed.", value=age)
        size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
        yield GaugeMetricFamily("ledger_checkpoint_size", "Entries under the newest tree head.", value=size)

    def _jobs(self) -> Iterator[Metric]:
        count = GaugeMetricFamily("ledger_jobs", "Jobs that are not done.", labels=["kind", "state"])
        oldest = GaugeMetricFamily(
            "ledger_jobs_oldest_seconds", "Since the oldest was to begin.", labels=["kind", "state"]
        )
        running = Q(lease_until__gte=self.at, given_up_at=None)
        given_up = Q(given_up_at__isnull=False)
        states = {"running": running, "given_up": given_up, "waiting": ~running & ~given_up}
        for state, of in states.items():
            rows = Job.objects.filter(of, done_at=None).values("kind").annotate(n=Count("pk"), since=Min("run_at"))
            for row in rows.order_by("kind"):
                count.add_metric([row["kind"], state], row["n"])
                oldest.add_metric([row["kind"], state], max(0.0, (self.at - row["since"]).total_seconds()))
        yield count
        yield oldest

    def _duties(self) -> Iterator[Metric]:
        waiting = ErasureRequest.objects.filter(erasure=None)
        erasures = GaugeMetricFamily("ledger_erasures_waiting", "Requests for erasure.", labels=["due"])
        overdue = waiting.filter(answer_by__lt=self.at.date()).count()
        erasures.add_metric(["overdue"], overdue)
        erasures.add_metric(["later"], waiting.count() - overdue)
        yield erasures
        expires = GaugeMetricFamily(
            "ledger_signer_expires_days", "Until the certificate that signs now ends.", labels=["development"]
        )
        for one in signers.watch(at=self.at).listed:
            if one.signs_now:
                expires.add_metric(
                    [str(one.is_development).lower()], (one.expires_at - self.at).total_seconds() / 86_400
                )
        yield expires
        if (replayed := ReplayRound.objects.order_by("-finished_at").first()) is not None:
            replays = GaugeMetricFamily("ledger_replayed_entries", "Entries of the last round.", labels=["result"])
            for result in ("same", "different", "lost"):
                replays.add_metric([result], getattr(replayed, result))
            yield replays
        ended = GaugeMetricFamily("ledger_operation_age_seconds", "Since it was done last.", labels=["kind"])
        passed = GaugeMetricFamily("ledger_operation_passed", "Whether it passed then.", labels=["kind"])
        for kind in Operation.Kind:
            found = watching.last(kind)
            if found is not None:
                ended.add_metric([kind.value], (self.at - found.ended_at).total_seconds())
                passed.add_metric([kind.value], float(found.has_passed))
        yield ended
        yield passed

    def _indexes(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("ledger_index_bytes", "What things are found by.", labels=["index"])
        folder = Path(settings.FINGERPRINT_INDEX)
        for family in sorted(folder.iterdir()) if folder.is_dir() else ():
            if family.is_dir():
                size.add_metric([family.name], sum(one.stat().st_size for one in family.rglob("*") if one.is_file()))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sum(pg_indexes_size(oid)), sum(pg_table_size(oid)) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            indexes, tables = cursor.fetchone()
        size.add_metric(["database"], float(indexes or 0))
        yield size
        yield GaugeMetricFamily("ledger_tables_bytes", "The rows themselves.", value=float(tables or 0))
