// Money back from the panel: a part, the rest with its points, a refusal, and an answer that was lost.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { plain } from '../lib/browser.mjs';
import { fact } from '../lib/panel.mjs';
import { buyByCard } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const POINTS_CARD = '4048090000000007';
const CARD = '5258640000000001';
const NOT_REFUNDABLE = '5288250000006661';

describe('money back', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Buys by card, and opens the payment's page. */
  async function pay(card, options = {}) {
    const shopper = await stage.visitor();
    const { payment } = await buyByCard(shopper, card, options);
    const owner = await stage.staff('OWNER', options);
    await owner.go(`/panel/payments/${payment}`);
    return { owner, payment };
  }

  /** What the bank has of the open payment. */
  async function order(owner) {
    const [found] = await stage.bank.orders(await fact(owner, 'Banka sipariş no'));
    return found;
  }

  /** Opens the form, fills it in, and says yes. */
  async function giveBack(owner, { amount } = {}) {
    await owner.unfold('İade et');
    if (amount) {
      await owner.page.selectOption('#item', { index: 1 });
      await owner.page.fill('#amount', amount);
    }
    return owner.press('form[action$="/refund"] button');
  }

  const rows = (owner) => owner.page.locator('section[aria-labelledby=refunds] tbody tr');

  test('goes back in part, then the rest, and the bank has given all of it', async () => {
    const { owner } = await pay(POINTS_CARD, { points: true });
    await stage.bank.closeDay();
    await giveBack(owner, { amount: '10,0o' });
    assert.match(await owner.page.locator('#amount-wrong').innerText(), /\S/);
    assert.equal(await rows(owner).count(), 0);
    await owner.assertAccessible();
    await giveBack(owner, { amount: '10,00' });
    assert.equal(await owner.page.locator('.done-box').innerText(), 'İade edildi.');
    assert.match(plain(await rows(owner).first().innerText()), /10,00 ₺/);
    assert.equal((await order(owner)).refunded, 1000);
    await giveBack(owner);
    assert.equal(await rows(owner).count(), 2);
    const { refunded, captured } = await order(owner);
    assert.equal(refunded, captured);
    assert.equal(await owner.page.locator('form[action$="/refund"]').count(), 0, 'nothing is left to give back');
    await owner.assertAccessible();
  });

  test('is a cancellation on the day of the sale', async () => {
    const { owner } = await pay(CARD);
    await giveBack(owner);
    assert.equal(await owner.page.locator('.done-box').innerText(), 'İade edildi.');
    assert.match(await rows(owner).first().innerText(), /İptal/);
    assert.equal((await order(owner)).state, 'voided');
  });

  test('tells the bank\'s refusal, and what was sold stays sold', async () => {
    const { owner } = await pay(NOT_REFUNDABLE);
    await stage.bank.closeDay();
    await giveBack(owner);
    assert.match(await owner.page.locator('.error-box').innerText(), /İade yapılmadı/);
    assert.match(await rows(owner).first().innerText(), /Ödeme iade edilemez durumda|iade edilemez/);
    assert.equal((await order(owner)).refunded, 0);
    await owner.assertAccessible();
  });

  test('is in doubt when the bank\'s answer was lost, and is settled by asking', async () => {
    const { owner } = await pay(CARD);
    await stage.bank.closeDay();
    await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' } });
    await giveBack(owner);
    assert.match(await owner.page.locator('.error-box').innerText(), /bankaya gönderilmedi/);
    assert.equal(await rows(owner).count(), 0);

    await stage.bank.fault({ bank: 'posnet', operation: 'refund', fault: { kind: 'lose_reply' } });
    await giveBack(owner);
    assert.match(await owner.page.locator('.error-box').innerText(), /kesin cevap gelmedi/);
    assert.equal(await owner.page.locator('form[action$="/refund"]').count(), 0, 'nothing else is given back meanwhile');
    await owner.assertAccessible();
    await owner.press('form[action$="/refund-inquire"] button');
    await eventually('the refund', async () => {
      await owner.page.reload();
      return (await owner.page.locator('form[action$="/refund-inquire"]').count()) === 0;
    });
    const { refunded, captured } = await order(owner);
    assert.equal(refunded, captured);
  });

  test('fits a phone', async () => {
    for (const language of ['tr', 'en']) {
      const { owner } = await pay(CARD, { language, width: 360, height: 740 });
      await owner.page.locator('section[aria-labelledby=refunds] summary').click();
      await owner.assertFits();
      await owner.assertAccessible();
      if (process.env.GALATA_LOOK) await owner.page.locator('section[aria-labelledby=refunds]').screenshot({ path: `${process.env.GALATA_LOOK}/refund-${language}.png` });
    }
  });

  test('is not offered to who only reads', async () => {
    const { payment } = await pay(CARD);
    const reader = await stage.staff('READ_ONLY');
    await reader.go(`/panel/payments/${payment}`);
    assert.equal(await reader.page.locator('form[action$="/refund"]').count(), 0);
  });
});
