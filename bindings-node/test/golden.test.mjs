// Every golden case gives in Node what it gives in Rust.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import * as api from 'sizewell';

import { replay } from './replay.mjs';

const FOLDER = new URL('../../core/tests/golden/', import.meta.url);
const files = readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.json'));

test('there are at least 60 golden cases', () => {
  assert.ok(files.length >= 60, `there are ${files.length}`);
});

for (const file of files) {
  test(file, () => {
    assert.deepEqual(replay(api, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))), []);
  });
}
