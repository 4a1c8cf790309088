"""What the queue and the page of a post offer: repairs, copies, repeats, deletion everywhere, and what comes next."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import Program
from tests.server.pages.conftest import Person, form_with, has_button, inner
from ttp.domain.delivery import LOOK
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import format_json_instant
from ttp.platforms.client import Deleted
from ttp.services.application import Installation

LATER = "2098-01-01T09:00Z"
FAILED: dict[str, Any] = {"next_at": None, "error": ("content", "the video is too long")}
REFRESH = 'hx-trigger="every 5s"'


def live(ttp: Program, post_id: int, account: str | None = None, remote_id: str = "111") -> None:
    at = datetime(2026, 11, 1, 9, tzinfo=UTC)
    ttp.bring(post_id, "published", account, next_at=None, remote_id=remote_id, published_at=at)


def labels(page: str) -> list[str]:
    """What the buttons and links of repairs say, without what only readers hear."""
    found = re.findall(r'class="button small[^"]*"[^>]*>(.*?)</(?:a|button)>', page)
    said = (re.sub(r"<span.*?</span>|<svg.*?</svg>", "", one).strip() for one in found)
    return [one for one in said if one != "Search"]


@pytest.fixture
def split(ann: Person) -> Person:
    """Someone whose post is live on x/me and has failed on x/other."""
    ann.ttp.post("Hello", "--to", "x/me,x/other", "--at", LATER)
    live(ann.ttp, 1, "x/me")
    ann.ttp.bring(1, "failed", "x/other", **FAILED)
    return ann


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("content", "Edit the post"),
        ("network", "Try again"),
        ("auth", "Connect x/other again"),
        ("missed", "Try again"),
    ],
)
def test_the_first_button_is_the_one_that_helps(split: Person, kind: str, first: str) -> None:
    split.ttp.bring(1, "failed", "x/other", next_at=None, error=(kind, "why not"))
    for path in ("/queue", "/posts/1"):
        page = split.sees(path)
        assert labels(page)[0] == first
        assert "Leave x/other out" in labels(page)


def test_an_account_is_left_out_and_what_is_live_stays(split: Person) -> None:
    form = form_with(split.sees("/queue"), "Leave x/other out post 1")
    split.does(form.action, form.fields)
    post = split.ttp.shown()
    assert (post["status"], [one["state"] for one in post["deliveries"]]) == ("published", ["published", "cancelled"])
    assert split.send("/posts/1/leave-out", {"account": "x/typo"}).status_code == 400


def test_a_doubtful_post_is_never_sent_again_by_a_button(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.ttp.bring(1, "needs_review", next_at=None, error=("unknown", "no answer"), url="javascript:alert(1)")
    assert [one for one in labels(ann.sees("/posts/1")) if one != "Undo: create"] == ["It is live", "It is not there"]
    ann.ttp.bring(1, "needs_review", next_at=None, error=("unknown", f"no answer{LOOK}https://x.com/me"))
    assert "Look at X" in labels(ann.sees("/posts/1"))
    form = form_with(ann.sees("/posts/1/resolve?account=x/me&found=no"), "Save")
    assert form.fields["found"] == ["no"]
    ann.does("/posts/1/resolve", form.pressed("Save"))
    assert ann.ttp.shown()["deliveries"][0]["state"] == "failed"
    assert "Try again" in labels(ann.sees("/posts/1"))


def test_a_comment_that_failed_or_is_doubtful_needs_a_person(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER, "--comment", "Links")
    live(ann.ttp, 1)
    ann.ttp.bring(1, "failed", comment=True, next_at=None, error=("content", "X says no"))
    for path in ("/queue", "/posts/1"):
        page = ann.sees(path)
        assert labels(page)[:2] == ["Edit the comment", "Try again"]
        assert "Leave x/me out" not in page
    form = form_with(ann.sees("/posts/1/comment"), "Save")
    assert form.fields["comment"] == ["Links"]
    ann.does("/posts/1/comment", {**form.fields, "comment": "<b>Other</b> links"})
    assert ann.ttp.shown()["deliveries"][0]["comment"]["text"] == "<b>Other</b> links"
    assert "<b>Other" not in ann.sees("/posts/1")
    form = form_with(ann.sees("/queue"), "Try again post 1")
    ann.does(form.action, form.fields)
    comment = ann.ttp.shown()["deliveries"][0]["comment"]
    assert comment["state"] == "pending"
    ann.ttp.bring(1, "needs_review", comment=True, next_at=None, error=("unknown", "no answer"))
    assert labels(ann.sees("/queue"))[:2] == ["It is live", "It is not there"]
    form = form_with(ann.sees("/posts/1/resolve?account=x/me+comment&found=yes"), "Save")
    assert form.fields["account"] == ["x/me comment"]
    ann.does("/posts/1/resolve", {**form.pressed("Save"), "published": "https://x.com/me/status/222"})
    post = ann.ttp.shown()
    comment = post["deliveries"][0]["comment"]
    assert (comment["state"], comment["remoteId"], post["deliveries"][0]["remoteId"]) == ("published", "222", "111")
    assert "https://x.com/me/status/222" in ann.sees("/posts/1").partition("First comment")[2]


def test_a_comment_is_sent_before_its_time(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER, "--comment", "Links", "--comment-after", "1h")
    link = "Publish the comment now"
    assert link not in ann.sees("/posts/1")
    live(ann.ttp, 1)
    at = datetime(2098, 1, 1, 10, tzinfo=UTC)
    ann.ttp.bring(1, "pending", comment=True, due_at=at, next_at=at)
    assert link in ann.sees("/posts/1")
    form = form_with(ann.sees("/posts/1/comment-now"), "Publish now")
    ann.does(form.action, form.fields)
    post = ann.ttp.shown()
    comment = post["deliveries"][0]["comment"]
    assert (post["status"], comment["state"]) == ("published", "pending")
    assert comment["dueAt"] == format_json_instant(ann.ttp.clock.now())


def test_a_post_is_used_again(split: Person) -> None:
    form = form_with(split.sees("/posts/1"), "Use again post 1")
    assert split.does(form.action, form.fields) == "/posts/2/edit?done=copy"
    copy = split.ttp.shown(2)
    assert (copy["status"], copy["content"]) == ("draft", "Hello")


def test_a_deleted_post_is_brought_back(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.ttp.ok("delete", "1")
    page = ann.sees("/posts/1", 404)
    form = form_with(page, "Bring it back")
    assert ann.does(form.action, form.fields) == "/posts/1?done=back"
    assert ann.ttp.shown()["status"] == "scheduled"
    assert not has_button(ann.sees("/posts/2", 404), "Bring it back")


class Deletions:
    """A platform that deletes posts, or refuses to."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.ids: list[str] = []

    def delete(self, request: Any, remote_id: str) -> Deleted | NotDone:
        self.ids.append(remote_id)
        return NotDone(Kind.CONTENT, "not <b>yours</b>") if remote_id in self.refused else Deleted(200)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("refused", [(), ("222",)])
def test_a_post_is_deleted_everywhere(split: Person, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...]) -> None:
    live(split.ttp, 1, "x/other", "222")
    deletions = Deletions(*refused)
    monkeypatch.setattr(Installation, "deleter", lambda self, name: deletions)
    assert split.send("/posts/1/delete-remote", {"revision": "0"}).status_code == 412
    assert deletions.ids == []
    form = form_with(split.sees("/posts/1/delete-remote"), "Delete everywhere")
    answer = split.send(form.action, form.fields)
    assert sorted(deletions.ids) == ["111", "222"]
    if refused:
        assert "not &lt;b&gt;yours&lt;/b&gt;" in answer.text
        assert [bool(one["takenDownAt"]) for one in split.ttp.shown()["deliveries"]] == [True, False]
    else:
        assert answer.headers["location"] == "/queue?done=delete-remote&post=1"
        assert split.ttp("show", "1").code != 0


def test_a_post_is_repeated_and_its_repeat_is_skipped_and_stopped(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me")
    for times in ("mon 9:00,9:30", "second tue 9:00"):
        assert ann.send("/posts/1/repeat", {"times": times}).status_code == 400
    form = form_with(ann.sees("/posts/1/repeat"), "Repeat")
    assert ann.does(form.action, form.pressed("Repeat", times="mon 09:00")) == "/posts/1?done=repeat"
    made = ann.ttp.ok("list", "--status", "scheduled", "--json").json
    first = made[0]["id"]
    page = ann.sees(f"/posts/{first}")
    assert "Every Mon at 09:00" in page
    assert f"/posts/{first}/repeat-skip?repeat=1" in page
    assert ann.send(f"/posts/{first}/repeat-skip", {"repeat": "2"}).status_code == 400
    form = form_with(ann.sees(f"/posts/{first}/repeat-skip?repeat=1"), "Skip the next")
    assert ann.does(form.action, form.fields) == "/queue?done=repeat-skip"
    form = form_with(ann.sees("/posts/1/repeat-stop?repeat=1"), "Stop")
    assert ann.does(form.action, form.fields) == "/posts/1?done=repeat-stop"
    assert ann.ttp.ok("list", "--status", "scheduled", "--json").json == []
    assert "repeat-skip" not in ann.sees("/posts/1")
    form = form_with(ann.sees("/posts/1/repeat"), "Repeat")
    ann.does(form.action, form.pressed("Repeat", times="every 2 weeks on tue at 18:00"))
    assert "every 2 weeks on tue at 18:00 from " in ann.sees("/posts/1")


def test_pages_look_again_only_while_something_is_published(split: Person) -> None:
    assert REFRESH not in split.sees("/queue") + split.sees("/posts/1")
    split.ttp.bring(1, "pending", "x/other", error=None)
    split.ttp.bring(1, "sending", "x/other", next_at=None)
    assert REFRESH in split.sees("/queue")
    assert REFRESH in split.sees("/posts/1")


def test_the_queue_is_the_next_days_and_links_to_the_rest(ann: Person) -> None:
    for number in range(12):
        ann.ttp.post(f"Coming {number}", "--to", "x/me", "--at", f"in {number * 6 + 1} hours")
    for number in range(5):
        ann.ttp.post(f"Draft {number}")
    page = ann.sees("/queue")
    assert len(re.findall(r"Coming \d+", page)) == 8
    assert re.findall(r"Draft \d", page) == ["Draft 4", "Draft 3", "Draft 2"]
    assert "4 more" in inner(page)
    assert [inner(page).index(day) for day in ("Today", "Tomorrow")]


def test_the_queue_of_an_account_has_its_posts_alone(split: Person) -> None:
    split.ttp.post("Other things", "--to", "x/me", "--at", LATER)
    split.ttp.post("A draft for the other", "--to", "x/other")
    page = split.sees("/queue?account=x/other")
    assert "Other things" not in page
    assert "A draft for the other" in page
    assert labels(page)[0] == "Edit the post"


def test_approvals_do_not_hide_what_failed(split: Person) -> None:
    split.server.set("publish.require_approval", "true")
    for number in range(3):
        split.ttp.post(f"Waiting {number}", "--to", "x/me", "--at", LATER)
    page = Person(split.server).log_in("ben").sees("/queue")
    assert labels(page)[0] == "Edit the post"
    assert "3 posts wait for approval" in inner(page)


def test_the_history_says_what_people_and_platforms_did(split: Person) -> None:
    page = inner(split.sees("/posts/1"))
    assert "Posted to X" in page
    assert "on the server" in page
    split.does("/posts/1/delete")
    split.does("/posts/1/undo", {"change": str(split.ttp.sql("SELECT max(id) FROM change")[0][0]), "back": "undo"})
    assert "Undone: deleted" in inner(split.sees("/posts/1"))
