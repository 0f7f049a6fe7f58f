// 3D Secure: the bank's page, the callback as the client verifies it, completion.
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
async function verify(number, more = {}) {
  const body = payment(100, card(number), more);
  const callbackUrl = stage.shop.callbackUrl(body.conversationId);
  const begun = await payments.init3DSPayment({ ...body, callbackUrl });
  assert.ok(begun.paymentId);
  assert.equal(begun.paymentStatus, 'INIT_THREEDS');
  await show(begun.htmlContent);
  const [callback] = stage.shop.callbacks(callbackUrl);
  return { body, id: begun.paymentId, callback };
}

const complete = (id) => payments.complete3DSPayment({ paymentId: id });
const firstHash = (callback) => payments.is3DSecureCallbackVerified(CALLBACK_KEY, callback);
const statusOf = async (id) => (await payments.retrievePayment(id)).paymentStatus;

describe('a payment with 3DS', () => {
  for (const [bank, number] of [
    ['Garanti', GARANTI], ['Yapı Kredi', YKB], ['İş Bankası', '4183420000000001'], ['Ziraat', '4132260000000003'],
    ['Halkbank', '5528790000000008'], ['TEB', '4024580000000005'], ['ING', '5400240000000007'],
    ['QNB', '4022770000000004'], ['Akbank', '5209320000000000'], ['VakıfBank', '4426710000000002'],
    ['Kuveyt Türk', '5125950000000005'], ['Vakıf Katılım', '4837030000000008'], ['DenizBank', '4086250000000000'],
  ]) {
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

    test(`at ${bank} in instalments charges them`, async () => {
      const { id } = await verify(number, { installment: 4 });
      const made = await complete(id);
      assert.equal(made.installment, 4);
      assert.equal(Number((await stage.orderOf(made)).instalments), 4);
    });

  }

  /** Whether the 3DS page of Garanti's POS sells by itself. */
  async function setModel(model) {
    const { items } = await stage.client.merchant().searchMerchantPos({ currency: 'TRY' });
    const pos = items.find((one) => one.posIntegrator === 'GARANTI');
    await stage.galata('pos', 'edit', '--merchant', stage.merchantId, '--id', String(pos.id), '--threeds-model', model);
    // A server is at most a second behind what a command changed.
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }

  test('is told by the page of a POS that is set so', async () => {
    await setModel('pay');
    assert.equal((await verify(GARANTI)).callback.completeStatus, 'COMPLETED');
  });

  for (const version of [1, 2]) {
    test(`whose page sells by itself is over with its callback of version ${version}`, async () => {
      const { id, callback } = await verify(GARANTI, { additionalParams: { threeDSCallbackVersion: version } });
      assert.deepEqual([callback.status, callback.completeStatus, callback.paymentId], ['SUCCESS', 'COMPLETED', String(id)]);
      if (version === 1) assert.ok(await firstHash(callback));
      else assert.ok(isSecondHashVerified(callback) && callback.mdStatus === '1');
      const read = await payments.retrievePayment(id);
      assert.deepEqual([read.paymentStatus, read.currency], ['SUCCESS', 'TRY']);
      assert.equal((await complete(id)).paymentStatus, 'SUCCESS');
      assert.equal((await stage.orderOf(read)).captured, 10_000);
      const told = await stage.shop.webhook(id, 'API_VERIFY_AND_AUTH');
      assert.ok(told.verified && told.status === 'SUCCESS');
      assert.deepEqual(stage.shop.webhooks(id).map((event) => event.eventType), ['API_VERIFY_AND_AUTH']);
    });
  }

  test('whose page sells by itself tells a failure by callback and completion', async () => {
    const { id, callback } = await verify('5115830000006669');
    assert.deepEqual([callback.status, callback.completeStatus], ['FAILURE', 'COMPLETED']);
    assert.ok(await firstHash(callback));
    assertBrokenRule(await refusal(complete(id)), 422);
    const declined = await verify('5100050000006661');
    assert.equal(declined.callback.status, 'FAILURE');
    assertGroup(await refusal(complete(declined.id)), 'NOT_SUFFICIENT_FUNDS');
    await setModel('model');
  });

  test('of an unknown id cannot be completed', async () => {
    assertBrokenRule(await refusal(complete(1)), 404);
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

  test('5117580000006668 at Garanti, whose page refuses it, fails', async () => {
    const { items } = await stage.client.merchant().searchMerchantPos({});
    const garanti = items.find((pos) => pos.posIntegrator === 'GARANTI');
    const { id, callback } = await verify('5117580000006668', { posAlias: garanti.alias });
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
