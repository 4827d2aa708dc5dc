"""Print the lowest versions that pyproject.toml allows, as constraints for pip."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
needs = set(project["dependencies"]).union(*project["optional-dependencies"].values())
print(*sorted(need.replace(">=", "==") for need in needs if ">=" in need), sep="\n")
