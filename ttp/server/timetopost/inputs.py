"""Bodies and parameters of requests at TimeToPost's paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from ttp.domain.errors import NotFound
from ttp.server.inputs import MediaInput, RequestBody, ShortText, Text
from ttp.server.timetopost.media import stored_media
from ttp.server.timetopost.platforms import PlatformDataInput
from ttp.store.home.media import MediaStore

MOST_PARTS, MOST_VARIANTS, LONGEST_BRAND = 24, 20, 60
LONGEST_REF = 150
"""With a platform it becomes the key of a post."""
Segment = Annotated[Text, StringConstraints(pattern=r"\S")]
Segments = Annotated[list[Segment], Field(min_length=1, max_length=MOST_PARTS)]
Brand = Annotated[Text, StringConstraints(max_length=LONGEST_BRAND)]
TheirPostId = Annotated[str, Path(max_length=40, description="The id of a post.")]
Provider = Annotated[str, Path(max_length=40, description="What TimeToPost calls a platform.")]
Slug = Annotated[str, Path(max_length=300, description="A tag.")]
AccountId = Annotated[ShortText | None, Query(alias="accountId", description="The id of an account.")]


class NewPost(RequestBody):
    """A post: a draft without `scheduledAt`."""

    content: Text
    platforms: list[ShortText] = Field([], description="Provider keys; each must have one account.")
    accountIds: list[ShortText] = Field([], description="Ids of accounts, instead of platforms.")
    scheduledAt: ShortText | None = None
    mediaUrls: list[Text] | None = None
    thread: Annotated[list[Text], Field(max_length=MOST_PARTS)] | None = None
    platformData: PlatformDataInput | None = None
    brand: Brand | None = None


class MoveAccount(RequestBody):
    accountId: ShortText
    groupName: ShortText


class DraftMedia(RequestBody):
    url: Text
    alt: Text | None = None


class VariantInput(RequestBody):
    """One draft: its text, and a thread from its second segment on."""

    platform: ShortText
    segments: Segments
    link: ShortText | None = None
    media: list[DraftMedia] | None = None
    scheduleHint: ShortText | None = Field(None, description="`optimal`, or an instant.")


class DraftBatch(RequestBody):
    externalRef: Annotated[Text, StringConstraints(min_length=1, max_length=LONGEST_REF)]
    brand: Brand | None = None
    sourceKind: ShortText | None = None
    variants: Annotated[list[VariantInput], Field(min_length=1, max_length=MOST_VARIANTS)]


class ApprovedDraft(RequestBody):
    segments: Segments | None = None
    scheduledFor: ShortText | None = None


class RejectedDraft(RequestBody):
    reason: Text | None = None


def as_id(text: str) -> int:
    """Return the id of a post. Raise NotFound for another text."""
    if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
        raise NotFound(f'there is no post "{text[:40]}"')
    return int(text)


def media_inputs(addresses: Sequence[str], store: MediaStore) -> list[MediaInput]:
    """Return media by their addresses. One that this server gave names a file of the store."""
    return [stored_media(address, store) or MediaInput(url=address) for address in addresses]
