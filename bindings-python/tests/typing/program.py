"""A user's program, for mypy --strict."""

from __future__ import annotations

import datetime
from typing import Any

from typing_extensions import assert_type

import sizewell as sw

parsed = sw.parse_intent("a support chatbot for 1,000 users, low latency")
assert_type(parsed.intent.users, "float | None")
spec = sw.specify(parsed.intent, percentile="p99", priorities={"cost": "high"})
assert_type(spec, sw.Specification)
spec.slo.ttft_ms = 200
spec.slo.percentile = "p95"

answer = sw.recommend(spec)
for option in answer.options + answer.near_misses + answer.pareto:
    assert_type(option, sw.DeploymentOption)
    assert_type(option.explain(), str)
    cost: float = option.usd_per_month
    count: int = option.gpu_count
    ttft: float = option.latency.ttft.value_ms
    quality: float | None = option.quality
    print(option.model, option.gpu, option.tensor_parallel, cost, count, ttft, quality)
assert_type(answer.rejected[0].code, sw.RejectionCode)

comparison = sw.compare([("today", spec), ("tomorrow", sw.Intent(use_case="translation", qps=2))])
assert_type(comparison, sw.Comparison)
manifests = sw.render_manifests(answer.options[0], sw.ManifestSettings(namespace="llm"))
assert_type(manifests, list[sw.Manifest])

catalog = sw.catalog()
assert_type(catalog.models, sw.Table[sw.Model])
assert_type(catalog.gpus[0], sw.Gpu)
assert_type(catalog.health(datetime.date(2026, 11, 20)), sw.HealthReport)
assert_type(catalog.with_benchmarks(catalog.benchmarks[:10]), sw.Catalog)
height: int = catalog.prices.to_polars().height
rows: int = len(catalog.prices.to_pandas())

try:
    sw.recommend(sw.specify(use_case="translation", users=-1), catalog)
except sw.UnknownNameError as error:
    assert_type(error.suggestions, list[str])
except sw.SizewellError as error:
    assert_type(error.code, str)
    print(error.path, error.given, error.allowed, error.help)

load: dict[str, Any] = {"input_tokens": 1024, "output_tokens": 256}
estimate = sw.estimate(model="Qwen3-32B", gpu="H200", qps=4, **load)
assert_type(estimate, sw.Estimate)
assert_type(estimate.ttft_p95_ms, "float | None")
lists = sw.estimate_many(load, model="Qwen3-32B", gpu="H200", qps=[1, 2])
assert_type(lists, dict[str, Any])
frame = sw.estimate_many(catalog.gpus.to_polars().select(gpu="id"), model="Qwen3-8B", qps=1, **load)
assert frame.height == len(catalog.gpus)
plan = sw.memory_plan("gpt-oss-120b", "H100", request_tokens=8192)
assert_type(plan, sw.MemoryPlan)

collector = sw.Collector(thresholds=[])
collector.record(1e9, service="chat", metric="gpu", usage=15, capacity=16)
collector.record_columns(1e9, "chat", "memory", [1e9], [3], 4)
assert_type(collector.alerts(1e9), list[sw.CapacityAlert])
assert_type(collector.report(1e9, sw.DashboardOptions(forecast=None)), sw.CapacityReport)
assert_type(sw.Collector.load(collector.save()), sw.Collector)
seconds = [1000.0 * second for second in range(60)]
analyzer = sw.TraceAnalyzer(max_classes=1)
analyzer.add(arrival_ms=seconds, input_tokens=[1] * 60, output_tokens=[2] * 60)
assert_type(analyzer.analysis(), sw.TraceAnalysis)
trace = sw.Trace(arrival_ms=seconds, input_tokens=[1] * 60, output_tokens=[2] * 60)
drawn = sw.generate_traffic(model=sw.fit_traffic(trace=trace), seed=1, duration_seconds=60)
assert_type(drawn, sw.Trace)
assert drawn.arrival_ms.max() < 60_000 and len(drawn) == len(drawn.to_pandas())
