package kms

import (
	"encoding/binary"
	"maps"
	"slices"
)

// contextLimit bounds an encryption context, in bytes of its keys and values.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
const contextLimit = 8192

// canonical returns the encryption context as one byte string: pairs sorted by key, each string preceded by its length, so that
// different contexts never give the same bytes.
func canonical(encryptionContext map[string]string) ([]byte, error) {
	var canonical []byte
	size := 0
	for _, name := range slices.Sorted(maps.Keys(encryptionContext)) {
		for _, text := range []string{name, encryptionContext[name]} {
			size += len(text)
			canonical = binary.BigEndian.AppendUint64(canonical, uint64(len(text)))
			canonical = append(canonical, text...)
		}
		if name == "" {
			return nil, validation("The encryption context has an empty key")
		}
	}
	if size > contextLimit {
		return nil, validation("The encryption context is larger than %d bytes", contextLimit)
	}
	return canonical, nil
}
