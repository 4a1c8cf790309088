"""Times that ids hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.domain.metrics.ingest.exports import code_of, tiktok_id, x_id
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.platform import created_at


def born(platform: str, remote_id: str) -> datetime | None:
    return created_at(PLATFORMS.facts(platform), remote_id)


AT = datetime(2026, 9, 12, 14, 5, 6, tzinfo=UTC)


def test_ids_of_x_and_tiktok_tell_when_the_post_was_made() -> None:
    assert born("x", x_id(AT)) == AT
    assert born("tiktok", tiktok_id(AT)) == AT
    assert born("instagram", "17912345678901234") is None


@each("remote_id", ["", "20", "abc", "1.8E+18", "9" * 19, "1" * 20, "１８５０００００００００００００００００"])
def test_what_is_no_id_of_these_schemes_tells_nothing(remote_id: str) -> None:
    assert born("x", remote_id) is None


def test_the_code_of_an_instagram_link_tells_about_when() -> None:
    found = born("instagram", code_of(AT))
    assert found is not None
    assert abs(found - AT) < timedelta(milliseconds=1)
    assert born("instagram", "short") is None
    assert born("instagram", "!" * 11) is None
    assert born("instagram", "_" * 11) is None
