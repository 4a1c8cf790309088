"""The table of settings, and what is in force."""

from __future__ import annotations

import pytest

from tests.rows import each
from tests.settings import KEYS, Config
from ttp.domain.errors import Bug


def test_a_setting_that_is_not_set_has_its_default() -> None:
    config = Config()
    assert config["platforms.x.settle_s"] == 900.0
    assert config["timezone"] is None
    assert dict(config) == {name: key.default for name, key in KEYS.items()}
    assert len(config) == len(KEYS)


def test_what_is_set_is_in_force_and_what_it_was_made_of_is_not_held() -> None:
    values: dict[str, str | float | int | bool | None] = {"publish.retry_max": 3}
    config = Config(values)
    values["publish.retry_max"] = 99
    assert config.count("publish.retry_max") == 3


def test_an_unknown_name_is_a_bug_and_not_an_empty_value() -> None:
    for read in (Config().seconds, Config().count, Config().text, Config().__getitem__):
        with pytest.raises(Bug):
            read("publish.retry_min")


@each(("value", "seconds"), [(1.5, 1.5), (2, 2.0), ("0.25", 0.25), (0, 0.0), (None, 0.0)])
def test_seconds_are_a_number_whatever_they_were_read_from(value: float | str | None, seconds: float) -> None:
    assert Config({"publish.poll_s": value}).seconds("publish.poll_s") == seconds


def test_texts_and_counts_are_empty_where_nothing_is_set() -> None:
    config = Config({"publish.concurrency": None})
    assert config.text("media_host.path") == ""
    assert config.count("publish.concurrency") == 0
    assert Config({"media_host.path": "/srv/www"}).text("media_host.path") == "/srv/www"


def test_every_setting_says_what_it_is_and_its_default_is_usable() -> None:
    for key in KEYS.values():
        assert key.help
        assert key.name == key.name.lower()
        if key.name.endswith("_s"):
            assert isinstance(key.default, float)
            assert key.default > 0 or "0: " in key.help
        values = key.default if isinstance(key.default, tuple) else (key.default,)
        assert key.default is None or not key.choices or set(values) <= set(key.choices)


def test_a_list_of_texts_is_empty_where_nothing_is_set() -> None:
    assert Config().texts("media_host.command") == ()
    assert Config({"media_host.command": ("put", "--public")}).texts("media_host.command") == ("put", "--public")


def test_a_setting_is_found_by_its_former_name_too_and_no_other_is() -> None:
    found = KEYS.find("publish.settle_x_s")
    assert found is not None
    assert found.name == "platforms.x.settle_s"
    assert KEYS.find("platforms.x.settle_s") is found
    assert KEYS.find("publish.nothing") is None
    assert "platforms.x.settle_s" in KEYS
    assert "publish.settle_x_s" not in KEYS
    with pytest.raises(KeyError):
        KEYS["platforms.friendster.base_url"]


def test_the_platforms_of_the_settings_are_those_that_are_installed() -> None:
    assert KEYS.has_platform("bluesky")
    assert not KEYS.has_platform("nostr")
