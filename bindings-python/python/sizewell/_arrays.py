"""Arrays, series and tables of any library, as far as they cross to Rust as bytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from importlib import import_module
from math import isnan
from typing import Any

from pydantic import BaseModel

from .errors import brief, refusal


def has_numpy() -> bool:
    """Whether NumPy is there."""
    try:
        import_module("numpy")
    except ImportError:
        return False
    return True


def library_of(thing: Any) -> str:
    """The package that the type of a thing is of."""
    return type(thing).__module__.partition(".")[0]


def by_name(table: Any, name: str = "columns") -> Mapping[str, Any]:
    """The columns of a table, a model or a mapping."""
    if isinstance(table, Mapping):
        return table
    if isinstance(table, BaseModel):
        return table.__dict__
    match library_of(table):
        case "pandas" if hasattr(table, "columns"):
            return {str(name): table[name] for name in table.columns}
        case "polars" if hasattr(table, "get_columns"):
            return {column.name: column for column in table.get_columns()}
        case "pyarrow" if hasattr(table, "column_names"):
            return dict(zip(table.column_names, table.columns, strict=True))
    expected = "a dict of columns, a DataFrame or an Arrow table"
    raise TypeError(f"`{name}` must be {expected}, not {type(table).__name__}")


def plain(column: Any) -> Any:
    """A NumPy array of what a library calls its columns; a list where there is no NumPy."""
    if not hasattr(column, "to_numpy"):
        return column
    try:
        return column.to_numpy()
    except ImportError:
        return column.to_list() if hasattr(column, "to_list") else column.to_pylist()


def is_missing_kind(kind: type) -> bool:
    """Whether values of a type stand for what is not there."""
    return kind.__name__ in {"NoneType", "NAType", "NaTType"}


def is_missing(cell: Any) -> bool:
    """Whether a value stands for what is not there."""
    return is_missing_kind(type(cell)) or (isinstance(cell, float) and isnan(cell))


def check_many(values: Any, name: str) -> None:
    """Refuses what is no series: one thing, a text, a table."""
    many = not isinstance(values, str | bytes) and isinstance(values, Iterable)
    if not many or len(getattr(values, "shape", (0,))) != 1:
        raise TypeError(f"`{name}` must be a series of numbers, not {type(values).__name__}")


def packed(values: Any, name: str = "values") -> bytes:
    """Values as the bytes of floats, NaN where missing; `name` is theirs in errors."""
    check_many(values, name)
    values = _of_floats(values)
    if library_of(values) == "numpy" and values.dtype.kind in "fiu":
        return floats(values)
    if isinstance(values, array):
        return array("d", values).tobytes()
    cells = [float("nan") if is_missing(cell) else cell for cell in values]
    try:
        return array("d", cells).tobytes()
    except (TypeError, ValueError, OverflowError):
        place, cell = next(item for item in enumerate(cells) if not _is_number(item[1]))
        wrong = ("invalid_type", f"{name}[{place}]", "has the wrong type")
        allowed = "a number, or missing"
        raise refusal(*wrong, given=brief(cell), allowed=allowed) from None


def floats(values: Any) -> bytes:
    """A NumPy array of numbers as the bytes of floats, NaN where it is masked."""
    values = values.astype("float64", copy=False)
    data: bytes = (values.filled(float("nan")) if hasattr(values, "filled") else values).tobytes()
    return data


def _of_floats(values: Any) -> Any:
    """A NumPy array of a library's numbers; what holds anything else as it is, to be looked through."""
    if getattr(getattr(values, "dtype", None), "kind", "") == "c":
        return values.tolist()
    match library_of(values):
        case "pandas":
            try:
                return values.to_numpy(dtype="float64", na_value=float("nan"))
            except (TypeError, ValueError):
                return values
        case "polars" if values.dtype.is_numeric():
            return plain(values.cast(import_module("polars").Float64))
        case "pyarrow":
            return plain(values)
    return values


def _is_number(cell: Any) -> bool:
    try:
        array("d", [cell])
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def numbers(data: bytes, kind: str = "float64") -> Any:
    """Bytes of `float64` or `uint32` as a NumPy array where there is NumPy, else as a list."""
    if has_numpy():
        return import_module("numpy").frombuffer(data, dtype=kind)
    return array("d" if kind == "float64" else "I", data).tolist()
