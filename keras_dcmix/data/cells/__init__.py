"""One image a cell, or a tile: found, cut, corrected and cached."""
