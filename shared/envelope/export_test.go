package envelope

// Days returns how many days the ring knows something of.
func (r *Ring) Days() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.days)
}
