// What a shop in Go sends, end to end. tests/clients/run starts it beside a sandbox.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"time"
)

const (
	callbackKey = "merchantThreeDsCallbackKeySndbox"
	webhookKey  = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp"
	garanti     = "5209220000000002"
	declined    = "5100050000006661"
	// The simulator's own reward card: published ones hold the same every day, this one spends.
	world = "4048090000060001"
)

var passed, failed int

// check runs one step and says how it ended.
func check(name string, step func()) {
	defer func() {
		if why := recover(); why != nil {
			failed++
			fmt.Printf("not ok - %s: %v\n", name, why)
			return
		}
		passed++
		fmt.Printf("ok - %s\n", name)
	}()
	step()
}

func fail(text string, values ...any) { panic(fmt.Sprintf(text, values...)) }

func try(err error) {
	if err != nil {
		panic(err)
	}
}

func same(wanted, found any, what string) {
	if !reflect.DeepEqual(wanted, found) {
		fail("%s: %v instead of %v", what, found, wanted)
	}
}

func galata(words ...string) string {
	said, err := exec.Command(os.Getenv("GALATA_COMMAND"), words...).Output()
	try(err)
	return string(said)
}

// bank is the control API of the simulator. Amounts there are kuruş.
func bank(method, path string, content any) Object {
	body, err := json.Marshal(content)
	try(err)
	request, err := http.NewRequest(method, os.Getenv("GALATA_SIMULATOR")+path, bytes.NewReader(body))
	try(err)
	request.Header.Set("Content-Type", "application/json")
	reply, err := httpClient.Do(request)
	try(err)
	defer reply.Body.Close()
	same(true, reply.StatusCode < 300, method+" "+path)
	found := Object{}
	if reply.StatusCode != http.StatusNoContent {
		json.NewDecoder(reply.Body).Decode(&found)
	}
	return found
}

func orderOf(made Object) Object {
	orders := bank("GET", "/control/ledger?orderId="+text(made["orderId"]), nil)["orders"].([]any)
	same(1, len(orders), "orders at the bank")
	return orders[0].(Object)
}

func text(value any) string { return fmt.Sprint(value) }

func newID(prefix string) string { return fmt.Sprintf("%s-%x", prefix, time.Now().UnixNano()) }

func card(number string) Object {
	return Object{"cardHolderName": "Haluk Demir", "cardNumber": number, "expireYear": "2044", "expireMonth": "07", "cvc": "000"}
}

func payment(paidWith Object) Object {
	return Object{
		"price": 100.0, "paidPrice": 100.0, "walletPrice": 0.0, "installment": 1, "currency": "TRY",
		"conversationId": newID("go"), "externalId": newID("external"), "paymentGroup": "PRODUCT", "paymentPhase": "AUTH",
		"card": paidWith,
		"items": []Object{
			{"externalId": "1", "name": "Şapka <kırmızı> & \"eldiven\"", "price": 30.1},
			{"externalId": "2", "name": "Item 2", "price": 69.9},
		},
	}
}

func loan(shop *Shop, bankCode string) Object {
	id := newID("loan")
	return Object{
		"apmType": "MASLAK", "price": 10000.0, "paidPrice": 10000.0, "currency": "TRY", "paymentGroup": "PRODUCT",
		"conversationId": id, "externalId": id, "callbackUrl": shop.url + "/loan/" + id, "bankCode": bankCode,
		"additionalParams": Object{
			"buyerBirthdate": "1990-05-17", "buyerPhoneNumber": "5301234567", "buyerIdentityNumber": "12345678901",
			"fingate": Object{"isHostedPage": false, "totalTerm": 6},
		},
		"items":     []Object{{"externalId": "sofa", "name": "A sofa", "price": 10000.0}},
		"cartItems": []Object{{"id": "sofa", "name": "A sofa", "brandName": "Brand", "type": "FURNITURE", "unitPrice": 10000.0, "quantity": 1}},
	}
}

func main() {
	client := Client{os.Getenv("GALATA_GATEWAY"), secretKey}
	shop := openShop()
	var merchants []struct{ ID json.Number }
	try(json.Unmarshal([]byte(galata("merchant", "list", "--json")), &merchants))
	galata("merchant", "webhook", merchants[0].ID.String(), shop.url+"/webhook")

	check("known signatures are computed", knownSignatures)
	var sale Object
	check("a sale in Go's spelling succeeds", func() { sale = sell(client) })
	check("its webhook is verified", func() {
		come := shop.webhook(text(sale["id"]), "API_AUTH", "SUCCESS")
		same(come.signature, webhookSignature(webhookKey, come.Event), "signature")
	})
	check("a declined card and a wrong secret are told", func() {
		told := client.post("/payment/v1/card-payments", payment(card(declined)))
		same([]any{422, "10051", "NOT_SUFFICIENT_FUNDS"}, []any{told.status, told.Errors["errorCode"], told.Errors["errorGroup"]}, "refusal")
		stranger := Client{client.base, "not-the-secret"}
		same(401, stranger.post("/payment/v1/card-payments", payment(card(garanti))).status, "status")
	})
	check("3D Secure: begun, verified at the bank, callback verified, completed", func() { secure(client, shop) })
	check("rewards are asked for, and pay", func() { reward(client) })
	check("a loan: offers, application, the bank's page, approval without a body", func() { borrow(client, shop) })
	check("a loan that the lender's notification ends is verified", func() { notified(client, shop) })
	check("payments are found by every spelling of a filter", func() { search(client, sale) })
	check("a channel with odd characters is kept and found", func() { channels(client) })

	fmt.Printf("go: %d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func knownSignatures() {
	same("lecLrGZXo5u+Oq3V33vIqtbLU2fopbiH78kq6wjWNDQ=",
		signature("http://api.craftgate.io/onboarding/v1/members", "secret-key", "rand-2010", ""), "request")
	params := url.Values{"status": {"SUCCESS"}, "completeStatus": {"WAITING"}, "paymentId": {"1"},
		"conversationData": {"Ağ ### & +"}, "conversationId": {"çöp"}}
	same("30942314574ab9421922d72206f3c88d08bdf0df0059b95b8393ed79d384a4b5", callbackHash("key-ş", params), "callback")
	event := Event{"CHECKOUTFORM_AUTH", 1700000000, "SUCCESS", "tök-1"}
	same("83E9rnHYis++K8gYi8oDD0fKNzshP4kFaLiuf6jEW6o=", webhookSignature("anahtar-ş", event), "webhook")
}

func sell(client Client) Object {
	body := payment(card(garanti))
	made := client.post("/payment/v1/card-payments", body).must()
	same([]any{"SUCCESS", body["conversationId"]}, []any{made["paymentStatus"], made["conversationId"]}, "payment")
	same(10_000.0, orderOf(made)["captured"], "captured")
	same(made, client.get("/payment/v1/card-payments/"+text(made["id"]), nil).must(), "read back")
	_, err := time.Parse(`2006-01-02T15:04:05`, text(made["createdDate"]))
	try(err)
	return made
}

func secure(client Client, shop *Shop) {
	body := payment(card(garanti))
	callbackURL := shop.url + "/threeds/" + newID("order")
	body["callbackUrl"] = callbackURL
	begun := client.post("/payment/v1/card-payments/3ds-init", body).must()
	page, err := base64.StdEncoding.DecodeString(text(begun["htmlContent"]))
	try(err)
	Page{"http://shop.invalid/", string(page)}.walk("")
	callback := shop.callback(callbackURL)
	same([]string{"SUCCESS", "WAITING"}, []string{callback.Get("status"), callback.Get("completeStatus")}, "callback")
	same(callback.Get("hash"), callbackHash(callbackKey, callback), "hash")
	made := client.post("/payment/v1/card-payments/3ds-complete", Object{"paymentId": begun["paymentId"]}).must()
	same([]any{"SUCCESS", true}, []any{made["paymentStatus"], made["isThreeDS"]}, "payment")
	callback.Set("paymentId", "1")
	same(false, callback.Get("hash") == callbackHash(callbackKey, callback), "a forged callback passes")
}

func reward(client Client) {
	bank("POST", "/control/purses", Object{"cardNumber": world, "card": 3382, "firm": 2500, "mile": 0})
	asked := client.post("/payment/v1/card-loyalties/retrieve", Object{"cardNumber": world, "expireYear": "2044", "expireMonth": "07", "cvc": "000"}).must()
	var money Object
	for _, one := range asked["loyalties"].([]any) {
		if one.(Object)["type"] == "REWARD_MONEY" {
			money = one.(Object)["reward"].(Object)
		}
	}
	same(json.Number("58.82"), money["totalRewardMoney"], "rewards")
	paidWith := card(world)
	paidWith["loyalty"] = Object{"type": "REWARD_MONEY", "reward": Object{"cardRewardMoney": 1.36, "firmRewardMoney": 3.88}}
	made := client.post("/payment/v1/card-payments", payment(paidWith)).must()
	same("REWARD_MONEY", made["loyalty"].(Object)["type"], "loyalty")
	same(524.0, orderOf(made)["pointsSpent"], "points spent")
}

func borrow(client Client, shop *Shop) {
	body := loan(shop, "103")
	asked := Object{"apmType": "MASLAK", "price": body["price"], "currency": "TRY", "items": body["cartItems"]}
	offered := false
	for _, one := range client.post("/payment/v1/bnpl-payments/offers", asked).must()["bankOffers"].([]any) {
		offered = offered || one.(Object)["bankCode"] == "103"
	}
	same(true, offered, "offer of the bank")
	begun := client.post("/payment/v1/bnpl-payments/init", body).must()
	pageOf(httpClient.Get(text(begun["redirectUrl"]))).walk("approve")
	callback := shop.callback(text(body["callbackUrl"]))
	same(callback.Get("hash"), namedCallbackHash(callbackKey, callback), "hash")
	same("APPROVAL_REQUIRED", callback.Get("additionalAction"), "action")
	approved := client.post("/payment/v1/bnpl-payments/"+text(begun["paymentId"])+"/approve", nil).must()
	same("SUCCESS", approved["paymentStatus"], "approved")
}

func notified(client Client, shop *Shop) {
	begun := client.post("/payment/v1/bnpl-payments/init", loan(shop, "064")).must()
	for _, one := range bank("GET", "/control/loans", nil)["loans"].([]any) {
		if known := one.(Object); known["pageUrl"] == begun["redirectUrl"] {
			bank("POST", "/control/loans/"+text(known["orderId"])+"/decision", Object{"decision": "approve"})
		}
	}
	id := text(begun["paymentId"])
	come := shop.webhook(id, "BNPL_NOTIFICATION", "SUCCESS")
	same(come.signature, webhookSignature(webhookKey, come.Event), "signature")
	verified := client.post("/payment/v1/bnpl-payments/"+id+"/verify", nil).must()
	same([]any{"SUCCESS", "APPROVED"}, []any{verified["paymentStatus"], verified["responseStatus"]}, "verified")
}

func search(client Client, sale Object) {
	created, err := time.Parse("2006-01-02T15:04:05", text(sale["createdDate"]))
	try(err)
	for _, filter := range []Object{
		{"paymentId": sale["id"]},
		{"orderId": sale["orderId"], "externalId": sale["externalId"]},
		{"paymentType": "CARD_PAYMENT", "paymentProvider": "BANK", "paymentStatus": "SUCCESS", "paymentSource": "API"},
		{"isThreeDS": false, "binNumber": "52092200", "lastFourDigits": "0002", "installment": 1},
		{"minPaidPrice": 99.99, "maxPaidPrice": 100.0, "currency": "TRY"},
		{"minCreatedDate": created, "maxCreatedDate": created},
		{"minCreatedDate": created.Format("2006-01-02 15:04:05"), "maxCreatedDate": "9999-12-31T23:59:59"},
		{"paymentChannel": "", "paymentId": ""},
	} {
		filter["conversationId"], filter["page"], filter["size"] = sale["conversationId"], 0, 10
		found := client.get("/payment-reporting/v1/payments", filter).must()["items"].([]any)
		same(1, len(found), query(filter))
		same(sale["id"], found[0].(Object)["id"], query(filter))
	}
	secured := client.get("/payment-reporting/v1/payments", Object{"conversationId": sale["conversationId"], "isThreeDS": true}).must()
	same(json.Number("0"), secured["totalSize"], "with 3D Secure")
}

func channels(client Client) {
	channel := "Mağaza a+b&c=d%20/é:1"
	body := payment(card(garanti))
	body["paymentChannel"] = channel
	made := client.post("/payment/v1/card-payments", body).must()
	same(channel, made["paymentChannel"], "channel")
	found := client.get("/payment-reporting/v1/payments", Object{"paymentChannel": channel}).must()["items"].([]any)
	same(1, len(found), "payments of this channel")
}
