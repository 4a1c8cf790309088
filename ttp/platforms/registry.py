"""The enabled platforms by name. A platform's module is imported when its name is first used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ttp.domain.account import WITHOUT_LOGIN, Account, Credentials, host_mismatch
from ttp.domain.action import action
from ttp.domain.errors import Hint, PlatformDisabled, UsageError
from ttp.platforms import BUILT_IN
from ttp.platforms.platform import Platform

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from ttp.domain.config import Config, Key
    from ttp.domain.metrics.ingest.columns import ExportColumns
    from ttp.domain.options import Option
    from ttp.domain.pricing import Pricing
    from ttp.domain.rules import Rules

GROUP, API = "ttp.platforms", 1
"""Entry point group of packages that bring a platform, and the only `Platform.api` this version supports."""


class Registry:
    """The enabled platforms by name: those of ttp, and those in `enabled` from other packages. Entry points are read
    only for a name in `enabled`, and for an unknown one. A platform that cannot be loaded is skipped, and `warn` gets
    the reason."""

    def __init__(self, enabled: Iterable[str] = (), warn: Callable[[str], object] = lambda text: None) -> None:
        self._names = tuple(BUILT_IN)
        self._loaded: dict[str, Platform] = {}
        self._rules: dict[str, Rules] = {}
        self._options: dict[str, Mapping[str, Option]] = {}
        self._enabled = tuple(dict.fromkeys(enabled))
        for name in self._enabled:
            if name not in BUILT_IN:
                try:
                    self._loaded[name] = _from_outside(name)
                    self._names += (name,)
                except UsageError as error:
                    warn(error.message)

    def names(self) -> tuple[str, ...]:
        return self._names

    def facts(self, name: str) -> Platform:
        """Return a platform by its exact name. Raises PlatformDisabled."""
        known_platform = self._loaded.get(name)
        if known_platform is None:
            if name not in BUILT_IN:
                raise self._disabled(name)
            from importlib import import_module

            platform = import_module(f"ttp.platforms.{name}.facts").PLATFORM
            assert isinstance(platform, Platform)
            known_platform = self._loaded[name] = platform
        return known_platform

    def label(self, name: str) -> str:
        """Return a platform's short name; the name itself if it is not enabled."""
        return self.facts(name).label if name in self.names() else name

    def title(self, name: str) -> str:
        """Return a platform's name for people; the name itself if it is not enabled."""
        return self.facts(name).title if name in self.names() else name

    def rules(self, name: str) -> Rules:
        if name not in self._rules:
            self._rules[name] = self.facts(name).rules()
        return self._rules[name]

    def options(self, name: str) -> Mapping[str, Option]:
        """Return a platform's options by their names without the platform."""
        if name not in self._options:
            self._options[name] = {option.name: option for option in self.facts(name).options()}
        return self._options[name]

    def pricing(self, name: str) -> Pricing | None:
        return self.facts(name).pricing()

    def exports(self, name: str) -> tuple[ExportColumns, ...]:
        return self.facts(name).exports()

    def keys(self, name: str) -> tuple[Key, ...]:
        """Return a platform's settings, named without `platforms.NAME.`."""
        return self.facts(name).keys

    def charges_for_reading(self, name: str) -> bool | None:
        facts = self.facts(name)
        pricing = facts.pricing()
        return (pricing is not None and bool(pricing.per_read)) if facts.has_metrics else None

    def host_mismatch(self, account: Account, credentials: Credentials, config: Config) -> UsageError | None:
        """Return why credentials are not sent to the host that the settings name; None if they may be sent."""
        return host_mismatch(account, credentials, self.facts(account.platform).host(config, account.server))

    def find(self, text: str) -> Platform:
        """Return the platform with a name or alias. Raises UsageError, which names them all; PlatformDisabled for one
        that is installed and not enabled."""
        typed = text.strip().lower()
        if typed in self._names:
            return self.facts(typed)
        platforms = [self.facts(name) for name in self.names()]
        for one in platforms:
            if typed in one.aliases:
                return one
        if typed not in self._enabled and _entry_point(typed) is not None:
            raise self._disabled(typed)
        listed = ", ".join(f"{one.name} ({', '.join(one.aliases)})" if one.aliases else one.name for one in platforms)
        from difflib import get_close_matches

        several = [one for one in re.split(r"(?:[;|+&\s]|\band\b)+", text.strip()) if one]
        if len(several) > 1 and all(self._is_known(one.partition("/")[0]) for one in several):
            listed = ",".join(several)
            raise UsageError(f'"{text}" is several: put commas between them', Hint("try", listed, (text, listed)))
        words = [word for one in platforms for word in (one.name, *one.aliases)] if typed[:1].isalnum() else []
        near = get_close_matches(typed, words, 1, 0.75)  # "+x" would add an account, and "x" replaces all
        raise UsageError(f'no platform "{text}"; there are {listed}', *(Hint("try", one, (text, one)) for one in near))

    def _is_known(self, text: str) -> bool:
        return any(text.lower() in (name, *self.facts(name).aliases) for name in self.names())

    def _disabled(self, name: str) -> PlatformDisabled:
        others = (one for one in self._enabled if one != name)
        fix = Hint("fix", action("config set", "platforms.enabled", *others, name))
        return PlatformDisabled(f"platform {name} is not enabled", fix)


def is_installed(name: str) -> bool:
    """Return whether a platform can be enabled: it is one of ttp's own, or of an installed package."""
    return name in BUILT_IN or _entry_point(name) is not None


def _entry_point(name: str) -> EntryPoint | None:
    from importlib.metadata import entry_points

    return next(iter(entry_points(group=GROUP, name=name)), None)


def _from_outside(name: str) -> Platform:
    """Load a platform from another package. Raises UsageError with a one-line reason."""
    entry_point = _entry_point(name)
    if entry_point is None:
        raise UsageError(f"platform {name} is enabled but not installed")
    try:
        platform = entry_point.load()
    except Exception as error:  # noqa: BLE001 (a stranger's code may raise anything, and the others go on)
        raise UsageError(f"platform {name} cannot be loaded: {type(error).__name__}: {error}") from None
    api = getattr(platform, "api", None)
    if api != API:
        raise UsageError(f"platform {name} needs api {api}, but this ttp has api {API}")
    if not isinstance(platform, Platform) or platform.name != name:
        raise UsageError(f"platform {name} cannot be loaded: its entry point is not a Platform of that name")
    (WITHOUT_LOGIN.discard if platform.has_login else WITHOUT_LOGIN.add)(name)
    return platform
