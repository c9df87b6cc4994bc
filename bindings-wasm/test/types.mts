// Compiled, never run: every function and type as TypeScript users see them.

import init, {
  Catalog,
  SizewellError,
  catalog,
  compare,
  initSync,
  intentPrompt,
  predict,
  queue,
  parseIntent,
  parseIntentAnswer,
  recommend,
  renderManifests,
  specify,
  summarizeTrace,
  type Comparison,
  type FleetPrediction,
  type QueueResult,
  type ErrorCode,
  type HealthReport,
  type Intent,
  type IntentPrompt,
  type Manifest,
  type ParsedIntent,
  type Recommendation,
  type Specification,
  type TraceSummary,
} from 'sizewell-wasm';

const loaded: Promise<void> = init();
init('/sizewell.wasm');
init(new URL('https://example.org/sizewell.wasm'));
init(fetch('/sizewell.wasm'));
initSync(new Uint8Array());
initSync(new WebAssembly.Module(new Uint8Array()));

const parsed: ParsedIntent = parseIntent('a support chatbot for 1,000 users');
const prompt: IntentPrompt = intentPrompt('a support chatbot');
const answered: Intent = parseIntentAnswer('{}');
const specification: Specification = specify({ use_case: 'translation', users: 5000 });
const rows: Catalog = catalog().withBenchmarks([]);
const recommendation: Recommendation = recommend(specification, rows);
const comparison: Comparison = compare([{ name: 'today', specification }]);
const manifests: Manifest[] = recommendation.options.flatMap((option) => renderManifests(option));
const health: HealthReport = Catalog.fromData({}).health(new Date());
const summary: TraceSummary = summarizeTrace({ arrival_ms: [0, 1], input_tokens: [1, 2], output_tokens: [1, 2] });

try {
  specify({});
} catch (error) {
  const code: ErrorCode | null = error instanceof SizewellError ? error.code : null;
  void code;
}

// @ts-expect-error an unknown field
specify({ user: 5 });

void [loaded, parsed, prompt, answered, comparison, manifests, health, summary];

const found: QueueResult = queue({ kind: 'mm1', arrival_rate_per_second: 1, service_rate_per_second: 2 });
const constant = { kind: 'constant', tokens: 100 } as const;
const fleet: FleetPrediction = predict({
  deployment: { model: 'Qwen3-32B', gpu: 'H200' },
  requests: { classes: [{ input: constant, output: constant }] },
  clients: { concurrency: 8 },
});
void [found, fleet];
