package dynamodb

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"sallyport/tools/local/awsjson"
)

// tokenLife is how long a ClientRequestToken makes a repeated transaction succeed without being done again.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const tokenLife = 10 * time.Minute

// requestTokens remembers the transactions of the last ten minutes that succeeded.
type requestTokens struct {
	known map[string]knownRequest
	order []string // oldest first
}

type knownRequest struct {
	digest [sha256.Size]byte
	until  time.Time
}

// seen tells whether this very request has already been done. The same token on another request is an error.
func (t *requestTokens) seen(r *transactRequest) (bool, error) {
	now := time.Now()
	for len(t.order) > 0 && now.After(t.known[t.order[0]].until) {
		delete(t.known, t.order[0])
		t.order = t.order[1:]
	}
	known, ok := t.known[r.ClientRequestToken]
	if !ok {
		return false, nil
	}
	sum, err := digest(r)
	if err != nil {
		return false, err
	}
	if known.digest != sum {
		return false, &awsjson.Error{Code: "IdempotentParameterMismatchException", Message: "The token was used with other parameters"}
	}
	return true, nil
}

func (t *requestTokens) remember(r *transactRequest) error {
	if r.ClientRequestToken == "" {
		return nil
	}
	sum, err := digest(r)
	if err != nil {
		return err
	}
	t.known[r.ClientRequestToken] = knownRequest{sum, time.Now().Add(tokenLife)}
	t.order = append(t.order, r.ClientRequestToken)
	return nil
}

// digest identifies a request by what it decodes to; encoding/json writes maps in sorted order.
func digest(r *transactRequest) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("digest a transaction: %w", err)
	}
	return sha256.Sum256(encoded), nil
}
