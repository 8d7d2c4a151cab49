package main_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/kms"
)

const lostKey = "its key was not"

func TestStacksShareServersAndNothingInThemAndEachFindsItsOwnAgain(t *testing.T) {
	databaseServer, keyServer := httptest.NewServer(dynamodb.NewServer()), httptest.NewServer(kms.NewServer())
	defer databaseServer.Close()
	defer keyServer.Close()
	run := func(name string, keys string) (state, string) {
		t.Helper()
		p, s := serve(t, "-quiet", "-dynamodb", databaseServer.URL, "-kms", keys, "-stack", name)
		if status, body := call(t, http.MethodPost, s.URL+"/register", "{}"); status != http.StatusCreated {
			t.Errorf("register: %d %s", status, body)
		}
		p.signal(syscall.SIGTERM)
		p.exit()
		return s, p.output.String()
	}
	one, _ := run("one", keyServer.URL)
	if one.Tables["Things"] != "one-ThingsTable" {
		t.Errorf("tables %v", one.Tables)
	}
	other, _ := run("Other-2", keyServer.URL)
	if other.Tables["Things"] != "Other-2-ThingsTable" || other.KMSKeyID == one.KMSKeyID {
		t.Errorf("of the other: tables %v, keys %s and %s", other.Tables, one.KMSKeyID, other.KMSKeyID)
	}
	again, printed := run("one", keyServer.URL)
	if again.Tables["Things"] != one.Tables["Things"] || again.KMSKeyID != one.KMSKeyID || strings.Contains(printed, lostKey) {
		t.Errorf("again: tables %v, keys %s and %s\n%s", again.Tables, one.KMSKeyID, again.KMSKeyID, printed)
	}
	for _, table := range []string{"one-ThingsTable", "Other-2-ThingsTable"} {
		page, err := client(databaseServer.URL).Scan(t.Context(), &awsdynamodb.ScanInput{TableName: &table})
		if err != nil || page.Count != 1 {
			t.Errorf("rows of %s: %v %v", table, page, err)
		}
	}

	// Tables without their key are of no use, and whoever starts the stack is told.
	forgetful := httptest.NewServer(kms.NewServer())
	defer forgetful.Close()
	if _, printed := run("one", forgetful.URL); !strings.Contains(printed, "the tables of one were there already, and "+lostKey) {
		t.Errorf("does not tell that the key is lost:\n%s", printed)
	}
}

func TestAStackWhoseKeyIsDisabledDoesNotStart(t *testing.T) {
	server := httptest.NewServer(kms.NewServer())
	defer server.Close()
	p, s := serve(t, "-quiet", "-kms", server.URL)
	p.signal(syscall.SIGTERM)
	p.exit()
	keys := awskms.New(awskms.Options{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "c")})
	if _, err := keys.DisableKey(t.Context(), &awskms.DisableKeyInput{KeyId: aws.String(s.KMSKeyID)}); err != nil {
		t.Fatal(err)
	}
	p = launch(t, "-quiet", "-kms", server.URL)
	if code := p.exit(); code != 1 || !strings.Contains(p.output.String(), "local: the key alias/sallyport-local at the KMS "+server.URL+" is in the state Disabled: ") {
		t.Errorf("exit code %d: %s", code, p.output)
	}
	p.wantNothingLeft()
}
