"""The first start in an empty folder makes everything; the second repeats nothing."""

import re

from tests.site import Site, wait_for


def test_the_first_start_prints_a_password_once_and_seeds_once(tmp_path):
    site = Site(tmp_path, {})
    try:
        site.start("--no-cluster")
        site.wait_ready()
        password = re.search(r"^Password \(shown this once\): (\S+)$", site.output, re.M)
        assert password is not None
        assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", password[1])
        users = site.demo_users()
        assert len(users) == 20
        mode = (tmp_path / "demo-users.json").stat().st_mode & 0o077
        assert mode == 0
        wait_for(lambda: "Ctrl-C" in site.output, 5, "the welcome")
        assert "curl -i" in site.output
        site.stop()
        length = len(site.output)
        site.start("--no-cluster")
        site.wait_ready()
        assert "Password" not in site.output[length:]
        assert site.demo_users() == users
    finally:
        site.stop()
