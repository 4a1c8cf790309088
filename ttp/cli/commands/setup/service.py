"""`ttp service …`: the publisher as a systemd or launchd user service."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED
from ttp.cli.options import subcommand
from ttp.cli.parameters import flag
from ttp.cli.render import spec
from ttp.cli.terminal import print_out
from ttp.domain.errors import Hint, UsageError
from ttp.views.installation import SERVICE_FIELDS, service_json

if TYPE_CHECKING:
    from ttp.services.installation.background_service import BackgroundService, ServiceDefinition, ServiceState

SERVICE = spec.name_value_spec(SERVICE_FIELDS)
service = typer.Typer()


@service.callback()
def print_it(
    context: Context, print_: Annotated[bool, flag("--print", "Print the file that install would write.")] = False
) -> None:
    """Run the publisher as a service: systemd on Linux, launchd on macOS.

    The service gets the variables of ttp that are set now, such as TTP_HOME. On other systems: ttp help cron.

    Examples:
      ttp service install
      ttp service status
      ttp service --print
    """
    if not print_:
        raise UsageError(
            "ttp service needs one of: install, uninstall, status, --print", Hint("see", "ttp service --help")
        )
    print_out(system_service().text(service_definition(context)))


@subcommand(service, "install", SERVICE)
def install(context: Context) -> None:
    """Install and start the service; repeat it after ttp was moved or upgraded.

    Examples:
      ttp service install
    """
    state = system_service().install(service_definition(context))
    context.out.write_one(SERVICE, service_json(state), say=installed_lines(state))
    note_lingering(context, state)


def installed_lines(state: ServiceState) -> list[str]:
    return [f"{state.file} is installed: {state.says}", f"Its log:  {state.log}"]


def note_lingering(context: Context, state: ServiceState) -> None:
    if state.lingers is False:
        context.out.note("it stops when you log out; keep it running:  loginctl enable-linger")


@subcommand(service, "uninstall", SERVICE)
def uninstall(context: Context) -> None:
    """Stop and remove the service. The store does not change.

    Examples:
      ttp service uninstall
    """
    state = system_service().uninstall()
    context.out.write_one(SERVICE, service_json(state), say=[f"{state.file} is removed."])


@subcommand(service, "status", SERVICE)
def status(context: Context) -> int:
    """Show whether the service is installed and running.

    Exit code 1 if it is not running.

    Examples:
      ttp service status --json
    """
    state = system_service().state()
    context.out.write_one(SERVICE, service_json(state))
    return DONE if state.running else FAILED


def service_definition(context: Context) -> ServiceDefinition:
    """Return the job that runs this program with its present settings."""
    from ttp.services.installation.background_service import ServiceDefinition

    names = ["TTP_HOME", "TTP_CONFIG", "TTP_TZ", *(settings.variable(key) for key in context.keys)]
    environ = {name: os.environ[name] for name in dict.fromkeys(names) if os.environ.get(name)}
    for name in ("TTP_HOME", "TTP_CONFIG"):
        if name in environ:
            environ[name] = os.path.abspath(os.path.expanduser(environ[name]))  # noqa: PTH100, PTH111 (text to text)
    # -P: a folder called ttp where the service starts is not run instead
    argv = (sys.executable, "-P", "-m", "ttp", "run", "--quiet")
    return ServiceDefinition(argv, environ, context.config.seconds("publish.drain_s"))


def system_service() -> BackgroundService:
    from pathlib import Path

    from ttp.services.installation.background_service import run_command

    if sys.platform == "darwin":
        from ttp.services.installation.background_service import Launchd

        return Launchd(Path.home() / "Library", os.getuid(), run_command)
    from ttp.services.installation.background_service import Systemd

    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
    return Systemd(folder, str(os.getuid()), run_command)  # a container's user may have no name
