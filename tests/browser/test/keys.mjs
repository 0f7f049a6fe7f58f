// Key rotation in the panel while the official client keeps paying, with the old key and then the
// new one: no request is refused on the way.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditLog } from '../lib/panel.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

/** A shop that pays one small amount after the other with whatever client it has now. */
class BusyShop {
  paid = [];
  refused = [];
  #stopped = false;

  constructor(client) {
    this.client = client;
    this.ended = this.#run();
  }

  async #run() {
    while (!this.#stopped) {
      const { client } = this;
      try {
        const payment = await client.payment().createPayment(order());
        this.paid.push({ client, status: payment.paymentStatus });
      } catch (error) {
        this.refused.push(`${error.getErrorCode?.() ?? ''} ${error.message}`);
      }
    }
  }

  /** Waits for so many payments more with the client of now. */
  more(count) {
    const { client } = this;
    const already = this.paid.filter((one) => one.client === client).length;
    return eventually(`${count} more payments`, () => (
      this.refused.length > 0 || this.paid.filter((one) => one.client === client).length >= already + count));
  }

  async stop() {
    this.#stopped = true;
    await this.ended;
  }
}

function order() {
  return {
    price: 12.5, paidPrice: 12.5, walletPrice: 0, installment: 1, conversationId: randomUUID(), currency: 'TRY',
    paymentGroup: 'PRODUCT', items: [{ name: 'Simit', price: 12.5, externalId: randomUUID() }],
    card: { cardHolderName: 'Haluk Demir', cardNumber: '5258640000000001', expireYear: '2044', expireMonth: '07', cvc: '000' },
  };
}

describe('API keys', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  function clientWith(apiKey, secretKey) {
    return new Craftgate.Client({ apiKey, secretKey, baseUrl: stage.gateway, language: 'en' });
  }

  async function made(developer) {
    const { page } = developer;
    return [await page.locator('#made-key').innerText(), await page.locator('#made-secret').innerText()];
  }

  test('are rotated while the official client pays with the old and then the new one', async () => {
    const developer = await stage.staff('DEVELOPER');
    const { page } = developer;
    const shop = new BusyShop(clientWith('api-key', 'secret-key'));
    await shop.more(2);
    await developer.go('/panel/keys');
    const row = page.locator('li', { hasText: 'api-key' });
    await developer.unfold('Yenile', row);
    await row.locator('select[name=overlap]').selectOption('24');
    await developer.press(row.locator('form[action$="/rotate"] button'));
    const [key, secret] = await made(developer);
    await developer.assertAccessible();
    // Both count during the overlap.
    await shop.more(2);
    shop.client = clientWith(key, secret);
    await shop.more(2);

    await developer.go('/panel/keys');
    assert.match(await row.innerText(), /süresi doluyor/);
    await developer.unfold('İptal et', row);
    await developer.press(row.locator('form[action$="/revoke"] button'));
    await shop.more(2);
    await shop.stop();
    assert.deepEqual(shop.refused, []);
    assert.ok(shop.paid.every((one) => one.status === 'SUCCESS'));
    await assert.rejects(clientWith('api-key', 'secret-key').payment().createPayment(order()));

    // The secret was shown once; neither the list nor the audit log knows it.
    await developer.go('/panel/keys');
    assert.ok(!(await page.content()).includes(secret));
    const owner = await stage.staff('OWNER');
    const log = await auditLog(owner);
    assert.ok(log.some((entry) => entry.action === 'key.rotate' && entry.actor === 'gelistirici@galata.example'));
    assert.ok(log.some((entry) => entry.action === 'key.revoke'));
    assert.ok(!JSON.stringify(log).includes(secret));
  });
});
