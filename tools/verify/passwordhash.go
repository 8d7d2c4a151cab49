package main

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// account returns the user's row.
func (s *store) account(ctx context.Context, u *user) (row, error) {
	stored, err := s.get(ctx, "Accounts", map[string]string{"username": u.name})
	if err == nil && stored == nil {
		err = fmt.Errorf("%s has no row in Accounts", u.role)
	}
	return stored, err
}

func (r *run) passwordHashes(ctx context.Context, s *store) (string, error) {
	var costs string
	for _, u := range r.users() {
		stored, err := s.account(ctx, u)
		if err != nil {
			return "", err
		}
		hash, ok := stored.text("password_hash")
		if !ok {
			return "", fmt.Errorf("%s's account has no password_hash", u.role)
		}
		if costs, err = checkPasswordHash(hash, u.password); err != nil {
			return "", fmt.Errorf("%s's password_hash: %w", u.role, err)
		}
	}
	return fmt.Sprintf("%d, %s, each recomputed from its password", len(r.users()), costs), nil
}

// checkPasswordHash checks that hash is the password's Argon2id in PHC form (https://github.com/P-H-C/phc-string-format), with at
// least the costs of the OWASP Password Storage Cheat Sheet and the lengths of RFC 9106 section 4. It returns the costs. Errors
// repeat nothing of the hash.
func checkPasswordHash(hash, password string) (costs string, err error) {
	fields := strings.Split(hash, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != "v=19" {
		return "", errors.New("not an Argon2id PHC string of version 19")
	}
	var memory, time uint32
	if n, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=1", &memory, &time); err != nil || n != 2 ||
		fields[3] != fmt.Sprintf("m=%d,t=%d,p=1", memory, time) {
		return "", errors.New("the costs are not in the form m=…,t=…,p=1")
	}
	if strong := memory >= 47104 && time >= 1 || memory >= 19456 && time >= 2; !strong {
		return "", fmt.Errorf("m=%d KiB, t=%d is too little: at least m=47104, t=1 or m=19456, t=2", memory, time)
	}
	if memory > 1<<20 || time > 100 {
		return "", fmt.Errorf("m=%d KiB, t=%d is more than can be recomputed here", memory, time)
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(fields[4])
	tag, tagErr := base64.RawStdEncoding.Strict().DecodeString(fields[5])
	if saltErr != nil || tagErr != nil || len(salt) < 16 || len(tag) < 32 || len(tag) > 64 {
		return "", errors.New("salt and hash are not base64 of at least 16 and 32 bytes, at most 64")
	}
	if subtle.ConstantTimeCompare(argon2.IDKey([]byte(password), salt, time, memory, 1, uint32(len(tag))), tag) != 1 { //nolint:gosec // G115: at most 64
		return "", errors.New("not the hash of this password")
	}
	return "Argon2id " + fields[3], nil
}
