"""The catalog: rows that stay in Rust until somebody looks at them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, cached_property
from typing import Any, TypeVar

from . import models as m
from ._base import Model, made
from ._sizewell import CatalogIndex
from ._tables import Table, nested

T = TypeVar("T", bound=Model)


def _rows(kind: type[T], about: str) -> cached_property[Table[T]]:
    def read(catalog: Catalog) -> Table[T]:
        rows = catalog._index.rows(rows_of_kind.attrname)
        return Table(made(list[kind], rows))  # type: ignore[valid-type]

    read.__doc__ = about
    rows_of_kind = cached_property(read)
    return rows_of_kind


class Catalog:
    """Models, GPUs, prices, instances and benchmarks, indexed.

    The lists are copies, made when first asked for: editing them changes nothing in the catalog.
    For a changed catalog, see `with_rows`, `to_data` and `Catalog.from_data`.
    """

    def __init__(self, index: CatalogIndex | None = None) -> None:
        """The curated catalog; `index` is for the other ways to make one."""
        self._index = index or CatalogIndex.embedded()

    @classmethod
    def from_data(cls, data: m.CatalogData | Mapping[str, Any]) -> Catalog:
        """A catalog of one's own rows.

        Raises `SizewellError` for a refused row; `path` names it (`models[3].context_tokens`).
        """
        return cls(CatalogIndex.from_data(data))

    def to_data(self) -> m.CatalogData:
        """A copy of the rows, without the benchmarks laid over them."""
        return made(m.CatalogData, self._index.rows())

    def with_benchmarks(self, records: Iterable[m.Benchmark | Mapping[str, Any]] | Any) -> Catalog:
        """A catalog with one's own benchmarks laid over this one's.

        Where they know a deployment at the asked lengths, this catalog's are not asked about it.

        `records` is a list of benchmarks, or a pandas or polars DataFrame with a row for each and
        the path of a nested field as its column's name (`ttft_ms.p95`).

        Raises `SizewellError` for a refused record; `path` names it (`benchmarks[3].gpu`).
        """
        return type(self)(self._index.with_benchmarks(nested(records)))

    def with_rows(
        self, rows: m.CatalogData | Mapping[str, Any] = {}, /, **lists: Any  # noqa: B006
    ) -> Catalog:
        """A catalog with one's own rows laid over this one's: `catalog.with_rows(models=[mine])`.

        `rows` and `lists` are those of `CatalogData`; a row about the same thing as one of the
        catalog's takes its place.

        Raises `SizewellError` for a refused row; `path` names it (`models[0].context_tokens`).
        """
        given = rows.__dict__ if isinstance(rows, Model) else rows
        return type(self)(self._index.with_rows({**given, **lists}))

    models = _rows(m.Model, "Models.")
    gpus = _rows(m.Gpu, "GPUs.")
    prices = _rows(m.Price, "Prices of GPUs.")
    instances = _rows(m.Instance, "Rentable machines.")
    benchmarks = _rows(m.Benchmark, "Benchmarks, impossible ones too; not those laid over them.")
    quality = _rows(m.QualityScore, "Quality of models by use case.")

    def model(self, name: str) -> m.Model:
        """The model of that name: any of its names, in any case, with or without organisation.

        Raises `UnknownNameError`, with the nearest names.
        """
        return made(m.Model, self._index.call("catalog_model", model=name))

    def gpu(self, name: str) -> m.Gpu:
        """The GPU of that name: `H100`, `h100_sxm` and `NVIDIA-H100-80GB-HBM3` are the same.

        Raises `UnknownNameError`, with the nearest names.
        """
        return made(m.Gpu, self._index.call("catalog_gpu", gpu=name))

    def health(self, as_of: date | str) -> m.HealthReport:
        """Whether the catalog is in order on a given day, such as `"2026-11-20"`: old prices and
        benchmarks, duplicates, rows of things that are not there, figures that cannot be true.
        """
        return made(m.HealthReport, self._index.call("catalog_health", as_of=as_of))

    def __repr__(self) -> str:
        return f"<Catalog: {len(self.models)} models, {len(self.gpus)} GPUs>"

    def __reduce__(self) -> tuple[Any, ...]:
        rows = None if self._index.is_embedded else self._index.rows()
        return _restored, (type(self), rows, self._index.layers())


def _restored(kind: type[Catalog], rows: bytes | None, layers: list[bytes]) -> Catalog:
    index = CatalogIndex.embedded() if rows is None else CatalogIndex.from_data(json.loads(rows))
    for layer in layers:
        index = index.with_benchmarks(json.loads(layer))
    return kind(index)


@cache
def catalog() -> Catalog:
    """The curated catalog, read at the first call; always the same object."""
    return Catalog()
