"""Mastodon: uploads and checks, one POST with a key that publishes, and the account's own list as proof of what it did.

See docs/reference/platforms/mastodon.md, sections 4 to 7. In a thread every call is about one part: the first that is
not published. The handle: `keys` (see `request_body`), `media` (see `media`), `user_id`, `privacy` (who sees a post
that does not say), `refs` (what `reply_to` and `quote` lead to), `parts` and `of` (see `next_part`), `accepted`
(a post that the server may have dropped after it said yes), and `unsettled_since` (platform ms) once an unknown
outcome of that part was looked for in vain.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from ttp.domain.account import Account
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import (
    Absent,
    Done,
    Finding,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Refused,
    Unclear,
    Unknown,
    parts_of,
)
from ttp.domain.time.clock import Clock, to_ms
from ttp.platforms.client import (
    NO_DELETION,
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
from ttp.platforms.http import Http, HttpByServer
from ttp.platforms.mastodon import server
from ttp.platforms.mastodon.auth import user_at
from ttp.platforms.mastodon.errors import USED_MEDIA, MastodonPart, host_name
from ttp.platforms.mastodon.limits import STATUSES
from ttp.platforms.mastodon.look_up import (
    EARLY,
    MOST_PAGES,
    PAGE,
    ListedStatus,
    candidates,
    has_ids,
    is_same_content,
    is_same_source,
    read_page,
    read_status,
)
from ttp.platforms.mastodon.media import MastodonUploads, without_uploads
from ttp.platforms.mastodon.options import PRIVATE, chosen_of, post_id_of
from ttp.platforms.mastodon.request_body import build_body, key_of, next_key, parent_of, with_key
from ttp.platforms.reply import Answer, Reply, list_at, parse_web_address, reconnect_hint, value_at

STEP = f"POST {STATUSES}"
CHECK_S = 900.0
"""Seconds for which one check of the token counts."""
ALL_OUT = "every part of the thread is published already, so nothing is sent"
DROPPED = (
    "{host} accepted the post and does not have it: its spam filter drops some posts without a word. "
    "It is not sent again"
)
_LONGEST_ID = 64


class MastodonClient(MastodonPart):
    def __init__(self, http: HttpByServer, config: Config, clock: Clock) -> None:
        super().__init__(http, config, clock)
        self._strict = config["platforms.mastodon.strict"] is True
        self._uploads = MastodonUploads(http, config, clock)
        self._checked: dict[str, tuple[str, str, float]] = {}
        self._replayed: set[tuple[str, str]] = set()
        """Accounts and keys that the server answered with an error that it had given before."""

    # Invisible steps.

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        """Ask what the server allows, check the token, upload the media, find what is replied to and quoted."""
        part, http = next_part(request, handle), self._http.of(request.account)
        if part is None:
            at = http.platform_at(request.account.name)
            return Ready(handle, at, STEP, fingerprint("POST", STATUSES, {}), doubt=ALL_OUT)
        request = part.request
        http.gate.require_open(request, part.step(STEP), "POST", STATUSES)
        yield from self._ask_server(request.account, http)
        user_id, privacy = yield from self._check(request, http)
        handle = {**handle, "user_id": user_id, "privacy": privacy}
        handle = yield from self._uploads.complete(request, handle)
        handle = yield from self._with_refs(part, handle, http.base_url)
        body = build_body(part, handle)
        http.gate.require_open(request, part.step(STEP), "POST", STATUSES)  # the steps before may have told more
        return Ready(
            with_key(part, handle, body),
            http.platform_at(request.account.name),
            part.step(STEP),
            fingerprint("POST", STATUSES, body),
        )

    def _ask_server(self, account: Account, http: Http) -> Generator[Step, None, None]:
        """Ask once a day what the server allows. Where it does not answer, what is known stays. Raises StepFailed."""
        if server.is_fresh(account.server_info, self._clock.now()):
            return
        step = "ask what the server allows"
        info = server.describe_server(http, self._clock.now())
        if not isinstance(info, NotDone):
            yield StepDone(step, 200, server.shown_software(info), server_info=info)
        elif not account.server_info:
            raise StepFailed(step, replace(info, passing=True))

    def _check(self, request: PublishRequest, http: Http) -> Generator[Step, None, tuple[str, str]]:
        """Ask whose token it is; its user's id, and who sees posts that do not say. Raises StepFailed."""
        token, now = request.token_key, self._clock.boot()
        user_id, privacy, at = self._checked.get(token, ("", "", 0.0))
        if user_id and now - at < CHECK_S:
            return user_id, privacy
        step = "check the token"
        reply = http.request_for(request, "GET", "/api/v1/accounts/verify_credentials")
        user_id = reply.text_at("id") if reply.is_success else ""
        if not user_id:
            raise StepFailed(step, self._check_failure(request, reply))
        stored_id = _known_user(request)
        if stored_id not in (None, user_id, user_at(user_id, http)):
            message = f"{http.host} says that the token is of user {user_id}, and {request.account.name} is {stored_id}"
            hint = reconnect_hint(request.account)
            raise StepFailed(step, NotDone(Kind.ACCOUNT, message, http_status=reply.status, hint=hint))
        privacy = reply.text_at("source", "privacy")
        self._checked[token] = (user_id, privacy, now)
        yield StepDone(step, reply.status)
        return user_id, privacy

    def _check_failure(self, request: PublishRequest, reply: Reply) -> NotDone:
        """Why the token could not be checked. snac refuses one without a word, by 401 or 422."""
        if reply.status in (401, 422) and request.account.server_info.get("software") == "snac":
            message, hint = f"{host_name(request.account)} refuses the token", reconnect_hint(request.account)
            return NotDone(Kind.AUTH, message, str(reply.status), reply.status, hint=hint)
        return self.failure(request, reply)

    def _with_refs(self, part: Part, handle: Handle, server: str) -> Generator[Step, None, Handle]:
        """Find the posts that a part replies to and quotes, on this server. Raises StepFailed."""
        request, stored_refs = part.request, handle.get("refs")
        refs: dict[str, object] = {}
        reply_to = chosen_of(request).word("reply_to") if part.number == 1 else None
        quoted = request.option_of_part("quote", part.number, part.of)
        for name, named in (("reply_to", reply_to), ("quote", quoted)):
            if named is None:
                continue
            before = stored_refs.get(name) if isinstance(stored_refs, Mapping) else None
            if isinstance(before, Mapping) and before.get("named") == named:
                refs[name] = before
                continue
            refs[name] = {"named": named, "id": self._find_post(request, post_id_of(named, server), named)}
            yield StepDone(f"find {named}", handle={**handle, "refs": refs})
        rest = {name: value for name, value in handle.items() if name != "refs"}
        return {**rest, "refs": refs} if refs else rest

    def _find_post(self, request: PublishRequest, post_id: str | None, named: str) -> str:
        """Return the id that a post has on this server. Raises StepFailed."""
        if post_id is not None:
            reply = self._http.request_for(request, "GET", f"{STATUSES}/{quote(post_id, safe='')}")
            entry = reply.success_at()
        else:
            query = {"q": named, "type": "statuses", "resolve": "true", "limit": "1"}
            reply = self._http.request_for(request, "GET", "/api/v2/search", query=query)
            entry = next(iter(list_at(reply.success_at("statuses"))), None)
        status_id = value_at(entry, "id")
        if isinstance(status_id, str) and status_id:
            return status_id
        snac = request.account.server_info.get("software") == "snac"  # without a word
        if reply.is_success or (reply.status == 404 and (reply.value_at("error") or snac)):
            message = f"there is no post {named} on {host_name(request.account)}"
            raise StepFailed(f"find {named}", NotDone(Kind.CONTENT, message, "post", reply.status))
        raise StepFailed(f"find {named}", self.failure(request, reply))

    # The one publishing call.

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        """POST /api/v1/statuses with its key. After an unknown outcome, an upload that is refused as used is
        evidence of a post, not of its absence."""
        part = next_part(request, handle)
        if part is None:
            return Unknown(Kind.UNKNOWN, ALL_OUT)
        key = key_of(handle)
        headers = {"Idempotency-Key": key}
        body = build_body(part, handle)
        reply = self._http.request_for(part.request, "POST", STATUSES, json=body, headers=headers)
        if (made := _made(reply)) is not None:
            return self._published(part, handle, reply, made)
        if reply.headers.get("idempotent-replayed") == "true":
            self._replayed.add((request.account.name, key))
        match self.outcome(request, reply):
            case NotDone(code=code, message=message) if code == USED_MEDIA and "unsettled_since" in handle:
                return Unknown(Kind.DUPLICATE, message, code, 422)
            case NotDone() as refused if not isinstance(reply, Answer):
                return refused
            case NotDone() as refused:
                if refused.kind is Kind.AUTH:
                    self._checked.pop(request.token_key, None)
                new_handle = next_key(part, handle)
                return replace(
                    refused, handle=without_uploads(new_handle) if refused.code == USED_MEDIA else new_handle
                )
            case outcome:
                return outcome

    def _published(self, part: Part, handle: Handle, answer: Reply, post_id: str) -> Outcome:
        """What a success means. Where a spam filter may have dropped the post, it is asked for before it counts."""
        if post_id in part.published_ids or post_id in part.request.bound:
            message = f"{host_name(part.request.account)} answered with the id of an earlier post"
            return Unknown(Kind.SERVER, message, http_status=answer.status)
        url = parse_web_address(answer.value_at("url")) or parse_web_address(answer.value_at("uri"))
        if _may_be_dropped(part, handle):
            accepted = {**handle, "accepted": {"id": post_id, "url": url}}
            return Done(post_id, url, processing=True, http_status=answer.status, handle=accepted)
        new_handle, note = part.handle_with(handle, post_id), _visibility_note(part, answer)
        return Done(post_id, url, http_status=answer.status, handle=new_handle, more=not part.is_last, note=note)

    # Look-ups.

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        """Look for the part in the account's own list, from a minute before the first unsettled call on."""
        part = next_part(request, handle)
        if part is None:
            first_id, *_ = parts_of(handle)
            return LookupResult(Found(first_id, None, handle=handle), None)
        request = part.request
        if isinstance(accepted := handle.get("accepted"), Mapping):
            return self._look_for_accepted(part, handle, accepted)
        first = first_unsettled(handle, since)
        user_id = (_known_user(request) or str(handle.get("user_id") or "")).partition("@")[0]
        if not user_id:
            message = "whose token it is was not told"
            return LookupResult(Unclear(Kind.ACCOUNT, message, final=True), None)
        software, start = server.software_of(request.account), first - EARLY
        matching, doubtful = list[ListedStatus](), list[ListedStatus]()
        query, read_ids = {"limit": str(PAGE), "exclude_reblogs": "true"}, set[str]()
        for _ in range(MOST_PAGES):
            reply = self._http.request_for(
                request, "GET", f"/api/v1/accounts/{quote(user_id, safe='')}/statuses", query=query
            )
            page = read_page(reply)
            if page is None:
                return LookupResult(self.unclear(request, reply), reply.date)
            page = tuple(status for status in page if status.id not in read_ids)  # snac gives its one page again
            read_ids.update(status.id for status in page)
            for status in candidates(page, part, handle, start, software):
                same = has_ids(part, handle, software) or self._has_text(part, status)
                if isinstance(same, Unclear):
                    return LookupResult(same, reply.date)
                if same:
                    matching.append(status)
                elif status.is_edited:
                    doubtful.append(status)
            last = page[-1].id if page else None
            if last is None or min(one.created_at for one in page) < start:
                new_handle = {**handle, "unsettled_since": to_ms(first)}
                return LookupResult(self._finding(part, new_handle, matching, doubtful, software), reply.date)
            query["max_id"] = last
        message = "the account has posted too much since then to look through"
        return LookupResult(Unclear(Kind.UNKNOWN, message, final=True), reply.date)

    def _has_text(self, part: Part, status: ListedStatus) -> bool | Unclear:
        """Whether a post has the part's text, by its source; by what it shows where the server gives no source."""
        reply = self._http.request_for(part.request, "GET", f"{STATUSES}/{quote(status.id, safe='')}/source")
        if reply.is_success and isinstance(reply.value_at("text"), str):
            warning = reply.value_at("spoiler_text")
            return is_same_source(part, str(reply.value_at("text")), warning if isinstance(warning, str) else "")
        if reply.status in (404, 405, 501):
            return is_same_content(part, status)
        return self.unclear(part.request, reply)

    def _finding(
        self,
        part: Part,
        handle: Handle,
        matching: list[ListedStatus],
        doubtful: list[ListedStatus],
        software: server.Software,
    ) -> Finding:
        request, host = part.request, host_name(part.request.account)
        match matching:
            case [status]:
                new_handle = part.handle_with(handle, status.id)
                return Found(status.id, parse_web_address(status.url), more=not part.is_last, handle=new_handle)
            case []:
                pass
            case _:
                links = tuple(filter(None, (parse_web_address(status.url) for status in matching)))
                return Unclear(Kind.DUPLICATE, f"{len(matching)} posts on {host} could be this one", True, links)
        if doubtful:
            links = tuple(filter(None, (parse_web_address(status.url) for status in doubtful)))
            return Unclear(Kind.DUPLICATE, f"a post on {host} that was edited could be this one", True, links)
        visibility = chosen_of(request).word("visibility") or str(handle.get("privacy") or "")
        if visibility in PRIVATE and not software.lists_private:
            return Unclear(Kind.UNKNOWN, f"{host} ({software.name}) lists no {visibility} posts", final=True)
        if self._strict and not software.keys and not request.media:
            message = f"{host} ({software.name}) has no idempotency keys, and platforms.mastodon.strict is set"
            return Unclear(Kind.UNKNOWN, message)
        if (request.account.name, key_of(handle)) in self._replayed:
            handle = next_key(part, handle)
        return Absent(handle=handle)

    def _look_for_accepted(self, part: Part, handle: Handle, accepted: Mapping[str, object]) -> LookupResult:
        """Whether a post that the server accepted is there."""
        post_id = str(accepted.get("id"))
        reply = self._http.request_for(part.request, "GET", f"{STATUSES}/{quote(post_id, safe='')}")
        status = read_status(reply.data) if reply.is_success else None
        if status is not None and status.id == post_id:
            rest = {name: value for name, value in handle.items() if name != "accepted"}
            new_handle = part.handle_with(rest, post_id)
            url = parse_web_address(status.url) or parse_web_address(accepted.get("url"))
            note = _visibility_note(part, reply)
            found = Found(post_id, url, more=not part.is_last, handle=new_handle, note=note)
            return LookupResult(found, reply.date)
        if reply.status == 404 and reply.value_at("error"):
            message = DROPPED.format(host=host_name(part.request.account))
            return LookupResult(Refused(NotDone(Kind.CONTENT, message, "dropped", 404)), reply.date)
        return LookupResult(self.unclear(part.request, reply), reply.date)

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a post. One that is not there counts as deleted."""
        reply = self._http.request_for(request, "DELETE", f"{STATUSES}/{quote(remote_id, safe='')}")
        if isinstance(reply.success_at(), dict):
            return Deleted(reply.status)
        if reply.status in (404, 410) and reply.value_at("error"):
            return Deleted(reply.status, "it was gone before")
        if reply.status in (404, 405, 501):
            software = server.software_of(request.account).name
            message = f"{host_name(request.account)} ({software}) lets no app delete posts: delete it there"
            return NotDone(Kind.CONTENT, message, NO_DELETION, reply.status)
        return self.failure(request, reply)


def _made(reply: Reply) -> str | None:
    """Return the id of the post that an answer says was made. A scheduled post does not count."""
    if reply.status != 200 or reply.value_at("scheduled_at"):
        return None
    post_id = reply.value_at("id")
    fits = isinstance(post_id, str) and 0 < len(post_id) <= _LONGEST_ID and post_id.isascii() and post_id.isprintable()
    return post_id if isinstance(post_id, str) and fits and isinstance(reply.value_at("created_at"), str) else None


def _visibility_note(part: Part, answer: Reply) -> str | None:
    """What a server says that made a post visible to others than chosen: of a limited account, or by old software."""
    account, visibility = part.request.account, chosen_of(part.request).word("visibility")
    shown = answer.text_at("visibility")
    if not visibility or shown in ("", visibility) or not server.software_of(account).names_visibility:
        return None
    return f"{host_name(account)} made it {shown}, not {visibility}"


def _may_be_dropped(part: Part, handle: Handle) -> bool:
    """Whether a spam filter looks at the post: it mentions an account, or replies to a post of another."""
    speaks = "@" in part.request.text or (part.parent is None and parent_of(part, handle) is not None)
    return speaks and server.software_of(part.request.account).drops


def _known_user(request: PublishRequest) -> str | None:
    return request.credentials.user_id or request.account.user_id
