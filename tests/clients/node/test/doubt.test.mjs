// A bank that does not answer: the shop is told of doubt, nobody is charged twice, and the ledger
// of the bank agrees with Galata in the end.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { show } from '../lib/browser.mjs';
import { assertGroup, card, payment, refusal, Stage } from '../lib/stage.mjs';

let stage;
let payments;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
});
afterEach(() => stage.bank.forgetFaults());
after(() => stage?.close());

const BANKS = [['garanti', '5209220000000002'], ['posnet', '5258640000000001']];
let kurus = 50_000;
/** An amount that no other payment of this file has. */
const ownAmount = () => (kurus += 1) / 100;
const read = (id) => payments.retrievePayment(id);

for (const [bank, number] of BANKS) {
  test(`${bank}: a completion with 3DS whose answer is lost is completed and announced`, async () => {
    const price = ownAmount();
    const body = payment(price, card(number));
    const begun = await payments.init3DSPayment({ ...body, callbackUrl: stage.shop.callbackUrl(body.conversationId) });
    await show(begun.htmlContent);
    await stage.bank.fault({ bank, operation: 'threeds_finish', match: { amount: Math.round(price * 100) }, fault: { kind: 'lose_reply' } });
    const told = await refusal(payments.complete3DSPayment({ paymentId: begun.paymentId }));
    assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
    assert.equal(String(told.paymentId), String(begun.paymentId));
    const event = await stage.shop.webhook(begun.paymentId, 'API_AUTH');
    assert.equal(event.status, 'SUCCESS');
    const made = await read(begun.paymentId);
    assert.equal(made.paymentStatus, 'SUCCESS');
    const order = await stage.orderOf(made);
    assert.deepEqual([order.state, order.captured], ['captured', Math.round(price * 100)]);
  });

  test(`${bank}: a late answer is doubt, and the sale is voided`, async () => {
    const price = ownAmount();
    await stage.bank.fault({ bank, operation: 'sale', match: { amount: Math.round(price * 100) }, fault: { kind: 'delay', ms: 4000 } });
    const told = await refusal(payments.createPayment(payment(price, card(number))));
    assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
    await stage.shop.webhook(told.paymentId, 'API_AUTH', (event) => event.status === 'FAILURE');
    assert.equal((await stage.orderOf(await read(told.paymentId))).state, 'voided');
  });

}

test('posnet: a declined sale whose answer is lost ends declined, and nothing is voided', async () => {
  const told = await declinedInSilence('posnet', 'YKB');
  await stage.shop.webhook(told.paymentId, 'API_AUTH', (event) => event.status === 'FAILURE');
  const ended = await read(told.paymentId);
  assert.equal(ended.paymentStatus, 'FAILURE');
  assert.ok((await stage.bank.orders(ended.orderId)).every((order) => order.captured === 0));
});

test('garanti: a declined sale whose answer is lost waits on: the bank does not know the order, which proves nothing yet', async () => {
  const told = await declinedInSilence('garanti', 'GARANTI');
  const waiting = await read(told.paymentId);
  assert.equal(waiting.paymentStatus, 'WAITING');
  assert.ok((await stage.bank.orders(waiting.orderId)).every((order) => order.captured === 0));
});

async function declinedInSilence(bank, posIntegrator) {
  const price = ownAmount();
  await stage.bank.fault({ bank, operation: 'sale', match: { amount: Math.round(price * 100) }, fault: { kind: 'lose_reply' } });
  const { items } = await stage.client.merchant().searchMerchantPos({});
  const { alias } = items.find((pos) => pos.posIntegrator === posIntegrator);
  const told = await refusal(payments.createPayment(payment(price, card('5100050000006661'), { posAlias: alias })));
  assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
  return told;
}

test('at the end the banks hold exactly what Galata calls successful', async () => {
  const { items } = await stage.client.paymentReporting().searchPayments({ size: 100, page: 0 });
  const held = items.filter((one) => one.paymentStatus === 'SUCCESS').map((one) => `${one.orderId} ${Math.round(one.paidPrice * 100)}`);
  const orders = (await stage.bank.allOrders()).filter((order) => ['captured', 'settled'].includes(order.state));
  assert.ok(held.length > 0);
  assert.deepEqual(orders.map((order) => order.captured).sort(), held.map((one) => Number(one.split(' ')[1])).sort());
});
