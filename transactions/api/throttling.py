"""Request rate per user. Demo users are exempt, so that load tests measure the system.

Counts live in Django's default cache. With the in-memory cache each worker process counts for
itself: the effective limit is at most the configured rate times the number of workers. Configure
a shared cache to make it exact.
"""

from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    # The views import this module, by its name in the settings.
    from rest_framework.views import APIView

EXEMPT_GROUP = "demo"
# Seconds for which a process remembers who is exempt: a query a minute, not one a request.
_REMEMBER = 60


class ApiRateThrottle(UserRateThrottle):
    """`API_RATE` for each user, or for each address while nobody is authenticated."""

    scope = "api"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if request.user.is_authenticated and _is_exempt(request.user):
            return True
        return super().allow_request(request, view)


def _is_exempt(user: Any) -> bool:
    key = f"transactions.throttle-exempt.{user.pk}"
    return bool(cache.get_or_set(key, user.groups.filter(name=EXEMPT_GROUP).exists, _REMEMBER))
