"""X: uploads and the token check, one POST that publishes, and the own timeline as proof of what it did.

See docs/reference/platforms/x.md, sections 3, 7 and 11. In a thread every call is about one part: the first that is
not published.
The handle: `media` (see `media`), `user_id`, `parts` and `of` (see `thread_parts`), and `unsettled_since` (platform ms)
once an unknown outcome of that part was looked for in vain. Never refreshes a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from datetime import datetime

from ttp.domain.config import Config
from ttp.domain.options import ChosenOptions
from ttp.domain.outcome import Absent, Done, Found, Handle, Kind, NotDone, Outcome, Unclear, Unknown, parts_of
from ttp.domain.time.clock import Clock, from_ms, to_ms
from ttp.platforms.client import Did, LookupResult, PublishRequest, Ready, Step, StepFailed, fingerprint
from ttp.platforms.http import Http
from ttp.platforms.outcomes import RefusalReader, as_failure, as_outcome, as_unclear, reconnect_hint
from ttp.platforms.reply import Answer, Reply, parse_id, parse_numeric_id
from ttp.platforms.thread_parts import Part, next_part
from ttp.platforms.x.errors import refusal
from ttp.platforms.x.look_up import MOST_PAGES, QUERY, Window, matches, possible_matches, read_page
from ttp.platforms.x.media import Uploads, count_use, media_entries
from ttp.platforms.x.options import OPTIONS

CHECK_S = 900.0
"""Seconds for which one token check counts; GET /2/users/me takes 75 a quarter of an hour."""
STEP = "POST /2/tweets"
ALL_OUT = "every part of the thread is published already, so nothing is sent"


class XClient:
    """The client of X."""

    def __init__(self, http: Http, config: Config, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._settle_s = config.seconds("platforms.x.settle_s")
        self._uploads = Uploads(http, clock)
        self._checked: dict[str, tuple[str, float]] = {}

    def close(self) -> None:
        self._http.close()

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Upload the media, check the token: what the next part needs."""
        part = next_part(request, handle)
        if part is None:
            at = self._http.platform_at(request.account.name)
            return Ready(handle, at, STEP, fingerprint("POST", "/2/tweets", {}), doubt=ALL_OUT)
        request = part.request
        self._room(request, part)
        handle = yield from self._uploads.complete(request, handle, keep="unsettled_since" in handle)
        user_id = self._lately_checked(request)
        if user_id is None:
            user_id, answer = self._check(request)
            yield Did("check the token", answer.status, handle={**handle, "user_id": user_id})
        handle = {**handle, "user_id": user_id}
        self._room(request, part)  # the check, or another post of the same app, may have told more
        return Ready(
            count_use(handle) if request.media else handle,
            self._http.platform_at(request.account.name),
            part.step(STEP),
            fingerprint("POST", "/2/tweets", _body(part, handle)),
        )

    def _room(self, request: PublishRequest, part: Part) -> None:
        """Make sure that X is not known to take no more posts now. Raises StepFailed."""
        self._http.gate.require_open(request, part.step(STEP), "POST", "/2/tweets")

    def _lately_checked(self, request: PublishRequest) -> str | None:
        """The user id of a token that was checked in the last CHECK_S seconds; None otherwise."""
        user_id, at = self._checked.get(_token_key(request), ("", 0.0))
        fresh = user_id and self._clock.boot() - at < CHECK_S
        return user_id if fresh and self._http.platform_at(request.account.name) is not None else None

    def _check(self, request: PublishRequest) -> tuple[str, Answer]:
        """Ask X whose token it is: proof that it works and is the account's own, X's clock, and an open connection.
        Raises StepFailed."""
        reply = self._http.request_for(request, "GET", "/2/users/me")
        if (
            isinstance(reply, Answer)
            and reply.is_success
            and (user_id := parse_numeric_id(reply.value_at("data", "id")))
        ):
            if _known_user(request) not in (None, user_id):
                raise StepFailed("check the token", _not_its_own(request, user_id, reply))
            self._checked[_token_key(request)] = (user_id, self._clock.boot())
            return user_id, reply
        raise StepFailed("check the token", as_failure(reply, self._judge(request), "X"))

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """POST /2/tweets. A refusal as duplicate after an unknown outcome is evidence of a post, not of its absence."""
        part = next_part(request, handle)
        if part is None:
            return Unknown(Kind.UNKNOWN, ALL_OUT)
        reply = self._http.request_for(request, "POST", "/2/tweets", json=_body(part, handle))
        post_id = _made(reply)
        if isinstance(reply, Answer) and post_id is not None:
            if post_id in part.out:
                return Unknown(Kind.SERVER, "X answered with the id of an earlier part", http_status=reply.status)
            known = part.handle_with(handle, post_id)
            return Done(post_id, link(post_id), http_status=reply.status, handle=known, more=not part.is_last)
        match as_outcome(reply, self._judge(request), "X"):
            case NotDone(kind=Kind.DUPLICATE, message=message) if "unsettled_since" in handle:
                return Unknown(Kind.DUPLICATE, message, "duplicate", 403)
            case NotDone(kind=Kind.AUTH) as dead:
                self._checked.pop(_token_key(request), None)
                return dead
            case outcome:
                return outcome

    # Queries-up.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Look for the part in the account's own timeline, from a minute before the first unsettled call on."""
        part = next_part(request, handle)
        if part is None:
            first_id, *_ = parts_of(handle)
            return LookupResult(Found(first_id, link(first_id), handle=handle), None)
        request = part.request
        unsettled = handle.get("unsettled_since")
        first = min(since, from_ms(unsettled)) if isinstance(unsettled, int) else since
        user_id = _known_user(request) or parse_numeric_id(handle.get("user_id"))
        if user_id is None:
            try:
                user_id, _ = self._check(request)
            except StepFailed as failed:
                why = failed.outcome
                return LookupResult(
                    Unclear(why.kind, why.message, look_at=why.retry_at, http_status=why.http_status), None
                )
        window = Window.around(first, since, self._settle_s)
        found, doubtful = list[str](), list[str]()
        query = {**QUERY, "start_time": window.start.strftime("%Y-%m-%dT%H:%M:%SZ")}
        for _ in range(MOST_PAGES):
            reply = self._http.request_for(request, "GET", f"/2/users/{user_id}/tweets", query=query)
            page = read_page(reply)
            if page is None:
                return LookupResult(as_unclear(reply, self._judge(request), "X"), _date(reply))
            found += matches(page.posts, part, media_entries(handle), window)
            doubtful += possible_matches(page.posts, part, window)
            if page.next_token is None:
                known = {**handle, "unsettled_since": to_ms(first)}
                return LookupResult(_finding(part, found, doubtful, known), _date(reply))
            query["pagination_token"] = page.next_token
        return LookupResult(
            Unclear(Kind.UNKNOWN, "the account has posted too much since then to look through", final=True),
            _date(reply),
        )

    def _judge(self, request: PublishRequest) -> RefusalReader:
        return lambda answer: refusal(answer, request.account, self._clock.now(), request.credentials)


def link(post_id: str) -> str:
    """The address of a post, whoever made it."""
    return f"https://x.com/i/status/{post_id}"


def _known_user(request: PublishRequest) -> str | None:
    """The id of the account's user, where ttp was told it: that X names another one proves nothing."""
    return parse_numeric_id(request.credentials.user_id) or parse_numeric_id(request.account.user_id)


def _not_its_own(request: PublishRequest, user_id: str, answer: Answer) -> NotDone:
    """The token is said to be another user's: what was published with it would be on another account."""
    message = f"X says that the token is of user {user_id}, and {request.account.name} is user {_known_user(request)}"
    hint = reconnect_hint(request.account, request.credentials)
    return NotDone(Kind.ACCOUNT, message, http_status=answer.status, passing=True, hint=hint)


def _made(reply: Reply) -> str | None:
    """The id of the post that an answer says was made; None where it does not say so, or names errors as well."""
    if not (isinstance(reply, Answer) and reply.is_success) or reply.value_at("errors"):
        return None
    return parse_id(reply.value_at("data", "id"))


def _body(part: Part, handle: Handle) -> dict[str, object]:
    """The canonical request: the text, what it replies to, the ids of every media item in order, and the options that
    were set. Who may reply is said once, by the first part; what a post must disclose, by each."""
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


def _finding(part: Part, found: list[str], doubtful: list[str], handle: Handle) -> Found | Absent | Unclear:
    match found:
        case [] if doubtful:
            message = f"X has the text of part {part.number}, but not as a reply to the part before"
            return Unclear(Kind.DUPLICATE, message, final=True, links=tuple(link(post_id) for post_id in doubtful))
        case []:
            return Absent(handle=handle)
        case [post_id]:
            known = part.handle_with(handle, post_id)
            return Found(post_id, link(post_id), more=not part.is_last, handle=known)
        case _:
            links = tuple(link(post_id) for post_id in found)
            return Unclear(Kind.DUPLICATE, f"{len(found)} posts on X could be this one", final=True, links=links)


def _date(reply: Reply) -> datetime | None:
    return reply.date if isinstance(reply, Answer) else None


def _token_key(request: PublishRequest) -> str:
    """A name for a token that is not the token."""
    return hashlib.sha256(request.credentials.access_token.encode("utf-8", "replace")).hexdigest()
