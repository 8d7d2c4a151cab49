package apigw

import "sallyport/shared/policy"

// Route is a route on the wire.
type Route struct {
	API      string `json:"api"`
	Method   string `json:"method"`
	Resource string `json:"resource"`
}

// Routes returns routes as they go over the wire, nil for none.
func Routes(routes []policy.Route) []Route {
	var all []Route
	for _, route := range routes {
		all = append(all, Route{API: route.API, Method: route.Method, Resource: route.Resource})
	}
	return all
}
