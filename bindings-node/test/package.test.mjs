// The package as users get it: the tarball of `npm pack` in a fresh folder.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const ESM = `
  import { createRequire } from 'node:module';
  import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
  import { Catalog, SizewellError, catalog, parseIntent, recommend, recommendAsync, specify } from 'sizewell';

  const { intent } = parseIntent('a support chatbot for 1,000 users, low latency');
  const { options } = await recommendAsync(specify(intent));
  if (isMainThread) {
    const common = createRequire(import.meta.url)('sizewell');
    const worker = new Worker(new URL(import.meta.url), { workerData: options[0].id });
    const same = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    let thrown;
    try {
      common.specify({ qps: -1 });
    } catch (error) {
      thrown = error;
    }
    console.log(JSON.stringify({
      id: options[0].id,
      worker: same,
      oneError: thrown instanceof SizewellError && SizewellError === common.SizewellError,
      oneCatalog: Catalog === common.Catalog && catalog() === common.catalog(),
      mixed: recommend(specify(intent), common.catalog()).options[0].id === options[0].id,
    }));
  } else {
    parentPort.postMessage(workerData === options[0].id);
  }
`;
const COMMON = `
  const { SizewellError, recommend, specify } = require('sizewell');
  const { options } = recommend(specify({ use_case: 'summarization_short', qps: 5 }));
  try {
    specify({ use_case: 'chess' });
  } catch (error) {
    console.log(JSON.stringify([options.length > 0, error instanceof SizewellError, error.code, error.path]));
  }
`;

let folder;
const npm = (cwd, ...args) => execFileSync('npm', args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
const node = (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sizewell-'));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the tarball holds what it should, and installs', () => {
  const [{ filename, files }] = JSON.parse(npm(PACKAGE, 'pack', '--json', '--pack-destination', folder));
  const names = files.map(({ path }) => path).filter((path) => !path.endsWith('.node'));
  assert.deepEqual(names.sort(), [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'NOTICE',
    'README.md',
    'index.d.mts',
    'index.d.ts',
    'index.js',
    'index.mjs',
    'lib/api.d.ts',
    'lib/api.js',
    'lib/forecast.d.ts',
    'lib/forecast.js',
    'lib/functions.d.ts',
    'lib/functions.js',
    'lib/session.d.ts',
    'lib/session.js',
    'lib/traces.d.ts',
    'lib/traces.js',
    'lib/values.js',
    'package.json',
    'types.d.ts',
  ]);
  assert.ok(files.length > names.length, 'there is no binary; run `npm run build`');
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  npm(folder, 'install', '--offline', '--no-audit', '--no-fund', `./${filename}`);
});

test('an ES module, a worker and a CommonJS module share it', () => {
  writeFileSync(join(folder, 'program.mjs'), ESM);
  const { id, ...rest } = JSON.parse(node('program.mjs'));
  assert.match(id, /^[a-z0-9-]+$/);
  assert.deepEqual(rest, { worker: true, oneError: true, oneCatalog: true, mixed: true });
});

test('a CommonJS module requires it, without a warning', () => {
  writeFileSync(join(folder, 'program.cjs'), COMMON);
  const answer = JSON.parse(node('--throw-deprecation', '--pending-deprecation', 'program.cjs'));
  assert.deepEqual(answer, [true, true, 'unknown_name', 'use_case']);
});

test('its types compile where it is installed', () => {
  for (const name of ['tsconfig.json', 'types.mts', 'types.cts']) {
    copyFileSync(join(PACKAGE, 'test', name), join(folder, name));
  }
  node(join(PACKAGE, 'node_modules/typescript/bin/tsc'), '--project', '.');
});
