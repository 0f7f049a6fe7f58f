package main

// The shop's side without the API: its address for callbacks and webhooks, and a shopper without
// scripts who walks through banks' pages.

import (
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	pagesMax  = 12
	waitMax   = 30 * time.Second
	lookAgain = 20 * time.Millisecond
)

var shopper = map[string]string{
	"otp": "123456", "identityNumber": "12345678901", "phoneNumber": "5301234567", "birthDate": "1990-05-17",
}

// Webhook is an event with the signature that came beside it.
type Webhook struct {
	Event
	signature string
}

// Shop keeps what arrives.
type Shop struct {
	url       string
	mutex     sync.Mutex
	callbacks map[string][]url.Values
	webhooks  []Webhook
}

func openShop() *Shop {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	try(err)
	shop := &Shop{url: "http://" + listener.Addr().String(), callbacks: map[string][]url.Values{}}
	go func() { try(http.Serve(listener, shop)) }()
	return shop
}

func (s *Shop) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	body, _ := io.ReadAll(request.Body)
	if request.URL.Path == "/webhook" {
		come := Webhook{signature: request.Header.Get("x-cg-signature-v1")}
		if json.Unmarshal(body, &come.Event) == nil {
			s.webhooks = append(s.webhooks, come)
		}
	} else if fields, err := url.ParseQuery(string(body)); err == nil {
		s.callbacks[request.URL.Path] = append(s.callbacks[request.URL.Path], fields)
	}
	io.WriteString(answer, "ok")
}

// callback is the form that a shopper's browser brought back to this address.
func (s *Shop) callback(address string) url.Values {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found := s.callbacks[strings.TrimPrefix(address, s.url)]
	same(1, len(found), "callbacks to "+address)
	return found[0]
}

// webhook waits for the first event that fits.
func (s *Shop) webhook(paymentID, eventType, status string) Webhook {
	for until := time.Now().Add(waitMax); time.Now().Before(until); time.Sleep(lookAgain) {
		if found, ok := s.find(paymentID, eventType, status); ok {
			return found
		}
	}
	fail("waited in vain for webhook %s of payment %s", eventType, paymentID)
	return Webhook{}
}

func (s *Shop) find(paymentID, eventType, status string) (Webhook, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, one := range s.webhooks {
		if one.PayloadID == paymentID && one.EventType == eventType && one.Status == status {
			return one, true
		}
	}
	return Webhook{}, false
}

// Page is where the shopper is.
type Page struct {
	address string
	html    string
}

var (
	formPattern      = regexp.MustCompile(`(?s)<form\b.*?</form>`)
	fieldPattern     = regexp.MustCompile(`<(?:input|button)\b[^>]*>`)
	attributePattern = regexp.MustCompile(`([\w-]+)="([^"]*)"`)
)

func attributes(tag string) map[string]string {
	found := map[string]string{}
	for _, one := range attributePattern.FindAllStringSubmatch(tag, -1) {
		found[one[1]] = html.UnescapeString(one[2])
	}
	return found
}

func pageOf(reply *http.Response, err error) Page {
	try(err)
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	try(err)
	return Page{reply.Request.URL.String(), string(text)}
}

// submit fills in a form of a page and presses the button of this value, else the first.
func (p Page) submit(form, press string) Page {
	fields := url.Values{}
	var buttons []map[string]string
	for _, tag := range fieldPattern.FindAllString(form, -1) {
		at := attributes(tag)
		typed, known := shopper[at["name"]]
		switch {
		case strings.HasPrefix(tag, "<button") || at["type"] == "submit":
			buttons = append(buttons, at)
		case known:
			fields.Set(at["name"], typed)
		case at["name"] != "" && !fields.Has(at["name"]):
			fields.Set(at["name"], at["value"])
		}
	}
	pressed := buttons[0]
	for _, one := range buttons {
		if one["value"] == press {
			pressed = one
		}
	}
	if pressed["name"] != "" {
		fields.Set(pressed["name"], pressed["value"])
	}
	here, err := url.Parse(p.address)
	try(err)
	target, err := here.Parse(attributes(form[:strings.Index(form, ">")])["action"])
	try(err)
	return pageOf(httpClient.PostForm(target.String(), fields))
}

// walk goes from page to page until one leads nowhere. A form for a hidden frame is sent as well.
func (p Page) walk(press string) {
	for range [pagesMax]struct{}{} {
		forms := formPattern.FindAllString(p.html, -1)
		if len(forms) == 0 {
			return
		}
		for _, hidden := range forms[:len(forms)-1] {
			p.submit(hidden, press).walk(press)
		}
		p = p.submit(forms[len(forms)-1], press)
	}
	fail("the shopper walks in circles at %s", p.address)
}
