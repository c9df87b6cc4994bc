// The functions and the catalog, and what crosses to the native half and back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Catalog,
  SizewellError,
  catalog,
  compare,
  intentPrompt,
  parseIntent,
  parseIntentAnswer,
  recommend,
  renderManifests,
  specify,
  summarizeTrace,
} from 'sizewell';

const SENTENCE = 'a support chatbot for 1,000 users, low latency';
const chat = () => specify({ use_case: 'chatbot_conversational', users: 1000 });

test('a sentence becomes manifests', () => {
  const { intent } = parseIntent(SENTENCE);
  assert.equal(intent.use_case, 'chatbot_conversational');
  assert.equal(intent.users, 1000);
  const recommendation = recommend(specify(intent));
  const [best] = recommendation.options;
  assert.ok(best.latency.ttft.value_ms <= recommendation.specification.slo.ttft_ms);
  const manifests = renderManifests(best, { namespace: 'llm' });
  assert.deepEqual(manifests.map(({ kind }) => kind), ['InferenceService', 'HorizontalPodAutoscaler', 'ServiceMonitor']);
  assert.equal(manifests[0].object.metadata.namespace, 'llm');
  assert.deepEqual(renderManifests(best), renderManifests(best, null, null));
});

test('a language model is asked, and its answer read', () => {
  const { system, user, json_schema: schema } = intentPrompt(SENTENCE);
  assert.ok(system.includes('JSON') && user.includes(SENTENCE));
  assert.ok(schema.properties.use_case);
  const intent = parseIntentAnswer('Here it is:\n```json\n{"use_case": "translation", "qps": 2}\n```');
  assert.deepEqual([intent.use_case, intent.qps], ['translation', 2]);
});

test('scenarios are compared with the first', () => {
  const today = chat();
  const doubled = { ...today, traffic: { ...today.traffic, peak_qps: today.traffic.peak_qps * 2 } };
  const { scenarios } = compare([
    { name: 'today', specification: today },
    { name: 'doubled', specification: doubled },
  ]);
  assert.deepEqual(scenarios[0].changes, []);
  assert.equal(scenarios[1].changes[0].path, 'traffic.peak_qps');
});

test('what is not known is null, on output', () => {
  const specification = specify({ qps: 1, input_tokens: 512, output_tokens: 256 });
  assert.equal(specification.use_case, null);
  const visit = (value) => {
    assert.notEqual(value, undefined);
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(recommend(specification));
});

test('undefined is as good as absent, on input', () => {
  const intent = { use_case: 'translation', users: undefined, qps: 2, budget: undefined, load: undefined };
  assert.deepEqual(specify(intent), specify({ use_case: 'translation', qps: 2 }));
});

test('whole numbers may be written as floats', () => {
  assert.equal(specify({ use_case: 'translation', qps: 2, input_tokens: 512.0 }).traffic.input_tokens, 512);
});

test('numbers cross without losing a bit', () => {
  for (const qps of [0.1 + 0.2, 1 / 3, 4.350000000000001e-9, 2.2250738585072014e-8, 123456.78901234567, 9007199.254740993, 1e-7]) {
    assert.equal(specify({ use_case: 'translation', qps }).traffic.peak_qps, qps);
  }
});

test('text crosses whole', () => {
  for (const description of ['', 'Größe → 大小 😀', '"\\\n\u0000\u2028\ufffd', 'x'.repeat(60_000)]) {
    const { intent } = { intent: parseIntentAnswer(JSON.stringify({ description })) };
    assert.equal(intent.description, description);
  }
});

test('objects of other kinds are read like plain ones', () => {
  const plain = specify({ use_case: 'translation', qps: 2 });
  class Wish {
    use_case = 'translation';
    qps = 2;
  }
  const bare = Object.assign(Object.create(null), { use_case: 'translation', qps: 2 });
  for (const intent of [new Wish(), bare, new Proxy({ ...bare }, {}), Object.freeze({ ...bare })]) {
    assert.deepEqual(specify(intent), plain);
  }
});

test('the catalog has its lists', () => {
  const rows = catalog();
  assert.equal(rows, catalog());
  assert.ok(rows.models.length >= 40 && rows.gpus.length >= 18 && rows.benchmarks.length > 3000);
  assert.ok(rows.prices.length > 0 && rows.instances.length > 0);
  assert.equal(rows.quality.length % 9, 0);
  assert.equal(rows.models, rows.models);
  assert.throws(() => rows.models.push(rows.models[0]), TypeError);
  assert.throws(() => (rows.gpus[0].id = 'mine'), TypeError);
});

test('names resolve to rows', () => {
  const rows = catalog();
  assert.equal(rows.gpu('NVIDIA-H100-80GB-HBM3').id, rows.gpu('h100_sxm').id);
  assert.equal(rows.model('llama 3.1 8b instruct').id, 'meta-llama/Llama-3.1-8B-Instruct');
});

test('health takes a day as text or as a Date', () => {
  const report = catalog().health('2026-11-20');
  assert.equal(report.as_of, '2026-11-20');
  assert.deepEqual(catalog().health(new Date('2026-11-20T23:59:59Z')), report);
});

test('benchmarks of the caller go before the catalog', () => {
  const asked = { qps: 1, input_tokens: 777, output_tokens: 111, ttft_ms: 500, itl_ms: 50 };
  const specification = specify({ ...asked, sizing: 'headroom' });
  assert.deepEqual(recommend(specification).options, []);
  const record = {
    model: 'llama-3.1-8b-instruct',
    gpu: 'H100',
    tensor_parallel: 1,
    backend: 'vllm',
    input_tokens: 777,
    output_tokens: 111,
    requests_per_second: 3,
    ttft_ms: { p95: 100 },
    itl_ms: { p95: 10 },
    e2e_ms: { p95: 1500 },
    origin: 'measured',
    source: 'our own',
  };
  const layered = catalog().withBenchmarks([record]);
  const { options } = recommend(specification, layered);
  assert.equal(options[0].evidence.source, 'our own');
  assert.deepEqual(recommend(specification).options, []);
  assert.equal(compare([{ name: 'ours', specification }], layered).scenarios[0].options, options.length);
  assert.equal(renderManifests(options[0], {}, layered).length, 3);
});

test('a catalog is built of rows', () => {
  const rows = catalog();
  const copy = Catalog.fromData({
    models: rows.models,
    gpus: rows.gpus,
    prices: rows.prices,
    instances: rows.instances,
    quality: rows.quality,
    benchmarks: rows.benchmarks,
  });
  assert.deepEqual(recommend(chat(), copy), recommend(chat()));
  assert.deepEqual(copy.benchmarks, rows.benchmarks);
  assert.deepEqual(Catalog.fromData({}).models, []);
  assert.deepEqual(recommend(chat(), Catalog.fromData({})).options, []);
});

test('a trace may be lists or typed arrays', () => {
  const arrivals = Array.from({ length: 600 }, (_, second) => second * 1000);
  const tokens = arrivals.map((_, request) => 100 + (request % 7));
  const summary = summarizeTrace({ arrival_ms: arrivals, input_tokens: tokens, output_tokens: tokens });
  assert.equal(summary.requests, 600);
  assert.equal(summary.peak_to_mean_per_minute, 1);
  for (const [Arrivals, Tokens] of [
    [Float64Array, Uint32Array],
    [Float64Array, Int32Array],
    [Float32Array, Uint8Array],
    [Array, Uint16Array],
  ]) {
    const trace = {
      arrival_ms: Arrivals.from(arrivals),
      input_tokens: Tokens.from(tokens),
      output_tokens: Tokens.from(tokens),
    };
    assert.deepEqual(summarizeTrace(trace), summary);
  }
  const shared = (Kind, values) => {
    const view = new Kind(new SharedArrayBuffer(values.length * Kind.BYTES_PER_ELEMENT));
    view.set(values);
    return view;
  };
  const trace = {
    arrival_ms: shared(Float64Array, arrivals),
    input_tokens: shared(Uint32Array, tokens),
    output_tokens: shared(Uint32Array, tokens).subarray(0),
  };
  assert.deepEqual(summarizeTrace(trace), summary);
});

test('errors are instances of Error and of SizewellError alone', () => {
  assert.throws(() => specify({}), (error) => {
    assert.ok(error instanceof SizewellError && error instanceof Error && !(error instanceof TypeError));
    return true;
  });
});
