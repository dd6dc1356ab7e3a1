"""What telemetry keeps, prints and shows of the pushes, as files below one folder."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve, reverse

from telemetry import ingest
from telemetry.capture.sink import JournalSink
from telemetry.conf import settings
from telemetry.dashboards.draw import CannotDraw
from telemetry.journal import reader
from telemetry.models import Error, Log, Quarantine, Request
from telemetry.queries.store import rows
from telemetry.selftest.site import Site

_UNITS = 40


def keep(folder: Path, site: Site, journal: JournalSink) -> None:
    """Ingest it all in two parts, so that segments are seen waiting and archived; then look."""
    _copy(settings.journal_dir, folder / "journal before")
    (folder / "boards.bin").write_bytes(b"\n".join(sorted(site.boards)))
    _damage(settings.journal_dir)
    ingest.drain_if_free()
    journal.journal.close()
    ingest.drain_if_free()
    _assert_arrived()
    # While a connection is open the WAL is there.
    connections[settings.DATABASE].ensure_connection()
    store = Path(connections[settings.DATABASE].settings_dict["NAME"])
    for file in store.parent.glob(f"{store.name}*"):
        shutil.copy(file, folder / f"live {file.name}")
    for name, text in (*_printed(), *_pages(), *_exports(), *_pictures()):
        (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")


def _assert_arrived() -> None:
    """Where nothing was captured, finding nothing would prove nothing."""
    for model in (Request, Log, Error, Quarantine):
        if not rows(model).exists():
            raise RuntimeError(f"Nothing was captured: no row of {model.__name__}.")


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for file in source.iterdir():
        shutil.copy(file, target / file.name)


def _damage(folder: Path) -> None:
    """A copy of a segment with its checksums broken: all of it goes into quarantine."""
    for number, segment in enumerate(reader.segments(folder)[:2]):
        broken = segment.read_bytes().replace(b"\n", b"~\n")
        (folder / f"{number:032x}-000000.seg").write_bytes(broken[:-20])


def _printed() -> Iterator[tuple[str, str]]:
    commands: list[tuple[str, ...]] = [
        ("telemetry_status",),
        ("telemetry_status", "--json"),
        ("tail", "--for", "0", "--since", "1h"),
        ("prune", "--dry-run"),
    ]
    found = rows(Request).order_by("-id").values_list("uid", flat=True)
    for number, uid in enumerate(found[:: max(1, found.count() // _UNITS)]):
        format_ = ("text", "json", "markdown")[number % 3]
        commands.append(("trace", str(uid), "--format", format_))
    for number, command in enumerate(commands):
        out = io.StringIO()
        try:
            call_command(*command, stdout=out, stderr=out)
        except (CommandError, SystemExit) as error:
            out.write(str(error))
        yield f"{command[0]} {number}.txt", out.getvalue()


class _Viewer:
    """Somebody who may see every page; in no table."""

    pk = id = 0
    is_active = is_staff = is_superuser = is_authenticated = True
    is_anonymous = False

    def has_perm(self, *args: Any) -> bool:
        return True

    has_perms = has_module_perms = has_perm

    def get_username(self) -> str:
        return "selftest"

    get_short_name = get_full_name = __str__ = get_username

    def has_usable_password(self) -> bool:
        return False


def _pages() -> Iterator[tuple[str, str]]:
    if not apps.is_installed("django.contrib.admin"):
        return
    names = (
        "overview", "request_changelist", "log_changelist", "error_changelist", "status",
        "metrics", "objectives",
    )  # fmt: skip
    targets = [reverse(f"admin:telemetry_{name}") for name in names]
    targets += [f"{targets[1]}?kind=task", f"{targets[2]}?level=error"]
    for error in rows(Error).values_list("id", flat=True)[:_UNITS]:
        targets.append(reverse("admin:telemetry_error_group", args=[error]))
    for uid in rows(Request).order_by("-id").values_list("uid", flat=True)[::_UNITS][:_UNITS]:
        targets.append(reverse("admin:telemetry_trace", args=[uid]))
    for number, target in enumerate(targets):
        yield f"page {number}.html", _page(target)


def _exports() -> Iterator[tuple[str, str]]:
    """What programs are given, as far as the project has addresses for it."""
    uids = list(rows(Request).order_by("-id").values_list("uid", flat=True)[::_UNITS][:_UNITS])
    asked: list[tuple[str, list[Any]]] = [
        *((f"telemetry_api_{name}", []) for name in ("requests", "logs", "errors", "metrics")),
        *(("telemetry_api_error", [one]) for one in rows(Error).values_list("id", flat=True)),
        *(("telemetry_api_trace", [uid]) for uid in uids),
        ("telemetry_metrics", []),
    ]
    for number, (name, arguments) in enumerate(asked):
        try:
            target = reverse(name, args=arguments)
        except NoReverseMatch:
            continue
        yield f"export {number}.txt", _page(target, also=501)


def _page(target: str, also: int = 200) -> str:
    path, _, query = target.partition("?")
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = path
    request.META = {"QUERY_STRING": query, "SCRIPT_NAME": ""}
    request.META |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.GET = request.GET.__class__(query)
    request.user = _Viewer()  # type: ignore[assignment]
    view, args, kwargs = resolve(path)
    response: Any = view(request, *args, **kwargs)
    if hasattr(response, "render"):
        response.render()
    # 501: an optional package is not there.
    if response.status_code not in (200, also):
        raise RuntimeError(f"{target} answers {response.status_code}.")
    return f"<!-- {target} -->\n{response.content.decode()}"


def _pictures() -> Iterator[tuple[str, str]]:
    """The texts that are drawn; the files themselves lie in the data folder."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.text import Text
    except ImportError:
        return
    drawn: list[str] = []
    save = Figure.savefig

    def watched(self: Figure, *args: Any, **kwargs: Any) -> Any:
        drawn.extend(text.get_text() for text in self.findobj(Text))
        return save(self, *args, **kwargs)

    Figure.savefig = watched  # type: ignore[method-assign]
    try:
        call_command("render_dashboards", stdout=io.StringIO())
    except CannotDraw:
        return
    finally:
        Figure.savefig = save  # type: ignore[method-assign]
    yield "pictures.txt", "\n".join(drawn)
