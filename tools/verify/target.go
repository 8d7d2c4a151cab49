package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/tools/operator/stack"
)

// defaultStage is the template's.
const defaultStage = "prod"

// tableNames are the template's tables, without the "Table" of their logical ids.
func tableNames() []string {
	return []string{"Accounts", "Challenges", "Tokens", "DataKeys", "Invitations", "Throttles", "Audit", "Clients"}
}

// target is what is verified.
type target struct {
	url        string // without a slash at its end
	invitation string
	samLocal   bool
	store      *store // nil: what is stored cannot be looked at
}

// store is the way to what the target has stored.
type store struct {
	database *dynamodb.Client
	tables   map[string]string // physical names, by those of tableNames
	keys     *kms.Client
	keyID    string // of the KMS key: id or ARN
	stage    string
}

// state is the state file of tools/local.
type state struct {
	URL             string            `json:"url"`
	SAMURL          string            `json:"sam_url"`
	AdminInvitation string            `json:"admin_invitation"`
	DynamoDBURL     string            `json:"dynamodb_url"`
	KMSURL          string            `json:"kms_url"`
	KMSKeyID        string            `json:"kms_key_id"`
	Tables          map[string]string `json:"tables"`
}

func findTarget(ctx context.Context, where location) (target, error) {
	t := target{url: where.url, invitation: where.invitation, samLocal: where.samLocal}
	switch {
	case where.state != "":
		local, err := readState(where.state)
		if err != nil {
			return target{}, err
		}
		if t.url == "" {
			t.url = local.URL
			if where.samLocal {
				t.url = local.SAMURL
			}
		}
		if t.invitation == "" {
			t.invitation = local.AdminInvitation
		}
		if t.store, err = local.store(cmp.Or(where.stage, defaultStage)); err != nil {
			return target{}, fmt.Errorf("%s: %w", where.state, err)
		}
	case where.stack != "":
		var err error
		if t.store, err = deployedStore(ctx, where); err != nil {
			return target{}, err
		}
	}
	if t.url == "" && where.samLocal {
		return target{}, fmt.Errorf("%s is not of a run with sam local: start one with make sam-local", where.state)
	}
	parsed, err := url.Parse(t.url)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return target{}, fmt.Errorf("%q is not the URL of an API: it must begin with http:// or https://", t.url)
	}
	t.url = strings.TrimRight(t.url, "/")
	return t, nil
}

func readState(path string) (state, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, fmt.Errorf("there is no %s: start the system with make dev, or give -url", path)
	}
	if err != nil {
		return state{}, err
	}
	var s state
	if err := json.Unmarshal(content, &s); err != nil {
		return state{}, fmt.Errorf("%s is not a state file of tools/local: %w", path, err)
	}
	return s, nil
}

// store reaches the local stand-ins. They take any credentials; the region is the one in which tools/local works.
func (s state) store(stage string) (*store, error) {
	for _, name := range tableNames() {
		if s.Tables[name] == "" {
			return nil, fmt.Errorf("it names no table %s", name)
		}
	}
	if s.DynamoDBURL == "" || s.KMSURL == "" || s.KMSKeyID == "" {
		return nil, errors.New("it names no dynamodb_url, kms_url or kms_key_id")
	}
	cfg := aws.Config{Region: localRegion, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	return &store{
		database: dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = &s.DynamoDBURL }),
		keys:     kms.NewFromConfig(cfg, func(o *kms.Options) { o.BaseEndpoint = &s.KMSURL }),
		keyID:    s.KMSKeyID, tables: s.Tables, stage: stage,
	}, nil
}

const localRegion = "us-east-1"

// deployedStore reaches a stack's tables and key by its outputs, with the operator's own AWS credentials.
func deployedStore(ctx context.Context, where location) (*store, error) {
	cfg, err := stack.Load(ctx)
	if err != nil {
		return nil, err
	}
	deployed, err := stack.Find(ctx, cfg, where.stack)
	if err != nil {
		return nil, err
	}
	s := &store{
		database: dynamodb.NewFromConfig(cfg), keys: kms.NewFromConfig(cfg),
		tables: map[string]string{}, stage: cmp.Or(where.stage, deployed.Parameters["Stage"], defaultStage),
	}
	for _, name := range tableNames() {
		if s.tables[name], err = deployed.Output(name + "TableName"); err != nil {
			return nil, err
		}
	}
	if s.keyID, err = deployed.Output("SealingKeyArn"); err != nil {
		return nil, err
	}
	return s, nil
}
