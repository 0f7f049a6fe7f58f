// The pictures of docs/panel.md, made by walking the tour. They are kept with GALATA_SCREENSHOTS=1
// only; an ordinary run walks the same way and forgets them.
import Craftgate from '@craftgate/craftgate';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, describe, test } from 'node:test';
import { compareByFile, openNewest, yesterday } from '../lib/panel.mjs';
import { applyForLoan, atBank, buyByCard, checkOut, comesTo, fillCard, paidAs, PAY, verifyAtBank } from '../lib/shopper.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const KEPT = process.env.GALATA_SCREENSHOTS === '1';
const DOCUMENT = fileURLToPath(new URL('../../../docs/panel.md', import.meta.url));
const FOLDER = KEPT ? fileURLToPath(new URL('../../../docs/images/panel/', import.meta.url)) : mkdtempSync(join(tmpdir(), 'galata-tour-'));
const BYTES_MAX = 3_000_000;
const LISTED = `Order ID;Type;Amount;Status;Date;Card\nCOUNTER-118;Sale;1249,90;Approved;${yesterday()} 14:05;4531 44** **** 2283\n`;

describe('the tour', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(async () => {
    await stage?.close();
    if (!KEPT) rmSync(FOLDER, { recursive: true, force: true });
  });

  /** A webhook that the shop's server refused, sent again and delivered; answers its page. */
  async function refusedAndResent(owner) {
    await owner.go('/panel/settings');
    const address = await owner.page.inputValue('#url');
    // Nobody takes webhooks there.
    await owner.page.fill('#url', `${stage.gateway}/pages/loan-notify/nobody`);
    await owner.press('form[action^="/panel/settings/webhook#"] button:not([disabled])');
    const shopper = await stage.visitor({ language: 'en' });
    await checkOut(shopper, 'book');
    await fillCard(shopper, '5258640000000001', { threeds: true });
    await shopper.press(PAY);
    await verifyAtBank(shopper);
    const payment = await paidAs(shopper);
    const tried = owner.page.locator('tbody tr', { hasText: payment }).first();
    await eventually('a refused call', async () => {
      await owner.go('/panel/webhooks');
      return (await tried.count()) > 0 && /\b[45]\d\d\b/.test((await tried.innerText()).replace(payment, ''));
    });
    const path = await tried.locator('a').first().getAttribute('href');
    await owner.go('/panel/settings');
    await owner.page.fill('#url', address);
    await owner.press('form[action^="/panel/settings/webhook#"] button:not([disabled])');
    await owner.go(path);
    await owner.press('form[action$="/resend"] button');
    await eventually('the delivery', async () => {
      await owner.go(path);
      return (await owner.page.locator('.facts .state.good').count()) === 1;
    });
    return path;
  }

  /** Holds an amount; answers the payment's id. */
  async function hold() {
    const client = new Craftgate.Client({ apiKey: 'api-key', secretKey: 'secret-key', baseUrl: stage.gateway });
    const made = await client.payment().createPayment({
      price: 1250, paidPrice: 1250, walletPrice: 0, installment: 1, currency: 'TRY', paymentPhase: 'PRE_AUTH',
      paymentGroup: 'LISTING_OR_SUBSCRIPTION', conversationId: 'stay-0117', items: [{ name: 'Two nights', price: 1250 }],
      card: { cardHolderName: 'Işıl Öztürk', cardNumber: '5209220000000002', expireYear: '2044', expireMonth: '07', cvc: '000' },
    });
    return made.id;
  }

  test('has a picture of every page, and the document shows each', async () => {
    mkdirSync(FOLDER, { recursive: true });
    const shopper = await stage.visitor({ language: 'en' });
    const made = [];
    const shot = async (visitor, name, options = {}) => {
      await visitor.page.screenshot({ path: join(FOLDER, `${name}.png`), ...options });
      made.push(name);
    };
    const { payment } = await buyByCard(shopper, '4048090000000007', { points: true });
    await buyByCard(shopper, '5406670000000009', { product: 'shoes' });
    await checkOut(shopper, 'book');
    await fillCard(shopper, '4043080000000003', { points: true });
    await shopper.page.evaluate(() => document.getElementById('card-form').scrollIntoView());
    await shot(shopper, 'checkout');
    await shopper.context.clearCookies();
    await applyForLoan(shopper, '103', 6);
    await shot(shopper, 'bank');
    await atBank(shopper, 'approve');
    await shot(shopper, 'shop');
    const guest = await stage.visitor({ language: 'en' });
    await guest.go('/panel/sign-in');
    await shot(guest, 'sign-in');

    const owner = await stage.staff('OWNER', { language: 'en' });
    await openNewest(owner);
    await owner.unfold('Approve the loan');
    await shot(owner, 'loan');
    await owner.go(`/panel/payments/${payment}`);
    await owner.page.locator('h2', { hasText: 'Rewards' }).evaluate((one) => one.closest('section').scrollIntoView());
    await shot(owner, 'points');
    await owner.go(await refusedAndResent(owner));
    await owner.page.locator('details.box').last().locator('summary').click();
    await shot(owner, 'webhook', { fullPage: true });

    await owner.go(`/panel/payments/${await hold()}`);
    await owner.unfold(/^Capture$/);
    await owner.page.locator('section[aria-labelledby=hold]').scrollIntoViewIfNeeded();
    await shot(owner, 'hold');
    await owner.go('/panel/routing-rules/dry-run');
    await owner.page.fill('#bin', '52092200');
    await owner.page.fill('#amount', '250');
    await owner.press('form[action$="/dry-run"] button');
    await shot(owner, 'dry-run');

    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'lose_reply' } });
    await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    await checkOut(guest, 'book');
    await fillCard(guest, '5258640000000001');
    await guest.press(PAY);
    await comesTo(guest, 'doubt');
    await eventually('the doubt in the list', async () => {
      await owner.go('/panel/doubts');
      return (await owner.page.locator('section.doubt').count()) === 1;
    });
    await owner.unfold('Settle');
    await shot(owner, 'doubts');
    for (const [name, path] of [['overview', '/panel'], ['payments', '/panel/payments'],
      ['webhooks', '/panel/webhooks'], ['settings', '/panel/settings'], ['methods', '/panel/apms'], ['poses', '/panel/poses'],
      ['keys', '/panel/keys'], ['people', '/panel/people'], ['audit', '/panel/audit'], ['requests', '/panel/requests'],
      ['bins', '/panel/bins?bin=404809']]) {
      await owner.go(path);
      await shot(owner, name);
    }
    await compareByFile(owner, 'Halkbank', LISTED);
    await shot(owner, 'reconciliation');
    await owner.go('/panel/poses');
    // The last one of its currency.
    await owner.press(owner.page.locator('a[href*="/off?"]').nth(2));
    await shot(owner, 'off');
    const phone = await stage.staff('OWNER', { width: 360, height: 740, dark: true });
    await shot(phone, 'phone');
    await phone.go('/panel/payments');
    await phone.page.locator('tbody tr').first().evaluate((row) => row.scrollIntoView());
    await shot(phone, 'phone-list');

    const referenced = [...readFileSync(DOCUMENT, 'utf8').matchAll(/\(images\/panel\/([\w-]+)\.png\)/g)].map(([, name]) => name);
    assert.deepEqual([...referenced].sort(), [...made].sort());
    const files = readdirSync(FOLDER);
    assert.equal(files.length, made.length, `${files}`);
    const bytes = files.map((name) => statSync(join(FOLDER, name)).size).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes < BYTES_MAX, `${bytes} bytes of pictures`);
  });
});
