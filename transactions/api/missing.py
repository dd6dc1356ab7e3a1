"""Everything below /api/ that is no resource: a 404 in the API's own form."""

from typing import Any, NoReturn

from django.urls import Resolver404, resolve
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from transactions.api.base import ApiView


@extend_schema(exclude=True)
class MissingView(ApiView):
    """Answers 404 to any method, authenticated or not."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        detail = "There is nothing at this address. See /api/docs/ for the addresses."
        if not request.path.endswith("/") and _exists(f"{request.path}/"):
            detail = f"There is nothing at this address. Use {request.path}/ (with the slash)."
        raise NotFound(detail)


def _exists(path: str) -> bool:
    try:
        return resolve(path).url_name != "missing"
    except Resolver404:
        return False
