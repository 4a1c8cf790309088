"""The text of a form: parts, own texts, counts, what repairs a text that is too long; and which accounts are chosen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.media_bytes import png
from tests.server.pages.conftest import Form, Person, form_with, has_button
from tests.server.pages.test_compose import LATER, form, ids, stored

LONG = " ".join(f"Sentence number {number} is here." for number in range(14))
"""It has 410 characters: more than X and Bluesky allow, and fewer than Mastodon does."""


BLUESKY = "bluesky/me.example"


def bluesky(person: Person) -> None:
    """Add an account of Bluesky, without its server."""
    person.ttp.account("x/blue")
    person.ttp.sql("UPDATE account SET platform = 'bluesky', handle = 'me.example' WHERE handle = 'blue'")


def after(person: Person, action: str, **more: Any) -> Form:
    """The form after the button of an action."""
    return form_with(person.send("/compose", form(do=action, **more)).text, "Check")


def counters(page: str) -> list[tuple[str, str, str]]:
    """The level, length and limit of each counter."""
    return re.findall(r'class="count (\w*)"[^>]*data-length="(\d+)" data-limit="(\d+)"', page)


@pytest.mark.parametrize(
    ("action", "parts"),
    [
        ("part", ["One", "Two", "Three", ""]),
        ("up:3", ["One", "Three", "Two"]),
        ("up:2", ["Two", "One", "Three"]),
        ("up:1", ["One", "Two", "Three"]),
        ("up:99", ["One", "Two", "Three"]),
        ("remove:1", ["Two", "Three"]),
        ("remove:3", ["One", "Two"]),
        ("check", ["One", "Two", "Three"]),
    ],
)
def test_parts_are_added_moved_and_removed(ann: Person, action: str, parts: list[str]) -> None:
    back = after(ann, action, content="One", thread=["Two", " ", "Three"] if action == "check" else ["Two", "Three"])
    assert back.fields["content"] + back.fields.get("thread", []) == parts
    assert ann.ttp.count("post") == 0


def test_pictures_follow_their_part(ann: Person) -> None:
    files = [("files", (f"{name}.png", png(size, size))) for size, name in enumerate("abc", 2)]
    part = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files=files).text
    media = form_with(f"<form>{part}<button>x</button></form>", "x").fields
    rows: dict[str, Any] = {name: media[name] for name in ("media", "mime")}
    moved = after(ann, "up:3", content="1", thread=["2", "3"], **rows, part=["", "2", "3"])
    assert moved.fields["part"] == ["", "3", "2"]
    removed = after(ann, "remove:2", content="1", thread=["2", "3"], **rows, part=["", "2", "3"])
    assert removed.fields["part"] == ["", "", "2"]


def test_a_text_that_is_too_long_is_split_at_sentences_and_joined_again(ann: Person) -> None:
    bluesky(ann)
    accounts = ["x/me", BLUESKY]
    page = ann.send("/compose/check", form(content=LONG, accounts=accounts)).text
    assert {(level, limit) for level, _, limit in counters(page)} == {("too", "280"), ("too", "300")}
    assert has_button(f"<form>{page}</form>", "Split into 2 parts")
    back = after(ann, "split", content=LONG, accounts=accounts)
    (first,), (second,) = back.fields["content"], back.fields["thread"]
    assert (f"{first} {second}", first[-1]) == (LONG, ".")
    ann.does("/compose", back.pressed("Schedule", at=LATER))
    assert (stored(ann)["content"], stored(ann)["thread"]) == (first, [second])
    edited = back.pressed("Join again", content=f"Edited. {first}")
    assert form_with(ann.send("/compose", edited).text, "Check").fields["content"] == [f"Edited. {LONG}"]


def test_where_a_network_takes_no_threads_only_the_others_get_parts(ann: Person) -> None:
    ann.ttp.account("instagram/me")
    back = after(ann, "split", content=LONG, accounts=["x/me", "instagram/me"])
    assert (back.fields["content"], back.fields["split"]) == ([LONG], ["yes"])
    assert "thread" not in back.fields


def test_a_word_that_cannot_be_split_is_refused_at_the_text(ann: Person) -> None:
    answer = ann.send("/compose", form(do="split", content="x" * 300))
    assert (answer.status_code, 'id="content-problem-1"' in answer.text, "x" * 300 in answer.text) == (400, True, True)


def test_an_own_text_begins_as_the_common_one_and_is_dropped_again(ann: Person) -> None:
    bluesky(ann)
    accounts = ["x/me", BLUESKY]
    back = after(ann, "own:x", accounts=accounts)
    assert (back.fields["variant:x"], back.fields["tab"]) == (["Hello"], ["x"])
    ann.does("/compose", back.pressed("Schedule", at=LATER, **{"variant:x": "For X"}))
    assert stored(ann)["variants"] == {"x": "For X"}
    edit = form_with(ann.sees("/posts/1/edit"), "Save")
    common = form_with(ann.send("/compose", edit.pressed("Use the common text")).text, "Save")
    assert "variant:x" not in common.fields
    ann.does("/compose", common.pressed("Save"))
    assert stored(ann)["variants"] == {}


def test_each_network_has_its_own_count_of_its_longest_part(ann: Person) -> None:
    bluesky(ann)
    accounts = ["x/me", "x/other", BLUESKY]
    text = "👩‍👩‍👧‍👦 https://example.com/" + 60 * "a"
    page = ann.send("/compose/check", form(content="Short", accounts=accounts, thread=[text])).text
    assert [(length, limit) for _, length, limit in counters(page)] == [
        *(("26", "280"), ("82", "300")),  # by network, of the longest part
        *(("5", "280"), ("82", "300")),  # by part, of the network that allows it least
    ]
    own = ann.send("/compose/check", form(content="x" * 270, accounts=accounts, **{"variant:x/other": "x" * 281})).text
    assert [one for one in counters(own) if one[2] == "280"] == [("too", "281", "280")]
    empty = ann.sees("/compose?at=now")
    assert counters(empty) == []


@pytest.mark.parametrize(("content", "level"), [("x" * 265, ""), ("x" * 266, "near"), ("x" * 281, "too")])
def test_a_count_warns_before_its_limit(ann: Person, content: str, level: str) -> None:
    assert [one[0] for one in counters(ann.send("/compose/check", form(content=content)).text)] == [level]


def test_a_new_post_goes_where_the_last_one_of_this_person_went(ann: Person) -> None:
    def chosen(person: Person, path: str = "/compose") -> list[str]:
        return form_with(person.sees(path), "Check").fields.get("accounts", [])

    assert chosen(ann) == []
    ann.does("/compose", form(accounts=["x/me", "x/other"]))
    ann.ttp.ok("create", "Of another", "--to", "x/me")
    assert chosen(ann) == ["x/me", "x/other"]
    assert counters(ann.sees("/compose")) == [("", "0", "280")]
    assert chosen(Person(ann.server).log_in("ben")) == []
    ann.ttp.ok("account", "disable", "x/other")
    assert chosen(ann) == ["x/me"]
    ann.ttp.ok("delete", "1", "--yes")
    assert chosen(ann) == ["x/me"]  # the only one that is enabled


def test_all_of_a_network_are_chosen_by_one_box_and_who_cannot_publish_says_why(ann: Person) -> None:
    bluesky(ann)
    back = after(ann, "check", accounts=[BLUESKY], all=["x"])
    assert sorted(back.fields["accounts"]) == [BLUESKY, "x/me", "x/other"]
    ann.ttp.ok("pause", "--account", "x/other")
    ann.ttp.sql("UPDATE account SET needs_reconnect = true WHERE handle = 'me' AND platform = 'x'")
    page = ann.sees("/compose")
    whys = dict(re.findall(r'name="accounts" value="([^"]+)".*?class="why">([^<]+)<', page))
    assert set(whys) == {"x/me", "x/other"}


def test_what_was_refused_is_repaired_by_its_buttons_until_nothing_is_left(ann: Person) -> None:
    bluesky(ann)
    typed = form(do="schedule", content=LONG, accounts=["x/me", BLUESKY], at="today 00:01")
    answer = ann.send("/compose", typed)
    assert answer.status_code == 422
    refused = form_with(answer.text, "Check")
    actions = {one["do"] for one in refused.buttons.values() if "do" in one}
    assert {"split", "own:x", "own:bluesky", "without:x/me", f"without:{BLUESKY}"} <= actions
    at = next(one for one in sorted(actions) if one.startswith("at:2"))
    split = form_with(ann.send("/compose", {**refused.fields, "do": "split"}).text, "Check")
    assert split.fields["refused"] == ["schedule"]  # the time is still wrong
    repaired = form_with(ann.send("/compose", {**split.fields, "do": at}).text, "Check")
    assert (repaired.fields["refused"], repaired.fields["at"]) == ([""], [at.removeprefix("at:")])
    ann.does("/compose", repaired.pressed("Schedule"))
    assert stored(ann)["status"] == "scheduled"


def test_a_repair_names_what_was_not_reached_before(ann: Person) -> None:
    refused = ann.send("/compose", form(do="schedule", content=LONG, accounts=["x/me"], at="")).text
    assert {'id="content-problem-1"' in refused, 'id="at-problem-1"' in refused} == {True}
    split = ann.send("/compose", {**form_with(refused, "Check").fields, "do": "split"}).text
    assert ('id="at-problem-1"' in split, form_with(split, "Check").fields["refused"]) == (True, ["schedule"])
    alone = ann.send("/compose", {**form_with(split, "Check").fields, "accounts": [], "do": "at:2098-01-01 09:00"}).text
    assert 'id="accounts-problem-1"' in alone


def test_an_account_is_left_out_by_a_button(ann: Person) -> None:
    back = after(ann, "without:x/me", accounts=["x/me", "x/other"])
    assert back.fields["accounts"] == ["x/other"]


def test_a_draft_is_discarded_after_a_question_and_an_edit_at_once(ann: Person) -> None:
    assert ann.does("/compose", form(do="drop")) == "/calendar"
    known = {"form": "f", **ids(ann.send("/compose/keep", form(form="f")).text)}
    assert ann.does("/compose", form(do="drop", **known)) == "/posts/1/delete"
    ann.does("/compose", form(do="schedule", at=LATER, **known))
    edit = form_with(ann.sees("/posts/1/edit"), "Save")
    ann.send("/compose/keep", edit.pressed("Check", content="Half"))
    assert ann.does("/compose", edit.pressed("Discard")) == "/posts/1"
    assert form_with(ann.sees("/posts/1/edit"), "Save").fields["content"] == ["Hello"]


def test_the_text_of_the_other_person_is_taken_over(ann: Person) -> None:
    ann.does("/compose", form())
    mine = form_with(ann.sees("/posts/1/edit"), "Save draft")
    ann.ttp.ok("edit", "1", "Theirs")
    refused = form_with(ann.send("/compose", mine.pressed("Save draft", content="Mine")).text, "Overwrite")
    assert ann.does("/compose", refused.pressed("Edit theirs")) == "/posts/1/edit"
    assert form_with(ann.sees("/posts/1/edit"), "Save draft").fields["content"] == ["Theirs"]


def test_what_many_accounts_of_a_network_have_is_one_line(ann: Person) -> None:
    names = [f"x/shop{number}" for number in range(5)]
    for name in names:
        ann.ttp.account(name)
    page = ann.send("/compose", form(do="schedule", at="2098-01-06 09:30", content="x" * 300, accounts=names)).text
    assert len(re.findall(r'id="content-problem-\d+"', page)) == 1
    assert has_button(page, "Shorter text for X")
    assert not has_button(page, "Leave x/shop0 out")
