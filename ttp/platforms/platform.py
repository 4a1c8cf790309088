"""One object per platform: its facts, and factories for its client, login and so on. Each factory imports its module
when called, so that importing a `facts.py` stays cheap: no httpx, no rules."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import timedelta
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from ttp.domain.config import Config
from ttp.domain.platform import Facts
from ttp.domain.time.clock import Clock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import httpx

    from ttp.domain.account import Account, Credentials
    from ttp.domain.diagnostics import Remark
    from ttp.domain.metrics.ingest.columns import ExportColumns
    from ttp.domain.options import Option
    from ttp.domain.platform import Proof
    from ttp.domain.post_kind import PostKind
    from ttp.domain.pricing import Pricing
    from ttp.domain.publishing.outcome import NotDone
    from ttp.domain.rules import Rules
    from ttp.platforms.client import Checker, Client, Deleter, MediaFile
    from ttp.platforms.http import Http, HttpByServer
    from ttp.platforms.limits import LimitMemory, Meter
    from ttp.platforms.login import BrowserLogin, PasswordLogin
    from ttp.platforms.metrics_reader import MetricsReader
    from ttp.platforms.post_archive import PostArchive


class Runtime:
    """What a factory gets. Connections and the media host are imported on first use.

    `memory`: where limits are stored (None: in the connection only). `lent`: the folder that records objects in a
    bucket. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        memory: LimitMemory | None = None,
        lent: Path | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self._memory = memory
        self._lent = lent
        self._transport = transport
        self._only_public = False

    def only_public(self) -> Runtime:
        """Return the same for what strangers name: it calls no server that is not on the public internet, unless the
        settings name that server for all accounts."""
        runtime = copy(self)
        runtime._only_public = True
        return runtime

    def http(self, platform: Platform, server: str | None = None) -> Http:
        """Return new connections to a platform's host, within its limits. Each caller has its own: closing them must
        not cut a publishing call of another."""
        from ttp.platforms.http import Http, Timeouts
        from ttp.platforms.limits import RateLimiter

        return Http(
            platform.base_url(self.config, server),
            Timeouts.of(self.config, platform.longest_answer_s(self.config)),
            self.clock,
            gate=RateLimiter(self.clock, platform.meter(self.clock), self._memory),
            authorization=platform.authorization,
            # Servers that anybody runs close idle connections unannounced (snac after each answer): a publishing call
            # lost that way would have to be looked up.
            reuse_connections=platform.server == "fixed",
            only_public=self._only_public and not platform.base_url(self.config),
            transport=self._transport,
        )

    def http_by_server(self, platform: Platform) -> HttpByServer:
        """Return connections to the servers of a platform's accounts, one host and its limits each."""
        from ttp.platforms.http import HttpByServer

        return HttpByServer(lambda server: self.http(platform, server))

    def public_url(self, platform: Platform, file: MediaFile) -> str:
        """Return the URL from which the platform can fetch a file. Raises NoPublicUrl."""
        from ttp.platforms.media_host.host import MediaHost

        return MediaHost(self.config, self._lent, loopback=platform.is_local(self.config)).url(file)


class Platform(Facts):
    """Facts and factories of a platform, in its folder's `facts.py`. Only `rules` and `client` are required."""

    api: ClassVar[int] = 1
    parts: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """`module:name` in its folder of what the factories of these names make. A class of a part that makes requests is
    an `HttpPart`. A platform may override factories instead."""
    client_deletes: ClassVar[bool] = False
    """Its client is a `Deleter` too."""

    def base_url(self, config: Config, server: str | None = None) -> str:
        """Return the API's root URL: of the account's server, else from the settings; empty if unknown."""
        named = server is None and any(key.name == "base_url" for key in self.keys)
        return config.text(f"platforms.{self.name}.base_url") if named else server or ""

    def host(self, config: Config, server: str | None = None) -> str:
        """Return the host that credentials are issued for."""
        return urlsplit(self.base_url(config, server)).hostname or ""

    def is_local(self, config: Config) -> bool:
        """Whether the API is on this machine, as in a rehearsal."""
        from ttp.domain.account import is_loopback

        return is_loopback(self.host(config))

    def help(self) -> str:
        """Return the introduction of `ttp help NAME`: the folder's `help.md`."""
        from importlib.resources import files

        package = type(self).__module__.rpartition(".")[0]
        text = files(package) / "help.md" if package else None
        return text.read_text(encoding="utf-8") if text is not None and text.is_file() else f"{self.title}\n"

    def rules(self) -> Rules:
        rules: Rules = self._part("rules")()
        return rules

    def options(self) -> tuple[Option, ...]:
        """Return the options of its posts, named without the platform."""
        return tuple(self._part("options").values()) if "options" in self.parts else ()

    def post_kinds(self) -> tuple[PostKind, ...]:
        """Return the kinds of posts that it has. Rules and settings of an account may exclude some."""
        from ttp.domain.post_kind import USUAL

        return USUAL

    def server_software(self, account: Account) -> str:
        """Return what an account's server runs, with its version; empty if there is only one, or it does not say."""
        return ""

    def pricing(self) -> Pricing | None:
        """Return the prices; None if it is free."""
        pricing: Pricing | None = self._part("pricing")() if "pricing" in self.parts else None
        return pricing

    def exports(self) -> tuple[ExportColumns, ...]:
        """Return the column names of its metrics exports that can be imported."""
        return tuple(self._part("exports")) if "exports" in self.parts else ()

    def archive(self) -> PostArchive | None:
        """Return what is read of the archive that it sends its users; None if it sends none that has metrics."""
        archive: PostArchive | None = self._part("archive")() if "archive" in self.parts else None
        return archive

    def client(self, runtime: Runtime) -> Client:
        """Return the publishing client; one serves all accounts and threads."""
        client: Client | None = self._new_client(runtime)
        if client is None:
            raise NotImplementedError
        return client

    def proof_for(self, account: Account) -> Proof:
        """Return what settles a lost answer on an account."""
        return "none"

    def comment_proof_for(self, account: Account) -> Proof:
        """Return what settles a lost answer to a comment of an account. With `none` it is sent at most once."""
        return self.proof_for(account)

    def setting_remarks(self, config: Config, now: datetime) -> Iterator[Remark]:
        """Yield remarks about its settings, such as a version of its API that ends."""
        yield from ()

    def settle_for(self, config: Config, account: Account | None = None) -> timedelta:
        """Return how long a post may take to appear in a look-up; 0 if absence is conclusive at once."""
        return timedelta(seconds=config.seconds(f"platforms.{self.name}.settle_s") if self.settle_s else 0.0)

    def longest_answer_s(self, config: Config) -> float:
        """Return how long its publishing call may take to answer; 0 if that is not longer than usual."""
        return config.seconds(f"platforms.{self.name}.answer_s") if self.slow_answer_s else 0.0

    def fixed_key(self, at: datetime, *names: str) -> str | None:
        """Return the key of a post that is the same for these names and this instant in each run: the platform takes
        one post under it, and finds it again. None where it has no such keys."""
        return None

    def authorization(self, credentials: Credentials, method: str, url: str, now: datetime) -> str:
        """Return the Authorization header of a request to `url` (complete, with query)."""
        return f"Bearer {credentials.access_token}"

    def find_server(self, runtime: Runtime, handle: str) -> str | NotDone | None:
        """Return the root URL of the server of an account; None if the handle does not name it."""
        return None

    @property
    def has_login(self) -> bool:
        return "login" in self.parts or type(self).login is not Platform.login

    def login(self, runtime: Runtime, server: str | None = None) -> BrowserLogin | PasswordLogin | None:
        """Return the login that connects and renews accounts; None without one."""
        if "login" not in self.parts:
            return None
        login: BrowserLogin | PasswordLogin = self._part("login")(
            runtime.http(self, server), runtime.config, runtime.clock
        )
        return login

    def checker(self, runtime: Runtime) -> Checker | None:
        """Return the account checker; None if accounts cannot be checked."""
        checker: Checker | None = self._connect("checker", runtime)
        return checker

    @property
    def has_metrics(self) -> bool:
        return "metrics_reader" in self.parts or type(self).metrics_reader is not Platform.metrics_reader

    def metrics_reader(self, runtime: Runtime) -> MetricsReader | None:
        reader: MetricsReader | None = self._connect("metrics_reader", runtime)
        return reader

    def deleter(self, runtime: Runtime) -> Deleter | str:
        """Return the deleter of published posts, or why apps cannot delete."""
        if not self.client_deletes:
            return f"{self.title} does not let apps delete posts"
        deleter: Deleter = self._new_client(runtime)
        return deleter

    def meter(self, clock: Clock) -> Meter | None:
        """Return the rate limits; None without limits."""
        meter: Meter | None = self._part("meter")(clock) if "meter" in self.parts else None
        return meter

    def _part(self, name: str) -> Any:
        """Import what `parts` names."""
        module, _, attribute = self.parts[name].partition(":")
        # The folder of the class that has the table: it may be another one's that this one extends.
        owner = next(one for one in type(self).__mro__ if "parts" in vars(one))
        folder = sys.modules[owner.__module__].__package__
        return getattr(import_module(f".{module}", folder), attribute)

    def _new_client(self, runtime: Runtime) -> Any:
        return self._connect("client", runtime)

    def _connect(self, name: str, runtime: Runtime, *more: object) -> Any:
        """Return a part with its own connections; None without such a part."""
        if name not in self.parts:
            return None
        http = runtime.http(self) if self.server == "fixed" else runtime.http_by_server(self)
        return self._part(name)(http, runtime.config, runtime.clock, *more)
