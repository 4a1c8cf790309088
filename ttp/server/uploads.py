"""The route that takes media: one file of a multipart form, straight into the store's media folder."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ttp.domain.media import MediaItem
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import DryRun
from ttp.server.problems import InvalidRequest, WrongMediaType
from ttp.server.requests import Services
from ttp.server.services import RequestServices
from ttp.services.media import add_upload, check_upload
from ttp.views.posts import media_json

FIELD = "file"
UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "contentMediaType": "application/octet-stream"}},
                }
            }
        },
    }
}


async def upload_media(request: Request, services: Services, dry_run: DryRun = False) -> JsonAnswer:
    """Store an image or a video for a post, which names it by `sha256`. Without a post it is kept for a day."""
    folder = await run_in_threadpool(services.installation.media.ready_folder)
    received = await receive_file(request, folder)
    item = await run_in_threadpool(_store, services, received)
    return JsonAnswer(media_json(item), 200 if dry_run else 201)


def _store(services: RequestServices, received: ReceivedFile) -> MediaItem:
    with received.file as file:
        keep = check_upload if services.dry_run else add_upload
        return keep(file, received.name, services.installation.media)


class Form(Protocol):
    """What takes the parts of a form as they come."""

    def begin(self, name: str, filename: str | None) -> None:
        """Begin a part. Raise InvalidRequest for one that the form does not have."""
        ...

    def write(self, data: bytes) -> None:
        """Take bytes of the part that began last."""
        ...


@dataclass
class ReceivedFile:
    """A file without a name on the disk: it goes with this process. `name`: what the client calls it."""

    file: BinaryIO
    name: str = ""
    parts: int = 0

    def begin(self, name: str, filename: str | None) -> None:
        self.parts += 1
        if self.parts > 1 or name != FIELD or filename is None:
            raise InvalidRequest(f'send one file, in the field "{FIELD}"')
        self.name = filename

    def write(self, data: bytes) -> None:
        self.file.write(data)


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


async def receive_form(request: Request, form: Form, how: str) -> None:
    """Give the parts of a request to a form. Raise WrongMediaType, with `how` to send it, and InvalidRequest."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise WrongMediaType(how)
    try:
        parser = _FormReader(form).parser(options[b"boundary"])
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except FormParserError:
        raise InvalidRequest("the form cannot be read") from None


async def receive_file(request: Request, folder: Path) -> ReceivedFile:
    """Return the file of a form, rewound. Raise WrongMediaType, InvalidRequest."""
    received = ReceivedFile(cast("BinaryIO", tempfile.TemporaryFile(dir=folder)))  # noqa: SIM115  # closed by its reader
    try:
        await receive_form(request, received, f'send the file as multipart/form-data, in the field "{FIELD}"')
    except BaseException:
        received.file.close()
        raise
    if not received.parts:
        received.file.close()
        raise InvalidRequest(f'send one file, in the field "{FIELD}"')
    received.file.seek(0)
    return received
