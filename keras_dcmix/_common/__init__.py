"""What every room stands on: names, errors, files written whole, progress, versions."""
