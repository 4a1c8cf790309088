"""What happened to a post, newest first, and who did it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.rows import each
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.post import Post
from ttp.domain.publishing.attempt import Attempt, Phase
from ttp.server.pages.post_events import post_events
from ttp.services.queries import view_of
from ttp.store.change_log import Change, LoggedChange

NOW = datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)
POST = view_of(Post("Hello", id=1, created_at=NOW, updated_at=NOW))


def test_what_was_published_within_the_minute_of_a_change_comes_after_it() -> None:
    delivery = Delivery("x/me", "x", DeliveryState.PUBLISHED, published_at=NOW + timedelta(seconds=20))
    events = post_events(replace(POST, deliveries=(delivery,)), [_logged("root@host", NOW)], ())
    assert [event.state for event in events] == ["published", ""]


def test_what_became_of_a_comment_is_told_apart_from_its_post() -> None:
    steps = [
        Attempt("x/me", 1, "POST /2/tweets", Phase.PUBLISH, NOW + timedelta(seconds=number), delivery_id=number)
        for number in (1, 2)
    ]
    comment = Delivery("x/me", "x", DeliveryState.FAILED, id=2, parent_id=1)
    parent = Delivery("x/me", "x", DeliveryState.PUBLISHED, id=1, published_at=NOW, comment=comment)
    events = post_events(replace(POST, deliveries=(parent,)), [], steps)
    assert [(one.state, one.detail) for one in events] == [("failed", "first comment"), ("published", "")]
    sent = replace(comment, state=DeliveryState.PUBLISHED, published_at=NOW + timedelta(minutes=10))
    events = post_events(replace(POST, deliveries=(replace(parent, comment=sent),)), [], steps)
    assert [(one.state, one.at) for one in events] == [("published", sent.published_at), ("published", NOW)]


@each(
    ("actor", "detail"),
    [
        ("root@host", "on the server"),
        ("maria (by a link of root@host)", "by maria (by a link of root@host)"),
        ("maria@shop (by a link of ann)", "by maria@shop (by a link of ann)"),
        ("ann", "by ann"),
    ],
)
def test_who_changed_a_post_is_named(actor: str, detail: str) -> None:
    (event,) = post_events(POST, [_logged(actor, NOW)], ())
    assert event.detail == detail


def _logged(actor: str, at: datetime) -> LoggedChange:
    return LoggedChange(Change(1, "create", at, actor=actor), {})
