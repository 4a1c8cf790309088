"""Workers import the platforms' modules late, several at once: none may need what another one is about to load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import ttp.platforms
from tests.platforms.factories import PLATFORMS
from tests.rows import each

RACE = """
import importlib, sys, threading, time
import ttp.publisher.worker_pool  # what starts workers has loaded the standard library's modules before

package, first, second = sys.argv[1:]
inside, failed = threading.Event(), []

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == package and not inside.is_set():
            inside.set()
            time.sleep(0.3)

def load(name):
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed.append(repr(error))

sys.meta_path.insert(0, Slow())
one, other = (threading.Thread(target=load, args=[name]) for name in (first, second))
one.start()
inside.wait()
other.start()
one.join()
other.join()
sys.exit("; ".join(failed) or 0)
"""


def test_two_threads_may_load_different_modules_of_a_platform_at_once() -> None:
    names = ["ttp.platforms.x", "ttp.platforms.x.limits", "ttp.platforms.x.errors"]
    ran = subprocess.run([sys.executable, "-c", RACE, *names], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@each("platform", PLATFORMS.names())
def test_a_platforms_package_loads_none_of_its_modules(platform: str) -> None:
    package = Path(ttp.platforms.__path__[0]) / platform / "__init__.py"
    imports = (ast.Import, ast.ImportFrom)
    assert not [node for node in ast.walk(ast.parse(package.read_text())) if isinstance(node, imports)]
