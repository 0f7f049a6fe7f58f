// A loan payment for each of the four behaviours of banks: the owner switches Maslak on in the
// panel, the shopper applies in the shop and at the bank, and the panel shows or ends it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { fact, heading, openNewest, standing, STANDING, switchMaslak } from '../lib/panel.mjs';
import { applyForLoan, atBank, checkOut, comesTo, fillCard, PAY, paidAs } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

describe('a loan payment', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** Owner and shopper, after Maslak was off and the owner switched it on again. */
  async function afterSwitchingOn() {
    const owner = await stage.staff('OWNER');
    const shopper = await stage.visitor();
    await switchMaslak(owner, false);
    const order = await checkOut(shopper, 'coffee');
    await shopper.page.goto(`/shop/orders/${order}?way=loan`);
    assert.equal(await shopper.page.locator('input[name=plan]').count(), 0, 'no offers while Maslak is off');
    await switchMaslak(owner, true);
    return { owner, shopper, order };
  }

  async function loanAtBank(owner) {
    const applied = await fact(owner, 'Bankadaki sipariş no');
    const loan = (await stage.bank.loans()).find((known) => known.orderId === applied);
    assert.ok(loan, `the bank knows ${applied}`);
    return loan;
  }

  for (const [code, name] of [['064', 'T. İŞ BANKASI A.Ş.'], ['046', 'AKBANK T.A.Ş.']]) {
    test(`at ${name}, which approves by itself (NONE)`, async () => {
      const { owner, shopper, order } = await afterSwitchingOn();
      await applyForLoan(shopper, code, 6, order);
      await atBank(shopper, 'approve');
      await comesTo(shopper, 'paid');
      await openNewest(owner);
      assert.equal(await standing(owner), 'Başarılı');
      assert.match(await heading(owner), /6\.490,00 ₺/);
      assert.match(await fact(owner, 'Banka'), new RegExp(name.replaceAll('.', '\\.')));
      assert.equal(await owner.page.locator('form[action$="/approve"]').count(), 0);
      assert.equal((await loanAtBank(owner)).state, 'disbursed');
    });
  }

  test('at Fibabanka, approved in the panel (APPROVAL_REQUIRED)', async () => {
    const { owner, shopper, order } = await afterSwitchingOn();
    await applyForLoan(shopper, '103', 6, order);
    await atBank(shopper, 'approve');
    await comesTo(shopper, 'approval');
    const id = await openNewest(owner);
    assert.equal(await standing(owner), 'Beklemede');
    assert.equal((await loanAtBank(owner)).state, 'ready');
    // What the banks had offered for this cart, and which of it was chosen.
    const offers = owner.page.locator('table.offers');
    // The fifth bank computes its plans itself.
    assert.equal(await offers.locator('thead th').count(), 1 + 4);
    assert.equal(await offers.locator('td.chosen').getAttribute('data-label'), 'FIBABANKA A.Ş.');
    assert.equal(await offers.locator('tr:has(td.chosen) th').innerText(), '6 ay');
    await owner.unfold('Krediyi onayla');
    await owner.press('form[action$="/approve"] button');
    assert.match(await owner.page.locator('.done-box').innerText(), /Onaylandı/);
    assert.equal(await standing(owner), 'Başarılı');
    assert.equal((await loanAtBank(owner)).state, 'disbursed');
    // The shop hears of it by webhook, and its waiting page changes by itself.
    await comesTo(shopper, 'paid');
    assert.match(await shopper.text(), new RegExp(id));
  });

  test('at Denizbank, assessed and then approved in the panel (WAIT_FOR_WEBHOOK, APPROVAL_REQUIRED)', async () => {
    const { owner, shopper, order } = await afterSwitchingOn();
    await applyForLoan(shopper, '134', undefined, order);
    await atBank(shopper, 'assess:600');
    await comesTo(shopper, 'webhook');
    await openNewest(owner);
    assert.equal(await standing(owner), 'Beklemede');
    assert.match(await owner.text(), /değerlendiriyor/);
    const { orderId } = await loanAtBank(owner);
    await stage.bank.decide(orderId, { decision: 'ready' });
    await comesTo(shopper, 'approval');
    // The panel's open page changes by itself as well.
    await owner.page.locator('form[action$="/approve"]').waitFor({ state: 'attached' });
    await owner.unfold('Krediyi onayla');
    await owner.press('form[action$="/approve"] button');
    assert.equal(await standing(owner), 'Başarılı');
    await comesTo(shopper, 'paid');
  });

  test('at TEB, assessed and approved by the bank (WAIT_FOR_WEBHOOK, NONE)', async () => {
    const { owner, shopper, order } = await afterSwitchingOn();
    await applyForLoan(shopper, '032', 6, order);
    await atBank(shopper, 'assess:600');
    await comesTo(shopper, 'webhook');
    await openNewest(owner);
    const { orderId } = await loanAtBank(owner);
    await stage.bank.decide(orderId, { decision: 'approve' });
    await comesTo(shopper, 'paid');
    await owner.page.locator(STANDING, { hasText: 'Başarılı' }).first().waitFor();
  });

  test('whose bank cannot be asked, verified in the panel (VERIFY_REQUIRED)', async () => {
    const { owner, shopper, order } = await afterSwitchingOn();
    await stage.bank.lenderFault({ operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    await applyForLoan(shopper, '064', 6, order);
    await atBank(shopper, 'approve');
    await comesTo(shopper, 'verify');
    const id = await openNewest(owner);
    assert.equal(await standing(owner), 'Beklemede');
    await stage.bank.forgetFaults();
    await owner.unfold('Bankaya sonucu sor');
    await owner.press('form[action$="/verify"] button');
    assert.match(await owner.page.locator('.done-box').innerText(), /Soruldu/);
    assert.equal(await standing(owner), 'Başarılı');
    await eventually('the shop to hear of it', async () => {
      await shopper.page.goto(new URL(shopper.page.url()).pathname);
      return (await shopper.text()).includes(id);
    });
  });

  for (const width of [1280, 360]) {
    test(`that the shopper leaves unfinished: the shop and the panel say so, a card pays: ${width} px`, async () => {
      const { owner } = await afterSwitchingOn();
      const shopper = await stage.visitor({ width, height: 900 });
      const order = await applyForLoan(shopper, '064', 6);
      await atBank(shopper, 'close');
      await comesTo(shopper, 'unfinished');
      assert.match(await shopper.text(), /Başvuruyu tamamlamadınız/);
      await shopper.assertAccessible();
      await openNewest(owner);
      assert.match(await owner.text(), /Alıcının bankanın sayfasında başvuruyu tamamlaması bekleniyor/);
      await shopper.press(`a[href="/shop/orders/${order}?way=card"]`);
      await fillCard(shopper, '5406670000000009');
      await shopper.press(PAY);
      await paidAs(shopper);
    });
  }

  test('that the shopper withdraws at the bank is told, and the loan tab stays', async () => {
    const { owner, shopper, order } = await afterSwitchingOn();
    await applyForLoan(shopper, '064', 6, order);
    await atBank(shopper, 'cancel');
    assert.match(shopper.page.url(), new RegExp(order));
    assert.match(await shopper.page.locator('.note.bad').innerText(), /vazgeçildi[^]*Kredi kullandırılmadı/);
    assert.equal(await shopper.page.locator('nav.ways [aria-current=page]').innerText(), 'Alışveriş kredisiyle öde');
    await openNewest(owner);
    assert.equal(await standing(owner), 'Başarısız');
  });

  test('that the bank declines is told to the shopper and in the panel', async () => {
    const { owner, shopper, order } = await afterSwitchingOn();
    await applyForLoan(shopper, '064', 6, order);
    await atBank(shopper, 'decline');
    assert.match(shopper.page.url(), new RegExp(order));
    assert.equal(await shopper.page.locator('.note.bad').count(), 1);
    await openNewest(owner);
    assert.equal(await standing(owner), 'Başarısız');
    assert.match(await owner.text(), /Kredi başvurusu reddedildi/);
  });
});
