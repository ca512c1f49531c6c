"""Cleared outputs: everything on record about one, its certificate, and what its manifest stands for today."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from ledger import certifying, checkpoints, report, stating
from ledger.access import NotYourParty, Verb
from ledger.api import contributions
from ledger.api.access import caller_of, client_of, seen_by
from ledger.api.fields import DigestField, digest
from ledger.api.once import once
from ledger.api.submissions import DecisionOutput, ZoneOutput, describe
from ledger.clearance import NoSuchSubmission
from provenance import certified, deliveries, statuses
from provenance.models import Certificate, Disclosure, Manifest, ManifestStatus
from provenance.statuses import Reason, Status
from rights.models import Decision, Recheck, Submission

CACHED_S = 60  # of a public status: as long as an old one may still be shown after a change
STATUSES = [(one.value, one.value) for one in Status]
REASONS = [(one.value, one.value) for one in Reason]
STATED_REASONS = [(one.value, one.value) for one in statuses.STATED]


class BadMoment(Exception):
    """``at`` is a moment that is past, with its zone, such as 2027-03-01T12:00:00Z."""


# --- The status, for everybody


class StepOutput(serializers.Serializer[Any]):
    """That the status became another."""

    status = serializers.ChoiceField(STATUSES)
    since = serializers.DateTimeField()
    reason = serializers.ChoiceField(REASONS)


class LogHeadOutput(serializers.Serializer[Any]):
    """The log that all of this is in, as it was when this was read."""

    origin = serializers.CharField()
    checkpoint = serializers.CharField(help_text="The newest signed tree head (c2sp.org/tlog-checkpoint)")


class StatusOutput(serializers.Serializer[Any]):
    """What a manifest stands for at a moment."""

    manifest = serializers.CharField(help_text="The manifest's label, urn:c2pa:…")
    status = serializers.ChoiceField(STATUSES)
    sentence = serializers.CharField(help_text="The same, for people")
    reason = serializers.ChoiceField(REASONS, allow_null=True)
    since = serializers.DateTimeField(allow_null=True, help_text="Null: from the beginning")
    at = serializers.DateTimeField(help_text="The moment that this is about")
    history = StepOutput(many=True)
    announced = StepOutput(many=True, help_text="Known to follow, and not in effect yet")
    superseded_by = serializers.CharField(allow_null=True, help_text="The manifest that takes its place")
    files = serializers.ListField(child=serializers.CharField(), help_text="sha256:… of what was delivered")
    certificate = serializers.DictField(
        allow_null=True, help_text="The newest certificate: its id, when it was issued, and until when it holds"
    )
    log = LogHeadOutput(allow_null=True)


def describe_status(manifest: Manifest, *, at: datetime) -> dict[str, Any]:
    """Return what everybody may know about a manifest at a moment."""
    found = stating.standing_of(manifest, at=at)
    certificate = manifest.certificates.filter(issued_at__lte=at).order_by("-number").first()
    successor = stating.successor_of(manifest, at=at) if found.status is Status.SUPERSEDED else None
    try:
        head = {"origin": settings.LEDGER_ORIGIN, "checkpoint": checkpoints.newest().note}
    except checkpoints.NoCheckpoint:
        head = None
    return {
        "manifest": manifest.label,
        "status": found.status.value,
        "sentence": statuses.SENTENCES[found.status],
        "reason": found.reason.value if found.reason else None,
        "since": found.since,
        "at": at,
        "history": [
            {"status": step.status.value, "since": step.change.since, "reason": step.change.reason.value}
            for step in found.steps
        ],
        "announced": [
            {"status": change.status.value, "since": change.since, "reason": change.reason.value}
            for change in found.coming
        ],
        "superseded_by": successor.label if successor else None,
        "files": [digest(one.output_digest) for one in deliveries.of(manifest, at=at)],
        "certificate": {
            "id": str(certificate.pk),
            "issued_at": certificate.issued_at.isoformat(),
            "expires_at": certificate.expires_at.isoformat(),
        }
        if certificate
        else None,
        "log": head,
    }


def moment_of(text: str, *, now: datetime) -> datetime:
    """
    Return the moment that is asked about: now, unless another is named.

    :raises BadMoment: it cannot be read, has no zone, or lies ahead
    """
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus in an address is read as a space
    except ValueError as error:
        raise BadMoment from error
    if moment.tzinfo is None or moment > now:
        raise BadMoment
    return moment


class PublicStatus(APIView):
    """What a manifest stands for, for everybody to read."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "status"

    @extend_schema(
        operation_id="read_status",
        parameters=[OpenApiParameter("at", OpenApiTypes.DATETIME, description="As known at this moment; now without")],
        responses=StatusOutput,
        auth=[],
        tags=["outputs"],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """
        Read what a manifest stands for, by the UUID of its label or by the id of a certificate. Nobody signs in.

        ``active``: nothing was recorded against it. ``source_withdrawn``: no new use, what was released stays.
        ``superseded``: another one takes its place. ``quarantined``: not to be released until it is settled. No name,
        no title and no license is shown.
        """
        at = moment_of(request.query_params.get("at", ""), now=timezone.now())
        answer = Response(StatusOutput(describe_status(stating.manifest_of(id), at=at)).data)
        expose(answer)
        return answer


def expose(response: HttpResponse) -> None:
    """Let any page and any cache have a status for a minute."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = f"public, max-age={CACHED_S}"


# --- The certificate


class OutputCertificate(APIView):
    """The certificate of an output."""

    scopes = {"GET": "submissions:read"}
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(
        operation_id="read_certificate",
        responses={(200, certified.MEDIA_TYPE): OpenApiTypes.STR},
        tags=["outputs"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """
        Download the newest certificate of a cleared output: a signed JWT that ``ledger-verify`` checks offline.

        It says what was delivered, by which decision, under which licenses, how it was made and divided, and proves
        that the decision is in the log. It is issued within seconds of the decision, and renewed before it runs out.
        """
        found = report.own(id, caller_of(request).sight)
        if found.manifest is None:
            raise report.NotSigned
        return certificate_response(found)


def certificate_response(found: report.Dossier) -> HttpResponse:
    """
    Answer with the newest certificate of an output.

    :raises NotCertified: none was issued yet
    """
    if not found.certificates:
        raise report.NotCertified
    response = HttpResponse(found.certificates[0].token, content_type=certified.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{found.submission.pk}.certificate.jwt"'
    return response


# --- Stating


class StatementOutput(serializers.Serializer[Any]):
    """What somebody stated about a manifest."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    reason = serializers.ChoiceField(STATED_REASONS)
    superseded_by = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()
    note = serializers.CharField()
    party = serializers.UUIDField(source="party_id", allow_null=True, help_text="As whom; null: the operator")
    recorded_at = serializers.DateTimeField()

    def get_superseded_by(self, row: ManifestStatus) -> str | None:
        """Return the label of what takes its place."""
        return row.successor.label if row.successor else None

    def get_evidence(self, row: ManifestStatus) -> str | None:
        """Return the digest of what shows it."""
        return digest(row.evidence_digest) if row.evidence_digest else None


class OutputStatuses(APIView):
    """What was stated about the manifest of an output."""

    scopes = {"GET": "submissions:read", "POST": "submissions:write"}
    people = {"POST": [Verb.REVIEW, Verb.SUBMIT]}
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="StatusStatement")
    class Input(serializers.Serializer[Any]):
        """What the manifest of an output stands for from now on."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        status = serializers.ChoiceField(STATUSES)
        reason = serializers.ChoiceField(STATED_REASONS, help_text="A code that is shown in public")
        superseded_by = serializers.UUIDField(
            required=False, allow_null=True, default=None, help_text="Id of the output that takes its place"
        )
        evidence = DigestField(
            required=False, allow_blank=True, default="", help_text="Of a document that shows it; needed to lift"
        )
        note = serializers.CharField(
            max_length=600, required=False, allow_blank=True, default="", help_text="Without names; not shown in public"
        )
        known_at = serializers.DateTimeField(
            required=False,
            allow_null=True,
            default=None,
            help_text="The `at` of the status that you looked at: 409 where something was recorded since",
        )

    @extend_schema(
        operation_id="state_status",
        request=Input,
        responses={201: StatementOutput},
        examples=[
            OpenApiExample(
                "quarantine",
                {
                    "id": "0f0b7a0e-3f43-4c4e-9d55-0f8a7f3c2a11",
                    "status": "quarantined",
                    "reason": "rights_disputed",
                    "note": "A claim of the publisher of the second sample came in.",
                },
                request_only=True,
            )
        ],
        tags=["outputs"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        State what the manifest of an output stands for from now on, and why; the delivered file is not touched.

        A submitter may do so for its own outputs, graver only. To lift a status is the operator's, with evidence, and
        takes somebody else than who stated it.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data, caller = given.validated_data, caller_of(request)
        found = report.own(id, caller.sight)
        if found.manifest is None:
            raise report.NotSigned
        submitter = found.submission.submitter_id
        if not (caller.acts_for(submitter, Verb.SUBMIT) or caller.acts_for(submitter, Verb.REVIEW)):
            raise NotYourParty
        successor = seen_by(request, Manifest.objects.filter(decision__submission=data["superseded_by"])).first()
        client = client_of(request)
        manifest = found.manifest
        wanted = (manifest.pk, data["status"], data["reason"], data["evidence"], data["note"])
        row, created = once(
            seen_by(request, ManifestStatus.objects.all()),
            data["id"],
            same=lambda row: (row.manifest_id, row.status, row.reason, row.evidence_digest, row.note) == wanted,
            create=lambda: stating.state(
                id=data["id"],
                manifest_id=manifest.pk,
                status=Status(data["status"]),
                reason=Reason(data["reason"]),
                successor_id=successor.pk if successor else None,
                evidence_digest=data["evidence"],
                note=data["note"],
                stated_by_id=None if client is not None else int(request.user.pk or 0),
                party_id=None if caller.is_operator and client is None else submitter,
                is_operator=caller.is_operator,
                known_at=data["known_at"],
                at=timezone.now(),
            ),
        )
        return Response(StatementOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_statuses", responses=StatementOutput(many=True), tags=["outputs"])
    def get(self, request: Request, id: UUID) -> Response:
        """List what people stated about the manifest of an output, oldest first."""
        rows = seen_by(request, ManifestStatus.objects.select_related("successor"))
        rows = rows.filter(manifest__decision__submission=id).order_by("number")
        return Response(StatementOutput(rows, many=True).data)


# --- The dossier


class GenerationOutput(serializers.Serializer[Any]):
    """What made it, as declared."""

    model_version = serializers.UUIDField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    uses = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())


class IngredientOutput(serializers.Serializer[Any]):
    """A recording that was declared to be in it."""

    recording = serializers.UUIDField(source="recording_id")
    title = serializers.CharField(source="recording.title")
    isrc = serializers.CharField(source="recording.isrc", allow_null=True)


class ManifestOutput(serializers.Serializer[Any]):
    """The manifest that was signed."""

    urn = serializers.CharField(source="label", help_text="urn:c2pa:…")
    media_type = serializers.CharField()
    is_embedded = serializers.BooleanField()
    file = serializers.SerializerMethodField(help_text="sha256:… of the signed file")
    manifest = serializers.SerializerMethodField(help_text="sha256:… of the manifest store")
    signed_at = serializers.DateTimeField()

    def get_file(self, row: Manifest) -> str | None:
        """Return the digest of the signed file."""
        return digest(row.newest.output_digest)

    def get_manifest(self, row: Manifest) -> str | None:
        """Return the digest of the manifest."""
        return digest(row.newest.manifest_digest)


class CertificateOutput(serializers.Serializer[Certificate]):
    """A certificate that was issued."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    digest = serializers.SerializerMethodField(help_text="sha256:… of the token")
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    status_url = serializers.SerializerMethodField()

    def get_digest(self, row: Certificate) -> str | None:
        """Return the digest of the token."""
        return digest(row.digest)

    def get_status_url(self, row: Certificate) -> str:
        """Return where it says whether it still stands."""
        return certifying.status_url(row.pk)


class RecheckRow(serializers.Serializer[Recheck]):
    """That it was looked at again."""

    id = serializers.UUIDField()
    cause = serializers.CharField()
    outcome = serializers.CharField()
    rechecked_at = serializers.DateTimeField()


class FileOutput(serializers.Serializer[Any]):
    """A file that went out: as it was signed, or in another container."""

    urn = serializers.CharField(source="label", help_text="urn:c2pa:… of its manifest")
    media_type = serializers.CharField()
    file = serializers.SerializerMethodField(help_text="sha256:… of the file")
    manifest = serializers.SerializerMethodField(help_text="sha256:… of its manifest store")
    since = serializers.DateTimeField()

    def get_file(self, row: Any) -> str | None:
        """Return the digest of the file."""
        return digest(row.output_digest)

    def get_manifest(self, row: Any) -> str | None:
        """Return the digest of the manifest."""
        return digest(row.manifest_digest)


class DeliveryOutput(serializers.Serializer[Any]):
    """That a recipient was told how it was made, with the output."""

    id = serializers.UUIDField()
    recipient = serializers.CharField()
    profile = serializers.CharField()
    message = serializers.CharField(help_text="The sender's own number of what it went in")
    sent_at = serializers.DateTimeField()


class DossierOutput(serializers.Serializer[Any]):
    """Everything on record about one output, as far as the caller sees it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    submitter = serializers.UUIDField()
    audio = serializers.CharField(help_text="sha256:… of the submitted file")
    release_on = serializers.DateField()
    submitted_at = serializers.DateTimeField()
    state = serializers.CharField(help_text="waiting, failed, cleared, refused or review")
    generation = GenerationOutput()
    ingredients = IngredientOutput(many=True)
    contributions = contributions.ContributionOutput(many=True)
    decision = DecisionOutput(allow_null=True)
    earlier_decisions = serializers.ListField(child=serializers.UUIDField())
    rechecks = RecheckRow(many=True)
    splits = ZoneOutput(many=True, allow_null=True)
    manifest = ManifestOutput(allow_null=True)
    status = StatusOutput(allow_null=True)
    certificates = CertificateOutput(many=True)
    files = FileOutput(many=True)
    deliveries = DeliveryOutput(many=True)
    entries = serializers.ListField(child=serializers.UUIDField(), help_text="Of the log, about this output")
    links = serializers.DictField(child=serializers.CharField())


class OutputDetail(APIView):
    """The dossier of an output (PRV-1)."""

    scopes = {"GET": "submissions:read"}
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(operation_id="read_dossier", responses=DossierOutput, tags=["outputs"])
    def get(self, request: Request, id: UUID) -> Response:
        """
        Read everything on record about one output: who submitted it, what made it and what is in it, checks, decisions,
        licenses, manifest, certificates, status and log entries.

        Whoever submitted it reads all of it; who holds something in it reads what is about that.
        """
        found = report.dossier(id, caller_of(request).sight)
        said = describe(found)
        submission, manifest = found.submission, found.manifest
        root = f"/v1/outputs/{submission.pk}"
        links = said["links"] | {"submission": said["links"]["self"], "self": root}
        if found.is_own:
            links |= {name: f"{links['submission']}/{name}" for name in ("contributions", "disclosures")}
        if manifest is not None:
            links |= {"status": certifying.status_url(manifest.pk), "statuses": f"{root}/statuses"}
        if found.certificates:
            links |= {"certificate": f"{root}/certificate"}
        earlier = Decision.objects.filter(submission=submission).order_by("decided_at").values_list("pk", flat=True)
        model = submission.model_version
        dossier = said | {
            "submitter": submission.submitter_id,
            "generation": {
                "model_version": submission.model_version_id,
                "model": str(model) if model else None,
                "uses": submission.uses,
                "purposes": submission.purposes,
            },
            "ingredients": list(submission.ingredients.all()),
            "contributions": contributions.of_dossier(found),
            "earlier_decisions": [one for one in earlier if found.decision and one != found.decision.pk]
            if found.is_own
            else [],
            "rechecks": seen_by(request, Recheck.objects.filter(decision__submission=submission)).order_by(
                "rechecked_at", "id"
            ),
            "manifest": manifest,
            "status": describe_status(manifest, at=timezone.now()) if manifest else None,
            "certificates": found.certificates,
            "files": deliveries.of(manifest, at=timezone.now()) if manifest else (),
            "deliveries": seen_by(request, Disclosure.objects.filter(submission=submission)).order_by("sent_at", "id"),
            "entries": [entry.pk for entry in found.entries],
            "links": links,
        }
        return Response(DossierOutput(dossier).data)
