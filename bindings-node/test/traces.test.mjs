// Traces as typed arrays: the same answers as of lists, arrays out, batches.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  Collector,
  SizewellError,
  TraceAnalyzer,
  analyzeTrace,
  fitTraffic,
  generateTraffic,
  readTrace,
  renderReport,
  summarizeTrace,
} from 'sizewell';

const ROWS = 600;
const made = (at) => Array.from({ length: ROWS }, (_, row) => at(row));
const lists = {
  arrival_ms: made((row) => row * 500),
  input_tokens: made((row) => 100 + (row % 50)),
  output_tokens: made((row) => 10 + (row % 7)),
  latency_ms: made((row) => 900 + row),
  cached_tokens: made((row) => row % 9),
  status: made((row) => (row % 3 === 2 ? 'failed' : 'completed')),
  session: made((row) => row % 40),
  model: { names: ['small', 'large'], index: made((row) => Number(row % 3 > 0)) },
  tenant: { names: ['one', 'two'], index: made((row) => row % 2) },
  prefix: { block_tokens: 16, lengths: made(() => 2), blocks: made((row) => [1, 2 + (row % 2)]).flat() },
};
const arrays = (Kind) => ({
  arrival_ms: Float64Array.from(lists.arrival_ms),
  input_tokens: Kind.from(lists.input_tokens),
  output_tokens: Kind.from(lists.output_tokens),
  latency_ms: Float32Array.from(lists.latency_ms),
  cached_tokens: Kind.from(lists.cached_tokens),
  status: lists.status,
  session: Kind.from(lists.session),
  model: lists.model.index.map((place) => lists.model.names[place]),
  tenant: { names: lists.tenant.names, index: Kind.from(lists.tenant.index) },
  prefix: { ...lists.prefix, lengths: Kind.from(lists.prefix.lengths), blocks: Kind.from(lists.prefix.blocks) },
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

for (const Kind of [Uint32Array, Int16Array, Float64Array]) {
  test(`traces as ${Kind.name}`, () => {
    const trace = arrays(Kind);
    assert.deepEqual(summarizeTrace(trace), summarizeTrace(lists));
    const expected = analyzeTrace({ trace: lists, options: { max_classes: 2 } });
    assert.deepEqual(analyzeTrace({ trace, options: { max_classes: 2 } }), expected);
    assert.equal(expected.models[0].name, 'large');
    assert.deepEqual(fitTraffic({ trace }), fitTraffic({ trace: lists }));
    const analyzer = new TraceAnalyzer({ max_classes: 2 });
    analyzer.add(trace);
    assert.equal(analyzer.requests, ROWS);
    assert.deepEqual(analyzer.analysis(), expected);
  });
}

test('what is drawn and read comes as typed arrays', () => {
  const model = fitTraffic({ trace: lists });
  const request = { model, seed: 1, duration_seconds: 600 };
  const trace = generateTraffic(request);
  assert.ok(trace.arrival_ms instanceof Float64Array && trace.arrival_ms.length > 1000);
  assert.ok(trace.output_tokens instanceof Uint32Array);
  assert.deepEqual(generateTraffic(request), trace);
  assert.equal(analyzeTrace({ trace }).requests, trace.arrival_ms.length);
  const written = JSON.parse(JSON.stringify(trace));
  assert.deepEqual(written.input_tokens, Array.from(trace.input_tokens));
  assert.deepEqual(summarizeTrace(written), summarizeTrace(trace));
  const analyzer = new TraceAnalyzer();
  for (const start_seconds of [1e9, 1e9 + 600]) analyzer.add(generateTraffic({ ...request, start_seconds }));
  const { duration_seconds } = analyzer.analysis();
  assert.ok(duration_seconds > 1100 && duration_seconds < 1200, `${duration_seconds}`);

  const columns = { arrival: 'at', time: 'seconds', input_tokens: 'in', output_tokens: 'out', tenant: 'who' };
  const read = readTrace({ format: 'csv', text: 'at,in,out,who\n0.5,7,8,a\n1.5,9,10,b\n', columns });
  assert.deepEqual([...read.trace.arrival_ms], [500, 1500]);
  assert.deepEqual(read.trace.tenant, { names: ['a', 'b'], index: Uint32Array.of(0, 1) });
  assert.deepEqual(JSON.parse(JSON.stringify(read)).trace.tenant.index, [0, 1]);
  assert.equal(read.report.requests, 2);
});

test('refusals name the row', () => {
  const pair = { arrival_ms: Float64Array.of(0, 5000), input_tokens: Uint32Array.of(1, 2), output_tokens: [1, 2] };
  for (const [name, column, expected] of [
    ['input_tokens', Int32Array.of(1, -2), ['invalid_value', 'input_tokens[1]']],
    ['input_tokens', Float64Array.of(1, 0.5), ['invalid_value', 'input_tokens[1]']],
    ['output_tokens', Uint32Array.of(1, 4e9), ['invalid_value', 'output_tokens[1]']],
    ['input_tokens', new Uint32Array(3), ['contradiction', 'input_tokens']],
    ['status', ['completed', 'gone'], ['unknown_name', 'status[1]']],
    ['status', Uint8Array.of(0, 3), ['invalid_value', 'status[1]']],
    ['model', { names: ['a'], index: Uint32Array.of(0, 1) }, ['invalid_value', 'model.index[1]']],
    ['model', Float64Array.of(1, 2), ['invalid_type', 'model']],
    ['tokens', Float64Array.of(1, 2), ['unknown_field', 'tokens']],
  ]) {
    const trace = { ...pair, [name]: column };
    assert.deepEqual(refused(() => summarizeTrace(trace)), expected);
    const [code, path] = expected;
    assert.deepEqual(refused(() => analyzeTrace({ trace })), [code, `trace.${path}`]);
    assert.deepEqual(refused(() => new TraceAnalyzer().add(trace)), expected);
  }
  for (const trace of [null, 5, 'text', [1], new Float64Array(2), new Date()]) {
    assert.throws(() => summarizeTrace(trace), SizewellError);
    assert.throws(() => analyzeTrace({ trace }), SizewellError);
  }
  assert.deepEqual(refused(() => analyzeTrace({})), ['missing_field', 'trace']);
  assert.deepEqual(refused(() => readTrace({ text: '\ud800' })), ['invalid_value', 'text']);
  assert.deepEqual(refused(() => new TraceAnalyzer({ max_classes: 0 })), ['invalid_value', 'max_classes']);
});

test('a collector keeps, answers, saves and is loaded', () => {
  const NOON = 1_763_640_000;
  const collector = new Collector();
  const at = Float64Array.from({ length: 1440 }, (_, minute) => NOON - 86_400 + 60 * minute);
  const usage = Float32Array.from(at, (_, minute) => 6 + (9.9 * minute) / 1440);
  assert.equal(collector.recordColumns(NOON, 'chat', 'gpu', at, usage, 16), undefined);
  assert.equal(collector.record(NOON, { service: 'chat', metric: 'gpu', usage: 15.9 }), undefined);
  assert.equal(collector.alerts(NOON)[0].level, 'critical');
  const options = { forecast: null, window_seconds: 7200 };
  assert.equal(collector.details('chat', 'gpu', NOON, options).forecast, null);
  assert.ok(collector.details('chat', 'gpu', NOON).forecast.peak > 0);
  assert.match(renderReport(collector.report(NOON), 'html'), /chat/);
  const copy = Collector.load(JSON.parse(JSON.stringify(collector)));
  assert.deepEqual(copy.save(), collector.save());
  assert.deepEqual([copy.services, copy.remove('chat'), copy.services], [['chat'], true, []]);
  assert.deepEqual(refused(() => collector.recordColumns(NOON, 'chat', 'gpu', at, [1], 16)), ['contradiction', 'usage']);
  assert.deepEqual(refused(() => collector.recordColumns(NOON, 'chat', 'gpu', ['x'], [1])), ['invalid_type', 'at_seconds[0]']);
  assert.deepEqual(refused(() => collector.record(NaN, {})), ['invalid_value', 'now_seconds']);
  assert.deepEqual(refused(() => new Collector({ hours: 1 })), ['unknown_field', 'hours']);
  assert.deepEqual(refused(() => Collector.load({ options: {}, channels: [{}] })), ['missing_field', 'channels[0].service']);
});
