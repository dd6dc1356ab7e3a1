"""The documents name what the code has, and nothing else."""

import re
import subprocess

from tests.site import ROOT


def test_no_documented_environment_variable_is_unread():
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "fintech").rglob("*.py"))
    read = set(re.findall(r'(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)"', code))
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    environment = text.split("## Environment")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", environment, re.M))
    assert len(documented) > 10
    assert documented <= read


def test_every_make_target_in_the_readme_exists():
    targets = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^  make (\w+)", targets, re.M))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=[\s`]|$)", readme, re.M)) - {"help"}
    assert {"run", "test", "password"} <= named & known
    assert re.findall(r"^    make (\w+)", readme, re.M)
    assert set(re.findall(r"^    make (\w+)", readme, re.M)) <= known
