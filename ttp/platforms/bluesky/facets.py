"""Links, hashtags and mentions in a text, as Bluesky marks them: by the offsets of their UTF-8 bytes. Bluesky links
nothing by itself: what is not marked is plain text. Pure; which handles exist is asked elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ttp.platforms.graphemes import count_graphemes, split_graphemes
from ttp.platforms.text_library import text_library

_LINK = re.compile(
    r"(?<![^\s(\[{<])(?:(https?://)[^\s/?#.][^\s]*|([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+)(?:[:/?#]\S*)?)",
    re.I,
)
_TAG = re.compile(r"(?<!\S)[#＃](?!\ufe0f)([^\s\u00ad\u2060\u200a-\u200d\u20e2]+)")
_CASHTAG = re.compile(r"""(?<![^\s(])\$([A-Za-z][A-Za-z0-9]{0,4})(?=[\s.,;:!?)"'’]|$)""")
_MENTION = re.compile(r"(?<![^\s(\[{<])@([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)", re.I)
_HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I)
_AFTER_LINK = ".,;:!?'\"”’»"
"""Punctuation that belongs to the sentence, not to the link before it."""
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
MOST_TAG_GRAPHEMES, MOST_TAG_BYTES = 64, 640
_SHOWN_PATH = 12
"""Graphemes of a shortened link that are shown after its host."""

Sort = Literal["link", "tag", "mention"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A part of a text that is marked. `start` and `end` are characters of the text; `value` is the whole address, the
    tag without # (with $), or the handle in lower case."""

    sort: Sort
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text to send, with the places that are marked in it."""

    text: str
    entities: tuple[Entity, ...]

    @property
    def handles(self) -> tuple[str, ...]:
        """The handles that are mentioned, each once."""
        return tuple(dict.fromkeys(one.value for one in self.entities if one.sort == "mention"))

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses in the text, in request."""
        return tuple(one.value for one in self.entities if one.sort == "link")


def show_text(text: str, *, shorten_links: bool = False) -> ShownText:
    """Return a text without the white space around it, and what is marked in it. `shorten_links`: a long link shows its
    host and the beginning of its path, and still leads to the whole address."""
    text = text.strip()
    entities = tuple(find_entities(text))
    if not shorten_links:
        return ShownText(text, entities)
    pieces, moved, done, length = [], [], 0, 0
    for one in entities:
        word = text[one.start : one.end]
        shown = shorten_link(word) if one.sort == "link" else word
        pieces += [text[done : one.start], shown]
        length += one.start - done
        moved.append(Entity(one.sort, length, length + len(shown), one.value))
        length += len(shown)
        done = one.end
    return ShownText("".join([*pieces, text[done:]]), tuple(moved))


def find_entities(text: str) -> Iterator[Entity]:
    """Yield links, hashtags and mentions in their request. They never overlap."""
    entities = sorted((*_links(text), *_tags(text), *_mentions(text)), key=lambda one: (one.start, -one.end))
    end = 0
    for one in entities:
        if one.start >= end:
            end = one.end
            yield one


def shorten_link(shown: str) -> str:
    """Return a link shortened for display: `example.org/2026/spring…`."""
    bare = re.sub(r"^https?://", "", shown, flags=re.I)
    host, slash, path = bare.partition("/")
    clusters = split_graphemes(path)
    if len(clusters) <= _SHOWN_PATH + 1:
        return f"{host}{slash}{path}" if path else host
    return f"{host}/{''.join(clusters[:_SHOWN_PATH])}…"


def facets_of(shown: ShownText, dids: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the facets of a record. `dids`: of the handles that exist; others are plain text."""
    facets: list[dict[str, object]] = []
    for one in shown.entities:
        if one.sort == "mention" and one.value not in dids:
            continue
        facets.append(
            {
                "index": {
                    "byteStart": len(shown.text[: one.start].encode()),
                    "byteEnd": len(shown.text[: one.end].encode()),
                },
                "features": [_feature(one, dids)],
            }
        )
    return facets


def is_handle(text: str) -> bool:
    """Whether a text has the form of a handle: a host name of at least two labels."""
    return len(text) <= 253 and _HANDLE.fullmatch(text) is not None


def _feature(one: Entity, dids: Mapping[str, str]) -> dict[str, object]:
    match one.sort:
        case "link":
            return {"$type": "app.bsky.richtext.facet#link", "uri": one.value}
        case "tag":
            return {"$type": "app.bsky.richtext.facet#tag", "tag": one.value}
        case "mention":
            return {"$type": "app.bsky.richtext.facet#mention", "did": dids[one.value]}


def _links(text: str) -> Iterator[Entity]:
    for match in _LINK.finditer(text):
        shown = _without_punctuation(match[0])
        if match[1] is None and not _is_domain(match[2]):
            continue
        host = re.split(r"[/?#]", shown.removeprefix(match[1] or ""), maxsplit=1)[0]
        if not host.strip("."):
            continue
        yield Entity("link", match.start(), match.start() + len(shown), shown if match[1] else f"https://{shown}")


def _without_punctuation(shown: str) -> str:
    """Return a link without what only follows it: punctuation, and a bracket that was opened before it."""
    while shown:
        last = shown[-1]
        unopened = last in _PAIRS and shown.count(last) > shown.count(_PAIRS[last])
        if last not in _AFTER_LINK and not unopened:
            break
        shown = shown[:-1]
    return shown


def _is_domain(host: str) -> bool:
    """Whether a bare word is a host name under a top-level domain that exists. "end.Next" only lacks a space."""
    text_library()  # not earlier: most texts hold no such word
    from twitter_text.regexp.valid_cctld import valid_cctld
    from twitter_text.regexp.valid_gtld import valid_gtld

    *others, top = host.split(".")
    return (
        (top.islower() or host.isupper())
        and all(_LABEL.fullmatch(label) for label in others)
        and bool(valid_gtld.fullmatch(top.lower()) or valid_cctld.fullmatch(top.lower()))
    )


def _tags(text: str) -> Iterator[Entity]:
    for match in _TAG.finditer(text):
        tag = match[1]
        while tag and unicodedata.category(tag[-1]).startswith("P"):  # punctuation
            tag = tag[:-1]
        fits = count_graphemes(tag) <= MOST_TAG_GRAPHEMES and len(tag.encode()) <= MOST_TAG_BYTES
        if tag and not tag.isdecimal() and fits:
            yield Entity("tag", match.start(), match.start() + 1 + len(tag), tag)
    for match in _CASHTAG.finditer(text):
        yield Entity("tag", match.start(), match.end(), f"${match[1].upper()}")


def _mentions(text: str) -> Iterator[Entity]:
    for match in _MENTION.finditer(text):
        if is_handle(match[1]):
            yield Entity("mention", match.start(), match.end(), match[1].lower())
