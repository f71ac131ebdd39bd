"""`python -m keras_dcmix` is the command `keras-dcmix`."""

from keras_dcmix.cli.app import main

main()
