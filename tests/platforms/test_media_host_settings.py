"""What the settings of the media host lack."""

from __future__ import annotations

from tests.rows import each
from tests.settings import Config
from ttp.domain.action import Action
from ttp.domain.config import Value
from ttp.platforms.media_host.availability import NOT_SET, missing_settings

WHOLE: list[dict[str, Value]] = [
    {"media_host.kind": "folder", "media_host.path": "/srv", "media_host.base_url": "https://a.example"},
    {"media_host.kind": "s3", "media_host.s3.url": "s3://bucket"},
    {"media_host.kind": "command", "media_host.command": ("put",)},
]


@each("settings", WHOLE)
def test_settings_that_are_whole_lack_nothing_and_others_are_named(settings: dict[str, Value]) -> None:
    assert missing_settings(Config(settings)) is None
    for name in settings:
        left = {key: value for key, value in settings.items() if key != name}
        found = missing_settings(Config(left))
        assert found is not None
        assert "media_host.kind" in found.message
        assert isinstance(found.hint, Action)
        told = ("help", "media-host") if name == "media_host.kind" else ("config set", name)
        assert (found.hint.name, found.hint.args[0]) == told


def test_without_a_kind_all_three_are_named() -> None:
    assert missing_settings(Config()) == NOT_SET
    for kind in ("folder", "s3", "command"):
        assert kind in NOT_SET.message
