"""Connecting and reconnecting accounts in the pages, at the sandbox's login pages."""

from __future__ import annotations

import html
import json
import re
import socket
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest

from tests.login_page import says
from tests.server.conftest import BASE, Api, server_of
from tests.server.pages.conftest import APPROVE, DRAFT, PUBLISH, READ, Person, form_with, inner
from ttp.sandbox.bluesky import records as bluesky_records
from ttp.sandbox.instagram import records as instagram_records
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.tiktok import records as tiktok_records
from ttp.sandbox.x import records as x_records
from ttp.server.pages.connect import LASTS_FOR, MOST_STARTED
from ttp.store.credentials import CredentialsFile

PLATFORMS = ("X", "TIKTOK", "INSTAGRAM", "MASTODON", "BLUESKY")
CONNECT = "/accounts/connect"


@pytest.fixture
def sandbox(server: Api, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> RunningSandbox:
    """The platforms that the settings point at, with the user's app at each that needs one."""
    shared_sandbox.reset(now=server.ttp.clock.now)
    for platform in PLATFORMS:
        monkeypatch.setenv(f"TTP_PLATFORMS__{platform}__BASE_URL", shared_sandbox.url)
    monkeypatch.setenv("TTP_PLATFORMS__X__CLIENT_ID", x_records.PUBLIC.id)
    server.app = server_of(server.ttp).app
    return shared_sandbox


@pytest.fixture
def ann(server: Api, sandbox: RunningSandbox) -> Person:
    """Someone who may publish, and connect accounts at the sandbox."""
    return Person(server).log_in()


def login_page(person: Person, name: str) -> str:
    """Start connecting an account or a platform; the address of the platform's login page."""
    platform, _, handle = name.partition("/")
    answer = person.send(CONNECT, {"platform": platform, "handle": handle})
    assert answer.status_code == 200, inner(answer.text)
    found = re.search(r'id="go" href="([^"]+)"', answer.text)
    assert found is not None, answer.text
    return html.unescape(found[1])


def back(address: str) -> str:
    """The path and query by which a browser comes back to the server."""
    assert address.startswith(f"{BASE}/callback?"), address
    split = urlsplit(address)
    return f"{split.path}?{split.query}"


def connect(person: Person, name: str, handle: str = "demo", *, yes: bool = True) -> httpx.Response:
    return person.get(back(says(login_page(person, name), handle=handle, yes=yes)))


def account(person: Person, name: str) -> dict[str, object]:
    return dict(person.ttp.ok("account", "show", name, "--json").json)


def names(person: Person) -> list[str]:
    return [one["account"] for one in person.ttp.ok("account", "list", "--json").json]


def bring(person: Person, sandbox: RunningSandbox, name: str) -> None:
    """Add an account of the sandbox with its credentials."""
    held = json.dumps(sandbox.state.accounts[name].credentials())
    person.ttp.ok("account", "add", name, "--credentials", "-", stdin=held)


def test_an_account_is_connected(ann: Person, sandbox: RunningSandbox) -> None:
    answer = connect(ann, "x")
    assert answer.status_code == 200
    assert "x/demo" in inner(answer.text)
    assert account(ann, "x/demo")["connected"] is True
    held = CredentialsFile(ann.ttp.home).get("x/demo")
    assert held is not None
    assert held.refresh_token
    assert held.access_token not in answer.text
    ann.ttp.ok("create", "Connected", "--to", "x/demo", "--at", "now")
    ann.ttp.ok("run", "--until-idle")
    assert [post.text for post in sandbox.state.visible_posts()] == ["Connected"]


def test_an_expired_account_is_connected_again(ann: Person) -> None:
    connect(ann, "x")
    before = ann.ttp.sql("SELECT id, user_id FROM account WHERE handle = 'demo'")
    ann.ttp.sql("UPDATE account SET needs_reconnect = true WHERE handle = 'demo'")
    assert 'value="demo"' in ann.sees("/accounts")
    answer = connect(ann, "x/demo")
    assert answer.status_code == 200
    after = account(ann, "x/demo")
    assert (after["connected"], after["needsReconnect"]) == (True, False)
    assert ann.ttp.sql("SELECT id, user_id FROM account WHERE handle = 'demo'") == before


def test_the_page_shows_the_commands_for_the_first_account_of_an_app_with_a_secret(
    server: Api, ann: Person, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = "ttp account connect tiktok --client-secret FILE"
    assert first not in ann.sees("/accounts")
    monkeypatch.setenv("TTP_PLATFORMS__TIKTOK__CLIENT_ID", tiktok_records.APP.id)
    server.app = server_of(server.ttp).app
    page = ann.sees("/accounts")
    assert first in page
    assert "client_id" not in page
    ben = Person(server).log_in("ben", DRAFT)
    assert first not in ben.sees("/accounts")
    bring(ann, sandbox, "tiktok/demo")
    assert first not in ann.sees("/accounts")
    server.ttp.account("instagram/me")
    page = ann.sees("/accounts")
    assert "ttp config set platforms.instagram.client_id CLIENT_ID" in page
    assert "ttp account connect instagram --client-secret FILE" in page


def test_tiktok_uses_the_secret_that_is_stored(ann: Person, sandbox: RunningSandbox) -> None:
    bring(ann, sandbox, "tiktok/demo")
    answer = connect(ann, "tiktok/demo")
    assert answer.status_code == 200, inner(answer.text)
    held = CredentialsFile(ann.ttp.home).get("tiktok/demo")
    assert held is not None
    assert held.client_secret == tiktok_records.APP.secret


def test_an_app_is_registered_at_a_mastodon_server(ann: Person, sandbox: RunningSandbox) -> None:
    host = sandbox.url.removeprefix("http://")
    answer = connect(ann, f"mastodon/demo@{host}", f"demo@{host}")
    assert answer.status_code == 200, inner(answer.text)
    assert account(ann, f"mastodon/demo@{host}")["connected"] is True


@pytest.fixture
def no_fixed_servers(ann: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Ann, where the settings name no server of Mastodon and Bluesky: each account has its own."""
    for platform in ("MASTODON", "BLUESKY"):
        monkeypatch.delenv(f"TTP_PLATFORMS__{platform}__BASE_URL")
    ann.server.app = server_of(ann.ttp).app
    return ann


@pytest.mark.parametrize(
    ("platform", "handle"),
    [
        ("mastodon", "demo@{sandbox}"),
        ("mastodon", "demo@localhost:{port}"),
        ("mastodon", "demo@social.example.org"),
        ("bluesky", "social.example.org"),
    ],
)
def test_a_server_that_only_this_network_reaches_is_not_called(
    no_fixed_servers: Person,
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    handle: str,
) -> None:
    ann, ask = no_fixed_servers, socket.getaddrinfo
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, *rest, **more: ask("10.0.0.8" if "example" in host else host, *rest, **more)
    )
    before = len(sandbox.state.answered)
    host = sandbox.url.removeprefix("http://")
    fields = {"platform": platform, "handle": handle.format(sandbox=host, port=host.rpartition(":")[2])}
    for path, more in ((CONNECT, {}), ("/accounts/sign-in", {"answer_0": "secret"})):
        answer = ann.send(path, {**fields, **more})
        assert answer.status_code == 403, inner(answer.text)
        assert "ttp account connect" in inner(answer.text)
    assert len(sandbox.state.answered) == before


def test_an_account_that_was_added_on_the_server_is_connected_again_wherever_it_is(
    no_fixed_servers: Person, sandbox: RunningSandbox
) -> None:
    ann, host = no_fixed_servers, sandbox.url.removeprefix("http://")
    name = f"mastodon/demo@{host}"
    ann.ttp.account(name)
    ann.ttp.sql(f"UPDATE account SET server = '{sandbox.url}', user_id = NULL WHERE platform = 'mastodon'")
    answer = connect(ann, name, f"demo@{host}")
    assert answer.status_code == 200, inner(answer.text)


def test_bluesky_asks_for_an_app_password(ann: Person, sandbox: RunningSandbox) -> None:
    handle = next(one.handle for name, one in sandbox.state.accounts.items() if name.startswith("bluesky/"))
    form = {"platform": "bluesky", "handle": f"@{handle}", "langs": "EN,de"}
    assert ann.send(CONNECT, {**form, "langs": "English"}).status_code == 400
    asked = ann.send(CONNECT, form)
    assert asked.status_code == 200, inner(asked.text)
    assert 'type="password"' in asked.text
    assert 'name="langs" value="EN,de"' in asked.text
    wrong = ann.send("/accounts/sign-in", {**form, "answer_0": "wrong-password"})
    assert wrong.status_code >= 400
    assert "wrong-password" not in wrong.text
    assert f"bluesky/{handle}" not in names(ann)
    done = ann.send("/accounts/sign-in", {**form, "answer_0": bluesky_records.APP_PASSWORD})
    assert done.status_code == 200, inner(done.text)
    connected = account(ann, f"bluesky/{handle}")
    assert (connected["connected"], connected["options"]) == (True, {"bluesky.langs": "en,de"})


def test_a_password_is_for_platforms_that_ask_for_one(ann: Person) -> None:
    answer = ann.send("/accounts/sign-in", {"platform": "x", "handle": "demo", "answer_0": "secret"})
    assert answer.status_code == 400
    assert "secret" not in answer.text


def test_a_no_changes_nothing(ann: Person) -> None:
    before = names(ann)
    answer = connect(ann, "x", yes=False)
    assert answer.status_code == 403
    assert "/accounts/connect?name=x" in answer.text
    assert names(ann) == before


def test_somebody_else_than_the_named_account_changes_nothing(ann: Person) -> None:
    connect(ann, "x/demo")
    before, held = names(ann), CredentialsFile(ann.ttp.home).get("x/demo")
    answer = connect(ann, "x/demo", "stranger")
    assert answer.status_code == 400
    for name in ("x/demo", "x/stranger"):
        assert f'href="/accounts/connect?name={name}"' in answer.text
    assert names(ann) == before
    assert CredentialsFile(ann.ttp.home).get("x/demo") == held


def test_a_state_works_once(ann: Person) -> None:
    address = back(says(login_page(ann, "x")))
    assert ann.get(address).status_code == 200
    assert ann.get(address).status_code == 400
    assert account(ann, "x/demo")["connected"] is True


def test_a_state_works_in_its_session_only(server: Api, ann: Person) -> None:
    address = back(says(login_page(ann, "x")))
    for other in (Person(server).log_in("ben"), Person(server).log_in("ann")):
        assert other.get(address).status_code == 400
    assert Person(server).get(address).headers["location"] == "/login"
    assert "x/demo" not in names(ann)
    assert ann.get(address).status_code == 200


def test_a_state_ends_after_ten_minutes(ann: Person) -> None:
    address = back(says(login_page(ann, "x")))
    ann.ttp.clock.advance(seconds=LASTS_FOR.total_seconds())
    assert ann.get(address).status_code == 400
    assert "x/demo" not in names(ann)


def test_an_answer_to_no_login_is_refused(ann: Person) -> None:
    before = names(ann)
    for query in ("", "?state=", "?code=a", "?state=unknown&code=a", "?state=%00%ff&code=a"):
        assert ann.get(f"/callback{query}").status_code == 400, query
    assert names(ann) == before


@pytest.mark.parametrize("more", ["", "&code=a&code=b", "&code=", "&state=other&code=a"])
def test_an_answer_that_cannot_be_used_is_refused(ann: Person, more: str) -> None:
    state = str(httpx.URL(login_page(ann, "x")).params["state"])
    assert ann.get(f"/callback?state={state}{more}").status_code == 400
    assert "x/demo" not in names(ann)


def test_a_code_that_the_platform_refuses_is_an_error(ann: Person) -> None:
    state = str(httpx.URL(login_page(ann, "x")).params["state"])
    assert ann.get(f"/callback?state={state}&code=made-up").status_code == 403
    assert "x/demo" not in names(ann)


def test_a_session_keeps_a_few_started_logins(ann: Person) -> None:
    first = back(says(login_page(ann, "x")))
    last = [back(says(login_page(ann, "x"))) for _ in range(MOST_STARTED)]
    assert ann.get(first).status_code == 400
    assert [ann.get(address).status_code for address in last[:2]] == [200, 200]


@pytest.mark.parametrize("has", [READ, DRAFT, APPROVE])
def test_connecting_needs_publish(server: Api, ann: Person, has: str) -> None:
    address = back(says(login_page(ann, "x")))
    person = Person(server).log_in("ben", has)
    for answer in (person.get(CONNECT), person.send(CONNECT, {"platform": "x"}), person.get(address)):
        assert answer.status_code == 403
    assert CONNECT not in person.sees("/accounts")


def test_people_with_some_accounts_reconnect_those_only(server: Api, ann: Person) -> None:
    connect(ann, "x/demo")
    ann.ttp.sql("UPDATE account SET needs_reconnect = true")
    id_ = ann.ttp.sql("SELECT id FROM account WHERE handle = 'demo'")[0][0]
    ben = Person(server)
    ben.log_in("ben", PUBLISH, accounts=[SimpleNamespace(id=id_)])
    for name in ("x", "x/me", "x/stranger"):
        platform, _, handle = name.partition("/")
        assert ben.send(CONNECT, {"platform": platform, "handle": handle}).status_code == 403
    assert ben.send("/accounts/sign-in", {"platform": "bluesky", "handle": "a.example"}).status_code == 403
    assert connect(ben, "x/demo").status_code == 200
    assert account(ann, "x/demo")["needsReconnect"] is False


def test_a_missing_app_names_the_command(server: Api, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ann.send(CONNECT, {"platform": "tiktok"})
    assert answer.status_code == 400
    assert "ttp config set platforms.tiktok.client_id CLIENT_ID" in html.unescape(answer.text)
    monkeypatch.setenv("TTP_PLATFORMS__TIKTOK__CLIENT_ID", tiktok_records.APP.id)
    server.app = server_of(server.ttp).app
    answer = ann.send(CONNECT, {"platform": "tiktok"})
    assert answer.status_code == 400
    assert "--client-secret FILE" in html.unescape(answer.text)


def test_instagram_needs_a_public_address(
    server: Api, ann: Person, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(ann, sandbox, "instagram/demo")
    held = CredentialsFile(ann.ttp.home)
    credentials = held.get("instagram/demo")
    assert credentials is not None
    app = instagram_records.INSTAGRAM
    held.put("instagram/demo", replace(credentials, client_id=app.id, client_secret=app.secret))
    assert ann.send(CONNECT, {"platform": "instagram", "handle": "demo"}).status_code == 400
    monkeypatch.setenv("TTP_SERVER__BASE_URL", "https://posts.example.org/")
    over_tls = Person(server_of(server.ttp))
    over_tls.cookies = {f"__Host-{name}": value for name, value in ann.cookies.items()}
    answer = over_tls("POST", CONNECT, data={"csrf": ann.csrf, "platform": "instagram", "handle": "demo"})
    found = re.search(r'id="go" href="([^"]+)"', answer.text)
    assert found is not None, inner(answer.text)
    address = says(html.unescape(found[1]))
    assert address.startswith("https://posts.example.org/callback?")
    assert over_tls.get(address.removeprefix("https://posts.example.org")).status_code == 200
    assert account(ann, "instagram/demo")["connected"] is True


def test_another_site_can_neither_start_nor_finish_a_login(ann: Person) -> None:
    address = back(says(login_page(ann, "x")))
    foreign = {"Origin": "https://evil.example"}
    assert ann.get(address, headers=foreign).status_code == 403
    assert ann.send(CONNECT, {"platform": "x"}, headers=foreign).status_code == 403
    assert ann("POST", CONNECT, data={"platform": "x"}).status_code == 403
    assert ann.get(address).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"platform": "fax"},
        {"platform": "command", "handle": "me"},
        {"platform": "mastodon"},
        {"platform": "x", "handle": "<b>"},
    ],
)
def test_a_wrong_form_is_refused_and_kept(ann: Person, form: dict[str, str]) -> None:
    answer = ann.send(CONNECT, form)
    if form.get("platform") == "x":
        assert "<b>" not in answer.text
    assert answer.status_code == 400, inner(answer.text)


def test_the_form_names_the_account_of_its_address(ann: Person) -> None:
    page = ann.sees(f"{CONNECT}?name=x/me")
    form = form_with(page, "Go on")
    assert (form.fields["platform"], form.fields["handle"]) == (["x"], ["me"])
    assert 'value="command"' not in page
