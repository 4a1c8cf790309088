"""Hints about single values: what is suggested for one is the value that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Fill, Program


def accounts(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.account("instagram/shop")


FILES = {
    "cell.csv": "at,to,text\n2099-01-01 09:00,x;instagram,Hi\n",
    "vars.csv": "to,template,vars.verison\nx,./t.md,3\n",
    "t.md": "{{ vars.version }} is out",
    "field.md": "---\nto: x\nimgage: a.jpg\n---\nHi\n",
    "odd.md": "---\nto: x\nzzz: a.jpg\n---\nHi\n",
    "likes.csv": "account,remote_id,published_at,likes,comments,shares,views\nx/me,1,2026-11-20T09:00Z,1,1,1,1\n",
}


def test_a_text_for_a_platform_that_the_post_does_not_go_to_is_named(fill: Fill) -> None:
    ttp = fill(accounts)
    words = ("create", "Hi", "--to", "x/me", "--text", "x=Other")
    assert "instagram" not in ttp.ok(*words).err
    assert "instagram" in ttp.ok(*words, "--text", "instagram=Another").err


@pytest.mark.parametrize(
    ("typed", "code", "hints"),
    [
        (["create", "Hi", "--to", "x;instagram"], 2, ["ttp create Hi --to x,instagram --json"]),
        (["create", "Hi", "--to", "x and instagram"], 2, ["ttp create Hi --to x,instagram --json"]),
        (["create", "Hi", "--to", "twiter"], 2, ["ttp create Hi --to twitter --json"]),
        (["create", "Hi", "--to", "+x"], 2, []),
        (
            ["create", "Hi", "--to", "instagram", "--set", "kind=reel"],
            2,
            ["ttp create Hi --to instagram --set instagram.kind=reel --json"],
        ),
        (["create", "-", "--to", "x"], 2, ["ttp create Hello --to x --json"]),
        (["import", "cell.csv"], 2, ["x,instagram"]),
        (["import", "vars.csv"], 2, ["vars.version"]),
        (["import", "field.md"], 2, ["media"]),
        (["import", "odd.md"], 2, []),
        (["lint", "cell.csv", "--for", "x=0"], 2, ["ttp lint cell.csv --for x --json"]),
        (["lint", "cell.csv", "--for", "x,mastodon=0"], 2, ["ttp lint cell.csv --for x,mastodon=1000 --json"]),
        (["list", "--fields", "contnt"], 2, ["ttp list --fields content --json"]),
        (["list", "--fields", "zzz"], 2, []),
        (["redo"], 3, ["ttp undo --list"]),
        (["metrics", "import", "likes.csv"], 0, []),
    ],
    ids=str,
)
def test_a_value_is_named_that_fits(
    fill: Fill, typed: list[str], code: int, hints: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp = fill(accounts)
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    ran = ttp(*typed, "--json")
    assert ran.code == code, ran
    if code:
        assert [*ran.error["hints"], *(one["hint"] for one in ran.error["problems"])] == hints
