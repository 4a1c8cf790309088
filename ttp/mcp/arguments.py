"""The arguments of tools: models that refuse unknown names and wrong types, and their JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ttp.domain.errors import Hint, Problem, UsageError
from ttp.views.errors import MOST_PROBLEMS

_LARGEST_NUMBER = 10**15
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "to": ("accounts", "account"),
    "account": ("accounts",),
    "accounts": ("account",),
    "platform": ("platforms",),
    "content": ("text",),
    "id": ("ids", "post"),
    "post": ("id", "ids"),
    "ids": ("id",),
    "tag": ("tags",),
    "status": ("statuses",),
    "field": ("fields",),
}
"""Other words for an argument, where a tool has that one."""


class Arguments(BaseModel):
    """The arguments of a tool. null is the same as leaving one out. `like`: the tool that describes the arguments of
    the base classes. `of_text`: the argument that a text in place of the object is."""

    like: ClassVar[str] = ""
    of_text: ClassVar[str] = ""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class Write(Arguments):
    """The arguments that every tool that writes has. The server's instructions say what they are."""

    key: str | None = None
    dry_run: bool = False


PostId = Annotated[int, Field(ge=1)]
T = TypeVar("T", bound=Arguments)


def normalize(model: type[Arguments], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments in the form that the tool has: other names for its own, a list for a single item, numbers and
    switches for texts of them, and the text of a number. What is null is left out. The rest is left as it is, for
    `parse` to refuse. UsageError for an argument under two names."""
    properties = input_schema(model)["properties"]
    normal: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, value in arguments.items():
        if value is None:
            continue
        argument = _own_name(name, properties)
        if (first := names.setdefault(argument, name)) != name:
            raise UsageError(f"{first} and {name} are the same argument: give one of them")
        normal[argument] = _in_form(properties.get(argument, {}), value)
        if (inner := _model_at(model, (argument, 0))) is not model and isinstance(normal[argument], list):
            items = (
                {inner.of_text: one} if inner.of_text and isinstance(one, str) else one for one in normal[argument]
            )
            normal[argument] = [normalize(inner, one) if isinstance(one, dict) else one for one in items]
    return normal


def _own_name(name: str, properties: Mapping[str, Any]) -> str:
    """Return the argument that a name means: `accounts` for `to`, `dryRun` for `dry_run`."""
    camel = to_camel(name)
    return next((one for one in (name, camel, *_OTHER_NAMES.get(camel, ())) if one in properties), name)


def _in_form(schema: Mapping[str, Any], value: Any) -> Any:
    match schema.get("type"), value:
        case "array", str() | int() if not isinstance(value, bool) and value != "":  # "" does not empty a list
            items = schema.get("items", {})
            parts: list[Any] = [value]
            if isinstance(value, str) and (items.get("type") == "integer" or "enum" in items):
                parts = [part.strip() for part in value.split(",")]
            return [_in_form(items, part) for part in parts]
        case "array", list():
            return [_in_form(schema.get("items", {}), part) for part in value]
        case "string" | "integer", [one]:
            return _in_form(schema, one)
        case "integer", str() if value.strip().isascii() and value.strip().isdigit():
            return int(value) if len(value) < 20 else value
        case "string", int() if not isinstance(value, bool):
            return str(value)
        case "boolean", "true" | "false":
            return value == "true"
        case _:
            return value


def parse(model: type[T], tool: str, arguments: Mapping[str, Any]) -> T:
    """Return the arguments of a tool. UsageError that names each wrong one."""
    for name, value in arguments.items():
        _refuse_unstorable(name, value)
    try:
        text = json.dumps(arguments, ensure_ascii=False)
        text.encode()
        return model.model_validate_json(text)
    except UnicodeEncodeError:
        raise UsageError("the arguments are not UTF-8") from None
    except ValidationError as refused:
        raise _usage_error(model, tool, refused) from None


def _refuse_unstorable(name: str, value: object) -> None:
    """Raise UsageError for a text or a number, also inside a list or an object, that no store has."""
    match value:
        case str() if "\0" in value:
            raise UsageError(f"{name}: a text has no null characters")
        case int() if abs(value) > _LARGEST_NUMBER:
            raise UsageError(f"{name}: numbers are at most {_LARGEST_NUMBER}")
        case Mapping():
            for part in (*value.keys(), *value.values()):
                _refuse_unstorable(name, part)
        case list():
            for part in value:
                _refuse_unstorable(name, part)


def _usage_error(model: type[Arguments], tool: str, refused: ValidationError) -> UsageError:
    problems: list[Problem] = []
    hints: list[Hint] = []
    for fault in refused.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"])
        match fault["type"]:
            case "extra_forbidden":
                place, _, typed = field.rpartition(".")
                names = argument_names(_model_at(model, fault["loc"]))
                few = len(problems) < MOST_PROBLEMS  # a name is looked for among all
                near = get_close_matches(typed.lower(), [name.lower() for name in names], 1) if few else []
                hints += [Hint("try", name, (typed, name)) for name in names if name.lower() in near]
                own = f"; it has {', '.join(names) or 'none'}"
                own = "" if any(one.message.endswith(own) for one in problems) else own  # reported once
                problem = Problem(field, "unknown", f"{place or tool} has no argument {typed}{own}")
            case "missing":
                problem = Problem(field, "missing", f"{tool} needs the argument {field}")
            case _:
                problem = Problem(field, "invalid", f"{field}: {fault['msg'][:1].lower()}{fault['msg'][1:]}")
        problems.append(problem)
    return UsageError(problems[0].message, *hints, problems=problems)


def _model_at(model: type[Arguments], path: Sequence[int | str]) -> type[Arguments]:
    """Return the model of the object that a path leads into: the tool's own, or that of the items of a list."""
    for name in path[:-1]:
        kinds = get_args(model.model_fields[str(name)].annotation) if str(name) in model.model_fields else ()
        model = next((one for one in kinds if isinstance(one, type) and issubclass(one, Arguments)), model)
    return model


def argument_names(model: type[Arguments]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


@cache
def input_schema(model: type[Arguments]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments, in few words. It is shared: do not change it.

    It says nothing of limits, which a refusal names, and of an argument of a base class with `like` no more than its
    type.
    """
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    properties = {name: _short(one, definitions) for name, one in schema.get("properties", {}).items()}
    own = {field.alias or name for name, field in model.model_fields.items() if name in model.__annotations__}
    if model.like:
        properties = {name: one if name in own else _types(one) for name, one in properties.items()}
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required}


def _types(schema: Mapping[str, Any]) -> dict[str, Any]:
    types = {"type": schema["type"]}
    return {**types, "items": _types(schema["items"])} if "items" in schema else types


def _short(schema: Any, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an argument without the null of an optional one, limits, titles and references."""
    if "$ref" in schema:
        schema = {**definitions[schema["$ref"].rpartition("/")[2]], **schema}
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        schema = {**choices[0], **schema}
    elif choices and all("type" in one for one in choices):
        schema = {**schema, "type": [one["type"] for one in choices]}
    short = {name: schema[name] for name in ("type", "enum", "description") if name in schema}
    if schema.get("default") not in (None, False):
        short["default"] = schema["default"]
    if "items" in schema:
        short["items"] = _short(schema["items"], definitions)
    return short
