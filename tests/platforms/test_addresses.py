from __future__ import annotations

from tests.platforms.factories import PLATFORMS, login_for
from tests.rows import each
from tests.settings import Config
from ttp.platforms.addresses import configured_url, is_safe, split_address
from ttp.platforms.login import App
from ttp.platforms.reply import parse_web_address
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
    return configured_url(config, "platforms.instagram.token_url", INSTAGRAM.base_url(config))


@each(
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


@each(
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


@each(
    ("address", "safe", "safe_here"),
    [
        ("https://example.com", True, True),
        ("https://example.com:8443/a?b=c#d", True, True),
        ("https://xn--mller-kva.example/@anna", True, True),
        ("https://[2001:db8::1]:8443/", True, True),
        ("http://example.com", False, False),
        ("http://10.0.0.1", False, False),
        ("http://127.0.0.1:8700", False, True),
        ("http://[::1]:8700", False, True),
        ("http://localhost.example.com", False, False),
    ],
)
def test_an_address_is_safe_by_https_or_on_this_machine(address: str, safe: bool, safe_here: bool) -> None:
    parts = split_address(address)
    assert parts is not None
    assert (is_safe(parts, loopback=False), is_safe(parts, loopback=True)) == (safe, safe_here)
    assert parse_web_address(address) == address


@each(
    "text",
    [
        *("", "https://", "https:///a", "//example.com", "example.com", "ftp://example.com", "javascript:alert(1)"),
        *("https://me@example.com", "https://me:pw@example.com", "https://@example.com", "https://:pw@example.com"),
        *("https://example.com:0", "https://example.com:65536", "https://example.com:a", "https://[::1", "https://[x]"),
        *("https://ex ample.com", "https://example.com/\n", " https://example.com", "https://m\u00fcller.example"),
        *(None, 5, b"https://example.com"),
    ],
)
def test_what_is_no_plain_address_is_none(text: object) -> None:
    assert split_address(text) is None
    assert parse_web_address(text) is None


def test_the_address_of_a_post_begins_as_pages_show_it() -> None:
    """Pages link to an address that begins with https:// or http://."""
    assert parse_web_address("HTTPS://example.com/1") is None
