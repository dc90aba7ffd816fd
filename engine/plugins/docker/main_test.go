package main

import (
	"testing"

	"plugins/sdktest"
)

func TestNamesAreTheSDKs(t *testing.T) { sdktest.Names(t, provider(), "docker:index/image:Image") }
