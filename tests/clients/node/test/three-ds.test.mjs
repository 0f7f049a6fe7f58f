// 3D Secure: the bank's page, both versions of the callback, completion.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { show } from '../lib/browser.mjs';
import { failing } from '../lib/cards.mjs';
import { CALLBACK_KEY, isSecondHashVerified } from '../lib/shop.mjs';
import { assertBrokenRule, assertGroup, card, payment, refusal, Stage } from '../lib/stage.mjs';

let stage;
let payments;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
});
afterEach(() => stage.bank.forgetFaults());
after(() => stage?.close());

const GARANTI = '5209220000000002';
const YKB = '5258640000000001';

/** Begins a payment and walks through the bank's page; answers what the shop was told. */
async function verify(number, { how, more = {}, price = 100, version } = {}) {
  const body = payment(price, typeof number === 'string' ? card(number) : number, more);
  const callbackUrl = stage.shop.callbackUrl(body.conversationId);
  const additionalParams = version && { threeDSCallbackVersion: version };
  const begun = await payments.init3DSPayment({ ...body, callbackUrl, additionalParams });
  assert.ok(begun.paymentId);
  assert.equal(begun.paymentStatus, 'INIT_THREEDS');
  await show(begun.htmlContent, how);
  const callbacks = stage.shop.callbacks(callbackUrl);
  return { body, begun, id: begun.paymentId, callbacks, callback: callbacks[0] };
}

const complete = (id) => payments.complete3DSPayment({ paymentId: id });
const firstHash = (callback) => payments.is3DSecureCallbackVerified(CALLBACK_KEY, callback);
const statusOf = async (id) => (await payments.retrievePayment(id)).paymentStatus;

describe('a payment with 3DS', () => {
  for (const [bank, number] of [['Garanti', GARANTI], ['Yapı Kredi', YKB]]) {
    test(`at ${bank} takes the money on completion only; its callback is verified by the client`, async () => {
      const { body, id, callback } = await verify(number);
      assert.equal(callback.method, 'POST');
      assert.match(callback.type, /^application\/x-www-form-urlencoded/);
      assert.equal(callback.status, 'SUCCESS');
      assert.equal(callback.completeStatus, 'WAITING');
      assert.equal(callback.paymentId, String(id));
      assert.equal(callback.conversationId, body.conversationId);
      assert.ok(await firstHash(callback), 'version 1');
      assert.equal(await firstHash({ ...callback, status: 'FAILURE' }), false);
      assert.equal(await statusOf(id), 'CALLBACK_THREEDS');
      const before = await stage.bank.orders((await payments.retrievePayment(id)).orderId);
      assert.ok(before.every((order) => order.state !== 'captured'));
      const made = await complete(id);
      assert.equal(made.id, id);
      assert.equal(made.paymentStatus, 'SUCCESS');
      assert.equal(made.isThreeDS, true);
      assert.equal(made.mdStatus, 1);
      const order = await stage.orderOf(made);
      assert.deepEqual([order.state, order.captured, order.threeDS], ['captured', 10_000, true]);
      for (const event of ['THREEDS_VERIFY', 'API_AUTH']) {
        const told = await stage.shop.webhook(id, event);
        assert.equal(told.status, 'SUCCESS');
        assert.ok(told.verified);
      }
    });

    test(`at ${bank} may ask for callback version 2`, async () => {
      const { id, callback } = await verify(number, { version: 2 });
      assert.equal(callback.status, 'SUCCESS');
      assert.equal(callback.mdStatus, '1');
      assert.ok(callback.hashParams.split(':').includes('mdStatus'));
      assert.ok(isSecondHashVerified(callback));
      assert.ok(!isSecondHashVerified({ ...callback, paymentId: '1' }));
      assert.equal((await complete(id)).paymentStatus, 'SUCCESS');
    });

    test(`at ${bank} in instalments charges them`, async () => {
      const { id } = await verify(number, { more: { installment: 4 } });
      const made = await complete(id);
      assert.equal(made.installment, 4);
      assert.equal(Number((await stage.orderOf(made)).instalments), 4);
    });

    test(`at ${bank} that the shopper cancels fails, and cannot be completed`, async () => {
      const { id, callback } = await verify(number, { how: { press: 'cancel' } });
      assert.equal(callback.status, 'FAILURE');
      assert.ok(await firstHash(callback));
      assert.equal(await statusOf(id), 'FAILURE');
      const event = await stage.shop.webhook(id, 'THREEDS_VERIFY');
      assert.equal(event.status, 'FAILURE');
      assertBrokenRule(await refusal(complete(id)), 422);
    });

  }

  test('completed twice is charged once, and answers alike', async () => {
    const { id } = await verify(YKB);
    const [first, second] = await Promise.allSettled([complete(id), complete(id)]);
    const won = [first, second].filter((outcome) => outcome.status === 'fulfilled');
    assert.ok(won.length >= 1);
    const made = await payments.retrievePayment(id);
    assert.equal(made.paymentStatus, 'SUCCESS');
    assert.equal((await stage.orderOf(made)).captured, 10_000);
  });

  test('of an unknown id cannot be completed', async () => {
    assertBrokenRule(await refusal(complete(1)), 404);
  });

  for (const [bank, integrator, number] of [['Garanti', 'garanti', GARANTI], ['Yapı Kredi', 'posnet', YKB]]) {
    test(`at ${bank} whose return comes twice says ALREADY_RETURNED the second time`, async () => {
      await stage.bank.fault({ bank: integrator, operation: 'threeds_page', fault: { kind: 'duplicate_callback' } });
      const { id, callbacks } = await verify(number);
      assert.equal(callbacks.length, 2);
      assert.deepEqual(callbacks.map((one) => one.status).sort(), ['FAILURE', 'SUCCESS']);
      const replayed = callbacks.find((one) => one.status === 'FAILURE');
      assert.equal(replayed.callbackStatus, 'ALREADY_RETURNED');
      for (const one of callbacks) assert.ok(await firstHash(one));
      assert.equal((await complete(id)).paymentStatus, 'SUCCESS');
    });

  }

  test('with a stored card never shows the number to the shop', async () => {
    const number = GARANTI;
    const { cardUserKey, cardToken } = await payments.storeCard({ cardHolderName: 'Haluk Demir', cardNumber: number, expireYear: '2044', expireMonth: '07' });
    const { id, begun } = await verify({ cardUserKey, cardToken });
    assert.ok(!Buffer.from(begun.htmlContent, 'base64').toString('utf8').includes(number));
    const made = await complete(id);
    assert.equal(made.paidWithStoredCard, true);
    assert.equal(made.paymentStatus, 'SUCCESS');
  });
});

describe('a published card with 3DS', () => {
  for (const { pan, error_group: group } of failing('3ds').filter((row) => row.error_group && row.error_group !== 'THREEDS_INIT_ERROR')) {
    test(`${pan} is verified and ends in ${group}`, async () => {
      const { id, callback } = await verify(pan);
      assert.equal(callback.status, 'SUCCESS');
      assertGroup(await refusal(complete(id)), group);
      const read = await payments.retrievePayment(id);
      assert.equal(read.paymentStatus, 'FAILURE');
      assert.equal(read.paymentError.errorGroup, group);
      assert.equal((await stage.shop.webhook(id, 'API_AUTH')).status, 'FAILURE');
    });
  }

  test('5115830000006669 comes back with mdStatus 0 and cannot be completed', async () => {
    const { id, callback } = await verify('5115830000006669', { version: 2 });
    assert.equal(callback.status, 'FAILURE');
    assert.equal(callback.mdStatus, '0');
    assertBrokenRule(await refusal(complete(id)), 422);
  });

  test('5117580000006668 is refused at the beginning', async () => {
    const { items } = await stage.client.merchant().searchMerchantPos({});
    const ykb = items.find((pos) => pos.posIntegrator === 'YKB');
    const body = payment(100, card('5117580000006668'), { posAlias: ykb.alias });
    const told = await refusal(payments.init3DSPayment({ ...body, callbackUrl: stage.shop.callbackUrl('init-error') }));
    assertGroup(told, 'THREEDS_INIT_ERROR');
    const [stored] = await stage.paymentsOf(body.conversationId);
    assert.equal(stored.paymentStatus, 'FAILURE');
  });

  test('5117580000006668 at Garanti, whose page refuses it, fails', async () => {
    const { items } = await stage.client.merchant().searchMerchantPos({});
    const garanti = items.find((pos) => pos.posIntegrator === 'GARANTI');
    const { id, callback } = await verify('5117580000006668', { more: { posAlias: garanti.alias } });
    assert.equal(callback.status, 'FAILURE');
    assert.equal(await statusOf(id), 'FAILURE');
  });

  for (const number of ['5209320000006668', '5342530000006660']) {
    test(`${number}, which fails without 3DS, succeeds with it`, async () => {
      const { id } = await verify(number);
      assert.equal((await complete(id)).paymentStatus, 'SUCCESS');
    });
  }
});
