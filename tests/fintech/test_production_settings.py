"""With FINTECH_DEBUG=0 the defaults are the safe ones."""

import re

import pytest

from tests.site import ROOT, Site, environment, manage

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PRODUCTION = {"FINTECH_DEBUG": "0", "FINTECH_SECRET_KEY": KEY}


def test_the_deployment_check_is_clean_with_what_the_documents_say(tmp_path):
    """docs/settings.md names what production sets; with these and no other nothing is warned of."""
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    sentence = re.search(r"^In production: (.*?)\n\n", text, re.M | re.S)
    named = set(re.findall(r"`([A-Z_]+)(?:=[^`]*)?`", sentence.group(1)))
    given = {
        **PRODUCTION,
        "FINTECH_ALLOWED_HOSTS": "pay.example",
        "FINTECH_DATA_DIR": str(tmp_path),
    }
    assert named == given.keys()
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING", env=environment(tmp_path, **given)
    )
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("opened", [{"FINTECH_TLS": "0"}, {"API_DOCS": "all"}])
def test_it_is_clean_with_what_was_chosen_knowingly(tmp_path, opened):
    env = environment(tmp_path, **PRODUCTION, **opened)
    done = manage("check", "--deploy", "--fail-level", "WARNING", env=env)
    assert done.returncode == 0, done.stderr


def test_the_site_redirects_to_https_and_seeds_nothing(tmp_path):
    site = Site(tmp_path, PRODUCTION)
    try:
        site.start("--no-cluster")
        site.wait_ready()
        reply = site.send("HEAD", "/healthz")
        assert reply.status == 200
        assert not (tmp_path / "demo-users.json").exists()
        reply = site.get("/", **{"X-Forwarded-Proto": "https"})
        assert reply.status == 200
        assert "max-age=31536000" in reply.headers["Strict-Transport-Security"]
        assert "Password (shown this once)" in site.output
        page = site.get("/admin/login/", **{"X-Forwarded-Proto": "https"})
        assert b"/static/admin/css/base." in page.body
        style = page.body.split(b'href="/static/admin/css/base.')[1].split(b'"')[0].decode()
        sheet = site.get(f"/static/admin/css/base.{style}", **{"X-Forwarded-Proto": "https"})
        assert sheet.status == 200
        assert "immutable" in sheet.headers["Cache-Control"]
    finally:
        site.stop()
