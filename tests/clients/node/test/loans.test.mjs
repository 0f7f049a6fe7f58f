// Shopping loans: offers, applications at the five banks, and how their results are told.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { announced, apply, application, assertCallback, atLender, line, offerRequest, sum } from '../lib/loans.mjs';
import { eventually } from '../lib/shop.mjs';
import { assertBrokenRule, assertGroup, refusal, Stage } from '../lib/stage.mjs';

let stage;
let payments;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
});
afterEach(() => stage.bank.forgetFaults());
after(() => stage?.close());

const read = (id) => stage.client.paymentReporting().retrievePayment(id);
const statusOf = async (id) => (await read(id)).paymentStatus;

describe('offers', () => {
  test('list the five banks with plans that repay the loan', async () => {
    const cart = [line('FURNITURE', 3000, 2), line('OTHER', 4000)];
    const offers = await payments.retrieveBnplOffers(offerRequest(cart));
    assert.ok(offers.offerId);
    assert.equal(offers.price, 10_000);
    assert.deepEqual(offers.bankOffers.map((offer) => offer.bankCode), ['064', '046', '032', '103', '134']);
    for (const offer of offers.bankOffers) {
      assert.ok(offer.bankName);
      for (const plan of offer.bankOfferTerms) {
        assert.ok(plan.term >= 1 && plan.interestRate > 0 && plan.annualInterestRate > plan.interestRate);
        assert.ok(plan.totalAmount >= 10_000, `${offer.bankCode}: ${plan.totalAmount}`);
        assert.equal(Math.round(plan.amount * plan.term * 100), Math.round(plan.totalAmount * 100));
      }
    }
  });

  test('leave out banks that do not lend the amount', async () => {
    const { bankOffers } = await payments.retrieveBnplOffers(offerRequest([line('OTHER', 300)]));
    assert.deepEqual(bankOffers.map((offer) => offer.bankCode), ['032']);
  });
});

describe('a bank that approves by itself', () => {
  test('ends the payment, told by callback and webhook', async () => {
    const loan = await apply(stage, '064');
    assertCallback(loan.callback, loan, 'SUCCESS', 'NONE');
    await announced(stage, loan.id, 'NONE');
    const payment = await read(loan.id);
    assert.equal(payment.paymentStatus, 'SUCCESS');
    assert.equal(payment.paymentType, 'APM');
    assert.equal(payment.paymentProvider, 'MASLAK');
    assert.equal(payment.price, sum(loan.body.cartItems));
    assert.equal(payment.conversationId, loan.body.conversationId);
    const standing = await atLender(stage, loan.begun);
    assert.equal(standing.state, 'disbursed');
    assert.equal(standing.bankCode, '064');
    assert.equal(standing.amount, payment.price * 100);
    const verified = await payments.verifyBnplPayment(loan.id);
    assert.equal(verified.paymentStatus, 'SUCCESS');
    assert.equal(verified.responseStatus, 'APPROVED');
    assert.equal(verified.additionalAction, 'NONE');
  });
});

describe('banks that wait for the merchant', () => {
  test('Fibabanka (103) asks for approval; approving twice answers alike', async () => {
    const loan = await apply(stage, '103');
    assertCallback(loan.callback, loan, 'WAITING', 'APPROVAL_REQUIRED');
    await announced(stage, loan.id, 'APPROVAL_REQUIRED');
    assert.equal((await atLender(stage, loan.begun)).state, 'ready');
    const first = await payments.approveBnplPayment(loan.id);
    assert.equal(first.paymentStatus, 'SUCCESS');
    assert.equal(first.id, loan.id);
    await announced(stage, loan.id, 'NONE');
    assert.equal((await atLender(stage, loan.begun)).state, 'disbursed');
    const second = await payments.approveBnplPayment(loan.id);
    assert.deepEqual(second, first);
  });

  test('an unknown payment cannot be approved', async () => {
    assertBrokenRule(await refusal(payments.approveBnplPayment(1)), 404);
  });
});

describe('money back', () => {
  test('of an item in part, and then of what is left, goes through the lender', async () => {
    const loan = await apply(stage, '064');
    const paid = await payments.retrievePayment(loan.id);
    const [item] = paid.paymentTransactions.map((one) => one.id);
    const part = await payments.refundPaymentTransaction({ paymentTransactionId: item, refundPrice: 12.5 });
    assert.deepEqual([part.status, part.refundPrice], ['SUCCESS', 12.5]);
    assert.deepEqual(await payments.retrievePaymentTransactionRefund(part.id), part);
    const rest = await payments.refundPayment({ paymentId: loan.id });
    assert.deepEqual([rest.status, rest.refundType], ['SUCCESS', 'REFUND']);
    const standing = await atLender(stage, loan.begun);
    assert.deepEqual([standing.state, standing.left], ['disbursed', 0]);
    assert.equal((await read(loan.id)).refundStatus, 'FULLY_REFUNDED');
    assert.ok((await stage.shop.webhook(part.id, 'REFUND_TX')).verified);
  });

  test('whose answer is lost is settled by the lender', async () => {
    const loan = await apply(stage, '064');
    await stage.bank.lenderFault({ operation: 'void', fault: { kind: 'lose_reply' } });
    await stage.bank.lenderFault({ operation: 'refund', fault: { kind: 'lose_reply' } });
    const told = await refusal(payments.refundPayment({ paymentId: loan.id }));
    assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
    await eventually('the refund', async () => (await read(loan.id)).refundStatus === 'FULLY_REFUNDED');
    assert.equal((await atLender(stage, loan.begun)).left, 0);
  });

  test('before the approval cancels the loan, by either door', async () => {
    const doors = [
      (paymentId) => payments.refundPayment({ paymentId }),
      (paymentId) => payments.refundWaitingPayment({ paymentId }),
    ];
    for (const giveBack of doors) {
      const loan = await apply(stage, '103');
      assertCallback(loan.callback, loan, 'WAITING', 'APPROVAL_REQUIRED');
      assert.equal((await giveBack(loan.id)).status, 'SUCCESS');
      assert.equal(await statusOf(loan.id), 'FAILURE');
      assert.equal((await atLender(stage, loan.begun)).state, 'cancelled');
      assertGroup(await refusal(payments.approveBnplPayment(loan.id)), 'BNPL_CANCELLED');
    }
  });
});

describe('an application', () => {
  test('that a manual bank rejects after assessing fails by webhook', async () => {
    const loan = await apply(stage, '103', { press: 'assess' });
    assertCallback(loan.callback, loan, 'WAITING', 'WAIT_FOR_WEBHOOK');
    const { orderId } = await atLender(stage, loan.begun);
    await stage.bank.decide(orderId, { decision: 'reject' });
    await announced(stage, loan.id, 'NONE', 'FAILURE');
    assert.equal(await statusOf(loan.id), 'FAILURE');
  });

  test('without buyer data asks for it on the page', async () => {
    const loan = await apply(stage, '032', { request: { additionalParams: { fingate: { totalTerm: 3 } } } });
    assertCallback(loan.callback, loan, 'SUCCESS', 'NONE');
    assert.equal((await atLender(stage, loan.begun)).term, 3);
  });

  test('whose answer is lost waits, and can only lapse', async () => {
    await stage.bank.lenderFault({ operation: 'apply', fault: { kind: 'lose_reply' } });
    const body = application(stage.shop, '064', [line('OTHER', 7000)]);
    const told = await refusal(payments.initBnplPayment(body));
    assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
    const [payment] = await stage.paymentsOf(body.conversationId);
    assert.equal(String(payment.id), String(told.paymentId));
    assert.equal(payment.paymentStatus, 'WAITING');
    const loan = await eventually('the application', async () => (await stage.bank.loans()).find((known) => known.amount === 700_000));
    await stage.bank.decide(loan.orderId, { decision: 'expire' });
    await announced(stage, payment.id, 'NONE', 'FAILURE');
  });

  test('for gold is refused, and nothing is stored as taken', async () => {
    const body = application(stage.shop, '064', [line('GOLD', 5000)]);
    const told = await refusal(payments.initBnplPayment(body));
    assert.equal(told.status, 422);
    const stored = await stage.paymentsOf(body.conversationId);
    assert.ok(stored.every((payment) => payment.paymentStatus === 'FAILURE'));
    assert.ok(!(await stage.bank.loans()).some((loan) => loan.amount === 500_000 && loan.state !== 'rejected'));
  });

  test('longer than the law allows is refused', async () => {
    const more = { additionalParams: { fingate: { totalTerm: 12 } } };
    const body = application(stage.shop, '064', [line('TABLET', 9000)], more);
    const told = await refusal(payments.initBnplPayment(body));
    assertBrokenRule(told, 422);
    assert.deepEqual(await stage.paymentsOf(body.conversationId), []);
  });
});

describe('switches of the merchant', () => {
  const body = () => application(stage.shop, '064', [line('OTHER', 5000)]);

  test('two active definitions of one method must be told apart', async () => {
    const [first] = (await stage.client.merchantApm().retrieveApms()).items;
    const made = await stage.galata('apm', 'create', '--merchant', stage.merchantId, '--type', 'MASLAK',
      '--endpoint', `${stage.sandbox.simulator}/lender`, '--client-id', 'second', '--client-secret', 'secret', '--notification-secret', 'secret');
    const [second] = made.match(/\d{10,}/);
    await stage.galata('apm', 'activate', '--merchant', stage.merchantId, '--id', second);
    try {
      assertBrokenRule(await refusal(payments.initBnplPayment(body())), 422);
      const named = await payments.initBnplPayment({ ...body(), merchantApmId: first.id });
      assert.equal(named.paymentStatus, 'WAITING');
    } finally {
      await stage.galata('apm', 'deactivate', '--merchant', stage.merchantId, '--id', second);
    }
  });
});
