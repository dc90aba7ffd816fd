package main

import (
	"testing"

	"plugins/sdktest"
)

func TestRabbitmqHasTheNamesOfItsPackage(t *testing.T) { sdktest.Names(t, provider()) }
