// Pre-authorisations: held, captured, cancelled.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertBrokenRule, assertGroup, card, payment, refusal, Stage } from '../lib/stage.mjs';

const YKB = '5258640000000001';
const CAPTURE_FAILS = '4043150000006662';
let stage;
let payments;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
});
after(() => stage?.close());

const held = (price = 100, number = YKB) => payments.createPayment(
  payment(price, card(number), { paymentPhase: 'PRE_AUTH', paymentGroup: 'LISTING_OR_SUBSCRIPTION' }));

test('an amount is held, and a smaller one captured', async () => {
  const made = await held();
  assert.deepEqual([made.paymentStatus, made.paymentPhase], ['SUCCESS', 'PRE_AUTH']);
  assert.equal((await stage.orderOf(made)).state, 'held');
  const taken = await payments.postAuthPayment(made.id, { paidPrice: 80.5 });
  assert.deepEqual([taken.id, taken.paymentPhase, taken.paidPrice], [made.id, 'POST_AUTH', 80.5]);
  assert.equal((await stage.orderOf(made)).captured, 8050);
  assertBrokenRule(await refusal(payments.postAuthPayment(made.id, { paidPrice: 1 })), 422);
});

test('a capture that the bank refuses leaves the hold, which is cancelled', async () => {
  const made = await held(100, CAPTURE_FAILS);
  assertBrokenRule(await refusal(payments.postAuthPayment(made.id, { paidPrice: 150.01 })), 422);
  assertGroup(await refusal(payments.postAuthPayment(made.id, { paidPrice: 100 })), 'INVALID_TRANSACTION');
  const back = await payments.refundPayment({ paymentId: made.id });
  assert.deepEqual([back.status, back.refundType, back.refundPrice], ['SUCCESS', 'CANCEL', 100]);
  assert.equal((await stage.orderOf(made)).state, 'voided');
});
