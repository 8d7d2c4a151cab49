package conformance_test

import (
	"strings"
	"time"

	"sallyport/tools/conformance/script"
)

func limitRows() []row {
	plain := func(name string, cites source, send request, want answer) row {
		return row{name: name, cites: cites, api: "plain", send: send, want: want}
	}
	slow := func(r row) row { r.slow = true; return r }
	tooLarge := answer{status: 413, kind: "RequestTooLarge", body: `{"message":"Request Too Long"}`}
	rare := plain("a method above its rate", guide("api-gateway-request-throttling", "Throttle requests: a token bucket for each method, 429 above it"), get("/rare"), answer{status: 429, kind: "TooManyRequests", body: `{"message":"Too Many Requests"}`})
	rare.first = []request{get("/rare"), get("/rare"), get("/rare")} // a token a second: however slow one of these is, the next takes what it has left
	tooLong := answer{status: 414, kind: "BadRequest", body: `{"message":"Request URI too long"}`}
	return []row{
		plain("a body of 10 MB and a byte", quotas("payload size"), posted(strings.Repeat("x", 10<<20+1)), tooLarge),
		plain("an event over 6 MB", lambdaPayload(), posted(strings.Repeat("x", 6<<20)), tooLarge),
		plain("an event of 5 MB", lambdaPayload(), posted(strings.Repeat("x", 5<<20)).answered(`{"statusCode":200,"body":"taken"}`), answer{status: 200, body: "taken"}),
		plain("header values of more than 10,240 bytes", quotas("total combined size of header values"), get("/open").with("X-Long", strings.Repeat("x", 10241)), answer{status: 400, kind: "BadRequest", body: `{"message":"Bad Request"}`}),
		plain("a URL of more than 10,240 characters", quotas("length of the URL for a regional API"), get("/open?"+strings.Repeat("x", 10240)), tooLong),
		plain("a method's ARN over 1,600 bytes", output("a longer ARN is 414 Request URI too long"), get("/guarded/"+strings.Repeat("x", 1600)).authorized(allowing("*")), tooLong),
		plain("an answer over 6 MB", lambdaPayload(), get("/open").handling(script.Script{Answer: `{"statusCode":200,"body":"{{fill}}"}`, Fill: 6291556}), badGateway()),
		plain("an answer of 5 MB", lambdaPayload(), get("/open").handling(script.Script{Answer: `{"statusCode":200,"headers":{"X-Whole":"yes"},"body":"{{fill}}"}`, Fill: 5 << 20}), answer{status: 200, header: map[string]string{"X-Whole": "yes", "Content-Length": "5242880"}}),
		rare,
		slow(plain("a function that takes 10 s", quotas("integration timeout: 29 s"), get("/slow").handling(script.Script{Delay: 10 * time.Second, Answer: `{"statusCode":200,"body":"late"}`}), answer{status: 200, body: "late"})),
		slow(plain("a function that takes 30 s", responseType("INTEGRATION_TIMEOUT, after 29 s"), get("/slower").handling(script.Script{Delay: 30 * time.Second, Answer: `{"statusCode":200,"body":"late"}`}), answer{status: 504, kind: "InternalServerError", body: `{"message":"Endpoint request timed out"}`})),
	}
}
