"""A program that has no memory left says so in one line."""

from __future__ import annotations

import pytest

from tests.conftest import Program


def no_memory(*_: object, **__: object) -> None:
    raise MemoryError


@pytest.mark.parametrize(
    ("place", "argv"),
    [
        ("ttp.services.queries.Queries.views", ("list",)),
        ("ttp.services.posts.Posts.create", ("create", "hello")),
        ("ttp.cli.app.run", ("list",)),
        ("ttp.cli.complete.complete", ("__complete", "post")),
        ("ttp.cli.command_table.help_page", ()),
        ("ttp.publisher.loop.Loop.run", ("run", "--once")),
        ("ttp.publisher.wiring.Coordination", ("run", "--once")),
    ],
)
def test_no_memory_is_one_line(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, place: str, argv: tuple[str, ...]
) -> None:
    ttp.post("hello")
    monkeypatch.setattr(place, no_memory)
    ran = ttp(*argv)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "memory" in ran.err
    assert "bug" not in ran.err


def test_no_memory_is_an_error_in_json_too(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.post("hello")
    monkeypatch.setattr("ttp.services.queries.Queries.views", no_memory)
    ran = ttp("list", "--json")
    assert (ran.code, ran.out, ran.error["exit"]) == (1, "", 1)


def test_no_memory_even_for_the_message(
    ttp: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ttp.services.queries.Queries.views", no_memory)
    monkeypatch.setattr("ttp.cli.output.write_error", no_memory)
    assert ttp("list").code == 1
    assert len(capfd.readouterr().err.splitlines()) == 1
