"""The archive of an account's data that a platform sends its user: what is read of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class PostArchive(Protocol):
    """What the zip of a platform has where. Each of its files is an assignment of JSON to a variable."""

    account_file: str
    """The file with the archive's account, as `folder/name`."""
    manifest_file: str
    """The file that says when the archive was made."""

    def has_posts(self, name: str) -> bool:
        """Whether a file has posts."""

    def owner(self, account: object) -> tuple[str, str] | None:
        """Return handle and user id, from the value of `account_file`."""

    def made_at(self, manifest: object) -> str | None:
        """Return when the archive was made, from the value of `manifest_file`."""

    def row(self, item: object) -> Mapping[str, object] | None:
        """Return an item of a file with posts in ttp's own format of metrics, without its account; None if it is not a
        post. What cannot be read is a row without `remoteId`."""
