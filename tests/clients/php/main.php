<?php
// What a shop in PHP sends, end to end. tests/clients/run starts it beside a sandbox.
declare(strict_types=1);
require __DIR__ . '/client.php';
require __DIR__ . '/shop.php';

const CALLBACK_KEY = 'merchantThreeDsCallbackKeySndbox';
const WEBHOOK_KEY = 'Aoh7tReTybO6wOjBmOJFFsOR53SBojEp';
const WORLD = '5258640000000001';
const DECLINED = '5100050000006661';
// The simulator's own reward card: published ones hold the same every day, this one spends.
const BONUS = '4043080000060007';
const VECTORS = __DIR__ . '/../../../crates/contract/tests/data/signature-vectors.json';

$passed = $failed = 0;

/** Runs one step and says how it ended. */
function check(string $name, callable $step): mixed
{
    global $passed, $failed;
    try {
        $value = $step();
        $passed++;
        echo "ok - $name\n";
        return $value;
    } catch (Throwable $error) {
        $failed++;
        echo "not ok - $name: {$error->getMessage()} (line {$error->getLine()})\n";
        return null;
    }
}

function same(mixed $wanted, mixed $found, string $what): void
{
    if ($wanted !== $found) {
        throw new Exception("$what: " . json_encode($found) . ' instead of ' . json_encode($wanted));
    }
}

function galata(string ...$words): string
{
    exec(implode(' ', array_map(escapeshellarg(...), [getenv('GALATA_COMMAND'), ...$words])), $lines, $code);
    same(0, $code, implode(' ', $words));
    return implode("\n", $lines);
}

/** The control API of the simulator. Amounts there are kuruş. */
function bank(string $method, string $path, ?array $body = null): mixed
{
    $headers = ['content-type: application/json'];
    $answer = exchange($method, getenv('GALATA_SIMULATOR') . $path, $headers, $body === null ? null : json_encode($body));
    same(true, $answer->status < 300, "$method $path: $answer->text");
    return $answer->json;
}

function orderOf(Answer $made): array
{
    $orders = bank('GET', '/control/ledger' . query(['orderId' => $made->data('orderId')]))['orders'];
    same(1, count($orders), 'orders at the bank');
    return $orders[0];
}

function card(string $number): array
{
    return [
        'cardHolderName' => 'Haluk Demir', 'cardNumber' => $number, 'expireYear' => '2044', 'expireMonth' => '07',
        'cvc' => '000', 'storeCardAfterSuccessPayment' => false,
    ];
}

/** A payment as PHP writes one: empty lists for empty objects, booleans, floats. */
function payment(array $card, array $more = []): array
{
    return $more + [
        'price' => 100, 'paidPrice' => 100.0, 'walletPrice' => 0, 'installment' => 1, 'currency' => 'TRY',
        'paymentGroup' => 'LISTING_OR_SUBSCRIPTION', 'paymentPhase' => 'AUTH',
        'conversationId' => uniqid('php-', true), 'externalId' => 115, 'card' => $card, 'additionalParams' => [],
        'items' => [
            ['externalId' => uniqid(), 'name' => 'Şapka <kırmızı> & "eldiven" / \'atkı\'', 'price' => 30],
            ['externalId' => uniqid(), 'name' => 'Item 2', 'price' => 69.99],
            ['externalId' => uniqid(), 'name' => 'Item 3', 'price' => 0.01],
        ],
    ];
}

function loan(Shop $shop, string $bankCode): array
{
    $id = uniqid('php-loan-', true);
    return [
        'apmType' => 'MASLAK', 'price' => 10000.0, 'paidPrice' => 10000, 'currency' => 'TRY', 'paymentGroup' => 'PRODUCT',
        'conversationId' => $id, 'externalId' => $id, 'callbackUrl' => "$shop->url/loan/$id", 'bankCode' => $bankCode,
        'additionalParams' => [
            'buyerBirthdate' => '1990-05-17', 'buyerPhoneNumber' => '5301234567', 'buyerIdentityNumber' => '12345678901',
            'fingate' => ['isHostedPage' => false, 'totalTerm' => 6],
        ],
        'items' => [['externalId' => 'sofa', 'name' => 'A sofa', 'price' => 10000]],
        'cartItems' => [['id' => 'sofa', 'name' => 'A sofa', 'brandName' => 'Brand', 'type' => 'FURNITURE', 'unitPrice' => 10000, 'quantity' => 1]],
    ];
}

$base = getenv('GALATA_GATEWAY');
$client = new Client($base);
$shop = new Shop();
$merchant = (string) json_decode(galata('merchant', 'list', '--json'))[0]->id;
galata('merchant', 'webhook', $merchant, "$shop->url/webhook");

check('known signatures are computed', function () {
    $vectors = json_decode(file_get_contents(VECTORS), true);
    $formDecoded = array_filter($vectors['request_signatures'], fn ($one) => in_array($one['case'], ['get-query-special', 'path-plus', 'get-query-date'])
        && $one['client'] === 'python');
    same(true, count($formDecoded) >= 2, 'vectors');
    foreach ($formDecoded as $one) {
        same($one['signature'], signature("http://{$one['host']}", $one['raw_target'], $one['rnd_key'], $one['body']), $one['case']);
    }
    foreach ($vectors['callback_and_webhook'] as $one) {
        if ($one['kind'] === '3ds') {
            same($one['params']['hash'], callbackHash($one['key'], $one['params']), $one['name']);
        }
    }
    $event = ['eventType' => 'REFUND', 'eventTimestamp' => 1700000000, 'status' => 'FAILURE', 'payloadId' => '42'];
    same('i2QDpMCIxUN4NOUY3OFOn+fF2LN8/Wd4Jk37VExT/1E=', webhookSignature(WEBHOOK_KEY, $event), 'webhook');
});

$sale = check('a sale in PHP\'s spelling succeeds', function () use ($client) {
    $body = payment(card(WORLD));
    $made = $client->post('/payment/v1/card-payments', $body);
    same('SUCCESS', $made->data('paymentStatus'), 'status');
    same($body['conversationId'], $made->data('conversationId'), 'conversation');
    same('115', $made->data('externalId'), 'external id');
    same(10_000, orderOf($made)['captured'], 'captured');
    $read = $client->get('/payment/v1/card-payments/' . $made->data('id'));
    same($made->data(), $read->data(), 'read back');
    return $made;
});

check('its webhook is verified', function () use ($shop, $sale) {
    [$given, $event] = $shop->webhook($sale->data('id'), 'API_AUTH', 'SUCCESS');
    same($given, webhookSignature(WEBHOOK_KEY, $event), 'signature');
    same(false, $given === webhookSignature(WEBHOOK_KEY, ['status' => 'FAILURE'] + $event), 'a forged event passes');
});

check('a declined card is told with code and group', function () use ($client) {
    $told = $client->post('/payment/v1/card-payments', payment(card(DECLINED)));
    same(422, $told->status, 'status');
    same('10051', $told->error('errorCode'), 'code');
    same('NOT_SUFFICIENT_FUNDS', $told->error('errorGroup'), 'group');
});

check('a wrong secret is told', function () use ($base) {
    $told = (new Client($base, 'not-the-secret'))->post('/payment/v1/card-payments', payment(card(WORLD)));
    same(401, $told->status, 'status');
});

check('3D Secure: begun, verified at the bank, callback verified, completed', function () use ($client, $shop) {
    $callbackUrl = "$shop->url/threeds/" . uniqid();
    $begun = $client->post('/payment/v1/card-payments/3ds-init', payment(card(WORLD), ['callbackUrl' => $callbackUrl]));
    walk('http://shop.invalid/', base64_decode($begun->data('htmlContent')));
    $callback = $shop->callback($callbackUrl);
    same(['SUCCESS', 'WAITING'], [$callback['status'], $callback['completeStatus']], 'callback');
    same($callback['hash'], callbackHash(CALLBACK_KEY, $callback), 'hash');
    same(false, $callback['hash'] === callbackHash(CALLBACK_KEY, ['paymentId' => '1'] + $callback), 'a forged callback passes');
    $made = $client->post('/payment/v1/card-payments/3ds-complete', ['paymentId' => $callback['paymentId']]);
    same(['SUCCESS', true], [$made->data('paymentStatus'), $made->data('isThreeDS')], 'payment');
    same(10_000, orderOf($made)['captured'], 'captured');
});

check('3D Secure by redirectUrl, with the second version of the callback, which is verified', function () use ($client, $shop) {
    $more = ['callbackUrl' => "$shop->url/threeds/" . uniqid(), 'additionalParams' => ['threeDSCallbackVersion' => 2]];
    $begun = $client->post('/payment/v1/card-payments/3ds-init', payment(card(WORLD), $more));
    $page = load($begun->data('redirectUrl'));
    walk($page->url, $page->text);
    $callback = $shop->callback($more['callbackUrl']);
    same($callback['hash'], namedCallbackHash(CALLBACK_KEY, $callback), 'hash');
    $made = $client->post('/payment/v1/card-payments/3ds-complete', ['paymentId' => (int) $callback['paymentId']]);
    same('SUCCESS', $made->data('paymentStatus'), 'payment');
});

check('rewards are asked for, and pay', function () use ($client) {
    bank('POST', '/control/purses', ['cardNumber' => BONUS, 'card' => 1235, 'firm' => 520, 'mile' => 0]);
    $card = ['cardNumber' => BONUS, 'expireYear' => 2044, 'expireMonth' => 7, 'cvc' => '000'];
    $found = $client->post('/payment/v1/card-loyalties/retrieve', $card)->data('loyalties');
    same([12.35, 5.2], [$found[0]['reward']['cardRewardMoney'], $found[0]['reward']['firmRewardMoney']], 'rewards');
    $loyalty = ['type' => 'REWARD_MONEY', 'reward' => ['cardRewardMoney' => 1.36, 'firmRewardMoney' => 3.88], 'message' => null];
    $made = $client->post('/payment/v1/card-payments', payment(card(BONUS) + ['loyalty' => $loyalty]));
    same('REWARD_MONEY', $made->data('loyalty')['type'], 'loyalty');
    same(524, orderOf($made)['pointsSpent'], 'points spent');
});

check('a loan: offers, application, the bank\'s page, approval without a body', function () use ($client, $shop) {
    $body = loan($shop, '103');
    $wanted = ['apmType' => 'MASLAK', 'price' => $body['price'], 'currency' => 'TRY', 'items' => $body['cartItems']];
    $offers = $client->post('/payment/v1/bnpl-payments/offers', $wanted)->data('bankOffers');
    same(true, in_array('103', array_column($offers, 'bankCode'), true), 'offer of the bank');
    $begun = $client->post('/payment/v1/bnpl-payments/init', $body);
    $page = load($begun->data('redirectUrl'));
    walk($page->url, $page->text, 'approve');
    $callback = $shop->callback($body['callbackUrl']);
    same($callback['hash'], namedCallbackHash(CALLBACK_KEY, $callback), 'hash');
    same(['WAITING', 'APPROVAL_REQUIRED'], [$callback['paymentStatus'], $callback['additionalAction']], 'callback');
    $id = $begun->data('paymentId');
    same('SUCCESS', $client->post("/payment/v1/bnpl-payments/$id/approve")->data('paymentStatus'), 'approved');
});

check('a loan that the lender\'s notification ends is verified', function () use ($client, $shop) {
    $begun = $client->post('/payment/v1/bnpl-payments/init', loan($shop, '064'));
    $loans = bank('GET', '/control/loans')['loans'];
    $known = current(array_filter($loans, fn ($one) => $one['pageUrl'] === $begun->data('redirectUrl')));
    bank('POST', '/control/loans/' . rawurlencode($known['orderId']) . '/decision', ['decision' => 'approve']);
    $id = $begun->data('paymentId');
    [$given, $event] = $shop->webhook($id, 'BNPL_NOTIFICATION', 'SUCCESS');
    same($given, webhookSignature(WEBHOOK_KEY, $event), 'signature');
    $verified = $client->post("/payment/v1/bnpl-payments/$id/verify");
    same(['SUCCESS', 'APPROVED'], [$verified->data('paymentStatus'), $verified->data('responseStatus')], 'verified');
});

check('payments are found by every spelling of a filter', function () use ($client, $sale) {
    $made = $sale->data();
    $created = new DateTime($made['createdDate']);
    $filters = [
        ['paymentId' => $made['id']],
        ['conversationId' => $made['conversationId']],
        ['orderId' => $made['orderId'], 'externalId' => 115],
        ['paymentType' => 'CARD_PAYMENT', 'paymentStatus' => 'SUCCESS', 'paymentSource' => 'API', 'paymentProvider' => 'BANK'],
        ['isThreeDS' => false, 'binNumber' => '52586400', 'lastFourDigits' => '0001'],
        ['minPaidPrice' => 99.99, 'maxPaidPrice' => 100.0, 'currency' => 'TRY', 'installment' => 1, 'paymentChannel' => null],
        ['minCreatedDate' => $created->format('Y-m-d\TH:i:s'), 'maxCreatedDate' => $created->format('Y-m-d\TH:i:s')],
        ['minCreatedDate' => $created->format('Y-m-d H:i:s'), 'maxCreatedDate' => '2999-12-31 23:59:59'],
        ['minCreatedDate' => $created->format('Y-m-d\TH:i:s') . '+03:00'],
    ];
    foreach ($filters as $filter) {
        $path = '/payment-reporting/v1/payments' . query($filter + ['conversationId' => $made['conversationId'], 'page' => 0, 'size' => 25]);
        $found = $client->get($path)->data('items');
        same([$made['id']], array_column($found, 'id'), $path);
    }
    $secured = query(['isThreeDS' => true, 'conversationId' => $made['conversationId']]);
    same([], $client->get("/payment-reporting/v1/payments/$secured")->data('items'), 'with 3D Secure, after a slash');
    same('SUCCESS', $client->get("/payment-reporting/v1/payments/{$made['id']}")->data('paymentStatus'), 'one report');
});

check('a channel with odd characters is kept and found', function () use ($client) {
    $channel = 'Mağaza a+b&c=d%20/é:1';
    $made = $client->post('/payment/v1/card-payments', payment(card(WORLD), ['paymentChannel' => $channel]));
    same($channel, $made->data('paymentChannel'), 'channel');
    $found = $client->get('/payment-reporting/v1/payments' . query(['paymentChannel' => $channel]))->data('items');
    same([$made->data('id')], array_column($found, 'id'), 'found');
});

check('a card is stored, and pays', function () use ($client) {
    $kept = ['cardAlias' => 'Kartım', 'cardHolderName' => 'Haluk Demir', 'cardNumber' => WORLD, 'expireYear' => '2044', 'expireMonth' => '07'];
    $stored = $client->post('/payment/v1/cards', $kept)->data();
    $keys = ['cardUserKey' => $stored['cardUserKey'], 'cardToken' => $stored['cardToken']];
    same('SUCCESS', $client->post('/payment/v1/card-payments', payment($keys))->data('paymentStatus'), 'payment');
});

check('a PUT without content, sent as null and signed as nothing, is taken', function () use ($client) {
    $poses = $client->get('/merchant/v1/merchant-poses' . query(['page' => 0, 'size' => 25, 'enableInstallment' => true]))->data('items');
    $pos = end($poses);
    foreach (['PASSIVE', $pos['status']] as $status) {
        $answer = $client->put("/merchant/v1/merchant-poses/{$pos['id']}/status/$status");
        same(true, $answer->status < 300, "$status: $answer->text");
        same($status, $client->get("/merchant/v1/merchant-poses/{$pos['id']}")->data('status'), 'status');
    }
});

echo "php: $passed passed, $failed failed\n";
exit($failed === 0 ? 0 : 1);
