package keystore_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
)

const (
	today     uint32 = 20780
	todayDate        = "2026-11-23"
)

func TestTheStoreKeepsTheContract(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		envelopetest.TestStore(t, func(t *testing.T) envelopetest.Stores {
			wire := &dynamotest.Wire{}
			t.Cleanup(func() { dynamotest.CheckSafe(t, wire.Calls()) })
			client := server.Client(wire)
			table := dynamotest.MakeTables(t, client).DataKeys
			store := keystore.New(client, table)
			return envelopetest.Stores{Keys: store, Shred: func(t *testing.T, day uint32, generation uint8) {
				shred(t, client, table, day, generation)
			}}
		})
	})
}

// shred leaves a row without its key, and sets its generation.
func shred(t *testing.T, client *dynamodb.Client, table string, day uint32, generation uint8) {
	t.Helper()
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName:        aws.String(table),
		Key:              dynamo.Item{"key_day": dynamo.S(envelope.Date(day))},
		UpdateExpression: aws.String("REMOVE wrapped_key SET generation = :generation, expires_at = if_not_exists(expires_at, :end)"),
		ExpressionAttributeValues: dynamo.Item{
			":generation": dynamo.N(int64(generation)), ":end": dynamo.N(1_795_000_000),
		},
	})
	if err != nil {
		t.Fatalf("UpdateItem: %v", err)
	}
}

func TestAKeyDayIsADateInUTC(t *testing.T) {
	for day, want := range map[uint32]string{0: "1970-01-01", today: todayDate, 20819: "2027-01-01", 2932896: "9999-12-31"} {
		if got := envelope.Date(day); got != want {
			t.Errorf("day %d is %s, want %s", day, got, want)
		}
	}
}

func TestAMalformedRowIsRefused(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	table := dynamotest.MakeTables(t, client).DataKeys
	store := keystore.New(client, table)
	for name, spoil := range map[string]func(dynamo.Item){
		"generation absent":        func(i dynamo.Item) { delete(i, "generation") },
		"generation negative":      func(i dynamo.Item) { i["generation"] = dynamo.N(-1) },
		"generation over one byte": func(i dynamo.Item) { i["generation"] = dynamo.N(256) },
		"generation a string":      func(i dynamo.Item) { i["generation"] = dynamo.S("0") },
		"expires_at absent":        func(i dynamo.Item) { delete(i, "expires_at") },
		"wrapped_key a string":     func(i dynamo.Item) { i["wrapped_key"] = dynamo.S("key") },
		"wrapped_key empty":        func(i dynamo.Item) { i["wrapped_key"] = dynamo.B([]byte{}) },
	} {
		t.Run(name, func(t *testing.T) {
			item := dynamo.Item{
				"key_day": dynamo.S(todayDate), "generation": dynamo.N(0), "wrapped_key": dynamo.B([]byte{1}), "expires_at": dynamo.N(1),
			}
			spoil(item)
			if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: item}); err != nil {
				t.Fatal(err)
			}
			got, found, err := store.WrappedKey(t.Context(), today)
			if apperr.CodeOf(err) != apperr.Corrupt || found || got.Wrapped != nil {
				t.Errorf("got %+v, %v, %v", got, found, err)
			}
		})
	}
}

func TestEachMethodNeedsItsActionsAndNoOther(t *testing.T) {
	wire := &dynamotest.Wire{}
	client := dynamotest.Embedded(t).Client(wire)
	store := keystore.New(client, dynamotest.MakeTables(t, client).DataKeys)
	wire.Calls()
	if _, _, err := store.WrappedKey(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	if got, want := dynamotest.Actions(t, wire.Calls()), []string{"GetItem DataKeysTable"}; !slices.Equal(got, want) {
		t.Errorf("WrappedKey needs %q", got)
	}
	if _, err := store.AddWrappedKey(t.Context(), envelope.WrappedKey{Day: today, Wrapped: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	if got, want := dynamotest.Actions(t, wire.Calls()), []string{"PutItem DataKeysTable"}; !slices.Equal(got, want) {
		t.Errorf("AddWrappedKey needs %q", got)
	}
	if _, err := store.Shred(t.Context(), today); err != nil {
		t.Fatal(err)
	}
	if got, want := dynamotest.Actions(t, wire.Calls()), []string{"UpdateItem DataKeysTable"}; !slices.Equal(got, want) {
		t.Errorf("Shred needs %q", got)
	}
}

func TestShreddingThrowsTheKeyAwayOnceAndMakesRoomForTheNext(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		client := server.Client(nil)
		store := keystore.New(client, dynamotest.MakeTables(t, client).DataKeys)
		shreds := func(want bool) {
			t.Helper()
			if shredded, err := store.Shred(t.Context(), today); err != nil || shredded != want {
				t.Errorf("Shred: %v, %v, want %v", shredded, err, want)
			}
		}
		shreds(false) // there is no key yet, and shredding makes no row
		for generation := range uint8(3) {
			key := envelope.WrappedKey{Day: today, Generation: generation, Wrapped: []byte{generation, 1}, ExpiresAt: 1_795_000_000}
			if added, err := store.AddWrappedKey(t.Context(), key); err != nil || !added {
				t.Fatalf("generation %d is not stored: %v", generation, err)
			}
			shreds(true)
			shreds(false)
			got, found, err := store.WrappedKey(t.Context(), today)
			if err != nil || !found || len(got.Wrapped) != 0 || got.Generation != generation+1 || got.ExpiresAt != key.ExpiresAt {
				t.Errorf("the row reads as %+v, %v, %v", got, found, err)
			}
		}
	})
}

func TestADayWhoseGenerationsAreUsedUpIsNotShredded(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	table := dynamotest.MakeTables(t, client).DataKeys
	store := keystore.New(client, table)
	shred(t, client, table, today, 255)
	if added, err := store.AddWrappedKey(t.Context(), envelope.WrappedKey{Day: today, Generation: 255, Wrapped: []byte{1}, ExpiresAt: 1}); err != nil || !added {
		t.Fatal(added, err)
	}
	if shredded, err := store.Shred(t.Context(), today); shredded || err == nil {
		t.Errorf("Shred: %v, %v", shredded, err)
	}
	if got, _, err := store.WrappedKey(t.Context(), today); err != nil || len(got.Wrapped) == 0 {
		t.Errorf("the key is gone: %+v, %v", got, err)
	}
}
