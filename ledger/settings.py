"""The service's one settings file: values come from the environment, and no secret has a default.

With nothing configured, everything lives in the data folder (``LEDGER_DATA``, default ``var``): the database, the
audio, the keys. ``README.md`` lists the variables.
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.templatetags.static import static
from django.urls import reverse_lazy

from fingerprint import shards
from ledger import __version__, embedded, journal, stores

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("LEDGER_DATA", BASE_DIR / "var")).absolute()


def _flag(name: str, *, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def secret(name: str, file: Path) -> str:
    """Return the secret from the environment, else the one this data folder made for itself, closed to others."""
    if given := os.environ.get(name):
        return given
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as fresh:
            fresh.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text()


KEYS_DIR = DATA_DIR / "keys"
SECRET_KEY = secret("DJANGO_SECRET_KEY", KEYS_DIR / "django-secret")
DEBUG = _flag("DJANGO_DEBUG")
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("DJANGO_CSRF_TRUSTED_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "fingerprint",
    "rights",
    "provenance",
    "royalties",
    "ledger",
]

MIDDLEWARE = [
    "ledger.probes.middleware.Told",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ledger.api.reading.AuditorsOnlyRead",
    "ledger.api.reading.ReadsOfDossiers",
    "ledger.reports.away.Away",
]

ROOT_URLCONF = "ledger.urls"
WSGI_APPLICATION = "ledger.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database: three logins of one database, each with only what it needs. -------------------------------------

EMBEDDED_POSTGRES = DATA_DIR / "pg18"  # the folder's name carries the major version: a new one is made beside it


def _database(*, role: str, url: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {"prepare_threshold": 5}  # Django's own cursors prepare nothing; rights.clearances does
    if url:
        from psycopg.conninfo import conninfo_to_dict

        given: dict[str, Any] = dict(conninfo_to_dict(url))
        # A login that may do more drops to the role at once; separate logins are the stricter setting.
        options["options"] = f"{given.pop('options', '')} -c role={role}".strip()
    else:
        given = {"user": role, "dbname": "ledger"}
        options["embedded_data"] = str(EMBEDDED_POSTGRES)
        if role == "ledger_owner":  # nobody logs in as the owner
            given["user"] = "postgres"
            options["options"] = "-c role=ledger_owner"
    return {
        "ENGINE": "ledger.postgresql",
        "NAME": given.pop("dbname", "ledger"),
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": str(given.pop("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**given, **options},
    }


DATABASE_URL = os.environ.get("DATABASE_URL")
DATABASES = {
    "default": _database(role="ledger_app", url=DATABASE_URL),
    "owner": _database(role="ledger_owner", url=os.environ.get("DATABASE_OWNER_URL", DATABASE_URL)),
    "sequencer": _database(role="ledger_sequencer", url=os.environ.get("DATABASE_SEQUENCER_URL", DATABASE_URL)),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Queue: the message is a doorbell, the job row is the truth (ledger/jobs.py). --------------------------------

# Where loguru is installed, and libraries of ours bring it, pgmq tells the terminal of every message through it.
os.environ.setdefault("LOGURU_AUTOINIT", "false")
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "pgmq://localhost")
if CELERY_BROKER_URL.startswith("pgmq://"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "conn_string": embedded.broker_conninfo(data=EMBEDDED_POSTGRES, url=DATABASE_URL),
        "init_extension": False,
        "wait_time_seconds": 0,  # the default blocks 10 s on the idle control queue
        "use_notify": True,
        "notify_throttle_interval_ms": 0,
        "polling_interval": 0.2,
        "visibility_timeout": 60,
        "pool_timeout": 2,  # the default lets an upload wait 30 s for a broker that is down
    }
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # its queue names are longer than PGMQ allows
    CELERY_WORKER_SEND_TASK_EVENTS = False
elif CELERY_BROKER_URL.startswith(("amqp://", "amqps://")):
    CELERY_TASK_DEFAULT_QUEUE = "ledger"
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"  # replicated, and redelivered at once when a worker dies
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 900  # an examination takes seconds; one that hangs is killed and counted as an attempt
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500  # a leak in a decoder does not live for ever
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
LEDGER_LEASE_SECONDS = float(os.environ.get("LEDGER_LEASE_SECONDS", "15"))  # how long a dead worker keeps its job
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "ring again for waiting jobs": {"task": "ledger.tasks.sweep", "schedule": timedelta(seconds=2)},
    "remove bytes that no row speaks of": {"task": "ledger.tasks.collect", "schedule": timedelta(hours=6)},
    "certify outputs": {"task": "ledger.tasks.certify_outputs", "schedule": timedelta(seconds=5)},
    "end enrollments of voices": {
        "task": "ledger.tasks.end_voice_enrollments",
        "schedule": timedelta(minutes=5),
    },
    "look again at cleared outputs": {"task": "ledger.tasks.recheck_outputs", "schedule": timedelta(minutes=10)},
    "derive splits again": {"task": "ledger.tasks.redivide_outputs", "schedule": timedelta(minutes=1)},
    "close campaigns": {"task": "ledger.tasks.close_campaigns", "schedule": timedelta(minutes=5)},
    "ask for missing time stamps": {"task": "ledger.tasks.ask_for_missing_stamps", "schedule": timedelta(hours=1)},
    "answer questions that are due": {"task": "ledger.tasks.order_answers", "schedule": timedelta(minutes=1)},
    "forget what was kept for a time": {"task": "ledger.tasks.forget_audits", "schedule": timedelta(hours=6)},
    "remove what may go": {"task": "ledger.tasks.retain", "schedule": crontab(hour="2", minute="40")},
    "tidy what was counted": {"task": "ledger.tasks.tidy_counts", "schedule": timedelta(hours=1)},
    "ask witnesses": {"task": "ledger.tasks.ask_witnesses", "schedule": timedelta(seconds=5)},
    "tidy the index of fingerprints": {"task": "ledger.tasks.tidy_index", "schedule": timedelta(minutes=1)},
    "decide a sample again": {"task": "ledger.tasks.replay_sample", "schedule": crontab(hour="2", minute="40")},
}

# --- Audio: bytes by digest. --------------------------------------------------------------------------------------

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files")},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "audio": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "audio")},
    },
    "imports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "imports")},
    },
    # Reports of usage as they were sent.
    "usage": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "usage")},
    },
    # What they were read to: exact lines, which runs are made of.
    "royalties": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "royalties")},
    },
    # Evidence packs that were asked for, for some days.
    "packs": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "packs")},
    },
    # Answers to the questions of audits, until their time is over.
    "answers": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "answers")},
    },
    # Where organizations put the audio of their catalogues to be enrolled, each in the folder that bears its id.
    "catalogue": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "catalogue")},
    },
}
# Pictures of sound are drawn once and kept for a day: two thousand of them are half a gigabyte at most.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "pictures": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(DATA_DIR / "pictures"),
        "TIMEOUT": 86_400,
        "OPTIONS": {"MAX_ENTRIES": 2_000},
    },
}
# The index of fingerprints: derived from the database, made again where it is missing. On a local disk: it is mapped.
FINGERPRINT_INDEX = Path(os.environ.get("LEDGER_INDEX", DATA_DIR / "index"))
# Who has which part of it, such as "a=00-7f, b=80-ff": by the first byte of a reference's id, each with a queue of its
# own. Nothing: it is whole, and whoever examines asks it himself.
LEDGER_INDEX_SHARDS = shards.read(os.environ.get("LEDGER_INDEX_SHARDS", ""))
LEDGER_SHARDS_HERE = tuple(  # which of them `serve` starts workers for
    shards.named(LEDGER_INDEX_SHARDS, name.strip())
    for name in os.environ.get("LEDGER_SHARDS_HERE", ",".join(one.name for one in LEDGER_INDEX_SHARDS)).split(",")
    if name.strip()
)
LEDGER_SHARD_PATIENCE_SECONDS = float(os.environ.get("LEDGER_SHARD_PATIENCE_SECONDS", "30"))
LEDGER_CATALOGUE_STORES = frozenset(os.environ.get("LEDGER_CATALOGUE_STORES", "catalogue").split(","))
if elsewhere := os.environ.get("LEDGER_STORES"):
    STORAGES |= stores.read(Path(elsewhere), names={*STORAGES, *LEDGER_CATALOGUE_STORES} - {"default", "staticfiles"})
LEDGER_MAX_IMPORT_BYTES = int(os.environ.get("LEDGER_MAX_IMPORT_BYTES", str(2 * 1000**3)))
# Lines of usage that one job of a royalty run takes: fewer for more workers, more for less to put together.
LEDGER_LINES_A_PARTITION = int(os.environ.get("LEDGER_LINES_A_PARTITION", "1000000"))
LEDGER_REPLAYS_A_NIGHT = int(os.environ.get("LEDGER_REPLAYS_A_NIGHT", "100"))  # entries that are decided again
LEDGER_PACK_DAYS = int(os.environ.get("LEDGER_PACK_DAYS", "30"))  # for which a pack that was asked for is kept
LEDGER_PACK_PART_BYTES = int(os.environ.get("LEDGER_PACK_PART_BYTES", str(1_500_000_000)))  # below 2 GB: no zip64
LEDGER_MAX_USAGE_BYTES = int(os.environ.get("LEDGER_MAX_USAGE_BYTES", str(16 * 1000**3)))  # when it is unpacked
LEDGER_MAX_UPLOAD_BYTES = int(os.environ.get("LEDGER_MAX_UPLOAD_BYTES", str(512 * 1024 * 1024)))
LEDGER_MAX_PUBLIC_BYTES = int(os.environ.get("LEDGER_MAX_PUBLIC_BYTES", str(128 * 1024 * 1024)))  # without a login
LEDGER_MAX_AUDIO_MS = int(os.environ.get("LEDGER_MAX_AUDIO_MINUTES", "60")) * 60_000
LEDGER_MAX_TAG_BYTES = 16 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["ledger.api.uploads.BoundedUpload"]
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR / "uploads")
for _folder in (FILE_UPLOAD_TEMP_DIR, DATA_DIR / "static"):
    Path(_folder).mkdir(parents=True, exist_ok=True, mode=0o700)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 800  # a plan with forty terms of money, each said in thirteen
DATA_UPLOAD_MAX_NUMBER_FILES = 11  # clips of a voice and one too many; `ledger.api.uploads` says how many where

# --- Log and signatures. ------------------------------------------------------------------------------------------

# Kinds of assets (recording, work, voice, stem, lyrics) of which everything is held while more than the whole is
# claimed, and not only what the claims of others touch (SHR-3).
LEDGER_HOLD_EVERYTHING = frozenset(filter(None, os.environ.get("LEDGER_HOLD_EVERYTHING", "").split(",")))
LEDGER_ORIGIN = os.environ.get("LEDGER_ORIGIN", "localhost/ai-music-ledger")  # names the log in every checkpoint
LEDGER_PUBLIC_URL = os.environ.get("LEDGER_PUBLIC_URL", "http://localhost:8000")
LEDGER_CHECKPOINT_FILE = Path(os.environ.get("LEDGER_CHECKPOINT_FILE", DATA_DIR / "log" / "newest-checkpoint"))
# Witnesses that are asked to cosign checkpoints, and how many are enough: a file as c2sp.org/tlog-policy describes it.
LEDGER_WITNESS_POLICY = Path(os.environ["LEDGER_WITNESS_POLICY"]) if os.environ.get("LEDGER_WITNESS_POLICY") else None
LEDGER_WITNESS_SECONDS = float(os.environ.get("LEDGER_WITNESS_SECONDS", "10"))  # from asking to the answer's last byte
# How far behind a cosigned checkpoint may be before the newest is shown without: witnesses may be away for long.
LEDGER_WITNESS_PATIENCE = float(os.environ.get("LEDGER_WITNESS_PATIENCE", "600"))
LEDGER_PUBLISH_ENTRIES = _flag("LEDGER_PUBLISH_ENTRIES")  # hashes are public; with this, entries are too
LEDGER_WATERMARK = os.environ.get("LEDGER_WATERMARK", "")  # package.module.Class of the second layer of marking
LEDGER_SIGNER_CHAIN = os.environ.get("LEDGER_SIGNER_CHAIN")  # PEM files of a real C2PA claim signer; else development
LEDGER_SIGNER_KEY = os.environ.get("LEDGER_SIGNER_KEY")  # a PEM file, or a PKCS#11 URI
LEDGER_SIGNER_ROOTS = os.environ.get("LEDGER_SIGNER_ROOTS")
LEDGER_PKCS11_PIN = os.environ.get("LEDGER_PKCS11_PIN")
LEDGER_PKCS11_PIN_FILE = os.environ.get("LEDGER_PKCS11_PIN_FILE")
# Whom we believe beside ourselves, as PEM files of roots: signers of files that come in, authorities for time stamps.
LEDGER_TRUSTED_SIGNERS = os.environ.get("LEDGER_TRUSTED_SIGNERS")
LEDGER_TRUSTED_AUTHORITIES = os.environ.get("LEDGER_TRUSTED_AUTHORITIES")
LEDGER_TSA_URL = os.environ.get("LEDGER_TSA_URL")  # an authority for time stamps (RFC 3161), and its roots
LEDGER_TSA_ROOTS = os.environ.get("LEDGER_TSA_ROOTS")
LEDGER_TSA_POLICY = os.environ.get("LEDGER_TSA_POLICY")  # its policy to ask for, where it has several
LEDGER_TSA_SECONDS = float(os.environ.get("LEDGER_TSA_SECONDS", "20"))  # from asking to the answer's last byte

# --- What personal data is sealed with (rights/keys.py): configured, else made in the data folder. -----------------

LEDGER_KEK = os.environ.get("LEDGER_KEK")  # base64 of 32 bytes; several, by commas: the first wraps, all unwrap
LEDGER_KEK_FILE = os.environ.get("LEDGER_KEK_FILE")  # the same, a line each
LEDGER_KEK_CALLBACK = os.environ.get("LEDGER_KEK_CALLBACK")  # package.module:function, before a key service
LEDGER_INDEX_KEY = os.environ.get("LEDGER_INDEX_KEY")  # base64 of 32 bytes: finds sealed names
LEDGER_LINK_KEY = os.environ.get("LEDGER_LINK_KEY")  # base64 of 32 bytes: makes the personal links of campaigns
LEDGER_KEK_SECONDS = float(os.environ.get("LEDGER_KEK_SECONDS", "10"))  # how long a key service may take to answer
# How long backups of what can be erased are kept: answers to erasures say so. What cannot be is kept as long as wanted.
LEDGER_BACKUP_DAYS = int(os.environ.get("LEDGER_BACKUP_DAYS", "35"))
LEDGER_BACKUP_RECIPIENTS = tuple(filter(None, os.environ.get("LEDGER_BACKUP_RECIPIENTS", "").split(",")))  # age1…
# How long files of imports are kept after they are over; 0 for as long as the import itself.
LEDGER_IMPORT_FILE_DAYS = int(os.environ.get("LEDGER_IMPORT_FILE_DAYS", "365"))

# --- Disclosures (ledger/disclosing.py): the official schema of DDEX ERN 4.3.2, with its allowed values where it looks
# for them. None comes with us. --------------------------------------------------------------------------------------

LEDGER_DDEX_XSD = Path(os.environ["LEDGER_DDEX_XSD"]) if os.environ.get("LEDGER_DDEX_XSD") else None

# --- Reviews (ledger/reviewing.py). ---------------------------------------------------------------------------------


def _amounts(text: str) -> dict[str, int]:
    pairs = (pair.strip().split(":") for pair in text.split(",") if pair.strip())
    return {currency: int(minor) for currency, minor in pairs}


LEDGER_REVIEW_DAYS = int(os.environ.get("LEDGER_REVIEW_DAYS", "2"))  # by when somebody should have looked
LEDGER_APPEAL_DAYS = int(os.environ.get("LEDGER_APPEAL_DAYS", "10"))
LEDGER_REVIEW_CLAIM_MINUTES = int(os.environ.get("LEDGER_REVIEW_CLAIM_MINUTES", "30"))  # how long a case is one's own
# Outcomes (cleared, refused) that always take two people; a voice that is let pass does anyway.
LEDGER_TWO_REVIEWERS = frozenset(filter(None, os.environ.get("LEDGER_TWO_REVIEWERS", "").split(",")))
# From which expected earnings on it takes two to refuse, in each currency's smallest unit.
LEDGER_REVIEW_VALUES = _amounts(os.environ.get("LEDGER_REVIEW_VALUES", "EUR:1000000,USD:1000000,GBP:1000000"))
LEDGER_AI_DETECTOR = os.environ.get("LEDGER_AI_DETECTOR", "")  # package.module.Class; none is shipped
LEDGER_ALLOWANCE_DAYS = int(os.environ.get("LEDGER_ALLOWANCE_DAYS", "365"))  # how long an upheld appeal is remembered

# --- Letters of campaigns: without a mail server, links are copied at the desk. -----------------------------------

EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 20
LEDGER_MAIL_FROM = os.environ.get("LEDGER_MAIL_FROM", "")  # the sender's address; empty: no letters are sent

# --- API. ---------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ledger.api.access.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["ledger.api.access.HasScopeOrStaff"],
    "DEFAULT_PARSER_CLASSES": ["ledger.api.parsing.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "ledger.api.schema.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.ScopedRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "submit": os.environ.get("LEDGER_SUBMIT_RATE", "600/hour"),
        "payee": os.environ.get("LEDGER_PAYEE_RATE", "60/min"),  # a network address, on payees' pages
        "artist": os.environ.get("LEDGER_ARTIST_RATE", "120/min"),  # a network address, on the pages behind links
        "status": os.environ.get("LEDGER_STATUS_RATE", "600/min"),  # a network address, of the public statuses
        "preferences": os.environ.get("LEDGER_PREFERENCES_RATE", "600/min"),  # a network address, of the public lookup
        "resolve": os.environ.get(
            "LEDGER_RESOLVE_RATE", "300/min"
        ),  # a network address, of soft bindings and manifests
        "log": os.environ.get("LEDGER_LOG_RATE", "600/min"),  # a network address, of proofs
        "recognize": os.environ.get("LEDGER_RECOGNIZE_RATE", "20/min"),  # a network address, of files to be recognized
    },
    "NUM_PROXIES": int(os.environ.get("LEDGER_PROXIES", "0")),  # in front of us, that say who asked
    "EXCEPTION_HANDLER": "ledger.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
API_SCOPES = {
    "catalogue:read": "Read parties, works, recordings, shares, consents and licenses",
    "catalogue:all": "See everything and act for everybody: the operator's own clients",
    "catalogue:write": "Register parties, works, recordings, shares, consents and licenses",
    "parties:merge": "Say that two parties are one, and undo it; a person at the desk needs a second one for it",
    "parties:erase": "Hand in requests for erasure, and read what became of them",
    "rights:export": "Export everything about one subject",
    "clearances:read": "Read questions that were answered",
    "clearances:write": "Ask what a licensee may do, and have the answer recorded",
    "submissions:read": "Read own submissions, their evidence, decisions and signed files",
    "submissions:write": "Submit finished outputs, and appeal against their refusal",
    "influences:read": "Read what attribution providers say went into an output",
    "usage:read": "Read reports of usage, what they came to and what is not matched",
    "usage:write": "Hand in reports of usage, and say which output is meant",
    "runs:read": "Read royalty runs, accounts, rates, terms and statements",
    "runs:write": "Record exchange rates, terms of payees, tax certificates and advances",
    "influences:write": "State what an attribution provider says, and object to it",
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "SCOPES": API_SCOPES,
    "SCOPES_BACKEND_CLASS": "ledger.api.scopes.ClientScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "PKCE_REQUIRED": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AI Music Ledger",
    "DESCRIPTION": "Submit AI-assisted music, get a decision with its evidence, a signed file, splits and a proof.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {  # a field's name would not do: two have it
        "RoleEnum": "ledger.api.consents.ROLES",
        "RecipientAnswerEnum": "provenance.models.DisclosureAnswer.ANSWERS",
        "PurposeEnum": "ledger.api.consents.PURPOSES",
        "PartyKindEnum": "ledger.api.imports.PARTY_KINDS",
        "ReasonEnum": "ledger.api.reviews.REASONS",
        "StatusReasonEnum": "ledger.api.outputs.REASONS",
        "StatedReasonEnum": "ledger.api.outputs.STATED_REASONS",
        "TrainingBasisEnum": "ledger.api.plans.BASES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ledger.api.schema.add_problems",
    ],
    "TAGS": [
        {"name": "submissions", "description": "Outputs: submit one, and read what came of it"},
        {
            "name": "outputs",
            "description": "Everything on record about an output, its certificate, and what it stands for today",
        },
        {"name": "reviews", "description": "What people decide: cases, reviews, appeals, and the bands that say which"},
        {"name": "disclosures", "description": "What each recipient is told about how an output was made"},
        {"name": "influences", "description": "What attribution providers say went into an output, side by side"},
        {"name": "royalties", "description": "Runs, statements, rates and terms of payees, accounts"},
        {"name": "catalogue", "description": "Parties, works, recordings and shares"},
        {"name": "imports", "description": "Files of catalogues, shares, consents and works; and works sent out"},
        {"name": "licensing", "description": "Consents, withdrawals, reservations and licenses"},
        {"name": "parties", "description": "Names, codes, roles, representation, protection, merges and erasure"},
        {
            "name": "preferences",
            "description": "What the public may do with an asset, in aipref, TDMRep, CAWG and DDEX",
        },
        {
            "name": "resolution",
            "description": "From audio whose manifest was stripped back to it: the C2PA Soft Binding Resolution API",
        },
        {"name": "log", "description": "What an auditor checks everything with"},
    ],
    "SWAGGER_UI_SETTINGS": {"defaultModelsExpandDepth": 0, "deepLinking": True},
}

# --- The desk: the admin's theme. ---------------------------------------------------------------------------------


def _nav(title: str, icon: str, link: str, *, permission: str = "ledger.admin.site.is_somebody") -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(link), "permission": permission}


UNFOLD = {
    "SITE_TITLE": "AI Music Ledger",
    "SITE_HEADER": "AI Music Ledger",
    "SITE_SUBHEADER": "Rights desk",
    "SITE_SYMBOL": "graphic_eq",
    "SITE_URL": "/reports/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("ledger/mark.svg")},  # noqa: ARG005
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "ledger.admin.site.dashboard",
    "ENVIRONMENT": "ledger.admin.site.acting",
    "STYLES": [
        lambda request: static("ledger/dossier.css"),  # noqa: ARG005 - the theme's signature
        lambda request: static("ledger/desk.css"),  # noqa: ARG005
    ],
    "COLORS": {
        # A quiet petrol; white on 600 has a contrast of 6.6 to 1.
        "primary": {
            "50": "#eef8fa",
            "100": "#d5edf2",
            "200": "#afdce6",
            "300": "#7cc4d4",
            "400": "#46a5ba",
            "500": "#2a899f",
            "600": "#0b6070",
            "700": "#0b5361",
            "800": "#0e4550",
            "900": "#103a44",
            "950": "#06252d",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    _nav("Today", "today", "admin:index"),
                    _nav("Reports", "description", "reports:outputs"),
                    _nav("Audit", "policy", "reports:questions"),
                ]
            },
            {
                "title": "Outputs",
                "items": [
                    _nav("Submissions", "inbox", "admin:rights_submission_changelist"),
                    _nav("Reviews", "hearing", "admin:rights_review_changelist"),
                    _nav("Appeals", "feedback", "admin:rights_appeal_changelist"),
                    _nav("Decisions", "gavel", "admin:rights_decision_changelist"),
                    _nav("Bands", "tune", "admin:ledger_bandsversion_changelist"),
                ],
            },
            {
                "title": "Catalogue",
                "items": [
                    _nav("Parties", "groups", "admin:rights_party_changelist"),
                    _nav("Works", "music_note", "admin:rights_work_changelist"),
                    _nav("Recordings", "album", "admin:rights_recording_changelist"),
                    _nav("Releases", "library_music", "admin:rights_release_changelist"),
                    _nav("Voices", "record_voice_over", "admin:rights_voice_changelist"),
                    _nav("Stems", "graphic_eq", "admin:rights_stem_changelist"),
                    _nav("Lyrics", "lyrics", "admin:rights_lyrics_changelist"),
                    _nav("Shares", "pie_chart", "admin:rights_share_changelist"),
                    _nav("Conflicts", "report", "admin:rights_conflict_changelist"),
                    _nav("Imports", "upload_file", "admin:ledger_importbatch_changelist"),
                    _nav("Enrollments", "library_add", "admin:ledger_enrollment_changelist"),
                ],
            },
            {
                "title": "Rights",
                "items": [
                    _nav("Consents", "handshake", "admin:rights_consent_changelist"),
                    _nav("Withdrawals", "undo", "admin:rights_consentevent_changelist"),
                    _nav("Tasks", "checklist", "admin:rights_withdrawaltask_changelist"),
                    _nav("Reservations", "do_not_disturb_on", "admin:rights_reservation_changelist"),
                    _nav("Licenses", "contract", "admin:rights_license_changelist"),
                    _nav("May I?", "help", "admin:rights_clearance_changelist"),
                    _nav("Campaigns", "campaign", "admin:rights_campaign_changelist"),
                    _nav("Terms", "article", "admin:rights_termsversion_changelist"),
                    _nav("Most favored", "balance", "admin:rights_mfnclause_changelist"),
                ],
            },
            {
                "title": "Royalties",
                "items": [
                    _nav("Usage", "table_view", "admin:royalties_usagereport_changelist"),
                    _nav("Unmatched", "link_off", "admin:royalties_usagekey_changelist"),
                    _nav("Runs", "payments", "admin:royalties_royaltyrun_changelist"),
                    _nav("Statements", "request_quote", "reports:statements"),
                    _nav(
                        "From the bank",
                        "account_balance_wallet",
                        "admin:royalties_royaltyrun_remittance",
                        permission="ledger.admin.site.settles",
                    ),
                    _nav("Balances", "account_balance", "admin:royalties_account_changelist"),
                    _nav("Payees’ terms", "handshake", "admin:royalties_payeeterms_changelist"),
                    _nav("Payees’ links", "link", "admin:royalties_payeelink_changelist"),
                    _nav("Certificates", "verified_user", "admin:royalties_taxcertificate_changelist"),
                    _nav("Advances", "savings", "admin:royalties_advance_changelist"),
                    _nav("Exchange rates", "currency_exchange", "admin:royalties_exchangerate_changelist"),
                    _nav("Declared counts", "pin", "admin:royalties_declaration_changelist"),
                ],
            },
            {
                "title": "Models",
                "items": [
                    _nav("Models", "model_training", "admin:rights_model_changelist"),
                    _nav("Training", "fact_check", "reports:training-list"),
                    _nav("Versions", "layers", "admin:rights_modelversion_changelist"),
                    _nav("Datasets", "dataset", "admin:rights_dataset_changelist"),
                    _nav("Declarations", "assignment", "admin:rights_trainingstatement_changelist"),
                    _nav("Descriptions", "label", "admin:rights_recordingdescription_changelist"),
                ],
            },
            {
                "title": "People",
                "items": [
                    _nav("Representations", "supervisor_account", "admin:rights_representation_changelist"),
                    _nav("Protections", "shield_person", "admin:rights_protection_changelist"),
                    _nav("Codes", "tag", "admin:rights_identifier_changelist"),
                    _nav("Duplicates", "merge", "admin:rights_partymerge_changelist"),
                    _nav("Second person", "group", "admin:ledger_proposal_changelist"),
                    _nav("Erasure", "person_off", "admin:ledger_erasurerequest_changelist"),
                ],
            },
            {
                "title": "Log",
                "items": [
                    _nav("Entries", "list_alt", "admin:ledger_entry_changelist"),
                    _nav("Checkpoints", "verified", "admin:ledger_checkpoint_changelist"),
                    _nav("Signers", "key", "admin:provenance_signerchange_changelist"),
                ],
            },
            {
                "title": "Access",
                "items": [
                    _nav("Users", "person", "admin:auth_user_changelist", permission="ledger.admin.site.is_operator"),
                    _nav(
                        "Memberships",
                        "badge",
                        "admin:ledger_membership_changelist",
                        permission="ledger.admin.site.is_operator",
                    ),
                    _nav("API docs", "api", "docs"),
                ],
            },
        ],
    },
}

# --- For people. --------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True  # serves each app's static files without a build step
LOGIN_URL = "/admin/login/"
AUTHENTICATION_BACKENDS = ["ledger.api.backends.MembershipBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if _flag("LEDGER_HTTPS"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Watching the machine (ledger/journal.py, ledger/watching.py, ledger/measuring.py). ---------------------------


def _limits(name: str, default: str) -> tuple[float, float]:
    """Read from when on somebody should see to something, and from when on it cannot wait."""
    soon, _, urgent = os.environ.get(name, default).partition(":")
    return float(soon), float(urgent or soon)


SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without the proxy that speaks TLS
LEDGER_METRICS_TOKEN = os.environ.get("LEDGER_METRICS_TOKEN", "")  # who sends it reads /metrics, and details of /readyz
METRICS_DIR = DATA_DIR / "metrics"  # where the processes of this machine count
METRICS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS_DIR)  # read when its library is imported
LEDGER_SEQUENCER_LAG_SECONDS = _limits("LEDGER_SEQUENCER_LAG_SECONDS", "30:300")
LEDGER_CHECKPOINT_AGE_SECONDS = _limits("LEDGER_CHECKPOINT_AGE_SECONDS", "604800:2592000")
LEDGER_JOB_AGE_SECONDS = _limits("LEDGER_JOB_AGE_SECONDS", "300:3600")
LEDGER_BACKUP_AGE_DAYS = _limits("LEDGER_BACKUP_AGE_DAYS", "2:7")
LEDGER_DRILL_AGE_DAYS = _limits("LEDGER_DRILL_AGE_DAYS", "100:190")
LEDGER_DISK_FREE_BYTES = int(os.environ.get("LEDGER_DISK_FREE_BYTES", str(1000**3)))

# Lines for machines, with each request and each job; at a terminal only warnings, in words. What may be in a line is
# for the formatter to say, whoever writes it.
_AT_A_TERMINAL = journal.at_a_terminal()
LEDGER_LOG_FORMAT = os.environ.get("LEDGER_LOG_FORMAT", "text" if _AT_A_TERMINAL else "json")
LEDGER_LOG_LEVEL = os.environ.get("LEDGER_LOG_LEVEL", "WARNING" if _AT_A_TERMINAL else "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "ledger.journal.Lines", "is_text": LEDGER_LOG_FORMAT == "text"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {name: {"level": LEDGER_LOG_LEVEL} for name in sorted(journal.OURS)},
}
