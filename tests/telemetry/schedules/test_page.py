"""The page of pictures: what is drawn, who may see it, and what runs by itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django_q.models import Schedule, Task

from telemetry.conf import settings
from tests.telemetry import factory
from tests.telemetry.admin.conftest import viewer

__all__ = ["viewer"]
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])

PAGE = "/admin/telemetry/dashboard/"
DRAW = PAGE + "draw/"
PRUNE = "telemetry.tasks.prune"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(settings.__dict__, "DATA_DIR", tmp_path)
    return tmp_path


def ran(func: str, result: str, *, success: bool = True) -> None:
    now = datetime.now(UTC)
    Schedule.objects.update(next_run=now + timedelta(minutes=5))
    Task.objects.create(
        id=factory.uid(), name="n", func=func, group="g", result=result,
        started=now - timedelta(seconds=2), stopped=now, success=success,
    )  # fmt: skip


def test_without_a_cluster_the_page_names_the_command(viewer: Client) -> None:
    text = viewer.get(PAGE).text
    assert "No cluster has run a task yet" in text
    assert "python manage.py qcluster" in text
    assert "never" in text


def test_a_run_is_shown_with_its_result(viewer: Client) -> None:
    ran(PRUNE, "12 requests deleted")
    text = viewer.get(PAGE).text
    assert "12 requests deleted" in text
    assert "No cluster is running" not in text


def test_a_failure_is_shown_with_its_reason_alone(viewer: Client) -> None:
    ran(
        PRUNE,
        "m : Traceback (most recent call last):\n  File x\nPruneFailed: store is locked",
        success=False,
    )
    text = viewer.get(PAGE).text
    assert "store is locked" in text
    assert ">failed<" in text
    assert "Traceback" not in text


def test_an_overdue_schedule_means_that_no_cluster_runs(viewer: Client) -> None:
    ran(PRUNE, "ok")
    Schedule.objects.filter(func=PRUNE).update(next_run=datetime.now(UTC) - timedelta(minutes=3))
    assert "No cluster is running" in viewer.get(PAGE).text


def test_drawing_now_makes_four_pictures_that_the_page_shows(
    viewer: Client, data_dir: Path
) -> None:
    factory.request()
    factory.served("api/payments/", 0.012, datetime.now(UTC) - timedelta(minutes=5))
    answer = viewer.post(DRAW, {"since": "1h"}, follow=True)
    assert answer.status_code == 200
    names = sorted(path.name for path in (data_dir / "dashboards").iterdir())
    assert [name.split("-")[0] for name in names] == [
        "counters", "gauges", "histograms", "overview"
    ]  # fmt: skip
    for name in names:
        assert f"{PAGE}{name}" in answer.text
        picture = viewer.get(PAGE + name)
        assert picture["Content-Type"] == "image/png"
        assert b"".join(picture.streaming_content).startswith(b"\x89PNG")
    assert "from=" in answer.text


def test_drawing_an_empty_store_says_so(viewer: Client, data_dir: Path) -> None:
    assert "The store is empty" in viewer.post(DRAW, {"since": "1h"}, follow=True).text
    assert not (data_dir / "dashboards").exists()


@pytest.mark.parametrize("since", ["soon", "-1h", "1y"])
def test_a_bad_time_span_is_named(viewer: Client, since: str) -> None:
    answer = viewer.post(DRAW, {"since": since}, follow=True)
    assert "since: " in answer.text.lower()
    assert "is not a time span" in answer.text


@pytest.mark.parametrize(
    "name",
    ["..%2Fsecret_key", "..%2F..%2Fdb.sqlite3", "overview-x.png", "overview-20261124T141500Z.png"],
)
def test_only_pictures_are_served(viewer: Client, name: str, data_dir: Path) -> None:
    (data_dir / "secret_key").write_text("s")
    assert viewer.get(PAGE + name).status_code == 404


def test_only_those_who_may_view_requests_see_or_draw(
    client: Client, django_user_model: type
) -> None:
    for path in (PAGE, PAGE + "overview-20261124T141500Z.png"):
        assert "/login/" in client.get(path)["Location"]
    assert "/login/" in client.post(DRAW, {"since": "1h"})["Location"]
    user = django_user_model.objects.create_user("clerk", password="x", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    assert client.post(DRAW, {"since": "1h"}).status_code == 403


def test_drawing_without_a_token_of_the_form_is_refused(viewer: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer.cookies
    assert strict.post(DRAW, {"since": "1h"}).status_code == 403
