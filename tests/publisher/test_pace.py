"""`publish.min_gap_s` and `publish.per_day`: posts that would come too soon wait and are never dropped."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import START
from tests.publisher.bench import Bench
from tests.settings import Config
from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus
from ttp.domain.publishing.outcome import Done, Kind, NotDone, Unknown
from ttp.publisher.loop import Mode
from ttp.services.accounts import AccountPause
from ttp.store import accounts

pytestmark = pytest.mark.usefixtures("a_day_passes")

HOUR = 3600.0


def hours(bench: Bench, account: str = "x/me") -> list[float]:
    """Return when the account's posts were published, in hours after START."""
    rows = bench.sql(
        "SELECT published_at FROM delivery d JOIN account a ON a.id = d.account_id"
        " WHERE d.state = 'published' AND a.platform || '/' || a.handle = ? ORDER BY published_at",
        account,
    )
    zero = START.timestamp() * 1000
    return [(row["published_at"] - zero) / 1000 / HOUR for row in rows]


def publish(bench: Bench, *dues: float, until: float) -> None:
    for number, due in enumerate(dues):
        bench.post(due=due)
        bench.x.publishes.append(Done(str(100 + number)))
    bench.stop_at(until)
    bench.run(Mode.LOOP)


def test_posts_of_an_account_keep_the_least_gap_in_the_order_of_their_times(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__min_gap_s=HOUR)
    publish(bench, 3.0, 2.0, 1.0, until=4 * HOUR)

    assert [round(hour, 2) for hour in hours(bench)] == [0, 1, 2]
    assert [call for call in bench.x.names() if call == "publish"] == ["publish"] * 3
    order = [row["post_id"] for row in bench.sql("SELECT post_id FROM delivery ORDER BY published_at")]
    assert order == [3, 2, 1]


def test_posts_beyond_the_daily_limit_wait_for_the_next_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__per_day=2)
    publish(bench, 0.0, HOUR, 2 * HOUR, 3 * HOUR, until=26 * HOUR)

    assert [round(hour, 2) for hour in hours(bench)] == [0, 1, 24, 25]
    assert all(bench.whole(post).status is PostStatus.PUBLISHED for post in range(1, 5))


def test_a_waiting_account_is_held_and_the_reason_names_the_setting(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__min_gap_s=600.0)
    publish(bench, 0.0, 1.0, until=60)
    held = bench.account_now("x/me")

    assert held.hold_until == START + timedelta(seconds=600)
    assert held.hold_reason == "600 s apart: publish.min_gap_s"
    assert bench.delivery(2).state is DeliveryState.PENDING


def test_a_changed_setting_ends_the_hold(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__per_day=1)
    publish(bench, 0.0, 1.0, until=60)
    assert bench.account_now("x/me").hold_until == START + timedelta(days=1)
    for settings, left in (
        ({"publish.per_day": 1}, 1),
        ({"publish.min_gap_s": HOUR}, 1),
        ({"publish.per_day": 2}, 0),
    ):
        bench.config = Config(settings)
        bench.run(Mode.ONCE)
        assert len(bench.sql("SELECT 1 FROM delivery WHERE state = 'pending'")) == left
    assert len(hours(bench)) == 2


def test_other_accounts_do_not_wait(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__min_gap_s=HOUR)
    bench.account("x/you")
    bench.post("x/me", "x/you")
    bench.x.publishes.extend([Done("1"), Done("2")])
    bench.run()

    assert (hours(bench), hours(bench, "x/you")) == ([0.0], [0.0])


def test_a_post_that_may_be_live_counts_and_one_that_is_not_does_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home", publish__min_gap_s=10 * HOUR, publish__retry_max=1)
    bench.post()
    bench.post(due=1.0)
    bench.x.publishes.extend([NotDone(Kind.CONTENT, "no"), Done("2")])
    bench.run()

    assert bench.delivery(1).state is DeliveryState.FAILED
    assert len(hours(bench)) == 1
    bench.post(due=2.0)
    bench.x.publishes.append(Unknown(Kind.NETWORK, "cut"))
    assert bench.run(Mode.ONCE)
    assert bench.delivery(3).state is DeliveryState.PENDING


def test_without_the_settings_no_account_waits(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    publish(bench, 0.0, 1.0, 2.0, until=60)

    assert len(hours(bench)) == 3
    assert bench.account_now("x/me").hold_until is None


@pytest.mark.parametrize(
    ("setting", "until"), [({"publish__min_gap_s": 8 * HOUR}, 9 * HOUR), ({"publish__per_day": 1}, 25 * HOUR)]
)
def test_waiting_does_not_count_as_lateness(tmp_path: Path, setting: dict[str, float], until: float) -> None:
    """The second one is published more than `publish.max_lateness_s` after its time."""
    bench = Bench(tmp_path / "home", None, **setting)
    publish(bench, 0.0, 1.0, until=until)

    assert bench.delivery(2).state is DeliveryState.PUBLISHED


def test_a_hold_by_a_person_outlasts_shorter_holds_until_resumed(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    pausing = AccountPause(bench.database, bench.clock)
    account = bench.account_now("x/me")
    pausing.pause([account])
    bench.read(lambda db: accounts.mark_account(db, account.id or 0, hold_until=START + timedelta(hours=1)))
    for due in (0.0, 1.0):
        bench.post(due=due)
        bench.x.publishes.append(Done(str(due)))
    bench.at(10 * HOUR, lambda: pausing.resume([account]))
    bench.stop_at(11 * HOUR)
    bench.run(Mode.LOOP)

    first, second = hours(bench)
    assert first == pytest.approx(10, abs=0.01)
    assert second - first == pytest.approx(1 / 60, abs=0.01)
