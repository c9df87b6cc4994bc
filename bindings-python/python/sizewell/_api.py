"""The public functions: each hands its input to Rust as it is and makes models of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias, TypeVar

from . import models as m
from ._base import Model, made
from ._catalog import Catalog
from ._catalog import catalog as embedded
from ._tables import nested

__all__ = [
    "calibrate",
    "compare",
    "estimate",
    "intent_prompt",
    "max_rate",
    "memory_plan",
    "model_from_huggingface_config",
    "parse_intent",
    "parse_intent_answer",
    "predict",
    "queue",
    "recommend",
    "render_manifests",
    "replicas_for",
    "sensitivity",
    "specify",
    "summarize_trace",
]

AnyIntent: TypeAlias = "m.Intent | m.ParsedIntent | Mapping[str, Any]"
AnySpecification: TypeAlias = "m.Specification | AnyIntent"
AnyScenario: TypeAlias = "m.Scenario | Mapping[str, Any] | tuple[str, AnySpecification]"
AnyPrediction: TypeAlias = "m.PredictRequest | Mapping[str, Any]"
T = TypeVar("T")


def parse_intent(text: str) -> m.ParsedIntent:
    """Reads an intent from a sentence, offline.

    Returns the intent, the words that each field came from, what was assumed, and what to ask next.
    Raises `SizewellError` for a text that is empty or longer than 65,536 bytes.
    """
    return _call(m.ParsedIntent, "parse_intent", text=text)


def intent_prompt(text: str) -> m.IntentPrompt:
    """What to send to a language model to get an intent from a text; nothing is sent."""
    return _call(m.IntentPrompt, "intent_prompt", text=text)


def parse_intent_answer(answer: str) -> m.Intent:
    """Reads a language model's answer: JSON, alone, in a fenced block or inside prose.

    Raises `SizewellError` where there is no JSON object in it, or something wrong with the intent.
    """
    return _call(m.Intent, "parse_intent_answer", answer=answer)


def specify(intent: AnyIntent = {}, /, **fields: Any) -> m.Specification:  # noqa: B006
    """Completes an intent to a specification: lengths, latency targets and request rate.

    Args:
        intent: what is asked, as far as it is known.
        **fields: fields of `Intent`, laid over it: `specify(use_case="translation", users=5000)`.
            Nested ones may be dicts, and then change what they name: `priorities={"cost": "high"}`.

    Raises `SizewellError` for a refused value, and where the use case or the load is missing.
    """
    given = intent.intent if isinstance(intent, m.ParsedIntent) else intent
    laid = _laid_over(given, fields) if fields else given
    return _call(m.Specification, "specify", intent=laid)


def recommend(specification: AnySpecification, catalog: Catalog | None = None) -> m.Recommendation:
    """Finds the best deployments for a specification, or for an intent as `specify` completes it.

    Returns options that meet every target, ranked; near misses; what was rejected, and why. That
    nothing fits is no error. `catalog` is the curated one unless given.

    Raises `SizewellError` for a refused value, and for a model, GPU or provider that is not known.
    """
    given = _specification(specification)
    return _call(m.Recommendation, "recommend", catalog, specification=given)


def compare(scenarios: Sequence[AnyScenario], catalog: Catalog | None = None) -> m.Comparison:
    """Recommends for every scenario and says how each differs from the first.

    `scenarios` are at most 100 scenarios, or pairs of a name and a specification.

    Raises `SizewellError` as `recommend`, with a path such as
    `scenarios[1].specification.slo.ttft_ms`.
    """
    given = list(map(_scenario, scenarios)) if isinstance(scenarios, list | tuple) else scenarios
    return _call(m.Comparison, "compare", catalog, scenarios=given)


def sensitivity(specification: AnySpecification, catalog: Catalog | None = None) -> m.Sensitivity:
    """Which input moves the cost of the cheapest deployment most: the specification planned again
    with one value changed at a time. Raises `SizewellError` as `recommend`.
    """
    given = _specification(specification)
    return _call(m.Sensitivity, "sensitivity", catalog, specification=given)


def render_manifests(
    option: m.DeploymentOption | Mapping[str, Any],
    settings: m.ManifestSettings | Mapping[str, Any] | None = None,
    catalog: Catalog | None = None,
) -> list[m.Manifest]:
    """The Kubernetes manifests of an option.

    Raises `SizewellError` for a model or GPU that the catalog does not have, and for names that
    Kubernetes would refuse.
    """
    return _call(list[m.Manifest], "render_manifests", catalog, option=option, settings=settings)


def summarize_trace(trace: m.Trace | Mapping[str, Any]) -> m.TraceSummary:
    """The character of traffic that was really seen.

    `trace` has the columns `arrival_ms` (in milliseconds, ascending), `input_tokens` and
    `output_tokens`: lists, NumPy arrays or columns of a DataFrame.

    Raises `SizewellError` for fewer than two requests, uneven columns and descending times.
    """
    return _call(m.TraceSummary, "summarize_trace", trace=trace)


def estimate(
    request: m.EstimateRequest | Mapping[str, Any] = {},  # noqa: B006
    /,
    catalog: Catalog | None = None,
    **fields: Any,
) -> m.Estimate:
    """How a model on a GPU behaves under a load, with 90% prediction intervals, from the data sheet
    and the model's configuration alone; see `estimate_many` for many at once.

    Args:
        request: a deployment and its load, as far as it is not given by `fields`.
        catalog: where models and GPUs are looked up; the curated one unless given.
        **fields: fields of `EstimateRequest`, laid over it:
            `estimate(model="Qwen3-32B", gpu="H200", input_tokens=1024, output_tokens=256, qps=4)`.

    What cannot run is no error: its `reason` says why. Raises `SizewellError` for a refused value,
    for a model or GPU that is not known, and where neither `qps` nor `concurrency` is given.
    """
    return _call(m.Estimate, "estimate", catalog, request=_laid_over(request, fields))


def predict(
    request: AnyPrediction = {},  # noqa: B006
    /,
    catalog: Catalog | None = None,
    **fields: Any,
) -> m.FleetPrediction:
    """How a fleet behaves: percentiles of waiting, time to first token, inter-token latency and the
    whole request, for lengths as distributions and arrivals with bursts or over the day.

    Args:
        request: a fleet and its traffic, as far as it is not given by `fields`.
        catalog: where models and GPUs are looked up; the curated one unless given.
        **fields: fields of `PredictRequest`, laid over it: `predict(deployment=deployment,
            requests=mix, arrivals={"requests_per_second": 4})`.

    That arrivals are not sustained is no error: see `prediction.stable`. Raises `SizewellError` for
    a refused value, without `arrivals` or `clients`, and where the model does not fit.
    """
    return _call(m.FleetPrediction, "predict", catalog, request=_laid_over(request, fields))


def max_rate(
    request: AnyPrediction = {},  # noqa: B006
    /,
    catalog: Catalog | None = None,
    **fields: Any,
) -> m.FleetMaxRate:
    """The highest rate at which every target holds, and which one keeps it from being higher.

    Arguments and errors are those of `predict`.
    """
    return _call(m.FleetMaxRate, "max_rate", catalog, request=_laid_over(request, fields))


def replicas_for(
    request: AnyPrediction = {},  # noqa: B006
    /,
    catalog: Catalog | None = None,
    **fields: Any,
) -> m.FleetSize:
    """The smallest number of replicas that meets every target, with those that may be gone on top.

    Arguments and errors are those of `predict`; targets that no number meets are refused too.
    """
    return _call(m.FleetSize, "replicas_for", catalog, request=_laid_over(request, fields))


def calibrate(
    deployments: Sequence[m.CalibrateRequest | Mapping[str, Any]],
    options: m.CalibrationOptions | Mapping[str, Any] | None = None,
    catalog: Catalog | None = None,
) -> m.Calibration:
    """What measurements say of an engine beyond public ones: factors with standard errors,
    residuals, and `fitted`, to be given to estimates and predictions as `calibration`.

    `deployments` are those of `CalibrateRequest`; `points`, and the `requests` of a log, are a list,
    a dict of columns or a DataFrame.

    Raises `SizewellError` with the measurement in the path (`deployments[0].points[3].itl_ms`), and
    for data that say nothing.
    """
    given = list(map(_measured, deployments)) if isinstance(deployments, list) else deployments
    return _call(m.Calibration, "calibrate", catalog, deployments=given, options=options)


def queue(request: Any = {}, /, **fields: Any) -> m.QueueResult:  # noqa: B006
    """The steady state of a queue in closed form: Erlang B and C, M/M/1, M/M/c, with limited room,
    M/D/1, M/G/1, Allen–Cunneen, birth–death chains, Little's law.

    `fields` are those of `QueueRequest`: `queue(kind="erlang_c", servers=10, load_erlangs=9)`.

    Raises `SizewellError` for a refused value, and for more work than can be served.
    """
    return _call(m.QueueResult, "queue", request=_laid_over(request, fields))


def model_from_huggingface_config(
    config: str | Mapping[str, Any], id: str, as_of: date | str
) -> m.Model:
    """A model from its `config.json`, as text or as a dict, for `Catalog.with_rows`.

    Raises `SizewellError` with the configuration's key.
    """
    function = "model_from_huggingface_config"
    return _call(m.Model, function, config=config, id=id, as_of=as_of)


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
    return _call(m.MemoryPlan, "memory_plan", catalog, request=_laid_over(given, fields))


def _call(kind: type[T], function: str, catalog: Catalog | None = None, **arguments: Any) -> T:
    if not isinstance(catalog, Catalog | None):
        raise TypeError(f"`catalog` must be a sizewell.Catalog, not {type(catalog).__name__}")
    return made(kind, (catalog or embedded())._index.call(function, **arguments))


def _specification(given: Any) -> Any:
    return specify(given) if isinstance(given, m.Intent | m.ParsedIntent) else given


def _scenario(given: Any) -> Any:
    if isinstance(given, tuple) and len(given) == 2:
        return {"name": given[0], "specification": _specification(given[1])}
    return given


def _measured(given: Any) -> Any:
    """With the rows of DataFrames in their place."""
    if not isinstance(fields := _fields(given), Mapping):
        return given
    laid = {**fields, "points": nested(fields.get("points", []))}
    if isinstance(logs := fields.get("logs"), list):
        laid["logs"] = [
            {**own, "requests": nested(own["requests"])}
            if isinstance(own := _fields(log), Mapping) and "requests" in own
            else log
            for log in logs
        ]
    return laid


def _laid_over(base: Any, fields: Mapping[str, Any]) -> Any:
    if not isinstance(old := _fields(base), Mapping):
        return base
    laid = dict(old)
    for name, value in fields.items():
        both = isinstance(value, Mapping) and isinstance(old := _fields(laid.get(name)), Mapping)
        laid[name] = {**old, **value} if both else value
    return laid


def _fields(given: Any) -> Any:
    return given.__dict__ if isinstance(given, Model) else {} if given is None else given
