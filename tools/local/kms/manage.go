package kms

import (
	"strings"
	"time"

	"sallyport/tools/local/awsjson"
)

// find takes a key id or a key ARN. The caller holds the lock.
func (s *Server) find(keyID string) (*key, error) {
	if keyID == "" {
		return nil, validation("1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null")
	}
	k, ok := s.keys[strings.TrimPrefix(keyID, arnPrefix())]
	if !ok {
		return nil, &awsjson.Error{Code: "NotFoundException", Message: "Key '" + keyID + "' does not exist"}
	}
	return k, nil
}

type createKeyRequest struct{ Description, KeySpec, CustomerMasterKeySpec, KeyUsage string }

func (s *Server) createKey(r *createKeyRequest) (any, error) {
	for _, member := range []struct{ got, only string }{
		{r.KeySpec, "SYMMETRIC_DEFAULT"}, {r.CustomerMasterKeySpec, "SYMMETRIC_DEFAULT"}, {r.KeyUsage, "ENCRYPT_DECRYPT"},
	} {
		if member.got != "" && member.got != member.only {
			return nil, &awsjson.Error{Code: "UnsupportedOperationException", Message: "The embedded KMS has only keys of " + member.only}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := newKey(newKeyID(), time.Now())
	s.keys[k.id] = k
	return map[string]any{"KeyMetadata": k.metadata()}, nil
}

type keyRequest struct{ KeyId string } //nolint:revive // the name on the wire

func (s *Server) describeKey(r *keyRequest) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.findNamed(r.KeyId)
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyMetadata": k.metadata()}, nil
}

func (k *key) metadata() map[string]any {
	m := map[string]any{
		"AWSAccountId": AccountID, "KeyId": k.id, "Arn": k.arn(), "CreationDate": k.created.Unix(), "Enabled": k.state == enabled,
		"KeyState": k.state, "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", "KeyManager": "CUSTOMER",
		"Origin": "AWS_KMS", "EncryptionAlgorithms": []string{"SYMMETRIC_DEFAULT"}, "MultiRegion": false,
	}
	if k.state == pendingDeletion {
		m["DeletionDate"] = k.deletion.Unix()
	}
	return m
}

// change finds a key and changes it under the lock.
func (s *Server) change(keyID string, change func(*key) (any, error)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.find(keyID)
	if err != nil {
		return nil, err
	}
	return change(k)
}

func (s *Server) enableKey(r *keyRequest) (any, error) { return s.setState(r.KeyId, enabled) }

func (s *Server) disableKey(r *keyRequest) (any, error) { return s.setState(r.KeyId, disabled) }

func (s *Server) setState(keyID, state string) (any, error) {
	return s.change(keyID, func(k *key) (any, error) {
		if k.state == pendingDeletion {
			return nil, k.pending()
		}
		k.state = state
		return struct{}{}, nil
	})
}

type scheduleRequest struct {
	KeyId               string //nolint:revive // the name on the wire
	PendingWindowInDays *int
}

// scheduleKeyDeletion makes a key unusable. It is never deleted: the shortest window is longer than any run.
func (s *Server) scheduleKeyDeletion(r *scheduleRequest) (any, error) {
	days := 30
	if r.PendingWindowInDays != nil {
		days = *r.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, validation("PendingWindowInDays must be between 7 and 30, not %d", days)
	}
	return s.change(r.KeyId, func(k *key) (any, error) {
		if k.state == pendingDeletion {
			return nil, k.pending()
		}
		k.state, k.deletion = pendingDeletion, time.Now().AddDate(0, 0, days)
		return map[string]any{"KeyId": k.arn(), "DeletionDate": k.deletion.Unix(), "KeyState": k.state, "PendingWindowInDays": days}, nil
	})
}

// cancelKeyDeletion leaves the key disabled, as on AWS.
func (s *Server) cancelKeyDeletion(r *keyRequest) (any, error) {
	return s.change(r.KeyId, func(k *key) (any, error) {
		if k.state != pendingDeletion {
			return nil, invalidState("%s is not pending deletion.", k.arn())
		}
		k.state = disabled
		return map[string]any{"KeyId": k.arn()}, nil
	})
}

// rotationLimit is how many times a key can be rotated on demand.
// https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-on-demand.html
const rotationLimit = 25

// rotateKeyOnDemand adds a backing key. What older ones encrypted still decrypts.
func (s *Server) rotateKeyOnDemand(r *keyRequest) (any, error) {
	return s.change(r.KeyId, func(k *key) (any, error) {
		if err := k.usable(); err != nil {
			return nil, err
		}
		if len(k.backing) > rotationLimit {
			return nil, &awsjson.Error{Code: "LimitExceededException", Message: "The key has been rotated on demand too often"}
		}
		k.backing = append(k.backing, newBackingKey())
		return map[string]any{"KeyId": k.arn()}, nil
	})
}
