"""The command `keras-dcmix`, one command a file."""
