// Forecasts: typed arrays and lists in, a forecast that can be asked for more out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Forecast, SizewellError, analyzeTrace, backtest, forecast, planFromTraffic } from 'sizewell';

const HOURLY = Array.from({ length: 240 }, (_, hour) => 10 + (hour % 24) + ((hour * 37) % 11) / 10);

test('a forecast answers', () => {
  const answer = forecast(Float64Array.from(HOURLY), { horizon: 48, seasonal_periods: [24] });
  assert.ok(answer instanceof Forecast && answer.mean instanceof Float64Array);
  assert.equal(answer.mean.length, 48);
  const [lower, upper] = [answer.lower(0.99), answer.upper(0.99)];
  answer.lower(0.5).forEach((value, step) => assert.ok(lower[step] <= value && value <= upper[step]));
  const paths = answer.paths(20, 7);
  assert.deepEqual(paths, answer.paths(20, 7));
  assert.deepEqual([paths.length, paths[0].length], [20, 48]);
  assert.deepEqual(answer.explain().seasonal_periods, [24]);
  assert.equal(JSON.parse(JSON.stringify(answer)).forecast.model, answer.model);
});

test('lists with gaps, typed arrays of any kind and new points', () => {
  const options = { horizon: 1, model: 'drift' };
  assert.deepEqual([...forecast([1, null, 3], options).mean], [4]);
  assert.deepEqual([...forecast(Int16Array.of(1, 2, 3), options).mean], [4]);
  const first = forecast([1, 2, 3], { horizon: 2, model: 'naive' });
  assert.deepEqual([...first.update([9, NaN]).mean], [9, 9]);
  assert.deepEqual([...first.mean], [3, 3]);
  const at = forecast([1, 2, 3], options, [0, 60, 120]).toJSON().forecast.clock;
  assert.deepEqual(at, { start_seconds: 180, step_seconds: 60 });
});

test('backtests and plans', () => {
  const report = backtest(Float64Array.from([...HOURLY, NaN, 12]), { horizon: 2, model: 'naive' }, 3);
  assert.equal(report.folds, 3);
  const arrivals = Float64Array.from({ length: 300 }, (_, request) => request * 1000);
  const tokens = Array.from(arrivals, () => 100);
  const trace = { arrival_ms: Array.from(arrivals), input_tokens: tokens, output_tokens: tokens };
  const { windows } = analyzeTrace({ trace, options: { windows_seconds: [60] } });
  assert.equal(planFromTraffic({ rates: windows[0], replica_qps: 0.5 }).capacity.replicas, 3);
});

test('refusals', () => {
  const refused = (work) => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof SizewellError, error);
      return [error.code, error.path];
    }
    assert.fail('it is not refused');
  };
  assert.deepEqual(refused(() => forecast([], { horizon: 1 })), ['empty', 'values']);
  assert.deepEqual(refused(() => forecast([1, 'x'], { horizon: 1 })), ['invalid_type', 'values[1]']);
  assert.deepEqual(refused(() => forecast([1, Infinity], { horizon: 1 })), ['invalid_value', 'values[1]']);
  assert.deepEqual(refused(() => forecast([1, 2], { horizon: 0 })), ['invalid_value', 'horizon']);
  assert.deepEqual(refused(() => forecast('text', { horizon: 1 })), ['invalid_type', 'values']);
  const answer = forecast([1, 2], { horizon: 1 });
  assert.deepEqual(refused(() => answer.lower(95)), ['invalid_value', 'level']);
  assert.deepEqual(refused(() => answer.paths(0)), ['invalid_value', 'count']);
  assert.throws(() => new Forecast(), TypeError);
});
