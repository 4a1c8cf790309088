"""The state of the set-up: which steps there are, and which of them are done."""

from __future__ import annotations

from tests.conftest import Program
from ttp.cli.context import Context
from ttp.services.installation.setup import Setup, SetupStep


def steps(ttp: Program, *wanted: str, service: bool = False) -> list[SetupStep]:
    context = Context(ttp.clock)
    setup = Setup(
        context.queries, context.status, context.config, context.platforms, zone="Europe/Berlin", service=service
    )
    return list(setup.steps(wanted))


def test_nothing_is_done_in_an_empty_home_and_none_is_made(ttp: Program) -> None:
    found = steps(ttp)
    assert [one.name for one in found] == ["account", "timezone", "media_host", "publisher", "post"]
    assert [one.name for one in found if one.done] == ["timezone"]  # TTP_TZ
    assert not ttp.home.exists()


def test_a_wanted_platform_without_an_account_is_a_step_of_its_own(ttp: Program) -> None:
    ttp.account("x/me")
    found = [(one.value, one.done) for one in steps(ttp, "x", "bluesky", "command") if one.name == "account"]
    assert found == [("x/me", True), ("", False), ("", False)]
    assert not any(one.name == "media_host" for one in steps(ttp, "x", "bluesky"))


def test_an_account_that_is_not_connected_does_not_count(ttp: Program) -> None:
    ttp.ok("account", "add", "x/me")
    assert [one.done for one in steps(ttp) if one.name == "account"] == [False]


def test_a_platform_that_fetches_media_needs_a_host(ttp: Program) -> None:
    ttp.account("instagram/shop")
    assert [one.done for one in steps(ttp) if one.name == "media_host"] == [False]
    ttp.ok("config", "set", "media_host.kind", "folder")
    ttp.ok("config", "set", "media_host.path", "/srv/media")
    assert [(one.done, one.value) for one in steps(ttp) if one.name == "media_host"] == [(False, "folder")]
    ttp.ok("config", "set", "media_host.base_url", "https://media.example.org/")
    assert [(one.done, one.value) for one in steps(ttp) if one.name == "media_host"] == [(True, "folder")]


def test_the_service_or_a_recent_run_is_a_publisher(ttp: Program) -> None:
    publisher = {one.name: one for one in steps(ttp, service=True)}["publisher"]
    assert (publisher.done, publisher.value) == (True, "service")
    ttp.ok("run", "--once")
    publisher = {one.name: one for one in steps(ttp)}["publisher"]
    assert (publisher.done, publisher.value) == (True, "running")
    ttp.clock.advance(days=1)
    assert not {one.name: one for one in steps(ttp)}["publisher"].done


def test_a_post_is_a_post_also_once_it_is_published(ttp: Program) -> None:
    ttp.post("Hello")
    assert {one.name: one.done for one in steps(ttp)}["post"]
