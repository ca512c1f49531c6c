"""The service's settings, with a handful changed for tests: a data folder of their own, cheap passwords."""

import fcntl
import os
from itertools import count
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent / "var" / "tests"
TESTS_DATA = Path(os.environ.setdefault("LEDGER_TESTS_DATA", os.environ.get("LEDGER_DATA", str(BASE)))).absolute()
TESTS_DATA.mkdir(parents=True, exist_ok=True)
# Each run, and each of the workers of a run, has a folder of its own: its database, its files, its keys.
for _number in count(1):
    _folder = TESTS_DATA / f"{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}-{_number}"
    _lock = os.open(f"{_folder}.lock", os.O_RDWR | os.O_CREAT, 0o600)  # held until this process ends
    try:
        fcntl.flock(_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        break
    except BlockingIOError:
        os.close(_lock)
os.environ["LEDGER_DATA"] = str(_folder)
# What tests start is compiled once, and not at each of a hundred starts, whatever the shell says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if "PYTEST_XDIST_WORKER" in os.environ:  # a worker a core: threads within one would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("LEDGER_PUBLIC_URL", "http://testserver")

from ledger.settings import *  # noqa: E402, F403 - the data folder is set before them
from ledger.settings import INSTALLED_APPS, REST_FRAMEWORK  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "tests"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(
        ("submit", "artist", "payee", "preferences", "status", "resolve", "log", "recognize"), "100000/hour"
    ),
}
