// Payments whose bank took the money and said nothing: seen, asked about, and settled by a person.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { auditLog, fact, STANDING, standing } from '../lib/panel.mjs';
import { checkOut, comesTo, fillCard, PAY } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const YAPI_KREDI = '5258640000000001';

describe('a payment in doubt', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** The bank takes the money, loses its answer, and answers no inquiry. */
  async function inDoubt(owner) {
    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'lose_reply' } });
    await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    const shopper = await stage.visitor();
    await checkOut(shopper, 'book');
    await fillCard(shopper, YAPI_KREDI);
    await shopper.press(PAY);
    await comesTo(shopper, 'doubt');
    assert.match(await shopper.text(), /yeniden ödemeyin/);
    // What was asked a moment ago is under way; after that it is listed.
    await eventually('the doubt in the list', async () => {
      await owner.go('/panel/doubts');
      return (await owner.page.locator('section.doubt').count()) === 1;
    });
    return { shopper, id: await fact(owner, 'Ödeme no') };
  }

  test('is settled by what a person found out at the bank', async () => {
    const owner = await stage.staff('OWNER');
    const finance = await stage.staff('FINANCE');
    const { shopper, id } = await inDoubt(owner);
    await owner.assertAccessible();
    await finance.go('/panel/doubts');
    const form = finance.page.locator('form[action$="/settle"]');
    await finance.unfold('Elle sonuca bağla');
    await form.locator('textarea').fill('Banka ekranında görüldü: onay 482913, Işıl Hanım');
    await form.locator('input[value=taken]').check();
    await finance.press(form.locator('button'));
    await finance.go(`/panel/payments/${id}`);
    assert.equal(await standing(finance), 'Başarılı');
    await comesTo(shopper, 'paid');
    await owner.go('/panel/doubts');
    assert.match(await owner.text(), /Şüpheli işlem yok/);
    const entry = (await auditLog(owner)).find((one) => one.action === 'payment.settle');
    assert.equal(entry.actor, 'finans@galata.example');
    assert.equal(entry.target, id);
    assert.match(entry.change, /Işıl Hanım/);
    assert.match(entry.change, /TAKEN/);
    // The settlement is a matter of the books: the bank's order stands as it stood.
    const [order] = await stage.bank.orders(await orderIdOf(finance));
    assert.equal(order.state, 'captured');
  });

  test('is settled the other way, with words when no reason is given', async () => {
    const owner = await stage.staff('OWNER');
    const { id } = await inDoubt(owner);
    await owner.go(`/panel/payments/${id}`);
    const { page } = owner;
    await owner.unfold('Elle sonuca bağla');
    const form = page.locator('form[action$="/settle"]');
    await form.locator('input[value=not_taken]').check();
    await form.locator('textarea').fill('   ');
    await form.evaluate((one) => { one.noValidate = true; });
    const refused = await owner.press(form.locator('button'));
    assert.ok(refused.status() >= 400 && refused.status() < 500, `${refused.status()}`);
    const told = await form.locator('textarea').getAttribute('aria-describedby');
    assert.match(await page.locator(`#${told.split(' ').pop()}`).innerText(), /zorunludur/);
    assert.equal(await form.locator('input[value=not_taken]').isChecked(), true);
    await form.locator('textarea').fill('Banka hiçbir kayıt bulamadı');
    await owner.press(form.locator('button'));
    assert.equal(await standing(owner), 'Başarısız');
  });

  test('is asked about again, and follows the bank\'s answer', async () => {
    const owner = await stage.staff('OWNER');
    const { id } = await inDoubt(owner);
    await owner.go(`/panel/payments/${id}`);
    await stage.bank.forgetFaults();
    const state = await standing(owner);
    if (state === 'Beklemede') {
      await owner.unfold('Bankaya sor');
      await owner.press('form[action$="/inquire"] button');
    }
    await owner.page.locator(STANDING, { hasText: 'Başarısız' }).first().waitFor();
    const [order] = await stage.bank.orders(await orderIdOf(owner));
    assert.equal(order.state, 'voided');
  });

  async function orderIdOf(staff) {
    return fact(staff, 'Banka sipariş no');
  }
});
