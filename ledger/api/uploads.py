"""Taking in large files: to disk, in pieces, and no further than the limit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from rest_framework.request import Request
from rest_framework.views import APIView

from fingerprint.voices import MOST_CLIPS, TooManyClips


class UploadTooLarge(Exception):
    """The request is larger than this service takes."""


class LengthRequired(Exception):
    """Say how long the upload is: send it with a Content-Length, not in chunks."""


class TakesUploads(APIView):
    """A view whose body may be a large file."""

    upload_handler: type[BoundedUpload] | None = None  # None: as configured, for audio

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """
        Look at how the body is announced, after the caller was let in and before a byte is read.

        :raises LengthRequired: it comes in chunks, which the server would read as no body at all
        """
        super().initial(request, *args, **kwargs)
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired
        if self.upload_handler is not None:
            own = request._request  # noqa: SLF001 - REST framework's documented way to Django's request
            own.upload_handlers = [self.upload_handler(own)]


class BoundedUpload(TemporaryFileUploadHandler):
    """Streams uploads to temporary files; refuses before reading where the length says so, else at the limit."""

    received = 0
    files = 0
    most_files = 1
    one_too_many: Exception = TooManyFilesSent("Send one file in a request.")
    instead = "send a compressed format such as FLAC or M4A"

    @property
    def limit(self) -> int:
        """How many bytes are taken."""
        return int(settings.LEDGER_MAX_UPLOAD_BYTES)

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002 - Django's signature, as are the following
        META: dict[str, Any],  # noqa: ARG002, N803
        content_length: int,
        boundary: str,  # noqa: ARG002
        encoding: str | None = None,  # noqa: ARG002
    ) -> None:
        """
        Look at the announced length.

        :raises UploadTooLarge: it is beyond the limit
        """
        self._check(content_length)

    def new_file(self, *args: Any, **options: Any) -> None:
        """
        Begin one file.

        :raises TooManyFilesSent: it is one too many
        """
        self.files += 1
        if self.files > self.most_files:
            raise self.one_too_many
        super().new_file(*args, **options)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """
        Write one piece.

        :raises UploadTooLarge: the pieces add up to more than the limit, whatever was announced
        """
        self.received += len(raw_data)
        self._check(self.received)
        super().receive_data_chunk(raw_data, start)

    def _check(self, size: int) -> None:
        # Some room for the multipart frame and the other fields.
        if size > self.limit + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise UploadTooLarge(f"the upload is larger than {self.limit // 2**20} MiB: {self.instead}")


class OutputUpload(BoundedUpload):
    """The same for an output, which may bring a cover."""

    most_files = 2
    one_too_many = TooManyFilesSent("Send the audio, and at most one cover, in a request.")


class ClipsUpload(BoundedUpload):
    """The same for clips of a voice, of which there may be several; the limit is for all of them."""

    most_files = MOST_CLIPS
    one_too_many = TooManyClips()
    instead = "send shorter clips, or a compressed format such as FLAC or M4A"


class ImportUpload(BoundedUpload):
    """The same for files of catalogues, which have a limit of their own."""

    instead = "split the file"

    @property
    def limit(self) -> int:
        """How many bytes are taken."""
        return int(settings.LEDGER_MAX_IMPORT_BYTES)
