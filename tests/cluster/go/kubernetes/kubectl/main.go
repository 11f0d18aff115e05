// kubectl by itself: the tests start it thousands of times, and half of what a start of the large program costs is
// the initialisation of what kubectl does not use.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
)

func main() {
	os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
}
