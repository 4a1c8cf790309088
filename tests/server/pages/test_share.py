"""What a phone shares: it fills the form of a post, and nothing else happens before the form is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.media_bytes import png
from tests.server.conftest import Api
from tests.server.pages.conftest import READ, Person, form_with
from ttp.server.pages.static import static_files

FROM_PHONE = {"Origin": "null"}
WORDS = {"title": "A <b>page</b>", "text": "Look at this", "url": "https://example.org/a"}
COMMANDS = {"do": "schedule", "at": "2098-01-06 09:30", "accounts": "x/me", "post_id": "1", "revision": "1"}


def share(person: Person, fields: dict[str, str] = WORDS, **request: Any) -> Any:
    return person("POST", "/share", data=fields, **{"headers": FROM_PHONE, **request})


def test_it_fills_the_form_and_stores_the_files_alone(server: Api, ann: Person) -> None:
    answer = share(ann, {**WORDS, **COMMANDS}, files={"files": ("a <b>.png", png())})
    assert answer.status_code == 200
    form = form_with(answer.text, "Schedule")
    assert form.fields["content"] == ["A <b>page</b>\nLook at this\nhttps://example.org/a"]
    assert "<b>page</b>" not in answer.text
    assert (form.fields["post_id"], form.fields["at"]) == (["0"], [""])
    assert server.ttp.count("post") == 0
    ann.does("/compose", {**form.pressed("Schedule"), "accounts": "x/me", "at": "2098-01-06 09:30"})
    post = server.ttp.shown()
    assert (post["status"], post["media"][0]["name"]) == ("scheduled", "a <b>.png")


def test_the_same_words_come_once(ann: Person) -> None:
    form = form_with(
        share(ann, {"title": "Hello", "text": "Hello https://example.org/a", "url": "https://example.org/a"}).text,
        "Schedule",
    )
    assert form.fields["content"] == ["Hello\nHello https://example.org/a"]


def test_a_bad_file_keeps_the_words(server: Api, ann: Person) -> None:
    answer = share(ann, files={"files": ("a.png", b"<html>")})
    assert "Look at this" in answer.text
    assert server.ttp.count("post") == 0


def test_without_a_session_the_words_come_back_and_nothing_is_stored(server: Api, stranger: Person) -> None:
    answer = share(stranger, files={"files": ("a.png", png())})
    assert answer.status_code == 401
    back = form_with(answer.text, "Send again")
    assert back.fields["text"] == ["Look at this"]
    assert not list((server.ttp.home / "media").glob("*"))
    ann = Person(server).log_in()
    again = ann("POST", back.action, data=back.fields, headers={"Origin": "http://127.0.0.1:8765"})
    assert "Look at this" in form_with(again.text, "Schedule").fields["content"][0]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "file://"])
def test_a_page_of_another_site_shares_nothing(ann: Person, origin: str) -> None:
    assert share(ann, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("path", ["/compose", "/compose/media", "/timezone", "/share/"])
def test_no_other_form_comes_without_an_origin(ann: Person, path: str) -> None:
    assert ann("POST", path, data={"csrf": ann.csrf}, headers=FROM_PHONE).status_code in (403, 404, 405)


def test_who_may_only_read_shares_nothing(server: Api) -> None:
    assert share(Person(server).log_in("ray", READ)).status_code == 403


def test_the_manifest_names_the_fields() -> None:
    target = json.loads(static_files()["ttp.webmanifest"].content)["share_target"]
    names = [target["params"][name] for name in ("title", "text", "url")]
    assert (target["action"], target["method"], names) == ("/share", "POST", list(WORDS))
    assert target["params"]["files"][0]["name"] == "files"
