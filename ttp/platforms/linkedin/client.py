"""LinkedIn: uploads and the token check, one POST that publishes, and a person as the only proof of a lost answer.

See docs/reference/platforms/linkedin.md, sections 3, 7 and 8. Handle: `user_id`, `media` and `thumb` (see `media`),
and while a call is in doubt `tried_at` (platform ms), when the first was about to be made, and `again`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from ttp.domain.config import Config
from ttp.domain.options import ChosenOptions
from ttp.domain.publishing.outcome import Done, Handle, Kind, NotDone, Outcome, Unclear, Unknown
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import (
    CardFile,
    Deleted,
    LookupResult,
    MediaFile,
    PublishRequest,
    Ready,
    Step,
    StepDone,
    StepFailed,
    fingerprint,
)
from ttp.platforms.http import Http
from ttp.platforms.linkedin.auth import WHO, parse_person
from ttp.platforms.linkedin.errors import LinkedInPart
from ttp.platforms.linkedin.little_text import little_text
from ttp.platforms.linkedin.media import LinkedInUploads
from ttp.platforms.linkedin.options import OPTIONS
from ttp.platforms.reply import Reply, reconnect_hint
from ttp.platforms.uploads import Entry, media_entries, upload_all

CHECK_S = 900.0
"""Seconds for which a token check stays valid."""
PATH = "/rest/posts"
STEP = f"POST {PATH}"
OWN_POSTS = "https://www.linkedin.com/in/me/recent-activity/all/"
"""Where people see their own posts."""
_URN = re.compile(r"urn:li:(?:share|ugcPost):([0-9]{1,30})", re.ASCII)
_TITLE, _DESCRIPTION = 200, 256
"""Most characters of a link card, as an older API had them: the documentation of this one names no limit."""
_BEFORE_MS, _AFTER_MS = 60_000, 600_000
"""A post whose id is of this time around the first call is that call's."""


class LinkedInClient(LinkedInPart):
    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._uploads = LinkedInUploads(http, config, clock)
        self._settles = config["platforms.linkedin.settle_by_duplicate"] is True
        self._checked: dict[str, tuple[str, float]] = {}

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        self._http.gate.require_open(request, STEP, "POST", PATH)
        user_id = yield from self._check_token(request)
        handle, author = {**handle, "user_id": user_id}, f"urn:li:person:{user_id}"

        def upload(place: int, file: MediaFile, entry: Entry) -> Iterator[tuple[Step, Entry]]:
            return self._uploads.upload(request, author, file, entry)

        handle = yield from upload_all(request, handle, upload)
        handle = yield from self._with_thumbnail(request, handle, author)
        platform_at = self._http.platform_at(request.account.name)
        if "tried_at" in handle:
            handle = {**handle, "again": True}
        elif platform_at is not None:
            handle = {**handle, "tried_at": to_ms(platform_at)}
        return Ready(handle, platform_at, STEP, fingerprint("POST", PATH, _body(request, handle)))

    def _check_token(self, request: PublishRequest) -> Generator[Step, None, str]:
        """Ask LinkedIn whose token it is, once in CHECK_S. Also reads its clock. Raises StepFailed."""
        step, account = "check the token", request.account
        user_id, at = self._checked.get(request.token_key, ("", 0.0))
        if user_id and self._clock.boot() - at < CHECK_S and self._http.platform_at(account.name) is not None:
            return user_id
        reply = self._http.request_for(request, "GET", WHO)
        answered_id = parse_person(reply.success_at("sub"))
        if answered_id is None:
            raise StepFailed(step, self.failure(request, reply))
        if answered_id != (own_id := request.credentials.user_id or account.user_id or answered_id):
            of_page = ", and no Page can be posted to" if own_id.startswith("urn:li:organization:") else ""
            message = f"the token belongs to person {answered_id}, but {account.name} is {own_id}{of_page}"
            hint = reconnect_hint(account)
            raise StepFailed(step, NotDone(Kind.ACCOUNT, message, http_status=reply.status, passing=True, hint=hint))
        self._checked[request.token_key] = (answered_id, self._clock.boot())
        yield StepDone(step, reply.status)
        return answered_id

    def _with_thumbnail(self, request: PublishRequest, handle: Handle, author: str) -> Generator[Step, None, Handle]:
        """Upload the picture of the link card."""
        card, thumb = _card(request), handle.get("thumb")
        handle = {name: value for name, value in handle.items() if name != "thumb"}
        if card is None or card.picture is None:
            return handle
        entry: Entry = thumb if isinstance(thumb, dict) else {}
        for step, entry in self._uploads.upload(request, author, card.picture, entry):  # noqa: B020 (as it grows)
            yield (
                StepDone(step.step, step.http_status, handle={**handle, "thumb": entry})
                if isinstance(step, StepDone)
                else step
            )
        return {**handle, "thumb": entry}

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """POST /rest/posts. The id is in a header; a success without it proves nothing."""
        reply = self.call(request, "POST", PATH, json=_body(request, handle))
        urn = _URN.fullmatch(reply.headers.get("x-restli-id", "")) if reply.status == 201 else None
        if urn is not None:
            return Done(urn[0], link(urn[0]), http_status=201, note=_note(request))
        outcome = self.outcome(request, reply)
        if isinstance(outcome, NotDone) and outcome.kind is Kind.DUPLICATE and "again" in handle:
            if (named := self._named_post(request, handle, reply)) is not None:
                return named
            outcome = Unknown(outcome.kind, outcome.message, outcome.code, outcome.http_status)
        if isinstance(outcome, Unknown):
            return replace(outcome, page=OWN_POSTS)
        if outcome.kind is Kind.AUTH:
            self._checked.pop(request.token_key, None)
        dropped = () if "again" in handle else ("tried_at",)  # an earlier call is still in doubt
        if outcome.kind is Kind.MEDIA and not (outcome.not_ready and self._uploads.are_new(handle)):
            dropped = (*dropped, "media", "thumb")
        return replace(outcome, handle={name: value for name, value in handle.items() if name not in dropped})

    def _named_post(self, request: PublishRequest, handle: Handle, reply: Reply) -> Done | None:
        """Return the post that a refused repetition names, if the settings allow that, and its id is of the time of the
        first call. LinkedIn has also named new ids, made with the refusal, of posts that were not there."""
        match, tried_at = _URN.search(reply.text_at("message")), handle.get("tried_at")
        if not self._settles or match is None or match[0] in request.bound or not isinstance(tried_at, int):
            return None
        at, platform_at = int(match[1]) >> 22, self._http.platform_at(request.account.name)
        if platform_at is None or not -_BEFORE_MS <= at - tried_at <= _AFTER_MS or to_ms(platform_at) - at < _BEFORE_MS:
            return None
        note = "its answer was lost; LinkedIn named this post when it refused the same text again"
        return Done(match[0], link(match[0]), http_status=422, note=note)

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Ask nothing: no app may read a person's posts."""
        message = "LinkedIn lets no app read a person's posts: check whether it is there"
        unclear = Unclear(Kind.UNKNOWN, message, final=True, links=(OWN_POSTS,))
        return LookupResult(unclear, self._http.platform_at(request.account.name))

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        if _URN.fullmatch(remote_id) is None:  # a person named it, by the address that LinkedIn shows
            return NotDone(
                Kind.CONTENT, f"apps cannot delete a post by this address; delete it yourself: {link(remote_id)}"
            )
        reply = self.call(request, "DELETE", f"{PATH}/{quote(remote_id, safe='')}")
        return Deleted(204) if reply.status == 204 else self.failure(request, reply)


def link(urn: str) -> str:
    """Return the URL of a post, whoever wrote it."""
    return f"https://www.linkedin.com/feed/update/{urn}/"


def _card(request: PublishRequest) -> CardFile | None:
    """Return the card that the post shows; None without one, or with a bare link."""
    card = None if request.media else request.cards.get(1)
    return card if card is not None and card.title else None


def _note(request: PublishRequest) -> str | None:
    return next((card.note for card in request.cards.values() if card.note), None)


def _body(request: PublishRequest, handle: Handle) -> dict[str, object]:
    chosen = ChosenOptions("linkedin", OPTIONS, request.options)
    body: dict[str, object] = {
        "author": f"urn:li:person:{handle['user_id']}",
        "commentary": little_text(request.text.strip()),
        "visibility": chosen.word("visibility") or "PUBLIC",
        "lifecycleState": "PUBLISHED",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "isReshareDisabledByAuthor": chosen.switch("no_reshare") or False,
    }
    if content := _content(request, handle):
        body["content"] = content
    return body


def _content(request: PublishRequest, handle: Handle) -> dict[str, object]:
    items = [
        {"id": entry["id"], **({"altText": file.item.alt} if file.item.alt and file.item.is_image else {})}
        for file, entry in zip(request.media, media_entries(handle), strict=True)
    ]
    if len(items) > 1:
        return {"multiImage": {"images": items}}
    if items:
        return {"media": items[0]}
    card = _card(request)
    if card is None:
        return {}
    article = {"source": card.url, "title": _cut(card.title or "", _TITLE)}
    if card.description:
        article["description"] = _cut(card.description, _DESCRIPTION)
    thumb = handle.get("thumb")
    if isinstance(thumb, dict):
        article["thumbnail"] = str(thumb["id"])
    return {"article": article}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
