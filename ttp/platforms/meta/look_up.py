"""Look up a publication on one of Meta's platforms: its container first, and if that is unclear, the account's posts.
Reads only. A post that its text does not identify is never claimed on a guess."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Absent, Found, Handle, Kind, Refused, Unclear, Working
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import LookupResult, PublishRequest, first_unsettled
from ttp.platforms.http import Http
from ttp.platforms.meta.api import GraphApi
from ttp.platforms.meta.containers import Containers, ContainerStatus, without_containers
from ttp.platforms.meta.part import MetaPart
from ttp.platforms.reply import Reply, parse_instant, parse_numeric_id, parse_web_address, value_at

NO_CONTAINER = Unclear(Kind.UNKNOWN, "no container is known to ask about", final=True)


ListOf: TypeAlias = Callable[[PublishRequest], tuple[str, bool]]
"""Returns the list of the account that shows a post, and whether its texts identify posts."""
Fits: TypeAlias = Callable[[PublishRequest, object], bool]
"""Whether a listed post can be the one of a request, its text and time apart."""


class LookUps(MetaPart):
    def __init__(
        self,
        http: Http,
        config: Config,
        clock: Clock,
        api: GraphApi,
        containers: Containers,
        list_of: ListOf,
        fits: Fits,
    ) -> None:
        super().__init__(http, config, clock, api)
        self._containers = containers
        self._list_of = list_of
        self._fits = fits

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Return what the container shows, or if that is unclear, the account's media."""
        first = first_unsettled(handle, since)
        if "creation_id" not in handle:
            return self._without_container(request, handle, first)
        if "user_id" not in handle:
            return LookupResult(NO_CONTAINER, None)
        status = self._containers.look_at(request, str(handle["creation_id"]))
        match status.state:
            case "PUBLISHED":
                listed = self.find_unbound(request, handle, first)
                # An unreadable or outdated list may show the id later.
                unnamed = Found(None, id_later=not listed)
                return LookupResult(listed[0] if listed and len(listed) == 1 else unnamed, status.reply.date)
            case "FINISHED":
                return LookupResult(Absent(handle={**handle, "unsettled_since": to_ms(first)}), status.reply.date)
            case "IN_PROGRESS":
                return LookupResult(Working(f"{self.name} is processing the media"), status.reply.date)
            case "EXPIRED":
                return LookupResult(Absent(certain=True, handle=without_containers(handle)), status.reply.date)
            case "ERROR":
                return self._by_list(request, handle, first, status, Refused(status.failure))
            case _:
                return self._by_list(request, handle, first, status, self.unclear(request, status.reply))

    def _without_container(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """If it was sent, then by a publisher whose records are not here: only the list can show it."""
        own_id = parse_numeric_id(handle.get("user_id")) or parse_numeric_id(request.credentials.user_id)
        user_id = self._api.node or own_id
        if user_id is None:
            return LookupResult(NO_CONTAINER, None)
        listed = self.find_unbound(request, {"user_id": user_id}, since)
        if listed is None:
            return LookupResult(Unclear(Kind.NETWORK, f"the account's posts on {self.name} cannot be read"), None)
        return LookupResult(self._one_of(request, listed, NO_CONTAINER), None)

    def find_unbound(self, request: PublishRequest, handle: Handle, since: datetime) -> tuple[Found, ...] | None:
        """Return the account's unbound posts that can be this one; None if the list is unreadable."""
        name, by_text = self._list_of(request)
        query = dict(self._api.listed[name])
        if self._api.lists_since:
            query["since"] = str(to_ms(since - BEFORE) // 1000)
        reply = self._http.request_for(request, "GET", f"{self._root}/{handle['user_id']}/{name}", query=query)
        listed = reply.value_at("data")
        if self._api.lists_since and isinstance(listed, list) and len(listed) >= int(query["limit"]):
            return None  # perhaps more posts since then than one page holds
        return matches(reply, request, since, self._fits, text=self._api.text if by_text else None)

    def _by_list(
        self,
        request: PublishRequest,
        handle: Handle,
        since: datetime,
        status: ContainerStatus,
        otherwise: Refused | Unclear,
    ) -> LookupResult:
        """Return the one match among the account's media, else `otherwise`; unclear if the list is unreadable."""
        listed = self.find_unbound(request, handle, since)
        if listed is None:
            return LookupResult(self.unclear(request, status.reply), status.reply.date)
        return LookupResult(self._one_of(request, listed, otherwise), status.reply.date)

    def _one_of(
        self, request: PublishRequest, listed: tuple[Found, ...], otherwise: Refused | Unclear
    ) -> Found | Refused | Unclear:
        """Return the only match by text; `otherwise` if none matches."""
        match listed:
            case ():
                return otherwise
            case (only,) if request.text.strip() and self._list_of(request)[1]:
                return only
            case _:
                links = tuple(one.url for one in listed if one.url is not None)
                message = f"{len(listed)} {'post' if len(listed) == 1 else 'posts'} on {self.name} could be this one"
                # A container that was unreadable this time may be readable next time.
                final = not isinstance(otherwise, Unclear) or otherwise.final
                return Unclear(Kind.DUPLICATE, message, final=final, links=links)


BEFORE = timedelta(seconds=60)


def matches(
    reply: Reply, request: PublishRequest, since: datetime, fits: Fits, *, text: str | None
) -> tuple[Found, ...] | None:
    """Return the unbound posts of `reply` created after a minute before `since`, with the same text in the field `text`
    if there is one. None if the list is not complete: only a complete one proves that a post is missing."""
    listed = reply.success_at("data")
    if not isinstance(listed, list):
        return None
    media = []
    for item in listed:
        media_id, at = parse_numeric_id(value_at(item, "id")), parse_instant(value_at(item, "timestamp"))
        if media_id is None or at is None:
            return None
        same = text is None or _plain(str(value_at(item, text) or "")) == _plain(request.text)
        if media_id not in request.bound and at >= since - BEFORE and same and fits(request, item):
            media.append(Found(media_id, parse_web_address(value_at(item, "permalink"))))
    return tuple(media)


def _plain(caption: str) -> str:
    return unicodedata.normalize("NFC", caption.replace("\r\n", "\n").strip())
