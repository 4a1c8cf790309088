"""What happened to a post, in words: what people changed, and what the publisher did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.publishing.attempt import Attempt, Phase
from ttp.server.pages.rendering import network_name
from ttp.services.queries import PostView
from ttp.store.change_log import Change, LoggedChange

_CHANGED: Mapping[str, str] = {
    "create": "Written",
    "copy": "Copied from another post",
    "edit": "Changed",
    "schedule": "Given a time",
    "unschedule": "Made a draft again",
    "plan": "Planned",
    "approve": "Approved",
    "reject": "Sent back",
    "delete": "Deleted",
    "import": "Imported from a file",
    "sync": "Changed by a file",
}
BY_LINK = " (by a link of "
"""What follows the name of a link's reader, before the name of who made the link."""
_TRIES = (Phase.PREPARE, Phase.PUBLISH)


@dataclass(frozen=True, slots=True)
class PostEvent:
    """`state`: of the outline; empty for what people did."""

    at: datetime
    what: str
    detail: str = ""
    state: str = ""


def post_events(post: PostView, changes: Iterable[LoggedChange], attempts: Sequence[Attempt]) -> list[PostEvent]:
    """Return the events of a post, newest first."""
    events = [*(_changed(one.change) for one in changes), *_published(post), *_ended(post, attempts)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _changed(change: Change) -> PostEvent:
    verb, _, command = change.command.partition(" ")
    if verb in ("undo", "redo") and command:
        words = f"{'Undone' if verb == 'undo' else 'Redone'}: {_words(command).lower()}"
    else:
        words = _words(change.command)
    is_on_server = "@" in (change.actor or "") and BY_LINK not in (change.actor or "")
    by = f"by {change.actor}" if change.actor and not is_on_server else "on the server" if change.actor else ""
    return PostEvent(change.at, words, by)


def _words(command: str) -> str:
    return _CHANGED.get(command) or command.capitalize()


def _published(post: PostView) -> Iterator[PostEvent]:
    """Yield one event for all that was published in the same minute."""
    together: dict[datetime, list[Delivery]] = defaultdict(list)
    for delivery in post.active:
        if delivery.published_at is not None:
            together[delivery.published_at.replace(second=0, microsecond=0)].append(delivery)
    for deliveries in together.values():
        at = max(one.published_at for one in deliveries if one.published_at is not None)
        names = [network_name(one.platform) for one in deliveries]
        yield PostEvent(at, f"Posted to {' and '.join(dict.fromkeys(names))}", state="published")
    for comment in post.comments:
        if comment.published_at is not None:
            yield PostEvent(comment.published_at, f"Commented on {network_name(comment.platform)}", state="published")
    for delivery in post.deliveries:
        if delivery.taken_down_at is not None:
            yield PostEvent(delivery.taken_down_at, f"Deleted from {network_name(delivery.platform)}", delivery.account)


def _ended(post: PostView, attempts: Sequence[Attempt]) -> Iterator[PostEvent]:
    """Yield how the last try of each account without success ended, and how many there were."""
    for delivery in (*post.active, *post.comments):
        steps = [one for one in attempts if one.delivery_id == delivery.id and one.phase in _TRIES]
        if not steps or delivery.state is DeliveryState.PUBLISHED:
            continue
        last = steps[-1]
        name, tries = network_name(delivery.platform), last.number
        detail = ", ".join(["first comment"] * delivery.is_comment + [f"try {tries}"] * (tries > 1))
        match delivery.state:
            case DeliveryState.FAILED:
                yield PostEvent(last.ended_at or last.at, f"Not posted to {name}", detail, "failed")
            case DeliveryState.NEEDS_REVIEW:
                yield PostEvent(last.ended_at or last.at, f"No answer from {name}", detail, "needs_review")
            case DeliveryState.RETRYING:
                yield PostEvent(last.ended_at or last.at, f"{name} did not work yet", detail, "retrying")
            case DeliveryState.PENDING:
                pass
            case _:
                yield PostEvent(last.at, f"Sending to {name}", detail, "publishing")
