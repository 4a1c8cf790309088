"""Settings of earlier versions: what replaces them. Where they are set, each command that reads settings names the
commands to type and goes on without them; where they are typed, they are refused."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping

from ttp.domain.action import action
from ttp.domain.config import OWN_KEYS, RETIRED, Key
from ttp.domain.errors import Hint, UsageError

_UNSIGNED = "; Apprise does not sign: where signatures are checked, use notify.program"
_EDIT = "ttp config edit"


class IgnoredSetting(UsageError):
    """A setting that commands go on without. `name`: as it was written. `sentence`: the message with what to do."""

    name: str
    sentence: str


class RetiredSettings(IgnoredSetting):
    """The fix is the commands that replace them, to type one after the other."""

    def __init__(
        self,
        file: str,
        in_file: Mapping[str, tuple[str, ...]],
        in_environment: Mapping[str, tuple[str, ...]],
        variable: Callable[[str], str],
    ) -> None:
        """`in_file`, `in_environment`: their values as lists of words. `variable`: returns the variable of a
        setting."""
        values = {**in_file, **in_environment}
        names = dict.fromkeys(_group(name) for name in values)
        fix = " && ".join(_replacements(values, in_environment, variable))
        self.name, are = next(iter(values)), "is" if len(names) == 1 else "are"
        place = " and ".join([file] * bool(in_file) + ["the environment"] * bool(in_environment))
        message = f"{place}: {', '.join(names)} {are} no longer used"
        message += _UNSIGNED * ("notify.webhook.url" in values or "add webhook" in fix)
        message += "; rename notify.command to notify.program in the editor" * (_EDIT in fix)
        super().__init__(message, Hint("fix", fix))
        self.sentence = f"{message}:  {fix}"


def refuse_retired(name: str) -> None:
    """Refuse the typed name of a retired setting. UsageError."""
    if name in RETIRED:
        new = RETIRED[name]
        way = Hint("try", new, (name, new)) if new in OWN_KEYS else Hint("try", action("notify add", new))
        raise UsageError(f"{name} is no longer used" + _UNSIGNED * (new == "webhook"), way)


def retired_keys(*, by: str = "", below: str = "") -> list[Key]:
    """Return the retired settings that a setting or an address replaces, or those of a name or a group."""
    return [Key(name, None, "") for name, new in RETIRED.items() if by == new or below in (name, _group(name))]


def _group(name: str) -> str:
    return "notify.email" if name.startswith("notify.email.") else name


def _replacements(
    values: Mapping[str, tuple[str, ...]], in_environment: Collection[str], variable: Callable[[str], str]
) -> Iterator[str]:
    names = tuple("program" if name == "command" else name for name in values.get("notify.kinds", ()))
    for new in dict.fromkeys(new for name, new in RETIRED.items() if name in values or new in names):
        if new in names:
            yield f"ttp notify add {new}"
            continue
        old = next(name for name in values if RETIRED[name] == new)
        words, is_variable = names if new == "notify.to" else values[old], old in in_environment
        if new not in OWN_KEYS or not words:
            if not is_variable:
                yield f"ttp config unset {_group(old)}"
        elif is_variable:  # arguments of a program may be secrets, and are not repeated
            value = f'"${variable(old)}"' if new == "notify.program" else shlex.quote(shlex.join(words))
            yield f"export {variable(new)}={value}"
        elif new == "notify.program" and len(words) > 1:
            yield _EDIT
        else:
            dashes = "-- " if any(word.startswith("-") for word in words) else ""
            yield f"ttp config set {new} {dashes}{shlex.join(words)}"
    if in_environment:
        yield " ".join(("unset", *map(variable, in_environment)))
