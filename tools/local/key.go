package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sallyport/tools/local/template"
)

// key finds a key of the stack by its alias, so that a stack which starts again opens what it sealed before, and makes one if there
// is none. A key without an alias is made at each start.
func (b *backends) key(ctx context.Context, key template.Key) (id string, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, backendLimit)
	defer cancel()
	if key.Alias != "" {
		if id, err = b.findKey(ctx, key.Alias); err != nil || id != "" {
			return id, id != "", err
		}
	}
	made, err := b.kms.CreateKey(ctx, &awskms.CreateKeyInput{})
	if err != nil {
		return "", false, fmt.Errorf("make a key at the KMS %s: is it running? %w", b.kmsURL, err)
	}
	id = aws.ToString(made.KeyMetadata.KeyId)
	if key.Alias == "" {
		return id, false, nil
	}
	if _, err = b.kms.CreateAlias(ctx, &awskms.CreateAliasInput{AliasName: &key.Alias, TargetKeyId: &id}); err != nil {
		return "", false, fmt.Errorf("name the key %s %s at the KMS %s: %w", id, key.Alias, b.kmsURL, err)
	}
	return id, false, nil
}

// findKey returns the id of the key that the alias targets, empty if there is none.
func (b *backends) findKey(ctx context.Context, alias string) (string, error) {
	out, err := b.kms.DescribeKey(ctx, &awskms.DescribeKeyInput{KeyId: &alias})
	if _, none := errors.AsType[*types.NotFoundException](err); none {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the key %s at the KMS %s: is it running? %w", alias, b.kmsURL, err)
	}
	if state := out.KeyMetadata.KeyState; state != types.KeyStateEnabled {
		return "", fmt.Errorf("the key %s at the KMS %s is in the state %s: enable it, or choose another name with -stack", alias, b.kmsURL, state)
	}
	return aws.ToString(out.KeyMetadata.KeyId), nil
}
