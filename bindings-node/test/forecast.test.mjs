// Forecasts: typed arrays and lists in, a forecast that can be asked for more out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  Forecast,
  SizewellError,
  analyzeTrace,
  anomalies,
  backtest,
  changepoints,
  decompose,
  forecast,
  forecastMany,
  forecastManyAsync,
  planFromTraffic,
  trendDirection,
} from 'sizewell';

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

function refused(work) {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof SizewellError, error);
    return [error.code, error.path];
  }
  assert.fail('it is not refused');
}

test('series are taken apart and judged, with times and gaps', () => {
  const values = Float64Array.from(HOURLY);
  values[50] = 90;
  values[60] = NaN;
  const times = Float64Array.from(HOURLY, (_, hour) => 3600 * hour);
  const report = anomalies(values, { seasonal_periods: [24] }, times);
  assert.deepEqual(report.anomalies.map(({ index, at_seconds }) => [index, at_seconds]), [[50, 180_000]]);
  const list = Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  assert.deepEqual(anomalies(list, { seasonal_periods: [24] }, Array.from(times)), report);
  assert.equal(anomalies(values).anomalies[0].at_seconds, null);
  const parts = decompose(values, { seasonal_periods: [24], multiplicative: false });
  assert.equal(parts.remainder[60], null);
  const sum = parts.trend[7] + parts.seasonal[0].values[7] + parts.remainder[7];
  assert.ok(Math.abs(sum - values[7]) < 1e-9);
  const noise = Array.from({ length: 200 }, (_, step) => ((step * 37) % 11) / 5);
  const shifted = noise.map((value, step) => value + (step < 120 ? 0 : 10));
  const found = changepoints(shifted, { seasonal_periods: [] });
  assert.deepEqual(found.changepoints.map(({ index }) => index), [120]);
  assert.equal(trendDirection(noise.map((value, step) => value + step)).direction, 'increasing');
  for (const judge of [anomalies, decompose, changepoints, trendDirection]) {
    assert.deepEqual(refused(() => judge([])), ['empty', 'values']);
    assert.deepEqual(refused(() => judge([1, 'x'])), ['invalid_type', 'values[1]']);
    assert.deepEqual(refused(() => judge(HOURLY, { seasonal_periods: [0] })), ['invalid_value', 'seasonal_periods[0]']);
    assert.deepEqual(refused(() => judge(HOURLY, null, [1, 2])), ['contradiction', 'times']);
    assert.deepEqual(refused(() => judge(HOURLY, { season: 1 })), ['unknown_field', 'season']);
  }
});

test('many series by columns', async () => {
  const options = { horizon: 3, model: 'drift', levels: [0.9] };
  const rows = [HOURLY, Float64Array.from(HOURLY, (value) => 2 * value), [1, null], []];
  const table = forecastMany(rows, options);
  assert.deepEqual(table.models, ['drift', 'drift', null, null]);
  assert.deepEqual(table.errors.map((error) => error?.path), [undefined, undefined, 'values', 'values']);
  assert.ok(table.mean instanceof Float64Array && table.mean.length === 12 && Number.isNaN(table.mean[6]));
  const alone = forecast(rows[1], options);
  assert.deepEqual(table.mean.slice(3, 6), alone.mean);
  assert.deepEqual(table.intervals[0].upper.slice(3, 6), alone.upper(0.9));
  assert.equal(table.intervals[0].level, 0.9);
  const flat = Float64Array.from([...HOURLY, ...rows[1], 1, NaN]);
  const offsets = Uint32Array.of(0, 240, 480, 482, 482);
  assert.deepEqual(forecastMany(flat, options, offsets), table);
  assert.deepEqual(await forecastManyAsync(rows, options), table);
  const times = Array.from(flat, (_, place) => 60 * (place % 240));
  const clocks = forecastMany(flat, options, offsets, times).clocks;
  assert.deepEqual(clocks.slice(0, 2), Array(2).fill({ start_seconds: 14_400, step_seconds: 60 }));
  assert.equal(forecastMany([], options).mean.length, 0);
});

test('refusals of many series', async () => {
  const options = { horizon: 3, model: 'drift' };
  assert.deepEqual(refused(() => forecastMany('text', options)), ['invalid_type', 'series']);
  assert.deepEqual(refused(() => forecastMany([[1, 'x']], options)), ['invalid_type', 'series[0][1]']);
  assert.deepEqual(refused(() => forecastMany(Array(2), options)), ['invalid_type', 'series[0]']);
  assert.deepEqual(refused(() => forecastMany([Array(4e9)], options)), ['too_large', 'series[0]']);
  assert.deepEqual(refused(() => forecastMany([HOURLY], { horizon: 10_000_000 })), ['too_large', 'horizon']);
  assert.deepEqual(refused(() => forecastMany([HOURLY], { horizon: 0 })), ['invalid_value', 'horizon']);
  assert.deepEqual(refused(() => forecastMany(HOURLY, options, [0, 9])), ['invalid_value', 'offsets[1]']);
  assert.deepEqual(refused(() => forecastMany(HOURLY, options, [0, -9])), ['invalid_value', 'offsets[1]']);
  assert.deepEqual(refused(() => forecastMany([HOURLY], options, null, [1])), ['contradiction', 'times']);
  assert.deepEqual(refused(() => forecastMany([HOURLY], null)), ['invalid_type', 'options']);
  const rejected = (given) => forecastManyAsync(...given).then(assert.fail, (error) => [error.code, error.path]);
  assert.deepEqual(await rejected([[HOURLY], { horizon: 0 }]), ['invalid_value', 'horizon']);
  assert.deepEqual(await rejected([5, options]), ['invalid_type', 'series']);
});

test('refusals', () => {
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
