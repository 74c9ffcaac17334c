package main

import (
	"context"

	"github.com/servicecoin/servicecoin/operations/release"
)

// The platform of the demonstration: order entry is released as one, in lines 8.2, 8.3 and
// 8.4; 8.5 is what comes next.
const demoPlatform release.PlatformID = "order-entry"

// Its features.
const (
	splitOrders   release.FeatureID = "split-orders"   // generally available, since 8.2
	barcodeIntake release.FeatureID = "barcode-intake" // beta in 8.4
	stockForecast release.FeatureID = "stock-forecast" // alpha in 8.4, needs barcode-intake
	faxOrders     release.FeatureID = "fax-orders"     // deprecated in 8.3, removed in 8.5
)

// releasesOfDemo are the platform's lines, and what became of its schedule.
func (d demo) releasesOfDemo(context.Context) error { return nil }
