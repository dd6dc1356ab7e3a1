"""With FINTECH_DEBUG=0 the defaults are the safe ones."""

import pytest

from tests.site import Site, environment, manage

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
PRODUCTION = {"FINTECH_DEBUG": "0", "FINTECH_SECRET_KEY": KEY}


@pytest.mark.parametrize("tls", ["", "0"])
def test_the_deployment_check_is_clean(tmp_path, tls):
    env = environment(tmp_path, **PRODUCTION, FINTECH_TLS=tls)
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
