"""Instagram's refusals: its own codes, and those of all of Meta's platforms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.text import clean_text
from ttp.platforms.error_row import ErrorRow
from ttp.platforms.meta import errors as meta
from ttp.platforms.meta.errors import CONTENT, MEDIA, NOT_READY, SERVER, THROTTLED, ErrorTable
from ttp.platforms.meta.usage import HOUR_S

_MEDIA_AGAIN = ErrorRow(Kind.MEDIA, passing=True)
_MEDIA_URL = ErrorRow(
    Kind.MEDIA, passing=True, advice="Instagram must be able to fetch the media's URL and find media there"
)
_RESTRICTED = ErrorRow(Kind.ACCOUNT, advice="open the Instagram app and do what it asks there")
_QUOTA = ErrorRow(Kind.QUOTA, passing=True, wait_s=HOUR_S, hold=True)
SUBCODES: Mapping[int, ErrorRow] = {
    33: ErrorRow(Kind.ACCOUNT),
    2207001: SERVER,
    2207003: _MEDIA_AGAIN,
    2207004: MEDIA,
    2207005: MEDIA,
    2207006: MEDIA,
    2207008: _MEDIA_AGAIN,
    2207009: MEDIA,
    2207010: CONTENT,
    2207020: _MEDIA_AGAIN,
    2207023: CONTENT,
    2207026: MEDIA,
    2207027: NOT_READY,
    2207028: CONTENT,
    2207032: _MEDIA_AGAIN,
    2207035: CONTENT,
    2207036: CONTENT,
    2207037: CONTENT,
    2207040: CONTENT,
    2207042: _QUOTA,
    2207050: _RESTRICTED,
    2207051: _RESTRICTED,
    2207052: _MEDIA_URL,
    2207053: _MEDIA_AGAIN,
    2207057: CONTENT,
    2207073: CONTENT,
    2207077: _MEDIA_URL,
    2207081: CONTENT,
    2207082: _MEDIA_AGAIN,
}
"""See docs/reference/platforms/instagram.md, section 6. The quota covers the last 24 hours: try every hour."""
CODES: Mapping[int, ErrorRow] = {
    **meta.CODES,
    -2: _MEDIA_AGAIN,
    -1: SERVER,
    9: _QUOTA,
    24: MEDIA,
    25: _RESTRICTED,
    352: MEDIA,
    9004: _MEDIA_URL,
    9007: NOT_READY,
    36000: MEDIA,
    36001: MEDIA,
    36003: MEDIA,
    36004: CONTENT,
    80001: THROTTLED,
    80002: THROTTLED,
}
ERRORS = ErrorTable(SUBCODES, CODES, gone=frozenset({33, 2207006, 2207008}), unfetched=frozenset({9004, 2207052}))
_IN_TEXT = re.compile(r"\b2207\d{3}\b")


def container_failure(status: str) -> NotDone:
    """Return why a container ended in ERROR: its `status` text has the reason, and often a subcode of the table."""
    match = _IN_TEXT.search(status)
    row = SUBCODES.get(int(match[0]), MEDIA) if match else MEDIA
    failure = NotDone(Kind.MEDIA, clean_text(status) or "Instagram could not process the media", passing=row.passing)
    return replace(failure, code=match[0]) if match else failure


NO_USER_ID = "the credentials have no userId (with Facebook Login: the Instagram account's id)"
"""With Facebook Login `/me` is the person, so it cannot tell the professional account's id."""
