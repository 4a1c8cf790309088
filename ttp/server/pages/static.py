"""The files of the pages: compressed once, and kept by browsers for a year under the name of their content."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

STATIC = "/static"
FOLDER = Path(__file__).parent.parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent. `version`: changes with its content."""

    content: bytes
    compressed: bytes
    version: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Return the files of the folder by their names. They do not change while the server runs."""
    return {path.name: _read(path) for path in FOLDER.iterdir() if path.suffix in TYPES}


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(content, gzip.compress(content, 9, mtime=0), version)


@cache
def static_address(name: str) -> str:
    """Return the address of a file, which is another one after each change of its content."""
    return f"{STATIC}/{name}?v={static_files()[name].version}"


def show_static(request: Request) -> Response:
    """Answer with a file. A browser keeps it for a year under its full address, and asks each time without `?v=`."""
    name = str(request.path_params["name"])
    file = static_files().get(name)
    if file is None:
        raise HTTPException(404)
    is_current = request.query_params.get("v") == file.version
    headers = {
        "Cache-Control": FOR_A_YEAR if is_current else "no-cache",
        "ETag": f'"{file.version}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    content = file.content
    if "gzip" in request.headers.get("accept-encoding", "") and len(file.compressed) < len(content):
        content, headers["Content-Encoding"] = file.compressed, "gzip"
    return Response(content, media_type=TYPES[Path(name).suffix], headers=headers)
