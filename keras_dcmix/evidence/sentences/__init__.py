"""Verdicts in words: one file a theme, which holds its sentences for every place.

`reliability`, `evidence`, `panels` and `leaders` each hold what the headline, the summary, the
answers on the page, the figures and the doubts say of their theme; `ranking` puts them together.
"""
