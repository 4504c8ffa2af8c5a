"""Suspects personal data by a column's name or the look of its values. A person confirms or denies it.

Leaves out whether the law calls it personal: that depends on what else is known of the people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CONTACT = {
    "email", "mail", "phone", "telephone", "tel", "mobile", "fax", "address", "street", "postcode", "zipcode", "zip",
}  # fmt: skip
_IDENTIFIER = {
    "ssn", "passport", "iban", "username", "surname", "firstname", "lastname", "fullname", "ip",
}  # fmt: skip
_SENSITIVE = {
    "dob", "birth", "birthdate", "birthday", "gender", "sex", "ethnicity", "race", "religion", "diagnosis",
    "salary", "income", "disability", "health",
}  # fmt: skip
_PEOPLE = {
    "customer", "client", "user", "person", "patient", "employee", "contact", "driver", "passenger", "member", "guest",
}  # fmt: skip
_LOOKS = (
    ("contact", "e-mail addresses", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")),
    ("identifier", "IBANs", re.compile(r"[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}")),
    ("identifier", "IP addresses", re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")),
    ("contact", "telephone numbers", re.compile(r"(?=.*[-+ ()/])\+?[\d ()/-]{8,20}")),
)


def suspect(name: str, kind: str, values: Sequence[str]) -> tuple[str, str]:
    """The tag that a column probably needs, and why; `none` and nothing where nothing points to people."""
    words = name.split("_")
    for tag, known in (
        ("contact", _CONTACT),
        ("identifier", _IDENTIFIER),
        ("sensitive", _SENSITIVE),
    ):
        found = known.intersection(words)
        if found:
            return tag, f"its name has '{min(found)}'"
    named = "name" in words and (
        len(words) == 1 or _PEOPLE.union({"first", "last", "full"}) & {*words}
    )
    if named or ({"id", "number", "no"} & {*words} and _PEOPLE & {*words}):
        return "identifier", "its name points to a person"
    if kind == "string" and values:
        for tag, what, look in _LOOKS:
            if sum(bool(look.fullmatch(value.strip())) for value in values) > len(values) / 2:
                return tag, f"its values look like {what}"
    return "none", ""
