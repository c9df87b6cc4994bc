// Estimates by columns and memory plans: lists and typed arrays, and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalog, Catalog, estimate, estimateMany, memoryPlan, SizewellError } from 'sizewell';

const QWEN = { model: 'Qwen3-32B', gpu: 'H200', input_tokens: 1024, output_tokens: 256 };
const COLUMNS = {
  model: ['Qwen3-32B', 'DeepSeek-R1', 'gpt-oss-120b', 'Qwen3-Next-80B-A3B-Instruct', 'Qwen3-32B'],
  gpu: ['H200', 'H200', 'H100', 'H100', 'L4'],
  input_tokens: [1024, 500.5, 64, 20_000, 100],
  output_tokens: [256, 100, 32, 500, 10],
  qps: [1, null, 500, 2.5, 1],
  concurrency: [null, 16, null, null, undefined],
  tensor_parallel: [null, 8, 2, 4, 1],
  precision: ['fp8', null, null, null, null],
  benchmark: [null, true, null, null, false],
};

test('columns are what their rows are, in lists and in typed arrays', () => {
  const table = estimateMany(COLUMNS);
  const typed = estimateMany({ ...COLUMNS, input_tokens: Float64Array.from(COLUMNS.input_tokens) });
  for (const row of COLUMNS.model.keys()) {
    const request = Object.fromEntries(Object.entries(COLUMNS).map(([name, column]) => [name, column[row]]));
    const single = estimate(request);
    assert.deepEqual(Object.keys(single).sort(), Object.keys(table).sort());
    for (const [name, value] of Object.entries(single)) {
      assert.equal(table[name][row], value, name);
      assert.equal(Number.isNaN(typed[name][row]) ? null : typed[name][row], value, name);
    }
  }
  assert.ok(Array.isArray(table.ttft_p95_ms) && typed.ttft_p95_ms instanceof Float64Array);
  assert.equal(typed.ttft_p95_ms.length, 5);
  assert.match(table.reason[4], /GiB short/);
});

test('typed arrays of every kind, no rows, and one', () => {
  const rates = [1, 2, 3];
  const expected = estimateMany({ ...QWEN, qps: rates }).e2e_p99_ms;
  for (const Kind of [Float64Array, Float32Array, Int32Array, Uint8Array]) {
    assert.deepEqual(Array.from(estimateMany({ ...QWEN, qps: Kind.from(rates) }).e2e_p99_ms), expected);
  }
  const given = { qps: Float64Array.of(1, NaN), concurrency: Float64Array.of(NaN, 8) };
  assert.deepEqual(estimateMany({ ...QWEN, ...given }).reason, [null, null]);
  assert.deepEqual(estimateMany({ ...QWEN, qps: [] }).reason, []);
  assert.deepEqual(estimateMany({ ...QWEN, qps: 1 }).reason, [null]);
});

test('what is wrong is said with its row', () => {
  for (const [changes, code, path] of [
    [{ qps: [1, -2] }, 'invalid_value', 'qps[1]'],
    [{ qps: [1, NaN] }, 'invalid_value', 'qps[1]'],
    [{ qps: Float64Array.of(1, NaN) }, 'missing_field', 'qps[1]'],
    [{ qps: Float64Array.of(Infinity, 1) }, 'invalid_value', 'qps[0]'],
    [{ qps: [1, 'x'] }, 'invalid_type', 'qps[1]'],
    [{ qps: [1, 5n] }, 'invalid_type', 'qps[1]'],
    [{ qps: new BigInt64Array(2) }, 'invalid_type', 'qps'],
    [{ qps: NaN }, 'invalid_value', 'qps'],
    [{ qps: [1, 2], concurrency: [null, 2] }, 'contradiction', 'qps[1]'],
    [{ qps: [1, 2], replicas: [1, 2, 3] }, 'contradiction', 'replicas'],
    [{ qps: [1, 2], gpu: ['H200', 'H2000'] }, 'unknown_name', 'gpu[1]'],
    [{ qps: 1, speculation: { draft_tokens: NaN } }, 'invalid_value', 'speculation.draft_tokens'],
    [{ qps: [1, 2], speculation: [null, { draft_tokens: 99 }] }, 'invalid_value', 'speculation[1].draft_tokens'],
    [{ qps: 1, mode: 'x' }, 'unknown_field', 'mode'],
  ]) {
    assert.throws(
      () => estimateMany({ ...QWEN, ...changes }),
      (error) => {
        assert.ok(error instanceof SizewellError, error.stack);
        assert.deepEqual([error.code, error.path], [code, path]);
        return true;
      },
    );
  }
  const rates = new Float64Array(20_000).fill(1);
  rates[17] = rates[5000] = -1;
  assert.throws(() => estimateMany({ ...QWEN, qps: rates }), { path: 'qps[17]' });
  for (const columns of [null, [QWEN], 'x']) {
    assert.throws(() => estimateMany(columns), { code: 'invalid_type', path: 'columns' });
  }
});

test('memory plans, and a catalog of one’s own', () => {
  const request = { model: 'Llama-3.3-70B-Instruct', gpu: 'H100', request_tokens: 8192 };
  assert.equal(memoryPlan(request).parallelism.tensor_parallel, 2);
  assert.match(memoryPlan({ ...request, tensor_parallel: 1 }).reason, /GiB of weights/);
  assert.throws(() => memoryPlan({ ...request, tensor_parallel: 3 }), { path: 'tensor_parallel' });
  const { models, gpus, prices, instances, quality, benchmarks } = catalog();
  const own = { ...models[0], id: 'mine', name: 'Mine', aliases: [] };
  const rows = Catalog.fromData({ models: [...models, own], gpus, prices, instances, quality, benchmarks });
  assert.throws(() => estimate({ ...QWEN, model: 'mine', qps: 1 }), { code: 'unknown_name' });
  assert.equal(estimate({ ...QWEN, model: 'mine', qps: 1 }, rows).reason, null);
  assert.deepEqual(estimateMany({ ...QWEN, model: 'mine', qps: 1 }, rows).reason, [null]);
  assert.ok(memoryPlan({ model: 'mine', gpu: 'H200' }, rows).fits);
});
