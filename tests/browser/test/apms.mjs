// Accounts typed in by hand: a Maslak definition and a POS, each tried with its connection test,
// wrong at first, and then used by a shopper.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { confirmOff, openNewest, standing } from '../lib/panel.mjs';
import { applyForLoan, atBank, buyByCard, checkOut, comesTo } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

// The simulated lender's and Garanti's account, as they are known to everybody.
const LENDER = { id: 'galata-demo', secret: 'lender-secret-demo', notification: 'lender-notify-demo' };
const GARANTI = { client: '7000679', terminal: '30691298', key: '12345678', password: '123qweASD/' };

describe('an account typed in by the owner', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  const SAVE = 'main form:has(#name) .buttons button';

  /** Presses the connection test of the open page; answers what it says. */
  async function tried(owner, good) {
    await owner.press('form[action$="/test#test"] button');
    const told = owner.page.locator(`#test .${good ? 'done-box' : 'error-box'}`);
    assert.equal(await told.count(), 1, await owner.text());
    await owner.assertAccessible();
    return told.innerText();
  }

  /** Makes the row with this name passive or active. */
  async function turn(owner, list, name, button, state) {
    await owner.go(list);
    const row = owner.page.locator('main li', { hasText: name }).first();
    await owner.press(row.locator('.row-acts').getByText(button));
    await confirmOff(owner);
    assert.equal(await row.locator('.state').first().innerText(), state);
  }

  test('Maslak: credentials, approval by bank, time limit, connection test, and then a loan', async () => {
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    await turn(owner, '/panel/apms', 'Maslak (simülatör)', 'Pasifleştir', 'Pasif');
    const shopper = await stage.visitor();
    const order = await checkOut(shopper, 'coffee');
    await shopper.page.goto(`/shop/orders/${order}?way=loan`);
    assert.equal(await shopper.page.locator('input[name=plan]').count(), 0, 'no offers without a definition');

    await owner.go('/panel/apms');
    await owner.press('main .head a.button');
    await page.fill('#name', 'Maslak (elle)');
    await page.fill('#endpoint', `${stage.sandbox.simulator}/lender`);
    await page.fill('#client-id', LENDER.id);
    await page.fill('#client-secret', 'yanlış gizli anahtar');
    await page.fill('#notification-secret', LENDER.notification);
    await page.selectOption('#loan-type', 'CONSUMER');
    await page.selectOption('#approval-103', 'MANUAL');
    await page.selectOption('#approval-064', 'AUTO');
    await page.fill('#time-limit-seconds', '900');
    await owner.press(SAVE);
    assert.match(page.url(), /\/panel\/apms\/\d+\?done=saved/, await owner.text());
    const mine = new URL(page.url()).pathname;
    assert.match(await tried(owner, false), /gizli|imza|kimlik|anahtar|kabul/i);

    await owner.go(mine);
    assert.equal(await page.inputValue('#client-secret'), '', 'a kept secret is not shown');
    assert.equal(await page.inputValue('#client-id'), LENDER.id);
    assert.equal(await page.inputValue('#time-limit-seconds'), '900');
    assert.equal(await page.inputValue('#approval-103'), 'MANUAL');
    assert.equal(await page.inputValue('#approval-064'), 'AUTO');
    await page.fill('#client-secret', LENDER.secret);
    await owner.press(SAVE);
    await tried(owner, true);
    await turn(owner, '/panel/apms', 'Maslak (elle)', 'Aktifleştir', 'Aktif');

    await shopper.go(`/shop/orders/${order}?way=loan`);
    await shopper.press('form[action$="/offers"] button');
    await applyForLoan(shopper, '103', 6, order);
    await atBank(shopper, 'approve');
    await comesTo(shopper, 'approval');
    await openNewest(owner);
    assert.equal(await standing(owner), 'Beklemede');
    const [loan] = await stage.bank.loans();
    assert.equal(loan.state, 'ready');
    await owner.unfold('Krediyi onayla');
    await owner.press('form[action$="/approve"] button');
    assert.equal(await standing(owner), 'Başarılı');
    await comesTo(shopper, 'paid');
  });

  test('a POS: numbers, users, connection test, and then a payment', async () => {
    const owner = await stage.staff('OWNER', { language: 'en' });
    const { page } = owner;
    await turn(owner, '/panel/poses', 'Garanti', 'Deactivate', 'Passive');
    await owner.go('/panel/poses/new?integrator=GARANTI');
    await page.fill('#name', 'Garanti typed');
    await page.fill('#clientId', GARANTI.client);
    await page.fill('#terminalId', GARANTI.terminal);
    await page.fill('#threedsKey', GARANTI.key);
    const users = page.locator('fieldset fieldset .row');
    assert.equal(await users.count(), 2);
    for (const [at, name] of [[0, 'PROVAUT'], [1, 'PROVRFN']]) {
      await users.nth(at).locator('input').first().fill(name);
      await users.nth(at).locator('input').last().fill('not the password');
    }
    // A new POS takes payments with 3D Secure alone.
    await page.check('[name="auth-NON_THREE_DS"]');
    await page.selectOption('#environment', 'OTHER');
    await owner.unfold('Another address');
    await page.fill('#endpoint', `${stage.sandbox.simulator}/garanti`);
    await owner.press(SAVE);
    assert.match(page.url(), /\/panel\/poses\/\d+\?done=saved/, await owner.text());
    const mine = new URL(page.url()).pathname;
    assert.match(await tried(owner, false), /password|user|credentials|refus|rejected/i);

    await owner.go(mine);
    for (const at of [0, 1]) {
      assert.equal(await users.nth(at).locator('input').last().inputValue(), '', 'a kept password is not shown');
      await users.nth(at).locator('input').last().fill(GARANTI.password);
    }
    await owner.press(SAVE);
    await tried(owner, true);
    const shopper = await stage.visitor({ language: 'en' });
    await buyByCard(shopper, '5209220000000002');
    await openNewest(owner);
    assert.equal(await standing(owner), 'Successful');
    assert.match(await owner.text(), /Garanti typed/);
  });
});
