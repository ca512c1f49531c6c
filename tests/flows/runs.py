"""What tests of royalty runs share: reports of usage, two people who settle for the payer, and the jobs of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone

from ledger import running, sequencer, usages
from ledger.models import Job, Membership
from ledger.usages import Given, Reading
from royalties.models import UsageReport
from royalties.usage.mapping import UsageMapping
from tests.flows.conftest import admitted, key
from tests.flows.test_reviews import Person

MAPPING = UsageMapping(
    columns={
        "submission": "output",
        "country": "country",
        "amount": "amount",
        "currency": "currency",
        "first_day": "from",
        "last_day": "to",
    }
)
Line = tuple[str, str, str, str]  # output, country, amount, currency


@dataclass(frozen=True)
class Payer:
    """A payer's two people of finance."""

    party: str
    one: Person
    other: Person

    @property
    def id(self) -> str:
        return key(self.party)

    def report(
        self,
        folder: Path,
        name: str,
        lines: list[Line],
        *,
        replaces: str | None = None,
        first: date = date(2026, 1, 1),
        last: date = date(2026, 1, 31),
        usages_each: int | None = None,
    ) -> UUID:
        """Hand in a report of usage that must be booked."""
        used = "" if usages_each is None else f",{usages_each}"
        rows = [f"{','.join(line)},{first},{last}{used}" for line in lines]
        head = "output,country,amount,currency,from,to" + (",usages" if used else "")
        mapping = UsageMapping(columns={**MAPPING.columns, "usages": "usages"}) if used else MAPPING
        return self.hand_in(folder, name, [head, *rows], mapping, replaces=replaces)

    def hand_in(
        self, folder: Path, name: str, rows: list[str], mapping: UsageMapping, *, replaces: str | None = None
    ) -> UUID:
        """Hand in a sheet of usage that must be booked."""
        path = folder / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n")
        handed = usages.hand_in(
            id=UUID(key(name)),
            payer_id=UUID(self.id),
            files=[Given(path, path.name)],
            reading=Reading(UsageReport.Format.SHEET, sender="service", message=name, mapping=mapping),
            replaces_id=UUID(key(replaces)) if replaces else None,
            is_dry_run=False,
            at=timezone.now(),
        )
        outcome = usages.read(report_id=handed.report.pk, at=timezone.now())
        assert outcome is not None
        assert outcome.is_booked, list(handed.report.problems.values())
        return handed.report.pk

    def start(self, name: str, period_from: str, period_to: str, *, pay_on: str, **more: Any) -> Any:
        """Ask for a run."""
        return self.one.post(
            "/v1/royalty-runs",
            {
                "id": key(name),
                "payer": self.id,
                "period_from": period_from,
                "period_to": period_to,
                "timezone": "Europe/Berlin",
                "currency": "EUR",
                "pay_on": pay_on,
            }
            | more,
        )

    def worked_out(self, name: str, *period: str, **more: Any) -> dict[str, Any]:
        """Start a run and do its jobs."""
        answer = self.start(name, *period, **more)
        assert answer.status_code == 202, answer.content
        work(UUID(key(name)))
        found: dict[str, Any] = self.one.get(f"/v1/royalty-runs/{key(name)}").json()
        return found

    def published(self, name: str, *period: str, **more: Any) -> dict[str, Any]:
        """Bring a run to its end, in two people's hands."""
        found = self.worked_out(name, *period, **more)
        assert found["state"] == "reconciled", found
        for person, act in ((self.other, "approvals"), (self.one, "publications")):
            answer = person.post(f"/v1/royalty-runs/{key(name)}/{act}")
            assert answer.status_code == 201, answer.content
            found = answer.json()
        sequencer.drain(at=timezone.now())
        return found

    def statements(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the statements of a run by the key of their payee, every figure of the newest version."""
        rows = self.one.get("/v1/statements?limit=500").json()["results"]
        found = {}
        for row in sorted(rows, key=lambda row: row["version"]):
            if row["run"] == key(name):
                found[row["payee"]] = self.one.get(f"/v1/statements/{row['id']}").json()
        return found

    def accounts(self) -> list[dict[str, Any]]:
        """Return the accounts of the books with their balances."""
        found: list[dict[str, Any]] = self.one.get("/v1/accounts?limit=500").json()["results"]
        return [row for row in found if row["balance"]]


def payer(party: str = "distributor") -> Payer:
    """Admit two people to the finances of a payer."""
    role = Membership.Role.FINANCE
    return Payer(party, *(Person(admitted(f"{party} {name}", party, role)) for name in ("one", "other")))


def work(run_id: UUID) -> None:
    """Do the jobs of a run as a worker does, one after the other."""
    at = timezone.now
    for partition in running.freeze(id=run_id, at=at()):
        for whole in running.divide(id=partition, at=at()):
            running.reconcile(id=whole, at=at())
    kinds = (Job.Kind.FREEZE, Job.Kind.DIVIDE, Job.Kind.RECONCILE)
    assert not Job.objects.filter(kind__in=kinds, done_at=None).exists()
