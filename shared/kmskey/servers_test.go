package kmskey_test

import (
	"net/http/httptest"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/shared/awsboot"
	embedded "sallyport/tools/local/kms"
)

const embeddedKeyID = "11111111-2222-4333-8444-555555555555"

// servers are the KMS implementations that the contract holds for, each with a fresh key: the embedded one, and moto
// (PyPI moto[server]) if it runs at KMS_MOTO_URL. A second implementation keeps the first honest, so CI must have it.
func servers(t *testing.T) map[string]func(*testing.T) (*kms.Client, string) {
	t.Helper()
	all := map[string]func(*testing.T) (*kms.Client, string){
		"embedded": func(t *testing.T) (*kms.Client, string) {
			t.Helper()
			_, client := startEmbedded(t)
			return client, embeddedKeyID
		},
	}
	switch url := os.Getenv("KMS_MOTO_URL"); {
	case url != "":
		all["moto"] = func(t *testing.T) (*kms.Client, string) {
			t.Helper()
			client := newClient(t, url)
			made, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
			if err != nil {
				t.Fatal(err)
			}
			return client, aws.ToString(made.KeyMetadata.KeyId)
		}
	case os.Getenv("CI") != "":
		t.Fatal("CI is set and KMS_MOTO_URL is not: run moto_server (PyPI moto[server]) and set the variable to its URL")
	}
	return all
}

func startEmbedded(t *testing.T) (*embedded.Server, *kms.Client) {
	t.Helper()
	server := embedded.NewServer(embeddedKeyID)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return server, newClient(t, listener.URL)
}

// newClient returns a client as the functions have it.
func newClient(t *testing.T, url string) *kms.Client {
	t.Helper()
	variables := map[string]string{
		"AWS_REGION": embedded.Region, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_ENDPOINT_URL_KMS": url,
	}
	settings := awsboot.NewSettings(func(name string) (string, bool) { value, ok := variables[name]; return value, ok })
	config := awsboot.Config(settings)
	if err := settings.Err(); err != nil {
		t.Fatal(err)
	}
	return kms.NewFromConfig(config)
}
