"""Every address of the project with an example of it, what it needs, and rows behind it to see.

Each kind of row holds a word of its own, `canary-KIND`; who may not see the kind must not meet it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, get_resolver
from django_q.models import OrmQ, Schedule, Task
from rest_framework.authtoken.models import Token

from telemetry.conf import settings
from telemetry.models import LoadRun
from tests.telemetry import factory
from transactions.models import Account, IdempotencyRecord, Transaction
from transactions.uuid7 import uuid7

OPEN, STAFF, CUSTOMER = "open", "staff", "customer"
PICTURE = "overview-20261124T141500Z.png"
# On the pages of accounts alone.
BALANCE = 987_654_321
CANARIES = {
    "telemetry.view_request": "canary-request",
    "telemetry.view_log": "canary-log",
    "telemetry.view_error": "canary-error",
    "telemetry.view_loadrun": "canary-loadrun",
    "telemetry.view_metric": "canary-metric",
    "transactions.view_transaction": "canary-transaction",
    "transactions.view_account": "9876543.21",
    "transactions.view_idempotencyrecord": "canary-idempotencyrecord",
    "auth.view_user": "canary-user",
    "auth.view_group": "canary-group",
    "authtoken.view_tokenproxy": "canary-tokenproxy",
    "django_q.view_schedule": "canary-schedule",
    "django_q.view_success": "canary-success",
    "django_q.view_failure": "canary-failure",
    "django_q.view_ormq": "canary-ormq",
}


@dataclass(frozen=True)
class Place:
    """An address. `needs`: OPEN, STAFF, CUSTOMER, or a permission that staff must hold."""

    route: str
    path: str
    needs: str
    # What staff with exactly the permission get, and whether the page shows its kind's canary.
    status: int = 200
    shows: bool = False


class NoExampleError(Exception):
    """A pattern of the resolver that nobody has thought of."""


@dataclass(frozen=True)
class Rows:
    """Keys of one row of each kind."""

    objects: dict[str, Any]
    unit: str
    transaction: str


def build(data_dir: Path) -> Rows:
    """One row of each kind, and one picture."""
    owner = User.objects.create_user("owner", "canary-user@example.com", first_name="canary-user")
    account = Account.objects.create(owner=owner, currency="USD", balance_minor=BALANCE)
    order = _order(owner, account)
    record = IdempotencyRecord.objects.create(
        user=owner, key="canary-idempotencyrecord", fingerprint="0" * 64, transaction=order
    )
    now = datetime.now(UTC)
    tasks = {
        kind: Task.objects.create(
            id=factory.uid(), name=f"canary-{kind}", func="f", result=f"canary-{kind}",
            started=now, stopped=now, success=kind == "success",
        )
        for kind in ("success", "failure")
    }  # fmt: skip
    unit = factory.request(
        path="/canary-request", transaction_id=str(order.pk), load_run_id="the-run-of-this-request"
    )
    LoadRun.objects.using(settings.DATABASE).create(
        id="canary-loadrun", first_seen=now, last_seen=now, requests=1
    )
    factory.sum_up(factory.series("canaries_total", "c", kind="canary-metric"), 1, now)
    (data_dir / "dashboards").mkdir()
    (data_dir / "dashboards" / PICTURE).write_bytes(b"\x89PNG canary-request")
    Token.objects.create(user=owner, key="canary-tokenproxy")
    objects = {
        "telemetry.request": unit.pk,
        "telemetry.log": factory.log(unit, "canary-log").pk,
        "telemetry.error": factory.error(unit, "canary-error", "canary-error").error_id,
        "telemetry.loadrun": "canary-loadrun",
        "transactions.transaction": order.pk,
        "transactions.account": account.pk,
        "transactions.idempotencyrecord": record.pk,
        "auth.user": owner.pk,
        "auth.group": Group.objects.create(name="canary-group").pk,
        "authtoken.tokenproxy": owner.pk,
        "django_q.schedule": Schedule.objects.create(name="canary-schedule", func="f").pk,
        "django_q.success": tasks["success"].pk,
        "django_q.failure": tasks["failure"].pk,
        "django_q.ormq": OrmQ.objects.create(key="canary-ormq", payload="x", lock=now).pk,
    }
    return Rows(objects, unit.uid, str(order.pk))


def _order(owner: User, account: Account) -> Transaction:
    return Transaction.objects.create(
        id=uuid7(), owner=owner, account=account, type="payment", status="pending",
        amount_minor=1, currency="USD", description="canary-transaction",
        error_code="canary-transaction",
        created_at=datetime.now(UTC),
    )  # fmt: skip


def patterns() -> Iterator[URLPattern]:
    """(route, pattern) of everything that the resolver knows."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(found: list[Any], prefix: str) -> Iterator[Any]:
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from _walk(pattern.url_patterns, route)


def places(rows: Rows) -> list[Place]:
    """An example of every pattern; raises NoExampleError naming one without."""
    known = {place.route: place for place in (*_fixed(rows), *_of_models(rows))}
    routes = [route for route, _ in patterns()]
    missing = [route for route in routes if route not in known]
    if missing:
        raise NoExampleError(f"tests/fintech/site_map.py has no example of {missing}")
    return [known[route] for route in routes]


def _fixed(rows: Rows) -> Iterator[Place]:
    """Those that are no model's."""
    view_request, view_error = "telemetry.view_request", "telemetry.view_error"
    view_loadrun = "telemetry.view_loadrun"
    base = "admin/telemetry/"
    yield Place("", "", OPEN)
    yield Place(base, base, view_request)
    yield Place(f"{base}dashboard/", f"{base}dashboard/", view_request)
    yield Place(f"{base}dashboard/draw/", f"{base}dashboard/draw/", view_request, 405)
    yield Place(
        f"{base}dashboard/<str:name>", f"{base}dashboard/{PICTURE}", view_request, shows=True
    )
    yield Place(f"{base}find/", f"{base}find/?id={rows.transaction}", view_request, 302)
    yield Place(f"{base}metric/", f"{base}metric/", view_request)
    yield Place(f"{base}metric/<str:name>/", f"{base}metric/nowhere/", view_request, 404)
    yield Place(f"{base}objective/", f"{base}objective/", view_request)
    yield Place(f"{base}status/", f"{base}status/", view_request)
    yield Place(
        f"{base}trace/<str:trace_id>/", f"{base}trace/{rows.unit}/", view_request, shows=True
    )
    yield Place(
        f"{base}transaction/<str:transaction_id>/",
        f"{base}transaction/{rows.transaction}/",
        view_request,
        shows=True,
    )
    group = rows.objects["telemetry.error"]
    yield Place(f"{base}error/<int:object_id>/", f"{base}error/{group}/", view_error, shows=True)
    yield Place(
        f"{base}loadrun/<str:run_id>/", f"{base}loadrun/canary-loadrun/", view_loadrun, shows=True
    )
    yield Place("metrics", "metrics", "telemetry.view_metric", shows=True)
    yield from _of_telemetry_api(rows)
    yield from _of_admin()
    yield from _of_api(rows)


def _of_telemetry_api(rows: Rows) -> Iterator[Place]:
    base = "api/telemetry/"
    group = rows.objects["telemetry.error"]
    for kind, route, path in (
        ("request", "requests/", "requests/"),
        ("request", "requests/<str:id>/", f"requests/{rows.unit}/"),
        ("request", "traces/<str:id>/", f"traces/{rows.transaction}/"),
        ("log", "logs/", "logs/"),
        ("error", "errors/", "errors/"),
        ("error", "errors/<str:id>/", f"errors/{group}/"),
        ("loadrun", "loadruns/", "loadruns/"),
        ("loadrun", "loadruns/<str:id>/", "loadruns/canary-loadrun/"),
    ):
        yield Place(f"{base}{route}", f"{base}{path}", f"telemetry.view_{kind}", shows=True)
    for route, path in (
        ("metrics/", "metrics/"),
        ("metrics/<str:name>/", "metrics/canaries_total/"),
    ):
        yield Place(f"{base}{route}", f"{base}{path}", "telemetry.view_metric")


def _of_admin() -> Iterator[Place]:
    """Admin's own: for all staff, each shows only what its visitor may see."""
    for page in ("", "password_change/", "password_change/done/", "jsi18n/"):
        yield Place(f"admin/{page}", f"admin/{page}", STAFF)
    yield Place("admin/login/", "admin/login/", OPEN)
    yield Place("admin/logout/", "admin/logout/", STAFF, 405)
    yield Place("admin/autocomplete/", "admin/autocomplete/", STAFF, 403)
    user = ContentType.objects.get_for_model(User)
    yield Place(
        "admin/r/<path:content_type_id>/<path:object_id>/", f"admin/r/{user.pk}/1/", STAFF, 404
    )
    labels = "|".join(dict.fromkeys(model._meta.app_label for model in admin.site._registry))
    # 404 for who may see nothing of the app.
    yield Place(f"admin/^(?P<app_label>{labels})/$", "admin/transactions/", STAFF, 404)
    yield Place("admin/(?P<url>.*)$", "admin/canary/nowhere/", STAFF, 404)


def _of_api(rows: Rows) -> Iterator[Place]:
    yield Place("api/schema/", "api/schema/", STAFF)
    yield Place("api/docs/", "api/docs/", STAFF)
    account = rows.objects["transactions.account"]
    for route, path in (
        ("accounts/", "accounts/"),
        ("accounts/<uuid:pk>/", f"accounts/{account}/"),
        ("accounts/<uuid:pk>/statement/", f"accounts/{account}/statement/"),
        ("transactions/", "transactions/"),
        ("transactions/<uuid:pk>/", f"transactions/{rows.transaction}/"),
    ):
        yield Place(f"api/{route}", f"api/{path}", CUSTOMER)
    yield Place("api/^.*$", "api/nowhere/", OPEN, 404)


def _of_models(rows: Rows) -> Iterator[Place]:
    """The pages that admin has for each registered model."""
    for model in admin.site._registry:
        label = f"{model._meta.app_label}.{model._meta.model_name}"
        if label not in rows.objects:
            continue
        base = f"admin/{label.replace('.', '/')}/"
        needs = label.replace(".", ".view_")
        key = admin.utils.quote(rows.objects[label])
        yield Place(base, base, needs, shows=True)
        if label.startswith("telemetry."):
            name = "<str:run_id>" if label == "telemetry.loadrun" else "<int:object_id>"
            is_group = label == "telemetry.error"
            status, shows = (200, True) if is_group else (302, False)
            yield Place(f"{base}{name}/change/", f"{base}{key}/change/", needs, status, shows)
            continue
        yield Place(f"{base}<path:object_id>/change/", f"{base}{key}/change/", needs, shows=True)
        yield Place(f"{base}<path:object_id>/history/", f"{base}{key}/history/", needs)
        # To look is not to change, and staff without any permission are only led on.
        yield Place(f"{base}add/", f"{base}add/", needs, 403)
        yield Place(f"{base}<path:object_id>/delete/", f"{base}{key}/delete/", needs, 403)
        yield Place(f"{base}<path:object_id>/", f"{base}{key}/", STAFF, 302)
    user = rows.objects["auth.user"]
    yield Place(
        "admin/auth/user/<id>/password/", f"admin/auth/user/{user}/password/", "auth.view_user", 403
    )


def readable(response: Any) -> str:
    """The whole answer as text, headers included."""
    streamed = getattr(response, "streaming", False)
    body = b"".join(response.streaming_content) if streamed else response.content
    return re.sub(r"\s+", " ", body.decode("utf-8", "replace")) + repr(dict(response.headers))
