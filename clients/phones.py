"""Phone numbers and addresses in the one form that can be compared."""

import re

import phonenumbers
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from clients.errors import InvalidInput

LOCAL_DIGITS = 7  # up to here somebody typed the end of a number, which may well begin with 0


def digits_of(text: str) -> str:
    """Only the digits; of a whole number without the leading 0 of national writing, which E.164 leaves out."""
    digits = re.sub(r"\D", "", text)
    return digits.lstrip("0") if len(digits) > LOCAL_DIGITS else digits


def to_e164(number: str, *, region: str = "US") -> str:
    """The number as E.164, like +15550100199. Raises InvalidInput when it cannot be a phone number of the region."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise InvalidInput(
            _("“%(number)s” is not a phone number. Write it like 555-010-0199.") % {"number": number},
            field="value",
        )
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def to_address(email: str) -> str:
    """The e-mail address in lower case. Raises InvalidInput when it is none."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except Exception as error:
        raise InvalidInput(
            _("“%(email)s” is not an e-mail address.") % {"email": email}, field="value"
        ) from error
    return email
