from __future__ import annotations

import pytest

from ttp.domain import hosts
from ttp.domain.account import Platform
from ttp.domain.config import Config

HERE = "http://127.0.0.1:8700"
FACEBOOK = {"platforms.instagram.login": "facebook"}


@pytest.mark.parametrize(
    ("platform", "page", "host"),
    [
        (Platform.X, "https://x.com/i/oauth2/authorize", "api.x.com"),
        (Platform.INSTAGRAM, "https://www.instagram.com/oauth/authorize", "graph.instagram.com"),
        (Platform.TIKTOK, "https://www.tiktok.com/v2/auth/authorize/", "open.tiktokapis.com"),
    ],
)
def test_the_usual_pages_and_hosts(platform: Platform, page: str, host: str) -> None:
    assert hosts.authorize_url(platform, Config()) == page
    assert hosts.host(platform, Config()) == host


def test_facebook_login_has_its_own_host_and_dialog() -> None:
    config = Config(FACEBOOK)
    assert hosts.base_url(Platform.INSTAGRAM, config) == "https://graph.facebook.com"
    assert hosts.authorize_url(Platform.INSTAGRAM, config) == "https://www.facebook.com/v25.0/dialog/oauth"
    assert hosts.base_url(Platform.X, config) == "https://api.x.com"


@pytest.mark.parametrize(
    ("platform", "settings", "page"),
    [
        (Platform.X, {}, f"{HERE}/i/oauth2/authorize"),
        (Platform.INSTAGRAM, {}, f"{HERE}/oauth/authorize"),
        (Platform.INSTAGRAM, FACEBOOK, f"{HERE}/v25.0/dialog/oauth"),
        (Platform.TIKTOK, {}, f"{HERE}/v2/auth/authorize/"),
    ],
)
def test_a_rehearsal_on_this_machine_never_sends_a_person_to_the_real_page(
    platform: Platform, settings: dict[str, str], page: str
) -> None:
    config = Config({f"platforms.{platform}.base_url": HERE, **settings})
    assert hosts.authorize_url(platform, config) == page


def test_a_rehearsal_never_sends_a_code_and_a_secret_to_the_real_host() -> None:
    assert hosts.code_url(Config()) == "https://api.instagram.com"
    assert hosts.code_url(Config({"platforms.instagram.base_url": HERE})) == HERE


def test_an_address_that_was_set_is_taken_as_it_is() -> None:
    config = Config(
        {
            "platforms.x.base_url": HERE,
            "platforms.x.authorize_url": "http://127.0.0.1:9/page",
            "platforms.instagram.token_url": "http://127.0.0.1:9",
            "platforms.instagram.base_url": "https://graph.example",
            **FACEBOOK,
        }
    )
    assert hosts.authorize_url(Platform.X, config) == "http://127.0.0.1:9/page"
    assert hosts.code_url(config) == "http://127.0.0.1:9"
    assert hosts.base_url(Platform.INSTAGRAM, config) == "https://graph.example"
