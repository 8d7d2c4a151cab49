// Package kms serves an in-memory AWS Key Management Service over its real protocol (AWS JSON 1.1), for local runs and tests: symmetric
// keys, and the operations that envelope encryption needs. It is as strict as AWS about contexts, key states and limits. Master keys
// come from crypto/rand and live in this process's memory: what a run encrypts can't be decrypted after it.
package kms

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"

	"sallyport/tools/local/awsjson"
)

// The account and region that keys belong to, as they show in ARNs.
const (
	Region    = "us-east-1"
	AccountID = "123456789012"
)

// Server is an http.Handler that is safe for concurrent use.
type Server struct {
	*awsjson.Server

	mu      sync.RWMutex
	keys    map[string]*key // by id
	aliases map[string]*key // by name, "alias/…"
}

// NewServer returns a Server that holds an enabled symmetric key for each id, of at most 255 bytes. More can be made with CreateKey.
func NewServer(keyIDs ...string) *Server {
	s := &Server{keys: map[string]*key{}, aliases: map[string]*key{}}
	for _, id := range keyIDs {
		s.keys[id] = newKey(id, time.Now())
	}
	s.Server = awsjson.New(awsjson.Protocol{Version: "1.1", Target: "TrentService", BodyLimit: 64 << 10}, map[string]awsjson.Operation{
		"CreateKey":           awsjson.Decode(s.createKey),
		"CreateAlias":         awsjson.Decode(s.createAlias),
		"DescribeKey":         awsjson.Decode(s.describeKey),
		"EnableKey":           awsjson.Decode(s.enableKey),
		"DisableKey":          awsjson.Decode(s.disableKey),
		"ScheduleKeyDeletion": awsjson.Decode(s.scheduleKeyDeletion),
		"CancelKeyDeletion":   awsjson.Decode(s.cancelKeyDeletion),
		"RotateKeyOnDemand":   awsjson.Decode(s.rotateKeyOnDemand),
		"Encrypt":             awsjson.Decode(s.encrypt),
		"Decrypt":             awsjson.Decode(s.decrypt),
		"GenerateDataKey":     awsjson.Decode(s.generateDataKey),
	})
	return s
}

// Throttled is what KMS answers when the account is over its request quota. For Intercept.
func Throttled() error {
	return &awsjson.Error{Code: "ThrottlingException", Message: "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."}
}

// Internal is KMS's own failure. For Intercept.
func Internal() error {
	return &awsjson.Error{Status: http.StatusInternalServerError, Code: "KMSInternalException", Message: "internal failure"}
}

func validation(format string, args ...any) error {
	return &awsjson.Error{Code: "ValidationException", Message: fmt.Sprintf(format, args...)}
}

func invalidState(format string, args ...any) error {
	return &awsjson.Error{Code: "KMSInvalidStateException", Message: fmt.Sprintf(format, args...)}
}

func newKeyID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
