"""Adds to a CycloneDX file what cannot be read from installed packages. Usage: sbom.py FILE VERSION

The version of ttp, which its build computes, and the files of others that it contains.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parents[1] / "ttp/server/static"


def vendored() -> list[dict[str, Any]]:
    """Return the components of others in the wheel: each `NAME.min.js` has its licence in the same folder."""
    found = []
    for path in sorted(STATIC.glob("*.min.js")):
        name = path.name.partition(".")[0]
        version = re.search(r'version:"([\d.]+)"', path.read_text("utf-8"))
        licence = path.with_name(f"{name}.LICENSE.txt").read_text("utf-8")
        if version is None or "Zero-Clause BSD" not in licence:
            raise SystemExit(f"{path}: the version or the licence is not known")
        reference = f"{name}=={version[1]}"
        found.append(
            {
                "bom-ref": reference,
                "licenses": [{"license": {"acknowledgement": "declared", "id": "0BSD"}}],
                "name": name,
                "purl": f"pkg:npm/{name}.org@{version[1]}",
                "type": "library",
                "version": version[1],
            }
        )
    return found


def main(file: str, version: str) -> None:
    document = json.loads(Path(file).read_text("utf-8"))
    document["metadata"]["component"]["version"] = version
    more = vendored()
    document["components"] += more
    (root,) = [one for one in document["dependencies"] if one["ref"] == document["metadata"]["component"]["bom-ref"]]
    root["dependsOn"] = sorted([*root.get("dependsOn", ()), *(one["bom-ref"] for one in more)])
    document["dependencies"] += [{"ref": one["bom-ref"]} for one in more]
    Path(file).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
