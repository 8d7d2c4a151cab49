package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/awsboot"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/envelope"
	"sallyport/shared/kmskey"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
	embeddeddynamodb "sallyport/tools/local/dynamodb"
	embeddedkms "sallyport/tools/local/kms"
	"sallyport/tools/local/template"
)

// counted counts the requests that reach a backend.
type counted struct {
	backend http.Handler
	calls   atomic.Int64
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.calls.Add(1)
	c.backend.ServeHTTP(w, r)
}

// serve answers on a free port of loopback until stop is called.
func serve(handler http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener) //nolint:errcheck // it ends with Close
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// The tables that a decision reads, by their logical ids in the template, which are their names here.
const (
	tokensTable   = "TokensTable"
	dataKeysTable = "DataKeysTable"
)

// world is a database with live tokens in it, a key service, and a token to present.
type world struct {
	stack     *template.Stack
	database  *dynamodb.Client
	ring      *envelope.Ring
	wrapper   *kmskey.Key
	token     secret.Text
	record    session.Record
	databases *counted
	keys      *counted
	variables map[string]string // the environment that leads to both
	stop      func()
}

func build(ctx context.Context, root string, live int) (*world, error) {
	stack, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{
		StackName: "bench", Parameters: map[string]string{"Stage": stage}, Physical: physical,
	})
	if err != nil {
		return nil, err
	}
	w := &world{
		stack:     stack,
		databases: &counted{backend: embeddeddynamodb.NewServer()},
		keys:      &counted{backend: embeddedkms.NewServer(keyID)},
	}
	databaseURL, stopDatabase, err := serve(w.databases)
	if err != nil {
		return nil, err
	}
	keyURL, stopKeys, err := serve(w.keys)
	if err != nil {
		return nil, err
	}
	w.stop = func() { stopDatabase(); stopKeys() }
	w.variables = map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_SESSION_TOKEN": "bench",
		"AWS_ENDPOINT_URL_DYNAMODB": databaseURL, "AWS_ENDPOINT_URL_KMS": keyURL,
	}
	settings := awsboot.NewSettings(func(name string) (string, bool) { value, ok := w.variables[name]; return value, ok })
	config := awsboot.Config(settings) // the functions' own
	if err := settings.Err(); err != nil {
		return nil, err
	}
	w.database = dynamodb.NewFromConfig(config)
	w.wrapper = kmskey.New(kms.NewFromConfig(config), keyID, stage)
	for _, table := range stack.Tables {
		if _, err := w.database.CreateTable(ctx, embeddeddynamodb.TableInput(table)); err != nil {
			return nil, fmt.Errorf("creating %s: %w", table.Name, err)
		}
	}
	w.ring = w.newRing()
	return w, w.fill(ctx, live)
}

func (w *world) newRing() *envelope.Ring {
	return envelope.NewRing(keystore.New(w.database, dataKeysTable), w.wrapper, stage, time.Now, slog.New(slog.DiscardHandler))
}

func (w *world) store() *sessionstore.Store {
	return sessionstore.New(w.database, sessionstore.Tables{Tokens: tokensTable})
}

// physical names what the template makes: its key has an id, and everything else is called by its logical id.
func physical(_, resourceType string) string {
	if resourceType == "AWS::KMS::Key" {
		return keyID
	}
	return ""
}

// environment is what the stack gives the function of a folder of functions, and what leads to the world's servers.
func (w *world) environment(folder string) ([]string, error) {
	for _, f := range w.stack.Functions {
		if filepath.Base(f.CodeDir) != folder {
			continue
		}
		var pairs []string
		for _, variables := range []map[string]string{f.Environment, w.variables} {
			for name, value := range variables {
				pairs = append(pairs, name+"="+value)
			}
		}
		return pairs, nil
	}
	return nil, fmt.Errorf("the template has no function of functions/%s", folder)
}

// fill stores live tokens of as many users; the last is the one to present.
func (w *world) fill(ctx context.Context, live int) error {
	var err error
	w.token, w.record, err = session.NewIssuer(w.ring, time.Now, time.Hour).Issue(ctx,
		session.Holder{UserID: token.NewID(), Username: "bench", Role: policy.Consumer})
	if err != nil {
		return fmt.Errorf("issuing: %w", err)
	}
	// The others are never presented: what counts is that they are there, so that they share its seal.
	const writers = 8
	var group sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		group.Go(func() {
			for range (live - 1 + i) / writers {
				other := w.record
				other.UserID, other.TokenID = token.NewID(), token.NewID()
				if err := w.put(ctx, other); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errors.Join(errs...), w.put(ctx, w.record))
}

func (w *world) put(ctx context.Context, record session.Record) error {
	_, err := w.database.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tokensTable), Item: sessionstore.Item(record)})
	if err != nil {
		return fmt.Errorf("storing a token: %w", err)
	}
	return nil
}

// decision returns the authorizer's whole work on a good token.
func (w *world) decision(ctx context.Context, records session.RecordStore) func() error {
	authorizer := session.NewAuthorizer(w.ring, records, time.Now)
	return func() error {
		_, err := authorizer.Authorize(ctx, w.token, dashboard())
		return err
	}
}

// read is the read that a decision cannot do without, made with the bare SDK.
func (w *world) read(ctx context.Context) func() error {
	in := &dynamodb.GetItemInput{
		TableName: aws.String(tokensTable), Key: sessionstore.Key(w.record.UserID, w.record.TokenID), ConsistentRead: aws.Bool(true),
	}
	return func() error {
		out, err := w.database.GetItem(ctx, in)
		if err == nil && len(out.Item) == 0 {
			err = errors.New("the record is gone")
		}
		return err
	}
}
