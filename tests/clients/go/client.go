package main

// The spelling of the Go client, over net/http: what it sends, signs and verifies. Paths and fields
// are the caller's.

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	apiKey    = "api-key"
	secretKey = "secret-key"
)

var httpClient = &http.Client{Timeout: 30 * time.Second}

// Object is a JSON object.
type Object = map[string]any

// Client signs for one merchant.
type Client struct {
	base   string
	secret string
}

// Answer is what came back.
type Answer struct {
	status int
	Data   Object
	Errors Object
}

func (a Answer) must() Object {
	if a.status >= 300 {
		fail("status %d: %v", a.status, a.Errors)
	}
	return a.Data
}

// query sorts its names, writes a blank as `+`, leaves colons as they are, gives floats six digits
// and repeats a name for each entry of a list.
func query(filters Object) string {
	values := url.Values{}
	for name, value := range filters {
		switch value := value.(type) {
		case []string:
			values[name] = value
		case float64:
			values.Set(name, strconv.FormatFloat(value, 'f', 6, 64))
		case time.Time:
			values.Set(name, value.Format("2006-01-02T15:04:05"))
		default:
			values.Set(name, fmt.Sprint(value))
		}
	}
	return strings.ReplaceAll(values.Encode(), "%3A", ":")
}

// signature covers the address as it is sent, without decoding.
func signature(address, secret, random, body string) string {
	sum := sha256.Sum256([]byte(address + apiKey + secret + random + body))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (c Client) get(path string, filters Object) Answer {
	return c.send("GET", path, filters, nil)
}

func (c Client) post(path string, content any) Answer {
	return c.send("POST", path, nil, content)
}

// send writes a body with the encoder of the standard library: `<`, `>` and `&` are escaped, and a
// line feed ends it. Both are signed.
func (c Client) send(method, path string, filters Object, content any) Answer {
	body := new(bytes.Buffer)
	if content != nil {
		try(json.NewEncoder(body).Encode(content))
	}
	text := body.String()
	request, err := http.NewRequest(method, c.base+path, body)
	try(err)
	if filters != nil {
		request.URL.RawQuery = query(filters)
	}
	random := strconv.FormatInt(time.Now().UnixNano(), 16)[8:]
	for name, value := range map[string]string{
		"x-api-key":        apiKey,
		"x-rnd-key":        random,
		"x-auth-version":   "v1",
		"x-client-version": "craftgate-go-client:1.0.0",
		"x-signature":      signature(request.URL.String(), c.secret, random, text),
		"Content-Type":     "application/json; charset=utf-8",
		"Accept":           "application/json; charset=utf-8",
	} {
		request.Header.Set(name, value)
	}
	reply, err := httpClient.Do(request)
	try(err)
	return read(reply)
}

func read(reply *http.Response) Answer {
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	try(err)
	answer := Answer{status: reply.StatusCode}
	if len(text) > 0 {
		numbers := json.NewDecoder(bytes.NewReader(text))
		numbers.UseNumber()
		try(numbers.Decode(&answer))
	}
	return answer
}

// callbackHash is that of a 3DS callback of version 1.
func callbackHash(key string, params url.Values) string {
	text := key
	for _, name := range []string{"status", "completeStatus", "paymentId", "conversationData", "conversationId", "callbackStatus"} {
		text += "###" + params.Get(name)
	}
	return hexSha256(text)
}

// namedCallbackHash is that of a callback which names its signed parameters (version 2).
func namedCallbackHash(key string, params url.Values) string {
	text := key
	for _, name := range strings.Split(params.Get("hashParams"), ":") {
		text += params.Get(name)
	}
	return hexSha256(text)
}

func hexSha256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Event is what a webhook signs.
type Event struct {
	EventType      string
	EventTimestamp int64
	Status         string
	PayloadID      string `json:"payloadId"`
}

func webhookSignature(key string, event Event) string {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s%d%s%s", event.EventType, event.EventTimestamp, event.Status, event.PayloadID)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
