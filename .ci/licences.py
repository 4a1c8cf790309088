"""Checks the licences in a CycloneDX file against what may go with an MIT program. Usage: licences.py FILE"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CNRI-Python", "HPND", "ISC", "MIT", "MIT-0"),
    *("MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "ZPL-2.1"),
    # Installed as separate packages and used unchanged.
    *("LGPL-3.0-only", "LGPL-3.0-or-later", "LGPL-2.1-or-later", "MPL-2.0"),
}
"""SPDX identifiers."""
NAMES = {
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Names that packages use instead of an identifier."""


def said(component: dict[str, Any]) -> Iterator[str]:
    """Yield the licences that a package names: each must be allowed."""
    for entry in component.get("licenses", ()):
        licence = entry.get("license", {})
        text = entry.get("expression") or licence.get("id") or licence.get("name", "")
        yield NAMES.get(text.removeprefix("License :: OSI Approved :: "), text)


def is_allowed(expression: str) -> bool:
    """Return whether an SPDX expression of AND and OR has a choice that is allowed."""
    choices = re.sub(r"[()]", " ", expression).split(" OR ")
    return any(all(part.strip() in ALLOWED for part in choice.split(" AND ")) for choice in choices)


def main(file: str) -> int:
    wrong = 0
    components = json.loads(Path(file).read_text())["components"]
    for component in components:
        names = [name for name in said(component) if "\n" not in name and len(name) < 100]  # a name, not the whole text
        if not any(map(is_allowed, names)):
            print(f"{component['name']} {component.get('version')}: {', '.join(names) or 'no licence'} is not allowed")
            wrong += 1
    print(f"{len(components)} packages, {wrong} with a licence that is not allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
