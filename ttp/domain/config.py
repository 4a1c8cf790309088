"""Every setting of ttp in one table: name, default, unit and meaning. Reading files and the environment is `cli`'s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ttp.domain.errors import Bug

Value = str | float | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Key:
    """One setting. `default`'s type is the setting's type; None: a text without a default. `choices`: the only values,
    of a list its only members."""

    name: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()


_PULLED = ("instagram", "tiktok", "x")
_KEYS = (
    Key("timezone", None, "IANA zone of times without an offset (else the system's)"),
    Key("platforms.x.base_url", "https://api.x.com", "where X's API is reached"),
    Key("platforms.x.authorize_url", "https://x.com/i/oauth2/authorize", "X's page for a login"),
    Key("platforms.x.client_id", None, "your X app's OAuth 2.0 client id"),
    Key("platforms.x.redirect_uri", "http://127.0.0.1:8722/callback", "the redirect address of your app"),
    Key("platforms.instagram.base_url", "https://graph.instagram.com", "where Instagram's API is reached"),
    Key("platforms.instagram.upload_url", "https://rupload.facebook.com", "where videos are sent with Facebook Login"),
    Key("platforms.instagram.version", "v25.0", "version of the Graph API, part of every path"),
    Key("platforms.instagram.login", "instagram", "the product that the tokens are from", ("instagram", "facebook")),
    Key("platforms.instagram.authorize_url", "https://www.instagram.com/oauth/authorize", "its page for a login"),
    Key("platforms.instagram.token_url", "https://api.instagram.com", "where Instagram takes the code of a login"),
    Key("platforms.instagram.client_id", None, "your Instagram app id (login = facebook: your Facebook app id)"),
    Key("platforms.instagram.redirect_uri", "https://localhost/callback", "the redirect address of your app"),
    Key("platforms.tiktok.base_url", "https://open.tiktokapis.com", "where TikTok's API is reached"),
    Key("platforms.tiktok.authorize_url", "https://www.tiktok.com/v2/auth/authorize/", "its page for a login"),
    Key("platforms.tiktok.client_id", None, "your TikTok app's client key"),
    Key("platforms.tiktok.redirect_uri", "http://127.0.0.1:8722/callback", "the redirect address of your app"),
    Key("input.max_bytes", 1_000_000, "most bytes of a text that is read whole from stdin or a file"),
    Key("publish.settle_x_s", 900.0, "seconds after which an X look-up that finds nothing counts as proof"),
    Key("publish.settle_instagram_s", 300.0, "the same for Instagram; TikTok needs none, its status is authoritative"),
    Key("publish.lookup_gap_s", 30.0, "least seconds between look-ups of one unknown outcome"),
    Key("publish.retry_base_s", 15.0, "seconds before the first retry; doubles with each"),
    Key("publish.retry_cap_s", 900.0, "most seconds between two retries"),
    Key("publish.retry_max", 8, "tries of one delivery, the first one included"),
    Key("publish.max_lateness_s", 21600.0, "seconds after its time beyond which a post is missed, not sent late"),
    Key("publish.catch_up_gap_s", 60.0, "least seconds between two posts of an account that go out late"),
    Key("publish.min_gap_s", 0.0, "least seconds between two posts of an account; 0: any; what comes sooner waits"),
    Key("publish.per_day", 0, "most posts of an account in 24 hours; 0: no limit; what is more waits"),
    Key("publish.require_approval", False, "whether nothing goes out before ttp approve; read at a publisher's start"),
    Key("publish.expect_every_s", 900.0, "seconds without a publisher after which scheduling says so"),
    Key("publish.concurrency", 32, "deliveries published at once"),
    Key("publish.poll_s", 30.0, "most seconds the publisher sleeps without looking at the clock"),
    Key("publish.status_poll_s", 1.0, "seconds before the first look at a platform's processing; doubles up to 30"),
    Key("publish.drain_s", 20.0, "seconds that requests in flight may take after SIGTERM"),
    Key(
        "publish.any_machine",
        False,
        "whether any machine may publish from this store, but not from a copy; for containers",
    ),
    Key("http.connect_timeout_s", 10.0, "seconds to connect to a platform"),
    Key("http.read_timeout_s", 60.0, "seconds to wait for a platform's answer"),
    Key("http.upload_timeout_s", 120.0, "seconds to wait while media bytes are sent"),
    Key("plan.min_gap_s", 3600.0, "least seconds between two posts of an account that ttp places itself"),
    Key("plan.horizon_s", 604800.0, "seconds ahead within which --at optimal looks for the next good hour"),
    Key("plan.quiet_hours", None, "local hours in which ttp plan places nothing: 22:00-07:00"),
    Key("plan.blackout", (), "local dates on which it places nothing: 2026-12-24, 2026-12-24..2026-12-26"),
    Key("guard.same_text_s", 604800.0, "seconds within which the same text to an account is warned of; 0: never"),
    Key("guard.gap_s", 300.0, "seconds within which two posts of an account are warned of; 0: never"),
    Key("guard.strict", False, "whether the guard refuses instead of warning, as --strict does"),
    Key("repeat.ahead_s", 2592000.0, "seconds ahead for which the posts of repeats are made; the next one always is"),
    Key("slots.horizon_s", 31536000.0, "seconds ahead within which next-slot looks for a free one"),
    Key("credentials.backend", "file", "where tokens are kept", ("file", "keyring", "command")),
    Key("credentials.command", (), "program and arguments that give and keep tokens (backend = command)"),
    Key("media.keep_s", 2592000.0, "seconds that media copies stay after the last post that uses them has ended"),
    Key("media_host.kind", None, "how platforms reach local media by a public URL", ("folder", "s3", "command")),
    Key("media_host.path", None, "folder: the folder that your web server serves"),
    Key("media_host.base_url", None, "folder: the public URL of that folder"),
    Key("media_host.command", (), "command: program and arguments; it gets the file's path and prints its public URL"),
    Key("media_host.s3.url", None, "s3: the bucket, s3://NAME/FOLDER (gs://, az:// too)"),
    Key("media_host.s3.endpoint", None, "s3: the server's address, where it is not Amazon's (R2, MinIO)"),
    Key("media_host.s3.region", None, "s3: the bucket's region"),
    Key("hooks.on_published", (), "program and arguments that hear, on stdin as JSON, of each published delivery"),
    Key("hooks.on_failed", (), "the same for each delivery that failed or was missed"),
    Key("hooks.on_needs_review", (), "the same for each delivery that may be live, and a store to take over"),
    Key("hooks.on_account", (), "the same for each account that must be connected again"),
    Key("hooks.timeout_s", 30.0, "seconds that a hook may take"),
    Key("metrics.pull", ("instagram", "tiktok"), "whose numbers run reads by itself; X charges $0.001 each", _PULLED),
    Key("metrics.after", ("1h", "24h", "48h", "7d", "14d"), "how long after publishing the numbers are read"),
)
KEYS: Mapping[str, Key] = MappingProxyType({key.name: key for key in _KEYS})
"""All settings by name, in the order in which they are documented."""


class Config(Mapping[str, Value]):
    """The settings in force: what was set, else the default. Unknown names are a Bug."""

    def __init__(self, values: Mapping[str, Value] = MappingProxyType({})) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Value:
        if name not in KEYS:
            raise Bug(f"no setting {name}")
        return self._values.get(name, KEYS[name].default)

    def __iter__(self) -> Iterator[str]:
        return iter(KEYS)

    def __len__(self) -> int:
        return len(KEYS)

    def is_set(self, name: str) -> bool:
        """Whether a setting has another value than its default."""
        return self[name] != KEYS[name].default

    def seconds(self, name: str) -> float:
        """A setting that is a number of seconds."""
        value = self[name]
        return 0.0 if value is None or isinstance(value, tuple) else float(value)

    def count(self, name: str) -> int:
        """A setting that is a whole number."""
        value = self[name]
        return 0 if value is None or isinstance(value, tuple) else int(value)

    def text(self, name: str) -> str:
        """A setting that is a text; the empty text where it is unset."""
        value = self[name]
        return "" if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A setting that is a list of texts."""
        value = self[name]
        return value if isinstance(value, tuple) else ()
