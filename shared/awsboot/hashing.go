package awsboot

// HashCosts reads the costs of one Argon2id hash, memory in KiB and passes, for a function that hashes passwords. Their bounds are those
// of the parameters in template.yaml. A hash needs its memory at once, beside some 50 MiB of everything else: better to stop here
// than at the first password.
func HashCosts(s *Settings) (memoryKiB, time uint32) {
	memoryKiB = uint32(s.Integer("ARGON_MEMORY_KIB", 19456, 262144)) //nolint:gosec // G115: bounded
	time = uint32(s.Integer("ARGON_TIME", 1, 10))                    //nolint:gosec // G115: bounded
	s.Integer("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", int(memoryKiB/1024)+64, 10240)
	return memoryKiB, time
}
