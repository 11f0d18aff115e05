// Argo CD's application controller and its repo server in one program that looks at the name it was started under, and
// a Redis in memory for both. What only people talk to is not linked: the API server, the UI, notifications.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	repository "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

const tick = 100 * time.Millisecond

var commands = map[string]func() *cobra.Command{
	"argocd-application-controller": controller.NewCommand,
	"argocd-redis":                  redis,
	"argocd-repo-server":            repository.NewCommand,
}

// redis listens at the address that is its argument; its entries expire, which they would not by themselves.
func redis() *cobra.Command {
	return &cobra.Command{
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			server := miniredis.NewMiniRedis()
			if err := server.StartAddr(args[0]); err != nil {
				return err
			}
			for range time.Tick(tick) {
				server.FastForward(tick)
			}
			return nil
		},
	}
}

func main() {
	name := filepath.Base(os.Args[0])
	command, known := commands[name]
	if !known {
		fmt.Fprintf(os.Stderr, "%s is no command of Argo CD\n", name)
		os.Exit(2)
	}
	if command().Execute() != nil {
		os.Exit(1)
	}
}
