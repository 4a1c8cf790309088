"""Approvals, and links by which a person without a login decides: opened, used once, ended by a change."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.media_bytes import png
from tests.server.conftest import BASE, Api
from tests.server.pages.conftest import PUBLISH, Person, form_with, inner
from ttp.server.pages import approvals
from ttp.server.pages.login import FREE_FAILURES, Backoff
from ttp.services.server.approval_links import WORKS_FOR

EVIL = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def required(server: Api) -> None:
    server.set("publish.require_approval", "true")


@pytest.fixture
def post(server: Api, tmp_path: Any) -> int:
    picture = tmp_path / "a.png"
    picture.write_bytes(png())
    return server.ttp.post(f"Hello {EVIL}", "--to", "x/me", "--at", "2098-01-06T09:30Z", "--media", str(picture))


def revision(person: Person) -> str:
    return str(person.ttp.sql("SELECT revision FROM post")[0][0])


def made(person: Person, name: str = "maria") -> str:
    """Create a link for the post; its path."""
    answer = person.send("/posts/1/approval-link", {"revision": revision(person), "name": name})
    assert answer.status_code == 200, answer.text
    found = re.search(rf'value="{BASE}(/approve/[0-9a-f]+)"', answer.text)
    assert found is not None
    return found[1]


def test_a_waiting_post_is_listed_and_approved(ann: Person, post: int) -> None:
    page = ann.sees("/approvals")
    assert "/posts/1/approve" in page
    assert EVIL not in page
    ann.does("/posts/1/approve", {"revision": revision(ann)})
    assert "/posts/1/approve" not in ann.sees("/approvals")
    assert ann.ttp.shown()["approvedAt"]


def test_an_author_is_not_offered_to_approve_their_post(server: Api, ann: Person, post: int) -> None:
    ann.ttp.sql("UPDATE change SET actor = 'ann'")
    for path in ("/approvals", "/posts/1"):
        page = ann.sees(path)
        assert "/posts/1/approve" not in page
        assert "/posts/1/approval-link" not in page
        assert "/posts/1/reject" in page
        assert "/posts/1/approve" in Person(server).log_in("ben").sees(path)


def test_who_logs_out_everywhere_ends_the_links_that_they_made(
    server: Api, ann: Person, stranger: Person, post: int
) -> None:
    ben = Person(server).log_in("ben")
    first, other = made(ann), made(ben, "otto")
    ann.does("/logout", {"everywhere": "yes"})
    stranger.sees(first, 404)
    stranger.sees(other)


def test_opening_a_link_decides_nothing(ann: Person, stranger: Person, post: int) -> None:
    path = made(ann)
    for _ in range(3):
        page = stranger.sees(path)
    assert "&lt;script&gt;" in page
    assert EVIL not in page
    assert ann.ttp.shown()["approvedAt"] is None
    sha256 = ann.ttp.shown()["media"][0]["sha256"]
    assert f'src="{path}/media/{sha256}/thumbnail" alt="a.png" width="800" height="600"' in page
    assert f'src="{path}/media/{sha256}"' not in page
    assert stranger.get(f"{path}/media/{sha256}").headers["content-type"] == "image/png"
    assert stranger.get(f"{path}/media/{sha256}/thumbnail").status_code == 200
    for other in ("0" * 64, "0" * 64 + "/thumbnail"):
        assert stranger.get(f"{path}/media/{other}").status_code == 404


def test_a_link_works_once(ann: Person, stranger: Person, post: int) -> None:
    path = made(ann)
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 200
    assert ann.ttp.shown()["approvedAt"]
    assert ann.ttp.sql("SELECT actor FROM change ORDER BY id DESC LIMIT 1") == [("maria (by a link of ann)",)]
    ann.does("/posts/1/unschedule", {"revision": revision(ann)})
    before = ann.ttp.shown()
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 404
    assert stranger.get(path).status_code == 404
    assert ann.ttp.shown() == before


def test_a_link_rejects_with_a_reason(ann: Person, stranger: Person, post: int) -> None:
    assert stranger("POST", made(ann), data={"decision": "reject", "reason": EVIL}).status_code == 200
    assert ann.ttp.shown()["rejection"]["reason"] == EVIL
    assert EVIL not in ann.sees("/posts/1")


def test_a_change_ends_a_link(ann: Person, stranger: Person, post: int) -> None:
    path = made(ann)
    ann.ttp.ok("edit", "1", "Something else")
    assert "Ask ann" in stranger.sees(path, 404)
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 404
    assert ann.ttp.shown()["approvedAt"] is None


def test_other_options_of_the_account_end_links_and_open_pages(ann: Person, stranger: Person, post: int) -> None:
    path, seen = made(ann), revision(ann)
    ann.ttp.ok("account", "set", "x/me", "--set", "x.reply_settings=following")
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 404
    assert ann.send("/posts/1/approve", {"revision": seen}).status_code == 412
    assert ann.ttp.shown()["approvedAt"] is None
    path = made(ann)
    assert "x.reply_settings=following" in inner(stranger.sees(path))
    assert "x.reply_settings=following" in inner(ann.sees("/approvals"))
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 200


def test_a_link_ends_after_some_days(ann: Person, stranger: Person, post: int) -> None:
    path = made(ann)
    ann.ttp.clock.advance((WORKS_FOR - timedelta(seconds=1)).total_seconds())
    assert stranger.get(path).status_code == 200
    ann.ttp.clock.advance(1)
    assert "Ask ann" in stranger.sees(path, 404)


def test_another_site_cannot_decide(ann: Person, stranger: Person, post: int) -> None:
    answer = stranger("POST", made(ann), data={"decision": "approve"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert ann.ttp.shown()["approvedAt"] is None


@pytest.mark.parametrize("path", ["/approve/" + "0" * 48, "/approve/x"])
def test_an_unknown_link_decides_nothing(stranger: Person, post: int, path: str) -> None:
    assert stranger.get(path).status_code == 404
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 404


def test_wrong_links_make_only_wrong_links_wait(ann: Person, stranger: Person, post: int) -> None:
    path, stranger.server.app.state.link_backoff = made(ann), Backoff(lambda: 1000.0)
    wrong = [
        stranger("POST", "/approve/" + "0" * 48, data={"reason": "Which beans?"}) for _ in range(FREE_FAILURES + 9)
    ]
    assert [answer.status_code for answer in wrong] == [404] * FREE_FAILURES + [429] * 9
    assert {answer.headers["retry-after"] for answer in wrong[FREE_FAILURES:]} == {"2"}, "trying adds nothing"
    assert all("Which beans?" in answer.text for answer in wrong), "what was typed is still there"
    assert "Approve" in stranger.sees(path)
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 200
    assert ann.ttp.shown()["approvedAt"]
    assert stranger("POST", "/login/" + "0" * 48).status_code == 404


def test_a_decision_is_named(ann: Person, stranger: Person, post: int) -> None:
    path = made(ann)
    assert stranger("POST", path, data={"decision": "both"}).status_code == 200
    assert ann.ttp.shown()["approvedAt"] is None
    assert stranger("POST", path, data={"decision": "approve"}).status_code == 200
    assert ann.ttp.shown()["approvedAt"]


def test_who_wrote_a_post_makes_no_link_for_it(ann: Person, post: int) -> None:
    ann.does("/posts/1/move", {"revision": revision(ann), "at": "2098-01-07 09:30"})
    answer = ann.send("/posts/1/approval-link", {"revision": revision(ann), "name": "maria"})
    assert answer.status_code == 403
    assert ann.ttp.count("approval_link") == 0


def test_who_wrote_a_post_gets_no_link_for_it(ann: Person, server: Api, post: int) -> None:
    maria = Person(server).log_in("maria", PUBLISH)
    maria.does("/posts/1/move", {"revision": revision(ann), "at": "2098-01-07 09:30"})
    answer = ann.send("/posts/1/approval-link", {"revision": revision(ann), "name": "maria"})
    assert answer.status_code == 403
    assert ann.ttp.count("approval_link") == 0
    assert made(ann, "tom")


@pytest.mark.parametrize(("field", "status"), [({"name": EVIL}, 400), ({"name": ""}, 400), ({"revision": "9"}, 412)])
def test_a_link_needs_a_name_and_the_present_post(ann: Person, post: int, field: Any, status: int) -> None:
    answer = ann.send("/posts/1/approval-link", {"revision": revision(ann), "name": "maria", **field})
    assert answer.status_code == status
    assert EVIL not in answer.text


def test_an_author_reads_how_others_can_approve_their_post(server: Api, ann: Person) -> None:
    ann.does(
        "/compose",
        {"content": "Mine", "accounts": ["x/me"], "is_draft": "yes", "do": "schedule", "at": "2098-01-06 09:30"},
    )
    answer = ann.send("/posts/1/approval-link", {"revision": revision(ann), "name": "maria"})
    assert answer.status_code == 403
    assert "ttp login-link NAME --capability approve" in answer.text


@pytest.mark.parametrize("is_required", ["true", "false"])
def test_an_approval_schedules_a_submitted_draft(server: Api, ann: Person, stranger: Person, is_required: str) -> None:
    server.set("publish.require_approval", is_required)
    at = "2098-01-06T09:30:00Z"
    draft = {"content": "v2 is out", "accounts": ["x/me"], "scheduledAt": at, "key": "acme/widget@v2", "submit": True}
    job = server.having("draft")
    assert job.ok("POST", "/v1/posts?dryRun=true", draft)["accounts"]
    assert ann.ttp.ok("list", "--json").json == []
    first = job.ok("POST", "/v1/posts", draft)
    assert (first["status"], first["asksFor"], first["needs"]) == ("draft", at, ["approve"])
    again = job.ok("POST", "/v1/posts", {**draft, "content": "Another text"})
    assert (again["replayed"], again["content"]) == (True, "v2 is out")
    job.refused("POST", "/v1/posts", 403, "not_allowed", {**draft, "key": "k", "submit": False})
    job.refused("POST", "/v1/posts", 400, "usage", {**draft, "key": None})
    assert "/posts/1/approve" in ann.sees("/approvals")
    assert 'datetime="2098-01-06T09:30:00Z"' in stranger.sees(made(ann))
    ann.does("/posts/1/approve", {"revision": revision(ann)})
    assert (ann.ttp.shown()["status"], ann.ttp.shown()["scheduledAt"]) == ("scheduled", at)
    assert "/posts/1/approve" not in ann.sees("/approvals")


def test_the_link_that_an_approval_adds_is_shown_before(server: Api, ann: Person, stranger: Person) -> None:
    link = "https://example.org/v2"
    draft = {"content": "v2 is out", "accounts": ["x/me"], "thread": ["More"], "key": "k", "submit": True}
    server.having("draft").ok("POST", "/v1/posts", draft)
    ann.ttp.sql("UPDATE submitted_draft SET link = ?", link)
    for page in (ann.sees("/approvals"), ann.sees("/posts/1/approve"), stranger.sees(made(ann))):
        assert link in page
    ann.does("/posts/1/approve", {"revision": revision(ann)})
    assert ann.ttp.shown()["thread"] == [f"More\n\n{link}"]


def test_words_with_a_decision_that_is_refused_are_given_back(ann: Person, stranger: Person, post: int) -> None:
    path = made(ann)
    ann.ttp.sql("UPDATE change SET actor = 'ann'")
    answer = stranger("POST", path, data={"decision": "approve", "reason": "Which <beans>?"})
    assert answer.status_code == 403
    assert "Which &lt;beans&gt;?" in answer.text


def test_many_posts_have_pages_and_a_decision_leads_to_the_next_one(
    server: Api, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "PAGE", 2)
    for number in range(1, 6):
        server.ttp.post(f"Text {number}", "--to", "x/me", "--at", f"2098-01-0{number}T09:30Z")
    ann.ttp.sql("UPDATE change SET actor = 'ann' WHERE id = (SELECT min(id) FROM change WHERE command = 'create')")
    page = ann.sees("/approvals")
    assert "5 wait, 4 of them for you, page 1 of 3" in inner(page)
    assert ("Text 2" in page, "Text 3" in page) == (True, False)
    page = ann.sees("/approvals?page=2")
    form = form_with(page, "Approve post 4")
    address = ann.does(form.action, form.pressed("Approve post 4"))
    assert address == "/approvals?page=2&done=approve&post=4#post-5"
    page = ann.sees(address.partition("#")[0])
    assert "post 4" in page.partition('id="toast"')[2]
    assert 'id="post-5"' in page
    assert ann.sees("/approvals?page=99").count("<article") == 2


def test_a_message_says_that_a_scheduled_post_waits_for_approval(ann: Person) -> None:
    ann.server.ttp.account()
    fields = {"content": "Hello", "accounts": ["x/me"], "is_draft": "yes", "do": "schedule", "at": "2098-01-01 09:00"}
    assert ann.does("/compose", fields) == "/posts/1?done=awaits-approval"


def test_the_question_has_the_state_that_its_page_has(ann: Person, post: int) -> None:
    page, question = ann.sees(f"/posts/{post}"), ann.sees(f"/posts/{post}/delete")
    state = page.partition('<span id="status">')[2].partition("</span>")[0]
    assert state.startswith('<span class="st ')
    assert state in question


def test_a_draft_waits_for_nothing(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me")
    assert "Waiting" not in inner(ann.sees("/posts/1"))
    day = ann.ttp.clock.now().strftime("%b")
    for path in ("/posts", "/queue"):
        row = ann.sees(path).partition('<li class="slim">')[2].partition("</li>")[0]
        assert ("Draft" in row, "<time" in row, day in inner(row)) == (True, False, False)
