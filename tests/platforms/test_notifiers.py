"""What each kind of notification sends, and what stops it: on this machine only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.receivers import HttpReceiver, MailReceiver, certificate, http_receiver, mail_receiver
from tests.settings import Config
from ttp.domain.config import Value
from ttp.platforms import notifiers
from ttp.platforms.notifiers import Notifiers, Outgoing, Secret, SendingFailed
from ttp.services.server.webhooks import signed_headers

OUT = Outgoing(
    "notification-7", "ttp: post 5 failed on x/me", "no answer\ntry:  ttp retry 5", {"event": "delivery.failed"}
)
LINKED = replace(OUT, url="https://ttp.example.com/posts/5")
SIGNING = b"0123456789abcdef0123"
WHSEC = Secret(f"whsec_{base64.b64encode(SIGNING).decode()}")


def notifier(**settings: Value) -> Notifiers:
    named = {f"notify.{name.replace('__', '.')}": value for name, value in settings.items()}
    return Notifiers(Config({"notify.timeout_s": 60.0, **named}), FakeClock(), signed_headers)


def why(kind: str, there: Notifiers, secret: Secret | None = None, out: Outgoing = OUT) -> SendingFailed:
    with pytest.raises(SendingFailed) as raised:
        there.send(kind, out, secret)
    return raised.value


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def post_office() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


# ntfy.


def test_ntfy_gets_the_text_with_title_click_and_token(web: HttpReceiver) -> None:
    there = notifier(ntfy__url=web.url, ntfy__click="https://ttp.example.com/queue")
    there.send("ntfy", OUT, Secret("tk_1"))
    ((headers, body),) = web.got
    assert (headers["title"], headers["click"], body.decode()) == (OUT.title, "https://ttp.example.com/queue", OUT.text)
    assert headers["authorization"] == "Bearer tk_1"


def test_a_tap_on_ntfy_opens_the_page_about_it_unless_another_is_set(web: HttpReceiver) -> None:
    notifier(ntfy__url=web.url).send("ntfy", LINKED, None)
    notifier(ntfy__url=web.url, ntfy__click="https://ttp.example.com/queue").send("ntfy", LINKED, None)
    assert [headers["click"] for headers, _ in web.got] == [LINKED.url, "https://ttp.example.com/queue"]


@pytest.mark.parametrize("title", ["Grüße", "a\r\nX-Evil: 1", "日本 👩‍🚀", "\x00\x1b[31m", "=?utf-8?q?x?="])
def test_no_title_is_more_than_one_header(web: HttpReceiver, title: str) -> None:
    notifier(ntfy__url=web.url).send("ntfy", Outgoing("1", title, "text", {}), None)
    ((headers, _),) = web.got
    assert "x-evil" not in headers
    assert "authorization" not in headers
    ((whole, charset),) = decode_header(headers["title"])
    assert charset is None or (isinstance(whole, bytes) and whole.decode(charset) == title)


def test_a_text_is_as_long_as_ntfy_shows(web: HttpReceiver) -> None:
    notifier(ntfy__url=web.url).send("ntfy", Outgoing("1", "t", "é" * 9000, {}), None)
    assert len(web.got[0][1]) <= notifiers.MOST_BYTES + 3
    assert web.got[0][1].decode().endswith("é…")


@pytest.mark.parametrize("kind", ["ntfy", "webhook"])
def test_a_refusal_and_a_redirect_are_failures_that_show_no_secret(web: HttpReceiver, kind: str) -> None:
    web.status, web.answer = 403, f"not with {WHSEC.value}"
    there = notifier(ntfy__url=web.url, webhook__url=web.url)
    message = why(kind, there, WHSEC).message
    assert "403" in message
    assert WHSEC.value not in message
    web.status = 302
    assert "302" in why(kind, there, WHSEC).message


def test_a_receiver_that_hangs_is_left(web: HttpReceiver) -> None:
    web.status = 0
    why("ntfy", notifier(ntfy__url=web.url, timeout_s=0.2))


@pytest.mark.parametrize(
    "url", ["ftp://host/topic", "topic", "https://user:pw@host/t", "https://ho st/", "https://[::1/t"]
)
def test_an_address_must_be_one(url: str) -> None:
    assert why("ntfy", notifier(ntfy__url=url)).setting == "notify.ntfy.url"


def test_a_token_goes_to_its_host_only_and_encrypted(web: HttpReceiver) -> None:
    assert why("ntfy", notifier(ntfy__url=web.url), Secret("tk_1", "ntfy.example.com")).needs_secret
    assert "encrypted" in why("ntfy", notifier(ntfy__url="http://192.0.2.1/topic"), Secret("tk_1")).message
    assert why("ntfy", notifier(ntfy__url=web.url), Secret("tk\r\nX: 1")).needs_secret
    assert web.got == []


# Webhook.


def test_a_webhook_is_signed_as_standard_webhooks_are(web: HttpReceiver) -> None:
    notifier(webhook__url=web.url).send("webhook", OUT, WHSEC)
    ((headers, body),) = web.got
    assert json.loads(body)["type"] == OUT.data["event"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SIGNING, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(FakeClock().now().timestamp()))


@pytest.mark.parametrize("secret", [None, Secret("password"), Secret("whsec_short"), Secret("whsec_" + "!" * 40)])
def test_a_webhook_needs_a_signing_secret(web: HttpReceiver, secret: Secret | None) -> None:
    assert why("webhook", notifier(webhook__url=web.url), secret).needs_secret
    assert web.got == []


# Mail.


def mailing(post_office: MailReceiver, **more: Value) -> Notifiers:
    return notifier(
        **{
            "email__host": "127.0.0.1",
            "email__port": post_office.port,
            "email__security": "none",
            "email__from": "ttp <ttp@example.com>",
            "email__to": ("ann@example.com", "ben@example.com"),
            **more,
        }
    )


def test_a_mail_has_the_text_and_says_that_a_program_wrote_it(post_office: MailReceiver) -> None:
    mailing(post_office).send("email", Outgoing("1", "ttp: Grüße", "Post 5 to x/me: “hi”\n.\nend", {}), None)
    (mail,) = post_office.got
    assert (mail["Subject"], mail["To"]) == ("ttp: Grüße", "ann@example.com, ben@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "“hi”" in mail.get_content()
    assert "end" in mail.get_content()
    assert post_office.logins == []


def test_a_mail_ends_with_the_address_of_its_page(post_office: MailReceiver) -> None:
    mailing(post_office).send("email", LINKED, None)
    assert post_office.got[0].get_content().splitlines()[-1] == LINKED.url


def test_a_user_logs_in_and_a_wrong_password_stands_in_no_message(post_office: MailReceiver) -> None:
    there = mailing(post_office, email__user="ann")
    assert why("email", there).needs_secret
    there.send("email", OUT, Secret("right", "127.0.0.1"))
    assert post_office.logins == [("ann", "right")]
    message = why("email", there, Secret("wrong", "127.0.0.1")).message
    assert "535" in message
    assert "wrong" not in message


def test_a_password_is_not_sent_in_the_clear_to_another_machine() -> None:
    there = notifier(
        email__host="192.0.2.1", email__security="none", email__from="a@b.c", email__to=("a@b.c",), email__user="a"
    )
    assert "encrypted" in why("email", there, Secret("right")).message


def test_what_a_mail_server_refuses_is_said(post_office: MailReceiver) -> None:
    post_office.refuses = "550 no such user"
    assert "550" in why("email", mailing(post_office)).message
    assert post_office.got == []


def test_a_server_without_encryption_gets_nothing_that_is_to_be_encrypted(post_office: MailReceiver) -> None:
    why("email", mailing(post_office, email__security="starttls"))
    assert post_office.got == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_for_a_server_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    file = certificate(tmp_path)
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(file)
    with mail_receiver(there, at_once=security == "tls") as office:
        sender = mailing(office, email__security=security, email__user="ann")
        why("email", sender, Secret("right"))
        assert not office.got
        assert not office.logins
        monkeypatch.setattr("ttp.platforms.transport.tls_context", lambda: ssl.create_default_context(cafile=file))
        sender.send("email", OUT, Secret("right"))
        assert (len(office.got), office.encrypted, office.logins) == (1, True, [("ann", "right")])


def test_an_address_with_a_line_break_makes_no_header(post_office: MailReceiver) -> None:
    why("email", mailing(post_office, email__from="a@example.com\r\nBcc: eve@example.com"))
    assert post_office.got == []


# Programs.


def script(folder: Path, lines: str) -> Path:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o700)
    return program


def test_a_program_gets_the_notification_on_stdin(tmp_path: Path) -> None:
    there = notifier(command=(str(script(tmp_path, f'cat > "{tmp_path}/$1"')), "heard"))
    there.send("command", OUT, None)
    assert json.loads((tmp_path / "heard").read_text()) == {"id": OUT.id, **OUT.data}


@pytest.mark.parametrize(
    ("lines", "said"), [("echo no room >&2; exit 3", "3: no room"), ("sleep 60", "longer than"), ("yes", "more than")]
)
def test_what_is_wrong_with_a_program_is_said(tmp_path: Path, lines: str, said: str) -> None:
    there = notifier(command=(str(script(tmp_path, lines)),), timeout_s=0.5 if said == "longer than" else 60.0)
    assert said in why("command", there).message


def test_a_program_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    why("command", notifier(command=(str(tmp_path / "none"),)))


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_the_desktop_gets_title_and_text_as_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    name = "notify-send" if system == "linux" else "osascript"
    script(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/heard').rename(tmp_path / name)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    notifier().send("desktop", Outgoing("1", "ttp: $(touch x)", "<b>&`id`", {}), None)
    heard = (tmp_path / "heard").read_text().splitlines()
    assert heard[-2:] == ["ttp: $(touch x)", "&lt;b&gt;&amp;`id`" if system == "linux" else "<b>&`id`"]
    notifier().send("desktop", replace(LINKED, url=LINKED.url + "?a&b"), None)
    linked = '<a href="{0}">{0}</a>' if system == "linux" else "{0}"
    last = (tmp_path / "heard").read_text().splitlines()[-1]
    assert last == linked.format(LINKED.url + ("?a&amp;b" if system == "linux" else "?a&b"))


# Checks.


def test_a_check_looks_for_the_program_and_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SendingFailed):
        notifier().check("desktop", None)
    program = script(tmp_path, "exit 1")
    assert str(program) in notifier(command=(str(program),)).check("command", None)
    assert "127.0.0.1" in notifier(ntfy__url="http://127.0.0.1:9/topic").check("ntfy", None)
    with pytest.raises(SendingFailed):
        notifier(webhook__url="http://host.invalid./x").check("webhook", WHSEC)


@pytest.mark.parametrize("kind", ["ntfy", "email", "webhook", "command"])
def test_a_missing_setting_is_named(kind: str) -> None:
    with pytest.raises(SendingFailed) as raised:
        notifier().check(kind, None)
    assert raised.value.setting.startswith("notify.")
