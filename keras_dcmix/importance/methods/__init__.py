"""The importance methods, one a file; `keras_dcmix.importance` offers them."""
