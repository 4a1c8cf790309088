"""Nothing that somebody typed is lost: logins that end, old forms, lost answers, other tabs, bad files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.media_bytes import png
from tests.server.conftest import BASE
from tests.server.pages.conftest import DRAFT, Person, form_with
from tests.server.pages.test_compose import LATER, form, hidden, ids, scheduled, stored

OWN = {"Origin": BASE}
EVIL = "</textarea><script>alert(1)</script>\"'"
SECRET = "Stored, and not for you"


def sent(person: Person, path: str, fields: dict[str, Any], how: str = "urlencoded", **headers: str) -> Any:
    """Send a form as a browser sends it, with no more than its own fields."""
    files = {"files": ("lamp.png", png())} if how == "multipart" else None
    return person("POST", path, data=fields, files=files, headers={**OWN, **headers})


@pytest.mark.parametrize("how", ["urlencoded", "multipart"])
def test_a_form_without_a_session_comes_back_and_can_be_sent_after_a_login(ann: Person, how: str) -> None:
    picture = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files={"files": ("a.png", png())}).text
    typed = {
        "content": f"Hello\n{EVIL}",
        "accounts": ["x/me", "x/other"],
        "thread": ["And more", ""],
        "variant:x/me": "Hello me",
        "option:x.made_with_ai": "true",
        "media": hidden(picture, "media"),
        "mime": "image/png",
        "alt": "A dot",
        "at": LATER,
    }
    cookies, ann.cookies = ann.cookies, {}
    answer = sent(ann, "/compose", {**form(do="schedule"), **typed, "csrf": "old"}, how)
    assert answer.status_code == 401
    back = form_with(answer.text, "Send again")
    assert {"content", "thread", "variant:x/me", "alt", "at"} <= set(back.shown)
    assert "csrf" not in back.fields
    assert "<script>alert" not in answer.text
    assert ("lamp.png" in answer.text) == (how == "multipart")  # has to be chosen again
    assert ann.ttp.count("post") == 0

    ann.cookies = cookies  # logged in, in another tab
    answer = sent(ann, back.action, back.pressed("Send again"), how)
    assert answer.status_code == 403
    filled = form_with(answer.text, "Schedule")
    assert ann.ttp.count("post") == 0
    assert {name: filled.fields[name] for name in ("content", "accounts", "variant:x/me", "alt", "at")} == {
        "content": [typed["content"]],
        "accounts": ["x/me", "x/other"],
        "variant:x/me": ["Hello me"],
        "alt": ["A dot"],
        "at": [LATER],
    }
    assert sent(ann, filled.action, filled.pressed("Schedule")).status_code == 303
    post = stored(ann)
    assert (post["status"], post["thread"], post["variants"]) == ("scheduled", ["And more"], {"x/me": "Hello me"})
    assert (post["options"], [one["alt"] for one in post["media"]]) == ({"x.made_with_ai": "true"}, ["A dot"])


def test_a_form_that_comes_back_holds_nothing_that_is_stored(ann: Person) -> None:
    ann.ttp.post(SECRET, "--to", "x/me", "--at", "2098-01-01T09:00Z")
    ann.cookies = {}
    for path, fields in (
        ("/compose", form(post_id="1", is_draft="no", do="save")),
        ("/posts/1/reject", {"reason": "A"}),
    ):
        answer = sent(ann, path, fields)
        assert answer.status_code == 401
        assert SECRET not in answer.text


def test_the_reason_of_a_rejection_comes_back(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-01T09:00Z")
    cookies, ann.cookies = ann.cookies, {}
    back = form_with(
        sent(ann, "/posts/1/reject", {"reason": "The price\nis wrong", "revision": "1"}).text, "Send again"
    )
    ann.cookies = cookies
    asked = form_with(sent(ann, back.action, back.pressed("Send again")).text, "Reject")
    assert asked.fields["reason"] == ["The price\nis wrong"]
    assert sent(ann, asked.action, asked.pressed("Reject")).status_code == 303
    assert ann.ttp.shown()["rejection"]["reason"] == "The price\nis wrong"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
@pytest.mark.parametrize("has_session", [True, False])
def test_only_a_form_of_this_site_is_shown_again(ann: Person, origin: str | None, has_session: bool) -> None:
    if not has_session:
        ann.cookies = {}
    headers = {} if origin is None else {"Origin": origin}
    answer = ann("POST", "/compose", data=form(content="Planted"), headers=headers)
    assert answer.status_code == (401 if origin is None and not has_session else 403)
    assert ("Planted" in answer.text) == (origin is None and not has_session)  # there it needs a login, then a button
    assert ann.ttp.count("post") == 0


def test_a_huge_form_without_a_session_is_refused(stranger: Person) -> None:
    fields = {"content": "x" * 2_100_000}
    assert sent(stranger, "/compose", fields).status_code == 413
    assert sent(stranger, "/compose", fields, "multipart").status_code == 413


def logged_in(person: Person) -> str:
    """Log in; where that leads to."""
    from tests.server.pages.test_login import link

    return str(person("POST", link(person)).headers["location"])


def test_a_login_leads_to_the_page_that_was_asked_for(stranger: Person) -> None:
    stranger.ttp.post("Hello", "--to", "x/me")
    html = {"Accept": "text/html,*/*;q=0.8"}
    assert stranger.get("/posts/1/edit?at=x%20y", headers=html).headers["location"] == "/login"
    stranger.get("/media/" + "0" * 64, headers={"Accept": "image/*"})
    assert logged_in(stranger) == "/posts/1/edit?at=x%20y"
    stranger.cookies = {}
    sent(stranger, "/compose", form(post_id="1"), **html, Referer=f"{BASE}/posts/1/edit")
    assert logged_in(stranger) == "/posts/1/edit"


@pytest.mark.parametrize(
    "path", ["//evil.example", "/%5Cevil.example", "https://evil.example", "%2F/evil.example", "/a%0d%0aX: y", "evil"]
)
def test_a_login_leads_to_no_other_site(stranger: Person, path: str) -> None:
    stranger.cookies = {"ttp_next": path}
    assert logged_in(stranger) == "/calendar"


def test_a_form_whose_answers_are_lost_stores_one_post(ann: Person) -> None:
    same = {"form": hidden(ann.sees("/compose"), "form")}
    for content in ("H", "Hel"):
        ann.send("/compose/keep", form(content=content, **same))
    first = ids(ann.send("/compose/keep", form(content="Hell", **same)).text)
    ann.send("/compose/keep", form(content="Hello", **same, **first))  # and of this the answer is lost, too
    for _ in range(2):  # a double click
        ann.does("/compose", form(content="Hello!", at=LATER, **{**same, **first, "do": "schedule"}))
    assert (ann.ttp.count("post"), stored(ann)["content"], stored(ann)["status"]) == (1, "Hello!", "scheduled")
    ben = Person(ann.server).log_in("ben")
    ben.does("/compose", form(content="Mine", **same))
    assert (ann.ttp.count("post"), stored(ann)["content"]) == (2, "Hello!")


def test_an_error_of_keeping_leaves_the_fields_of_the_form(ann: Person) -> None:
    found = ids(ann.send("/compose/keep", form()).text)
    ann.ttp.ok("edit", "1", "From elsewhere")
    cases = [(ann.csrf, 412), ("old", 403)]
    for token, status in cases:
        headers = {**OWN, "HX-Request": "true", "X-CSRF-Token": token}
        answer = ann("POST", "/compose/keep", data=form(content="Mine", **found), headers=headers)
        assert answer.status_code == status
        assert ids(answer.text) == {"post_id": "", "revision": ""}
    ann.cookies = {}
    answer = ann("POST", "/compose/keep", data=form(content="Mine", **found), headers={**OWN, "HX-Request": "true"})
    assert (answer.status_code, ids(answer.text)) == (401, {"post_id": "", "revision": ""})
    assert "/login" in answer.text


def test_two_tabs_do_not_replace_what_the_other_kept(ann: Person) -> None:
    same = scheduled(ann)
    one, other = ({**same, "form": hidden(ann.sees("/posts/1/edit"), "form")} for _ in range(2))
    assert ann.send("/compose/keep", form(content="In one tab", **one)).status_code == 200
    assert ann.send("/compose/keep", form(content="In the other", **other)).status_code == 409
    assert ann.send("/compose/keep", form(content="In one tab, on", **one)).status_code == 200
    ann.does("/compose", form(content="Saved", **{**other, "do": "save"}))
    page = ann.sees("/posts/1/edit")  # the edit was of the text before: both are shown, and neither is lost
    assert form_with(page, "Overwrite").fields["content"] == ["In one tab, on"]
    assert ">Saved</" in page
    reopened = form_with(page, "Overwrite")
    assert ann.send("/compose/keep", reopened.pressed("Check", content="After a reload")).status_code == 200
    ann.does("/compose", reopened.pressed("Overwrite", content="After a reload"))
    assert stored(ann)["content"] == "After a reload"
    assert form_with(ann.sees("/posts/1/edit"), "Save").fields["content"] == ["After a reload"]


def test_a_form_of_a_draft_changes_no_scheduled_post_unasked(ann: Person) -> None:
    same = {"form": hidden(ann.sees("/compose"), "form"), "at_before": ""}
    before = ids(ann.send("/compose/keep", form(**same)).text)
    ann.does("/compose", form(at=LATER, **{**same, **before, "do": "schedule"}))
    for found in (before, {"post_id": "0", "revision": "0"}):  # by the way back, or by a request that was overtaken
        assert ann.send("/compose/keep", form(content="Half a", **same, **found)).status_code == 412
        answer = ann.send("/compose", form(content="Not yet", **same, **found))
        assert answer.status_code == 412
        assert (stored(ann)["status"], stored(ann)["content"]) == ("scheduled", "Hello")
    shown = form_with(answer.text, "Overwrite")
    assert ann.does(shown.action, shown.pressed("Overwrite")) == "/posts/1?done=saved"
    assert [stored(ann)[name] for name in ("status", "content", "scheduledAt")] == [
        "scheduled",
        "Not yet",
        "2098-01-01T09:00:00Z",
    ]


def test_overwriting_what_is_scheduled_by_now_needs_the_capability(ann: Person) -> None:
    ben = Person(ann.server).log_in("ben", DRAFT)
    ben.does("/compose", form())
    open_form = form_with(ben.sees("/posts/1/edit"), "Save draft")
    ann.ttp.ok("schedule", "1", "--at", "2098-01-01T09:00Z")
    shown = form_with(ben.send(open_form.action, open_form.pressed("Save draft", content="Mine")).text, "Overwrite")
    answer = ben.send(shown.action, shown.pressed("Overwrite"))
    assert (answer.status_code, "Mine" in answer.text, stored(ann)["content"]) == (403, True, "Hello")


def test_overwriting_stores_the_time_that_it_shows(ann: Person) -> None:
    scheduled(ann)
    one, other = (form_with(ann.sees("/posts/1/edit"), "Save") for _ in range(2))
    before = stored(ann)["scheduledAt"]
    ann.does(one.action, one.pressed("Save", at="2098-02-02 10:00"))
    assert stored(ann)["scheduledAt"] != before
    shown = form_with(ann.send(other.action, other.pressed("Save", content="Mine")).text, "Overwrite")
    assert shown.fields["at"] == other.fields["at"]
    ann.does(shown.action, shown.pressed("Overwrite"))
    assert (stored(ann)["content"], stored(ann)["scheduledAt"]) == ("Mine", before)


def test_a_time_that_was_typed_for_a_draft_is_there_after_a_reload(ann: Person) -> None:
    ann.send("/compose/keep", form(at="tomorrow 9", form="f"))
    assert form_with(ann.sees("/posts/1/edit"), "Schedule").fields["at"] == ["tomorrow 9"]
    assert stored(ann)["scheduledAt"] is None
    ann.does("/compose", form(do="draft", form="f", at=""))
    assert form_with(ann.sees("/posts/1/edit"), "Schedule").fields["at"] == [""]


def test_a_bad_file_keeps_out_no_other(ann: Person) -> None:
    files = [("files", (name, data)) for name, data in (("a.png", png()), ("note.txt", b"no"), ("b.png", png(3, 3)))]
    answer = ann("POST", "/compose", data={"csrf": ann.csrf, **form(do="schedule", at=LATER)}, files=files)
    assert answer.status_code == 400
    assert "note.txt" in answer.text
    back = form_with(answer.text, "Schedule")
    assert [one.partition("/")[2] for one in back.fields["media"]] == ["a.png", "b.png"]
    part = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files=files)
    assert (part.status_code, part.text.count('name="alt"'), "note.txt" in part.text) == (200, 2, True)
    alone = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files=files[1:2])
    assert (alone.status_code, "note.txt" in alone.text) == (400, True)


@pytest.mark.parametrize(
    ("capability", "fields", "status", "scheduled_at"),
    [
        ("publish", {"at": LATER}, "scheduled", "2098-01-01T09:00:00Z"),
        ("draft", {}, "draft", None),
        ("publish", {"at": "2098-01-02 09:00", "post_id": "1"}, "scheduled", "2098-01-02T09:00:00Z"),
    ],
)
def test_enter_in_a_field_does_what_the_page_is_for(
    ann: Person, capability: str, fields: dict[str, str], status: str, scheduled_at: str | None
) -> None:
    person = Person(ann.server).log_in("ben", capability)
    path, known = "/compose", {}
    if "post_id" in fields:
        known, path = scheduled(person), "/posts/1/edit"
    page = person.sees(path)
    first = next(iter(form_with(page, "Check").buttons.values()))  # what a browser presses
    person.does("/compose", {**form(), **known, **fields, **first})
    assert (stored(person)["status"], stored(person)["scheduledAt"]) == (status, scheduled_at)
