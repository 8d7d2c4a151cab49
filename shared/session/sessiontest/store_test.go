package sessiontest_test

import (
	"testing"

	"sallyport/shared/session"
	"sallyport/shared/session/sessiontest"
)

func TestTheMemoryStoreKeepsTheContract(t *testing.T) {
	sessiontest.TestStore(t, func(*testing.T) sessiontest.Stores {
		store := sessiontest.NewStore(nil)
		return sessiontest.Stores{
			Records: store, Renewer: store, Ender: store, Lister: store,
			Add: func(_ *testing.T, record session.Record) { store.Add(record) },
		}
	})
}
