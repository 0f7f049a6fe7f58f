// Bodies of loan requests, and the way of a shopper through an application.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import { visit } from './browser.mjs';
import { newId } from './stage.mjs';
import { isSecondHashVerified } from './shop.mjs';

const { Model } = Craftgate;

export const BUYER = { buyerBirthdate: '1990-05-17', buyerPhoneNumber: '5301234567', buyerIdentityNumber: '12345678901' };

/** One product line; categories decide how long the loan may run. */
export function line(type, unitPrice, quantity = 1) {
  return { id: newId('product'), name: `A ${type}`, brandName: 'Brand', type, unitPrice, quantity };
}

export function sum(cart) {
  return cart.reduce((total, item) => total + item.unitPrice * item.quantity, 0);
}

export function offerRequest(cart) {
  return { apmType: Model.ApmType.MASLAK ?? 'MASLAK', price: sum(cart), currency: Model.Currency.TRY, items: cart };
}

export function application(shop, bankCode, cart, more = {}) {
  const price = sum(cart);
  const conversationId = newId('loan');
  return {
    apmType: 'MASLAK',
    price,
    paidPrice: price,
    currency: Model.Currency.TRY,
    paymentGroup: Model.PaymentGroup.Product,
    conversationId,
    externalId: newId('external'),
    callbackUrl: shop.callbackUrl(conversationId),
    bankCode,
    additionalParams: { ...BUYER, fingate: { isHostedPage: false, totalTerm: 6 } },
    items: cart.map((item) => ({ name: item.name, price: item.unitPrice * item.quantity, externalId: item.id })),
    cartItems: cart,
    ...more,
  };
}

/** Applies, walks through the bank's page, and answers what the shop was told on the way. */
export async function apply(stage, bankCode, { cart, press = 'approve', values = {}, request = {} } = {}) {
  const body = application(stage.shop, bankCode, cart ?? [line('FURNITURE', 6000), line('OTHER', 2000, 2)], request);
  const begun = await stage.client.payment().initBnplPayment(body);
  assert.equal(begun.paymentStatus, 'WAITING');
  assert.equal(begun.additionalAction, 'REDIRECT_TO_URL');
  assert.equal(begun.apmAdditionalAction, 'REDIRECT_TO_URL');
  const end = press ? await visit(begun.redirectUrl, { press, values }) : undefined;
  const callbacks = stage.shop.callbacks(body.callbackUrl);
  return { body, begun, id: begun.paymentId, end, callbacks, callback: callbacks[0] };
}

/** A callback as the documents describe it: a form post whose hash the shop can check. */
export function assertCallback(callback, { id, body }, status, action) {
  assert.ok(callback, 'the browser came back');
  assert.equal(callback.method, 'POST');
  assert.match(callback.type, /^application\/x-www-form-urlencoded/);
  assert.equal(callback.paymentId, String(id));
  assert.equal(callback.paymentStatus, status);
  assert.equal(callback.additionalAction, action);
  assert.equal(callback.apmAdditionalAction, action);
  assert.equal(callback.conversationId, body.conversationId);
  assert.equal(callback.callbackStatus ?? '', '');
  assert.ok(isSecondHashVerified(callback), 'the hash over hashParams is right');
}

/** The webhook of a change, verified by the client, with both names of the action. */
export async function announced(stage, id, action, status = 'SUCCESS') {
  const event = await stage.shop.webhook(id, 'BNPL_NOTIFICATION', (known) => known.payload?.additionalAction === action);
  assert.equal(event.status, status);
  assert.equal(event.payload.apmAdditionalAction, action);
  assert.ok(event.verified, 'the client verifies the webhook');
  return event;
}

/** The application at the lender that belongs to an init answer. */
export async function atLender(stage, begun) {
  const loan = (await stage.bank.loans()).find((known) => known.pageUrl === begun.redirectUrl);
  assert.ok(loan, 'the lender knows the application');
  return loan;
}
