"""Addresses that do not exist, told in the one shape of refusals."""

from typing import Any, NoReturn

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class Missing(APIView):
    """Whatever no other route of the API has taken."""

    def get(self, request: Request, **address: Any) -> NoReturn:
        raise NotFound("There is nothing at this address. /api/docs/ lists what there is.")

    post = put = patch = delete = get
