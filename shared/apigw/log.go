package apigw

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/metric"
)

// line writes the one log line of each event. The JSON encoder escapes control characters, so that no value can forge one.
type line struct {
	log  *slog.Logger
	warm atomic.Bool // this process has answered before
}

func newLine(log *slog.Logger) *line { return &line{log: log} }

// outcome is what a line tells. It has neither headers nor body nor query.
type outcome struct {
	requestID, extendedRequestID, method, resource, address string
	event                                                   audit.Event // without an action: a mere read
	status                                                  int
	who                                                     []any
	err                                                     error
	began                                                   time.Time
}

func (l *line) write(ctx context.Context, o outcome) {
	line := append(make(fields, 0, 2*commonFields),
		"request_id", o.requestID, "lambda_request_id", lambdaRequestID(ctx), "method", o.method, "route", o.resource, "status", o.status, "source_ip", o.address,
		"duration_ms", float64(time.Since(o.began).Microseconds())/1000, "cold", !l.warm.Swap(true),
	)
	line.text("extended_request_id", o.extendedRequestID) // the gateway tells it to functions, not to authorizers
	if o.event.Action != "" {
		line.text("event", o.event.Action)
		line.text("outcome", string(o.event.Outcome))
		line.text("actor_id", o.event.ActorID)
		line.text("account_id", o.event.AccountID)
		line.text("target", o.event.Target)
		line.text("detail", o.event.Detail)
	}
	line.add(o.who...)
	line.text("session_id", o.event.SessionID)
	line.text("token_id", o.event.TokenID)
	level := slog.LevelInfo
	if o.err != nil {
		e := apperr.From(o.err)
		line.add("code", string(e.Code), "reason", string(e.Reason))
		line.text("username", e.Account)
		line.text("user_id", e.UserID)
		line.text("token_id", e.TokenID)
		line.text("client_id", e.ClientID)
		if _, ok := statusOf(e.Code); !ok || e.Code == apperr.ServiceUnavailable || e.Code == apperr.Corrupt || e.Alarm {
			level = slog.LevelError
			line.add("error", o.err.Error())
		}
		if e.Alarm {
			line.add(metric.Count("Alarms", o.began)...)
		}
	}
	l.log.Log(ctx, level, "request", line...)
}

// commonFields is how many attributes a line has, but for rare ones.
const commonFields = 16

// fields are a line's attributes, names and values in turn.
type fields []any

// add adds attributes, but for those whose name is there: no line has a member twice.
func (f *fields) add(attributes ...any) {
	for i := 0; i+1 < len(attributes); i += 2 {
		if !f.has(attributes[i]) {
			*f = append(*f, attributes[i], attributes[i+1])
		}
	}
}

// text adds a text, unless it is empty.
func (f *fields) text(name, value string) {
	if value != "" {
		f.add(name, value)
	}
}

func (f *fields) has(name any) bool {
	for i := 0; i < len(*f); i += 2 {
		if (*f)[i] == name {
			return true
		}
	}
	return false
}

// where names the line of ours that panicked.
func where() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	for panicked := false; ; {
		frame, more := frames.Next()
		if panicked && !strings.HasPrefix(frame.Function, "runtime.") {
			return frame.Function + ":" + strconv.Itoa(frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return "unknown"
		}
	}
}
