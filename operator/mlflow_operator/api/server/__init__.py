"""Parts of an MLflowServer: stores, pods, how it is served, whose claims it takes."""
