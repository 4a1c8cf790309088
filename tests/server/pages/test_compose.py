"""Composing: drafts that are kept, errors shown at their field with the typed text kept, media, times, edits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.media_bytes import png
from tests.server.conftest import Api
from tests.server.pages.conftest import DRAFT, Person, form_with
from tests.server.pages.test_calendar import account_named

LATER = "2098-01-01 09:00"
EVIL = "</textarea><script>alert(1)</script>\"'"


def form(**more: Any) -> dict[str, Any]:
    return {"content": "Hello", "accounts": ["x/me"], "is_draft": "yes", "do": "draft", **more}


def stored(person: Person, post_id: int = 1) -> Any:
    return person.ttp.shown(post_id)


def ids(page: str) -> dict[str, str]:
    """The hidden fields of what was kept."""
    return {name: hidden(page, name) for name in ("post_id", "revision")}


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


def test_a_post_is_scheduled(ann: Person) -> None:
    more: dict[str, Any] = {"accounts": ["x/me", "x/other"], "thread": ["And more", ""], "variant:x/me": "Hello me"}
    address = ann.does("/compose", form(do="schedule", at=LATER, **more))
    assert address == "/posts/1?done=scheduled"
    post = stored(ann)
    assert (post["status"], post["scheduledAt"]) == ("scheduled", "2098-01-01T09:00:00Z")
    assert (post["accounts"], post["thread"], post["variants"]) == (
        ["x/me", "x/other"],
        ["And more"],
        {"x/me": "Hello me"},
    )
    assert ann.ttp.sql("SELECT actor FROM change") == [("ann",)]


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"at": "yesterday 9am"}, 422, "at"),
        ({"at": "no time"}, 422, "at"),
        ({"at": ""}, 422, "at"),
        ({"at": LATER, "accounts": []}, 400, "accounts"),
        ({"at": LATER, "accounts": ["x/nobody"]}, 404, "accounts"),
        ({"at": LATER, "content": EVIL * 20, "variant:x/me": ""}, 422, "content"),
        ({"at": LATER, "content": " "}, 400, "content"),
        ({"at": LATER, "content": "a" * 100_001}, 400, "content"),
    ],
)
def test_a_refusal_is_shown_beside_its_field(ann: Person, wrong: Any, status: int, field: str) -> None:
    typed = {"content": EVIL, "thread": [EVIL, EVIL], "variant:x/me": EVIL, **wrong}
    answer = ann.send("/compose", form(do="schedule", **typed))
    assert answer.status_code == status, answer.text
    assert f'id="{field}-problem-1"' in answer.text
    assert "<script>alert" not in answer.text
    assert answer.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert ann.ttp.count("post") == 0


def test_a_draft_is_kept_while_typing_and_belongs_to_one_change(ann: Person) -> None:
    found = {"form": hidden(ann.sees("/compose"), "form")}
    for content in ("H", "Hel", "Hello"):
        page = ann.send("/compose/keep", form(content=content, **found)).text
        found |= ids(page)
        assert found["post_id"] == "1"
    assert stored(ann)["content"] == "Hello"
    assert ann.ttp.sql("SELECT command FROM change") == [("create",)]
    ann.does("/compose", form(do="schedule", content="Hello!", at=LATER, **found))
    assert (stored(ann)["content"], stored(ann)["status"], ann.ttp.count("post")) == ("Hello!", "scheduled", 1)
    assert ann.ttp.sql("SELECT command FROM change") == [("create",), ("schedule",)]


def test_an_empty_form_is_not_kept(ann: Person) -> None:
    assert ann.send("/compose/keep", form(content=" \n")).status_code == 200
    assert ann.ttp.count("post") == 0


@pytest.mark.parametrize("more", [{"thread": ["More"]}, {"variant:x/me": "Mine"}])
def test_words_below_an_empty_first_part_stay_in_the_browser_until_they_are_stored(
    ann: Person, more: dict[str, Any]
) -> None:
    """Only 200 lets a browser forget its copy."""
    found = ids(ann.send("/compose/keep", form(content="First")).text)
    for same in ({}, found):
        assert ann.send("/compose/keep", form(content=" ", **more, **same)).status_code == 400, same
    assert (stored(ann)["content"], ann.ttp.count("post")) == ("First", 1)


def scheduled(person: Person) -> dict[str, Any]:
    """Schedule a post; the fields of the form that edits it."""
    person.does("/compose", form(do="schedule", at=LATER))
    return {"is_draft": "no", "at": LATER, "at_before": LATER, **ids(person.sees("/posts/1/edit"))}


def test_an_edit_of_a_scheduled_post_is_kept_and_changes_nothing_until_it_is_saved(ann: Person) -> None:
    same = scheduled(ann)
    kept = ann.send("/compose/keep", form(content=EVIL, thread=["More"], **{**same, "at": "tomorrow 9"})).text
    assert 'class="hint"' in kept
    assert ids(kept) == {"post_id": "1", "revision": same["revision"]}
    assert (stored(ann)["content"], stored(ann)["scheduledAt"]) == ("Hello", "2098-01-01T09:00:00Z")
    page = ann.sees("/posts/1/edit")  # after a reload
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert 'value="tomorrow 9"' in page
    assert ">More</textarea>" in page
    assert 'value="discard"' in page
    assert "/posts/1/edit" in inner_links(ann.sees("/posts/1"))
    ann.does("/compose", form(content="Better", **{**same, "do": "save"}))
    assert stored(ann)["content"] == "Better"
    assert 'value="discard"' not in ann.sees("/posts/1/edit")


def inner_links(page: str) -> list[str]:
    """Where the notes of a page lead to."""
    return [note.partition('<a href="')[2].partition('"')[0] for note in page.split('class="note warn"')[1:]]


def test_a_kept_edit_is_discarded_and_one_that_changes_nothing_is_not_kept(ann: Person) -> None:
    same = scheduled(ann)
    ann.send("/compose/keep", form(content="Half a sen", **same, form="a"))
    discard = form_with(ann.sees("/posts/1/edit"), "Discard it")
    assert ann.does(discard.action, discard.pressed("Discard it")) == "/posts/1/edit"
    assert ">Hello</textarea>" in ann.sees("/posts/1/edit")
    ann.send("/compose/keep", form(content="Half a sen", **same))
    ann.send("/compose/keep", form(**{**same, "variant:x/me": "", "thread": [""]}))
    assert 'value="discard"' not in ann.sees("/posts/1/edit")


@pytest.mark.parametrize("button", ["discard", "theirs", "drop"])
def test_a_tab_discards_no_edit_that_another_tab_kept(ann: Person, button: str) -> None:
    same = scheduled(ann)
    ann.send("/compose/keep", form(content="Half", **same, form="a"))
    seen = hidden(ann.sees("/posts/1/edit"), "seen")
    ann.send("/compose/keep", form(content="Half a sentence", **same, form="b", seen=seen))
    ann.does("/compose", form(content="Half", **{**same, "form": "a", "do": button}))
    assert ">Half a sentence</textarea>" in ann.sees("/posts/1/edit")
    ann.does("/compose", form(content="Half a sentence", **{**same, "form": "b", "do": button}))
    assert ">Hello</textarea>" in ann.sees("/posts/1/edit")


def test_an_edit_that_is_kept_belongs_to_who_typed_it_and_outlives_the_post(ann: Person) -> None:
    same = scheduled(ann)
    ann.send("/compose/keep", form(content="Half a sen", **same))
    ben = Person(ann.server).log_in("ben")
    assert ">Hello</textarea>" in ben.sees("/posts/1/edit")
    ann.ttp.bring(1, "published", next_at=None)
    assert "Half a sen" in ann.sees("/posts/1")
    assert "Half a sen" not in ben.sees("/posts/1")
    refused = ann.send("/compose/keep", form(content="Half a sentence", **same)).text
    assert "note warn" in refused


def test_who_may_not_edit_a_scheduled_post_keeps_nothing_about_it(ann: Person) -> None:
    same = scheduled(ann)
    for other in (
        Person(ann.server).log_in("ben", DRAFT),
        Person(ann.server).log_in("cat", accounts=[account_named(ann.server, "x/other")]),
    ):
        assert "note warn" in other.send("/compose/keep", form(content="Mine", **same)).text
    assert not list((ann.ttp.home / "writing").glob("page-*"))


def test_old_unsaved_edits_are_forgotten(ann: Person) -> None:
    same = scheduled(ann)
    ann.send("/compose/keep", form(content="Half a sen", **same))
    (first,) = (ann.ttp.home / "writing").glob("page-*.json")
    first.rename(first.with_name("page-7-0123456789abcdef.json"))
    (first.parent / "page-8-0123456789abcdef.json").write_text("{")
    ann.ttp.clock.advance(days=29)
    ann = Person(ann.server).log_in()
    ann.send("/compose/keep", form(content="Half a sent", **same))
    assert len(list(first.parent.glob("page-*.json"))) == 2
    ann.ttp.clock.advance(days=2)
    ann = Person(ann.server).log_in()
    ann.send("/compose/keep", form(content="Half a sente", **same))
    assert [path.name for path in first.parent.glob("page-*.json")] == [first.name]


def test_a_draft_that_was_changed_elsewhere_is_not_overwritten(ann: Person) -> None:
    found = ids(ann.send("/compose/keep", form()).text)
    ann.ttp.ok("edit", "1", "From elsewhere")
    ann.send("/compose/keep", form(content="Mine", **found))
    assert stored(ann)["content"] == "From elsewhere"
    answer = ann.send("/compose", form(content="Mine", **found))
    assert answer.status_code == 412
    assert {"Mine", "From elsewhere"} <= set(re.findall(r">([^<>]+)<", answer.text))
    again = ann.send("/compose", form(content="Mine", **ids(answer.text)))  # without having pressed Overwrite
    assert again.status_code == 412
    ann.ttp.ok("edit", "1", "From elsewhere, once more")
    seen = {name: hidden(answer.text, name) for name in ("newer", "instead")}
    answer = ann.send("/compose", form(content="Mine", **{**ids(answer.text), **seen, "do": "overwrite"}))
    assert answer.status_code == 412
    assert "From elsewhere, once more" in answer.text
    seen = {name: hidden(answer.text, name) for name in ("newer", "instead")}
    ann.does("/compose", form(content="Mine", **{**ids(answer.text), **seen, "do": "overwrite"}))
    assert stored(ann)["content"] == "Mine"


def test_a_post_is_edited(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-01T09:00Z", "--tag", "a", "--text", "x/me=Hi", "--key", "k")
    page = ann.sees("/posts/1/edit")
    same = {"is_draft": "no", "do": "save", "at": LATER, "at_before": LATER, **ids(page)}
    ann.does("/compose", form(content="Better", **same))
    post = stored(ann)
    assert (post["content"], post["scheduledAt"], post["tags"]) == ("Better", "2098-01-01T09:00:00Z", ["a"])
    assert (post["variants"], post["key"]) == ({}, "k")
    ann.does(
        "/compose", form(content="Better", **{**same, "at": "2098-01-02 09:00"}, **{}) | ids(ann.sees("/posts/1/edit"))
    )
    assert stored(ann)["scheduledAt"] == "2098-01-02T09:00:00Z"


def test_media_are_stored_described_and_left_out(ann: Person) -> None:
    part = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files={"files": ("a <b>.png", png())})
    assert part.status_code == 200, part.text
    assert "a &lt;b&gt;.png" in part.text
    sha256 = part.text.partition('name="media" value="')[2].partition("/")[0]
    media = {"media": f"{sha256}/a.png", "mime": "image/png", "alt": "A <dot>"}
    assert "note bad" not in ann.send("/compose/check", form(**media)).text  # no post has it yet
    ann.does("/compose", form(**media))
    assert [(one["name"], one["alt"]) for one in stored(ann)["media"]] == [("a.png", "A <dot>")]
    assert ann.get(f"/media/{sha256}").status_code == 200
    pair = {name: [value, value] for name, value in media.items()}
    assert ann.send("/compose/check", form(**pair)).text.count(f'href="/media/{sha256}/thumbnail"') == 2
    two = pair | {"part": ["", "2"], "thread": ["Two"]}
    ann.does("/compose", form(**two, **ids(ann.sees("/posts/1/edit"))))
    page = ann.sees("/posts/1/edit")
    rows = [one.partition('"')[0] for one in page.split('name="row" value="')[1:]]
    ann.does("/compose", form(**two, row=rows, drop=rows[0], **ids(page)))
    assert [one["part"] for one in stored(ann)["media"]] == [2]


@pytest.mark.parametrize(
    ("pressed", "names"),
    [
        ({"up": "2"}, "bac"),
        ({"down": "2"}, "acb"),
        ({"up": "1"}, "abc"),
        ({"down": "3"}, "abc"),
        ({"down": "9"}, "abc"),
        ({"up": ""}, "abc"),
        ({"drop": "2"}, "ac"),
    ],
)
def test_rows_of_media_are_moved_and_removed_without_scripts(ann: Person, pressed: Any, names: str) -> None:
    files = [("files", (f"{name}.png", png(8, 6, name.encode()))) for name in "abc"]
    rows = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files=files).text
    media = [one.partition('"')[0] for one in rows.split('name="media" value="')[1:]]
    fields = form(media=media, alt=["A", "", "C"], focus=["", "0.1,0.9", ""], row=["1", "2", "3"], do="", **pressed)
    page = ann.send("/compose", fields).text
    typed = form_with(page, "Save draft").fields
    assert "".join(one.partition("/")[2][0] for one in typed["media"]) == names
    if "b" in names:
        place = names.index("b")
        assert (typed["alt"][place], typed["focus"][place], typed["size"][place]) == ("", "0.1,0.9", "")
        assert page.count('class="missing"') == 1
    assert ann.ttp.count("post") == 0


def test_media_stay_on_their_parts_when_a_post_is_edited(ann: Person) -> None:
    files = {"files": ("a.png", png())}
    part = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files=files)
    sha256 = part.text.partition('name="media" value="')[2].partition("/")[0]
    media = {"media": f"{sha256}/a.png", "mime": "image/png", "alt": "A", "part": "3", "only": "x"}
    ann.does("/compose", form(thread=["Two", "Three"], **media))
    page = ann.sees("/posts/1/edit")
    for name in ("part", "only"):
        assert f'name="{name}" value="{media[name]}"' in page
    ann.does("/compose", form(thread=["", "Three"], **media, **ids(page)))  # the part moves up
    assert [(one["part"], one["only"]) for one in stored(ann)["media"]] == [(2, "x")]
    assert stored(ann)["thread"] == ["Three"]
    refused = ann.send("/compose", form(thread=["Two"], **media, **ids(ann.sees("/posts/1/edit"))))
    assert (refused.status_code, 'id="problems"' in refused.text) == (400, True)
    ann.does("/compose", form(content=("word " * 70).strip(), split="yes", **{**media, "part": "last"}))
    page = ann.sees("/posts/2").partition('<article class="pv')[0]
    assert "2 parts on " in page
    assert page.rindex("a.png</p>") > page.rindex("word")  # under the last of the planned parts
    ann.ttp.ok("config", "set", "links.own", "example.com")
    ann.ttp.ok("create", "https://example.com", "--utm", "--to", "x/me")
    assert "1 part on " in ann.sees("/posts/3")


def test_without_scripts_files_come_with_the_form(ann: Person) -> None:
    answer = ann("POST", "/compose", data={"csrf": ann.csrf, **form()}, files={"files": ("a.png", png())})
    assert answer.status_code == 303, answer.text
    assert [one["name"] for one in stored(ann)["media"]] == ["a.png"]


@pytest.mark.parametrize("name", ["/etc/passwd", "https://example.com/a.png", "0" * 64 + "/../../ttp.db", "sha256:x"])
def test_a_form_names_no_file_of_the_server(ann: Person, name: str) -> None:
    answer = ann.send("/compose", form(media=name))
    assert answer.status_code in (303, 404)
    if answer.status_code == 303:
        assert stored(ann)["media"] == []


def test_a_file_of_another_type_is_refused_and_the_text_is_kept(ann: Person) -> None:
    fields = {"csrf": ann.csrf, **form(content="Long text")}
    answer = ann("POST", "/compose", data=fields, files={"files": ("a.png", b"<html>")})
    assert answer.status_code == 400
    assert ">Long text</textarea>" in answer.text
    assert 'id="media-problem-1"' in answer.text


def test_a_time_is_suggested(ann: Person) -> None:
    ann.ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    answer = ann.send("/compose", form(do="next-slot"))
    assert answer.status_code == 200
    at = answer.text.partition('name="at" value="')[2].partition('"')[0]
    assert at.endswith("09:00")
    assert ann.send("/compose", form(do="next-slot", accounts=[])).status_code == 400
    assert ann.ttp.count("post") == 0


def test_the_best_hour_is_suggested_for_the_accounts_with_numbers(ann: Person, tmp_path: Path) -> None:
    both = {"accounts": ["x/me", "x/other"], "do": "optimal"}
    assert ann.send("/compose", form(**both)).status_code == 400
    numbers = tmp_path / "numbers.csv"
    rows = [f"{day},2026-11-{day:02}T18:00Z,9,0,0,90" for day in range(1, 16)]
    numbers.write_text("\n".join(["remoteId,publishedAt,likes,comments,shares,views", *rows]))
    ann.ttp.ok("metrics", "import", str(numbers), "--account", "x/me")
    answer = ann.send("/compose", form(**both))
    assert answer.status_code == 200, answer.text
    assert re.search(r'name="at" value="20\d\d-', answer.text)
    assert "x/other" in answer.text.partition('class="note"')[2].partition("</p>")[0]
    alone = ann.send("/compose", form(**{**both, "accounts": ["x/me"]})).text
    assert "x/other" not in alone.partition('class="note"')[2].partition("</p>")[0]


def test_who_may_only_draft_cannot_schedule(server: Api) -> None:
    ben = Person(server).log_in("ben", DRAFT)
    assert 'value="schedule"' not in ben.sees("/compose")
    assert ben.send("/compose", form(do="schedule", at=LATER)).status_code == 403
    ben.does("/compose", form())
    assert stored(ben)["status"] == "draft"
    ben.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-01T09:00Z")
    assert ben.get("/posts/2/edit").status_code == 403


def test_another_part_is_added_and_nothing_is_stored(ann: Person) -> None:
    answer = ann.send("/compose", form(do="part", thread=["One"]))
    assert answer.text.count('name="thread"') == 2
    assert ann.ttp.count("post") == 0


def test_options_of_a_platform_are_set(ann: Person) -> None:
    assert 'name="option:x.made_with_ai"' in ann.sees("/compose")
    empty = {"option:x.paid_partnership": "", "option:x.reply_settings": ""}
    ann.does("/compose", form(do="schedule", at=LATER, **{**empty, "option:x.made_with_ai": "true"}))
    assert stored(ann)["options"] == {"x.made_with_ai": "true"}
    same = {"is_draft": "no", "do": "save", "at": LATER, "at_before": LATER, **ids(ann.sees("/posts/1/edit"))}
    ann.does("/compose", form(**same, **{**empty, "option:x.made_with_ai": ""}))
    assert stored(ann)["options"] == {}
    assert ann.send("/compose", form(**{"option:x.nothing": "1"})).status_code == 400


def test_a_first_comment_is_typed_kept_and_taken_out_again(ann: Person) -> None:
    typed = form(comment=" Links \r\n", comment_after="10m")
    page = ann.send("/compose/check", typed).text
    assert "Links" in page.partition("First comment")[2]
    ann.does("/compose", typed)
    post = stored(ann)
    assert (post["comment"], post["commentAfterS"]) == ("Links", 600)
    page = ann.sees("/posts/1/edit")
    fields = form_with(page, "Schedule").fields
    assert (fields["comment"], fields["comment_after"]) == (["Links"], ["10m"])
    assert "Links" in ann.sees("/posts/1")
    wrong = ann.send("/compose", form(**ids(page), comment="Links", comment_after="10 x"))
    assert wrong.status_code == 400
    assert 'id="comment-problem-1"' in wrong.text
    ann.does("/compose", form(**ids(page), comment=" ", comment_after=""))
    assert (stored(ann)["comment"], stored(ann)["commentAfterS"]) == (None, None)
