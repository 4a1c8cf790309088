"""Give back a form that came without a session: what this request sent, and nothing that is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from ttp.server.forms import FORM, receive_form
from ttp.server.guard import MOST_BODY_BYTES, too_large
from ttp.services.attachments.media import upload_name

_LABELS = {
    "content": "Text",
    "title": "Title",
    "text": "Text",
    "url": "Link",
    "thread": "Thread",
    "variant": "Another text for {}",
    "alt": "Alt text",
    "focus": "Focus",
    "captions": "Captions",
    "at": "When",
    "reason": "Why",
    "published": "Its address or id",
}
"""The fields that hold what a person typed, by the part of their names before a colon."""
_MOST_FIELDS, _MOST_FILES = 500, 20


@dataclass(frozen=True, slots=True)
class ReturnedField:
    """A field of a form. `label` is empty for one that is kept, and not shown."""

    name: str
    value: str
    label: str = ""


@dataclass
class ReturnedForm:
    """The fields of a form, in order, and the names of its files, which are gone."""

    fields: list[ReturnedField] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        """Add a field. A token of a session does not go into another page."""
        if name != "csrf" and len(self.fields) < _MOST_FIELDS:
            value = value.replace("\r\n", "\n").replace("\0", "")
            kind, _, of = name.partition(":")
            is_shown = kind in _LABELS and value.strip()
            self.fields.append(ReturnedField(name, value, _LABELS[kind].format(of) if is_shown else ""))


@dataclass
class _Parts:
    """Receives the parts of a form. Files are dropped as they come: who has no session writes nothing to the disk."""

    form: ReturnedForm
    _name: str = ""
    _is_file: bool = False
    _value: bytearray = field(default_factory=bytearray)
    _bytes: int = 0

    def begin(self, name: str, filename: str | None) -> None:
        self.end()
        self._name, self._is_file = name, filename is not None
        if filename and len(self.form.files) < _MOST_FILES:
            self.form.files.append(upload_name(filename))

    def write(self, data: bytes) -> None:
        if not self._is_file:
            self._bytes += len(data)
            if self._bytes > MOST_BODY_BYTES:
                raise too_large(MOST_BODY_BYTES)
            self._value += data

    def end(self) -> None:
        """Add the part that began last."""
        if self._name and not self._is_file:
            self.form.add(self._name, self._value.decode("utf-8", "replace"))
        self._name, self._value = "", bytearray()


async def receive_returned_form(request: Request) -> ReturnedForm:
    """Return the form of a request, however it is encoded. Raise TooLarge, InvalidRequest."""
    form = ReturnedForm()
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind == FORM.encode():
        parts = _Parts(form)
        await receive_form(request, parts)
        parts.end()
        return form
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise too_large(MOST_BODY_BYTES)
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        form.add(name, value)
    return form
