"""Read the archive of an account's data that a platform sends, as rows of ttp's own format of metrics."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from ttp.domain.account import Account
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.metrics.sample import MAIN_COUNTS
from ttp.platforms.post_archive import PostArchive
from ttp.platforms.registry import Registry
from ttp.services.files.archive import extract_archive
from ttp.services.files.metrics_rows import Buffer, read_objects

MAGIC = b"PK\x03\x04"
MOST_BYTES = 500_000_000
"""Bytes of the files with posts together, extracted: about 200,000 posts."""
MOST_ABOUT = 1_000_000
"""Bytes of a file that is not of posts."""
_ASSIGNMENT = re.compile(r"\s*window\.[\w.]+\s*=\s*")


@contextmanager
def archive_rows(
    file: BinaryIO, platforms: Registry, stored: Sequence[Account], account: str | None
) -> Iterator[TextIO]:
    """Yield the posts of an archive as lines of JSON. `stored`: the accounts of the store; `account`:
    the one that the user named. Raise UsageError for another file, half an archive, and that of another account."""
    readers = {name: one for name in platforms.names() if (one := platforms.facts(name).archive()) is not None}
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass", newline="\n") as rows,
    ):
        extract_archive(file, Path(folder), only=lambda name: _is_read(readers.values(), name), most=MOST_BYTES)
        files = {_short(path.as_posix()): path for path in sorted(Path(folder).rglob("*")) if path.is_file()}
        platform = next((name for name, one in readers.items() if one.account_file in files), "")
        reader = readers.get(platform)
        parts = [files[name] for name in files if reader is not None and reader.has_posts(name)]
        if reader is None or not parts:
            titles = " or ".join(platforms.title(name) for name in readers)
            raise UsageError(f"this zip is not the archive that {titles} sends: it has no posts, or no account")
        owner = reader.owner(_value(files[reader.account_file]))
        if owner is None:
            raise UsageError("the archive does not say whose it is")
        name = _account_of(platform, *owner, stored, account)
        made_at = reader.made_at(_value(files[reader.manifest_file])) if reader.manifest_file in files else None
        about = {"account": name, "observedAt": made_at or ""}
        for path in parts:
            for item in _items(path):
                row = reader.row(item)
                if row is not None:
                    rows.write(json.dumps({**about, **_EMPTY, **row}) + "\n")
        rows.seek(0)
        yield rows


_EMPTY: Mapping[str, object] = dict.fromkeys(("remoteId", "publishedAt", *MAIN_COUNTS), "")


def _is_read(readers: Iterable[PostArchive], name: str) -> bool:
    short = _short(name)
    return any(short in (one.account_file, one.manifest_file) or one.has_posts(short) for one in readers)


def _short(name: str) -> str:
    """Return `folder/name`: people zip an archive again, with its folder."""
    return "/".join(name.split("/")[-2:])


def _account_of(platform: str, handle: str, user_id: str, stored: Sequence[Account], account: str | None) -> str:
    """Return the account of an archive: the stored one with its user id, whatever its handle is now."""
    of_archive = f"{platform}/{handle}"
    by_id = next((one.name for one in stored if one.platform == platform and one.user_id == user_id), None)
    name = account or by_id or of_archive
    there = next((one for one in stored if one.name.lower() == name.lower()), None)
    other_user = there is not None and there.user_id not in (None, "", user_id)
    if other_user or (name != by_id and name.lower() != of_archive.lower()):
        hints = [] if account is None else [Hint("try", other_options(account=None))]
        of_stored = f"{name} (user {there.user_id})" if there is not None and other_user else name
        raise UsageError(f"the archive is of {of_archive} (user {user_id}), not of {of_stored}", *hints)
    return name


def _value(path: Path) -> object:
    """Return the value of a small file; None if it cannot be read."""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(MOST_ABOUT)
    start = _ASSIGNMENT.match(text)
    try:
        return json.loads(text[start.end() if start else 0 :])
    except (ValueError, RecursionError):
        return None


def _items(path: Path) -> Iterator[object]:
    with path.open(encoding="utf-8", errors="replace") as file:
        text = Buffer(file)
        start = _ASSIGNMENT.match(text.rest)
        text.take(start.end() if start else 0)
        for _, item in read_objects(text, json.JSONDecoder()):
            if isinstance(item, str):
                raise UsageError(f"{path.name} of the archive {item}")
            yield item
