// Card payments without 3DS: success, the published failures, and reading payments back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { failing } from '../lib/cards.mjs';
import { assertBrokenRule, assertGroup, card, payment, refusal, Stage } from '../lib/stage.mjs';

let stage;
let payments;
let reports;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
  reports = stage.client.paymentReporting();
});
after(() => stage?.close());

describe('a payment', () => {
  test('succeeds and tells card, POS and items', async () => {
    const body = payment(100, card('5258640000000001'), { clientIp: '85.34.78.112', paymentChannel: 'web', buyerMemberId: undefined });
    const made = await payments.createPayment(body);
    assert.equal(made.paymentStatus, 'SUCCESS');
    assert.equal(made.paymentType, 'CARD_PAYMENT');
    assert.equal(made.paymentProvider, 'BANK');
    assert.equal(made.paymentSource, 'API');
    assert.equal(made.paymentPhase, 'AUTH');
    assert.equal(made.paymentGroup, 'PRODUCT');
    assert.equal(made.paymentChannel, 'web');
    assert.equal(made.isThreeDS, false);
    assert.equal(made.price, 100);
    assert.equal(made.paidPrice, 100);
    assert.equal(made.walletPrice, 0);
    assert.equal(made.installment, 1);
    assert.equal(made.currency, 'TRY');
    assert.equal(made.conversationId, body.conversationId);
    assert.equal(made.externalId, body.externalId);
    assert.equal(made.binNumber, '52586400');
    assert.equal(made.lastFourDigits, '0001');
    assert.equal(made.cardBrand, 'World');
    assert.equal(made.cardAssociation, 'MASTER_CARD');
    assert.equal(made.cardType, 'CREDIT_CARD');
    assert.equal(made.cardHolderName, 'Haluk Demir');
    assert.equal(made.paidWithStoredCard, false);
    assert.ok(made.pos.alias && made.pos.id && made.authCode && made.orderId);
    assert.match(made.createdDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$/);
    assert.ok(Number.isSafeInteger(made.id));
    assert.deepEqual(made.paymentTransactions.map((item) => item.externalId), body.items.map((item) => item.externalId));
    assert.deepEqual(made.paymentTransactions.map((item) => item.price), [50, 50]);
    assert.ok(!JSON.stringify(made).includes('5258640000000001'));
    const order = await stage.orderOf(made);
    assert.deepEqual([order.state, order.captured, order.instalments <= 1], ['captured', 10_000, true]);
    const event = await stage.shop.webhook(made.id, 'API_AUTH');
    assert.equal(event.status, 'SUCCESS');
    assert.ok(event.verified);
  });

  test('is told in a webhook that the library of Standard Webhooks verifies with the key as it is shown', async () => {
    const made = await payments.createPayment(payment(12.5, card('5209220000000002')));
    const event = await stage.shop.webhook(made.id, 'API_AUTH');
    const keys = await stage.galata('merchant', 'keys', stage.merchantId);
    const key = keys.match(/whsec_\S+/)[0];
    assert.ok(stage.shop.isStandard(event, key));
    const forged = { raw: { ...event.raw, body: event.raw.body.replace('SUCCESS', 'FAILURE') } };
    assert.ok(!stage.shop.isStandard(forged, key));
  });

  test('goes to the POS that the shop names', async () => {
    const { items } = await stage.client.merchant().searchMerchantPos({});
    for (const pos of items.filter((one) => one.currency === 'TRY')) {
      const made = await payments.createPayment(payment(10, card('4256690000000001'), { posAlias: pos.alias }));
      assert.equal(made.pos.alias, pos.alias);
      assert.equal(made.requestedPosAlias, pos.alias);
    }
    assertBrokenRule(await refusal(payments.createPayment(payment(10, card('4256690000000001'), { posAlias: 'nobody' }))), 422);
  });

  test('in instalments charges them', async () => {
    const made = await payments.createPayment({ ...payment(100, card('5258640000000001')), paidPrice: 110, installment: 6 });
    assert.equal(made.installment, 6);
    assert.equal(made.paidPrice, 110);
    assert.equal(made.merchantCommissionRateAmount, 10);
    const order = await stage.orderOf(made);
    assert.deepEqual([order.captured, Number(order.instalments)], [11_000, 6]);
    const shares = made.paymentTransactions.map((item) => item.paidPrice);
    assert.equal(shares.reduce((sum, share) => sum + share, 0), 110);
  });

  test('whose amounts are noisy doubles is exact', async () => {
    const items = [{ name: 'a', price: 0.1 }, { name: 'b', price: 0.2 }];
    const made = await payments.createPayment({ ...payment(1, card('5258640000000001')), items, price: 0.1 + 0.2, paidPrice: 0.1 + 0.2 });
    assert.equal(made.price, 0.3);
    assert.equal((await stage.orderOf(made)).captured, 30);
  });

  test('under a bank order id of the shop takes it once', async () => {
    const bankOrderId = `SHOP${Date.now()}`;
    const made = await payments.createPayment(payment(10, card('5258640000000001'), { bankOrderId }));
    assert.equal(made.orderId, bankOrderId);
    const again = await refusal(payments.createPayment(payment(10, card('5258640000000001'), { bankOrderId })));
    assert.equal(again.status, 422);
    assert.equal((await stage.bank.orders(bankOrderId)).length, 1);
  });
});

describe('a published failing card', () => {
  for (const { pan, error_group: group } of failing('sale')) {
    test(`${pan} ends in ${group}`, async () => {
      const more = pan.startsWith('37') ? { cvc: '0000' } : {};
      const body = payment(100, card(pan, more));
      const told = await refusal(payments.createPayment(body));
      assertGroup(told, group);
      const stored = await stage.paymentsOf(body.conversationId);
      assert.equal(stored.length, 1, 'the failed payment stays readable');
      assert.equal(stored[0].paymentStatus, 'FAILURE');
      assert.equal(stored[0].paymentError.errorGroup, group);
      assert.equal(stored[0].paymentError.errorCode, told.code);
      const taken = (await stage.bank.orders(stored[0].orderId)).filter((order) => order.state === 'captured');
      assert.deepEqual(taken, []);
    });
  }

  test('speaks Turkish unless told otherwise', async () => {
    const silent = stage.clientWith({ language: undefined }).payment();
    const told = await refusal(silent.createPayment(payment(100, card('5100050000006661'))));
    assert.match(told.text, /yetersiz/);
    const english = await refusal(payments.createPayment(payment(100, card('5100050000006661'))));
    assert.notEqual(english.text, told.text);
  });
});

describe('a broken request', () => {
  test('with a wrong secret says so', async () => {
    const stranger = stage.clientWith({ secretKey: 'not-the-secret' }).payment();
    const told = await refusal(stranger.createPayment(payment(100, card('5258640000000001'))));
    assertBrokenRule(told, 401);
    assert.match(told.text, /Signature is not equal!/);
  });

  test('with an unknown API key is refused', async () => {
    const stranger = stage.clientWith({ apiKey: 'nobody' }).payment();
    assertBrokenRule(await refusal(stranger.retrievePayment(1)), 401);
  });

  test('for something that is not offered yet is an enveloped 404', async () => {
    assertBrokenRule(await refusal(stage.client.wallet().retrieveMemberWallet(1)), 404);
  });
});

describe('reading back', () => {
  let made;
  let failed;
  before(async () => {
    made = await payments.createPayment(payment(43.21, card('5258640000000001'), { paymentChannel: 'reading' }));
    const body = payment(43.22, card('5100050000006661'), { paymentChannel: 'reading' });
    await refusal(payments.createPayment(body));
    [failed] = await stage.paymentsOf(body.conversationId);
  });

  test('gives the same payment', async () => {
    assert.deepEqual(await payments.retrievePayment(made.id), made);
  });

  test('in reports adds what may be refunded', async () => {
    const report = await reports.retrievePayment(made.id);
    assert.equal(report.id, made.id);
    assert.equal(report.refundablePrice, 43.21);
    assert.equal(report.refundStatus, 'NOT_REFUNDED');
    assert.equal((await reports.retrievePayment(failed.id)).refundStatus, 'NO_REFUND');
  });

  test('lists the items of a payment', async () => {
    const { items } = await reports.retrievePaymentTransactions(made.id);
    assert.deepEqual(items.map((item) => item.id), made.paymentTransactions.map((item) => item.id));
  });

  test('are files of bytes', async () => {
    const files = stage.client.fileReporting();
    const reportDate = new Date(Date.now() - 48 * 3_600_000);
    const csv = Buffer.from(await files.retrieveDailyTransactionReport({ reportDate, fileType: 'CSV' }));
    assert.match(csv.toString('utf8'), /^\ufefftransactionType;transactionDate;paymentId;/);
    const xlsx = Buffer.from(await files.retrieveDailyPaymentReport({ reportDate, fileType: 'XLSX' }));
    assert.equal(xlsx.subarray(0, 2).toString(), 'PK');
    const demand = { startDate: new Date(Date.now() - 7_200_000), endDate: new Date(Date.now() - 3_600_000), reportType: 'PAYMENT', reportPeriod: 'INSTANT' };
    const { id } = await files.createReport(demand);
    const event = await stage.shop.webhook(id, 'REPORT_GENERATED');
    assert.ok(event.verified);
    const made = Buffer.from(await files.retrieveReport({ fileType: 'CSV' }, id));
    assert.match(made.toString('utf8'), /^\ufeffpaymentId;createdDate;/);
  });

  test('of an unknown payment is a 404', async () => {
    // One after the other: a refusal that comes before it is awaited would end the run.
    for (const source of [payments, reports]) {
      assertBrokenRule(await refusal(source.retrievePayment(1)), 404);
    }
  });

  test('searches by every filter', async () => {
    const others = { paymentChannel: 'reading', page: 0, size: 10 };
    for (const filter of [
      { paymentId: made.id },
      { conversationId: made.conversationId },
      { externalId: made.externalId },
      { orderId: made.orderId },
      { paymentStatus: 'SUCCESS' },
      { binNumber: made.binNumber },
      { minPaidPrice: 43, maxPaidPrice: 43.21 },
    ]) {
      const found = await reports.searchPayments({ ...others, ...filter });
      assert.deepEqual(found.items.map((item) => item.id), [made.id], JSON.stringify(filter));
      assert.equal(found.totalSize, 1);
    }
    for (const filter of [{ currency: 'TRY' }, { paymentType: 'CARD_PAYMENT' }, { installment: 1 }, { isThreeDS: false }, { paymentProvider: 'BANK' }, { paymentSource: 'API' }]) {
      assert.equal((await reports.searchPayments({ ...others, ...filter })).totalSize, 2, JSON.stringify(filter));
    }
    for (const filter of [{ currency: 'USD' }, { paymentStatus: 'WAITING' }, { isThreeDS: true }, { lastFourDigits: '9999' }, { installment: 2 }]) {
      const found = await reports.searchPayments({ ...others, ...filter });
      assert.deepEqual(found.items, [], JSON.stringify(filter));
      assert.equal(found.totalSize, 0);
    }
  });

  test('searches by date, newest first, page by page', async () => {
    const hour = 3_600_000;
    const shift = (date, by) => new Date(new Date(`${date}+03:00`).getTime() + by);
    const wide = { paymentChannel: 'reading', minCreatedDate: shift(made.createdDate, -hour), maxCreatedDate: shift(made.createdDate, hour) };
    const first = await reports.searchPayments({ ...wide, page: 0, size: 1 });
    const second = await reports.searchPayments({ ...wide, page: 1, size: 1 });
    assert.deepEqual([first.totalSize, first.size, first.page, second.page], [2, 1, 0, 1]);
    assert.deepEqual([first.items[0].id, second.items[0].id], [failed.id, made.id]);
    const later = await reports.searchPayments({ ...wide, minCreatedDate: shift(made.createdDate, hour / 2) });
    assert.deepEqual(later.items, []);
  });
});
