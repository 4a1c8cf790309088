"""The arguments of tools: models that refuse unknown names and wrong types, and their JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from ttp.domain.errors import Hint, Problem, UsageError
from ttp.views.answers import ActionAnswer

_ACTION = {"$ref": f"#/$defs/{ActionAnswer.__name__}"}


class Arguments(BaseModel):
    """The arguments of a tool. null is the same as leaving one out."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class Write(Arguments):
    """The arguments that every tool that writes has."""

    key: str | None = Field(
        None,
        description="A text of your choice that names this request. The same request with the same key again answers"
        " what it answered first, and does nothing.",
    )
    dry_run: bool = Field(False, description="Answer what would be, and change nothing.")


PostId = Annotated[int, Field(ge=1, description="The id of the post.")]
Given = TypeVar("Given", bound=Arguments)


def parse(model: type[Given], tool: str, arguments: Mapping[str, Any]) -> Given:
    """Return the arguments of a tool. UsageError that names each wrong one."""
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        text = json.dumps(given, ensure_ascii=False)
        text.encode()
        return model.model_validate_json(text)
    except UnicodeEncodeError:
        raise UsageError("the arguments are not UTF-8") from None
    except ValidationError as refused:
        raise _usage_error(model, tool, refused) from None


def _usage_error(model: type[Arguments], tool: str, refused: ValidationError) -> UsageError:
    names = argument_names(model)
    problems, hints = [], []
    for one in refused.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(map(str, one["loc"]))
        if one["type"] == "extra_forbidden":
            near = get_close_matches(field.lower(), [name.lower() for name in names], 1)
            hints += [Hint("try", name, (field, name)) for name in names if name.lower() in near]
            said = f"{tool} has no argument {field}; it has {', '.join(names)}"
            problems.append(Problem(field, "unknown", said))
        elif one["type"] == "missing":
            problems.append(Problem(field, "missing", f"{tool} needs the argument {field}"))
        else:
            problems.append(Problem(field, "invalid", f"{field}: {one['msg'][:1].lower()}{one['msg'][1:]}"))
    return UsageError(problems[0].message, *hints, problems=problems)


def argument_names(model: type[Arguments]) -> list[str]:
    """Return the names of a tool's arguments."""
    return [field.alias or name for name, field in model.model_fields.items()]


@cache
def input_schema(model: type[Arguments]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments. It is shared: do not change it."""
    return dict(_tidy(model.model_json_schema()))


@cache
def output_schema(answer: Any) -> dict[str, Any]:
    """Return the JSON Schema of a tool's structured answer, which is an object: a list is its `result`. Actions are
    text in it. It is shared: do not change it."""
    found = TypeAdapter(answer).json_schema()
    found.get("$defs", {}).pop(ActionAnswer.__name__, None)
    if found.get("type") == "array":
        definitions = {"$defs": found.pop("$defs")} if "$defs" in found else {}
        found = {"type": "object", "properties": {"result": found}, "required": ["result"], **definitions}
    return dict(_tidy(found))


def _tidy(schema: Any) -> Any:
    """Drop what says nothing to a reader: generated titles, and the null that an optional argument may be. Also drop
    actions, because tools answer them as text."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema if one != _ACTION]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: {key: _tidy(one) for key, one in value.items()} if name in ("properties", "$defs") else _tidy(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str)) and not (name == "default" and value is None)
    }
    choices = found.get("anyOf", [])
    if "default" in schema and schema["default"] is None and {"type": "null"} in choices:
        kept = [one for one in choices if one != {"type": "null"}]
        del found["anyOf"]
        found = {**kept[0], **found} if len(kept) == 1 else {"anyOf": kept, **found}
    if (choices := found.get("anyOf")) and all(one.keys() == {"type"} for one in choices):
        del found["anyOf"]
        found = {"type": [one["type"] for one in choices], **found}
    return found
