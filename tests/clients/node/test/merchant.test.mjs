// A merchant's own things: POSes, alternative methods, and what is known of card numbers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { buying } from '../lib/cards.mjs';
import { assertBrokenRule, card, newId, payment, refusal, Stage } from '../lib/stage.mjs';

let stage;
let merchant;
before(async () => {
  stage = await Stage.open();
  merchant = stage.client.merchant();
});
after(() => stage?.close());

const PASSWORD = 'S3cret-of-the-bank';
const newPos = (more = {}) => ({
  status: 'ACTIVE',
  name: newId('POS'),
  clientId: '7000679',
  terminalId: '30691298',
  threedsKey: '12345678',
  currency: 'TRY',
  posIntegrator: 'GARANTI',
  enableForeignCard: true,
  enableInstallment: true,
  enablePaymentWithoutCvc: true,
  enableLoyalty: true,
  orderNumber: 99,
  enabledPaymentAuthenticationTypes: ['THREE_DS', 'NON_THREE_DS'],
  merchantPosUsers: [
    { posUsername: 'PROVAUT', posPassword: PASSWORD, posUserType: 'API', posOperationType: 'PROVAUT' },
    { posUsername: 'PROVRFN', posPassword: PASSWORD, posUserType: 'API', posOperationType: 'PROVRFN' },
  ],
  ...more,
});

describe('merchant POSes', () => {
  test('are those of the banks that the sandbox simulates', async () => {
    const { items } = await merchant.searchMerchantPos({ page: 0, size: 25 });
    const accounts = items.map((pos) => `${pos.posIntegrator} ${pos.currency}`).sort();
    assert.deepEqual(accounts, [
      'AKBANK_VPOS TRY', 'DENIZBANK TRY', 'FINANSBANK TRY', 'GARANTI TRY', 'GARANTI USD', 'HALKBANK TRY', 'INGBANK TRY',
      'ISBANK TRY', 'KUVEYTTURK TRY', 'PARAM_POS TRY', 'TEB TRY', 'VAKIFBANK TRY', 'VAKIFKATILIM TRY', 'YKB EUR', 'YKB TRY', 'ZIRAATBANK TRY',
    ]);
    for (const pos of items) {
      assert.ok(pos.alias && pos.name && pos.bankId && pos.bankName);
      assert.ok(['ACTIVE', 'AUTOPILOT'].includes(pos.status));
      assert.ok(!JSON.stringify(pos).includes('123qweASD/'), 'no password is shown');
    }
  });

  test('are created with the bank\'s addresses, and read back with masks for secrets', async () => {
    const request = newPos();
    const made = await merchant.createMerchantPos(request);
    assert.equal(made.name, request.name);
    assert.match(made.alias, /^62-garanti-/);
    assert.equal(made.bankId, 62);
    assert.ok(made.hostname && made.path && made.threedsPath && made.port);
    assert.equal(made.merchantPosUsers.length, 2);
    const read = await merchant.retrieveMerchantPos(made.id);
    assert.deepEqual(read, made);
    assert.ok(!JSON.stringify(read).includes(PASSWORD));
    assert.ok(!JSON.stringify(read).includes('12345678'));
    await merchant.updateMerchantPosStatus(made.id, 'PASSIVE');
  });

  test('are found by name, alias, currency and what they can do', async () => {
    const request = newPos({ enableInstallment: false, enableForeignCard: false });
    const made = await merchant.createMerchantPos(request);
    for (const filter of [{ name: request.name }, { alias: made.alias }, { enableInstallment: false, name: request.name }, { bankName: made.bankName, name: request.name }]) {
      const found = await merchant.searchMerchantPos(filter);
      assert.deepEqual(found.items.map((pos) => pos.id), [made.id], JSON.stringify(filter));
    }
    assert.deepEqual((await merchant.searchMerchantPos({ name: request.name, currency: 'USD' })).items, []);
    assert.deepEqual((await merchant.searchMerchantPos({ name: request.name, enableForeignCard: true })).items, []);
    await merchant.updateMerchantPosStatus(made.id, 'PASSIVE');
  });

  test('keep working after a change that sends masks back', async () => {
    const { items } = await merchant.searchMerchantPos({});
    const garanti = items.find((pos) => pos.posIntegrator === 'GARANTI' && pos.status !== 'PASSIVE' && pos.port !== 443);
    await merchant.updateMerchantPos(garanti.id, { ...garanti, name: 'Still Garanti' });
    const made = await stage.client.payment().createPayment(payment(10, card('5209220000000002'), { posAlias: garanti.alias }));
    assert.equal(made.paymentStatus, 'SUCCESS');
    assert.equal(made.pos.name, 'Still Garanti');
  });

  test('have a commission table by which instalments are searched and payments cost', async () => {
    const made = await merchant.createMerchantPos(newPos({ status: 'ACTIVE' }));
    const rate = { cardBrandName: 'Bonus', status: 'ACTIVE', bankOnUsCreditCardCommissionRate: 2.1 };
    const commissions = [
      { ...rate, installment: 1, blockageDay: 1, installmentLabel: 'Single' },
      { ...rate, installment: 3, merchantCommissionRate: 3.5 },
    ];
    const written = await merchant.updateMerchantPosCommissions(made.id, { commissions });
    assert.deepEqual((await merchant.retrieveMerchantPosCommissions(made.id)).items, written.items);
    assert.deepEqual(written.items.map(({ id, ...row }) => row), commissions);
    assertBrokenRule(await refusal(merchant.updateMerchantPosCommissions(made.id, { commissions: [{ ...commissions[0], cardBrandName: 'Bonu' }] })), 400);
    const search = async (more) => {
      const request = { price: 1000, currency: 'TRY', distinctCardBrandsWithLowestCommissions: false, ...more };
      const { items } = await stage.client.installment().searchInstallments(request);
      return items.filter((one) => one.installmentPrices.some((price) => price.posAlias === made.alias));
    };
    for (const more of [{}, { binNumber: '52092200' }]) {
      const items = await search(more);
      assert.deepEqual(items.map((one) => one.cardBrand), ['Bonus']);
      assert.deepEqual(items[0].installmentPrices.map((one) => [one.installmentNumber, one.totalPrice, one.installmentPrice]), [[1, 1000, 1000], [3, 1035, 345]]);
    }
    await merchant.deleteMerchantPos(made.id);
    assertBrokenRule(await refusal(merchant.retrieveMerchantPos(made.id)), 404);
    assert.deepEqual(await search({}), []);
    // A card of a bank in Turkey pays in lira alone.
    assert.deepEqual((await stage.client.installment().searchInstallments({ price: 1000, currency: 'USD', binNumber: '52092200' })).items, []);
  });

  test('of the sandbox take every published family in instalments', async () => {
    const { items } = await stage.client.installment().searchInstallments({ price: 100, distinctCardBrandsWithLowestCommissions: true });
    assert.ok(['Axess', 'Bonus', 'Maximum', 'World'].every((family) => items.some((one) => one.cardBrand === family)));
    for (const one of items) assert.deepEqual(one.installmentPrices.map((price) => price.installmentNumber), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const [found] = (await stage.client.installment().searchInstallments({ price: 100, binNumber: '52092200', distinctCardBrandsWithLowestCommissions: true })).items;
    const six = found.installmentPrices.find((price) => price.installmentNumber === 6);
    const made = await stage.client.payment().createPayment(payment(100, card('5209220000000002'), { installment: 6, paidPrice: six.totalPrice, posAlias: six.posAlias }));
    assert.deepEqual([made.merchantCommissionRate, made.bankCommissionRate], [six.merchantCommissionRate, six.bankCommissionRate]);
    const [item] = made.paymentTransactions;
    assert.ok(Math.abs(item.merchantPayoutAmount + (item.paidPrice * six.bankCommissionRate) / 100 - item.paidPrice) < 1e-6);
    assert.ok(made.blockageResolvedDate > made.createdDate);
  });

  test('of a bank whose protocol is not spoken are refused', async () => {
    assertBrokenRule(await refusal(merchant.createMerchantPos(newPos({ posIntegrator: 'STRIPE' }))), 422);
  });
});

test('alternative methods list Maslak, active', async () => {
  const { items } = await stage.client.merchantApm().retrieveApms();
  assert.deepEqual(items.map((apm) => [apm.apmType, apm.status]), [['MASLAK', 'ACTIVE']]);
  assert.ok(items[0].id && items[0].name);
});

describe('a card number\'s beginning', () => {
  const bins = () => stage.client.installment();

  test('of eight or six digits tells bank and family', async () => {
    for (const bin of ['52586400', '525864']) {
      const found = await bins().retrieveBinNumber(bin);
      assert.equal(found.cardBrand, 'World');
      assert.equal(found.cardType, 'CREDIT_CARD');
      assert.equal(found.cardAssociation, 'MASTER_CARD');
      assert.equal(found.bankCode, 67);
      assert.ok(found.bankName);
      assert.equal(found.commercial, false);
    }
  });

  test('of every published card is known as published', async () => {
    const wrong = [];
    for (const published of buying()) {
      const found = await bins().retrieveBinNumber(published.pan.slice(0, 8));
      const told = [found.cardType, found.cardBrand ?? '', found.cardAssociation, found.commercial ? 'commercial' : 'consumer'];
      const wanted = [published.type, published.brand, published.association, published.segment];
      if (told.join() !== wanted.join()) wrong.push(`${published.pan}: ${told} instead of ${wanted}`);
    }
    assert.deepEqual(wrong, []);
  });

  test('that nobody issued is not found', async () => {
    assertBrokenRule(await refusal(bins().retrieveBinNumber('00000000')), 404);
  });

  test('that is none is refused', async () => {
    const told = await refusal(bins().retrieveBinNumber('12ab'));
    assert.ok([400, 404].includes(told.status));
  });
});
