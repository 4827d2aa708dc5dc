"""Print the lowest versions that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
needs = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
print(*sorted({n.replace(">=", "==") for n in needs if re.search(r">=", n)}), sep="\n")
