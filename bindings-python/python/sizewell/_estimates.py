"""Estimates of many deployments: columns in, columns of the same kind out."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from importlib import import_module
from math import nan
from numbers import Real
from typing import Any, TypeVar, overload

from pydantic import BaseModel

from ._arrays import by_name, has_numpy, is_missing, is_missing_kind, library_of, plain
from ._catalog import Catalog
from ._catalog import catalog as embedded
from ._sizewell import ESTIMATE_NUMBERS, LIMITING_RESOURCES, PROVENANCES

T = TypeVar("T")


@overload
def estimate_many(
    columns: Mapping[str, Any] = ..., /, catalog: Catalog | None = None, **fields: Any
) -> dict[str, Any]: ...
@overload
def estimate_many(columns: T, /, catalog: Catalog | None = None, **fields: Any) -> T: ...
def estimate_many(columns: Any = {}, /, catalog: Catalog | None = None, **fields: Any) -> Any:  # noqa: B006
    """`estimate` for every row of a table; a million rows take seconds.

    Args:
        columns: columns by the names of `EstimateRequest`'s fields: a dict of lists or NumPy
            arrays, a pandas or polars DataFrame, an Arrow table.
        catalog: where models and GPUs are looked up; the curated one unless given.
        **fields: further columns, or single values for all rows:
            `estimate_many(model="Qwen3-32B", gpu="H200", input_tokens=1024, output_tokens=256,
            qps=[1, 2, 4])`.

    Returns a table of the kind that was given, with the fields of `EstimateTable` as columns: a
    dict of NumPy arrays where one was given, else of lists; a DataFrame with the same index.
    `None`, NaN and NA are values that are not given, or figures that a row does not have.

    Raises `SizewellError` as `estimate`, with the row in the path (`qps[17]`), and for columns of
    different lengths.
    """
    if not isinstance(catalog, Catalog | None):
        raise TypeError(f"`catalog` must be a sizewell.Catalog, not {type(catalog).__name__}")
    given = {**by_name(columns), **fields}
    packed = _Packed()
    for name, column in given.items():
        packed.add(name, column)
    numbers, codes = b"".join(packed.numbers), b"".join(packed.codes)
    kind = library_of(columns)
    if kind not in {"pandas", "polars", "pyarrow"}:
        is_array = any(library_of(column) == "numpy" for column in given.values())
        kind = "numpy" if is_array else "lists"
    index = (catalog or embedded())._index
    as_lists = kind == "lists" or (kind in {"polars", "pyarrow"} and not has_numpy())
    answers = _Answers(*index.estimate_many(packed.values, packed.places, numbers, codes, as_lists))
    match kind:
        case "pandas":
            return answers.to_pandas(columns.index)
        case "polars":
            return answers.to_polars()
        case "pyarrow":
            return answers.to_arrow()
    return answers.columns()


class _Packed:
    """Columns as bytes: floats, or codes of a few values."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.places: list[tuple[str, str, int, int]] = []
        self.numbers: list[bytes] = []
        self.codes: list[bytes] = []
        self._ends = {"numbers": 0, "codes": 0}

    def add(self, name: str, column: Any) -> None:
        column = plain(column)
        if library_of(column) == "numpy" and column.ndim == 1 and column.dtype.kind in "fiu":
            self._place(name, "numbers", len(column), column.astype("float64").tobytes())
        elif hasattr(column, "ndim") and column.ndim > 0:
            self._list(name, column.tolist())
        elif _is_column(column):
            self._list(name, list(column))
        else:
            self.values[name] = column

    def _list(self, name: str, column: list[Any]) -> None:
        all_kinds = set(map(type, column))
        kinds = {kind for kind in all_kinds if not is_missing_kind(kind)}
        if all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds):
            try:
                lacks = kinds != all_kinds
                cells = [nan if is_missing(cell) else cell for cell in column] if lacks else column
                self._place(name, "numbers", len(column), array("d", cells).tobytes())
                return
            except OverflowError:
                pass
        others = {kind for kind in kinds if not issubclass(kind, str)}
        # What is equal and not the same, such as 1 and True, keeps a place for each row.
        if others <= {float} or others == {bool}:
            distinct = dict.fromkeys(column)
            known = [cell for cell in distinct if not is_missing(cell)]
            place = dict.fromkeys(distinct, -1) | {cell: code for code, cell in enumerate(known)}
            self.values[name] = known
            codes = array("i", map(place.__getitem__, column))
        else:
            self.values[name] = [None if is_missing(cell) else cell for cell in column]
            codes = array("i", range(len(column)))
        self._place(name, "codes", len(column), codes.tobytes())

    def _place(self, name: str, kind: str, rows: int, data: bytes) -> None:
        (self.numbers if kind == "numbers" else self.codes).append(data)
        self.places.append((name, kind, self._ends[kind], rows))
        self._ends[kind] += rows


def _is_column(column: Any) -> bool:
    scalar = (
        isinstance(column, str | bytes | Mapping | BaseModel) or getattr(column, "ndim", 1) == 0
    )
    return isinstance(column, Iterable) and not scalar


class _Answers:
    """What Rust answers, as tables of several kinds."""

    def __init__(
        self,
        rows: int,
        numbers: bytearray | list[list[float | None]],
        provenance: bytes,
        limiting: bytes,
        reasons: list[tuple[int, str]],
    ) -> None:
        self.rows = rows
        self.numbers = numbers
        reason: list[str | None] = [None] * rows
        for row, text in reasons:
            reason[row] = text
        resources = [*LIMITING_RESOURCES, *[None] * (256 - len(LIMITING_RESOURCES))]
        self.labels: dict[str, list[str | None]] = {
            "reason": reason,
            "provenance": [PROVENANCES[code] for code in provenance],
            "limiting_resource": [resources[code] for code in limiting],
        }

    def columns(self) -> dict[str, Any]:
        """By name: lists, or NumPy arrays where the numbers are bytes."""
        labels: dict[str, Any] = dict(self.labels)
        if isinstance(self.numbers, list):
            return labels | dict(zip(ESTIMATE_NUMBERS, self.numbers, strict=True))
        numpy = import_module("numpy")
        for name, label in self.labels.items():
            labels[name] = numpy.array(label, dtype=object)
        return labels | dict(zip(ESTIMATE_NUMBERS, self._block(), strict=True))

    def _block(self) -> Any:
        numpy = import_module("numpy")
        floats = numpy.frombuffer(self.numbers, dtype=numpy.float64)
        return floats.reshape(len(ESTIMATE_NUMBERS), self.rows)

    def to_pandas(self, index: Any) -> Any:
        pandas = import_module("pandas")
        frame = pandas.DataFrame(self._block().T, index=index, columns=ESTIMATE_NUMBERS, copy=False)
        for place, (name, label) in enumerate(self.labels.items()):
            frame.insert(place, name, label)
        return frame

    def to_polars(self) -> Any:
        polars = import_module("polars")
        texts = dict.fromkeys(self.labels, polars.String)
        frame = polars.DataFrame(self.columns() | self.labels, schema_overrides=texts)
        return frame.with_columns(polars.col(polars.Float64).fill_nan(None))

    def to_arrow(self) -> Any:
        arrow = import_module("pyarrow")
        texts, floats = arrow.string(), arrow.float64()
        arrays = [
            arrow.array(column, texts if name in self.labels else floats, from_pandas=True)
            for name, column in (self.columns() | self.labels).items()
        ]
        return arrow.table(arrays, names=[*self.labels, *ESTIMATE_NUMBERS])
