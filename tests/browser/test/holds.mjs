// Pre-authorisations in the panel: what is held is told apart from what was taken, captured and released.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { plain } from '../lib/browser.mjs';
import { Stage } from '../lib/stage.mjs';

const YAPI_KREDI = '5258640000000001';

describe('holds', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Holds 100 lira; answers the payment's id. */
  async function hold() {
    const client = new Craftgate.Client({ apiKey: 'api-key', secretKey: 'secret-key', baseUrl: stage.gateway });
    const made = await client.payment().createPayment({
      price: 100, paidPrice: 100, walletPrice: 0, installment: 1, currency: 'TRY', paymentPhase: 'PRE_AUTH',
      paymentGroup: 'LISTING_OR_SUBSCRIPTION', items: [{ name: 'Stay', price: 100 }],
      card: { cardHolderName: 'Işıl Öztürk', cardNumber: YAPI_KREDI, expireYear: '2044', expireMonth: '07', cvc: '000' },
    });
    return String(made.id);
  }

  const GIVE_BACK = 'section[aria-labelledby=refunds] form[action$="/refund"]';

  for (const [language, width, dark] of [['tr', 360, false], ['en', 1280, true]]) {
    test(`are told, captured and released: ${language}, ${width} px`, async () => {
      const owner = await stage.staff('OWNER', { language, width, height: 800, dark });
      const { page } = owner;
      const look = async () => { await owner.assertFits(); await owner.assertAccessible(); };
      const [taken, released] = [await hold(), await hold()];
      await owner.go('/panel/payments');
      assert.match(await page.locator('tbody tr', { hasText: taken }).innerText(), /Bloke; henüz çekilmedi|Held, not taken yet/);

      await owner.go(`/panel/payments/${taken}`);
      await owner.unfold(/Tahsil et|^Capture$/);
      await page.fill('#capture', '1,5x');
      await owner.press('form[action$="/capture"] button');
      assert.match(await page.locator('#capture-wrong').innerText(), /\S/);
      await look();
      await page.fill('#capture', '60,50');
      await owner.press('form[action$="/capture"] button');
      assert.match(plain(await owner.text()), /Ön provizyon tahsil edildi|The pre-authorisation was captured/);
      assert.equal(await page.locator('#item').count(), 1, 'what was taken goes back item by item');
      await look();

      await owner.go(`/panel/payments/${released}`);
      assert.equal(await page.locator('#item').count(), 0, 'a hold is released whole');
      await owner.unfold(/Blokeyi kaldır|Release the hold/);
      await look();
      await owner.press(`${GIVE_BACK} button`);
      assert.match(await page.locator('.done-box').innerText(), /Bloke kaldırıldı\.|The hold was released\./);
      await look();
    });
  }

  test('offer nothing while a capture is in doubt', async () => {
    const owner = await stage.staff('OWNER');
    await owner.go(`/panel/payments/${await hold()}`);
    await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    await stage.bank.fault({ bank: 'posnet', operation: 'capture', fault: { kind: 'lose_reply' } });
    await owner.unfold('Tahsil et');
    await owner.press('form[action$="/capture"] button');
    assert.match(await owner.page.locator('.error-box').first().innerText(), /kesin cevap gelmedi/);
    assert.equal(await owner.page.locator(`${GIVE_BACK}, form[action$="/capture"]`).count(), 0);
    await owner.unfold('Elle sonuca bağla');
    assert.match(await owner.page.locator('.now').innerText(), /tutar hâlâ bloke/);
    await owner.assertAccessible();
  });
});
