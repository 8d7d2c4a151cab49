package kms

import (
	"crypto/rand"

	"sallyport/tools/local/awsjson"
)

// Limits, in bytes. https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html, API_Decrypt.html, API_GenerateDataKey.html
const (
	plaintextLimit  = 4096
	ciphertextLimit = 6144
	dataKeyLimit    = 1024
)

const symmetricDefault = "SYMMETRIC_DEFAULT"

type encryptRequest struct {
	KeyId               string //nolint:revive // the name on the wire
	Plaintext           []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
	DryRun              bool
}

func (s *Server) encrypt(r *encryptRequest) (any, error) {
	if n := len(r.Plaintext); n < 1 || n > plaintextLimit {
		return nil, validation("1 validation error detected: 'plaintext' must have between 1 and %d bytes, not %d", plaintextLimit, n)
	}
	if err := checkAlgorithm(r.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	blob, arn, err := s.seal(r.KeyId, r.EncryptionContext, r.Plaintext, r.DryRun)
	if err != nil {
		return nil, err
	}
	return map[string]any{"CiphertextBlob": blob, "KeyId": arn, "EncryptionAlgorithm": symmetricDefault}, nil
}

type generateRequest struct {
	KeyId             string //nolint:revive // the name on the wire
	EncryptionContext map[string]string
	KeySpec           string
	NumberOfBytes     *int
	DryRun            bool
}

func (s *Server) generateDataKey(r *generateRequest) (any, error) {
	var size int
	switch {
	case (r.KeySpec == "") == (r.NumberOfBytes == nil):
		return nil, validation("Please specify either number of bytes or key spec.")
	case r.KeySpec == "AES_256":
		size = 32
	case r.KeySpec == "AES_128":
		size = 16
	case r.KeySpec != "":
		return nil, validation("1 validation error detected: Value '%s' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]", r.KeySpec)
	default:
		size = *r.NumberOfBytes
	}
	if size < 1 || size > dataKeyLimit {
		return nil, validation("1 validation error detected: 'numberOfBytes' must be between 1 and %d, not %d", dataKeyLimit, size)
	}
	plaintext := make([]byte, size)
	rand.Read(plaintext) // never fails
	blob, arn, err := s.seal(r.KeyId, r.EncryptionContext, plaintext, r.DryRun)
	if err != nil {
		return nil, err
	}
	return map[string]any{"CiphertextBlob": blob, "Plaintext": plaintext, "KeyId": arn}, nil
}

func (s *Server) seal(keyID string, encryptionContext map[string]string, plaintext []byte, dryRun bool) (blob []byte, arn string, err error) {
	aad, err := canonical(encryptionContext)
	if err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, err := s.findNamed(keyID)
	if err != nil {
		return nil, "", err
	}
	if err := k.usable(); err != nil {
		return nil, "", err
	}
	if dryRun {
		return nil, "", dryRunSucceeded()
	}
	return k.seal(plaintext, aad), k.arn(), nil
}

type decryptRequest struct {
	CiphertextBlob      []byte
	KeyId               string //nolint:revive // the name on the wire
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
	DryRun              bool
}

func (s *Server) decrypt(r *decryptRequest) (any, error) {
	if n := len(r.CiphertextBlob); n < 1 || n > ciphertextLimit {
		return nil, validation("1 validation error detected: 'ciphertextBlob' must have between 1 and %d bytes, not %d", ciphertextLimit, n)
	}
	if err := checkAlgorithm(r.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	aad, err := canonical(r.EncryptionContext)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var named *key // by the request; it need not name one
	if r.KeyId != "" {
		if named, err = s.findNamed(r.KeyId); err != nil {
			return nil, err
		}
	}
	keyID, generation, headerSize, err := parseBlob(r.CiphertextBlob)
	if err != nil {
		return nil, err
	}
	k, ok := s.keys[keyID]
	if !ok {
		return nil, invalidCiphertext()
	}
	if named != nil && named != k {
		return nil, &awsjson.Error{Code: "IncorrectKeyException", Message: "The key ID in the request does not identify a CMK that can perform this operation."}
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	plaintext, err := k.open(r.CiphertextBlob, aad, generation, headerSize)
	if err != nil {
		return nil, err
	}
	if r.DryRun {
		return nil, dryRunSucceeded()
	}
	return map[string]any{"KeyId": k.arn(), "Plaintext": plaintext, "EncryptionAlgorithm": symmetricDefault}, nil
}

func checkAlgorithm(name string) error {
	if name != "" && name != symmetricDefault {
		return &awsjson.Error{Code: "InvalidKeyUsageException", Message: "The algorithm " + name + " is incompatible with key spec SYMMETRIC_DEFAULT."}
	}
	return nil
}

func dryRunSucceeded() error {
	return &awsjson.Error{Code: "DryRunOperationException", Message: "The request would have succeeded, but the DryRun option is set."}
}
