"""System checks: each has an id and a hint that names the line to change."""

from typing import Any

from django.core.checks import CheckMessage, Tags
from django.core.checks import register as register_check


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return []


def register() -> None:
    register_check(check_settings, Tags.compatibility)
