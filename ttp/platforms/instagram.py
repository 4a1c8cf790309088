"""Instagram: a container, the wait for it, one call that publishes it, and its status as proof of what that did.

Follows sections 3, 6 and 10 of Instagram's contract. The handle: `user_id`, `creation_id` (the container), `created`
(ms), `request` (a fingerprint of what the container was made of), `refetched` once its URL could not be fetched, and
`unsettled_since` (platform ms) once an unknown outcome was looked for in vain. Never makes a second container while the
first may be published. Never refreshes a token.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ttp.domain.account import Platform
from ttp.domain.attempt import Absent, Done, Found, Handle, Kind, NotDone, Outcome, Refused, Unclear, Unknown, Working
from ttp.domain.clock import Clock, from_ms, to_ms
from ttp.domain.config import Config
from ttp.platforms import instagram_media
from ttp.platforms.client import Did, Looked, Order, Ready, Step, StepFailed, Wait
from ttp.platforms.fingerprint import fingerprint
from ttp.platforms.http import Http
from ttp.platforms.instagram_errors import FETCH_FAILED, container_failure, is_gone, refusal
from ttp.platforms.media_host import NoPublicUrl, public_url
from ttp.platforms.outcomes import Judge, as_failure, as_outcome, as_unclear
from ttp.platforms.reply import Answer, Reply, Unsent, dig, number_id, web_address

LONGEST_WAIT = timedelta(minutes=30)
"""A container that is still being processed by then is given up."""
_YOUNG = timedelta(minutes=2)
"""A container that Instagram does not know yet may only be new: asked again every 30 s for so long."""
_PACE_S = 30.0
_PERMALINK_S = 5.0
CREATE, WAIT, DROP = "create the container", "wait for the container", "drop the container"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a container. `state`: status_code, GONE where there is none, or empty where it cannot be read."""

    state: str
    reply: Reply

    @property
    def date(self) -> datetime | None:
        return self.reply.date if isinstance(self.reply, Answer) else None

    @property
    def failure(self) -> NotDone:
        """Why it will not be published, for a container that ended."""
        if self.state == "ERROR" and isinstance(self.reply, Answer):
            return container_failure(str(self.reply.at("status") or ""))
        what = {"EXPIRED": "expired", "GONE": "is gone"}.get(self.state, "is still being processed")
        return NotDone(Kind.MEDIA, f"the container {what}", code=self.state.lower(), passing=True)


class InstagramClient:
    """The client of Instagram, for single images and reels."""

    platform = Platform.INSTAGRAM

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        self._http = http
        self._config = config
        self._clock = clock
        self._root = f"/{config.text('platforms.instagram.version')}"

    def close(self) -> None:
        self._http.close()

    # Invisible steps.

    def prepare(self, order: Order, handle: Handle) -> Generator[Step, None, Ready]:
        """Bring the container to FINISHED: the one there is, or a new one where that is provably harmless."""
        request = _request(order)
        if number_id(handle.get("user_id")) is None:
            user_id, answer = self._user_id(order)
            handle = {**handle, "user_id": user_id}
            if answer is not None:
                yield Did("ask for the user id", answer.status, handle=handle)
        if "creation_id" in handle:
            seen = yield from self._awaited(order, handle)
            if (doubt := self._doubt(order, handle, seen)) is not None:
                return self._ready(order, handle, doubt)
            if seen.state == "FINISHED" and handle.get("request") == request:
                return self._ready(order, handle)
            handle = _bare(handle)
        answer = yield from self._create(order, handle)
        handle = {
            **handle,
            "creation_id": number_id(answer.at("id")),
            "created": to_ms(self._clock.now()),
            "request": request,
        }
        yield Did(CREATE, answer.status, handle=handle)
        seen = yield from self._awaited(order, handle)
        if seen.state == "FINISHED":
            return self._ready(order, handle)
        raise (yield from self._given_up(WAIT, seen.failure, handle))

    def _user_id(self, order: Order) -> tuple[str, Answer | None]:
        """The id for paths: the credentials', else what Instagram says. Raises StepFailed."""
        if (known := number_id(order.credentials.user_id)) is not None:
            return known, None
        reply = self._http.send(order, "GET", f"{self._root}/me", query={"fields": "user_id,username"})
        if isinstance(reply, Answer) and reply.is_success:
            listed = reply.at("data")  # documented as a list of one, in practice flat
            first = listed[0] if isinstance(listed, list) and listed else reply.data
            if (asked := number_id(dig(first, "user_id"))) is not None:
                return asked, reply
        raise StepFailed("ask for the user id", as_failure(reply, self._judge(order), "Instagram"))

    def _create(self, order: Order, handle: Handle) -> Generator[Step, None, Answer]:
        """Make a container. Raises StepFailed."""
        try:
            form = self._form(order)
        except NoPublicUrl as error:
            raise StepFailed(CREATE, NotDone(Kind.MEDIA, str(error))) from error
        reply = self._http.send(order, "POST", f"{self._root}/{handle['user_id']}/media", form=form)
        if isinstance(reply, Answer) and reply.is_success and number_id(reply.at("id")) is not None:
            return reply
        failure = as_failure(reply, self._judge(order), "Instagram")
        raise (yield from self._given_up(CREATE, failure, handle))

    def _form(self, order: Order) -> dict[str, str]:
        """The container's parameters. Raises NoPublicUrl, and StepFailed for media that this client cannot publish."""
        if len(order.media) != 1:
            raise StepFailed(CREATE, NotDone(Kind.CONTENT, "Instagram takes exactly one image or video"))
        file = order.media[0]
        url = public_url(self._config, file.item, file.path)
        form = {"media_type": "REELS", "video_url": url} if file.item.is_video else {"image_url": url}
        if file.item.is_video and "share_to_feed" in order.options:
            form["share_to_feed"] = order.options["share_to_feed"]
        if order.text:
            form["caption"] = order.text
        if file.item.alt and not file.item.is_video:
            form["alt_text"] = file.item.alt
        return form

    def _awaited(self, order: Order, handle: Handle) -> Generator[Step, None, Seen]:
        """Look until the container has ended, or LONGEST_WAIT after it was made. Raises StepFailed if unreadable."""
        pause = min(max(self._config.seconds("publish.status_poll_s"), 0.05), _PACE_S)
        while True:
            seen = self._look_at(order, handle)
            age = self._clock.now() - from_ms(int(str(handle["created"])))
            match seen.state:
                case "":
                    raise StepFailed(WAIT, as_failure(seen.reply, self._judge(order), "Instagram"))
                case "IN_PROGRESS" if age < LONGEST_WAIT:
                    yield Wait(pause, "container IN_PROGRESS")
                    pause = min(pause * 2, _PACE_S)
                case "GONE" if age < _YOUNG:
                    yield Wait(_PACE_S, "Instagram to know the container")
                case _:
                    return seen

    def _doubt(self, order: Order, handle: Handle, seen: Seen) -> str | None:
        """Why the container may be published already; None where that is excluded."""
        if seen.state == "PUBLISHED":
            return "Instagram shows the container as published"
        if "unsettled_since" not in handle or seen.state not in ("ERROR", "GONE"):
            return None
        since = from_ms(int(str(handle["unsettled_since"])))
        if seen.state == "ERROR" and self._listed(order, handle, since) == ():
            return None
        return "an earlier call may have published it: its container cannot tell"

    def _given_up(self, step: str, failure: NotDone, handle: Handle) -> Generator[Step, None, StepFailed]:
        """Forget the container; the failure to raise. A URL that could not be fetched is tried once more."""
        bare = _bare(handle)
        if failure.code is not None and failure.code.endswith(str(FETCH_FAILED)):
            failure = replace(failure, passing="refetched" not in handle)
            bare = {**bare, "refetched": True}
        if bare != handle:
            yield Did(DROP, failure.http_status, handle=bare)
        return StepFailed(step, failure)

    def _ready(self, order: Order, handle: Handle, doubt: str | None = None) -> Ready:
        path = f"{self._root}/{handle['user_id']}/media_publish"
        content = {"creation_id": handle["creation_id"], "request": handle.get("request")}
        at = self._http.platform_at(order.account.name)
        return Ready(handle, at, "POST media_publish", fingerprint("POST", path, content), doubt)

    # The one publishing call.

    def publish(self, order: Order, handle: Handle) -> Outcome:
        """POST media_publish. After any error the container is asked before deciding: an error may have published."""
        path = f"{self._root}/{handle['user_id']}/media_publish"
        reply = self._http.send(order, "POST", path, form={"creation_id": str(handle["creation_id"])})
        if isinstance(reply, Answer) and reply.is_success and (media_id := number_id(reply.at("id"))):
            return Done(media_id, self.permalink(order, media_id), http_status=reply.status)
        outcome = as_outcome(reply, self._judge(order), "Instagram")
        return outcome if isinstance(reply, Unsent) else self._decided(order, handle, outcome)

    def _decided(self, order: Order, handle: Handle, outcome: NotDone | Unknown) -> Outcome:
        """The outcome of a failed call, given what the container says after it."""
        seen = self._look_at(order, handle)
        doubt = Unknown(outcome.kind, outcome.message, outcome.code, outcome.http_status)
        match seen.state, outcome:
            case "EXPIRED", _:
                return replace(seen.failure, http_status=outcome.http_status)
            case "FINISHED", NotDone(kind=Kind.DUPLICATE) if "unsettled_since" in handle:
                return doubt
            case "FINISHED", NotDone():
                return outcome
            case "IN_PROGRESS", NotDone(not_ready=True):
                return outcome
            case "", NotDone(kind=Kind.AUTH) if self._is_refused_token(order, seen.reply):
                return outcome  # a token that is refused before and after published nothing in between
            case "PUBLISHED", _:
                return replace(doubt, message=f"published all the same: {outcome.message}")
            case _, Unknown():
                return outcome
            case _:
                return doubt

    def permalink(self, order: Order, media_id: str) -> str | None:
        """The public address of a published media; None where Instagram does not tell it at once. Cosmetic."""
        reply = self._http.send(
            order, "GET", f"{self._root}/{media_id}", query={"fields": "permalink,timestamp"}, patience=_PERMALINK_S
        )
        return web_address(reply.at("permalink")) if isinstance(reply, Answer) and reply.is_success else None

    # Look-up.

    def look_up(self, order: Order, handle: Handle, since: datetime) -> Looked:
        """What the container says, and where it cannot tell, the account's own media."""
        unsettled = handle.get("unsettled_since")
        first = min(since, from_ms(unsettled)) if isinstance(unsettled, int) else since
        if "creation_id" not in handle or number_id(handle.get("user_id")) is None:
            return Looked(Unclear(Kind.UNKNOWN, "no container is known to ask about", final=True), None)
        seen = self._look_at(order, handle)
        match seen.state:
            case "PUBLISHED":
                listed = self._listed(order, handle, first)
                return Looked(listed[0] if listed and len(listed) == 1 else Found(None), seen.date)
            case "FINISHED":
                return Looked(Absent(handle={**handle, "unsettled_since": to_ms(first)}), seen.date)
            case "IN_PROGRESS":
                return Looked(Working("container IN_PROGRESS"), seen.date)
            case "EXPIRED":
                return Looked(Absent(certain=True, handle=_bare(handle)), seen.date)
            case "ERROR":
                return self._by_list(order, handle, first, seen, Refused(seen.failure))
            case _:
                unclear = as_unclear(seen.reply, self._judge(order), "Instagram")
                return self._by_list(order, handle, first, seen, unclear)

    def _by_list(
        self, order: Order, handle: Handle, since: datetime, seen: Seen, otherwise: Refused | Unclear
    ) -> Looked:
        """The one match among the account's media, else `otherwise`; unclear where the list cannot be read."""
        listed = self._listed(order, handle, since)
        match listed:
            case (only,):
                return Looked(only, seen.date)
            case ():
                return Looked(otherwise, seen.date)
            case None:
                return Looked(as_unclear(seen.reply, self._judge(order), "Instagram"), seen.date)
            case _:
                links = tuple(found.url for found in listed if found.url is not None)
                message = f"{len(listed)} posts on Instagram could be this one"
                return Looked(Unclear(Kind.DUPLICATE, message, final=True, links=links), seen.date)

    def _look_at(self, order: Order, handle: Handle) -> Seen:
        """Ask for the container's status."""
        path = f"{self._root}/{handle['creation_id']}"
        reply = self._http.send(order, "GET", path, query={"fields": "status_code,status"})
        if not isinstance(reply, Answer):
            return Seen("", reply)
        if not reply.is_success:
            return Seen("GONE" if is_gone(reply) else "", reply)
        state = reply.at("status_code")
        return Seen(state if state in instagram_media.STATES else "", reply)

    def _listed(self, order: Order, handle: Handle, since: datetime) -> tuple[Found, ...] | None:
        """The account's unbound media that can be this one; None where its list cannot be read."""
        path = f"{self._root}/{handle['user_id']}/media"
        reply = self._http.send(order, "GET", path, query=instagram_media.QUERY)
        return instagram_media.matches(reply, order, since)

    def _is_refused_token(self, order: Order, reply: Reply) -> bool:
        return as_failure(reply, self._judge(order), "Instagram").kind is Kind.AUTH

    def _judge(self, order: Order) -> Judge:
        return lambda answer: refusal(answer, order.account, self._clock.now())


def _request(order: Order) -> str:
    """A fingerprint of what a container is made of: an edited post must not reuse the old one."""
    media = [[file.item.sha256, file.item.alt] for file in order.media]
    return fingerprint("POST", "media", {"caption": order.text, "media": media, "options": dict(order.options)})


def _bare(handle: Handle) -> Handle:
    """The handle without its container."""
    return {name: handle[name] for name in ("user_id", "refetched") if name in handle}
