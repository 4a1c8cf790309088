"""Instagram: containers as on all of Meta's platforms, bytes of videos with Facebook Login, comments, and deletion."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Handle, Kind, NotDone, Outcome
from ttp.domain.time.clock import Clock
from ttp.platforms.client import LookupResult, MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed
from ttp.platforms.http import Http
from ttp.platforms.instagram import container_forms
from ttp.platforms.instagram.comments import Comments
from ttp.platforms.instagram.errors import NO_USER_ID
from ttp.platforms.instagram.facts import by_facebook
from ttp.platforms.instagram.part import API
from ttp.platforms.instagram.scopes import DELETING, FACEBOOK_SCOPES
from ttp.platforms.meta.client import ContainerClient
from ttp.platforms.meta.containers import BYTES
from ttp.platforms.meta.errors import unwrap
from ttp.platforms.reply import Reply, parse_numeric_id, reconnect_hint


class InstagramClient(ContainerClient):
    """Publishes images, reels, stories and carousels."""

    deleting = DELETING
    scopes = FACEBOOK_SCOPES

    def __init__(self, http: Http, config: Config, clock: Clock, public_url: Callable[[MediaFile], str]) -> None:
        super().__init__(http, config, clock, API, container_forms, public_url)
        self._by_facebook = by_facebook(config)
        self._comments = Comments(http, config, clock)

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        prepare = self._comments.prepare if request.replies_to else super().prepare
        return (yield from prepare(request, handle))

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        publish = self._comments.publish if request.replies_to else super().publish
        return publish(request, handle)

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        look_up = self._comments.look_up if request.replies_to else super().look_up
        return look_up(request, handle, since)

    def user_id(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Handle]:
        if parse_numeric_id(handle.get("user_id")) is not None:
            return handle
        user_id, answer = self._user_id(request)
        handle = {**handle, "user_id": user_id}
        if answer is not None:
            yield StepDone("ask for the user id", answer.status, handle=handle)
        return handle

    def _user_id(self, request: PublishRequest) -> tuple[str, Reply | None]:
        """Return the user id for paths: from the credentials, else from Instagram. Raises StepFailed."""
        if (stored_id := parse_numeric_id(request.credentials.user_id)) is not None:
            return stored_id, None
        step = "ask for the user id"
        if self._by_facebook:  # its /me is the person, not the professional account
            raise StepFailed(step, NotDone(Kind.AUTH, NO_USER_ID, hint=reconnect_hint(request.account)))
        reply = self._http.request_for(request, "GET", f"{self._root}/me", query={"fields": "user_id,username"})
        me = unwrap(reply)
        if (user_id := parse_numeric_id(me.success_at("user_id"))) is not None:
            return user_id, me
        raise StepFailed(step, self.failure(request, reply))

    def url_for(self, file: MediaFile) -> str:
        if self._by_facebook and file.item.is_video and file.item.url is None:
            return BYTES
        return super().url_for(file)
