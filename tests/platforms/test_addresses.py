from __future__ import annotations

import pytest

from tests.platforms.factories import PLATFORMS, login_for
from tests.settings import Config
from ttp.platforms.addresses import configured
from ttp.platforms.login import App
from ttp.platforms.testing import StandingClock

HERE = "http://127.0.0.1:8700"
FACEBOOK = {"platforms.instagram.login": "facebook"}
INSTAGRAM, X = PLATFORMS.facts("instagram"), PLATFORMS.facts("x")


def page_of(platform: str, config: Config) -> str:
    """The page of a login, without its question."""
    login = login_for(platform, config, StandingClock())
    url = login.authorize_url(App("app"), state="s", redirect_uri="http://127.0.0.1/", scopes=(), challenge=None)
    return url.partition("?")[0]


def code_url(config: Config) -> str:
    return configured(config, "platforms.instagram.token_url", INSTAGRAM.base_url(config))


@pytest.mark.parametrize(
    ("platform", "page", "host"),
    [
        ("x", "https://x.com/i/oauth2/authorize", "api.x.com"),
        ("instagram", "https://www.instagram.com/oauth/authorize", "graph.instagram.com"),
        ("tiktok", "https://www.tiktok.com/v2/auth/authorize/", "open.tiktokapis.com"),
    ],
)
def test_the_usual_pages_and_hosts(platform: str, page: str, host: str) -> None:
    assert page_of(platform, Config()) == page
    assert PLATFORMS.facts(platform).host(Config()) == host


def test_facebook_login_has_its_own_host_and_dialog() -> None:
    config = Config(FACEBOOK)
    assert INSTAGRAM.base_url(config) == "https://graph.facebook.com"
    assert page_of(INSTAGRAM.name, config) == "https://www.facebook.com/v25.0/dialog/oauth"
    assert X.base_url(config) == "https://api.x.com"


@pytest.mark.parametrize(
    ("platform", "settings", "page"),
    [
        ("x", {}, f"{HERE}/i/oauth2/authorize"),
        ("instagram", {}, f"{HERE}/oauth/authorize"),
        ("instagram", FACEBOOK, f"{HERE}/v25.0/dialog/oauth"),
        ("tiktok", {}, f"{HERE}/v2/auth/authorize/"),
    ],
)
def test_a_rehearsal_on_this_machine_never_sends_a_person_to_the_real_page(
    platform: str, settings: dict[str, str], page: str
) -> None:
    config = Config({f"platforms.{platform}.base_url": HERE, **settings})
    assert page_of(platform, config) == page


def test_a_rehearsal_never_sends_a_code_and_a_secret_to_the_real_host() -> None:
    assert code_url(Config()) == "https://api.instagram.com"
    assert code_url(Config({"platforms.instagram.base_url": HERE})) == HERE


def test_a_configured_address_is_used_unchanged() -> None:
    config = Config(
        {
            "platforms.x.base_url": HERE,
            "platforms.x.authorize_url": "http://127.0.0.1:9/page",
            "platforms.instagram.token_url": "http://127.0.0.1:9",
            "platforms.instagram.base_url": "https://graph.example",
            **FACEBOOK,
        }
    )
    assert page_of(X.name, config) == "http://127.0.0.1:9/page"
    assert code_url(config) == "http://127.0.0.1:9"
    assert INSTAGRAM.base_url(config) == "https://graph.example"
