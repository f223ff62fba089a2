"""ISRC, UPC and EAN: their forms and check digits."""

from __future__ import annotations

import re
from typing import Final

_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_ISRC_FORM: Final = "two letters, three letters or digits, seven digits, as in QZ-AB1-26-00001"


def normal_isrc(text: str) -> str:
    """Return an ISRC as files carry it: upper case, without hyphens and spaces."""
    return text.replace("-", "").replace(" ", "").removeprefix("ISRC").upper()


def isrc_problem(text: str) -> tuple[str, str] | None:
    """Return what is wrong with an ISRC and what would be right; None where its form is right.

    ISO 3901: a prefix of two letters and three letters or digits, two digits of the year of
    reference, five of the recording's number. There is no check digit: a wrong digit cannot be
    told from another recording's.
    """
    bare = normal_isrc(text)
    if _ISRC.fullmatch(bare):
        return None
    if len(bare) != 12:
        return f"'{text}' has {len(bare)} characters, an ISRC has 12", _ISRC_FORM
    return f"'{text}' is no ISRC", _ISRC_FORM


def normal_gtin(text: str) -> str:
    """Return a UPC or EAN as its digits alone."""
    return text.replace("-", "").replace(" ", "")


def ean_13(text: str) -> str:
    """Return a UPC-A or EAN-13 as 13 digits: a UPC is an EAN that begins with 0."""
    return normal_gtin(text).zfill(13)


def check_digit(digits: str) -> str:
    """Return the check digit that follows these digits.

    GS1 General Specifications, 7.9: weights 3, 1, 3, ... leftward from the last digit; the check
    digit brings the sum to a multiple of 10.
    """
    weighted = (int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-sum(weighted) % 10)


def gtin_problem(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a UPC or EAN and what would be right; None for a right one."""
    bare = normal_gtin(text)
    form = "12 digits are a UPC, 13 an EAN, the last one its check digit"
    if not (bare.isascii() and bare.isdigit()):
        return f"'{text}' is no UPC or EAN", form
    if len(bare) not in {12, 13}:
        return f"'{text}' has {len(bare)} digits", form
    wanted = check_digit(bare[:-1])
    if bare[-1] != wanted:
        reason = f"'{text}' ends in {bare[-1]}, its check digit would be {wanted}"
        return reason, "a digit was mistyped; look at where the code came from"
    return None
