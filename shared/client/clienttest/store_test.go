package clienttest_test

import (
	"testing"

	"sallyport/shared/client/clienttest"
)

func TestTheMemoryStoreKeepsTheContractOfClients(t *testing.T) {
	clienttest.Contract(t, func(*testing.T) clienttest.Everything { return &clienttest.Store{} })
}
