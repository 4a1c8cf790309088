"""Run the steps of one of the project's composite actions, as a runner of the forge does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.drift.write_docs import ROOT

FOLDER = ROOT / ".github/actions"
_VALUE = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


def load_action(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name / "action.yml").read_text()))


def run_action(
    name: str, workspace: Path, inputs: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the steps of an action in a folder, up to the first that fails, and return that or the last one. `environ`:
    variables of the job. Packages are those of the tests: nothing is downloaded."""
    action, temporary = load_action(name), workspace.parent / f"{workspace.name}-runner"
    temporary.mkdir(exist_ok=True)
    values = {
        "runner.temp": str(temporary),
        **{f"inputs.{key}": str(one.get("default", "")) for key, one in action.get("inputs", {}).items()},
        **{f"inputs.{key}": value for key, value in (inputs or {}).items()},
    }
    job = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(temporary),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(FOLDER / name),
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(temporary),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        **dict.fromkeys(("PIP_NO_DEPS", "PIP_NO_INDEX", "PIP_IGNORE_INSTALLED", "PIP_DISABLE_PIP_VERSION_CHECK"), "1"),
        "PIP_NO_BUILD_ISOLATION": "0",  # which switches isolation off, in spite of its name
        **(environ or {}),
    }
    script = temporary / "step.sh"
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "a value of others would be a part of the script"
        script.write_text(step["run"])
        own = {key: _VALUE.sub(lambda match: values[match[1]], value) for key, value in step.get("env", {}).items()}
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=workspace,
            env={**job, **own},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if ran.returncode != 0:
            break
    return ran
