"""Turn the hints of errors into tool calls that an agent can make next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from ttp.domain.action import LONGEST_TEXT, Action, OtherOptions, WayOut, has_example
from ttp.domain.errors import Hint, NotAllowed, Problem, TtpError
from ttp.mcp.arguments import argument_names
from ttp.mcp.tool import Tool
from ttp.views import Json

TOOL_OF = {
    "account list": "list_accounts",
    "account show": "list_accounts",
    "calendar": "calendar",
    "delete": "delete_post",
    "edit": "edit_post",
    "history": "history",
    "list": "list_posts",
    "optimal": "best_times",
    "optimal next": "next_slot",
    "plan": "plan_drafts",
    "publish": "publish_post",
    "redo": "undo",
    "reject": "reject_post",
    "report": "report",
    "retry": "retry_post",
    "schedule": "schedule_post",
    "show": "get_post",
    "slots list": "list_slots",
    "source list": "list_sources",
    "status": "status",
    "template list": "list_templates",
    "undo": "undo",
    "unschedule": "unschedule_post",
}
"""The tool that does what a command does, for hints that an agent may follow unread. Not among them: to approve or
resolve, which only a person can know, and to create, whose text is an example."""
_WORDS = {
    "edit_post": ("id", "text"),
    "undo": ("count",),
    "list_accounts": (),
    "list_sources": (),
    "list_templates": (),
    "plan_drafts": ("ids",),
    "report": ("when",),
}
"""The arguments of a command in order, as arguments of its tool. Others have the id of a post."""
_NAMES = {"text": "variants", "set": "options", "to": "accounts"}
"""Options whose argument has another name."""
STDIN = "-"
"""The argument of a command whose text is typed behind it."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NEVER_ASKS = {"yes", "no-input", "json"}
"""Options of commands that tools do not need."""


def next_calls(
    error: TtpError, tool: Tool, arguments: Mapping[str, Any], tools: Mapping[str, Tool]
) -> tuple[Json | None, list[Json]]:
    """Return the hints of an error and its problems as calls of these `tools`: the one to make next, None where that
    needs a choice or no tool does it, and the others. A call is `{"tool": …, "arguments": …}`.

    `tool` and `arguments`: the call that was refused.
    """
    useless = ("draft", "see") if error.code == NotAllowed.code else ("draft",)  # to look allows nothing
    hints = [
        *(hint for hint in error.hints if hint.label not in useless),
        *(Hint("try", problem.hint) for problem in error.problems if problem.hint and not problem.warning),
    ]
    clear = not error.hints or error.way is not None
    first: Json | None = None
    calls: list[Json] = []
    for hint in hints:
        call = _call(hint, tool, arguments, tools)
        if call is None or call == {"tool": tool.name, "arguments": dict(arguments)}:  # would be refused again
            clear = clear and hint.label == "see"  # what only a person can do comes before the calls behind it
        elif call not in calls:
            first = first or (call if clear and not calls else None)
            calls.append(call)
    return first, [call for call in calls if call != first]


def steps(way: WayOut | None, tools: Mapping[str, Tool], render: Callable[[WayOut], str]) -> Json:
    """Return a hint as fields of an answer: `next`, a call of one of these `tools`, or `forPerson`, a command that the
    person can type. Empty if it is neither."""
    if way is None or has_example(way):
        return {}
    if isinstance(way, Action) and (call := _call_of_action(way, tools)) is not None:
        return {"next": call}
    return {"forPerson": render(way)} if _is_for_person(way) else {}


def offers_to_fit(problems: Iterable[Problem], hints: Iterable[Hint] = ()) -> list[dict[str, Any]]:
    """Return the arguments that make a text fit which is too long: to split it, where that helps, or another text for
    these accounts. Empty if no text is too long. `hints`: of the error of these problems."""
    problems = list(problems)
    variants = {one.account: "SHORTER" for one in problems if one.code == "text_too_long" and one.account}
    ways = [*(one.hint for one in problems if one.code == "text_splittable"), *(hint.way for hint in hints)]
    splits = any(isinstance(way, Action | OtherOptions) and "split" in dict(way.options) for way in ways)
    return [*([{"split": True}] if splits else []), {"variants": variants}] if variants else []


def _is_for_person(way: WayOut) -> bool:
    """Return whether a person at a shell can do it: not a page of the help or an option of a command. They fill in a
    URL: of the two ways of a review, one alone would be a wrong answer."""
    if not isinstance(way, Action):
        return isinstance(way, str) and not has_example(way)
    return not (way.name in ("help", "create") or STDIN in way.args)


def steps_of_error(
    error: TtpError,
    tool: Tool | None,
    arguments: Mapping[str, Any],
    tools: Mapping[str, Tool],
    render: Callable[[WayOut], str],
) -> Json:
    """Return the hints of an error as fields: `next`, `others` to choose from, and `forPerson`."""
    if (
        tool is not None
        and "variants" in argument_names(tool.arguments)
        and (offers := offers_to_fit(error.problems, error.hints))
    ):
        return {"sameCallWith": offers}  # without the text again, which is long
    call, others = (None, []) if tool is None else next_calls(error, tool, arguments, tools)
    commands = [
        render(hint.way)
        for hint in error.hints
        if (hint.label == "fix" if isinstance(hint.way, str) else hint.label in ("fix", "try"))
        and _is_for_person(hint.way)
        and not (isinstance(hint.way, Action) and _call_of_action(hint.way, tools))
    ]
    fields: Json = {
        "next": None if call is None or tool is None else _in_short(call, tool, arguments),
        "others": [_in_short(one, tool, arguments) for one in others if tool is not None],
        "forPerson": " or ".join(dict.fromkeys(commands)),
    }
    return {name: value for name, value in fields.items() if value}


def _in_short(call: Json, tool: Tool, arguments: Mapping[str, Any]) -> Json:
    """Return a call; for the refused one with other arguments, if it has a long text, only those: `sameCallWith`."""
    new = cast("dict[str, Any]", call["arguments"])
    repeats = {name for name, value in new.items() if arguments.get(name) == value}
    if call["tool"] != tool.name or max((len(str(new[name])) for name in repeats), default=0) <= LONGEST_TEXT:
        return call
    changed = {name: value for name, value in new.items() if name not in repeats}
    return {"sameCallWith": {**changed, **{name: None for name in arguments if name not in new}}}


def _call(hint: Hint, tool: Tool, arguments: Mapping[str, Any], tools: Mapping[str, Tool]) -> Json | None:
    if has_example(hint.way):
        return None
    if hint.replaces is not None:
        changed = _replaced(dict(arguments), *hint.replaces)
        return None if changed == arguments else _valid(tool, changed)
    match hint.way:
        case Action(name="edit", options=(("to", _),)):  # a draft without accounts
            return {"tool": "list_accounts", "arguments": {}}  # which ones is the person's choice
        case Action():
            same = tool.name == TOOL_OF.get(hint.way.name) == "undo"
            return _call_of_action(hint.way, tools, arguments if same else {})
        case OtherOptions(options=[("to", _)]) if not arguments.get("accounts"):
            return {"tool": "list_accounts", "arguments": {}}
        case OtherOptions():
            return _call_again(hint.way, tool, arguments)
        case _:
            return None


def _call_of_action(action: Action, tools: Mapping[str, Tool], others: Mapping[str, Any] = _NOTHING) -> Json | None:
    """Return the call that does what a command does. `others`: further arguments."""
    name = TOOL_OF.get(action.name)
    tool = None if name is None else tools.get(name)
    if tool is None or STDIN in action.args:
        return None
    others = {**others, "redo": True} if action.name == "redo" else others
    words = _WORDS.get(tool.name, ("id",))
    if len(action.args) > len(words) and words != ("ids",) and tool.name != "list_accounts":
        return None  # for several posts: a tool has one
    arguments: dict[str, Any] = {**others, **dict(zip(words, action.args, strict=False))}
    if words == ("ids",):
        arguments = {"ids": list(action.args)} if action.args else {}
    return _with_options(tool, arguments, action.options)


def _call_again(other: OtherOptions, tool: Tool, arguments: Mapping[str, Any]) -> Json | None:
    new_arguments = dict(arguments)
    options: list[tuple[str, str | None]] = []
    for name, value in other.options:
        argument = _argument(tool, name)
        if argument is None:
            if name in _NEVER_ASKS or not value:
                continue
            return None
        new_arguments.pop(argument, None)
        if value is None or value is False:
            continue
        values: Iterable[str | None] = [None] if value is True else [value] if isinstance(value, str) else value
        options += [(name, text) for text in values]
    return _with_options(tool, new_arguments, options)


def _with_options(tool: Tool, arguments: dict[str, Any], options: Sequence[tuple[str, str | None]]) -> Json | None:
    """Return a call with options of the command; None if the tool cannot do that."""
    for option, value in options:
        if option in _NEVER_ASKS:
            continue
        name = _argument(tool, option)
        if name is None:
            return None
        if value is None:
            arguments[name] = True
        elif _is_list(tool, name):
            arguments[name] = [
                *arguments.get(name, []),
                *(value.split(",") if option in ("to", "status", "tag") else [value]),
            ]
        elif name in ("variants", "options"):
            key, _, text = value.partition("=")
            arguments[name] = {**arguments.get(name, {}), key: text}
        else:
            arguments[name] = value
    return _valid(tool, arguments)


def _argument(tool: Tool, option: str) -> str | None:
    names = argument_names(tool.arguments)
    singular = _NAMES.get(option, to_camel(option.replace("-", "_")))
    return next((name for name in (singular, f"{singular}s", f"{singular}es") if name in names), None)


def _is_list(tool: Tool, name: str) -> bool:
    field = next(field for key, field in tool.arguments.model_fields.items() if (field.alias or key) == name)
    return "list[" in str(field.annotation)


def _valid(tool: Tool, arguments: Mapping[str, Any]) -> Json | None:
    """Return the call if the tool accepts it, with numbers as numbers."""
    try:
        args = tool.arguments.model_validate(arguments, strict=False)
    except ValidationError:
        return None
    return {"tool": tool.name, "arguments": args.model_dump(mode="json", by_alias=True, exclude_unset=True)}


def _replaced(value: Any, wrong: str, *meant: str) -> Any:
    """Return a value with a word in it replaced, also where it is the name of an argument. Several take its place in a
    list."""
    if isinstance(value, dict):
        return {meant[0] if key == wrong else key: _replaced(part, wrong, *meant) for key, part in value.items()}
    if isinstance(value, list):
        return [
            one for part in value for one in (meant if part == wrong and wrong else (_replaced(part, wrong, *meant),))
        ]
    return meant[0] if value == wrong and wrong else value
