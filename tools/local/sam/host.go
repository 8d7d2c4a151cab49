package sam

import (
	"net"
	"net/netip"
)

// HostName is this machine as containers see it. Docker Desktop gives it the name itself; samconfig.toml has sam local do so elsewhere.
const HostName = "host.docker.internal"

// HostAddress is where a server must listen for containers to reach it. On Linux that is the address of Docker's bridge, which this
// machine and its containers share; where the engine runs in a virtual machine (Docker Desktop), it hands calls on to loopback.
func HostAddress() netip.Addr {
	bridge, err := net.InterfaceByName("docker0")
	if err != nil {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	addresses, err := bridge.Addrs()
	if err != nil {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil && prefix.Addr().Is4() {
			return prefix.Addr()
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}
