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
    Key("input.max_bytes", 1_000_000, "maximum size in bytes of a text from stdin or a file"),
    Key("publish.settle_x_s", 900.0, "seconds after which an X look-up that finds nothing counts as proof"),
    Key("publish.settle_instagram_s", 300.0, "the same for Instagram; TikTok needs none, its status is authoritative"),
    Key("publish.lookup_gap_s", 30.0, "minimum seconds between look-ups of one unknown outcome"),
    Key("publish.retry_base_s", 15.0, "seconds before the first retry; doubles with each"),
    Key("publish.retry_cap_s", 900.0, "maximum seconds between two retries"),
    Key("publish.retry_max", 8, "tries of one delivery, the first one included"),
    Key("publish.max_lateness_s", 21600.0, "seconds after its time until a post counts as missed and is not sent"),
    Key("publish.catch_up_gap_s", 60.0, "minimum seconds between two late posts of an account"),
    Key("publish.min_gap_s", 0.0, "minimum seconds between two posts of an account; 0: no limit; earlier ones wait"),
    Key("publish.per_day", 0, "maximum posts of an account in 24 hours; 0: no limit; more posts wait"),
    Key("publish.require_approval", False, "publish only approved posts; read when a publisher starts"),
    Key("publish.expect_every_s", 900.0, "seconds without a publisher after which scheduling commands warn"),
    Key("publish.concurrency", 32, "deliveries published at once"),
    Key("publish.poll_s", 30.0, "maximum seconds that the publisher sleeps without checking the clock"),
    Key("publish.status_poll_s", 1.0, "seconds before the first check of a platform's processing; doubles up to 30"),
    Key("publish.drain_s", 20.0, "seconds that running requests may take after SIGTERM"),
    Key(
        "publish.any_machine",
        False,
        "let any machine publish from this store, but not from a copy; for containers",
    ),
    Key("http.connect_timeout_s", 10.0, "seconds to connect to a platform"),
    Key("http.read_timeout_s", 60.0, "seconds to wait for a platform's answer"),
    Key("http.upload_timeout_s", 120.0, "seconds to wait while media bytes are sent"),
    Key("plan.min_gap_s", 3600.0, "minimum seconds between two posts of an account at times that ttp chooses"),
    Key("plan.horizon_s", 604800.0, "how many seconds ahead --at optimal looks for the next good hour"),
    Key("plan.quiet_hours", None, "local hours without planned posts: 22:00-07:00"),
    Key("plan.blackout", (), "local dates without planned posts: 2026-12-24, 2026-12-24..2026-12-26"),
    Key("guard.same_text_s", 604800.0, "warn about the same text for an account within these seconds; 0: never"),
    Key("guard.gap_s", 300.0, "warn about two posts of an account within these seconds; 0: never"),
    Key("guard.strict", False, "refuse instead of warning, as --strict does"),
    Key(
        "repeat.ahead_s",
        2592000.0,
        "how many seconds ahead repeats create posts; always at least the next one",
    ),
    Key("slots.horizon_s", 31536000.0, "how many seconds ahead next-slot looks for a free one"),
    Key("credentials.backend", "file", "where tokens are stored", ("file", "keyring", "command")),
    Key("credentials.command", (), "program and arguments that store tokens (backend = command)"),
    Key("media.keep_s", 2592000.0, "seconds that media copies are kept after the last post that uses them has ended"),
    Key("media_host.kind", None, "how platforms reach local media by a public URL", ("folder", "s3", "command")),
    Key("media_host.path", None, "folder: the folder that your web server serves"),
    Key("media_host.base_url", None, "folder: the public URL of that folder"),
    Key("media_host.command", (), "command: program and arguments; it gets the file's path and prints its public URL"),
    Key("media_host.s3.url", None, "s3: the bucket, s3://NAME/FOLDER (gs://, az:// too)"),
    Key("media_host.s3.endpoint", None, "s3: the server's address, if it is not Amazon's (R2, MinIO)"),
    Key("media_host.s3.region", None, "s3: the bucket's region"),
    Key("hooks.on_published", (), "program and arguments, started for each published delivery with JSON on stdin"),
    Key("hooks.on_failed", (), "the same for each delivery that failed or was missed"),
    Key("hooks.on_needs_review", (), "the same for each delivery that may be live, and a store to take over"),
    Key("hooks.on_account", (), "the same for each account that must be connected again"),
    Key("hooks.timeout_s", 30.0, "seconds that a hook may take"),
    Key("metrics.pull", ("instagram", "tiktok"), "platforms whose numbers ttp run reads; X charges for it", _PULLED),
    Key("metrics.after", ("1h", "24h", "48h", "7d", "14d"), "when the numbers are read, after publishing"),
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
