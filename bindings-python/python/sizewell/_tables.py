"""Lists of models as tables: in Jupyter, pandas and polars, and back from a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    import pandas
    import polars

T = TypeVar("T", bound=BaseModel)

_ROWS_SHOWN = 20


class Table(list[T]):
    """A list of models that shows itself as a table.

    In a DataFrame, a nested field's column has its path as name (`latency.ttft.value_ms`).
    """

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with a row for each model; needs `pip install 'sizewell[pandas]'`."""
        frame: pandas.DataFrame = library("pandas").DataFrame(_rows(self))
        return frame

    def to_polars(self) -> polars.DataFrame:
        """A DataFrame with a row for each model; needs `pip install 'sizewell[polars]'`."""
        rows = _rows(self)
        frame: polars.DataFrame = library("polars").DataFrame(rows, infer_schema_length=None)
        return frame

    def _repr_html_(self) -> str:
        shown = [
            {name: cell for name, cell in row if isinstance(cell, str | int | float | None)}
            for row in self[:_ROWS_SHOWN]
        ]
        columns = list(shown[0]) if shown else []
        table = html_table(columns, [[row.get(name) for name in columns] for row in shown])
        more = len(self) - len(shown)
        return table + (paragraph(f"… and {more:,} more") if more else "")


def _rows(table: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [_leaves(row.model_dump()) for row in table]


def _leaves(row: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            leaves.update(_leaves(value, f"{path}{name}."))
        else:
            leaves[path + name] = value
    return leaves


def nested(frame: Any) -> Any:
    """The rows of a DataFrame, nested by their columns' paths, empty cells left out; anything else
    as it is."""
    if hasattr(frame, "to_dicts"):
        rows = frame.to_dicts()
    elif hasattr(frame, "notna") and hasattr(frame, "to_dict"):
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    else:
        return frame
    return [_nested(row) for row in rows]


def _nested(leaves: Mapping[Any, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for path, value in leaves.items():
        if value is not None:
            *parents, name = str(path).split(".")
            place = row
            for parent in parents:
                place = place.setdefault(parent, {})
            place[name] = value
    return row


def library(name: str) -> Any:
    """The library that a method `to_…` needs."""
    try:
        return import_module(name)
    except ImportError as error:
        message = f"`to_{name}` needs {name}: pip install 'sizewell[{name}]'"
        raise ImportError(message, name=name) from error


def money(usd: float) -> str:
    """An amount of USD for people."""
    return f"${usd:,.0f}" if usd >= 100 else f"${usd:,.2f}"


def html_table(columns: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """A table; texts are escaped."""
    head = "".join(f"<th>{escape(str(column))}</th>" for column in columns)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    text = f"{value:,.6g}" if isinstance(value, float) else "" if value is None else str(value)
    return f"<td>{escape(text)}</td>"


def paragraph(text: str) -> str:
    """A paragraph; the text is escaped."""
    return f"<p>{escape(text)}</p>"
