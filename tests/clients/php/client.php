<?php
// The spelling of the PHP client, over ext-curl: what it sends, signs and verifies. Paths and fields
// are the caller's.
declare(strict_types=1);

const API_KEY = 'api-key';
const SECRET_KEY = 'secret-key';
const TIMEOUT_SECONDS = 30;

/** What came back: the status, the decoded JSON, and the text. */
final class Answer
{
    public readonly mixed $json;

    public function __construct(public readonly int $status, public readonly string $text, public readonly string $url)
    {
        $this->json = json_decode($text, true);
    }

    public function data(string $name = ''): mixed
    {
        if ($this->status >= 300) {
            throw new Exception("status $this->status: $this->text");
        }
        return $name === '' ? $this->json['data'] : ($this->json['data'][$name] ?? null);
    }

    public function error(string $name): mixed
    {
        if ($this->status < 400) {
            throw new Exception("expected a refusal, status $this->status");
        }
        return $this->json['errors'][$name] ?? null;
    }
}

/** One exchange over ext-curl. Redirects are the caller's. */
function exchange(string $method, string $url, array $headers = [], ?string $body = null): Answer
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => TIMEOUT_SECONDS,
        CURLOPT_HTTPHEADER => $headers,
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    $text = curl_exec($curl);
    if ($text === false) {
        throw new Exception("$method $url: " . curl_error($curl));
    }
    $location = curl_getinfo($curl, CURLINFO_REDIRECT_URL);
    return new Answer(curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $text, $location ?: $url);
}

/** Spaces are %20; booleans 1 and 0; a list becomes `key[0]=…&key[1]=…`; null is left out. */
function query(array $filters): string
{
    return $filters ? '?' . str_replace('+', '%20', http_build_query($filters)) : '';
}

/** The base URL is signed as it stands, the path after form decoding. */
function signature(string $base, string $path, string $random, string $body, string $secret = SECRET_KEY): string
{
    return base64_encode(hash('sha256', $base . urldecode($path) . API_KEY . $secret . $random . $body, true));
}

final class Client
{
    public function __construct(private readonly string $base, private readonly string $secret = SECRET_KEY)
    {
    }

    public function get(string $path): Answer
    {
        return exchange('GET', $this->url($path), $this->headers($path, ''));
    }

    /** Nothing to say is an empty body. */
    public function post(string $path, ?array $content = null): Answer
    {
        $body = $content ? json_encode($content) : '';
        return exchange('POST', $this->url($path), $this->headers($path, $body), $body);
    }

    /** Nothing to say is sent as `null` (or `[]`), and signed as an empty body. */
    public function put(string $path, ?array $content = null): Answer
    {
        $signed = $content ? json_encode($content) : '';
        return exchange('PUT', $this->url($path), $this->headers($path, $signed), json_encode($content));
    }

    /** Slashes at the end of a path are cut from the address, but signed. */
    private function url(string $path): string
    {
        return $this->base . '/' . trim($path, '/');
    }

    private function headers(string $path, string $body): array
    {
        $random = implode('-', array_map(bin2hex(...), array_map(random_bytes(...), [4, 2, 2, 2, 6])));
        return [
            'accept: application/json',
            'content-type: application/json',
            'x-api-key: ' . API_KEY,
            "x-rnd-key: $random",
            'x-auth-version: v1',
            'x-client-version: craftgate-php-client:1.0.40',
            'x-signature: ' . signature($this->base, $path, $random, $body, $this->secret),
            'lang: en',
        ];
    }
}

/** The 3DS callback of version 1. */
function callbackHash(string $key, array $params): string
{
    $names = ['status', 'completeStatus', 'paymentId', 'conversationData', 'conversationId', 'callbackStatus'];
    $values = array_map(fn ($name) => $params[$name] ?? '', $names);
    return hash('sha256', implode('###', [$key, ...$values]));
}

/** A callback that names its signed parameters (version 2). */
function namedCallbackHash(string $key, array $params): string
{
    $values = array_map(fn ($name) => $params[$name] ?? '', explode(':', $params['hashParams']));
    return hash('sha256', $key . implode('', $values));
}

function webhookSignature(string $key, array $event): string
{
    $text = $event['eventType'] . $event['eventTimestamp'] . $event['status'] . $event['payloadId'];
    return base64_encode(hash_hmac('sha256', $text, $key, true));
}
