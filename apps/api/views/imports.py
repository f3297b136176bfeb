"""Imports of logs."""

from collections.abc import Iterator
from functools import partial
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.pagination import ByKey
from apps.api.parsers import FileParser, check_length
from apps.api.serializers.imports import (
    BINARY,
    ImportDetailOut,
    ImportNew,
    ImportOptions,
    ImportOut,
    LineErrorOut,
)
from apps.api.serializers.trials import TrialReportOut
from apps.api.views.base import OrganizationViewSet
from apps.attribution.selectors import import_report
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.usage.imports.files import PIECE, FileTooLarge, UnreadableFile, Upload, receive
from apps.usage.imports.selectors import LineError, import_of, imports, line_errors, spend_of
from apps.usage.imports.services import (
    ImportTerms,
    InvalidImport,
    TooManyImports,
    create_import,
)

_ENVELOPE_BYTES = 64 * 1024  # what a form is larger than the file in it


@extend_schema(tags=["Imports"])
class ImportsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.USAGE_READ,
        "retrieve": Permission.USAGE_READ,
        "report": Permission.USAGE_READ,
        "create": Permission.USAGE_IMPORT,
    }
    raises = {"create": (InvalidImport, TooManyImports, FileTooLarge, UnreadableFile)}
    parser_classes = [MultiPartParser, FileParser]
    upload: Upload
    terms: ImportTerms
    is_kept = False

    @extend_schema(operation_id="listImports", responses=ImportOut(many=True))
    def list(self, _request: Request) -> Response:
        """List imports

        Logs of calls that went elsewhere, the newest first.
        """
        return self.page(imports(), ImportOut)

    @extend_schema(operation_id="getImport", responses=ImportDetailOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show an import

        With what its calls cost and what each lever may save of it. Estimates are ranges read from
        a log; nothing is proven before calls go through the gateway.
        """
        row = import_of(id)
        return Response(ImportDetailOut(row, context={"spend": spend_of(row)}).data)

    @extend_schema(operation_id="getImportReport", responses=TrialReportOut)
    def report(self, _request: Request, id: UUID) -> Response:
        """Show what levers would have saved

        The levers that change no answer, simulated on the calls of the log, with an interval that
        is drawn over its days or conversations. An estimate, never added to what is proven.
        """
        return Response(TrialReportOut(import_report(id)).data)

    @extend_schema(
        operation_id="createImport",
        request={"multipart/form-data": ImportNew, "application/octet-stream": BINARY},
        parameters=[ImportOptions],
        responses={201: ImportOut},
    )
    @acts_once
    def create(self, request: Request) -> Response:
        """Import a log

        Send the file as the whole body (`application/octet-stream`) or as the field `file` of a
        form; it may be packed by gzip. It is read in the background: ask for the import until its
        `state` is `done`. A call that was imported before is not counted again.
        """
        row = create_import(
            organization=self.organization,
            upload=self.upload,
            terms=self.terms,
            by=self.actor.id,
            at=utc_now(),
        )
        self.is_kept = True
        return Response(ImportOut(row).data, status.HTTP_201_CREATED)

    def take_body(self, request: Request) -> None:
        """Leave the file of an upload unread until it is known whose it is."""
        if request.method == "POST":
            check_length(request.headers, settings.IMPORT_MAX_BYTES + _ENVELOPE_BYTES)
        else:
            super().take_body(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            self._receive(request)

    def _receive(self, request: Request) -> None:
        """Stream the file to disk; its digest stands for it where two requests are compared."""
        options = self.asked(ImportOptions)
        name, pieces = _file(request)
        self.terms = ImportTerms(**{"name": name} | options.validated_data)
        self.upload = receive(organization_id=self.organization.pk, pieces=pieces)
        self._scope.callback(self._discard)
        self.raw_body = f"{self.upload.digest}?{request.META['QUERY_STRING']}".encode()

    def _discard(self) -> None:
        if not self.is_kept:
            self.upload.discard()


@extend_schema(tags=["Imports"])
class ImportErrorsView(OrganizationViewSet):
    declared_access = {"list": Permission.USAGE_READ}
    pagination_class = ByKey

    @extend_schema(operation_id="listImportErrors", responses=LineErrorOut(many=True))
    def list(self, _request: Request, id: UUID) -> Response:
        """List broken lines

        In the order of the file; the first 10,000 of them, all are counted in `error_count`.
        """
        found = self.paginate_queryset(list(line_errors(import_of(id))))
        shown = LineErrorOut(found or [], many=True)
        return self.get_paginated_response(shown.data)

    @staticmethod
    def key(row: LineError) -> tuple[str, ...]:
        """What errors are ordered by; unique."""
        return f"{row.line:020d}", f"{row.pk:020d}"


def _file(request: Request) -> tuple[str, Iterator[bytes]]:
    """The name of the file that was sent, and its pieces. Raises ValidationError."""
    if not isinstance(request.data, QueryDict):
        return "", _pieces(dict(request.data).get("file"))
    form = ImportNew(data=request.data)
    form.is_valid(raise_exception=True)
    file: UploadedFile[Any] = form.validated_data["file"]
    return file.name or "", file.chunks(PIECE)


def _pieces(stream: IO[bytes] | None) -> Iterator[bytes]:
    return iter(partial(stream.read, PIECE), b"") if stream else iter(())
