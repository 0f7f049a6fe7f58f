// The pages of the simulated banks: accessible in both languages and on a phone, and every choice
// of the tester ends as it says.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { applyForLoan, atBank, checkOut, comesTo, fillCard, paidAs, PAY } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

const CARDS = { 'Yapı Kredi': '5258640000000001', 'Garanti BBVA': '5209220000000002' };

describe('bank pages', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  async function atThreeds(visitor, number) {
    const order = await checkOut(visitor, 'book');
    await fillCard(visitor, number, { threeds: true });
    await visitor.press(PAY);
    return order;
  }

  for (const [language, width, dark] of [['tr', 360, false], ['en', 1280, true]]) {
    test(`are accessible and fit: ${language}, ${width} px, ${dark ? 'dark' : 'light'}`, async () => {
      const shopper = await stage.visitor({ language, width, dark, height: 800 });
      const look = async () => {
        assert.equal(await shopper.page.getAttribute('html', 'lang'), language);
        await shopper.assertFits();
        await shopper.assertAccessible();
      };
      for (const number of Object.values(CARDS)) {
        await atThreeds(shopper, number);
        await look();
        await shopper.context.clearCookies();
      }
      for (const [code, months] of [['064', 6], ['046', 6], ['032', 6], ['103', 6], ['134', undefined]]) {
        await applyForLoan(shopper, code, months);
        await look();
        await shopper.context.clearCookies();
      }
    });
  }

  for (const [bank, number] of Object.entries(CARDS)) {
    test(`of ${bank}: a wrong password may be mended, half verification and decline end the payment`, async () => {
      const shopper = await stage.visitor();
      const { page } = shopper;
      await atThreeds(shopper, number);
      await page.fill('#otp', '000000');
      await shopper.press(page.locator('button[value=confirm]').first());
      assert.match(await page.getAttribute('#otp', 'aria-describedby'), /attempt|error|otp-/);
      await page.fill('#otp', '123456');
      await shopper.press(page.locator('button[value=confirm]').first());
      await page.waitForURL(/\/shop\/orders\//);
      await paidAs(shopper);
      for (const action of ['decline', 'md:4', 'cancel']) {
        await atThreeds(shopper, number);
        await shopper.press(page.locator(`button[name=action][value="${action}"]`).first());
        await page.waitForURL(/\/shop\/orders\//);
        await page.locator('.note.bad').first().waitFor();
      }
      // What proves nothing changes nothing, and the shopper finds the way to the shop.
      await atThreeds(shopper, number);
      await shopper.press(page.locator('button[name=action][value=wrong_hash]').first());
      await page.waitForURL(/\/pages\/3ds-return\//);
      await page.locator('main a').first().waitFor();
    });
  }

  test('of loans: the shopper goes back undecided and comes again', async () => {
    const shopper = await stage.visitor();
    const order = await applyForLoan(shopper, '064', 6);
    await atBank(shopper, 'close');
    await shopper.go(`/shop/orders/${order}`);
    await shopper.press(shopper.page.locator(`a[href="/shop/orders/${order}/bank"]`).first());
    await atBank(shopper, 'approve');
    await comesTo(shopper, 'paid');
  });

  test('of loans: told twice, told late or never, the shop ends with one paid order', async () => {
    for (const action of ['twice', 'late:', 'no_notice']) {
      const shopper = await stage.visitor({ expected: /frame-ancestors/ });
      await applyForLoan(shopper, '064', 6);
      await shopper.press(shopper.page.locator(`button[name=action][value^="${action}"]`).first());
      await shopper.page.waitForURL(/\/shop\/orders\//);
      await comesTo(shopper, 'paid');
    }
    const loans = await stage.bank.loans();
    assert.equal(loans.filter((loan) => loan.state === 'disbursed').length, 4);
  });
});
