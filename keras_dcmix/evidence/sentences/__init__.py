"""Verdicts in words: one file a theme, which holds its sentences for every place.

`reliability`, `leaders`, `agreement` and `dropping` each hold what the headline, the summary, the
answers on the page and the figures say of their theme; `ranking` puts them together.
"""
