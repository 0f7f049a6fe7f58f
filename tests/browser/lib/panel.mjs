// What the staff does in the panel, click by click.
import assert from 'node:assert/strict';
import { plain } from './browser.mjs';

/** Switching something off is asked about on a page of its own: yes. */
export async function confirmOff(owner) {
  if (new URL(owner.page.url()).pathname.endsWith('/off')) await owner.press('main button.danger');
}

/** The owner switches alternative payment methods and the Maslak definition on or off. */
export async function switchMaslak(owner, on) {
  const { page } = owner;
  await owner.go('/panel/settings');
  await page.setChecked('#alternative-payment-methods', on);
  await owner.press('form[action="/panel/settings/features"] button');
  await confirmOff(owner);
  assert.equal(await page.isChecked('#alternative-payment-methods'), on);
  await owner.go('/panel/apms');
  const row = page.locator('li', { hasText: 'Maslak' }).first();
  const wanted = row.locator(on ? 'form[action$="/status"] button' : 'a[href$="/off"]');
  if (await wanted.count()) await owner.press(wanted);
  await confirmOff(owner);
  assert.equal(await row.locator('.state.good').count(), on ? 1 : 0);
}

/** The newest payment of the list; opens its page and answers its id. */
export async function openNewest(staff) {
  await staff.go('/panel/payments');
  const answer = await staff.press(staff.page.locator('tbody tr a').first());
  assert.equal(answer.status(), 200, await staff.text());
  return new URL(staff.page.url()).pathname.split('/').pop();
}

/** Where the page of a payment says how it stands: beside the amount, or in a card of its own. */
export const STANDING = '.head.amount .state, .standing .state';

/** How the payment whose page is open stands, by its spelling in the panel's classes and words. */
export async function standing(staff) {
  return staff.page.locator(STANDING).first().innerText();
}

/** The open page's heading: a payment's amount. */
export async function heading(staff) {
  return plain(await staff.page.locator('h1').innerText());
}

/** The text of a fact on the open page, by its name. */
export async function fact(staff, name) {
  const found = staff.page.locator('dl.facts dt', { hasText: name }).first();
  return plain(await found.locator('xpath=following-sibling::dd[1]').innerText()).trim();
}

/** The day before today in Istanbul, which has no summer time. */
export function yesterday() {
  const ISTANBUL_MS = 3 * 3_600_000;
  const DAY_MS = 86_400_000;
  return new Date(Date.now() + ISTANBUL_MS - DAY_MS).toISOString().slice(0, 10);
}

/** Compares yesterday at a POS, whose name begins so, with a file: a text, or bytes. */
export async function compareByFile(staff, pos, file) {
  const { page } = staff;
  await staff.go('/panel/reconciliation');
  const options = await page.$$eval('#pos option', (all) => all.map((one) => [one.textContent, one.value]));
  await page.selectOption('#pos', options.find(([name]) => name.startsWith(pos))[1]);
  await page.fill('#day', yesterday());
  await page.setInputFiles('#chosen', { name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
  await page.waitForFunction(() => document.getElementById('file').value !== '');
  return staff.press('form[action$="/compare"] button');
}

/** The audit log as the owner downloads it: one object an entry, the newest first. */
export async function auditLog(owner) {
  const answer = await owner.context.request.get('/panel/audit.csv');
  assert.equal(answer.status(), 200);
  const [names, ...rows] = readCsv((await answer.text()).replace(/^\ufeff/, ''));
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
}

/** Rows of a file with quoted fields. */
function readCsv(text) {
  const rows = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? bare);
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}
