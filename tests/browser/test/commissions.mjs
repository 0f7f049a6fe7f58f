// The rates of a POS: edited row by row, loaded from a file, read on a phone, and what a shop then pays.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { plain } from '../lib/browser.mjs';
import { Stage } from '../lib/stage.mjs';

describe('the rates of a POS', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Opens the rates of the first POS. */
  async function openRates(person) {
    await person.go('/panel/poses');
    await person.press(person.page.locator('main li').first().locator('a[href$="/commissions"]'));
    await person.assertAccessible();
  }

  test('are edited, told where they are wrong, and loaded from a file', async () => {
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    await openRates(owner);
    await owner.unfold('Bonus');
    const row = page.locator('tbody tr', { hasText: 'Bonus' }).filter({ hasText: '3 taksit' }).first();
    await owner.press(row.locator('td.act a'));
    assert.equal(await page.inputValue('#installment'), '3');
    await page.fill('#merchantCommissionRate', '4,2x');
    await owner.press('#row button');
    assert.match(await page.locator('#merchantCommissionRate-wrong').innerText(), /Vade farkı/);
    await owner.assertAccessible();
    await page.fill('#merchantCommissionRate', '4,25');
    await page.uncheck('#offered');
    await owner.press('#row button');
    assert.match(plain(await row.innerText()), /%4,25/);
    assert.match(plain(await row.innerText()), /Kapalı/);

    const file = Buffer.from('cardBrandName;installment;merchantCommissionRate;status\nBonus;3;5,5;ACTIVE\n');
    await page.setInputFiles('#chosen', { name: 'rates.csv', mimeType: 'text/csv', buffer: file });
    await page.waitForFunction(() => document.getElementById('file').value.includes('Bonus;3'));
    await owner.press('form[action$="/import"] button');
    await owner.unfold('Bonus');
    assert.match(plain(await row.innerText()), /%5,50/);
    assert.match(plain(await row.innerText()), /Satışta/);
    const answer = await owner.context.request.get(`${new URL(page.url()).pathname}/file.csv`);
    assert.match(await answer.text(), /Bonus,3,ACTIVE,3 taksit,30,5\.5,/);
  });

  test('fit a phone, and who only reads sees no form', async () => {
    const owner = await stage.staff('OWNER');
    for (const width of [360, 1280]) {
      await owner.page.setViewportSize({ width, height: 800 });
      await openRates(owner);
      await owner.unfold('Bonus');
      await owner.assertFits();
      await owner.assertAccessible();
      assert.ok(await owner.page.locator('details[open] .table').evaluate((one) => one.scrollWidth <= one.clientWidth), 'nothing of a family is cut');
    }
    const reader = await stage.staff('READ_ONLY');
    await openRates(reader);
    assert.equal(await reader.page.locator('main form').count(), 0);
  });
});
