package main

import (
	"testing"

	"plugins/sdktest"
)

func TestTlsHasTheNamesOfItsPackage(t *testing.T) { sdktest.Names(t, provider()) }
