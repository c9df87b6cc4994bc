from typing import Any, final

__all__ = [
    "ESTIMATE_NUMBERS",
    "LIMITING_RESOURCES",
    "PROVENANCES",
    "CatalogIndex",
    "__version__",
    "read_quantile",
]

ESTIMATE_NUMBERS: list[str]
LIMITING_RESOURCES: list[str]
PROVENANCES: list[str]
__version__: str

def read_quantile(percentile: Any) -> str: ...

@final
class CatalogIndex:
    @staticmethod
    def embedded() -> CatalogIndex: ...
    @staticmethod
    def from_data(data: Any) -> CatalogIndex: ...
    @property
    def is_embedded(self) -> bool: ...
    def with_benchmarks(self, records: Any) -> CatalogIndex: ...
    def with_rows(self, rows: Any) -> CatalogIndex: ...
    def call(self, function: str, **arguments: Any) -> bytes: ...
    def estimate_many(
        self,
        values: dict[str, Any],
        places: list[tuple[str, str, int, int]],
        numbers: bytes,
        codes: bytes,
        as_lists: bool,
    ) -> tuple[int, Any, bytes, bytes, list[tuple[int, str]]]: ...
    def rows(self, of: str | None = None) -> bytes: ...
    def layers(self) -> list[bytes]: ...
