package main_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/kms"
)

func TestAFunctionIsHeldToItsPolicyWhicheverBackendIsUsedAndHoweverQuietTheRun(t *testing.T) {
	databases, keys := httptest.NewServer(dynamodb.NewServer()), httptest.NewServer(kms.NewServer())
	defer databases.Close()
	defer keys.Close()
	noTable := variant(t, "Action: [dynamodb:PutItem]", "Action: [dynamodb:GetItem]")
	noKey := variant(t, "Action: [kms:Encrypt]", "Action: [kms:Decrypt]")
	for _, test := range []struct {
		name, template, denied string
		arguments              []string
	}{
		{"embedded, table", noTable, "RegisterFunction may not dynamodb:PutItem on arn:aws:dynamodb:us-east-1:123456789012:table/sallyport-local-ThingsTable: no statement of its policies allows it (" + noTable + ":32)", nil},
		{"embedded, key", noKey, "RegisterFunction may not kms:Encrypt on arn:aws:kms:us-east-1:123456789012:key/", []string{"-quiet"}},
		{"given, table", noTable, "RegisterFunction may not dynamodb:PutItem on ", []string{"-quiet", "-dynamodb", databases.URL}},
		{"given, key", noKey, "RegisterFunction may not kms:Encrypt on ", []string{"-kms", keys.URL}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, s := serve(t, append(test.arguments, "-template", test.template)...)
			if status, body := call(t, http.MethodPost, s.URL+"/register", "{}"); status != http.StatusBadGateway {
				t.Errorf("register: %d %s", status, body)
			}
			said := func() bool { return strings.Contains("\n"+p.output.String(), "\nlocal: "+test.denied) }
			for deadline := time.Now().Add(10 * time.Second); !said() && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond) // what it prints arrives in its own time
			}
			if !said() {
				t.Errorf("does not say %q:\n%s", test.denied, p.output)
			}
			// The operator reaches everything, there too.
			page, err := client(s.DynamoDBURL).Scan(t.Context(), &awsdynamodb.ScanInput{TableName: aws.String(s.Tables["Things"])})
			if err != nil || page.Count != 0 {
				t.Errorf("rows: %v %v", page, err)
			}
		})
	}
}
