// A log becomes figures, a forecast and a plan, and goes nowhere.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { analyzeTrace, generateTraffic, initSync, planFromTraffic, readTrace } from 'sizewell-wasm';
import { rows, scenario, start } from './page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let site;
before(async () => {
  initSync(readFileSync(new URL(import.meta.resolve('sizewell-wasm/sizewell.wasm'))));
  site = await start();
});
after(() => site?.stop());

/** Eight days of requests, as a gateway may write them. */
function log() {
  const model = {
    mean_qps: 0.1,
    hour_of_week: Array.from({ length: 168 }, (_, hour) => (hour % 24 < 8 ? 0.4 : 1.3)),
    rhythm: 'hour_of_week',
    classes: [{
      weight: 1,
      input: { kind: 'lognormal', mean_tokens: 500, cv: 1 },
      output: { kind: 'lognormal', mean_tokens: 100, cv: 0.5 },
    }],
  };
  const start = Date.UTC(2026, 2, 2) / 1000;
  const trace = generateTraffic({ model, seed: 3, duration_seconds: 8 * 86_400, start_seconds: start });
  const lines = Array.from(trace.arrival_ms, (at, index) => [
    new Date((start * 1000) + at).toISOString(),
    trace.input_tokens[index],
    trace.output_tokens[index],
  ].join(','));
  return ['created_at,prompt_tokens,completion_tokens', ...lines].join('\n');
}

const chooser = (page) => page.locator('.traffic input[type=file]');
const file = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
const figures = async (page) => {
  await page.locator('.traffic .figures').first().waitFor();
  return page.locator('.traffic > .figures').innerText();
};
const significant = (value) => new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 }).format(value);

test('a log is read, shown and planned for as the package does in Node', async () => {
  const text = log();
  const analysis = analyzeTrace({ trace: readTrace({ text }).trace });
  const minutes = analysis.windows.find(({ window_seconds: seconds }) => seconds === 60);
  const page = await site.open();
  await chooser(page).setInputFiles(file('gateway.csv', text));
  const shown = await figures(page);
  assert.ok(shown.includes(`${significant(minutes.p95_qps)}, ${significant(minutes.max_qps)} req/s`), shown);
  assert.ok(shown.includes(`${significant(minutes.dispersion)} × Poisson`), shown);
  assert.match(await page.locator('.log-head').innerText(), /gateway\.csv: .* requests in 8 days, read as CSV/);
  await page.getByRole('button', { name: 'Plan for this traffic' }).click();
  await page.locator('.outlook').waitFor();
  const qps = await page.locator('[data-field="qps"] input').inputValue();
  assert.equal(Number(qps), Number(minutes.p95_qps.toPrecision(4)));
  const input = await page.locator('[data-field="input_tokens"] input').inputValue();
  assert.equal(Number(input), Math.round(analysis.input.mean_tokens));
  assert.ok((await rows(page)).length > 0);
  const said = await page.locator('.outlook').innerText();
  const serves = Number(/up to ([\d.,]+) req\/s/.exec(said)[1].replaceAll(',', ''));
  const replicas = Number(/(\d+) replica/.exec(said)[1]);
  const plan = planFromTraffic({ rates: minutes, replica_qps: serves / replicas, calendar: analysis.calendar });
  assert.ok(said.includes(`${plan.scaling.min_replicas} to ${plan.scaling.max_replicas} replica`), said);
  assert.match(said, /How long it lasts\s+\S/);
  assert.match(said, /sufficient for the next 90 days|the capacity/);
  assert.doesNotMatch(said, /reaches \d+%/);
  assert.deepEqual(site.complaints, []);
  assert.ok(site.requests.every((address) => address.startsWith(site.origin)));
  assert.ok(!page.url().includes('gateway'));
});

test('rates of Prometheus are summed and planned for, with the lengths that are known otherwise', async () => {
  const start = Date.UTC(2026, 2, 2) / 1000;
  const values = (level) => Array.from({ length: 8 * 24 }, (_, hour) =>
    [start + hour * 3600, String(level * (hour % 24 < 8 ? 1 : 3))]);
  const text = JSON.stringify({
    status: 'success',
    data: { resultType: 'matrix', result: [
      { metric: { pod: 'a' }, values: values(1) },
      { metric: { pod: 'b' }, values: values(0.5) },
    ] },
  });
  const page = await site.open(scenario('a support chatbot'));
  await chooser(page).setInputFiles(file('rates.json', text));
  const shown = await figures(page);
  assert.ok(shown.includes('4.5, 4.5 req/s'), shown);
  assert.ok(!shown.includes('Burstiness'), shown);
  await page.getByRole('button', { name: 'Plan for this traffic' }).click();
  await page.locator('.outlook').waitFor();
  assert.equal(await page.locator('[data-field="qps"] input').inputValue(), '4.5');
  assert.match(await page.locator('[data-field="input_tokens"] .origin').textContent(), /^template/);
  assert.deepEqual(site.complaints, []);
});

test('a percentile of the rates may be chosen, and the log forgotten', async () => {
  const page = await site.open();
  await page.getByRole('button', { name: 'Show an example' }).click();
  await figures(page);
  const taking = page.locator('.taking');
  const usual = await taking.innerText();
  await taking.locator('select').selectOption('max_qps');
  assert.notEqual(await taking.innerText(), usual);
  await page.getByRole('button', { name: 'Forget it' }).click();
  await page.getByRole('button', { name: 'Choose a log…' }).waitFor();
});

test('what is no log is refused in words', async () => {
  const page = await site.open();
  for (const [text, expected] of [
    ['when,a,b\n1,2,3\n', /columns\.arrival must be given \(when, a, b\)/],
    ['{"a": 1}', /is not an allowed value/],
    ['', /is empty/],
    ['created_at,prompt_tokens,completion_tokens\n', /columns\.time|has no requests/],
  ]) {
    await chooser(page).setInputFiles(file('odd.csv', text));
    await page.waitForFunction(
      (source) => new RegExp(source).test(document.querySelector('.traffic [role="alert"]')?.innerText),
      expected.source,
    );
  }
  assert.deepEqual(site.complaints, []);
});

test('columns of any names are read once a person says which is what', async () => {
  const page = await site.open();
  const [, ...requests] = log().split('\n');
  const swapped = requests.map((line) => line.split(',').reverse().join(';'));
  await chooser(page).setInputFiles(file('odd.csv', ['x;y;z', ...swapped].join('\n')));
  const form = page.getByRole('form', { name: 'Columns of the log' });
  await form.waitFor();
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  await form.getByLabel('Arrival').selectOption('z');
  assert.equal(await form.getByLabel('Time as').inputValue(), 'iso');
  await form.getByLabel('Prompt tokens').selectOption('y');
  await form.getByLabel('Answer tokens').selectOption('x');
  await form.getByRole('button', { name: 'Read these columns' }).click();
  await figures(page);
  assert.match(await page.locator('.log-head').innerText(), /odd\.csv: .* requests in 8 days, read as CSV \(z, y, x\)/);
  assert.deepEqual(site.complaints, []);
});

test('rows that cannot be read are counted', async () => {
  const page = await site.open();
  const text = `${log()}\nsoon,5,6\n2026-03-02T00:00:01Z,many,6\n`;
  await chooser(page).setInputFiles(file('partly.csv', text));
  await page.locator('.traffic .warn-text').waitFor();
  assert.match(await page.locator('.traffic .warn-text').innerText(), /2 rows could not be read and are left out: line/);
});

for (const setting of [
  { media: { colorScheme: 'light', reducedMotion: 'reduce' } },
  { media: { colorScheme: 'dark', reducedMotion: 'reduce' }, viewport: { width: 360, height: 740 } },
]) {
  test(`axe finds nothing, and nothing scrolls sideways: ${setting.media.colorScheme}`, async () => {
    const page = await site.open('', setting);
    await page.getByRole('button', { name: 'Show an example' }).click();
    await figures(page);
    await page.getByRole('button', { name: 'Plan for this traffic' }).click();
    await page.locator('.outlook').waitFor();
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    const [needed, given] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(needed <= given, `${needed} > ${given}`);
  });
}
