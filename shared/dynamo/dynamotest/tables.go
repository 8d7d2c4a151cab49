package dynamotest

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	local "sallyport/tools/local/dynamodb"
	"sallyport/tools/local/template"
)

// Tables names the tables of one test.
type Tables struct{ Accounts, Challenges, Tokens, DataKeys, Invitations, Throttles, Audit, Clients string }

// MakeTables makes the tables of template.yaml under fresh names, and removes them when the test ends. Expired rows stay: on
// AWS they do for days, so nothing may rely on their going.
func MakeTables(t testing.TB, client *dynamodb.Client) Tables {
	t.Helper()
	run := rand.Text()
	stack, err := template.Load(repositoryFile(t, "template.yaml"), template.Options{
		Physical: func(logicalID, _ string) string { return run + "." + logicalID },
	})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, table := range stack.Tables {
		names[table.LogicalID] = table.Name
		makeTable(t, client, table)
	}
	return Tables{
		Accounts: names["AccountsTable"], Challenges: names["ChallengesTable"], Tokens: names["TokensTable"],
		DataKeys: names["DataKeysTable"], Invitations: names["InvitationsTable"], Throttles: names["ThrottlesTable"],
		Audit: names["AuditTable"], Clients: names["ClientsTable"],
	}
}

func makeTable(t testing.TB, client *dynamodb.Client, table template.Table) {
	t.Helper()
	if _, err := client.CreateTable(t.Context(), local.TableInput(table)); err != nil {
		t.Fatalf("making %s: %v", table.Name, err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &table.Name}); err != nil {
			t.Errorf("removing %s: %v", table.Name, err)
		}
	})
}
