package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type timeToLiveRequest struct {
	TableName               string
	TimeToLiveSpecification types.TimeToLiveSpecification
}

// updateTimeToLive remembers the setting. Nothing is ever deleted by it.
func (s *Server) updateTimeToLive(r *timeToLiveRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	attribute, enable := aws.ToString(r.TimeToLiveSpecification.AttributeName), aws.ToBool(r.TimeToLiveSpecification.Enabled)
	switch {
	case attribute == "":
		return nil, validation("TimeToLiveSpecification needs an AttributeName")
	case enable && t.ttlAttribute != "":
		return nil, validation("TimeToLive is already enabled")
	case !enable && t.ttlAttribute == "":
		return nil, validation("TimeToLive is already disabled")
	case enable:
		t.ttlAttribute = attribute
	default:
		t.ttlAttribute = ""
	}
	return map[string]any{"TimeToLiveSpecification": r.TimeToLiveSpecification}, nil
}

func (s *Server) describeTimeToLive(r *tableRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	description := map[string]any{"TimeToLiveStatus": types.TimeToLiveStatusDisabled}
	if t.ttlAttribute != "" {
		description = map[string]any{"TimeToLiveStatus": types.TimeToLiveStatusEnabled, "AttributeName": t.ttlAttribute}
	}
	return map[string]any{"TimeToLiveDescription": description}, nil
}
