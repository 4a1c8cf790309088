"""Find the home and the config file, and read settings: flag > environment > config file > default.

Everything is in `TTP_HOME`; without it, in the data and config folders of the system. Each setting can be set in the
environment as `TTP_` and its name in capitals with `__` for dots.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ttp.cli.retired_settings import IgnoredSetting, RetiredSettings, refuse_retired
from ttp.domain.account import is_loopback
from ttp.domain.config import OWN_KEYS, RETIRED, Config, Key, KeyTable, Value, is_shared
from ttp.domain.errors import Hint, TimeRefused, UsageError
from ttp.domain.permissions import VARIABLE, Capability
from ttp.domain.store_url import EXAMPLE, is_store_url

_TRUE = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the store, media, credentials and lock."""
    if environ.get("TTP_HOME"):
        return _place(environ, "TTP_HOME")
    from platformdirs import user_data_path

    return user_data_path("ttp", appauthor=False)


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the config file, which may not exist."""
    if environ.get("TTP_CONFIG"):
        return _place(environ, "TTP_CONFIG")
    if environ.get("TTP_HOME"):
        return home(environ) / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("ttp", appauthor=False) / "config.toml"


def own_places(environ: Mapping[str, str] = os.environ) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the folders that belong to ttp, and its files elsewhere."""
    if environ.get("TTP_HOME"):
        return (home(environ),), (config_path(environ),)
    from platformdirs import user_config_path

    return (home(environ), user_config_path("ttp", appauthor=False)), (config_path(environ),)


def _place(environ: Mapping[str, str], name: str) -> Path:
    from ttp.store.home.files import expand_user

    return expand_user(environ[name], name).absolute()


class UnknownSetting(IgnoredSetting):
    """An unknown setting: from another version, or mistyped. In the config file it is ignored.

    `fix`: the command that removes it.
    """

    def __init__(self, name: str, keys: KeyTable, where: str = "", fix: str = "") -> None:
        from difflib import get_close_matches

        near = [one for one in get_close_matches(name.lower(), list(keys), n=1) if _is_near_in_each_part(name, one)]
        meant = [Hint("try", key, (name, key)) for key in near]
        super().__init__(f'{where}no setting "{name}"', *meant, Hint("see", "ttp config show"))
        self.sentence = self.message + "".join(f'; did you mean "{key}"?' for key in near)
        self.name, self.fix = name, fix


def _is_near_in_each_part(name: str, key: str) -> bool:
    """Return whether no part of a name became another: `notify.on` is near to `notify.to` and means another, as does
    `notify.email.to`."""
    from difflib import get_close_matches

    typed, meant = name.lower().split("."), key.split(".")
    if len(typed) == len(meant):
        return all(map(get_close_matches, typed, ([part] for part in meant)))
    return len(typed) < len(meant) or bool(get_close_matches(name.lower(), [key], cutoff=0.8))


def enabled_platforms(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names in `platforms.enabled` that can be read; `load_with_problems` reports the rest."""
    key = OWN_KEYS["platforms.enabled"]
    try:
        text = environ.get(variable(key.name))
        value = _converted(key, text or read_config_file(config_path(environ)).get(key.name, []))
    except UsageError:
        return ()
    return value if isinstance(value, tuple) else ()


def load(
    environ: Mapping[str, str] = os.environ,
    warn: Callable[[str], object] = lambda text: None,
    keys: KeyTable | None = None,
) -> Config:
    """Return the settings. UsageError if the file cannot be read or a value is invalid.

    `warn` is called for unknown names in the file, but not for those of a platform that is enabled and cannot be
    loaded, which the registry reports.
    """
    keys = key_table(environ) if keys is None else keys
    config, wrong = load_with_problems(environ, keys)
    for error in wrong:
        if not isinstance(error, IgnoredSetting):
            raise error
        if not _is_of_unusable_platform(error.name, keys, environ):
            warn(error.sentence)
    return config


def load_with_problems(
    environ: Mapping[str, str] = os.environ, keys: KeyTable | None = None
) -> tuple[Config, list[UsageError]]:
    """Return the settings that can be read, and the errors of the others."""
    keys = key_table(environ) if keys is None else keys  # its length loads all platforms
    values: dict[str, Value] = {}
    wrong: list[UsageError] = []
    path = config_path(environ)
    try:
        table = read_config_file(path)
    except UsageError as error:
        table, wrong = {}, [error]
    in_file, in_environment = dict[str, tuple[str, ...]](), dict[str, tuple[str, ...]]()
    for name, value in table.items():
        if name in RETIRED:
            in_file[name] = _words_in(value)
            continue
        key = keys.find(name)
        if key is None:
            wrong.append(UnknownSetting(name, keys, f"{path}: ", "ttp config edit"))
            continue
        try:
            values[key.name] = convert_value(key, value, f"{path}: ", Hint("fix", f"ttp config unset {name}"))
        except UsageError as error:
            wrong.append(error)
    for variable_name, name in ((variable("timezone"), "timezone"), *setting_variables(environ)):
        if variable_name != variable(name):
            continue
        if name in RETIRED:
            in_environment |= {name: _words_in(environ[variable_name])} if environ[variable_name] else {}
            continue
        key = keys.find(name)
        if key is None:
            wrong.append(UnknownSetting(name, keys, f"{variable_name}: ", f"unset {variable_name}"))
        elif text := environ.get(variable_name):
            try:
                values[key.name] = _from_environment(key, text)
            except UsageError as error:
                wrong.append(error)
    if environ.get("TTP_TZ"):
        values["timezone"] = environ["TTP_TZ"]
    if in_file or in_environment:
        wrong.append(RetiredSettings(str(path), in_file, in_environment, variable))
    return Config(values, keys), wrong


def _is_of_unusable_platform(name: str, keys: KeyTable, environ: Mapping[str, str]) -> bool:
    """Return whether a setting is of a platform that is enabled and cannot be loaded."""
    table, _, rest = name.partition(".")
    platform = rest.partition(".")[0]
    return table == "platforms" and platform in enabled_platforms(environ) and not keys.has_platform(platform)


def refuse_shared(keys: KeyTable, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse a variable and a config file that set what all hosts of a store share. UsageError."""
    why = "is the same for all hosts of this store, and kept in it"
    for variable_name, name in setting_variables(environ):
        key = keys.find(name)
        if key is not None and is_shared(key.name) and environ.get(variable_name):
            raise UsageError(f"{variable_name}: {key.name} {why}", Hint("fix", f"unset {variable_name}"))
    path = config_path(environ)
    for name in read_config_file(path):
        key = keys.find(name)
        if key is not None and is_shared(key.name):
            raise UsageError(f"{path}: {key.name} {why}", Hint("fix", f"ttp config unset {key.name}"))


def key_table(environ: Mapping[str, str] = os.environ) -> KeyTable:
    """Return all settings there are, with those of the enabled platforms."""
    from ttp.platforms.registry import Registry

    return KeyTable(Registry(enabled_platforms(environ)))


def setting_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables for settings, with their names: `TTP_PUBLISH__POLL_S`, `publish.poll_s`."""
    tables = {key.partition(".")[0] for key in OWN_KEYS}
    for variable_name in environ:
        name = variable_name.removeprefix("TTP_").lower().replace("__", ".")
        if variable_name.startswith("TTP_") and "." in name and name.partition(".")[0] in tables:
            yield variable_name, name


def capability(environ: Mapping[str, str] = os.environ) -> Capability:
    """Return what this environment may do; everything by default. UsageError for an unknown value."""
    text = environ.get(VARIABLE) or Capability.PUBLISH
    try:
        return Capability(text)
    except ValueError:
        see = Hint("see", "ttp help capability")
        raise UsageError(f'{VARIABLE} is read, draft or publish, not "{text}"', see) from None


def names_server(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether commands run on another machine's store: TTP_SERVER or `server.url` names it. An empty TTP_SERVER
    means this machine."""
    if "TTP_SERVER" in environ:
        return bool(environ["TTP_SERVER"])
    return _is_set("server.url", environ)


def names_database(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the store is in a database server: `store.url` names it."""
    return _is_set("store.url", environ)


def _is_set(name: str, environ: Mapping[str, str]) -> bool:
    """Return whether a text is set. Most config files set few, and reading them is for commands that need a setting."""
    if environ.get(variable(name)):
        return True
    from ttp.store.home.files import read_bytes

    try:
        if name.partition(".")[0].encode() not in read_bytes(config_path(environ)):
            return False
        return bool(read_config_file(config_path(environ)).get(name))
    except (OSError, ValueError, UsageError):
        return False  # whoever needs a setting reports it


def user_name(environ: Mapping[str, str] = os.environ) -> str:
    """Return who is at work, as the history of changes names them: `ann@laptop`."""
    name = environ.get("LOGNAME") or environ.get("USER") or _account_name() or str(os.getuid())
    return f"{name}@{os.uname().nodename}"


def _account_name() -> str:
    """Return the name of this process's user in the password file; cron and containers set no variable for it."""
    import pwd  # here: most have the variable

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def variable(key: str) -> str:
    """Return the environment variable of a setting."""
    return "TTP_" + key.upper().replace(".", "__")


def source(key: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return where a changed setting is set: the variable or the config file."""
    return variable_in_use(key, environ) or str(config_path(environ))


def variable_in_use(key: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the environment variable that overrides the config file for a setting, if one does."""
    if key == "timezone" and environ.get("TTP_TZ"):
        return "TTP_TZ"
    return variable(key) if environ.get(variable(key)) else None


_ADDRESSES = {
    "notify.ntfy.url": "https://ntfy.sh/TOPIC",
    "notify.ntfy.click": "https://posts.example.org/queue",
    "server.base_url": "https://posts.example.org",
    "server.url": "https://posts.example.org",
}
"""Settings with a web address, and one that fits. A file may have others: whoever uses them reports it."""


def _words(value: Value) -> str:
    """Return a value as words for `ttp config set KEY`."""
    import shlex

    parts = value if isinstance(value, tuple) else (value,)
    return " ".join(
        shlex.quote(f"{part:g}" if isinstance(part, float) else str(part).lower()) for part in parts if part is not None
    )


def key_named(name: str, keys: KeyTable) -> Key:
    """Return the setting of a name. UnknownSetting."""
    refuse_retired(name)
    key = keys.find(name)
    if key is None:
        raise UnknownSetting(name, keys)
    return key


def parse_value(key: Key, texts: Sequence[str]) -> Value:
    """Parse words as the value of a setting; for a list each word is a member, or one is JSON or empty. UsageError,
    TimeRefused."""
    is_whole = len(texts) == 1 and (not texts[0] or texts[0].lstrip().startswith("["))
    try:
        value = convert_value(key, list(texts) if isinstance(key.default, tuple) and not is_whole else " ".join(texts))
        if key.name == "timezone":
            from ttp.domain.time.zones import load_zone, suggest_zone

            if load_zone(str(value)) is None:
                hint = suggest_zone(str(value), lambda zone: f"ttp config set timezone {zone}")
                raise TimeRefused(f'no timezone is called "{value}"', hint)
        if key.name == "platforms.enabled":
            _refuse_missing_platforms(value if isinstance(value, tuple) else ())
        if key.name in _ADDRESSES and not _is_web_address(key, str(value)):
            meant = f"{'http' if is_loopback(str(value).partition(':')[0]) else 'https'}://{value}"
            fits = "://" not in str(value) and "." in meant and _is_web_address(key, meant)
            way = f"ttp config set {key.name} {_words(meant)}"
            example = "" if fits else f"such as {_ADDRESSES[key.name]}, "
            raise UsageError(f'{key.name} is a web address, {example}not "{value}"', *[Hint("try", way)] * fits)
    except UsageError as error:
        hints = error.hints or [Hint("try", f"ttp config set {key.name} {one}") for one in _values_meant(key, texts)]
        raise UsageError(error.message, *hints) from None
    return value


def _refuse_missing_platforms(names: Sequence[str]) -> None:
    """Raise UsageError for a platform that is not installed."""
    from ttp.platforms.registry import is_installed

    missing = next((name for name in names if not is_installed(name)), None)
    if missing is not None:
        parts = [part for part in missing.replace(",", " ").split() if is_installed(part)]
        meant = [name for name in (*names, *parts) if is_installed(name)]
        hint = Hint("try", f"ttp config set platforms.enabled {_words(tuple(dict.fromkeys(meant)))}")
        commas = len(parts) > 1 and len(parts) == missing.count(",") + 1
        raise UsageError(f'no platform "{missing}" is installed', *([hint] if commas else [Hint("see", "ttp help")]))


def _values_meant(key: Key, texts: Sequence[str]) -> list[str]:
    """Return what may be meant by words that are no value: a length of time in seconds, both of true and false, the
    nearest choices, else a few of them, each alone."""
    from difflib import get_close_matches

    from ttp.domain.time.durations import parse_length

    length = parse_length(" ".join(texts)) if key.name.endswith("_s") else None
    if length is not None:
        return [_words(length.total_seconds())]
    if isinstance(key.default, bool):
        return ["true", "false"]
    if key.form:
        return [str(key.default)]
    near = [get_close_matches(text.lower(), key.choices, 1) for text in texts]
    return [_words(tuple(match[0] for match in near))] if all(near) else list(key.choices[:3])


def _is_web_address(key: Key, text: str) -> bool:
    """Return whether a setting can have an address: of a server also that of its socket."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if key.name == "server.url" and parts.scheme == "unix":
        return not parts.netloc and parts.path.startswith("/")
    plain = text.isascii() and text.isprintable() and " " not in text and parts.username is None
    return parts.scheme in ("http", "https") and bool(host) and port != 0 and plain


def text_of(path: Path) -> str | None:
    """Return the text of a config file; None if it is missing. UsageError if it cannot be read."""
    from ttp.store.home.files import read_text

    try:
        return read_text(path, null=True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        elsewhere = "TTP_CONFIG=FILE" if os.environ.get("TTP_CONFIG") else "TTP_HOME=FOLDER"
        hints = [Hint("fix", f"export {elsewhere}")] if isinstance(error, NotADirectoryError) else []
        raise UsageError(f"the config file {path} cannot be read: {why}", *hints) from None


def read_config_file(path: Path) -> dict[str, object]:
    """Read the config file as values by setting name; empty without a file. UsageError if it cannot be read."""
    text = text_of(path)
    if text is None:
        return {}
    import tomllib

    try:
        return _flat(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"the config file {path} is not TOML: {error}", Hint("fix", "ttp config edit")) from None


def _flat(data: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _from_environment(key: Key, text: str) -> Value:
    value = convert_value(key, text, f"{variable(key.name)}: ", Hint("fix", f"unset {variable(key.name)}"))
    if is_platform_address(key):
        _refuse_foreign_host(key, text)
    return value


def _refuse_foreign_host(key: Key, url: str) -> None:
    """Refuse other hosts than this machine from the environment: whoever sets a variable could receive the tokens."""
    host = _host(url) or ""
    usual = urlsplit(str(key.default)).hostname
    if host != usual and not is_loopback(host):
        raise UsageError(
            f"{variable(key.name)} names the host {host}; from the environment only {usual} or this machine can be set",
            Hint("fix", f'{key.name} = "{url}"'),
        )


def is_platform_address(key: Key) -> bool:
    """Return whether tokens are sent to the address in this setting."""
    return key.name.startswith("platforms.") and key.name.endswith("_url")


def _host(url: str) -> str | None:
    """Return the host of an address that may receive tokens (https, or this machine); else None."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host is not None and is_loopback(host))
    plain = not (parts.username or parts.password or parts.query or parts.fragment) and port != 0
    return host if safe and plain else None


def convert_value(key: Key, value: object, where: str = "", *ways: Hint) -> Value:
    """Convert a value to the type of the setting. UsageError, prefixed with `where` and with the hints `ways`."""
    result = _converted(key, value)
    if is_platform_address(key) and _host(str(value)) is None:
        raise UsageError(f'{where}{key.name} is an address like {key.default}, not "{value}"', *ways)
    if key.form and not _fits_form(key, value):
        shown = f'"{value}"' if isinstance(value, str) else value
        raise UsageError(f'{where}{key.name} is a text like "{key.default}", not {shown}', *ways)
    chosen = result if isinstance(result, tuple) else (result,)
    if result is None or (key.choices and not all(one in key.choices for one in chosen)):
        expected = " or ".join(key.choices) or {
            bool: "true or false",
            int: f"a whole number from {0 if key.default == 0 else 1}",
            float: "a number",
            tuple: 'a list of texts, like ["one", "two"]',
        }.get(type(key.default), "a text")
        shown = " ".join(map(str, value)) if isinstance(value, list) else value
        raise UsageError(f'{where}{key.name} is {expected}, not "{shown}"', *ways)
    try:
        _read_whole(key, result)
    except UsageError as error:
        raise UsageError(f"{where}{key.name} {error.message}", *ways) from None
    return result


def _fits_form(key: Key, value: object) -> bool:
    import re

    return isinstance(value, str) and re.fullmatch(key.form, value) is not None


def _read_whole(key: Key, value: Value) -> None:
    """Check values with their own grammar. UsageError, worded to follow the name of the setting."""
    match key.name, value:
        case "metrics.after", tuple(texts):
            from ttp.domain.metrics.ingest.reading_schedule import parse_ages

            parse_ages(texts)
        case "notify.to", tuple(names) if any(mark in name for name in names for mark in ":/@"):
            raise UsageError("lists names, and no address, which is a secret")
        case "plan.blackout", tuple(texts):
            from ttp.domain.time.quiet_hours import parse_blackout

            parse_blackout(texts)
        case "best.within", str(text):
            from ttp.domain.time.durations import parse_duration

            parse_duration(text)
        case "plan.quiet_hours", str(text):
            from ttp.domain.time.quiet_hours import parse_quiet_hours

            parse_quiet_hours(text)
        case "links.own", tuple(hosts):
            from ttp.domain.parts.links import parse_host

            try:
                list(map(parse_host, hosts))
            except ValueError as error:
                raise UsageError(f'has names of hosts such as example.com, not "{error}"') from None
        case name, 0.0 if name.endswith(".budget_usd"):
            raise UsageError("is above 0: disable the accounts to publish nothing, or unset it to have no limit")
        case "store.url", str(text) if not is_store_url(text):
            raise UsageError(f"is an address like {EXAMPLE}")


def _converted(key: Key, value: object) -> Value:
    try:
        match key.default:
            case bool():
                return value if isinstance(value, bool) else _TRUE.get(str(value).lower())
            case int():
                number = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else -1
                return number if min(1, key.default) <= number <= 1_000_000 else None
            case float():
                seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
                return seconds if 0 <= seconds < 1e10 else None
            case tuple():
                return _listed(value)
            case _:
                return value if isinstance(value, str) else None
    except ValueError:
        return None


def _listed(value: object) -> tuple[str, ...] | None:
    """Return a list of texts; a string is JSON, or words as a shell splits them. ValueError."""
    if isinstance(value, str):
        import json
        import shlex

        value = json.loads(value) if value.lstrip().startswith("[") else shlex.split(value)
    fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return tuple(value) if isinstance(value, list) and fits else None


def _words_in(value: object) -> tuple[str, ...]:
    try:
        return _listed(value) or ()
    except ValueError:
        return ()
