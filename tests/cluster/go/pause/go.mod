module mlflow-operator.test/pause

go 1.26.0
