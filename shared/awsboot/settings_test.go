package awsboot

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// fromMap returns Settings that read variables.
func fromMap(variables map[string]string) *Settings {
	return NewSettings(func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	})
}

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	s := fromMap(map[string]string{"STAGE": "prod", "ARGON_TIME": "2", "TOKEN_TTL_SECONDS": "43200", "ROLES": "a, b", "LETTER": "a", "NO_LETTER": ""})
	if got := s.Text("STAGE"); got != "prod" {
		t.Errorf("Text = %q", got)
	}
	if got := s.Integer("ARGON_TIME", 1, 10); got != 2 {
		t.Errorf("Integer = %d", got)
	}
	if got := s.Seconds("TOKEN_TTL_SECONDS", time.Second, 12*time.Hour); got != 12*time.Hour {
		t.Errorf("Seconds = %v", got)
	}
	if got := List(s, "ROLES", letter); !slices.Equal(got, []byte("ab")) {
		t.Errorf("List = %q", got)
	}
	if given, none := Optional(s, "LETTER", "a letter", letter), Optional(s, "NO_LETTER", "a letter", letter); given != 'a' || none != 0 {
		t.Errorf("Optional = %q, %q", given, none)
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestEveryMissingOrWrongSettingIsNamedAtOnceAndNoValueIsShown(t *testing.T) {
	t.Parallel()
	const value = "canary"
	s := fromMap(map[string]string{
		"EMPTY": "", "TTL": value, "TIME": value, "ROLES": value, "AWS_ENDPOINT_URL_KMS": value, "LOG_LEVEL": value,
		"AWS_SECRET_ACCESS_KEY": value,
	})
	s.Text("MISSING")
	s.Text("EMPTY")
	s.Seconds("TTL", time.Second, time.Minute)
	s.Integer("TIME", 1, 10)
	List(s, "ROLES", letter)
	List(s, "NO_LIST", letter)
	Optional(s, "ROLES", "a letter", letter)
	Optional(s, "NO_LETTER", "a letter", letter)
	Config(s)
	Logger(nil, s)
	err := s.Err()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"MISSING is not set", "EMPTY is not set", "TTL must be a whole number from 1 to 60", "TIME must be a whole number from 1 to 10",
		"ROLES must be a comma-separated list", "NO_LIST is not set", "ROLES must be a letter, or empty", "NO_LETTER is not set", "AWS_REGION is not set", "AWS_ACCESS_KEY_ID is not set",
		"AWS_ENDPOINT_URL_KMS must be an http or https URL", "LOG_LEVEL must be DEBUG, INFO, WARN or ERROR",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), value) {
		t.Errorf("a value is shown: %v", err)
	}
}

func TestNumbersOutsideTheirBoundsAreRefused(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"1": true, "10": true, "0": false, "11": false, "-1": false, "": false, " 5": false, "5s": false, "5.0": false, "0x5": false,
		"99999999999999999999": false,
	} {
		s := fromMap(map[string]string{"N": text})
		if s.Integer("N", 1, 10); (s.Err() == nil) != ok {
			t.Errorf("%q: %v", text, s.Err())
		}
	}
}

func TestListsMayBeEmptyButNotUnset(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, " ": 0, "a": 1, "a,b": 2, " a , b ": 2} {
		s := fromMap(map[string]string{"L": text})
		if got := List(s, "L", letter); s.Err() != nil || len(got) != want {
			t.Errorf("%q: %q, %v", text, got, s.Err())
		}
	}
	for _, text := range []string{"ab", "a,", ",a", "a,,b", "a b"} {
		s := fromMap(map[string]string{"L": text})
		if got := List(s, "L", letter); s.Err() == nil || got != nil {
			t.Errorf("%q: %q, %v", text, got, s.Err())
		}
	}
}

func letter(entry string) (byte, bool) {
	if len(entry) != 1 {
		return 0, false
	}
	return entry[0], true
}
