"""The outside payment gateway: an interface, and a sandbox that behaves like one."""

from functools import cache

from django.conf import settings

from transactions.gateway.base import Answer, Gateway, GatewayError, GatewayTimeoutError, Order
from transactions.gateway.sandbox import SandboxGateway, profile_named

__all__ = ["Answer", "Gateway", "GatewayError", "GatewayTimeoutError", "Order", "current"]


@cache
def current() -> Gateway:
    """The configured gateway; raises ImproperlyConfigured for a bad profile."""
    seed = str(settings.GATEWAY_SEED or settings.SECRET_KEY)
    return SandboxGateway(profile_named(settings.GATEWAY_PROFILE), seed=seed)
