package usage

// Texts returns the statements and the index that each must use.
func Texts() map[string]string {
	return map[string]string{
		listEvents:  "SEARCH servicecoin_usage USING PRIMARY KEY (customer=? AND type=? AND (at,source,id)>(?,?,?) AND at<?)",
		getEvent:    "SEARCH servicecoin_usage USING INDEX servicecoin_usage_key (customer=? AND source=? AND id=?)",
		eraseEvents: "SEARCH servicecoin_usage USING PRIMARY KEY (customer=?)",
	}
}
