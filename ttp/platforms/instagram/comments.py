"""Comments on Instagram: one call, below a published post of the account, and the list of the post's comments as proof.

See docs/reference/platforms/instagram.md, sections 3.7 and 8. Handle: `unsettled_since` (platform ms) after a look-up
that did not find it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime

from ttp.domain.publishing.outcome import Done, Found, Handle, Kind, NotDone, Outcome, Unclear
from ttp.platforms.client import (
    LookupResult,
    PublishRequest,
    Ready,
    Step,
    StepDone,
    StepFailed,
    fingerprint,
    first_unsettled,
)
from ttp.platforms.instagram.part import InstagramPart
from ttp.platforms.instagram.scopes import comment_scopes
from ttp.platforms.meta.errors import with_scopes
from ttp.platforms.meta.look_up import BEFORE, matches
from ttp.platforms.reply import Reply, list_at, parse_id, parse_instant, value_at

ASK, STEP = "ask for the post", "POST comments"
MOST_PAGES = 20
_QUERY = {"fields": "id,text,timestamp,username,from", "limit": "50"}


class Comments(InstagramPart):
    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Ask for the post: whether it is there and takes comments. Tells Instagram's clock, too."""
        self._http.gate.require_open(request, STEP, "POST", self._path(request))
        path = self._path(request).removesuffix("/comments")
        reply = self._http.request_for(request, "GET", path, query={"fields": "is_comment_enabled"})
        if not reply.is_success:
            raise StepFailed(ASK, self.failure(request, reply))
        if reply.value_at("is_comment_enabled") is False:
            raise StepFailed(ASK, NotDone(Kind.ACCOUNT, "comments are turned off for this post on Instagram"))
        yield StepDone(ASK, reply.status)
        at = self._http.platform_at(request.account.name)
        return Ready(handle, at, STEP, fingerprint("POST", self._path(request), {"message": request.text}))

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        reply = self._http.request_for(request, "POST", self._path(request), form={"message": request.text}, slow=True)
        comment_id = parse_id(reply.success_at("id"))
        if comment_id is not None and comment_id != request.replies_to[-1]:
            return Done(comment_id, http_status=reply.status)
        outcome = self.outcome(request, reply)
        if isinstance(outcome, NotDone):
            # Posts need no such permission, so the account may go on.
            scoped = with_scopes(outcome, request.account, comment_scopes(self._by_facebook), "to comment")
            return scoped if scoped is outcome else replace(scoped, kind=Kind.ACCOUNT)
        return outcome

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Read the comments of the post back to a minute before the first call with an unknown outcome."""
        first = first_unsettled(handle, since)
        query, listed, own = dict(_QUERY), list[Found](), list[Found]()
        for _ in range(MOST_PAGES):
            reply = self._http.request_for(request, "GET", self._path(request), query=query)
            page = matches(reply, request, first, lambda *_: True, text="text")
            if page is None:
                return LookupResult(self.unclear(request, reply), reply.date)
            listed += page
            own += matches(reply, request, first, _is_own, text="text") or ()
            after = reply.value_at("paging", "cursors", "after")
            if _reaches(reply, first) or not isinstance(after, str) or reply.value_at("paging", "next") is None:
                return LookupResult(_finding(listed, own), reply.date)
            query["after"] = after
        return LookupResult(Unclear(Kind.UNKNOWN, "the post has too many newer comments to search", final=True), None)

    def _path(self, request: PublishRequest) -> str:
        return f"{self._root}/{request.replies_to[-1]}/comments"


def _is_own(request: PublishRequest, item: object) -> bool:
    """Whether the account wrote a comment. Which of its ids `from` has is not documented."""
    handles = (value_at(item, "username"), value_at(item, "from", "username"))
    ids = {request.credentials.user_id, request.account.user_id} - {None}
    return (
        request.account.handle.lower() in [str(one).lower() for one in handles] or value_at(item, "from", "id") in ids
    )


def _reaches(reply: Reply, first: datetime) -> bool:
    """Whether a page of comments, newest first, goes back to before the first call."""
    oldest = next((parse_instant(value_at(one, "timestamp")) for one in reversed(list_at(reply.data, "data"))), None)
    return oldest is not None and oldest < first - BEFORE


def _finding(listed: list[Found], own: list[Found]) -> Found | Unclear:
    """Return what the list proves. Nothing in it proves nothing: Instagram takes the same comment again."""
    if not listed:
        return Unclear(Kind.UNKNOWN, "Instagram does not list the comment")
    if len(listed) == len(own) == 1:
        return own[0]
    message = f"{len(listed)} comment{'s' if len(listed) > 1 else ''} on Instagram could be this one"
    return Unclear(Kind.DUPLICATE, message, final=True)
