"""What is told to the audit log of requests to telemetry's pages: who, what, from where."""

import logging
from typing import Any

from django.http import HttpRequest

from telemetry.capture import audit
from telemetry.capture.requests import client_network


def transaction_viewed(request: HttpRequest, transaction_id: str) -> None:
    """The page of a transaction was shown."""
    audit.record(
        logging.INFO,
        "Transaction viewed",
        {"audit.action": "transaction.view", "transaction.id": transaction_id, **_who(request)},
    )


def refused(request: HttpRequest, permission: str) -> None:
    """Somebody who is signed in asked for a page without the `permission` that it needs.

    Not for visitors who are not: they are sent to the login, and anybody could fill the log.
    """
    audit.record(
        logging.WARNING,
        "Page refused",
        {
            "audit.action": "page.refuse",
            "audit.permission": permission,
            "http.request.method": request.method,
            "url.path": request.path[:1_000],
            **_who(request),
        },
    )


def _who(request: HttpRequest) -> dict[str, Any]:
    return {
        "user.id": str(request.user.pk),
        "client.address": client_network(request.META.get("REMOTE_ADDR", "")),
    }
