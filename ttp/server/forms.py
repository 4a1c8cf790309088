"""Bodies that are files: one file of a form, or raw bytes. They go straight to the disk."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

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


@dataclass
class ReceivedFile:
    """A file without a name on the disk: it goes with this process. `name`: what the client calls it."""

    file: BinaryIO
    name: str = ""
    parts: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)
    _headers: dict[str, bytearray] = field(default_factory=dict)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)

    @property
    def digest(self) -> str:
        """The name and the content as one hash."""
        return f"{self.name}/{self._hash.hexdigest()}"

    def parser(self, boundary: bytes) -> MultipartParser:
        """Return a parser that writes the file."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_begin": self._begin_header,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_data,
                "on_part_data": lambda data, start, end: self.write(data[start:end]),
            },
        )

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self._hash.update(data)

    def _begin_part(self) -> None:
        self.parts += 1
        self._headers = {}

    def _begin_header(self) -> None:
        self._header, self._value = bytearray(), bytearray()

    def _end_header(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._value

    def _begin_data(self) -> None:
        _, options = parse_options_header(bytes(self._headers.get("content-disposition", b"")))
        if self.parts > 1 or options.get(b"name") != FIELD.encode() or b"filename" not in options:
            raise InvalidRequest(f'send one file, in the field "{FIELD}"')
        self.name = options[b"filename"].decode("utf-8", "replace")


async def receive_file(request: Request, media_type: str, folder: Path) -> ReceivedFile:
    """Return the file of a form, or the raw bytes of a body, rewound. Raise WrongMediaType, InvalidRequest."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != media_type.encode() or (media_type == FORM and not options.get(b"boundary")):
        how = f'in the field "{FIELD}" of a form' if media_type == FORM else "as it is"
        raise WrongMediaType(f"send the file as {media_type}, {how}")
    received = ReceivedFile(cast("BinaryIO", tempfile.TemporaryFile(dir=folder)))  # noqa: SIM115  # closed by its reader
    try:
        parser = received.parser(options[b"boundary"]) if media_type == FORM else None
        async for chunk in request.stream():
            await run_in_threadpool(parser.write if parser else received.write, chunk)
        if parser:
            parser.finalize()
            if not received.parts:
                raise InvalidRequest(f'send one file, in the field "{FIELD}"')
    except FormParserError:
        received.file.close()
        raise InvalidRequest("the form cannot be read") from None
    except BaseException:
        received.file.close()
        raise
    received.file.seek(0)
    return received
