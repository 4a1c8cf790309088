"""Mastodon by the command line, in real processes, against servers of other projects.

| | mastodon-mock 0.6.1 | snac 2.75 |
|---|---|---|
| connect, look up, text, content warning, images, thread, reply, history | yes | yes |
| poll, quote, delete, key | yes | no: snac has none of them |
| private post | yes | yes, but snac lists none |
| its time (`Date`) | yes | no: what is not found is left to a person |
"""

from __future__ import annotations

import re
import urllib.request
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.real.fediverse import Fediverse, Person
from tests.real.program import Program
from ttp.sandbox.files import CLIP, PHOTO

_numbers = count()


@pytest.fixture
def person(fediverse: Fediverse) -> Person:
    return fediverse.new_person(f"p{next(_numbers)}")


@pytest.fixture
def ttp(person: Person, tmp_path: Path) -> Program:
    """The program, with the person's account connected in a browser."""
    ttp = Program(tmp_path, {"PLATFORMS__MASTODON__REDIRECT_URI": "http://127.0.0.1:0/callback"})
    code, _, said = connect(ttp, person)
    assert code == 0, said
    return ttp


def connect(ttp: Program, person: Person, *more: str) -> tuple[int, str, str]:
    """Connect as a person does in a browser: exit code, stdout and stderr."""
    process = ttp.start("account", "connect", person.account, "--no-browser", "--json", *more)
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"http://\S+/oauth/authorize\S+", line):
            back = person.approve(found[0])
            assert urlsplit(back).hostname == "127.0.0.1"
            with urllib.request.urlopen(back, timeout=60) as page:
                page.read()
            break
    out, rest = process.communicate(timeout=60)
    return process.returncode, out, said + rest


def published(ttp: Program, person: Person, *argv: str) -> list[dict[str, Any]]:
    """Publish one post; its statuses, which are the only ones of the person."""
    post = ttp.create(*argv, "--to", "mastodon")
    assert ttp.publish().code == 0
    delivery, statuses = ttp.delivery(post), person.statuses()
    assert delivery["state"] == "published"
    assert (delivery["remoteId"], delivery["url"]) == (statuses[0]["id"], statuses[0]["url"])
    return statuses


def is_snac(person: Person) -> bool:
    return person.server.kind == "snac"


# Connecting.


def test_an_account_is_connected_in_a_browser_by_an_app_that_ttp_registers(ttp: Program, person: Person) -> None:
    (account,) = ttp.ok("account", "list", "--json").json
    assert (account["account"], account["connected"]) == (person.account, True)
    assert ttp("account", "check", "--json").code == 0


def test_connecting_as_somebody_else_changes_nothing(ttp: Program, person: Person) -> None:
    other = person.server.new_person("other")
    asked = Person(person.server, person.name, other.token, other.id, other.password)
    asked.name, wanted = other.name, person.account
    process = ttp.start("account", "connect", wanted, "--no-browser", "--json")
    assert process.stderr is not None
    address = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+/authorize\S+", line)))
    urllib.request.urlopen(asked.approve(address), timeout=60).close()
    process.communicate(timeout=60)
    assert process.returncode != 0
    (account,) = ttp.ok("account", "list", "--json").json
    assert account["account"] == wanted


def test_a_token_is_added_by_hand(person: Person, tmp_path: Path) -> None:
    ttp = Program(tmp_path)
    given = f'{{"accessToken": "{person.token}"}}'
    ttp.ok("account", "add", person.account, "--server", person.server.url, "--credentials", "-", stdin=given)
    assert [one["content"] for one in published(ttp, person, "By hand")]


def test_a_wrong_token_is_refused_before_anything_is_sent(person: Person, tmp_path: Path) -> None:
    ttp = Program(tmp_path)
    ttp.ok("account", "add", person.account, "--credentials", "-", stdin='{"accessToken": "nobodys"}')
    post = ttp.create("Not for others", "--to", "mastodon")
    ttp.publish()
    delivery = ttp.delivery(post)
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "auth")
    assert person.statuses() == []


# Kinds of post.


def test_a_text_arrives_as_it_was_written(ttp: Program, person: Person) -> None:
    text = 'Fresh <beans> & tea: "50%"\n\nhttps://example.com/menu #tea é 👩\u200d💻'
    (status,) = published(ttp, person, text)
    assert person.texts() == [text]
    assert status["visibility"] == "public"


def test_a_content_warning_and_a_language(ttp: Program, person: Person) -> None:
    options = ["--set", "mastodon.spoiler_text=Food", "--set", "mastodon.language=de"]
    (status,) = published(ttp, person, "Kuchen", *options, "--set", "mastodon.sensitive=true")
    assert (status["spoiler_text"], status["sensitive"]) == ("Food", True)


def test_images_with_alt_text(ttp: Program, person: Person, tmp_path: Path) -> None:
    (tmp_path / "other.jpg").write_bytes(PHOTO.read_bytes() + b"another one")
    argv = ["--media", str(PHOTO), "--alt", "A cup", "--media", str(tmp_path / "other.jpg")]
    (status,) = published(ttp, person, "Two", *argv)
    assert [one["type"] for one in status["media_attachments"]] == ["image", "image"]
    assert status["media_attachments"][0]["description"] == "A cup"


def test_a_video(ttp: Program, person: Person) -> None:
    (status,) = published(ttp, person, "Moving", "--media", str(CLIP))
    assert len(status["media_attachments"]) == 1


def test_a_thread_is_a_chain_with_media_on_its_parts(ttp: Program, person: Person) -> None:
    argv = ["--thread", "Two", "--thread", "Three", "--media", f"last={PHOTO}", "--media", str(PHOTO)]
    parts = published(ttp, person, "One", *argv, "--alt", "The end")
    assert person.texts() == ["One", "Two", "Three"]
    assert [one["in_reply_to_id"] for one in parts] == [None, parts[0]["id"], parts[1]["id"]]
    assert [len(one["media_attachments"]) for one in parts] == [1, 0, 1]
    assert parts[2]["media_attachments"][0]["description"] == "The end"


def test_a_text_that_is_too_long_is_the_parts_that_were_shown(ttp: Program, person: Person) -> None:
    texts = [f"{number} {'word ' * 55}https://example.org/{'a' * 50}{number}" for number in range(3)]
    parts = published(ttp, person, "\n\n".join(texts), "--split", "--media", str(PHOTO))
    planned = [part["text"] for part in ttp.delivery(1)["plannedParts"]]
    assert planned == ([] if is_snac(person) else texts)  # which takes texts of any length
    assert len(parts) == (len(planned) or 1)
    assert is_snac(person) or person.texts() == texts
    assert len(parts[0]["media_attachments"]) == 1


def test_a_reply(ttp: Program, person: Person) -> None:
    other = person.server.new_person("asker")
    asked = person.server.call("POST", "/api/v1/statuses", {"status": "Well?"}, token=other.token)
    (status,) = published(ttp, person, "Well.", "--set", f"mastodon.reply_to={asked['id']}")
    assert status["in_reply_to_id"] == asked["id"]


def test_a_reply_to_nothing_fails_with_the_reason(ttp: Program, person: Person) -> None:
    post = ttp.create("Well.", "--to", "mastodon", "--set", "mastodon.reply_to=123456789012345678")
    ttp.publish()
    delivery = ttp.delivery(post)
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "content")
    assert person.statuses() == []


def test_a_poll(ttp: Program, person: Person) -> None:
    options = ["--set", "mastodon.poll=Tea|Coffee", "--set", "mastodon.poll_expires=3600"]
    if is_snac(person):
        assert ttp("create", "Which?", "--to", "mastodon", *options, "--at", "now").code != 0
        return
    (status,) = published(ttp, person, "Which?", *options)
    assert [one["title"] for one in status["poll"]["options"]] == ["Tea", "Coffee"]


def test_a_quote(ttp: Program, person: Person) -> None:
    quoted = person.server.call("POST", "/api/v1/statuses", {"status": "Quote me"}, token=person.token)
    options = ["--set", f"mastodon.quote={quoted['id']}"]
    if is_snac(person):
        assert ttp("create", "This", "--to", "mastodon", *options, "--at", "now").code != 0
        return
    ttp.create("This", "--to", "mastodon", *options)
    assert ttp.publish().code == 0
    assert person.statuses()[1]["quote"]["quoted_status"]["id"] == quoted["id"]


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_a_post_that_not_everyone_sees(ttp: Program, person: Person, visibility: str) -> None:
    post = ttp.create("For friends", "--to", "mastodon", "--set", f"mastodon.visibility={visibility}")
    assert ttp.publish().code == 0
    delivery = ttp.delivery(post)
    assert (delivery["state"], delivery["note"]) == ("published", None)
    if not is_snac(person):
        assert [one["visibility"] for one in person.statuses()] == [visibility]


# Numbers, history, deleting.


def test_counts_and_history(ttp: Program, person: Person) -> None:
    published(ttp, person, "Counted")
    person.server.call("POST", "/api/v1/statuses", {"status": "By hand"}, token=person.token)
    assert ttp("metrics", "pull", "--history", "10", "--account", person.account).code == 0
    samples = ttp.ok("metrics", "list", "--json").json
    assert {sample["text"] for sample in samples} == {"Counted", "By hand"}
    assert all(sample["likes"] == 0 for sample in samples)


def test_a_thread_is_deleted_where_the_server_lets_apps(ttp: Program, person: Person) -> None:
    published(ttp, person, "One", "--thread", "Two")
    ran = ttp("delete", "1", "--remote", "--yes", "--json")
    if is_snac(person):
        assert ran.code != 0
        assert len(person.statuses()) == 2
    else:
        assert person.statuses() == []


# Bad servers.


def test_a_server_that_is_none_is_told(person: Person, tmp_path: Path) -> None:
    ttp = Program(tmp_path)
    ran = ttp("account", "connect", "mastodon/me@127.0.0.1:9", "--no-input", "--json")
    assert ran.code != 0
    assert ttp("account", "list", "--json").json == []
