// Time zones by name, as the offsets that the core takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SizewellError, analyzeTrace, utcOffsets } from 'sizewell';

const YEAR = [new Date('2026-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z')];
const CHANGES = {
  'Europe/Berlin': [3600, [1_774_746_000, 7200], [1_792_890_000, 3600]],
  'America/New_York': [-18_000, [1_772_953_200, -14_400], [1_793_512_800, -18_000]],
  'Australia/Sydney': [39_600, [1_775_318_400, 36_000], [1_791_043_200, 39_600]],
  'Australia/Lord_Howe': [39_600, [1_775_314_800, 37_800], [1_791_041_400, 39_600]],
  'Asia/Kolkata': [19_800],
  UTC: [0],
};

for (const [zone, [first, ...changes]] of Object.entries(CHANGES)) {
  test(`the year 2026 in ${zone}`, () => {
    const expected = [[1_767_225_600, first], ...changes];
    const found = utcOffsets(zone, ...YEAR);
    assert.deepEqual(found.map((one) => [one.from_seconds, one.offset_seconds]), expected);
    assert.deepEqual(utcOffsets(zone, Number(YEAR[0]) / 1000, Number(YEAR[1]) / 1000), found);
  });
}

test('a request at every local noon, through the change of the clock', () => {
  const start = Date.UTC(2026, 2, 24, 11, 30);
  const change = Date.UTC(2026, 2, 29, 1);
  const noon = (day) => day * 86_400_000 - (start + day * 86_400_000 > change ? 3_600_000 : 0);
  const trace = {
    arrival_ms: Array.from({ length: 11 }, (_, day) => noon(day)),
    input_tokens: Array(11).fill(100),
    output_tokens: Array(11).fill(10),
    start_seconds: start / 1000,
  };
  const hours = (options) =>
    analyzeTrace({ trace, options }).calendar.by_hour_qps.flatMap((rate, hour) => (rate ? [hour] : []));
  const utc_offsets = utcOffsets('Europe/Berlin', start / 1000, new Date(start + noon(10)));
  assert.deepEqual(hours({ utc_offsets }), [12]);
  assert.deepEqual(hours({ utc_offset_minutes: 60 }), [11, 12]);
});

test('what is no zone or no time', () => {
  const refused = (code, path) => (thrown) =>
    thrown instanceof SizewellError && thrown.code === code && thrown.path === path;
  assert.throws(() => utcOffsets('Europe/Nowhere', ...YEAR), refused('unknown_name', 'zone'));
  assert.throws(() => utcOffsets('UTC', NaN, 0), refused('invalid_value', 'start'));
  assert.throws(() => utcOffsets('UTC', 0, 'soon'), refused('invalid_value', 'end'));
  assert.throws(() => utcOffsets('UTC', 10, 0), refused('invalid_value', 'end'));
});
