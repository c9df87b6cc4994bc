// The package as users of browsers get it: the tarball of `npm pack`, in an app that Vite builds,
// in Chromium; in the page and in a Web Worker.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const GOLDEN = new URL('../../core/tests/golden/', import.meta.url);
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const cases = readdirSync(GOLDEN, { recursive: true })
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8')));

function chromiumPath() {
  const places = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);
  const found = process.env.CHROMIUM ?? places.find(existsSync);
  assert.ok(found, 'there is no Chromium: install one, or set CHROMIUM to its path');
  return found;
}

let folder;
let server;
let browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sizewell-wasm-'));
  cpSync(fileURLToPath(new URL('app', import.meta.url)), folder, { recursive: true });
  copyFileSync(fileURLToPath(new URL('../../bindings-node/test/replay.mjs', import.meta.url)), join(folder, 'replay.mjs'));
  const npm = (cwd, ...args) => execFileSync('npm', args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  const [{ filename }] = JSON.parse(npm(PACKAGE, 'pack', '--json', '--pack-destination', folder));
  npm(folder, 'install', '--offline', '--no-audit', '--no-fund', `./${filename}`);
  const settings = { root: folder, configFile: false, logLevel: 'error', worker: { format: 'es' } };
  await build(settings);
  server = await preview({ ...settings, preview: { host: '127.0.0.1', port: 0 } });
  browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
});

after(async () => {
  await browser?.close();
  await server?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function page() {
  const opened = await browser.newPage();
  opened.on('pageerror', (error) => console.error(error));
  await opened.goto(server.resolvedUrls.local[0]);
  return opened;
}

function held(answers) {
  const failures = answers.flatMap((found, index) => found.map((what) => `${cases[index].name}: ${what}`));
  assert.deepEqual(failures.map((text) => text.slice(0, 300)), []);
}

test('every golden case, in the page', { timeout: 120_000 }, async () => {
  assert.ok(cases.length >= 60, `there are ${cases.length}`);
  held(await (await page()).evaluate((given) => window.inPage(given), cases));
});

test('every golden case, in a worker', { timeout: 120_000 }, async () => {
  held(await (await page()).evaluate((given) => window.inWorker(given), cases));
});

test('before it is loaded it says so', async () => {
  assert.match(await (await page()).evaluate(() => window.refused()), /init\(\)/);
});

test('how long it takes', async (context) => {
  const times = await (await page()).evaluate(() => window.measured());
  for (const [what, ms] of Object.entries(times)) context.diagnostic(`${what}: ${ms.toFixed(2)} ms`);
});
