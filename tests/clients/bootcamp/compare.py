"""Decides whether what AWS returned equals what is expected, field by field.

A dict is compared key by key and an unexpected key is a difference; the matchers
below loosen that only where AWS documents no single value (ids, times, order).
Must not know which service an answer came from, nor make any call.
"""

import datetime
import json
import re


class Matcher:
    """An expectation that is not a plain value."""

    def differences(self, got, path):
        """Yields (path, expected, got) for everything that does not fit."""
        if not self.fits(got):
            yield path, self, got

    def fits(self, got):
        """Says whether the value is acceptable."""
        raise NotImplementedError

    def __repr__(self):
        return type(self).__name__


class Any(Matcher):
    """Any value, as long as the field is present."""

    def fits(self, got):
        return True


class Absent(Matcher):
    """The field must not be in the answer at all."""

    def fits(self, got):
        return False


class Time(Matcher):
    """A timestamp that the client library parsed."""

    def fits(self, got):
        return isinstance(got, datetime.datetime)


class Like(Matcher):
    """A string that matches a regular expression from start to end."""

    def __init__(self, pattern):
        self.pattern = pattern

    def fits(self, got):
        return isinstance(got, str) and re.fullmatch(self.pattern, got, re.S) is not None

    def __repr__(self):
        return f"Like({self.pattern})"


class OneOf(Matcher):
    """Any one of several values that real AWS has been seen to return."""

    def __init__(self, *choices):
        self.choices = choices

    def fits(self, got):
        return any(not list(differences(choice, got)) for choice in self.choices)

    def __repr__(self):
        return f"OneOf{self.choices}"


class Between(Matcher):
    """A number in a closed interval."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def fits(self, got):
        return isinstance(got, (int, float)) and self.low <= got <= self.high

    def __repr__(self):
        return f"Between({self.low}, {self.high})"


class Maybe(Matcher):
    """The field may be absent; if present it must fit."""

    def __init__(self, expected=None):
        self.expected = Any() if expected is None else expected

    def differences(self, got, path):
        yield from differences(self.expected, got, path)

    def __repr__(self):
        return f"Maybe({self.expected!r})"


class Has(Matcher):
    """An object of which only the named fields are compared."""

    def __init__(self, fields=None, **more):
        self.fields = {**(fields or {}), **more}

    def differences(self, got, path):
        yield from object_differences(self.fields, got, path, exact=False)

    def __repr__(self):
        return f"Has({self.fields!r})"


class Bag(Matcher):
    """A list of which the order carries no meaning."""

    def __init__(self, items, exact=True):
        self.items, self.exact = list(items), exact

    def differences(self, got, path):
        if not isinstance(got, (list, tuple)):
            yield path, self, got
            return
        rest, unmatched = list(got), []
        for item in self.items:
            position = next((i for i, have in enumerate(rest) if not list(differences(item, have))), None)
            if position is None:
                unmatched.append(item)
            else:
                rest.pop(position)
        # The reader wants the fields that differ, so what is left is paired by likeness.
        while unmatched and rest:
            found = [(list(differences(want, have, f"{path}[*]")), w, h) for w, want in enumerate(unmatched) for h, have in enumerate(rest)]
            closest, w, h = min(found, key=lambda entry: len(entry[0]))
            yield from closest
            unmatched.pop(w), rest.pop(h)
        for item in unmatched:
            yield f"{path}[*]", item, "no such item"
        if self.exact:
            for have in rest:
                yield f"{path}[*]", "no such item", have

    def __repr__(self):
        return f"Bag({self.items!r})"


class Json(Matcher):
    """A string that holds a JSON document, whatever its spacing."""

    def __init__(self, document):
        self.document = document

    def differences(self, got, path):
        try:
            parsed = json.loads(got)
        except (TypeError, ValueError):
            yield path, self, got
            return
        yield from differences(self.document, parsed, f"{path}(json)")

    def __repr__(self):
        return f"Json({self.document!r})"


MISSING = type("Missing", (), {"__repr__": lambda self: "nothing"})()


def object_differences(expected, got, path, exact):
    """Compares two objects; `exact` makes unexpected keys a difference."""
    if not isinstance(got, dict):
        yield path, expected, got
        return
    for key, want in expected.items():
        here = f"{path}.{key}" if path else str(key)
        if key in got:
            yield from differences(want, got[key], here)
        elif not isinstance(want, (Maybe, Absent)):
            yield here, want, MISSING
    for key in got if exact else ():
        if key not in expected and key != "ResponseMetadata":
            yield (f"{path}.{key}" if path else str(key)), MISSING, got[key]


def differences(expected, got, path=""):
    """Yields (path, expected, got) for every field that differs."""
    if isinstance(expected, Matcher):
        yield from expected.differences(got, path)
    elif isinstance(expected, dict):
        yield from object_differences(expected, got, path, exact=True)
    elif isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            yield path, expected, got
            return
        for index, (want, have) in enumerate(zip(expected, got)):
            yield from differences(want, have, f"{path}[{index}]")
    elif type(expected) is bool or type(got) is bool:
        # True equals 1 in Python, and on the wire it does not.
        if expected is not got:
            yield path, expected, got
    elif expected != got:
        yield path, expected, got
