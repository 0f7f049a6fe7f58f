// The shop behind the new merchant's keys, with the official Node client: what the whole set-up is
// for.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Bank } from '../../clients/node/lib/bank.mjs';
import { show, visit } from '../../clients/node/lib/browser.mjs';
import { application, line, offerRequest } from '../../clients/node/lib/loans.mjs';
import { Shop } from '../../clients/node/lib/shop.mjs';
import { card, payment } from '../../clients/node/lib/stage.mjs';

const Craftgate = createRequire(new URL('../../clients/node/package.json', import.meta.url))('@craftgate/craftgate');
const BONUS = '4043080000000003';
const FIBABANKA = '103';

/** Pays with points and 3D Secure, then takes a loan; answers both payments' ids. */
export async function shops(baseUrl, keys, simulator) {
  const client = new Craftgate.Client({ baseUrl, apiKey: keys.apiKey, secretKey: keys.secretKey, language: 'en' });
  const shop = await Shop.open();
  try {
    const bank = new Bank(simulator);
    await bank.purse(BONUS, { card: 1235, firm: 520 });
    return [await paysWithPoints(client.payment(), shop, bank), await takesALoan(client.payment(), shop)];
  } finally {
    await shop.close();
  }
}

async function paysWithPoints(payments, shop, bank) {
  const { loyalties } = await payments.retrieveLoyalties({
    cardNumber: BONUS, expireYear: '2044', expireMonth: '07', cvc: '000',
  });
  const loyalty = loyalties.find((known) => known.type === 'REWARD_MONEY');
  const body = payment(100, card(BONUS, { loyalty }));
  const callbackUrl = shop.callbackUrl(body.conversationId);
  const begun = await payments.init3DSPayment({ ...body, callbackUrl });
  await show(begun.htmlContent);
  const [callback] = shop.callbacks(callbackUrl);
  assert.equal(callback?.status, 'SUCCESS', JSON.stringify(callback));
  const made = await payments.complete3DSPayment({ paymentId: begun.paymentId });
  assert.equal(made.paymentStatus, 'SUCCESS');
  const [order] = await bank.orders(made.orderId);
  assert.deepEqual([order.state, order.captured, order.pointsSpent], ['captured', 10_000, 1755]);
  return made.id;
}

async function takesALoan(payments, shop) {
  const cart = [line('FURNITURE', 6000), line('OTHER', 2000, 2)];
  const { bankOffers } = await payments.retrieveBnplOffers(offerRequest(cart));
  assert.ok(bankOffers.some((offer) => offer.bankCode === FIBABANKA));
  const body = application(shop, FIBABANKA, cart);
  const begun = await payments.initBnplPayment(body);
  await visit(begun.redirectUrl, { press: 'approve' });
  const [callback] = shop.callbacks(body.callbackUrl);
  assert.equal(callback?.additionalAction, 'APPROVAL_REQUIRED', JSON.stringify(callback));
  const made = await payments.approveBnplPayment(begun.paymentId);
  assert.equal(made.paymentStatus, 'SUCCESS');
  return begun.paymentId;
}
