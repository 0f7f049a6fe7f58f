// Rewards and points: what a card has, and paying with each kind. Amounts at the bank are kuruş.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { show } from '../lib/browser.mjs';
import { assertBrokenRule, assertGroup, card, payment, refusal, Stage } from '../lib/stage.mjs';

let stage;
let payments;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
});
afterEach(() => stage.bank.forgetFaults());
after(() => stage?.close());

// The simulator's own reward card: published ones hold the same every day, this one spends.
const BONUS = '4043080000060007';
const NO_POS_FOR_REWARD = /reward/i;

const points = (cardRewardMoney, firmRewardMoney) => ({ type: 'REWARD_MONEY', reward: { cardRewardMoney, firmRewardMoney } });
const ask = (number) => payments.retrieveLoyalties({ cardNumber: number, expireYear: '2044', expireMonth: '07', cvc: '000' });
const filled = (number) => stage.bank.purse(number, { card: 1235, firm: 520 });

/** Money spent at the bank for a payment, once, and what is left in the purse. */
async function assertSpent(made, number, spent, left) {
  const order = await stage.orderOf(made);
  assert.equal(order.state, 'captured');
  assert.equal(order.captured, Math.round(made.paidPrice * 100));
  assert.equal(order.pointsSpent, spent);
  assert.equal(order.pointsReturned, 0);
  const purse = await stage.bank.readPurse(number);
  assert.equal(purse.card + purse.firm, left);
}

describe('an inquiry', () => {
  test('tells the points of a card', async () => {
    const answer = await ask(BONUS);
    assert.equal(answer.cardBrand, 'Bonus');
    assert.equal(answer.force3ds, false);
    assert.ok(answer.pos.id && answer.pos.name && answer.pos.alias && answer.pos.bankId);
    assert.ok(answer.cardIssuerBankName);
    const money = answer.loyalties.find((loyalty) => loyalty.type === 'REWARD_MONEY');
    assert.deepEqual(money.reward, { cardRewardMoney: 12.35, firmRewardMoney: 5.2, totalRewardMoney: 17.55 });
  });

  for (const [number, kind] of [
    ['5209222154820003', 'ADDITIONAL_INSTALLMENT'],
    ['5400630000030006', 'EXTRA_POINTS'],
    ['4048090000040003', 'GAINING_MINUTES'],
    ['5526590000050009', 'POSTPONING_STATEMENT'],
  ]) {
    test(`of ${number} tells ${kind} with the bank's words`, async () => {
      const { loyalties } = await ask(number);
      assert.deepEqual(loyalties.map((loyalty) => loyalty.type), [kind]);
      assert.ok(loyalties[0].message.length > 0);
      assert.equal(loyalties[0].reward, undefined);
    });
  }

  test('of a card whose bank\'s points no POS takes is refused', async () => {
    for (const number of ['4059130000000007', '4029400000000001']) {
      const told = await refusal(ask(number));
      assertBrokenRule(told, 422);
      assert.match(told.text, NO_POS_FOR_REWARD);
    }
  });
});

describe('points', () => {
  for (const [bank, number, held, firm] of [
    ['İş Bankası', '4183420000060005', 45, 0], ['Ziraat', '4132260000060007', 27.5, 0], ['Halkbank', '4920950000060009', 30, 0],
    ['TEB', '4024580000000005', 50.4, 100], ['ING', '4006840000060009', 15, 6], ['QNB', '4022770000060008', 36.5, 0],
    ['Akbank', '4355080000000005', 24.24, 40], ['DenizBank', '4090700000060002', 22.82, 0], ['Param', '4059180000060006', 46.2, 0],
  ]) {
    test(`at ${bank} are told and spent, and go back with the payment`, async () => {
      const answer = await ask(number);
      const money = answer.loyalties.find((loyalty) => loyalty.type === 'REWARD_MONEY').reward;
      assert.deepEqual([money.cardRewardMoney, money.firmRewardMoney], [held, firm]);
      const made = await payments.createPayment(payment(money.totalRewardMoney, card(number, { loyalty: points(held, firm) })));
      const order = await stage.orderOf(made);
      assert.equal(order.pointsSpent, Math.round(money.totalRewardMoney * 100));
      const back = await payments.refundPayment({ paymentId: made.id, conversationId: 'points', refundDestinationType: 'PROVIDER' });
      assert.equal(back.status, 'SUCCESS');
    });
  }

  test('may pay the whole amount', async () => {
    await filled(BONUS);
    const made = await payments.createPayment(payment(12.35, card(BONUS, { loyalty: points(12.35) })));
    await assertSpent(made, BONUS, 1235, 520);
  });

  test('of miles pay too', async () => {
    const number = '4329540000060005';
    await stage.bank.purse(number, { mile: 1000 });
    const loyalty = { type: 'REWARD_MONEY', reward: { mileRewardMoney: 4 } };
    const made = await payments.createPayment(payment(50, card(number, { loyalty })));
    assert.equal(made.paymentStatus, 'SUCCESS');
    assert.equal((await stage.orderOf(made)).pointsSpent, 400);
    assert.equal((await stage.bank.readPurse(number)).mile, 600);
  });

  test('in instalments pay too', async () => {
    await filled(BONUS);
    const made = await payments.createPayment(payment(90, card(BONUS, { loyalty: points(2, 1) }), { installment: 3 }));
    assert.equal(made.installment, 3);
    await assertSpent(made, BONUS, 300, 1455);
  });

  for (const [number, group] of [['4043080000006661', 'NOT_SUFFICIENT_AWARD'], ['4025890000006665', 'SALES_AMOUNT_LESS_THAN_AWARD']]) {
    test(`of the failing card ${number} end in ${group}`, async () => {
      assertGroup(await refusal(payments.createPayment(payment(100, card(number, { loyalty: points(1) })))), group);
    });
  }

  test('whose sum is wrong are refused before the bank is asked', async () => {
    const loyalty = { type: 'REWARD_MONEY', reward: { cardRewardMoney: 1, firmRewardMoney: 2, totalRewardMoney: 4 } };
    const body = payment(100, card(BONUS, { loyalty }));
    assertBrokenRule(await refusal(payments.createPayment(body)), 400);
    assert.deepEqual(await stage.paymentsOf(body.conversationId), []);
  });

  test('in doubt are spent once and given back when the sale is voided', async () => {
    await filled(BONUS);
    await stage.bank.fault({ bank: 'garanti', operation: 'sale', match: { amount: 10_117 }, fault: { kind: 'lose_reply' } });
    const body = payment(101.17, card(BONUS, { loyalty: points(1, 2) }));
    const told = await refusal(payments.createPayment(body));
    assertGroup(told, 'COMMUNICATION_OR_SYSTEM_ERROR');
    const ended = await stage.shop.webhook(told.paymentId, 'API_AUTH');
    assert.equal(ended.status, 'FAILURE');
    const [stored] = await stage.paymentsOf(body.conversationId);
    const order = await stage.orderOf(stored);
    assert.equal(order.state, 'voided');
    assert.deepEqual([order.pointsSpent, order.pointsReturned], [300, 300]);
    const purse = await stage.bank.readPurse(BONUS);
    assert.equal(purse.card + purse.firm, 1755);
  });
});

describe('campaigns', () => {
  test('with 3DS at Yapı Kredi are chosen on the bank\'s page, and told', async () => {
    const loyalty = { type: 'EXTRA_POINTS' };
    const number = '5400630000030006';
    const body = payment(120, card(number, { loyalty }));
    const callbackUrl = stage.shop.callbackUrl(body.conversationId);
    const begun = await payments.init3DSPayment({ ...body, callbackUrl });
    await show(begun.htmlContent, { values: { campaign: '3' } });
    const made = await payments.complete3DSPayment({ paymentId: begun.paymentId });
    assert.equal(made.loyalty.type, 'EXTRA_POINTS');
    assert.equal(Number((await stage.orderOf(made)).campaign), 3);
  });

  test('of a stored card are applied', async () => {
    const { cardUserKey, cardToken } = await payments.storeCard({ cardHolderName: 'Haluk Demir', cardNumber: '4048090000040003', expireYear: '2044', expireMonth: '07' });
    const made = await payments.createPayment(payment(80, { cardUserKey, cardToken, loyalty: { type: 'GAINING_MINUTES' } }));
    assert.equal(made.loyalty.type, 'GAINING_MINUTES');
    assert.equal(Number((await stage.orderOf(made)).campaign), 4);
  });

  test('that the bank does not offer for the card are declined', async () => {
    const body = payment(300, card('5400630000030006', { loyalty: { type: 'GAINING_MINUTES' } }));
    const told = await refusal(payments.createPayment(body));
    assert.equal(told.status, 422);
    const stored = await stage.paymentsOf(body.conversationId);
    assert.ok(stored.every((known) => known.paymentStatus === 'FAILURE'));
  });
});

describe('a reward that no POS can carry out', () => {
  async function noPos(paidWith, more = {}) {
    const body = payment(100, paidWith, more);
    const told = await refusal(payments.createPayment(body));
    assertBrokenRule(told, 422);
    assert.match(told.text, NO_POS_FOR_REWARD);
    assert.deepEqual(await stage.paymentsOf(body.conversationId), []);
    const inTurkish = await refusal(stage.clientWith({ language: 'tr' }).payment().createPayment(payment(100, paidWith, more)));
    assert.match(inTurkish.text, /uygun POS bulunamadı/);
    assert.equal(inTurkish.code, told.code);
  }

  test('POSTPONING_PAYMENT has no suitable POS', () =>
    noPos(card(BONUS, { loyalty: { type: 'POSTPONING_PAYMENT', loyaltyParams: { postponingPaymentCount: 90 } } })));

  test('a World card of Vakıfbank has no suitable POS', () => noPos(card('4029400000000001', { loyalty: points(1) })));

  test('a card of a family without points has no suitable POS', () => noPos(card('4059130000000007', { loyalty: points(1) })));

  test('a campaign that Garanti does not let choose has no suitable POS', () =>
    noPos(card(BONUS, { loyalty: { type: 'EXTRA_POINTS' } })));
});
