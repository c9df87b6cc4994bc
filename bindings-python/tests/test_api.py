import datetime
import json
from importlib import metadata

import numpy as np
import pytest

import sizewell as sw


def test_the_main_job(spec: sw.Specification) -> None:
    understood = sw.parse_intent("a support chatbot for 1,000 users, low latency")
    assert understood.intent.users == 1000
    answer = sw.recommend(sw.specify(understood))
    best = answer.options[0]
    assert best.latency.ttft.value_ms <= best.latency.ttft.target_ms
    assert best.gpu_count == best.replicas * best.capacity.gpus_per_replica
    assert best.usd_per_month > 0
    assert best.evidence.provenance in ("roofline", "calibrated")
    assert best.prediction.ttft.percentile_low_ms <= best.latency.ttft.value_ms
    assert best.explain() == " ".join(best.explanation)
    assert {option.id for option in answer.pareto} <= {option.id for option in answer.options}
    assert answer.rejected
    manifests = sw.render_manifests(best, {"namespace": "llm"})
    assert {"InferenceService", "HorizontalPodAutoscaler"} <= {item.kind for item in manifests}
    assert all(item.object["metadata"]["namespace"] == "llm" for item in manifests)
    assert sw.render_manifests(best, sw.ManifestSettings(namespace="llm")) == manifests


def test_keywords_are_laid_over_the_intent() -> None:
    intent = sw.Intent(use_case="translation", users=10)
    intent.priorities.latency = "high"
    spec = sw.specify(intent, users=5000, percentile=0.99, priorities={"cost": "high"})
    assert spec.traffic.users == 5000
    assert spec.slo.percentile == "p99"
    assert (spec.priorities.latency, spec.priorities.cost) == ("high", "high")
    assert intent.users == 10
    assert sw.specify({"use_case": "translation"}, users=5000).traffic.users == 5000
    assert sw.specify(intent, priorities=sw.Priorities()).priorities == sw.Priorities()
    assert sw.specify(intent, budget={"usd_per_month": 5000}).budget == sw.Budget(
        usd_per_month=5000
    )
    assert sw.specify(None, use_case="translation", users=1) == sw.specify(
        use_case="translation", users=1
    )


def test_every_form_of_a_specification(spec: sw.Specification, answer: sw.Recommendation) -> None:
    intent = sw.Intent(use_case="chatbot_conversational", users=1000)
    for same in (
        spec.model_dump(),
        json.loads(spec.model_dump_json()),
        intent,
        sw.ParsedIntent(intent=intent, evidence={}, assumptions=[], questions=[]),
    ):
        assert sw.recommend(same) == answer
    assert sw.recommend(spec, catalog=sw.catalog()) == answer


def test_edits_count(spec: sw.Specification) -> None:
    spec.slo.ttft_ms = 80
    spec.gpus = {"excluded": ["H100"]}  # type: ignore[assignment]
    answer = sw.recommend(spec)
    assert answer.specification.slo.ttft_ms == 80
    assert all(option.latency.ttft.value_ms <= 80 for option in answer.options)
    assert all(option.gpu != "H100" for option in answer.options)


def test_compare(spec: sw.Specification) -> None:
    doubled = spec.model_copy(deep=True)
    doubled.traffic.peak_qps *= 2
    pairs = sw.compare([("today", spec), ("doubled", doubled)])
    assert pairs == sw.compare(
        (
            sw.Scenario(name="today", specification=spec),
            {"name": "doubled", "specification": doubled.model_dump()},
        )
    )
    assert pairs.scenarios[1].changes[0].path == "traffic.peak_qps"
    intent = sw.Intent(use_case="translation", qps=1)
    assert sw.compare([("intent", intent)]).scenarios[0].name == "intent"


def test_intent_prompt_and_answer() -> None:
    prompt = sw.intent_prompt("a chatbot for 50 people")
    assert "50 people" in prompt.user
    intent = sw.parse_intent_answer('Sure!\n```json\n{"users": 50}\n```')
    assert intent == sw.Intent(users=50)


def test_numbers_of_every_kind() -> None:
    def lengths(value: object) -> int:
        return sw.specify(
            use_case="translation", users=np.float32(50), input_tokens=value, output_tokens=256
        ).traffic.input_tokens

    for value in (512, 512.0, np.int64(512), np.uint8(200), np.float64(512), np.array(512)):
        assert lengths(value) == int(value)
    assert sw.specify(use_case="translation", users=np.float64(5000.5)).traffic.users == 5000.5
    assert sw.specify(use_case="translation", users=2).traffic.users == 2.0


def test_traces_of_every_kind() -> None:
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    arrival = np.arange(600) * 1000.0
    tokens = np.full(600, 100, dtype=np.int32)
    columns = {"arrival_ms": arrival, "input_tokens": tokens, "output_tokens": tokens}
    summary = sw.summarize_trace(columns)
    assert (summary.requests, summary.input_tokens_p95) == (600, 100)
    assert summary.peak_to_mean_per_minute == pytest.approx(1, abs=0.02)
    lists = {name: column.tolist() for name, column in columns.items()}
    for same in (
        lists,
        sw.Trace(**lists),
        dict(pandas.DataFrame(columns).items()),
        polars.DataFrame(columns).to_dict(),
    ):
        assert sw.summarize_trace(same) == summary


def test_catalog() -> None:
    catalog = sw.catalog()
    assert catalog is sw.catalog()
    assert len(catalog.models) >= 40
    assert len(catalog.gpus) >= 18
    assert len(catalog.benchmarks) > 3500
    assert catalog.models is catalog.models
    assert isinstance(catalog.prices[0], sw.Price)
    assert isinstance(catalog.instances[0], sw.Instance)
    assert isinstance(catalog.quality[0], sw.QualityScore)
    assert catalog.gpu("h100_sxm") == catalog.gpu("NVIDIA-H100-80GB-HBM3")
    assert catalog.model("llama 3.1 8b instruct").id == "meta-llama/Llama-3.1-8B-Instruct"
    assert str(len(catalog.models)) in repr(catalog)


@pytest.mark.parametrize(
    "day",
    [
        "2026-11-20",
        datetime.date(2026, 11, 20),
        datetime.datetime(2026, 11, 20, 13, tzinfo=datetime.timezone.utc),
        np.datetime64("2026-11-20"),
    ],
)
def test_health(day: object) -> None:
    report = sw.catalog().health(day)  # type: ignore[arg-type]
    assert report.as_of == "2026-11-20"
    assert report.excluded_benchmarks > 0
    assert report.rows["models"] == len(sw.catalog().models)


def test_own_catalog(spec: sw.Specification) -> None:
    data = sw.catalog().to_data()
    for price in data.prices:
        price.usd_per_gpu_hour *= 2
    dearer = sw.Catalog.from_data(data)
    assert dearer.to_data() == data
    before, after = sw.recommend(spec), sw.recommend(spec, dearer)
    assert [option.id for option in before.options] == [option.id for option in after.options]
    assert after.options[0].usd_per_month == pytest.approx(2 * before.options[0].usd_per_month)


def test_own_benchmarks(spec: sw.Specification) -> None:
    spec = spec.model_copy(update={"sizing": "headroom"})
    answer = sw.recommend(spec)
    best = answer.options[0]
    row = next(
        row
        for row in sw.catalog().benchmarks
        if row.model == best.model and (row.input_tokens, row.output_tokens) == (512, 256)
    )
    own = row.model_copy(deep=True)
    own.source, own.origin = "my own", "measured"
    own.requests_per_second = 100.0
    with_dicts = sw.catalog().with_benchmarks([own.model_dump()])
    changed = sw.recommend(spec, with_dicts)
    assert any(option.evidence.source == "my own" for option in changed.options)
    assert sw.recommend(spec, sw.catalog().with_benchmarks([own])) == changed
    assert len(with_dicts.benchmarks) == len(sw.catalog().benchmarks)
    assert sw.recommend(spec) == answer


def test_json_schema_has_the_documentation() -> None:
    fields = sw.Specification.model_json_schema()["$defs"]["SloTargets"]["properties"]
    assert fields["ttft_ms"]["description"] == "Time to first token, in milliseconds."


def test_version() -> None:
    assert sw.__version__ == metadata.version("sizewell")
    assert set(sw.__all__) <= set(dir(sw))
