"""Announce a release without a store: under a key that each run chooses again, so that the network knows the post.

The look-up comes first. Two runs at once send the same key, and the network takes one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from ttp.domain.account import Account
from ttp.domain.errors import Busy, ContentRefused, Hint, NotAllowed, ReconnectNeeded, TtpError, UsageError
from ttp.domain.options import options_of
from ttp.domain.parts.cards import shown_cards
from ttp.domain.post_edit import PostInput, content_refusal
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Unclear, Unknown
from ttp.platforms.client import CardFile, Client, MediaFile, PublishRequest, StepFailed, Wait
from ttp.platforms.login import PasswordLogin
from ttp.services.accounts import find_server
from ttp.services.announce.release import Release
from ttp.services.application import Application

GUIDE = "docs/how-to/announce.md"
_AGAIN = "run the job again: it never posts twice"


@dataclass(frozen=True, slots=True)
class Announced:
    """Where the post is. `replayed`: an earlier run published it."""

    account: str
    url: str | None
    replayed: bool


def refuse_networks(app: Application, names: Sequence[str]) -> None:
    """Raise UsageError for accounts that need a store: their network knows no key that a second run chooses again."""
    see = Hint("see", GUIDE)
    for name in names:
        platform = app.platforms.find(name.partition("/")[0])
        if platform.fixed_key(datetime.now().astimezone(), name) is None:
            raise UsageError(
                f"{name} needs a store: {platform.title} has no key by which a second run finds the post of the first",
                Hint("fix", "export TTP_SERVER=https://ttp.example.org"),
                see,
            )
    if len(names) > 1:
        raise UsageError(f"{len(names)} accounts need a store: without one, a run has one password", see)


def announce_once(app: Application, release: Release, post_input: PostInput, password: str) -> Announced:
    """Publish the post of a release, unless an earlier run did. `app`: on an empty store. Raise TtpError."""
    (name,) = post_input.to or ()
    account = _sign_in(app, name, password)
    request = _request(app, account, post_input)
    key = app.platforms.facts(account.platform).fixed_key(release.at, release.key, account.user_id or name)
    with closing(app.installation.client(account.platform)) as client:
        return _Run(client, request, {"keys": [key]}, app.clock.now()).announce()


def _sign_in(app: Application, name: str, password: str) -> Account:
    platform, runtime = app.platforms.find(name.partition("/")[0]), app.installation.runtime
    server = find_server(app.platforms, runtime, name, None)
    with app.installation.connecting(platform, server, runtime) as (connector, login):
        assert isinstance(login, PasswordLogin)
        try:
            return connector.sign_in(name, {login.asks_for[0]: password}).account
        except TtpError as refused:
            refused.hints = (Hint("see", GUIDE),)  # no account is connected here
            raise


def _request(app: Application, account: Account, post_input: PostInput) -> PublishRequest:
    """Return what the client sends. Raise ContentRefused, and what building a post raises."""
    posts, facts = app.posts, app.platforms.facts(account.platform)
    post, accounts = posts.build_post(post_input, None)
    if (refused := content_refusal(posts.check_new(post, accounts, first=False))) is not None:
        raise refused
    post = posts.cards.fetch(post, accounts) if post.cards else post
    (delivery,) = post.deliveries
    text, *thread = post.parts_for(delivery, facts)
    cards = {}
    for number, card in shown_cards(post, delivery, account, app.platforms).items():
        item = card.picture
        picture = None if item is None else MediaFile(item, app.media.path(item.sha256))
        cards[number] = CardFile(card.url, card.title, card.description, picture, card.note)
    credentials = app.installation.credentials.get(account.name)
    assert credentials is not None
    options = delivery.sent_options(post.options, account.options, facts.language_option)
    return PublishRequest(
        0, account, credentials, text, options=options_of(account.platform, options), thread=tuple(thread), cards=cards
    )


@dataclass
class _Run:
    client: Client
    request: PublishRequest
    handle: Mapping[str, object]
    now: datetime

    def announce(self) -> Announced:
        """Publish, unless it is there. Raise TtpError."""
        if (there := self._find()) is not None:
            return there
        try:
            ready = self._prepare()
        except StepFailed as failed:
            raise _error(failed.outcome) from None
        match self.client.publish(self.request, ready):
            case Done(url=url):
                return Announced(self.request.account.name, url, replayed=False)
            case Unknown(message=message):  # among others: another run was faster
                if (there := self._find()) is not None:
                    return there
                raise Busy(f"{message}: it may be published or not; {_AGAIN}")
            case NotDone() as refused:
                if (there := self._find()) is not None:
                    return there
                raise _error(refused)

    def _prepare(self) -> Mapping[str, object]:
        steps = self.client.prepare(self.request, self.handle)
        try:
            while True:
                if isinstance(step := next(steps), Wait):
                    raise Busy(f"it waits for {step.what}; {_AGAIN}")
        except StopIteration as ended:
            handle: Mapping[str, object] = ended.value.handle
            return handle

    def _find(self) -> Announced | None:
        """Return the post that has the key, whatever its text; None without one. Raise Busy if that is not
        known."""
        name = self.request.account.name
        match self.client.look_up(self.request, self.handle, self.now).finding:
            case Found(url=url):
                return Announced(name, url, replayed=True)
            case Unclear(kind=Kind.DUPLICATE, links=(url, *_)):
                return Announced(name, url, replayed=True)
            case Absent(certain=True):
                return None
            case finding:
                why = getattr(finding, "message", "the network did not say whether the post is there")
                raise Busy(f"{why}; {_AGAIN}")


def _error(refused: NotDone) -> TtpError:
    if refused.kind is Kind.AUTH:
        return ReconnectNeeded(refused.message)
    if refused.kind is Kind.CONTENT:
        return ContentRefused(refused.message)
    if refused.passing:
        return Busy(f"{refused.message}; {_AGAIN}")
    return NotAllowed(refused.message)
