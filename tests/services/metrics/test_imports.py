"""A file that was opened: its rows come in blocks, with their own numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO

import pytest

from tests.platforms.factories import PLATFORMS
from ttp.services.metrics import imports
from ttp.services.metrics.imports import ImportOptions, open_export

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ITEM = {"account": "x/me", "remoteId": "1", "publishedAt": "2026-11-01T10:00Z", "likes": 1, "comments": 0, "shares": 0}


def test_rows_of_json_come_together_as_far_as_they_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BLOCK_ROWS", 2)
    good = json.dumps({**ITEM, "views": 2})
    file = open_export(
        StringIO("\n".join([good, good, good, "", good, "oops", good, good])), ImportOptions(), NOW, PLATFORMS
    )
    told = [(first, rows if isinstance(rows, str) else len(rows)) for first, rows in file.blocks]
    assert told == [(1, 2), (3, 1), (5, 1), (6, "is not JSON: expecting value"), (7, 2)]


def test_what_a_file_is_is_told_in_words() -> None:
    text = "account|remoteId|publishedAt|likes|comments|shares|views\n"
    file = open_export(StringIO(text), ImportOptions(), NOW, PLATFORMS)
    assert (imports.format_title(file.columns), file.written) == ("ttp's own format", "CSV with bars")
    file = open_export(
        StringIO("a\tb\tc\td\n"), ImportOptions(mapped=dict(zip("abcd", ITEM, strict=False))), NOW, PLATFORMS
    )
    assert (imports.format_title(file.columns), file.written) == ("columns as mapped", "CSV with tabs")
