// Compiled, never run: every function and type as TypeScript users see them.

import {
  Catalog,
  Collector,
  SizewellError,
  TraceAnalyzer,
  analyzeTrace,
  anomalies,
  generateTraffic,
  readTrace,
  calibrate,
  calibrateAsync,
  catalog,
  compare,
  compareAsync,
  estimate,
  estimateMany,
  forecastMany,
  forecastManyAsync,
  healthAsync,
  intentPrompt,
  maxRate,
  memoryPlan,
  modelFromHuggingfaceConfig,
  parseIntent,
  parseIntentAnswer,
  predict,
  queue,
  recommend,
  recommendAsync,
  renderManifests,
  replicasFor,
  sensitivity,
  sensitivityAsync,
  specify,
  summarizeTrace,
  type AnomalyReport,
  type BenchmarkInput,
  type CapacityAlert,
  type CollectorState,
  type Calibration,
  type Comparison,
  type DeploymentOption,
  type ErrorCode,
  type ErrorReport,
  type Estimate,
  type EstimateTable,
  type FleetMaxRate,
  type FleetPrediction,
  type FleetSize,
  type Forecasts,
  type LimitingResource,
  type MemoryPlan,
  type TypedEstimateTable,
  type Gpu,
  type HealthReport,
  type Intent,
  type IntentInput,
  type IntentPrompt,
  type Manifest,
  type Model,
  type ParsedIntent,
  type PredictRequestInput,
  type QueueResult,
  type Recommendation,
  type Sensitivity,
  type Specification,
  type SpecificationInput,
  type Trace,
  type TraceAnalysis,
  type TraceArrays,
  type TraceSummary,
  type TrafficModel,
} from 'sizewell';

const parsed: ParsedIntent = parseIntent('a support chatbot for 1,000 users');
const prompt: IntentPrompt = intentPrompt('a support chatbot');
const answered: Intent = parseIntentAnswer('{}');

const intent: IntentInput = { use_case: 'translation', users: 5000, percentile: 'p99', budget: null };
const specification: Specification = specify(intent);
// What one function gives, the next one takes.
specify(parsed.intent);
const edited: SpecificationInput = { ...specification, slo: { ...specification.slo, ttft_ms: 200 } };
const recommendation: Recommendation = recommend(edited);
const best: DeploymentOption | undefined = recommendation.options[0];
const monthly: number | undefined = best?.usd_per_month;
const quality: number | null | undefined = best?.quality;
if (best) {
  const manifests: Manifest[] = renderManifests(best);
  renderManifests(best, { namespace: 'llm' }, catalog());
  renderManifests(best, null, null);
  const yaml: string[] = manifests.map((manifest) => manifest.yaml);
  void yaml;
}
const comparison: Comparison = compare([
  { name: 'today', specification },
  { name: 'edited', specification: edited },
]);

const summary: TraceSummary = summarizeTrace({
  arrival_ms: new Float64Array([0, 1]),
  input_tokens: new Uint32Array([1, 2]),
  output_tokens: [1, 2],
});

const drawn: TraceArrays = generateTraffic({ model: {} as TrafficModel, seed: 1, duration_seconds: 60 });
const arrivals: Float64Array = drawn.arrival_ms;
const written: Trace = drawn.toJSON();
const kept: TraceArrays = readTrace({ format: 'csv', text: '', columns: { arrival: 'at', input_tokens: 'in', output_tokens: 'out' } }).trace;
const analyzer = new TraceAnalyzer({ max_classes: 2 });
analyzer.add(kept);
analyzer.add({ ...kept, model: ['small', 'large'], status: ['completed', 'failed'] });
const analyses: TraceAnalysis[] = [analyzer.analysis(), analyzeTrace({ trace: drawn }), analyzeTrace({ trace: written })];
const collector = new Collector({ thresholds: [] });
collector.record(1, { service: 'chat', metric: 'gpu', usage: 1, capacity: 16 });
collector.recordColumns(1, 'chat', 'gpu', [1], new Float32Array(1), 16);
const alerts: CapacityAlert[] = collector.alerts(1);
collector.report(1, { forecast: null });
const state: CollectorState = collector.save();
const loaded: Collector = Collector.load(state);
void [arrivals, analyses, alerts, loaded];
// @ts-expect-error the present is always given
collector.alerts();
// @ts-expect-error an unknown metric
collector.details('chat', 'gpus', 1);
// @ts-expect-error a trace has three columns at least
analyzer.add({ arrival_ms: new Float64Array(2) });

const rows: Catalog = catalog();
const load = { input_tokens: 1024, output_tokens: 256 };
const single: Estimate = estimate({ model: 'Qwen3-32B', gpu: 'H200', qps: 4, ...load });
const p95: number | null = single.ttft_p95_ms;
const lists: EstimateTable = estimateMany({ model: ['Qwen3-32B'], gpu: 'H200', qps: [4, null], ...load }, rows);
const limits: (LimitingResource | null)[] = lists.limiting_resource;
const arrays: TypedEstimateTable = estimateMany({ model: 'Qwen3-32B', gpu: 'H200', qps: new Float64Array(4), ...load });
const array: Float64Array = arrays.ttft_p95_ms;
const plan: MemoryPlan = memoryPlan({ model: 'Qwen3-32B', gpu: 'H200', precision: 'fp8' });
void [p95, limits, array, arrays.reason, plan];
// @ts-expect-error an unknown field
estimate({ model: 'Qwen3-32B', gpu: 'H200', rate: 4, ...load });
// @ts-expect-error texts are no numbers
estimateMany({ model: new Float64Array(4), gpu: 5, ...load });
const fleet: PredictRequestInput = {
  deployment: { model: 'Qwen3-32B', gpu: 'H200', replicas: 4 },
  requests: {
    classes: [{ input: { kind: 'lognormal', mean_tokens: 1000, cv: 1 }, output: { kind: 'constant', tokens: 100 } }],
  },
  arrivals: { requests_per_second: 4, slices: [{ duration_weight: 1, rate_weight: 1 }] },
  targets: { ttft: { quantile: 'p95', most_ms: 500 } },
  reserve: { kind: 'replicas', spare: 1 },
};
const behaves: FleetPrediction = predict(fleet, rows);
const most: FleetMaxRate = maxRate(fleet);
const size: FleetSize = replicasFor(fleet);
const deployment = { model: 'Qwen3-32B', gpu: 'H200' };
const points = [{ input_tokens: 100, output_tokens: 100, concurrency: 1, itl_ms: 8 }];
const calibration: Calibration = calibrate([{ deployment, points }], { max_rounds: 4 });
const laterCalibration: Promise<Calibration> = calibrateAsync([{ deployment, points }]);
estimate({ ...deployment, qps: 4, calibration: calibration.fitted, ...load });
const found: QueueResult = queue({ kind: 'erlang_c', servers: 10, load_erlangs: 9 });
const moves: Sensitivity = sensitivity(specification);
const laterMoves: Promise<Sensitivity> = sensitivityAsync(specification, rows);
const read: Model = modelFromHuggingfaceConfig('{}', 'me/my-8b', '2026-11-20');
rows.withRows({ models: [read] });
void [behaves, most, size, laterCalibration, found, moves, laterMoves];
// @ts-expect-error one server has no number
queue({ kind: 'mm1', arrival_rate_per_second: 1, service_rate_per_second: 2, servers: 2 });
const model: Model = rows.model('llama 3.1 8b');
const gpu: Gpu = rows.gpu('H100');
const health: HealthReport = rows.health(new Date());
rows.health('2026-11-20');
const benchmark = rows.benchmarks[0];
const records: BenchmarkInput[] = benchmark ? [{ ...benchmark, source: 'our own' }] : [];
const layered: Catalog = rows.withBenchmarks(records);
recommend(specification, layered);
const own: Catalog = Catalog.fromData({
  models: [...rows.models],
  gpus: [...rows.gpus],
  prices: [...rows.prices],
  instances: [...rows.instances],
  quality: [...rows.quality],
  benchmarks: [...rows.benchmarks],
});

const later: Promise<Recommendation> = recommendAsync(specification, own);
const laterComparison: Promise<Comparison> = compareAsync([{ name: 'today', specification }], own);
const laterHealth: Promise<HealthReport> = healthAsync('2026-11-20', own);

try {
  specify({});
} catch (error) {
  if (error instanceof SizewellError) {
    const code: ErrorCode = error.code;
    const texts: (string | null)[] = [error.path, error.given, error.allowed, error.help];
    const names: string[] = error.suggestions;
    const report: ErrorReport = error.toJSON();
    void [code, texts, names, report];
  }
}

const odd: AnomalyReport = anomalies([1, null, 3], { level: 0.99 }, Float64Array.of(0, 60, 120));
const forecasts: Forecasts = forecastMany([[1, null], Float64Array.of(2, 3)], { horizon: 3, model: 'drift' });
forecastMany(Float64Array.of(1, 2, 3), { horizon: 3, levels: [0.9] }, [0, 3], [0, 60, 120]);
const means: Float64Array = forecasts.intervals[0]?.upper ?? forecasts.mean;
const laterForecasts: Promise<Forecasts> = forecastManyAsync([means], { horizon: 3 });
// @ts-expect-error one series is not many
forecastMany([1, 2], { horizon: 3 });
void [odd, laterForecasts];

// @ts-expect-error an unknown field
specify({ user: 5 });
// @ts-expect-error an unknown use case
specify({ use_case: 'chess' });
// @ts-expect-error a specification has more than that
recommend({ use_case: 'translation' });
// @ts-expect-error text
parseIntent(5);
// @ts-expect-error lists of catalogs are frozen
rows.models.push(model);
// @ts-expect-error catalogs are made by functions
new Catalog();

void [prompt, answered, monthly, quality, comparison, summary, gpu, health, later, laterComparison, laterHealth];
