"""What the generated functions stand on, and the function whose arguments have names by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

from . import models as m
from ._base import Model, made
from ._catalog import Catalog
from ._catalog import catalog as embedded
from ._tables import nested

AnyIntent: TypeAlias = "m.Intent | m.ParsedIntent | Mapping[str, Any]"
AnySpecification: TypeAlias = "m.Specification | AnyIntent"
AnyScenario: TypeAlias = "m.Scenario | Mapping[str, Any] | tuple[str, AnySpecification]"
T = TypeVar("T")


def memory_plan(
    model: str | m.MemoryRequest | Mapping[str, Any],
    gpu: str | None = None,
    catalog: Catalog | None = None,
    **options: Any,
) -> m.MemoryPlan:
    """Whether a model fits, with how much room for the KV cache, and why not.

    `options` are the other fields of `MemoryRequest`: `memory_plan("gpt-oss-120b", "H100",
    tensor_parallel=1, request_tokens=8192)`. Unless `tensor_parallel` is given it is the smallest
    of 1, 2, 4, 8 at which the model fits, else 1.

    Raises `SizewellError` for a refused value, and for a model or GPU that is not known.
    """
    given = {"model": model} if isinstance(model, str) else model
    fields = options if gpu is None else {"gpu": gpu, **options}
    return ask(m.MemoryPlan, "memory_plan", catalog, request=laid_over(given, fields))


def ask(kind: type[T], function: str, catalog: Catalog | None = None, **arguments: Any) -> T:
    """What the function of the core answers, as an object of that kind."""
    if not isinstance(catalog, Catalog | None):
        raise TypeError(f"`catalog` must be a sizewell.Catalog, not {type(catalog).__name__}")
    return made(kind, (catalog or embedded())._index.call(function, **arguments))


def specification_of(given: Any) -> Any:
    """The specification, or that of an intent."""
    if not isinstance(given, m.Intent | m.ParsedIntent):
        return given
    return ask(m.Specification, "specify", intent=laid_over(given, {}))


def each_scenario(scenarios: Any) -> Any:
    """Scenarios, with those that are pairs of a name and a specification."""
    return list(map(_scenario, scenarios)) if isinstance(scenarios, list | tuple) else scenarios


def _scenario(given: Any) -> Any:
    if isinstance(given, tuple) and len(given) == 2:
        return {"name": given[0], "specification": specification_of(given[1])}
    return given


def measured(deployments: Any) -> Any:
    """Measurements, with the rows of DataFrames in their place."""
    return list(map(_measured, deployments)) if isinstance(deployments, list) else deployments


def _measured(given: Any) -> Any:
    if not isinstance(fields := fields_of(given), Mapping):
        return given
    laid = {**fields, "points": nested(fields.get("points", []))}
    if isinstance(logs := fields.get("logs"), list):
        laid["logs"] = [
            {**own, "requests": nested(own["requests"])}
            if isinstance(own := fields_of(log), Mapping) and "requests" in own
            else log
            for log in logs
        ]
    return laid


def laid_over(base: Any, fields: Mapping[str, Any]) -> Any:
    """The fields laid over what is given."""
    given = base.intent if isinstance(base, m.ParsedIntent) else base
    if not fields or not isinstance(old := fields_of(given), Mapping):
        return given
    laid = dict(old)
    for name, value in fields.items():
        both = isinstance(value, Mapping) and isinstance(old := fields_of(laid.get(name)), Mapping)
        laid[name] = {**old, **value} if both else value
    return laid


def fields_of(given: Any) -> Any:
    """The fields of a model; anything else as it is."""
    return given.__dict__ if isinstance(given, Model) else {} if given is None else given
