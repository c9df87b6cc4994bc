"""What the functions raise."""

from __future__ import annotations

import json
from reprlib import Repr
from typing import Any

__all__ = [
    "ContradictionError",
    "InvalidInputError",
    "MissingFieldError",
    "SizewellError",
    "SourceFailedError",
    "UnknownNameError",
]


class SizewellError(Exception):
    """An input was refused. `str(error)` says everything; the attributes, which are the fields of
    `sizewell.models.ErrorReport`, say it part by part.
    """

    code: str
    path: str
    message: str
    given: str | None
    allowed: str | None
    help: str | None
    suggestions: list[str]

    def __init__(self, text: str, report: dict[str, Any]) -> None:
        # Both are `args`, of which pickle and copy make the same error again.
        super().__init__(text, report)
        self.__dict__.update(report)

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidInputError(SizewellError, ValueError):
    """A value has the wrong type, form, range or length."""


class MissingFieldError(InvalidInputError):
    """Something that must be given is missing."""


class UnknownNameError(InvalidInputError):
    """A use case, model, GPU, provider, field or other name is not known; see `suggestions`."""


class ContradictionError(InvalidInputError):
    """Two fields contradict one another."""


class SourceFailedError(SizewellError):
    """A benchmark source failed."""


_MOST_GIVEN = 80
_BRIEF = Repr()
_BRIEF.maxstring = _BRIEF.maxother = _MOST_GIVEN
_BY_CODE: dict[str, type[SizewellError]] = {
    "contradiction": ContradictionError,
    "missing_field": MissingFieldError,
    "source_failed": SourceFailedError,
    "unknown_field": UnknownNameError,
    "unknown_name": UnknownNameError,
}


def _from_report(text: str, report: str) -> SizewellError:
    """Called by the extension module."""
    fields: dict[str, Any] = json.loads(report)
    return _BY_CODE.get(fields["code"], InvalidInputError)(text, fields)


def brief(thing: object) -> str:
    """A thing as Python writes it, of what is deep or long the beginning."""
    return _BRIEF.repr(thing)


def refusal(
    code: str, path: str, message: str, *, given: object = None, allowed: str | None = None
) -> SizewellError:
    """An error about what never reaches the extension module, in the form of those of it."""
    shown = given if given is None or isinstance(given, str) else brief(given)
    if shown is not None and len(shown) > _MOST_GIVEN:
        shown = shown[: _MOST_GIVEN - 1] + "…"
    text = f"{path}: {message}"
    text += "" if shown is None else f", given `{shown}`"
    text += "" if allowed is None else f"; allowed: {allowed}"
    report = {"code": code, "path": path, "message": message, "given": shown, "allowed": allowed}
    return _BY_CODE.get(code, InvalidInputError)(text, {**report, "help": None, "suggestions": []})
