"""Every word for a post, a delivery and an error is explained."""

from __future__ import annotations

from tests.conftest import Program
from ttp.cli.commands.help import KINDS, STATES, STATUSES
from ttp.domain.attempt import Kind
from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus


def test_every_word_is_explained() -> None:
    assert (set(STATUSES), set(STATES), set(KINDS)) == (set(PostStatus), set(DeliveryState), set(Kind))


def test_the_topic_has_them_in_lines_that_fit(ttp: Program) -> None:
    said = ttp.ok("help", "statuses").out
    assert all(f"\n  {word} " in said for word in (*PostStatus, *DeliveryState, *Kind))
    assert max(map(len, said.splitlines())) <= 100
