"""Webhooks: add, list, rotate, remove, test, replay; and send what is due (Standard Webhooks).

Secrets are in the credentials backend, under the name of the webhook: `access_token` is the present one, and
`refresh_token` the one before, which signs too while receivers change over.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound, TtpError, UsageError, describe_fault
from ttp.domain.event import POST_EVENTS
from ttp.domain.server.webhook import CallResult, Webhook, after_try
from ttp.domain.time.clock import Clock, utc_text
from ttp.platforms.webhook_call import check_url, post
from ttp.services.server.api_tokens import account_names
from ttp.store.credentials import CredentialsStore
from ttp.store.database import Database
from ttp.store.machine.ownership import store_id
from ttp.store.server import webhooks as store
from ttp.store.server.webhooks import NO_CALLS, CallCounts, WebhookCall

TEST = "webhook.test"
SECRET_BYTES = 32
_LIST = Hint("see", action("webhook list"))


@dataclass(frozen=True, slots=True)
class NamedWebhook:
    """A webhook with the names of its accounts (None: all), and how many of its calls wait or were given up."""

    webhook: Webhook
    accounts: tuple[str, ...] | None
    counts: CallCounts = NO_CALLS
    secret: str | None = field(default=None, repr=False)
    """Known only when it was just made."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    database: Database
    credentials: CredentialsStore
    clock: Clock
    send: Callable[..., CallResult] = post

    def add(self, url: str, events: Sequence[str], accounts: Sequence[Account], *, private: bool) -> NamedWebhook:
        """Store a webhook for these events and accounts; without any, for all. Raise UsageError, NotAllowed."""
        for name in events:
            if name not in POST_EVENTS:
                near = get_close_matches(name, POST_EVENTS, 1) or POST_EVENTS
                raise UsageError(f'no event "{name}"', *(Hint("try", one, (name, one)) for one in near))
        check_url(url, private=private)
        new = Webhook(
            0,
            url,
            self.clock.now(),
            tuple(dict.fromkeys(events)) or None,
            frozenset(account.id or 0 for account in accounts) if accounts else None,
            private,
        )
        with self.database.writing() as db:
            new = replace(new, id=store.insert(db, new))
        try:
            secret = self._store_secret(new, None)  # a keyring can be slow: others would wait for the transaction
        except TtpError:
            with self.database.writing() as db:
                store.delete(db, new.id)
            raise
        return NamedWebhook(new, tuple(account.name for account in accounts) or None, secret=secret)

    def all(self) -> list[NamedWebhook]:
        """Return all webhooks, oldest first."""
        with self.database.reading() as db:
            webhooks = store.webhooks(db) if db else []
            counts = store.count_calls(db) if db and webhooks else {}
            names = account_names(db, [one.accounts for one in webhooks]) if db else []
        return [
            NamedWebhook(one, accounts, counts.get(one.id, NO_CALLS))
            for one, accounts in zip(webhooks, names, strict=True)
        ]

    def get(self, webhook_id: int) -> NamedWebhook:
        """Return a webhook. Raise NotFound."""
        webhook = next((one for one in self.all() if one.webhook.id == webhook_id), None)
        if webhook is None:
            raise NotFound(f"no webhook {webhook_id}", _LIST)
        return webhook

    def rotate(self, webhook_id: int, overlap: timedelta) -> NamedWebhook:
        """Make a new secret. The one before signs too for the time of `overlap`. Raise NotFound."""
        webhook = self.get(webhook_id)
        until = self.clock.now() + overlap
        with self.database.writing() as db:
            store.set_rotated_until(db, webhook_id, until)
        secret = self._store_secret(webhook.webhook, self._secret(webhook.webhook))
        return replace(webhook, webhook=replace(webhook.webhook, rotated_until=until), secret=secret)

    def remove(self, webhook_id: int) -> NamedWebhook:
        """Delete a webhook, its calls and its secret. Raise NotFound."""
        webhook = self.get(webhook_id)
        with self.database.writing() as db:
            store.delete(db, webhook_id)
        self.credentials.remove(_entry(webhook_id))
        return webhook

    def replay(self, webhook_id: int, event_ids: Sequence[int]) -> list[int]:
        """Queue events again; without ids, those that were given up or wait. Return their ids. Raise NotFound."""
        self.get(webhook_id)
        with self.database.writing() as db:
            ids = store.replay(db, webhook_id, event_ids, self.clock.now())
            missing = [str(one) for one in event_ids if one not in ids]
            if missing:
                raise NotFound(f"no event {', '.join(missing)}", Hint("see", action("webhook log", webhook_id)))
        return ids

    def log(self, webhook_id: int, most: int) -> Sequence[WebhookCall]:
        """Return the calls of a webhook, newest event first. Raise NotFound."""
        self.get(webhook_id)
        with self.database.reading() as db:
            return store.calls(db, webhook_id, most) if db else ()

    def test(self, webhook_id: int) -> CallResult:
        """Send an event that is only a test. Raise NotFound."""
        webhook = self.get(webhook_id).webhook
        now = self.clock.now()
        data = {"at": utc_text(now), "event": TEST, "message": "a test"}
        return self._send(webhook, f"msg_{secrets.token_hex(16)}", TEST, data, now)

    def due(self) -> Sequence[int] | None:
        """Return the ids of the webhooks that have a call to make; None without webhooks."""
        with self.database.reading() as db:
            return store.due_webhooks(db, self.clock.now()) if db else None

    def send_due(self, webhook_id: int, stopping: Callable[[], bool]) -> None:
        """Make the due calls of a webhook, one after the other, and store the result of each.

        A process that is killed in between makes the call again, with the same id.
        """
        while not stopping():
            with self.database.reading() as db:
                webhook = store.webhook(db, webhook_id) if db else None
                call = store.next_call(db, webhook_id, self.clock.now()) if db else None
                store_name = store_id(db) if db else ""
            if webhook is None or call is None:
                return
            data = {"id": call.event_id, **json.loads(call.data)}
            result = self._send(webhook, message_id(store_name, call), call.event, data, call.event_at)
            now = self.clock.now()
            after = after_try(result, call.tries + 1, call.first_tried_at or now, now)
            with self.database.writing() as db:
                store.save_try(db, call, result, after, at=now)

    def _send(self, webhook: Webhook, message: str, event: str, data: Mapping[str, object], at: datetime) -> CallResult:
        """Sign and send one event. Raises nothing but ImportError."""
        body = json.dumps({"type": event, "timestamp": utc_text(at), "data": data}, ensure_ascii=False)
        now = self.clock.now()
        try:
            headers = signed_headers(self._signing_secrets(webhook, now), message, body, now)
            return self.send(webhook.url, body.encode(), headers, private=webhook.private)
        except TtpError as error:
            return CallResult(message=error.message)
        except Exception as fault:  # noqa: BLE001 (whatever it is, the other webhooks go on)
            return CallResult(message=f"was not sent, by {describe_fault(fault)}")

    def _secret(self, webhook: Webhook) -> str | None:
        credentials = self.credentials.get(_entry(webhook.id))
        return None if credentials is None else credentials.access_token

    def _signing_secrets(self, webhook: Webhook, now: datetime) -> list[str]:
        """Return the secrets that sign, the present one first. Raise NotFound."""
        credentials = self.credentials.get(_entry(webhook.id))
        if credentials is None:
            raise NotFound(
                f"the secret of webhook {webhook.id} is missing", Hint("fix", action("webhook rotate", webhook.id))
            )
        is_rotating = webhook.rotated_until is not None and now < webhook.rotated_until
        return [
            credentials.access_token,
            *([credentials.refresh_token] if credentials.refresh_token and is_rotating else []),
        ]

    def _store_secret(self, webhook: Webhook, before: str | None) -> str:
        """Make and store a secret. Return it."""
        secret = new_secret()
        credentials = Credentials(secret, webhook.host, before, issued_at=self.clock.now())
        self.credentials.put(_entry(webhook.id), credentials)
        return secret


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(signing: Sequence[str], message: str, body: str, now: datetime) -> dict[str, str]:
    """Return the headers of a message. Raise ImportError without the extra `server`."""
    from standardwebhooks import Webhook as Signer

    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Signer(one).sign(message, now, body) for one in signing),
    }


def message_id(store_name: str, call: WebhookCall) -> str:
    """Return the id by which receivers know a repeated event. It depends on the store and the event: a store that was
    put back has the numbers of events a second time."""
    named = f"{store_name}/{call.event_id}/{call.data}"
    return f"msg_{hashlib.blake2b(named.encode(), digest_size=16).hexdigest()}"


def _entry(webhook_id: int) -> str:
    """Return the name under which a webhook's secrets are kept."""
    return f"webhook/{webhook_id}"
