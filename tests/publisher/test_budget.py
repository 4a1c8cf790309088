"""The budget of a month: refused when scheduled, kept when published, and what was spent is what was called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.publisher.world import World, open_world
from ttp.domain.publishing.attempt import Kind
from ttp.domain.publishing.outcome import Handle, NotDone, Outcome
from ttp.platforms.client import PublishRequest
from ttp.platforms.x.client import XClient
from ttp.sandbox.files import PHOTO
from ttp.sandbox.server import RunningSandbox

pytestmark = pytest.mark.usefixtures("a_day_passes")

LINK = "see https://example.com/menu"


@pytest.fixture
def spending(tmp_path: Path, shared_sandbox: RunningSandbox) -> Iterator[World]:
    with open_world(shared_sandbox, tmp_path, FakeClock()) as world:
        for name in ("x/me", "x/shop", "bluesky/me.example"):
            world.account(name)
        yield world


def budget(world: World, usd: str) -> None:
    world.ttp.ok("config", "set", "platforms.x.budget_usd", usd)


def spent(world: World) -> dict[str, float]:
    world.clock.advance(1)
    report = world.ttp("report", "--since", "1d", "--json").json
    return dict(report["spentUsd"])


def kinds(world: World) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in world.ttp.sql("SELECT state, error_kind FROM delivery ORDER BY id")]


def test_what_is_published_over_the_budget_fails_alone_and_a_retry_after_a_raise_works(spending: World) -> None:
    spending.ttp.ok("create", LINK, "--to", "x/me,x/shop,bluesky/me.example", "--at", "now")
    budget(spending, "0.30")
    spending.run()
    assert kinds(spending) == [("published", None), ("failed", Kind.BUDGET.value), ("published", None)]
    (error,) = [one["error"] for one in spending.ttp.shown(1)["deliveries"] if one["error"]]
    assert error["hint"] == "ttp config set platforms.x.budget_usd 1"
    assert spent(spending) == {"x": 0.2}
    assert spending.ttp("retry", "1").code == 6
    assert [kind for _, kind in kinds(spending)] == [None, Kind.BUDGET.value, None]
    budget(spending, "0.40")
    spending.ttp.ok("retry", "1")
    assert {state for state, _ in kinds(spending)} == {"published"}
    assert spent(spending) == {"x": 0.4}


def test_a_thread_that_failed_gets_the_rest_only_while_the_budget_allows_it(
    spending: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, calls = XClient.publish, iter(range(9))

    def refuse_second(self: XClient, request: PublishRequest, handle: Handle) -> Outcome:
        return NotDone(Kind.CONTENT, "no") if next(calls) == 1 else publish(self, request, handle)

    monkeypatch.setattr(XClient, "publish", refuse_second)
    budget(spending, "0.05")
    spending.ttp.ok("create", "One", "--thread", "Two", "--thread", "Three", "--to", "x/me", "--at", "now")
    spending.run()
    spending.ttp.ok("create", "Other", "--to", "x/shop", "--at", "now")
    spending.run()
    before = spending.ttp.count("attempt")
    assert spending.ttp("retry", "1").code == 6
    assert kinds(spending) == [("failed", Kind.BUDGET.value), ("published", None)]
    steps = spending.ttp.sql(f"SELECT step, phase FROM attempt ORDER BY id LIMIT 9 OFFSET {before}")
    assert [tuple(row) for row in steps] == [
        ("check the token", "prepare"),
        ("POST /2/tweets (part 2 of 3)", "prepare"),
    ]
    budget(spending, "0.06")
    spending.ttp.ok("retry", "1")
    assert spent(spending) == {"x": 0.06}


def test_decorative_media_cost_what_they_were_said_to(spending: World) -> None:
    """X is told no alt text of them, and charges none."""
    budget(spending, "0.20")
    spending.ttp.ok("create", LINK, "--media", str(PHOTO), "--alt", "none", "--to", "x/me", "--at", "now")
    spending.run()
    assert (kinds(spending), spent(spending)) == ([("published", None)], {"x": 0.2})


def test_a_post_that_would_pass_it_with_what_is_planned_is_refused_with_the_sum(spending: World) -> None:
    budget(spending, "0.45")
    spending.ttp.ok("create", LINK, "--to", "x/me", "--at", "in 2h")
    spending.ttp.ok("create", LINK, "--to", "x/shop", "--at", "in 3h")
    thread = [word for part in ("Two", "Three", "Four") for word in ("--thread", part)]
    refused = spending.ttp("create", "One", *thread, "--to", "x/me", "--at", "in 4h", "--json")
    assert refused.code != 0
    (problem,) = [one for one in refused.error["problems"] if one["code"] == "budget"]
    assert (problem["field"], "$0.46" in problem["message"]) == ("scheduledAt", True)
    spending.ttp.ok("create", "One", "--thread", "Two", "--to", "x/me", "--at", "in 4h")
    spending.ttp.ok("create", LINK, "--to", "x/me", "--at", "in 40d")
    spending.ttp.ok("create", LINK, "--to", "x/me")
    spending.ttp.ok("edit", "1", "--tag", "news")
    assert spending.ttp("schedule", "5", "--at", "in 5h").code != 0


def test_an_import_counts_its_own_rows(spending: World, tmp_path: Path) -> None:
    budget(spending, "0.45")
    rows = [f'"{LINK} {number}",x/me,2026-11-25T0{number}:00:00Z' for number in (1, 2, 3)]
    sheet = tmp_path / "posts.csv"
    sheet.write_text("\n".join(["content,accounts,scheduledAt", *rows]))
    result = spending.ttp("import", str(sheet), "--json")
    assert (result.code != 0, spending.ttp.sql("SELECT count(*) FROM post")[0][0]) == (True, 0)


def test_the_posts_of_a_repeat_count_together(spending: World) -> None:
    budget(spending, "0.10")
    spending.ttp.ok("create", "One", "--to", "x/me")
    arguments = ("repeat", "add", "1", "--cron", "0 9 * * *", "--until", "2026-12-31")
    refused = spending.ttp(*arguments, "--json")
    assert ([one["code"] for one in refused.error["problems"]], spending.ttp.count("post")) == (["budget"], 1)
    spending.ttp.ok(*refused.error["hint"].split()[1:])
    spending.ttp.ok(*arguments)


def test_a_plan_stays_within_the_budget_or_changes_nothing(spending: World) -> None:
    budget(spending, "0.02")
    for text in ("One", "Two"):
        spending.ttp.ok("create", text, "--to", "x/me")
    for option in ("--dry-run", "--yes"):
        refused = spending.ttp("plan", "1", "2", "--days", "3", option, "--json")
        assert [one["code"] for one in refused.error["problems"]] == ["budget"]
    assert spending.ttp.ok("list", "--status", "scheduled", "--json").json == []
    spending.ttp.ok("plan", "1", "--days", "3", "--yes")


def test_a_budget_below_any_price_is_no_missing_one(spending: World) -> None:
    budget(spending, "0.0004")
    assert spending.ttp("create", "One", "--to", "x/me", "--at", "in 2h").code != 0


def test_a_row_that_is_refused_costs_the_others_nothing(spending: World, tmp_path: Path) -> None:
    budget(spending, "0.10")
    (tmp_path / "posts.csv").write_text(f"content,accounts\n{LINK},x/me\nOne,x/me\n")
    arguments = ("import", str(tmp_path / "posts.csv"), "--spread", "even", "--days", "5", "--partial", "--json")
    spending.ttp(*arguments)
    assert [post["content"] for post in spending.ttp.ok("list", "--json").json] == ["One"]


@pytest.mark.parametrize("amount", ["0", "ten", "-1", "nan"])
def test_a_budget_is_an_amount_above_zero(spending: World, amount: str) -> None:
    refused = spending.ttp("config", "set", "--", "platforms.x.budget_usd", amount)
    assert (refused.code, refused.out) == (2, "")
    assert spending.ttp("config", "get", "platforms.x.budget_usd").out.strip() in ("0", "0.0")
