"""Arrays, series and tables of any library, as far as they cross to Rust as bytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from importlib import import_module
from math import isnan
from typing import Any

from pydantic import BaseModel

from .errors import refusal


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
        case "pandas":
            return {str(name): table[name] for name in table.columns}
        case "polars":
            return {column.name: column for column in table.get_columns()}
        case "pyarrow":
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


def packed(values: Any, name: str = "values") -> bytes:
    """Values as the bytes of floats, NaN where missing; `name` is theirs in errors."""
    library = library_of(values)
    if library == "pandas":
        values = values.to_numpy(dtype="float64", na_value=float("nan"))
    elif library == "polars":
        values = plain(values.cast(import_module("polars").Float64))
    elif library == "pyarrow":
        values = plain(values)
    if library_of(values) == "numpy" and values.ndim == 1 and values.dtype.kind in "fiu":
        data: bytes = values.astype("float64", copy=False).tobytes()
        return data
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"`{name}` must be a series of numbers, not {type(values).__name__}")
    if isinstance(values, array):
        return array("d", values).tobytes()
    cells = [float("nan") if is_missing(cell) else cell for cell in values]
    try:
        return array("d", cells).tobytes()
    except (TypeError, OverflowError):
        place, cell = next(item for item in enumerate(cells) if not _is_number(item[1]))
        wrong = ("invalid_type", f"{name}[{place}]", "has the wrong type")
        raise refusal(*wrong, given=repr(cell), allowed="a number, or missing") from None


def _is_number(cell: Any) -> bool:
    try:
        array("d", [cell])
    except (TypeError, OverflowError):
        return False
    return True


def numbers(data: bytes, kind: str = "float64") -> Any:
    """Bytes of `float64` or `uint32` as a NumPy array where there is NumPy, else as a list."""
    if has_numpy():
        return import_module("numpy").frombuffer(data, dtype=kind)
    return array("d" if kind == "float64" else "I", data).tolist()
