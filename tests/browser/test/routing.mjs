// Routing rules in the panel: wrong fields, the list, the question before one goes, and the dry run.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Stage } from '../lib/stage.mjs';

describe('routing rules', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  for (const [language, width, dark] of [['tr', 360, false], ['en', 1280, true]]) {
    test(`are written, tried and deleted: ${language}, ${width} px`, async () => {
      const owner = await stage.staff('OWNER', { language, width, height: 800, dark });
      const { page } = owner;
      const look = async () => { await owner.assertFits(); await owner.assertAccessible(); };
      await owner.go('/panel/routing-rules/new');
      await page.fill('#name', 'Paylaş');
      await page.fill('#amountFrom', '5000');
      await page.selectOption('#currency', 'TRY');
      await page.selectOption('#kind', 'SPLIT');
      const percents = page.locator('input[id^=percent-]');
      await percents.first().fill('60');
      await owner.press('form.card button');
      assert.match(await page.locator('#poses-wrong').innerText(), /^(Yüzde toplamı 100|The sum of the percentage must equal 100)/);
      await look();
      await percents.nth(1).fill('40');
      await owner.press('form.card button');
      assert.match(await page.locator('main ol').innerText(), /5\.000,00|5,000\.00/);
      await look();

      await owner.go('/panel/routing-rules/dry-run');
      await page.fill('#bin', '52092200');
      await page.fill('#amount', '6000');
      await page.fill('#installment', '1');
      await owner.press('form[action$="/dry-run"] button');
      const poses = page.locator('section[aria-labelledby=poses-title] tbody tr');
      const rows = await poses.allInnerTexts();
      // Which of the two is first goes by the payment's number.
      const shares = rows.slice(0, 2).map((row) => /%(\d+)|(\d+)%/.exec(row)?.slice(1).join('')).sort();
      assert.deepEqual(shares, ['40', '60']);
      assert.ok(rows.some((row) => /USD/.test(row)), 'a POS of another currency is told, and why it is left out');
      for (const details of await page.locator('main details').all()) await details.evaluate((one) => { one.open = true; });
      await look();
      const labels = await page.locator('.check label').evaluateAll((all) => all
        .filter((one) => one.getBoundingClientRect().right > one.closest('details, form').getBoundingClientRect().right).map((one) => one.textContent));
      assert.deepEqual(labels, [], 'no label leaves its box');

      await owner.go('/panel/routing-rules');
      await owner.press('main a[href$="/delete"]');
      await look();
      await owner.press('main button.danger');
      assert.equal(await page.locator('main ol').count(), 0);
    });
  }
});
