// However a shopper clicks, one order is one payment: the simulator's ledger counts.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { checkOut, fillCard, paidAs, PAY, verifyAtBank } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

const YAPI_KREDI = '5258640000000001';

describe('the demo shop', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** How many orders the banks have captured while `work` was done. */
  async function captured(work) {
    const count = async () => (await stage.bank.allOrders()).filter((order) => order.state === 'captured').length;
    const before = await count();
    await work();
    return (await count()) - before;
  }

  test('takes a double click for one', async () => {
    const shopper = await stage.visitor();
    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'delay', ms: 400 } });
    assert.equal(await captured(async () => {
      await checkOut(shopper, 'book');
      await fillCard(shopper, YAPI_KREDI);
      await shopper.page.locator(PAY).dblclick();
      await paidAs(shopper);
    }), 1);
  });

  test('takes a double click for one without JavaScript too', async () => {
    const shopper = await stage.visitor({ scripts: false });
    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'delay', ms: 400 } });
    assert.equal(await captured(async () => {
      const order = await checkOut(shopper, 'book');
      await fillCard(shopper, YAPI_KREDI);
      await shopper.page.locator(PAY).dblclick({ noWaitAfter: true });
      await shopper.page.locator('section.stage, h1').first().waitFor();
      await shopper.page.waitForURL(new RegExp(`/shop/orders/${order}$`));
      await shopper.page.locator('section.stage.paid').waitFor();
    }), 1);
  });

  test('takes nothing again after reload and back', async () => {
    const shopper = await stage.visitor();
    const { page } = shopper;
    assert.equal(await captured(async () => {
      const order = await checkOut(shopper, 'book');
      await fillCard(shopper, YAPI_KREDI);
      await shopper.press(PAY);
      const payment = await paidAs(shopper);
      await page.reload();
      assert.equal(await paidAs(shopper), payment);
      await page.goBack();
      await page.goto(`/shop/orders/${order}?way=card`);
      assert.equal(await paidAs(shopper), payment);
    }), 1);
  });

  test('takes one payment from two tabs', async () => {
    const shopper = await stage.visitor();
    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'delay', ms: 400 } });
    assert.equal(await captured(async () => {
      const order = await checkOut(shopper, 'book');
      const first = shopper.page;
      const second = await shopper.tab();
      await second.goto(`/shop/orders/${order}?way=card`);
      for (const page of [first, second]) {
        shopper.page = page;
        await fillCard(shopper, YAPI_KREDI);
      }
      await Promise.all([first, second].map((page) => Promise.all([page.waitForNavigation(), page.locator(PAY).click()])));
      for (const page of [first, second]) {
        shopper.page = page;
        await paidAs(shopper);
      }
    }), 1);
  });

  test('takes one payment when the way back from the bank is replayed', async () => {
    // The bank sends the answer into a frame as well; it arrives, and the shop is not shown there.
    const shopper = await stage.visitor({ expected: /frame-ancestors/ });
    const { page } = shopper;
    assert.equal(await captured(async () => {
      await checkOut(shopper, 'book');
      await fillCard(shopper, YAPI_KREDI, { threeds: true });
      await shopper.press(PAY);
      await verifyAtBank(shopper, 'twice');
      const payment = await paidAs(shopper);
      await page.reload();
      assert.equal(await paidAs(shopper), payment);
    }), 1);
  });

  test('shows each call as it happens, with code to copy and the callback with its hash', async () => {
    const shopper = await stage.visitor();
    const { page } = shopper;
    await shopper.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stage.gateway });
    await checkOut(shopper, 'book');
    const calls = page.locator('#calls > .call');
    const known = await calls.count();
    await page.evaluate(() => { window.kept = true; });
    await fillCard(shopper, '5258640000000001', { threeds: true });
    const fresh = calls.filter({ hasText: 'loyalties' }).first();
    await fresh.waitFor();
    assert.equal(await page.evaluate(() => window.kept), true, 'the page was not loaded again');
    assert.ok(await calls.count() > known);
    await fresh.locator('summary').first().click();
    assert.match(await fresh.innerText(), /İmzalanan metin/);
    for (const language of ['Node', 'Python', 'curl']) {
      const code = fresh.locator('details.code', { has: page.locator('summary', { hasText: language }) });
      await code.locator('summary').click();
      await code.locator('button.copy').click();
      await code.locator('button.copy', { hasText: 'Kopyalandı' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(copied, await code.locator('pre').textContent());
      assert.match(copied, /loyalties/i);
    }
    await shopper.assertAccessible();

    await shopper.press(PAY);
    await verifyAtBank(shopper);
    await paidAs(shopper);
    const callback = page.locator('.call.callback').first();
    await callback.waitFor();
    assert.match(await callback.locator('summary').innerText(), /imza doğru/);
    await callback.locator('summary').click();
    const [, expected, , received] = (await callback.locator('pre').last().textContent()).trim().split('\n');
    assert.match(expected, /^[0-9a-f]{64}$/);
    assert.equal(received, expected);
    await page.locator('.call.webhook').first().waitFor();
    assert.match(await page.locator('.call.webhook summary').first().innerText(), /imza doğru/);
    await shopper.assertAccessible();
  });

  test('says beside the field what is wrong, and what to do after a refusal', async () => {
    const shopper = await stage.visitor();
    const { page } = shopper;
    await checkOut(shopper, 'book');
    await fillCard(shopper, '4043080000000004');
    const answer = await shopper.press(PAY);
    assert.ok(answer.status() >= 400);
    assert.equal(await page.getAttribute('#number', 'aria-invalid'), 'true');
    assert.ok((await page.locator('#number-error').innerText()).length > 5);
    assert.equal(await page.inputValue('#cvc'), '', 'the code is never shown again');
    await shopper.assertAccessible();
    await fillCard(shopper, '5100050000006661');
    await shopper.press(PAY);
    await page.locator('.note.bad').first().waitFor();
    assert.match(await shopper.text(), /NOT_SUFFICIENT_FUNDS/);
    await fillCard(shopper, YAPI_KREDI);
    await shopper.press(PAY);
    await paidAs(shopper);
  });
});
