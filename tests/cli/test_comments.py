"""A post's first comment, from the command line to the network and back."""

from __future__ import annotations

import pytest

from tests.cli.commands.test_media_texts import demo_accounts
from tests.conftest import Program
from ttp.sandbox.server import RunningSandbox

TEXT = "Links: https://example.com/new"
NETWORKS = ["bluesky", "mastodon", "x"]


@pytest.fixture(params=NETWORKS)
def name(request: pytest.FixtureRequest, ttp: Program, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    (name,) = demo_accounts(sandbox, request.param)
    ttp.rehearse(monkeypatch, sandbox, name, processing_s=0.0)
    return name


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
    print(parent, reply)
