// Pages that renew themselves: what happens elsewhere is seen without a reload, and a page that can
// no longer renew itself says so.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { plain } from '../lib/browser.mjs';
import { applyForLoan, atBank, buyByCard, checkOut, comesTo, fillCard, PAY } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

const YAPI_KREDI = '5258640000000001';

describe('an open page', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('of figures shows what was paid meanwhile: charts, points, loans and doubts', async () => {
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    const live = page.locator('[data-live]');
    assert.match(plain(await live.innerText()), /Bu dönemde ödeme yok/);
    await page.evaluate(() => { window.kept = true; });

    const shopper = await stage.visitor();
    await buyByCard(shopper, '4048090000000007', { points: true });
    await applyForLoan(shopper, '103', 6);
    await atBank(shopper, 'approve');
    await comesTo(shopper, 'approval');
    await buyByCard(shopper, '4043080000000003');
    await checkOut(shopper, 'book');
    await fillCard(shopper, '5100050000006661');
    await shopper.press(PAY);
    await shopper.page.locator('.note.bad').first().waitFor();
    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'lose_reply' } });
    await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    await checkOut(shopper, 'book');
    await fillCard(shopper, YAPI_KREDI);
    await shopper.press(PAY);
    await comesTo(shopper, 'doubt');

    const figure = (name, value) => live.locator('.figure', { hasText: name }).locator('.value', { hasText: value });
    // Two books; of one 58,82 ₺ were points.
    for (const [name, value] of [['Tahsilat', /379,00\s₺/], ['Harcanan puan', /58,82\s₺/], ['Onay bekleyen kredi', /^1$/], ['Şüpheli işlem', /^1$/]]) {
      await figure(name, value).first().waitFor();
    }
    assert.equal(await page.evaluate(() => window.kept), true, 'the page was not loaded again');
    const charts = live.locator('figure svg.chart[role=img]');
    assert.equal(await charts.count(), 2);
    for (const at of [0, 1]) {
      assert.ok(await charts.nth(at).locator('rect').count() > 0);
      assert.ok((await charts.nth(at).locator('title').textContent()).length > 10);
    }
    const block = (title) => live.locator('.card', { has: page.locator('h2', { hasText: title }) });
    assert.match(plain(await block('Alışveriş kredileri').innerText()), /FIBABANKA A\.Ş\..*6\.490,00 ₺/s);
    assert.match(plain(await block('Bankaya göre onay').innerText()), /YAPI VE KREDİ/);
    assert.match(plain(await block('Kart ailesine göre onay').innerText()), /World/);
    assert.match(await block('Neden başarısız oldu?').innerText(), /NOT_SUFFICIENT_FUNDS/);
    await owner.unfold('Tablo olarak göster');
    assert.match(plain(await live.locator('details table').first().innerText()), /379,00 ₺/);
    await owner.assertAccessible();
  });

  test('that cannot be renewed says so, and that it can again', async () => {
    for (const [language, stale, ended] of [['tr', /yenilenemiyor/, /Oturumunuz kapandı/], ['en', /cannot be renewed/, /session has ended/]]) {
      const owner = await stage.staff('OWNER', { language, width: 360, height: 740 });
      const { page } = owner;
      await owner.go('/panel/requests');
      const told = page.locator('.stale[role=status]');
      assert.equal(await told.innerText(), '');
      await page.route('**/panel/requests/rows*', (route) => route.abort());
      await told.filter({ hasText: stale }).waitFor();
      await owner.assertAccessible();
      await owner.assertFits();
      await owner.assertStill();
      await page.unroute('**/panel/requests/rows*');
      await told.filter({ hasNotText: stale }).waitFor({ state: 'attached' });
      assert.equal(await told.innerText(), '');
      await owner.context.clearCookies({ name: 'galata-session' });
      await told.filter({ hasText: ended }).waitFor();
      await owner.press(told.locator('a'));
      assert.equal(new URL(page.url()).pathname, '/panel/sign-in');
    }
  });
});
