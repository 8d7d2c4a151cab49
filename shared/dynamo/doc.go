// Package dynamo is what the DynamoDB adapters of the domain's stores share: strongly consistent reads that refuse a
// malformed row, pages of rows with cursors for callers, and conditional writes and transactions with the retries that the SDK leaves
// to its caller.
//
// Every error that leaves this package has a code (package apperr) or is one of ErrCondition and *CancelledError: a store that does not
// answer lets nobody in. No error names a value of a row or of a key.
//
// How long a call may take is for its context to say; the client given here bounds each of its own attempts.
package dynamo
