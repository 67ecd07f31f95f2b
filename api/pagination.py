"""Pages by cursor: nothing is skipped or repeated while rows are being added."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Fifty rows a page, the newest first."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
