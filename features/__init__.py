"""The nouns a model is made of: text, labels, classifiers, numbers. Knows nothing of DVC, MLflow or stages."""
