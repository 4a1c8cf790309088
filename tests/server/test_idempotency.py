"""Requests with an idempotency key whose server was killed: done once, or told plainly that nobody can know."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.server.conftest import Api
from ttp.domain.errors import Busy, Conflict, StateRefused
from ttp.domain.post_edit import PostInput
from ttp.server import command_answer, commands
from ttp.server.services import RequestServices
from ttp.services.drafts import Drafts
from ttp.services.undo import Undo
from ttp.store.home.request_locks import RequestLock
from ttp.store.server import idempotency_keys

KEYED = {"Idempotency-Key": "k1"}
LATER = "2098-01-01T09:00Z"


def lose_answer(api: Api, holder: str | None = None, *, begun: bool = True) -> None:
    """Leave the request with the key as a server does that was killed before it kept the answer."""
    sql = "UPDATE idempotency_key SET status = NULL, answer = NULL, begun = ?, holder = COALESCE(?, holder)"
    api.ttp.sql(sql, begun, holder)


def test_the_work_and_the_note_that_it_began_are_one_transaction(api: Api) -> None:
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=KEYED)
    ((token,),) = api.ttp.sql("SELECT id FROM token")
    assert [tuple(row) for row in api.ttp.sql("SELECT token_id, key FROM change")] == [(token, "k1")]
    assert [bool(row[0]) for row in api.ttp.sql("SELECT begun FROM idempotency_key")] == [True]
    assert list((api.ttp.home / "requests").iterdir()) == []


def test_a_key_is_held_while_its_request_may_run(api: Api) -> None:
    """However long that takes: a process that was suspended for a day keeps its lock."""
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=KEYED)
    lock = RequestLock(api.ttp.home)
    lose_answer(api, lock.holder)
    for hours in (0, 1, 48):
        api.ttp.clock.advance(hours=hours)
        problem = api.post("/v1/posts", {"content": "Hello"}, headers=KEYED)
        assert (problem.status_code, problem.json()["code"]) == (409, "key_in_use")
        assert int(problem.headers["retry-after"]) > 0
        assert api.ttp("token", "release", "ann", "k1").code == 2
    lock.leave()
    assert api.post("/v1/posts", {"content": "Hello"}, headers={"Idempotency-Key": "other"}).status_code == 201
    assert api.ttp.count("idempotency_key") == 1  # what is too old was forgotten as soon as nobody worked on it


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/posts", {"content": "New", "accounts": ["x/me"], "scheduledAt": LATER}, 201),
        ("POST", "/v1/posts/1/copy", None, 201),
        ("PATCH", "/v1/posts/1", {"content": "Better"}, 200),
        ("DELETE", "/v1/posts/1", None, 200),
        ("POST", "/v1/posts/1/schedule", {"at": LATER}, 200),
        ("POST", "/v1/posts/2/unschedule", None, 200),
        ("POST", "/v1/posts/2/publish", None, 202),
        ("POST", "/v1/posts/2/reject", None, 200),
        ("POST", "/api/posts", {"content": "Theirs", "platforms": [], "accountIds": ["x/me"]}, 201),
    ],
)
def test_a_request_that_was_done_is_answered_from_what_it_changed(
    api: Api, method: str, path: str, body: Any, status: int
) -> None:
    for at in ((), ("--at", LATER)):
        api.ttp.post("Hello", "--to", "x/me", *at)
    if path.endswith("/reject"):
        api = api.having("approve", name="bob")
    first = api(method, path, json=body, headers=KEYED)
    assert first.status_code == status, first.text
    count, changes = api.ttp.count("post"), api.ttp.count("change")
    for _ in range(2):
        lose_answer(api)
        again = api(method, path, json=body, headers=KEYED)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (status, "true"), again.text
        new = {"replayed", "warnings"}
        assert {k: v for k, v in again.json().items() if k not in new} == {
            k: v for k, v in first.json().items() if k not in new
        }
        assert {k: again.headers.get(k) for k in ("etag", "location")} == {
            k: first.headers.get(k) for k in ("etag", "location")
        }
        assert (api.ttp.count("post"), api.ttp.count("change")) == (count, changes)
    assert api(method, path, json=body, headers=KEYED).json() == again.json()


def test_a_request_that_changed_nothing_is_done(api: Api) -> None:
    """The row without the note proves that no transaction of the first request was committed, and none ever will be."""
    api.ttp.post("Hello", "--to", "x/me")
    api.ok("PATCH", "/v1/posts/1", {"content": "Better"}, headers=KEYED)
    api.ok("PATCH", "/v1/posts/1", {"content": "Hello"})
    lose_answer(api, begun=False)
    assert api.ok("PATCH", "/v1/posts/1", {"content": "Better"}, headers=KEYED)["content"] == "Better"
    assert api.ttp.count("idempotency_key") == 1


def test_work_that_wakes_up_after_another_took_its_key_changes_nothing(api: Api) -> None:
    api.ttp.post("Hello", "--to", "x/me")
    token = api.app.state.installation.api_tokens.find(api.token)
    assert token is not None
    held = idempotency_keys.Reservation(token.id, "k1", "of the first")
    services = RequestServices(api.app.state.installation, token)
    services.work_for(held)
    with api.ttp.database.writing() as db:
        assert idempotency_keys.reserve(db, held, "digest", api.ttp.clock.now())
        after = idempotency_keys.Reservation(token.id, "k1", "of the second")
        assert idempotency_keys.take_over(db, after, held, api.ttp.clock.now())
        assert not idempotency_keys.take_over(db, after, held, api.ttp.clock.now())
    with pytest.raises(Conflict):
        services.posts.edit(1, PostInput(text="Better"), None)
    assert api.ttp.shown(1)["content"] == "Hello"
    services = RequestServices(api.app.state.installation, token)
    services.work_for(after)
    services.posts.edit(1, PostInput(text="Better"), None)
    with api.ttp.database.writing() as db:
        assert not idempotency_keys.take_over(db, held, after, api.ttp.clock.now())


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_text_that_was_saved_first_is_not_the_whole_request(api: Api, *, is_refused: bool) -> None:
    """`ttp create -` saves its text before it is checked, in a transaction of its own."""
    token = api.app.state.installation.api_tokens.find(api.token)
    held = idempotency_keys.Reservation(token.id, "k1", "of the child")
    with api.ttp.database.writing() as db:
        assert idempotency_keys.reserve(db, held, "digest", api.ttp.clock.now())
    services = RequestServices(api.app.state.installation, token)
    services.work_for(held)

    def done() -> tuple[int, ...]:
        with api.ttp.database.reading() as db:
            assert db is not None
            return idempotency_keys.changed_posts(db, token.id, "k1")

    with Drafts(services.posts).save_first("Hello", PostInput(text="Hello")) as draft:
        assert done() == ()
        if not is_refused:
            services.posts.create(PostInput(text="Hello"), None, draft)
    assert done() == (() if is_refused else (1,))


def _undo(api: Api) -> None:
    api.ttp.ok("edit", "1", "Better")
    api.ttp.ok("edit", "1", "Best")


@pytest.mark.parametrize(
    ("method", "path", "body", "prepare", "told"),
    [
        ("POST", "/v1/undo", None, _undo, lambda api: api.ttp.shown(1)["content"]),
        (
            "POST",
            "/v1/slots",
            {"accounts": ["x/me"], "times": "mon 09:00"},
            lambda api: None,
            lambda api: api.ttp.ok("slots", "list", "--json").json,
        ),
    ],
)
def test_a_request_whose_outcome_cannot_be_known_waits_for_a_person(
    api: Api, method: str, path: str, body: Any, prepare: Callable[[Api], None], told: Callable[[Api], Any]
) -> None:
    api.ttp.post("Hello", "--to", "x/me")
    prepare(api)
    api.ok(method, path, body, headers=KEYED)
    lose_answer(api)
    state = told(api)
    for _ in range(2):
        problem = api.refused(method, path, 409, "unknown", body, headers=KEYED)
        assert problem["action"]["name"] == "history"
    assert told(api) == state
    assert api.ttp("token", "release", "bob", "k1", "--json").error["hint"] == "ttp token list"
    api.ttp.ok("token", "release", "ann", "k1")
    error = api.ttp("token", "release", "ann", "k1", "--json").error
    assert (error["code"], error["hint"]) == ("not_found", None)
    api.ok(method, path, body, headers=KEYED)


@pytest.mark.parametrize(("error", "again"), [(StateRefused("no"), 200), (Busy("lost"), 409), (OSError(), 409)])
def test_only_a_refusal_frees_the_key_of_a_request_that_changed_something(
    api: Api, error: Exception, again: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a session of PostgreSQL ends during a commit: everything is saved, or nothing."""
    api.ttp.post("Hello", "--to", "x/me")
    api.ttp.ok("edit", "1", "Better")

    def fail(undo: Undo, *args: Any, **more: Any) -> Any:
        revert(undo, *args, **more)
        raise error

    revert = Undo.revert
    with monkeypatch.context() as patch:
        patch.setattr(Undo, "revert", fail)
        if isinstance(error, OSError):
            with pytest.raises(OSError):
                api.post("/v1/undo", headers=KEYED)
        else:
            assert api.post("/v1/undo", headers=KEYED).status_code >= 400
    assert api.post("/v1/undo", headers=KEYED).status_code == again


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["create", "New"], 200),
        (["delete", "1", "--yes"], 200),
        (["create", "New", "--json"], 409),
        (["create", "New", "--format", "json"], 409),
        (["edit", "--where", "status=draft", "--add-tag", "new", "--yes"], 409),
        (["import", "-", "--partial"], 409),
    ],
)
def test_a_command_is_answered_by_the_ids_of_its_posts_only_where_it_prints_these(
    api: Api, argv: list[str], status: int
) -> None:
    """JSON that is lost is not made up, and neither is the exit code of an import that skips rows."""
    api.ttp.post("Hello", "--to", "x/me")
    order = {"protocol": 1, "argv": argv, "paths": {"-": "/-"} if "-" in argv else {}}
    rows = b"content,to\nOne,x/me\nTwo,x/nobody\n"
    form: Any = {"command": (None, json.dumps(order)), "stdin": ("stdin", rows)}

    def send() -> httpx.Response:
        return api.post("/v1/commands", files=form, headers=KEYED)

    first = send().text.splitlines()
    assert json.loads(first[-1])["exit"] in (0, 6), first
    count = api.ttp.count("post")
    lose_answer(api)
    again = send()
    assert again.status_code == status, again.text
    if status == 200:
        lines = [line for line in again.text.splitlines() if "stderr" not in line]
        assert lines == first
    else:
        assert again.json()["code"] == "unknown"
    assert api.ttp.count("post") == count


def test_a_command_that_was_ended_before_it_changed_anything_is_run_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client repeats it after the connection broke: "it may be done in part" would not be true."""
    form: Any = {"command": (None, json.dumps({"protocol": 1, "argv": ["create", "New"]}))}
    with monkeypatch.context() as patch:
        patch.setattr(commands, "MOST_SECONDS", 0.0)
        assert "ended" in json.loads(api.post("/v1/commands", files=form, headers=KEYED).text.splitlines()[-1])
    assert api.post("/v1/commands", files=form, headers=KEYED).text.splitlines()[-1] == '{"exit": 0}'
    assert api.ttp.count("post") == 1


@pytest.mark.parametrize(("argv", "is_change"), [(["list"], False), (["create", "New"], True)])
def test_an_answer_that_is_too_long_to_keep(
    api: Api, argv: list[str], *, is_change: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read is done again. Of a change the exit code is kept, and not the output."""
    monkeypatch.setattr(command_answer, "MOST_KEPT", 5)
    api.ttp.post("Hello", "--to", "x/me")
    form: Any = {"command": (None, json.dumps({"protocol": 1, "argv": argv}))}
    first, again = (api.post("/v1/commands", files=form, headers=KEYED).text.splitlines() for _ in range(2))
    assert again == (first[-1:] if is_change else first)
    assert api.ttp.count("post") == 1 + is_change


def test_a_refusal_names_a_few_posts_only(api: Api) -> None:
    rows = "content,to\n" + "".join(f"Row {number},x/me\n" for number in range(300))
    form = {"file": ("rows.csv", rows)}
    api.ok("POST", "/v1/imports", files=form, headers=KEYED)
    lose_answer(api)
    assert len(api.refused("POST", "/v1/imports", 409, "unknown", files=form, headers=KEYED)["detail"]) < 300


def test_answers_that_are_too_old_are_forgotten_unread(api: Api) -> None:
    """A hundred thousand of them would fill the memory."""
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=KEYED)
    api.ttp.sql("UPDATE idempotency_key SET answer = 'no JSON'")
    api.ttp.clock.advance(hours=25)
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers={"Idempotency-Key": "k2"})
    assert [row[0] for row in api.ttp.sql("SELECT key FROM idempotency_key")] == ["k2"]


def test_a_key_of_an_older_ttp_without_an_answer_is_unknown(api: Api) -> None:
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=KEYED)
    api.ttp.sql("UPDATE idempotency_key SET status = NULL, answer = NULL, begun = NULL, holder = NULL")
    api.ttp.sql("UPDATE change SET key = NULL")
    api.refused("POST", "/v1/posts", 409, "unknown", {"content": "Hello"}, headers=KEYED)


def test_only_the_host_of_a_request_can_tell_that_it_has_ended(api: Api) -> None:
    """Where other hosts share the store. A file has none: there the process is gone with its lock."""
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=KEYED)
    lose_answer(api, f"{'0' * 32} elsewhere {api.ttp.home}")
    if api.ttp.database.has_files:
        assert api.post("/v1/posts", {"content": "Hello"}, headers=KEYED).status_code == 201
        return
    problem = api.refused("POST", "/v1/posts", 409, "key_in_use", {"content": "Hello"}, headers=KEYED)
    assert "elsewhere" in problem["detail"]
    assert api.ttp("token", "release", "ann", "k1").code == 2
    lose_answer(api, f"{'0' * 32} {os.uname().nodename} {os.path.realpath(api.ttp.home)}")
    assert api.post("/v1/posts", {"content": "Hello"}, headers=KEYED).status_code == 201
