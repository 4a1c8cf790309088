"""All settings: name, default, unit and meaning. Those of a platform are in its folder, the others in one table here.
Reading files and the environment is `cli`'s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from ttp.domain.errors import Bug

Value = str | float | int | bool | tuple[str, ...] | None


class Key(NamedTuple):
    """One setting. `default` has its type; None: a text without a default. `choices`: the only (members of) values.
    `form`: a regular expression that the whole text must match, as its default does."""

    name: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    formerly: str = ""
    """A whole name by which it is accepted too."""
    form: str = ""


_PULLED = "metrics.pull"
"""Its default and its choices follow from the enabled platforms."""
_KEYS = (
    Key("timezone", None, "IANA zone of times without an offset (else the system's)"),
    Key("calendar.week_start", "monday", "the first day of a week in calendars and reports", ("monday", "sunday")),
    Key("platforms.enabled", (), "platforms from other packages that are used in addition to those of ttp"),
    Key("store.url", None, "the PostgreSQL database of the store: postgresql://USER@HOST/DATABASE; else a file here"),
    Key("store.password_command", (), "program and arguments that print the password for store.url"),
    Key("input.max_bytes", 1_000_000, "maximum size in bytes of a text from stdin or a file"),
    Key("links.own", (), "your own hosts, whose links --utm adds UTM parameters to: example.com"),
    Key(
        "links.shorten",
        (),
        "program and arguments that shorten a link with UTM parameters; it gets the link and prints a short one",
    ),
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
    Key(
        "publish.evict_after_s",
        30.0,
        "several publishers: seconds without a report after which the others disconnect one",
    ),
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
    Key("plan.horizon_s", 604800.0, "how many seconds ahead the best hour may be, with --within"),
    Key("best.within", "3d", "how far ahead --at optimal looks for the best hour; 24h while the evidence is thin"),
    Key("plan.quiet_hours", None, "local hours without planned posts: 22:00-07:00"),
    Key("plan.blackout", (), "local dates without planned posts: 2026-12-24, 2026-12-24..2026-12-26"),
    Key("guard.same_text_s", 604800.0, "warn about the same text for an account within these seconds; 0: never"),
    Key("guard.gap_s", 300.0, "warn about two posts of an account within these seconds; 0: never"),
    Key("guard.strict", False, "refuse instead of warning about times and texts, as --strict does"),
    Key("guard.alt", "warn", "what happens if a picture or video has no alt text", ("off", "warn", "refuse")),
    Key("write.cards", "auto", "link cards of new and edited posts, unless the post says otherwise", ("auto", "off")),
    Key(
        "repeat.ahead_s",
        2592000.0,
        "how many seconds ahead repeats create posts; always at least the next one",
    ),
    Key("slots.horizon_s", 31536000.0, "how many seconds ahead next-slot looks for a free one"),
    Key("credentials.backend", "file", "where tokens are stored", ("file", "keyring", "command", "store")),
    Key("credentials.command", (), "program and arguments that store tokens (backend = command)"),
    Key("credentials.key_command", (), "program and arguments that print the keys (backend = store)"),
    Key("media.keep_s", 2592000.0, "seconds that media copies are kept after the last post that uses them has ended"),
    Key("media.convert", "auto", "whether images are converted to what a platform takes", ("auto", "never")),
    Key("media.backend", "folder", "where media copies are: in TTP_HOME, or in a bucket too", ("folder", "s3")),
    Key("media.cache_mb", 10_000, "s3: megabytes of copies that stay in TTP_HOME"),
    Key("media.s3.url", None, "s3: the bucket, s3://NAME/FOLDER (gs://, az:// too)"),
    Key("media.s3.endpoint", None, "s3: the server's address, if it is not Amazon's (R2, MinIO)"),
    Key("media.s3.region", None, "s3: the bucket's region"),
    Key("media_host.kind", None, "how platforms reach local media by a public URL", ("folder", "s3", "command")),
    Key("media_host.path", None, "folder: the folder that your web server serves"),
    Key("media_host.base_url", None, "folder: the public URL of that folder"),
    Key("media_host.command", (), "command: program and arguments; it gets the file's path and prints its public URL"),
    Key("media_host.s3.url", None, "s3: the bucket, s3://NAME/FOLDER (gs://, az:// too)"),
    Key("media_host.s3.endpoint", None, "s3: the server's address, if it is not Amazon's (R2, MinIO)"),
    Key("media_host.s3.region", None, "s3: the bucket's region"),
    Key("server.url", None, "address of the server that runs the commands of this machine: https://… or unix:///…"),
    Key("server.token_file", None, "file with the token for server.url; only you may be able to read it"),
    Key("server.allow_http", False, "send the token to server.url without TLS, also to another machine"),
    Key("server.base_url", None, "the address by which people reach the server, such as https://posts.example.org"),
    Key("server.import_rows", 10_000, "maximum rows of an import that a server makes for a token"),
    Key("hooks.on_published", (), "program and arguments, started for each published delivery with JSON on stdin"),
    Key("hooks.on_failed", (), "the same for each delivery that failed or was missed"),
    Key("hooks.on_needs_review", (), "the same for each delivery that may be live, and a store to take over"),
    Key("hooks.on_account", (), "the same for each account that must be connected again"),
    Key("hooks.timeout_s", 30.0, "seconds that a hook may take"),
    Key("notify.to", (), "where notifications go: desktop, program, ntfy, or names of stored addresses"),
    Key("notify.stalled_after_s", 300.0, "seconds that posts are overdue and nothing publishes until you hear of it"),
    Key("notify.timeout_s", 20.0, "maximum seconds that sending one notification takes"),
    Key("notify.program", (), "program: the program and its arguments; it gets each notification as JSON on stdin"),
    Key("notify.ntfy.url", None, "ntfy: the address of your topic, https://ntfy.sh/TOPIC"),
    Key("notify.ntfy.click", None, "ntfy: the address that a tap opens; else the page of the notification"),
    Key(_PULLED, (), "platforms whose metrics the publisher reads"),
    Key("metrics.after", ("1h", "24h", "48h", "7d", "14d"), "when the numbers are read, after publishing"),
)
OWN_KEYS: Mapping[str, Key] = MappingProxyType({key.name: key for key in _KEYS})
"""The settings that belong to no platform, in the order in which they are documented."""
RETIRED: Mapping[str, str] = {
    **dict.fromkeys((f"notify.email.{name}" for name in ("host", "port", "security", "user", "from", "to")), "email"),
    "notify.webhook.url": "webhook",
    "notify.command": "notify.program",
    "notify.kinds": "notify.to",
}
"""Settings that are no longer used, in the order in which they are replaced: by another setting, or by the address of
notifications that is stored by this name."""


_SHARED = frozenset(
    f"publish.{name}"
    for name in (
        "require_approval",
        "min_gap_s",
        "per_day",
        "catch_up_gap_s",
        "max_lateness_s",
        "lookup_gap_s",
        "retry_base_s",
        "retry_cap_s",
        "retry_max",
    )
)


def is_shared(name: str) -> bool:
    """Return whether a setting decides what may be published, and when. Where several hosts share a store it is in the
    store, so that no host can have another value."""
    return (
        name in _SHARED
        or name == "links.own"
        or (name.startswith("platforms.") and name.endswith((".settle_s", ".budget_usd")))
    )


class PlatformKeys(Protocol):
    """What the enabled platforms add to the settings."""

    def names(self) -> tuple[str, ...]: ...

    def keys(self, name: str) -> tuple[Key, ...]:
        """Return a platform's settings, named without `platforms.NAME.`."""

    def charges_for_reading(self, name: str) -> bool | None:
        """Return whether the platform charges for numbers of posts; None if it has none to read."""


class KeyTable(Mapping[str, Key]):
    """All settings by name: ttp's own, and those of platforms, which are loaded when one of them is needed."""

    def __init__(self, platforms: PlatformKeys) -> None:
        self._platforms = platforms
        self._found: dict[str, Mapping[str, Key]] = {}

    def __getitem__(self, name: str) -> Key:
        key = OWN_KEYS.get(name)
        if key is not None:
            return self._pulled() if name == _PULLED else key
        table, _, rest = name.partition(".")
        platform = rest.partition(".")[0]
        if table == "platforms" and platform in self._platforms.names():
            return self._of(platform)[name]
        raise KeyError(name)

    def has_platform(self, name: str) -> bool:
        return name in self._platforms.names()

    def find(self, name: str) -> Key | None:
        """Return a setting by its present or former name."""
        key = self.get(name)
        if key is not None:
            return key
        return next((one for one in self.values() if one.formerly == name), None)

    def __iter__(self) -> Iterator[str]:
        for name in OWN_KEYS:
            yield name
            if name == "platforms.enabled":
                for platform in self._platforms.names():
                    yield from self._of(platform)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _of(self, platform: str) -> Mapping[str, Key]:
        if platform not in self._found:
            keys = (key._replace(name=f"platforms.{platform}.{key.name}") for key in self._platforms.keys(platform))
            self._found[platform] = {key.name: key for key in keys}
        return self._found[platform]

    def _pulled(self) -> Key:
        charges = {name: self._platforms.charges_for_reading(name) for name in self._platforms.names()}
        names = tuple(name for name, charge in charges.items() if charge is not None)
        free = tuple(name for name in names if not charges[name])
        charging = ", ".join(name for name in names if charges[name])
        key = OWN_KEYS[_PULLED]
        return key._replace(
            default=free, choices=names, help=f"{key.help}; those that charge for it: {charging or '-'}"
        )


APPROVAL_SETTING = "publish.require_approval"


class Config(Mapping[str, Value]):
    """The settings in force: what was set, else the default. Unknown names are a Bug."""

    def __init__(self, values: Mapping[str, Value] = MappingProxyType({}), keys: Mapping[str, Key] = OWN_KEYS) -> None:
        self._values = dict(values)
        self._keys = keys

    def __getitem__(self, name: str) -> Value:
        if name in self._values:
            return self._values[name]
        key = self._keys.get(name)
        if key is None:
            raise Bug(f"no setting {name}")
        return key.default

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def with_values(self, values: Mapping[str, Value]) -> Config:
        """Return the same settings with other values for some."""
        return Config({**self._values, **values}, self._keys)

    def is_set(self, name: str) -> bool:
        """Return whether a setting has another value than its default."""
        return self[name] != self._keys[name].default

    @property
    def readable_platforms(self) -> tuple[str, ...]:
        """The platforms whose numbers can be read."""
        return self._keys[_PULLED].choices

    @property
    def requires_approval(self) -> bool:
        """Whether only approved posts are published."""
        return self[APPROVAL_SETTING] is True

    def seconds(self, name: str) -> float:
        value = self[name]
        return 0.0 if value is None or isinstance(value, tuple) else float(value)

    def count(self, name: str) -> int:
        """Return a setting that is a whole number."""
        value = self[name]
        return 0 if value is None or isinstance(value, tuple) else int(value)

    def text(self, name: str) -> str:
        """Return a setting that is a text; the empty text where it is unset."""
        value = self[name]
        return "" if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self[name]
        return value if isinstance(value, tuple) else ()
