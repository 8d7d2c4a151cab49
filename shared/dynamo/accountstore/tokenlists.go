package accountstore

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/dynamo"
	"sallyport/shared/token"
)

func sessions(row *dynamo.Row) map[token.ID]account.SessionEntry {
	entries := map[token.ID]account.SessionEntry{}
	for key, entry := range row.Rows("sessions") {
		read := account.SessionEntry{
			SessionID: entry.Text("session_id"), ExpiresAt: entry.Number("expires_at"),
			Device: optional(entry, "device"), AddressFamily: optional(entry, "address_family"),
		}
		if entry.Has("created_at") { // not in what was written before sessions were listed
			read.CreatedAt = entry.Number("created_at")
		}
		entries[tokenID(row, "sessions", key)] = read
	}
	return entries
}

func sessionsValue(entries map[token.ID]account.SessionEntry) types.AttributeValue {
	m := make(dynamo.Item, len(entries))
	for id, entry := range entries {
		item := dynamo.Item{
			"session_id": dynamo.S(entry.SessionID), "created_at": dynamo.N(entry.CreatedAt), "expires_at": dynamo.N(entry.ExpiresAt),
		}
		if entry.Device != "" {
			item["device"] = dynamo.S(entry.Device)
		}
		if entry.AddressFamily != "" {
			item["address_family"] = dynamo.S(entry.AddressFamily)
		}
		m[id.String()] = dynamo.M(item)
	}
	return dynamo.M(m)
}

func apiTokens(row *dynamo.Row) map[token.ID]account.APITokenEntry {
	entries := map[token.ID]account.APITokenEntry{}
	if !row.Has("api_tokens") { // written before there were any
		return entries
	}
	for key, entry := range row.Rows("api_tokens") {
		read := account.APITokenEntry{
			Name: entry.Text("name"), CreatedAt: entry.Number("created_at"), ExpiresAt: entry.Number("expires_at"),
		}
		if entry.Has("routes") {
			read.Routes = entry.Routes("routes")
		}
		entries[tokenID(row, "api_tokens", key)] = read
	}
	return entries
}

func apiTokensValue(entries map[token.ID]account.APITokenEntry) types.AttributeValue {
	m := make(dynamo.Item, len(entries))
	for id, entry := range entries {
		item := dynamo.Item{
			"name": dynamo.S(entry.Name), "created_at": dynamo.N(entry.CreatedAt), "expires_at": dynamo.N(entry.ExpiresAt),
		}
		if len(entry.Routes) > 0 {
			item["routes"] = dynamo.Routes(entry.Routes)
		}
		m[id.String()] = dynamo.M(item)
	}
	return dynamo.M(m)
}

func tokenID(row *dynamo.Row, list, key string) token.ID {
	id, ok := token.ParseID(key)
	if !ok {
		row.Refuse(list, "has a key that is no id")
	}
	return id
}

// optional returns a text that is left out when it is empty.
func optional(row *dynamo.Row, name string) string {
	if !row.Has(name) {
		return ""
	}
	return row.Text(name)
}
