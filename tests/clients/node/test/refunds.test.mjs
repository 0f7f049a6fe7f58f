// Money back: whole payments, items, marks, and payments that wait.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { failing } from '../lib/cards.mjs';
import { assertBrokenRule, assertGroup, card, payment, refusal, Stage } from '../lib/stage.mjs';

const YKB = '5258640000000001';
let stage;
let payments;
let reports;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
  reports = stage.client.paymentReporting();
});
after(() => stage?.close());

const paid = (price = 100, number = YKB) => payments.createPayment(payment(price, card(number)));

test('a payment of today is cancelled, and told by webhook', async () => {
  const made = await paid();
  const refund = await payments.refundPayment({ paymentId: made.id, conversationId: 'back-1', refundDestinationType: 'PROVIDER', chargeFromMe: false });
  assert.equal(refund.status, 'SUCCESS');
  assert.equal(refund.refundType, 'CANCEL');
  assert.equal(refund.refundPrice, 100);
  assert.equal(refund.conversationId, 'back-1');
  assert.deepEqual(refund.paymentTransactionRefunds, []);
  assert.deepEqual(await payments.retrievePaymentRefund(refund.id), refund);
  assert.equal((await stage.orderOf(made)).state, 'voided');
  const report = await reports.retrievePayment(made.id);
  assert.deepEqual([report.refundStatus, report.refundablePrice], ['FULLY_REFUNDED', 0]);
  assert.equal(report.refunds[0].id, refund.id);
  const event = await stage.shop.webhook(refund.id, 'REFUND');
  assert.ok(event.verified);
});

test('items go back in parts once the day is closed, then what is left', async () => {
  const made = await paid();
  await stage.bank.closeDay();
  const [first, second] = made.paymentTransactions.map((item) => item.id);
  const part = await payments.refundPaymentTransaction({ paymentTransactionId: first, refundPrice: 12.5 });
  assert.equal(part.status, 'SUCCESS');
  assert.equal(part.refundPrice, 12.5);
  assert.equal(part.paymentTransactionId, first);
  assert.deepEqual(await payments.retrievePaymentTransactionRefund(part.id), part);
  const marked = await payments.refundPaymentTransactionMarkAsRefunded({ paymentTransactionId: second, refundPrice: 7.5 });
  assert.equal(marked.status, 'SUCCESS');
  assertBrokenRule(await refusal(payments.refundPaymentTransaction({ paymentTransactionId: second, refundPrice: 42.51 })), 422);
  const rest = await payments.refundPayment({ paymentId: made.id });
  assert.equal(rest.refundType, 'REFUND');
  assert.equal(rest.refundPrice, 80);
  assert.deepEqual(rest.paymentTransactionRefunds.map((one) => one.refundPrice), [37.5, 42.5]);
  assert.equal((await stage.orderOf(made)).refunded, 9_250);
  const event = await stage.shop.webhook(part.id, 'REFUND_TX');
  assert.ok(event.verified);
});

test('refunds are listed by payment, by item and by search', async () => {
  const made = await paid();
  await stage.bank.closeDay();
  const [first] = made.paymentTransactions.map((item) => item.id);
  const part = await payments.refundPaymentTransaction({ paymentTransactionId: first, refundPrice: 12.5, conversationId: 'list-part' });
  const rest = await payments.refundPayment({ paymentId: made.id, conversationId: 'list-rest' });
  const ids = (list) => list.items.map((one) => one.id);
  // What was given back of items has no id in its own answer, and one in reports.
  assert.equal(rest.id, undefined);
  const both = await reports.retrievePaymentRefunds(made.id);
  assert.deepEqual(both.items.map((one) => one.refundPrice).sort(), [12.5, 87.5]);
  const { id } = both.items.find((one) => one.refundPrice === 87.5);
  const ofItem = await reports.retrievePaymentTransactionRefunds(made.id, first);
  assert.deepEqual(ofItem.items.map((one) => one.refundPrice).sort(), [12.5, 37.5]);
  const found = await reports.searchPaymentRefunds({
    page: 0, size: 10, id, paymentId: made.id, conversationId: 'list-rest', status: 'SUCCESS', currency: 'TRY',
    minRefundPrice: 87.5, maxRefundPrice: 87.5, minCreatedDate: new Date(Date.now() - 600_000), maxCreatedDate: new Date(Date.now() + 600_000),
  });
  assert.deepEqual([found.totalSize, ids(found)], [1, [id]]);
  const items = { paymentId: made.id, paymentTransactionId: first, status: 'SUCCESS', currency: 'TRY', isAfterSettlement: false, page: 0, size: 10 };
  assert.equal((await reports.searchPaymentTransactionRefunds(items)).totalSize, 2);
  assert.deepEqual(ids(await reports.searchPaymentTransactionRefunds({ ...items, id: part.id })), [part.id]);
  assert.equal((await reports.searchPaymentTransactionRefunds({ ...items, minRefundPrice: 40 })).totalSize, 0);
});

test('a payment is marked as refunded', async () => {
  const made = await paid();
  const marked = await payments.refundPaymentMarkAsRefunded({ paymentId: made.id });
  assert.deepEqual(marked.items.map((one) => one.refundPrice), [50, 50]);
  assert.equal((await stage.orderOf(made)).state, 'captured');
});

test('a payment that waits is ended', async () => {
  await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'lose_reply' } });
  const told = await refusal(payments.createPayment(payment(100, card(YKB))));
  assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
  const ended = await payments.refundWaitingPayment({ paymentId: told.paymentId });
  assert.equal(ended.status, 'SUCCESS');
  assert.equal((await payments.retrievePayment(told.paymentId)).paymentStatus, 'FAILURE');
});

test('every published card whose refund fails says why', async () => {
  // One of them fails as a sale already.
  const unsold = failing('sale').map((row) => row.pan);
  for (const { pan, error_group: group } of failing('refund').filter((row) => !unsold.includes(row.pan))) {
    const made = await paid(100, pan);
    assertGroup(await refusal(payments.refundPayment({ paymentId: made.id })), group);
  }
});
