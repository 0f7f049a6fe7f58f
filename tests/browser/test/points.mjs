// A card payment with points, from the shop to the panel's page of it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { fact, heading, openNewest, standing } from '../lib/panel.mjs';
import { checkOut, fillCard, paidAs, PAY, verifyAtBank } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

// 33,82 ₺ of World points and 25,00 ₺ of the shop's own; a book costs 189,50 ₺.
const WORLD = '4048090000000007';
// 12,35 ₺ bonus and 5,20 ₺ of the shop's own.
const BONUS = '4043080000000003';

describe('a card payment with points', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('spends them at Yapı Kredi, and the panel shows them beside the card part', async () => {
    const shopper = await stage.visitor();
    await checkOut(shopper, 'book');
    await fillCard(shopper, WORLD, { points: true });
    await shopper.press(PAY);
    const payment = await paidAs(shopper);
    assert.match(await shopper.text(), /58,82 ₺/);
    assert.match(await shopper.text(), /130,68 ₺/);

    const owner = await stage.staff('OWNER');
    assert.equal(await openNewest(owner), payment);
    assert.equal(await standing(owner), 'Başarılı');
    assert.match(await heading(owner), /189,50 ₺/);
    const told = await owner.text();
    for (const part of ['33,82 ₺', '25,00 ₺', '404809', '0007', 'Köprüler kitabı']) {
      assert.ok(told.includes(part), `${part} in ${told}`);
    }
    assert.ok(!told.includes(WORLD), 'the whole card number is shown nowhere');
    const orderId = await fact(owner, 'Banka sipariş no');
    const [order, second] = await stage.bank.orders(orderId);
    assert.equal(second, undefined);
    assert.equal(order.pointsSpent, 5882);
    assert.equal(order.captured, 18_950);
  });

  test('spends them at Garanti with 3D Secure, in English', async () => {
    const shopper = await stage.visitor({ language: 'en' });
    await checkOut(shopper, 'book');
    await fillCard(shopper, BONUS, { points: true, threeds: true });
    await shopper.press(PAY);
    assert.match(await shopper.text(), /₺189\.50/);
    await verifyAtBank(shopper);
    const payment = await paidAs(shopper);
    assert.match(await shopper.text(), /₺17\.55/);

    const reader = await stage.staff('READ_ONLY', { language: 'en' });
    assert.equal(await openNewest(reader), payment);
    assert.equal(await standing(reader), 'Successful');
    const told = await reader.text();
    for (const part of ['₺12.35', '₺5.20', '3D Secure']) assert.ok(told.includes(part), `${part} in ${told}`);
  });
});
