"""What is counted while the service runs, in each process, and added up over all of them when somebody asks.

Labels are of small fixed vocabularies (routes and not paths, tasks and not ids): each combination is a series for good.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SLOW = (0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400)

REQUESTS = Counter("ledger_requests", "Requests that were answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "ledger_request_seconds", "From a request's arrival to its answer.", ["method", "route"], buckets=QUICK
)
TASK_SECONDS = Histogram(
    "ledger_task_seconds", "What workers did, and how that ended.", ["task", "outcome"], buckets=SLOW
)
EXAMINATION_SECONDS = Histogram(
    "ledger_examination_seconds", "To measure an output and to compare it.", ["outcome"], buckets=SLOW
)
LOGINS = Counter("ledger_logins", "Attempts to sign in at the desk.", ["outcome"])
SEQUENCED = Counter("ledger_sequenced_steps", "Steps of the sequencer.", ["outcome"])
