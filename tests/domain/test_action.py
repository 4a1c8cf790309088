"""Actions: what they hold, and that they come back from the store as they were."""

from __future__ import annotations

import pytest

from ttp.domain.action import Action, WayOut, action, way_out_from_text, way_out_to_text


def test_options_are_switches_values_and_lists_and_what_is_not_given_is_left_out() -> None:
    assert action("delete", 5, "x", remote=True, yes=False, to=None, set=["a=1", "b=2"], with_="media") == Action(
        "delete", ("5", "x"), (("remote", None), ("set", "a=1"), ("set", "b=2"), ("with", "media"))
    )


@pytest.mark.parametrize(
    "way",
    [
        None,
        "wait",
        "ttp account connect x/me",
        '["no action',
        "[]",
        action("list"),
        action("edit", 5, text="x=[\"é']", thread=["a", ""], not_published=True),
    ],
)
def test_a_way_out_survives_the_store(way: WayOut | None) -> None:
    assert way_out_from_text(way_out_to_text(way)) == way
