"""The platforms that ttp knows: one line each. A platform's module is imported when its name is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ttp.domain.errors import Hint, UsageError
from ttp.platforms.platform import Platform

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "instagram": "ttp.platforms.instagram.facts",
        "tiktok": "ttp.platforms.tiktok.facts",
        "x": "ttp.platforms.x.facts",
    }
)


class Registry:
    """The enabled platforms by name."""

    def __init__(self) -> None:
        self._loaded: dict[str, Platform] = {}

    def names(self) -> tuple[str, ...]:
        """Return the names of all enabled platforms."""
        return tuple(BUILT_IN)

    def facts(self, name: str) -> Platform:
        """Return a platform by its exact name."""
        found = self._loaded.get(name)
        if found is None:
            from importlib import import_module

            platform = import_module(BUILT_IN[name]).PLATFORM
            assert isinstance(platform, Platform)
            found = self._loaded[name] = platform
        return found

    def find(self, text: str) -> Platform:
        """Return the platform of a name or alias. Raises UsageError with the names."""
        typed = text.strip().lower()
        if typed in BUILT_IN:
            return self.facts(typed)
        known = [self.facts(name) for name in self.names()]
        for one in known:
            if typed in one.aliases:
                return one
        listed = ", ".join(f"{one.name} ({', '.join(one.aliases)})" if one.aliases else one.name for one in known)
        raise UsageError(f'no platform "{text}"', Hint("the platforms", listed))
