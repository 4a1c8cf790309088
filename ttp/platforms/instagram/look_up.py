"""What became of a publication on Instagram: its container first, and where that cannot tell, the account's own media.

Reads only. A post that cannot be told apart by its text is never taken for ours on a guess.
"""

from __future__ import annotations

from datetime import datetime

from ttp.domain.attempt import Absent, Found, Handle, Kind, Refused, Unclear, Working
from ttp.domain.config import Config
from ttp.domain.kinds import InstagramKind
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.platforms.client import Looked, Order
from ttp.platforms.http import Http
from ttp.platforms.instagram import media
from ttp.platforms.instagram.containers import Containers, Seen
from ttp.platforms.instagram.errors import refusal
from ttp.platforms.instagram.forms import kind_of
from ttp.platforms.instagram.handle import bare
from ttp.platforms.outcomes import Judge, as_unclear
from ttp.platforms.reply import number_id

NO_CONTAINER = Unclear(Kind.UNKNOWN, "no container is known to ask about", final=True)


class LookUps:
    """The look-ups of every account."""

    def __init__(self, http: Http, config: Config, clock: Clock, containers: Containers) -> None:
        self._http = http
        self._clock = clock
        self._containers = containers
        self._root = f"/{config.text('platforms.instagram.version')}"

    def look_up(self, order: Order, handle: Handle, since: datetime) -> Looked:
        """What the container says, and where it cannot tell, the account's own media."""
        unsettled = handle.get("unsettled_since")
        first = min(since, from_ms(unsettled)) if isinstance(unsettled, int) else since
        if "creation_id" not in handle:
            return self._without_container(order, handle, first)
        if number_id(handle.get("user_id")) is None:
            return Looked(NO_CONTAINER, None)
        seen = self._containers.look_at(order, str(handle["creation_id"]))
        match seen.state:
            case "PUBLISHED":
                listed = self.listed(order, handle, first)
                # A list that cannot be read, or does not have it yet, may tell the id later.
                unnamed = Found(None, id_later=not listed)
                return Looked(listed[0] if listed and len(listed) == 1 else unnamed, seen.date)
            case "FINISHED":
                return Looked(Absent(handle={**handle, "unsettled_since": to_ms(first)}), seen.date)
            case "IN_PROGRESS":
                return Looked(Working("container IN_PROGRESS"), seen.date)
            case "EXPIRED":
                return Looked(Absent(certain=True, handle=bare(handle)), seen.date)
            case "ERROR":
                return self._by_list(order, handle, first, seen, Refused(seen.failure))
            case _:
                unclear = as_unclear(seen.reply, self._judge(order), "Instagram")
                return self._by_list(order, handle, first, seen, unclear)

    def _without_container(self, order: Order, handle: Handle, since: datetime) -> Looked:
        """If it was sent, then by a publisher whose records are not here: only the list can tell."""
        user_id = number_id(handle.get("user_id")) or number_id(order.credentials.user_id)
        if user_id is None:
            return Looked(NO_CONTAINER, None)
        listed = self.listed(order, {"user_id": user_id}, since)
        if listed is None:
            return Looked(Unclear(Kind.NETWORK, "the account's posts on Instagram cannot be read"), None)
        return Looked(_one_of(order, listed, NO_CONTAINER), None)

    def listed(self, order: Order, handle: Handle, since: datetime) -> tuple[Found, ...] | None:
        """The account's unbound media, or stories, that can be this one; None where the list cannot be read."""
        story = kind_of(order) is InstagramKind.STORY
        path = f"{self._root}/{handle['user_id']}/{'stories' if story else 'media'}"
        reply = self._http.send(order, "GET", path, query=media.QUERY)
        return media.matches(reply, order, since, by_text=not story)

    def _by_list(
        self, order: Order, handle: Handle, since: datetime, seen: Seen, otherwise: Refused | Unclear
    ) -> Looked:
        """The one match among the account's media, else `otherwise`; unclear where the list cannot be read."""
        listed = self.listed(order, handle, since)
        if listed is None:
            return Looked(as_unclear(seen.reply, self._judge(order), "Instagram"), seen.date)
        return Looked(_one_of(order, listed, otherwise), seen.date)

    def _judge(self, order: Order) -> Judge:
        return lambda answer: refusal(answer, order.account, self._clock.now())


def _one_of(order: Order, listed: tuple[Found, ...], otherwise: Refused | Unclear) -> Found | Refused | Unclear:
    """The only match, told by its text; `otherwise` where there is none."""
    match listed:
        case ():
            return otherwise
        case (only,) if order.text.strip() and kind_of(order) is not InstagramKind.STORY:
            return only
        case _:
            links = tuple(found.url for found in listed if found.url is not None)
            message = f"{len(listed)} {'post' if len(listed) == 1 else 'posts'} on Instagram could be this one"
            # A container that could not be read this time may tell the next time.
            final = not isinstance(otherwise, Unclear) or otherwise.final
            return Unclear(Kind.DUPLICATE, message, final=final, links=links)
