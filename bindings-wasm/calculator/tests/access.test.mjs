// For everybody: by keyboard, by screen reader, on a phone, in the dark.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { SENTENCE, scenario, start } from './page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let site;
before(async () => {
  site = await start();
});
after(() => site?.stop());

const STATES = {
  'empty': '',
  'one answer missing': scenario('a chatbot'),
  'options': scenario(SENTENCE),
  'an error': scenario(SENTENCE, { 'gpus.preferred': 'H1000' }),
  'nothing measured': scenario(SENTENCE, { input_tokens: '700' }),
  'near misses alone': scenario('a chatbot for 9,000 users on H100, under $1,900 a month'),
  'own hardware': scenario(`${SENTENCE}, we want to buy the hardware`),
  'what if': `scenario=Today&${scenario(SENTENCE)}&scenario=More&${scenario(SENTENCE, { users: '9000' })}&show=2`,
};
const settings = [
  { media: { colorScheme: 'light', reducedMotion: 'reduce' } },
  { media: { colorScheme: 'dark', reducedMotion: 'reduce' } },
  { media: { colorScheme: 'light', reducedMotion: 'reduce' }, viewport: { width: 360, height: 740 } },
];

async function assertNothingFound(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(' | ')}`);
  assert.deepEqual(found, []);
}

for (const [name, hash] of Object.entries(STATES)) {
  test(`axe finds nothing to complain about: ${name}`, async () => {
    for (const setting of settings) {
      const page = await site.open(hash, setting);
      // Whatever is folded is to be looked at too.
      await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
      await page.waitForTimeout(50);
      await assertNothingFound(page);
      await page.close();
    }
  });

  test(`nothing makes a narrow page scroll sideways: ${name}`, async () => {
    for (const width of [320, 390, 768]) {
      const page = await site.open(hash, { viewport: { width, height: 800 } });
      await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
      await page.waitForTimeout(50);
      const [needed, given] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      assert.ok(needed <= given, `${needed} > ${given} at ${width}`);
      await page.close();
    }
  });
}

test('axe finds nothing to complain about: an error over the last options', async () => {
  for (const setting of settings) {
    const page = await site.open(scenario(SENTENCE), setting);
    await page.evaluate(() => { document.querySelector('.form').open = true; });
    await page.locator('#field-gpus-preferred').fill('H1000');
    await page.locator('.answer.stale').waitFor();
    await assertNothingFound(page);
    await page.close();
  }
});

const focused = (page) => page.evaluate(() => {
  const { activeElement: element } = document;
  return { tag: element.tagName, id: element.id, text: element.textContent.trim() };
});

async function tabTo(page, wanted, most = 200) {
  for (let count = 0; count < most; count += 1) {
    await page.keyboard.press('Tab');
    const element = await focused(page);
    if (wanted(element)) return element;
  }
  throw new Error('not reached by Tab');
}

test('all of it by keyboard alone', async () => {
  const page = await site.open();
  await tabTo(page, ({ text }) => text === 'Skip to the options', 1);
  await tabTo(page, ({ id }) => id === 'ask');
  await page.keyboard.type('A chatbot');
  await tabTo(page, ({ text }) => text === '1,000 users');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#ask').inputValue(), 'A chatbot, 1,000 users');
  await page.locator('tr[data-option]').first().waitFor();
  // The question is gone; the focus stays where the next one is.
  assert.match((await focused(page)).text, /^To plan/);
  await tabTo(page, ({ id }) => id === 'field-ttft_ms');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('60');
  await page.waitForFunction(() => /given/.test(document.querySelector('[data-field="ttft_ms"] .origin').textContent));
  await tabTo(page, ({ text }) => /^Cost/.test(text));
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('th.col-cost').getAttribute('aria-sort'), 'ascending');
  const name = await page.locator('tr[data-option] .pick').nth(1).textContent();
  let seen = 0;
  await tabTo(page, ({ text, tag }) => tag === 'BUTTON' && text === name && (seen += 1) > 0);
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#verdict').textContent(), name);
  await tabTo(page, ({ text }) => text === 'Copy');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copied' }).waitFor();
});

test('the focus is always to be seen', async () => {
  const page = await site.open(scenario(SENTENCE));
  for (let count = 0; count < 60; count += 1) {
    await page.keyboard.press('Tab');
    const outlined = await page.evaluate(() => {
      const { activeElement: element } = document;
      const shown = [element, element.parentElement].some((one) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
      });
      return shown || element.outerHTML.slice(0, 120);
    });
    assert.equal(outlined, true);
  }
});

test('the result is announced once things are still', async () => {
  const page = await site.open();
  await page.locator('#ask').fill(SENTENCE);
  await page.waitForFunction(() =>
    /^\d+ options for .* the best is/.test(document.querySelector('body p[aria-live="polite"]').textContent));
  await page.locator('[data-field="ttft_ms"] input').fill('-1');
  await page.waitForFunction(() => /^Cannot be planned/.test(document.querySelector('body p[aria-live="polite"]').textContent));
});

test('colours follow the choice and are kept', async () => {
  const page = await site.open('', { media: { colorScheme: 'light' } });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const becomes = (isLight, colour) => page.waitForFunction(
    ([same, before]) => (getComputedStyle(document.body).backgroundColor === before) === same,
    [isLight, colour],
  );
  const light = await paper();
  await page.getByLabel('Colours').selectOption('dark');
  await becomes(false, light);
  await page.reload();
  await page.locator('#ask').waitFor();
  await becomes(false, light);
  await page.getByLabel('Colours').selectOption('auto');
  await becomes(true, light);
});
