"""Short numbers for people to say aloud: T-1001, T-1002, …"""

from django.db import connection

PREFIX = "T-"


def next_record_number() -> str:
    """The next free number. A number once taken is never given again, even when the act that took it fails."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('clients_record_number')")
        return f"{PREFIX}{cursor.fetchone()[0]}"
