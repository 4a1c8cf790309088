"""The composite actions do in a clean folder what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions import run_action
from tests.repository import make_repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository", "bluesky/acme.bsky.social")


def test_the_action_annotates_posts_with_errors(tmp_path: Path) -> None:
    posts = tmp_path / "repository" / "posts"
    posts.mkdir(parents=True)
    (posts / "good.md").write_text(f"---\nto: mastodon/me@example.org\n---\n\n{'long ' * 150}\n")
    (posts / "long.md").write_text(f"---\nto: x/me\n---\n\n{'long ' * 80}\n")
    ran = run_action("lint", posts.parent, {"paths": "posts/good.md\nposts/long.md\n", "for": "mastodon=1000"})
    assert ran.returncode == 2, ran
    errors = [line.partition("::")[2].partition("::")[0] for line in ran.stdout.splitlines() if "::error" in line]
    assert errors == ["error file=posts/long.md,line=5"]
    assert [path.name for path in posts.parent.iterdir()] == ["posts"]


def test_the_action_announces_a_release_of_a_clone(repository: Path) -> None:
    inputs = {"tag": "v2.1.0", "dry-run": "True"}
    shown = run_action("announce", repository, inputs)
    assert (shown.returncode, "widget 2.1.0 is out." in shown.stdout) == (0, True), shown
    first, *_, last = shown.stdout.splitlines()
    assert (first, len(last)) == (f"::stop-commands::{last.strip(':')}", 36)  # no line between them is a command
    assert (
        run_action("announce", repository, {**inputs, "dry-run": "false"}).returncode == 7
    )  # neither store nor secret
    assert run_action("announce", repository, {**inputs, "tag": "$(touch made)"}).returncode == 3
    assert not (repository / "made").exists()
