"""The wheel in a site made by `startproject`, set up by the very steps that README.md gives."""

import http.cookiejar
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import free_port, wait_for

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("INSTALLED_APPS", "MIDDLEWARE", "DATABASES")


def readme_steps() -> dict[str, str]:
    """Setting → the line that README.md says to add to it."""
    text = (ROOT / "README.md").read_text()
    section = text.split("## In any Django project")[1].split("\n## ")[0]
    lines = [line.strip() for line in re.findall(r"^ {7}(.+)$", section, re.MULTILINE)]
    return dict(zip(NAMES, lines, strict=True))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and nothing else of this project."""
    built, target = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = tmp_path_factory.mktemp("source")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(
        [*listed, "telemetry", "pyproject.toml", "README.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    for name in filter(None, files):
        if (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(built), str(source)], check=True)
    (found,) = built.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(found)], check=True)
    return target


class Site:
    """A fresh project with some of the steps taken."""

    def __init__(self, folder: Path, wheel: Path, steps: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        # A fresh environment: the wheel, the libraries, and nothing of this checkout.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "FINTECH"))}
        self.env |= {"PYTHONPATH": str(wheel), "DJANGO_SUPERUSER_PASSWORD": "secret-pass-1"}
        subprocess.run(
            [sys.executable, "-m", "django", "startproject", "shop", str(folder)],
            check=True, env=self.env, cwd=folder,
        )  # fmt: skip
        settings = folder / "shop" / "settings.py"
        text = settings.read_text()
        for name, line in steps.items():
            opening = re.search(rf"^{name} = [\[{{]\n", text, re.MULTILINE)
            assert opening is not None
            text = f"{text[: opening.end()]}    {line}\n{text[opening.end() :]}"
        settings.write_text(text)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    def serve(self) -> Iterator["Site"]:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", str(self.port)],
            cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(lambda: self.status("/admin/login/"), 20, "the site answers")
            yield self
        finally:
            server.kill()
            server.wait()

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def log_in(self) -> urllib.request.OpenerDirector:
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        login = f"http://127.0.0.1:{self.port}/admin/login/"
        opener.open(login)
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        fields = {"username": "boss", "password": "secret-pass-1", "next": "/admin/"}
        fields["csrfmiddlewaretoken"] = token
        opener.open(login, urllib.parse.urlencode(fields).encode())
        return opener


def test_the_three_steps_show_the_first_request_within_two_seconds(
    tmp_path: Path, wheel: Path
) -> None:
    site = Site(tmp_path, wheel, readme_steps())
    checked = site.manage("check", "--fail-level", "ERROR")
    assert checked.returncode == 0, checked.stderr
    for arguments in (["migrate"], ["migrate", "--database", "telemetry"]):
        migrated = site.manage(*arguments)
        assert migrated.returncode == 0, migrated.stderr
    made = site.manage("createsuperuser", "--noinput", "--username", "boss", "--email", "b@x.test")
    assert made.returncode == 0, made.stderr
    for running in site.serve():
        opener = running.log_in()
        assert running.status("/a-path-to-find/") == 404
        asked = time.monotonic()
        page = f"http://127.0.0.1:{running.port}/admin/telemetry/request/"
        while b"/a-path-to-find/" not in opener.open(page).read():
            assert time.monotonic() - asked < 2
            time.sleep(0.05)


@pytest.mark.parametrize("left_out", NAMES)
def test_with_a_step_left_out_the_site_answers_and_check_names_it(
    left_out: str, tmp_path: Path, wheel: Path
) -> None:
    steps = {name: line for name, line in readme_steps().items() if name != left_out}
    site = Site(tmp_path, wheel, steps)
    checked = site.manage("check")
    said = checked.stdout + checked.stderr
    assert left_out in said
    named = re.search(r'"telemetry[\w.]*"', readme_steps()[left_out])
    assert named is not None
    assert named.group() in said
    assert site.manage("migrate").returncode == 0
    for running in site.serve():
        assert running.status("/admin/login/") == 200
        assert running.status("/nowhere/") == 404


def test_its_tests_write_nothing_and_need_no_databases(tmp_path: Path, wheel: Path) -> None:
    site = Site(tmp_path, wheel, readme_steps())
    (tmp_path / "shop" / "tests.py").write_text(
        "import logging\n"
        "from django.test import SimpleTestCase\n\n\n"
        "class Answers(SimpleTestCase):\n"
        "    def test_it(self):\n"
        "        logging.getLogger('shop').error('in a test')\n"
        "        assert self.client.get('/nowhere/').status_code == 404\n"
    )
    ran = site.manage("test", "shop")
    assert ran.returncode == 0, ran.stderr
    assert "Ran 1 test" in ran.stderr
    assert not (tmp_path / "var").exists()
    assert not (tmp_path / "telemetry.sqlite3").exists()


OBSERVE = """
import telemetry
sold = telemetry.counter("sold_total", "Items sold.", labels=["kind"])
took = telemetry.histogram("packing_seconds", "Time of packing.")
for n in range(1, 101):
    sold.inc(kind="book")
    took.observe(n)
"""
ASK = """
from datetime import UTC, datetime, timedelta
from telemetry.queries.series import BadQuery, query
range_ = {"start": datetime.now(UTC) - timedelta(minutes=9), "end": datetime.now(UTC), "by": []}
print(query("sold_total", step=600, **range_).series[0].points[0].total)
print(query("packing_seconds", step=600, quantiles=[0.5], **range_).series[0].points[0].quantiles)
try:
    query("solt_total", **range_)
except BadQuery as error:
    print(error)
"""


def test_its_own_metrics_are_there_to_ask_for(tmp_path: Path, wheel: Path) -> None:
    site = Site(tmp_path, wheel, readme_steps())
    assert site.manage("migrate", "--database", "telemetry").returncode == 0
    assert site.manage("shell", "-c", OBSERVE).returncode == 0
    assert "records ingested" in site.manage("ingest", "--once").stdout
    asked = site.manage("shell", "-c", ASK)
    assert asked.returncode == 0, asked.stderr
    total, told, error = asked.stdout.splitlines()[-3:]
    assert total == "100.0"
    assert float(told.strip("{}").split(":")[1]) == pytest.approx(50, rel=0.0109)
    assert error == "name: there is no metric 'solt_total'"
