"""The events of a post, in a few words, oldest first, without guesses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_history import post_history
from ttp.domain.publishing.outcome import Attempt, Kind, Phase

MADE = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
DUE = MADE.replace(hour=18, minute=0)
X, IG = "x/me", "instagram/me"
IDS = {X: 1, IG: 2}


def step(account: str, second: int, *, number: int = 1, phase: Phase = Phase.PUBLISH, took: int | None = 1) -> Attempt:
    at = DUE + timedelta(seconds=second)
    ended_at = None if took is None else at + timedelta(seconds=took)
    return Attempt(account, number, "a call", phase, at, ended_at, delivery_id=IDS[account])


def failed(account: str, kind: Kind = Kind.CONTENT, state: DeliveryState = DeliveryState.FAILED) -> Delivery:
    return Delivery(account, account.partition("/")[0], state, error=DeliveryError(kind, "no"), id=IDS[account])


def published(account: str, second: int) -> Delivery:
    at = DUE + timedelta(seconds=second)
    return Delivery(account, account.partition("/")[0], DeliveryState.PUBLISHED, published_at=at, id=IDS[account])


def post(*rows: Delivery, status: PostStatus = PostStatus.PARTIAL, updated: datetime = DUE) -> Post:
    return Post("hi", rows, status, DUE, created_at=MADE, updated_at=updated, id=1)


def told(*given: object) -> list[tuple[str, str]]:
    return [(f"{one.at:%H:%M:%S}", one.what) for one in post_history(*given).events]  # type: ignore[arg-type]


def test_a_post_that_was_given_a_time_and_went_out_to_one_of_two_accounts() -> None:
    found = post_history(
        post(published(IG, 6), failed(X)),
        [("schedule", MADE + timedelta(minutes=1)), ("delete", MADE)],
        [step(IG, 0, phase=Phase.PREPARE), step(X, 1), step(IG, 2)],
    )
    assert [(f"{one.at:%H:%M:%S}", one.what, one.by_publisher) for one in found.events] == [
        ("14:02:00", "created", False),
        ("14:03:00", "scheduled", False),
        ("18:00:00", "publishing", True),
        ("18:00:06", "partial", True),
    ]
    assert found.ended == {IDS[X]: DUE + timedelta(seconds=2)}


def test_nothing_but_its_making_is_known_of_a_draft() -> None:
    assert told(post(status=PostStatus.DRAFT), [], []) == [("14:02:00", "created")]
    assert told(replace(post(), created_at=None), [], []) == []


def test_a_look_up_alone_is_no_try() -> None:
    waiting = failed(X, state=DeliveryState.RECONCILING)
    assert told(post(waiting), [], [step(X, 1, phase=Phase.LOOK_UP)]) == [("14:02:00", "created")]


def test_the_last_of_several_tries_is_told() -> None:
    tries = [step(X, 0), step(X, 15, number=2, phase=Phase.PREPARE), step(X, 16, number=2), step(X, 60, number=3)]
    assert told(post(failed(X), status=PostStatus.FAILED), [], tries)[1:] == [
        ("18:00:00", "publishing"),
        ("18:01:00", "try 3"),
        ("18:01:01", "failed"),
    ]


def test_what_needs_a_person_ended_with_its_last_step_even_an_open_one() -> None:
    doubtful = failed(X, state=DeliveryState.NEEDS_REVIEW)
    assert told(post(doubtful), [], [step(X, 3, took=None)])[-1] == ("18:00:03", "needs review")


def test_what_was_missed_ended_when_its_post_changed_last_and_not_with_an_earlier_try() -> None:
    late = DUE + timedelta(hours=7)
    row = failed(X, Kind.MISSED)
    found = post_history(post(row, status=PostStatus.FAILED, updated=late), [("edit", MADE)], [step(X, 0)])
    assert found.ended == {IDS[X]: late}


def test_no_end_is_guessed_where_a_person_changed_the_post_last() -> None:
    row = failed(X, Kind.ACCOUNT)
    assert post_history(post(row), [("edit", DUE - timedelta(seconds=1))], []).ended == {}
    assert told(post(row), [], [])[-1] == ("18:00:00", "partial")
    assert told(replace(post(row), updated_at=None), [], []) == [("14:02:00", "created")]


def test_no_end_is_told_while_one_delivery_is_under_way() -> None:
    under_way = failed(IG, state=DeliveryState.PROCESSING)
    assert told(post(failed(X), under_way), [], [step(X, 1)])[-1] == ("18:00:01", "publishing")


def test_a_delivery_that_failed_without_a_word_and_without_a_step_has_no_end_of_its_own() -> None:
    silent = replace(failed(X), error=None)
    assert post_history(post(silent), [("edit", DUE)], []).ended == {}


def test_a_comment_that_failed_ended_by_itself() -> None:
    comment = replace(failed(X), id=3, parent_id=IDS[X])
    past = post_history(
        post(replace(published(X, 1), comment=comment), status=PostStatus.PUBLISHED),
        [],
        [step(X, 0), step(X, 60)._replace(delivery_id=comment.id)],
    )
    assert past.ended == {comment.id: DUE + timedelta(seconds=61)}
    assert [one.what for one in past.events] == ["created", "publishing", "published"]
