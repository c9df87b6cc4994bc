// The built page, served from a folder of its own, in a real browser.

import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const FOLDER = '/somewhere/else/';
const ROOT = new URL('..', import.meta.url).pathname;

export const SENTENCE = 'A support chatbot for 1,000 users, low latency';

/** A price as the page has it. */
export function usd(value) {
  return value < 1000 ? `$${value.toFixed(2)}` : `$${Math.round(value).toLocaleString('en-GB')}`;
}

/** A golden case by its name. */
export function golden(name) {
  const file = new URL(`../../../core/tests/golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * A server and a browser. Every request of a page is kept in `requests`, every error and warning
 * of a page in `complaints`.
 */
export async function start() {
  const server = await preview({
    root: ROOT,
    base: FOLDER,
    logLevel: 'error',
    preview: { host: 'localhost', port: 0, strictPort: false, open: false },
  });
  const origin = `http://localhost:${server.httpServer.address().port}`;
  const profile = await mkdtemp(join(tmpdir(), 'sizewell-calculator-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'],
    viewport: { width: 1280, height: 900 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  context.setDefaultTimeout(20_000);
  const requests = [];
  const complaints = [];
  context.on('request', (request) => requests.push(request.url()));
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  return {
    origin,
    folder: origin + FOLDER,
    context,
    requests,
    complaints,
    /** A page in the state that the part of the address after `#` says. */
    async open(hash = '', settings = {}) {
      const page = await context.newPage();
      if (settings.viewport) await page.setViewportSize(settings.viewport);
      if (settings.media) await page.emulateMedia(settings.media);
      await page.goto(`${origin}${FOLDER}#${hash}`);
      await page.locator('#ask').waitFor();
      return page;
    },
    async stop() {
      await context.close();
      await server.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** The part of an address for one scenario. */
export function scenario(ask, edits = {}) {
  return new URLSearchParams({ ...(ask && { ask }), ...edits }).toString();
}

/** What the table of options says: id, rank and cost of each row, in its order. */
export async function rows(page) {
  const showAll = page.getByRole('button', { name: /^Show all/ });
  if (await showAll.count()) await showAll.click();
  return page.locator('tr[data-option]').evaluateAll((found) =>
    found.map((row) => ({
      id: row.dataset.option,
      rank: Number(row.querySelector('.col-rank').textContent),
      usd: row.querySelector('.col-cost').firstChild.textContent,
      ttft: row.querySelector('.col-ttft').firstChild.textContent,
      e2e: row.querySelector('.col-e2e').firstChild.textContent,
      quality: row.querySelector('.col-quality').textContent,
      pareto: row.querySelector('.front') !== null,
    })),
  );
}

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const ms = (value) => (value < 100 ? one : whole).format(value);

/** What the table should say of a recommendation, in the order of the ranks. */
export function expected({ options, pareto }) {
  const front = new Set(pareto.map(({ id }) => id));
  return options.map((option) => ({
    id: option.id,
    rank: option.rank,
    usd: usd(option.usd_per_month),
    ttft: ms(option.latency.ttft.value_ms),
    e2e: ms(option.latency.e2e.value_ms),
    quality: option.quality === null ? '–' : whole.format(option.quality),
    pareto: front.has(option.id),
  }));
}
