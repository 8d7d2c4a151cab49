package kms

import (
	"regexp"
	"strings"

	"sallyport/tools/local/awsjson"
)

// aliasForm is an alias's name. https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
var aliasForm = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)

// findNamed takes an alias's name or ARN too, as DescribeKey and the cryptographic operations do; operations that change a key don't.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-using.html
func (s *Server) findNamed(keyID string) (*key, error) {
	name := strings.TrimPrefix(keyID, aliasARNPrefix())
	if k, ok := s.aliases[name]; ok {
		return k, nil
	}
	if strings.HasPrefix(name, "alias/") {
		return nil, &awsjson.Error{Code: "NotFoundException", Message: "Alias " + aliasARNPrefix() + name + " is not found."}
	}
	return s.find(keyID)
}

func aliasARNPrefix() string { return "arn:aws:kms:" + Region + ":" + AccountID + ":" }

type aliasRequest struct{ AliasName, TargetKeyId string } //nolint:revive // the names on the wire

// createAlias names a key. An alias is never moved or deleted here.
func (s *Server) createAlias(r *aliasRequest) (any, error) {
	if !aliasForm.MatchString(r.AliasName) || strings.HasPrefix(r.AliasName, "alias/aws/") {
		return nil, &awsjson.Error{Code: "InvalidAliasNameException", Message: "Alias must start with the prefix \"alias/\", not with \"alias/aws/\"."}
	}
	return s.change(r.TargetKeyId, func(k *key) (any, error) {
		if _, exists := s.aliases[r.AliasName]; exists {
			return nil, &awsjson.Error{Code: "AlreadyExistsException", Message: "An alias with the name " + aliasARNPrefix() + r.AliasName + " already exists"}
		}
		if k.state == pendingDeletion {
			return nil, k.pending()
		}
		s.aliases[r.AliasName] = k
		return struct{}{}, nil
	})
}
