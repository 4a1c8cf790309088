"""Receive bodies that are files straight to the disk: one file of a form, or raw bytes."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ttp.server.problems import InvalidRequest, WrongMediaType

FIELD = "file"
FORM, BYTES = "multipart/form-data", "application/octet-stream"
FORM_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary", "contentMediaType": BYTES}},
                }
            }
        },
    }
}
BYTES_BODY = {"requestBody": {"required": True, "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}}


class Form(Protocol):
    """A receiver of the parts of a form, as they come."""

    def begin(self, name: str, filename: str | None) -> None:
        """Begin a part. Raise InvalidRequest for one that the form does not have."""

    def write(self, data: bytes) -> None:
        """Take bytes of the part that began last."""


@dataclass
class ReceivedFile:
    """A file without a name on the disk: it goes with this process. `name`: its name at the client."""

    file: BinaryIO
    name: str = ""
    parts: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """The name and the content as one hash."""
        return f"{self.name}/{self._hash.hexdigest()}"

    def begin(self, name: str, filename: str | None) -> None:
        self.parts += 1
        if self.parts > 1 or name != FIELD or filename is None:
            raise InvalidRequest(f'send one file, in the field "{FIELD}"')
        self.name = filename

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self._hash.update(data)


@dataclass
class _FormReader:
    """Reads the headers of the parts of a form."""

    form: Form
    _headers: dict[str, bytearray] = field(default_factory=dict)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)

    def parser(self, boundary: bytes) -> MultipartParser:
        """Return a parser that gives the parts to the form."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_begin": self._begin_header,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_data,
                "on_part_data": lambda data, start, end: self.form.write(data[start:end]),
            },
        )

    def _begin_header(self) -> None:
        self._header, self._value = bytearray(), bytearray()

    def _end_header(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._value

    def _begin_data(self) -> None:
        _, options = parse_options_header(bytes(self._headers.get("content-disposition", b"")))
        name, filename = options.get(b"name", b""), options.get(b"filename")
        self.form.begin(
            name.decode("utf-8", "replace"), None if filename is None else filename.decode("utf-8", "replace")
        )


async def receive_form(request: Request, form: Form) -> None:
    """Give the parts of a request to a form. Raise WrongMediaType, InvalidRequest."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != FORM.encode() or not options.get(b"boundary"):
        raise WrongMediaType(f"send the body as {FORM}")
    try:
        parser = _FormReader(form).parser(options[b"boundary"])
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except FormParserError:
        raise InvalidRequest("the form cannot be read") from None


async def receive_file(request: Request, media_type: str, folder: Path) -> ReceivedFile:
    """Return the file of a form, or the raw bytes of a body, rewound. Raise WrongMediaType, InvalidRequest."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != media_type.encode() or (media_type == FORM and not options.get(b"boundary")):
        how = f'in the field "{FIELD}" of a form' if media_type == FORM else "as the body"
        raise WrongMediaType(f"send the file as {media_type}, {how}")
    received = ReceivedFile(cast("BinaryIO", tempfile.TemporaryFile(dir=folder)))  # noqa: SIM115  # closed by its reader
    try:
        if media_type == FORM:
            await receive_form(request, received)
            if not received.parts:
                raise InvalidRequest(f'send one file, in the field "{FIELD}"')
        else:
            async for chunk in request.stream():
                await run_in_threadpool(received.write, chunk)
    except BaseException:
        received.file.close()
        raise
    received.file.seek(0)
    return received
