// One stage per test file: a sandbox, a shop, the bank's control, and clients. The helpers speak
// the shop's language: a card, a basket, a cart.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { randomUUID } from 'node:crypto';
import { Bank } from './bank.mjs';
import { startSandbox } from './sandbox.mjs';
import { Shop } from './shop.mjs';

const { Model } = Craftgate;

export class Stage {
  static async open() {
    const stage = new Stage();
    stage.sandbox = await startSandbox();
    stage.shop = await Shop.open();
    stage.bank = new Bank(stage.sandbox.simulator);
    stage.client = stage.clientWith({});
    const [merchant] = JSON.parse(await stage.sandbox.galata('merchant', 'list', '--json'));
    stage.merchantId = String(merchant.id);
    await stage.sandbox.galata('merchant', 'webhook', stage.merchantId, `${stage.shop.url}/webhook`);
    return stage;
  }

  clientWith(options) {
    return new Craftgate.Client({
      apiKey: 'api-key', secretKey: 'secret-key', baseUrl: this.sandbox.gateway, language: 'en', ...options,
    });
  }

  async close() {
    await this.shop?.close();
    await this.sandbox?.stop();
  }

  galata(...args) {
    return this.sandbox.galata(...args);
  }

  /** Payments stored under a conversation id. */
  async paymentsOf(conversationId) {
    return (await this.client.paymentReporting().searchPayments({ conversationId })).items;
  }

  /** The one order at the bank that belongs to a payment. */
  async orderOf(payment) {
    const orders = await this.bank.orders(payment.orderId);
    assert.equal(orders.length, 1, `orders at the bank for ${payment.orderId}`);
    return orders[0];
  }
}

export function newId(prefix = 'order') {
  return `${prefix}-${randomUUID()}`;
}

/** An open card that is valid for years. */
export function card(number, more = {}) {
  return { cardHolderName: 'Haluk Demir', cardNumber: number, expireYear: '2044', expireMonth: '07', cvc: '000', ...more };
}

/** A payment of `price` lira in two items. */
export function payment(price, paidWith, more = {}) {
  const half = Math.round(price * 50) / 100;
  const rest = Math.round((price - half) * 100) / 100;
  return {
    price,
    paidPrice: price,
    walletPrice: 0,
    installment: 1,
    conversationId: newId('conversation'),
    externalId: newId('external'),
    currency: Model.Currency.TRY,
    paymentGroup: Model.PaymentGroup.Product,
    card: paidWith,
    items: [
      { name: 'Item 1', price: half, externalId: newId('item') },
      { name: 'Item 2', price: rest, externalId: newId('item') },
    ],
    ...more,
  };
}

let lastStatus;
// Sees the HTTP status that the client keeps to itself.
diagnostics.subscribe('http.client.response.finish', ({ response }) => {
  lastStatus = response.statusCode;
});

/** The client's own error, with the HTTP status that came with it. */
export async function refusal(promise) {
  try {
    const answer = await promise;
    assert.fail(`expected a refusal, got ${JSON.stringify(answer)}`);
  } catch (error) {
    if (!(error instanceof Craftgate.CraftgateError)) throw error;
    const data = error.getErrorData() ?? {};
    return {
      status: lastStatus,
      code: error.getErrorCode(),
      text: error.getErrorDescription(),
      group: data.errorGroup,
      ...data,
    };
  }
}

/** A refusal of the request itself: a code below 10000, no group. */
export function assertBrokenRule(found, status) {
  assert.equal(found.status, status, JSON.stringify(found));
  assert.ok(Number(found.code) > 0 && Number(found.code) < 10_000, JSON.stringify(found));
  assert.equal(found.group, undefined);
  assert.ok(found.text.length > 0);
}

/** A refusal by the bank or the rules of payments: 422 with a group. */
export function assertGroup(found, group) {
  assert.equal(found.status, 422, JSON.stringify(found));
  assert.equal(found.group, group, JSON.stringify(found));
  assert.ok(Number(found.code) > 10_000, JSON.stringify(found));
}
