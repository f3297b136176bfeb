"""`Idempotency-Key` on POST: the same request twice acts once and is answered alike."""

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.errors import PROBLEM_TYPE
from apps.api.schema import KEY_PATTERN
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.idempotency import services

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
Action = Callable[..., Response]


def acts_once(action: Action) -> Action:
    """Let an action that makes something honour the header; without it the action just runs."""

    @wraps(action)
    def once(view: OrganizationViewSet, request: Request, **kwargs: Any) -> Response:
        if HEADER not in request.headers:
            return action(view, request, **kwargs)
        answer = services.answer_once(
            _named(view, request),
            lambda: _answer(view, lambda: action(view, request, **kwargs)),
            at=utc_now(),
        )
        return _response(answer)

    return once


def _named(view: OrganizationViewSet, request: Request) -> services.Request:
    key = request.headers[HEADER]
    if not re.fullmatch(KEY_PATTERN, key):
        raise ValidationError({HEADER: ["Send 1 to 255 visible ASCII characters."]})
    return services.Request(
        caller=view.actor.id,
        key=key,
        fingerprint=services.fingerprint(str(request.method), request.path, view.raw_body),
    )


def _answer(view: OrganizationViewSet, act: Callable[[], Response]) -> services.Answer:
    try:
        with transaction.atomic():
            response = act()
    except (NetraError, APIException, ObjectDoesNotExist) as error:
        response = view.handle_exception(error)
        if response.status_code >= 500:
            raise
    return services.Answer(response.status_code, view.rendered(response))


def _response(answer: services.Answer) -> Response:
    content_type = PROBLEM_TYPE if answer.status >= 400 else None
    response = Response(json.loads(answer.body), answer.status, content_type=content_type)
    if answer.is_replayed:
        response[REPLAYED_HEADER] = "true"
    return response
