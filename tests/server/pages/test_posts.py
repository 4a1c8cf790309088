"""The queue and the page of a post: what is shown, and each action after its confirmation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.media_bytes import png
from tests.server.conftest import Api
from tests.server.pages.conftest import Person, form_with, has_button, inner
from tests.server.pages.test_calendar import account_named
from ttp.domain.media.item import MediaUse
from ttp.domain.server.api_token import TokenCapability
from ttp.server.pages.posts import ACTIONS
from ttp.server.pages.visit import DONE
from ttp.store import media_cleanup

LATER = "2098-01-01T09:00Z"
FAILED: dict[str, Any] = {"next_at": None, "error": ("content", "no <b>such</b> thing")}
REVIEW: dict[str, Any] = {"next_at": None, "error": ("unknown", "no answer")}


def revision(person: Person, post_id: int = 1) -> str:
    return str(person.ttp.sql("SELECT revision FROM post WHERE id = ?", post_id)[0][0])


def test_the_queue_shows_posts_that_need_a_person_then_the_next_ones(ann: Person) -> None:
    ann.ttp.post("First failed", "--to", "x/me", "--at", LATER)
    ann.ttp.bring(1, "failed", **FAILED)
    ann.ttp.post("Second comes", "--to", "x/other", "--at", LATER)
    ann.ttp.post("Third waits")
    page = ann.sees("/queue")
    order = [page.index(one) for one in ("First failed", "Second comes", "Third waits")]
    assert order == sorted(order)
    assert "/posts/1/retry" in page
    assert "no &lt;b&gt;such&lt;/b&gt; thing" in page.lower()


def test_pages_ask_for_what_they_show_and_walk_through_no_media(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(folder: Path) -> MediaUse:
        raise AssertionError(folder)

    monkeypatch.setattr(media_cleanup, "media_use", walk)
    ann.ttp.post("Late", "--to", "x/me", "--at", "in 1 minute")
    ann.ttp.clock.advance(minutes=5)
    ann.ttp.sql("UPDATE account SET needs_reconnect = true, hold_until = 1, hold_reason = 'paused'")
    page = ann.sees("/queue")
    assert "1 post is overdue" in page
    assert "Connect again: " in page
    assert "Log in again" in ann.sees("/accounts")
    assert ann.get("/healthz").status_code == 503


def test_queue_and_calendar_name_a_login_that_ends_before_a_post_and_offer_another_one(ann: Person) -> None:
    end = ann.ttp.clock.now() + timedelta(days=20)
    ann.ttp.account("linkedin/nora", expiresAt=end.isoformat(), userId="1")
    assert "/accounts/connect?name=linkedin" not in ann.sees("/queue")
    ann.ttp.post("Late", "--to", "linkedin/nora", "--at", "in 21d")
    assert "/accounts/connect?name=linkedin" in ann.sees("/queue")
    for view in ("month", "week", "day"):
        page = ann.sees(f"/calendar?view={view}&when={end + timedelta(days=1):%Y-%m-%d}")
        assert "/accounts/connect?name=linkedin" in page
        assert page.count('title="A login ends before this post"') == 1
    assert "/accounts/connect?name=linkedin" not in ann.sees("/calendar?when=2030-01"), "no such post in it"


def test_each_change_of_a_post_is_told_afterwards() -> None:
    assert ACTIONS.keys() - DONE.keys() == set()


def test_text_of_others_is_escaped_everywhere(ann: Person) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    argv = [evil, "--to", "x/me", "--at", LATER, "--tag", "a<i>b", "--thread", evil, "--text", f"x/me={evil}"]
    ann.ttp.post(*argv)
    ann.ttp.bring(1, "failed", next_at=None, error=("content", evil), url="javascript:alert(1)", note=evil)
    for path in ("/queue", "/posts/1", "/posts/1/retry", "/posts/1/delete"):
        page = ann.sees(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i>" not in page
        assert 'href="javascript:' not in page
    assert evil in inner(ann.sees("/posts/1")).replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"').replace(
        "&#39;", "'"
    )


def test_asking_changes_nothing(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    before = ann.ttp.shown()
    for name in ACTIONS:
        assert f'action="/posts/1/{name}"' in ann.sees(f"/posts/1/{name}")
        assert ann.ttp.shown() == before, name


def test_an_unknown_action_or_post_is_not_found(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me")
    assert "9" in ann.sees("/posts/9", 404)
    assert ann.get("/posts/9/delete").status_code == 404
    assert ann.get("/posts/1/frobnicate").status_code == 404
    assert ann.send("/posts/9/delete").status_code == 404


def test_a_failed_delivery_is_retried(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.ttp.bring(1, "failed", **FAILED)
    assert ann.does("/posts/1/retry", {"revision": revision(ann)}) == "/posts/1?done=retry"
    assert ann.ttp.shown()["deliveries"][0]["state"] == "pending"
    assert ann.send("/posts/1/retry", {"revision": revision(ann)}).status_code == 409


def test_a_post_is_published_unscheduled_and_deleted(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.does("/posts/1/unschedule", {"revision": revision(ann)})
    assert ann.ttp.shown()["status"] == "draft"
    ann.does("/posts/1/publish", {"revision": revision(ann)})
    assert ann.ttp.shown()["status"] == "scheduled"
    assert ann.does("/posts/1/delete", {"revision": revision(ann)}) == "/queue?done=delete&post=1"
    assert ann.ttp("show", "1", "--json").error["code"] == "not_found"


def test_a_stale_form_changes_nothing(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    seen = revision(ann)
    ann.ttp.ok("edit", "1", "Better")
    answer = ann.send("/posts/1/delete", {"revision": seen})
    assert answer.status_code == 412
    assert "Better" in answer.text
    assert ann.ttp.shown()["content"] == "Better"


def test_a_person_says_whether_a_post_is_live(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.ttp.bring(1, "needs_review", **REVIEW)
    assert ann.send("/posts/1/resolve", {"account": "x/me"}).status_code == 400
    answer = ann.send("/posts/1/resolve", {"account": "x/me", "found": "yes", "published": "not an <id>"})
    assert answer.status_code == 400
    assert 'value="not an &lt;id&gt;"' in answer.text
    ann.does("/posts/1/resolve", {"account": "x/me", "found": "yes", "published": "https://x.com/me/status/123"})
    assert ann.ttp.shown()["status"] == "published"


def test_a_post_is_rejected_with_a_reason_and_approved_by_another(
    server: Api, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.does("/posts/1/approve", {"revision": revision(ann)})
    assert ann.ttp.shown()["approvedAt"]
    ann.does("/posts/1/reject", {"revision": revision(ann), "reason": "the <price>"})
    assert ann.ttp.shown()["rejection"]["reason"] == "the <price>"
    assert "the &lt;price&gt;" in ann.sees("/posts/1")


def test_the_person_is_the_actor_and_undoes_their_change(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.does("/posts/1/unschedule", {"revision": revision(ann)})
    change, actor = ann.ttp.sql("SELECT id, actor FROM change ORDER BY id DESC LIMIT 1")[0]
    assert actor == "ann"
    assert "by ann" in inner(ann.sees("/posts/1"))
    assert ann.send("/posts/1/undo", {"change": "999"}).status_code == 409
    assert ann.send("/posts/1/undo", {"change": "x"}).status_code == 400
    ann.does("/posts/1/undo", {"change": str(change)})
    assert ann.ttp.shown()["status"] == "scheduled"


def pressed(person: Person, path: str, button: str) -> str:
    """Press a button of a page; the address of the next one."""
    form = form_with(person.sees(path), button)
    return person.does(form.action or path, form.pressed(button))


def test_undo_takes_back_one_step_and_what_is_gone_is_brought_back(ann: Person) -> None:
    typed: dict[str, Any] = {"accounts": ["x/me"], "at": "2098-01-01 09:00", "form": "f"}
    for content in ("Hel", "Hello"):
        ann.send("/compose/keep", {"content": content, **typed})
    ann.does("/compose", {"content": "Hello", **typed, "do": "schedule"})
    edit = form_with(ann.sees("/posts/1/edit"), "Save")
    ann.does("/compose", edit.pressed("Save", content="Better"))

    def post() -> tuple[str, str]:
        shown = ann.ttp.shown()
        return shown["status"], shown["content"]

    states = [("scheduled", "Better"), ("scheduled", "Hello"), ("draft", "Hello")]
    assert post() == states[0]
    after = pressed(ann, "/posts/1", "Undo: edit")
    assert post() == states[1]
    assert pressed(ann, after, "Bring it back") == "/posts/1?done=back"
    assert post() == states[0]
    pressed(ann, "/posts/1", "Undo: edit")
    after = pressed(ann, "/posts/1", "Undo: schedule")
    assert post() == states[2]
    assert not has_button(ann.sees(after), "Undo: create")
    (creation,) = ann.ttp.sql("SELECT id FROM change WHERE command = 'create'")[0]
    assert ann.does("/posts/1/undo", {"change": str(creation)}) == "/posts/1/delete"  # which asks
    assert post() == states[2]
    after = pressed(ann, "/posts/1/delete", "Delete")
    assert ann.ttp("show", "1", "--json").error["code"] == "not_found"
    reader = Person(ann.server).log_in("ben", TokenCapability.READ)
    assert not has_button(reader.sees(after), "Bring it back")
    other = Person(ann.server).log_in("dee", "publish", accounts=[account_named(ann.server, "x/other")])
    assert other.get(after).status_code == 404
    pressed(ann, after, "Bring it back")
    assert post() == states[2]


def test_who_wrote_a_post_cannot_approve_it(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    ann.does("/posts/1/unschedule", {"revision": revision(ann)})
    assert ann.send("/posts/1/approve", {"revision": revision(ann)}).status_code == 403


def test_a_reader_is_offered_nothing(server: Api) -> None:
    reader = Person(server).log_in("ben", TokenCapability.READ)
    reader.ttp.post("Hello", "--to", "x/me", "--at", LATER)
    reader.ttp.bring(1, "failed", **FAILED)
    assert "/posts/1/" not in reader.sees("/queue")
    assert 'class="button' not in reader.sees("/posts/1")


def test_media_are_shown_to_people_only(ann: Person, stranger: Person, tmp_path: Any) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(png())
    ann.ttp.post("Hello", "--to", "x/me", "--media", str(picture), "--alt", "A <dot>")
    sha256 = ann.ttp.shown()["media"][0]["sha256"]
    assert 'alt="A &lt;dot&gt;"' in ann.sees("/posts/1")
    answer = ann.get(f"/media/{sha256}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    for path in ("/media/" + "0" * 64, "/media/..%2Fttp.db", "/media/ttp.db"):
        assert ann.get(path).status_code == 404
    assert stranger.get(f"/media/{sha256}").status_code == 303
