"""Parameters of containers by kind of post (docs/reference/platforms/threads.md, section 3.1). Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ttp.domain.options import ChosenOptions
from ttp.platforms.client import MediaFile, PublishRequest
from ttp.platforms.reply import list_at, parse_numeric_id, value_at
from ttp.platforms.threads.options import MOST_ITEMS, OPTIONS, kind_of, poll_answers
from ttp.platforms.threads.part import REPLY_TO, SPOILER

_LISTED_AS = {"text": "TEXT_POST", "image": "IMAGE", "video": "VIDEO", "carousel": "CAROUSEL_ALBUM"}


def _kind(request: PublishRequest) -> str:
    return kind_of([file.item for file in request.media])


def is_carousel(request: PublishRequest) -> bool:
    return len(request.media) > 1


def list_of(request: PublishRequest) -> tuple[str, bool]:
    return ("replies" if REPLY_TO in request.options else "threads"), True


def fits(request: PublishRequest, item: object) -> bool:
    """Return whether a listed post has the kind, the number of media and the parent of this one."""
    nodes = list_at(item, "children", "data")
    parent = parse_numeric_id(value_at(item, "replied_to", "id"))
    return (
        value_at(item, "media_type") == _LISTED_AS[_kind(request)]
        and len(nodes) == (len(request.media) if is_carousel(request) else 0)
        and parent == request.options.get(REPLY_TO)
    )


def refusal_of(request: PublishRequest) -> str | None:
    if not request.text.strip() and not request.media:
        return "Threads takes no post without text or media"
    return None if len(request.media) <= MOST_ITEMS else f"Threads takes at most {MOST_ITEMS} media in one carousel"


def single(request: PublishRequest, url: str) -> dict[str, str]:
    """Return the container of a text, an image or a video. Raises ValueError for an invalid option."""
    source = _source(request.media[0], url) if request.media else {"media_type": "TEXT"}
    return {**source, **_shared(request)}


def child(request: PublishRequest, number: int, url: str) -> dict[str, str]:
    return {"is_carousel_item": "true", **_source(request.media[number - 1], url)}


def carousel(request: PublishRequest, ids: Sequence[str]) -> dict[str, str]:
    return {"media_type": "CAROUSEL", "children": ",".join(ids), **_shared(request)}


def _source(file: MediaFile, url: str) -> dict[str, str]:
    alt = {"alt_text": file.item.alt} if file.item.alt else {}
    kind = "VIDEO" if file.item.is_video else "IMAGE"
    return {"media_type": kind, f"{kind.lower()}_url": url, **alt}


def _shared(request: PublishRequest) -> dict[str, str]:
    """Return the text, and what was chosen for the whole post."""
    form = {"text": request.text} if request.text else {}
    chosen = ChosenOptions("threads", OPTIONS, request.options)
    for name in (REPLY_TO, "reply_control", "topic_tag", "quote_post_id"):
        if (value := chosen.word(name)) is not None:
            form[name] = value
    if request.media:
        return {**form, "is_spoiler_media": "true"} if chosen.switch(SPOILER) else form
    if (link := chosen.word("link")) is not None:
        form["link_attachment"] = link
    if answers := poll_answers(chosen.word("poll")):
        form["poll_attachment"] = json.dumps(
            {f"option_{one}": text for one, text in zip("abcd", answers, strict=False)}
        )
    return form
