"""System checks of the payments settings."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from transactions.gateway.profiles import read


def register() -> None:
    """Adds the checks to Django's; called once by the app configuration."""
    checks.register(check_gateway)


def check_gateway(**_kwargs: Any) -> list[checks.CheckMessage]:
    """transactions.E001: a malformed profile. transactions.E002: the chosen one does not exist."""
    messages: list[checks.CheckMessage] = []
    for name, raw in settings.GATEWAY_PROFILES.items():
        try:
            read(name, raw)
        except ImproperlyConfigured as error:
            hint = "Correct GATEWAY_PROFILES in the settings."
            messages.append(checks.Error(str(error), hint=hint, id="transactions.E001"))
    if settings.GATEWAY_PROFILE not in settings.GATEWAY_PROFILES:
        text = f"GATEWAY_PROFILE={settings.GATEWAY_PROFILE!r} names no profile."
        hint = f"Use one of: {', '.join(settings.GATEWAY_PROFILES)}."
        messages.append(checks.Error(text, hint=hint, id="transactions.E002"))
    return messages
