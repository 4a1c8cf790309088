"""Times that ids hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.domain.ingest.exports import code_of, tiktok_id, x_id
from ttp.domain.account import Platform
from ttp.domain.ingest.born import born, born_by_code

AT = datetime(2026, 9, 12, 14, 5, 6, tzinfo=UTC)


def test_ids_of_x_and_tiktok_tell_when_the_post_was_made() -> None:
    assert born(Platform.X, x_id(AT)) == AT
    assert born(Platform.TIKTOK, tiktok_id(AT)) == AT
    assert born(Platform.INSTAGRAM, "17912345678901234") is None


@pytest.mark.parametrize(
    "remote_id", ["", "20", "abc", "1.8E+18", "9" * 19, "1" * 20, "１８５０００００００００００００００００"]
)
def test_what_is_no_id_of_these_schemes_tells_nothing(remote_id: str) -> None:
    assert born(Platform.X, remote_id) is None


def test_the_code_of_an_instagram_link_tells_about_when() -> None:
    found = born_by_code(code_of(AT))
    assert found is not None
    assert abs(found - AT) < timedelta(milliseconds=1)
    assert born_by_code("short") is None
    assert born_by_code("!" * 11) is None
    assert born_by_code("_" * 11) is None
