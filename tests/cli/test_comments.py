"""A post's first comment, from the command line to the network and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.cli.commands.test_media_texts import demo_accounts
from tests.conftest import Program
from ttp.sandbox.server import RunningSandbox
from ttp.store import notifications

TEXT = "Links: https://example.com/new"
NETWORKS = ["bluesky", "mastodon", "x"]


def rehearse(ttp: Program, sandbox: RunningSandbox, patch: pytest.MonkeyPatch, *networks: str) -> list[str]:
    names = demo_accounts(sandbox, *networks)
    ttp.rehearse(patch, sandbox, *names, processing_s=0.0)
    return names


@pytest.fixture(params=NETWORKS)
def name(request: pytest.FixtureRequest, ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    return rehearse(ttp, sandbox, monkeypatch, request.param)[0]


@pytest.fixture
def x(ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    return rehearse(ttp, sandbox, monkeypatch, "x")[0]


def comment_of(ttp: Program, post: int = 1) -> Any:
    (delivery,) = ttp.shown(post)["deliveries"]
    return delivery["comment"]


def bring(ttp: Program, state: str, **columns: object) -> None:
    """Bring the comment on the published post into a state, as the publisher would have."""
    sets = "".join(f", {name} = ?" for name in columns)
    sql = f"UPDATE delivery SET state = ?, next_at = NULL{sets} WHERE parent_id IS NOT NULL"
    ttp.sql(sql, state, *columns.values())


@pytest.fixture
def published(ttp: Program, x: str) -> str:
    """A published post whose comment is due in ten minutes; its account."""
    ttp.post("Hello", "--to", x, "--at", "now", "--comment", TEXT, "--comment-after", "10m")
    ttp.ok("run", "--once")
    return x


def test_a_comment_replies_to_its_post_once_that_is_published(ttp: Program, sandbox: RunningSandbox, name: str) -> None:
    ttp.post("Hello", "--to", name, "--at", "now", "--comment", TEXT, "--comment-after", "10m")
    ttp.ok("run", "--once")
    (delivery,) = ttp.shown()["deliveries"]
    comment = delivery["comment"]
    assert (delivery["state"], comment["state"], comment["text"]) == ("published", "pending", TEXT)
    ttp.clock.advance(minutes=11)
    ttp.ok("run", "--once")
    post = ttp.shown()
    comment = post["deliveries"][0]["comment"]
    assert (comment["state"], post["status"], post["publishedAt"]) == (
        "published",
        "published",
        delivery["publishedAt"],
    )
    parent, reply = sandbox.state.posts.values()
    assert (reply.text, reply.parent) == (TEXT, parent.id)


def test_whoever_watches_reads_when_it_follows(ttp: Program, x: str) -> None:
    ttp.post("Hello", "--to", x, "--at", "now", "--comment", TEXT, "--comment-after", "10m")
    last = ttp.ok("run", "--once", "--format", "table").out.splitlines()[-1]
    at = ttp.clock.now() + timedelta(minutes=10)
    assert last == f"          next: comment on post 1, today {at:%H:%M} (in 10 min)"


# Before it is stored.


def test_it_is_checked_by_the_rules_of_each_network(ttp: Program, x: str) -> None:
    too_long = ttp("create", "Hello", "--to", x, "--at", "now", "--comment", "long " * 80, "--json")
    assert too_long.code == 2
    (problem,) = too_long.error["problems"]
    assert (problem["field"], problem["code"], problem["account"]) == ("comment", "text_too_long", x)
    same = ttp.ok("create", "Hello", "--to", x, "--at", "now", "--comment", "Hello", "--json").json
    assert any("has the text of its post" in warning for warning in same["warnings"])


def test_it_is_checked_on_a_post_that_never_had_a_time(ttp: Program) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x/me")
    ttp.bring(1, "published", remote_id="1", published_at=ttp.clock.now())
    assert ttp("edit", "1", "--comment", "long " * 80).code == 2
    ttp.ok("edit", "1", "--comment", TEXT)


def test_who_gets_none_is_told(ttp: Program) -> None:
    for account in ("x/me", "linkedin/me"):
        ttp.account(account)
    both = ttp.ok("create", "Hello", "--to", "x/me,linkedin/me", "--at", "in 1h", "--comment", TEXT, "--json").json
    assert [(d["account"], d["comment"] is None) for d in both["deliveries"]] == [
        ("linkedin/me", True),
        ("x/me", False),
    ]
    assert any("linkedin/me" in warning for warning in both["warnings"])
    alone = ttp("create", "Hi", "--to", "linkedin/me", "--at", "in 9d", "--comment", TEXT, "--json")
    assert (alone.code, alone.error["problems"][0]["code"]) == (2, "comment_nowhere")
    idle = ttp.ok("create", "Hello", "--to", "x/me", "--comment-after", "5m", "--at", "in 2h", "--json").json
    soon = ttp("create", "Hi", "--comment", TEXT, "--comment-after", "soon", "--json")
    assert soon.error["hints"] == [f"ttp create Hi --comment '{TEXT}' --comment-after 10m --json"]
    assert any("no comment" in warning for warning in idle["warnings"])


def test_a_dry_run_shows_its_length_and_its_price(ttp: Program, x: str) -> None:
    argv = ("create", "Hello", "--to", x, "--dry-run", "--comment", TEXT)
    (version,) = ttp.ok(*argv, "--json").json["versions"]
    assert version["comment"] == {"text": TEXT, "length": 30, "limit": 280, "lostAnswer": "look_up"}
    assert version["costUsd"] == 0.215
    assert ttp.ok(*argv).out.splitlines()[1] == f"{x} comment\t1\t30\t280\t\t{TEXT}"


def test_its_links_are_tagged(ttp: Program) -> None:
    ttp.account()
    ttp.ok("config", "set", "links.own", "example.com")
    ttp.post("Hello", "--to", "x/me", "--utm", "--comment", TEXT)
    assert comment_of(ttp)["text"].startswith(f"{TEXT}?utm_source=x")


def test_one_on_a_post_that_failed_is_told_with_the_fix(ttp: Program) -> None:
    ttp.account()
    post = ttp.post("Hello", "--to", "x/me", "--at", "in 1h")
    ttp.bring(post, "failed", error=("content", "no"))
    warnings = ttp.ok("edit", str(post), "--comment", TEXT, "--json").json["warnings"]
    assert any("waits until the post is published" in warning for warning in warnings)
    assert "ttp retry 1" in ttp.ok("edit", str(post), "--comment", "Another").err
    assert comment_of(ttp)["state"] == "pending"


# People.


@pytest.mark.parametrize(("state", "need"), [("failed", "retry"), ("needs_review", "review")])
def test_one_that_needs_a_person_is_shown_everywhere(ttp: Program, published: str, state: str, need: str) -> None:
    bring(ttp, state, error_kind="unknown", error_message="no answer")
    post = ttp.shown()
    assert (post["status"], post["needs"]) == ("published", [need])
    assert [one["id"] for one in ttp.ok("list", "--needs-you", "--json").json] == [1]
    assert [one["id"] for one in ttp.ok("list", "--search", "example.com", "--json").json] == [1]
    status = ttp("status", "--json").json
    assert status["needs"][{"failed": "retry", "needs_review": "review"}[state]] == 1


def test_each_is_a_row_of_its_own(ttp: Program, published: str) -> None:
    rows = [line.split("\t")[:2] for line in ttp.ok("show", "1").out.splitlines()]
    assert rows == [[published, "published"], [f"{published} comment", "pending"]]


def test_the_log_tells_it_from_its_post(ttp: Program, published: str) -> None:
    ttp.clock.advance(minutes=11)
    ttp.ok("run", "--once")
    calls = [one for one in ttp.ok("log", "1", "--json").json if one["phase"] == "publish"]
    assert [one["comment"] for one in calls] == [False, True]
    accounts = {line.split("\t")[1] for line in ttp.ok("log", "1").out.splitlines()}
    assert accounts == {published, f"{published} comment"}
    assert "comment: POST" in ttp.ok("log", "1", "--format", "table").out


def test_what_failed_is_the_comment_not_the_post(ttp: Program, published: str) -> None:
    assert "comment on x" in ttp("status", "--format", "table").out
    bring(ttp, "failed", error_kind="content", error_message="no")
    assert "the comment on post 1 failed" in ttp("status", "--format", "table").out
    for command in ("publish", "schedule"):
        more = ["--at", "in 1h"] if command == "schedule" else ["--yes"]
        assert ttp(command, "1", *more, "--json").error["hints"] == ["ttp retry 1"]
    bring(ttp, "needs_review")
    assert "the comment on post 1 may be live" in ttp("status", "--format", "table").out
    hints = ttp("resolve", "1", "--published", "1890", "--json").error["hints"]
    assert hints[0] == "ttp resolve 1 --account x/demo --comment --published 1890"


def test_it_may_be_sent_before_its_time(ttp: Program, published: str, sandbox: RunningSandbox) -> None:
    scheduled_at = ttp.shown()["scheduledAt"]
    ttp.ok("publish", "1", "--yes")
    assert (comment_of(ttp)["state"], ttp.shown()["scheduledAt"]) == ("published", scheduled_at)
    assert ttp("publish", "1", "--yes").code == 2
    assert len(sandbox.state.posts) == 2


def test_a_repetition_needs_another_text(ttp: Program, x: str) -> None:
    ttp.post("Hello", "--to", x, "--at", "now", "--comment", "Hello")
    assert ttp("run", "--once").code == 6
    assert comment_of(ttp)["error"]["hint"] == "ttp edit 1 --comment TEXT"
    assert "ttp edit 1 --comment TEXT && ttp retry 1" in ttp.ok("show", "1", "--format", "table").out


def test_one_on_a_post_without_an_id_can_only_go(
    ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = rehearse(ttp, sandbox, monkeypatch, "threads")
    ttp.post("Hello", "--to", name, "--at", "now", "--comment", TEXT)
    ttp.bring(1, "needs_review")
    ttp.ok("resolve", "1", "--published", "https://www.threads.net/@demo/post/Us2daV4GL3M")
    drop = "ttp edit 1 --comment ''"
    for _ in range(2):
        assert (comment_of(ttp)["state"], comment_of(ttp)["error"]["hint"]) == ("failed", drop)
        ttp("retry", "1")
    assert not sandbox.state.posts
    assert "ttp retry" not in ttp.ok("show", "1", "--format", "table").out
    ttp.ok("edit", "1", "--comment", "")
    assert ttp.shown()["needs"] == []


def test_a_run_in_which_one_fails_ends_with_6(ttp: Program, published: str, sandbox: RunningSandbox) -> None:
    sandbox.state.posts.clear()  # the post is gone, so nothing can reply to it
    ttp.clock.advance(minutes=11)
    assert ttp("run", "--once").code == 6
    assert (comment_of(ttp)["state"], ttp.shown()["status"]) == ("failed", "published")


def test_a_person_settles_it(ttp: Program, published: str) -> None:
    bring(ttp, "needs_review")
    assert (
        ttp("delete", "1", "--yes", "--json").error["hints"][0].startswith("ttp resolve 1 --account x/demo --comment")
    )
    assert ttp("resolve", "1", "--not-published").code == 2
    ttp.ok("resolve", "1", "--comment", "--not-published")
    assert comment_of(ttp)["state"] == "failed"
    ttp.ok("retry", "1", "--no-wait")
    assert comment_of(ttp)["state"] == "pending"
    bring(ttp, "needs_review")
    ttp.ok("resolve", "1", "--comment", "--published", "https://x.com/i/status/1890")
    assert (comment_of(ttp)["state"], comment_of(ttp)["remoteId"]) == ("published", "1890")


def test_it_may_be_changed_until_it_is_sent(ttp: Program, published: str, sandbox: RunningSandbox) -> None:
    assert ttp("edit", "1", "Another text").code == 2
    due = comment_of(ttp)["dueAt"]
    ttp.ok("edit", "1", "--comment", "Another comment")
    assert (comment_of(ttp)["text"], comment_of(ttp)["dueAt"]) == ("Another comment", due)
    ttp.ok("edit", "1", "--comment-after", "30m")
    assert comment_of(ttp)["dueAt"] == "2026-11-24T12:30:00Z"
    ttp.ok("edit", "1", "--comment-after", "")
    assert ttp.shown()["commentAfterS"] is None
    ttp.ok("edit", "1", "--comment-after", "10m")
    assert comment_of(ttp)["dueAt"] == due
    ttp.ok("edit", "1", "--comment", "")
    assert (comment_of(ttp), ttp.shown()["commentAfterS"]) == (None, None)
    ttp.ok("undo", "--yes")
    assert comment_of(ttp)["text"] == "Another comment"
    ttp.ok("edit", "1", "--comment", "")
    ttp.ok("edit", "1", "--comment", "The last one", "--comment-after", "1h")
    ttp.clock.advance(minutes=61)
    ttp.ok("run", "--once")
    assert [post.text for post in sandbox.state.posts.values()] == ["Hello", "The last one"]
    assert ttp("edit", "1", "--comment", "Too late").code == 2


def test_a_terminal_shows_the_comment_that_is_next_and_how_it_ended(ttp: Program, published: str) -> None:
    assert "Comment in  10m" in ttp.ok("show", "1", "--format", "table").out
    assert f"comment on {published}" in ttp.ok("status", "--format", "table").out
    ttp.clock.advance(minutes=11)
    assert f"{published}  comment published  " in ttp.ok("run", "--once", "--format", "table").out


def test_undo_and_redo_bring_it_with_its_account(ttp: Program) -> None:
    for account in ("x/me", "threads/me"):
        ttp.account(account)
    ttp.post("Hello", "--to", "x/me", "--at", "in 1h", "--comment", TEXT)
    ttp.ok("edit", "1", "--to", "x/me,threads/me")
    with_both = ttp.shown()["deliveries"]
    assert [one["comment"]["text"] for one in with_both] == [TEXT, TEXT]
    ttp.ok("undo", "--yes")
    assert [one["account"] for one in ttp.shown()["deliveries"]] == ["x/me"]
    ttp.ok("redo", "--yes")
    assert ttp.shown()["deliveries"] == with_both


@pytest.mark.parametrize("stop", [["delete", "1", "--yes"], ["account", "remove", "x/demo", "--yes"]])
def test_what_ends_its_post_ends_it(ttp: Program, published: str, sandbox: RunningSandbox, stop: list[str]) -> None:
    ttp.ok(*stop)
    ttp.clock.advance(hours=1)
    ttp.ok("run", "--once")
    assert len(sandbox.state.posts) == 1


def test_a_removed_account_gets_none_later(ttp: Program, published: str) -> None:
    ttp.ok("account", "remove", published, "--yes")
    refused = ttp("edit", "1", "--comment", "Another", "--json")
    assert [one["code"] for one in refused.error["problems"]] == ["comment_nowhere"]
    assert comment_of(ttp) is None


@pytest.mark.parametrize("name", ["bluesky", "mastodon"], indirect=True)
def test_it_is_no_post_among_the_numbers(ttp: Program, name: str) -> None:
    ttp.post("Hello", "--to", name, "--at", "now", "--comment", TEXT)
    ttp.ok("run", "--once")
    ttp.ok("metrics", "pull", "--account", name, "--history", "10", "--yes")
    (delivery,) = ttp.shown()["deliveries"]
    assert [one["remoteId"] for one in ttp.ok("metrics", "list", "--json").json] == [delivery["remoteId"]]


def test_it_is_deleted_with_its_post(ttp: Program, published: str, sandbox: RunningSandbox) -> None:
    ttp.clock.advance(minutes=11)
    ttp.ok("run", "--once")
    ids = [post.id for post in sandbox.state.posts.values()]
    assert len(ids) == 2
    deleted = ttp.ok("delete", "1", "--remote", "--yes", "--json").json
    assert [one["remoteId"] for one in deleted[0]["remote"]] == list(reversed(ids))
    assert all(post.deleted for post in sandbox.state.posts.values())


def test_one_that_is_sent_while_its_post_is_deleted_stays_known(
    ttp: Program, published: str, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def think(*_: object, **__: object) -> bool:
        ttp.clock.advance(minutes=11)
        ttp.ok("run", "--once")
        return True

    with monkeypatch.context() as patch:
        patch.setattr("ttp.cli.context.Context.confirm", think)
        refused = ttp("delete", "1", "--remote", "--json")
    assert (refused.code, refused.error["hints"]) == (2, ["ttp delete 1 --remote"])
    assert comment_of(ttp)["state"] == "published"
    ttp.ok("delete", "1", "--remote", "--yes")
    assert all(post.deleted for post in sandbox.state.posts.values())


def test_it_is_approved_with_its_post(ttp: Program, x: str, sandbox: RunningSandbox) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.post("Hello", "--to", x, "--at", "now", "--comment", TEXT)
    ttp.ok("approve", "1")
    ttp.ok("edit", "1", "--comment", "Not seen by whoever approved it")
    ttp.ok("run", "--once")
    assert not sandbox.state.posts
    ttp.ok("approve", "1")
    ttp.ok("run", "--once")
    assert len(sandbox.state.posts) == 2


def test_it_loses_its_approval_with_its_post(ttp: Program) -> None:
    ttp.account()
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.post("Hello", "--to", "x/me", "--at", "in 1h", "--comment", TEXT)
    ttp.ok("approve", "1")
    assert "1 post " in ttp.ok("account", "set", "x/me", "--set", "x.made_with_ai=true").err
    assert ttp.sql("SELECT count(*) FROM delivery WHERE approved_at IS NULL")[0][0] == 2


def test_a_later_comment_needs_an_approval_of_its_own(ttp: Program, published: str, sandbox: RunningSandbox) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.clock.advance(minutes=11)
    ttp.ok("run", "--once")
    assert (len(sandbox.state.posts), ttp.shown()["needs"]) == (1, ["approve"])
    ttp.ok("approve", "1")
    ttp.ok("run", "--once")
    assert comment_of(ttp)["state"] == "published"


def test_a_later_comment_is_rejected_alone(ttp: Program, published: str, sandbox: RunningSandbox) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.ok("reject", "1", "--reason", "Which links?")
    post = ttp.shown()
    assert (post["status"], post["rejection"]["reason"], comment_of(ttp), post["needs"]) == (
        "published",
        "Which links?",
        None,
        [],
    )
    assert ttp("reject", "1").code == 2
    ttp.clock.advance(minutes=11)
    ttp.ok("run", "--once")
    assert len(sandbox.state.posts) == 1
    ttp.ok("edit", "1", "--comment", TEXT)
    assert (ttp.shown()["needs"], ttp.shown()["rejection"]) == (["approve"], None)
    ttp.ok("approve", "1")
    ttp.ok("run", "--once")
    assert len(sandbox.state.posts) == 2


def test_the_pace_of_an_account_counts_posts_alone(ttp: Program, x: str, sandbox: RunningSandbox) -> None:
    ttp.ok("config", "set", "publish.min_gap_s", "3600")
    ttp.post("Hello", "--to", x, "--at", "now", "--comment", TEXT, "--comment-after", "10m")
    ttp.ok("run", "--once")
    ttp.clock.advance(minutes=11)
    ttp.ok("run", "--once")
    assert len(sandbox.state.posts) == 2
    ttp.post("The next one", "--to", x, "--at", "in 50m")
    ttp.clock.advance(minutes=51)
    ttp.ok("run", "--once")
    assert len(sandbox.state.posts) == 3


def test_a_comment_needs_the_permission_of_its_account(ttp: Program) -> None:
    ttp.account("instagram/shop")
    new = ("create", "Hello", "--to", "instagram/shop", "--at", "in 1h", "--json")
    ttp.sql("""UPDATE account SET scopes = '["instagram_business_basic"]'""")
    refused = {one["code"]: one for one in ttp(*new, "--comment", "Links").error["problems"]}
    assert refused["permission"]["account"] == "instagram/shop"
    assert "instagram_business_manage_comments" in refused["permission"]["hint"]
    assert "permission" not in {one["code"] for one in ttp(*new).error["problems"]}


def test_it_is_a_notification_of_its_own(ttp: Program, published: str) -> None:
    def look() -> list[tuple[str, bool]]:
        with ttp.database.writing() as db:
            notifications.update(db, ["program"], (), (), ttp.clock.now())
        return [(str(event), ended is not None) for event, ended in ttp.sql("SELECT event, ended_at FROM notification")]

    assert look() == []
    bring(ttp, "failed", error_kind="content", error_message="no")
    assert look() == [("comment.failed", False)]
    assert look() == [("comment.failed", False)]
    ttp.ok("retry", "1", "--no-wait")
    assert look() == [("comment.failed", True)]


def test_a_template_makes_it(ttp: Program) -> None:
    ttp.account()
    folder = ttp.home / "templates"
    folder.mkdir()
    (folder / "release.md").write_text(
        "---\ncomment: 'Notes: {{ vars.link }}'\ncomment-after: 5m\n---\n{{ vars.name }} is out\n"
    )
    values = ("--template", "release", "--var", "name=ttp", "--var", "link=https://example.com/1")
    ttp.post("--to", "x/me", *values)
    post = ttp.shown()
    assert (post["content"], post["comment"], post["commentAfterS"]) == (
        "ttp is out",
        "Notes: https://example.com/1",
        300.0,
    )
    assert comment_of(ttp)["text"] == "Notes: https://example.com/1"
    ttp.post("--to", "x/me", *values[:4], "--comment", "My own")
    assert comment_of(ttp, 2)["text"] == "My own"


def test_a_folder_keeps_it_like_the_other_texts(ttp: Program) -> None:
    ttp.account()
    templates, folder = ttp.home / "templates", ttp.home.parent / "content"
    for place in (templates, folder):
        place.mkdir()
    template, file = templates / "release.md", folder / "a.md"
    template.write_text("---\ncomment: One\n---\nOut now\n")
    file.write_text("---\nto: x/me\nat: 2026-12-01 09:00\ntemplate: release\n---\n")
    ttp.ok("sync", str(folder), "--yes")
    template.write_text("---\ncomment: Two\n---\nOut today\n")
    ttp.ok("sync", str(folder), "--yes")
    assert (ttp.shown()["content"], comment_of(ttp)["text"]) == ("Out now", "One")
    file.write_text("---\nto: x/me\nat: 2026-12-01 09:00\n---\nHello\n\n## comment\n\nLinks\n")
    ttp.ok("sync", str(folder), "--yes")
    ttp.bring(1, "published", remote_id="1", published_at=ttp.clock.now())
    file.write_text(file.read_text().replace("Links", "Other links"))
    assert "a.md has a different text" in ttp.ok("sync", str(folder), "--yes").err
    assert comment_of(ttp)["text"] == "Links"
