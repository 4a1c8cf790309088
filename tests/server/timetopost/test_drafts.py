"""Drafts that a program submits: known by reference and platform, approved or rejected by a person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Program
from tests.server.conftest import Api
from tests.server.test_planning import ROWS
from tests.server.timetopost.client import TimeToPost
from tests.server.timetopost.conftest import client_of

LATER = "2098-01-01T09:00:00.000Z"
WITHOUT_DATA = "2026-11-24T14:00:00Z"


def batch(client: TimeToPost, *segments: str, ref: str = "digest-7", **more: Any) -> Any:
    variant = {"platform": "x_thread", "segments": list(segments or ("one", "two")), **more}
    return client.ok("create_drafts", external_ref=ref, brand="launch", variants=[variant])["drafts"]


def test_a_batch_waits_for_approval(single: TimeToPost, ttp: Program) -> None:
    answer = single.ok(
        "create_digest_drafts",
        external_ref="digest-7",
        brand="launch",
        variants=[
            {"platform": "twitter", "segments": ["one", "two"], "link": "https://example.org/7"},
            {"platform": "x", "segments": ["other"], "schedule_hint": "optimal"},
        ],
    )
    assert answer["status"] == "pending_approval"
    first, second = answer["drafts"]
    assert (first["id"], first["status"], first["segments"], first["postId"]) == ("1", "PENDING", ["one", "two"], None)
    assert (first["platform"], first["brand"], first["externalRef"]) == ("twitter", "launch", "digest-7")
    assert second["scheduleHint"] == "optimal"
    assert [ttp.shown(number)["key"] for number in (1, 2)] == ["digest-7/x", "digest-7/x/2"]
    assert [one["id"] for one in single.ok("list_drafts", status="PENDING", brand="launch")["drafts"]] == ["2", "1"]
    assert single.ok("list_drafts", brand="nothing")["drafts"] == []


def test_the_same_reference_changes_pending_drafts(single: TimeToPost, ttp: Program) -> None:
    (first,) = batch(single)
    (again,) = batch(single, "better", link="https://example.org", schedule_hint=LATER)
    assert (again["id"], again["segments"], again["link"]) == (first["id"], ["better"], "https://example.org")
    assert again["scheduleHint"].startswith("2098-01-01T09:00")
    assert ttp.count("post") == 1


def test_another_link_or_time_is_another_version_to_approve(single: TimeToPost, ttp: Program) -> None:
    batch(single, "one", link="https://example.org/1", schedule_hint=LATER)
    raised = []
    for link, at in (("1", LATER), ("2", LATER), ("2", "2098-01-02T09:00:00.000Z")):
        (before,) = ttp.sql("SELECT revision FROM post")
        batch(single, "one", link=f"https://example.org/{link}", schedule_hint=at)
        raised.append(ttp.sql("SELECT revision FROM post")[0][0] - before[0])
    assert raised == [raised[0], raised[0] + 1, raised[0] + 1]


@pytest.mark.parametrize(
    ("decide", "status"), [("approve_draft", "approved"), ("reject_draft", "rejected"), ("cancel_post", "rejected")]
)
def test_a_decided_draft_is_not_changed_by_its_reference(
    single: TimeToPost, ttp: Program, decide: str, status: str
) -> None:
    batch(single)
    single.ok(decide, **{"id" if decide == "cancel_post" else "draft_id": "1"})
    before = ttp.sql("SELECT * FROM post")
    variants = [{"platform": "x_thread", "segments": ["better"], "link": "https://example.org"}]
    answer = single.ok("create_drafts", external_ref="digest-7", brand="launch", variants=variants)
    assert answer["status"] == status
    assert ttp.sql("SELECT * FROM post") == before
    assert ttp.sql("SELECT link FROM submitted_draft") == [(None,)]


def test_an_approved_draft_is_scheduled(single: TimeToPost, ttp: Program) -> None:
    batch(single, link="https://example.org")
    done = single.ok("approve_draft", draft_id="1")
    assert (done["postId"], done["scheduledAt"], done["draft"]["status"]) == ("1", WITHOUT_DATA, "APPROVED")
    post = single.ok("get_post", id="1")["post"]
    assert (post["status"], post["thread"]) == ("scheduled", ["two\n\nhttps://example.org"])
    assert single("approve_draft", draft_id="1").data["code"] == "state"
    assert single.ok("list_drafts", status="APPROVED")["drafts"][0]["postId"] == "1"
    ttp.bring(1, "published", next_at=None, remote_id="7", published_at=ttp.clock.now())
    assert [one["postId"] for one in single.ok("list_drafts", status="POSTED")["drafts"]] == ["1"]


def test_a_link_that_is_there_is_not_repeated(single: TimeToPost) -> None:
    batch(single, "see https://example.org", link="https://example.org")
    assert single.ok("approve_draft", draft_id="1")["post"]["content"] == "see https://example.org"


@pytest.mark.parametrize(
    ("hint", "given", "at"),
    [
        ({"schedule_hint": LATER}, {}, "2098-01-01T09:00:00Z"),
        ({"schedule_hint": LATER}, {"scheduled_for": "2098-02-01T09:00:00.000Z"}, "2098-02-01T09:00:00Z"),
        ({"schedule_hint": "optimal"}, {}, WITHOUT_DATA),
        ({}, {}, WITHOUT_DATA),
    ],
)
def test_its_time_is_the_given_one_else_the_hint(single: TimeToPost, hint: Any, given: Any, at: str) -> None:
    batch(single, **hint)
    assert single.ok("approve_draft", draft_id="1", **given)["scheduledAt"] == at


def test_the_best_hour_is_chosen_where_one_is_known(single: TimeToPost, ttp: Program) -> None:
    ttp.ok("metrics", "import", "-", stdin=ROWS)
    ttp.post("busy", "--to", "x/me", "--at", WITHOUT_DATA)
    best = ttp.ok("optimal", "next", "--account", "x/me", "--json").json["slot"]["at"]
    (draft,) = batch(single, schedule_hint="optimal")
    assert single.ok("approve_draft", draft_id=draft["id"])["scheduledAt"] == best != WITHOUT_DATA


def test_segments_replace_the_text(single: TimeToPost) -> None:
    batch(single)
    post = single.ok("approve_draft", draft_id="1", segments=["uno", "dos", "tres"])["post"]
    assert (post["content"], post["thread"]) == ("uno", ["dos", "tres"])


def test_a_platform_with_several_accounts_is_refused_at_approval(theirs: TimeToPost, ttp: Program) -> None:
    (draft,) = batch(theirs)
    assert draft["accountIds"] == []
    assert theirs("approve_draft", draft_id="1").data["code"] == "ambiguous"
    ttp.ok("edit", "1", "--to", "x/me")
    assert theirs.ok("approve_draft", draft_id="1")["post"]["accountIds"] == ["x/me"]


def test_an_account_that_came_later_is_used(single: TimeToPost, ttp: Program) -> None:
    ttp.ok("account", "remove", "x/me", "--yes")
    batch(single)
    assert single("approve_draft", draft_id="1").data["code"] == "usage"
    ttp.account("x/new")
    assert single.ok("approve_draft", draft_id="1")["post"]["accountIds"] == ["x/new"]


def test_a_rejected_draft_is_never_posted(single: TimeToPost, ttp: Program) -> None:
    batch(single)
    done = single.ok("reject_draft", draft_id="1", reason="too long")
    assert (done["draft"]["status"], done["draft"]["reason"]) == ("REJECTED", "too long")
    assert single("approve_draft", draft_id="1").data["code"] == "state"
    (draft,) = single.ok("list_drafts", status="REJECTED")["drafts"]
    assert (draft["reason"], draft["postId"]) == ("too long", None)


def test_an_approved_draft_can_be_rejected(single: TimeToPost) -> None:
    batch(single)
    single.ok("approve_draft", draft_id="1")
    assert single.ok("reject_draft", draft_id="1")["post"]["status"] == "draft"


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ({"platform": "facebook", "segments": ["a"]}, "usage"),
        ({"platform": "x", "segments": []}, "usage"),
        ({"platform": "x", "segments": ["a"], "schedule_hint": "2020-01-01T09:00:00Z"}, "past"),
        ({"platform": "x", "segments": ["a"], "schedule_hint": "whenever"}, "time"),
        ({"platform": "x", "segments": ["a"], "media": [{"url": "/etc/passwd"}]}, "usage"),
        ({"platform": "x", "segments": [" "]}, "usage"),
    ],
)
def test_a_wrong_batch_is_refused(single: TimeToPost, ttp: Program, variant: Any, code: str) -> None:
    good = {"platform": "x", "segments": ["good"]}
    result = single("create_drafts", external_ref="a", variants=[good, variant])
    assert (result.is_error, result.data["code"]) == (True, code)
    assert ttp.count("post") == 0


def test_the_approval_queue_names_waiting_drafts(single: TimeToPost) -> None:
    batch(single, "A title\nand more", ref="a")
    batch(single, "Decided", ref="b")
    single.ok("reject_draft", draft_id="2")
    queue = single.ok("list_approvals")
    (item,) = queue["items"]
    assert (item["id"], item["source"], item["status"], item["title"]) == ("1", "posts", "PENDING", "A title")
    assert item["actions"][0] == {"method": "POST", "path": "/api/drafts/1/approve"}
    assert queue["counts"] == {"posts": 1, "trends": 0, "build-in-public": 0, "dms": 0}
    assert single.ok("list_approvals", source="dms")["items"] == []
    assert [one["id"] for one in single.ok("list_approvals", source="posts", status="REJECTED")["items"]] == ["2"]


@pytest.fixture
def guarded(api: Api) -> Api:
    """A store where posts need approval, and x has one account."""
    api.ttp.ok("account", "remove", "x/other", "--yes")
    api.ttp.ok("config", "set", "publish.require_approval", "true")
    return api


def fresh(api: Api) -> Api:
    from ttp.cli.context import Context
    from ttp.server.app import build_app

    return Api(api.ttp, build_app(Context(api.ttp.clock).installation), api.token)


def test_where_approval_is_required_another_person_approves(guarded: Api) -> None:
    api = fresh(guarded)
    author, approver = client_of(api), client_of(api.having("approve", name="bob"))
    batch(author)
    assert author("approve_draft", draft_id="1").data["code"] == "not_allowed"
    assert approver("approve_draft", draft_id="1", segments=["other"]).data["code"] == "not_allowed"
    assert author.ok("list_approvals")["counts"]["posts"] == 1
    done = approver.ok("approve_draft", draft_id="1")
    assert (done["post"]["status"], done["post"]["needs"]) == ("scheduled", [])
    assert api.ttp.shown(1)["approvedAt"] is not None


def test_its_author_cannot_approve_it_with_another_token(guarded: Api) -> None:
    api = fresh(guarded)
    batch(client_of(api))
    again = client_of(api.having("approve", name="ann"))
    assert again("approve_draft", draft_id="1").data["code"] == "not_allowed"
    assert api.ttp.shown(1)["status"] == "draft"


def test_a_scheduled_post_without_approval_is_pending(guarded: Api) -> None:
    api = fresh(guarded)
    author, approver = client_of(api), client_of(api.having("approve", name="bob"))
    author.ok("schedule_post", content="Hello", platforms=["x"], scheduledAt=LATER)
    assert [one["id"] for one in author.ok("list_approvals")["items"]] == ["1"]
    done = approver.ok("approve_draft", draft_id="1")
    assert done["scheduledAt"] == "2098-01-01T09:00:00Z"
    assert author.ok("list_approvals")["items"] == []


def test_a_draft_token_rejects_drafts_only(api: Api, single: TimeToPost) -> None:
    drafts = client_of(api.having("draft"))
    batch(drafts, ref="a")
    batch(drafts, ref="b")
    single.ok("approve_draft", draft_id="2")
    drafts.ok("reject_draft", draft_id="1")
    assert drafts("reject_draft", draft_id="2").data["code"] == "not_allowed"
