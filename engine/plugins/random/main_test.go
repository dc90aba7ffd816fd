package main

import (
	"testing"

	"plugins/sdktest"
)

func TestRandomHasTheNamesOfItsPackage(t *testing.T) { sdktest.Names(t, provider()) }
