"""What the log of requests tells: everything that helps, and no secret, whatever a platform answers."""

from __future__ import annotations

import logging
import re

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.sandboxed import Desk, call_path, on
from ttp.platforms.http import Http, Timeouts
from ttp.platforms.testing import StandingClock

UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""All but a line break that could move a terminal's cursor, or turn its text around."""
HERE = "https://api.example.com"


def ask(answer: httpx.Response | Exception, url: str = "/2/things", **asked: object) -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = Http(HERE, Timeouts(1, 2, 3), StandingClock(), transport=httpx.MockTransport(answered))
    http.request("POST", url, **asked)  # type: ignore[arg-type]  # whatever a test gives


@on()
def test_a_publication_is_logged_without_secrets(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ttp.http")
    desk.publish(desk.prepare())
    assert desk.order.credentials.access_token not in caplog.text
    assert caplog.text.count("upload_token=[secret]") == caplog.text.count("upload_token")
    assert "authorization: Bearer [secret]" in caplog.text
    path = call_path(desk.order.account.platform).removesuffix("$")
    assert re.search(rf"{path} 20\d", caplog.text)
    assert f"({desk.order.account.name})" in caplog.text


def test_a_line_for_each_request_at_info_and_none_above(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ttp.http")
    ask(httpx.Response(201, json={"id": "1"}), query={"access_token": "s3cr3t"}, account="x/me")
    ask(httpx.ConnectError("nobody there"))
    ask(httpx.Response(200), url="http://[::1")
    assert [record.getMessage() for record in caplog.records] == [
        "POST api.example.com/2/things 201 0.000 s  (x/me)",
        "POST api.example.com/2/things no connection to api.example.com: nobody there 0.000 s",
        "POST [::1 invalid address: https://api.example.com 0.000 s",
    ]
    caplog.clear()
    caplog.set_level(logging.WARNING, "ttp.http")
    ask(httpx.Response(200))
    assert not caplog.records


def test_secrets_are_known_by_their_names_wherever_they_stand(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ttp.http")
    form = {"code": "hush-1", "code_verifier": "hush-2", "client_secret": "hush-3", "grant_type": "authorization_code"}
    answer = {
        "access_token": "hush-4",
        "nested": [{"refresh_token": "hush-5", "upload_url": "https://u.example/?t=hush-6", "code": "ok"}],
        "value": {"uploadUrl": "https://u.example/?t=hush-6"},
        "token_type": "bearer",
    }
    ask(
        httpx.Response(200, json=answer, headers={"set-cookie": "hush-7"}),
        query={"fb_exchange_token": "hush-8", "fields": "id"},
        headers={"Authorization": "Basic hush-9"},
        form=form,
    )
    ask(httpx.Response(400, text="hush-0 is no token"), json={"state": "hush-1", "text": "hello"}, secrets=("hush-0",))
    assert "hush" not in caplog.text
    for told in ("grant_type=authorization_code", "fields=id", '"code": "ok"', '"token_type": "bearer"', '"hello"'):
        assert told in caplog.text
    assert "(18 characters that are not JSON)" in caplog.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.text(max_size=50), path=st.text(st.characters(codec="utf-8"), max_size=20))
def test_nothing_that_a_platform_says_moves_the_cursor(caplog: pytest.LogCaptureFixture, text: str, path: str) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG, "ttp.http")
    said = text.encode("utf-8", "replace").decode()
    ask(httpx.Response(200, json={"message": said, said: 1}), url=f"/{path}", content=said.encode())
    for record in caplog.records:
        assert not UNSEEN.search(record.getMessage())
