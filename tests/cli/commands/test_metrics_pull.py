"""`ttp metrics pull` and the readings of `ttp run`, against the sandbox on a clock that the test moves."""

from __future__ import annotations

import io
import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import START, FakeClock
from tests.conftest import Program
from ttp.cli.context import Context
from ttp.cli.output import Output
from ttp.cli.progress import progress
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox

PLATFORMS = ("instagram", "tiktok", "x")
COUNTS = ("read", "inserted", "updated", "unchanged")
PUBLIC = [
    word
    for name, value in {
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "disable_comment": "false",
        "disable_duet": "true",
        "disable_stitch": "true",
        "brand_content_toggle": "false",
        "brand_organic_toggle": "false",
    }.items()
    for word in ("--set", f"tiktok.{name}={value}")
]


class RunningClock(FakeClock):
    """A clock that goes on by itself, as the publisher's waits for a platform need it, and can be moved as well."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._began)

    def boot(self) -> float:
        return super().boot() + time.monotonic() - self._began


class World:
    """The program, and the platforms that it speaks to."""

    def __init__(self, ttp: Program, sandbox: RunningSandbox, patch: pytest.MonkeyPatch) -> None:
        self.ttp, self.sandbox, self.patch = ttp, sandbox, patch
        for platform in PLATFORMS:
            patch.setenv(f"TTP_PLATFORMS__{platform.upper()}__BASE_URL", sandbox.url)

    @property
    def state(self) -> Any:
        return self.sandbox.state

    def connect(self, *names: str) -> None:
        for name in names:
            credentials = self.state.accounts[name].credentials()
            self.ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(credentials))

    def past(self, account: str, posts: int, **more: object) -> list[str]:
        """Posts that the account made itself, three days and more ago, an odd number of hours apart; their ids."""
        from ttp.sandbox.control import ordered_post

        made = []
        for number in range(posts):
            at = self.ttp.clock.now() - timedelta(days=3, hours=7 * number)
            order = {"account": account, "text": f"Post {number}\nand more", "at": at.isoformat(), **more}
            post = ordered_post(self.state, order)
            self.state.insert(post)
            made.append(post.id)
        return made

    def pull(self, *argv: str, code: int = 0) -> list[dict[str, Any]]:
        ran = self.ttp("metrics", "pull", "--json", *argv)
        assert ran.code == code, ran
        return list(ran.json)

    def counts(self, *argv: str) -> tuple[int, ...]:
        """The result for the one account that was read."""
        (one,) = self.pull(*argv)
        return tuple(one[name] for name in COUNTS)

    def samples(self, *fields: str) -> list[Any]:
        """The samples, newest post first and newest reading first."""
        listed = self.ttp.ok("metrics", "list", "--json").json
        listed.sort(key=lambda one: (one["publishedAt"], one["observedAt"]), reverse=True)
        return [tuple(one[field] for field in fields) if len(fields) > 1 else one[fields[0]] for one in listed]

    def asked(self, *ends: str) -> list[str]:
        """The paths of the platforms' requests that end so."""
        return [path for _, path, _ in self.state.answered if path.endswith(ends or ("",))]


@pytest.fixture
def clock() -> FakeClock:
    return RunningClock()


@pytest.fixture
def world(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> World:
    served = tmp_path / "served"
    served.mkdir()
    shared_sandbox.reset(now=ttp.clock.now, media_dir=served, processing_s=0, moderation_s=0, insights_lag_s=0)
    made = World(ttp, shared_sandbox, monkeypatch)
    for name, value in (
        ("KIND", "folder"),
        ("PATH", str(served)),
        ("BASE_URL", f"{shared_sandbox.url}/_sandbox/media"),
    ):
        monkeypatch.setenv(f"TTP_MEDIA_HOST__{name}", value)
    return made


def published(world: World, platform: str) -> str:
    """Publish something to the platform's demo account; its remote id."""
    name, ttp = f"{platform}/demo", world.ttp
    world.connect(name)
    media = {"instagram": [f"--media={PHOTO}"], "tiktok": [f"--media={CLIP}", *PUBLIC], "x": []}[platform]
    post = ttp.post("Hello\nthere", "--to", name, "--at", "now", *media)
    ttp.ok("run", "--until-idle")
    for _ in range(60):  # TikTok names a public video when it is through moderation
        remote_id = str(ttp.shown(post)["deliveries"][0]["remoteId"])
        if remote_id.isdecimal():
            return remote_id
        ttp.clock.advance(seconds=60)
        ttp.ok("run", "--once")
    raise AssertionError("it was not named")


# What was published.


def test_a_published_post_is_read_at_every_age_by_the_publisher_itself(world: World) -> None:
    world.patch.setenv("TTP_METRICS__PULL", "instagram")
    remote_id = published(world, "instagram")
    start = world.ttp.clock.now()
    for hours in (1, 24, 48, 168, 336, 400):
        left = start + timedelta(hours=hours, seconds=1) - world.ttp.clock.now()
        world.ttp.clock.advance(left.total_seconds())
        world.ttp.ok("run", "--once")
        world.ttp.ok("run", "--once")
    read = world.samples("remoteId", "views", "text", "kind", "observedAt")
    assert [row[0] for row in read] == [remote_id] * 5
    assert {row[2:4] for row in read} == {("Hello there", "image")}
    views = [row[1] for row in reversed(read)]
    assert views == sorted(views)
    assert views[0] < views[-1]
    ages = [(datetime.fromisoformat(row[4]) - start) / timedelta(hours=1) for row in reversed(read)]
    assert [round(age) for age in ages] == [1, 24, 48, 168, 336]


def test_x_is_left_out_of_all_with_a_word_and_read_when_it_is_named_or_switched_on(world: World) -> None:
    published(world, "x")
    world.connect("tiktok/demo")
    ran = world.ttp("metrics", "pull")
    assert [row[0] for row in ran.rows] == ["tiktok/demo"]
    assert "ttp metrics pull --account x/demo" in ran.err
    assert world.asked("/2/tweets") == ["/2/tweets"]
    ran = world.ttp("metrics", "pull", "--account", "x/demo", "--history", "30")
    assert (ran.code, ran.rows) == (0, [["x/demo", "1", "1", "0", "0", "0"]])
    assert "$0.15" in ran.err
    world.patch.setenv("TTP_METRICS__PULL", '["x", "tiktok"]')
    assert [one["account"] for one in world.pull()] == ["tiktok/demo", "x/demo"]


# History.


def test_history_makes_optimal_work_on_the_first_day(world: World) -> None:
    name = "x/demo"
    world.connect(name)
    hint = world.ttp("optimal", "next", "--account", name).err
    command = f"ttp metrics pull --history 500 --account {name}"
    assert command in hint
    ids = world.past(name, 130)
    ran = world.ttp.ok(*command.split()[1:], "--json")
    assert ran.json == [{"account": name, "read": 130, "inserted": 130, "updated": 0, "unchanged": 0, "rejected": []}]
    assert world.samples("remoteId") == ids
    told = world.ttp.ok("optimal", "--account", name, "--json").json["recommendation"]
    assert (told["dataPoints"], len(told["bestHours"])) == (130, 5)
    assert world.ttp.ok("optimal", "next", "--account", name, "--json").json["slot"] is not None
    assert world.counts("--account", name, "--history", "130") == (130, 0, 0, 130)


def test_a_platform_without_numbers_to_read_is_offered_a_file(ttp: Program) -> None:
    ttp.account("linkedin/me")
    err = ttp("optimal", "next", "--account", "linkedin/me").err
    assert ("metrics pull" in err, "ttp metrics import FILE" in err) == (False, True)


def test_history_takes_the_newest_so_many(world: World) -> None:
    world.connect("instagram/demo", "tiktok/demo")
    ids = world.past("instagram/demo", 60) + world.past("tiktok/demo", 25)
    assert [one["read"] for one in world.pull("--history", "55")] == [55, 25]
    assert sorted(world.samples("remoteId")) == sorted(ids[:55] + ids[60:])


def test_a_limit_stops_an_account_with_what_to_type_later_and_keeps_what_was_read(world: World) -> None:
    world.connect("instagram/demo", "tiktok/demo")
    world.past("instagram/demo", 10)
    world.past("tiktok/demo", 2)
    world.state.limits = {"instagram calls a day": 10}
    ran = world.ttp("metrics", "pull", "--history", "10")
    assert ran.code == 6
    read = {row[0]: int(row[1]) for row in ran.rows}
    assert read["tiktok/demo"] == 2
    assert 0 < read["instagram/demo"] < 10
    assert len(world.samples("account")) == sum(read.values())
    assert re.search(r"after 13:00\n  try: ttp metrics pull --account instagram/demo --history 10\n", ran.err)


# What goes wrong.


def test_an_account_that_is_not_connected_says_what_to_do(world: World) -> None:
    world.ttp.ok("account", "add", "x/none")
    ran = world.ttp("metrics", "pull", "--account", "x/none", "--json")
    assert (ran.code, ran.out, ran.error["code"]) == (4, "", "reconnect")
    assert ran.error["hint"] == "ttp account connect x/none"
    assert "ttp metrics import FILE" in world.ttp("metrics", "pull", "--account", "x/none").err
    assert world.ttp("metrics", "pull", "--account", "x/nobody").code == 3


def test_a_dead_token_is_exit_4_unless_something_else_went_wrong_too(world: World) -> None:
    from dataclasses import replace

    world.connect("instagram/demo", "tiktok/demo")
    world.past("tiktok/demo", 1)
    world.state.save(replace(world.state.accounts["instagram/demo"], dead=460))
    ran = world.ttp("metrics", "pull", "--history", "5")
    assert (ran.code, [row[1] for row in ran.rows]) == (4, ["0", "1"])
    assert "ttp account connect instagram/demo" in ran.err
    world.state.limits = {"POST /v2/video/list/": 0}
    assert world.ttp("metrics", "pull", "--history", "5").code == 6


def test_the_publisher_goes_on_where_the_platform_does_not_answer(world: World) -> None:
    published(world, "instagram")
    world.ttp.clock.advance(hours=2)
    world.patch.setenv("TTP_PLATFORMS__INSTAGRAM__BASE_URL", "http://127.0.0.1:1")
    assert world.ttp("run", "--once").err == ""
    world.patch.setenv("TTP_PLATFORMS__INSTAGRAM__BASE_URL", world.sandbox.url)
    world.ttp.ok("run", "--once")
    assert world.ttp.count("sample") == 0, "it was put off"
    world.ttp.clock.advance(minutes=30)
    world.ttp.ok("run", "--once")
    assert world.ttp.count("sample") == 1


def test_ages_that_cannot_be_read_are_refused_at_once(world: World) -> None:
    world.patch.setenv("TTP_METRICS__AFTER", "1h soon")
    ran = world.ttp("list")
    assert ran.code == 2
    assert all(word in ran.err for word in ("TTP_METRICS__AFTER", '"soon"'))


def test_a_person_is_asked_before_more_than_a_few_cents_and_may_say_no(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def confirm(context: Context, question: str) -> bool:
        asked.append(question) if not context.yes else None
        return context.yes

    monkeypatch.setattr(Context, "confirm", confirm)
    world.connect("x/demo")
    world.past("x/demo", 3)
    assert world.pull("--account", "x", "--history", "10")[0]["read"] == 3
    refused = world.ttp("metrics", "pull", "--account", "x", "--history", "11")
    assert (refused.code, refused.out) == (1, "")
    assert asked == ["Pull them?"]
    assert world.pull("--account", "x", "--history", "11", "--yes")[0]["read"] == 3


def test_a_bar_on_a_terminal_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def drawn(*, most: int = 3, quiet: bool = False) -> str:
        stderr = Terminal()
        monkeypatch.setattr("sys.stderr", stderr)
        out = Output(io.StringIO(), stderr, quiet=quiet, now=lambda: datetime.now(UTC))
        with progress(out, "x/me", most) as tell:
            tell(2)
        return stderr.getvalue()

    assert "x/me" in drawn()
    assert "2/3" in drawn()
    assert drawn(quiet=True) == drawn(most=0) == ""


def test_a_post_that_is_not_named_yet_is_said_and_no_failure(world: World) -> None:
    world.connect("tiktok/demo")
    for number in (1, 2):
        post = world.ttp.post("Hello", "--to", "tiktok")
        world.ttp.bring(post, "published", remote_id=f"v_pub_file~{number}", published_at=world.ttp.clock.now())
        ran = world.ttp.ok("metrics", "pull")
        assert (ran.rows[0][0], f"{number} post" in ran.err) == ("tiktok/demo", True)


def test_the_time_to_go_on_names_its_day_where_that_is_another(world: World) -> None:
    world.connect("tiktok/demo")
    world.state.limits = {"POST /v2/video/list/": 0}
    shortly_before = START.replace(hour=23, minute=59, second=15)
    world.ttp.clock.advance((shortly_before - world.ttp.clock.now()).total_seconds())
    ran = world.ttp("metrics", "pull", "--history", "1")
    assert re.search(r" Wed 00:00\n  try: ttp metrics pull --account tiktok/demo --history 1\n", ran.err)


def test_a_terminal_gets_sentences(world: World) -> None:
    world.connect("instagram/demo")
    world.past("instagram/demo", 1)
    said = world.ttp.ok("metrics", "pull", "--history", "5", "--format", "table").out
    assert said == "instagram/demo: 1 post read: 1 new, 0 updated, 0 unchanged, 0 rejected.\n"
    assert world.ttp("metrics", "pull", "--fields", "x").code == 2


# When followers are online.


def online_json(world: World, *argv: str) -> Any:
    return world.ttp.ok("optimal", "--account", "instagram/demo", "--json", *argv).json["recommendation"][
        "onlineFollowers"
    ]


def test_hours_of_online_followers_are_stored_by_a_pull_and_shown_as_instagram_names_them(world: World) -> None:
    world.connect("instagram/demo", "x/demo")
    world.past("instagram/demo", 3)
    assert online_json(world) is None
    world.pull("--account", "instagram/demo", "--history", "3")
    found = online_json(world)
    assert list(found) == ["days", "from", "to", "hours"]
    assert found["days"] == 27
    assert [one["hour"] for one in found["hours"]] == [str(hour) for hour in range(24)]
    assert max(found["hours"], key=lambda one: one["followers"])["hour"] == "11"
    world.pull("--account", "instagram/demo", "--history", "3")
    assert online_json(world, "--fields", "onlineFollowers") == found
    assert len(world.asked("/insights")) == 8  # three posts and the account, twice
    world.ttp.ok("account", "remove", "instagram/demo", "--yes")


def test_an_account_with_few_followers_has_no_such_hours_and_no_word_of_it(world: World) -> None:
    world.connect("instagram/demo")
    account = world.state.accounts["instagram/demo"]
    world.state.accounts["instagram/demo"] = replace(account, followers=99)
    world.past("instagram/demo", 1)
    ran = world.ttp("metrics", "pull", "--history", "1")
    assert (ran.code, ran.err) == (0, "")
    assert online_json(world) is None
