package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// actions counts what a plan does.
func actions(p *inventory.TerraformPlan) map[inventory.TerraformAction]int {
	count := map[inventory.TerraformAction]int{}
	for _, c := range p.Changes {
		count[c.Action]++
	}
	return count
}

func azurePlan(t *testing.T) {
	p := terraformPlan(t, "tfplan-azure-firewall.json")
	require.Equal(t, []string{"0.2", "1.0.5"}, []string{p.Format, p.Version})
	require.Equal(t, map[inventory.TerraformAction]int{inventory.TerraformCreate: 11}, actions(p))
	require.Empty(t, p.Drifts)
	require.Empty(t, p.Sweeps(p.At), "nothing is there yet")
	drafts := p.Drafts(configuration.Described{Owner: configuration.OfCustomer})
	require.Len(t, drafts, 11)
	require.Equal(t, []string{
		"/id", "/ip_configuration/0/private_ip_address", "/ip_configuration/0/public_ip_address_id", "/ip_configuration/0/subnet_id", "/sku_name", "/sku_tier",
	}, p.Changes[0].Unknown)
	for n, d := range drafts {
		require.NoError(t, d.Validate())
		for _, at := range p.Changes[n].Unknown {
			require.True(t, d.Desired.At(at).IsZero(), "%s%s has no value yet", d.ID, at)
		}
	}
	require.Equal(t, "eastus", scalar(drafts[0].Desired.At("/location")))
	require.True(t, drafts[0].Desired.At("/ip_configuration").IsZero(), "a block in which something is not known is left out")
	require.Equal(t, "configuration", scalar(p.Changes[0].After.At("/ip_configuration/0/name")))
}

func noisePlan(t *testing.T) {
	p := terraformPlan(t, "tfplan-drift-instance.json")
	require.Equal(t, []string{"0.2", "1.0.11"}, []string{p.Format, p.Version})
	require.Equal(t, map[inventory.TerraformAction]int{inventory.TerraformCreate: 3, inventory.TerraformNone: 1}, actions(p))
	require.Len(t, p.Drifts, 1)
	d := p.Drifts[0]
	require.Equal(t, []string{"aws_ebs_volume.storage", "update", "none"}, []string{d.Address, string(d.Action), string(d.Planned)})
	require.Equal(t, []string{"changed /tags"}, told(configuration.Compare(d.Before, d.State)), "Terraform tells it")
	require.Equal(t, []string{"null", "{}"}, []string{d.Before.At("/tags").String(), d.State.At("/tags").String()})
	require.True(t, d.Noise(), "nobody would call it drift")
	require.Empty(t, d.Relevant)
	require.False(t, p.Relevance, "a plan of that format does not tell")
}

func relevantPlan(t *testing.T) {
	p := terraformPlan(t, "tfplan-drift-relevant.json")
	require.Equal(t, "1.2", p.Format)
	require.Equal(t, map[inventory.TerraformAction]int{inventory.TerraformUpdate: 2}, actions(p))
	require.Len(t, p.Drifts, 1)
	d := p.Drifts[0]
	number := func(text string) configuration.Value {
		v, err := configuration.NumberOf(text)
		require.NoError(t, err)
		return v
	}
	want := []configuration.Difference{
		{Path: "/number", Kind: configuration.Changed, Desired: number("0"), Observed: number("1")},
		{Path: "/string", Kind: configuration.Changed, Desired: configuration.TextOf("Hello, world!"), Observed: configuration.TextOf("Hello, drift!")},
	}
	require.Empty(t, cmp.Diff(want, d.Differences))
	require.Equal(t, []string{"/string"}, d.Relevant, "it decides over the dependent resource")
	require.True(t, p.Relevance)
	require.False(t, d.Noise())
	require.Equal(t, inventory.TerraformUpdate, d.Planned)
	base := p.Changes[0]
	require.Equal(t, []string{"0", `"Hello, change!"`}, []string{base.After.At("/number").String(), base.After.At("/string").String()})
	require.Equal(t, []string{"1", `"Hello, drift!"`}, []string{base.State.At("/number").String(), base.State.At("/string").String()})
}

func identityPlan(t *testing.T) {
	p := terraformPlan(t, "tfplan-identity.json")
	require.Equal(t, []string{"1.2", "1.13.0-dev"}, []string{p.Format, p.Version})
	require.Equal(t, "2025-04-30T11:34:17Z", p.At.Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, map[inventory.TerraformAction]int{inventory.TerraformUpdate: 1}, actions(p))
	require.Empty(t, p.Drifts)
	c := p.Changes[0]
	require.JSONEq(t, `{"age":999,"email":"a@example.com","id":"a@example.com","name":"test"}`, c.Desired().String())
	require.JSONEq(t, `{"email":"a@example.com"}`, c.Identity.String())
}

func oldPlan(t *testing.T) {
	p := terraformPlan(t, "tfplan-no-changes.json")
	require.Equal(t, []string{"0.1", "0.12.11"}, []string{p.Format, p.Version})
	require.Equal(t, map[inventory.TerraformAction]int{inventory.TerraformNone: 6}, actions(p))
	require.Empty(t, p.Drifts, "there is no drift, not even the name of it")
	for _, c := range p.Changes {
		require.Empty(t, configuration.Compare(c.After, c.State))
	}
	require.Len(t, p.Sweeps(p.At)[0].Found, 6)
}

func numericsPlan(t *testing.T) {
	p := terraformPlan(t, "tfplan-numerics.json")
	require.Equal(t, []string{"1.2", "1.6.5"}, []string{p.Format, p.Version})
	require.Equal(t, map[inventory.TerraformAction]int{inventory.TerraformCreate: 1}, actions(p))
	require.Empty(t, p.Drifts)
	require.Equal(t, "1.23", p.Changes[0].After.At("/configurable_attribute").String(), "as it is written")
}

func stateRow(t *testing.T) {
	s, err := inventory.ReadTerraformState(corpus(t, "tfstate-aws_dynamodb_table.json"), nil)
	require.NoError(t, err)
	require.Empty(t, s.Remarks)
	require.Equal(t, []string{"4", "0.14.5"}, []string{s.Format, s.Version})
	require.Equal(t, 45, s.Serial)
	require.Len(t, s.Resources, 2)
	for n, address := range []string{"aws_dynamodb_table.basic-dynamodb-table", "aws_dynamodb_table.example"} {
		r := s.Resources[n]
		require.Equal(t, address, string(r.ID))
		require.True(t, strings.HasSuffix(r.Provider, "/hashicorp/aws"), r.Provider)
		require.True(t, r.State.At("/private").IsZero(), "what the provider keeps for itself is not read")
	}
	basic := s.Resources[0].State
	changed, err := configuration.Parse([]byte(`{"arn":"arn:x","id":"x","timeouts":{"create":"1m"},"stream_arn":null,"local_secondary_index":null,"read_capacity":20.0}`))
	require.NoError(t, err)
	left := rules(t, configuration.Rules{List: inventory.TerraformType("aws_dynamodb_table").Rules.List, OnlyDesired: true}, changed, basic)
	require.Empty(t, left, "arn, id and timeouts are noise, and null for {} or [] or an empty text")
}
