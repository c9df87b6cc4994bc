// Predictions of fleets, calibration, queues, and rows of one's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  SizewellError,
  calibrate,
  calibrateAsync,
  catalog,
  estimate,
  estimateMany,
  maxRate,
  modelFromHuggingfaceConfig,
  predict,
  queue,
  recommend,
  replicasFor,
  sensitivity,
  sensitivityAsync,
  specify,
} from 'sizewell';

const deployment = { model: 'Llama-3.1-8B-Instruct', gpu: 'H100' };
const constant = (tokens) => ({ kind: 'constant', tokens });
const requests = { classes: [{ input: constant(512), output: constant(256) }] };
const arrivals = { requests_per_second: 4 };
const targets = { ttft: { quantile: 'p95', most_ms: 400 } };

function refused(work, code, path) {
  assert.throws(work, (error) => {
    assert.ok(error instanceof SizewellError, String(error));
    assert.deepEqual([error.code, error.path], [code, path], error.message);
    return true;
  });
}

test('a prediction of constant lengths is the estimate', () => {
  const { prediction } = predict({ deployment, requests, arrivals });
  const estimated = estimate({ ...deployment, input_tokens: 512, output_tokens: 256, qps: 4 });
  assert.ok(Math.abs(prediction.latencies.ttft.mean_ms / estimated.ttft_mean_ms - 1) < 1e-9);
  // Percentiles are searched for, to about a ten-thousandth.
  assert.ok(Math.abs(prediction.latencies.ttft.p95_ms / estimated.ttft_p95_ms - 1) < 1e-3);
});

test('a fleet for the most that one replica bears is larger by its reserve', () => {
  const { max_rate: most } = maxRate({ deployment, requests, targets });
  const reserve = { kind: 'replicas', spare: 2 };
  const request = { deployment, requests, targets, reserve, arrivals: { requests_per_second: most.requests_per_second } };
  const { needed, deployment: fleet } = replicasFor(request);
  assert.deepEqual([needed.replicas, fleet.replicas, fleet.spare_replicas], [1, 3, 2]);
});

test('a calibration is handed back', async () => {
  const point = (concurrency, itl_ms) => ({ input_tokens: 1000, output_tokens: 500, concurrency, itl_ms });
  const points = [point(1, 9.1), point(8, 9.9), point(32, 12.6), point(64, 16.2)];
  const { fitted, undetermined } = calibrate([{ deployment, points }]);
  assert.ok(undetermined.includes('interconnect'));
  const load = { input_tokens: 1000, output_tokens: 500, concurrency: 32 };
  const plain = estimate({ ...deployment, ...load });
  const own = estimate({ ...deployment, ...load, calibration: fitted });
  assert.deepEqual([plain.provenance, own.provenance], ['roofline', 'calibrated']);
  assert.ok(Math.abs(own.itl_mean_ms - 12.6) < Math.abs(plain.itl_mean_ms - 12.6));
  const rows = estimateMany({ ...deployment, ...load, concurrency: [32, 64], calibration: fitted });
  assert.deepEqual([rows.provenance[0], rows.itl_mean_ms[0]], ['calibrated', own.itl_mean_ms]);
  assert.equal(predict({ deployment: { ...deployment, calibration: fitted }, requests, arrivals }).deployment.provenance, 'calibrated');
  assert.deepEqual((await calibrateAsync([{ deployment, points }])).fitted, fitted);
});

test('queues', () => {
  const { mean_sojourn_seconds: sojourn } = queue({ kind: 'mm1', arrival_rate_per_second: 9, service_rate_per_second: 10 });
  assert.equal(sojourn, 1);
  refused(() => queue({ kind: 'mm1', arrival_rate_per_second: 9, service_rate_per_second: 9 }), 'unstable', 'arrival_rate_per_second');
});

test('a model, a GPU and prices of one\'s own are there at once', async () => {
  const config = {
    num_hidden_layers: 32, hidden_size: 4096, intermediate_size: 14336, num_attention_heads: 32,
    num_key_value_heads: 8, vocab_size: 128256, max_position_embeddings: 131072, torch_dtype: 'bfloat16',
  };
  const model = modelFromHuggingfaceConfig(JSON.stringify(config), 'me/my-8b', '2026-11-20');
  assert.deepEqual(modelFromHuggingfaceConfig(config, 'me/my-8b', new Date('2026-11-20')), model);
  const gpu = { ...catalog().gpu('H100'), id: 'X1', name: 'X1', aliases: [] };
  const price = {
    gpu: 'X1', provider: 'mycloud', purchase_option: 'on_demand', usd_per_gpu_hour: 1.25,
    effective_date: '2026-11-01', source: 'quote',
  };
  const mine = catalog().withRows({ models: [model], gpus: [gpu], prices: [price] });
  assert.equal(mine.models.length, catalog().models.length + 1);
  assert.ok(estimate({ model: 'my-8b', gpu: 'X1', input_tokens: 512, output_tokens: 256, qps: 1 }, mine).itl_mean_ms > 0);
  const specification = {
    ...specify({ use_case: 'translation', qps: 2 }),
    models: { preferred: ['me/my-8b'] }, gpus: { preferred: ['X1'] }, sizing: 'prediction',
  };
  const [best] = recommend(specification, mine).options;
  assert.deepEqual([best.model, best.gpu, best.usd_per_month], ['me/my-8b', 'X1', best.gpu_count * 1.25 * 730]);
  const moved = sensitivity(specification, mine);
  assert.equal(moved.baseline.model, 'me/my-8b');
  assert.deepEqual(await sensitivityAsync(specification, mine), moved);
  refused(() => catalog().withRows({ models: [{ ...model, context_tokens: 0 }] }), 'invalid_value', 'models[0].context_tokens');
});

test('what is no request is refused at its field', () => {
  const ask = (changes) => predict({ deployment, requests, arrivals, ...changes });
  const classes = (input) => ({ requests: { classes: [{ input, output: constant(1) }] } });
  for (const [changes, code, path] of [
    [{ arrivals: { requests_per_second: -1 } }, 'invalid_value', 'arrivals.requests_per_second'],
    [{ arrivals: { requests_per_second: NaN } }, 'invalid_value', 'arrivals.requests_per_second'],
    [{ arrivals: null }, 'missing_field', 'arrivals'],
    [{ requests: { classes: [] } }, 'empty', 'requests.classes'],
    [{ requests: {} }, 'missing_field', 'requests.classes'],
    [classes({ kind: 'empirical', tokens: [] }), 'empty', 'requests.classes[0].input.tokens'],
    [classes({ kind: 'empirical', tokens: new Array(1_000_001).fill(1) }), 'too_large', 'requests.classes[0].input.tokens'],
    [classes({ tokens: 4 }), 'missing_field', 'requests.classes[0].input.kind'],
    [{ targets: { ttft: { quantile: 'p42', most_ms: 1 } } }, 'invalid_value', 'targets.ttft.quantile'],
    [{ targets: { itl: { quantile: 'p95', most_ms: -1 } } }, 'invalid_value', 'targets.itl.most_ms'],
    [{ reserve: { kind: 'replicas', spare: 1 } }, 'contradiction', 'reserve'],
    [{ deployment: { ...deployment, modle: 1 } }, 'unknown_field', 'deployment.modle'],
    [{ deployment: { ...deployment, replicas: 0 } }, 'invalid_value', 'deployment.replicas'],
  ]) {
    refused(() => ask(changes), code, path);
  }
  refused(() => calibrate('points'), 'invalid_type', 'deployments');
  refused(() => queue('mm1'), 'invalid_type', 'request');
});
