"""What scores and runs show: statistics over repeats and groups, verdicts, sentences."""
