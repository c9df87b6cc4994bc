// The package in Node, where the module is given as bytes; and what it weighs.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as api from 'sizewell-wasm';

import { replay } from '../../bindings-node/test/replay.mjs';

const GOLDEN = new URL('../../core/tests/golden/', import.meta.url);
const bytes = readFileSync(createRequire(import.meta.url).resolve('sizewell-wasm/sizewell.wasm'));

before(() => api.initSync(bytes));

for (const file of readdirSync(GOLDEN, { recursive: true }).filter((name) => name.endsWith('.json'))) {
  test(file, () => {
    assert.deepEqual(replay(api, JSON.parse(readFileSync(new URL(file, GOLDEN), 'utf8'))), []);
  });
}

test('loading again is harmless', async () => {
  api.initSync(bytes);
  await api.default(bytes);
  assert.ok(api.catalog().models.length >= 40);
});

test('the module weighs less than 1.5 MB compressed', (context) => {
  const weight = gzipSync(bytes, { level: 9 }).length;
  context.diagnostic(`${(weight / 1e6).toFixed(3)} MB`);
  assert.ok(weight < 1.5e6, `it weighs ${weight} bytes`);
});

test('typed arrays, catalogs and errors cross', () => {
  const trace = {
    arrival_ms: Float64Array.from({ length: 600 }, (_, second) => second * 1000),
    input_tokens: new Uint32Array(600).fill(100),
    output_tokens: new Uint32Array(600).fill(10),
  };
  const summary = api.summarizeTrace(trace);
  assert.equal(summary.requests, 600);
  assert.deepEqual(api.summarizeTrace({ ...trace, input_tokens: Array.from(trace.input_tokens) }), summary);
  const rows = api.catalog();
  const copy = api.Catalog.fromData({
    models: rows.models,
    gpus: rows.gpus,
    prices: rows.prices,
    instances: rows.instances,
    quality: rows.quality,
    benchmarks: rows.benchmarks,
  });
  const specification = api.specify({ use_case: 'summarization_short', qps: 5 });
  assert.deepEqual(api.recommend(specification, copy.withBenchmarks([])), api.recommend(specification));
  for (const call of [
    () => api.specify({ qps: NaN }),
    () => api.specify({ qps: 5n }),
    () => api.recommend(specification, {}),
    () => rows.gpu('H1000'),
    () => rows.withBenchmarks([{}]),
    () => api.Catalog.fromData(5),
    () => api.parseIntent('x'.repeat(70 * 2 ** 20)),
  ]) {
    assert.throws(call, api.SizewellError);
  }
});

test('collectors and traces in batches cross', () => {
  const arrival_ms = Float64Array.from({ length: 600 }, (_, second) => second * 1000);
  const tokens = new Uint32Array(600).fill(100);
  const trace = { arrival_ms, input_tokens: tokens, output_tokens: tokens };
  const analyzer = new api.TraceAnalyzer();
  for (const start of [0, 300]) {
    const part = (column) => column.subarray(start, start + 300);
    analyzer.add(Object.fromEntries(Object.entries(trace).map(([name, column]) => [name, part(column)])));
  }
  assert.deepEqual(analyzer.analysis(), api.analyzeTrace({ trace }));
  const model = api.fitTraffic({ trace });
  const drawn = api.generateTraffic({ model, seed: 1, duration_seconds: 600 });
  assert.ok(drawn.arrival_ms instanceof Float64Array && drawn.input_tokens instanceof Uint32Array);
  assert.equal(JSON.parse(JSON.stringify(drawn)).arrival_ms.length, drawn.arrival_ms.length);
  const columns = { arrival: 'at', time: 'seconds', input_tokens: 'in', output_tokens: 'out' };
  const read = api.readTrace({ format: 'csv', text: 'at,in,out\n0.5,7,8\n1.5,9,10\n', columns });
  assert.deepEqual([...read.trace.arrival_ms], [500, 1500]);
  const collector = new api.Collector();
  const at = Float64Array.from({ length: 100 }, (_, second) => 1e9 + second);
  collector.recordColumns(2e9, 'chat', 'gpu', at, new Float32Array(100).fill(15.5), 16);
  assert.equal(collector.alerts(2e9)[0].level, 'critical');
  assert.deepEqual(api.Collector.load(collector.save()).save(), collector.save());
  for (const call of [
    () => analyzer.add(trace),
    () => new api.TraceAnalyzer({ max_classes: 0 }),
    () => collector.recordColumns(1, 'chat', 'gpu', at, at),
    () => api.summarizeTrace({ ...trace, input_tokens: Int8Array.from(at, () => -1) }),
  ]) {
    assert.throws(call, api.SizewellError);
  }
});

test('how many readings a second', (context) => {
  const collector = new api.Collector();
  const count = 50_000;
  const start = performance.now();
  for (let second = 0; second < count; second += 1) {
    collector.record(1e9 + second, { service: 'chat', metric: 'gpu', usage: second % 9, capacity: 16 });
  }
  context.diagnostic(`${((count / (performance.now() - start)) * 1000).toFixed(0)} one by one`);
  assert.equal(collector.status('chat', 2e9).metrics[0].usage, (count - 1) % 9);
});
