"""Outputs: submit one, and read what came of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pycountry
from django.http import FileResponse, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fingerprint import store
from ledger import clearance, packing, report, tasks
from ledger.api import contributions
from ledger.api.access import caller_of, party_of, seen_by
from ledger.api.contributions import ContributionInput
from ledger.api.fields import digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.uploads import OutputUpload, TakesUploads
from ledger.clearance import Declaration, NoSuchSubmission
from rights.models import Submission
from rights.vocabulary import Outcome, Purpose, Use

SCOPES = {"GET": "submissions:read", "POST": "submissions:write"}

CURRENCIES = sorted(currency.alpha_3 for currency in pycountry.currencies)

EXAMPLE = {
    "title": "Night train",
    "release_on": "2027-03-01",
    "uses": ["infer.input", "distribute.outside"],
    "territories": ["2136"],
    "ingredients": ["7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10"],
    "contributions": contributions.EXAMPLE,
}


EXAMPLE_OF_CLAIMS = {
    "format": "claims-by-others/1",
    "state": "valid",
    "sentence": "Intact, but signed by “Example Generator”, who is not on our list of signers.",
    "store": "9f" * 32,
    "active": "urn:c2pa:6f1f0c6a-5a5b-4c52-9a3e-0d8f5f4f2a11",
    "signed_at": None,
    "signer": {"organization": "Example Generator", "certificate": "3c" * 32},
    "failures": ["signingCredential.untrusted"],
    "ingredient_failures": [],
    "manifests": [
        {
            "label": "urn:c2pa:6f1f0c6a-5a5b-4c52-9a3e-0d8f5f4f2a11",
            "title": "Night train",
            "as": "active",
            "depth": 0,
            "generator": "Example Model 3",
            "issuer": "Example Generator",
            "actions": [{"action": "c2pa.created", "source": "trainedAlgorithmicMedia", "agent": "Example Model 3"}],
            "sources": ["trainedAlgorithmicMedia"],
            "discloses_machine": True,
            "training": {"cawg.ai_generative_training": "notAllowed"},
            "assertions": ["c2pa.actions.v2", "c2pa.ai-disclosure", "c2pa.hash.data", "cawg.training-mining"],
            "ingredients": [],
        }
    ],
}


class AmountInput(serializers.Serializer[Any]):
    """An amount of money."""

    minor = serializers.IntegerField(min_value=0, max_value=10**15, help_text="In the currency's smallest unit")
    currency = serializers.ChoiceField(CURRENCIES, help_text="ISO 4217")


class DeclarationInput(serializers.Serializer[Any]):
    """What the submitter declares about the output."""

    title = serializers.CharField(max_length=300)
    release_on = serializers.DateField()
    uses = serializers.ListField(child=serializers.ChoiceField([(use.value, use.value) for use in Use]), min_length=1)
    territories = serializers.ListField(
        child=serializers.CharField(max_length=6),
        min_length=1,
        max_length=300,
        help_text="ISO 3166-1 codes, or CISAC TIS codes such as 2136 for the world; a leading - excludes",
    )
    purposes = serializers.ListField(
        child=serializers.ChoiceField([(purpose.value, purpose.value) for purpose in Purpose]),
        required=False,
        default=list,
        help_text="What the output is for; holders may have said no to some",
    )
    model_version = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The registered version of the model that made it; licenses and consents may be bound to one",
    )
    ingredients = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=200,
        help_text="Ids of the recordings that are in the output",
    )
    contributions = ContributionInput(
        many=True, help_text="Each component that the output has; what is not listed is taken not to be in it"
    )
    expected = AmountInput(
        required=False,
        allow_null=True,
        default=None,
        help_text="What you expect it to earn: a costly refusal takes two people. It changes nothing else.",
    )

    isrc = serializers.CharField(
        max_length=15,
        required=False,
        allow_blank=True,
        default="",
        help_text="The output's own ISRC: written into the file before it is signed, with the title and the cover",
    )
    prompt_commitment = serializers.RegexField(
        r"^[0-9a-f]{64}\Z",
        required=False,
        allow_blank=True,
        default="",
        help_text="HMAC-SHA256 of the prompt's UTF-8 bytes under a salt of 32 random bytes. Keep both: they prove later"
        " what was asked. Its manifest names the commitment; the text is not sent.",
    )

    def validate_contributions(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Check that each component is declared once, and at least one is."""
        return contributions.checked(given)


class DeclarationField(serializers.JSONField):
    """The declaration as JSON text, since a multipart form has no objects."""

    def to_internal_value(self, data: Any) -> Any:
        """Parse, then check every field; errors name the field inside."""
        try:
            document = super().to_internal_value(data)
        except RecursionError:
            self.fail("invalid")
        if not isinstance(document, dict):
            raise serializers.ValidationError("The declaration is a JSON object.")
        inner = DeclarationInput(data=document)
        inner.is_valid(raise_exception=True)
        return inner.validated_data


class SubmissionForm(serializers.Serializer[Any]):
    """A multipart form: an id that the client makes, the declaration as JSON, the audio."""

    id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
    declaration = DeclarationField(binary=True)
    audio = serializers.FileField(allow_empty_file=True, help_text="WAV, AIFF, MP3, FLAC, M4A or OGG")
    cover = serializers.FileField(required=False, default=None, help_text="JPEG or PNG of at most 2 MiB")


class SubmissionFormSchema(serializers.Serializer[Any]):
    """As above, for the schema."""

    id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
    declaration = DeclarationInput()
    audio = serializers.FileField(help_text="WAV, AIFF, MP3, FLAC, M4A or OGG")
    cover = serializers.FileField(
        required=False,
        help_text="JPEG or PNG of at most 2 MiB: written into WAV, AIFF, MP3, FLAC and M4A before they are signed",
    )


class FindingOutput(serializers.Serializer[Any]):
    """One obligation that does not hold."""

    rule = serializers.CharField()
    effect = serializers.CharField(help_text="refuse, review, or pass: said for the record")
    sentence = serializers.CharField()
    rests_on = serializers.ListField(child=serializers.UUIDField())
    matches = serializers.ListField(child=serializers.IntegerField(), help_text="Positions in the evidence")


class SplitOutput(serializers.Serializer[Any]):
    """One leaf of the splits."""

    leaf = serializers.CharField()
    party = serializers.UUIDField()
    part = serializers.CharField(help_text="An exact fraction")


class ZoneOutput(serializers.Serializer[Any]):
    """Territories with the same ownership; its parts sum to one."""

    territories = serializers.ListField(child=serializers.CharField())
    parts = SplitOutput(many=True)


class DecisionOutput(serializers.Serializer[Any]):
    """What was decided."""

    id = serializers.UUIDField()
    outcome = serializers.CharField(help_text="cleared, refused or review")
    policy = serializers.CharField()
    bands = serializers.UUIDField(allow_null=True, help_text="What matches were measured on")
    supersedes = serializers.UUIDField(allow_null=True, help_text="The decision before, where people decided again")
    decided_at = serializers.DateTimeField()
    findings = FindingOutput(many=True)
    licenses = serializers.ListField(child=serializers.UUIDField())


class SubmissionOutput(serializers.Serializer[Any]):
    """A submission and what came of it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    audio = serializers.CharField(help_text="sha256:… of the submitted file")
    release_on = serializers.DateField()
    purposes = serializers.ListField(child=serializers.CharField())
    model_version = serializers.UUIDField(allow_null=True)
    isrc = serializers.CharField(help_text="Its own; empty where none was given")
    cover = serializers.CharField(allow_null=True, help_text="sha256:… of the cover")
    prompt_commitment = serializers.CharField(allow_null=True, help_text="HMAC-SHA256, hex")
    submitted_at = serializers.DateTimeField()
    state = serializers.CharField(help_text="waiting, failed, cleared, refused or review")
    decision = DecisionOutput(allow_null=True)
    splits = ZoneOutput(many=True, allow_null=True, help_text="As attached at the decision; versions are in links")
    links = serializers.DictField(child=serializers.CharField())


def describe(found: report.Dossier) -> dict[str, Any]:
    """Return a submission as the API shows it."""
    submission, decision = found.submission, found.decision
    root = f"/v1/submissions/{submission.id}"
    links = {
        "self": root,
        "entries": f"{root}/entries",
        "contributions": f"{root}/contributions",
        "disclosures": f"{root}/disclosures",
    }
    if decision:
        links |= {
            "evidence": f"{root}/evidence",
            **({"claims_by_others": f"{root}/claims-by-others"} if found.claims else {}),
            "pack": f"{root}/pack",
            "report": report.public_url(submission.id),
            **({"splits": f"{root}/splits"} if found.splits else {}),
        }
    if found.state == Outcome.REFUSED:
        links |= {"appeals": f"{root}/appeals"}
    if found.manifest:
        links |= {"file": f"{root}/file", "copies": f"{root}/copies"}
        if not found.manifest.is_embedded:
            links |= {"manifest": f"{root}/manifest"}
    return {
        "id": submission.id,
        "title": submission.title,
        "audio": digest(submission.audio_id),
        "release_on": submission.release_on,
        "purposes": submission.purposes,
        "model_version": submission.model_version_id,
        "isrc": submission.isrc,
        "cover": digest(submission.cover_digest) if submission.cover_digest else None,
        "prompt_commitment": submission.prompt_commitment or None,
        "submitted_at": submission.submitted_at,
        "state": found.state,
        "decision": {
            "id": decision.id,
            "outcome": decision.outcome,
            "policy": decision.policy_version,
            "bands": decision.bands_id,
            "supersedes": decision.supersedes_id,
            "decided_at": decision.decided_at,
            "findings": found.findings,
            "licenses": decision.licenses,
        }
        if decision
        else None,
        "splits": [
            {
                "territories": zone.territories,
                "parts": [
                    {
                        "leaf": part.leaf,
                        "party": part.party_id,
                        "part": f"{part.part.numerator}/{part.part.denominator}",
                    }
                    for part in zone.parts
                ],
            }
            for zone in found.splits.zones
        ]
        if found.splits
        else None,
        "links": links,
    }


def _visible(request: Request, id: UUID) -> report.Dossier:
    # Another's submission and none at all look the same.
    return report.dossier(id, caller_of(request).sight)


def _own(request: Request, id: UUID) -> report.Dossier:
    return report.own(id, caller_of(request).sight)


class SubmissionRow(serializers.Serializer[Submission]):
    """A line of the list; read the submission for its decision."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    audio = serializers.SerializerMethodField(help_text="sha256:… of the submitted file")
    release_on = serializers.DateField()
    submitted_at = serializers.DateTimeField()
    state = serializers.CharField(help_text="waiting, failed, cleared, refused or review")
    self = serializers.SerializerMethodField()

    def get_audio(self, submission: Submission) -> str | None:
        """Return the digest of the submitted file."""
        return digest(submission.audio_id)

    def get_self(self, submission: Submission) -> str:
        """Return where the rest is."""
        return f"/v1/submissions/{submission.id}"


class Submissions(TakesUploads):
    """Outputs to be cleared."""

    scopes = SCOPES
    upload_handler = OutputUpload
    parser_classes = [MultiPartParser]
    throttle_scope: str | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Throttle submitting, not reading."""
        self.throttle_scope = "submit" if request.method == "POST" else None
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="submit",
        request={"multipart/form-data": SubmissionFormSchema},
        responses={202: SubmissionOutput},
        examples=[OpenApiExample("declaration", {"declaration": EXAMPLE}, request_only=True)],
        tags=["submissions"],
    )
    def post(self, request: Request) -> Response:
        """Submit a finished output. It is examined and decided in the background: follow ``Location``."""
        submitter_id = party_of(request)
        given = SubmissionForm(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        declared, upload = data["declaration"], data["audio"]
        path = Path(upload.temporary_file_path())
        declaration = Declaration(
            title=declared["title"],
            uses=declared["uses"],
            territories=declared["territories"],
            release_on=declared["release_on"],
            ingredient_ids=declared["ingredients"],
            contributions=[contributions.declared(row) for row in declared["contributions"]],
            purposes=declared["purposes"],
            model_version_id=declared["model_version"],
            expected=(declared["expected"]["minor"], declared["expected"]["currency"])
            if declared["expected"]
            else None,
            isrc=declared["isrc"],
            cover=Path(data["cover"].temporary_file_path()) if data["cover"] else None,
            prompt_commitment=declared["prompt_commitment"],
        )
        submission, created = once(
            seen_by(request, Submission.objects.all()),
            data["id"],
            same=lambda found: clearance.is_same(
                found, submitter_id=submitter_id, declaration=declaration, audio_path=path
            ),
            create=lambda: clearance.submit(
                id=data["id"],
                submitter_id=submitter_id,
                declaration=declaration,
                audio_path=path,
                media_type=upload.content_type,
                at=timezone.now(),
            ),
        )
        if created:
            # Committed: submit() is durable. The message is a hint; a sweep finds what it misses.
            tasks.ring(submission.id)
        answer = Response(SubmissionOutput(describe(report.dossier(submission.id))).data, status=202)
        answer["Location"] = f"/v1/submissions/{submission.id}"
        return answer

    @extend_schema(operation_id="list_submissions", responses=Page.of(SubmissionRow), tags=["submissions"])
    def get(self, request: Request) -> Response:
        """List your submissions, and others with something in them that you hold; oldest first."""
        rows = report.with_state(Submission.objects.all())
        return page_of(rows, "submitted_at", SubmissionRow, request)


class SubmissionDetail(APIView):
    """One output."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(operation_id="read_submission", responses=SubmissionOutput, tags=["submissions"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a submission: its state, the decision with every finding, the splits, and where the rest is."""
        return Response(SubmissionOutput(describe(_visible(request, id))).data)


class SubmissionEvidence(APIView):
    """What was measured."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(operation_id="read_evidence", responses=OpenApiTypes.OBJECT, tags=["submissions"])
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """Read the evidence: every match with both time ranges, as the exact bytes whose digest is in the log."""
        found = _own(request, id)
        if found.decision is None:
            raise report.NotDecided
        if found.decision.examination is None:
            raise report.NoEvidence
        return HttpResponse(bytes(found.decision.examination.document), content_type="application/json")


class ClaimedManifestOutput(serializers.Serializer[Any]):
    """One manifest inside another, as it was read; every word of it is a stranger's."""

    title = serializers.CharField()
    depth = serializers.IntegerField(help_text="0: the one that the file came with")
    generator = serializers.CharField(help_text="The software that made the claim, as it calls itself")
    issuer = serializers.CharField(help_text="Who issued the signer's certificate, or is named in it")
    sources = serializers.ListField(child=serializers.CharField(), help_text="IPTC digital source types")
    discloses_machine = serializers.BooleanField(help_text="It carries c2pa.ai-disclosure")
    training = serializers.DictField(child=serializers.CharField(), help_text="cawg.training-mining")
    assertions = serializers.ListField(child=serializers.CharField(), help_text="Labels of what it asserts")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, two of which have names that a field of a class cannot have."""
        return {
            "label": serializers.CharField(),
            "as": serializers.CharField(help_text="active, or its relationship"),
            **super().get_fields(),
        }


class ClaimsOutput(serializers.Serializer[Any]):
    """What others claim about a submitted file; none of it is a fact here."""

    format = serializers.CharField()
    state = serializers.CharField(help_text="trusted, valid, invalid or unreadable, on the day it was read")
    sentence = serializers.CharField()
    store = serializers.CharField(allow_null=True, help_text="SHA-256 of the manifest store")
    active = serializers.CharField(allow_null=True)
    signed_at = serializers.CharField(allow_null=True, help_text="From a time stamp; null where there is none")
    signer = serializers.DictField(child=serializers.CharField(), allow_null=True)
    failures = serializers.ListField(child=serializers.CharField())
    ingredient_failures = serializers.ListField(child=serializers.DictField())
    manifests = ClaimedManifestOutput(many=True)


class SubmissionClaims(APIView):
    """What others claim about the submitted file."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(
        operation_id="read_claims_by_others",
        responses=ClaimsOutput,
        examples=[OpenApiExample("claims", EXAMPLE_OF_CLAIMS, response_only=True)],
        tags=["submissions"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """
        Read what the manifest that the file came with claims, and whether it holds: the bytes whose digest is logged.

        Claims by others are kept, shown and compared with what was declared. They are never taken for facts.
        """
        found = _own(request, id)
        if found.claims is None:
            raise report.NothingClaimed
        return HttpResponse(bytes(found.claims.document), content_type="application/json")


class SubmissionFile(APIView):
    """The file to deliver."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(
        operation_id="read_signed_file",
        responses={(200, "audio/*"): OpenApiTypes.BINARY},
        tags=["submissions"],
    )
    def get(self, request: Request, id: UUID) -> FileResponse:
        """Download the signed file of a cleared output. Any later change to it, tags included, breaks the signature."""
        found = _own(request, id)
        if found.manifest is None:
            raise report.NotSigned
        name = f"{id}.{report.EXTENSIONS[found.manifest.media_type]}"
        return FileResponse(
            store.open(found.manifest.newest.output_digest),
            content_type=found.manifest.media_type,
            filename=name,
            as_attachment=True,
        )


class SubmissionManifest(APIView):
    """The manifest beside the file."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(
        operation_id="read_manifest",
        responses={(200, "application/c2pa"): OpenApiTypes.BINARY},
        tags=["submissions"],
    )
    def get(self, request: Request, id: UUID) -> FileResponse:
        """Download the C2PA manifest store; for AIFF and OGG it is the only copy, other files carry it inside."""
        found = _own(request, id)
        if found.manifest is None:
            raise report.NotSigned
        return FileResponse(
            store.open(found.manifest.newest.manifest_digest),
            content_type="application/c2pa",
            filename=f"{id}.c2pa",
            as_attachment=True,
        )


class EntryOutput(serializers.Serializer[Any]):
    """An entry of the log with its receipt."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    index = serializers.IntegerField(allow_null=True, help_text="Place in the tree; null for a moment after the commit")
    body = serializers.CharField(help_text="The exact bytes that were hashed (RFC 8785 JSON)")
    receipt = serializers.CharField(allow_null=True, help_text="Inclusion proof and checkpoint, c2sp.org/tlog-proof@v1")


class SubmissionEntries(APIView):
    """What the log says."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(operation_id="read_entries", responses=EntryOutput(many=True), tags=["submissions"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read the log entries of a submission and its decision, each with its inclusion proof."""
        found = _visible(request, id)
        return Response([EntryOutput(describe_entry(entry)).data for entry in found.entries])


def describe_entry(entry: Any) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    placed = hasattr(entry, "leaf")
    return {
        "id": entry.id,
        "kind": entry.kind,
        "index": entry.leaf.index if placed else None,
        "body": bytes(entry.body).decode(),
        "receipt": report.receipt(entry) if placed else None,
    }


class SubmissionPack(APIView):
    """Everything in one archive."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(
        operation_id="read_pack",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        tags=["submissions"],
    )
    def get(self, request: Request, id: UUID) -> FileResponse:
        """Download the evidence pack; ``ledger-verify`` checks it offline."""
        _own(request, id)
        return pack_response(id)


def pack_response(id: UUID) -> FileResponse:
    """Answer with the evidence pack of a submission."""
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    try:
        packing.output(id, archive)
    except BaseException:
        archive.close()
        raise
    archive.seek(0)
    return FileResponse(archive, content_type="application/zip", filename=f"{id}.pack.zip", as_attachment=True)
