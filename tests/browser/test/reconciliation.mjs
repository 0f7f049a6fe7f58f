// A day compared by a file of the bank's pages: in the letters of Windows, refused where it cannot be read, closed.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { plain } from '../lib/browser.mjs';
import { compareByFile, yesterday } from '../lib/panel.mjs';
import { Stage } from '../lib/stage.mjs';

const HEAD = 'Sipariş No;İşlem Tipi;Tutar;Durum;İşlem Tarihi;Kart No\n';

/** Bytes of Windows-1254: where it parts from Latin-1 in Turkish. */
function windows1254(text) {
  const letters = { Ğ: 0xd0, İ: 0xdd, Ş: 0xde, ğ: 0xf0, ı: 0xfd, ş: 0xfe };
  return [...text].map((letter) => letters[letter] ?? letter.charCodeAt(0));
}

describe('reconciliation', () => {
  let stage;
  before(async () => { stage = await Stage.open(); });
  afterEach(() => stage.clear());
  after(() => stage?.close());

  for (const [language, width, dark] of [['tr', 360, true], ['en', 1280, false]]) {
    test(`takes a file in the letters of Windows, and closes what it told: ${language}, ${width} px`, async () => {
      const owner = await stage.staff('OWNER', { language, width, dark });
      const { page } = owner;
      const order = `KASA-${width}`;
      const file = `${HEAD}${order};Satış;1.249,90;Başarılı;${yesterday()} 14:05;4531 44** **** 2283\n`;
      await compareByFile(owner, 'Halkbank (', windows1254(file));
      const card = page.locator('section', { hasText: order }).filter({ has: page.locator('details.deed') });
      assert.match(plain(await card.innerText()), /1[.,]249[.,]90/);
      await owner.assertFits();
      await owner.assertAccessible();
      const why = await owner.unfold(/Farkı kapat|Close the difference/, card);
      await why.locator('input[name=note]').fill('Mağazanın kendi satışı');
      await owner.press(why.locator('button'));
      assert.match(await page.locator('section', { hasText: order }).first().innerText(), /Mağazanın kendi satışı/);
      await owner.go('/panel/reconciliation?kind=AMOUNT');
      assert.equal(await page.locator('.empty').count(), 1);
    });
  }

  test('reads a file whatever its bytes are, and names what it cannot read', async () => {
    const owner = await stage.staff('OWNER');
    const { page } = owner;
    const text = `${HEAD}A1;Danışma;3,00;Başarılı;${yesterday()};\n`;
    const wide = Buffer.from(`\ufeff${text}`, 'utf16le');
    for (const bytes of [windows1254(text), Buffer.from(`\ufeff${text}`), Buffer.from(text), wide, Buffer.from(wide).swap16()]) {
      const answer = await compareByFile(owner, 'Halkbank (', bytes);
      assert.equal(answer.status(), 400);
      assert.equal((await page.inputValue('#file')).trim(), text.trim());
      const wrong = await page.locator('#file-wrong').innerText();
      assert.match(wrong, /2/);
      assert.match(wrong, /İşlem Tipi/);
    }
    await owner.assertAccessible();
  });
});
