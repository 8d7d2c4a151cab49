// Package conformance holds the emulators of Amazon API Gateway to what the service does. Its tests have one table of rows:
// a request to a fixture API, what AWS answers, and where that is said. The rows run over HTTP with real binaries against
// tools/local, and against `sam local start-api`. Where an emulator answers otherwise the row says what it answers
// instead; that is checked too, so that a difference that goes away, or a new one, fails the test. docs/local.md lists them.
package conformance
