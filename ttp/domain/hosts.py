"""Where each platform is reached: what the settings say, and what follows from them. Never resolves or connects.

An API on this machine is a rehearsal: then a page or an endpoint whose address was not set is on this machine too, so
that a rehearsal never sends a person, a code or a secret to the real platform.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ttp.domain.account import Platform, is_loopback
from ttp.domain.config import KEYS, Config

_GRAPH = "https://graph.facebook.com"


def by_facebook(config: Config) -> bool:
    """Whether Instagram accounts are connected by Facebook Login."""
    return config.text("platforms.instagram.login") == "facebook"


def base_url(platform: Platform, config: Config) -> str:
    """The root of the platform's API. Facebook Login has a host of its own."""
    name = f"platforms.{platform}.base_url"
    if platform is Platform.INSTAGRAM and by_facebook(config) and not _is_set(name, config):
        return _GRAPH
    return config.text(name)


def host(platform: Platform, config: Config) -> str:
    """The host that the platform's credentials are made for."""
    return urlsplit(base_url(platform, config)).hostname or ""


def authorize_url(platform: Platform, config: Config) -> str:
    """The page on which a person says yes."""
    name = f"platforms.{platform}.authorize_url"
    if _is_set(name, config):
        return config.text(name)
    if platform is Platform.INSTAGRAM and by_facebook(config):
        version = config.text("platforms.instagram.version")
        return _beside(f"https://www.facebook.com/{version}/dialog/oauth", platform, config)
    return _beside(config.text(name), platform, config)


def code_url(config: Config) -> str:
    """The root of the host that takes the codes of Instagram Login; the token's later life is at `base_url`."""
    name = "platforms.instagram.token_url"
    usual = config.text(name)
    return usual if _is_set(name, config) else _beside(usual, Platform.INSTAGRAM, config)


def _is_set(name: str, config: Config) -> bool:
    return config[name] != KEYS[name].default


def _beside(usual: str, platform: Platform, config: Config) -> str:
    """`usual`, or the same path on this machine where the platform's API is."""
    api = urlsplit(base_url(platform, config))
    if not is_loopback(api.hostname or ""):
        return usual
    return urlsplit(usual)._replace(scheme=api.scheme, netloc=api.netloc).geturl()
