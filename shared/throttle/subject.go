package throttle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
)

// Subject hashes its parts, each after its length, so that a row shows neither a name nor an address. The first part says what
// kind of thing is counted.
func Subject(parts ...string) string {
	var b []byte
	for _, part := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // G115: parts are bounded by the request's size
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Network returns what is counted as one source: an IPv4 address, or an IPv6 network of 64 bits, which is the least that one
// subscriber gets (RFC 6177). What is no address is taken as it is.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}
