"""Pages by cursor: nothing is skipped or repeated while rows are being added."""

import re
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

LIKE_A_KEY = re.compile(r"[0-9]{1,18}", re.ASCII)


class NewestFirst(CursorPagination):
    """Fifty rows a page, the newest first."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from. Raises NotFound for one that no answer of ours held."""
        cursor: Any = super().decode_cursor(request)
        if cursor is None or cursor.position is None or LIKE_A_KEY.fullmatch(cursor.position):
            return cursor
        raise NotFound(self.invalid_cursor_message)
