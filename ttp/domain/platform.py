"""The facts of a platform: names, limits, proof, tokens, ids. Each platform fills them in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol

from ttp.domain.config import Key
from ttp.domain.time.clock import from_ms

Proof = Literal["key", "look_up", "none"]
"""What settles a publishing call whose answer is lost: a key that the client chose before, a look-up, or a person."""
LOST_ANSWER: Mapping[Proof, str] = {"key": "settled by itself", "look_up": "looked up", "none": "asks you"}
Server = Literal["fixed", "in_handle", "discovered", "program"]
"""One host; `user@host`; found from the handle at sign-in; a program of the user's (a `file:` address)."""

_SMALLEST_ID, _LARGEST_ID = 1 << 52, 1 << 63
"""Smaller ids are older than the schemes that hold a time (X before November 2010), or of another kind."""


class Facts:
    """Facts of one platform. Class attributes only: nothing is built at start-up."""

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    short: str = ""
    """The name where there is little room; empty: the name itself."""
    verb: str = ""
    """The platform's verb for publishing, such as toot."""

    # Accounts. Regular expressions are compiled where they are used.
    handle: str = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"
    handle_example: str = "HANDLE"
    server: Server = "fixed"
    user_id_per_app: bool = False
    """Another app sees another user id."""

    # Publishing.
    max_parts: int = 1
    """Most parts of a thread."""
    media_on_parts: bool = False
    """Each part of a thread may have media; else the first alone."""
    thread_is_atomic: bool = False
    """All parts of a thread go in one publishing call."""
    comments: bool = False
    """An account can reply to its own post with a comment (`PublishRequest.replies_to`)."""
    comment_options: tuple[str, ...] = ()
    """The options of a post that its comment has too."""
    takes_text_alone: bool = True
    folds_at: int = 0
    """Characters of a text that people see before a link to the rest. 0: unknown, or all."""
    limit_key: str = ""
    """Where an account's `server_info` says how long a text may be; empty if all accounts have one limit."""
    fetches_media: bool = False
    """It wants a public URL for some media."""
    language_option: str = ""
    """The option of a post that names the languages of its text; empty without one."""
    same_text_after: timedelta | None = None
    """It refuses the same text sooner."""

    # Proof and limits.
    settle_s: float = 0.0
    """Default of the setting `settle_s`. 0: a look-up that finds nothing is authoritative."""
    patience: int = 1
    """How long look-ups may stay unclear: in settle windows, or in look-up gaps without a window."""
    processing_for: timedelta = timedelta(minutes=30)
    """How long it may work on an accepted post before a person is asked."""
    slow_answer_s: float = 0.0
    """Default of the setting `answer_s`: how long the answer of its publishing call may take, if that is longer than
    `http.read_timeout_s`. 0: it has no such setting."""
    done_is_accepted: bool = False
    """A later look-up may still find the publication that was reported as done."""

    # Credentials and the user's app.
    needs_credentials: bool = True
    user_keys: bool = False
    """It accepts user keys of OAuth 1.0a."""
    token_life: timedelta | None = None
    """Used where only the end of a token is known."""
    renew_at: float = 0.8
    """The share of a token's life after which it is renewed."""
    renew_after: timedelta = timedelta(0)
    """Younger tokens are not renewed."""
    renews_ended: bool = True
    """A token that has ended can still be renewed."""
    client_id_label: str = "Client id"
    needs_client_secret: bool = True
    login_ends: bool = False
    """Whether its logins end and apps cannot renew them: a person must log in again."""
    code_life: timedelta = timedelta(minutes=10)
    """How long the code of a login works."""
    needs_https_redirect: bool = False
    """Its login leads back to https addresses only."""
    paste_redirect: str = ""
    """The redirect address with which its page shows a code to paste. Empty: the address of the settings is pasted."""

    # Ids and addresses of posts.
    post_id: str = r"[0-9]{1,30}"
    post_url: str = ""
    """Pattern with the named groups `id`, `handle`, `kind` or `code`."""
    id_form: str = "{id}"
    """Format of a post's id, from the groups of `post_url`."""
    id_time: tuple[int, int, int] | None = None
    """Where a post's id (or the code in its link) holds a time: bits below it, its unit in µs, its epoch in µs."""
    id_digits: str = "0123456789"

    keys: tuple[Key, ...] = ()
    """Its settings, named without `platforms.NAME.`."""

    def __str__(self) -> str:
        return self.name

    def has_posts_at(self, host: str) -> bool:
        """Return whether posts have addresses at a host, as far as the platform is at one."""
        pattern = self.post_url.removeprefix("https?://").partition("/")[0]
        return not pattern.startswith("[^") and re.fullmatch(pattern, host) is not None

    @property
    def label(self) -> str:
        """The name where there is little room."""
        return self.short or self.name


class PlatformFacts(Protocol):
    """The enabled platforms by name."""

    def __hash__(self) -> int: ...

    def names(self) -> tuple[str, ...]: ...

    def find(self, text: str) -> Facts:
        """Return the platform of a name or alias. Raises UsageError with the names."""

    def facts(self, name: str) -> Facts:
        """Return the facts of a platform by its exact name. Raises PlatformDisabled for one that is not enabled."""


def created_at(facts: Facts, post_id: str) -> datetime | None:
    """Return when the post with this id (or code) was made; None where the id does not say."""
    if facts.id_time is None or not 0 < len(post_id) < 20:
        return None
    number = 0
    for sign in post_id:
        digit = facts.id_digits.find(sign)
        if digit < 0:
            return None
        number = number * len(facts.id_digits) + digit
    if not _SMALLEST_ID <= number < _LARGEST_ID:
        return None
    below, unit_us, epoch_us = facts.id_time
    return from_ms(((number >> below) * unit_us + epoch_us) // 1000)


def parse_post_url(facts: Facts, url: str) -> Mapping[str, str | None]:
    """Return the named groups of a post's address; empty where it is not one of this platform."""
    match = re.match(facts.post_url, url, re.ASCII) if facts.post_url else None
    return {} if match is None else match.groupdict()
