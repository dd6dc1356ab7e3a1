"""Token authentication that learns in the same query whether throttling applies."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef
from rest_framework import exceptions
from rest_framework.authentication import TokenAuthentication
from rest_framework.authtoken.models import Token

EXEMPT_GROUP = "demo"


class ApiTokenAuthentication(TokenAuthentication):
    """`Authorization: Token …`; `request.auth.throttle_exempt` is true for demo users."""

    def authenticate_credentials(self, key: str) -> tuple[Any, Token]:
        """The user and token of a key, in one query; raises AuthenticationFailed."""
        membership = get_user_model().groups.through.objects.filter(
            user_id=OuterRef("user_id"), group__name=EXEMPT_GROUP
        )
        tokens = Token.objects.select_related("user").annotate(throttle_exempt=Exists(membership))
        token = tokens.filter(key=key).first()
        if token is None or not token.user.is_active:
            raise exceptions.AuthenticationFailed("The token is not valid.")
        return token.user, token
