"""A post's status follows from its deliveries, and so does what a person must do about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, permutations

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.post import Metrics, Post, add_metrics, derive_status, published_at
from ttp.domain.publishing.outcome import Kind

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def documented(states: Sequence[str], has_time: bool) -> str:
    """The table of docs/reference/state-machine.md, row by row, by counting."""
    states = [state for state in states if state != "cancelled"]
    pending = states.count("pending")
    moving = sum(states.count(s) for s in ("claimed", "sending", "processing", "retrying", "reconciling"))
    if not states:
        return "draft"
    if pending == len(states):
        return "scheduled" if has_time else "draft"
    if moving or pending:
        return "publishing"
    if states.count("published") == len(states):
        return "published"
    if states.count("published") or states.count("needs_review"):
        return "partial"
    return "failed"


@each("has_time", [True, False])
@each("size", range(5))
def test_the_status_is_the_documented_one_for_every_few_deliveries(size: int, has_time: bool) -> None:
    for states in combinations_with_replacement(DeliveryState, size):
        assert derive_status(states, has_time=has_time) == documented([s.value for s in states], has_time), states


def test_the_order_of_deliveries_does_not_matter() -> None:
    for states in combinations_with_replacement(DeliveryState, 3):
        assert len({derive_status(order, has_time=True) for order in permutations(states)}) == 1


def delivery(state: str, kind: Kind | None = None, *, account: str = "x/me", at: datetime | None = None) -> Delivery:
    error = None if kind is None else DeliveryError(kind, "why")
    return Delivery(account, account.partition("/")[0], DeliveryState(state), error=error, published_at=at)


@each(
    ("deliveries", "needs"),
    [
        ([], ()),
        ([delivery("published"), delivery("pending"), delivery("retrying", Kind.AUTH)], ()),
        ([delivery("needs_review", Kind.UNKNOWN)], ("review",)),
        ([delivery("failed", Kind.AUTH)], ("reconnect",)),
        ([delivery("failed", Kind.CONTENT)], ("retry",)),
        ([delivery("failed")], ("retry",)),
        ([delivery("failed", Kind.AUTH), delivery("failed", Kind.MISSED)], ("reconnect", "retry")),
        (
            [delivery("failed", Kind.QUOTA), delivery("needs_review"), delivery("failed", Kind.AUTH)],
            ("review", "reconnect", "retry"),
        ),
        ([delivery("cancelled", Kind.AUTH)], ()),
    ],
)
def test_what_a_person_must_do_is_named_in_one_order(deliveries: list[Delivery], needs: tuple[str, ...]) -> None:
    assert Post("hi", tuple(deliveries)).needs() == needs


def test_the_text_of_an_account_beats_its_platforms_and_that_the_posts() -> None:
    post = Post("all", variants={"x": "on x", "x/me": "mine", "instagram": ""})
    assert post.text_for("x/me", "x") == "mine"
    assert post.text_for("x/shop", "x") == "on x"
    assert post.text_for("tiktok/me", "tiktok") == "all"
    assert post.text_for("instagram/me", "instagram") == "all", "an empty variant does not count"


def test_cancelled_deliveries_do_not_count() -> None:
    post = Post(
        "hi", (delivery("published", account="x/me"), delivery("cancelled", account="tiktok/me"), delivery("pending"))
    )
    assert post.accounts == ("x/me", "x/me")
    assert post.platforms == ("x",)
    assert [d.state for d in post.active] == ["published", "pending"]


def test_platforms_are_named_once_in_order() -> None:
    accounts = ("x/a", "instagram/b", "x/c")
    assert Post("hi", tuple(delivery("pending", account=a) for a in accounts)).platforms == ("instagram", "x")


@each("state", DeliveryState)
def test_a_post_is_in_flight_while_the_publisher_has_more_to_do(state: DeliveryState) -> None:
    moving = state.value in ("claimed", "sending", "processing", "retrying", "reconciling")
    assert Post("hi", (delivery(state), delivery("published"))).in_flight is moving


def test_a_post_was_published_when_its_last_delivery_was() -> None:
    first, last = delivery("published", at=NOW), delivery("published", at=NOW + timedelta(seconds=9))
    assert published_at([last, first, delivery("cancelled")]) == NOW + timedelta(seconds=9)
    assert published_at([first, delivery("failed")]) is None
    assert published_at([first, delivery("published")]) is None, "one whose time is unknown"
    assert published_at([]) is None
    assert published_at([delivery("cancelled")]) is None


def test_only_x_gets_the_parts_of_a_thread() -> None:
    post = Post("One", thread=("Two", "Three"), variants={"x/shop": "Uno"})
    assert post.written_parts("x/me", PLATFORMS.facts("x")) == ("One", "Two", "Three")
    assert post.written_parts("x/shop", PLATFORMS.facts("x")) == ("Uno", "Two", "Three")
    assert post.written_parts("instagram/me", PLATFORMS.facts("instagram")) == ("One",)


def test_numbers_of_accounts_are_added_up_where_they_are_known() -> None:
    added = add_metrics([Metrics(1, None, None, 40), Metrics(2, 3, None, None)])
    assert added == Metrics(3, 3, None, 40)
    assert add_metrics([]) == Metrics(None, None, None, None)
