package main

import (
	"testing"

	"plugins/sdktest"
)

func TestDockerHasTheNamesOfItsPackage(t *testing.T) { sdktest.Names(t, provider(), "docker:index/image:Image") }
