"""Run everything under one command: database, web server, worker, scheduler, sequencer; one Ctrl-C stops it all."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from fingerprint.shards import Shard
from ledger import embedded
from ledger.supervisor import Child, Supervisor

START_WITHIN_S = 60


class Stopped(Exception):
    """Somebody wanted to stop while the demo was being loaded."""


class Command(BaseCommand):
    """What ``make run`` starts."""

    help = "Start the database, web server, worker, scheduler and sequencer; stop them all on Ctrl-C."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to listen and what to load."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="web processes, and as many for examinations")
        parser.add_argument("--demo", action="store_true", help="load the demo catalogue and submit four outputs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, load, watch, stop."""
        root = f"http://localhost:{options['port']}"
        _port_is_free(options["host"], options["port"])
        is_embedded = settings.DATABASE_URL is None
        supervisor = Supervisor(
            children=_children(options),
            environment={
                "LEDGER_PUBLIC_URL": os.environ.get("LEDGER_PUBLIC_URL", root),
                # Celery warns of root because pickle is dangerous there; we speak JSON only.
                "PYTHONWARNINGS": "ignore:You're running the worker",
            },
        )
        supervisor.listen()
        for counted in settings.METRICS_DIR.glob("*.db"):  # by processes of an earlier start
            counted.unlink(missing_ok=True)
        failed = False
        try:
            if is_embedded:
                self._say("Starting PostgreSQL in the data folder")
                embedded.ensure(settings.EMBEDDED_POSTGRES)
            self._say("Bringing the database up to date")
            call_command("migrate", verbosity=0)
            self._seal_names()
            self._restate()
            if not supervisor.stopping:
                self._say("Starting the web server, the worker, the scheduler and the sequencer")
                supervisor.start()
                self._wait(root, supervisor)
            if options["demo"] and not supervisor.stopping:
                failed = not self._demo(root, supervisor)
            if not supervisor.stopping:
                self._addresses(root, demo=options["demo"])
                supervisor.watch(each_turn=self._keep_database if is_embedded else lambda: None)
        except Stopped:
            pass
        finally:
            self._say("Stopping")
            supervisor.end()
            if is_embedded:
                embedded.stop(settings.EMBEDDED_POSTGRES)
        if failed:
            raise CommandError("the demo's chain did not hold; see above", returncode=1)

    def _say(self, text: str) -> None:
        sys.stderr.write(f"  {text}\n")
        sys.stderr.flush()

    def _seal_names(self) -> None:
        from ledger import people

        if count := people.seal_names():  # of an older release; at every later start there are none
            self._say(f"Sealed {count} names")

    def _restate(self) -> None:
        from ledger import restating

        if count := restating.restate_if_behind(at=timezone.now()):
            self._say(f"Stated what follows from {count} facts")

    def _keep_database(self) -> None:
        embedded.ensure(settings.EMBEDDED_POSTGRES)  # a few milliseconds where it runs; starts it where it was killed

    def _wait(self, root: str, supervisor: Supervisor) -> None:
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until and not supervisor.stopping:
            try:
                with urlopen(f"{root}/v1/log/key", timeout=5):  # noqa: S310 - our own server
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        if not supervisor.stopping:
            raise CommandError(f"the web server did not answer at {root} within {START_WITHIN_S} s")

    def _demo(self, root: str, supervisor: Supervisor) -> bool:
        from ledger.demo import doors, model, month, story

        class Door(doors.Network):
            """The way to our own server, until somebody presses Ctrl-C."""

            def send(self, method: str, path: str, *, body: bytes, headers: Mapping[str, str]) -> doors.Answer:
                if supervisor.stopping:
                    raise Stopped
                return super().send(method, path, body=body, headers=headers)

        since = time.monotonic()
        told = story.run(Door(root), self._say, settle=story.settle_by_waiting)
        self.stdout.write(story.in_words(told))
        self.stdout.write(f"\nFour outputs in {time.monotonic() - since:.0f} s.")

        def work(report_id: UUID, run_id: UUID) -> None:
            if supervisor.stopping:
                raise Stopped
            month.work_by_waiting(report_id, run_id)

        earned = month.of(told, self._say, work=work)
        self.stdout.write(month.in_words(earned))
        self.stdout.write(model.of(Door(root), self._say))
        return not any(one.faults for one in told) and not (earned and earned.faults)

    def _addresses(self, root: str, *, demo: bool) -> None:
        lines = ["", f"Admin      {root}/admin/"]
        if demo:
            from ledger.demo import login

            name, password = login.ensure()
            lines.append(
                f"           sign in as {name} with the password {password}: the operator, who sees everything"
            )
            name, password = login.ensure_label(at=timezone.now())
            lines.append(f"           or as {name} with the password {password}: the label, and what is theirs")
            name, password = login.ensure_auditor(at=timezone.now())
            lines.append(
                f"           or as {name} with the password {password}: an auditor of the label, who only reads, this"
                f" month and the last, for {login.AUDIT_DAYS} days"
            )
        lines += [
            f"API docs   {root}/api/docs",
            f"Reports    {root}/reports/",
            f"Data       {settings.DATA_DIR}",
            "",
            "Ctrl-C stops everything; the data stays.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _port_is_free(host: str, port: int) -> None:
    # Else another server would be taken for ours: it answers, and our own cannot start.
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"port {port} is taken: {error.strerror}; choose another with --port") from error


# What the web server itself has to say, in the same lines as ours and as discreet.
_LINES = ("--log-config", str(settings.BASE_DIR / "ledger" / "data" / "granian.json"))


def _children(options: dict[str, Any]) -> list[Child]:
    python = sys.executable
    workers = str(options["workers"])
    # Django's checks are of the code, and ask every page of the desk, which the web server alone has.
    celery = [python, "-m", "celery", "--quiet", "--skip-checks", "-A", "ledger.celery"]
    web = [
        python,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        options["host"],
        "--port",
        str(options["port"]),
        "--blocking-threads",
        "4",
        "--backpressure",
        "64",
        "--workers-kill-timeout",  # one that is told to stop while it still loads the application does not hear it
        "5",
    ]
    return [
        Child(
            "web",
            [*web, "--workers", workers, "--no-ws", "--log-level", "warning", *_LINES, "ledger.wsgi:application"],
        ),
        Child(
            "worker",
            [
                *celery,
                "worker",
                "--loglevel",
                "WARNING",
                "--concurrency",
                workers,
                "--without-gossip",
                "--without-mingle",
            ],
        ),
        *(_shard(celery, shard, workers) for shard in settings.LEDGER_SHARDS_HERE),
        Child("scheduler", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]),
        Child(
            "sequencer",
            [
                python,
                "-m",
                "django",
                "sequence",
                "--settings",
                os.environ.get("DJANGO_SETTINGS_MODULE", "ledger.settings"),
            ],
        ),
    ]


def _shard(celery: list[str], shard: Shard, workers: str) -> Child:
    """A worker of nothing but a shard's queue: it never waits for another."""
    return Child(
        f"index {shard.name}",
        [
            *celery,
            "worker",
            "--queues",
            shard.queue,
            "--hostname",
            f"{shard.queue}@%h",
            "--loglevel",
            "WARNING",
            "--concurrency",
            workers,
            "--without-gossip",
            "--without-mingle",
        ],
    )
