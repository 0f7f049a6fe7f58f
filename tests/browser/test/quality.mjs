// What every page owes its reader: access, room on a phone, both schemes, both languages, the
// keyboard, weight and time. The walk opens each page in every way of showing it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { plain } from '../lib/browser.mjs';
import { applyForLoan, atBank, buyByCard, checkOut, fillCard, PAY } from '../lib/shopper.mjs';
import { STANDING } from '../lib/panel.mjs';
import { eventually, Stage } from '../lib/stage.mjs';

const WEIGHT_MAX = 100_000;
const MILLIS_MAX = 100;
// Colours differ by scheme and layouts by width, so each pair of them; each language on both widths.
const SHOWN = [
  { language: 'tr', width: 1280, dark: false },
  { language: 'en', width: 1280, dark: true },
  { language: 'en', width: 360, dark: true },
  { language: 'tr', width: 360, dark: false },
];

describe('quality', () => {
  let stage;
  let paths;
  before(async () => {
    stage = await Stage.open();
    paths = await somethingEverywhere();
  });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  /** A payment of every kind, and the paths of all pages with something on them. */
  async function somethingEverywhere() {
    const shopper = await stage.visitor();
    const { order, payment } = await buyByCard(shopper, '4048090000000007', { points: true });
    await applyForLoan(shopper, '103', 6);
    await atBank(shopper, 'approve');
    const open = await checkOut(shopper, 'chair', 'shoes');
    await stage.bank.fault({ bank: 'posnet', operation: 'sale', fault: { kind: 'lose_reply' } });
    await stage.bank.fault({ bank: 'posnet', operation: 'inquire', fault: { kind: 'http_500' }, times: 1000 });
    const unlucky = await stage.visitor();
    await buyFrom(unlucky);
    const owner = await stage.staff('OWNER');
    const first = async (path, selector) => {
      await eventually(`something on ${path}`, async () => {
        await owner.go(path);
        return (await owner.page.locator(selector).count()) > 0;
      });
      return owner.page.locator(selector).first().getAttribute('href');
    };
    const links = [
      await first('/panel/payments?paymentType=APM', 'tbody a'), await first('/panel/webhooks', 'tbody a'),
      await first('/panel/requests', 'tbody a'), await first('/panel/poses', 'main li strong a'), await first('/panel/apms', 'main li strong a'),
    ];
    await first('/panel/doubts', 'section.doubt a');
    return {
      panel: ['/panel', '/panel/payments', `/panel/payments/${payment}?exchanges=1`, ...links, '/panel/doubts', '/panel/reconciliation', '/panel/double-submits', `${links[3]}/commissions`, '/panel/autopilot', '/panel/cards', '/panel/reports', '/panel/webhooks',
        '/panel/settings', '/panel/apms', '/panel/apms/new', '/panel/poses', '/panel/poses/new', '/panel/routing-rules', '/panel/routing-rules/new', '/panel/routing-rules/dry-run', '/panel/keys', '/panel/people',
        '/panel/audit', '/panel/requests', '/panel/bins?bin=404809', '/panel/account', '/panel/account/totp',
        '/panel/payments?paymentStatus=FAILURE&conversationId=none', '/panel/payments?minPaidPrice=abc'],
      shop: ['/shop', `/shop/orders/${order}`, `/shop/orders/${open}?way=card`, `/shop/orders/${open}?way=loan`, '/shop/orders',
        '/sandbox/cards', '/sandbox/faults', '/panel/sign-in', '/panel/forgot'],
      cookies: await shopper.context.cookies(),
    };
  }

  async function buyFrom(visitor) {
    await checkOut(visitor, 'book');
    await fillCard(visitor, '5258640000000001');
    await visitor.press(PAY);
  }

  /** Opens each page and lets `look` judge it; all that is wrong is told together. */
  async function walk(visitor, pages, look) {
    const wrong = [];
    for (const path of pages) {
      try {
        await visitor.page.goto(path);
        await look();
      } catch (error) {
        wrong.push(`${path}: ${error.message}`);
      }
    }
    assert.deepEqual(wrong, [], wrong.join('\n'));
  }

  for (const shown of SHOWN) {
    const name = `${shown.language}, ${shown.width} px, ${shown.dark ? 'dark' : 'light'}`;
    test(`every page of panel and shop is accessible and fits: ${name}`, async () => {
      const owner = await stage.staff('OWNER', { ...shown, height: 800 });
      const shopper = await stage.visitor({ ...shown, height: 800 });
      await shopper.context.addCookies(paths.cookies);
      const look = (visitor) => async () => {
        assert.equal(await visitor.page.getAttribute('html', 'lang'), shown.language);
        await visitor.assertFits();
        await visitor.assertAccessible();
      };
      const results = await Promise.allSettled([walk(owner, paths.panel, look(owner)), walk(shopper, paths.shop, look(shopper))]);
      const wrong = results.filter((one) => one.status === 'rejected').map((one) => one.reason.message);
      assert.deepEqual(wrong, [], wrong.join('\n'));
    });
  }

  test('on a phone lists are read without scrolling sideways', async () => {
    const owner = await stage.staff('OWNER', { width: 360, height: 740 });
    const lists = ['/panel/payments', '/panel/webhooks', '/panel/audit', '/panel/requests', paths.panel[3]];
    await walk(owner, lists, async () => {
      const cut = await owner.page.locator('table.stack').evaluateAll((tables) => tables
        .filter((table) => table.closest('.table').scrollWidth > table.closest('.table').clientWidth)
        .map((table) => table.textContent.slice(0, 80)));
      assert.deepEqual(cut, []);
      assert.ok(await owner.page.locator('table.stack').count() > 0);
    });
    await owner.go('/panel/payments');
    const amount = owner.page.locator('tbody td.first').first();
    const box = await amount.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
  });

  test('on a phone the Escape key closes the menu', async () => {
    const { page } = await stage.staff('OWNER', { width: 360, height: 740 });
    await page.click('a.menu-link');
    await page.locator('#menu').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#menu').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.className), 'button quiet menu-link');
  });

  test('nothing moves while a page comes', async () => {
    const owner = await stage.staff('OWNER');
    await walk(owner, [...paths.panel.slice(0, 4), '/panel/settings', '/panel/poses/new', '/shop', '/panel/doubts'], async () => {
      await owner.page.waitForLoadState('networkidle');
      await owner.assertStill();
    });
  });

  for (const width of [1280, 360]) {
    test(`nothing moves while a card's rewards are asked for, and words say how it stands: ${width} px`, async () => {
      const shopper = await stage.visitor({ width, height: 900 });
      const { page } = shopper;
      await checkOut(shopper, 'book');
      const places = () => page.locator('#card-form button, #card-form label[for], input[name=threeds], .hints a')
        .evaluateAll((ones) => ones.map((one) => `${one.textContent.trim()} ${Math.round(one.getBoundingClientRect().top + scrollY)}`));
      const rewards = page.locator('#rewards');
      const still = await places();
      let answer;
      const held = new Promise((resolve) => { answer = resolve; });
      await page.route('**/rewards', async (route) => { await held; await route.continue(); });
      await page.fill('#expiry', '07/44');
      await page.fill('#number', '4048090000000007');
      await rewards.filter({ hasText: 'bankaya soruluyor' }).waitFor();
      await shopper.assertAccessible();
      assert.deepEqual(await places(), still, 'while they are asked for');
      answer();
      await rewards.locator('input[value=none]').waitFor();
      assert.deepEqual(await places(), still, 'when they came');
      assert.ok(await rewards.evaluate((one) => one.scrollHeight <= one.clientHeight), 'all of them are seen at once');
      await page.unroute('**/rewards');
      await page.route('**/rewards', (route) => route.abort());
      await page.fill('#number', '4043080000000003');
      await rewards.locator('.note.bad[role=alert]', { hasText: 'sorulamadı' }).waitFor();
      assert.deepEqual(await places(), still, 'when they could not be asked for');
      await shopper.assertAccessible();
      await page.unroute('**/rewards');
      await page.fill('#number', '4048090000000007');
      await rewards.locator('input[name=reward][value="0"]').waitFor();
      assert.deepEqual(await places(), still, 'when they came after all');
    });
  }

  test('the first pages are light and soon there', async () => {
    const guest = await stage.visitor();
    const owner = await stage.staff('OWNER');
    for (const [visitor, path] of [[guest, '/panel/sign-in'], [owner, '/panel'], [guest, '/shop']]) {
      const fresh = await visitor.tab();
      const session = await visitor.context.newCDPSession(fresh);
      await session.send('Network.enable');
      await session.send('Network.setCacheDisabled', { cacheDisabled: true });
      let bytes = 0;
      session.on('Network.loadingFinished', (event) => { bytes += event.encodedDataLength; });
      await fresh.goto(path, { waitUntil: 'networkidle' });
      assert.ok(bytes > 1000 && bytes < WEIGHT_MAX, `${path}: ${bytes} bytes`);
      await fresh.close();
      const times = [];
      for (let round = 0; round < 5; round += 1) {
        const began = performance.now();
        const answer = await visitor.context.request.get(path);
        times.push(performance.now() - began);
        assert.equal(answer.status(), 200);
      }
      assert.ok(Math.min(...times) < MILLIS_MAX, `${path}: ${times.map(Math.round)} ms`);
    }
  });

  /** Ways by the Tab key alone: answers a function that goes on until what has the focus `fits`. */
  function keyboard(page) {
    const focused = () => page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      return { text: (one.innerText || one.getAttribute('aria-label') || one.id || one.tagName).trim(), name: one.name ?? '', id: one.id,
        value: one.value ?? '', action: one.form?.getAttribute('action') ?? '',
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 };
    });
    return async (what, fits, steps = 80) => {
      for (let step = 0; step < steps; step += 1) {
        await page.keyboard.press('Tab');
        const now = await focused();
        if (fits(now)) {
          assert.ok(now.outlined, `${what} shows its focus`);
          return;
        }
      }
      assert.fail(`no way by Tab to ${what}`);
    };
  }

  test('by keyboard alone one signs in, reaches the content and approves a loan', async () => {
    const visitor = await stage.visitor();
    const { page } = visitor;
    const tabTo = keyboard(page);
    await visitor.go('/panel/sign-in');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'email');
    await tabTo('the sign-in with one click', (one) => one.action === '/sandbox/sign-in' && one.name === '');
    await Promise.all([page.waitForURL('**/panel'), page.keyboard.press('Enter')]);
    await tabTo('the link to the content', (one) => one.text === 'İçeriğe geç', 1);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    await visitor.go(paths.panel.find((path) => /payments\/\d+$/.test(path)));
    await tabTo('the approval', (one) => one.text.startsWith('Krediyi onayla'));
    await page.keyboard.press('Enter');
    await tabTo('its second button', (one) => one.action.endsWith('/approve'));
    await Promise.all([page.waitForURL('**done=approved**'), page.keyboard.press('Enter')]);
    assert.equal(await page.locator(STANDING).first().innerText(), 'Başarılı');
  });

  test('by keyboard alone one pays by card with points and 3D Secure', async () => {
    const shopper = await stage.visitor();
    const { page } = shopper;
    const tabTo = keyboard(page);
    await shopper.go('/shop');
    await tabTo('a product\'s button', (one) => one.action === '/shop/cart' || /Sepete/.test(one.text));
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await tabTo('the way to the checkout', (one) => one.action === '/shop/checkout');
    await Promise.all([page.waitForURL('**/shop/orders/*'), page.keyboard.press('Enter')]);
    for (const [id, text] of [['number', '4043080000000003'], ['expiry', '0744'], ['cvc', '000'], ['holder', 'Işıl Çağrı Öztürk']]) {
      await tabTo(id, (one) => one.id === id);
      await page.keyboard.type(text);
    }
    await page.locator('#rewards input[name=reward]').first().waitFor();
    await tabTo('the rewards', (one) => one.name === 'reward');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.locator('#rewards input[value="0"]').isChecked(), true);
    await tabTo('3D Secure', (one) => one.name === 'threeds');
    await page.keyboard.press('ArrowUp');
    assert.equal(await page.locator('input[name=threeds][value=yes]').isChecked(), true);
    await tabTo('the button that pays', (one) => one.text.startsWith('Öde '));
    await Promise.all([page.waitForURL(/\/bank\/|:\d+\/(garanti|posnet)/), page.keyboard.press('Enter')]);
    // The bank's page puts the focus where the password goes.
    await page.locator('#otp:focus').waitFor();
    await page.keyboard.type('123456');
    await tabTo('the bank\'s button', (one) => one.value === 'confirm');
    await Promise.all([page.waitForURL(/\/shop\/orders\//), page.keyboard.press('Enter')]);
    await page.locator('section.stage.paid').waitFor();
    assert.match(plain(await page.locator('section.stage').innerText()), /17,55 ₺/);
  });

  test('by keyboard alone one applies for a loan at the bank', async () => {
    const shopper = await stage.visitor();
    const { page } = shopper;
    const tabTo = keyboard(page);
    await applyForLoan(shopper, '064', 6);
    await tabTo('the language', (one) => one.text === 'English');
    await tabTo('the application', (one) => one.value === 'approve');
    await Promise.all([page.waitForURL(/\/shop\/orders\//), page.keyboard.press('Enter')]);
    await page.locator('section.stage.paid').waitFor();
  });

  test('Turkish and English write amounts, dates and letters their own way', async () => {
    const path = paths.panel.find((one) => one.includes('exchanges=1')).replace('?exchanges=1', '');
    const turkish = await stage.staff('OWNER');
    await turkish.go(path);
    const tr = await turkish.text();
    for (const part of [/189,50 ₺/, /Işıl Çağrı Öztürk/, /\d{1,2} (Oca|Şub|Mar|Nis|May|Haz|Tem|Ağu|Eyl|Eki|Kas|Ara) \d{4} \d\d:\d\d:\d\d/]) assert.match(tr, part);
    await turkish.go('/shop');
    assert.match(await turkish.text(), /42\.999,00 ₺/);
    // Searching folds the dotted and the dotless i as Turkish does.
    await turkish.go('/sandbox/cards?q=iş%20bankası');
    assert.match(await turkish.text(), /İŞ BANKASI/);
    const english = await stage.staff('OWNER', { language: 'en' });
    await english.go(path);
    const en = await english.text();
    for (const part of [/₺189\.50/, /\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}/]) assert.match(en, part);
    await english.go('/shop');
    assert.match(await english.text(), /₺42,999\.00/);
    // The choice of language stays.
    await turkish.go('/panel');
    await turkish.press('header a[lang=en]');
    await turkish.go('/panel/payments');
    assert.equal(plain(await turkish.page.locator('h1').innerText()), 'Payments');
  });
});
