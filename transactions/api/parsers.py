"""Reads request bodies: JSON objects of a bounded size, strictly."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class BodyTooLarge(APIException):
    """413: nothing of the body was parsed."""

    status_code = 413
    default_code = "body_too_large"


class StrictJSONParser(BaseParser):
    """Refuses what json.loads lets pass: NaN, doubled names, anything but an object at the top."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The body as a dict; raises ParseError or BodyTooLarge."""
        limit = settings.API_MAX_BODY_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes.")
        try:
            document = json.loads(
                body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_object
            )
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8.") from None
        except json.JSONDecodeError as error:
            raise ParseError(
                f"The body is not valid JSON: line {error.lineno}, column {error.colno}."
            ) from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from None
        if not isinstance(document, dict):
            raise ParseError("The body must be a JSON object.")
        return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name appears twice in one object")
    return result
