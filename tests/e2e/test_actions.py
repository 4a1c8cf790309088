"""The composite actions do in a clean folder what they say."""

from __future__ import annotations

from pathlib import Path

from tests.actions import run_action


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
