// Shopping loans: offers, applications at the five banks, and how their results are told.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { visit } from '../lib/browser.mjs';
import { announced, apply, application, assertCallback, atLender, line, offerRequest, sum } from '../lib/loans.mjs';
import { eventually, isSecondHashVerified } from '../lib/shop.mjs';
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

  test('of a bank that shows its plans itself name no plan', async () => {
    const { bankOffers } = await payments.retrieveBnplOffers(offerRequest([line('FURNITURE', 10_000)]));
    const denizbank = bankOffers.find((offer) => offer.bankCode === '134');
    assert.deepEqual(denizbank.bankOfferTerms, []);
    assert.equal(denizbank.isPaymentPlanCalculatedByBank, true);
    const others = bankOffers.filter((offer) => offer.bankCode !== '134');
    assert.ok(others.every((offer) => offer.bankOfferTerms.length > 0 && !offer.isPaymentPlanCalculatedByBank));
  });

  test('leave out banks that do not lend the amount', async () => {
    const { bankOffers } = await payments.retrieveBnplOffers(offerRequest([line('OTHER', 300)]));
    assert.deepEqual(bankOffers.map((offer) => offer.bankCode), ['032']);
  });

  test('for gold are none', async () => {
    const { bankOffers } = await payments.retrieveBnplOffers(offerRequest([line('GOLD', 9000), line('OTHER', 1000)]));
    assert.deepEqual(bankOffers, []);
  });
});

describe('banks that approve by themselves', () => {
  for (const [code, name] of [['064', 'İş Bankası'], ['046', 'Akbank'], ['032', 'TEB']]) {
    test(`${name} (${code}) ends the payment, told by callback and webhook`, async () => {
      const loan = await apply(stage, code);
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
      assert.equal(standing.bankCode, code);
      assert.equal(standing.amount, payment.price * 100);
      const verified = await payments.verifyBnplPayment(loan.id);
      assert.equal(verified.paymentStatus, 'SUCCESS');
      assert.equal(verified.responseStatus, 'APPROVED');
      assert.equal(verified.additionalAction, 'NONE');
    });
  }
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

  test('Denizbank (134) assesses at length; the webhook brings the approval', async () => {
    const loan = await apply(stage, '134', { values: { term: '12' }, request: { additionalParams: { fingate: {} } } });
    assertCallback(loan.callback, loan, 'WAITING', 'WAIT_FOR_WEBHOOK');
    assertBrokenRule(await refusal(payments.approveBnplPayment(loan.id)), 422);
    const { orderId } = await atLender(stage, loan.begun);
    await stage.bank.decide(orderId, { decision: 'ready' });
    await announced(stage, loan.id, 'APPROVAL_REQUIRED');
    const approved = await payments.approveBnplPayment(loan.id);
    assert.equal(approved.paymentStatus, 'SUCCESS');
    await announced(stage, loan.id, 'NONE');
    assert.equal((await atLender(stage, loan.begun)).term, 12);
  });

  test('an approval whose answer is lost is completed, and announced', async () => {
    const loan = await apply(stage, '103');
    await stage.bank.lenderFault({ operation: 'confirm', fault: { kind: 'lose_reply' } });
    const told = await refusal(payments.approveBnplPayment(loan.id));
    assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
    assert.equal(String(told.paymentId), String(loan.id));
    await announced(stage, loan.id, 'NONE');
    assert.equal(await statusOf(loan.id), 'SUCCESS');
  });

  test('an unknown payment cannot be approved', async () => {
    assertBrokenRule(await refusal(payments.approveBnplPayment(1)), 404);
  });
});

describe('an application', () => {
  test('that the bank rejects fails', async () => {
    const loan = await apply(stage, '064', { press: 'decline' });
    assertCallback(loan.callback, loan, 'FAILURE', 'NONE');
    await announced(stage, loan.id, 'NONE', 'FAILURE');
    const payment = await read(loan.id);
    assert.equal(payment.paymentStatus, 'FAILURE');
    assert.ok(payment.paymentError.errorGroup);
    const verified = await payments.verifyBnplPayment(loan.id);
    assert.equal(verified.responseStatus, 'DECLINED');
    assert.equal(verified.paymentStatus, 'FAILURE');
    assertGroup(await refusal(payments.approveBnplPayment(loan.id)), payment.paymentError.errorGroup);
  });

  test('that a manual bank rejects after assessing fails by webhook', async () => {
    const loan = await apply(stage, '103', { press: 'assess' });
    assertCallback(loan.callback, loan, 'WAITING', 'WAIT_FOR_WEBHOOK');
    const { orderId } = await atLender(stage, loan.begun);
    await stage.bank.decide(orderId, { decision: 'reject' });
    await announced(stage, loan.id, 'NONE', 'FAILURE');
    assert.equal(await statusOf(loan.id), 'FAILURE');
  });

  test('on the hosted page lets the shopper choose the bank and fill in the rest', async () => {
    const request = { additionalParams: { fingate: { isHostedPage: true } }, bankCode: undefined };
    const loan = await apply(stage, undefined, { request, values: { bankCode: '046', term: '12' } });
    assertCallback(loan.callback, loan, 'SUCCESS', 'NONE');
    const standing = await atLender(stage, loan.begun);
    assert.equal(standing.bankCode, '046');
    assert.equal(standing.term, 12);
  });

  test('on the hosted page names no bank', async () => {
    const body = application(stage.shop, '064', [line('OTHER', 5000)], { additionalParams: { fingate: { isHostedPage: true } } });
    assertBrokenRule(await refusal(payments.initBnplPayment(body)), 400);
    assert.deepEqual(await stage.paymentsOf(body.conversationId), []);
  });

  test('without buyer data asks for it on the page', async () => {
    const loan = await apply(stage, '032', { request: { additionalParams: { fingate: { totalTerm: 3 } } } });
    assertCallback(loan.callback, loan, 'SUCCESS', 'NONE');
    assert.equal((await atLender(stage, loan.begun)).term, 3);
  });

  test('whose lender cannot be asked is to be verified', async () => {
    await stage.bank.lenderFault({ operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    const loan = await apply(stage, '064');
    assertCallback(loan.callback, loan, 'WAITING', 'VERIFY_REQUIRED');
    const still = await payments.verifyBnplPayment(loan.id);
    assert.equal(still.paymentStatus, 'WAITING');
    assert.equal(still.responseStatus, 'WAITING');
    assert.equal(still.additionalAction, 'VERIFY_REQUIRED');
    await stage.bank.forgetFaults();
    // A caller's question is asked once an interval at most.
    const verified = await eventually('the approval', async () => {
      const answer = await payments.verifyBnplPayment(loan.id);
      return answer.paymentStatus === 'SUCCESS' && answer;
    });
    assert.equal(verified.responseStatus, 'APPROVED');
    await announced(stage, loan.id, 'NONE');
  });

  test('that the shopper leaves unfinished waits', async () => {
    const loan = await apply(stage, '064', { press: 'close' });
    assert.equal(loan.callback.paymentStatus, 'WAITING');
    assert.ok(isSecondHashVerified(loan.callback));
    assert.equal(await statusOf(loan.id), 'WAITING');
  });

  test('whose return is replayed says so, and stays as it was', async () => {
    const loan = await apply(stage, '046');
    await visit(loan.begun.redirectUrl);
    const [first, second] = stage.shop.callbacks(loan.body.callbackUrl);
    assertCallback(first, loan, 'SUCCESS', 'NONE');
    assert.equal(second.callbackStatus, 'ALREADY_RETURNED');
    assert.equal(second.paymentStatus, 'FAILURE');
    assert.ok(isSecondHashVerified(second));
    assert.equal(await statusOf(loan.id), 'SUCCESS');
    await announced(stage, loan.id, 'NONE');
    assert.equal(stage.shop.webhooks(loan.id).length, 1);
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

  test('may sum by unit prices alone, as the vendor\'s own sample does', async () => {
    const cart = [line('FURNITURE', 6000, 2), line('OTHER', 4000)];
    const items = [{ name: 'All', price: 10_000 }];
    const loan = await apply(stage, '064', { cart, request: { price: 10_000, paidPrice: 10_000, items } });
    assertCallback(loan.callback, loan, 'SUCCESS', 'NONE');
  });
});

describe('switches of the merchant', () => {
  const body = () => application(stage.shop, '064', [line('OTHER', 5000)]);

  async function refusedEverywhere() {
    const request = body();
    const told = await refusal(payments.initBnplPayment(request));
    assertBrokenRule(told, 422);
    assertBrokenRule(await refusal(payments.retrieveBnplOffers(offerRequest(request.cartItems))), 422);
    assert.deepEqual(await stage.paymentsOf(request.conversationId), []);
    return told;
  }

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
