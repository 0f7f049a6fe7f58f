// The pictures of docs/panel.md, made by walking the tour. They are written with
// GALATA_SCREENSHOTS=1 only, so that an ordinary run changes no file.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, describe, test } from 'node:test';
import { openNewest } from '../lib/panel.mjs';
import { applyForLoan, atBank, buyByCard } from '../lib/shopper.mjs';
import { Stage } from '../lib/stage.mjs';

const FOLDER = fileURLToPath(new URL('../../../docs/images/panel/', import.meta.url));
const BYTES_MAX = 3_000_000;

describe('the tour', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  test('has a picture of every page', async () => {
    mkdirSync(FOLDER, { recursive: true });
    const shopper = await stage.visitor({ language: 'en' });
    const shot = (visitor, name) => visitor.page.screenshot({ path: `${FOLDER}${name}.png` });
    await buyByCard(shopper, '4048090000000007', { points: true });
    await buyByCard(shopper, '5406670000000009', { product: 'shoes' });
    await applyForLoan(shopper, '103', 6);
    await shot(shopper, 'bank');
    await atBank(shopper, 'approve');
    await shot(shopper, 'shop');
    const guest = await stage.visitor({ language: 'en' });
    await guest.go('/panel/sign-in');
    await shot(guest, 'sign-in');
    const owner = await stage.staff('OWNER', { language: 'en' });
    for (const [name, path] of [['overview', '/panel'], ['payments', '/panel/payments'], ['doubts', '/panel/doubts'],
      ['webhooks', '/panel/webhooks'], ['settings', '/panel/settings'], ['methods', '/panel/apms'], ['poses', '/panel/poses'],
      ['keys', '/panel/keys'], ['people', '/panel/people'], ['audit', '/panel/audit'], ['requests', '/panel/requests'],
      ['bins', '/panel/bins?bin=404809']]) {
      await owner.go(path);
      await shot(owner, name);
    }
    await openNewest(owner);
    await owner.unfold('Approve the loan');
    await shot(owner, 'loan');
    const phone = await stage.staff('OWNER', { width: 360, height: 740, dark: true });
    await shot(phone, 'phone');
    const bytes = readdirSync(FOLDER).map((name) => statSync(FOLDER + name).size).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes < BYTES_MAX, `${bytes} bytes of pictures`);
  });
});
