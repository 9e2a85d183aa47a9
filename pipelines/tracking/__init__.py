"""What track, promote and ui share: the MLflow store, its runs, its registered model, and what is to be logged."""
