"""How long `--at optimal` and `ttp optimal next` wait: `--within`, `best.within`, and the later hour that is named."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.conftest import Program, program
from tests.store.stores import duplicate

START = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def history() -> str:
    """Posts of 140 days at 12:00 and 18:00, where they bring more; on Saturdays 2.5 times as much."""
    dice = Random(1)
    rows = ["account,remoteId,publishedAt,observedAt,likes,comments,shares,views"]
    for number in range(140):
        at = START + number * DAY + timedelta(hours=(12, 18)[number % 2])
        likes = round(dice.lognormvariate(5, 0.6) * (2.5 if at.weekday() == 5 else 1) * (1.8 if at.hour == 18 else 1))
        rows.append(f"x/me,p{number},{at:%Y-%m-%dT%H:%MZ},{at + 3 * DAY:%Y-%m-%dT%H:%MZ},{likes},0,0,900")
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with program(tmp_path_factory.mktemp("within"), FakeClock()) as ttp:
        ttp.account("x/me")
        ttp.ok("metrics", "import", "-", stdin=history())
        yield ttp.home


@pytest.fixture
def known(ttp: Program, measured: Path) -> Program:
    """It is Tuesday 24 November."""
    duplicate(measured, ttp.home)
    return ttp


def following(ttp: Program, *words: str) -> Any:
    return ttp.ok("optimal", "next", "--account", "x/me", "--json", *words).json["slot"]


def test_the_named_later_hour_is_what_the_reach_beside_it_gives(known: Program) -> None:
    slot = following(known)
    later = slot["later"]
    assert (later["day"], later["uplift"] > slot["uplift"]) == ("Saturday", True)

    waited = following(known, "--within", later["within"])

    assert (waited["at"], waited["uplift"], waited["later"]) == (later["at"], later["uplift"], None)


def test_the_suggested_command_moves_the_post_to_the_later_hour(known: Program) -> None:
    later = following(known)["later"]["at"]
    ran = known.ok("create", "hi", "--to", "x/me", "--at", "best")
    (command,) = [line.partition("try: ")[2] for line in ran.err.splitlines() if "try: ttp schedule 1 " in line]

    known.ok(*shlex.split(command)[1:])

    assert known.shown(1)["scheduledAt"] == later


def test_a_later_hour_is_named_to_one_of_several_posts(known: Program) -> None:
    for text in ("one", "two"):
        known.ok("create", text, "--to", "x/me")
    ran = known.ok("schedule", "1-2", "--at", "optimal")
    assert [ran.err.count(f"ttp schedule {post} --at 'optimal within") for post in (1, 2)] == [1, 0]


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "optimal", "--within", "5d"),
        ("--at", "best", "--within", "5 days"),
        ("--at", "optimal within 5d"),
        ("--at", "the best time within 120 hours"),
    ],
)
def test_every_way_to_say_how_long_to_wait_means_the_same(known: Program, words: tuple[str, ...]) -> None:
    saturday = following(known)["later"]["at"]
    assert known.ok("create", "hi", "--to", "x/me", "--json", *words).json["scheduledAt"] == saturday
    known.ok("edit", "1", "--at", "in 1h")
    assert known.ok("edit", "1", "--json", *words).json["scheduledAt"] == saturday
    known.post("second")
    known.ok("edit", "2", "--to", "x/me")
    assert known.ok("schedule", "2", "--json", *words).json[0]["scheduledAt"] != saturday


def test_the_setting_is_the_usual_reach(known: Program) -> None:
    known.ok("config", "set", "best.within", "5d")
    slot = following(known)
    assert (slot["day"], slot["later"]) == ("Saturday", None)
    assert known("config", "set", "best.within", "soon").code == 2


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        pytest.param(("optimal", "next", "--within", "30d"), "--within 1w", id="beyond the horizon"),
        pytest.param(
            ("optimal", "next", "--within", "5m"), "ttp optimal next --account x/me\n", id="no hour begins so soon"
        ),
        pytest.param(("optimal", "next", "--within", "0h"), "--within 1w", id="no time at all"),
        pytest.param(("optimal", "next", "--within", "0"), "--within 2h30m", id="nothing of no unit"),
        pytest.param(("optimal", "next", "--within", "soon"), "2h30m", id="no duration"),
        pytest.param(("create", "hi", "--to", "x/me", "--within", "2d"), "--at optimal", id="without a time"),
        pytest.param(("create", "hi", "--to", "x/me", "--at", "noon", "--within", "2d"), "--at optimal", id="not best"),
        pytest.param(
            ("create", "hi", "--to", "x/me", "--at", "best", "--within", "30d"),
            "--at 'optimal within 1w'",
            id="too far",
        ),
        pytest.param(
            ("create", "hi", "--to", "x/me", "--at", "best within 4d", "--within", "2d"),
            "--at optimal --within 2d",
            id="twice",
        ),
        pytest.param(("edit", "--where", "tag=a", "--delete", "--within", "2d"), "--at optimal", id="of many"),
    ],
)
def test_a_reach_that_cannot_be_is_refused_with_a_way_out(known: Program, argv: tuple[str, ...], words: str) -> None:
    ran = known(*argv)
    assert ran.code == 2
    assert words in ran.err
    assert known.count("post") == 0
