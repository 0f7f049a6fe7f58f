<?php
// The shop's side without the API: its address for callbacks and webhooks, and a shopper without
// scripts who walks through banks' pages.
declare(strict_types=1);

const PAGES_MAX = 12;
const WAIT_SECONDS = 30;
const LOOK_AGAIN_MICROSECONDS = 20_000;
const SHOPPER = [
    'otp' => '123456', 'identityNumber' => '12345678901', 'phoneNumber' => '5301234567', 'birthDate' => '1990-05-17',
];

/** Listens in a process of its own and writes what arrives into a file, a line of JSON each. */
final class Shop
{
    public readonly string $url;
    private readonly string $file;
    private readonly int $listener;

    public function __construct()
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $this->url = 'http://' . stream_socket_get_name($socket, false);
        $this->file = tempnam(sys_get_temp_dir(), 'galata-shop');
        $this->listener = pcntl_fork();
        if ($this->listener === 0) {
            while (true) {
                if ($connection = @stream_socket_accept($socket, 3600)) {
                    $this->receive($connection);
                }
            }
        }
        fclose($socket);
        register_shutdown_function($this->close(...));
    }

    private function receive($connection): void
    {
        [$method, $target] = explode(' ', (string) fgets($connection)) + ['', ''];
        $headers = [];
        while (($line = trim((string) fgets($connection))) !== '') {
            [$name, $value] = explode(':', $line, 2);
            $headers[strtolower($name)] = trim($value);
        }
        $length = (int) ($headers['content-length'] ?? 0);
        $body = $length > 0 ? stream_get_contents($connection, $length) : '';
        if ($method === 'POST') {
            file_put_contents($this->file, json_encode([$target, $headers, $body]) . "\n", FILE_APPEND | LOCK_EX);
        }
        fwrite($connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        fclose($connection);
    }

    private function received(string $path): array
    {
        $lines = array_map(fn ($line) => json_decode($line, true), file($this->file));
        return array_values(array_filter($lines, fn ($line) => $line[0] === $path));
    }

    /** The form that a shopper's browser brought back to this address. */
    public function callback(string $url): array
    {
        $found = $this->received(parse_url($url, PHP_URL_PATH));
        same(1, count($found), "callbacks to $url");
        parse_str($found[0][2], $fields);
        return $fields;
    }

    /** The first webhook that fits, as its signature and its event. */
    public function webhook(int $paymentId, string $eventType, string $status): array
    {
        $until = microtime(true) + WAIT_SECONDS;
        while (microtime(true) < $until) {
            foreach ($this->received('/webhook') as [, $headers, $body]) {
                $event = json_decode($body, true);
                if ([$event['payloadId'], $event['eventType'], $event['status']] === [(string) $paymentId, $eventType, $status]) {
                    return [$headers['x-cg-signature-v1'], $event];
                }
            }
            usleep(LOOK_AGAIN_MICROSECONDS);
        }
        throw new Exception("waited in vain for webhook $eventType of payment $paymentId");
    }

    private function close(): void
    {
        posix_kill($this->listener, SIGKILL);
        pcntl_waitpid($this->listener, $status);
        unlink($this->file);
    }
}

/** Attributes of a start tag. */
function attributes(string $tag): array
{
    preg_match_all('/([\w-]+)="([^"]*)"/', $tag, $found, PREG_SET_ORDER);
    $values = array_map(fn ($one) => html_entity_decode($one[2], ENT_QUOTES | ENT_HTML5), $found);
    return array_combine(array_column($found, 1), $values);
}

/** Loads a page, redirects included: what they lead to is fetched with GET. */
function load(string $url, ?string $form = null): Answer
{
    $answer = exchange($form === null ? 'GET' : 'POST', $url, [], $form);
    $moved = $answer->status >= 300 && $answer->status < 400;
    return $moved ? load($answer->url) : $answer;
}

/** An address of a page, as the page writes it. */
function absolute(string $link, string $page): string
{
    if (preg_match('#^https?://#', $link)) {
        return $link;
    }
    $parts = parse_url($page);
    $origin = "{$parts['scheme']}://{$parts['host']}:{$parts['port']}";
    return $link === '' ? $page : $origin . $link;
}

/** Fills in the form of a page and presses the button of this value, else the first. */
function submit(string $page, string $form, ?string $press): Answer
{
    $start = attributes(strstr($form, '>', true));
    $fields = [];
    $buttons = [];
    preg_match_all('/<(input|button)\b[^>]*>/', $form, $tags);
    foreach ($tags[0] as $tag) {
        $at = attributes($tag);
        if (str_starts_with($tag, '<button') || ($at['type'] ?? '') === 'submit') {
            $buttons[] = $at;
        } elseif (isset($at['name'])) {
            $fields[$at['name']] ??= SHOPPER[$at['name']] ?? $at['value'] ?? '';
        }
    }
    $pressed = current(array_filter($buttons, fn ($one) => ($one['value'] ?? '') === $press)) ?: $buttons[0];
    if (isset($pressed['name'])) {
        $fields[$pressed['name']] = $pressed['value'];
    }
    return load(absolute($start['action'] ?? '', $page), http_build_query($fields));
}

/** Walks from page to page until one leads nowhere. A form for a hidden frame is sent as well. */
function walk(string $url, string $html, ?string $press = null): void
{
    for ($pages = 0; $pages < PAGES_MAX; $pages++) {
        preg_match_all('#<form\b.*?</form>#s', $html, $forms);
        $last = array_pop($forms[0]);
        if ($last === null) {
            return;
        }
        foreach ($forms[0] as $hidden) {
            $answer = submit($url, $hidden, $press);
            walk($answer->url, $answer->text, $press);
        }
        $answer = submit($url, $last, $press);
        [$url, $html] = [$answer->url, $answer->text];
    }
    throw new Exception("the shopper walks in circles at $url");
}
