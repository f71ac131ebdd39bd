"""What every room uses: errors, names, files, progress, optional packages, versions."""
