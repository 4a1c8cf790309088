"""X: uploads and the token check, one POST that publishes, and the account's timeline as proof of the result.

See docs/reference/platforms/x.md, sections 3, 7 and 11. In a thread every call concerns one part, the first that is not
published. Handle: `media` (see `media`), `user_id`, `parts` and `of` (see `next_part`), and `unsettled_since`
(platform ms) after a look-up did not find that part after an unknown outcome. Never refreshes a token.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

from ttp.domain.config import Config
from ttp.domain.options import ChosenOptions
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Unclear,
    Unknown,
    parts_of,
)
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import (
    Deleted,
    LookupResult,
    Part,
    PublishRequest,
    Ready,
    Step,
    StepDone,
    StepFailed,
    fingerprint,
    first_unsettled,
    next_part,
)
from ttp.platforms.http import Http
from ttp.platforms.reply import Answer, parse_id, parse_numeric_id, reconnect_hint
from ttp.platforms.uploads import media_entries
from ttp.platforms.x.errors import XPart
from ttp.platforms.x.look_up import MOST_PAGES, QUERY, Window, matches, possible_matches, read_page
from ttp.platforms.x.media import XUploads, count_use
from ttp.platforms.x.options import OPTIONS

CHECK_S = 900.0
"""Seconds for which a token check stays valid; GET /2/users/me allows 75 per 15 minutes."""
STEP = "POST /2/tweets"
ALL_OUT = "all parts of the thread are already published; nothing was sent"


class XClient(XPart):
    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._settle_s = config.seconds("platforms.x.settle_s")
        self._uploads = XUploads(http, config, clock)
        self._checked: dict[str, tuple[str, float]] = {}

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Upload the media and check the token, as the next part needs."""
        part = next_part(request, handle)
        if part is None:
            at = self._http.platform_at(request.account.name)
            return Ready(handle, at, STEP, fingerprint("POST", "/2/tweets", {}), doubt=ALL_OUT)
        request = part.request
        self._require_open(request, part)
        handle = yield from self._uploads.complete(request, handle, keep="unsettled_since" in handle)
        user_id = self._recent_check(request)
        if user_id is None:
            user_id, answer = self._check_token(request)
            yield StepDone("check the token", answer.status, handle={**handle, "user_id": user_id})
        handle = {**handle, "user_id": user_id}
        self._require_open(request, part)  # the check, or another post of the same app, may have reported a limit
        return Ready(
            count_use(handle) if request.media else handle,
            self._http.platform_at(request.account.name),
            part.step(STEP),
            fingerprint("POST", "/2/tweets", _body(part, handle)),
        )

    def _require_open(self, request: PublishRequest, part: Part) -> None:
        """Raise StepFailed if X is known to accept no more posts now."""
        self._http.gate.require_open(request, part.step(STEP), "POST", "/2/tweets")

    def _recent_check(self, request: PublishRequest) -> str | None:
        """Return the user id of a token that was checked in the last CHECK_S seconds; None otherwise."""
        user_id, at = self._checked.get(request.token_key, ("", 0.0))
        fresh = user_id and self._clock.boot() - at < CHECK_S
        return user_id if fresh and self._http.platform_at(request.account.name) is not None else None

    def _check_token(self, request: PublishRequest) -> tuple[str, Answer]:
        """Ask X whose token it is. Raises StepFailed. Proves that the token works and belongs to the account, reads X's
        clock, and opens a connection."""
        reply = self._http.request_for(request, "GET", "/2/users/me")
        user_id = parse_numeric_id(reply.success_at("data", "id"))
        if user_id is not None and isinstance(reply, Answer):
            if _known_user(request) not in (None, user_id):
                raise StepFailed("check the token", _wrong_user(request, user_id, reply))
            self._checked[request.token_key] = (user_id, self._clock.boot())
            return user_id, reply
        raise StepFailed("check the token", self.failure(request, reply))

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """POST /2/tweets. A refusal as duplicate after an unknown outcome suggests that the post exists."""
        part = next_part(request, handle)
        if part is None:
            return Unknown(Kind.UNKNOWN, ALL_OUT)
        reply = self._http.request_for(request, "POST", "/2/tweets", json=_body(part, handle))
        post_id = None if reply.value_at("errors") else parse_id(reply.success_at("data", "id"))
        if isinstance(reply, Answer) and post_id is not None:
            if post_id in part.published_ids:
                return Unknown(Kind.SERVER, "X answered with the id of an earlier part", http_status=reply.status)
            new_handle = part.handle_with(handle, post_id)
            return Done(post_id, link(post_id), http_status=reply.status, handle=new_handle, more=not part.is_last)
        match self.outcome(request, reply):
            case NotDone(kind=Kind.DUPLICATE, message=message) if "unsettled_since" in handle:
                return Unknown(Kind.DUPLICATE, message, "duplicate", 403)
            case NotDone(kind=Kind.AUTH) as dead:
                self._checked.pop(request.token_key, None)
                return dead
            case outcome:
                return outcome

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Search the account's timeline for the part, starting a minute before the first call with unknown outcome."""
        part = next_part(request, handle)
        if part is None:
            first_id, *_ = parts_of(handle)
            return LookupResult(Found(first_id, link(first_id), handle=handle), None)
        request = part.request
        first = first_unsettled(handle, since)
        user_id = _known_user(request) or parse_numeric_id(handle.get("user_id"))
        if user_id is None:
            try:
                user_id, _ = self._check_token(request)
            except StepFailed as failed:
                why = failed.outcome
                return LookupResult(
                    Unclear(why.kind, why.message, look_at=why.retry_at, http_status=why.http_status), None
                )
        window = Window.around(first, since, self._settle_s)
        matching, doubtful = list[str](), list[str]()
        query = {**QUERY, "start_time": window.start.strftime("%Y-%m-%dT%H:%M:%SZ")}
        for _ in range(MOST_PAGES):
            reply = self._http.request_for(request, "GET", f"/2/users/{user_id}/tweets", query=query)
            page = read_page(reply)
            if page is None:
                return LookupResult(self.unclear(request, reply), reply.date)
            posts, next_token = page
            matching += matches(posts, part, media_entries(handle), window)
            doubtful += possible_matches(posts, part, window)
            if next_token is None:
                new_handle = {**handle, "unsettled_since": to_ms(first)}
                return LookupResult(_finding(part, matching, doubtful, new_handle), reply.date)
            query["pagination_token"] = next_token
        return LookupResult(
            Unclear(Kind.UNKNOWN, "the account has too many newer posts to search", final=True),
            reply.date,
        )

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post. X answers the same for a post it never had; a 404 in its own format counts as already gone."""
        reply = self._http.request_for(request, "DELETE", f"/2/tweets/{remote_id}")
        if reply.success_at("data", "deleted") is True:
            return Deleted(reply.status)
        if isinstance(reply, Answer) and reply.status == 404 and self.refusal(request, reply) is not None:
            return Deleted(404, "it was already gone")
        return self.failure(request, reply)


def link(post_id: str) -> str:
    """Return the URL of a post, whoever wrote it."""
    return f"https://x.com/i/status/{post_id}"


def _known_user(request: PublishRequest) -> str | None:
    """Return the account's user id, if it is an X id: otherwise a different id from X proves nothing."""
    return parse_numeric_id(request.credentials.user_id) or parse_numeric_id(request.account.user_id)


def _wrong_user(request: PublishRequest, user_id: str, answer: Answer) -> NotDone:
    """The token belongs to another user, so the post would appear on another account."""
    message = f"the token belongs to user {user_id}, but {request.account.name} is user {_known_user(request)}"
    hint = reconnect_hint(request.account, request.credentials)
    return NotDone(Kind.ACCOUNT, message, http_status=answer.status, passing=True, hint=hint)


def _body(part: Part, handle: Handle) -> dict[str, object]:
    """Return the body of the request: text, the post it replies to, media ids in order, and options. Only the first
    part sets who may reply; every part has the disclosures."""
    request = part.request
    media_ids = [str(entry["id"]) for entry in media_entries(handle)][: len(request.media)]
    body: dict[str, object] = {"text": request.text, **({"media": {"media_ids": media_ids}} if media_ids else {})}
    if part.parent is not None:
        body["reply"] = {"in_reply_to_tweet_id": part.parent}
    chosen = ChosenOptions("x", OPTIONS, request.options)
    if part.parent is None and (who := chosen.word("reply_settings")) is not None:
        body["reply_settings"] = who
    for name in ("made_with_ai", "paid_partnership"):
        if (value := chosen.switch(name)) is not None:
            body[name] = value
    return body


def _finding(part: Part, matching: list[str], doubtful: list[str], handle: Handle) -> Found | Absent | Unclear:
    match matching:
        case [] if doubtful:
            what, parent = (
                (f"part {part.number}", "the previous part") if part.published_ids else ("the comment", "its post")
            )
            message = f"X has the text of {what}, but not as a reply to {parent}"
            return Unclear(Kind.DUPLICATE, message, final=True, links=tuple(link(post_id) for post_id in doubtful))
        case []:
            return Absent(handle=handle)
        case [post_id]:
            new_handle = part.handle_with(handle, post_id)
            return Found(post_id, link(post_id), more=not part.is_last, handle=new_handle)
        case _:
            links = tuple(link(post_id) for post_id in matching)
            return Unclear(Kind.DUPLICATE, f"{len(matching)} posts on X could be this one", final=True, links=links)
