// Stored cards: keeping, finding, changing and deleting them, and paying with them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { show } from '../lib/browser.mjs';
import { isSecondHashVerified } from '../lib/shop.mjs';
import { assertBrokenRule, assertGroup, card, newId, payment, refusal, Stage } from '../lib/stage.mjs';

let stage;
let payments;
before(async () => {
  stage = await Stage.open();
  payments = stage.client.payment();
});
after(() => stage?.close());

const WORLD = '5258640000000001';
const BONUS = '5209220000000002';
const kept = (number, more = {}) => payments.storeCard({ cardHolderName: 'Haluk Demir', cardNumber: number, expireYear: '2044', expireMonth: '07', ...more });
const keysOf = ({ cardUserKey, cardToken }) => ({ cardUserKey, cardToken });

describe('storing', () => {
  test('tells what the card is, never its number', async () => {
    const stored = await kept(WORLD, { cardAlias: 'My World' });
    assert.equal(stored.binNumber, '52586400');
    assert.equal(stored.lastFourDigits, '0001');
    assert.equal(stored.cardAlias, 'My World');
    assert.equal(stored.cardHolderName, 'Haluk Demir');
    assert.equal(stored.cardBrand, 'World');
    assert.equal(stored.cardType, 'CREDIT_CARD');
    assert.equal(stored.cardAssociation, 'MASTER_CARD');
    assert.equal(stored.expireYear, '2044');
    assert.equal(stored.expireMonth, '07');
    assert.ok(stored.cardUserKey && stored.cardToken && stored.cardUserKey !== stored.cardToken);
    assert.ok(!JSON.stringify(stored).includes(WORLD));
  });

  test('of a second card keeps it with the same person', async () => {
    const first = await kept(WORLD);
    const second = await kept(BONUS, { cardUserKey: first.cardUserKey });
    assert.equal(second.cardUserKey, first.cardUserKey);
    assert.notEqual(second.cardToken, first.cardToken);
  });

  test('of a broken card is refused', async () => {
    assertBrokenRule(await refusal(kept('5258640000000002')), 400);
    assertBrokenRule(await refusal(kept(WORLD, { expireYear: '2020' })), 400);
  });
});

describe('a stored card', () => {
  test('pays without a security code', async () => {
    const stored = await kept(WORLD);
    const made = await payments.createPayment(payment(30, keysOf(stored)));
    assert.equal(made.paymentStatus, 'SUCCESS');
    assert.equal(made.paidWithStoredCard, true);
    assert.equal(made.lastFourDigits, '0001');
    assert.equal((await stage.orderOf(made)).captured, 3000);
  });

  test('that nobody stored does not pay', async () => {
    const stored = await kept(WORLD);
    const body = payment(30, { cardUserKey: stored.cardUserKey, cardToken: 'no-such-token' });
    assertBrokenRule(await refusal(payments.createPayment(body)), 422);
    assert.deepEqual(await stage.paymentsOf(body.conversationId), []);
  });

  test('of another person does not pay', async () => {
    const [mine, yours] = [await kept(WORLD), await kept(BONUS)];
    const mixed = { cardUserKey: mine.cardUserKey, cardToken: yours.cardToken };
    assertBrokenRule(await refusal(payments.createPayment(payment(30, mixed))), 422);
  });

  test('is kept after a payment that succeeds', async () => {
    const made = await payments.createPayment(payment(30, card(BONUS, { storeCardAfterSuccessPayment: true, cardAlias: 'Kept' })));
    assert.ok(made.cardUserKey && made.cardToken);
    const again = await payments.createPayment(payment(31, keysOf(made)));
    assert.equal(again.paidWithStoredCard, true);
  });

  test('is added to a known person after a payment', async () => {
    const { cardUserKey } = await kept(WORLD);
    const made = await payments.createPayment(payment(30, card(BONUS, { storeCardAfterSuccessPayment: true, cardUserKey })));
    assert.equal(made.cardUserKey, cardUserKey);
    const again = await payments.createPayment(payment(31, keysOf(made)));
    assert.equal(again.binNumber, '52092200');
  });

  test('is not kept after a payment that fails', async () => {
    const { cardUserKey } = await kept(WORLD);
    const body = payment(30, card('5100050000006661', { storeCardAfterSuccessPayment: true, cardUserKey }));
    const told = await refusal(payments.createPayment(body));
    assertGroup(told, 'NOT_SUFFICIENT_FUNDS');
    const [stored] = await stage.paymentsOf(body.conversationId);
    assert.equal(stored.cardToken, undefined);
  });
});

describe('searching', () => {
  test('finds the cards of a person, by brand and by token', async () => {
    const first = await kept(WORLD, { cardAlias: 'one' });
    const { cardUserKey } = first;
    await kept(BONUS, { cardUserKey, cardAlias: 'two' });
    const all = await payments.searchStoredCards({ cardUserKey, page: 0, size: 10 });
    assert.deepEqual([all.totalSize, all.page, all.size], [2, 0, 10]);
    for (const filter of [{ cardToken: first.cardToken }, { cardBrand: 'World' }, { cardAlias: 'one' }]) {
      const found = await payments.searchStoredCards({ cardUserKey, ...filter });
      assert.deepEqual(found.items.map((item) => item.cardToken), [first.cardToken], JSON.stringify(filter));
    }
    assert.deepEqual((await payments.searchStoredCards({ cardUserKey, cardBrand: 'Axess' })).items, []);
  });

  test('tells that a card does not expire soon', async () => {
    const { cardUserKey } = await kept(WORLD);
    const { items } = await payments.searchStoredCards({ cardUserKey, cardExpiryStatus: 'NOT_EXPIRED' });
    assert.deepEqual(items.map((item) => item.cardExpiryStatus), ['NOT_EXPIRED']);
  });
});

describe('changing', () => {
  test('moves the expiry', async () => {
    const stored = await kept(WORLD);
    const changed = await payments.updateCard({ ...keysOf(stored), expireYear: '2045', expireMonth: '11' });
    assert.deepEqual([changed.expireYear, changed.expireMonth, changed.cardToken], ['2045', '11', stored.cardToken]);
    assert.equal((await payments.createPayment(payment(10, keysOf(stored)))).paymentStatus, 'SUCCESS');
  });

  test('and deleting: the card is gone, and does not pay', async () => {
    const stored = await kept(WORLD);
    await payments.deleteStoredCard(keysOf(stored));
    assert.deepEqual((await payments.searchStoredCards({ cardUserKey: stored.cardUserKey })).items, []);
    assertBrokenRule(await refusal(payments.createPayment(payment(10, keysOf(stored)))), 422);
  });
});

describe('beyond the shop', () => {
  test('a card is copied to no other merchant', async () => {
    const stored = await kept(WORLD);
    const copy = { sourceCardUserKey: stored.cardUserKey, sourceCardToken: stored.cardToken, targetMerchantId: 7 };
    assertBrokenRule(await refusal(payments.cloneCard(copy)), 422);
  });

  test('no card of a former provider is known that nobody brought', async () => {
    const { items, totalSize } = await payments.retrieveProviderCards({ cardProvider: 'IYZICO', providerCardToken: 'none' });
    assert.deepEqual([items, totalSize], [[], 0]);
  });
});

// The pinned client has no call for it: it is sent as the client sends its own.
const verifyCard = (kind, more = {}) => payments._client.post('/payment/v1/cards/verify', {
  card: card(BONUS, { cardAlias: 'Mine' }), paymentAuthenticationType: kind, verificationPrice: 10, currency: 'TRY',
  ...more,
});

describe('verifying', () => {
  test('charges a small amount, gives it back and keeps the card', async () => {
    const conversationId = newId('verify');
    const verified = await verifyCard('NON_THREE_DS', { conversationId });
    assert.deepEqual([verified.cardVerifyStatus, verified.refundStatus], ['SUCCESS', 'SUCCESS']);
    const [made] = await stage.paymentsOf(conversationId);
    assert.deepEqual([made.paidPrice, made.refundStatus], [10, 'FULLY_REFUNDED']);
    assert.equal((await stage.orderOf(made)).state, 'voided');
    assert.equal((await payments.createPayment(payment(30, keysOf(verified)))).paymentStatus, 'SUCCESS');
  });

  test('asks no bank where none is wanted', async () => {
    const verified = await verifyCard('NONE', { verificationPrice: undefined });
    assert.equal(verified.cardVerifyStatus, 'SUCCESS');
    assert.equal((await payments.searchStoredCards(keysOf(verified))).totalSize, 1);
  });

  test('with 3DS ends at the shop, with the keys of the card', async () => {
    const callbackUrl = stage.shop.callbackUrl(newId('verify'));
    const begun = await verifyCard('THREE_DS', { callbackUrl });
    assert.equal(begun.cardVerifyStatus, 'THREE_DS_PENDING');
    await show(begun.htmlContent);
    const [callback] = stage.shop.callbacks(callbackUrl);
    assert.ok(isSecondHashVerified(callback));
    assert.deepEqual([callback.status, callback.completeStatus, callback.refundStatus], ['SUCCESS', 'COMPLETED', 'SUCCESS']);
    assert.equal((await payments.createPayment(payment(30, keysOf(callback)))).paymentStatus, 'SUCCESS');
  });

  test('of a card that does not pay is refused, and nothing is kept', async () => {
    const poor = card('5100050000006661');
    const before = (await payments.searchStoredCards({})).totalSize;
    assertGroup(await refusal(verifyCard('NON_THREE_DS', { card: poor })), 'NOT_SUFFICIENT_FUNDS');
    assert.equal((await payments.searchStoredCards({})).totalSize, before);
  });
});
