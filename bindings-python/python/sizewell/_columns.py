"""Traces as columns: arrays go to Rust and come back as bytes, lists go as they are."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, PlainSerializer, WrapValidator

from ._arrays import by_name, has_numpy, library_of, numbers, packed, plain
from ._base import Model, made
from ._sizewell import Columns
from ._tables import library

if TYPE_CHECKING:
    import pandas
    import polars

    Floats: TypeAlias = Any
    Counts: TypeAlias = Any
    Statuses: TypeAlias = Any
else:

    def _column(kind: Any) -> Any:
        """A list, or an array that is taken as it is."""
        keep = WrapValidator(lambda given, read: given if hasattr(given, "dtype") else read(given))
        return Annotated[kind, keep, PlainSerializer(lambda column: _listed(column))]

    Floats = _column(list[float])
    Counts = _column(list[int])
    Statuses = _column(list[str])

T = TypeVar("T")

_STATUSES = ("completed", "failed", "cancelled")


def _listed(column: Any) -> Any:
    return column.tolist() if hasattr(column, "tolist") else column


class ColumnsModel(Model):
    """A record of columns, which may be lists or arrays."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        ours, theirs = self.__dict__, other.__dict__
        return all(_listed(ours[name]) == _listed(theirs[name]) for name in ours)


class TraceModel(ColumnsModel):
    """Requests as a table."""

    def __len__(self) -> int:
        return len(self.__dict__["arrival_ms"])

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with a row for each request; needs `pip install 'sizewell[pandas]'`."""
        frame: pandas.DataFrame = library("pandas").DataFrame(self._table())
        return frame

    def to_polars(self) -> polars.DataFrame:
        """A DataFrame with a row for each request; needs `pip install 'sizewell[polars]'`."""
        frame: polars.DataFrame = library("polars").DataFrame(self._table())
        return frame

    def _table(self) -> dict[str, Any]:
        """The columns that there are, names in place of their places; prefixes are left out."""
        table: dict[str, Any] = {}
        for name, column in self.__dict__.items():
            if name in {"model", "tenant"} and len(column.index):
                names = column.names
                table[name] = [names[place] for place in _listed(column.index)]
            elif hasattr(column, "__len__") and len(column):
                table[name] = column
        return table


def ask_columns(kind: type[T], function: str, **argument: Any) -> T:
    """What a function of the core answers whose argument or answer holds a trace."""
    columns = Columns()
    (name, given), *_ = argument.items()
    fields = given.__dict__ if isinstance(given, BaseModel) else given
    if name == "trace":
        given = apart(columns, given)
    elif isinstance(fields, Mapping) and "trace" in fields:
        given = {**fields, "trace": apart(columns, fields["trace"])}
    answer = made(kind, columns.call(function, **{name: given}))
    for path in columns.float_paths():
        _set(answer, path, numbers(columns.take_floats(path)))
    for path in columns.count_paths():
        column = numbers(columns.take_counts(path), "uint32")
        _set(answer, path, _words(column) if path.endswith("status") else column)
    return answer


def _set(answer: Any, path: str, column: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        answer = getattr(answer, parent)
    setattr(answer, name, column)


def _words(codes: Any) -> Any:
    if has_numpy():
        return import_module("numpy").array(_STATUSES, dtype=object)[codes]
    return [_STATUSES[code] for code in codes]


def apart(columns: Columns, trace: Any) -> Any:
    """A trace without its arrays, which go into the columns."""
    try:
        given = by_name(trace)
    except TypeError:
        return trace
    rest: dict[str, Any] = {}
    for name, column in given.items():
        if name == "status":
            rest[name] = _put_codes(columns, name, column, dict(zip(_STATUSES, range(3), strict=True)))
        elif name == "prefix" and isinstance(column, Mapping | BaseModel):
            rest[name] = _put_parts(columns, name, by_name(column))
        elif name in {"model", "tenant"}:
            if not isinstance(column, Mapping | BaseModel):
                column = _labelled(column)
            labels = isinstance(column, Mapping | BaseModel)
            rest[name] = _put_parts(columns, name, by_name(column)) if labels else column
        else:
            rest[name] = _put(columns, name, column)
    return rest


def _put_parts(columns: Columns, name: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {part: _put(columns, f"{name}.{part}", column) for part, column in parts.items()}


def _put(columns: Columns, path: str, column: Any) -> Any:
    """Puts an array of numbers into the columns and gives what stands for it; anything else as it
    is."""
    if library_of(column) in {"pandas", "polars", "pyarrow"}:
        kind: Any = getattr(column, "dtype", None)
        numeric = kind.is_numeric() if hasattr(kind, "is_numeric") else getattr(kind, "kind", "")
        column = column if numeric is True or numeric in tuple("fiu") else plain(column)
    if library_of(column) == "numpy":
        is_plain = column.ndim == 1 and column.dtype.kind in "fiu" and not hasattr(column, "filled")
        if not is_plain:
            return column.tolist()
    if isinstance(column, str | bytes | list | tuple) or not hasattr(column, "__len__"):
        return column
    if isinstance(column, Mapping | BaseModel):
        return column
    if isinstance(column, array) and column.typecode == "I":
        columns.put_counts(path, column.tobytes())
    elif str(getattr(column, "dtype", "")) in {"uint8", "uint16", "uint32"}:
        columns.put_counts(path, plain(column).astype("uint32", copy=False).tobytes())
    else:
        columns.put_floats(path, packed(column, path))
    return []


def _put_codes(columns: Columns, path: str, column: Any, codes: Mapping[str, int]) -> Any:
    """Puts the codes of words into the columns; words that have none are left, to be refused."""
    words = _listed(plain(column))
    if not isinstance(words, list | tuple) or not words:
        return words
    try:
        columns.put_counts(path, array("I", map(codes.__getitem__, words)).tobytes())
    except (KeyError, TypeError):
        return words
    return []


def _labelled(column: Any) -> Any:
    """Names once each, and which of them each request has."""
    words = _listed(plain(column))
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        return words
    codes = {word: code for code, word in enumerate(dict.fromkeys(words))}
    return {"names": list(codes), "index": array("I", map(codes.__getitem__, words))}
