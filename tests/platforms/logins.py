"""A login of each platform on a scripted network."""

from __future__ import annotations

from typing import Any

from tests.platforms.factories import login_for
from tests.platforms.stubs import Script, Stub
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.platforms.login import App, BrowserLogin, Grant
from ttp.platforms.testing import StandingClock

APP = App("the-client", "the-secret")
PUBLIC = App("the-client")
CODE, VERIFIER, REDIRECT = "code-123456", "verifier-" + "v" * 40, "http://127.0.0.1:8722/callback"
GRAPH, META = "https://graph.instagram.com", "https://graph.facebook.com/v25.0"
OLD = Credentials("old-access", refresh_token="old-refresh", client_id=APP.client_id, client_secret=APP.client_secret)
SECRETS = (CODE, VERIFIER, "the-secret", "old-access", "old-refresh", "new-access", "new-refresh", "short-access")


class Played:
    """A login and the script it must have played to its end."""

    def __init__(self, platform: str, *stubs: Stub, **settings: Any) -> None:
        self.script = Script(*stubs)
        self.clock = StandingClock()
        self.login: BrowserLogin = login_for(platform, Config(settings), self.clock, transport=self.script)

    def exchange(self, app: App = APP) -> Any:
        return self._done(self.login.exchange(app, code=CODE, verifier=VERIFIER, redirect_uri=REDIRECT))

    def refresh(self, credentials: Credentials = OLD) -> Any:
        return self._done(self.login.refresh(credentials))

    def who(self) -> Any:
        return self._done(self.login.who(Grant("new-access", issued_at=self.clock.now())))

    def revoke(self, credentials: Credentials = OLD) -> Any:
        return self._done(self.login.revoke(credentials))

    def _done(self, answer: object) -> object:
        assert self.script.left == []
        shown = repr(answer)
        assert not [secret for secret in SECRETS if secret in shown]
        return answer
