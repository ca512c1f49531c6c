"""A month as if the cleared output had been out: usage in, a run by two people, statements out, and their proof."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth import get_user_model
from django.utils import timezone

from ledger import checkpoints, membership, paying, proving, running, sequencer, usages
from ledger.demo.catalogue import PARTIES, key
from ledger.demo.story import Told
from ledger.models import Job, Membership
from ledger.statements.document import grouped
from royalties.models import RoyaltyRun, Statement, UsageReport
from royalties.usage.mapping import UsageMapping

FINANCE = ("demo-finance", "demo-finance-second")
CURRENCY = "EUR"
RECEIPTS = (("DE", "1000.01", "EUR"), ("US", "812.37", "USD"), ("JP", "45003", "JPY"))
RATES = (("USD", "0.92"), ("JPY", "0.0061"))
PATIENCE_S = 120
_MAPPING = UsageMapping(
    columns={
        "submission": "output",
        "country": "country",
        "amount": "amount",
        "currency": "currency",
        "first_day": "from",
        "last_day": "to",
    }
)

Say = Callable[[str], None]
Work = Callable[[UUID, UUID], None]  # the report's id and the run's


class NotWorkedOut(Exception):
    """The workers did not work the run out in two minutes; look at their output."""


@dataclass
class Month:
    """What came of it, in data and in words."""

    period: str
    earned: str
    statements: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def last_month(today: date) -> tuple[date, date]:
    """Return the first day of the month before a day's, and of the day's own."""
    until = today.replace(day=1)
    return (until - timedelta(days=1)).replace(day=1), until


def of(told: Sequence[Told], say: Say, *, work: Work) -> Month | None:
    """Run last month for the first output that was cleared; None where none was, or the month was run before."""
    cleared = next((one for one in told if one.outcome == "cleared"), None)
    if cleared is None:
        return None
    with tempfile.TemporaryDirectory(prefix="month-") as name:
        return tell(cleared.id, Path(name), say, work=work)


def tell(output_id: str, folder: Path, say: Say, *, work: Work) -> Month | None:
    """
    Run last month for an output, and check the statement of each payee away from the service.

    :param work: brings a report and then a run to its end of work, or waits until it is there
    :return: None where that month was run before
    """
    since, until = last_month(timezone.now().date())
    payer = UUID(key("distributor"))
    if RoyaltyRun.objects.filter(payer=payer, period_from=since, currency=CURRENCY).exists():
        return None
    say("Handing in what the cleared output earned last month in three countries")
    first, second = (_person(name, payer) for name in FINANCE)
    report = _hand_in(output_id, payer, since, until, folder)
    _agree(payer, since)
    run_id = uuid5(report, "run")
    say("Running the month: frozen, divided, reconciled")
    work(report, UUID(int=0))
    run = running.start(
        id=run_id,
        payer_id=payer,
        period_from=since,
        period_to=until,
        timezone="Europe/Berlin",
        currency=CURRENCY,
        pay_on=until + timedelta(days=30),
        started_by_id=first.pk,
        at=timezone.now(),
    )
    work(report, run.pk)
    say("Approving it by a second person, publishing it, and checking each payee’s proof away from the service")
    running.approve(run_id=run.pk, by_id=second.pk, at=timezone.now())
    running.publish(run_id=run.pk, by_id=first.pk, at=timezone.now())
    sequencer.drain(at=timezone.now())
    return _told(run, folder)


def _told(run: RoyaltyRun, folder: Path) -> Month:
    names = {party["id"]: party["name"] for party in PARTIES}
    preview = running.preview(run.pk)
    month = Month(f"{run.period_from:%B %Y}", f"{grouped(preview.dues.own.units, CURRENCY)} {CURRENCY}")
    (folder / "log.vkey").write_text(checkpoints.verifier_key() + "\n")
    for row in Statement.objects.filter(run=run).order_by("-payable", "payee_id"):
        name = names.get(str(row.payee_id), str(row.payee_id))
        month.statements.append(f"{name} {grouped(row.payable, row.currency)} {row.currency}")
        proof = folder / f"{row.pk}.json"
        proof.write_bytes(proving.bundle(row.pk))
        command = [sys.executable, "-m", "ledger.verify", str(proof), "--key", str(folder / "log.vkey"), "--json"]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        _tell_checks(checked, name, month)
    conserved = preview.dues.conservation
    if int(conserved["total"]) != sum(int(units) for units in conserved["went"].values()):
        month.faults.append("what came in is not what went out")
    return month


def _tell_checks(checked: subprocess.CompletedProcess[str], name: str, month: Month) -> None:
    try:
        report: dict[str, Any] = json.loads(checked.stdout, parse_float=str)
    except ValueError:
        month.faults.append(f"ledger-verify said of {name}: {(checked.stderr or checked.stdout).strip()[-400:]}")
        return
    for check in report["checks"]:
        if check["state"] == "holds":
            month.checks.append(check["sentence"])
        elif check["state"] == "fails":
            month.faults.append(f"{name}: {check['sentence']}")
    if checked.returncode != 0 and not month.faults:
        month.faults.append(f"ledger-verify ended with {checked.returncode} for {name}")


def _person(name: str, organization_id: UUID) -> Any:
    found = get_user_model().objects.filter(username=name).first()
    if found is not None:
        return found
    at = timezone.now()
    return membership.invite(
        id=UUID(key(f"membership of {name}")),
        username=name,
        organization_id=organization_id,
        role=Membership.Role.FINANCE,
        active_from=at.date(),
        active_to=None,
        at=at,
    ).membership.user


def _hand_in(output_id: str, payer_id: UUID, since: date, until: date, folder: Path) -> UUID:
    path = folder / "usage.csv"
    last = until - timedelta(days=1)
    rows = [f"{output_id},{country},{amount},{currency},{since},{last}" for country, amount, currency in RECEIPTS]
    path.write_text("\n".join(["output,country,amount,currency,from,to", *rows]) + "\n")
    handed = usages.hand_in(
        id=uuid5(UUID(output_id), "usage"),
        payer_id=payer_id,
        files=[usages.Given(path, path.name)],
        reading=usages.Reading(
            UsageReport.Format.SHEET, sender="demo-store", message=f"{since:%Y-%m}", mapping=_MAPPING
        ),
        is_dry_run=False,
        at=timezone.now(),
    )
    return handed.report.pk


def _agree(payer_id: UUID, since: date) -> None:
    at = timezone.now()
    for base, value in RATES:
        paying.record_rate(
            id=uuid5(payer_id, f"rate {base} {since}"),
            payer_id=payer_id,
            base=base,
            quote=CURRENCY,
            value=Fraction(value),
            direction="quote_per_base",
            source="as recorded with the receipt",
            on=since,
            at=at,
        )
    for party in PARTIES:
        paying.agree(
            id=uuid5(payer_id, f"terms {party['id']} {since}"),
            payer_id=payer_id,
            payee_id=UUID(party["id"]),
            currency=CURRENCY,
            reserve=Fraction(1, 10) if party["id"] == key("label") else Fraction(0),
            reserve_periods=2,
            threshold=0,
            payout_currency=CURRENCY,
            income_type="royalties",
            withholding=Fraction(0),
            at=at,
        )


def work_inside(report_id: UUID, run_id: UUID) -> None:
    """Read the report, or do the jobs of the run, in this process."""
    if not run_id.int:
        usages.read(report_id=report_id, at=timezone.now())
        return
    for partition in running.freeze(id=run_id, at=timezone.now()):
        for whole in running.divide(id=partition, at=timezone.now()):
            running.reconcile(id=whole, at=timezone.now())


def work_by_waiting(report_id: UUID, run_id: UUID) -> None:
    """
    Wait until the workers have read the report, or worked the run out.

    :raises NotWorkedOut: it took longer than two minutes
    """
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if run_id.int:
            state = running.standing(RoyaltyRun.objects.get(pk=run_id)).state
            if state == "reconciled":
                return
            if state in {"failed", "stopped"}:
                raise NotWorkedOut(f"the run ended as {state}")
        elif Job.objects.filter(kind=Job.Kind.USAGE, subject_id=report_id, done_at__isnull=False).exists():
            return
        time.sleep(0.25)  # exact: seconds, not money
    raise NotWorkedOut


def in_words(month: Month | None) -> str:
    """Return the result for a person."""
    if month is None:
        return ""
    mark = "✓" if not month.faults else "✗"
    lines = [
        "",
        f"{mark} {month.period}, as if the cleared output had been out: {month.earned}, run by two people",
        *(f"    payable: {statement}" for statement in month.statements),
        f"    {len(month.checks)} checks of the payees’ proofs hold, away from the service",
        *(f"    ✗ {fault}" for fault in month.faults),
    ]
    return "\n".join(lines) + "\n"
