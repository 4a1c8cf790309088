"""The answer of a login: what counts, what does not, and that only its own answer ends the login."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.action import action
from ttp.domain.errors import Busy, TtpError
from ttp.platforms.oauth.callback import CallbackState, Code, Denied, Listener, NotThisLogin, read_answer, read_pasted

STATE = "state-abcdefghijklmnop"
FREE = "http://127.0.0.1:0/callback"
GOOD = urlencode({"code": "the-code", "state": STATE})


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(FREE, "x/me") as made:
        yield made


def get(url: str) -> tuple[int, str]:
    """Status and text of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def waiting(listener: Listener, browse: Callable[[], object], *, state: str = STATE) -> object:
    """What a wait ends with while `browse` runs as the browser."""
    browser = threading.Thread(target=browse)
    try:
        return listener.wait(state, 60.0, ready=browser.start)
    finally:
        browser.join()


def test_the_code_of_the_right_state_ends_the_wait(listener: Listener) -> None:
    seen = []
    answer = waiting(listener, lambda: seen.append(get(f"{listener.redirect_uri}?{GOOD}")))
    assert answer == Code("the-code")
    ((status, text),) = seen
    assert status == 200
    assert "back to the terminal" in text


def test_the_code_is_not_part_of_its_repr() -> None:
    assert "the-code" not in repr(Code("the-code"))


def test_a_favicon_a_wrong_state_and_no_state_change_nothing(listener: Listener) -> None:
    seen: list[int] = []
    root = listener.redirect_uri.removesuffix("/callback")

    def browse() -> None:
        paths = ("/favicon.ico", "/", "/callback?code=a&state=other", "/callback?code=a", f"/callback?{GOOD}")
        seen.extend(get(root + path)[0] for path in paths)

    assert waiting(listener, browse) == Code("the-code")
    assert seen == [404, 404, 400, 400, 200]


def test_an_error_answer_is_reported_clean_and_never_echoed(listener: Listener) -> None:
    words = "<script>alert(1)</script>\x1b[31m" + "x" * 5000
    seen = []
    query = urlencode({"error": "access_denied", "error_description": words, "state": STATE})
    answer = waiting(listener, lambda: seen.append(get(f"{listener.redirect_uri}?{query}")))
    assert isinstance(answer, Denied)
    assert answer.error == "access_denied"
    assert "\x1b" not in answer.words
    assert len(answer.words) <= 300
    assert "script" not in seen[0][1]


def test_the_texts_are_plain_uncached_and_send_no_referrer(listener: Listener) -> None:
    headers = {}

    def browse() -> None:
        with urllib.request.urlopen(f"{listener.redirect_uri}?{GOOD}", timeout=60) as answer:
            headers.update(answer.headers.items())

    waiting(listener, browse)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_first_callback_counts_and_the_second_gets_a_notice() -> None:
    landing = CallbackState("/callback", STATE)
    assert landing.visit("GET", f"/callback?{GOOD}").status == 200
    assert landing.visit("GET", f"/callback?code=another&state={STATE}").status == 410
    assert landing.answer == Code("the-code")


def test_the_port_is_closed_after_the_answer(listener: Listener) -> None:
    waiting(listener, lambda: get(f"{listener.redirect_uri}?{GOOD}"))
    with pytest.raises(urllib.error.URLError):
        get(f"{listener.redirect_uri}?{GOOD}")


@each("method", ["POST", "PUT", "HEAD", "OPTIONS", "BREW"])
def test_only_a_get_counts(method: str) -> None:
    landing = CallbackState("/callback", STATE)
    assert landing.visit(method, f"/callback?{GOOD}").status == 405
    assert landing.answer is None


def test_a_post_with_the_right_state_over_the_wire_does_not_count(listener: Listener) -> None:
    seen = []

    def browse() -> None:
        try:
            urllib.request.urlopen(f"{listener.redirect_uri}?{GOOD}", b"x=1", timeout=60)
        except urllib.error.HTTPError as refused:
            seen.append(refused.code)
            refused.close()
        get(f"{listener.redirect_uri}?code=second&state={STATE}")

    assert waiting(listener, browse) == Code("second")
    assert seen == [405]


def test_silent_or_invalid_connections_block_nothing(listener: Listener) -> None:
    port = urlsplit(listener.redirect_uri).port
    silent = [socket.create_connection(("127.0.0.1", port or 0)) for _ in range(5)]

    def browse() -> None:
        for noise in (
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"<script> HTTP/9.9\r\n\r\n",
            b"GET /callback HTTP/1.1\r\nA" * 9,
        ):
            with socket.create_connection(("127.0.0.1", port or 0)) as speaking:
                speaking.sendall(noise)
                speaking.shutdown(socket.SHUT_WR)
                assert b"script" not in speaking.recv(4096)
        get(f"{listener.redirect_uri}?{GOOD}")

    try:
        assert waiting(listener, browse) == Code("the-code")
    finally:
        for connection in silent:
            connection.close()


def test_without_an_answer_the_wait_ends_and_names_what_came_instead(listener: Listener) -> None:
    with pytest.raises(TtpError):
        listener.wait(STATE, 0.3, ready=lambda: get(f"{listener.redirect_uri}?code=a&state=other"))


def test_a_wait_without_an_answer_ends_in_time(listener: Listener) -> None:
    with pytest.raises(TtpError):
        listener.wait(STATE, 0.01)


def test_two_logins_at_once_get_two_ports_and_each_its_own_answer() -> None:
    with Listener(FREE, "x/me") as one, Listener(FREE, "x/me") as other:
        assert one.redirect_uri != other.redirect_uri
        answers: dict[str, object] = {}

        def browse() -> None:
            # Each page answers the wrong terminal first.
            assert get(f"{other.redirect_uri}?code=for-one&state=state-one")[0] == 400
            assert get(f"{one.redirect_uri}?code=for-other&state=state-other")[0] == 400
            get(f"{one.redirect_uri}?code=for-one&state=state-one")
            get(f"{other.redirect_uri}?code=for-other&state=state-other")

        def wait_other() -> None:
            answers["other"] = other.wait("state-other", 60.0, ready=ready.set)

        ready = threading.Event()
        second = threading.Thread(target=wait_other)
        second.start()
        assert ready.wait(60)
        answers["one"] = waiting(one, browse, state="state-one")
        second.join()
    assert answers == {"one": Code("for-one"), "other": Code("for-other")}


def test_a_port_in_use_is_refused_with_a_way_out(listener: Listener) -> None:
    port = urlsplit(listener.redirect_uri).port
    with pytest.raises(Busy, match=f"{port}") as refused:
        Listener(f"http://127.0.0.1:{port}/callback", "x/me")
    assert refused.value.hints[0].way == action("account connect", "x/me", paste=True)


def test_it_listens_on_this_machine_only(listener: Listener) -> None:
    assert listener._server.server_address[0] == "127.0.0.1"


@each(
    "pasted",
    [
        f"https://localhost/callback?{GOOD}#_",
        f"  https://localhost/callback?{GOOD}\n",
        f"http://127.0.0.1:8722/callback?{GOOD}",
        f"?{GOOD}",
        GOOD,
        f"{GOOD}#_",
        "the-code",
        "the-code#_",
    ],
)
def test_pasted_addresses_queries_and_codes_are_accepted(pasted: str) -> None:
    assert read_pasted(pasted, STATE) == Code("the-code")


@each(
    "pasted",
    [
        "",
        "two words",
        "https://localhost/callback",
        "https://localhost/callback?code=the-code",
        "https://localhost/callback?code=the-code&state=other",
        f"https://localhost/callback?state={STATE}",
        f"https://localhost/callback?code=&state={STATE}",
        f"code=a&code=b&state={STATE}",
        f"https://[/callback?{GOOD}",
        "&".join(["a=1"] * 100) + f"&{GOOD}",
        "é-code",
        "x" * 5000,
    ],
)
def test_a_wrong_paste_is_reported(pasted: str) -> None:
    answer = read_pasted(pasted, STATE)
    assert isinstance(answer, NotThisLogin)
    assert answer.why


def test_a_pasted_refusal_is_one() -> None:
    pasted = f"https://localhost/?error=access_denied&error_reason=user_denied&state={STATE}#_"
    assert read_pasted(pasted, STATE) == Denied("access_denied", "user_denied")


@given(st.text(max_size=60))
def test_no_other_state_is_ever_accepted(state: str) -> None:
    if state != STATE:
        assert isinstance(read_answer(f"code=a&state={quote(state.encode('utf-8', 'replace'))}", STATE), NotThisLogin)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200))
def test_any_code_survives_the_way_through_an_address(code: str) -> None:
    expected = Code(code.removesuffix("#_")) if code.removesuffix("#_") else None
    answer = read_answer(f"code={quote(code, safe='')}&state={STATE}", STATE)
    assert answer == expected or isinstance(answer, NotThisLogin)
