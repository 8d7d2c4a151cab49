package dynamodb

// itemSize is about what DynamoDB counts as an item's size, in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func itemSize(it item) int {
	size := 0
	for name, v := range it {
		size += len(name) + valueSize(v)
	}
	return size
}

func valueSize(v *value) int {
	const overhead, element = 3, 1 // of a list or map, and of each of its elements
	switch {
	case v.S != nil:
		return len(*v.S)
	case v.N != nil:
		return (len(*v.N)+1)/2 + 1
	case v.B != nil:
		return len(v.B)
	case v.M != nil:
		return overhead + len(v.M)*element + itemSize(v.M)
	case v.L != nil:
		size := overhead
		for _, inner := range v.L {
			size += element + valueSize(inner)
		}
		return size
	default: // a boolean, null or a set
		size := 1
		for _, text := range v.SS {
			size += len(*text)
		}
		for _, text := range v.NS {
			size += (len(*text)+1)/2 + 1
		}
		for _, text := range v.BS {
			size += len(text)
		}
		return size
	}
}
