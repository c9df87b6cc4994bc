// The main job in the page: from a sentence or a form to options, the same as everywhere else.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { initSync, parseIntent, recommend, specify } from 'sizewell-wasm';
import { SENTENCE, expected, golden, rows, scenario, start, usd } from './page.mjs';

let site;
before(async () => {
  initSync(readFileSync(new URL(import.meta.resolve('sizewell-wasm/sizewell.wasm'))));
  site = await start();
});
after(() => site?.stop());

const field = (page, path) => page.locator(`[data-field="${path}"]`);
const input = (page, path) => field(page, path).locator('input, select').first();

test('a sentence becomes the options that the package gives in Node', async () => {
  const page = await site.open();
  await page.getByRole('textbox', { name: 'What do you want to serve?' }).fill(SENTENCE);
  const answer = recommend(specify(parseIntent(SENTENCE).intent));
  await page.getByText(answer.summary, { exact: true }).first().waitFor();
  assert.deepEqual(await rows(page), expected(answer));
  assert.ok(answer.options.length > 10);
});

test('what was understood is shown with its words', async () => {
  const page = await site.open(scenario(SENTENCE));
  const understood = page.locator('.understood');
  assert.match(await understood.textContent(), /Users\s*1,000 from 1,000 users/);
  const marks = await page.locator('.ask-mirror mark').allTextContents();
  assert.ok(marks.includes('1,000 users') && marks.includes('low latency'), marks.join());
});

test('a form without a sentence gives the golden answer', async () => {
  const { arguments: [specification], result } = golden('recommend-chatbot_conversational');
  const page = await site.open();
  await input(page, 'use_case').selectOption('chatbot_conversational');
  await input(page, 'qps').fill(String(specification.traffic.peak_qps));
  await input(page, 'models.preferred').fill(specification.models.preferred.join(', '));
  await input(page, 'gpus.preferred').fill(specification.gpus.preferred.join(', '));
  await page.getByText(result.summary, { exact: true }).first().waitFor();
  assert.deepEqual(await rows(page), expected(result));
});

test('an edited target re-plans at once and counts as given', async () => {
  const page = await site.open(scenario(SENTENCE));
  const ttft = field(page, 'ttft_ms');
  assert.match(await ttft.locator('.origin').textContent(), /^template/);
  const earlier = await rows(page);
  await ttft.locator('input').fill('30');
  const intent = { ...parseIntent(SENTENCE).intent, ttft_ms: 30 };
  const answer = recommend(specify(intent));
  await page.getByText(answer.summary, { exact: true }).first().waitFor();
  assert.match(await ttft.locator('.origin').textContent(), /^given/);
  const now = await rows(page);
  assert.deepEqual(now, expected(answer));
  assert.notDeepEqual(now, earlier);
  await ttft.getByRole('button', { name: 'Undo the edit of TTFT' }).click();
  await page.waitForFunction((length) => document.querySelectorAll('tr[data-option]').length === length, earlier.length);
  assert.match(await ttft.locator('.origin').textContent(), /^template/);
});

test('users that are typed move the derived rate', async () => {
  const page = await site.open(scenario(SENTENCE));
  await input(page, 'users').fill('3,000');
  await page.waitForFunction(() => document.querySelector('[data-field="qps"] input').value === '8');
  assert.match(await field(page, 'qps').locator('.origin').textContent(), /^derived/);
});

test('what is wrong is said beside its field, with a way out', async () => {
  const page = await site.open(scenario(SENTENCE));
  const gpus = field(page, 'gpus.preferred');
  await gpus.locator('input').fill('L4, H1000');
  const error = gpus.locator('.error');
  await error.waitFor();
  assert.match(await error.textContent(), /no such GPU: H1000/);
  assert.equal(await gpus.locator('input').getAttribute('aria-invalid'), 'true');
  assert.match(await page.getByRole('alert').textContent(), /Only GPUs: no such GPU/);
  await error.getByRole('button', { name: 'H100', exact: true }).click();
  await error.waitFor({ state: 'detached' });
  assert.equal(await gpus.locator('input').inputValue(), 'L4, H100');
});

test('a value that is no number, and one that contradicts another, are refused beside the field', async () => {
  const page = await site.open(scenario(SENTENCE, { ttft_ms: 'soon', e2e_ms: '7000' }));
  assert.match(await field(page, 'ttft_ms').locator('.error').textContent(), /soon/);
  await input(page, 'ttft_ms').fill('90000');
  await page.waitForFunction(() => /90000/.test(document.querySelector('[data-field="ttft_ms"] .error')?.textContent));
  await input(page, 'ttft_ms').fill('200');
  await page.locator('.row .error').waitFor({ state: 'detached' });
});

test('each choice of each question is understood when it is appended', async () => {
  const page = await site.open();
  await page.getByRole('button', { name: 'translation', exact: true }).click();
  await page.getByRole('button', { name: "I don't know, start with 1,000 users" }).click();
  assert.equal(await page.locator('#ask').inputValue(), 'translation, say 1,000 users');
  await page.locator('tr[data-option]').first().waitFor();
  const text = 'translation, say 1,000 users';
  for (const { field: path, choices } of parseIntent(text).questions) {
    for (const choice of choices.slice(0, -1)) {
      const { evidence } = parseIntent(`${text}, ${choice}`);
      const found = Object.keys(evidence).some((name) => name.startsWith(path.split('.')[0]));
      assert.ok(found, `${path}: ${choice}`);
    }
  }
});

test('the table is put in order by its heads', async () => {
  const page = await site.open(scenario(SENTENCE));
  const head = page.locator('th.col-cost');
  assert.equal(await page.locator('th.col-rank').getAttribute('aria-sort'), 'ascending');
  await head.getByRole('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  const { options } = recommend(specify(parseIntent(SENTENCE).intent));
  const cheapest = Math.min(...options.map((option) => option.usd_per_month));
  const [first] = await rows(page);
  assert.equal(options.find(({ id }) => id === first.id).usd_per_month, cheapest);
  await head.getByRole('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  await page.getByLabel(/Pareto front only/).check();
  assert.ok((await rows(page)).every(({ pareto }) => pareto));
});

test('lengths that nobody measured offer those that were', async () => {
  const page = await site.open(scenario(SENTENCE, { input_tokens: '700', sizing: 'headroom' }));
  await page.getByText(/nothing is made up/).waitFor();
  await page.locator('.unmeasured button').first().click();
  await page.locator('tr[data-option]').first().waitFor();
  assert.equal(await input(page, 'input_tokens').inputValue(), '512');
});

test('near misses and what was ruled out are there with their reasons', async () => {
  const sentence = `${SENTENCE}, under $500 a month`;
  const page = await site.open(scenario(sentence));
  const answer = recommend(specify(parseIntent(sentence).intent));
  await page.locator('.apart summary').filter({ hasText: 'near miss' }).click();
  await page.getByText(answer.near_misses[0].misses[0].message, { exact: true }).first().waitFor();
  await page.locator('.apart summary').filter({ hasText: 'ruled out' }).click();
  await page.locator('.ruled-out li').first().waitFor();
  assert.equal(await page.locator('.ruled-out li').count(), answer.rejected.length);
});

test('a copy of the scenario is compared with the first', async () => {
  const page = await site.open(scenario(SENTENCE));
  await page.getByRole('button', { name: /What if/ }).click();
  await input(page, 'users').fill('20000');
  const comparing = page.locator('.comparing');
  await comparing.getByText(/1000 → 20000|1,000 → 20,000/).waitFor();
  const cost = comparing.getByRole('row', { name: /Cost a month/ });
  const [before, now] = await cost.locator('td').allTextContents();
  const intent = parseIntent(SENTENCE).intent;
  assert.equal(before, usd(recommend(specify(intent)).options[0].usd_per_month));
  assert.ok(now.startsWith(usd(recommend(specify({ ...intent, users: 20000 })).options[0].usd_per_month)), now);
  await page.getByRole('button', { name: 'Remove What if 1' }).click();
  await comparing.waitFor({ state: 'detached' });
});
