package main

import (
	"context"

	"github.com/servicecoin/servicecoin/operations/release"
)

// The platform of the demonstration: order entry is released as one, in lines 4.0, 4.1 and
// 4.2; 4.3 is what comes next.
const demoPlatform release.PlatformID = "order-entry"

// Its features.
const (
	splitOrders   release.FeatureID = "split-orders"   // generally available, since 4.0
	barcodeIntake release.FeatureID = "barcode-intake" // beta in 4.2
	stockForecast release.FeatureID = "stock-forecast" // alpha in 4.2, needs barcode-intake
	faxOrders     release.FeatureID = "fax-orders"     // deprecated in 4.1, removed in 4.3
)

// releasesOfDemo are the platform's lines, and what became of its schedule.
func (d demo) releasesOfDemo(context.Context) error { return nil }
