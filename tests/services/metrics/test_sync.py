"""Which posts are read and when, what is kept of a reading, and what happens after a failed one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.platforms.factories import PLATFORMS
from tests.services.logins import Shop
from tests.settings import Config
from tests.store.stores import add_post, to
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Damaged, PartlyFailed, ReconnectNeeded, TtpError, UsageError
from ttp.domain.metrics.sample import Sample
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.client import StepFailed
from ttp.platforms.metrics_reader import STEP, AccountSession, MetricsPage
from ttp.services.metrics.sync import BATCH, MetricsSync, PullResult, ReadingStopped
from ttp.store.home.locks import token_lock
from ttp.store.metrics import samples as stored_samples
from ttp.store.metrics import schedule
from ttp.store.metrics.schedule import FollowedPost

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LIMITED = NotDone(Kind.RATE_LIMIT, "too many", passing=True, retry_at=START + 3 * HOUR)


@dataclass
class FakeReader:
    """Reports of every post what `likes` says, one post a page; `gone` ones it does not have, of `dumb` ones it says
    nothing."""

    platform: str
    clock: FakeClock
    likes: int = 1
    gone: set[str] = field(default_factory=set)
    dumb: set[str] = field(default_factory=set)
    listed: list[str] = field(default_factory=list)
    fails: dict[str, NotDone] = field(default_factory=dict)
    ends: dict[str, datetime] = field(default_factory=dict)
    before: Callable[[str], object] = lambda one: None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    closed: int = 0

    def read(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        self.asked.append(tuple(ids))
        yield from self._pages(session, ids)

    def history(self, session: AccountSession, most: int) -> Iterator[MetricsPage]:
        yield from self._pages(session, self.listed[:most])

    def close(self) -> None:
        self.closed += 1

    def _pages(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
        for one in ids:
            self.tokens.append(session.credentials.access_token)
            self.before(one)
            if one in self.fails:
                raise StepFailed(STEP, self.fails[one])
            if one in self.gone:
                yield MetricsPage(gone=frozenset({one}))
            elif one not in self.dumb:
                now = self.clock.now()
                at = readings_time(one)
                yield MetricsPage(
                    (Sample(session.account.name, one, at, max(now, at), self.likes),), ends=self.ends, note="said"
                )


def readings_time(remote_id: str) -> datetime:
    """When the platform says that a post was published: an hour before START for each unit of its id."""
    return START - int(remote_id) * HOUR


class Numbers:
    """A shop whose accounts' posts can be read."""

    def __init__(self, home: Path, clock: FakeClock, **settings: tuple[str, ...]) -> None:
        self.shop = Shop(home, clock)
        self.clock = clock
        self.config = Config({f"metrics.{name}": value for name, value in settings.items()})
        self.account = self.shop.add("instagram/shop", life=timedelta(days=60))
        self.readers: dict[str, FakeReader] = {platform: FakeReader(platform, clock) for platform in PLATFORMS.names()}
        self.ig = self.readers["instagram"]
        self.pull = self.new()

    def new(self) -> MetricsSync:
        """The service as another process has it."""
        shop = self.shop
        return MetricsSync(shop.database, shop.new_tokens(), self.readers.get, self.config, self.clock, PLATFORMS)

    def out(self, remote_id: str, at: datetime | None = None, account: Account | None = None, **more: object) -> None:
        """A post that was published when its id says."""
        at = at or readings_time(remote_id)
        fields = {"state": DeliveryState.PUBLISHED, "remote_id": remote_id, "published_at": at, "next_at": None, **more}
        add_post(self.shop.database, to(account or self.account, at, **fields))

    def due(self) -> list[tuple[str, ...]]:
        """What one turn of `ttp run` asks for."""
        self.ig.asked.clear()
        self.pull.pull_due(lambda: False)
        return list(self.ig.asked)

    def pulled(self, history: int | None = None, account: Account | None = None) -> PullResult:
        """What a person gets who pulls."""
        account = account or self.account
        return self.pull.pull(account, self.pull.posts(account), history, lambda read: None)

    def samples(self) -> list[Sample]:
        with self.shop.database.reading() as db:
            assert db is not None
            ids = [row["id"] for row in db.execute("SELECT id FROM account")]
            return list(stored_samples.read_samples(db, ids, None))

    def next_at(self, remote_id: str) -> datetime | None:
        with self.shop.database.reading() as db:
            assert db is not None
            sql = "SELECT r.next_at FROM reading r JOIN delivery d ON d.id = r.delivery_id WHERE d.remote_id = ?"
            at = db.execute(sql, (remote_id,)).fetchone()[0]
            return None if at is None else START + timedelta(milliseconds=at - START.timestamp() * 1000)


@pytest.fixture
def numbers(tmp_path: Path, clock: FakeClock) -> Numbers:
    return Numbers(tmp_path / "home", clock)


def counts(done: PullResult) -> tuple[int, int, int, int]:
    return done.read, done.inserted, done.updated, done.unchanged


# By itself.


def test_a_post_is_read_at_each_age_once_and_then_no_more(numbers: Numbers) -> None:
    numbers.out("0")
    read_at = []
    for _ in range(16 * 24):
        numbers.clock.advance(hours=1)
        if numbers.due():
            read_at.append((numbers.clock.now() - START) / HOUR)
    assert read_at == [1, 24, 48, 168, 336]
    assert [(one.observed_at - START) / HOUR for one in numbers.samples()] == [1, 24, 48, 168, 336]
    assert numbers.next_at("0") is None


def test_a_reading_at_an_age_is_kept_though_the_numbers_stand_still(numbers: Numbers) -> None:
    numbers.out("0")
    numbers.clock.advance(hours=2)
    assert numbers.due()
    assert counts(numbers.pulled()) == (1, 0, 0, 1)
    numbers.clock.advance(hours=22)
    assert numbers.due()
    assert [one.likes for one in numbers.samples()] == [1, 1]


def test_the_ages_are_a_setting(tmp_path: Path, clock: FakeClock) -> None:
    numbers = Numbers(tmp_path / "home", clock, after=("30m",))
    numbers.out("0")
    numbers.clock.advance(minutes=29)
    assert numbers.due() == []
    numbers.clock.advance(minutes=1)
    assert numbers.due() == [("0",)]
    assert numbers.next_at("0") is None


def test_after_a_long_pause_the_last_reading_is_made_up_for_and_older_posts_are_left_alone(numbers: Numbers) -> None:
    numbers.out(str(20 * 24))
    numbers.out(str(28 * 24))
    assert numbers.due() == [("480",)]
    assert numbers.next_at("480") is None


def test_x_is_read_only_when_it_is_switched_on(tmp_path: Path, clock: FakeClock) -> None:
    for pull, asked in ((("instagram", "tiktok"), []), (("x",), [("5",)]), ((), [])):
        numbers = Numbers(tmp_path / f"home{len(pull)}", clock, pull=pull)
        numbers.out("5", account=numbers.shop.add("x/me"))
        numbers.pull.pull_due(lambda: False)
        assert numbers.readers["x"].asked == asked


@pytest.mark.sqlite("the store does not exist yet")
def test_without_a_store_nothing_is_made(tmp_path: Path, clock: FakeClock) -> None:
    numbers = Numbers(tmp_path / "home", clock)
    numbers.shop.database.path.unlink()
    numbers.pull.pull_due(lambda: False)
    assert not numbers.shop.database.exists()


def test_a_turn_reads_so_many_posts_of_an_account_and_the_next_one_goes_on(numbers: Numbers) -> None:
    for place in range(105):
        numbers.out(str(place + 2))
    first = numbers.due()
    assert [len(batch) for batch in first] == [BATCH] * 5
    assert first[0][0] == "106"  # the oldest first
    assert [len(batch) for batch in numbers.due()] == [5]


def test_a_stop_keeps_what_was_read_and_leaves_the_rest_for_later(numbers: Numbers) -> None:
    for remote_id in ("2", "3", "4"):
        numbers.out(remote_id)
    numbers.pull.pull_due(lambda: bool(numbers.ig.tokens))
    assert len(numbers.samples()) == 1
    assert numbers.due() == []
    numbers.clock.advance(minutes=30)
    assert numbers.due() == [("3", "2")]


def test_a_process_that_dies_in_the_middle_leaves_what_it_read_and_asks_for_the_rest_later(numbers: Numbers) -> None:
    class Killed(BaseException):
        """The process dies here."""

    def die(one: str) -> None:
        if one == "2":
            raise Killed

    numbers.out("2")
    numbers.out("3")
    numbers.ig.before = die
    with pytest.raises(Killed):
        numbers.pull.pull_due(lambda: False)
    numbers.ig.before = lambda one: None
    numbers.pull = numbers.new()
    assert [one.remote_id for one in numbers.samples()] == ["3"]
    assert numbers.due() == []
    numbers.clock.advance(minutes=15)
    assert numbers.due() == [("2",)]
    assert len(numbers.samples()) == 2


def test_what_fails_in_passing_is_put_off_the_longer_the_older_it_is(numbers: Numbers) -> None:
    numbers.out("2")
    numbers.out("40")
    numbers.ig.fails = {"2": NotDone(Kind.NETWORK, "cut", passing=True), "40": NotDone(Kind.SERVER, "no", passing=True)}
    numbers.pull.pull_due(lambda: False)
    assert numbers.due() == []
    assert numbers.next_at("2") == START + 0.25 * HOUR
    assert numbers.next_at("40") == START + 5 * HOUR
    numbers.ig.fails.clear()
    numbers.clock.advance(minutes=15)
    assert numbers.due() == [("2",)]


def test_a_rate_limit_holds_all_readings_of_the_account_until_it_ends(numbers: Numbers) -> None:
    numbers.out("2")
    numbers.out("3")
    numbers.ig.fails = {"3": LIMITED}
    numbers.due()
    for remote_id in ("2", "3"):
        assert numbers.next_at(remote_id) == START + 3 * HOUR
    numbers.clock.advance(hours=2.9)
    assert numbers.due() == []


@pytest.mark.parametrize(
    "failure",
    [NotDone(Kind.AUTH, "no scope", http_status=403), NotDone(Kind.CONTENT, "odd")],
    ids=["scope", "odd"],
)
def test_what_fails_for_good_harms_neither_the_account_nor_the_others(numbers: Numbers, failure: NotDone) -> None:
    other = numbers.shop.add("tiktok/me")
    numbers.out("2")
    numbers.out("3", account=other)
    numbers.ig.fails = {"2": failure}
    numbers.pull.pull_due(lambda: False)
    assert [one.account for one in numbers.samples()] == ["tiktok/me"]
    assert not numbers.shop.account("instagram/shop").needs_reconnect


def test_a_token_that_someone_else_has_in_hand_is_waited_for_by_nobody_who_publishes(numbers: Numbers) -> None:
    numbers.out("2")
    with token_lock(numbers.shop.home, "instagram/shop", patience_s=0):
        assert numbers.due() == [("2",)]


def test_connections_are_closed_after_a_turn(numbers: Numbers) -> None:
    numbers.out("2")
    numbers.due()
    assert numbers.ig.closed == 1


# When a person asks.


def test_a_pull_reads_every_followed_post_at_once_and_twice_adds_nothing(numbers: Numbers) -> None:
    numbers.out("0")
    numbers.out("100")
    assert counts(numbers.pulled()) == (2, 2, 0, 0)
    numbers.clock.advance(seconds=30)
    assert counts(numbers.pulled()) == (2, 0, 0, 2)
    numbers.ig.likes = 2
    assert counts(numbers.pulled()) == (2, 2, 0, 0)
    assert numbers.next_at("0") == START + HOUR


def test_history_reads_what_others_published_and_notes_what_ttp_did(numbers: Numbers) -> None:
    numbers.out("100")
    numbers.ig.listed = ["100", "5000", "6000"]
    assert counts(numbers.pulled(history=2)) == (2, 2, 0, 0)
    assert counts(numbers.pulled(history=3)) == (3, 1, 0, 2)
    assert numbers.next_at("100") == START - 100 * HOUR + 7 * DAY
    assert numbers.due() == []


def test_a_post_that_is_gone_is_said_once_and_asked_for_no_more(numbers: Numbers) -> None:
    numbers.out("5")
    numbers.ig.gone = {"5"}
    assert numbers.pulled().rejected == [("5", "instagram no longer shows it")]
    assert numbers.next_at("5") is None
    assert numbers.pulled() == PullResult("instagram/shop")


def test_a_post_that_is_not_shown_yet_is_waited_for(numbers: Numbers) -> None:
    numbers.out("0", START - HOUR / 2)
    numbers.ig.gone = {"0"}
    assert (numbers.pulled().waiting, numbers.pulled().rejected) == (1, [])
    assert numbers.next_at("0") == START + HOUR / 2


def test_a_post_that_its_platform_has_not_named_waits_for_its_next_age(numbers: Numbers) -> None:
    numbers.out("v_pub_file~1", START - 2 * HOUR)
    assert numbers.due() == []
    assert numbers.pulled().waiting == 1
    assert numbers.next_at("v_pub_file~1") == START + 22 * HOUR


def test_a_post_of_which_nothing_is_told_is_rejected(numbers: Numbers) -> None:
    numbers.out("5")
    numbers.ig.dumb = {"5"}
    assert numbers.pulled().rejected == [("5", "instagram returned no metrics")]


def test_a_story_is_read_before_its_numbers_end(numbers: Numbers) -> None:
    numbers.out("0", START)
    numbers.ig.ends = {"0": START + DAY}
    numbers.clock.advance(hours=1)
    numbers.due()
    assert numbers.next_at("0") == START + DAY - HOUR / 2


def test_notes_are_said_once(numbers: Numbers) -> None:
    numbers.out("5")
    numbers.out("6")
    assert numbers.pulled().notes == ["said"]


def test_what_was_read_before_a_failure_is_kept_and_told(numbers: Numbers) -> None:
    numbers.ig.listed = ["1", "2", "3"]
    numbers.ig.fails = {"3": LIMITED}
    done = numbers.pulled(history=3)
    assert counts(done) == (2, 2, 0, 0)
    assert isinstance(done.error, ReadingStopped)
    assert (done.error.message, done.error.again_at) == ("instagram/shop: too many", START + 3 * HOUR)


@pytest.mark.parametrize(
    ("outcome", "kind", "hint"),
    [
        (NotDone(Kind.AUTH, "no"), ReconnectNeeded, action("account connect", "instagram/shop")),
        (NotDone(Kind.AUTH, "no", hint=action("account add", "A")), ReconnectNeeded, action("account add", "A")),
        (NotDone(Kind.NETWORK, "no", passing=True), ReadingStopped, None),
        (NotDone(Kind.CONTENT, "no"), PartlyFailed, None),
    ],
    ids=["auth", "by-hand", "passing", "final"],
)
def test_a_failure_is_an_error_of_its_kind(
    numbers: Numbers, outcome: NotDone, kind: type[TtpError], hint: str | None
) -> None:
    numbers.ig.listed, numbers.ig.fails = ["1"], {"1": outcome}
    error = numbers.pulled(history=1).error
    assert type(error) is kind
    assert next((one.way for one in error.hints), None) == hint


def test_an_account_that_is_not_connected_says_how_to_get_numbers(numbers: Numbers) -> None:
    error = numbers.pulled(account=replace(numbers.account, connected=False)).error
    assert isinstance(error, ReconnectNeeded)
    assert [hint.way for hint in error.hints] == [
        action("account connect", "instagram/shop"),
        action("metrics import", "FILE"),
    ]


@pytest.mark.sqlite("its file is damaged")
def test_what_is_wrong_with_the_store_is_not_the_accounts(numbers: Numbers) -> None:
    def empty(one: str) -> None:
        numbers.shop.database.path.write_bytes(b"")

    numbers.ig.listed, numbers.ig.before = ["1"], empty
    with pytest.raises(Damaged):
        numbers.pulled(history=1)


def test_credentials_for_another_host_are_not_used(numbers: Numbers) -> None:
    numbers.shop.credentials.put("instagram/shop", Credentials("t", host="elsewhere.example"))
    assert isinstance(numbers.pulled(history=1).error, UsageError)
    numbers.out("5")
    assert numbers.due() == []


def test_a_token_is_renewed_in_passing(numbers: Numbers) -> None:
    me = numbers.shop.add("x/me")
    numbers.clock.advance(hours=2)
    numbers.shop.x.answers = [numbers.shop.grant(1)]
    numbers.readers["x"].listed = ["1"]
    assert numbers.pulled(history=1, account=me).read == 1
    assert numbers.readers["x"].tokens == ["access-1"]


def test_a_token_that_cannot_be_renewed_now_is_an_error_that_passes(numbers: Numbers) -> None:
    me = numbers.shop.add("x/me")
    numbers.clock.advance(hours=3)
    numbers.shop.x.answers = [NotDone(Kind.NETWORK, "away", passing=True)]
    error = numbers.pulled(history=1, account=me).error
    assert isinstance(error, ReadingStopped)


def test_a_refused_token_is_renewed_where_that_is_possible_and_else_left_alone(numbers: Numbers) -> None:
    class Refusing(FakeReader):
        def _pages(self, session: AccountSession, ids: Sequence[str]) -> Iterator[MetricsPage]:
            fresh = session.renew(session.credentials)
            self.tokens.append("none" if fresh is None else fresh.access_token)
            yield MetricsPage()

    me = numbers.shop.add("x/me")
    reader = numbers.readers["x"] = Refusing("x", numbers.clock)
    numbers.shop.x.answers = [numbers.shop.grant(1)]
    numbers.pulled(history=1, account=me)
    numbers.shop.x.can_renew = False
    numbers.pulled(history=1, account=me)
    assert reader.tokens == ["access-1", "none"]
    assert not numbers.shop.account("x/me").needs_reconnect


def test_accounts_that_cost_nothing_are_chosen_where_none_is_named(numbers: Numbers) -> None:
    x, off = numbers.shop.add("x/me"), numbers.shop.add("tiktok/me")
    accounts = [numbers.account, x, replace(off, enabled=False), replace(off, connected=False)]
    assert numbers.pull.choose_accounts(accounts) == ([numbers.account], [x])


def test_only_x_has_a_price(numbers: Numbers) -> None:
    x, owner = Account("x", "demo"), Account("x", "Boss")
    posts = [FollowedPost(str(number), START) for number in range(3)]
    numbers.config = Config({"platforms.x.app_owner": "@boss"})
    price = numbers.new().price
    assert [price(x, posts, None), price(x, [], 200), price(x, [], 1)] == [15, 1000, 25]
    assert [price(owner, posts, None), price(owner, [], 200), price(owner, [], 1)] == [20, 200, 5]
    assert price(owner, posts[:1], None) == 5
    assert price(Account("instagram", "demo"), posts, 200) == 0


def test_readings_of_two_processes_at_once_are_one_sample(numbers: Numbers) -> None:
    def meanwhile(one: str) -> None:
        numbers.ig.before = lambda again: None
        other.pull_due(lambda: False)

    numbers.out("2")
    other, numbers.ig.before = numbers.new(), meanwhile
    assert counts(numbers.pulled()) == (1, 0, 0, 1)
    assert numbers.ig.asked == [("2",), ("2",)]
    assert len(numbers.samples()) == 1


@pytest.mark.sqlite("the store does not exist yet")
def test_nothing_is_followed_where_there_is_no_store(tmp_path: Path, clock: FakeClock) -> None:
    numbers = Numbers(tmp_path / "home", clock)
    numbers.shop.database.path.unlink()
    assert numbers.pull.posts(numbers.account) == []


def test_the_rows_of_other_accounts_stay_as_they_are(numbers: Numbers) -> None:
    other = numbers.shop.add("instagram/other", life=timedelta(days=60))
    numbers.out("2")
    numbers.out("3", account=other)
    with numbers.shop.database.reading() as db:
        assert db is not None
        assert [one.remote_id for one in numbers.pull.posts(other)] == ["3"]
        assert [
            one.remote_id for one in schedule.followed_posts(db, other.id or 0, since=START - DAY, until=START)
        ] == ["3"]
